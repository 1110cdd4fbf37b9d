//! Codecs: bytes to events on the way in, events to bytes on the way out.
//!
//! Decoding has two steps. *Framing* finds the records in a chunk (lines, joined lines) and may hold the beginning
//! of one until its end comes; it has state per source. *Reading* makes events of one record; it hardly ever has any.
//! So one codec's framing goes with another's reading: `joining` puts lines together in front of any reader.

pub mod auto;
pub mod cef;
pub mod charset;
#[cfg(test)]
mod corners;
pub mod csv;
pub mod docker_json;
pub mod dots;
#[cfg(test)]
mod every_setting;
pub mod framing;
pub mod gzip_lines;
pub mod hinted;
pub mod joining;
pub mod json;
pub mod json_lines;
pub mod known;
pub mod line;
pub mod msgpack;
pub mod multiline;
pub mod plain;
pub mod rubydebug;
#[cfg(test)]
pub mod testing;

use crate::event::chunk::{Chunk, Frame};
use crate::event::{Arena, Event};
use crate::plugin::{Declaration, Fault, Item, Settings};
use crate::position::Position;

/// Makes the event that a record starts from: facts of the source, `@timestamp`, `@version`, the record's place.
/// `nth` counts the events of one record from 0.
pub type Start<'s, 'b> = dyn Fn(&Frame<'b>, u32) -> Event<'b> + 's;

/// A decoder, built from its settings. Each source has its own clone.
pub struct Decoder {
    pub framer: Box<dyn Framer>,
    pub reader: Box<dyn Reader>,
}

impl Decoder {
    pub fn new(framer: impl Framer + 'static, reader: impl Reader + 'static) -> Decoder {
        Decoder::of(Box::new(framer), reader)
    }

    pub fn of(framer: Box<dyn Framer>, reader: impl Reader + 'static) -> Decoder {
        Decoder { framer, reader: Box::new(reader) }
    }
}

impl Clone for Decoder {
    fn clone(&self) -> Self {
        Decoder { framer: self.framer.boxed(), reader: self.reader.boxed() }
    }
}

/// Notes a pause behind the line that stands there, and answers whether the record before it may leave (`Receipt::note_pause`).
pub type Noted<'n> = dyn Fn(Position) -> bool + 'n;

/// Finds the records of a source. What it holds, it holds under receipts that stay open.
pub trait Framer: Send {
    /// Finds the records of `chunk`. A record that is not complete stays here; where the source ends with the chunk, only one that waits
    /// for another line: `release` with `force` gives it.
    fn frames(&mut self, chunk: &Chunk, each: &mut dyn FnMut(Frame<'_>));

    /// Gives out what is held: when nothing has followed it up to `now_ns` (nanoseconds since 1970), and that is long enough; or,
    /// with `force`, whatever the time. What goes by a pause stays until that is `noted`: the caller asks again.
    fn release(&mut self, now_ns: u64, force: bool, noted: &Noted<'_>, each: &mut dyn FnMut(Frame<'_>));

    /// Lines behind which a pause ended a record when they were read before.
    fn end_behind(&mut self, _pauses: Vec<Position>) {}

    /// The bytes of records that are not complete; 0 if nothing is held.
    fn held(&self) -> usize;

    /// Which call of `frames` (counted from 0) brought the oldest bytes that are still held, `None` if nothing is.
    /// The receipts of that chunk and all later ones stay open.
    fn held_since(&self) -> Option<u64>;

    fn boxed(&self) -> Box<dyn Framer>;
}

impl Framer for Box<dyn Framer> {
    fn frames(&mut self, chunk: &Chunk, each: &mut dyn FnMut(Frame<'_>)) {
        (**self).frames(chunk, each);
    }

    fn release(&mut self, now_ns: u64, force: bool, noted: &Noted<'_>, each: &mut dyn FnMut(Frame<'_>)) {
        (**self).release(now_ns, force, noted, each);
    }

    fn end_behind(&mut self, pauses: Vec<Position>) {
        (**self).end_behind(pauses);
    }

    fn held(&self) -> usize {
        (**self).held()
    }

    fn held_since(&self) -> Option<u64> {
        (**self).held_since()
    }

    fn boxed(&self) -> Box<dyn Framer> {
        (**self).boxed()
    }
}

/// Makes events of one record: appends them to `events`.
pub trait Reader: Send {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>);

    fn boxed(&self) -> Box<dyn Reader>;
}

/// Whether a text matches a pattern; see `Expressions`.
pub trait Matcher: Send {
    fn is_match(&self, text: &str) -> bool;
    fn boxed(&self) -> Box<dyn Matcher>;
}

/// What makes grok patterns into something that matches: the filters own grok, and codecs do not know filters.
pub trait Expressions {
    /// `dirs`: files and folders with more patterns. `ecs`: the codec's own `ecs_compatibility`.
    fn compile(&self, pattern: &Item, dirs: &[Item], ecs: Option<&str>) -> Result<Box<dyn Matcher>, Fault>;
}

/// For codecs whose settings name no pattern.
pub struct NoExpressions;

impl Expressions for NoExpressions {
    fn compile(&self, pattern: &Item, _dirs: &[Item], _ecs: Option<&str>) -> Result<Box<dyn Matcher>, Fault> {
        Err(Fault::at(pattern.place, "there are no grok patterns here"))
    }
}

/// What building a codec may look at.
pub struct Build<'a> {
    pub expressions: &'a dyn Expressions,
}

/// An encoder, for outputs that write text.
pub trait Encoder: Send {
    /// Appends the event's text, with its line end where the codec has one.
    fn encode(&self, event: &Event<'_>, out: &mut Vec<u8>);

    /// Whether events are parted by line ends. Otherwise they say themselves where they end, and nothing stands between.
    fn is_text(&self) -> bool {
        true
    }

    fn boxed(&self) -> Box<dyn Encoder>;
}

/// A codec's declaration and how its two sides are built; `None` where it has only one.
pub struct CodecPlugin {
    pub declaration: &'static Declaration,
    /// See `plugin::example`.
    pub examples: &'static str,
    pub decoder: Option<fn(&Settings, &Build<'_>) -> Result<Decoder, Fault>>,
    pub encoder: Option<fn(&Settings) -> Result<Box<dyn Encoder>, Fault>>,
}
