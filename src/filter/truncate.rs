//! The `truncate` filter: cuts strings that are longer than a number of bytes.
//!
//! Settings: Logstash reference, "Truncate filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome, name, strings};
use crate::event::value::Text;
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
        strings::change(event, &self.fields, &Longest(self.length), cx.arena);
        Outcome::Matched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

/// The longest that a string may be, in bytes.
struct Longest(usize);

impl strings::Change for Longest {
    fn concerns(&self, text: &str) -> bool {
        text.len() > self.0
    }

    fn apply<'b>(&self, text: Text<'b>, _arena: &'b Arena) -> Value<'b> {
        Value::Text(Text { str: &text.str[..text.str.floor_char_boundary(self.0)], ..text })
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
