//! The `json_lines` codec: a stream of JSON objects, one a line.
//!
//! Settings: Logstash reference, "Json_lines codec plugin".

use super::charset::{self, Charset};
use super::framing::lines;
use super::json::{Json, JsonText, TARGET};
use super::line::{DELIMITER, delimiter};
use super::plain::{ECS, NO_ORIGINAL};
use super::{CodecPlugin, Decoder};
use crate::plugin::{Declaration, Door, Fallback, Kind, Setting};

/// The tag of a line that was cut.
pub const TOO_BIG: &str = "_jsonparsetoobigfailure";
/// A line's bytes are held until its end comes, so this is what a connection can take of the memory.
const LINE_BYTES_MAX: f64 = (16u32 << 20) as f64;

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/json_lines.txt"),
    decoder: Some(|settings, _| {
        let bytes_max = settings.number("decode_size_limit_bytes").unwrap_or(LINE_BYTES_MAX) as usize;
        let lines = lines(delimiter(settings), bytes_max, Charset::of(settings)?);
        Ok(Decoder::of(lines, Json::of(settings, Some(TOO_BIG))?))
    }),
    encoder: Some(|settings| Ok(Box::new(JsonText { end: delimiter(settings).into() }))),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "json_lines",
    summary: "Reads a stream of JSON objects, one a line, and writes events as such lines.",
    settings: &[
        charset::SETTING,
        Setting::new(
            "decode_size_limit_bytes",
            Kind::Number,
            Fallback::Number(LINE_BYTES_MAX),
            "The longest line. A longer one is cut, and its beginning becomes the message of an event with the tag `_jsonparsetoobigfailure`.",
        ),
        DELIMITER,
        ECS,
        TARGET,
    ],
    example: "input { tcp { port => 5000 codec => json_lines } }",
    differs: &[
        NO_ORIGINAL,
        charset::REPLACES,
        "`decode_size_limit_bytes` is 16 MiB where it is not given, not 512 MB.",
    ],
    unavailable: None,
};

#[cfg(test)]
mod tests {
    use super::super::testing::{decode, encode};
    use super::*;

    #[test]
    fn each_line_is_an_event() {
        assert_eq!(decode(&PLUGIN, &[], b"{\"a\":1}\r\n\n{\"a\":2}\n"), [r#"{"a":1}"#, r#"{"a":2}"#]);
        assert_eq!(decode(&PLUGIN, &[("delimiter", ";")], b"{\"a\":1};{\"a\":2}"), [r#"{"a":1}"#, r#"{"a":2}"#]);
        assert_eq!(decode(&PLUGIN, &[("target", "t")], b"{\"a\":1}\n"), [r#"{"t":{"a":1}}"#]);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_says_so() {
        let events = decode(&PLUGIN, &[("decode_size_limit_bytes", "4")], b"{\"a\":1}\n{}\n");
        assert_eq!(events, [r#"{"message":"{\"a\"","tags":["_jsonparsetoobigfailure"]}"#, "{}"]);
    }

    #[test]
    fn events_are_written_as_lines() {
        assert_eq!(encode(&PLUGIN, &[], r#"{"a":1}"#), "{\"a\":1}\n");
        assert_eq!(encode(&PLUGIN, &[("delimiter", "|")], r#"{"a":1}"#), "{\"a\":1}|");
    }
}
