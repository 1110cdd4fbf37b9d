//! Unpacks the gzip members of a source and finds the lines in them.
//!
//! A line's identity is the place of its member and its number in it, so a member that is read again gives the same
//! identities. Nothing of a member is settled before all of it was read: the receipts stay open from its first byte on.
//! What it unpacks goes through a small buffer, whatever a member claims to hold.

use super::super::{Framer, Noted};
use crate::event::Identity;
use crate::event::chunk::{Chunk, Frame, Framing, Place, Source, Watermark};
use crate::event::time::Timestamp;
use crate::position::Receipt;
use flate2::{Decompress, FlushDecompress, Status};
use std::sync::Arc;

/// How a member begins: gzip, compressed by deflate.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// How much is unpacked at a time.
const UNPACKED_BYTES: usize = 32 << 10;
/// gzip's window, as a power of two.
const WINDOW_BITS: u8 = 15;

/// Has state, one a source.
pub struct Members {
    /// As the codec makes it, for every member anew.
    fresh: Box<dyn Framer>,
    /// The member that has no end yet.
    open: Option<Member>,
    /// The call of `frames` that brought its first byte.
    held_call: u64,
    /// Calls of `frames` so far.
    calls: u64,
    /// The offset at which it goes on.
    next: u64,
}

struct Member {
    source: Arc<Source>,
    /// `None`: the bytes are no gzip, and are taken as they are.
    unpack: Option<Decompress>,
    lines: Box<dyn Framer>,
    numbers: Numbers,
    /// Bytes that came out so far.
    unpacked: u64,
}

/// What tells the lines of a member apart.
struct Numbers {
    /// Of the member's first byte.
    place: Identity,
    time: Option<Timestamp>,
    /// The member came as one record, whose events are told apart as those of any record are.
    is_record: bool,
    /// Lines so far.
    count: u32,
}

impl Numbers {
    fn new(place: Identity, time: Option<Timestamp>, is_record: bool) -> Numbers {
        Numbers { place, time, is_record, count: 0 }
    }

    /// The identity of the next line.
    fn next(&mut self) -> Identity {
        let nth = self.count;
        self.count += 1;
        match (self.is_record, nth) {
            (true, 0) => self.place,
            (true, nth) => self.place.derived(u32::MAX, nth),
            (false, nth) => Identity { ordinal: nth, ..self.place },
        }
    }
}

/// What became of some bytes of a member.
enum Progress {
    /// All were taken; the member goes on.
    Open,
    /// The member ended behind so many of them.
    Ended(usize),
    /// So many were taken when it turned out that it is broken.
    Broken(usize),
}

impl Members {
    pub fn new(fresh: Box<dyn Framer>) -> Members {
        Members { fresh, open: None, held_call: 0, calls: 0, next: 0 }
    }

    fn begin(&mut self, source: &Arc<Source>, numbers: Numbers, bytes: &[u8]) -> Member {
        let starts = bytes.iter().zip(MAGIC).all(|(byte, magic)| *byte == magic);
        self.held_call = self.calls;
        Member {
            source: Arc::clone(source),
            unpack: starts.then(|| Decompress::new_gzip(WINDOW_BITS)),
            lines: self.fresh.boxed(),
            numbers,
            unpacked: 0,
        }
    }

    /// Takes bytes that follow on, from member to member. `place`: of a byte of them.
    fn take(
        &mut self,
        source: &Arc<Source>,
        bytes: &[u8],
        place: &dyn Fn(usize) -> Numbers,
        each: &mut dyn FnMut(Frame<'_>),
    ) {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let mut member = match self.open.take() {
                Some(member) => member,
                None => self.begin(source, place(at), rest),
            };
            match member.feed(rest, each) {
                Progress::Open => {
                    self.open = Some(member);
                    return;
                }
                Progress::Ended(taken) => {
                    member.end(false, each);
                    at += taken;
                }
                Progress::Broken(taken) => {
                    member.end(true, each);
                    // Nothing can be made of what follows, up to where another member may begin.
                    let behind = &rest[taken.max(1).min(rest.len())..];
                    let next = memchr::memmem::find(behind, &MAGIC).unwrap_or(behind.len());
                    at = bytes.len() - behind.len() + next;
                }
            }
        }
    }

    /// Nothing more comes.
    fn end(&mut self, each: &mut dyn FnMut(Frame<'_>)) {
        if let Some(mut member) = self.open.take() {
            member.end(true, each);
        }
    }

    fn split(&mut self, chunk: &Chunk, offset: u64, each: &mut dyn FnMut(Frame<'_>)) {
        if chunk.source.place == Place::Offset && offset != self.next {
            self.end(each);
        }
        self.next = offset + chunk.bytes.len() as u64;
        let place = |at: usize| {
            let identity = Identity { source: chunk.source.hash, at: offset + at as u64, ..Identity::default() };
            Numbers::new(identity, None, false)
        };
        self.take(&chunk.source, &chunk.bytes, &place, each);
    }
}

impl Member {
    fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Frame<'_>)) -> Progress {
        let Some(mut unpack) = self.unpack.take() else {
            // Not gzip: lines as they are, until a member begins.
            let len = memchr::memmem::find(bytes, &MAGIC).unwrap_or(bytes.len());
            self.lines(bytes[..len].to_vec(), true, false, each);
            return if len < bytes.len() { Progress::Ended(len) } else { Progress::Open };
        };
        let mut at = 0;
        let progress = loop {
            let mut out = Vec::with_capacity(UNPACKED_BYTES);
            let before = unpack.total_in();
            let status = unpack.decompress_vec(&bytes[at..], &mut out, FlushDecompress::None);
            at += (unpack.total_in() - before) as usize;
            let is_full = out.len() == out.capacity();
            let is_stuck = out.is_empty() && unpack.total_in() == before;
            self.lines(out, false, false, each);
            match status {
                Ok(Status::StreamEnd) => break Progress::Ended(at),
                // It is broken too if it neither takes nor gives anything.
                Err(_) => break Progress::Broken(at),
                Ok(_) if at == bytes.len() && !is_full => break Progress::Open,
                Ok(_) if is_stuck => break Progress::Broken(at),
                Ok(_) => {}
            }
        };
        self.unpack = Some(unpack);
        progress
    }

    /// Ends the member; `early`: before its own end.
    fn end(&mut self, early: bool, each: &mut dyn FnMut(Frame<'_>)) {
        let (is_gzip, count) = (self.unpack.is_some(), self.numbers.count);
        self.lines(Vec::new(), early || !is_gzip, true, each);
        if early && is_gzip && count == self.numbers.count {
            // It broke off between two lines: an empty one says so.
            let (identity, time) = (self.numbers.next(), self.numbers.time);
            each(Frame { bytes: b"", time, identity, truncated: false, damaged: true, lines: 1 });
        }
    }

    /// Finds lines in what was unpacked.
    fn lines(&mut self, bytes: Vec<u8>, damaged: bool, end: bool, each: &mut dyn FnMut(Frame<'_>)) {
        let framing = Framing::Bytes { offset: self.unpacked };
        self.unpacked += bytes.len() as u64;
        let (arrived, receipt, watermark) = (Timestamp::default(), Receipt::untracked(), Watermark::none());
        let chunk = Chunk { source: Arc::clone(&self.source), bytes, framing, arrived, receipt, watermark, end };
        let Member { lines, numbers, .. } = self;
        lines.frames(&chunk, &mut |frame| {
            let (identity, time) = (numbers.next(), numbers.time);
            each(Frame { identity, time, damaged, ..frame });
        });
    }
}

impl Framer for Members {
    fn frames(&mut self, chunk: &Chunk, each: &mut dyn FnMut(Frame<'_>)) {
        match &chunk.framing {
            Framing::Bytes { offset } => self.split(chunk, *offset, each),
            Framing::Lines(lines) => {
                for line in lines {
                    let frame = super::super::framing::given(chunk, line);
                    let Frame { identity, time, .. } = frame;
                    self.take(&chunk.source, frame.bytes, &|_| Numbers::new(identity, time, true), each);
                    self.end(each);
                }
            }
        }
        if chunk.end {
            self.end(each);
        }
        self.calls += 1;
    }

    /// Time does not end a member.
    fn release(&mut self, _now_ns: u64, force: bool, _noted: &Noted<'_>, each: &mut dyn FnMut(Frame<'_>)) {
        if force {
            self.end(each);
        }
    }

    fn held(&self) -> usize {
        self.open.as_ref().map_or(0, |member| member.lines.held().max(1))
    }

    fn held_since(&self) -> Option<u64> {
        self.open.as_ref().map(|_| self.held_call)
    }

    /// For a source that begins.
    fn boxed(&self) -> Box<dyn Framer> {
        Box::new(Members::new(self.fresh.boxed()))
    }
}
