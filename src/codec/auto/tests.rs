//! Real traces are joined whole, alone and among the lines of every known container; ordinary lines never are.
//!
//! `traces/<language>.txt` holds traces as the programs print them, parted by `-----`; the first line says which program.

use super::super::joining::LATE_NS;
use super::super::testing::{chunk, decoder};
use super::*;
use crate::event::chunk::{Chunk, Framing, Line};
use proptest::prelude::*;

const TRACES: &[(&str, &str)] = &[
    ("dart", include_str!("traces/dart.txt")),
    ("dotnet", include_str!("traces/dotnet.txt")),
    ("go", include_str!("traces/go.txt")),
    ("java", include_str!("traces/java.txt")),
    ("json", include_str!("traces/json.txt")),
    ("nestjs", include_str!("traces/nestjs.txt")),
    ("node", include_str!("traces/node.txt")),
    ("php", include_str!("traces/php.txt")),
    ("postgresql", include_str!("traces/postgresql.txt")),
    ("python", include_str!("traces/python.txt")),
    ("ruby", include_str!("traces/ruby.txt")),
    ("rust", include_str!("traces/rust.txt")),
];

/// A line of each container's shape, none of which belongs to anything.
const ORDINARY: &[&str] = &[
    "[Nest] 42  - 11/18/2025, 10:07:59 AM     LOG [Orders] order 42 settled +5ms",
    r#"2025-11-18 10:04:45 [info]: order settled {"id":42}"#,
    r#"{"level":30,"time":1763460000000,"msg":"an Error: nothing to see"}"#,
    r#"172.18.0.1 - - [18/Nov/2025:10:04:45 +0000] "GET /api/v1/orders HTTP/1.1" 200 612 "-" "curl/8""#,
    "2025/11/18 10:04:45 [error] 1255#0: *901 connect() failed (111: Connection refused) while connecting to upstream",
    "1:M 18 Nov 2025 10:04:45.123 * Ready to accept connections",
    "2025-11-18 10:04:45.123 UTC [1] LOG:  database system is ready to accept connections",
    "2025-11-18 10:04:45.123456+00:00 [info] <0.9.0> Server startup complete",
    "[2025-11-18 10:04:45,123] WARN Attempting to send response (kafka.server.KafkaApis)",
    "[2025-11-18T10:04:45.123+00:00][INFO ][plugins-service] Plugin is disabled",
    "2025-11-18 10:04:45,123 ERROR orders could not settle",
    "plain text: an order was settled",
    "",
    "    indented text (of a banner)",
    "}",
];

/// The cases of a file.
fn cases(file: &str) -> impl Iterator<Item = &str> {
    let (_, cases) = file.split_once('\n').expect("the first line says whose they are");
    cases.trim_end_matches('\n').split("\n-----\n")
}

fn all_cases() -> impl Iterator<Item = (&'static str, &'static str)> {
    TRACES.iter().flat_map(|(name, file)| cases(file).map(|case| (*name, case)))
}

/// Lines as Docker has them, a millisecond apart.
fn stamped<'l>(lines: impl Iterator<Item = &'l str>, from_ms: u64) -> Chunk {
    timed(lines.enumerate().map(|(nth, line)| (line, from_ms + nth as u64)))
}

fn timed<'l>(lines: impl Iterator<Item = (&'l str, u64)>) -> Chunk {
    let mut made = chunk(b"", 0, false);
    let mut out = Vec::new();
    for (text, millis) in lines {
        let start = made.bytes.len() as u32;
        made.bytes.extend_from_slice(text.as_bytes());
        let (end, time) = (made.bytes.len() as u32, (1 + millis) * 1_000_000);
        out.push(Line { start, end, time, ordinal: 0, truncated: false });
    }
    made.framing = Framing::Lines(out);
    made
}

/// What becomes of chunks, when nothing more comes.
fn joined(chunks: &[Chunk]) -> Vec<String> {
    let mut framer = decoder(&PLUGIN, &[]).framer;
    let mut found = Vec::new();
    let mut each = |frame: Frame<'_>| found.push(String::from_utf8_lossy(frame.bytes).into_owned());
    chunks.iter().for_each(|chunk| framer.frames(chunk, &mut each));
    framer.release(u64::MAX, false, &|_| true, &mut each);
    assert_eq!((framer.held(), framer.held_since()), (0, None));
    found
}

fn check(input: &str, expected: &[&str]) {
    assert_eq!(joined(&[stamped(input.split('\n'), 0)]), expected);
}

#[test]
fn every_trace_is_one_event() {
    for (name, case) in all_cases() {
        assert_eq!(joined(&[stamped(case.split('\n'), 0)]), [case], "{name}");
    }
}

#[test]
fn every_trace_is_one_event_among_the_lines_of_every_container() {
    for (name, case) in all_cases() {
        for line in ORDINARY.iter().filter(|line| !line.is_empty()) {
            // A log's own error line takes the trace behind it.
            let takes = super::shape::is_error_header(line.as_bytes()) && !line.contains("[error] 1255");
            let before = if takes || line.contains("LOG:  ") { "ordinary" } else { line };
            let input = format!("{before}\n{case}\n{line}\n{line}");
            let found = joined(&[stamped(input.split('\n'), 0)]);
            if line.contains("[error] 1255") {
                assert_eq!(found.last().unwrap(), line, "{name}");
            } else {
                assert_eq!(found, [before, case, line, line], "{name}");
            }
        }
    }
}

#[test]
fn a_trace_belongs_to_the_error_line_in_front_of_it() {
    for header in [
        "2025-11-18 10:04:45,123 ERROR orders could not settle",
        "[2025-11-18 10:04:45,123] WARN could not settle (kafka.server.KafkaApis)",
        "2025-11-18 10:04:45 [error]: could not settle",
        "[Nest] 42  - 11/18/2025, 10:07:59 AM   ERROR [Orders] could not settle +5ms",
    ] {
        for name in ["java", "python", "node", "ruby"] {
            let file = TRACES.iter().find(|(language, _)| *language == name).unwrap().1;
            let is_plain = |case: &&str| {
                let first = case.lines().next().unwrap_or_default().as_bytes();
                super::shape::is_head(first) || super::shape::is_traceback(first) || super::shape::is_ruby_place(first)
            };
            let whole = format!("{header}\n{}", cases(file).find(is_plain).unwrap());
            check(&whole, &[&whole]);
        }
    }
}

#[test]
fn traces_follow_one_another_without_being_one() {
    for (name, case) in all_cases() {
        let twice = format!("{case}\n{case}");
        assert_eq!(joined(&[stamped(twice.split('\n'), 0)]), [case, case], "{name}");
    }
}

#[test]
fn a_trace_is_whole_however_chunks_are_cut_and_its_receipts_stay_open() {
    for (name, case) in all_cases() {
        let chunks: Vec<Chunk> =
            case.split('\n').enumerate().map(|(nth, line)| stamped([line].into_iter(), nth as u64)).collect();
        let mut framer = decoder(&PLUGIN, &[]).framer;
        for chunk in &chunks[..chunks.len() - 1] {
            framer.frames(chunk, &mut |_| panic!("{name}: {case}"));
            assert_eq!(framer.held_since(), Some(0), "{name}");
        }
        assert_eq!(joined(&chunks), [case], "{name}");
    }
}

#[test]
fn what_was_cut_off_by_a_restart_is_two_events_and_never_a_strangers() {
    for (name, case) in all_cases().filter(|(name, _)| !["json", "postgresql"].contains(name)) {
        let lines: Vec<&str> = case.split('\n').collect();
        for cut in 1..lines.len() {
            let mut rest = joined(&[stamped(lines[cut..].iter().copied().chain(["ordinary"]), 0)]);
            assert_eq!(rest.pop().as_deref(), Some("ordinary"), "{name}");
            assert_eq!(rest.join("\n"), lines[cut..].join("\n"), "{name}");
        }
    }
}

#[test]
fn a_gap_between_the_lines_own_times_ends_a_group_whatever_the_clock_says() {
    let found = joined(&[timed(
        [("Error: a", 0), ("    at f (/x.js:1:2)", 200), ("    at g (/x.js:2:2)", 401), ("done", 402)].into_iter(),
    )]);
    assert_eq!(found, ["Error: a\n    at f (/x.js:1:2)", "    at g (/x.js:2:2)", "done"]);
}

#[test]
fn the_clock_ends_a_group_when_nothing_more_comes() {
    let mut framer = decoder(&PLUGIN, &[]).framer;
    let mut input = stamped(["ERROR could not settle"].into_iter(), 0);
    let (arrived, patience) = (5_000_000_000, GAP_NS + LATE_NS);
    input.arrived = Timestamp::from_nanos(arrived);
    framer.frames(&input, &mut |_| panic!("a trace may follow"));
    framer.release(arrived + patience, false, &|_| true, &mut |_| panic!("it is too early"));
    let mut count = 0;
    framer.release(arrived + patience + 1, false, &|_| true, &mut |_| count += 1);
    assert_eq!((count, framer.held_since()), (1, None));
}

#[test]
fn lines_that_look_like_more_are_events_of_their_own() {
    check(
        "ERROR a\nERROR b\nInternal Server Error: /x\nok",
        &["ERROR a", "ERROR b", "Internal Server Error: /x", "ok"],
    );
    check("TypeError: a\nTypeError: b\nsome text\nok", &["TypeError: a", "TypeError: b", "some text", "ok"]);
    check("ERROR a\n  indented\nok", &["ERROR a", "  indented", "ok"]);
    check("settled {\nok\n  more\n}", &["settled {", "ok", "  more", "}"]);
    check("  at noon (or later)\n  at last", &["  at noon (or later)", "  at last"]);
    check("panic: at the disco\nplaying", &["panic: at the disco", "playing"]);
    check(
        "Traceback (most recent call last):\nnothing: here 5\nok",
        &["Traceback (most recent call last):\nnothing: here 5", "ok"],
    );
}

#[test]
fn a_complete_json_line_and_an_ordinary_line_leave_at_once() {
    let can_begin = |line: &[u8]| {
        !line.starts_with(b"{") && (super::shape::is_error_header(line) || super::shape::postgres(line).is_some())
    };
    let ordinary: Vec<_> = ORDINARY.iter().filter(|line| !can_begin(line.as_bytes())).collect();
    assert!(ordinary.len() >= 10, "{ordinary:?}");
    for line in ordinary {
        let mut framer = decoder(&PLUGIN, &[]).framer;
        let mut left = 0;
        framer.frames(&stamped([*line].into_iter(), 0), &mut |_| left += 1);
        assert_eq!((left, framer.held()), (1, 0), "{line}");
    }
}

#[test]
fn details_of_another_backend_do_not_belong() {
    let line = |pid: u32, text: &str| format!("2025-11-18 10:04:45.123 UTC [{pid}] {text}");
    let lines = [line(7, "ERROR:  a"), line(8, "ERROR:  b"), line(7, "STATEMENT:  a"), line(8, "STATEMENT:  b")];
    check(&lines.join("\n"), &[&lines[0], &lines[1], &lines[2], &lines[3]]);
}

#[test]
fn a_trace_without_end_goes_out_in_pieces() {
    let frames: Vec<String> = (0..50_000).map(|nth| format!("    at f{nth} (/x.js:{nth}:2)")).collect();
    let lines = std::iter::once("Error: deep").chain(frames.iter().map(String::as_str));
    let all = lines.clone().count();
    let mut framer = decoder(&PLUGIN, &[]).framer;
    let mut found = Vec::new();
    for (nth, line) in lines.enumerate() {
        // A thousand lines a second: the span ends some groups, the number of lines others.
        let ms = nth as u64 + 19 * (nth as u64).saturating_sub(10_000);
        framer.frames(&stamped([line].into_iter(), ms), &mut |frame| found.push((frame.lines, frame.truncated)));
        assert!(framer.held() <= BYTES_MAX + LINES_MAX);
    }
    framer.release(0, true, &|_| true, &mut |frame| found.push((frame.lines, frame.truncated)));
    assert_eq!(found.iter().map(|(lines, _)| *lines as usize).sum::<usize>(), all);
    assert!(found.iter().all(|(lines, _)| *lines as usize <= LINES_MAX));
    assert!(found[..found.len() - 1].iter().all(|(_, cut)| *cut) && found[0].0 as usize == LINES_MAX);
}

proptest! {
    /// Whatever comes: every line leaves once, in order, and the last chunk leaves nothing behind.
    #[test]
    fn no_line_is_lost_doubled_or_moved(
        picks in prop::collection::vec((0usize..400, 0u64..260), 1..60),
        per_chunk in 1usize..7,
    ) {
        let pool: Vec<&str> = all_cases().flat_map(|(_, case)| case.split('\n')).chain(ORDINARY.iter().copied()).collect();
        let mut now = 0;
        let lines: Vec<(&str, u64)> = picks
            .iter()
            .map(|(pick, gap)| { now += gap; (pool[pick * 7919 % pool.len()], now) })
            .collect();
        let chunks: Vec<Chunk> = lines.chunks(per_chunk).map(|part| timed(part.iter().copied())).collect();
        let expected: Vec<&str> = lines.iter().map(|(line, _)| *line).collect();
        let found = joined(&chunks);
        prop_assert_eq!(found.join("\n"), expected.join("\n"));
        // Chunks do not matter.
        prop_assert_eq!(found, joined(&[timed(lines.iter().copied())]));
    }
}
