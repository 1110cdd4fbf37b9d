//! Where a line came from, and the receipt that says it arrived.
//!
//! Terms: a *source* is one ordered stream of lines (a container's stdout, a file). A *position* is a place in
//! it. A *receipt* stands for a stretch of lines up to a position: it is opened when they are read and closed
//! when the engine (or the spool) has answered for every document made of them. A *pause* is a place behind a line where a
//! record of several lines was ended because nothing followed, which the source itself does not say: another line may follow
//! after all. So pauses are noted on disk before such a record leaves, and whoever reads the lines again ends it there again.
//!
//! Invariant: a receipt that is dropped without a verdict never looks like success. It is reported as forgotten,
//! and the position stays where it was.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The name of a source, stable over restarts: `docker:<container id>:stdout`, `file:<device>:<inode>:<fingerprint>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceKey(Arc<str>);

impl SourceKey {
    pub fn new(name: &str) -> Self {
        SourceKey(Arc::from(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place in a source; larger is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// Docker's time of the last line in nanoseconds since 1970, or the byte offset behind the last line of a file.
    pub at: u64,
    /// How many lines with the same `at` are behind us, less one; always 0 for files.
    pub ordinal: u32,
}

/// The book of open receipts. Implemented by the registry; inputs and workers see only this.
pub trait Ledger: Send + Sync {
    /// The position up to which everything is safely delivered, `None` for a source never seen.
    fn position(&self, source: &SourceKey) -> Option<Position>;
    /// Opens a receipt for the lines behind the last opened position, up to and including `up_to`.
    /// Receipts of one source must be opened in order. `bytes` is what was taken from the budget for them.
    fn open(&self, source: &SourceKey, up_to: Position, bytes: usize) -> Receipt;
    /// Reading of the source begins, or begins again, behind `from`: it starts elsewhere than at its beginning, it was
    /// truncated, or it is read a second time. The position becomes `from`; receipts opened before no longer move it.
    fn begin(&self, source: &SourceKey, from: Position);
    /// The source is gone for good (container removed, file deleted) and has been read to its end: its position is
    /// dropped. Receipts that are still open keep their lines, and nothing else.
    fn forget(&self, source: &SourceKey);
}

/// Who is told when the last share of a receipt is gone.
pub trait Closing: Send + Sync {
    /// Every share was settled.
    fn settled(&self, entry: u64);
    /// At least one share was dropped without a verdict.
    fn forgotten(&self, entry: u64);
    /// Its lines, and what was made of them, hold so many bytes now.
    fn weighed(&self, _entry: u64, _bytes: usize) {}
    /// See `Receipt::apart`.
    fn apart(&self) -> Receipt {
        Receipt::untracked()
    }
    /// See `Receipt::note_pause`.
    fn note_pause(&self, _source: &SourceKey, _behind: Position) -> bool {
        true
    }
    /// See `Receipt::pauses`.
    fn pauses(&self, _source: &SourceKey) -> Vec<Position> {
        Vec::new()
    }
}

struct Shares {
    entry: u64,
    left: AtomicUsize,
    forgotten: AtomicBool,
    book: Arc<dyn Closing>,
}

/// One share of a stretch of lines. `share` makes another; every share must be settled.
#[must_use = "a receipt that is dropped holds its source's position back for ever"]
pub struct Receipt(Option<Arc<Shares>>);

impl Receipt {
    /// Opens the first share of `entry` in `book`.
    pub fn open(entry: u64, book: Arc<dyn Closing>) -> Self {
        Receipt(Some(Arc::new(Shares { entry, left: AtomicUsize::new(1), forgotten: AtomicBool::new(false), book })))
    }

    /// A receipt that nobody keeps a book on: for dry runs and tests.
    pub fn untracked() -> Self {
        Receipt(None)
    }

    /// Another share of the same lines: each output's part, a line held for its continuation.
    pub fn share(&self) -> Self {
        Receipt(self.0.as_ref().map(|shares| {
            shares.left.fetch_add(1, Ordering::Relaxed);
            Arc::clone(shares)
        }))
    }

    /// What was read under it holds so many bytes now.
    pub fn weigh(&self, bytes: usize) {
        if let Some(shares) = &self.0 {
            shares.book.weighed(shares.entry, bytes);
        }
    }

    /// A receipt for bytes alone, and for no position: of what was made of lines while others, read with them, are still held.
    pub fn apart(&self) -> Receipt {
        self.0.as_ref().map_or_else(Receipt::untracked, |shares| shares.book.apart())
    }

    /// Notes a pause of its source behind the line that begins at `behind`, if it is not noted yet. Answers whether the record before it may
    /// leave: the pause is on disk, or nobody keeps it. The caller asks again until it may.
    pub fn note_pause(&self, source: &SourceKey, behind: Position) -> bool {
        self.0.as_ref().is_none_or(|shares| shares.book.note_pause(source, behind))
    }

    /// The pauses of its source that were noted, of lines that may be read again.
    pub fn pauses(&self, source: &SourceKey) -> Vec<Position> {
        self.0.as_ref().map_or_else(Vec::new, |shares| shares.book.pauses(source))
    }

    /// This share's documents have their verdict: stored, already there, kept as dead letters, or dropped on purpose.
    pub fn settle(mut self) {
        if let Some(shares) = self.0.take() {
            shares.give_back();
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(shares) = self.0.take() {
            shares.forgotten.store(true, Ordering::Relaxed);
            shares.give_back();
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(shares) => write!(f, "Receipt({})", shares.entry),
            None => f.write_str("Receipt(untracked)"),
        }
    }
}

impl Shares {
    fn give_back(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        if self.forgotten.load(Ordering::Relaxed) {
            self.book.forgotten(self.entry);
        } else {
            self.book.settled(self.entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Book(Mutex<Vec<(u64, &'static str)>>);
    impl Closing for Book {
        fn settled(&self, entry: u64) {
            self.0.lock().unwrap().push((entry, "settled"));
        }
        fn forgotten(&self, entry: u64) {
            self.0.lock().unwrap().push((entry, "forgotten"));
        }
    }

    #[test]
    fn a_receipt_closes_with_its_last_share() {
        let book = Arc::new(Book::default());
        let one = Receipt::open(7, book.clone());
        let two = one.share();
        one.settle();
        assert!(book.0.lock().unwrap().is_empty());
        two.settle();
        assert_eq!(*book.0.lock().unwrap(), [(7, "settled")]);
    }

    #[test]
    fn a_dropped_share_is_forgotten_even_if_the_others_settle() {
        let book = Arc::new(Book::default());
        let one = Receipt::open(8, book.clone());
        let two = one.share();
        drop(one);
        two.settle();
        assert_eq!(*book.0.lock().unwrap(), [(8, "forgotten")]);
    }
}
