//! What the demo shows: counted from the documents as they are written.

use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// Errors that are remembered, the newest last.
const ERRORS_MAX: usize = 20;
/// Examples at the end: one of each `WORTH_SHOWING`.
pub const EXAMPLES: usize = 3;

/// What makes a document a good example; each is looked for once.
const WORTH_SHOWING: [fn(&Value) -> bool; EXAMPLES] = [
    |document| document["error"]["category"].as_str().is_some_and(|category| category != "unknown"),
    |document| document["http"]["duration"].is_number(),
    |document| document["amount"].is_number(),
];

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
    /// Documents as they were written, one a kind.
    pub examples: [Option<String>; EXAMPLES],
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
            examples: Default::default(),
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
            self.error(&document, name);
        }
        for (example, worth_showing) in self.examples.iter_mut().zip(WORTH_SHOWING) {
            if example.is_none() && worth_showing(&document) {
                *example = Some(source.to_string());
                break;
            }
        }
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
        assert!(board.examples[0].as_deref().is_some_and(|example| example.contains("gone")));
    }
}
