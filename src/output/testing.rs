//! What the tests of the outputs share: a book that counts receipts, batches made by hand, a wiring of their own.

use super::dead_letter::{Limit, Policy};
use super::{DEAD_LETTERS_BYTES_MAX, Wiring};
use crate::channel::{Budget, Sender, StopSwitch, bounded};
use crate::clock::SystemClock;
use crate::event::destination::{Doc, DocBatch};
use crate::position::{Closing, Receipt};
use crate::telemetry::readiness::Readiness;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts receipts that were closed.
#[derive(Clone, Default)]
pub struct Book(Arc<Counts>);

#[derive(Default)]
struct Counts {
    opened: AtomicU64,
    settled: AtomicU64,
    forgotten: AtomicU64,
}

impl Closing for Counts {
    fn settled(&self, _entry: u64) {
        self.settled.fetch_add(1, Ordering::SeqCst);
    }
    fn forgotten(&self, _entry: u64) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

impl Book {
    pub fn receipt(&self) -> Receipt {
        Receipt::open(self.0.opened.fetch_add(1, Ordering::SeqCst), self.0.clone())
    }

    pub fn settled(&self) -> u64 {
        self.0.settled.load(Ordering::SeqCst)
    }

    pub fn forgotten(&self) -> u64 {
        self.0.forgotten.load(Ordering::SeqCst)
    }
}

/// Documents of text, each with its path.
pub fn text_batch<'a>(docs: impl IntoIterator<Item = (&'a str, &'a str)>, receipt: Receipt) -> DocBatch {
    let mut batch = DocBatch { receipts: vec![receipt], ..DocBatch::default() };
    for (path, text) in docs {
        let start = batch.body.len() as u32;
        batch.body.extend_from_slice(path.as_bytes());
        let text_start = batch.body.len() as u32;
        batch.body.extend_from_slice(text.as_bytes());
        let end = batch.body.len() as u32;
        batch.body.push(b'\n');
        batch.docs.push(Doc {
            action: start..start,
            source: text_start..end,
            index: start..text_start,
            id: start..start,
        });
    }
    batch
}

/// A pipe and the wiring at its end.
pub fn wiring(data: &Path) -> (Sender<DocBatch>, Wiring) {
    let (sender, batches) = bounded(64);
    let wiring = Wiring {
        label: "test".into(),
        batches,
        clock: Arc::new(SystemClock::default()),
        stop: StopSwitch::default().listener(),
        shutdown_timeout: Duration::from_secs(8),
        data: data.into(),
        dead_letters: Limit { bytes_max: DEAD_LETTERS_BYTES_MAX, policy: Policy::DropNewer },
        readiness: Readiness::default(),
        budget: Arc::new(Budget::new(1 << 20)),
        spool: None,
        persisted: false,
    };
    (sender, wiring)
}
