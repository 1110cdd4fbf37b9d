//! The way of each event as an object, for tools.

use super::super::dry_run::Printer;
use super::{Map, as_json};
use crate::app::changes::Change;
use crate::app::dry_run::{Document, Show};
use crate::app::walk::{Passed, Recorder, Walk};
use crate::event::Event;
use crate::filter::reasons::Reason;
use crate::filter::{Account, Outcome};
use crate::pipeline::plan::Written;
use crate::pipeline::program::Watcher;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Explanations as objects, one an event.
pub struct ExplainedNdjson<'s, W> {
    out: W,
    written: Map<'s>,
    recorder: Recorder,
}

impl<'s, W: Write> ExplainedNdjson<'s, W> {
    pub fn new(out: W, written: Map<'s>) -> ExplainedNdjson<'s, W> {
        let recorder = Recorder::new(&written.plan);
        ExplainedNdjson { out, written, recorder }
    }

    fn cancelled(&mut self) -> io::Result<()> {
        self.recorder.take_cancelled().iter().try_for_each(|walk| self.walk(walk, &[]))
    }

    fn walk(&mut self, walk: &Walk, documents: &[Document<'_>]) -> io::Result<()> {
        let documents: Vec<Value> =
            documents.iter().map(|document| json!({ "_index": document.index, "_id": document.id })).collect();
        let explanation = json!({
            "number": walk.number,
            "event": as_json(&walk.began),
            "made_by": walk.maker.and_then(|maker| self.written.plan.filters.get(maker)).map(|it| self.plugin(it)),
            "steps": walk.passed.iter().map(|passed| self.step(passed)).collect::<Vec<_>>(),
            "cancelled": walk.cancelled,
            "documents": documents,
        });
        writeln!(self.out, "{explanation}")
    }

    fn plugin(&self, written: &Written) -> Value {
        json!({ "plugin": written.plugin, "id": written.id, "at": self.written.place(written.span) })
    }

    fn step(&self, passed: &Passed) -> Value {
        match passed {
            Passed::Branch { branch, holds, values } => {
                let Some(written) = self.written.plan.branches.get(*branch) else { return Value::Null };
                let fields: serde_json::Map<String, Value> = values
                    .iter()
                    .map(|(field, value)| (field.clone(), value.as_deref().map_or(Value::Null, as_json)))
                    .collect();
                json!({ "if": self.written.text(written.span), "at": self.written.place(written.span), "holds": holds, "fields": fields })
            }
            Passed::Filter { filter, outcome, account, reasons, changes, took } => {
                let Some(written) = self.written.plan.filters.get(*filter) else { return Value::Null };
                let mut step = self.plugin(written);
                step["outcome"] = match outcome {
                    Outcome::Matched => "matched",
                    Outcome::Unmatched => "unmatched",
                    Outcome::Cancelled => "cancelled",
                }
                .into();
                step["took_ns"] = json!(took.as_nanos() as u64);
                step["changes"] = changes.iter().map(changed).collect();
                if !reasons.is_empty() {
                    step["reasons"] = reasons.iter().map(reason).collect();
                }
                if let Some(account) = account {
                    let (name, told) = self.account(*filter, account);
                    step[name] = told;
                }
                step
            }
            Passed::Output { output } => match self.written.plan.outputs.get(*output) {
                Some(written) => {
                    json!({ "output": written.plugin, "id": written.id, "at": self.written.place(written.span) })
                }
                None => Value::Null,
            },
        }
    }

    fn account(&self, filter: usize, account: &Account) -> (&'static str, Value) {
        match account {
            Account::Matches(numbers) => {
                let texts: Vec<&str> = numbers.iter().map(|number| self.written.alternative(filter, *number)).collect();
                ("patterns", json!({ "matched": texts }))
            }
            Account::Stops(stop) => {
                let furthest = self.written.alternative(filter, stop.alternative);
                let told = json!({
                    "furthest": furthest, "text": stop.text, "stopped_at": stop.at,
                    "expected": stop.expected, "behind": stop.behind, "within": stop.within,
                });
                ("patterns", told)
            }
            Account::Absent(field) => ("absent", json!(field.to_string())),
        }
    }
}

fn reason(reason: &Reason) -> Value {
    json!({ "why": reason.why, "field": reason.field, "value": reason.value.as_deref().map(as_json) })
}

fn changed(change: &Change) -> Value {
    match change {
        Change::Added { field, new } => json!({ "field": field, "new": as_json(new) }),
        Change::Changed { field, old, new } => json!({ "field": field, "old": as_json(old), "new": as_json(new) }),
        Change::Removed { field, old } => json!({ "field": field, "old": as_json(old) }),
    }
}

impl<W: Write> Show for ExplainedNdjson<'_, W> {
    fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        self.cancelled()?;
        let walk = self.recorder.take();
        self.walk(&walk, documents)
    }

    fn watcher(&mut self) -> Option<&mut dyn Watcher> {
        Some(&mut self.recorder)
    }
}

impl<W: Write> Printer for ExplainedNdjson<'_, W> {
    fn finish(&mut self) -> io::Result<()> {
        self.cancelled()?;
        self.out.flush()
    }
}
