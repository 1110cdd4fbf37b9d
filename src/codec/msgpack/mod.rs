//! The `msgpack` codec: events as MessagePack objects.
//!
//! `frame` finds where an object ends, `read` makes fields of it, `write` writes one. An object that is broken takes the
//! rest of its record with it: nothing in MessagePack says where the next one begins.
//! Settings: Logstash reference, "Msgpack codec plugin"; format: the MessagePack specification.

mod frame;
mod read;
#[cfg(test)]
mod tests;
mod write;

use super::plain::message_event;
use super::{CodecPlugin, Decoder, Encoder, Reader, Start};
use crate::event::chunk::Frame;
use crate::event::json::escape::utf8;
use crate::event::{Arena, Event, FieldRef, TIMESTAMP, Template, Timestamp, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use frame::objects;

/// The tag of bytes that are no object.
const FAILURE: &str = "_msgpackparsefailure";
/// An object's bytes are held until its end comes, so this is what a connection can take of the memory.
const OBJECT_BYTES_MAX: usize = 16 << 20;
/// How much of broken bytes becomes a message.
const SHOWN_BYTES_MAX: usize = 64 << 10;

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("../examples/msgpack.txt"),
    decoder: Some(|settings, _| {
        Ok(Decoder::new(objects(OBJECT_BYTES_MAX, !settings.is_given("target")), MessagePack::of(settings)?))
    }),
    encoder: Some(|_| Ok(Box::new(Packed))),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "msgpack",
    summary: "Reads MessagePack objects, and writes events as such objects.",
    settings: &[
        Setting::new(
            "format",
            Kind::String,
            Fallback::None,
            "The `message` of events that come without one; may hold `%{…}`.",
        ),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::None,
            "The field to put the data into. Without it, the keys of the object become fields of the event.",
        ),
    ],
    example: "input { udp { port => 4242 codec => msgpack { target => \"[document]\" } } }",
    differs: &[
        "an object may come in pieces and be up to 16 MiB long; several in a row are several events.",
        "a broken or longer object, and what follows it in its datagram, request or connection, is an event with its first 64 KiB as message and the tag `_msgpackparsefailure`.",
        "a number in `@timestamp` is taken as seconds since 1970, and MessagePack's own timestamps are times; other extension types are a failure.",
    ],
    unavailable: None,
};

/// Reads records as objects.
#[derive(Clone, Debug)]
struct MessagePack {
    format: Option<Template>,
    target: Option<FieldRef>,
}

impl MessagePack {
    fn of(settings: &Settings) -> Result<MessagePack, Fault> {
        let target = settings.text("target").map(FieldRef::parse).transpose();
        let target = target.map_err(|bad| Fault::at(settings.place("target"), bad.to_string()))?;
        Ok(MessagePack { format: settings.text("format").map(Template::parse), target })
    }

    /// Takes an object into `event`; whether it could be.
    fn fill<'b>(&self, event: &mut Event<'b>, value: Value<'b>, arena: &'b Arena) -> bool {
        let is_filled = match (&self.target, value) {
            (None, Value::Object(mut object)) => {
                if let Some(time) = object.get(TIMESTAMP).and_then(seconds) {
                    object.insert(TIMESTAMP, Value::Time(time));
                }
                event.absorb(object, arena);
                true
            }
            (None, _) => false,
            (Some(target), value) => event.set(target, value, arena).is_ok(),
        };
        if let Some(format) = self.format.as_ref().filter(|_| is_filled && event.root.get("message").is_none()) {
            let message = format.value(event, arena);
            event.root.insert("message", message);
        }
        is_filled
    }
}

/// The time that a number of seconds says.
fn seconds(value: &Value<'_>) -> Option<Timestamp> {
    let millis = value.as_f64()? * 1000.0;
    (millis.abs() < 1e17).then(|| Timestamp::from_millis(millis.round() as i64))
}

impl Reader for MessagePack {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>) {
        let (mut rest, mut nth) = (frame.bytes, 0);
        while !rest.is_empty() {
            let mut event = start(frame, nth);
            let object = if frame.damaged { None } else { read::object(rest, arena) };
            let next = object.and_then(|(value, next)| self.fill(&mut event, value, arena).then_some(next));
            let next = match next {
                Some(next) => next,
                None => {
                    let shown = &rest[..rest.len().min(SHOWN_BYTES_MAX)];
                    event = message_event(utf8(shown, arena), false, start(frame, nth), arena);
                    event.tag(FAILURE, arena);
                    &[]
                }
            };
            events.push(event);
            rest = next;
            nth += 1;
        }
    }

    fn boxed(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }
}

/// Writes events as objects, nothing between them.
#[derive(Clone, Copy, Debug)]
struct Packed;

impl Encoder for Packed {
    fn encode(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        write::object(&event.root, out);
    }

    fn is_text(&self) -> bool {
        false
    }

    fn boxed(&self) -> Box<dyn Encoder> {
        Box::new(*self)
    }
}
