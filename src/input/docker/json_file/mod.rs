//! A container's json-file log, read from disk: the files of the log in the order in which they were written.
//!
//! The *front* is read; behind it wait files that were begun later, up to the newest, opened as soon as they are seen: an
//! open file can be read to its end even if rotation removes it meanwhile. A front that has a successor is not written to any
//! more, so its end is its end.
//!
//! What does not join what came before it is a *jump*: the successor of the newest known file was gone before it was seen,
//! or the file was truncated. The reader of the lines makes a gap of it. All calls block; nothing here knows of tasks.
//!
//! Bounds: `WAITING_MAX` files wait, and each takes a place among the input's open files; the others stay on disk.

mod chain;
mod piece;
mod records;

pub use records::RecordReader;

use super::shared::Places;
use crate::input::disk::FileId;
use chain::Entry;
use piece::{Piece, Read};
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

pub use piece::READ_BYTES;

/// Files that are kept open behind the one that is read.
const WAITING_MAX: usize = 4;
/// The times of two streams, and of the parts of long lines, are out of order by less.
const DISORDER_NS: u64 = 2_000_000_000;
/// Bytes a nanosecond that no engine writes: a pause that is shorter than a file would have taken holds no file.
const BYTES_PER_NS_MAX: f64 = 0.2;
/// The files may change between listing and opening them so often.
const TRIES_MAX: usize = 5;

/// What came of reading.
#[derive(Debug)]
pub enum Step {
    /// Whole lines of the file: this part of the buffer.
    Lines(Vec<u8>, Range<usize>),
    /// Nothing more for now.
    AtEnd(Vec<u8>),
    /// What comes next does not join what came before.
    Jump(Jump),
}

/// Why lines may be missing between two reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    pub why: &'static str,
    /// Lines of which there were some are missing. Otherwise only a pause longer than `calm_ns` says so.
    pub is_sure: bool,
    pub calm_ns: u64,
}

/// An open log.
#[derive(Debug)]
pub struct JsonLog {
    path: PathBuf,
    front: Piece,
    waiting: VecDeque<Waiting>,
    places: Places,
    /// What to say before the front is read on.
    jump: Option<Jump>,
}

#[derive(Debug)]
struct Waiting {
    piece: Piece,
    /// What to say before it is read.
    jump: Option<Jump>,
    /// The first one needs none: the front is closed before it is read.
    _place: Option<OwnedSemaphorePermit>,
}

/// How a log looked when it was last read: what shows, without opening it, that it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glimpse {
    id: FileId,
    size: u64,
}

impl Glimpse {
    pub fn of(path: &Path) -> io::Result<Glimpse> {
        let metadata = fs::metadata(path)?;
        Ok(Glimpse { id: FileId::of(&metadata), size: metadata.len() })
    }
}

impl JsonLog {
    /// Opens the log where nothing before is as new as `since_ns` (0: at its beginning). `NotFound`: there is none.
    pub fn open(path: &Path, since_ns: u64, places: Places) -> io::Result<JsonLog> {
        let mut tries = 0;
        loop {
            match JsonLog::try_open(path, since_ns, places.clone()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries < TRIES_MAX && path.exists() => {
                    tries += 1
                }
                opened => return opened,
            }
        }
    }

    fn try_open(path: &Path, since_ns: u64, places: Places) -> io::Result<JsonLog> {
        let since_ns = since_ns.saturating_sub(DISORDER_NS);
        let entries = chain::list(path)?;
        let entry = first_needed(&entries, since_ns)?.ok_or(io::ErrorKind::NotFound)?;
        let mut front = Piece::open(entry)?;
        if since_ns > 0 {
            front.seek(since_ns)?;
        }
        Ok(JsonLog { path: path.to_path_buf(), front, waiting: VecDeque::new(), places, jump: None })
    }

    /// Reads on, into a buffer that is given back.
    pub fn next(&mut self, mut buffer: Vec<u8>) -> io::Result<Step> {
        loop {
            if let Some(jump) = self.jump.take() {
                return Ok(Step::Jump(jump));
            }
            // Before reading: with a successor, the front was complete when it was read.
            self.look()?;
            let (bytes, part) = match self.front.read(buffer)? {
                Read::Lines(bytes, part) => return Ok(Step::Lines(bytes, part)),
                Read::Truncated => return Ok(self.truncated()),
                Read::End(bytes, part) => (bytes, part),
            };
            let Some(successor) = self.waiting.pop_front() else { return Ok(Step::AtEnd(bytes)) };
            (self.front, self.jump) = (successor.piece, successor.jump);
            if !part.is_empty() {
                return Ok(Step::Lines(bytes, part));
            }
            buffer = bytes;
        }
    }

    fn truncated(&mut self) -> Step {
        let is_sure = !self.front.was_at_end();
        self.front.rewind();
        Step::Jump(Jump { why: "truncated", is_sure, calm_ns: u64::MAX })
    }

    /// Looks for successors of the newest file that is known, and opens them.
    fn look(&mut self) -> io::Result<()> {
        let newest = self.waiting.back().map_or(&self.front, |waiting| &waiting.piece);
        let now = match fs::metadata(&self.path) {
            Ok(metadata) => FileId::of(&metadata),
            // The engine is renaming, or has removed the log.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if now == newest.id || self.waiting.len() == WAITING_MAX {
            return Ok(());
        }
        // What cannot be listed or opened now is tried again with the next read.
        let Ok(entries) = chain::list(&self.path) else { return Ok(()) };
        let (from, mut jump) = successors(newest, &entries)?;
        for entry in &entries[from..] {
            let place = Arc::clone(&self.places).try_acquire_owned().ok();
            if self.waiting.len() == WAITING_MAX || (place.is_none() && !self.waiting.is_empty()) {
                break;
            }
            let Ok(piece) = Piece::open(entry) else { break };
            self.waiting.push_back(Waiting { piece, jump: jump.take(), _place: place });
        }
        Ok(())
    }
}

/// The entry in which `since_ns` stands: the newest that begins before it, or the oldest of all.
fn first_needed(entries: &[Entry], since_ns: u64) -> io::Result<Option<&Entry>> {
    for entry in entries.iter().rev().take_while(|_| since_ns > 0) {
        if piece::head(entry)?.is_some_and(|(_, time)| time.is_some_and(|time| time < since_ns)) {
            return Ok(Some(entry));
        }
    }
    Ok(entries.first())
}

/// Where in `entries` those begin that were written after `piece`.
fn successors(piece: &Piece, entries: &[Entry]) -> io::Result<(usize, Option<Jump>)> {
    if let Some(at) = entries.iter().position(|entry| entry.id == piece.id) {
        return Ok((at + 1, None));
    }
    // Compressed meanwhile, it is another file with the same first line.
    if let Some(head) = piece.head()? {
        for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.is_packed) {
            if piece::head(entry).ok().flatten().is_some_and(|(found, _)| found == head) {
                return Ok((at + 1, None));
            }
        }
    }
    let calm_ns = (piece.size() as f64 / BYTES_PER_NS_MAX) as u64;
    Ok((0, Some(Jump { why: "rotated", is_sure: false, calm_ns })))
}

#[cfg(test)]
mod tests;
