//! The bytes of log lines, and of the documents made of them, that the daemon may hold at a time, in all rooms together.
//!
//! An input takes what a chunk may come to (`WEIGHT`) before it hands it on; when the chunk is rendered, its receipt is
//! weighed by the documents that take its place, and the ledger gives that back when the receipt closes. With the budget spent, inputs wait: that is the back-pressure.
//! What is read back from the disk is *lent* anyway, for it must leave; a part is *reserved* for it while there is any.
//! Several pipelines have one budget, a *share* each: half of an even part is kept for each of them, the rest goes to who asks
//! first. So a pipeline whose engine is away fills what is common, and never what the others need to go on.
//! Invariant: a single chunk larger than what is free still gets through, if its pipeline holds nothing else.

use std::cmp::Ordering;
use std::sync::{Arc, Condvar, Mutex};
use tokio::sync::Notify;

/// A line and its envelope become a document of some 2.6 times their size: so much is taken for a byte that is read.
pub const WEIGHT: usize = 3;

/// What bytes of lines are counted as before they are rendered.
pub fn weight(bytes: usize) -> usize {
    bytes.saturating_mul(WEIGHT)
}

/// A count of bytes with a maximum: one pipeline's share of what the daemon may hold.
#[derive(Debug)]
pub struct Budget {
    common: Arc<Common>,
    /// Which share it is.
    number: usize,
}

/// What all shares have in common.
#[derive(Debug)]
struct Common {
    bytes_max: usize,
    shares: Mutex<Vec<Share>>,
    freed: Condvar,
    freed_async: Notify,
}

#[derive(Clone, Copy, Debug, Default)]
struct Share {
    taken: usize,
    lent: usize,
    reserved: usize,
    /// How many wait for room.
    waiting: usize,
}

impl Share {
    /// With what is reserved for what must leave.
    fn used(&self) -> usize {
        self.taken + self.reserved.max(self.lent)
    }
}

impl Common {
    /// What is kept for a share, whatever the others do.
    fn kept(&self, shares: &[Share]) -> usize {
        if shares.len() == 1 { self.bytes_max } else { self.bytes_max / (2 * shares.len()) }
    }

    /// What the inputs of a share may take besides what they have.
    fn free(&self, shares: &[Share], number: usize) -> usize {
        let (kept, own) = (self.kept(shares), shares[number].used());
        let others = shares.iter().enumerate().filter(|(other, _)| *other != number);
        let others: usize = others.map(|(_, share)| share.used().max(kept)).sum();
        let common = self.bytes_max.saturating_sub(others).saturating_sub(own);
        common.max(kept.saturating_sub(own))
    }
}

impl Budget {
    pub fn new(bytes_max: usize) -> Self {
        Budget::shared(bytes_max, 1).remove(0)
    }

    /// The shares of so many pipelines, one at least.
    pub fn shared(bytes_max: usize, shares: usize) -> Vec<Budget> {
        let count = shares.max(1);
        let shares = Mutex::new(vec![Share::default(); count]);
        let common = Arc::new(Common { bytes_max, shares, freed: Condvar::new(), freed_async: Notify::new() });
        (0..count).map(|number| Budget { common: Arc::clone(&common), number }).collect()
    }

    fn with<T>(&self, what: impl FnOnce(&mut Share) -> T) -> T {
        what(&mut self.lock()[self.number])
    }

    /// Bytes of this share that are taken or lent now.
    pub fn taken(&self) -> usize {
        self.with(|share| share.taken + share.lent)
    }

    /// More than half of what inputs may take is taken, or somebody waits: for a chunk that is larger than what is free,
    /// whoever holds the rest has to make room, however little that is.
    pub fn is_pressed(&self) -> bool {
        let shares = self.lock();
        let share = &shares[self.number];
        share.waiting > 0 || share.taken > self.common.free(&shares, self.number)
    }

    fn wait(&self) -> Waiting<'_> {
        self.with(|share| share.waiting += 1);
        Waiting(self)
    }

    /// An even part of the whole.
    pub fn bytes_max(&self) -> usize {
        self.common.bytes_max / self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Share>> {
        self.common.shares.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn fits(&self, shares: &[Share], bytes: usize) -> bool {
        shares[self.number].taken == 0 || bytes <= self.common.free(shares, self.number)
    }

    /// Takes `bytes` if they are free now.
    pub fn try_take(&self, bytes: usize) -> bool {
        let mut shares = self.lock();
        let fits = self.fits(&shares, bytes);
        if fits {
            let share = &mut shares[self.number];
            share.taken = share.taken.saturating_add(bytes);
        }
        fits
    }

    /// Takes `bytes`, free or not.
    pub fn take_anyway(&self, bytes: usize) {
        self.with(|share| share.taken = share.taken.saturating_add(bytes));
    }

    /// Takes `bytes` for what was read back from the disk, free or not.
    pub fn lend(&self, bytes: usize) {
        self.with(|share| share.lent = share.lent.saturating_add(bytes));
    }

    /// Gives back what was lent.
    pub fn give_back_lent(&self, bytes: usize) {
        self.with(|share| share.lent = share.lent.saturating_sub(bytes));
        self.tell();
    }

    /// What was counted as `before` bytes is counted as `bytes` now, free or not.
    pub fn reweigh(&self, before: usize, bytes: usize) {
        match bytes.cmp(&before) {
            Ordering::Greater => self.take_anyway(bytes - before),
            Ordering::Less => self.give_back(before - bytes),
            Ordering::Equal => {}
        }
    }

    /// Inputs may not take so many bytes of the whole any more; `before` is what the same caller said before.
    pub fn reserve(&self, before: usize, bytes: usize) {
        if before == bytes {
            return;
        }
        self.with(|share| share.reserved = (share.reserved - before.min(share.reserved)).saturating_add(bytes));
        self.tell();
    }

    fn tell(&self) {
        self.common.freed.notify_all();
        self.common.freed_async.notify_waiters();
    }

    /// Waits until `bytes` are free and takes them, on a thread. `false`: gave up after `patience`.
    pub fn take_within(&self, bytes: usize, patience: std::time::Duration) -> bool {
        if self.try_take(bytes) {
            return true;
        }
        let _waiting = self.wait();
        let full = |shares: &mut Vec<Share>| !self.fits(shares, bytes);
        let Ok((mut shares, waited)) = self.common.freed.wait_timeout_while(self.lock(), patience, full) else {
            return false;
        };
        if waited.timed_out() && !self.fits(&shares, bytes) {
            return false;
        }
        let share = &mut shares[self.number];
        share.taken = share.taken.saturating_add(bytes);
        true
    }

    /// Waits until `bytes` are free and takes them, in a task.
    pub async fn take(&self, bytes: usize) {
        if self.try_take(bytes) {
            return;
        }
        let _waiting = self.wait();
        loop {
            let freed = self.common.freed_async.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if self.try_take(bytes) {
                return;
            }
            freed.await;
        }
    }

    /// Gives back what was taken.
    pub fn give_back(&self, bytes: usize) {
        self.with(|share| {
            debug_assert!(share.taken >= bytes, "more bytes came back than were taken");
            share.taken = share.taken.saturating_sub(bytes);
        });
        self.tell();
    }
}

/// Somebody waits for room.
struct Waiting<'a>(&'a Budget);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.with(|share| share.waiting -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn who_waits_for_more_than_is_free_presses_however_little_is_taken() {
        let budget = Budget::new(10);
        assert!(budget.try_take(4) && !budget.is_pressed());
        let mut waiting = Box::pin(budget.take(7));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert!(budget.is_pressed(), "else nobody makes room, and it waits for ever");
        drop(waiting);
        assert!(!budget.is_pressed(), "it gave up");
        std::thread::scope(|threads| {
            let waiting = threads.spawn(|| budget.take_within(7, Duration::from_secs(600)));
            while !budget.is_pressed() {
                std::thread::yield_now();
            }
            budget.give_back(4);
            assert!(waiting.join().unwrap());
        });
        assert_eq!((budget.taken(), budget.is_pressed()), (7, true));
    }

    #[test]
    fn the_budget_is_kept_and_one_giant_gets_through_alone() {
        let budget = Budget::new(10);
        assert!(budget.try_take(6));
        assert!(!budget.try_take(5));
        assert!(!budget.take_within(5, Duration::from_millis(1)));
        budget.give_back(6);
        assert!(budget.try_take(50));
        assert!(!budget.try_take(1));
        budget.give_back(50);
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn what_is_reserved_is_for_what_is_taken_anyway() {
        let budget = Budget::new(10);
        budget.reserve(0, 4);
        assert!(budget.try_take(6));
        assert!(!budget.try_take(1));
        assert!(budget.is_pressed());
        budget.lend(4);
        assert_eq!(budget.taken(), 10);
        budget.give_back(1);
        assert!(budget.try_take(1), "what is lent comes out of what is reserved");
        budget.lend(3);
        budget.give_back(6);
        assert!(budget.try_take(1) && !budget.try_take(3));
        budget.give_back_lent(7);
        budget.reserve(4, 0);
        assert!(budget.try_take(9));
    }

    #[test]
    fn a_pipeline_that_is_stuck_leaves_the_others_their_part() {
        let mut shares = Budget::shared(120, 3);
        let (third, second, stuck) = (shares.remove(2), shares.remove(1), shares.remove(0));
        assert_eq!(stuck.bytes_max(), 40);
        assert!(stuck.try_take(80), "what nobody needs goes to who asks");
        assert!(!stuck.try_take(1) && stuck.is_pressed());
        for other in [&second, &third] {
            assert!(other.try_take(1) && other.try_take(19), "20 are kept for each");
            assert!(!other.try_take(1));
        }
        stuck.give_back(30);
        assert!(second.try_take(30) && !third.try_take(1));
        assert!(!stuck.try_take(1), "the common part is gone");
        third.give_back(20);
        assert!(third.try_take(500), "alone in its share, a giant gets through");
        assert_eq!([&stuck, &second, &third].map(Budget::taken), [50, 50, 500]);
    }

    #[test]
    fn what_is_read_back_from_disk_counts_for_its_own_pipeline() {
        let shares = Budget::shared(100, 2);
        shares[0].reserve(0, 60);
        assert!(shares[0].try_take(15) && !shares[0].try_take(1));
        assert!(shares[1].try_take(1) && shares[1].try_take(24) && !shares[1].try_take(1));
    }

    #[test]
    fn a_waiting_task_goes_on_when_bytes_come_back() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let budget = std::sync::Arc::new(Budget::new(10));
        budget.try_take(10);
        runtime.block_on(async {
            let waiting = tokio::spawn({
                let budget = budget.clone();
                async move { budget.take(4).await }
            });
            tokio::task::yield_now().await;
            budget.give_back(10);
            waiting.await.unwrap();
        });
        assert_eq!(budget.taken(), 4);
    }
}
