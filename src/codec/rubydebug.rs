//! The `rubydebug` codec: events for people to read, in the look of Ruby's Awesome Print.
//!
//! Keys are right-aligned, each level is four columns further in, arrays show their indexes, times have no quotes.
//! Settings: Logstash reference, "Rubydebug codec plugin".

use super::{CodecPlugin, Encoder};
use crate::event::{Event, Object, Value, display};
use crate::plugin::{Declaration, Door, Fallback, Kind, Setting};
use std::io::Write as _;

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/rubydebug.txt"),
    decoder: None,
    encoder: Some(|settings| Ok(Box::new(RubyDebug { metadata: settings.boolean("metadata") }))),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "rubydebug",
    summary: "Writes events over several lines, for people.",
    settings: &[Setting::new(
        "metadata",
        Kind::Boolean,
        Fallback::Boolean(false),
        "Whether `[@metadata]` is shown too.",
    )],
    example: "output { stdout { codec => rubydebug { metadata => true } } }",
    differs: &[],
    unavailable: None,
};

/// Columns of a level.
const INDENT: usize = 4;

#[derive(Clone, Debug)]
struct RubyDebug {
    metadata: bool,
}

impl Encoder for RubyDebug {
    fn encode(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        let metadata = event.metadata().filter(|metadata| self.metadata && !metadata.is_empty());
        let mut entries: Vec<(String, Shown<'_, '_>)> = entries_of(&event.root);
        entries.extend(metadata.map(|metadata| (quoted("@metadata"), Shown::Hash(metadata))));
        hash(&entries, INDENT, out);
        out.push(b'\n');
    }

    fn boxed(&self) -> Box<dyn Encoder> {
        Box::new(self.clone())
    }
}

/// What stands behind a key.
enum Shown<'v, 'b> {
    Hash(&'v Object<'b>),
    Value(&'v Value<'b>),
}

fn entries_of<'v, 'b>(object: &'v Object<'b>) -> Vec<(String, Shown<'v, 'b>)> {
    object.iter().map(|(name, value)| (quoted(name), Shown::Value(value))).collect()
}

/// `indent`: the column of the entries.
fn hash(entries: &[(String, Shown<'_, '_>)], indent: usize, out: &mut Vec<u8>) {
    if entries.is_empty() {
        out.extend_from_slice(b"{}");
        return;
    }
    let width = indent + entries.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    out.extend_from_slice(b"{\n");
    for (at, (key, shown)) in entries.iter().enumerate() {
        put(out, format_args!("{}{key:>width$} => ", if at > 0 { ",\n" } else { "" }));
        match shown {
            Shown::Hash(object) => hash(&entries_of(object), indent + INDENT, out),
            Shown::Value(shown) => value(shown, indent + INDENT, out),
        }
    }
    put(out, format_args!("\n{:1$}}}", "", indent - INDENT));
}

fn array(items: &[Value<'_>], indent: usize, out: &mut Vec<u8>) {
    if items.is_empty() {
        out.extend_from_slice(b"[]");
        return;
    }
    let width = (items.len() - 1).to_string().len();
    out.extend_from_slice(b"[\n");
    for (at, item) in items.iter().enumerate() {
        put(out, format_args!("{}{:indent$}[{at:>width$}] ", if at > 0 { ",\n" } else { "" }, ""));
        value(item, indent + INDENT, out);
    }
    put(out, format_args!("\n{:1$}]", "", indent - INDENT));
}

/// `indent`: the column of what the value holds.
fn value(shown: &Value<'_>, indent: usize, out: &mut Vec<u8>) {
    match shown {
        Value::Null => out.extend_from_slice(b"nil"),
        Value::Text(text) => out.extend_from_slice(quoted(text.str).as_bytes()),
        Value::Float(number) => display::ruby_double(*number, out),
        Value::Number(text) => match text.parse() {
            Ok(number) if text.contains(['.', 'e', 'E']) => display::ruby_double(number, out),
            _ => out.extend_from_slice(text.as_bytes()),
        },
        Value::Array(items) => array(items, indent, out),
        Value::Object(object) => hash(&entries_of(object), indent, out),
        Value::Shared(shared) => hash(&entries_of(&shared.object), indent, out),
        other => display::append(other, out),
    }
}

/// Ruby's `inspect` of a string.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{7f}' => out.push_str("\\x7F"),
            '#' if matches!(chars.peek(), Some('{' | '$' | '@')) => out.push_str("\\#"),
            control if control.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(control))),
            plain => out.push(plain),
        }
    }
    out.push('"');
    out
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing into a vector cannot fail");
}

#[cfg(test)]
mod tests {
    use super::super::testing::encode;
    use super::*;

    fn check(given: &[(&str, &str)], fields: &str, expected: &str) {
        assert_eq!(encode(&PLUGIN, given, fields), expected);
    }

    #[test]
    fn events_look_as_awesome_print_shows_them() {
        check(
            &[],
            r#"{"message":"hello \"x\"\n","@timestamp":"2026-11-23T10:04:45.123Z","tags":["a","b"],
               "http":{"status":200,"duration":1.50,"headers":{}},"none":null,"yes":true,"empty":[]}"#,
            r#"{
       "message" => "hello \"x\"\n",
    "@timestamp" => 2026-11-23T10:04:45.123Z,
          "tags" => [
        [0] "a",
        [1] "b"
    ],
          "http" => {
          "status" => 200,
        "duration" => 1.5,
         "headers" => {}
    },
          "none" => nil,
           "yes" => true,
         "empty" => []
}
"#,
        );
    }

    #[test]
    fn hashes_in_arrays_and_long_arrays_are_aligned() {
        check(
            &[],
            r#"{"a":[{"b":1}]}"#,
            "{\n    \"a\" => [\n        [0] {\n            \"b\" => 1\n        }\n    ]\n}\n",
        );
        let eleven = encode(&PLUGIN, &[], r#"{"c":[0,1,2,3,4,5,6,7,8,9,10]}"#);
        assert!(eleven.contains("[\n        [ 0] 0,\n        [ 1] 1,\n"), "{eleven}");
        assert!(eleven.ends_with("\n        [ 9] 9,\n        [10] 10\n    ]\n}\n"), "{eleven}");
    }

    #[test]
    fn metadata_is_shown_on_request() {
        let fields = r##"{"a":"#{x} \u001b[0m","@metadata":{"b":1}}"##;
        check(&[], fields, "{\n    \"a\" => \"\\#{x} \\e[0m\"\n}\n");
        let expected =
            "{\n            \"a\" => \"\\#{x} \\e[0m\",\n    \"@metadata\" => {\n        \"b\" => 1\n    }\n}\n";
        check(&[("metadata", "true")], fields, expected);
    }
}
