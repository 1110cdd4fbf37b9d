//! What the codecs' tests share: chunks, and events as text.

use super::{Build, CodecPlugin, Decoder, Expressions, Framer, Matcher, Reader, Start};
use crate::event::chunk::{Chunk, Frame, Framing, Place, Source, Watermark};
use crate::event::{Arena, Event, Identity, Timestamp, Value, json};
use crate::plugin::{Fault, Given, Item, Settings};
use crate::position::{Receipt, SourceKey};
use std::sync::Arc;

/// Bytes of a file, from `offset` on.
pub fn chunk(bytes: &[u8], offset: u64, end: bool) -> Chunk {
    let (key, facts) = (SourceKey::new("test"), "{}".into());
    let source = Source { key, hash: 7, input: 0, facts, place: Place::Offset, hints: None };
    Chunk {
        source: Arc::new(source),
        bytes: bytes.to_vec(),
        framing: Framing::Bytes { offset },
        arrived: Timestamp::default(),
        receipt: Receipt::untracked(),
        watermark: Watermark::none(),
        end,
    }
}

pub fn settings(plugin: &CodecPlugin, given: &[(&str, &str)]) -> Result<Settings, Vec<Fault>> {
    settings_of(plugin, &items(given))
}

fn items<'s>(given: &[(&'s str, &str)]) -> Vec<(&'s str, Item)> {
    given.iter().map(|(name, text)| (*name, Item::text(text))).collect()
}

pub fn settings_of(plugin: &CodecPlugin, given: &[(&str, Item)]) -> Result<Settings, Vec<Fault>> {
    let given = given.iter().map(|(name, item)| (name.to_string(), item.clone())).collect();
    Settings::check(plugin.declaration, given).map(|settings| settings.in_pipeline("disabled"))
}

pub fn list(texts: &[&str]) -> Item {
    Item { given: Given::List(texts.iter().map(|text| Item::text(text)).collect()), place: Default::default() }
}

pub fn hash(pairs: &[(&str, &str)]) -> Item {
    let pair = |(key, value): &(&str, &str)| (Item::text(key), Item::text(value));
    Item { given: Given::Hash(pairs.iter().map(pair).collect()), place: Default::default() }
}

/// Patterns as Rust has them.
struct Plainly;

impl Expressions for Plainly {
    fn compile(&self, pattern: &Item, _dirs: &[Item], _ecs: Option<&str>) -> Result<Box<dyn Matcher>, Fault> {
        let text = pattern.as_text().unwrap_or_default();
        let regex = regex::Regex::new(text).map_err(|bad| Fault::at(pattern.place, bad.to_string()))?;
        Ok(Box::new(Found(regex)))
    }
}

struct Found(regex::Regex);

impl Matcher for Found {
    fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    fn boxed(&self) -> Box<dyn Matcher> {
        Box::new(Found(self.0.clone()))
    }
}

pub fn build(plugin: &CodecPlugin, given: &[(&str, &str)]) -> Result<Decoder, Fault> {
    build_with(plugin, &items(given))
}

pub fn build_with(plugin: &CodecPlugin, given: &[(&str, Item)]) -> Result<Decoder, Fault> {
    let build = plugin.decoder.expect("the codec decodes");
    build(&settings_of(plugin, given).expect("the settings are right"), &Build { expressions: &Plainly })
}

pub fn decoder(plugin: &CodecPlugin, given: &[(&str, &str)]) -> Decoder {
    build(plugin, given).expect("the codec can be built")
}

/// The events of `input`, each as one JSON text.
pub fn decode(plugin: &CodecPlugin, given: &[(&str, &str)], input: &[u8]) -> Vec<String> {
    decode_with(plugin, &items(given), input)
}

pub fn decode_with(plugin: &CodecPlugin, given: &[(&str, Item)], input: &[u8]) -> Vec<String> {
    events(build_with(plugin, given).expect("the codec can be built"), &[input])
}

/// Takes a chunk as a worker does.
pub fn take(framer: &mut dyn Framer, chunk: &Chunk, each: &mut dyn FnMut(Frame<'_>)) {
    framer.frames(chunk, each);
    if chunk.end {
        framer.release(u64::MAX, true, &|_| true, each);
    }
}

/// The events of a source whose bytes come in these pieces, each as one JSON text.
pub fn events(decoder: Decoder, pieces: &[&[u8]]) -> Vec<String> {
    let Decoder { mut framer, mut reader } = decoder;
    let (mut out, mut offset) = (Vec::new(), 0);
    for (nth, piece) in pieces.iter().enumerate() {
        let chunk = chunk(piece, offset, nth + 1 == pieces.len());
        take(&mut *framer, &chunk, &mut |frame| out.extend(read(&mut *reader, &frame)));
        offset += piece.len() as u64;
    }
    assert_eq!((framer.held(), framer.held_since()), (0, None));
    out
}

/// The events of one frame, each as one JSON text.
pub fn read(codec: &mut dyn Reader, frame: &Frame<'_>) -> Vec<String> {
    let arena = Arena::new();
    let start: &Start<'_, '_> = &|frame, nth| {
        let identity = if nth == 0 { frame.identity } else { frame.identity.derived(0, nth) };
        Event::new(&arena, identity, Timestamp::default())
    };
    let bytes: &[u8] = arena.alloc_slice_copy(frame.bytes);
    let mut events = Vec::new();
    codec.read(&Frame { bytes, ..*frame }, &arena, start, &mut events);
    events.iter().map(|event| text(&Value::Object(event.root.copy_in(&arena)))).collect()
}

fn text(value: &Value<'_>) -> String {
    let mut out = Vec::new();
    json::write::value(value, &mut out);
    String::from_utf8(out).expect("JSON is text")
}

/// What the codec's encoder makes of an event with these fields.
pub fn encode(plugin: &CodecPlugin, given: &[(&str, &str)], fields: &str) -> String {
    encode_with(plugin, &items(given), &[fields])
}

/// What it makes of several events, one behind the other.
pub fn encode_with(plugin: &CodecPlugin, given: &[(&str, Item)], events: &[&str]) -> String {
    String::from_utf8(encode_bytes(plugin, given, events)).expect("the codec writes text")
}

pub fn encode_bytes(plugin: &CodecPlugin, given: &[(&str, Item)], events: &[&str]) -> Vec<u8> {
    let build = plugin.encoder.expect("the codec encodes");
    let settings = settings_of(plugin, given).expect("the settings are right");
    let encoder = build(&settings).expect("the codec can be built");
    let mut out = Vec::new();
    for fields in events {
        let arena = Arena::new();
        let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
        event.absorb(json::read::object(fields, &arena).expect("the fields are an object"), &arena);
        encoder.encode(&event, &mut out);
    }
    out
}
