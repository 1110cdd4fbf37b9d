//! The bytes of log lines, and of the documents made of them, that the daemon may hold at a time, in all rooms together.
//!
//! An input takes what a chunk may come to (`WEIGHT`) before it hands it on; when the chunk is rendered, its receipt is
//! weighed by the documents that take its place, and the ledger gives that back when the receipt closes. With the budget spent, inputs wait: that is the back-pressure.
//! What is read back from the disk is *lent* anyway, for it must leave; a part is *reserved* for it while there is any.
//! Invariant: a single chunk larger than the whole budget still gets through, alone.

use std::sync::{Condvar, Mutex};
use tokio::sync::Notify;

/// A line and its envelope become a document of some 2.6 times their size: so much is taken for a byte that is read.
pub const WEIGHT: usize = 3;

/// What bytes of lines are counted as before they are rendered.
pub fn weight(bytes: usize) -> usize {
    bytes.saturating_mul(WEIGHT)
}

/// A count of bytes with a maximum.
#[derive(Debug)]
pub struct Budget {
    bytes_max: usize,
    state: Mutex<State>,
    freed: Condvar,
    freed_async: Notify,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    lent: usize,
    reserved: usize,
}

impl State {
    /// What inputs may take at most now.
    fn most(&self, bytes_max: usize) -> usize {
        bytes_max.saturating_sub(self.reserved.max(self.lent))
    }
}

impl Budget {
    pub fn new(bytes_max: usize) -> Self {
        Budget { bytes_max, state: Mutex::default(), freed: Condvar::new(), freed_async: Notify::new() }
    }

    /// Bytes that are taken or lent now.
    pub fn taken(&self) -> usize {
        let state = self.lock();
        state.taken + state.lent
    }

    /// More than half of what inputs may take is taken.
    pub fn is_pressed(&self) -> bool {
        let state = self.lock();
        state.taken > state.most(self.bytes_max) / 2
    }

    pub fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn fits(&self, state: &State, bytes: usize) -> bool {
        state.taken == 0 || state.taken.saturating_add(bytes) <= state.most(self.bytes_max)
    }

    /// Takes `bytes` if they are free now.
    pub fn try_take(&self, bytes: usize) -> bool {
        let mut state = self.lock();
        let fits = self.fits(&state, bytes);
        if fits {
            state.taken = state.taken.saturating_add(bytes);
        }
        fits
    }

    /// Takes `bytes`, free or not.
    pub fn take_anyway(&self, bytes: usize) {
        let mut state = self.lock();
        state.taken = state.taken.saturating_add(bytes);
    }

    /// Takes `bytes` for what was read back from the disk, free or not.
    pub fn lend(&self, bytes: usize) {
        let mut state = self.lock();
        state.lent = state.lent.saturating_add(bytes);
    }

    /// Gives back what was lent.
    pub fn give_back_lent(&self, bytes: usize) {
        let mut state = self.lock();
        state.lent = state.lent.saturating_sub(bytes);
        drop(state);
        self.tell();
    }

    /// Inputs may not take so many bytes of the whole any more; `before` is what the same caller said before.
    pub fn reserve(&self, before: usize, bytes: usize) {
        if before == bytes {
            return;
        }
        let mut state = self.lock();
        state.reserved = (state.reserved - before.min(state.reserved)).saturating_add(bytes);
        drop(state);
        self.tell();
    }

    fn tell(&self) {
        self.freed.notify_all();
        self.freed_async.notify_waiters();
    }

    /// Waits until `bytes` are free and takes them, on a thread. `false`: gave up after `patience`.
    pub fn take_within(&self, bytes: usize, patience: std::time::Duration) -> bool {
        let full = |state: &mut State| !self.fits(state, bytes);
        let Ok((mut state, waited)) = self.freed.wait_timeout_while(self.lock(), patience, full) else { return false };
        if waited.timed_out() && !self.fits(&state, bytes) {
            return false;
        }
        state.taken = state.taken.saturating_add(bytes);
        true
    }

    /// Waits until `bytes` are free and takes them, in a task.
    pub async fn take(&self, bytes: usize) {
        loop {
            let freed = self.freed_async.notified();
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
        let mut state = self.lock();
        debug_assert!(state.taken >= bytes, "more bytes came back than were taken");
        state.taken = state.taken.saturating_sub(bytes);
        drop(state);
        self.tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

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
