//! The spread of a number: its bounds, mean and deviation over all events, its percentiles over a sample in which
//! recent ones count more.
//!
//! The sample: Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay: A Practical Time Decay Model for Streaming
//! Systems": each value draws a priority that grows with its time; those with the highest stay. Mean and deviation:
//! Welford.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Values in the sample: enough for the 99th percentile to be within a few percent.
const SAMPLE_MAX: usize = 1028;
/// How fast the past fades, a second: the sample is mostly of the last five minutes.
const DECAY: f64 = 0.015;

#[derive(Clone, Debug)]
pub struct Sample {
    count: u64,
    pub min: f64,
    pub max: f64,
    pub mean: f64,
    /// The sum of the squares of the distances from the mean.
    squares: f64,
    /// The one that goes next on top.
    kept: BinaryHeap<Kept>,
}

impl Default for Sample {
    fn default() -> Self {
        Sample {
            count: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            mean: 0.0,
            squares: 0.0,
            kept: BinaryHeap::new(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    /// The logarithm of the priority: the priority itself would grow out of all numbers.
    priority: f64,
    value: f64,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Kept {}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The lowest priority is the greatest.
impl Ord for Kept {
    fn cmp(&self, other: &Self) -> Ordering {
        other.priority.total_cmp(&self.priority)
    }
}

impl Sample {
    /// `seconds`: when, by any clock that does not step.
    pub fn add(&mut self, value: f64, seconds: f64, random: u64) {
        let value = if value.is_finite() { value } else { 0.0 };
        self.count += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
        // Between 0 and 1, and neither of them.
        let chance = ((random >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        self.kept.push(Kept { priority: DECAY * seconds - chance.ln(), value });
        if self.kept.len() > SAMPLE_MAX {
            self.kept.pop();
        }
    }

    /// The standard deviation.
    pub fn deviation(&self) -> f64 {
        if self.count < 2 { 0.0 } else { (self.squares / (self.count - 1) as f64).sqrt() }
    }

    pub fn ordered(&self) -> Ordered {
        let mut values: Vec<f64> = self.kept.iter().map(|kept| kept.value).collect();
        values.sort_by(f64::total_cmp);
        Ordered(values)
    }
}

/// The sample in order.
pub struct Ordered(Vec<f64>);

impl Ordered {
    /// Between two values it lies on the line from one to the other.
    pub fn percentile(&self, percent: f64) -> f64 {
        let values = &self.0;
        let place = percent / 100.0 * (values.len() + 1) as f64;
        let below = place.floor();
        match below as usize {
            0 => values.first().copied().unwrap_or(0.0),
            at if at >= values.len() => values.last().copied().unwrap_or(0.0),
            at => values[at - 1] + (place - below) * (values[at] - values[at - 1]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    fn sample(values: impl IntoIterator<Item = (f64, f64)>) -> Sample {
        let mut sample = Sample::default();
        for (at, (value, seconds)) in (0u64..).zip(values) {
            sample.add(value, seconds, xxh3_64(&at.to_le_bytes()));
        }
        sample
    }

    #[test]
    fn a_few_values_are_measured_exactly() {
        let sample = sample([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].map(|value| (value, 0.0)));
        assert_eq!((sample.min, sample.max, sample.mean), (2.0, 9.0, 5.0));
        assert!((sample.deviation() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        let ordered = sample.ordered();
        let percentiles = [0.0, 1.0, 50.0, 75.0, 99.0, 100.0].map(|percent| ordered.percentile(percent));
        assert_eq!(percentiles, [2.0, 2.0, 4.5, 6.5, 9.0, 9.0]);
    }

    #[test]
    fn many_values_are_measured_by_a_sample_that_does_not_grow() {
        let sample = sample((0..100_000).map(|at| (f64::from(at % 1000), 0.0)));
        assert_eq!((sample.kept.len(), sample.count, sample.min, sample.max), (SAMPLE_MAX, 100_000, 0.0, 999.0));
        let median = sample.ordered().percentile(50.0);
        assert!((430.0..570.0).contains(&median), "{median}");
    }

    #[test]
    fn recent_values_count_more() {
        let sample = sample((0..20_000).map(|at| (f64::from(at), f64::from(at) / 10.0)));
        let median = sample.ordered().percentile(50.0);
        assert!(median > 18_000.0, "of values up to 20,000 over half an hour: {median}");
    }

    #[test]
    fn what_is_no_number_is_zero() {
        let sample = sample([(f64::NAN, 0.0), (f64::INFINITY, 0.0)]);
        assert_eq!((sample.min, sample.max, sample.deviation()), (0.0, 0.0, 0.0));
        assert_eq!(Sample::default().ordered().percentile(50.0), 0.0);
    }
}
