//! What becomes of lines: the documentation's examples, each setting, and a naive joiner on random lines.

use super::super::joining::LATE_NS;
use super::super::testing::{build, chunk, decode, decoder, read, take};
use super::*;
use crate::event::chunk::{Chunk, Framing, Line};
use proptest::prelude::*;

fn check(given: &[(&str, &str)], input: &str, expected: &[&str]) {
    let messages: Vec<String> = decode(&PLUGIN, given, input.as_bytes())
        .iter()
        .map(|event| {
            let event: serde_json::Value = serde_json::from_str(event).unwrap();
            let tags = event["tags"].as_array().into_iter().flatten().map(|tag| format!("#{}", tag.as_str().unwrap()));
            format!("{}{}", event["message"].as_str().unwrap(), tags.collect::<String>())
        })
        .collect();
    assert_eq!(messages, expected, "{given:?}");
}

#[test]
fn indented_lines_belong_to_the_line_before() {
    let given = [("pattern", r"^\s"), ("what", "previous")];
    check(&given, "a\n  b\n\tc\nd\n e\n", &["a\n  b\n\tc#multiline", "d\n e#multiline"]);
    check(&given, "  b\nd\n", &["  b", "d"]);
}

#[test]
fn lines_that_do_not_begin_with_a_time_belong_to_the_line_before() {
    let given = [("pattern", r"^\d{4}-"), ("negate", "true"), ("what", "previous")];
    check(&given, "2026-1 a\nb\n2026-2 c\n", &["2026-1 a\nb#multiline", "2026-2 c"]);
}

#[test]
fn lines_that_end_with_a_backslash_belong_to_the_next() {
    let given = [("pattern", r"\\$"), ("what", "next")];
    check(&given, "a \\\nb \\\nc\nd\n", &["a \\\nb \\\nc#multiline", "d"]);
}

#[test]
fn the_tag_is_for_events_of_several_lines_and_can_be_another_or_none() {
    let given = [("pattern", "^ "), ("what", "previous")];
    check(&[&given[..], &[("multiline_tag", "joined")]].concat(), "a\n b\nc\n", &["a\n b#joined", "c"]);
    check(&[&given[..], &[("multiline_tag", "")]].concat(), "a\n b\nc\n", &["a\n b", "c"]);
}

#[test]
fn events_end_at_the_limits_and_say_so() {
    let given = [("pattern", "^ "), ("what", "previous")];
    check(
        &[&given[..], &[("max_lines", "2")]].concat(),
        "a\n b\n c\nd\n",
        &["a\n b#multiline#multiline_codec_max_lines_reached", " c", "d"],
    );
    check(
        &[&given[..], &[("max_bytes", "4")]].concat(),
        "a\n b\n c\nd\n",
        &["a\n b#multiline#multiline_codec_max_bytes_reached", " c", "d"],
    );
    let fault = build(&PLUGIN, &[&given[..], &[("max_lines", "0")]].concat()).err().unwrap();
    assert_eq!(fault.text, "`max_lines` must be 1 at least");
}

#[test]
fn other_encodings_are_decoded_before_they_are_matched_and_the_original_is_kept_on_request() {
    let given = [("pattern", "^é"), ("what", "previous"), ("charset", "ISO-8859-1"), ("multiline_tag", "")];
    assert_eq!(decode(&PLUGIN, &given, b"a\n\xe9b\n"), ["{\"message\":\"a\\néb\"}"]);
    let given = [("pattern", "^x"), ("what", "previous"), ("ecs_compatibility", "v8")];
    assert_eq!(decode(&PLUGIN, &given, b"a\n"), [r#"{"message":"a","event":{"original":"a"}}"#]);
}

const PREVIOUS: &[(&str, &str)] = &[("pattern", "^ "), ("what", "previous"), ("multiline_tag", "")];

#[test]
fn held_lines_wait_for_the_next_or_for_the_interval() {
    let mut out = Vec::new();
    let mut lines = decoder(&PLUGIN, PREVIOUS).framer;
    lines.frames(&chunk(b"a\n b\n", 0, false), &mut |_| panic!("more may come"));
    lines.release(u64::MAX, false, &|_| true, &mut |_| panic!("without an interval time ends nothing"));
    assert_eq!((lines.held(), lines.held_since()), (6, Some(0)));

    let mut lines = decoder(&PLUGIN, &[PREVIOUS, &[("auto_flush_interval", "2")]].concat()).framer;
    lines.frames(&chunk(b"a\n b\n", 0, false), &mut |_| panic!("more may come"));
    let patience = 2 * NANOS_PER_SECOND + LATE_NS;
    lines.release(patience, false, &|_| true, &mut |_| panic!("it is too early"));
    lines.release(patience + 1, false, &|_| true, &mut |frame| out.push((frame.bytes.to_vec(), frame.lines)));
    assert_eq!((out, lines.held_since()), (vec![(b"a\n b".to_vec(), 2)], None));
}

/// Lines as the docker input gives them: text, seconds, ordinal.
pub fn stamped(lines: &[(&str, u64, u32)]) -> Chunk {
    let mut made = chunk(b"", 0, false);
    let mut out = Vec::new();
    for (text, seconds, ordinal) in lines {
        let start = made.bytes.len() as u32;
        made.bytes.extend_from_slice(text.as_bytes());
        let (end, time) = (made.bytes.len() as u32, seconds * NANOS_PER_SECOND);
        out.push(Line { start, end, time, ordinal: *ordinal, truncated: false });
    }
    made.framing = Framing::Lines(out);
    made
}

#[test]
fn the_lines_own_times_end_an_event_whatever_the_clock_says() {
    let mut found = Vec::new();
    let mut lines = decoder(&PLUGIN, &[PREVIOUS, &[("auto_flush_interval", "1")]].concat()).framer;
    let input = stamped(&[("a", 10, 0), (" b", 11, 0), (" c", 13, 0), ("d", 13, 1)]);
    lines.frames(&input, &mut |frame| found.push((frame.bytes.to_vec(), frame.identity.at, frame.identity.last)));
    let second = NANOS_PER_SECOND;
    assert_eq!(found, [(b"a\n b".to_vec(), 10 * second, 11 * second), (b" c".to_vec(), 13 * second, 0)]);
}

#[test]
fn a_joined_event_is_another_than_one_that_ends_elsewhere() {
    let identities = |input: Chunk| {
        let mut found = Vec::new();
        let mut lines = decoder(&PLUGIN, PREVIOUS).framer;
        let mut each = |frame: Frame<'_>| found.push(frame.identity);
        lines.frames(&input, &mut each);
        lines.release(0, true, &|_| true, &mut each);
        found
    };
    let two = identities(stamped(&[("a", 1, 0), (" b", 2, 0)]));
    let three = identities(stamped(&[("a", 1, 0), (" b", 2, 0), (" c", 2, 1)]));
    assert_eq!((two.len(), three.len()), (1, 1));
    assert_ne!(two, three);
}

/// The receipts that a run of chunks leaves open, chunk by chunk.
fn open_since(chunks: &[&str]) -> Vec<Option<u64>> {
    let mut lines = decoder(&PLUGIN, PREVIOUS).framer;
    let mut offset = 0;
    let since = |text: &&str| {
        lines.frames(&chunk(text.as_bytes(), offset, false), &mut |_| {});
        offset += text.len() as u64;
        lines.held_since()
    };
    chunks.iter().map(since).collect()
}

#[test]
fn a_position_never_comes_to_rest_inside_an_event() {
    // The border between the chunks of `a` and ` b` lies inside an event until `c` begins a chunk of its own.
    assert_eq!(open_since(&["a\n", " b\nx\n", " y\n", "c\n"]), [Some(0), Some(0), Some(0), Some(3)]);
    assert_eq!(open_since(&["a\n", "b\n", "c\n"]), [Some(0), Some(1), Some(2)]);
}

/// Joins a whole text at once.
fn naive(lines: &[String], previous: bool, negate: bool, max_lines: usize) -> Vec<String> {
    let mut out: Vec<Vec<&str>> = Vec::new();
    let mut open = false;
    for line in lines {
        let belongs = line.starts_with(' ') != negate;
        let joins = open && (belongs || !previous) && out.last().is_some_and(|group| group.len() < max_lines);
        if joins {
            out.last_mut().unwrap().push(line)
        } else {
            out.push(vec![line])
        }
        open = previous || belongs;
    }
    out.iter().map(|group| group.join("\n")).collect()
}

proptest! {
    #[test]
    fn random_lines_are_joined_as_a_naive_joiner_does(
        lines in prop::collection::vec("[ a]{0,3}", 1..20),
        cuts in prop::collection::vec(0usize..60, 0..5),
        previous: bool,
        negate: bool,
        max_lines in 1usize..5,
    ) {
        let max = max_lines.to_string();
        let given = [
            ("pattern", "^ "),
            ("what", if previous { "previous" } else { "next" }),
            ("negate", if negate { "true" } else { "false" }),
            ("max_lines", &max),
        ];
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let Decoder { mut framer, mut reader } = decoder(&PLUGIN, &given);
        let mut found = Vec::new();
        for (nth, cut) in cuts.windows(2).enumerate() {
            let piece = chunk(&text.as_bytes()[cut[0]..cut[1]], cut[0] as u64, nth + 2 == cuts.len());
            take(&mut *framer, &piece, &mut |frame| {
                found.push(String::from_utf8(frame.bytes.to_vec()).unwrap());
                read(&mut *reader, &frame);
            });
        }
        prop_assert_eq!(framer.held(), 0);
        prop_assert_eq!(found, naive(&lines, previous, negate, max_lines));
    }
}
