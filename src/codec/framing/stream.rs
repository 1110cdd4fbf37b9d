//! What every framer of a stream of bytes keeps: where the source goes on, and since when something is held.
//!
//! How bytes are cut into records is a `Cut`; it knows neither chunks nor receipts.

use super::super::{Framer, Noted};
use super::given;
use crate::event::Identity;
use crate::event::chunk::{Chunk, Frame, Framing, Line, Place};

/// Cuts the bytes of a source into records; has state, one a source.
pub trait Cut: Clone + Send + 'static {
    /// Gives the records that end in `bytes`, and holds what is left. `place`: of a byte of `bytes`, by its number.
    fn cut(&mut self, bytes: &[u8], place: &dyn Fn(usize) -> Identity, each: &mut dyn FnMut(Frame<'_>));

    /// Gives what is held, which has no end.
    fn give(&mut self, each: &mut dyn FnMut(Frame<'_>));

    /// A record that the input found.
    fn found(&self, chunk: &Chunk, line: &Line, each: &mut dyn FnMut(Frame<'_>)) {
        each(given(chunk, line));
    }

    /// How many bytes are held.
    fn held(&self) -> usize;

    /// Of the first byte that is held; `None` if nothing is. No two bytes of a source have the same.
    fn held_from(&self) -> Option<Identity>;
}

/// A framer that cuts so.
#[derive(Clone, Debug)]
pub struct Stream<C> {
    cut: C,
    /// The call of `frames` that brought the first byte that is held.
    held_call: u64,
    /// Calls of `frames` so far.
    calls: u64,
    /// The offset at which the source goes on.
    next: u64,
}

impl<C: Cut> Stream<C> {
    pub fn of(cut: C) -> Stream<C> {
        Stream { cut, held_call: 0, calls: 0, next: 0 }
    }

    /// The call of `frames` that brings what comes next, or that brought the beginning of it.
    pub fn since(&self) -> u64 {
        self.held_since().unwrap_or(self.calls)
    }

    fn bytes(&mut self, chunk: &Chunk, offset: u64, each: &mut dyn FnMut(Frame<'_>)) {
        if chunk.source.place == Place::Offset && offset != self.next {
            self.cut.give(each);
        }
        self.next = offset + chunk.bytes.len() as u64;
        let before = self.cut.held_from();
        let place = |at: usize| Identity { source: chunk.source.hash, at: offset + at as u64, ..Identity::default() };
        self.cut.cut(&chunk.bytes, &place, each);
        // What is held began in this chunk, unless it is what was held before.
        if self.cut.held_from() != before {
            self.held_call = self.calls;
        }
    }
}

impl<C: Cut> Framer for Stream<C> {
    /// Gives each complete record of `chunk`; holds an incomplete last one, unless the source ends here.
    fn frames(&mut self, chunk: &Chunk, each: &mut dyn FnMut(Frame<'_>)) {
        match &chunk.framing {
            Framing::Lines(lines) => lines.iter().for_each(|line| self.cut.found(chunk, line, each)),
            Framing::Bytes { offset } => self.bytes(chunk, *offset, each),
        }
        if chunk.end {
            self.cut.give(each);
        }
        self.calls += 1;
    }

    /// Time does not end a record.
    fn release(&mut self, _now_ns: u64, force: bool, _noted: &Noted<'_>, each: &mut dyn FnMut(Frame<'_>)) {
        if force {
            self.cut.give(each);
        }
    }

    fn held(&self) -> usize {
        self.cut.held()
    }

    fn held_since(&self) -> Option<u64> {
        self.cut.held_from().map(|_| self.held_call)
    }

    fn boxed(&self) -> Box<dyn Framer> {
        Box::new(self.clone())
    }
}
