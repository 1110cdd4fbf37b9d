//! Every setting of every codec does something: given, it changes the events that are read or the bytes that are written.
//!
//! What exactly it does is tested beside each codec; this table cannot be forgotten when a setting is added.

use super::testing::{decode_with, encode_bytes, hash, list};
use super::{
    CodecPlugin, auto, cef, csv, docker_json, gzip_lines, json, json_lines, line, msgpack, multiline, plain, rubydebug,
};
use crate::plugin::Item;

/// What is put in.
#[derive(Clone, Copy)]
pub enum Given<'g> {
    Read(&'g [u8]),
    Written(&'g str),
}

use Given::{Read, Written};

/// Settings that nothing of this shape can show, and where they are tested.
pub const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("multiline", "auto_flush_interval", "it counts when no line comes: multiline/tests.rs"),
    ("multiline", "patterns_dir", "patterns are the filters': tests/it/joining.rs"),
];

pub const CODECS: &[&CodecPlugin] = &[
    &auto::PLUGIN,
    &cef::PLUGIN,
    &csv::PLUGIN,
    &docker_json::PLUGIN,
    &gzip_lines::PLUGIN,
    &json::PLUGIN,
    &json_lines::PLUGIN,
    &line::PLUGIN,
    &msgpack::PLUGIN,
    &multiline::PLUGIN,
    &plain::PLUGIN,
    &rubydebug::PLUGIN,
];

type Row<'r> = (&'r str, &'r str, Item, Given<'r>);

/// The settings that a codec is given besides.
fn besides(codec: &str, setting: &str) -> Vec<(&'static str, Item)> {
    let text = Item::text;
    match (codec, setting) {
        ("multiline", "pattern") => vec![("what", text("previous"))],
        ("multiline", "what") => vec![("pattern", text("^ "))],
        ("multiline", _) => vec![("pattern", text("^ ")), ("what", text("previous"))],
        ("cef", "reverse_mapping") => vec![("fields", list(&["message"]))],
        ("cef", "device" | "locale") => vec![("ecs_compatibility", text("v8")), ("default_timezone", text("UTC"))],
        ("cef", "default_timezone") => vec![("ecs_compatibility", text("v8"))],
        _ => Vec::new(),
    }
}

fn result(plugin: &CodecPlugin, given: &[(&str, Item)], put_in: &Given<'_>) -> String {
    match put_in {
        Read(bytes) => decode_with(plugin, given, bytes).join("\n"),
        Written(fields) => String::from_utf8_lossy(&encode_bytes(plugin, given, &[fields])).into_owned(),
    }
}

#[test]
fn every_setting_changes_an_event_or_the_bytes() {
    let rows = rows();
    for plugin in CODECS {
        for setting in plugin.declaration.settings {
            let (codec, name) = (plugin.declaration.name, setting.name);
            if ELSEWHERE.iter().any(|(of, elsewhere, _)| (*of, *elsewhere) == (codec, name)) {
                continue;
            }
            let row = rows.iter().find(|(of, named, ..)| (*of, *named) == (codec, name));
            let (_, _, value, put_in) = row.unwrap_or_else(|| panic!("`{name}` of codec `{codec}` has no row"));
            let base = besides(codec, name);
            let changed = [base.clone(), vec![(name, value.clone())]].concat();
            // A setting that is required has another value before.
            let base = match name {
                "pattern" => [base, vec![(name, Item::text("^x"))]].concat(),
                "what" => [base, vec![(name, Item::text("previous"))]].concat(),
                "default_timezone" => [base, vec![(name, Item::text("UTC"))]].concat(),
                _ => base,
            };
            assert_ne!(result(plugin, &base, put_in), result(plugin, &changed, put_in), "{codec} {name}");
        }
    }
}

fn rows() -> Vec<Row<'static>> {
    of_text_codecs().into_iter().chain(of_csv()).chain(of_cef()).collect()
}

/// A byte that is no UTF-8 and a newline, stored in a gzip member.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x02\x00\xfd\xff\xe9\x0a\x44\xb3\xb0\x2e\x02\x00\x00\x00";

/// A line of Docker's that came in two parts.
pub const TWO_PARTS: &[u8] = br#"{"log":"he","stream":"stdout","time":"2026-11-23T10:04:45Z"}
{"log":"llo\n","stream":"stdout","time":"2026-11-23T10:04:45Z"}"#;

fn of_text_codecs() -> Vec<Row<'static>> {
    let text = Item::text;
    vec![
        ("plain", "charset", text("CP1252"), Read(b"\x80\n")),
        ("plain", "ecs_compatibility", text("v8"), Read(b"a\n")),
        ("plain", "format", text("x"), Written("{}")),
        ("line", "charset", text("CP1252"), Read(b"\x80\n")),
        ("line", "delimiter", text("|"), Read(b"a|b\n")),
        ("line", "ecs_compatibility", text("v1"), Read(b"a\n")),
        ("line", "format", text("x"), Written("{}")),
        ("json", "charset", text("CP1252"), Read(b"{\"a\":\"\x80\"}")),
        ("json", "ecs_compatibility", text("v8"), Read(b"{}")),
        ("json", "target", text("t"), Read(b"{}")),
        ("json_lines", "charset", text("UTF-16LE"), Read(b"{\0}\0\n\0")),
        ("json_lines", "decode_size_limit_bytes", text("1"), Read(b"{}\n")),
        ("json_lines", "delimiter", text("|"), Read(b"{}|{}")),
        ("json_lines", "ecs_compatibility", text("v8"), Read(b"{}\n")),
        ("json_lines", "target", text("t"), Read(b"{}\n")),
        ("multiline", "charset", text("CP1252"), Read(b"\x80\n b")),
        ("multiline", "ecs_compatibility", text("v8"), Read(b"a\n b")),
        ("multiline", "max_bytes", text("3"), Read(b"a\n b\n c")),
        ("multiline", "max_lines", text("2"), Read(b"a\n b\n c")),
        ("multiline", "multiline_tag", text("joined"), Read(b"a\n b")),
        ("multiline", "negate", text("true"), Read(b"a\n b")),
        ("multiline", "pattern", text("^ "), Read(b"a\n b")),
        ("multiline", "what", text("next"), Read(b"a\n b\nc")),
        ("auto", "charset", text("CP1252"), Read(b"\x80\n")),
        ("auto", "ecs_compatibility", text("v8"), Read(b"a\n")),
        ("docker_json", "line_bytes_max", text("1"), Read(TWO_PARTS)),
        ("gzip_lines", "charset", text("ISO-8859-1"), Read(GZIP)),
        ("msgpack", "format", text("x"), Read(b"\x80")),
        ("msgpack", "target", text("t"), Read(b"\x80")),
        ("rubydebug", "metadata", text("true"), Written(r#"{"@metadata":{"a":1}}"#)),
    ]
}

fn of_csv() -> Vec<Row<'static>> {
    let text = Item::text;
    vec![
        ("csv", "autodetect_column_names", text("true"), Read(b"a,b\n1,2")),
        ("csv", "autogenerate_column_names", text("false"), Read(b"a,b")),
        ("csv", "charset", text("CP437"), Read(b"\x80")),
        ("csv", "columns", list(&["x"]), Read(b"a,b")),
        ("csv", "convert", hash(&[("column1", "integer")]), Read(b"1")),
        ("csv", "ecs_compatibility", text("v8"), Read(b"a")),
        ("csv", "include_headers", text("true"), Written(r#"{"a":1}"#)),
        ("csv", "quote_char", text("'"), Read(b"'a,b'")),
        ("csv", "separator", text(";"), Written(r#"{"a":1,"b":2}"#)),
        ("csv", "skip_empty_columns", text("true"), Read(b"a,,b")),
        ("csv", "target", text("t"), Read(b"a")),
    ]
}

fn of_cef() -> Vec<Row<'static>> {
    let text = Item::text;
    vec![
        ("cef", "default_timezone", text("+05:00"), Read(b"CEF:0||||||1|start=Nov 23 2026 09:00:00")),
        ("cef", "delimiter", text("#"), Read(b"CEF:0||||||1|act=a#CEF:0||||||1|act=b")),
        ("cef", "device", text("host"), Read(b"CEF:0||||||1|dvc=10.0.0.1")),
        ("cef", "ecs_compatibility", text("v8"), Read(b"CEF:0||||||1|act=a")),
        ("cef", "fields", list(&["a"]), Written(r#"{"a":1}"#)),
        ("cef", "locale", text("de"), Read("CEF:0||||||1|start=Okt 23 2026 09:00:00".as_bytes())),
        ("cef", "name", text("x"), Written("{}")),
        ("cef", "product", text("x"), Written("{}")),
        ("cef", "raw_data_field", text("raw"), Read(b"CEF:0||||||1|act=a")),
        ("cef", "reverse_mapping", text("true"), Written(r#"{"message":"m"}"#)),
        ("cef", "severity", text("1"), Written("{}")),
        ("cef", "signature", text("x"), Written("{}")),
        ("cef", "vendor", text("x"), Written("{}")),
        ("cef", "version", text("x"), Written("{}")),
    ]
}
