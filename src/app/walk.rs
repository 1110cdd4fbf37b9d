//! The walk of one event, written down: which way it took, what decided that, and what each filter changed.
//!
//! A recorder looks on (`pipeline::program::Watcher`) and makes a `Walk` of each event, for `dry-run --explain`.
//! Changes are found by comparing the whole event before and after a filter, so a filter needs to say nothing itself.

use crate::event::{Event, FieldRef, Value, json};
use crate::filter::{Account, Outcome};
use crate::pipeline::plan::Plan;
use crate::pipeline::program::Watcher;
use std::time::{Duration, Instant};

/// A field and what became of it; values as JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Added { field: String, new: String },
    Changed { field: String, old: String, new: String },
    Removed { field: String, old: String },
}

/// One thing that an event passed.
#[derive(Clone, Debug)]
pub enum Passed {
    /// A condition, by number, and the values of the fields that it looks at; `None` for one that is not there.
    Branch { branch: usize, holds: bool, values: Vec<(String, Option<String>)> },
    /// A filter, by number.
    Filter { filter: usize, outcome: Outcome, account: Option<Account>, changes: Vec<Change>, took: Duration },
    /// An output, by number.
    Output { output: usize },
}

/// The way of one event.
#[derive(Clone, Debug, Default)]
pub struct Walk {
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
    before: serde_json::Value,
    since: Instant,
}

/// Writes walks down.
pub struct Recorder {
    /// The fields that each condition looks at.
    fields: Vec<Vec<FieldRef>>,
    walk: Walk,
    running: Option<Running>,
    cancelled: Vec<Walk>,
}

impl Recorder {
    pub fn new(plan: &Plan) -> Recorder {
        let fields = plan.branches.iter().map(|branch| branch.fields.clone()).collect();
        Recorder { fields, walk: Walk::default(), running: None, cancelled: Vec::new() }
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
        self.walk = Walk { began: tree(event).to_string(), maker, ..Walk::default() };
    }

    fn decided(&mut self, branch: usize, holds: bool, event: &Event<'_>) {
        let fields = self.fields.get(branch).into_iter().flatten();
        let values = fields.map(|field| (field.to_string(), event.get(field).map(text))).collect();
        self.walk.passed.push(Passed::Branch { branch, holds, values });
    }

    fn before(&mut self, filter: usize, event: &Event<'_>, account: Option<Account>) {
        self.running = Some(Running { filter, account, before: tree(event), since: Instant::now() });
    }

    fn after(&mut self, filter: usize, event: &Event<'_>, outcome: Outcome) {
        let Some(running) = self.running.take().filter(|running| running.filter == filter) else { return };
        let took = running.since.elapsed();
        let mut changes = Vec::new();
        compare(&mut String::new(), &running.before, &tree(event), &mut changes);
        self.walk.passed.push(Passed::Filter { filter, outcome, account: running.account, changes, took });
    }

    fn reached(&mut self, output: usize) {
        self.walk.passed.push(Passed::Output { output });
    }

    fn cancelled(&mut self) {
        let walk = self.take();
        self.cancelled.push(Walk { cancelled: true, ..walk });
    }
}

/// The whole event, `@metadata` too where there is any.
fn tree(event: &Event<'_>) -> serde_json::Value {
    let parsed = |object: &crate::event::Object<'_>| {
        let mut text = Vec::new();
        json::write::object(object, &mut text);
        serde_json::from_slice(&text).unwrap_or_default()
    };
    let mut tree: serde_json::Value = parsed(&event.root);
    if let (Some(metadata), Some(root)) = (event.metadata.as_ref().filter(|it| !it.is_empty()), tree.as_object_mut()) {
        root.insert("@metadata".into(), parsed(metadata));
    }
    tree
}

fn text(value: &Value<'_>) -> String {
    let mut text = Vec::new();
    json::write::value(value, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Notes what differs below `path`. Hashes are compared field by field, anything else as a whole.
fn compare(path: &mut String, old: &serde_json::Value, new: &serde_json::Value, changes: &mut Vec<Change>) {
    let (Some(before), Some(after)) = (old.as_object(), new.as_object()) else {
        if old != new {
            changes.push(Change::Changed { field: path.clone(), old: old.to_string(), new: new.to_string() });
        }
        return;
    };
    for (name, old) in before {
        within(path, name, |path| match after.get(name) {
            Some(new) => compare(path, old, new, changes),
            None => changes.push(Change::Removed { field: path.clone(), old: old.to_string() }),
        });
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        within(path, name, |path| added(path, new, changes));
    }
}

/// A new hash is shown field by field, as it will be referred to.
fn added(path: &mut String, new: &serde_json::Value, changes: &mut Vec<Change>) {
    match new.as_object().filter(|fields| !fields.is_empty()) {
        Some(fields) => {
            for (name, new) in fields {
                within(path, name, |path| added(path, new, changes));
            }
        }
        None => changes.push(Change::Added { field: path.clone(), new: new.to_string() }),
    }
}

fn within(path: &mut String, name: &str, then: impl FnOnce(&mut String)) {
    let outer = path.len();
    path.extend(["[", name, "]"]);
    then(path);
    path.truncate(outer);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: &[Change]) {
        let mut changes = Vec::new();
        let parsed = |text: &str| serde_json::from_str(text).unwrap();
        compare(&mut String::new(), &parsed(old), &parsed(new), &mut changes);
        assert_eq!(changes, expected);
    }

    #[test]
    fn what_was_added_changed_and_removed_is_found_by_its_reference() {
        let added = |field: &str, new: &str| Change::Added { field: field.into(), new: new.into() };
        let removed = |field: &str, old: &str| Change::Removed { field: field.into(), old: old.into() };
        let changed = |field: &str, old: &str, new: &str| Change::Changed {
            field: field.into(),
            old: old.into(),
            new: new.into(),
        };
        check("{}", "{}", &[]);
        check(r#"{"a":1}"#, r#"{"a":2}"#, &[changed("[a]", "1", "2")]);
        check(r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}}"#, &[removed("[a][c]", "2")]);
        check("{}", r#"{"a":{"b":1,"c":{}}}"#, &[added("[a][b]", "1"), added("[a][c]", "{}")]);
        check(r#"{"a":1}"#, r#"{"a":{"b":1}}"#, &[changed("[a]", "1", r#"{"b":1}"#)]);
        check(r#"{"t":["x"]}"#, r#"{"t":["x","y"]}"#, &[changed("[t]", r#"["x"]"#, r#"["x","y"]"#)]);
    }
}
