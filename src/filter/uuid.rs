//! The `uuid` filter: a random UUID (version 4) for each event.
//!
//! Settings: Logstash reference, "Uuid filter plugin".

use super::{Context, Effects, Filter, FilterPlugin, Outcome, name};
use crate::event::{Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("uuid/examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "uuid",
    summary: "Writes a random UUID, another one for each event, also when a line is read again.",
    settings: &[
        Setting::new("target", Kind::Field, Fallback::Required, "The field for the UUID."),
        Setting::new(
            "overwrite",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Whether a field that is there already gets the UUID too.",
        ),
    ],
    example: r#"filter { uuid { target => "uuid" overwrite => true } }"#,
    differs: &[
        "as a document's id it stores a line that is sent again twice; timberline's own ids and `fingerprint` do not.",
    ],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let target = settings.text("target").unwrap_or_default();
    let target = name::reference(target, settings.place("target"))?;
    Ok(Box::new(Uuid { target, overwrite: settings.boolean("overwrite") }))
}

#[derive(Clone, Debug)]
struct Uuid {
    target: FieldRef,
    overwrite: bool,
}

impl Filter for Uuid {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        if self.overwrite || event.get(&self.target).is_none() {
            let uuid = cx.arena.alloc_str(&random(cx.effects));
            if let Err(bad) = event.set(&self.target, Value::plain(uuid), cx.arena) {
                cx.because(event, &self.target, || bad.to_string());
                return Outcome::Unmatched;
            }
        }
        Outcome::Matched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

/// A UUID of version 4 in its usual form.
pub fn random(effects: &dyn Effects) -> String {
    let bits = u128::from(effects.random()) << 64 | u128::from(effects.random());
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn check(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
        testing::check(&PLUGIN, settings, fields, outcome, expected);
    }

    #[test]
    fn each_event_gets_its_own() {
        check(r#"{"target":"uuid"}"#, "{}", Outcome::Matched, r#"{"uuid":"00000000-0000-4001-8000-000000000002"}"#);
        check(
            r#"{"target":"[a][b]"}"#,
            r#"{"a":{}}"#,
            Outcome::Matched,
            r#"{"a":{"b":"00000000-0000-4001-8000-000000000002"}}"#,
        );
        let world = testing::World::default();
        assert_ne!(random(&world), random(&world));
    }

    #[test]
    fn what_is_there_stays_unless_it_may_be_overwritten() {
        check(r#"{"target":"uuid"}"#, r#"{"uuid":null}"#, Outcome::Matched, r#"{"uuid":null}"#);
        check(
            r#"{"target":"uuid","overwrite":true}"#,
            r#"{"uuid":"x"}"#,
            Outcome::Matched,
            r#"{"uuid":"00000000-0000-4001-8000-000000000002"}"#,
        );
        check(r#"{"target":"[a][b]"}"#, r#"{"a":1}"#, Outcome::Unmatched, r#"{"a":1}"#);
    }
}
