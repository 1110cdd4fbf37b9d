//! Which of the waiting documents go to the disk, and what is read back: the part of the outbox that knows of lanes.

use super::{Outbox, WARD_BYTES_MAX};
use crate::event::destination::DocBatch;
use crate::event::spool::MAIN;
use crate::output::elasticsearch::line::Line;
use crate::output::elasticsearch::piece::Piece;
use std::time::Instant;

/// What is read from the disk to see whether the engine takes it.
pub(super) const PROBE_BYTES: usize = 64 << 10;
/// Pages of the disk that fit into what may be held: of two outputs, each with one that is read and two on their way, and
/// some room for what is not from the disk.
const PAGES_HELD: usize = 8;

/// Documents for a lane on disk.
#[derive(Debug)]
pub struct Spill {
    pub lane: Box<[u8]>,
    pub pieces: Vec<Piece>,
}

/// How urgently memory is needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Need {
    /// Documents hold more memory than they should.
    pub pressed: bool,
    /// No document has had a verdict for a while.
    pub stalled: bool,
    /// The time to stop has come: what stands behind documents on disk goes there too.
    pub stopping: bool,
}

impl Outbox {
    /// What is read from the disk at a time is no more than a part of what may be held: of each lane's pages some are
    /// on their way while the next is read.
    pub fn hold(&mut self, bytes_max: usize) {
        self.page_bytes = (bytes_max / PAGES_HELD).max(PROBE_BYTES);
    }

    /// Lanes on disk hold documents from before; `always`: everything goes through the disk.
    pub fn resume(&mut self, lanes: &[Box<[u8]>], always: bool, now: Instant) {
        self.fresh = Line::new(lanes.iter().any(|lane| lane.is_empty()), always);
        lanes.iter().filter(|lane| !lane.is_empty()).for_each(|index| self.wards.resume(index, now));
    }

    /// What is to be written to the disk now. Nothing is before its time has come, and only the last of what lies in
    /// memory, so that what lies on the disk has come before it.
    pub fn spill(&mut self, need: Need) -> Option<Spill> {
        let tails = need.stopping || (need.pressed && need.stalled);
        if self.fresh.is_spilled() || self.fresh.is_always() {
            if self.fresh.has_tail() && (tails || self.fresh.is_always()) {
                return Some(Spill { lane: MAIN.into(), pieces: self.fresh.cut() });
            }
        } else if need.pressed && need.stalled && self.under_way == 0 {
            let pieces = self.cut_fresh();
            if !pieces.is_empty() {
                return Some(Spill { lane: MAIN.into(), pieces });
            }
        }
        self.wards.cut(need.pressed, need.stopping).map(|(lane, pieces)| Spill { lane, pieces })
    }

    /// What the engine's load turned away has come before what is fresh.
    fn cut_fresh(&mut self) -> Vec<Piece> {
        let again = std::mem::take(&mut self.again);
        for (due, mut pieces) in again.into_iter().rev() {
            let (load, doubtful): (Vec<_>, Vec<_>) = pieces.drain(..).partition(|piece| piece.tries == 0);
            load.into_iter().rev().for_each(|piece| self.fresh.unget(piece));
            if !doubtful.is_empty() {
                self.again.insert(due, doubtful);
            }
        }
        self.fresh.cut()
    }

    /// What was to be written is, but for `rest`; `more`: the lane has documents to give out.
    pub fn spilled(&mut self, lane: &[u8], rest: Vec<Piece>, more: bool) {
        if let Some(line) = self.line(lane) {
            line.written(rest, more);
        }
    }

    fn line(&mut self, lane: &[u8]) -> Option<&mut Line> {
        if lane.is_empty() { Some(&mut self.fresh) } else { self.wards.line(lane) }
    }

    /// A lane to be read from, and how much of it.
    pub fn lacks(&self, need: Need, now: Instant) -> Option<(Box<[u8]>, usize)> {
        if need.stopping || self.pace.paused(now).is_some() {
            return None;
        }
        let bytes = if need.stalled { PROBE_BYTES } else { self.pace.bytes().min(self.page_bytes) };
        if self.fresh.is_spilled() && self.fresh.head_bytes() < bytes && !(need.stalled && self.fresh.has_head()) {
            return Some((MAIN.into(), bytes));
        }
        let (lane, is_open) = self.wards.lacks(now)?;
        Some((lane, if is_open { WARD_BYTES_MAX.min(bytes) } else { PROBE_BYTES }))
    }

    /// A lane gave out its next documents; `more`: it has others.
    pub fn refill(&mut self, lane: &[u8], batch: Option<DocBatch>, more: bool, now: Instant) {
        let mut piece = batch.and_then(Piece::new);
        piece.iter_mut().for_each(|piece| piece.on_disk = true);
        let Some(line) = self.line(lane) else { return };
        line.refill(piece, more);
        if self.wards.is_over(lane) {
            self.open_ward(lane, now);
        }
    }

    pub(super) fn open_ward(&mut self, index: &[u8], now: Instant) {
        for piece in self.wards.open(index, now).into_iter().rev() {
            self.fresh.unget(piece);
        }
    }

    /// Everything in memory, for the lanes it belongs to, and how many documents lie on the disk already.
    pub fn take_all(&mut self) -> (Vec<Spill>, usize) {
        let mut fresh: Vec<Piece> = std::mem::take(&mut self.exact).into_iter().flatten().collect();
        fresh.extend(std::mem::take(&mut self.again).into_values().flatten());
        fresh.extend(self.fresh.take_all());
        let mut spills = vec![Spill { lane: MAIN.into(), pieces: fresh }];
        spills.extend(self.wards.take_all().into_iter().map(|(lane, pieces)| Spill { lane, pieces }));
        let mut there = 0;
        for spill in &mut spills {
            there += spill.pieces.iter().filter(|piece| piece.on_disk).map(Piece::len).sum::<usize>();
            spill.pieces.retain(|piece| !piece.on_disk);
        }
        spills.retain(|spill| !spill.pieces.is_empty());
        (spills, there)
    }

    /// Nothing waits in memory and nothing is on its way.
    pub fn holds_nothing(&self) -> bool {
        let nothing_waits = self.fresh.holds_nothing() && self.again.is_empty() && self.exact.is_empty();
        nothing_waits && self.under_way == 0 && !self.ward_under_way && self.wards.holds_nothing()
    }
}
