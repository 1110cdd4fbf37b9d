//! The `truncate` filter: cuts strings that are longer than a number of bytes.
//!
//! Settings: Logstash reference, "Truncate filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome, name};
use crate::event::{Arena, Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("truncate/examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "truncate",
    summary: "Cuts strings that are too long; their start stays.",
    settings: &[
        Setting::new(
            "length_bytes",
            Kind::Number,
            Fallback::Required,
            "How many bytes a string may have. A character is never cut in two.",
        ),
        Setting::new(
            "fields",
            Kind::Array,
            Fallback::Empty,
            "The fields to cut; strings inside arrays and hashes are cut too. Without it, all strings of the event.",
        ),
    ],
    example: r#"filter { truncate { fields => [ "message", "[error][stack_trace]" ] length_bytes => 8192 } }"#,
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let length = settings.number("length_bytes").unwrap_or_default();
    if length < 0.0 || length.fract() != 0.0 {
        let text = format!("`length_bytes` must be a whole number, not {length}");
        return Err(Fault::at(settings.place("length_bytes"), text));
    }
    let items = settings.items("fields");
    let fields = items.iter().map(|item| name::reference(item.as_text().unwrap_or_default(), item.place));
    Ok(Box::new(Truncate { length: length as usize, fields: fields.collect::<Result<_, _>>()? }))
}

#[derive(Clone, Debug)]
struct Truncate {
    length: usize,
    /// Empty: all of them.
    fields: Vec<FieldRef>,
}

impl Filter for Truncate {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        if self.fields.is_empty() {
            for (_, value) in event.root.iter_mut() {
                cut_if_long(value, self.length, cx.arena);
            }
            return Outcome::Matched;
        }
        for field in &self.fields {
            if event.get(field).is_some_and(|value| is_long(value, self.length))
                && let Some(value) = event.get_mut(field, cx.arena)
            {
                cut(value, self.length, cx.arena);
            }
        }
        Outcome::Matched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

/// Shared facts are copied only to be cut.
fn cut_if_long<'b>(value: &mut Value<'b>, length: usize, arena: &'b Arena) {
    if is_long(value, length) {
        cut(value, length, arena);
    }
}

/// Whether it is or holds a string that is too long.
fn is_long(value: &Value<'_>, length: usize) -> bool {
    match value {
        Value::Text(text) => text.str.len() > length,
        Value::Array(items) => items.iter().any(|item| is_long(item, length)),
        other => other.as_object().is_some_and(|object| object.iter().any(|(_, value)| is_long(value, length))),
    }
}

fn cut<'b>(value: &mut Value<'b>, length: usize, arena: &'b Arena) {
    match value {
        Value::Text(text) => text.str = &text.str[..text.str.floor_char_boundary(length)],
        Value::Array(items) => items.iter_mut().for_each(|item| cut_if_long(item, length, arena)),
        other => {
            if let Some(object) = other.object_mut(arena) {
                object.iter_mut().for_each(|(_, value)| cut_if_long(value, length, arena));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn check(settings: &str, fields: &str, expected: &str) {
        testing::check(&PLUGIN, settings, fields, Outcome::Matched, expected);
    }

    #[test]
    fn long_strings_are_cut() {
        check(r#"{"fields":["a"],"length_bytes":10}"#, r#"{"a":"hello world, how are you?"}"#, r#"{"a":"hello worl"}"#);
        check(
            r#"{"fields":["a"],"length_bytes":10}"#,
            r#"{"a":"hello worl","b":"0123456789ab"}"#,
            r#"{"a":"hello worl","b":"0123456789ab"}"#,
        );
        check(
            r#"{"length_bytes":10}"#,
            r#"{"a":"0123456789ab","b":"0123456789ab"}"#,
            r#"{"a":"0123456789","b":"0123456789"}"#,
        );
        check(r#"{"fields":"a","length_bytes":0}"#, r#"{"a":"x"}"#, r#"{"a":""}"#);
    }

    #[test]
    fn characters_stay_whole() {
        check(r#"{"fields":["a"],"length_bytes":4}"#, r#"{"a":"aññb"}"#, r#"{"a":"añ"}"#);
        check(r#"{"fields":["a"],"length_bytes":3}"#, r#"{"a":"😀"}"#, r#"{"a":""}"#);
    }

    #[test]
    fn strings_inside_are_cut_too() {
        check(
            r#"{"fields":["a"],"length_bytes":2}"#,
            r#"{"a":["xyz",12345,{"b":"xyz","c":["xyz"]}]}"#,
            r#"{"a":["xy",12345,{"b":"xy","c":["xy"]}]}"#,
        );
        check(
            r#"{"length_bytes":2}"#,
            r#"{"@timestamp":"2026-11-23T10:04:45Z","a":{"b":{"c":"xyz"}}}"#,
            r#"{"@timestamp":"2026-11-23T10:04:45.000Z","a":{"b":{"c":"xy"}}}"#,
        );
        check(
            r#"{"fields":["[a][b]","missing"],"length_bytes":2}"#,
            r#"{"a":{"b":"xyz","c":"xyz"}}"#,
            r#"{"a":{"b":"xy","c":"xyz"}}"#,
        );
    }

    #[test]
    fn a_length_is_a_whole_number() {
        testing::check_fault(&PLUGIN, r#"{"length_bytes":-1}"#, "`length_bytes` must be a whole number, not -1");
        testing::check_fault(&PLUGIN, "{}", "filter `truncate` needs the setting `length_bytes`");
    }
}
