//! The lanes of one output, and what is told of them.

use super::lane::{Lane, Shared};
use super::{MAIN_FOLDER, lane_folder, lanes_in};
use crate::event::destination::DocBatch;
use crate::event::spool::{Kept, Lent, MAIN, Refusal, Spool, Stock};
use crate::telemetry::metrics;
use crate::telemetry::metrics::{Counter, Gauge};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

/// While documents wait on the disk, this part of the budget is for reading them back.
const RESERVED_PART: usize = 4;

const TORN: &str = "a write to the queue was cut off: what it held is read again from its source";
const TORN_LAX: &str =
    "the queue was cut off: what was not synced yet is lost where it had counted (queue.checkpoint.writes)";

/// See `event::spool`.
pub struct DiskSpool {
    output: String,
    folder: PathBuf,
    shared: Shared,
    lanes: BTreeMap<Box<[u8]>, Lane>,
    /// Bytes of the budget that nobody else gets now.
    reserved: usize,
    figures: Figures,
}

struct Figures {
    documents: Gauge,
    bytes: Gauge,
    kept: Counter,
    lost: Counter,
    torn: Counter,
}

impl Figures {
    fn new(output: &str) -> Figures {
        Figures {
            documents: metrics::gauge(metrics::QUEUE_DOCUMENTS, &[output]),
            bytes: metrics::gauge(metrics::QUEUE_BYTES, &[output]),
            kept: metrics::counter(metrics::QUEUE_KEPT, &[output]),
            lost: metrics::counter(metrics::QUEUE_LOST, &[output]),
            torn: metrics::counter(metrics::QUEUE_TORN, &[output]),
        }
    }
}

impl DiskSpool {
    pub(super) fn open(output: &str, folder: PathBuf, shared: Shared) -> io::Result<DiskSpool> {
        let mut lanes = BTreeMap::new();
        for path in lanes_in(&*shared.disk, &folder) {
            let lane = Lane::open(shared.clone(), path.clone())?;
            lane.sync_found();
            let name = if path.ends_with(MAIN_FOLDER) { Some(MAIN.to_vec()) } else { lane.first_index() };
            match name {
                Some(name) => _ = lanes.insert(name.into_boxed_slice(), lane),
                None => lane.remove(),
            }
        }
        let output = output.to_string();
        let mut spool = DiskSpool { figures: Figures::new(&output), output, folder, shared, lanes, reserved: 0 };
        spool.tend();
        let stock = spool.stock();
        if stock.documents > 0 {
            let (documents, bytes) = (stock.documents, stock.bytes);
            metrics::counter(metrics::QUEUE_FOUND, &[&spool.output]).increment(stock.waiting);
            tracing::info!(output = spool.output, documents, bytes, "documents wait in the queue on disk");
        }
        Ok(spool)
    }

    fn lane(&mut self, name: &[u8]) -> io::Result<&mut Lane> {
        if !self.lanes.contains_key(name) {
            let lane = Lane::open(self.shared.clone(), self.folder.join(lane_folder(name)))?;
            self.lanes.insert(name.into(), lane);
        }
        Ok(self.lanes.get_mut(name).expect("it is there or was just put there"))
    }

    /// What changed is told, and the budget is shared accordingly.
    fn tell(&mut self) {
        for lane in self.lanes.values_mut() {
            let lost = lane.take_lost();
            if lost.documents > 0 {
                self.figures.lost.increment(lost.documents);
                tracing::error!(
                    output = self.output,
                    documents = lost.documents,
                    "documents in the queue on disk are damaged or missing: they are lost"
                );
            }
            self.figures.torn.increment(lost.torn_documents);
            if lost.torn_bytes > 0 || lost.torn_documents > 0 {
                let (bytes, documents) = (lost.torn_bytes, lost.torn_documents);
                let what = if self.shared.checkpoint_writes.is_lax() { TORN_LAX } else { TORN };
                tracing::warn!(output = self.output, bytes, documents, "{what}");
            }
        }
        let stock = self.stock();
        self.figures.documents.set(stock.waiting as f64);
        self.figures.bytes.set(stock.bytes as f64);
        let reserved = if stock.documents > 0 { self.shared.budget.bytes_max() / RESERVED_PART } else { 0 };
        self.shared.budget.reserve(std::mem::replace(&mut self.reserved, reserved), reserved);
    }
}

impl Spool for DiskSpool {
    fn lanes(&self) -> Vec<Box<[u8]>> {
        self.lanes.iter().filter(|(_, lane)| lane.has_more()).map(|(name, _)| name.clone()).collect()
    }

    fn keep<'a>(&mut self, lane: &[u8], documents: &mut dyn Iterator<Item = Lent<'a>>) -> Kept {
        let kept = match self.lane(lane) {
            Ok(lane) => lane.keep(documents),
            Err(why) => Kept { documents: 0, why: Some(Refusal::Disk(why)) },
        };
        self.figures.kept.increment(kept.documents as u64);
        self.tell();
        kept
    }

    fn next(&mut self, lane: &[u8], bytes: usize) -> io::Result<Option<DocBatch>> {
        let Some(lane) = self.lanes.get_mut(lane) else { return Ok(None) };
        let batch = lane.next(bytes);
        self.tell();
        batch
    }

    fn has_more(&self, lane: &[u8]) -> bool {
        self.lanes.get(lane).is_some_and(Lane::has_more)
    }

    fn tend(&mut self) {
        self.lanes.values_mut().for_each(Lane::tend);
        let done: Vec<Box<[u8]>> = self
            .lanes
            .iter()
            .filter(|(name, lane)| !name.is_empty() && lane.is_empty())
            .map(|(name, _)| name.clone())
            .collect();
        done.iter().filter_map(|name| self.lanes.remove(name)).for_each(Lane::remove);
        self.tell();
    }

    fn close(&mut self, back: u64) {
        self.tend();
        self.lanes.values_mut().for_each(Lane::close);
        // Not all that is not settled: of what was given out with it, or after it, some may have their verdict.
        self.figures.documents.set((self.stock().waiting + back) as f64);
    }

    fn stock(&self) -> Stock {
        let lanes = || self.lanes.values();
        Stock {
            documents: lanes().map(Lane::documents).sum(),
            waiting: lanes().map(Lane::waiting).sum(),
            bytes: lanes().map(Lane::bytes).sum(),
        }
    }
}

impl Drop for DiskSpool {
    fn drop(&mut self) {
        self.shared.budget.reserve(self.reserved, 0);
    }
}
