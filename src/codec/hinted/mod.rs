//! The decoder of a source with hints: what its input says, changed as the labels of its container ask (`event::hints`).
//!
//! In Filebeat's order: lines are joined, each becomes an event (by the `json` hint, else by the input's codec), the events of
//! lines that are not wanted go, and processors change the others. No line is lost to a hint that does not fit it: a line
//! that is no JSON stays a message.

mod joining;
mod json;
mod processors;
#[cfg(test)]
mod tests;

use super::framing::{LINE_BYTES_MAX, Lines};
use super::joining::Joined;
use super::{Decoder, Reader, Start};
use crate::event::chunk::Frame;
use crate::event::hints::Hints;
use crate::event::{Arena, Event, FieldRef, Value};
use std::sync::{Arc, LazyLock};

/// `base`, changed as the hints ask, if there are some.
pub fn decoder(hints: Option<&Arc<Hints>>, base: &Decoder) -> Decoder {
    let Some(hints) = hints else { return base.clone() };
    let framer = match &hints.joining {
        Some(joining) => Box::new(Joined::new(Lines::new(LINE_BYTES_MAX), joining::Join::new(joining.clone()))),
        None => base.framer.boxed(),
    };
    Decoder { framer, reader: Box::new(Hinted { hints: Arc::clone(hints), base: base.reader.boxed() }) }
}

struct Hinted {
    hints: Arc<Hints>,
    base: Box<dyn Reader>,
}

impl Reader for Hinted {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>) {
        let from = events.len();
        let hints = &*self.hints;
        let line = match &hints.json {
            Some(hint) => {
                let (event, line) = json::read(hint, frame, arena, start);
                events.push(event);
                line
            }
            None => {
                self.base.read(frame, arena, start, events);
                Some(frame.bytes)
            }
        };
        if line.is_some_and(|line| !is_wanted(hints, line)) {
            events.truncate(from);
            return;
        }
        for event in &mut events[from..] {
            name_pipeline(hints, event, arena);
        }
        events.extract_if(from.., |event| !processors::apply(&hints.processors, event, arena)).for_each(drop);
    }

    fn boxed(&self) -> Box<dyn Reader> {
        Box::new(Hinted { hints: Arc::clone(&self.hints), base: self.base.boxed() })
    }
}

static PIPELINE: LazyLock<FieldRef> =
    LazyLock::new(|| FieldRef::parse("[@metadata][pipeline]").expect("the reference is well formed"));

fn is_wanted(hints: &Hints, line: &[u8]) -> bool {
    let matches = |patterns: &[regex::bytes::Regex]| patterns.iter().any(|pattern| pattern.is_match(line));
    (hints.include_lines.is_empty() || matches(&hints.include_lines)) && !matches(&hints.exclude_lines)
}

fn name_pipeline<'b>(hints: &Hints, event: &mut Event<'b>, arena: &'b Arena) {
    if let Some(name) = &hints.ingest_pipeline {
        // `[@metadata]` takes any text.
        event.set(&PIPELINE, Value::copied(arena, name), arena).ok();
    }
}
