//! The `clone` filter: copies of an event go on beside it, each marked with a word.
//!
//! Settings: Logstash reference, "Clone filter plugin".

use super::{Build, Context, Ecs, Filter, FilterPlugin, Outcome};
use crate::event::{Event, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("clone/examples.txt"), build };

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "clone",
    summary: "Copies an event, once for each word of a list. The event goes on unchanged, its copies behind it; the common options apply to the copies.",
    settings: &[
        Setting::new(
            "clones",
            Kind::Array,
            Fallback::Required,
            "A word for each copy: added to its `tags`, or written to its `type` where `ecs_compatibility` is `disabled`. An empty list makes no copy.",
        ),
        Setting::new(
            "ecs_compatibility",
            Kind::OneOf(Ecs::NAMES),
            Fallback::None,
            "Where the word goes: `disabled` to `type`, `v1` and `v8` to `tags`. By default as `pipeline.ecs_compatibility`.",
        ),
    ],
    example: r#"filter { clone { clones => [ "audit" ] add_field => { "[event][dataset]" => "audit" } } }"#,
    differs: &[
        "a copy's document id follows from the line's and from the place of the filter, so a line that is read again makes the same copies.",
    ],
    unavailable: None,
};

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let ecs = settings.text("ecs_compatibility").and_then(Ecs::parse).unwrap_or(build.ecs);
    Ok(Box::new(Cloner { words: settings.texts("clones").into(), into_type: ecs == Ecs::Disabled }))
}

#[derive(Clone, Debug)]
struct Cloner {
    words: Box<[String]>,
    /// The word is the copy's `type`, else one of its tags.
    into_type: bool,
}

impl Filter for Cloner {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        for (nth, word) in (1..).zip(&self.words) {
            let mut copy = event.copy_in(cx.arena);
            copy.identity = event.identity.derived(cx.place, nth);
            if self.into_type {
                copy.root.insert("type", Value::copied(cx.arena, word));
            } else {
                copy.tag(word, cx.arena);
            }
            cx.emit(copy, true);
        }
        Outcome::Unmatched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Identity;
    use crate::filter::testing::{World, build, check_fault, run_in};

    fn check(settings: &str, fields: &str, clones: &[&str]) {
        let mut filter = build(&PLUGIN, settings).unwrap();
        let ran = run_in(&World::default(), &mut *filter, fields, Identity::default());
        assert_eq!((ran.outcome, ran.event.as_str()), (Outcome::Unmatched, fields), "the event stays as it is");
        assert_eq!(ran.emitted, clones, "{settings}");
    }

    #[test]
    fn a_clone_has_the_word_as_a_tag() {
        let clones = [r#"{"a":1,"tags":["clone1"]}"#, r#"{"a":1,"tags":["clone2"]}"#];
        check(r#"{"clones":["clone1","clone2"]}"#, r#"{"a":1}"#, &clones);
        check(r#"{"clones":["x"],"ecs_compatibility":"v1"}"#, r#"{"tags":["y"]}"#, &[r#"{"tags":["y","x"]}"#]);
    }

    #[test]
    fn without_ecs_the_word_is_its_type() {
        let settings = r#"{"clones":["x"],"ecs_compatibility":"disabled"}"#;
        check(settings, r#"{"type":"y","a":[1]}"#, &[r#"{"type":"x","a":[1]}"#]);
    }

    #[test]
    fn an_empty_list_makes_none_and_no_list_is_a_fault() {
        check(r#"{"clones":[]}"#, "{}", &[]);
        check_fault(&PLUGIN, "{}", "filter `clone` needs the setting `clones`");
    }
}
