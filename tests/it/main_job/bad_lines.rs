//! Lines that break log shippers: none is lost, none harms its neighbours, none makes the memory grow.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::PATIENCE;
use super::job::{Job, Setup};
use crate::engine::{docker, elasticsearch, wait_until};

/// `line_bytes_max` is 1 MiB, held a few times over while it is joined, parsed and sent; the rest is the program.
const MEMORY_MAX_BYTES: u64 = 128 << 20;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/bad-lines")).join(name)
}

/// What the container of the fixture printed: all but the cases that only a broken json-file has.
fn printed() -> Vec<u8> {
    let cases = fs::read_to_string(fixture("cases.tsv")).expect("the fixture is there");
    let mut broken = BTreeSet::new();
    for case in cases.lines().skip(1).map(|case| case.split('\t').collect::<Vec<_>>()) {
        let (first, count) = (case[1].parse::<usize>().unwrap(), case[2].parse::<usize>().unwrap());
        if case[3] == "envelope" {
            broken.extend(first..first + count);
        }
    }
    let input = fs::read(fixture("input.log")).expect("the fixture is there");
    let lines = input.split(|&byte| byte == b'\n').enumerate().filter(|(at, _)| !broken.contains(&(at + 1)));
    let logs = lines.filter(|(_, line)| !line.is_empty()).map(|(_, line)| {
        let line: Value = serde_json::from_slice(line).expect("Docker writes JSON");
        line["log"].as_str().expect("a log line has a text").to_owned()
    });
    logs.collect::<String>().into_bytes()
}

/// Everything that was read has become a document or a dead letter, and the neighbours are all there, once.
#[track_caller]
fn assert_nothing_is_lost(job: &Job, lines: u64, neighbours: u64) {
    let mut sum = (0, 0);
    let arrived = || {
        let letters = fs::read_to_string(job.data.join("dead_letters/logs.ndjson")).unwrap_or_default();
        sum = (elasticsearch().count(&job.logs(), "*"), letters.lines().count() as u64);
        assert!(sum.0 + sum.1 <= lines, "{sum:?} documents and dead letters of {lines} lines");
        (sum.0 + sum.1 == lines).then_some(())
    };
    wait_until(&format!("{lines} lines become documents or dead letters"), PATIENCE, arrived);
    let mut numbers = BTreeSet::new();
    elasticsearch().each(&job.logs(), "message:neighbour", &["event.sequence"], &["message", "n"], |hit| {
        let document = &hit["_source"];
        assert_eq!(document["message"], format!("neighbour {}", document["n"]));
        assert!(numbers.insert(document["n"].as_u64()), "{document} is there twice");
    });
    assert_eq!(numbers, (1..=neighbours).map(Some).collect());
}

#[track_caller]
fn assert_letters_say_why(job: &Job) {
    let letters = fs::read_to_string(job.data.join("dead_letters/logs.ndjson")).unwrap_or_default();
    for letter in letters.lines() {
        let letter: Value = serde_json::from_str(letter).expect("a dead letter is JSON");
        assert!(letter["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{letter}");
        assert!(letter["status"].as_u64().is_some_and(|status| status >= 400), "{letter}");
    }
}

/// The most memory that it ever held.
pub(super) fn memory_peak_bytes(job: &Job) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", job.daemon.pid())).expect("it runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).expect("Linux says it in kB") * 1024
}

fn newlines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

#[test]
fn no_line_of_a_hostile_container_is_lost_or_harms_another() {
    let job = Setup::new("hostile").start();
    let text = printed();
    let hostile = job.printing(docker(), "hostile", &text);
    // The `local` driver keeps bytes that are not UTF-8.
    let file = job.daemon.dir().join("raw");
    fs::write(&file, b"caf\xe9 \xff\xfe\n{\"level\":\"warn\",\"message\":\"caf\xe9\"}\nnul \0 inside\n").unwrap();
    let raw =
        job.container(docker(), "raw", "cat /lines").mount(file.display(), "/lines").log_driver("local", &[]).start();
    // Ten megabytes and no newline, beside a quiet line on the other stream.
    let script = "echo beside >&2; head -c 10000000 /dev/zero | tr '\\0' x";
    let endless = job.container(docker(), "endless", script).start();
    let neighbours = printed_neighbours(&text);
    assert_nothing_is_lost(&job, newlines(&text) + 3 + 2, neighbours);
    assert_letters_say_why(&job);
    let query = format!("container.id:{} AND stream:stdout AND log.flags:truncated", endless.id());
    assert_eq!(elasticsearch().count(&job.logs(), &query), 1);
    assert_eq!(elasticsearch().count(&job.logs(), "message:beside"), 1);
    let peak = memory_peak_bytes(&job);
    assert!(peak < MEMORY_MAX_BYTES, "it held {peak} bytes");
    drop((hostile, raw));
}

fn printed_neighbours(text: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(text);
    text.lines().filter(|line| line.starts_with("{\"level\":\"info\",\"message\":\"neighbour ")).count() as u64
}

#[test]
fn a_damaged_json_file_harms_no_line_beside_the_damage() {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let file = folder.path().join("hostile-json.log");
    fs::copy(fixture("input.log"), &file).expect("the fixture is there");
    let input =
        format!("file {{ path => \"{}\" start_position => \"beginning\" codec => docker_json }}", file.display());
    let job = Setup::new("damaged").input(&input).start();
    let cases = fs::read_to_string(fixture("cases.tsv")).expect("the fixture is there");
    let neighbours = cases.lines().skip(1).count() as u64;
    let arrived = || (elasticsearch().count(&job.logs(), "message:neighbour") >= neighbours).then_some(());
    wait_until("the neighbours arrive", PATIENCE, arrived);
    let open = || (job.metric("timberline_receipts_open", &[]) == 0).then_some(());
    wait_until("everything has a verdict", PATIENCE, open);
    assert_nothing_is_lost(&job, job.metric("timberline_lines_read_total", &[]), neighbours);
    assert_letters_say_why(&job);
}

/// Forty lines of a megabyte that all wait for their end at the same time.
#[test]
fn many_containers_in_the_middle_of_a_long_line_hold_no_more_than_the_budget() {
    let job = Setup::new("middle").start();
    let script = "head -c 1000000 /dev/zero | tr '\\0' x; sleep 8; echo; sleep 1000";
    let containers: Vec<_> = (0..40).map(|n| job.container(docker(), &format!("c{n}"), script).start()).collect();
    elasticsearch().wait_for_count(&job.logs(), "*", 40, PATIENCE);
    let peak = memory_peak_bytes(&job);
    assert!(peak < MEMORY_MAX_BYTES, "it held {peak} bytes");
    drop(containers);
}
