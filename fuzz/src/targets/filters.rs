//! Filters whose settings are little languages, with events to work on: the first line is the setting.

use super::first_line;
use super::language::NoFiles;
use std::cell::RefCell;
use timberline::event::joda::{Dialect, Pattern};
use timberline::event::{Arena, Event, Identity, Timestamp, Value, json as text};
use timberline::filter::common::Common;
use timberline::filter::{self, Build, Context, Ecs, Effects, FilterPlugin};
use timberline::plugin::{Given, Item, Place, Settings};

/// 2026-11-23T10:04:45.123Z: a run never depends on when it runs.
const NOW: Timestamp = Timestamp { seconds: 1_795_428_285, nanos: 123_000_000 };

struct World;

impl Effects for World {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn ticks(&self) -> u64 {
        0
    }
}

thread_local! {
    /// Kept over runs, as pattern sets take long to read.
    static COMMON: RefCell<Common> = RefCell::default();
}

fn item(given: Given) -> Item {
    Item { given, place: Place::default() }
}

fn pair(key: &str, value: &str) -> Item {
    item(Given::Hash(vec![(Item::text(key), Item::text(value))]))
}

fn list(texts: &[&str]) -> Item {
    item(Given::List(texts.iter().map(|text| Item::text(text)).collect()))
}

/// Runs an event with this message through the filter, if it can be built. What is left must be JSON.
fn run(plugin: &FilterPlugin, given: Vec<(&str, Item)>, message: &str) {
    let given = given.into_iter().map(|(name, item)| (name.to_string(), item)).collect();
    let Ok(settings) = Settings::check(plugin.declaration, given) else { return };
    let built =
        COMMON.with_borrow(|common| (plugin.build)(&settings, &Build { ecs: Ecs::V8, files: &NoFiles, common }));
    let Ok(mut filter) = built else { return };
    let arena = Arena::new();
    let mut event = Event::new(&arena, Identity::default(), NOW);
    event.set_timestamp(NOW);
    event.root.insert("message", Value::copied(&arena, message));
    let mut emitted = Vec::new();
    filter.filter(
        &mut event,
        &mut Context { arena: &arena, effects: &World, emitted: &mut emitted, place: 0, reasons: None },
    );
    let mut out = Vec::new();
    text::write::object(&event.root, &mut out);
    let read = serde_json::from_slice::<Box<serde_json::value::RawValue>>(&out);
    assert!(read.is_ok(), "{read:?}: {}", String::from_utf8_lossy(&out));
}

/// A grok expression, then the text.
pub fn grok(bytes: &[u8]) {
    let input = String::from_utf8_lossy(bytes);
    let (pattern, message) = first_line(&input);
    // The steps of a millisecond: what runs away is to be stopped, not waited for.
    let given = vec![("match", pair("message", pattern)), ("timeout_millis", Item::text("1"))];
    run(&filter::grok::PLUGIN, given, message);
}

/// A date pattern, then the text; the pattern also writes a time.
pub fn date_pattern(bytes: &[u8]) {
    let input = String::from_utf8_lossy(bytes);
    let (pattern, message) = first_line(&input);
    for dialect in [Dialect::Joda, Dialect::JavaTime] {
        if let Ok(parsed) = Pattern::parse(pattern, dialect) {
            parsed.write_utc(NOW, &mut Vec::new());
        }
    }
    for zone in ["UTC", "America/St_Johns"] {
        run(
            &filter::date::PLUGIN,
            vec![("match", list(&["message", pattern])), ("timezone", Item::text(zone))],
            message,
        );
    }
}

/// A mapping, then the text.
pub fn dissect(bytes: &[u8]) {
    let input = String::from_utf8_lossy(bytes);
    let (mapping, message) = first_line(&input);
    run(&filter::dissect::PLUGIN, vec![("mapping", pair("message", mapping))], message);
}

/// The text alone; then once more into a field of its own.
pub fn json(bytes: &[u8]) {
    let message = String::from_utf8_lossy(bytes);
    run(&filter::json::PLUGIN, vec![("source", Item::text("message"))], &message);
    let given = vec![("source", Item::text("message")), ("target", Item::text("[a][b]"))];
    run(&filter::json::PLUGIN, given, &message);
}

/// A line of switches, one of what parts the pairs, one of what parts key and value; then the text.
pub fn kv(bytes: &[u8]) {
    let input = String::from_utf8_lossy(bytes);
    let (switches, rest) = first_line(&input);
    let (pairs, rest) = first_line(rest);
    let (values, message) = first_line(rest);
    let mut given = Vec::new();
    for (letter, name, value) in [
        ('r', "recursive", "true"),
        ('b', "include_brackets", "false"),
        ('d', "allow_duplicate_values", "false"),
        ('e', "allow_empty_values", "true"),
        ('s', "whitespace", "strict"),
        ('k', "trim_key", "<>[](){}"),
        ('v', "trim_value", "<>\\[\\],"),
        ('t', "target", "kv"),
        ('p', "prefix", "a."),
        ('l', "transform_key", "lowercase"),
        ('u', "transform_value", "uppercase"),
    ] {
        if switches.contains(letter) {
            given.push((name, Item::text(value)));
        }
    }
    let by_pattern = switches.contains('x');
    let (field, value) =
        if by_pattern { ("field_split_pattern", "value_split_pattern") } else { ("field_split", "value_split") };
    if !pairs.is_empty() {
        given.push((field, Item::text(pairs)));
    }
    if !values.is_empty() {
        given.push((value, Item::text(values)));
    }
    given.push(("timeout_millis", Item::text("1")));
    run(&filter::kv::PLUGIN, given, message);
}
