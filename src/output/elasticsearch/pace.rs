//! How much may be asked of the engine at a time. Pure: the time is an argument.
//!
//! Requests shrink by half and go one at a time when the engine is overloaded or slow, and grow again with each that succeeds.
//! 413 sets a limit for good. A failure of the whole engine makes everything wait, longer each time.

use crate::backoff::Backoff;
use std::time::{Duration, Instant};

/// No request is made smaller than this, unless it holds one document.
const BYTES_MIN: usize = 16 << 10;
/// Each success adds this part of the largest size.
const GROWTH: usize = 8;
/// An engine that refuses us is not asked more often than this.
const UNAUTHORIZED_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Pace {
    /// What a request may have at most, from the settings or from 413.
    bytes_max: usize,
    bytes: usize,
    slots_max: usize,
    slots: usize,
    backoff: Backoff,
    paused_until: Option<Instant>,
}

impl Pace {
    pub fn new(bytes_max: usize, slots_max: usize, backoff: Backoff) -> Pace {
        let bytes_max = bytes_max.max(1);
        Pace { bytes_max, bytes: bytes_max, slots_max, slots: slots_max, backoff, paused_until: None }
    }

    /// What a request may have now.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Requests that may be on their way now.
    pub fn slots(&self) -> usize {
        self.slots
    }

    pub fn paused(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    pub fn succeeded(&mut self) {
        self.backoff.reset();
        self.paused_until = None;
        self.slots = (self.slots + 1).min(self.slots_max);
        self.bytes = (self.bytes + self.bytes_max / GROWTH).min(self.bytes_max);
    }

    /// Some documents came back because of the load.
    pub fn pressed(&mut self) {
        self.slots = 1;
    }

    /// The engine took the request and could not do it, or not in time.
    pub fn overloaded(&mut self, now: Instant, random: u64) {
        self.slots = 1;
        self.shrink();
        self.pause(now, random);
    }

    /// Everything waits. The first failure in a row is followed at once.
    pub fn failed(&mut self, now: Instant, random: u64) {
        if self.backoff.tries() == 0 {
            let _ = self.backoff.next(random);
        } else {
            self.pause(now, random);
        }
    }

    /// The connection was closed: if that goes on, it may be because of the size.
    pub fn cut(&mut self, now: Instant, random: u64) {
        if self.backoff.tries() > 0 {
            self.shrink();
        }
        self.failed(now, random);
    }

    pub fn unauthorized(&mut self, now: Instant, random: u64) {
        let wait = self.backoff.next(random).max(UNAUTHORIZED_WAIT);
        self.paused_until = Some(now + wait);
    }

    /// 413: so many bytes are too much, for good. Says the new limit.
    pub fn too_large(&mut self, bytes: usize) -> usize {
        self.bytes_max = self.bytes_max.min(bytes / 2).max(BYTES_MIN.min(self.bytes_max));
        self.bytes = self.bytes.min(self.bytes_max);
        self.bytes_max
    }

    /// The time to stop has come: whatever waits is tried once more now.
    pub fn hurry(&mut self) {
        self.paused_until = None;
    }

    fn shrink(&mut self) {
        self.bytes = (self.bytes / 2).max(BYTES_MIN.min(self.bytes_max));
    }

    fn pause(&mut self, now: Instant, random: u64) {
        self.paused_until = Some(now + self.backoff.next(random));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        Pace::new(1 << 20, 4, Backoff::new(Duration::from_secs(2), Duration::from_secs(64)))
    }

    #[test]
    fn an_overloaded_engine_gets_less_and_then_slowly_more() {
        let (mut pace, now) = (pace(), Instant::now());
        for _ in 0..20 {
            pace.overloaded(now, 1);
        }
        assert_eq!((pace.slots(), pace.bytes()), (1, BYTES_MIN));
        assert!(pace.paused(now + Duration::from_secs(31)).is_some());
        for _ in 0..8 {
            pace.succeeded();
        }
        assert_eq!((pace.slots(), pace.bytes(), pace.paused(now)), (4, 1 << 20, None));
    }

    #[test]
    fn the_first_failure_is_followed_at_once_the_next_ones_wait() {
        let (mut pace, now) = (pace(), Instant::now());
        pace.failed(now, 1);
        assert_eq!(pace.paused(now), None);
        pace.failed(now, 1);
        assert!(pace.paused(now + Duration::from_secs(1)).is_some());
    }

    #[test]
    fn who_is_refused_does_not_hammer() {
        let (mut pace, now) = (pace(), Instant::now());
        pace.unauthorized(now, 0);
        assert!(pace.paused(now + Duration::from_millis(4_900)).is_some());
    }

    #[test]
    fn too_large_is_remembered() {
        let mut pace = pace();
        assert_eq!(pace.too_large(1 << 20), 1 << 19);
        for _ in 0..20 {
            pace.succeeded();
        }
        assert_eq!(pace.bytes(), 1 << 19);
        assert_eq!(pace.too_large(10), BYTES_MIN);
    }
}
