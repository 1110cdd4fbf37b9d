//! The book against a naive model that keeps every entry ever opened and looks at all of them each time.

use super::*;
use crate::position::Closing;
use crate::position::Receipt;
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::Mutex;

const SOURCES: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Open { source: usize, ahead: u64, bytes: usize },
    Share { receipt: usize },
    Settle { receipt: usize },
    Drop { receipt: usize },
    Begin { source: usize, from: u64 },
    Pause { source: usize, behind: u64 },
    Forget { source: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let receipt = 0usize..64;
    prop_oneof![
        4 => (0..SOURCES, 0u64..4, 0usize..100).prop_map(|(source, ahead, bytes)| Step::Open { source, ahead, bytes }),
        2 => receipt.clone().prop_map(|receipt| Step::Share { receipt }),
        5 => receipt.clone().prop_map(|receipt| Step::Settle { receipt }),
        1 => receipt.prop_map(|receipt| Step::Drop { receipt }),
        1 => (0..SOURCES, 0u64..50).prop_map(|(source, from)| Step::Begin { source, from }),
        2 => (0..SOURCES, 0u64..50).prop_map(|(source, behind)| Step::Pause { source, behind }),
        1 => (0..SOURCES).prop_map(|source| Step::Forget { source }),
    ]
}

fn at(at: u64) -> Position {
    Position { at, ordinal: 0 }
}

fn key(source: usize) -> SourceKey {
    SourceKey::new(&format!("source {source}"))
}

/// A book that receipts close themselves in.
#[derive(Default)]
struct Desk {
    book: Mutex<Book>,
    bytes_back: Mutex<usize>,
}

impl Desk {
    fn close(&self, entry: u64, verdict: Verdict) {
        let closed = self.book.lock().unwrap().close(entry, verdict).expect("every receipt closes once");
        *self.bytes_back.lock().unwrap() += closed.bytes;
    }
}

impl Closing for Desk {
    fn settled(&self, entry: u64) {
        self.close(entry, Verdict::Settled);
    }

    fn forgotten(&self, entry: u64) {
        self.close(entry, Verdict::Forgotten);
    }
}

/// An entry as the model sees it.
#[derive(Clone, Debug)]
struct Plain {
    source: usize,
    up_to: u64,
    bytes: usize,
    shares: usize,
    dropped: bool,
    /// Opened before reading began anew, or before the source left the book.
    void: bool,
}

#[derive(Default)]
struct Model {
    start: [Option<u64>; SOURCES],
    /// Whether the source stands in the book.
    known: [bool; SOURCES],
    /// All that were ever noted, but those that a position had passed.
    pauses: [Vec<u64>; SOURCES],
    entries: Vec<Plain>,
}

impl Model {
    fn of(&self, source: usize) -> impl Iterator<Item = &Plain> {
        self.entries.iter().filter(move |entry| entry.source == source && !entry.void)
    }

    fn position(&self, source: usize) -> Option<u64> {
        self.of(source)
            .take_while(|entry| entry.shares == 0 && !entry.dropped)
            .fold(self.start[source], |position, entry| position.max(Some(entry.up_to)))
    }

    fn pauses(&self, source: usize) -> Vec<u64> {
        self.pauses[source].clone()
    }

    /// Those that the position has passed go, for good: it may go back.
    fn drop_pauses(&mut self) {
        for source in 0..SOURCES {
            let position = self.position(source);
            self.pauses[source].retain(|behind| position.is_none_or(|position| *behind >= position));
        }
    }

    fn forgotten(&self) -> usize {
        self.entries.iter().filter(|entry| !entry.void && entry.shares == 0 && entry.dropped).count()
    }

    fn waiting(&self) -> usize {
        self.entries.iter().filter(|entry| entry.shares > 0).count()
    }

    fn bytes_back(&self) -> usize {
        self.entries.iter().filter(|entry| entry.shares == 0).map(|entry| entry.bytes).sum()
    }

    fn begin(&mut self, source: usize, from: Option<u64>) {
        self.entries.iter_mut().filter(|entry| entry.source == source).for_each(|entry| entry.void = true);
        self.start[source] = from;
    }
}

/// The book, the model, and the receipts that are out, each with its entry in the model.
#[derive(Default)]
struct Pair {
    desk: Arc<Desk>,
    model: Model,
    receipts: Vec<(usize, Receipt)>,
}

impl Pair {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.desk.book.lock().unwrap()
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Open { source, ahead, bytes } => self.open(source, ahead, bytes),
            Step::Share { receipt } => self.share(receipt),
            Step::Settle { receipt } => self.end(receipt, false),
            Step::Drop { receipt } => self.end(receipt, true),
            Step::Begin { source, from } => {
                self.book().begin(&key(source), at(from), 0);
                self.model.begin(source, Some(from));
                self.model.known[source] = true;
            }
            Step::Pause { source, behind } => {
                let noted = self.book().note_pause(&key(source), at(behind), 0);
                let is_ahead = self.model.position(source).is_none_or(|position| behind >= position);
                assert_eq!(noted.is_some(), self.model.known[source] && is_ahead);
                if noted.is_some() && !self.model.pauses[source].contains(&behind) {
                    self.model.pauses[source].push(behind);
                }
            }
            Step::Forget { source } => {
                self.book().forget(&key(source));
                self.model.begin(source, None);
                self.model.known[source] = false;
                self.model.pauses[source].clear();
            }
        }
        self.model.drop_pauses();
    }

    fn open(&mut self, source: usize, ahead: u64, bytes: usize) {
        let last = self.model.of(source).last().map(|entry| entry.up_to).or(self.model.start[source]);
        let up_to = last.unwrap_or(0) + ahead;
        let id = self.book().open(&key(source), at(up_to), bytes, 0);
        self.receipts.push((self.model.entries.len(), Receipt::open(id, self.desk.clone())));
        self.model.known[source] = true;
        self.model.entries.push(Plain { source, up_to, bytes, shares: 1, dropped: false, void: false });
    }

    fn share(&mut self, receipt: usize) {
        if !self.receipts.is_empty() {
            let (entry, share) = &self.receipts[receipt % self.receipts.len()];
            let more = (*entry, share.share());
            self.model.entries[more.0].shares += 1;
            self.receipts.push(more);
        }
    }

    fn end(&mut self, receipt: usize, dropped: bool) {
        if self.receipts.is_empty() {
            return;
        }
        let (entry, receipt) = self.receipts.swap_remove(receipt % self.receipts.len());
        let plain = &mut self.model.entries[entry];
        plain.shares -= 1;
        plain.dropped |= dropped;
        match dropped {
            true => drop(receipt),
            false => receipt.settle(),
        }
    }

    fn compare(&self) -> Result<(), TestCaseError> {
        let mut book = self.book();
        for source in 0..SOURCES {
            let kept = book.kept(0).into_iter().find(|kept| kept.key == key(source));
            let position = kept.as_ref().and_then(|kept| kept.position).map(|position| position.at);
            prop_assert_eq!(position, self.model.position(source), "source {}", source);
            let pauses: Vec<u64> = kept.iter().flat_map(|kept| &kept.pauses).map(|pause| pause.at).collect();
            prop_assert_eq!(pauses, self.model.pauses(source), "source {}", source);
        }
        prop_assert_eq!(book.waiting(), self.model.waiting());
        prop_assert_eq!(book.oldest_ns().is_some(), self.model.waiting() > 0);
        prop_assert_eq!(book.forgotten(), self.model.forgotten());
        prop_assert_eq!(book.pauses, self.model.pauses.iter().map(Vec::len).sum::<usize>());
        prop_assert_eq!(*self.desk.bytes_back.lock().unwrap(), self.model.bytes_back());
        prop_assert_eq!(book.clean(Duration::MAX, 0), 0);
        Ok(())
    }
}

proptest! {
    #[test]
    fn the_book_agrees_with_a_model_that_looks_at_everything(steps in proptest::collection::vec(step(), 0..200)) {
        let mut pair = Pair::default();
        for step in &steps {
            pair.take(step);
            pair.compare()?;
        }
    }
}

fn check(opened: &[u64], closed: &[(usize, Verdict)], expected: Option<u64>) {
    let mut book = Book::default();
    let source = SourceKey::new("docker:4f:stdout");
    let ids: Vec<u64> = opened.iter().map(|up_to| book.open(&source, at(*up_to), 1, 0)).collect();
    for (index, verdict) in closed {
        book.close(ids[*index], *verdict);
    }
    assert_eq!(book.position(&source, 0), expected.map(at));
}

#[test]
fn the_first_of_two_lines_settled_moves_the_position_to_its_own_end_and_not_to_zero() {
    check(&[10, 20], &[(0, Verdict::Settled)], Some(10));
}

#[test]
fn a_later_line_settled_first_moves_nothing() {
    check(&[10, 20], &[(1, Verdict::Settled)], None);
    check(&[10, 20], &[(1, Verdict::Settled), (0, Verdict::Settled)], Some(20));
}

#[test]
fn a_forgotten_line_holds_the_position_back_for_good() {
    check(&[10, 20, 30], &[(1, Verdict::Forgotten), (0, Verdict::Settled), (2, Verdict::Settled)], Some(10));
}

#[test]
fn an_entry_that_is_closed_twice_counts_once() {
    let mut book = Book::default();
    let id = book.open(&SourceKey::new("a"), at(5), 7, 0);
    assert_eq!(book.close(id, Verdict::Settled), Some(Closed { bytes: 7, changed: true }));
    assert_eq!(book.close(id, Verdict::Forgotten), None);
    assert_eq!((book.waiting(), book.forgotten()), (0, 0));
}

#[test]
fn a_forgotten_entry_does_not_make_the_queue_grow() {
    let mut book = Book::default();
    let source = SourceKey::new("a");
    let first = book.open(&source, at(1), 1, 0);
    book.close(first, Verdict::Forgotten);
    for up_to in 2..1000 {
        let id = book.open(&source, at(up_to), 1, 0);
        book.close(id, Verdict::Settled);
    }
    assert_eq!((book.sources[0].queue.len(), book.position(&source, 0)), (0, None));
}

#[test]
fn a_number_that_is_taken_over_never_repeats_an_id() {
    let mut book = Book::default();
    let (old, new) = (SourceKey::new("old"), SourceKey::new("new"));
    let before = book.open(&old, at(1), 1, 0);
    assert!(book.forget(&old));
    assert_eq!(book.close(before, Verdict::Settled), Some(Closed { bytes: 1, changed: false }));
    let after = book.open(&new, at(1), 1, 0);
    assert_eq!((after >> 32, book.close(before, Verdict::Settled)), (before >> 32, None));
    assert_ne!(before, after);
}

#[test]
fn only_sources_that_nobody_asked_for_are_cleaned() {
    let kept = |name: &str, seen_ns| {
        let (key, position, pauses) = (SourceKey::new(name), Some(at(1)), Vec::new());
        Kept { key, position, pauses, seen_ns }
    };
    let mut book = Book::load([kept("old", 10), kept("old but asked for", 10), kept("young", 90)]);
    book.position(&SourceKey::new("old but asked for"), 50);
    assert_eq!(book.clean(Duration::from_nanos(20), 100), 1);
    let left: Vec<_> = book.kept(100).into_iter().map(|kept| (kept.key.as_str().to_string(), kept.seen_ns)).collect();
    assert_eq!(left, [("old but asked for".to_string(), 100), ("young".to_string(), 90)]);
}
