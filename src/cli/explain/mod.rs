//! `dry-run --explain`: the way of each event through the pipeline, for a person (`text`) or, as one object an event,
//! for tools (`ndjson`).

mod ndjson;
mod text;

pub use ndjson::ExplainedNdjson;
pub use text::Explained;

use super::terminal::printable;
use crate::lang::source::{SourceSet, Span};
use crate::pipeline::Pipeline;
use crate::pipeline::plan::{Plan, Written};
use serde_json::Value;

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
