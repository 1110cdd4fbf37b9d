//! The `json` filter: a field's text, read as JSON, becomes fields.
//!
//! The tree borrows from the field's text. Nothing of the event changes before the whole text has been read.
//! Settings and failures: Logstash reference, "JSON filter plugin".

use super::{Context, Ecs, Filter, FilterPlugin, Outcome, merge, name};
use crate::event::json::read;
use crate::event::{Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("json/examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "json",
    summary: "Reads a field as JSON and merges what it holds into the event, or puts it into one field.",
    settings: &[
        Setting::new("source", Kind::Field, Fallback::Required, "The field whose text is JSON."),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::None,
            "The field to put the result into; what stood there goes. Without it, the keys of the object become fields of the event.",
        )
        .differs("without one, a key with brackets that is no field reference (`a[0]`) becomes a field of exactly that name."),
        Setting::new(
            "skip_on_invalid_json",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Leave events alone whose text is not JSON, without a tag.",
        ),
        Setting::new(
            "tag_on_failure",
            Kind::Array,
            Fallback::List(&["_jsonparsefailure"]),
            "Tags for events whose text is not JSON, or no object where there is no `target`.",
        ),
        Setting::new(
            "ecs_compatibility",
            Kind::OneOf(Ecs::NAMES),
            Fallback::None,
            "Changes nothing but Logstash's warning about a missing `target`.",
        ),
    ],
    example: r#"filter { json { source => "message" } }"#,
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let reference = |setting: &str| match settings.text(setting) {
        Some(text) => name::reference(text, settings.place(setting)).map(Some),
        None => Ok(None),
    };
    Ok(Box::new(Json {
        source: reference("source")?.expect("a required setting is given"),
        target: reference("target")?,
        skip: settings.boolean("skip_on_invalid_json"),
        failure: settings.texts("tag_on_failure"),
    }))
}

#[derive(Clone, Debug)]
struct Json {
    source: FieldRef,
    target: Option<FieldRef>,
    skip: bool,
    failure: Vec<String>,
}

impl Json {
    fn fail<'b>(&self, why: impl ToString, event: &mut Event<'b>, cx: &Context<'b, '_>) -> Outcome {
        cx.because(event, &self.source, || why.to_string());
        self.failure.iter().for_each(|tag| event.tag(tag, cx.arena));
        Outcome::Unmatched
    }
}

impl Filter for Json {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let text = match event.get(&self.source) {
            None | Some(Value::Null) => return Outcome::Unmatched,
            Some(Value::Text(text)) => text.str,
            Some(_) => return self.fail("no text", event, cx),
        };
        let value = match read::value(text, cx.arena) {
            Ok(value) => value,
            Err(bad) if self.skip => {
                cx.because(event, &self.source, || format!("no JSON, skipped: {bad}"));
                return Outcome::Unmatched;
            }
            Err(bad) => return self.fail(format_args!("no JSON: {bad}"), event, cx),
        };
        match (&self.target, value) {
            (Some(target), value) => match event.set(target, value, cx.arena) {
                Ok(_) => Outcome::Matched,
                Err(bad) => self.fail(bad, event, cx),
            },
            (None, Value::Object(object)) => {
                merge::into_root(object, event, cx.arena);
                Outcome::Matched
            }
            (None, _) => self.fail("JSON, but no object, and there is no `target` for it", event, cx),
        }
    }

    fn reads(&self) -> Option<&FieldRef> {
        Some(&self.source)
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use Outcome::{Matched, Unmatched};

    fn check(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
        testing::check(&PLUGIN, settings, fields, outcome, expected);
    }

    const MESSAGE: &str = r#"{"source":"message"}"#;

    #[test]
    fn fields_are_merged_into_the_root_over_what_stood_there() {
        check(
            MESSAGE,
            r#"{"message":"{\"a\":{\"b\":1.50},\"level\":\"info\",\"message\":\"new\"}","level":"x"}"#,
            Matched,
            r#"{"message":"new","level":"info","a":{"b":1.50}}"#,
        );
    }

    #[test]
    fn a_target_takes_whatever_it_is() {
        let settings = r#"{"source":"[in][text]","target":"doc"}"#;
        check(settings, r#"{"in":{"text":"[1, 2]"},"doc":3}"#, Matched, r#"{"in":{"text":"[1, 2]"},"doc":[1,2]}"#);
        check(settings, r#"{"in":{"text":"true"}}"#, Matched, r#"{"in":{"text":"true"},"doc":true}"#);
    }

    #[test]
    fn what_is_not_json_is_tagged_and_stays() {
        for text in ["hello", "", "{\\\"a\\\":1", "{'a':1}"] {
            let fields = format!(r#"{{"message":"{text}"}}"#);
            let expected = format!(r#"{{"message":"{text}","tags":["_jsonparsefailure"]}}"#);
            check(MESSAGE, &fields, Unmatched, &expected);
            check(r#"{"source":"message","skip_on_invalid_json":true}"#, &fields, Unmatched, &fields);
        }
        let settings = r#"{"source":"message","tag_on_failure":["a","b"]}"#;
        check(settings, r#"{"message":"x","tags":"t"}"#, Unmatched, r#"{"message":"x","tags":["t","a","b"]}"#);
        check(r#"{"source":"message","tag_on_failure":[]}"#, r#"{"message":"x"}"#, Unmatched, r#"{"message":"x"}"#);
    }

    #[test]
    fn only_an_object_has_a_place_in_the_root() {
        for text in ["[1]", "1", "null", "\\\"x\\\""] {
            let fields = format!(r#"{{"message":"{text}"}}"#);
            check(MESSAGE, &fields, Unmatched, &format!(r#"{{"message":"{text}","tags":["_jsonparsefailure"]}}"#));
        }
    }

    #[test]
    fn a_source_that_is_missing_is_nothing_and_one_that_is_no_text_a_failure() {
        check(MESSAGE, r#"{"a":1}"#, Unmatched, r#"{"a":1}"#);
        check(MESSAGE, r#"{"message":null}"#, Unmatched, r#"{"message":null}"#);
        check(MESSAGE, r#"{"message":{"a":1}}"#, Unmatched, r#"{"message":{"a":1},"tags":["_jsonparsefailure"]}"#);
    }

    #[test]
    fn a_timestamp_inside_is_the_events_or_is_kept_beside_it() {
        check(
            MESSAGE,
            r#"{"message":"{\"@timestamp\":\"2026-11-23T10:04:45+01:00\"}"}"#,
            Matched,
            r#"{"message":"{\"@timestamp\":\"2026-11-23T10:04:45+01:00\"}","@timestamp":"2026-11-23T09:04:45.000Z"}"#,
        );
        check(
            MESSAGE,
            r#"{"message":"{\"@timestamp\":5}"}"#,
            Matched,
            r#"{"message":"{\"@timestamp\":5}","tags":["_timestampparsefailure"],"_@timestamp":5}"#,
        );
    }

    #[test]
    fn keys_are_field_references() {
        check(
            r#"{"source":"m"}"#,
            r#"{"m":"{\"[a][b]\":1,\"[c]\":2,\"d[0]\":3,\"x.y\":4}"}"#,
            Matched,
            r#"{"m":"{\"[a][b]\":1,\"[c]\":2,\"d[0]\":3,\"x.y\":4}","c":2,"d[0]":3,"x.y":4,"a":{"b":1}}"#,
        );
        check(r#"{"source":"m"}"#, r#"{"m":"{\"[m][b]\":1}"}"#, Matched, r#"{"m":"{\"[m][b]\":1}","[m][b]":1}"#);
    }

    #[test]
    fn ecs_compatibility_changes_no_event() {
        for ecs in ["disabled", "v1", "v8"] {
            let settings = format!(r#"{{"source":"m","ecs_compatibility":"{ecs}"}}"#);
            check(&settings, r#"{"m":"{\"a\":1}"}"#, Matched, r#"{"m":"{\"a\":1}","a":1}"#);
        }
    }

    #[test]
    fn a_target_that_cannot_be_written_is_a_failure() {
        let settings = r#"{"source":"message","target":"[a][b]"}"#;
        check(
            settings,
            r#"{"message":"1","a":"x"}"#,
            Unmatched,
            r#"{"message":"1","a":"x","tags":["_jsonparsefailure"]}"#,
        );
    }

    #[test]
    fn a_bad_reference_is_refused() {
        testing::check_fault(&PLUGIN, r#"{"source":"[a"}"#, "`[a` opens a bracket that it does not close");
        testing::check_fault(&PLUGIN, "{}", "filter `json` needs the setting `source`");
    }
}
