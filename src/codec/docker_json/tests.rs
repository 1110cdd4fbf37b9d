//! Envelopes in every shape, and the joining of parts against a model that sees all lines at once.

use super::super::testing::{chunk, decode, decoder, read as read_frame};
use super::*;
use proptest::prelude::*;

const TIME: &str = "2026-11-23T10:04:45.123456789Z";

fn check(input: &str, expected: &[&str]) {
    assert_eq!(decode(&PLUGIN, &[], input.as_bytes()), expected, "{input}");
}

fn event(message: &str, stream: &str) -> String {
    format!(r#"{{"@timestamp":"{TIME}","message":"{message}","stream":"{stream}"}}"#)
}

fn line(log: &str, stream: &str, time: &str) -> String {
    format!("{{\"log\":\"{log}\",\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n")
}

#[test]
fn a_line_is_taken_apart() {
    check(&line(r"hello\n", "stdout", TIME), &[&event("hello", "stdout")]);
    check(&line(r#"{\"a\":\"b\\n\"}\n"#, "stderr", TIME), &[&event(r#"{\"a\":\"b\\n\"}"#, "stderr")]);
    check(&line(r"\u003ca\u003e é\r\n", "stdout", TIME), &[&event("<a> é", "stdout")]);
    check(&line(r"\n", "stdout", TIME), &[&event("", "stdout")]);
}

#[test]
fn keys_may_stand_in_any_order_and_others_beside_them() {
    let hello = event("hello", "stdout");
    check(&format!("{{ \"time\":\"{TIME}\", \"stream\":\"stdout\", \"log\":\"hello\\n\" }}\n"), &[&hello]);
    check(
        &format!("{{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"attrs\":{{\"tag\":\"x\"}},\"time\":\"{TIME}\"}}\n"),
        &[&hello],
    );
    check(&format!("{{\"log\":\"hello\\n\",\"x\":\"y\",\"stream\":\"stdout\",\"time\":\"{TIME}\"}}\n"), &[&hello]);
    check(&line(r"hello\u000a", "stdout", TIME), &[&hello]);
}

#[test]
fn what_is_no_envelope_is_a_message_with_a_tag() {
    for input in [
        "plain text",
        "",
        r#"{"log":"x\n","stream":"stdout"}"#,
        r#"{"log":"x\n","stream":"stdout","time":"yesterday"}"#,
        r#"{"log":{"a":1},"stream":"stdout","time":"2026-11-23T10:04:45Z"}"#,
        r#"{"log":"\q\n","stream":"stdout","time":"2026-11-23T10:04:45Z"}"#,
        r#"{"log":"half of"#,
        r#"["log"]"#,
    ] {
        let message = serde_json::to_string(input).unwrap();
        check(&format!("{input}\n"), &[&format!(r#"{{"message":{message},"tags":["_dockerjsonparsefailure"]}}"#)]);
    }
}

#[test]
fn parts_are_joined_by_stream_and_time() {
    let later = "2026-11-23T10:04:46Z";
    let input = [
        line("one ", "stdout", TIME),
        line(r"other\n", "stderr", later),
        line("and ", "stdout", TIME),
        line(r"two\n", "stdout", TIME),
        line(r"next\n", "stdout", later),
    ]
    .concat();
    let later = |message, stream| event(message, stream).replace(TIME, "2026-11-23T10:04:46.000Z");
    check(&input, &[&later("other", "stderr"), &event("one and two", "stdout"), &later("next", "stdout")]);
}

#[test]
fn another_time_ends_a_line_that_has_no_end() {
    let input = [line("open", "stdout", TIME), line(r"next\n", "stdout", "2026-11-23T10:04:46Z")].concat();
    let next = event("next", "stdout").replace(TIME, "2026-11-23T10:04:46.000Z");
    check(&input, &[&event("open", "stdout"), &next]);
}

#[test]
fn a_newline_that_is_text_is_no_end() {
    let open = Envelope::usual(br#"{"log":"a\\n","stream":"s","time":"t"}"#).unwrap();
    assert!(!open.is_whole());
    let whole = Envelope::usual(br#"{"log":"a\\\n","stream":"s","time":"t"}"#).unwrap();
    assert!(whole.is_whole());
}

#[test]
fn a_joined_line_is_named_by_its_first_and_last_part() {
    let first = line("a", "stdout", TIME);
    let input = [first.clone(), line(r"b\n", "stdout", TIME)].concat();
    let mut found = Vec::new();
    decoder(&PLUGIN, &[]).framer.frames(&chunk(input.as_bytes(), 10, false), &mut |frame| found.push(frame.identity));
    let expected = Identity { source: 7, at: 10, last: 10 + first.len() as u64, ..Identity::default() };
    assert_eq!(found, [expected]);
}

#[test]
fn a_held_part_says_which_call_brought_it() {
    let mut codec = decoder(&PLUGIN, &[]).framer;
    let mut since = |text: &str, offset| {
        codec.frames(&chunk(text.as_bytes(), offset, false), &mut |_| {});
        codec.held_since()
    };
    let (part, end) = (line("a", "stdout", TIME), line(r"b\n", "stdout", TIME));
    assert_eq!(since(&line(r"x\n", "stdout", TIME), 0), None);
    assert_eq!(since(&part[..9], 100), Some(1));
    assert_eq!(since(&part[9..], 109), Some(1));
    assert_eq!(since(&line(r"x\n", "stderr", TIME), 200), Some(1));
    assert_eq!(since(&end, 300), None);
}

#[test]
fn a_line_that_is_too_long_keeps_its_beginning_and_says_so() {
    let parts: String = (0..5).map(|n| line(&format!("{n}---"), "stdout", TIME)).collect();
    let input = parts + &line(r"end\n", "stdout", TIME);
    let Decoder { framer: mut codec, mut reader } = decoder(&PLUGIN, &[("line_bytes_max", "12")]);
    let mut found = Vec::new();
    codec.frames(&chunk(input.as_bytes(), 0, false), &mut |frame| {
        found.push((frame.truncated, read_frame(&mut *reader, &frame)))
    });
    assert_eq!(found, [(true, vec![event("0---1---2---", "stdout")])]);
    assert_eq!(codec.held(), 0);
}

#[test]
fn forged_streams_do_not_pile_up() {
    let input: String = (0..100).map(|n| line("x", &format!("s{n}"), TIME)).collect();
    let mut codec = decoder(&PLUGIN, &[]).framer;
    let mut count = 0;
    codec.frames(&chunk(input.as_bytes(), 0, false), &mut |_| count += 1);
    assert_eq!((count, codec.held()), (100 - OPEN_MAX, OPEN_MAX * br#"{"log":"x"#.len()));
}

#[derive(Clone, Debug)]
struct Written {
    stream: bool,
    /// The stream's clock goes on before this part.
    later: bool,
    text: String,
    ends: bool,
}

fn written() -> impl Strategy<Value = Vec<Written>> {
    let one = (any::<bool>(), any::<bool>(), r#"[ab"\\n\t]{0,3}"#, any::<bool>());
    let one = one.prop_map(|(stream, later, text, ends)| Written { stream, later, text, ends });
    prop::collection::vec(one, 0..24)
}

const STREAMS: [&str; 2] = ["stdout", "stderr"];

/// The json-file that Docker would write.
fn file_of(lines: &[Written]) -> Vec<(usize, u32, String)> {
    let mut clocks = [0u32; 2];
    let mut closed = [true; 2];
    let each = |line: &Written| {
        let stream = usize::from(line.stream);
        if line.later || closed[stream] {
            clocks[stream] += 1;
        }
        closed[stream] = line.ends;
        let text = format!("{}{}", line.text, if line.ends { "\n" } else { "" });
        (stream, clocks[stream], text)
    };
    lines.iter().map(each).collect()
}

/// The messages of each stream: texts of equal times, one behind the other.
fn naive(file: &[(usize, u32, String)]) -> [Vec<String>; 2] {
    let mut out = [Vec::new(), Vec::new()];
    let mut last = [0; 2];
    for (stream, clock, text) in file {
        if last[*stream] == *clock {
            let open: &mut String = out[*stream].last_mut().unwrap();
            open.push_str(text);
        } else {
            out[*stream].push(text.clone());
            last[*stream] = *clock;
        }
    }
    out.map(|messages| messages.iter().map(|text| without_end(Text::new(text)).str.to_string()).collect())
}

proptest! {
    #[test]
    fn parts_are_joined_as_the_model_joins_them(lines in written(), cuts in prop::collection::vec(1usize..60, 0..12)) {
        let file = file_of(&lines);
        let bytes: String = file.iter().map(|(stream, clock, text)| {
            let log = serde_json::to_string(text).unwrap();
            let (stream, time) = (STREAMS[*stream], format!("2026-11-23T10:04:{clock:02}Z"));
            format!("{{\"log\":{log},\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n")
        }).collect();
        let Decoder { framer: mut codec, mut reader } = decoder(&PLUGIN, &[]);
        let mut found = [Vec::new(), Vec::new()];
        let mut each = |frame: Frame<'_>| {
            for event in read_frame(&mut *reader, &frame) {
                let event: serde_json::Value = serde_json::from_str(&event).unwrap();
                let stream = usize::from(event["stream"] == STREAMS[1]);
                found[stream].push(event["message"].as_str().unwrap().to_string());
            }
        };
        let mut from = 0;
        for cut in cuts {
            let to = (from + cut).min(bytes.len());
            codec.frames(&chunk(&bytes.as_bytes()[from..to], from as u64, false), &mut each);
            from = to;
        }
        codec.frames(&chunk(&bytes.as_bytes()[from..], from as u64, true), &mut each);
        prop_assert_eq!(found, naive(&file));
    }
}
