//! The book of open receipts: which stretches of which source wait for their verdict, and how far each source is
//! safely delivered. Pure: no file, no clock, no lock.
//!
//! Terms: an *entry* is an open receipt's line in the book, up to a position. Entries of a source stand in a queue in
//! the order of opening. An entry is *waiting*, *settled* or *forgotten* (dropped without a verdict). A queue is *left*
//! when its source is read anew or is gone: its entries give their bytes back, and move nothing. A *pause* is a place where a
//! record was ended because nothing followed (`position`).
//!
//! Invariants:
//! - A source's position is the end of the longest run of settled entries from the start of its queue; a later entry
//!   that is settled first moves nothing.
//! - A pause stays until the position has passed the line before it, also when reading begins anew.
//! - Behind a forgotten entry the position never moves again, until reading begins anew.
//! - The queue holds waiting entries and what stands behind the first of them, so its length is bounded by the byte
//!   budget, whatever was forgotten.
//!
//! Opening and closing cost one hash of the key, and one index into the queue, whatever stands in the book.

use crate::position::Position;
use crate::position::SourceKey;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::Duration;

/// The pauses of all sources together: what is noted beyond that would make the file large. Each goes with lines that are in memory or
/// on the way to the engine, so this is reached only where a receipt was forgotten.
const PAUSES_MAX: usize = 1 << 16;

/// How an entry ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Settled,
    Forgotten,
}

/// What closing an entry did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// What its lines held in memory.
    pub bytes: usize,
    /// The position of its source moved: the file is out of date.
    pub changed: bool,
}

/// A source's position, as it is kept on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub key: SourceKey,
    /// `None`: nothing of it is delivered.
    pub position: Option<Position>,
    /// In the order in which they were noted.
    pub pauses: Vec<Position>,
    /// When an input last had to do with it, in nanoseconds since 1970.
    pub seen_ns: u64,
}

/// A place where a record was ended because nothing followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The line before it.
    pub behind: Position,
    /// Pauses are numbered from 1 as they are noted; 0: it was read from the file.
    pub number: u64,
    /// When it was noted, by a clock that never steps.
    pub noted_ns: u64,
}

/// The book of all sources.
#[derive(Debug, Default)]
pub struct Book {
    numbers: HashMap<SourceKey, u32>,
    sources: Vec<Source>,
    /// Numbers of queues that are left and empty; the next new source takes one over.
    free: Vec<u32>,
    waiting: usize,
    forgotten: usize,
    /// Of all sources together.
    pauses: usize,
    /// The number of the latest pause.
    paused: u64,
}

#[derive(Debug)]
struct Source {
    /// `None`: the queue is left.
    key: Option<SourceKey>,
    position: Option<Position>,
    seen_ns: u64,
    /// An input asked for it in this run: it lives until it is said to be gone.
    asked: bool,
    pauses: Vec<Pause>,
    queue: VecDeque<Entry>,
    /// The sequence number of the queue's front. It goes on from source to source that have the same number, so that
    /// no entry's id comes twice.
    first: u32,
    /// A forgotten entry has left the queue: the position stays.
    held: bool,
    /// Forgotten entries that hold the position back, or will.
    forgotten: usize,
}

#[derive(Debug)]
struct Entry {
    up_to: Position,
    opened_ns: u64,
    bytes: usize,
    verdict: Option<Verdict>,
}

impl Book {
    /// A book that starts with what the file says.
    pub fn load(kept: impl IntoIterator<Item = Kept>) -> Book {
        let mut book = Book::default();
        for Kept { key, position, pauses, seen_ns } in kept {
            let number = book.number(&key);
            let source = &mut book.sources[number as usize];
            book.pauses += pauses.len();
            source.position = position;
            source.pauses = pauses.into_iter().map(|behind| Pause { behind, number: 0, noted_ns: 0 }).collect();
            source.seen_ns = seen_ns;
        }
        book
    }

    /// Entries without a verdict.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// When the oldest entry without a verdict was opened, in nanoseconds since 1970.
    pub fn oldest_ns(&self) -> Option<u64> {
        // The front of a queue waits: what is closed there has left it.
        self.sources.iter().filter_map(|source| source.queue.front()).map(|entry| entry.opened_ns).min()
    }

    /// Forgotten entries that hold their source's position back.
    pub fn forgotten(&self) -> usize {
        self.forgotten
    }

    /// How far the source is safely delivered; `None` for one never seen. The asking keeps it in the book.
    pub fn position(&mut self, key: &SourceKey, now_ns: u64) -> Option<Position> {
        let number = *self.numbers.get(key)?;
        let source = &mut self.sources[number as usize];
        source.see(now_ns);
        source.position
    }

    /// Notes a pause behind a line, or finds it noted. `None`: it is not kept, because the source is gone, the line is delivered, or
    /// there are too many.
    pub fn note_pause(&mut self, key: &SourceKey, behind: Position, now_ns: u64) -> Option<Pause> {
        let number = *self.numbers.get(key)?;
        let source = &mut self.sources[number as usize];
        if Some(behind) < source.position {
            return None;
        }
        if let Some(noted) = source.pauses.iter().rfind(|pause| pause.behind == behind) {
            return Some(*noted);
        }
        if self.pauses >= PAUSES_MAX {
            return None;
        }
        self.pauses += 1;
        self.paused += 1;
        let pause = Pause { behind, number: self.paused, noted_ns: now_ns };
        source.pauses.push(pause);
        Some(pause)
    }

    /// The pauses of a source behind lines that may be read again.
    pub fn pauses(&self, key: &SourceKey) -> Vec<Position> {
        self.numbers.get(key).map_or_else(Vec::new, |number| self.sources[*number as usize].paused_behind())
    }

    /// How many pauses were noted so far.
    pub fn paused(&self) -> u64 {
        self.paused
    }

    /// Opens an entry behind the last one of its source; answers with its id.
    pub fn open(&mut self, key: &SourceKey, up_to: Position, bytes: usize, now_ns: u64) -> u64 {
        let number = self.number(key);
        let source = &mut self.sources[number as usize];
        source.see(now_ns);
        let sequence = source.first.wrapping_add(source.queue.len() as u32);
        source.queue.push_back(Entry { up_to, opened_ns: now_ns, bytes, verdict: None });
        self.waiting += 1;
        (u64::from(number) << 32) | u64::from(sequence)
    }

    /// An entry holds so many bytes now; answers with what it held before. `None`: there is none that waits.
    pub fn weigh(&mut self, id: u64, bytes: usize) -> Option<usize> {
        let source = self.sources.get_mut((id >> 32) as usize)?;
        let index = (id as u32).wrapping_sub(source.first) as usize;
        let entry = source.queue.get_mut(index).filter(|entry| entry.verdict.is_none())?;
        Some(std::mem::replace(&mut entry.bytes, bytes))
    }

    /// Closes an entry. `None`: there is no such entry, or it was closed before.
    pub fn close(&mut self, id: u64, verdict: Verdict) -> Option<Closed> {
        let number = (id >> 32) as usize;
        let source = self.sources.get_mut(number)?;
        let index = (id as u32).wrapping_sub(source.first) as usize;
        let entry = source.queue.get_mut(index).filter(|entry| entry.verdict.is_none())?;
        entry.verdict = Some(verdict);
        let bytes = entry.bytes;
        self.waiting -= 1;
        if verdict == Verdict::Forgotten && source.key.is_some() {
            source.forgotten += 1;
            self.forgotten += 1;
        }
        let changed = source.advance();
        if changed {
            self.pauses -= source.drop_pauses();
        }
        self.free_if_done(number as u32);
        Some(Closed { bytes, changed })
    }

    /// Reading begins behind `from`, whatever was opened before.
    pub fn begin(&mut self, key: &SourceKey, from: Position, now_ns: u64) {
        let number = self.numbers.get(key);
        let pauses = number.map_or_else(Vec::new, |number| std::mem::take(&mut self.sources[*number as usize].pauses));
        self.forget(key);
        let number = self.number(key);
        let source = &mut self.sources[number as usize];
        source.see(now_ns);
        (source.position, source.pauses) = (Some(from), pauses);
        self.pauses -= source.drop_pauses();
    }

    /// The source leaves the book. Answers whether it stood there.
    pub fn forget(&mut self, key: &SourceKey) -> bool {
        let Some(number) = self.numbers.remove(key) else { return false };
        let source = &mut self.sources[number as usize];
        source.key = None;
        self.pauses -= std::mem::take(&mut source.pauses).len();
        self.forgotten -= std::mem::take(&mut source.forgotten);
        self.free_if_done(number);
        true
    }

    /// Takes out the sources of which no input has asked in this run and that were last seen more than `after` before
    /// `now_ns`. Answers how many.
    pub fn clean(&mut self, after: Duration, now_ns: u64) -> usize {
        let oldest_ns = now_ns.saturating_sub(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX));
        self.retain(|source| source.asked || source.seen_ns >= oldest_ns)
    }

    /// What the file must say now. A source that an input asked for in this run is seen now.
    pub fn kept(&self, now_ns: u64) -> Vec<Kept> {
        let mut kept: Vec<Kept> = self
            .numbers
            .values()
            .map(|number| &self.sources[*number as usize])
            .filter_map(|source| source.kept(now_ns))
            .collect();
        kept.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        kept
    }

    fn retain(&mut self, stays: impl Fn(&Source) -> bool) -> usize {
        let leaving: Vec<SourceKey> = self
            .numbers
            .iter()
            .filter(|(_, number)| !stays(&self.sources[**number as usize]))
            .map(|(key, _)| key.clone())
            .collect();
        leaving.iter().filter(|key| self.forget(key)).count()
    }

    /// The number of a source, given to it if it has none.
    fn number(&mut self, key: &SourceKey) -> u32 {
        if let Some(&number) = self.numbers.get(key) {
            return number;
        }
        let number = match self.free.pop() {
            Some(number) => {
                let first = self.sources[number as usize].first;
                self.sources[number as usize] = Source::new(key.clone(), first);
                number
            }
            None => {
                self.sources.push(Source::new(key.clone(), 0));
                (self.sources.len() - 1) as u32
            }
        };
        self.numbers.insert(key.clone(), number);
        number
    }

    fn free_if_done(&mut self, number: u32) {
        let source = &self.sources[number as usize];
        if source.key.is_none() && source.queue.is_empty() {
            self.free.push(number);
        }
    }
}

impl Source {
    fn new(key: SourceKey, first: u32) -> Source {
        Source {
            key: Some(key),
            position: None,
            seen_ns: 0,
            asked: false,
            pauses: Vec::new(),
            queue: VecDeque::new(),
            first,
            held: false,
            forgotten: 0,
        }
    }

    /// An input has to do with it.
    fn see(&mut self, now_ns: u64) {
        self.seen_ns = now_ns;
        self.asked = true;
    }

    /// Takes closed entries from the front of the queue. Answers whether the position of a source in the book moved.
    fn advance(&mut self) -> bool {
        let before = self.position;
        while let Some(verdict) = self.queue.front().and_then(|entry| entry.verdict) {
            let Some(entry) = self.queue.pop_front() else { break };
            self.first = self.first.wrapping_add(1);
            self.held |= verdict == Verdict::Forgotten;
            if !self.held {
                // `Some` is greater than `None`; a position never steps back.
                self.position = self.position.max(Some(entry.up_to));
            }
        }
        self.key.is_some() && self.position != before
    }

    /// Forgets the pauses that the position has passed. Answers how many.
    fn drop_pauses(&mut self) -> usize {
        let before = self.pauses.len();
        self.pauses.retain(|pause| Some(pause.behind) >= self.position);
        before - self.pauses.len()
    }

    fn paused_behind(&self) -> Vec<Position> {
        self.pauses.iter().map(|pause| pause.behind).collect()
    }

    fn kept(&self, now_ns: u64) -> Option<Kept> {
        if self.position.is_none() && self.pauses.is_empty() {
            return None;
        }
        let seen_ns = if self.asked { now_ns } else { self.seen_ns };
        Some(Kept { key: self.key.clone()?, position: self.position, pauses: self.paused_behind(), seen_ns })
    }
}

#[cfg(test)]
mod tests;
