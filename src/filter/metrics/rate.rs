//! Rates as of a system's load: averages that weigh the past less and less, over 1, 5 and 15 minutes.

use std::time::Duration;

/// The windows.
pub const MINUTES: [u32; 3] = [1, 5, 15];
/// Their fields.
pub const NAMES: [&str; 3] = ["rate_1m", "rate_5m", "rate_15m"];

/// The step in which the averages move.
const BEAT_SECONDS: f64 = 5.0;
const BEAT: Duration = Duration::from_secs(5);
/// After that many, the longest average has forgotten everything.
const BEATS_MAX: u64 = 10_000;

/// How many beats a time (in nanoseconds) is, to the nearest.
pub fn beats(nanos: u64) -> u64 {
    let beat = BEAT.as_nanos() as u64;
    (nanos + beat / 2) / beat
}

/// A count, and how fast it grows.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    pub total: u64,
    /// Counted since the last beat.
    pending: u64,
    /// Events a second in each window; `None` before the first beat.
    averages: Option<[f64; 3]>,
}

impl Rates {
    pub fn count(&mut self) {
        self.total += 1;
        self.pending += 1;
    }

    /// Lets beats pass; what is pending came evenly over them.
    pub fn pass(&mut self, beats: u64) {
        let beats = beats.clamp(1, BEATS_MAX);
        let now = std::mem::take(&mut self.pending) as f64 / (beats as f64 * BEAT_SECONDS);
        let averages = self.averages.get_or_insert([now; 3]);
        for (average, minutes) in averages.iter_mut().zip(MINUTES) {
            let kept = (-BEAT_SECONDS * beats as f64 / (60.0 * f64::from(minutes))).exp();
            *average = now + (*average - now) * kept;
        }
    }

    /// Events a second in one of the windows.
    pub fn a_second(&self, window: usize) -> f64 {
        self.averages.map_or(0.0, |averages| averages[window])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(rates: &mut Rates, events: u64, beats: u64) {
        (0..events).for_each(|_| rates.count());
        rates.pass(beats);
    }

    #[track_caller]
    fn check(rates: &Rates, expected: [f64; 3]) {
        for (at, expected) in expected.into_iter().enumerate() {
            assert!((rates.a_second(at) - expected).abs() < 1e-3, "{rates:?}");
        }
    }

    #[test]
    fn a_steady_rate_is_that_rate() {
        let mut rates = Rates::default();
        check(&rates, [0.0; 3]);
        for _ in 0..10 {
            counted(&mut rates, 50, 1);
            check(&rates, [10.0; 3]);
        }
        counted(&mut rates, 150, 3);
        check(&rates, [10.0; 3]);
        assert_eq!(rates.total, 650);
    }

    #[test]
    fn the_past_is_forgotten_faster_in_a_shorter_window() {
        let mut rates = Rates::default();
        counted(&mut rates, 500, 1);
        counted(&mut rates, 0, 12);
        // e^-1, e^-1/5 and e^-1/15 of 100 a second, a minute later.
        check(&rates, [36.7879, 81.8731, 93.5507]);
    }

    #[test]
    fn a_time_is_a_number_of_beats() {
        assert_eq!([0, 2_400_000_000, 4_900_000_000, 5_100_000_000, 12_600_000_000].map(beats), [0, 0, 1, 1, 3]);
    }
}
