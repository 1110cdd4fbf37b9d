//! The end: in good order, in time, and at once when asked twice.

use std::time::{Duration, Instant};

use super::PATIENCE;
use super::job::{Job, Setup};
use super::lines::Lines;
use crate::engine::{docker, elasticsearch, wait_until};

/// What it may take beyond `shutdown_timeout` on a busy machine.
const GRACE: Duration = Duration::from_secs(3);

/// It has read something, and nobody takes it.
#[track_caller]
fn wait_until_it_holds_lines(job: &Job) {
    let holds = || (job.metric("timberline_receipts_open", &[]) > 0).then_some(());
    wait_until("lines wait for their verdict", PATIENCE, holds);
}

#[test]
fn told_to_stop_it_delivers_what_it_has_and_doubles_nothing() {
    let lines = Lines { containers: 4, count: 4_000 };
    let mut job = Setup::new("drain").arguments(&["--shutdown_timeout", "60s"]).start();
    let containers: Vec<_> = lines.containers(&job, docker(), 1).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    let stored = |job: &Job| job.metric("timberline_documents_total", &["outcome=\"stored\""]);
    wait_until("a part is stored", PATIENCE, || (stored(&job) > lines.total() / 8).then_some(()));
    let books = job.daemon.stop();
    let delivered = elasticsearch().count(&job.logs(), "*");
    assert_eq!(books["lines"], delivered, "{books}");
    job.daemon.start();
    lines.assert_each_once(&job, elasticsearch());
    job.assert_books();
    assert_eq!(job.metric("timberline_documents_total", &["outcome=\"already_there\""]), 0);
    drop(containers);
}

#[test]
fn with_the_engine_away_it_stops_in_time_and_delivers_later() {
    let mut job = Setup::new("late").hosts("http://127.0.0.1:1").arguments(&["--shutdown_timeout", "2s"]).start();
    let lines = Lines { containers: 2, count: 1_000 };
    let containers: Vec<_> = lines.containers(&job, docker(), 1).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    wait_until_it_holds_lines(&job);
    let asked = Instant::now();
    assert_eq!(job.daemon.terminate(), 0);
    assert!(asked.elapsed() < Duration::from_secs(2) + GRACE, "it took {:?} to stop", asked.elapsed());
    let again = Setup::new("late").after(&job).start();
    lines.assert_each_once(&again, elasticsearch());
    again.assert_books();
    drop(containers);
}

#[test]
fn told_twice_it_stops_at_once() {
    let mut job = Setup::new("twice").hosts("http://127.0.0.1:1").arguments(&["--shutdown_timeout", "50s"]).start();
    let container = job.printing(docker(), "a", b"nobody takes me\n");
    wait_until_it_holds_lines(&job);
    job.daemon.signal("TERM");
    job.daemon.wait_for_log("stopping", PATIENCE);
    let asked = Instant::now();
    assert_eq!(job.daemon.terminate(), 0);
    assert!(asked.elapsed() < GRACE, "it took {:?} to stop", asked.elapsed());
    job.assert_speaks_plainly();
    drop(container);
}

#[test]
fn a_hangup_is_no_death() {
    let mut job = Setup::new("hangup").hosts("http://127.0.0.1:1").start();
    job.daemon.wait_for_http(&format!("{}/livez", job.http), 200, PATIENCE);
    for _ in 0..2 {
        job.daemon.signal("HUP");
    }
    job.daemon.wait_for_log("SIGHUP changes nothing", PATIENCE);
    assert_eq!(job.daemon.terminate(), 0);
}

#[test]
fn told_twice_in_the_middle_it_loses_and_doubles_nothing() {
    let lines = Lines { containers: 4, count: 6_000 };
    let mut job = Setup::new("hasty").start();
    let containers: Vec<_> = lines.containers(&job, docker(), 1).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    let stored = || job.metric("timberline_documents_total", &["outcome=\"stored\""]);
    wait_until("a part is stored", PATIENCE, || (stored() > lines.total() / 8).then_some(()));
    job.daemon.signal("TERM");
    assert_eq!(job.daemon.terminate(), 0);
    job.daemon.start();
    lines.assert_each_once(&job, elasticsearch());
    job.assert_books();
    drop(containers);
}
