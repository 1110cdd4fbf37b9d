//! The walk of one event, written down: which way it took, what decided that, and what each filter changed.
//!
//! A recorder looks on (`pipeline::program::Watcher`) and makes a `Walk` of each event, for `dry-run --explain`.
//! Changes are found by comparing the whole event before and after a filter, so a filter needs to say nothing itself.

use super::changes::{self, Change};
use crate::event::{Event, FieldRef, json};
use crate::filter::reasons::Reason;
use crate::filter::{Account, Outcome};
use crate::pipeline::plan::Plan;
use crate::pipeline::program::Watcher;
use std::time::{Duration, Instant};

/// One thing that an event passed.
#[derive(Clone, Debug)]
pub enum Passed {
    /// A condition, by number, and the values of the fields that it looks at; `None` for one that is not there.
    Branch { branch: usize, holds: bool, values: Vec<(String, Option<String>)> },
    /// A filter, by number.
    Filter {
        filter: usize,
        outcome: Outcome,
        account: Option<Account>,
        reasons: Vec<Reason>,
        changes: Vec<Change>,
        took: Duration,
    },
    /// An output, by number.
    Output { output: usize },
}

/// The way of one event.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// Which event it is, of all that began their way; from 1 on.
    pub number: u64,
    /// The event when it came in, as JSON.
    pub began: String,
    /// The filter that made it of another event.
    pub maker: Option<usize>,
    pub passed: Vec<Passed>,
    /// A filter ended it.
    pub cancelled: bool,
}

/// A filter that runs.
struct Running {
    filter: usize,
    account: Option<Account>,
    before: String,
    since: Instant,
}

/// Writes walks down.
pub struct Recorder {
    /// The fields that each condition looks at.
    fields: Vec<Vec<FieldRef>>,
    entered: u64,
    walk: Walk,
    running: Option<Running>,
    cancelled: Vec<Walk>,
}

impl Recorder {
    pub fn new(plan: &Plan) -> Recorder {
        let fields = plan.branches.iter().map(|branch| branch.fields.clone()).collect();
        Recorder { fields, entered: 0, walk: Walk::default(), running: None, cancelled: Vec::new() }
    }

    /// The walk of the event that came to the end just now.
    pub fn take(&mut self) -> Walk {
        std::mem::take(&mut self.walk)
    }

    /// The walks of events that a filter ended, since the last call; they come before the one that `take` gives.
    pub fn take_cancelled(&mut self) -> Vec<Walk> {
        std::mem::take(&mut self.cancelled)
    }
}

impl Watcher for Recorder {
    fn enters(&mut self, event: &Event<'_>, maker: Option<usize>) {
        self.entered += 1;
        self.walk = Walk { number: self.entered, began: whole(event), maker, ..Walk::default() };
    }

    fn decided(&mut self, branch: usize, holds: bool, event: &Event<'_>) {
        let fields = self.fields.get(branch).into_iter().flatten();
        let values = fields.map(|field| (field.to_string(), event.get(field).map(json::write::text))).collect();
        self.walk.passed.push(Passed::Branch { branch, holds, values });
    }

    fn asks_why(&self) -> bool {
        true
    }

    fn before(&mut self, filter: usize, event: &Event<'_>, account: Option<Account>) {
        self.running = Some(Running { filter, account, before: whole(event), since: Instant::now() });
    }

    fn after(&mut self, filter: usize, event: &Event<'_>, outcome: Outcome, reasons: Vec<Reason>) {
        let Some(running) = self.running.take().filter(|running| running.filter == filter) else { return };
        let took = running.since.elapsed();
        let changes = changes::between(&running.before, &whole(event)).unwrap_or_default();
        let account = running.account;
        self.walk.passed.push(Passed::Filter { filter, outcome, account, reasons, changes, took });
    }

    fn reached(&mut self, output: usize) {
        self.walk.passed.push(Passed::Output { output });
    }

    fn cancelled(&mut self) {
        let walk = self.take();
        self.cancelled.push(Walk { cancelled: true, ..walk });
    }
}

/// The whole event as JSON, `@metadata` too where there is any.
fn whole(event: &Event<'_>) -> String {
    let mut text = Vec::new();
    json::write::object(&event.root, &mut text);
    if let Some(metadata) = event.metadata().filter(|it| !it.is_empty()) {
        text.pop();
        text.extend_from_slice(if event.root.is_empty() { b"\"@metadata\":" } else { b",\"@metadata\":" });
        json::write::object(metadata, &mut text);
        text.push(b'}');
    }
    String::from_utf8_lossy(&text).into_owned()
}
