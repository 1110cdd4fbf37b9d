//! The engine away and more lines than memory holds: they wait on disk, through kills and stops, and arrive once.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::PATIENCE;
use super::job::{Job, Setup, sum};
use super::lines::Lines;
use crate::engine::{Elasticsearch, Timberline, docker, elasticsearch, wait_until};

/// The lines of the tests are some ten times as much.
const MEMORY_BYTES: &str = "400kb";

fn setup(test: &str, hosts: &str) -> Setup {
    Setup::new(test).hosts(hosts).output("resurrect_delay => 1").arguments(&["--queue.memory_bytes", MEMORY_BYTES])
}

/// Everything was read, and all but what memory holds lies on the disk.
#[track_caller]
fn wait_until_all_is_read(job: &Job, lines: &Lines) {
    let mut seen = (0, 0, 0);
    let read = || {
        let text = job.metrics();
        seen = (
            sum(&text, "timberline_lines_read_total", &[]),
            sum(&text, "timberline_queue_documents", &[]),
            sum(&text, "timberline_documents_open", &[]),
        );
        (seen.0 == lines.total() && seen.2 < lines.total() / 10).then_some(())
    };
    wait_until("every line is read and waits", PATIENCE, read);
    assert!(seen.1 > lines.total() / 2, "{seen:?}");
}

/// An output that waited for its engine once went round and round, on all cores. A busy machine gives it less, never more.
#[track_caller]
fn assert_waiting_is_idle(job: &Job) {
    const LOOKED_AT: Duration = Duration::from_secs(4);
    let before = job.metric("process_cpu_seconds_total", &[]);
    std::thread::sleep(LOOKED_AT);
    let used = job.metric("process_cpu_seconds_total", &[]) - before;
    assert!(used < LOOKED_AT.as_secs() / 2, "{used} s of CPU in {LOOKED_AT:?} of waiting");
}

/// No segment is left.
#[track_caller]
fn wait_until_disk_is_empty(data: &Path) {
    let empty = || {
        let lanes = ["logs", "errors"].map(|output| data.join("queue").join(output).join("main"));
        let files = lanes.iter().filter_map(|lane| fs::read_dir(lane).ok()).flatten().flatten();
        (!files.into_iter().any(|file| file.path().extension().is_some_and(|end| end == "seg"))).then_some(())
    };
    wait_until("nothing is left on the disk", PATIENCE, empty);
}

#[test]
fn ten_times_the_memory_waits_on_disk_through_a_kill_and_a_stop_and_arrives_once() {
    let mut engine = Elasticsearch::prepared(&[]);
    let lines = Lines { containers: 4, count: 8_000 };
    let mut job = setup("spill", engine.url()).arguments(&["--shutdown_timeout", "4s"]).start();
    let containers: Vec<_> = lines.containers(&job, docker(), 1).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    wait_until_all_is_read(&job, &lines);
    job.assert_balanced();
    job.daemon.kill();
    job.daemon.start();
    wait_until("it has taken up its queue", PATIENCE, || {
        (job.metric("timberline_queue_found_total", &[]) > lines.total() / 2).then_some(())
    });
    job.assert_balanced();
    assert_eq!(job.daemon.terminate(), 0);
    engine.start();
    job.daemon.start();
    lines.assert_each_once(&job, &engine);
    wait_until_disk_is_empty(&job.data);
    job.assert_books();
    drop(containers);
}

#[test]
fn after_a_stop_nothing_is_read_again_and_drain_sends_what_waits() {
    let lines = Lines { containers: 2, count: 3_000 };
    let mut job = setup("stop", "http://127.0.0.1:1").arguments(&["--shutdown_timeout", "4s"]).start();
    let containers: Vec<_> = lines.containers(&job, docker(), 1).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    let read = || (job.metric("timberline_lines_read_total", &[]) == lines.total()).then_some(());
    wait_until("every line is read", PATIENCE, read);
    assert_waiting_is_idle(&job);
    let books = job.daemon.stop();
    assert_eq!(books["on_disk"], lines.total() + lines.errors(), "{books}");
    let data = job.data.display().to_string();
    let inspected = Timberline::output(["queue", "inspect", "--path.data", &data]);
    assert_eq!(inspected.code, 0, "{inspected:?}");
    assert!(inspected.stdout.contains("6,000"), "{inspected:?}");
    let documents = Timberline::output(["queue", "inspect", "--documents", "--path.data", &data]);
    assert_eq!(documents.stdout.lines().count() as u64, lines.total() + lines.errors());
    let pipeline = job.daemon.dir().join("pipeline.conf").display().to_string();
    let drained = Timberline::new(["queue", "drain", "-f", &pipeline, "--path.data", &data])
        .env("ELASTICSEARCH_HOSTS", elasticsearch().url())
        .finish();
    assert_eq!((drained.code, drained.stdout.as_str()), (0, "nothing waits on disk\n"), "{}", drained.stderr);
    lines.assert_each_once(&job, elasticsearch());
    drop(containers);
}

#[test]
fn a_persisted_queue_takes_every_document_through_the_disk() {
    let lines = Lines { containers: 2, count: 1_000 };
    let job = setup("persist", elasticsearch().url()).arguments(&["--queue.type", "persisted"]).start();
    let containers: Vec<_> = lines.containers(&job, docker(), 1).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    lines.assert_each_once(&job, elasticsearch());
    assert_eq!(job.metric("timberline_queue_kept_total", &[]), lines.total() + lines.errors());
    wait_until_disk_is_empty(&job.data);
    drop(containers);
}

#[test]
fn a_healthy_engine_never_makes_it_touch_the_disk() {
    let lines = Lines { containers: 4, count: 4_000 };
    let job = setup("dry", elasticsearch().url()).start();
    let containers: Vec<_> = lines.containers(&job, docker(), 1).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    lines.assert_each_once(&job, elasticsearch());
    assert!(!job.data.join("queue").exists(), "there is a queue on disk");
    drop(containers);
}

#[test]
fn what_waits_for_a_blocked_index_holds_up_no_other_and_arrives_when_it_opens() {
    let mut engine = Elasticsearch::prepared(&[]);
    engine.start();
    let lines = Lines { containers: 2, count: 6_000 };
    let mut job = setup("blocked", engine.url()).output("retry_max_interval => 2").build();
    let containers: Vec<_> = lines.containers(&job, docker(), 2).into_iter().map(|spec| spec.start()).collect();
    job.daemon.start();
    Lines::go(&job, 0);
    job.wait_for(&engine, lines.total() / 2, lines.errors() / 2);
    let block = |value: serde_json::Value| {
        let body = serde_json::json!({ "index.blocks.read_only_allow_delete": value });
        engine.put(&format!("/{}/_settings", job.logs()), &body);
    };
    block(true.into());
    Lines::go(&job, 1);
    engine.wait_for_count(&job.errors(), "*", lines.errors(), PATIENCE);
    let on_disk =
        || (job.metric("timberline_queue_documents", &["output=\"logs\""]) > lines.total() / 10).then_some(());
    wait_until("they wait on disk", PATIENCE, on_disk);
    std::thread::sleep(Duration::from_secs(2));
    block(serde_json::Value::Null);
    lines.assert_each_once(&job, &engine);
    job.assert_books();
    drop(containers);
}
