//! Finds objects in the bytes of a source.
//!
//! Invariant: the frames of a source do not depend on how its bytes were cut into chunks, but for bytes that are broken:
//! those are given with what came with them.

use super::super::framing::stream::{Cut, Stream};
use super::read::{Length, length};
use crate::event::Identity;
use crate::event::chunk::Frame;

/// Cuts behind each object.
#[derive(Clone, Debug)]
pub struct CutObjects {
    bytes_max: usize,
    /// Anything but a map is broken: a text that came here by mistake would be a number for each of its letters.
    maps_only: bool,
    /// The beginning of an object whose end has not come.
    held: Vec<u8>,
    /// Of its first byte; `None` if nothing is held.
    from: Option<Identity>,
    /// How long it is at least: fewer bytes are not looked at again.
    awaited: usize,
    /// Where the next object begins is not known any more.
    is_lost: bool,
}

/// Finds objects.
pub fn objects(bytes_max: usize, maps_only: bool) -> Stream<CutObjects> {
    Stream::of(CutObjects { bytes_max, maps_only, held: Vec::new(), from: None, awaited: 0, is_lost: false })
}

impl Cut for CutObjects {
    fn cut(&mut self, bytes: &[u8], place: &dyn Fn(usize) -> Identity, each: &mut dyn FnMut(Frame<'_>)) {
        let Some(from) = self.from else { return self.objects(bytes, place, each) };
        self.held.extend_from_slice(bytes);
        if self.held.len() >= self.awaited {
            let held = std::mem::take(&mut self.held);
            self.from = None;
            self.objects(&held, &|at| Identity { at: from.at + at as u64, ..from }, each);
        }
    }

    /// What comes next does not follow on: it may be read again.
    fn give(&mut self, each: &mut dyn FnMut(Frame<'_>)) {
        self.is_lost = false;
        if let Some(identity) = self.from.take() {
            let held = std::mem::take(&mut self.held);
            each(frame(&held, identity, true));
        }
    }

    fn held(&self) -> usize {
        self.held.len()
    }

    fn held_from(&self) -> Option<Identity> {
        self.from
    }
}

impl CutObjects {
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
