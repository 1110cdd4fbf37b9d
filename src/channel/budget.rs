//! The bytes of log lines that the daemon may hold at a time, in all rooms together.
//!
//! An input takes what a chunk will hold before it reads it; the ledger gives it back when the chunk's receipt
//! closes. With the budget spent, inputs wait: that is the back-pressure.
//! Invariant: a single chunk larger than the whole budget still gets through, alone.

use std::sync::{Condvar, Mutex};
use tokio::sync::Notify;

/// A count of bytes with a maximum.
#[derive(Debug)]
pub struct Budget {
    bytes_max: usize,
    taken: Mutex<usize>,
    freed: Condvar,
    freed_async: Notify,
}

impl Budget {
    pub fn new(bytes_max: usize) -> Self {
        Budget { bytes_max, taken: Mutex::new(0), freed: Condvar::new(), freed_async: Notify::new() }
    }

    /// Bytes that are taken now.
    pub fn taken(&self) -> usize {
        *self.lock()
    }

    pub fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn fits(&self, taken: usize, bytes: usize) -> bool {
        taken == 0 || taken.saturating_add(bytes) <= self.bytes_max
    }

    /// Takes `bytes` if they are free now.
    pub fn try_take(&self, bytes: usize) -> bool {
        let mut taken = self.lock();
        let fits = self.fits(*taken, bytes);
        if fits {
            *taken = taken.saturating_add(bytes);
        }
        fits
    }

    /// Waits until `bytes` are free and takes them, on a thread. `false`: gave up after `patience`.
    pub fn take_within(&self, bytes: usize, patience: std::time::Duration) -> bool {
        let taken = self.lock();
        let full = |taken: &mut usize| !self.fits(*taken, bytes);
        let Ok((mut taken, waited)) = self.freed.wait_timeout_while(taken, patience, full) else { return false };
        if waited.timed_out() && !self.fits(*taken, bytes) {
            return false;
        }
        *taken = taken.saturating_add(bytes);
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
        let mut taken = self.lock();
        debug_assert!(*taken >= bytes, "more bytes came back than were taken");
        *taken = taken.saturating_sub(bytes);
        drop(taken);
        self.freed.notify_all();
        self.freed_async.notify_waiters();
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
