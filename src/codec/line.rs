//! The `line` codec: text, one event a line. The default of `stdin` and `tcp`.
//!
//! Settings: Logstash reference, "Line codec plugin".

use super::charset::{self, Charset};
use super::framing::{LINE_BYTES_MAX, lines};
use super::plain::{ECS, NO_ORIGINAL, Plain, PlainText};
use super::{CodecPlugin, Decoder};
use crate::plugin::{Declaration, Door, Fallback, Kind, Setting, Settings};

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/line.txt"),
    decoder: Some(|settings, _| {
        let lines = lines(delimiter(settings), LINE_BYTES_MAX, Charset::of(settings)?);
        Ok(Decoder::of(lines, Plain::of(settings)?))
    }),
    encoder: Some(|settings| Ok(Box::new(PlainText::of(settings, delimiter(settings))))),
};

/// What parts lines.
pub const DELIMITER: Setting =
    Setting::new("delimiter", Kind::String, Fallback::Text("\n"), "What ends a line, read and written.");

pub fn delimiter(settings: &Settings) -> &str {
    settings.text("delimiter").unwrap_or("\n")
}

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "line",
    summary: "Takes each line as an event's message, and writes events as lines.",
    settings: &[
        charset::SETTING,
        DELIMITER,
        ECS,
        Setting::new(
            "format",
            Kind::String,
            Fallback::None,
            "What to write for an event; may hold `%{…}`. Without it: time, host and message.",
        ),
    ],
    example: r#"output { stdout { codec => line { format => "%{level} %{message}" } } }"#,
    differs: &[NO_ORIGINAL, charset::REPLACES, "`\\r` in front of `\\n` is taken off.", "a line is cut at 1 MiB."],
    unavailable: None,
};

#[cfg(test)]
mod tests {
    use super::super::testing::{decode, encode};
    use super::*;

    #[test]
    fn lines_end_with_the_delimiter() {
        assert_eq!(decode(&PLUGIN, &[], b"a\r\nb"), [r#"{"message":"a"}"#, r#"{"message":"b"}"#]);
        assert_eq!(decode(&PLUGIN, &[("delimiter", "||")], b"a\n||b"), [r#"{"message":"a\n"}"#, r#"{"message":"b"}"#]);
    }

    #[test]
    fn events_are_written_as_lines() {
        assert_eq!(encode(&PLUGIN, &[("format", "%{a}")], r#"{"a":[1,2]}"#), "1,2\n");
        assert_eq!(encode(&PLUGIN, &[("format", "x"), ("delimiter", ";")], "{}"), "x;");
        assert_eq!(encode(&PLUGIN, &[], r#"{"message":"m"}"#), "%{@timestamp} %{host} m\n");
    }
}
