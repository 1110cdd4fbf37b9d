//! The way of each event as an object, for tools.

use super::{Map, Tells, as_json};
use crate::app::changes::Change;
use crate::app::dry_run::Document;
use crate::app::walk::{Passed, Walk};
use crate::filter::reasons::Reason;
use crate::filter::{Account, Outcome};
use crate::pipeline::plan::{Plan, Written};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Explanations as objects, one an event.
pub struct ExplainedNdjson<'s, W> {
    out: W,
    written: Map<'s>,
}

impl<W: Write> Tells for ExplainedNdjson<'_, W> {
    fn plan(&self) -> &Plan {
        &self.written.plan
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

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<'s, W: Write> ExplainedNdjson<'s, W> {
    pub fn new(out: W, written: Map<'s>) -> ExplainedNdjson<'s, W> {
        ExplainedNdjson { out, written }
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
