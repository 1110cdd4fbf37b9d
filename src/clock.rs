//! The time of day and a clock that never steps, as things that tests can replace.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where rooms take the time from.
pub trait Clock: Send + Sync {
    /// Nanoseconds since 1970, by the machine's clock.
    fn now_ns(&self) -> u64;
    /// Nanoseconds since some moment in the past; never steps back.
    fn ticks_ns(&self) -> u64;
}

/// The machine's clocks.
#[derive(Clone, Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now_ns(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
    }

    fn ticks_ns(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}
