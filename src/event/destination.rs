//! Finished documents: bytes that an output sends as they stand, with the marks to find its way in them.
//!
//! A worker renders each copy of an event once, straight into the body of the batch for its output.
//! For `_bulk` outputs the body is the request: action line, document line, and so on; a retry copies ranges of it.

use crate::pool::Pool;
use crate::position::Receipt;
use std::ops::Range;

/// How a route renders the documents of an output.
#[derive(Clone, Debug, PartialEq)]
pub enum Rendering {
    /// `_bulk` lines.
    Bulk {
        /// Templates, as written.
        index: String,
        id: Option<String>,
        action: BulkAction,
        routing: Option<String>,
        pipeline: Option<String>,
        /// Whether documents without an id of the user's get one made from their position.
        stable_ids: bool,
        clamp_day: bool,
    },
    /// Text by the output's codec; `path` is a template, for outputs that have one.
    Text { path: Option<String>, codec: &'static str },
}

/// The bulk action of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    Create,
    Index,
}

/// One document of a batch, as byte ranges of the batch's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doc {
    /// The action line with its newline; empty for outputs that have none.
    pub action: Range<u32>,
    /// The document, without its last byte: the newline, but for codecs that write no lines.
    pub source: Range<u32>,
    /// The index's name (or the path of a `file` output).
    pub index: Range<u32>,
    /// The document's id; empty where the engine is to make one.
    pub id: Range<u32>,
}

impl Doc {
    /// Action, document and newline: what a bulk request needs of it.
    pub fn whole(&self) -> Range<usize> {
        let start = if self.action.is_empty() { self.source.start } else { self.action.start };
        start as usize..self.source.end as usize + 1
    }
}

/// The documents that one chunk gave for one output.
#[derive(Debug, Default)]
pub struct DocBatch {
    pub body: Vec<u8>,
    pub docs: Vec<Doc>,
    /// Shares of every receipt that the documents came under; settled when all of them have a verdict.
    pub receipts: Vec<Receipt>,
    /// Where the body goes when it was sent.
    pub pool: Pool,
}

impl DocBatch {
    pub fn text(&self, range: &Range<u32>) -> &[u8] {
        &self.body[range.start as usize..range.end as usize]
    }

    /// What it takes in memory.
    pub fn held_bytes(&self) -> usize {
        if self.docs.is_empty() { 0 } else { self.body.capacity() + self.docs.capacity() * size_of::<Doc>() }
    }

    /// Every document has its verdict.
    pub fn settle(self) {
        self.receipts.into_iter().for_each(Receipt::settle);
    }
}
