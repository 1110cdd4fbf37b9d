//! The `age` filter: how many seconds ago the event's time was.
//!
//! Settings: Logstash reference, "Age filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome, name};
use crate::event::{Event, FieldRef, Timestamp, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("age/examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "age",
    summary: "Writes how many seconds lie between the event's time and now, so that old events can be dropped.",
    settings: &[Setting::new(
        "target",
        Kind::Field,
        Fallback::Text("[@metadata][age]"),
        "The field for the age, in seconds.",
    )],
    example: "filter { age {} if [@metadata][age] > 86400 { drop {} } }",
    differs: &["the age of a line that is read again is another one: do not make documents of it."],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let target = settings.text("target").unwrap_or_default();
    Ok(Box::new(Age { target: name::reference(target, settings.place("target"))? }))
}

#[derive(Clone, Debug)]
struct Age {
    target: FieldRef,
}

impl Filter for Age {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let Some(time) = event.timestamp() else { return Outcome::Unmatched };
        let age = seconds_between(time, cx.effects.now());
        match event.set(&self.target, Value::Float(age), cx.arena) {
            Ok(_) => Outcome::Matched,
            Err(bad) => {
                cx.because(event, &self.target, || bad.to_string());
                Outcome::Unmatched
            }
        }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    (to.seconds - from.seconds) as f64 + (f64::from(to.nanos) - f64::from(from.nanos)) / 1e9
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, World};
    use super::*;
    use crate::event::Identity;
    use std::time::Duration;

    /// The event ten and a half seconds after 1970 began.
    fn check(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
        let world = World::default();
        world.pass(Duration::from_millis(10_500));
        let mut filter = testing::build(&PLUGIN, settings).unwrap();
        let ran = testing::run_in(&world, &mut *filter, fields, Identity::default());
        assert_eq!((ran.outcome, &*ran.event), (outcome, expected));
    }

    #[test]
    fn the_age_is_in_seconds() {
        let settings = r#"{"target":"[event][age]"}"#;
        check(
            settings,
            r#"{"@timestamp":"1970-01-01T00:00:00.250Z"}"#,
            Outcome::Matched,
            r#"{"@timestamp":"1970-01-01T00:00:00.250Z","event":{"age":10.25}}"#,
        );
        check(
            settings,
            r#"{"@timestamp":"1970-01-01T00:00:20Z"}"#,
            Outcome::Matched,
            r#"{"@timestamp":"1970-01-01T00:00:20.000Z","event":{"age":-9.5}}"#,
        );
        check(settings, "{}", Outcome::Unmatched, "{}");
    }

    #[test]
    fn it_stays_out_of_documents_unless_asked_for() {
        check(
            "{}",
            r#"{"@timestamp":"1970-01-01T00:00:00Z"}"#,
            Outcome::Matched,
            r#"{"@timestamp":"1970-01-01T00:00:00.000Z"}"#,
        );
    }
}
