//! Records against what the API's reader makes of the same log, and records that are none.

use super::super::super::frames::LineReader;
use super::super::super::joiner::RawLine;
use super::*;
use proptest::prelude::*;

/// Some second of 2026, and how it begins a time.
const SECOND: &str = "2026-11-23T10:04:45.";

#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    stream: Stream,
    time: u64,
    text: Vec<u8>,
    truncated: bool,
}

fn owned(line: RawLine<'_>) -> Owned {
    Owned { stream: line.stream, time: line.time, text: line.text.to_vec(), truncated: line.truncated }
}

/// A record as Docker writes it: zeroes at the end of the time are left out.
fn record(stream: Stream, nanos: u32, text: &str) -> String {
    let fraction = format!("{nanos:09}");
    let time = format!("{SECOND}{}", fraction.trim_end_matches('0'));
    let time = time.trim_end_matches('.');
    let log = serde_json::to_string(text).unwrap().replace('<', "\\u003c").replace('\u{2028}', "\\u2028");
    format!("{{\"log\":{log},\"stream\":\"{}\",\"time\":\"{time}Z\"}}\n", stream.name())
}

fn frame(stream: Stream, nanos: u32, text: &str) -> Vec<u8> {
    let payload = format!("{SECOND}{nanos:09}Z {text}");
    let mut frame = vec![stream as u8 + 1, 0, 0, 0];
    frame.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    frame.extend_from_slice(payload.as_bytes());
    frame
}

fn read_file(bytes: &[u8], tty: bool, line_bytes_max: usize) -> (Vec<Owned>, u64) {
    let mut lines = Vec::new();
    let mut reader = RecordReader::new(tty, line_bytes_max);
    let broken = reader.feed(bytes, &mut |line| lines.push(owned(line)));
    reader.finish(&mut |line| lines.push(owned(line)));
    (lines, broken)
}

fn check(file: &str, expected: &[&str], broken: u64) {
    let (lines, found) = read_file(file.as_bytes(), false, 1000);
    let texts: Vec<String> = lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect();
    assert_eq!((texts.iter().map(String::as_str).collect::<Vec<_>>(), found), (expected.to_vec(), broken), "{file}");
}

#[test]
fn records_with_attributes_and_other_orders_are_read() {
    check(r#"{"log":"a\n","stream":"stdout","attrs":{"tag":"x"},"time":"2026-11-23T10:04:45Z"}"#, &["a"], 0);
    check(r#"{"time":"2026-11-23T10:04:45.1Z", "stream":"stderr", "log":"tab\tq\"\n"}"#, &["tab\tq\""], 0);
}

#[test]
fn half_an_envelope_is_counted_and_what_follows_is_read() {
    let (one, two) = (record(Stream::Stdout, 1, "one\n"), record(Stream::Stdout, 2, "two\n"));
    for cut in 1..one.len() - 1 {
        check(&format!("{}{two}", &one[..cut]), &["two"], 1);
    }
    check(&format!("{}\n{two}", &one[..30]), &["two"], 1);
    check(&format!("\0\0\0\0{two}"), &["two"], 1);
    check(&format!("{one}\0\0\0"), &["one"], 1);
    check("{\"log\":\"a\\n\",\"stream\":\"other\",\"time\":\"2026-11-23T10:04:45Z\"}\n\n", &[], 1);
}

proptest! {
    /// A log as the API tells it and as it stands on disk, parts and both streams mixed: the same lines.
    #[test]
    fn the_file_and_the_api_give_the_same_lines(
        records in prop::collection::vec((any::<bool>(), 0..4u32, r#"([a-z<é\u{2028}"\\\t\r\u{1}]{0,12})"#, 0..4u8), 0..30),
        line_bytes_max in 4..40usize,
    ) {
        let (mut disk, mut wire, mut nanos) = (String::new(), Vec::new(), 1000);
        for (is_stdout, step, text, ends) in records {
            nanos += step * 10;
            let stream = if is_stdout { Stream::Stdout } else { Stream::Stderr };
            let text = if ends > 0 { format!("{text}\n") } else { text };
            disk.push_str(&record(stream, nanos, &text));
            wire.extend(frame(stream, nanos, &text));
        }
        let mut expected = Vec::new();
        let mut reader = LineReader::new(false, line_bytes_max);
        reader.feed(&wire, &mut |line| expected.push(owned(line))).unwrap();
        prop_assert!(reader.finish(&mut |line| expected.push(owned(line))));
        prop_assert_eq!(read_file(disk.as_bytes(), false, line_bytes_max), (expected, 0));
    }

    #[test]
    fn any_bytes_are_safe(bytes: Vec<u8>) {
        read_file(&bytes, true, 10);
    }
}
