//! What inputs hand to workers: bytes as they were read, with the facts of their source. Workers decode them.

use super::Identity;
use super::Timestamp;
use super::hints::Hints;
use crate::position::{Receipt, SourceKey};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A source as its events show it. Made anew when the facts change (a container is renamed); the key stays.
#[derive(Debug)]
pub struct Source {
    pub key: SourceKey,
    /// `Identity::hash_source` of the key.
    pub hash: u64,
    /// Which input of the pipeline reads it, counted from 0: names the codec and the input's `add_field`, `tags`, `type`.
    pub input: usize,
    /// The fields that all its events share, as the text of one JSON object: `{"container":{…},"host":{…},"stream":"stdout"}`.
    pub facts: String,
    /// Add `event.sequence` (Docker) or `log.offset` (files) to each event.
    pub place: Place,
    /// What the source itself asks for its lines, instead of what its input says.
    pub hints: Option<Arc<Hints>>,
}

/// How an event says where in its source it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `event.sequence`: Docker's time in nanoseconds plus the ordinal among equal times.
    Sequence,
    /// `log.offset`: the offset of the line's first byte.
    Offset,
    /// The source has no positions.
    None,
}

/// One line of a chunk, where the input knows the lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// Byte range in `Chunk::bytes`, without the line's end.
    pub start: u32,
    pub end: u32,
    /// Docker's time in nanoseconds since 1970.
    pub time: u64,
    /// The ordinal among equal times on the stream.
    pub ordinal: u32,
    /// The line was longer than `line_bytes_max`: the rest was cut off.
    pub truncated: bool,
}

/// Some lines of one source, in order.
#[derive(Debug)]
pub struct Chunk {
    pub source: Arc<Source>,
    pub bytes: Vec<u8>,
    pub framing: Framing,
    /// When the bytes were read.
    pub arrived: Timestamp,
    /// Covers every line of the chunk.
    pub receipt: Receipt,
    /// Until when nothing followed it.
    pub watermark: Watermark,
    /// The source has ended: what a codec holds for it is complete.
    pub end: bool,
}

/// Until when a source is known to have nothing behind a chunk. The input keeps a clone of its last chunk's and raises it each time
/// that it has found the end of the source; whoever waits for another line goes by this, and not by the clock: a line that is
/// printed but not read yet must not come too late.
#[derive(Clone, Debug, Default)]
pub struct Watermark(Option<Arc<AtomicU64>>);

impl Watermark {
    /// Nothing is known yet.
    pub fn new() -> Watermark {
        Watermark(Some(Arc::default()))
    }

    /// For sources that are never read again: the clock decides.
    pub fn none() -> Watermark {
        Watermark(None)
    }

    /// At this time (nanoseconds since 1970) the source had nothing more.
    pub fn raise(&self, time_ns: u64) {
        if let Some(until_ns) = &self.0 {
            until_ns.fetch_max(time_ns, Ordering::Release);
        }
    }

    /// The source cannot be read on for long: the clock decides after all.
    pub fn give_up(&self) {
        self.raise(u64::MAX);
    }

    /// What the time is for whoever waits for another line: `now_ns` at most.
    pub fn until(&self, now_ns: u64) -> u64 {
        self.0.as_ref().map_or(now_ns, |until_ns| until_ns.load(Ordering::Acquire).min(now_ns))
    }
}

/// Who finds the lines.
#[derive(Debug)]
pub enum Framing {
    /// The input did (Docker's frames, datagrams, requests).
    Lines(Vec<Line>),
    /// The codec does; the first byte stands at this offset of the source. The bytes are whole lines if the input
    /// says so by `Source::place` being `Offset`, else any piece of a stream.
    Bytes { offset: u64 },
}

/// One record of a source, lent to a codec's reader.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'c> {
    pub bytes: &'c [u8],
    /// Docker's time, where the input knows it.
    pub time: Option<Timestamp>,
    pub identity: Identity,
    pub truncated: bool,
    /// The framer could not make out what stands here.
    pub damaged: bool,
    /// The lines it was joined of; 1 for a plain line.
    pub lines: u32,
}
