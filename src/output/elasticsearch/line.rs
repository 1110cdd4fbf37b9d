//! Documents that wait in a row, of which the middle may lie on disk: the *head* in memory is next, then comes the lane
//! on disk, then the *tail* in memory, which came last. Pure: what is written and read is handed out and back in.
//!
//! Invariant: without anything on disk there is no tail.

use super::piece::Piece;
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub struct Line {
    head: VecDeque<Piece>,
    head_bytes: usize,
    tail: VecDeque<Piece>,
    tail_bytes: usize,
    /// The lane has documents to give out, or may have when the writing under way is done.
    spilled: bool,
    /// Everything goes through the disk.
    always: bool,
}

impl Line {
    /// `spilled`: its lane has documents from before.
    pub fn new(spilled: bool, always: bool) -> Line {
        Line { spilled, always, ..Line::default() }
    }

    /// At the end.
    pub fn push(&mut self, piece: Piece) {
        if self.spilled || self.always {
            self.tail_bytes += piece.bytes();
            self.tail.push_back(piece);
        } else {
            self.head_bytes += piece.bytes();
            self.head.push_back(piece);
        }
    }

    /// To be the next.
    pub fn unget(&mut self, piece: Piece) {
        self.head_bytes += piece.bytes();
        self.head.push_front(piece);
    }

    /// The next, if it lies in memory.
    pub fn pop(&mut self) -> Option<Piece> {
        let piece = self.head.pop_front()?;
        self.head_bytes -= piece.bytes();
        Some(piece)
    }

    /// What can be sent now.
    pub fn head_bytes(&self) -> usize {
        self.head_bytes
    }

    pub fn has_head(&self) -> bool {
        !self.head.is_empty()
    }

    /// What came last and waits in memory.
    pub fn waiting_bytes(&self) -> usize {
        if self.spilled || self.always { self.tail_bytes } else { self.head_bytes }
    }

    pub fn is_spilled(&self) -> bool {
        self.spilled
    }

    pub fn is_always(&self) -> bool {
        self.always
    }

    pub fn has_tail(&self) -> bool {
        !self.tail.is_empty()
    }

    /// Nothing waits in memory.
    pub fn holds_nothing(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty()
    }

    /// Nothing waits anywhere.
    pub fn is_empty(&self) -> bool {
        self.holds_nothing() && !self.spilled
    }

    /// Takes out what is to be written to the lane: the tail, or all of a line of which nothing is left on disk but
    /// what was read from there first. A single document that stays holds all lines that were read together with it.
    /// What comes meanwhile waits behind.
    pub fn cut(&mut self) -> Vec<Piece> {
        let cut: Vec<Piece> = if self.spilled || self.always {
            self.tail_bytes = 0;
            self.tail.drain(..).collect()
        } else {
            let first = self.head.iter().position(|piece| !piece.on_disk).unwrap_or(self.head.len());
            let cut: Vec<Piece> = self.head.drain(first..).collect();
            self.head_bytes -= cut.iter().map(Piece::bytes).sum::<usize>();
            cut
        };
        self.spilled |= !cut.is_empty();
        cut
    }

    /// Takes out everything.
    pub fn take_all(&mut self) -> Vec<Piece> {
        (self.head_bytes, self.tail_bytes) = (0, 0);
        self.head.drain(..).chain(self.tail.drain(..)).collect()
    }

    /// What was cut is written but for `rest`; `more`: the lane has documents to give out.
    pub fn written(&mut self, rest: Vec<Piece>, more: bool) {
        for piece in rest.into_iter().rev() {
            self.tail_bytes += piece.bytes();
            self.tail.push_front(piece);
        }
        self.left(more);
    }

    /// The lane gave out its next documents.
    pub fn refill(&mut self, piece: Option<Piece>, more: bool) {
        if let Some(piece) = piece {
            self.head_bytes += piece.bytes();
            self.head.push_back(piece);
        }
        self.left(more);
    }

    fn left(&mut self, more: bool) {
        self.spilled = more;
        if !more && !self.always {
            self.head_bytes += std::mem::take(&mut self.tail_bytes);
            self.head.append(&mut self.tail);
        }
    }
}
