//! Filters: one file each. A filter changes one event at a time and says whether it succeeded; the pipeline then
//! applies the common options (`add_field`, `add_tag`, `remove_field`, `remove_tag`).
//!
//! Filters are pure. What they need of the world (the time, names, files) comes as `Effects`.
//! A worker owns its filters; nothing in them is locked, unless the declaration says that their state spans workers.

pub mod categorize;
pub mod date;
pub mod drop;
pub mod grok;
pub mod json;
pub mod mutate;
pub mod name;
pub mod ruby_regex;
#[cfg(test)]
pub mod testing;

use crate::event::{Arena, Event, Timestamp};
use crate::plugin::{Declaration, Fault, Settings};
use std::io;
use std::path::{Path, PathBuf};

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

/// The world, as filters see it.
pub trait Effects {
    fn now(&self) -> Timestamp;
    /// Monotonic nanoseconds, for time-outs.
    fn ticks(&self) -> u64;
}

/// An event that a filter made of another (`clone`, `split`); it goes on behind the filter that made it.
pub struct Emitted<'b> {
    pub event: Event<'b>,
    /// The common options apply to it.
    pub matched: bool,
}

/// What a filter works with.
pub struct Context<'b, 'w> {
    pub arena: &'b Arena,
    pub effects: &'w dyn Effects,
    /// Events made here go on behind this filter, before the event itself. Give each an identity of its own:
    /// `event.identity.derived(cx.place, n)`.
    pub emitted: &'w mut Vec<Emitted<'b>>,
    /// This filter's number in the pipeline.
    pub place: u32,
}

/// A filter, built from its settings. Each worker has its own clone.
pub trait Filter: Send {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome;

    /// Called every few seconds, for filters that hold events or state.
    fn tick<'b>(&mut self, _cx: &mut Context<'b, '_>) {}

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
}

/// Files, as plugins see them while they are built.
pub trait Files {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The files in a folder, in name order.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;
}

/// A filter's declaration and how it is built.
pub struct FilterPlugin {
    pub declaration: &'static Declaration,
    pub build: fn(&Settings, &Build<'_>) -> Result<Box<dyn Filter>, Fault>,
}
