//! Killed, cut off from its engine, cut off from Docker: still every line once, and after a crash no more is sent again than was in flight.

use std::time::{Duration, Instant};

use super::PATIENCE;
use super::job::{Job, Setup};
use super::lines::Lines;
use crate::engine::{Docker, Elasticsearch, docker, elasticsearch, wait_until};

/// Small, so that little is in flight: two chunks.
const BUDGET_BYTES: u64 = 256 * 1024;
/// What the shortest of our lines takes of the budget.
const LINE_BYTES_MIN: u64 = 50;

/// Waits until this run has stored so many documents.
#[track_caller]
fn wait_until_stored(job: &Job, documents: u64) {
    let stored = || (job.metric("timberline_documents_total", &["outcome=\"stored\""]) >= documents).then_some(());
    wait_until(&format!("{documents} documents are stored"), PATIENCE, stored);
}

/// Requests of a killed run may still be at work in the engine.
#[track_caller]
fn wait_until_engine_is_done(job: &Job, engine: &Elasticsearch) {
    let done = || {
        let tasks = engine.get("/_tasks?actions=indices:data/write*&detailed=true").to_string();
        (!tasks.contains(&job.name)).then_some(())
    };
    wait_until("the engine has finished its requests", PATIENCE, done);
}

/// Documents that the engine has and the registry does not know of: what a new run will send again in vain.
fn stored_beyond_registry(job: &Job, engine: &Elasticsearch) -> u64 {
    let indices = format!("{},{}", job.logs(), job.errors());
    let known = |(source, at): (String, u64)| {
        let stream = source.strip_prefix("docker:").and_then(|source| source.split_once(':'));
        let (id, stream) = stream.filter(|(id, _)| id.len() == 64)?;
        Some(engine.count(&indices, &format!("container.id:{id} AND stream:{stream} AND event.sequence:<={at}")))
    };
    engine.count(&indices, "*") - job.registry().into_iter().filter_map(known).sum::<u64>()
}

/// Kills it once it has stored so many documents; gives how many documents will be sent again, which are no more than were in flight:
/// what the budget holds, and what was settled since the registry's last writing (a second ago at most).
#[track_caller]
fn kill_when_stored(job: &mut Job, documents: u64) -> u64 {
    let started = Instant::now();
    wait_until_stored(job, documents);
    let per_second = documents as f64 / started.elapsed().as_secs_f64();
    job.daemon.kill();
    wait_until_engine_is_done(job, elasticsearch());
    let again = stored_beyond_registry(job, elasticsearch());
    let in_flight_max = BUDGET_BYTES / LINE_BYTES_MIN * 2 + per_second as u64;
    assert!(
        again <= in_flight_max,
        "{again} documents are stored and not known to be, at most {in_flight_max} were in flight"
    );
    again
}

#[test]
fn killed_twice_it_sends_only_what_was_in_flight_again() {
    check_kills(&Lines { containers: 4, count: 6_000 }, 2);
}

#[cfg(feature = "soak")]
#[test]
fn soak_killed_ten_times_it_sends_only_what_was_in_flight_again() {
    check_kills(&Lines { containers: 8, count: 30_000 }, 10);
}

fn check_kills(lines: &Lines, kills: u64) {
    let mut job = Setup::new("kill").arguments(&["--queue.memory_bytes", &BUDGET_BYTES.to_string()]).build();
    let containers: Vec<_> = lines.containers(&job, docker(), 1).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    let mut again = 0;
    for _ in 0..kills {
        job.daemon.start();
        again = kill_when_stored(&mut job, lines.total() / (kills + 1));
    }
    job.daemon.start();
    lines.assert_each_once(&job, elasticsearch());
    job.assert_books();
    assert_eq!(job.metric("timberline_documents_total", &["outcome=\"already_there\""]), again);
    drop(containers);
}

#[test]
fn an_engine_that_comes_late_and_dies_in_the_middle_costs_nothing() {
    check_engine_away(&Lines { containers: 4, count: 4_000 }, Duration::ZERO);
}

#[cfg(feature = "soak")]
#[test]
fn soak_an_engine_that_is_down_for_a_minute_costs_nothing() {
    check_engine_away(&Lines { containers: 8, count: 50_000 }, Duration::from_secs(60));
}

fn check_engine_away(lines: &Lines, away: Duration) {
    let mut engine = Elasticsearch::prepared(&[]);
    let mut job = Setup::new("away").hosts(engine.url()).output("resurrect_delay => 1").start();
    let containers: Vec<_> = lines.containers(&job, docker(), 2).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    job.wait_until_not_ready("logs");
    engine.start();
    wait_until_stored(&job, lines.total() / 4);
    engine.kill();
    Lines::go(&job, 1);
    job.wait_until_not_ready("errors");
    std::thread::sleep(away);
    engine.start();
    lines.assert_each_once(&job, &engine);
    job.wait_until_ready();
    job.assert_books();
    drop(containers);
}

#[test]
fn a_docker_that_dies_and_one_that_restarts_in_the_middle_cost_nothing() {
    let mut engine = Docker::own();
    let lines = Lines { containers: 4, count: 15_000 };
    let budget = BUDGET_BYTES.to_string();
    let mut job = Setup::new("restart").docker(engine.host()).arguments(&["--queue.memory_bytes", &budget]).build();
    let ids: Vec<String> = {
        let containers = lines.containers(&job, &engine, 3);
        Lines::print_only(&job, 0);
        containers.into_iter().map(|spec| spec.start().keep()).collect()
    };
    wait_until_printed(&engine, &ids);
    job.daemon.start();
    wait_until_stored(&job, 1);
    engine.kill();
    assert!(elasticsearch().count(&job.logs(), "*") < lines.total() / 3, "it was not in the middle");
    job.wait_until_not_ready("docker");
    again_with(&mut engine, &ids, &job, 1);
    wait_until_stored(&job, lines.total() / 3 + 1);
    wait_until_printed(&engine, &ids);
    engine.stop();
    job.wait_until_not_ready("docker");
    again_with(&mut engine, &ids, &job, 2);
    lines.assert_each_once(&job, elasticsearch());
    job.wait_until_ready();
    job.assert_books();
    assert_eq!(job.metric("timberline_docker_reconnects_total", &[]), 2);
}

#[track_caller]
fn wait_until_printed(engine: &Docker, ids: &[String]) {
    let printed = || ids.iter().all(|id| Lines::are_printed(engine, id)).then_some(());
    wait_until("the containers have printed their part", PATIENCE, printed);
}

/// The engine comes back, and its containers print the next part.
fn again_with(engine: &mut Docker, ids: &[String], job: &Job, part: u32) {
    Lines::print_only(job, part);
    engine.start();
    ids.iter().for_each(|id| drop(engine.cli(&["start", id])));
}
