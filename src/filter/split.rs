//! The `split` filter: one event becomes several, one for each item of a list or each part of a text.
//!
//! The event itself ends, its parts go on in its place. A text that is one part goes on as it is. Parts that hold
//! nothing (null, an empty text, list or hash) make no event.
//! Settings: Logstash reference, "Split filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome, name};
use crate::event::{Event, FieldRef, Object, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("split/examples.txt"),
    build: |settings, _| build(settings),
};

/// The tag of an event whose field cannot be split.
const TYPE_FAILURE: &str = "_split_type_failure";
/// The tag of an event whose parts would take more memory than there is for one line.
const SIZE_FAILURE: &str = "_split_size_failure";
/// What one line and all that is made of it may take: its parts are copies of the event, and a list can have as many
/// items as the line has commas.
const LINE_BYTES_MAX: usize = 64 << 20;

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "split",
    summary: "Makes one event of each item of a list, or of each part of a text. Everything else in the event is copied; the common options apply to the new events.",
    settings: &[
        Setting::new("field", Kind::Field, Fallback::Text("message"), "The field to split: a list or a text."),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::None,
            "The field that each part is written to; `field` stays as it is then. By default `field` itself.",
        ),
        Setting::new(
            "terminator",
            Kind::String,
            Fallback::Text("\n"),
            "What parts the text; of no meaning for a list. An empty one parts every character.",
        ),
    ],
    example: r#"filter { split { field => "[results]" target => "[result]" } }"#,
    differs: &[
        "a part's document id follows from the line's and from the part's number, so a line that is read again makes the same parts.",
        "an event whose parts would take more than 64 MiB goes on whole, tagged `_split_size_failure`.",
    ],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let reference = |setting: &str| match settings.text(setting) {
        Some(text) => name::reference(text, settings.place(setting)).map(Some),
        None => Ok(None),
    };
    let field = reference("field")?.expect("the setting has a default");
    let target = reference("target")?.filter(|target| *target != field);
    Ok(Box::new(Split { field, target, terminator: settings.text("terminator").unwrap_or_default().into() }))
}

#[derive(Clone, Debug)]
struct Split {
    field: FieldRef,
    /// `None`: the field itself.
    target: Option<FieldRef>,
    terminator: Box<str>,
}

impl Filter for Split {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let parts = match event.get(&self.field) {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Text(text)) => match self.texts(text.str).take(2).count() {
                0 | 1 => {
                    cx.because(event, &self.field, || format!("nothing to part: no {:?} in it", &*self.terminator));
                    return Outcome::Unmatched;
                }
                _ => self.texts(text.str).count(),
            },
            _ => {
                cx.because(event, &self.field, || "neither a text nor a list");
                event.tag(TYPE_FAILURE, cx.arena);
                return Outcome::Unmatched;
            }
        };
        // Without a target, nothing looks at the whole any more, so it is not copied into each part.
        let whole = match self.target {
            None => event.remove(&self.field, cx.arena),
            Some(_) => event.get(&self.field).map(|whole| whole.copy_in(cx.arena)),
        };
        let Some(whole) = whole else { return Outcome::Unmatched };
        if cx.arena.allocated_bytes().saturating_add(parts.saturating_mul(size(event))) > LINE_BYTES_MAX {
            // The field was there, so its path can be written.
            event.set(&self.field, whole, cx.arena).ok();
            cx.because(event, &self.field, || format!("its parts would take more than {LINE_BYTES_MAX} bytes"));
            event.tag(SIZE_FAILURE, cx.arena);
            return Outcome::Unmatched;
        }
        match whole {
            Value::Array(items) => items.into_iter().zip(1..).for_each(|(item, nth)| self.part(event, item, nth, cx)),
            Value::Text(text) => {
                self.texts(text.str).zip(1..).for_each(|(part, nth)| self.part(event, Value::text(part), nth, cx));
            }
            _ => {}
        }
        Outcome::Cancelled
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

impl Split {
    fn texts<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        // An empty pattern also matches at both ends, where there is no part.
        let inner = self.terminator.is_empty();
        text.split(&*self.terminator).filter(move |part| !inner || !part.is_empty())
    }

    fn part<'b>(&self, event: &Event<'b>, part: Value<'b>, nth: u32, cx: &mut Context<'b, '_>) {
        if is_empty(&part) {
            return;
        }
        let mut made = event.copy_in(cx.arena);
        made.identity = event.identity.derived(cx.place, nth);
        // A target whose path leads through a text cannot be written; the part goes on without it, and says so.
        let target = self.target.as_ref().unwrap_or(&self.field);
        if let Err(bad) = made.set(target, part, cx.arena) {
            cx.because(event, target, || bad.to_string());
            made.tag(TYPE_FAILURE, cx.arena);
        }
        cx.emit(made, true);
    }
}

fn is_empty(part: &Value<'_>) -> bool {
    match part {
        Value::Null => true,
        Value::Text(text) => text.str.is_empty(),
        Value::Array(items) => items.is_empty(),
        other => other.as_object().is_some_and(Object::is_empty),
    }
}

/// What a copy of the event takes in the arena, roughly.
fn size(event: &Event<'_>) -> usize {
    /// A name and a value of an object.
    const ENTRY_BYTES: usize = 72;
    (values(&event.root) + event.metadata().map_or(0, values) + 4) * ENTRY_BYTES
}

fn values(object: &Object<'_>) -> usize {
    fn of(value: &Value<'_>) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(of).sum::<usize>(),
            Value::Object(object) => 1 + values(object),
            _ => 1,
        }
    }
    object.iter().map(|(_, value)| of(value)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Identity;
    use crate::filter::testing::{World, build, run_in};

    fn check(settings: &str, fields: &str, parts: &[&str]) {
        let mut filter = build(&PLUGIN, settings).unwrap();
        let ran = run_in(&World::default(), &mut *filter, fields, Identity::default());
        assert_eq!(ran.outcome, Outcome::Cancelled, "{settings} {fields}");
        assert_eq!(ran.emitted, parts, "{settings} {fields}");
    }

    /// The event goes on, as `expected`.
    fn check_whole(settings: &str, fields: &str, expected: &str) {
        let mut filter = build(&PLUGIN, settings).unwrap();
        let ran = run_in(&World::default(), &mut *filter, fields, Identity::default());
        assert_eq!(
            (ran.outcome, ran.event.as_str(), ran.emitted.len()),
            (Outcome::Unmatched, expected, 0),
            "{settings}"
        );
    }

    #[test]
    fn each_line_is_an_event() {
        check("{}", r#"{"message":"a\nb","x":1}"#, &[r#"{"x":1,"message":"a"}"#, r#"{"x":1,"message":"b"}"#]);
        check(r#"{"terminator":", "}"#, r#"{"message":"a, b"}"#, &[r#"{"message":"a"}"#, r#"{"message":"b"}"#]);
        check(r#"{"terminator":""}"#, r#"{"message":"aé"}"#, &[r#"{"message":"a"}"#, r#"{"message":"é"}"#]);
    }

    #[test]
    fn each_item_is_an_event() {
        let fields = r#"{"field1":"x","results":[{"a":1},{"a":2}]}"#;
        let parts = [r#"{"field1":"x","results":{"a":1}}"#, r#"{"field1":"x","results":{"a":2}}"#];
        check(r#"{"field":"results"}"#, fields, &parts);
        check(r#"{"field":"[a][b]"}"#, r#"{"a":{"b":[7]}}"#, &[r#"{"a":{"b":7}}"#]);
    }

    #[test]
    fn a_target_takes_the_part_and_the_whole_stays() {
        let parts = [r#"{"l":[1,2],"t":{"x":1}}"#, r#"{"l":[1,2],"t":{"x":2}}"#];
        check(r#"{"field":"l","target":"[t][x]"}"#, r#"{"l":[1,2]}"#, &parts);
        check(r#"{"field":"l","target":"[l]"}"#, r#"{"l":[1]}"#, &[r#"{"l":1}"#]);
        let tagged = r#"{"l":[1],"t":"","tags":["_split_type_failure"]}"#;
        check(r#"{"field":"l","target":"[t][x]"}"#, r#"{"l":[1],"t":""}"#, &[tagged]);
    }

    #[test]
    fn what_holds_nothing_makes_no_event() {
        check(r#"{"field":"l"}"#, r#"{"l":[null,"",[],{},0,false]}"#, &[r#"{"l":0}"#, r#"{"l":false}"#]);
        check("{}", r#"{"message":"\na\n"}"#, &[r#"{"message":"a"}"#]);
        check(r#"{"field":"l"}"#, r#"{"l":[]}"#, &[]);
    }

    #[test]
    fn a_text_of_one_part_goes_on_as_it_is() {
        check_whole("{}", r#"{"message":"a"}"#, r#"{"message":"a"}"#);
        check_whole("{}", r#"{"message":""}"#, r#"{"message":""}"#);
    }

    #[test]
    fn what_is_no_list_and_no_text_is_tagged() {
        for fields in [r#""message":{"a":1},"#, r#""message":5,"#, ""] {
            let expected = format!("{{{fields}\"tags\":[\"_split_type_failure\"]}}");
            check_whole("{}", &format!("{{{}}}", fields.trim_end_matches(',')), &expected);
        }
    }

    #[test]
    fn a_line_cannot_take_all_memory() {
        let items = vec!["1"; 200_000].join(",");
        let fields = format!(r#"{{"l":[{items}]}}"#);
        for settings in [r#"{"field":"l","target":"x"}"#, r#"{"field":"l"}"#] {
            let mut filter = build(&PLUGIN, settings).unwrap();
            let ran = run_in(&World::default(), &mut *filter, &fields, Identity::default());
            assert_eq!((ran.outcome, ran.emitted.len()), (Outcome::Unmatched, 0), "{settings}");
            assert!(ran.event.ends_with(r#""tags":["_split_size_failure"]}"#), "{settings}");
        }
    }
}
