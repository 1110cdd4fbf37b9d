//! What becomes of an event in the examples of the plugins' pages: printed there, and run by the test here.

/// An event as it comes to a filter's example, and the events that leave it, without the fields that every event has.
pub struct Shown {
    filter: &'static str,
    pub event: &'static str,
    pub becomes: &'static [&'static str],
}

/// What is shown of a filter's example.
pub fn of(filter: &str) -> Option<&'static Shown> {
    SHOWN.iter().find(|shown| shown.filter == filter)
}

const fn shown(filter: &'static str, event: &'static str, becomes: &'static [&'static str]) -> Shown {
    Shown { filter, event, becomes }
}

const SHOWN: &[Shown] = &[
    shown(
        "categorize",
        r#"{"message":"MongoServerError: connection pool timed out"}"#,
        &[r#"{"message":"MongoServerError: connection pool timed out","error":{"category":"database"}}"#],
    ),
    shown(
        "clone",
        r#"{"message":"hello"}"#,
        &[r#"{"message":"hello"}"#, r#"{"message":"hello","tags":["audit"],"event":{"dataset":"audit"}}"#],
    ),
    shown(
        "date",
        r#"{"logdate":"2026-10-03T09:04:05.123+02:00"}"#,
        &[r#"{"logdate":"2026-10-03T09:04:05.123+02:00","@timestamp":"2026-10-03T07:04:05.123Z"}"#],
    ),
    shown(
        "grok",
        r#"{"message":"55.3.244.1 GET /index.html 15824"}"#,
        &[
            r#"{"message":"55.3.244.1 GET /index.html 15824","client":"55.3.244.1","method":"GET","request":"/index.html","bytes":15824}"#,
        ],
    ),
    shown(
        "json",
        r#"{"message":"{\"level\":\"info\",\"user\":{\"id\":7}}"}"#,
        &[r#"{"message":"{\"level\":\"info\",\"user\":{\"id\":7}}","level":"info","user":{"id":7}}"#],
    ),
    shown(
        "kv",
        r#"{"message":"pin=12345~0&d=123&e=foo@bar.com"}"#,
        &[r#"{"message":"pin=12345~0&d=123&e=foo@bar.com","kv":{"pin":"12345~0","d":"123","e":"foo@bar.com"}}"#],
    ),
    shown("mutate", r#"{"host":{"name":"web-1"},"status":"200"}"#, &[r#"{"host":{},"status":200,"hostname":"web-1"}"#]),
    shown(
        "split",
        r#"{"batch":"x","results":[{"a":1},{"a":2}]}"#,
        &[
            r#"{"batch":"x","results":[{"a":1},{"a":2}],"result":{"a":1}}"#,
            r#"{"batch":"x","results":[{"a":1},{"a":2}],"result":{"a":2}}"#,
        ],
    ),
    shown(
        "translate",
        r#"{"http":{"response":{"status_code":"500"}}}"#,
        &[r#"{"http":{"response":{"status_code":"500"}},"http_status_description":"Server Error"}"#],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::dry_run::{self, Document, Input, Show};
    use crate::app::load::{Request, load};
    use crate::app::plugins::FILTERS;
    use crate::event::Event;
    use crate::input::fixture::Shape;
    use serde_json::Value;
    use std::io;

    /// The documents, without what every event has.
    struct Documents<'e>(&'e Value, Vec<Value>);

    impl Show for Documents<'_> {
        fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
            for document in documents {
                let mut source: Value = serde_json::from_str(document.source)?;
                let fields = source.as_object_mut().expect("a document is an object");
                ["@version", "log"].iter().for_each(|field| drop(fields.remove(*field)));
                if fields["@timestamp"].as_str() > Some("2026-11") {
                    fields.remove("@timestamp");
                }
                // The place of a line in its file is no part of the example.
                if let Some(event) = fields.get_mut("event").and_then(Value::as_object_mut) {
                    event.remove("sequence");
                }
                fields.retain(|_, value| *value != serde_json::json!({}) || self.0.get("host").is_some());
                self.1.push(source);
            }
            Ok(())
        }
    }

    #[test]
    fn the_examples_do_what_the_pages_show() {
        for shown in SHOWN {
            let filter = FILTERS.iter().find(|filter| filter.declaration.name == shown.filter);
            let filter = filter.unwrap_or_else(|| panic!("there is no filter {}", shown.filter));
            let mut pipeline = load(&Request::of_text(filter.declaration.example)).unwrap().pipeline.unwrap();
            let event = serde_json::from_str(shown.event).unwrap();
            let mut documents = Documents(&event, Vec::new());
            let input = Input { name: "-", bytes: shown.event.as_bytes(), shape: Some(Shape::Events) };
            dry_run::run(&mut pipeline, &input, &mut documents).unwrap();
            let expected: Vec<Value> = shown.becomes.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            assert_eq!(documents.1, expected, "{}", filter.declaration.example);
        }
    }
}
