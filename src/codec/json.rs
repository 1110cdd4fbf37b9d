//! The `json` codec: a record is a JSON object, or an array of them, which makes several events.
//!
//! What is not JSON becomes an event with the text as its message and a tag. A blank record is nothing.
//! Settings: Logstash reference, "Json codec plugin".

use super::charset::{self, Charset};
use super::framing::{LINE_BYTES_MAX, lines};
use super::plain::{ECS, NO_ORIGINAL, keep_original, keeps_original, message_event};
use super::{CodecPlugin, Decoder, Encoder, Reader, Start};
use crate::event::chunk::Frame;
use crate::event::json::{read, write};
use crate::event::{Arena, Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

/// The tag of a record that is not JSON, or nothing that an event could be.
pub const FAILURE: &str = "_jsonparsefailure";

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/json.txt"),
    decoder: Some(|settings, _| {
        Ok(Decoder::of(lines("\n", LINE_BYTES_MAX, Charset::of(settings)?), Json::of(settings, None)?))
    }),
    encoder: Some(|_| Ok(Box::new(JsonText { end: "".into() }))),
};

/// Where the parsed data goes.
pub const TARGET: Setting = Setting::new(
    "target",
    Kind::Field,
    Fallback::None,
    "The field to put the data into. Without it, the keys of the object become fields of the event.",
);

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "json",
    summary: "Reads each record as a JSON object, or as an array of events, and writes events as JSON.",
    settings: &[charset::SETTING, ECS, TARGET],
    example: r#"input { file { path => "/var/log/app.json" codec => json } }"#,
    differs: &[NO_ORIGINAL, charset::REPLACES],
    unavailable: None,
};

/// Reads records as JSON.
#[derive(Clone, Debug)]
pub struct Json {
    charset: Charset,
    target: Option<FieldRef>,
    original: bool,
    /// The tag of a record that was cut, where there is one of its own.
    too_long: Option<&'static str>,
}

impl Json {
    pub fn of(settings: &Settings, too_long: Option<&'static str>) -> Result<Json, Fault> {
        let target = settings.text("target").map(FieldRef::parse).transpose();
        let target = target.map_err(|bad| Fault::at(settings.place("target"), bad.to_string()))?;
        Ok(Json { charset: Charset::of(settings)?.of_records(), target, original: keeps_original(settings), too_long })
    }

    /// Whether a value can be an event.
    fn fits(&self, value: &Value<'_>) -> bool {
        self.target.is_some() || value.as_object().is_some()
    }

    /// Takes a value that fits into `event`. Whether it could: a list called `tags` takes no hash.
    fn fill<'b>(&self, event: &mut Event<'b>, value: Value<'b>, arena: &'b Arena) -> bool {
        match (&self.target, value) {
            (None, Value::Object(object)) => event.absorb(object, arena),
            (None, _) => {}
            (Some(target), value) => return event.set(target, value, arena).is_ok(),
        }
        true
    }
}

impl Reader for Json {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>) {
        let text = self.charset.text(frame.bytes, arena);
        if text.trim_ascii().is_empty() {
            return;
        }
        let mut add = |nth: u32, value: Value<'b>| {
            let mut event = start(frame, nth);
            if !self.fill(&mut event, value, arena) {
                event = message_event(text, self.original, event, arena);
                event.tag(FAILURE, arena);
            } else if self.original {
                keep_original(text, &mut event, arena);
            }
            events.push(event);
        };
        match read::value(text, arena) {
            Ok(Value::Array(items)) if items.iter().all(|item| self.fits(item)) => {
                (0u32..).zip(items).for_each(|(nth, item)| add(nth, item));
            }
            Ok(value) if self.fits(&value) => add(0, value),
            _ => {
                let mut event = message_event(text, self.original, start(frame, 0), arena);
                event.tag(self.too_long.filter(|_| frame.truncated).unwrap_or(FAILURE), arena);
                events.push(event);
            }
        }
    }

    fn boxed(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }
}

/// Writes events as JSON.
#[derive(Clone, Debug)]
pub struct JsonText {
    /// What stands behind each event.
    pub end: Box<str>,
}

impl Encoder for JsonText {
    fn encode(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        write::object(&event.root, out);
        out.extend_from_slice(self.end.as_bytes());
    }

    fn boxed(&self) -> Box<dyn Encoder> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{chunk, decode, decoder, encode};
    use super::*;

    fn check(given: &[(&str, &str)], input: &str, expected: &[&str]) {
        assert_eq!(decode(&PLUGIN, given, input.as_bytes()), expected, "{input}");
    }

    #[test]
    fn an_object_is_an_event_and_an_array_several() {
        check(&[], "{\"a\":1}\n\n {\"b\":[2]} ", &[r#"{"a":1}"#, r#"{"b":[2]}"#]);
        check(&[], r#"[{"a":1},{"a":2}]"#, &[r#"{"a":1}"#, r#"{"a":2}"#]);
        check(&[], "[]", &[]);
    }

    #[test]
    fn the_events_of_an_array_have_identities_of_their_own() {
        let mut codec = decoder(&PLUGIN, &[]);
        let mut ids = Vec::new();
        codec.framer.frames(&chunk(b"[{},{},{}]\n", 0, false), &mut |frame| {
            let arena = Arena::new();
            let start: &Start<'_, '_> = &|frame, nth| {
                let identity = if nth == 0 { frame.identity } else { frame.identity.derived(0, nth) };
                Event::new(&arena, identity, Default::default())
            };
            let mut events = Vec::new();
            codec.reader.read(
                &Frame { bytes: arena.alloc_slice_copy(frame.bytes), ..frame },
                &arena,
                start,
                &mut events,
            );
            ids.extend(events.iter().map(|event| event.identity.derivation));
        });
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 3);
    }

    #[test]
    fn what_is_no_event_is_a_message_with_a_tag() {
        for input in ["hello", "5", "[1]", r#"[{"a":1},2]"#, r#"{"a":"#] {
            let message = serde_json::to_string(input).unwrap();
            check(&[], input, &[&format!(r#"{{"message":{message},"tags":["_jsonparsefailure"]}}"#)]);
        }
    }

    #[test]
    fn a_target_takes_whatever_it_is() {
        check(&[("target", "[d][e]")], r#"{"a":1}"#, &[r#"{"d":{"e":{"a":1}}}"#]);
        check(&[("target", "d")], r#"[5,{"a":1}]"#, &[r#"{"d":5}"#, r#"{"d":{"a":1}}"#]);
    }

    #[test]
    fn the_time_inside_is_the_events() {
        check(&[], r#"{"@timestamp":"2026-11-23T10:04:45+01:00"}"#, &[r#"{"@timestamp":"2026-11-23T09:04:45.000Z"}"#]);
        check(&[], r#"{"@timestamp":"x"}"#, &[r#"{"tags":["_timestampparsefailure"],"_@timestamp":"x"}"#]);
    }

    #[test]
    fn other_encodings_are_decoded_and_the_original_kept_on_request() {
        assert_eq!(decode(&PLUGIN, &[("charset", "CP1252")], b"{\"a\":\"\x80\"}\n"), ["{\"a\":\"€\"}"]);
        check(&[("ecs_compatibility", "v8")], r#"{"a":1}"#, &[r#"{"a":1,"event":{"original":"{\"a\":1}"}}"#]);
    }

    #[test]
    fn events_are_written_without_a_line_end() {
        assert_eq!(encode(&PLUGIN, &[], r#"{"a":1.50,"b":"\n"}"#), r#"{"a":1.50,"b":"\n"}"#);
    }
}
