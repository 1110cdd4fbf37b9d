//! What hints make of lines.

use super::super::testing::{self, build, chunk};
use super::super::{auto, plain};
use super::*;
use crate::event::hints::{Act, Fits, JoinRule, Joining, JsonLines, JsonTarget, Processor, When};
use regex::bytes::Regex;

fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

fn decode(hints: Hints, input: &str) -> Vec<String> {
    let base = build(&plain::PLUGIN, &[]).unwrap();
    let Decoder { mut framer, mut reader } = decoder(Some(&Arc::new(hints)), &base);
    let mut out = Vec::new();
    let mut each = |frame: Frame<'_>| out.extend(testing::read(&mut *reader, &frame));
    testing::take(&mut *framer, &chunk(input.as_bytes(), 0, true), &mut each);
    out
}

#[track_caller]
fn check(hints: Hints, input: &str, expected: &[&str]) {
    assert_eq!(decode(hints, input), expected, "{input}");
}

fn json(json: JsonLines) -> Hints {
    Hints { json: Some(json), ..Hints::default() }
}

#[test]
fn json_goes_below_its_own_field_or_to_the_root() {
    check(json(JsonLines::default()), "{\"a\":1}\n", &[r#"{"json":{"a":1}}"#]);
    let root = JsonLines { keys_under_root: true, ..JsonLines::default() };
    check(json(root.clone()), "{\"a\":{\"b\":2},\"message\":\"m\"}\n", &[r#"{"a":{"b":2},"message":"m"}"#]);
    let expanded = JsonLines { expand_keys: true, ..root };
    check(json(expanded), "{\"log.level\":\"x\",\"log\":{\"a.b\":1}}\n", &[r#"{"log":{"level":"x","a":{"b":1}}}"#]);
}

#[test]
fn a_line_that_is_no_object_stays_a_message() {
    for line in ["hello", "[1]", "7", "{\"a\":"] {
        let message = format!(r#"{{"message":{}}}"#, serde_json::Value::from(line));
        check(json(JsonLines { keys_under_root: true, ..JsonLines::default() }), line, &[&message]);
    }
    let said = JsonLines { add_error_key: true, ..JsonLines::default() };
    let expected = r#"{"message":"x","error":{"message":"the line is not a JSON object","type":"json"}}"#;
    check(json(said), "x\n", &[expected]);
}

/// What the event holds before the line is read.
fn over(hint: &JsonLines, there: &str, line: &str) -> String {
    let arena = Arena::new();
    let start: &Start<'_, '_> = &|frame, _| {
        let mut event = Event::new(&arena, frame.identity, Default::default());
        event.absorb(crate::event::json::read::object(arena.alloc_str(there), &arena).unwrap(), &arena);
        event
    };
    let bytes: &[u8] = arena.alloc_slice_copy(line.as_bytes());
    let frame = Frame { bytes, time: None, identity: Default::default(), truncated: false, damaged: false, lines: 1 };
    let (event, _) = super::json::read(hint, &frame, &arena, start);
    let mut out = Vec::new();
    crate::event::json::write::object(&event.root, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn keys_that_are_there_stay_or_go_as_asked_and_the_engines_own_always_stay() {
    let there = r#"{"@timestamp":"2026-11-23T10:04:45Z","container":{"id":"1"},"stream":"stdout","host":{"name":"h"}}"#;
    let line = r#"{"@timestamp":"2020-01-01T00:00:00Z","container":{"id":"2","x":3},"stream":"s","host":{"name":"i","ip":4},"@metadata":{"a":1},"b":5}"#;
    let keep = JsonLines { keys_under_root: true, ..JsonLines::default() };
    assert_eq!(
        over(&keep, there, line),
        r#"{"@timestamp":"2026-11-23T10:04:45.000Z","container":{"id":"1","x":3},"stream":"stdout","host":{"name":"h","ip":4},"b":5}"#
    );
    let replace = JsonLines { overwrite_keys: true, ..keep };
    assert_eq!(
        over(&replace, there, line),
        r#"{"@timestamp":"2020-01-01T00:00:00.000Z","container":{"id":"1","x":3},"stream":"stdout","host":{"name":"i","ip":4},"b":5}"#
    );
}

#[test]
fn lines_are_chosen_by_their_text_or_by_that_of_the_message_key() {
    let hints = Hints {
        include_lines: vec![pattern("^ERR"), pattern("^WARN")],
        exclude_lines: vec![pattern("secret")],
        ..Hints::default()
    };
    check(
        hints.clone(),
        "ERR a\nINFO b\nWARN c secret\nWARN d\n",
        &[r#"{"message":"ERR a"}"#, r#"{"message":"WARN d"}"#],
    );
    let keyed = JsonLines { message_key: Some("log".into()), ..JsonLines::default() };
    let hints = Hints { json: Some(keyed), ..hints };
    let lines = "{\"log\":\"ERR a\"}\n{\"log\":\"INFO\"}\n{\"other\":1}\n";
    check(hints, lines, &[r#"{"json":{"log":"ERR a"}}"#, r#"{"json":{"other":1}}"#]);
}

fn joined(rule: JoinRule, lines_max: usize) -> Hints {
    Hints { joining: Some(Joining { rule, lines_max, timeout_ns: None }), ..Hints::default() }
}

fn messages(hints: Hints, input: &str) -> Vec<String> {
    let message = |event: String| {
        serde_json::from_str::<serde_json::Value>(&event).unwrap()["message"].as_str().unwrap().to_string()
    };
    decode(hints, input).into_iter().map(message).collect()
}

#[test]
fn lines_are_joined_in_filebeats_three_ways() {
    let rule = |text: &str, negate, to_next, flush: Option<&str>| JoinRule::Pattern {
        fits: Fits { pattern: pattern(text), negate },
        to_next,
        flush: flush.map(pattern),
    };
    assert_eq!(messages(joined(rule(r"^\s", false, false, None), 500), "a\n b\n c\nd\n"), ["a\n b\n c", "d"]);
    assert_eq!(messages(joined(rule(r"^\[", true, false, None), 500), "[a\nb\n[c\n"), ["[a\nb", "[c"]);
    assert_eq!(messages(joined(rule(r"\\$", false, true, None), 500), "a\\\nb\nc\n"), ["a\\\nb", "c"]);
    assert_eq!(
        messages(joined(rule(r"^\[", true, false, Some("end")), 500), "[a\nend\nb\n[c\n"),
        ["[a\nend", "b", "[c"]
    );
    assert_eq!(messages(joined(rule(r"^\s", false, false, None), 2), "a\n b\n c\n d\n"), ["a\n b", " c\n d"]);
    assert_eq!(messages(joined(JoinRule::Count(2), 500), "a\nb\nc\n"), ["a\nb", "c"]);
    let lines = JoinRule::While(Fits { pattern: pattern(r"^\{"), negate: false });
    assert_eq!(messages(joined(lines, 500), "{a\n{b\nc\n{d\n"), ["{a\n{b", "c", "{d"]);
}

#[test]
fn without_a_hint_for_joining_the_input_decides() {
    let base = build(&auto::PLUGIN, &[]).unwrap();
    let Decoder { mut framer, mut reader } = decoder(Some(&Arc::new(Hints::default())), &base);
    let mut count = 0;
    let trace = "java.lang.RuntimeException: x\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\n";
    let mut each = |frame: Frame<'_>| count += testing::read(&mut *reader, &frame).len();
    testing::take(&mut *framer, &chunk(trace.as_bytes(), 0, true), &mut each);
    assert_eq!(count, 1);
}

fn processed(processors: Vec<Processor>, input: &str) -> Vec<String> {
    let root = JsonLines { keys_under_root: true, ..JsonLines::default() };
    decode(Hints { processors, ..json(root) }, input)
}

#[test]
fn processors_change_events_in_their_order() {
    let field = FieldRef::dotted;
    let always = |act| Processor { when: None, act };
    let acts = vec![
        always(Act::Rename(vec![(field("a"), field("b.c")), (field("d"), field("e"))])),
        always(Act::CopyFields(vec![(field("e"), field("f"))])),
        always(Act::AddFields(vec![(field("g.h"), "i".into())])),
        always(Act::DropFields(vec![field("e"), field("nope"), field("@timestamp")])),
        always(Act::AddTags(vec!["t".into()])),
    ];
    assert_eq!(processed(acts, r#"{"a":1,"d":2,"e":3}"#), [r#"{"d":2,"b":{"c":1},"f":3,"g":{"h":"i"},"tags":["t"]}"#]);
    let decode = |target| {
        vec![always(Act::DecodeJsonFields {
            fields: vec![field("m")],
            target,
            overwrite_keys: true,
            add_error_key: false,
        })]
    };
    assert_eq!(processed(decode(JsonTarget::Itself), r#"{"m":"{\"x\":1}"}"#), [r#"{"m":{"x":1}}"#]);
    assert_eq!(processed(decode(JsonTarget::Root), r#"{"m":"{\"m\":1}"}"#), [r#"{"m":1}"#]);
    assert_eq!(processed(decode(JsonTarget::Field(field("y.z"))), r#"{"m":"{}"}"#), [r#"{"m":"{}","y":{"z":{}}}"#]);
    assert_eq!(processed(decode(JsonTarget::Root), r#"{"m":"no"}"#), [r#"{"m":"no"}"#]);
}

#[test]
fn conditions_decide_what_a_processor_does() {
    let field = FieldRef::dotted;
    let left = |when| {
        let drop = vec![Processor { when: Some(when), act: Act::DropEvent }];
        processed(drop, "{\"a\":1,\"t\":[\"x\",\"yz\"]}\n{\"a\":\"12\"}\n").len()
    };
    assert_eq!(left(When::Equals(field("a"), "1".into())), 1);
    assert_eq!(left(When::Contains(field("a"), "1".into())), 0);
    assert_eq!(left(When::Contains(field("t"), "z".into())), 1);
    assert_eq!(left(When::Regexp(field("a"), pattern("^..$"))), 1);
    assert_eq!(left(When::HasFields(vec![field("a"), field("t")])), 1);
    assert_eq!(left(When::Not(Box::new(When::HasFields(vec![field("t")])))), 1);
    let both = || vec![When::Equals(field("a"), "12".into()), When::HasFields(vec![field("t")])];
    assert_eq!((left(When::All(both())), left(When::Any(both()))), (2, 0));
}

#[test]
fn the_ingest_pipeline_goes_to_the_working_space() {
    let hints = Hints { ingest_pipeline: Some("p".into()), ..Hints::default() };
    let arena = Arena::new();
    let mut event = Event::new(&arena, Default::default(), Default::default());
    name_pipeline(&hints, &mut event, &arena);
    let path = FieldRef::parse("[@metadata][pipeline]").unwrap();
    assert_eq!(event.get(&path).and_then(Value::as_str), Some("p"));
}
