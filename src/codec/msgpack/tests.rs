//! Objects in and out, whole, in pieces and broken.

use super::super::testing::{self, build, decoder, encode_bytes, events};
use super::read::{Length, length};
use super::*;
use crate::event::json;
use proptest::prelude::*;

fn check(given: &[(&str, &str)], input: &[u8], expected: &[&str]) {
    assert_eq!(testing::decode(&PLUGIN, given, input), expected, "{input:x?}");
}

#[test]
fn an_object_is_an_event() {
    // {"message": "hi", "n": 300}, {"a": [nil, true, -1.5]}
    let two = b"\x82\xa7message\xa2hi\xa1n\xcd\x01\x2c\x81\xa1a\x93\xc0\xc3\xcb\xbf\xf8\0\0\0\0\0\0";
    check(&[], two, &[r#"{"message":"hi","n":300}"#, r#"{"a":[null,true,-1.5]}"#]);
    check(&[("target", "[document]")], b"\x81\xa1a\x01", &[r#"{"document":{"a":1}}"#]);
    check(&[("target", "[document]")], b"\x07", &[r#"{"document":7}"#]);
}

#[test]
fn format_is_the_message_of_events_without_one() {
    let given = [("format", "%{a}!")];
    check(&given, b"\x81\xa1a\x01", &[r#"{"a":1,"message":"1!"}"#]);
    check(&given, b"\x81\xa7message\xa1m", &[r#"{"message":"m"}"#]);
}

#[test]
fn every_type_is_read() {
    for (bytes, expected) in [
        (&b"\xd0\x80"[..], "-128"),
        (b"\xd1\xff\x00", "-256"),
        (b"\xd2\xff\xff\xff\xff", "-1"),
        (b"\xd3\x80\0\0\0\0\0\0\0", "-9223372036854775808"),
        (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
        (b"\xe0", "-32"),
        (b"\xca\x3f\x00\0\0", "0.5"),
        (b"\xc4\x03a\xffb", "\"a\u{fffd}b\""),
        (b"\xd9\x02hi", "\"hi\""),
        (b"\xdc\0\x01\xc2", "[false]"),
        (b"\xde\0\x01\x05\x06", r#"{"5":6}"#),
        (b"\xd6\xff\0\0\0\x01", r#""1970-01-01T00:00:01.000Z""#),
        (b"\xd7\xff\x77\x35\x94\0\0\0\0\x01", r#""1970-01-01T00:00:01.500Z""#),
        (b"\xc7\x0c\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", r#""1969-12-31T23:59:59.000Z""#),
    ] {
        check(&[("target", "t")], bytes, &[&format!("{{\"t\":{expected}}}")]);
    }
}

#[test]
fn the_time_inside_is_the_events() {
    check(&[], b"\x81\xaa@timestamp\xce\0\0\0\x01", &[r#"{"@timestamp":"1970-01-01T00:00:01.000Z"}"#]);
    check(&[], b"\x81\xaa@timestamp\xa1x", &[r#"{"tags":["_timestampparsefailure"],"_@timestamp":"x"}"#]);
}

#[test]
fn what_is_no_object_is_a_message_with_a_tag() {
    check(
        &[],
        b"\x81\xa1a\x01hello\xc1",
        &[
            r#"{"a":1}"#,
            r#"{"message":"hello\ufffd","tags":["_msgpackparsefailure"]}"#.replace("\\ufffd", "\u{fffd}").as_str(),
        ],
    );
    check(&[], b"\x82\xa1a", &["{\"message\":\"\u{fffd}\u{fffd}a\",\"tags\":[\"_msgpackparsefailure\"]}"]);
    check(
        &[("target", "tags")],
        b"\x07",
        &["{\"message\":\"\u{7}\",\"tags\":[\"_msgpackparsefailure\"]}".replace('\u{7}', "\\u0007").as_str()],
    );
    // An extension that nobody knows.
    check(
        &[],
        b"\x81\xa1a\xd4\x05\x00",
        &["{\"message\":\"\u{fffd}\u{fffd}a\u{fffd}\\u0005\\u0000\",\"tags\":[\"_msgpackparsefailure\"]}"],
    );
    assert_eq!(build(&PLUGIN, &[("target", "[a")]).err().map(|fault| fault.place.is_some()), Some(true));
}

/// A length of four gigabytes is a claim, not memory.
#[test]
fn an_object_that_is_too_long_is_not_waited_for() {
    let events = testing::decode(&PLUGIN, &[], b"\xdb\xff\xff\xff\xffx");
    assert!(events.len() == 1 && events[0].contains("_msgpackparsefailure"), "{events:?}");
    assert_eq!(length(b"\xdd\xff\xff\xff\xff"), Length::AtLeast(5 + 0xffff_ffff));
    let nested = [vec![0x91; 5000], vec![0xc0]].concat();
    assert_eq!(length(&nested), Length::Whole(5001));
    let events = testing::decode(&PLUGIN, &[("target", "t")], &nested);
    assert!(events.len() == 1 && events[0].contains("_msgpackparsefailure"));
}

#[test]
fn events_are_written_in_the_shortest_form() {
    let bytes = |fields| encode_bytes(&PLUGIN, &[], &[fields]);
    assert_eq!(bytes(r#"{"a":1,"b":[-33,200]}"#), b"\x82\xa1a\x01\xa1b\x92\xd0\xdf\xcc\xc8");
    assert_eq!(
        bytes(r#"{"@timestamp":"2026-11-23T10:04:45.123Z"}"#),
        b"\x81\xaa@timestamp\xb82026-11-23T10:04:45.123Z"
    );
    assert_eq!(bytes(r#"{"n":18446744073709551615}"#), b"\x81\xa1n\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_eq!(bytes(r#"{"n":1.5,"m":null}"#), b"\x82\xa1n\xcb\x3f\xf8\0\0\0\0\0\0\xa1m\xc0");
    assert!(!PLUGIN.encoder.unwrap()(&testing::settings(&PLUGIN, &[]).unwrap()).unwrap().is_text());
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i16>().prop_map(Into::into),
        "[a-zé\u{4e2d}\"]{0,40}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Into::into),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..20)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_however_it_is_cut(
        values in prop::collection::vec(any_json(), 1..5),
        cuts in prop::collection::vec(0usize..400, 0..6),
    ) {
        let texts: Vec<String> = values.iter().map(|value| format!("{{\"v\":{value}}}")).collect();
        let bytes = encode_bytes(&PLUGIN, &[], &texts.iter().map(String::as_str).collect::<Vec<_>>());
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
        let found: Vec<serde_json::Value> =
            events(decoder(&PLUGIN, &[]), &pieces).iter().map(|event| serde_json::from_str(event).unwrap()).collect();
        let expected: Vec<serde_json::Value> = texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let arena = Arena::new();
        if let Some((value, rest)) = read::object(arena.alloc_slice_copy(&bytes), &arena) {
            prop_assert_eq!(length(&bytes), Length::Whole(bytes.len() - rest.len()));
            json::write::value(&value, &mut Vec::new());
        }
        events(decoder(&PLUGIN, &[]), &[&bytes]);
    }
}
