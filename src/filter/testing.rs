//! What the filters' tests share: settings from JSON, and events as text before and after a filter.

use super::common::Common;
use super::reasons::{Reason, Reasons};
use super::{Build, Context, Ecs, Effects, Emitted, Files, Filter, FilterPlugin, Outcome, dns};
use crate::event::{Arena, Event, Identity, Timestamp, json};
use crate::plugin::{Fault, Given, Item, Place, Settings};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A world in which only a test makes time pass and writes files. It starts at 1970-01-01T00:00:00Z.
#[derive(Default)]
pub struct World {
    now: Cell<Timestamp>,
    random: Cell<u64>,
    files: RefCell<HashMap<PathBuf, (Vec<u8>, Timestamp)>>,
    /// The time that filters slept.
    pub slept: RefCell<Vec<Duration>>,
    /// What a name server answers to a name or an address, one after the other; the last one again and again.
    pub answers: RefCell<HashMap<String, Vec<dns::Answer>>>,
    /// How long the answer to a name or an address takes.
    pub delays: RefCell<HashMap<String, Duration>>,
    /// What a name server was asked.
    pub asked: RefCell<Vec<String>>,
}

impl World {
    pub fn pass(&self, time: Duration) {
        let now = self.now.get().as_nanos().expect("tests do not reach the year 2554");
        self.now.set(Timestamp::from_nanos(now + time.as_nanos() as u64));
    }

    pub fn write(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.files.borrow_mut().insert(path.into(), (content.into(), self.now.get()));
    }

    fn file(&self, path: &Path) -> io::Result<(Vec<u8>, Timestamp)> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, path.display().to_string());
        self.files.borrow().get(path).cloned().ok_or_else(missing)
    }
}

impl Effects for World {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn ticks(&self) -> u64 {
        self.now.get().as_nanos().unwrap_or(0)
    }

    fn random(&self) -> u64 {
        self.random.set(self.random.get() + 1);
        self.random.get()
    }

    fn sleep(&self, time: Duration) {
        self.slept.borrow_mut().push(time);
        self.pass(time);
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.file(path).map(|(content, _)| content)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        World::write(self, &path.display().to_string(), bytes);
        Ok(())
    }

    fn resolve(&self, question: &dns::Question<'_>) -> dns::Answer {
        let wanted = match (question.wanted, question.servers) {
            (dns::Wanted::Address(name), Some(servers)) => {
                let known = |name: &String| self.answers.borrow().contains_key(name);
                servers.candidates(name).into_iter().find(known).unwrap_or_else(|| name.to_owned())
            }
            (dns::Wanted::Address(name), None) => name.to_owned(),
            (dns::Wanted::Name(address), _) => address.to_string(),
        };
        if self.delays.borrow().get(&wanted).is_some_and(|delay| *delay > question.within) {
            return dns::Answer::Not(dns::Cause::TimedOut);
        }
        let mut answers = self.answers.borrow_mut();
        let answer = match answers.get_mut(&wanted) {
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers[0].clone(),
            None => dns::Answer::Not(dns::Cause::Missing),
        };
        self.asked.borrow_mut().push(wanted);
        answer
    }

    fn modified(&self, path: &Path) -> io::Result<Timestamp> {
        self.file(path).map(|(_, modified)| modified)
    }
}

impl Files for World {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Effects::read(self, path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut paths: Vec<PathBuf> = self.files.borrow().keys().cloned().collect();
        paths.retain(|path| path.parent() == Some(folder));
        paths.sort();
        if paths.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(paths) }
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
    build_in(&World::default(), &Common::default(), plugin, settings)
}

/// Settings of a filter; `text` is a JSON object.
pub fn settings(plugin: &FilterPlugin, text: &str) -> Result<Settings, Fault> {
    let settings: serde_json::Map<_, _> = serde_json::from_str(text).expect("the settings are a JSON object");
    let given = settings.iter().map(|(name, value)| (name.clone(), item(value))).collect();
    Settings::check(plugin.declaration, given).map_err(|mut faults| faults.remove(0))
}

/// `build`, with files, and with what filters of a pipeline have in common.
pub fn build_in(
    world: &World,
    common: &Common,
    plugin: &FilterPlugin,
    settings: &str,
) -> Result<Box<dyn Filter>, Fault> {
    let settings = self::settings(plugin, settings)?;
    (plugin.build)(&settings, &Build { ecs: Ecs::V8, files: world, common })
}

/// Runs an event with these fields through the filter; gives back what it said and the fields behind it.
pub fn run(filter: &mut dyn Filter, fields: &str, identity: Identity) -> (Outcome, String) {
    let ran = run_in(&World::default(), filter, fields, identity);
    (ran.outcome, ran.event)
}

/// What came of an event.
pub struct Ran {
    pub outcome: Outcome,
    /// Its fields, as JSON.
    pub event: String,
    /// The fields of the events that the filter made of it.
    pub emitted: Vec<String>,
    /// What it says of its failures.
    pub reasons: Vec<Reason>,
}

/// `run` in a world, with what the filter emitted.
pub fn run_in(world: &World, filter: &mut dyn Filter, fields: &str, identity: Identity) -> Ran {
    let arena = Arena::new();
    let mut event = Event::new(&arena, identity, Timestamp::default());
    event.absorb(json::read::object(arena.alloc_str(fields), &arena).expect("the fields are a JSON object"), &arena);
    let mut emitted = Vec::new();
    let (reasons, tags) = (Reasons::default(), tags(&event));
    let account = filter.account(&event, true);
    let mut cx = Context { arena: &arena, effects: world, emitted: &mut emitted, place: 0, reasons: Some(&reasons) };
    let outcome = filter.filter(&mut event, &mut cx);
    let (reasons, is_tagged) = (reasons.take(), tags != self::tags(&event));
    let is_silent = account.is_none() && reasons.is_empty() && outcome == Outcome::Unmatched;
    assert!(!is_silent || !is_tagged, "a failure that gives no reason: {fields} became {}", text(&event));
    Ran { outcome, event: text(&event), emitted: texts(&emitted), reasons }
}

fn tags(event: &Event<'_>) -> Option<String> {
    event.root.get("tags").map(json::write::text)
}

/// The fields of the events that the filter makes when it is woken, for the `last` time or not.
pub fn wake(world: &World, filter: &mut dyn Filter, last: bool) -> Vec<String> {
    let arena = Arena::new();
    let mut emitted = Vec::new();
    let mut cx = Context { arena: &arena, effects: world, emitted: &mut emitted, place: 0, reasons: None };
    if last {
        filter.finish(&mut cx)
    } else {
        filter.tick(&mut cx)
    }
    texts(&emitted)
}

fn texts(emitted: &[Emitted<'_>]) -> Vec<String> {
    emitted.iter().map(|emitted| text(&emitted.event)).collect()
}

fn text(event: &Event<'_>) -> String {
    let mut out = Vec::new();
    json::write::object(&event.root, &mut out);
    String::from_utf8(out).expect("JSON is text")
}

/// What a filter with these settings makes of an event with these fields.
pub fn check(plugin: &FilterPlugin, settings: &str, fields: &str, outcome: Outcome, expected: &str) {
    let mut filter = build(plugin, settings).unwrap_or_else(|fault| panic!("{settings}: {fault}"));
    assert_eq!(run(&mut *filter, fields, Identity::default()), (outcome, expected.to_string()), "{settings} {fields}");
}

/// Why a filter with these settings fails on an event with these fields: the reason, the field, the value.
pub fn check_reason(plugin: &FilterPlugin, settings: &str, fields: &str, expected: (&str, Option<&str>, Option<&str>)) {
    let mut filter = build(plugin, settings).unwrap_or_else(|fault| panic!("{settings}: {fault}"));
    let ran = run_in(&World::default(), &mut *filter, fields, Identity::default());
    let told = |reason: &Reason| (reason.why.clone(), reason.field.clone(), reason.value.clone());
    let expected = (expected.0.to_string(), expected.1.map(String::from), expected.2.map(String::from));
    assert_eq!(ran.reasons.iter().map(told).collect::<Vec<_>>(), [expected], "{settings} {fields}");
}

/// Why a filter with these settings cannot be built.
pub fn check_fault(plugin: &FilterPlugin, settings: &str, expected: &str) {
    let fault = build(plugin, settings).err().map(|fault| fault.text);
    assert_eq!(fault.as_deref(), Some(expected), "{settings}");
}
