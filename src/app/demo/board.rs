//! What the demo shows: counted from the documents as they are written.

use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// Errors that are remembered, the newest last.
const ERRORS_MAX: usize = 20;
/// What makes a document a good example, and what it is an example of.
const KINDS: [(&str, fn(&Value) -> bool); 4] = [
    ("an error and its category", |document| {
        document["error"]["category"].as_str().is_some_and(|category| category != "unknown")
    }),
    ("a request and its duration", |document| document["http"]["duration"].is_number()),
    ("a transaction and its amount", |document| document["amount"].is_number()),
    ("an event", |_| true),
];
/// Where a kind does not occur, plain events take its place.
const OF_A_KIND_MAX: [usize; 4] = [1, 1, 1, EXAMPLES_MAX];
const EXAMPLES_MAX: usize = 3;
/// The last kind: any event.
const PLAIN: usize = KINDS.len() - 1;

/// One service.
#[derive(Clone, Debug, Default)]
pub struct Service {
    pub events: u64,
    pub errors: u64,
    pub warnings: u64,
    /// Its newest message.
    pub last: String,
}

/// One error.
#[derive(Clone, Debug)]
pub struct ErrorSeen {
    pub time: String,
    pub service: String,
    pub category: String,
    pub message: String,
}

/// A document that is shown at the end.
#[derive(Clone, Debug)]
pub struct Example {
    kind: usize,
    service: String,
    pub source: String,
}

impl Example {
    pub fn title(&self) -> &'static str {
        KINDS[self.kind].0
    }
}

/// Everything counted so far.
#[derive(Clone, Debug)]
pub struct Board {
    pub began: Instant,
    pub events: u64,
    pub errors: u64,
    pub services: BTreeMap<String, Service>,
    pub categories: BTreeMap<String, u64>,
    pub last_errors: VecDeque<ErrorSeen>,
    /// Documents written, by index.
    pub indices: BTreeMap<String, u64>,
    pub bytes: u64,
    examples: Vec<Example>,
}

impl Default for Board {
    fn default() -> Board {
        Board {
            began: Instant::now(),
            events: 0,
            errors: 0,
            services: BTreeMap::new(),
            categories: BTreeMap::new(),
            last_errors: VecDeque::new(),
            indices: BTreeMap::new(),
            bytes: 0,
            examples: Vec::new(),
        }
    }
}

impl Board {
    /// A document was written to `index`.
    pub fn written(&mut self, index: &str, bytes: usize) {
        *self.indices.entry(index.to_string()).or_default() += 1;
        self.bytes += bytes as u64;
    }

    /// An event, seen once however many indices it went to.
    pub fn event(&mut self, source: &str) {
        let document: Value = serde_json::from_str(source).unwrap_or_default();
        let level = document["level"].as_str().unwrap_or_default();
        let is_error = matches!(level, "ERROR" | "FATAL");
        self.events += 1;
        self.errors += u64::from(is_error);
        let name = text(&document["service_name"]);
        let service = self.services.entry(name.clone()).or_default();
        service.events += 1;
        service.errors += u64::from(is_error);
        service.warnings += u64::from(level == "WARN");
        service.last = text(&document["message"]);
        if is_error {
            self.error(&document, name.clone());
        }
        self.look_for_example(&document, name, source);
    }

    /// Three documents, of as many kinds as there were.
    pub fn examples(&self) -> impl Iterator<Item = &Example> {
        self.examples.iter().take(EXAMPLES_MAX)
    }

    /// The kinds are in the order of their worth. No two examples are of one service where there are several; a
    /// plain one gives way to a better one of its service.
    fn look_for_example(&mut self, document: &Value, service: String, source: &str) {
        let there = self.examples.iter().position(|example| example.service == service);
        if there.is_some_and(|there| self.examples[there].kind != PLAIN) {
            return;
        }
        let room = |kind: usize| self.examples.iter().filter(|e| e.kind == kind).count() < OF_A_KIND_MAX[kind];
        let kind = KINDS.iter().enumerate().find(|(kind, (_, is_one))| room(*kind) && is_one(document));
        let Some((kind, _)) = kind.filter(|(kind, _)| there.is_none() || *kind != PLAIN) else { return };
        if let Some(there) = there {
            self.examples.remove(there);
        }
        self.examples.push(Example { kind, service, source: source.to_string() });
        self.examples.sort_by_key(|example| example.kind);
    }

    fn error(&mut self, document: &Value, service: String) {
        let category = text(&document["error"]["category"]);
        *self.categories.entry(category.clone()).or_default() += 1;
        if self.last_errors.len() == ERRORS_MAX {
            self.last_errors.pop_front();
        }
        let (time, message) = (text(&document["@timestamp"]), text(&document["message"]));
        self.last_errors.push_back(ErrorSeen { time, service, category, message });
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_counted_by_service_and_category() {
        let mut board = Board::default();
        board.event(r#"{"service_name":"a","level":"INFO","message":"hello"}"#);
        board.event(r#"{"service_name":"a","level":"FATAL","message":"gone","error":{"category":"network"}}"#);
        let service = &board.services["a"];
        assert_eq!((board.events, board.errors, service.errors, service.last.as_str()), (2, 1, 1, "gone"));
        assert_eq!((board.categories["network"], board.last_errors[0].message.as_str()), (1, "gone"));
    }

    #[test]
    fn examples_are_of_different_kinds_and_services() {
        let mut board = Board::default();
        board.event(r#"{"service_name":"plain","message":"hello"}"#);
        board.event(r#"{"service_name":"a","message":"hello"}"#);
        board.event(r#"{"service_name":"a","amount":1}"#);
        board.event(r#"{"service_name":"a","http":{"duration":2}}"#);
        board.event(r#"{"service_name":"b","http":{"duration":3}}"#);
        let titles: Vec<_> = board.examples().map(|example| (example.title(), example.source.len())).collect();
        let expected = [("a request and its duration", 42), ("a transaction and its amount", 31), ("an event", 42)];
        assert_eq!(titles, expected);
    }
}
