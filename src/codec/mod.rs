//! Codecs: bytes to events on the way in, events to bytes on the way out.
//!
//! Decoding has two steps. *Framing* finds the records in a chunk (lines, joined lines) and may hold the beginning
//! of one until its end comes; it has state per source. *Reading* makes events of one record; it has none.

pub mod charset;
pub mod docker_json;
pub mod dots;
pub mod framing;
pub mod json;
pub mod json_lines;
pub mod line;
pub mod plain;
pub mod rubydebug;
#[cfg(test)]
pub mod testing;

use crate::event::chunk::{Chunk, Frame};
use crate::event::{Arena, Event};
use crate::plugin::{Declaration, Fault, Settings};

/// Makes the event that a record starts from: facts of the source, `@timestamp`, `@version`, the record's place.
/// `nth` counts the events of one record from 0.
pub type Start<'s, 'b> = dyn Fn(&Frame<'b>, u32) -> Event<'b> + 's;

/// A decoder, built from its settings. Each source has its own clone, unless it holds nothing.
pub trait Decoder: Send {
    /// Finds the records of `chunk`. A record that is not complete stays here.
    fn frames(&mut self, chunk: &Chunk, each: &mut dyn FnMut(Frame<'_>));

    /// Gives out what is held: at the end of the source, or when `now_ns` (nanoseconds since 1970) says that nothing
    /// more can come. `force`: whatever the time.
    fn release(&mut self, _now_ns: u64, _force: bool, _each: &mut dyn FnMut(Frame<'_>)) {}

    /// The bytes of records that are not complete; 0 if nothing is held.
    fn held(&self) -> usize {
        0
    }

    /// Which call of `frames` (counted from 0) brought the oldest bytes that are still held, `None` if nothing is.
    /// The receipts of that chunk and all later ones stay open. The default is for decoders that cannot tell: all.
    fn held_since(&self) -> Option<u64> {
        (self.held() > 0).then_some(0)
    }

    /// Makes events of one record: appends them to `events`.
    fn read<'b>(&self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>);

    fn boxed(&self) -> Box<dyn Decoder>;
}

/// An encoder, for outputs that write text.
pub trait Encoder: Send {
    /// Appends the event's text, with its line end where the codec has one.
    fn encode(&self, event: &Event<'_>, out: &mut Vec<u8>);

    fn boxed(&self) -> Box<dyn Encoder>;
}

/// A codec's declaration and how its two sides are built; `None` where it has only one.
pub struct CodecPlugin {
    pub declaration: &'static Declaration,
    pub decoder: Option<fn(&Settings) -> Result<Box<dyn Decoder>, Fault>>,
    pub encoder: Option<fn(&Settings) -> Result<Box<dyn Encoder>, Fault>>,
}
