//! What an output knows of the queue on disk: lanes of finished documents, kept in order, given out in order.
//!
//! Terms: a *lane* is one queue. Each output has a main lane, whose name is empty, and one for each index that takes no
//! documents at present, named by the index. Documents are *kept* when they are on the disk (fsync), *given out* as
//! batches with receipts of their own, and let go of when those receipts are settled.

use super::destination::{Doc, DocBatch};
use std::io;

/// The lane of everything that waits for no index in particular.
pub const MAIN: &[u8] = b"";

/// One document lent out of a batch.
#[derive(Clone, Debug)]
pub struct Lent<'a> {
    /// Action line, document and newline.
    pub lines: &'a [u8],
    /// Counted from the first byte of `lines`.
    pub marks: Doc,
}

/// What became of documents that were to be kept.
#[derive(Debug, Default)]
pub struct Kept {
    /// How many, from the first on, are on the disk.
    pub documents: usize,
    /// Why not all of them.
    pub why: Option<Refusal>,
}

/// Why documents could not be kept; they stay where they are.
#[derive(Debug)]
pub enum Refusal {
    /// The queue has its largest size.
    Full,
    /// The disk does not take them.
    Disk(io::Error),
}

/// What lies in the lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Documents whose receipts are not settled, given out or not.
    pub documents: u64,
    /// Documents that were not given out.
    pub waiting: u64,
    pub bytes: u64,
}

/// An output's part of the queue on disk. Calls block.
pub trait Spool: Send {
    /// Names of the lanes that have documents to give out.
    fn lanes(&self) -> Vec<Box<[u8]>>;

    /// Adds documents to the end of a lane. Those that are kept are on the disk when this comes back.
    fn keep<'a>(&mut self, lane: &[u8], documents: &mut dyn Iterator<Item = Lent<'a>>) -> Kept;

    /// Gives out the next documents of a lane: about so many bytes, one document at least. `None`: there are no more.
    fn next(&mut self, lane: &[u8], bytes: usize) -> io::Result<Option<DocBatch>>;

    /// Whether a lane has documents to give out.
    fn has_more(&self, lane: &[u8]) -> bool;

    /// Frees the room of what was settled.
    fn tend(&mut self);

    /// The last call: what lies there is taken up by the next start. `back`: so many documents that were given out have no
    /// verdict and are given out again.
    fn close(&mut self, back: u64);

    fn stock(&self) -> Stock;
}
