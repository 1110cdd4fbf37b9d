//! Filters: one file each. A filter changes one event at a time and says whether it succeeded; the pipeline then
//! applies the common options (`add_field`, `add_tag`, `remove_field`, `remove_tag`).
//!
//! Filters are pure. What they need of the world (the time, names, files) comes as `Effects`.
//! A worker owns its filters; nothing in them is locked, unless the declaration says that their state spans workers
//! (`plugin::ONE_STATE`): then all clones look at the same state, behind a lock.

pub mod age;
pub mod aggregate;
pub mod anonymize;
pub mod bytes;
pub mod categorize;
pub mod chars;
pub mod cidr;
pub mod clone;
pub mod common;
pub mod csv;
pub mod date;
pub mod de_dot;
pub mod dissect;
pub mod dns;
pub mod drop;
pub mod fingerprint;
pub mod geoip;
pub mod grok;
pub mod json;
pub mod kv;
pub mod merge;
pub mod metrics;
pub mod mutate;
pub mod name;
pub mod prune;
pub mod reasons;
pub mod redact;
pub mod ruby;
pub mod ruby_regex;
pub mod sleep;
pub mod split;
pub mod strings;
pub mod syslog_pri;
#[cfg(test)]
pub mod testing;
pub mod throttle;
pub mod translate;
pub mod truncate;
pub mod urldecode;
pub mod useragent;
pub mod uuid;
pub mod xml;

use crate::event::{Arena, Event, FieldRef, Identity, Timestamp, Value};
use crate::plugin::{Declaration, Fault, Settings};
use reasons::Reasons;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a filter did with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded: the common options apply.
    Matched,
    /// It left the event alone or failed: they do not.
    Unmatched,
    /// The event ends here.
    Cancelled,
}

/// The world, as filters see it. What stands here as a default is a world that has nothing but a clock.
pub trait Effects {
    fn now(&self) -> Timestamp;

    /// Monotonic nanoseconds, for time-outs.
    fn ticks(&self) -> u64;

    /// Any number, another one each time.
    fn random(&self) -> u64 {
        0
    }

    /// Holds the worker up.
    fn sleep(&self, _time: Duration) {}

    /// The content of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Err(io::Error::new(io::ErrorKind::NotFound, path.display().to_string()))
    }

    /// Puts a file in the place of what has its name, whole or not at all.
    fn write(&self, path: &Path, _bytes: &[u8]) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, path.display().to_string()))
    }

    /// Asks the domain name system once; a world without one knows no name.
    fn resolve(&self, _question: &dns::Question<'_>) -> dns::Answer {
        dns::Answer::Not(dns::Cause::Missing)
    }

    /// When a file was last written.
    fn modified(&self, path: &Path) -> io::Result<Timestamp> {
        Err(io::Error::new(io::ErrorKind::NotFound, path.display().to_string()))
    }
}

/// An event that a filter made (`clone`, `split`, `metrics`); it goes on behind the filter that made it.
pub struct Emitted<'b> {
    pub event: Event<'b>,
    /// The common options apply to it.
    pub matched: bool,
}

/// How a filter that chooses from alternatives (`grok`, its patterns) takes an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Account {
    /// These alternatives match, by number.
    Matches(Vec<usize>),
    /// None does; this one came furthest.
    Stops(Stop),
    /// The field that it reads is not there.
    Absent(FieldRef),
}

/// Where an alternative stopped to match.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    pub alternative: usize,
    /// The text that was looked at.
    pub text: String,
    /// The byte up to which it matched.
    pub at: usize,
    /// The part of the alternative that did not.
    pub expected: String,
    /// The pattern in front of it, where it has no name itself.
    pub behind: Option<String>,
    /// What the part stands in, from the outside in, where the alternative is made of others: `%{HAPROXYHTTP}`.
    pub within: Vec<String>,
}

/// What a filter works with.
pub struct Context<'b, 'w> {
    pub arena: &'b Arena,
    pub effects: &'w dyn Effects,
    /// Events made here go on behind this filter, in this order, once the event that they were made of has come to
    /// its end. Give each an identity of its own: `event.identity.derived(cx.place, n)`.
    pub emitted: &'w mut Vec<Emitted<'b>>,
    /// This filter's number in the pipeline.
    pub place: u32,
    /// Where the filter says why it fails, if somebody looks on (`Context::because`).
    pub reasons: Option<&'w Reasons>,
}

impl<'b> Context<'b, '_> {
    pub fn emit(&mut self, event: Event<'b>, matched: bool) {
        self.emitted.push(Emitted { event, matched });
    }

    /// An event with nothing but a time, as Logstash makes one.
    pub fn blank(&self, identity: Identity) -> Event<'b> {
        let now = self.effects.now();
        let mut event = Event::new(self.arena, identity, now);
        event.set_timestamp(now);
        event.root.push_new("@version", true, Value::plain("1"));
        event
    }

    /// The identity of an event that time made and no line: one that no other event has. It is not the same when
    /// the same lines are read again, because time never passes twice alike.
    pub fn identity_of_now(&self) -> Identity {
        Identity {
            source: self.effects.random(),
            at: self.effects.now().as_nanos().unwrap_or(0),
            derivation: self.effects.random().max(1),
            ..Identity::default()
        }
    }
}

/// A filter, built from its settings. Each worker has its own clone.
pub trait Filter: Send {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome;

    /// Whether `tick` and `finish` are to be called. They are called on one clone, whichever it is, so what they look
    /// at is shared by all clones.
    fn keeps_time(&self) -> bool {
        false
    }

    /// Called every five seconds (Logstash's periodic flush). What it emits goes on behind this filter.
    fn tick<'b>(&mut self, _cx: &mut Context<'b, '_>) {}

    /// Called once, behind the last event of all workers.
    fn finish<'b>(&mut self, cx: &mut Context<'b, '_>) {
        self.tick(cx);
    }

    /// What it would make of `event`, for a person who looks on. Asked before `filter`, in dry runs and tests only.
    /// `why`: where it stops is asked for, too.
    fn account(&self, event: &Event<'_>, why: bool) -> Option<Account> {
        let absent = self.reads().filter(|field| why && event.get(field).is_none());
        absent.map(|field| Account::Absent(field.clone()))
    }

    /// The one field that it reads, if there is one without which it does nothing.
    fn reads(&self) -> Option<&FieldRef> {
        None
    }

    /// The alternatives that it chooses from, as written; `Account::Matches` names one by its number.
    fn alternatives(&self) -> Vec<String> {
        Vec::new()
    }

    fn boxed(&self) -> Box<dyn Filter>;
}

/// `pipeline.ecs_compatibility`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ecs {
    Disabled,
    V1,
    V8,
}

impl Ecs {
    pub const NAMES: &'static [&'static str] = &["disabled", "v1", "v8"];

    pub fn name(self) -> &'static str {
        match self {
            Ecs::Disabled => "disabled",
            Ecs::V1 => "v1",
            Ecs::V8 => "v8",
        }
    }

    /// A filter's own, or else the pipeline's.
    pub fn of(settings: &Settings, build: &Build<'_>) -> Ecs {
        settings.text("ecs_compatibility").and_then(Ecs::parse).unwrap_or(build.ecs)
    }

    pub fn parse(text: &str) -> Option<Ecs> {
        match text {
            "disabled" => Some(Ecs::Disabled),
            "v1" => Some(Ecs::V1),
            "v8" => Some(Ecs::V8),
            _ => None,
        }
    }
}

/// What building a filter may look at.
pub struct Build<'a> {
    /// The pipeline's setting; a filter's own `ecs_compatibility` wins.
    pub ecs: Ecs,
    /// Reads files that settings name (`patterns_dir`, dictionaries).
    pub files: &'a dyn Files,
    /// What filters of one pipeline have in common.
    pub common: &'a common::Common,
}

/// Files, as plugins see them while they are built.
pub trait Files {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The files in a folder, in name order.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;
}

/// A filter's declaration, its examples, and how it is built.
pub struct FilterPlugin {
    pub declaration: &'static Declaration,
    /// What becomes of an event by each setting (`plugin::example` has the form).
    pub examples: &'static str,
    pub build: fn(&Settings, &Build<'_>) -> Result<Box<dyn Filter>, Fault>,
}
