//! Records of a segment, taken into a batch as long as they fit.

use super::record::{Record, Scan};
use crate::event::destination::{Doc, DocBatch};
use crate::event::spool::Lent;
use std::ops::Range;

/// What came of looking for the next record.
pub enum Taken {
    /// The one with this number.
    One(u64),
    /// There is one, for another batch.
    TooMuch,
    None,
}

/// Appends the next record that has one of these numbers, if the batch has room for it; an empty one has.
pub fn take_next(scan: &mut Scan, numbers: Range<u64>, batch: &mut DocBatch, bytes: usize) -> Taken {
    while let Some(Record { number, document, .. }) = scan.next() {
        if number >= numbers.end {
            // Of a write that failed: the number was given anew.
            return Taken::None;
        }
        if number < numbers.start {
            continue;
        }
        if !batch.docs.is_empty() && batch.body.len() + document.lines.len() > bytes {
            scan.put_back();
            return Taken::TooMuch;
        }
        push(batch, &document);
        return Taken::One(number);
    }
    Taken::None
}

fn push(batch: &mut DocBatch, document: &Lent<'_>) {
    let start = batch.body.len() as u32;
    let at = |range: &Range<u32>| range.start + start..range.end + start;
    let Doc { action, source, index, id } = &document.marks;
    batch.docs.push(Doc { action: at(action), source: at(source), index: at(index), id: at(id) });
    batch.body.extend_from_slice(document.lines);
}
