//! The receipts of what a lane gave out: which records are settled, from the first on.

use crate::channel::Budget;
use crate::position::{Closing, Receipt};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The receipts of what was given out.
pub struct Book {
    budget: Arc<Budget>,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    /// Stretches that were given out and are not settled up to here, in order.
    stretches: VecDeque<Stretch>,
    /// The entry of the first stretch.
    first: u64,
    settled: u64,
}

struct Stretch {
    to: u64,
    bytes: usize,
    settled: bool,
}

impl Book {
    pub fn new(budget: Arc<Budget>) -> Book {
        Book { budget, pages: Mutex::default() }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn start(&self, number: u64) {
        self.pages().settled = number;
    }

    /// Records before this number are settled; `read` is how far they were given out.
    pub fn settled_to(&self, read: u64) -> u64 {
        let pages = self.pages();
        if pages.stretches.is_empty() { read } else { pages.settled }
    }

    /// Nothing could be read between these numbers.
    pub fn pass(&self, from: u64, to: u64) {
        let mut pages = self.pages();
        if let Some(last) = pages.stretches.back_mut().filter(|last| last.to == from) {
            last.to = to;
        }
    }

    pub fn give_out(self: &Arc<Self>, to: u64, bytes: usize) -> Receipt {
        self.budget.lend(bytes);
        let mut pages = self.pages();
        let entry = pages.first + pages.stretches.len() as u64;
        pages.stretches.push_back(Stretch { to, bytes, settled: false });
        drop(pages);
        Receipt::open(entry, Arc::clone(self) as Arc<dyn Closing>)
    }

    fn close(&self, entry: u64, settled: bool) {
        let mut pages = self.pages();
        let at = entry.wrapping_sub(pages.first) as usize;
        let Some(stretch) = pages.stretches.get_mut(at) else { return };
        stretch.settled = settled;
        let bytes = std::mem::take(&mut stretch.bytes);
        while let Some(done) = pages.stretches.pop_front_if(|stretch| stretch.settled) {
            pages.settled = done.to;
            pages.first += 1;
        }
        drop(pages);
        self.budget.give_back_lent(bytes);
    }
}

impl Closing for Book {
    fn settled(&self, entry: u64) {
        self.close(entry, true);
    }

    /// It is given out again at the next start.
    fn forgotten(&self, entry: u64) {
        self.close(entry, false);
    }
}
