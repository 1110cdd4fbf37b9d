//! The books of an output that has no queue on disk and writes events as text: what it was given, and what became of it.
//!
//! Invariant: documents made are documents stored and documents open, at any moment.

use crate::telemetry::metrics;
use crate::telemetry::metrics::{Counter, Gauge};

pub struct Books {
    made: Counter,
    open: Gauge,
    stored: Counter,
}

impl Books {
    pub fn new(output: &str) -> Books {
        Books {
            made: metrics::counter(metrics::DOCUMENTS_MADE, &[output]),
            open: metrics::gauge(metrics::DOCUMENTS_OPEN, &[output]),
            stored: metrics::counter(metrics::DOCUMENTS, &[output, "stored"]),
        }
    }

    /// So many came.
    pub fn came(&self, documents: usize) {
        self.made.increment(documents as u64);
        self.open.increment(documents as f64);
    }

    /// So many of those that came are where they should be. Those of which this is never said stay open.
    pub fn stored(&self, documents: usize) {
        self.stored.increment(documents as u64);
        self.open.decrement(documents as f64);
    }
}
