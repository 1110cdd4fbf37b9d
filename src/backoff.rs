//! How long to wait before the next try: doubling, with a maximum and with jitter, so that a fleet does not come
//! back in step. Pure: the randomness is an argument.

use std::time::{Duration, Instant};

/// The waits of one thing that is tried again and again.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    tries: u32,
}

impl Backoff {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Backoff { first, longest, tries: 0 }
    }

    /// It worked: the next wait is the first again.
    pub fn reset(&mut self) {
        self.tries = 0;
    }

    /// Failures in a row.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// The next wait: between half and all of what doubling gives. `random` is any number.
    pub fn next(&mut self, random: u64) -> Duration {
        let whole =
            self.first.saturating_mul(1u32.checked_shl(self.tries.min(31)).unwrap_or(u32::MAX)).min(self.longest);
        self.tries = self.tries.saturating_add(1);
        let half = whole / 2;
        let nanos = half.as_nanos() as u64;
        half + Duration::from_nanos(if nanos == 0 { 0 } else { random % (nanos + 1) })
    }
}

/// Something that failed and is tried again later.
#[derive(Debug)]
pub struct Trying {
    again: Option<Instant>,
    backoff: Backoff,
}

impl Trying {
    pub fn new(backoff: Backoff) -> Trying {
        Trying { again: None, backoff }
    }

    pub fn is_ready(&self, now: Instant) -> bool {
        self.again.is_none_or(|again| again <= now)
    }

    /// After a failure: when it is tried again.
    pub fn next_try(&self) -> Option<Instant> {
        self.again
    }

    /// `random`: any number.
    pub fn failed(&mut self, now: Instant, random: u64) {
        self.again = Some(now + self.backoff.next(random));
    }

    pub fn went_well(&mut self) {
        self.again = None;
        self.backoff.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(64));
        for whole in [2, 4, 8, 16, 32, 64, 64] {
            let wait = backoff.next(u64::from(whole as u32) * 7_919_000_003);
            assert!(wait >= Duration::from_secs(whole) / 2 && wait <= Duration::from_secs(whole), "{wait:?}");
        }
        backoff.reset();
        assert!(backoff.next(0) <= Duration::from_secs(2));
    }
}
