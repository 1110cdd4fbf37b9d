//! `dry-run --explain`: the way of each event through the pipeline, for a person (`text`) or, as one object an event,
//! for tools (`ndjson`).

mod ndjson;
mod text;

pub use ndjson::ExplainedNdjson;
pub use text::Explained;

use super::dry_run::Printer;
use super::terminal::printable;
use crate::app::dry_run::{Document, Show};
use crate::app::walk::{Recorder, Walk};
use crate::event::Event;
use crate::lang::source::{SourceSet, Span};
use crate::pipeline::Pipeline;
use crate::pipeline::plan::{Plan, Written};
use crate::pipeline::program::Watcher;
use serde_json::Value;
use std::io;

/// Tells the ways of events, one after the other.
pub trait Tells {
    fn plan(&self) -> &Plan;

    fn walk(&mut self, walk: &Walk, documents: &[Document<'_>]) -> io::Result<()>;

    fn flush(&mut self) -> io::Result<()>;
}

/// Watches the events, and has their ways told as they end.
pub struct Explaining<T> {
    recorder: Recorder,
    teller: T,
}

impl<T: Tells> Explaining<T> {
    pub fn new(teller: T) -> Explaining<T> {
        Explaining { recorder: Recorder::new(teller.plan()), teller }
    }

    fn cancelled(&mut self) -> io::Result<()> {
        self.recorder.take_cancelled().iter().try_for_each(|walk| self.teller.walk(walk, &[]))
    }
}

impl<T: Tells> Show for Explaining<T> {
    fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        self.cancelled()?;
        let walk = self.recorder.take();
        self.teller.walk(&walk, documents)
    }

    fn watcher(&mut self) -> Option<&mut dyn Watcher> {
        Some(&mut self.recorder)
    }
}

impl<T: Tells> Printer for Explaining<T> {
    fn finish(&mut self) -> io::Result<()> {
        self.cancelled()?;
        self.teller.flush()
    }
}

/// What was written, and where: all that an explanation needs of a pipeline.
pub struct Map<'s> {
    plan: Plan,
    alternatives: Vec<Vec<String>>,
    sources: &'s SourceSet,
}

impl<'s> Map<'s> {
    pub fn of(pipeline: &Pipeline, sources: &'s SourceSet) -> Map<'s> {
        Map { plan: pipeline.plan.clone(), alternatives: pipeline.program.alternatives(), sources }
    }

    /// `pipelines/protrader5.conf:12`
    fn place(&self, span: Span) -> String {
        let place = self.sources.place(span);
        format!("{}:{}", place.name, place.line)
    }

    /// As written, on one line.
    fn text(&self, span: Span) -> String {
        self.sources.slice(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn alternative(&self, filter: usize, number: usize) -> &str {
        self.alternatives.get(filter).and_then(|all| all.get(number)).map_or("", String::as_str)
    }
}

/// `grok`, or `grok "access"` where it has an id.
fn name_of(written: &Written) -> String {
    match &written.id {
        Some(id) => format!("{} \"{}\"", written.plugin, printable(id)),
        None => written.plugin.to_string(),
    }
}

/// A text that is JSON already.
fn as_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}
