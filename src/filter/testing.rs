//! What the filters' tests share: settings from JSON, and events as text before and after a filter.

use super::{Build, Context, Ecs, Effects, Files, Filter, FilterPlugin, Outcome};
use crate::event::{Arena, Event, Identity, Timestamp, json};
use crate::plugin::{Fault, Given, Item, Place, Settings};
use std::io;
use std::path::{Path, PathBuf};

struct Nothing;

impl Effects for Nothing {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn ticks(&self) -> u64 {
        0
    }
}

impl Files for Nothing {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Err(io::Error::new(io::ErrorKind::NotFound, path.display().to_string()))
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

fn item(value: &serde_json::Value) -> Item {
    let given = match value {
        serde_json::Value::Array(items) => Given::List(items.iter().map(item).collect()),
        serde_json::Value::Object(fields) => {
            Given::Hash(fields.iter().map(|(name, value)| (Item::text(name), item(value))).collect())
        }
        serde_json::Value::Number(number) => {
            Given::Number { text: number.to_string(), value: number.as_f64().unwrap_or_default() }
        }
        serde_json::Value::String(text) => Given::Text(text.clone()),
        other => Given::Text(other.to_string()),
    };
    Item { given, place: Place::default() }
}

/// Builds a filter; `settings` is a JSON object.
pub fn build(plugin: &FilterPlugin, settings: &str) -> Result<Box<dyn Filter>, Fault> {
    let settings: serde_json::Map<_, _> = serde_json::from_str(settings).expect("the settings are a JSON object");
    let given = settings.iter().map(|(name, value)| (name.clone(), item(value))).collect();
    let settings = Settings::check(plugin.declaration, given).map_err(|mut faults| faults.remove(0))?;
    (plugin.build)(&settings, &Build { ecs: Ecs::V8, files: &Nothing })
}

/// Runs an event with these fields through the filter; gives back what it said and the fields behind it.
pub fn run(filter: &mut dyn Filter, fields: &str, identity: Identity) -> (Outcome, String) {
    let arena = Arena::new();
    let mut event = Event::new(&arena, identity, Timestamp::default());
    event.absorb(json::read::object(arena.alloc_str(fields), &arena).expect("the fields are a JSON object"), &arena);
    let mut cx = Context { arena: &arena, effects: &Nothing, emitted: &mut Vec::new(), place: 0 };
    let outcome = filter.filter(&mut event, &mut cx);
    let mut out = Vec::new();
    json::write::object(&event.root, &mut out);
    (outcome, String::from_utf8(out).expect("JSON is text"))
}

/// What a filter with these settings makes of an event with these fields.
pub fn check(plugin: &FilterPlugin, settings: &str, fields: &str, outcome: Outcome, expected: &str) {
    let mut filter = build(plugin, settings).unwrap_or_else(|fault| panic!("{settings}: {fault}"));
    assert_eq!(run(&mut *filter, fields, Identity::default()), (outcome, expected.to_string()), "{settings} {fields}");
}

/// Why a filter with these settings cannot be built.
pub fn check_fault(plugin: &FilterPlugin, settings: &str, expected: &str) {
    let fault = build(plugin, settings).err().map(|fault| fault.text);
    assert_eq!(fault.as_deref(), Some(expected), "{settings}");
}
