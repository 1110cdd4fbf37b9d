//! Indices that take no documents at present, each with the documents that wait for it: a blocked or red index holds
//! back its own documents and nobody else's. Pure: the time is an argument.
//!
//! A ward is asked about with some of its documents, one ward at a time, and ends when the index turns none of them
//! away and nothing of it lies on disk any more: until then it is drained by requests of its own, so that its
//! documents keep their order. An index that is closed to writing on purpose is given up after a few tries: then its documents go to the dead
//! letters, one try each, until it opens.

use super::line::Line;
use super::piece::Piece;
use crate::backoff::Backoff;
use std::collections::BTreeMap;
use std::time::Instant;

/// Failed tries in a row after which an index that seems closed for good is given up.
const TRIES_MAX: u32 = 5;
/// Names that a broken pipeline could make are without number; beyond these, documents wait on their own.
const WARDS_MAX: usize = 256;

#[derive(Debug)]
struct Ward {
    line: Line,
    due: Instant,
    backoff: Backoff,
    /// Failures in a row that may be for good.
    doubts: u32,
    /// Some of its documents are on their way.
    asked: bool,
}

#[derive(Debug)]
pub struct Wards {
    wards: BTreeMap<Box<[u8]>, Ward>,
    backoff: Backoff,
}

impl Wards {
    pub fn new(backoff: Backoff) -> Wards {
        Wards { wards: BTreeMap::new(), backoff }
    }

    pub fn is_empty(&self) -> bool {
        self.wards.values().all(|ward| ward.line.is_empty())
    }

    /// Nothing waits in memory.
    pub fn holds_nothing(&self) -> bool {
        self.wards.values().all(|ward| ward.line.holds_nothing())
    }

    /// An index that was set aside before the start: its documents lie on disk.
    pub fn resume(&mut self, index: &[u8], now: Instant) {
        let (line, backoff) = (Line::new(true, false), self.backoff.clone());
        self.wards.insert(index.into(), Ward { line, due: now, backoff, doubts: 0, asked: false });
    }

    /// An index with documents to be written to the disk; `tails`: what stands behind others there goes in any case.
    pub fn cut(&mut self, pressed: bool, tails: bool) -> Option<(Box<[u8]>, Vec<Piece>)> {
        self.wards.iter_mut().find_map(|(name, ward)| {
            let due = if ward.line.is_spilled() {
                (tails || pressed) && ward.line.has_tail()
            } else {
                pressed && !ward.asked
            };
            let cut = if due { ward.line.cut() } else { Vec::new() };
            (!cut.is_empty()).then(|| (name.clone(), cut))
        })
    }

    /// An index of which nothing lies in memory that could be sent, and whether it takes documents.
    pub fn lacks(&self, now: Instant) -> Option<(Box<[u8]>, bool)> {
        let lacks = |ward: &Ward| ward.line.is_spilled() && !ward.line.has_head() && !ward.asked && ward.due <= now;
        self.wards.iter().find(|(_, ward)| lacks(ward)).map(|(name, ward)| (name.clone(), ward.backoff.tries() == 0))
    }

    pub fn line(&mut self, index: &[u8]) -> Option<&mut Line> {
        self.wards.get_mut(index).map(|ward| &mut ward.line)
    }

    /// Nothing is left of its documents on disk, and it takes them: it is no longer set aside.
    pub fn is_over(&self, index: &[u8]) -> bool {
        self.wards.get(index).is_some_and(|ward| !ward.asked && ward.line.is_empty() && ward.doubts == 0)
    }

    /// Everything in memory, by index.
    pub fn take_all(&mut self) -> Vec<(Box<[u8]>, Vec<Piece>)> {
        self.wards.iter_mut().map(|(name, ward)| (name.clone(), ward.line.take_all())).collect()
    }

    /// Whether any index is set aside: then documents must be looked at.
    pub fn any(&self) -> bool {
        !self.wards.is_empty()
    }

    pub fn contains(&self, index: &[u8]) -> bool {
        self.wards.contains_key(index)
    }

    /// Documents that came in for an index that is set aside.
    pub fn wait(&mut self, index: &[u8], piece: Piece) {
        if let Some(ward) = self.wards.get_mut(index) {
            ward.line.push(piece);
        }
    }

    /// The engine said that an index takes none. Says whether there was room for it here, and gives the piece back if not.
    pub fn set_aside(&mut self, index: &[u8], piece: Piece, now: Instant, random: u64) -> Result<(), Piece> {
        if !self.wards.contains_key(index) {
            if self.wards.len() >= WARDS_MAX {
                return Err(piece);
            }
            let mut backoff = self.backoff.clone();
            let due = now + backoff.next(random);
            let ward = Ward { line: Line::default(), due, backoff, doubts: 0, asked: false };
            self.wards.insert(index.into(), ward);
        }
        self.wait(index, piece);
        Ok(())
    }

    /// When the next index is to be asked about.
    pub fn due(&self) -> Option<Instant> {
        self.wards.values().filter(|ward| !ward.line.is_empty()).map(|ward| ward.due).min()
    }

    /// An index whose time has come, with its first documents, at most so many bytes.
    pub fn ask(&mut self, now: Instant, bytes_max: usize) -> Option<(Box<[u8]>, Piece)> {
        let waiting = self.wards.iter_mut().filter(|(_, ward)| ward.line.has_head() && ward.due <= now);
        let (name, ward) = waiting.min_by_key(|(_, ward)| ward.due)?;
        let mut first = ward.line.pop()?;
        let taken = first.take_first(first.fitting(bytes_max).max(1));
        if first.len() > 0 {
            ward.line.unget(first);
        }
        ward.asked = true;
        Some((name.clone(), taken))
    }

    /// What it was asked with came back, with or without an answer.
    pub fn heard(&mut self, index: &[u8]) {
        if let Some(ward) = self.wards.get_mut(index) {
            ward.asked = false;
        }
    }

    /// It took none of them. `doubtful`: perhaps it never will. Says whether it is given up.
    pub fn still_closed(&mut self, index: &[u8], doubtful: bool, now: Instant, random: u64) -> bool {
        let Some(ward) = self.wards.get_mut(index) else { return false };
        ward.doubts = if doubtful { ward.doubts + 1 } else { 0 };
        let given_up = ward.doubts >= TRIES_MAX;
        ward.due = if given_up { now } else { now + ward.backoff.next(random) };
        given_up
    }

    /// The documents asked about go back to the head of the queue.
    pub fn put_back(&mut self, index: &[u8], piece: Piece) {
        if let Some(ward) = self.wards.get_mut(index) {
            ward.line.unget(piece);
        }
    }

    /// It takes documents again: here are those that waited. While some lie on disk it stays, and is asked on at once.
    pub fn open(&mut self, index: &[u8], now: Instant) -> Vec<Piece> {
        let Some(ward) = self.wards.get_mut(index) else { return Vec::new() };
        if ward.line.is_spilled() {
            ward.backoff.reset();
            (ward.due, ward.doubts) = (now, 0);
            return Vec::new();
        }
        let pieces = ward.line.take_all();
        self.wards.remove(index);
        pieces
    }

    /// All indices are asked about now.
    pub fn hurry(&mut self, now: Instant) {
        self.wards.values_mut().for_each(|ward| ward.due = ward.due.min(now));
    }

    /// Names of the indices that are set aside.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.wards.keys().map(|name| String::from_utf8_lossy(name).into_owned())
    }
}
