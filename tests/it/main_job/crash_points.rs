//! Death at every named crash point (`telemetry::crash`), on the real engines: it is started again, and every line is there once.
//!
//! A run dies at one point after the other; before each start its containers print another part of their lines. `./dev soak` dies at
//! each point alone too, at several of its passes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

use super::PATIENCE;
use super::job::{Job, Setup};
use super::lines::Lines;
use crate::engine::{Timberline, docker, elasticsearch, wait_until};

const CRASH_AT: &str = "TIMBERLINE_CRASH_AT";
/// 128 and SIGABRT.
const ABORTED: i32 = 134;

/// Passed by every run that delivers.
const DELIVERING: &[&str] = &[
    "registry.before_write",
    "registry.before_fsync",
    "registry.before_rename",
    "registry.after_rename",
    "registry.after_folder_fsync",
    "bulk.before_send",
    "bulk.answered",
    "bulk.settled",
];

/// Passed where every document goes through the disk.
const QUEUEING: &[&str] = &[
    "queue.segment_created",
    "queue.segment_synced",
    "queue.before_write",
    "queue.before_fsync",
    "queue.after_fsync",
    "queue.cursor_before_rename",
    "queue.cursor_after_rename",
    "queue.before_removal",
    "queue.after_removal",
];

/// Passed where documents are refused.
const REFUSED: &[&str] = &["dead_letters.before_write", "dead_letters.before_fsync", "dead_letters.before_settled"];

/// Passed where dead letters are sent again.
const REPLAYING: &[&str] =
    &["replay.before_settled", "replay.settled", "dead_letters.before_rename", "dead_letters.after_rename"];

/// Every document through the disk, in segments that hold a few dozen.
const PERSISTED: &[&str] = &["--queue.type", "persisted", "--queue.page_capacity", "20kb"];

/// An object where a text belongs.
const BREAK: &str = r#"
filter {
  if [message] =~ /^n=\d*7 / {
    mutate { rename => { "message" => "words" } }
    mutate { rename => { "words" => "[message][words]" } }
  }
}
"#;

/// Starts it and waits until it has died at `point`.
#[track_caller]
fn die_at(daemon: &mut Timberline, point: &str) {
    daemon.set_env(CRASH_AT, point);
    daemon.start();
    let code = daemon.wait();
    daemon.unset_env(CRASH_AT);
    assert_eq!(code, ABORTED, "it ended otherwise than at {point}:\n{}", daemon.stderr());
}

/// Dies at each of `points`, then runs on; every line must be there once.
#[track_caller]
fn check(setup: Setup, points: &[&str]) {
    let lines = Lines { containers: 2, count: 400 * points.len() as u32 };
    let mut job = setup.build();
    let specs = lines.containers(&job, docker(), points.len() as u32);
    let containers: Vec<_> = specs.into_iter().map(|spec| spec.start()).collect();
    for (part, point) in (0..).zip(points) {
        Lines::go(&job, part);
        die_at(&mut job.daemon, point);
    }
    job.daemon.start();
    lines.assert_each_once(&job, elasticsearch());
    job.assert_books();
    drop(containers);
}

#[test]
fn killed_at_every_step_of_delivering_it_loses_and_doubles_nothing() {
    check(Setup::new("dieline"), DELIVERING);
}

#[test]
fn killed_at_every_step_of_the_queue_it_loses_and_doubles_nothing() {
    check(Setup::new("diequeue").arguments(PERSISTED), QUEUEING);
}

/// A document may get a second letter when the first was on the disk and the position was not: sent again, they meet.
#[test]
fn killed_at_every_step_of_dead_letters_it_loses_and_doubles_nothing() {
    let parts = REFUSED.len() as u32;
    let lines = Lines { containers: 2, count: 200 * parts };
    let mut job = Setup::new("dieletter").section(BREAK).build();
    let containers: Vec<_> = lines.containers(&job, docker(), parts).into_iter().map(|spec| spec.start()).collect();
    for (part, point) in (0..).zip(REFUSED) {
        Lines::go(&job, part);
        die_at(&mut job.daemon, point);
    }
    job.daemon.start();
    let refused = lines.total() / 10;
    job.wait_for(elasticsearch(), lines.total() - refused, lines.errors());
    // All that is stored may have been so before this start.
    let all_refused = || (letters(&job).len() as u64 == refused).then_some(());
    wait_until("every refused document has a letter", PATIENCE, all_refused);
    job.assert_books();
    for point in REPLAYING {
        die_at(&mut replay(&job), point);
    }
    assert_eq!(replay(&job).finish().code, 0);
    assert!(letters(&job).is_empty());
    assert_eq!(job.daemon.terminate(), 0);
    lines.assert_each_once(&job, elasticsearch());
    drop(containers);
}

/// Ids of the documents that have a letter.
fn letters(job: &Job) -> BTreeSet<String> {
    let text = fs::read_to_string(job.data.join("dead_letters/logs.ndjson")).unwrap_or_default();
    let letters = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    letters.map(|letter| letter["id"].as_str().expect("a letter has an id").to_owned()).collect()
}

/// `dead-letters replay` through a pipeline that mends them.
fn replay(job: &Job) -> Timberline {
    let pipeline = fs::read_to_string(job.daemon.dir().join("pipeline.conf")).expect("it was written");
    let mend = r#"filter { if [message][words] {
        mutate { rename => { "[message][words]" => "words" } } mutate { rename => { "words" => "message" } }
    } }"#;
    let file = job.daemon.dir().join("replay.conf");
    fs::write(&file, pipeline.replace(BREAK, mend)).expect("the run's folder is ours");
    let run = Timberline::new(["dead-letters", "replay", "--through-pipeline", "-f"]).arg(&file);
    run.arg("--path.data").arg(&job.data).env("ELASTICSEARCH_HOSTS", elasticsearch().url())
}

/// A point that no test dies at is found here.
#[test]
fn every_crash_point_of_the_source_is_died_at() {
    let point = Regex::new(r#"crash_point\("([a-z_.]+)"\)"#).expect("a constant pattern");
    let mut found = Vec::new();
    each_source(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut |text| {
        found.extend(point.captures_iter(text).map(|captures| captures[1].to_owned()));
    });
    found.sort();
    let mut known = [DELIVERING, QUEUEING, REFUSED, REPLAYING].concat();
    known.sort_unstable();
    assert_eq!(found, known);
}

fn each_source(folder: &Path, see: &mut dyn FnMut(&str)) {
    for entry in fs::read_dir(folder).expect("the source is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            each_source(&path, see);
        } else if path.extension().is_some_and(|end| end == "rs") {
            see(&fs::read_to_string(&path).expect("the source is text"));
        }
    }
}

/// Each point alone, at its first, second and fifth pass.
#[cfg(feature = "soak")]
mod alone {
    use super::{DELIVERING, PERSISTED, QUEUEING, Setup, check};

    fn check_passes(setup: impl Fn() -> Setup, points: &[&str]) {
        for point in points {
            println!("{point}");
            let passes = [1, 2, 5].map(|pass| format!("{point}:{pass}"));
            check(setup(), &passes.each_ref().map(String::as_str));
        }
    }

    #[test]
    fn soak_killed_at_a_later_pass_of_delivering_it_loses_and_doubles_nothing() {
        check_passes(|| Setup::new("dieline").output("bulk_bytes_max => \"16kb\""), DELIVERING);
    }

    #[test]
    fn soak_killed_at_a_later_pass_of_the_queue_it_loses_and_doubles_nothing() {
        check_passes(|| Setup::new("diequeue").arguments(PERSISTED), QUEUEING);
    }
}
