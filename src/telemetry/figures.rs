//! Metrics of one simulated life, read back by name: what `/metrics` would say.

use super::metrics::{Metric, PIPELINE};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Metrics whose handles are taken on this thread, inside of `within`.
#[derive(Default)]
pub struct Figures(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Figures {
    pub fn within<T>(&self, what: impl FnOnce() -> T) -> T {
        metrics::with_local_recorder(self, what)
    }

    /// Somebody counts it.
    pub fn knows(&self, metric: &Metric, values: &[&str]) -> bool {
        self.0.lock().unwrap().contains_key(&format!("{} {}", metric.name, values.join(" ")))
    }

    fn cell(&self, name: String) -> Arc<AtomicU64> {
        Arc::clone(self.0.lock().unwrap().entry(name).or_default())
    }

    pub fn counter(&self, metric: &Metric, values: &[&str]) -> u64 {
        self.cell(format!("{} {}", metric.name, values.join(" "))).load(Ordering::Relaxed)
    }

    pub fn gauge(&self, metric: &Metric, values: &[&str]) -> u64 {
        f64::from_bits(self.counter(metric, values)) as u64
    }
}

fn name(key: &Key) -> String {
    // There is one pipeline here.
    let own = key.labels().filter(|label| label.key() != PIPELINE);
    let values: Vec<&str> = own.map(|label| label.value()).collect();
    format!("{} {}", key.name(), values.join(" "))
}

impl Recorder for Figures {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(name(key)))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(name(key)))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
