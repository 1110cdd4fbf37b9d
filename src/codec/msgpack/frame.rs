//! Finds objects in the bytes of a source.
//!
//! Invariant: the frames of a source do not depend on how its bytes were cut into chunks, but for bytes that are broken:
//! those are given with what came with them.

use super::super::Framer;
use super::super::framing::given;
use super::read::{Length, length};
use crate::event::Identity;
use crate::event::chunk::{Chunk, Frame, Framing, Place};

/// Has state, one a source.
#[derive(Clone, Debug)]
pub struct Objects {
    bytes_max: usize,
    /// Anything but a map is broken: a text that came here by mistake would be a number for each of its letters.
    maps_only: bool,
    /// The beginning of an object whose end has not come.
    held: Vec<u8>,
    /// Of its first byte; `None` if nothing is held.
    from: Option<Identity>,
    /// How long it is at least: fewer bytes are not looked at again.
    awaited: usize,
    /// The call of `frames` that brought its first byte.
    held_call: u64,
    /// Calls of `frames` so far.
    calls: u64,
    /// The offset at which it goes on.
    next: u64,
    /// Where the next object begins is not known any more.
    is_lost: bool,
}

impl Objects {
    pub fn new(bytes_max: usize, maps_only: bool) -> Objects {
        let (held, from) = (Vec::new(), None);
        Objects { bytes_max, maps_only, held, from, awaited: 0, held_call: 0, calls: 0, next: 0, is_lost: false }
    }

    /// Gives what is held, which has no end.
    fn give(&mut self, each: &mut dyn FnMut(Frame<'_>)) {
        if let Some(identity) = self.from.take() {
            let held = std::mem::take(&mut self.held);
            each(frame(&held, identity, true));
        }
    }

    fn split(&mut self, chunk: &Chunk, offset: u64, each: &mut dyn FnMut(Frame<'_>)) {
        if chunk.source.place == Place::Offset && offset != self.next {
            self.give(each);
            self.is_lost = false;
        }
        self.next = offset + chunk.bytes.len() as u64;
        let place = |at: usize| Identity { source: chunk.source.hash, at: offset + at as u64, ..Identity::default() };
        let Some(from) = self.from else { return self.objects(&chunk.bytes, &place, each) };
        self.held.extend_from_slice(&chunk.bytes);
        if self.held.len() >= self.awaited {
            let held = std::mem::take(&mut self.held);
            self.from = None;
            let place = |at: usize| Identity { at: from.at + at as u64, ..from };
            let call = self.held_call;
            self.objects(&held, &place, each);
            // What is left began in this chunk, unless it is the object that was held.
            if self.from.is_some_and(|left| left.at == from.at) {
                self.held_call = call;
            }
        }
    }

    /// Gives the objects of `bytes`, and holds the beginning of a last one.
    fn objects(&mut self, bytes: &[u8], place: &dyn Fn(usize) -> Identity, each: &mut dyn FnMut(Frame<'_>)) {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let is_map = matches!(rest[0], 0x80..=0x8f | 0xde | 0xdf);
            match if is_map || !self.maps_only { length(rest) } else { Length::Broken } {
                _ if self.is_lost => return each(frame(rest, place(at), true)),
                Length::Whole(len) => {
                    each(frame(&rest[..len], place(at), false));
                    at += len;
                }
                Length::AtLeast(awaited) if awaited <= self.bytes_max => {
                    (self.held, self.from, self.awaited) = (rest.to_vec(), Some(place(at)), awaited);
                    self.held_call = self.calls;
                    return;
                }
                Length::AtLeast(_) | Length::Broken => self.is_lost = true,
            }
        }
    }
}

fn frame(bytes: &[u8], identity: Identity, damaged: bool) -> Frame<'_> {
    Frame { bytes, time: None, identity, truncated: false, damaged, lines: 1 }
}

impl Framer for Objects {
    fn frames(&mut self, chunk: &Chunk, each: &mut dyn FnMut(Frame<'_>)) {
        match &chunk.framing {
            Framing::Lines(lines) => lines.iter().for_each(|line| each(given(chunk, line))),
            Framing::Bytes { offset } => self.split(chunk, *offset, each),
        }
        if chunk.end {
            self.give(each);
        }
        self.calls += 1;
    }

    /// Time does not end an object.
    fn release(&mut self, _now_ns: u64, force: bool, each: &mut dyn FnMut(Frame<'_>)) {
        if force {
            self.give(each);
        }
    }

    fn held(&self) -> usize {
        self.held.len()
    }

    fn held_since(&self) -> Option<u64> {
        self.from.map(|_| self.held_call)
    }

    fn boxed(&self) -> Box<dyn Framer> {
        Box::new(self.clone())
    }
}
