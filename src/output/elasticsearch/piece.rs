//! Documents on their way: runs of neighbours in a batch, which are sent, split and sent again without copying a byte.
//!
//! Invariants: every document of a batch that has no verdict yet is in exactly one piece. The batch's receipts are
//! settled with its last verdict; a piece that is dropped leaves them unsettled, which its source's book sees as forgotten.

use crate::event::Identity;
use crate::event::destination::{Doc, DocBatch};
use crate::event::spool::Lent;
use crate::pool::Pooled;
use crate::position::Receipt;
use bytes::Bytes;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug)]
struct Held {
    body: Bytes,
    docs: Box<[Doc]>,
    /// Documents without a verdict.
    open: AtomicUsize,
    receipts: Mutex<Vec<Receipt>>,
}

/// Some documents of one batch, side by side.
#[derive(Debug)]
#[must_use = "a piece that is dropped leaves its documents without a verdict"]
pub struct Piece {
    held: Arc<Held>,
    docs: Range<usize>,
    /// How often they were refused with a status that says "not now" and may mean "never".
    pub tries: u8,
    /// It lies on the disk until it is settled.
    pub on_disk: bool,
    /// It was sent before, and nobody knows what became of it.
    pub resent: bool,
}

impl Piece {
    /// All documents of a batch; a batch without any is settled at once.
    pub fn new(batch: DocBatch) -> Option<Piece> {
        let DocBatch { body, docs, receipts, pool } = batch;
        if docs.is_empty() {
            receipts.into_iter().for_each(Receipt::settle);
            return None;
        }
        let docs = docs.into_boxed_slice();
        let (open, all) = (AtomicUsize::new(docs.len()), 0..docs.len());
        let body = Bytes::from_owner(Pooled { bytes: body, pool });
        let held = Held { body, docs, open, receipts: Mutex::new(receipts) };
        Some(Piece { held: Arc::new(held), docs: all, tries: 0, on_disk: false, resent: false })
    }

    /// Documents.
    pub fn len(&self) -> usize {
        self.docs.len()
    }

    /// What its documents take in a request.
    pub fn bytes(&self) -> usize {
        self.span().len()
    }

    /// The lines of a bulk request.
    pub fn frame(&self) -> Bytes {
        self.held.body.slice(self.span())
    }

    fn span(&self) -> Range<usize> {
        match &self.held.docs[self.docs.clone()] {
            [] => 0..0,
            [first, .., last] => first.whole().start..last.whole().end,
            [one] => one.whole(),
        }
    }

    /// The texts of its first document's marks.
    pub fn first(&self) -> Texts<'_> {
        let doc = &self.held.docs[self.docs.start];
        let text = |range: &Range<u32>| &self.held.body[range.start as usize..range.end as usize];
        Texts { action: text(&doc.action), index: text(&doc.index), id: text(&doc.id), source: text(&doc.source) }
    }

    /// Its documents one by one.
    pub fn lent(&self) -> impl Iterator<Item = Lent<'_>> {
        self.held.docs[self.docs.clone()].iter().map(|doc| {
            let whole = doc.whole();
            let from = |range: &Range<u32>| range.start - whole.start as u32..range.end - whole.start as u32;
            let (action, source) = (from(&doc.action), from(&doc.source));
            let marks = Doc { action, source, index: from(&doc.index), id: from(&doc.id) };
            Lent { lines: &self.held.body[whole], marks }
        })
    }

    /// How many of its documents are made of lines that were printed after this time, by ids of our own.
    pub fn later_than(&self, time_ns: u64) -> usize {
        let id = |doc: &Doc| std::str::from_utf8(&self.held.body[doc.id.start as usize..doc.id.end as usize]);
        let is_later = |doc: &&Doc| id(doc).is_ok_and(|id| Identity::of_id(id).at > time_ns);
        self.held.docs[self.docs.clone()].iter().filter(is_later).count()
    }

    fn index_of(&self, doc: usize) -> &[u8] {
        let range = &self.held.docs[doc].index;
        &self.held.body[range.start as usize..range.end as usize]
    }

    /// How many of its first documents go to the same index.
    pub fn same_index(&self) -> usize {
        let name = self.index_of(self.docs.start);
        self.docs.clone().take_while(|&doc| self.index_of(doc) == name).count()
    }

    /// How many of its first documents fit into so many bytes.
    pub fn fitting(&self, bytes: usize) -> usize {
        let start = self.span().start;
        let docs = &self.held.docs[self.docs.clone()];
        docs.partition_point(|doc| doc.whole().end - start <= bytes)
    }

    /// Cuts off the first `count` documents; `self` keeps the rest.
    pub fn take_first(&mut self, count: usize) -> Piece {
        let cut = self.docs.start + count.min(self.docs.len());
        let docs = self.docs.start..cut;
        let Piece { tries, on_disk, resent, .. } = *self;
        let first = Piece { held: Arc::clone(&self.held), docs, tries, on_disk, resent };
        self.docs.start = cut;
        first
    }

    /// Its documents have their verdict.
    pub fn settle(self) {
        let count = self.docs.len();
        if self.held.open.fetch_sub(count, Ordering::AcqRel) == count {
            let mut receipts = self.held.receipts.lock().unwrap_or_else(PoisonError::into_inner);
            receipts.drain(..).for_each(Receipt::settle);
        }
    }
}

/// One document's parts.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    pub action: &'a [u8],
    pub index: &'a [u8],
    pub id: &'a [u8],
    pub source: &'a [u8],
}

/// A batch for tests: documents of an index and a text each.
#[cfg(test)]
pub fn batch(docs: &[(&str, &str)], receipts: Vec<Receipt>) -> DocBatch {
    let mut batch = DocBatch { receipts, ..DocBatch::default() };
    for (index, source) in docs {
        let at = |batch: &DocBatch| batch.body.len() as u32;
        let start = at(&batch);
        batch.body.extend_from_slice(br#"{"create":{"_index":""#);
        let name = at(&batch)..at(&batch) + index.len() as u32;
        batch.body.extend_from_slice(format!("{index}\"}}}}\n").as_bytes());
        let text = at(&batch)..at(&batch) + source.len() as u32;
        batch.body.extend_from_slice(format!("{source}\n").as_bytes());
        batch.docs.push(Doc {
            action: start..text.start,
            source: text,
            index: name.clone(),
            id: name.start..name.start,
        });
    }
    batch
}
