//! What it says of itself: every metric, books that balance, and whether it can do its work.

use std::fs;

use timberline::telemetry::metrics::ALL;

use super::PATIENCE;
use super::job::{Job, Setup, sum};
use crate::engine::{Timberline, docker, elasticsearch, http_get, wait_until};

/// What became of the events of each output: `timberline_documents_total` by outcome.
fn verdicts(text: &str, output: &str) -> u64 {
    sum(text, "timberline_documents_total", &[&format!("output=\"{output}\"")])
}

/// Some lines are dropped, some become what the engine refuses: an object where a text belongs.
const MORE: &str = r#"
filter {
  if [message] =~ /^drop me/ { drop { } }
  if [message] =~ /^refuse me/ {
    mutate { rename => { "message" => "words" } }
    mutate { rename => { "words" => "[message][words]" } }
  }
}
"#;

#[test]
fn the_books_balance_to_the_line() {
    let mut job = Setup::new("books").section(MORE).start();
    let mut lines = Vec::new();
    for n in 0..400 {
        lines.push(match n % 10 {
            0 => "drop me".to_owned(),
            1 => format!("refuse me {n}"),
            2 => format!(r#"{{"level":"error","message":"broken {n}"}}"#),
            _ => format!("plain {n}"),
        });
    }
    let container = job.printing(docker(), "a", (lines.join("\n") + "\n").as_bytes());
    job.wait_for(elasticsearch(), 320, 40);
    let settled = |text: &str| {
        sum(text, "timberline_receipts_open", &[]) == 0 && sum(text, "timberline_lines_read_total", &[]) >= 400
    };
    let text = wait_until("every receipt is settled", PATIENCE, || Some(job.metrics()).filter(|text| settled(text)));
    let of = |outcome: &str| {
        sum(&text, "timberline_documents_total", &["output=\"logs\"", &format!("outcome=\"{outcome}\"")])
    };
    let dropped = sum(&text, "timberline_events_dropped_total", &[]);
    assert_eq!((sum(&text, "timberline_lines_read_total", &[]), dropped), (400, 40));
    assert_eq!((of("stored"), of("already_there"), of("dead_letter"), of("refused")), (320, 0, 40, 0));
    assert_eq!((verdicts(&text, "logs") + dropped, verdicts(&text, "errors")), (400, 40));
    let letters = fs::read_to_string(job.data.join("dead_letters/logs.ndjson")).expect("dead letters are kept");
    assert_eq!(letters.lines().count(), 40);
    assert_eq!(sum(&text, "timberline_dead_letter_bytes", &[]), letters.len() as u64);
    let caught_up = || (job.metric("timberline_lag_seconds", &[]) == 0).then_some(());
    wait_until("nothing lags", PATIENCE, caught_up);
    assert_eq!(sum(&text, "timberline_output_up", &[]), 2);
    assert_eq!(sum(&text, "timberline_docker_connected", &[]), 1);
    assert_all_are_there(&text);
    assert_it_is_well(&mut job);
    drop(container);
}

/// Beside the one of the pipeline, which has no `id` either.
const NOWHERE: &str = r#"
output { elasticsearch { hosts => "http://127.0.0.1:1" index => "nowhere-%{+YYYY.MM.dd}" } }
"#;

#[test]
fn two_outputs_without_an_id_keep_books_of_their_own() {
    let mut job = Setup::new("unnamed").without_filters().section(NOWHERE).start();
    let container = job.printing(docker(), "a", "one more line\n".repeat(200).as_bytes());
    elasticsearch().wait_for_count(&job.logs(), "*", 200, PATIENCE);
    job.assert_balanced();
    job.wait_until_not_ready("elasticsearch-2");
    let books = job.daemon.stop();
    assert_eq!((&books["stored"], &books["on_disk"], &books["undelivered"]), (&200.into(), &200.into(), &0.into()));
    drop(container);
}

#[track_caller]
fn assert_all_are_there(text: &str) {
    for metric in ALL {
        assert!(text.contains(&format!("# HELP {} ", metric.name)), "{} has no help", metric.name);
        assert!(text.contains(&format!("# TYPE {} ", metric.name)), "{} has no type", metric.name);
    }
    // Those that this run has counted.
    for name in [
        "timberline_lines_read_total{input=",
        "timberline_bytes_read_total{input=",
        "timberline_events_dropped_total{reason=",
        "timberline_index_documents_total{index=",
        "timberline_bytes_sent_total{output=",
        "timberline_requests_total{output=",
        "timberline_request_duration_seconds_bucket{output=",
        "timberline_lag_seconds{pipeline=",
        "timberline_memory_budget_bytes{pipeline=",
        "timberline_receipts_open{pipeline=",
        "timberline_receipts_forgotten{pipeline=",
        "timberline_sources{input=",
        "timberline_docker_connected ",
        "timberline_build_info{version=",
        "process_cpu_seconds_total ",
        "process_resident_memory_bytes ",
        "process_open_fds ",
        "process_start_time_seconds ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(name)), "no sample of {name} in:\n{text}");
    }
}

#[track_caller]
fn assert_it_is_well(job: &mut Job) {
    job.wait_until_ready();
    assert_eq!(http_get(&format!("{}/livez", job.http)).map(|(status, _)| status), Some(200));
    let health = || Timberline::output(["health", &job.http]);
    assert_eq!(health().code, 0);
    job.daemon.terminate();
    let health = Timberline::output(["health", &job.http]);
    assert_eq!((health.code, health.stdout.as_str()), (1, ""), "{health:?}");
}
