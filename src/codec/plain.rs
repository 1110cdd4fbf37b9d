//! The `plain` codec: a record is a message. The default of most inputs.
//!
//! Where the input knows the records (datagrams, requests, Docker's frames) it gives them; bytes of a file or a
//! connection are taken line by line, as Logstash's `file` input hands them to its codec.
//! Settings: Logstash reference, "Plain codec plugin".

use super::charset::{self, Charset};
use super::framing::{LINE_BYTES_MAX, lines};
use super::{CodecPlugin, Decoder, Encoder, Reader, Start};
use crate::event::chunk::Frame;
use crate::event::{Arena, Event, Object, Tag, Template, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

/// The field that a record's text goes to.
pub const MESSAGE: &str = "message";
const MESSAGE_TAG: Tag = Tag::of(MESSAGE);

/// What `format` is where it is not given: Logstash's text of an event.
const FORMAT: &str = "%{@timestamp} %{host} %{message}";

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/plain.txt"),
    decoder: Some(|settings, _| {
        Ok(Decoder::of(lines("\n", LINE_BYTES_MAX, Charset::of(settings)?), Plain::of(settings)?))
    }),
    encoder: Some(|settings| Ok(Box::new(PlainText::of(settings, "")))),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "plain",
    summary: "Takes each record as the event's message, and writes events as text.",
    settings: &[
        charset::SETTING,
        ECS,
        Setting::new(
            "format",
            Kind::String,
            Fallback::None,
            "What to write for an event; may hold `%{…}`. Without it: time, host and message.",
        ),
    ],
    example: r#"input { file { path => "/var/log/app.log" codec => plain { charset => "ISO-8859-1" } } }"#,
    differs: &[
        NO_ORIGINAL,
        charset::REPLACES,
        "`\\r` at the end of a line is taken off.",
        "what is written ends with a newline.",
    ],
    unavailable: None,
};

/// The setting that says whether `[event][original]` is kept.
pub const ECS: Setting = Setting::new(
    "ecs_compatibility",
    Kind::OneOf(&["disabled", "v1", "v8"]),
    Fallback::None,
    "`v1` or `v8`, given here, keeps the record's text in `[event][original]` too.",
);

pub const NO_ORIGINAL: &str =
    "`[event][original]` is kept only if this codec's own `ecs_compatibility` asks for it: it doubles every document.";

/// Whether the settings ask for `[event][original]`.
pub fn keeps_original(settings: &Settings) -> bool {
    matches!(settings.text("ecs_compatibility"), Some("v1" | "v8"))
}

/// Makes the event of a record that is one text; `original`: keep the text in `[event][original]` too.
#[inline]
pub fn message_event<'b>(text: &'b str, original: bool, mut event: Event<'b>, arena: &'b Arena) -> Event<'b> {
    event.root.put(MESSAGE, MESSAGE_TAG, true, Value::text(text));
    if original {
        keep_original(text, &mut event, arena);
    }
    event
}

/// Writes `[event][original]`.
pub fn keep_original<'b>(text: &'b str, event: &mut Event<'b>, arena: &'b Arena) {
    if let Some(there) = event.root.find_mut("event", Tag::of("event")) {
        if let Some(object) = there.object_mut(arena) {
            object.insert("original", Value::text(text));
        }
        return;
    }
    let mut object = Object::with_capacity_in(2, arena);
    object.insert("original", Value::text(text));
    event.root.insert("event", Value::Object(object));
}

/// Reads records as messages.
#[derive(Clone, Debug)]
pub struct Plain {
    charset: Charset,
    original: bool,
}

impl Plain {
    pub fn of(settings: &Settings) -> Result<Plain, Fault> {
        Ok(Plain { charset: Charset::of(settings)?.of_records(), original: keeps_original(settings) })
    }

    /// The event of a record.
    #[inline]
    pub fn event<'b>(&self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>) -> Event<'b> {
        message_event(self.charset.text(frame.bytes, arena), self.original, start(frame, 0), arena)
    }
}

impl Reader for Plain {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>) {
        events.push(self.event(frame, arena, start));
    }

    fn boxed(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }
}

/// Writes events as text.
#[derive(Clone, Debug)]
pub struct PlainText {
    format: Template,
    end: Box<str>,
}

impl PlainText {
    /// `end`: what stands behind each event.
    pub fn of(settings: &Settings, end: &str) -> PlainText {
        PlainText { format: Template::parse(settings.text("format").unwrap_or(FORMAT)), end: end.into() }
    }
}

impl Encoder for PlainText {
    fn encode(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        self.format.write(event, out);
        out.extend_from_slice(self.end.as_bytes());
    }

    fn boxed(&self) -> Box<dyn Encoder> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{decode, decoder, encode};
    use super::*;

    fn check(given: &[(&str, &str)], input: &[u8], expected: &[&str]) {
        assert_eq!(decode(&PLUGIN, given, input), expected);
    }

    #[test]
    fn a_line_is_a_message() {
        check(&[], b"one\r\n\ntwo", &[r#"{"message":"one"}"#, r#"{"message":""}"#, r#"{"message":"two"}"#]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced_and_other_encodings_decoded() {
        check(&[], b"n\xe9\n", &["{\"message\":\"n\u{fffd}\"}"]);
        check(&[("charset", "ISO-8859-1")], b"n\xe9\n", &[r#"{"message":"né"}"#]);
    }

    #[test]
    fn an_encoding_that_is_not_known_is_refused_by_name() {
        let settings = super::super::testing::settings(&PLUGIN, &[("charset", "UTF-7")]).unwrap();
        let fault = Plain::of(&settings).unwrap_err();
        assert_eq!(fault.text, "the encoding `UTF-7` is not supported");
        assert!(fault.help.contains(&"the nearest that is read is `UTF-8`".to_string()));
        let settings = super::super::testing::settings(&PLUGIN, &[("charset", "UTF16")]).unwrap();
        assert_eq!(Plain::of(&settings).unwrap_err().text, "there is no encoding `UTF16`");
    }

    #[test]
    fn the_original_is_kept_on_request() {
        let expected = r#"{"message":"x","event":{"original":"x"}}"#;
        check(&[("ecs_compatibility", "v8")], b"x\n", &[expected]);
        check(&[("ecs_compatibility", "disabled")], b"x\n", &[r#"{"message":"x"}"#]);
    }

    #[test]
    fn events_are_written_by_the_format() {
        let fields = r#"{"@timestamp":"2026-11-23T10:04:45.123Z","host":"a","message":"hello"}"#;
        assert_eq!(encode(&PLUGIN, &[], fields), "2026-11-23T10:04:45.123Z a hello");
        assert_eq!(encode(&PLUGIN, &[("format", "%{host}|%{nope}")], fields), "a|%{nope}");
    }

    #[test]
    fn what_is_held_is_given_out_by_force_only() {
        let mut lines = decoder(&PLUGIN, &[]).framer;
        lines.frames(&super::super::testing::chunk(b"half", 0, false), &mut |_| panic!("the line has no end"));
        lines.release(u64::MAX, false, &|_| true, &mut |_| panic!("time does not end a line"));
        assert_eq!(lines.held(), 4);
        let mut count = 0;
        lines.release(0, true, &|_| true, &mut |frame| count += frame.bytes.len());
        assert_eq!((count, lines.held()), (4, 0));
    }
}
