//! Strings with `%{…}` in them, read once when the pipeline is compiled.
//!
//! `%{field}` and `%{[a][b]}` become the field's text, or stay as they are when it is missing or null; `%{+FORMAT}` formats
//! `@timestamp` by Joda letters and `%{{FORMAT}}` by java.time's, in UTC; `%{+%s}` is its Unix time.
//! Source: Logstash reference, "Accessing event data and fields", sprintf format.

use super::arena::Arena;
use super::joda::{Dialect, Pattern};
use super::value::Value;
use super::{Event, FieldRef, Timestamp, display, json};
use std::cell::RefCell;

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(Box<str>),
    Field { path: FieldRef, raw: Box<str> },
    Time(Pattern),
    UnixTime,
}

/// A string that is completed from each event.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Box<[Part]>,
}

thread_local! {
    /// Where a text is put together before it is copied into the arena.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Template {
    /// Reads a text; what looks like a reference and is none stays text, as in Logstash.
    pub fn parse(text: &str) -> Template {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("%{") {
            let Some(len) = closing(&rest[start..]) else { break };
            let (inside, raw) = (&rest[start + 2..start + len - 1], &rest[start..start + len]);
            push_literal(&mut parts, &rest[..start]);
            match part(inside, raw) {
                Some(part) => parts.push(part),
                None => push_literal(&mut parts, raw),
            }
            rest = &rest[start + len..];
        }
        push_literal(&mut parts, rest);
        Template { parts: parts.into() }
    }

    /// The whole text, if there is nothing to complete.
    pub fn as_literal(&self) -> Option<&str> {
        match &*self.parts {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The fields that it reads.
    pub fn fields(&self) -> impl Iterator<Item = &FieldRef> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field { path, .. } => Some(path),
            _ => None,
        })
    }

    /// Whether it reads anything but `@timestamp`'s day: then its text is the same for all events of a day.
    pub fn depends_on_fields(&self) -> bool {
        self.fields().next().is_some()
    }

    /// Whether a day or another part of `@timestamp` stands in it.
    pub fn depends_on_time(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Time(_) | Part::UnixTime))
    }

    /// Appends the completed text.
    pub fn write(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        self.write_at(event, event.timestamp(), out, &mut |_, _| {});
    }

    /// `write` with a time in the place of the event's own, and a look at what each field puts in: `clean` gets the
    /// bytes, and whether they are the first of the text.
    pub fn write_at(
        &self,
        event: &Event<'_>,
        time: Option<Timestamp>,
        out: &mut Vec<u8>,
        clean: &mut dyn FnMut(&mut [u8], bool),
    ) {
        let start = out.len();
        for part in &self.parts {
            let before = out.len();
            match (part, time) {
                (Part::Literal(text), _) => out.extend_from_slice(text.as_bytes()),
                (Part::Field { path, raw }, _) => {
                    field(event, path, raw, out);
                    clean(&mut out[before..], before == start);
                }
                (Part::Time(pattern), Some(time)) => pattern.write_utc(time, out),
                (Part::UnixTime, Some(time)) => json::write::integer(time.seconds, out),
                (Part::Time(_) | Part::UnixTime, None) => {}
            }
        }
    }

    /// The completed text, in the arena.
    pub fn render<'b>(&self, event: &Event<'_>, arena: &'b Arena) -> &'b str {
        if let Some(text) = self.as_literal() {
            return arena.alloc_str(text);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            self.write(event, scratch);
            match std::str::from_utf8(scratch) {
                Ok(text) => &*arena.alloc_str(text),
                Err(_) => arena.alloc_str(&String::from_utf8_lossy(scratch)),
            }
        })
    }

    /// The completed text as a field's value.
    pub fn value<'b>(&self, event: &Event<'_>, arena: &'b Arena) -> Value<'b> {
        Value::text(self.render(event, arena))
    }
}

fn field(event: &Event<'_>, path: &FieldRef, raw: &str, out: &mut Vec<u8>) {
    if path.metadata && path.steps.is_empty() {
        match event.metadata() {
            Some(metadata) => json::write::object(metadata, out),
            None => out.extend_from_slice(b"{}"),
        }
        return;
    }
    match event.get(path) {
        // A null is nothing to Logstash either.
        None | Some(Value::Null) => out.extend_from_slice(raw.as_bytes()),
        Some(value) => display::append(value, out),
    }
}

/// The length of the `%{…}` at the start of `text`, `%{{…}}` included.
fn closing(text: &str) -> Option<usize> {
    if text.starts_with("%{{") {
        return text.find("}}").map(|at| at + 2);
    }
    text.find('}').map(|at| at + 1)
}

fn push_literal(parts: &mut Vec<Part>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(Part::Literal(before)) = parts.last_mut() {
        *before = format!("{before}{text}").into();
    } else {
        parts.push(Part::Literal(text.into()));
    }
}

fn part(inside: &str, raw: &str) -> Option<Part> {
    if inside == "+%s" {
        return Some(Part::UnixTime);
    }
    if let Some(format) = inside.strip_prefix('+') {
        return Pattern::parse(format, Dialect::Joda).ok().map(Part::Time);
    }
    if let Some(format) = inside.strip_prefix('{') {
        return Pattern::parse(format.strip_suffix('}')?, Dialect::JavaTime).ok().map(Part::Time);
    }
    FieldRef::parse(inside).ok().map(|path| Part::Field { path, raw: raw.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Identity;

    fn check(template: &str, expected: &str) {
        let arena = Arena::new();
        let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
        let fields = r#"{"a":{"b":"x","n":1.50},"list":[1,"two",{"c":3}],"yes":true,"nothing":null}"#;
        event.root = json::read::object(fields, &arena).unwrap();
        event.set_timestamp(Timestamp::parse_iso("2026-11-23T10:04:45.123Z").unwrap());
        assert_eq!(Template::parse(template).render(&event, &arena), expected, "{template}");
    }

    #[test]
    fn fields_are_filled_in() {
        check("plain", "plain");
        check("-%{[a][b]}-%{yes}-", "-x-true-");
        check("%{[list][0]} of %{list}", "1 of 1,two,{\"c\":3}");
        check("%{a}", r#"{"b":"x","n":1.50}"#);
        check("%{[a][n]}", "1.5");
    }

    #[test]
    fn a_field_that_is_missing_or_null_stays_as_text() {
        check("%{nothing}|", "%{nothing}|");
        check("%{nope} %{[a][nope]} %{", "%{nope} %{[a][nope]} %{");
        check("%{[a}", "%{[a}");
    }

    #[test]
    fn times_are_formatted_in_utc() {
        check("logs-%{+YYYY.MM.dd}", "logs-2026.11.23");
        check("%{{yyyy-MM-dd}}", "2026-11-23");
        check("%{+%s}", "1795428285");
    }
}
