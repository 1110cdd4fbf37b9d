//! Logs that are rotated and truncated while they are read, and while nobody reads.

use super::super::{both_ways, texts};
use super::started;
use crate::docker_input::daemon::{Daemon, PATIENCE};
use crate::engine::{docker, unique, wait_until};
use serde_json::Value;
use std::time::Duration;
use timberline::event::Timestamp;

both_ways! {
    fault_21_lines_at_rotation_come_once
    fault_21_what_rotates_faster_than_it_is_read_is_a_gap
    fault_22_what_rotates_while_nobody_reads_is_a_gap
    fault_23_a_log_that_is_truncated_in_place_is_read_on
}

/// A line, and when told to go numbered lines of some 210 bytes, `rate` a second, a twentieth of a second's at a time; then `end`.
fn numbered_lines(rate: usize, count: usize) -> String {
    let (line, step) = ("x".repeat(200), (rate / 20).max(1));
    format!(
        "echo 0; until [ -e /go/go ]; do usleep 50000; done; awk 'BEGIN {{ for (i = 1; i <= {count}; i++) {{ print i, \"{line}\"; \
            if (i % {step} == 0) {{ fflush(); system(\"usleep 50000\") }} }} }}'; echo end; sleep 10000"
    )
}

fn number(document: &Value) -> Option<usize> {
    document["message"].as_str()?.split(' ').next()?.parse().ok()
}

/// 4,000 lines a second, and a rotation every thousand; far more files than it takes.
fn fault_21_lines_at_rotation_come_once(read: &'static str) {
    let (missing, gaps) = check_rotation(read, 4_000, 12_000, &["max-size=300k", "max-file=20"]);
    assert_eq!((missing, gaps), (0, 0));
}

/// As fast as it can, into files that hold 1,000 lines: engines leave most of them out of their streams, without a word.
fn fault_21_what_rotates_faster_than_it_is_read_is_a_gap(read: &'static str) {
    check_rotation(read, 1_000_000, 60_000, &["max-size=300k", "max-file=2"]);
}

#[cfg(feature = "soak")]
mod soak {
    use super::*;

    #[test]
    fn soak_fault_21_rotation_at_every_rate() {
        for (read, rate) in ["api", "file"].into_iter().flat_map(|read| [500, 5_000, 20_000].map(|rate| (read, rate))) {
            let (missing, gaps) = check_rotation(read, rate, rate * 20, &["max-size=1m", "max-file=2"]);
            eprintln!(
                "read => {read}, {rate} lines/s, 1 MB x 2: {missing} of {} lines are missing, {gaps} gaps",
                rate * 20
            );
        }
    }
}

/// No line comes twice, all come in order, and where some are missing a gap is told; how many are missing, and how many gaps are told.
fn check_rotation(read: &str, rate: usize, count: usize, options: &[&str]) -> (usize, usize) {
    let label = unique("rotate");
    let mut daemon = Daemon::start(docker().host(), &format!("read => \"{read}\" include_labels => \"it={label}\""));
    daemon.wait_until_it_watches();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let spec = docker().container(&numbered_lines(rate, count)).label("it", &label);
    let container = spec.mount(folder.path().display(), "/go").log_driver("json-file", options).start();
    daemon.wait_for(1);
    std::fs::write(folder.path().join("go"), "").expect("the folder is ours");
    let ended = || {
        assert!(daemon.process.is_running(), "it ended");
        daemon.last().is_some_and(|last| last["message"] == "end").then_some(())
    };
    wait_until("the last line is there", PATIENCE + Duration::from_secs((count / rate) as u64), ended);
    let lines: Vec<(usize, u64)> =
        daemon.documents().iter().filter_map(|it| Some((number(it)?, time(it, "@timestamp")))).collect();
    let wrong = lines.windows(2).find(|pair| pair[0].0 >= pair[1].0);
    assert_eq!(wrong, None, "a line comes twice or too late");
    let gaps: Vec<(u64, u64)> = daemon.gaps().iter().map(|gap| (time(gap, "from"), time(gap, "to"))).collect();
    let missing = lines.windows(2).filter(|pair| pair[1].0 > pair[0].0 + 1);
    let is_told = |after: u64, until: u64| gaps.iter().any(|(from, to)| *from <= until && *to >= after);
    let silent: Vec<_> = missing.filter(|pair| !is_told(pair[0].1, pair[1].1)).collect();
    assert!(silent.is_empty(), "between these nothing is told: {silent:?}; there are the gaps {gaps:?}");
    drop(container);
    (count + 1 - lines.len(), gaps.len())
}

/// In nanoseconds; what is no time, as `its beginning`, is 0.
fn time(value: &Value, name: &str) -> u64 {
    let text = value[name].as_str().unwrap_or_default();
    Timestamp::parse_iso(text).and_then(Timestamp::as_nanos).unwrap_or(0)
}

/// A first line is read; the log rotates away what follows while nobody reads; the rest is read. The books have what is missing.
fn fault_22_what_rotates_while_nobody_reads_is_a_gap(read: &'static str) {
    let label = unique("away");
    let mut daemon = Daemon::start(docker().host(), &format!("read => \"{read}\" include_labels => \"it={label}\""));
    let wait = "while [ ! -e /tmp/go ]; do sleep 0.05; done";
    let script =
        format!("echo 0 first; {wait}; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i line; done; sleep 1000");
    let spec = docker().container(&script).label("it", &label);
    let container = spec.log_driver("json-file", &["max-size=50k", "max-file=2"]).start();
    daemon.wait_for(1);
    assert_eq!(daemon.process.terminate(), 0);
    docker().cli(&["exec", container.id(), "touch", "/tmp/go"]);
    wait_until("all is printed", Duration::from_secs(30), || container.logs().contains("3000 line").then_some(()));
    let left = container.logs().lines().count();
    assert!(left < 3000, "nothing was rotated away");
    daemon.process.start();
    let numbers: Vec<usize> = daemon.wait_for(1 + left).iter().filter_map(number).collect();
    let expected: Vec<usize> = [0].into_iter().chain(3001 - left..=3000).collect();
    assert_eq!(numbers, expected);
    let gaps = daemon.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    let of = |name: &str| gaps[0][name].as_str().unwrap_or_default().to_string();
    assert_eq!(
        (of("container"), of("name"), of("reason")),
        (container.id().into(), container.name().into(), "rotated".into())
    );
    let documents = daemon.documents();
    let (from, to) = (time(&gaps[0], "from"), time(&gaps[0], "to"));
    assert!(
        from <= time(&documents[0], "@timestamp") && from < to && to <= time(&documents[2], "@timestamp"),
        "{gaps:?}"
    );
    assert_eq!(daemon.metric("timberline_gaps_total", &["reason=\"rotated\""]), 1);
}

fn fault_23_a_log_that_is_truncated_in_place_is_read_on(read: &'static str) {
    let label = unique("truncated");
    let mut run = started(read, &label, &[("idle_check_interval", "1")]);
    let script = "echo one; echo two; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo three; sleep 1000";
    let container = docker().container(script).label("it", &label).start();
    assert_eq!(texts(&run.lines(2), "stdout"), ["one", "two"]);
    let path = docker().cli(&["inspect", "--format", "{{.LogPath}}", container.id()]);
    std::fs::copy(&path, format!("{path}.copy")).expect("the tests may read the engine's files");
    std::fs::write(&path, "").expect("the tests may truncate them");
    docker().cli(&["exec", container.id(), "touch", "/tmp/go"]);
    assert_eq!(texts(&run.lines(1), "stdout"), ["three"]);
    assert_eq!(run.end(), []);
}
