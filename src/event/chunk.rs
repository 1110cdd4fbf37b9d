//! What inputs hand to workers: bytes as they were read, with the facts of their source. Workers decode them.

use super::Identity;
use super::Timestamp;
use super::hints::Hints;
use crate::position::{Receipt, SourceKey};
use std::sync::Arc;

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
    /// The source has ended: what a codec holds for it is complete.
    pub end: bool,
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
