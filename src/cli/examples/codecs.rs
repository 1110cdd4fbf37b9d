//! Runs an example of a codec: lines become events, or events become the bytes that an output writes.
//!
//! `codec => …` reads: the lines of the story come one behind the other, parted by line ends, and `\xe9` in one is that
//! byte. A whole `output { … }` writes.

use crate::codec::testing;
use crate::event::destination::DocBatch;
use crate::event::{Arena, Event};
use crate::pipeline::Pipeline;
use crate::plugin::example::Happening;
use serde_json::Value as Json;

/// The events that the codec of the first input makes of the lines.
pub fn read(pipeline: Pipeline, story: &[Happening<'_>]) -> Vec<Json> {
    let lines: Vec<Vec<u8>> = lines(story).map(bytes).collect();
    let decoder = pipeline.inputs.into_iter().next().expect("there is one input").decoder;
    let events = testing::events(decoder, &[&lines.join(&b'\n')]);
    events.iter().map(|event| serde_json::from_str(event).expect("an event is JSON")).collect()
}

/// The lines that the first output writes, as texts.
pub fn write(
    mut pipeline: Pipeline,
    story: &[Happening<'_>],
    event: impl for<'b> Fn(&str, &'b Arena) -> Event<'b>,
) -> Vec<Json> {
    let route = &mut pipeline.outputs.first_mut().expect("there is one output").route;
    let mut batch = DocBatch::default();
    for fields in lines(story) {
        let arena = Arena::new();
        route.render(&mut event(fields, &arena), &arena, &mut batch);
    }
    let text = String::from_utf8(batch.body).expect("an example writes text");
    text.lines().map(Json::from).collect()
}

fn lines<'s>(story: &'s [Happening<'_>]) -> impl Iterator<Item = &'s str> {
    story.iter().filter_map(|happening| match happening {
        Happening::Event(line) => Some(*line),
        _ => None,
    })
}

/// `caf\xe9` is four bytes.
fn bytes(line: &str) -> Vec<u8> {
    let mut parts = line.split("\\x");
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_at(2);
        out.push(u8::from_str_radix(byte, 16).expect("two digits stand behind `\\x`"));
        out.extend_from_slice(rest.as_bytes());
    }
    out
}
