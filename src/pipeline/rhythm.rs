//! When filters act by the clock: one rhythm for all workers of a pipeline, kept by whichever of them looks first.
//!
//! The state that such filters look at is shared by all their clones, so one clone is enough to wake; and the last
//! worker that ends lets them finish, when no worker brings events any more.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Logstash's periodic flush.
pub const INTERVAL: Duration = Duration::from_secs(5);
const INTERVAL_NS: u64 = INTERVAL.as_nanos() as u64;

/// Shared by the workers of a pipeline.
#[derive(Debug, Default)]
pub struct Rhythm {
    /// When the next beat is, in the ticks of `Effects`; 0 until a worker first looks.
    due: AtomicU64,
    /// Workers that have not ended.
    workers: AtomicUsize,
}

impl Rhythm {
    pub fn join(&self) {
        self.workers.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether this was the last worker.
    pub fn leave(&self) -> bool {
        self.workers.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Whether the caller is to wake the filters now. Of several workers that ask at once, one is.
    pub fn beats(&self, now: u64) -> bool {
        let due = self.due.load(Ordering::Acquire);
        if due == 0 {
            self.swap(due, now + INTERVAL_NS);
            return false;
        }
        // A beat that is late does not hurry the next one; one that is missed is not made up for.
        now >= due && self.swap(due, if now < due + INTERVAL_NS { due + INTERVAL_NS } else { now + INTERVAL_NS })
    }

    fn swap(&self, due: u64, next: u64) -> bool {
        self.due.compare_exchange(due, next, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// How long until the next beat.
    pub fn until(&self, now: u64) -> Duration {
        match self.due.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            due => Duration::from_nanos(due.saturating_sub(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// The seconds at which it beats, of those at which it is asked.
    fn check(asked: &[u64], expected: &[u64]) {
        let rhythm = Rhythm::default();
        let beats: Vec<u64> = asked.iter().copied().filter(|second| rhythm.beats(second * SECOND)).collect();
        assert_eq!(beats, expected, "{asked:?}");
    }

    #[test]
    fn it_beats_every_five_seconds() {
        check(&[1, 2, 5, 6, 6, 7, 11, 12, 16], &[6, 11, 16]);
    }

    #[test]
    fn a_late_beat_does_not_move_the_next_one_and_a_missed_one_does() {
        check(&[1, 8, 10, 11, 40, 41, 44, 45], &[8, 11, 40, 45]);
    }

    #[test]
    fn a_worker_can_wait_for_it() {
        let rhythm = Rhythm::default();
        assert_eq!(rhythm.until(SECOND), Duration::ZERO);
        rhythm.beats(SECOND);
        assert_eq!(rhythm.until(2 * SECOND), Duration::from_secs(4));
        assert_eq!(rhythm.until(9 * SECOND), Duration::ZERO);
    }

    #[test]
    fn the_last_worker_knows_that_it_is_the_last() {
        let rhythm = Rhythm::default();
        rhythm.join();
        rhythm.join();
        assert_eq!((rhythm.leave(), rhythm.leave()), (false, true));
    }
}
