//! The reader against a naive model that has the whole stream at once, split at random places.

use super::super::joiner::RawLine;
use super::*;
use proptest::prelude::*;

/// Some second of 2026.
const SECOND: u64 = 1_795_428_285_000_000_000;

/// A record as Docker writes it.
#[derive(Clone, Debug)]
struct Record {
    stream: Stream,
    nanos: u32,
    text: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    stream: Stream,
    time: u64,
    text: Vec<u8>,
    truncated: bool,
}

fn record(stream: Stream, nanos: u32, text: &[u8]) -> Record {
    Record { stream, nanos, text: text.to_vec() }
}

fn stamped(record: &Record) -> Vec<u8> {
    let mut out = format!("2026-11-23T10:04:45.{:09}Z ", record.nanos).into_bytes();
    out.extend_from_slice(&record.text);
    out
}

fn framed(record: &Record) -> Vec<u8> {
    let payload = stamped(record);
    let mut out = vec![if record.stream == Stream::Stdout { 1 } else { 2 }, 0, 0, 0];
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    out.extend(payload);
    out
}

fn written(records: &[Record], tty: bool) -> Vec<u8> {
    records.iter().flat_map(if tty { stamped } else { framed }).collect()
}

struct Outcome {
    lines: Vec<Owned>,
    /// `Ok`: what `finish` said.
    end: Result<bool, Broken>,
}

fn read(bytes: &[u8], tty: bool, line_bytes_max: usize, piece_bytes: impl Fn(usize) -> usize) -> Outcome {
    let mut lines = Vec::new();
    let mut keep = |line: RawLine<'_>| {
        lines.push(Owned { stream: line.stream, time: line.time, text: line.text.to_vec(), truncated: line.truncated });
    };
    let mut reader = LineReader::new(tty, line_bytes_max);
    let mut rest = bytes;
    let mut end = Ok(());
    for n in 0.. {
        if rest.is_empty() || end.is_err() {
            break;
        }
        let (piece, behind) = rest.split_at(piece_bytes(n).clamp(1, rest.len()));
        end = reader.feed(piece, &mut keep);
        rest = behind;
    }
    let end = end.map(|()| reader.finish(&mut keep));
    Outcome { lines, end }
}

/// The model: group by stream, join neighbours of equal time while no newline came, split at newlines.
fn model(records: &[Record], cut_cr: bool, line_bytes_max: usize) -> Vec<Owned> {
    let mut lines = Vec::new();
    for stream in Stream::BOTH {
        let mut open: Option<(u32, Vec<u8>)> = None;
        for record in records.iter().filter(|record| record.stream == stream) {
            if open.as_ref().is_some_and(|(nanos, _)| *nanos != record.nanos) {
                lines.extend(open.take().map(|(nanos, text)| (stream, nanos, text)));
            }
            let (_, mut text) = open.take().unwrap_or((record.nanos, Vec::new()));
            text.extend_from_slice(&record.text);
            while let Some(at) = text.iter().position(|byte| *byte == b'\n') {
                let behind = text.split_off(at + 1);
                text.pop();
                lines.push((stream, record.nanos, std::mem::replace(&mut text, behind)));
            }
            open = (!text.is_empty()).then_some((record.nanos, text));
        }
        lines.extend(open.map(|(nanos, text)| (stream, nanos, text)));
    }
    lines
        .into_iter()
        .map(|(stream, nanos, mut text)| {
            if cut_cr && text.last() == Some(&b'\r') && text.len() <= line_bytes_max + 1 {
                text.pop();
            }
            let truncated = text.len() > line_bytes_max;
            text.truncate(line_bytes_max);
            Owned { stream, time: SECOND + u64::from(nanos), text, truncated }
        })
        .collect()
}

fn by_stream(mut lines: Vec<Owned>) -> Vec<Owned> {
    lines.sort_by_key(|line| line.stream as u8);
    lines
}

fn texts(outcome: &Outcome) -> Vec<String> {
    outcome.lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect()
}

fn any_record() -> impl Strategy<Value = Record> {
    let stream = prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr)];
    let text = prop_oneof![
        "[a-z]{0,8}\n".prop_map(String::into_bytes),
        "[a-z]{0,8}".prop_map(String::into_bytes),
        prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..12),
    ];
    (stream, 0..4u32, text).prop_map(|(stream, nanos, text)| Record { stream, nanos, text })
}

proptest! {
    #[test]
    fn frames_in_any_pieces_give_the_lines_of_the_model(
        records in prop::collection::vec(any_record(), 0..20),
        pieces in prop::collection::vec(1..60usize, 1..40),
        line_bytes_max in 3..30usize,
    ) {
        let outcome = read(&written(&records, false), false, line_bytes_max, |n| pieces[n % pieces.len()]);
        prop_assert_eq!(outcome.end, Ok(true));
        prop_assert_eq!(by_stream(outcome.lines), model(&records, false, line_bytes_max));
    }

    #[test]
    fn a_tty_in_any_pieces_gives_the_lines_of_the_model(
        texts in prop::collection::vec("[a-z]{0,8}\r?", 0..20),
        long in prop::option::of(16_000..50_000usize),
        pieces in prop::collection::vec(1..20_000usize, 1..40),
        line_bytes_max in 3..40_000usize,
    ) {
        let mut records: Vec<Record> =
            texts.iter().zip(0..).map(|(text, nanos)| record(Stream::Stdout, nanos, format!("{text}\n").as_bytes())).collect();
        if let Some(bytes) = long {
            let mut line = vec![b'2'; bytes];
            line.push(b'\n');
            records.splice(0..0, line.chunks(PART_BYTES).map(|part| record(Stream::Stdout, 99, part)));
        }
        let outcome = read(&written(&records, true), true, line_bytes_max, |n| pieces[n % pieces.len()]);
        prop_assert_eq!(outcome.end, Ok(true));
        prop_assert_eq!(outcome.lines, model(&records, true, line_bytes_max));
    }

    #[test]
    fn garbage_is_an_error_or_lines_but_never_a_panic_nor_much_memory(bytes: Vec<u8>, tty: bool, cut in 0..40usize) {
        let mut stream = written(&[record(Stream::Stdout, 1, b"first\n"), record(Stream::Stderr, 2, b"second\n")], tty);
        stream.truncate(stream.len().saturating_sub(cut));
        stream.extend_from_slice(&bytes);
        let outcome = read(&stream, tty, 100, |_| 7);
        prop_assert!(outcome.lines.iter().map(|line| line.text.len()).sum::<usize>() <= stream.len());
    }
}

#[test]
fn parts_of_both_streams_interleave_and_do_not_mix() {
    let (out, err) = (Stream::Stdout, Stream::Stderr);
    let records = [
        record(out, 1, b"out one "),
        record(err, 2, b"err one "),
        record(out, 1, b"out two"),
        record(err, 2, b"err two\n"),
        record(out, 1, b"\n"),
    ];
    let outcome = read(&written(&records, false), false, 100, |_| 3);
    assert_eq!(texts(&outcome), ["err one err two", "out one out two"]);
}

#[test]
fn a_long_line_whose_last_part_has_no_newline_ends_with_its_time() {
    // The `local` driver of 20.10.
    let records = [record(Stream::Stdout, 1, b"long"), record(Stream::Stdout, 2, b"short\n")];
    assert_eq!(texts(&read(&written(&records, false), false, 100, |_| 100)), ["long", "short"]);
}

#[test]
fn the_engines_own_error_is_told() {
    let mut stream = written(&[record(Stream::Stdout, 1, b"line\n")], false);
    let error = b"Error grabbing logs: unexpected EOF\n";
    stream.extend_from_slice(&[3, 0, 0, 0, 0, 0, 0, error.len() as u8]);
    stream.extend_from_slice(error);
    let outcome = read(&stream, false, 100, |_| 5);
    assert_eq!(texts(&outcome), ["line"]);
    assert_eq!(outcome.end, Err(Broken::Engine("Error grabbing logs: unexpected EOF".into())));

    let raw = b"2026-11-23T10:04:45.000000001Z a\r\nError grabbing logs: unexpected EOF\n";
    let outcome = read(raw, true, 100, |_| 100);
    assert!(matches!(outcome.end, Err(Broken::Engine(_))), "{:?}", outcome.end);
}

#[test]
fn a_frame_of_four_gigabytes_or_of_stream_nine_is_garbage() {
    for header in [[1, 0, 0, 0, 255, 255, 255, 255], [9, 0, 0, 0, 0, 0, 0, 1], *b"HTTP/1.1"] {
        assert!(matches!(read(&header, false, 100, |_| 1).end, Err(Broken::Garbage(_))), "{header:?}");
    }
}

#[test]
fn a_stream_that_is_cut_within_a_record_does_not_finish() {
    let whole = written(&[record(Stream::Stdout, 1, b"line")], false);
    for cut in 1..whole.len() {
        assert_eq!(read(&whole[..cut], false, 100, |_| 100).end, Ok(false), "{cut}");
    }
    assert_eq!(texts(&read(&whole, false, 100, |_| 100)), ["line"]);
}

#[test]
fn a_line_of_ten_megabytes_is_cut_and_its_neighbour_is_whole() {
    let mut records: Vec<Record> = (0..640).map(|_| record(Stream::Stdout, 1, &[b'x'; PART_BYTES])).collect();
    records.push(record(Stream::Stdout, 1, b"\n"));
    records.push(record(Stream::Stdout, 2, b"next\n"));
    let outcome = read(&written(&records, false), false, 1 << 20, |_| 65_536);
    assert_eq!(
        outcome.lines.iter().map(|line| (line.text.len(), line.truncated)).collect::<Vec<_>>(),
        [(1 << 20, true), (4, false)]
    );
}
