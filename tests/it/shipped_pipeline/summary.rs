//! What a fixture becomes, short enough to be read: counts, then the first document of each telling kind.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Shape, at, tags};

/// Longer texts are cut: the fixture has them whole.
const CHARS_MAX: usize = 240;

/// What makes a document worth showing.
type Telling = (&'static str, fn(&Value) -> bool);

const TELLING: &[Telling] = &[
    ("the first", |_| true),
    ("a request", |document| at(document, "http.status").is_number()),
    ("an amount", |document| document["amount"].is_number()),
    ("a warning", |document| document["level"] == "WARN"),
    ("an error", |document| document["level"] == "ERROR"),
    ("an error with its stack", |document| at(document, "error.stack_trace").is_string()),
    ("a fatal error", |document| document["level"] == "FATAL"),
];

const COUNTED: &[Telling] = &[
    ("http.status", |document| at(document, "http.status").is_number()),
    ("http.duration", |document| at(document, "http.duration").is_number()),
    ("http.duration:>1000", |document| at(document, "http.duration").as_f64().is_some_and(|ms| ms > 1000.0)),
    ("user_id", |document| document["user_id"].is_string()),
    ("amount", |document| document["amount"].is_number()),
    ("amount:>10000", |document| document["amount"].as_f64().is_some_and(|amount| amount > 10_000.0)),
    ("error.type", |document| at(document, "error.type").is_string()),
    ("error.stack_trace", |document| at(document, "error.stack_trace").is_string()),
];

pub fn of(shape: &Shape) -> String {
    let mut text = format!("{:6}  documents\n", shape.logs.len());
    count(&mut text, "level", shape.logs.iter().map(|document| document["level"].to_string()));
    count(&mut text, "error.category", shape.errors.iter().map(|document| at(document, "error.category").to_string()));
    count(&mut text, "tag", shape.logs.iter().flat_map(tags).map(str::to_string));
    for (what, holds) in COUNTED {
        let count = shape.logs.iter().filter(|document| holds(document)).count();
        writeln!(text, "{count:6}  with {what}").expect("a string takes all");
    }
    let mut shown: Vec<usize> = Vec::new();
    for (what, holds) in TELLING {
        let first = shape.logs.iter().position(holds);
        if let Some(number) = first.filter(|number| !shown.contains(number)) {
            shown.push(number);
            write!(text, "\n# {what}\n{:#}\n", brief(&shape.logs[number])).expect("a string takes all");
        }
    }
    text
}

fn count(text: &mut String, what: &str, values: impl Iterator<Item = String>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value.trim_matches('"').into()).or_default() += 1);
    for (value, count) in counts {
        writeln!(text, "{count:6}  {what} {value}").expect("a string takes all");
    }
}

/// A document without what is the same in all of them, its long texts cut.
fn brief(document: &Value) -> Value {
    let mut brief = document.clone();
    let fields = brief.as_object_mut().expect("documents are objects");
    fields.remove("@version");
    fields.insert("container".into(), json!("…"));
    cut(&mut brief);
    brief
}

fn cut(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().count() > CHARS_MAX => {
            *text = text.chars().take(CHARS_MAX).chain(['…']).collect();
        }
        Value::Object(fields) => fields.values_mut().for_each(cut),
        Value::Array(items) => items.iter_mut().for_each(cut),
        _ => {}
    }
}

/// The first line that differs.
pub fn difference(expected: &str, found: &str) -> Option<String> {
    let mut lines = found.lines();
    let at = expected.lines().enumerate().find_map(|(number, line)| {
        let found = lines.next();
        (found != Some(line))
            .then(|| format!("line {}: {:?} instead of {line:?}", number + 1, found.unwrap_or("(end)")))
    });
    at.or_else(|| lines.next().map(|line| format!("{line:?} beyond the end")))
}
