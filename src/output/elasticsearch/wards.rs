//! Indices that take no documents at present, each with the documents that wait for it: a blocked or red index holds
//! back its own documents and nobody else's. Pure: the time is an argument.
//!
//! A ward is asked about with some of its documents, one ward at a time, and ends when the index turns none of them
//! away. An index that is closed to writing on purpose is given up after a few tries: then its documents go to the dead
//! letters, one try each, until it opens.

use super::piece::Piece;
use crate::backoff::Backoff;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// Failed tries in a row after which an index that seems closed for good is given up.
const TRIES_MAX: u32 = 5;
/// Names that a broken pipeline could make are without number; beyond these, documents wait on their own.
const WARDS_MAX: usize = 256;

#[derive(Debug)]
struct Ward {
    pieces: VecDeque<Piece>,
    due: Instant,
    backoff: Backoff,
    /// Failures in a row that may be for good.
    doubts: u32,
}

#[derive(Debug)]
pub struct Wards {
    wards: HashMap<Box<[u8]>, Ward>,
    backoff: Backoff,
}

impl Wards {
    pub fn new(backoff: Backoff) -> Wards {
        Wards { wards: HashMap::new(), backoff }
    }

    pub fn is_empty(&self) -> bool {
        self.wards.values().all(|ward| ward.pieces.is_empty())
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
            ward.pieces.push_back(piece);
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
            let ward = Ward { pieces: VecDeque::new(), due, backoff, doubts: 0 };
            self.wards.insert(index.into(), ward);
        }
        self.wait(index, piece);
        Ok(())
    }

    /// When the next index is to be asked about.
    pub fn due(&self) -> Option<Instant> {
        self.wards.values().filter(|ward| !ward.pieces.is_empty()).map(|ward| ward.due).min()
    }

    /// An index whose time has come, with its first documents, at most so many bytes.
    pub fn ask(&mut self, now: Instant, bytes_max: usize) -> Option<(Box<[u8]>, Piece)> {
        let waiting = self.wards.iter_mut().filter(|(_, ward)| !ward.pieces.is_empty() && ward.due <= now);
        let (name, ward) = waiting.min_by_key(|(_, ward)| ward.due)?;
        let first = ward.pieces.front_mut()?;
        let taken = first.take_first(first.fitting(bytes_max).max(1));
        if first.len() == 0 {
            ward.pieces.pop_front();
        }
        Some((name.clone(), taken))
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
            ward.pieces.push_front(piece);
        }
    }

    /// It takes documents again: here are those that waited.
    pub fn open(&mut self, index: &[u8]) -> VecDeque<Piece> {
        self.wards.remove(index).map(|ward| ward.pieces).unwrap_or_default()
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
