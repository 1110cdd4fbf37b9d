//! Inputs: where lines come from. Each reads its sources, cuts what it read into chunks, opens a receipt for each
//! and hands it to a worker. A source always goes to the same worker, so its order holds.

mod disk;
pub mod docker;
pub mod file;
pub mod fixture;
pub mod known;
mod labels;
pub mod origin;
mod watch;

use crate::channel::{Budget, Sender, Stop};
use crate::clock::Clock;
use crate::event::chunk::{Chunk, Source};
use crate::plugin::{Declaration, Fault, Settings};
use crate::pool::Pool;
use crate::position::Ledger;
use crate::telemetry::readiness::Readiness;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Who gets no room in the budget for so long may be waiting for lines that wait, in a codec, for the very ones that it would read.
const ROOM_PATIENCE: Duration = Duration::from_secs(30);

/// What an input is given when it runs. Clones are cheap.
#[derive(Clone)]
pub struct Wiring {
    /// Which input of the pipeline it is, for `Source::input`.
    pub input: usize,
    /// Its name in metrics: its `id`, or its plugin's name.
    pub label: Arc<str>,
    /// The id of its pipeline.
    pub pipeline: Arc<str>,
    /// The ids of all pipelines of the daemon whose inputs let containers choose among them.
    pub taking_hints: Arc<[String]>,
    pub ledger: Arc<dyn Ledger>,
    /// One pipe a worker.
    pub workers: Arc<[Sender<Chunk>]>,
    pub budget: Arc<Budget>,
    pub stop: Stop,
    pub clock: Arc<dyn Clock>,
    /// `host.name` of the events.
    pub host: Arc<str>,
    /// Mixed into document ids; empty by default.
    pub salt: Arc<str>,
    /// What `/readyz` is told.
    pub readiness: Readiness,
    /// Where buffers for chunks come from; workers give them back.
    pub pool: Pool,
}

/// The workers are gone: the input has nobody to read for.
#[derive(Debug)]
pub struct Deserted;

impl Wiring {
    fn pipe(&self, source: &Source) -> &Sender<Chunk> {
        &self.workers[(source.hash % self.workers.len() as u64) as usize]
    }

    /// Hands a chunk to its source's worker, in a task. The bytes must have been taken from the budget.
    pub async fn hand_over(&self, chunk: Chunk) -> Result<(), Deserted> {
        self.pipe(&chunk.source).send_async(chunk).await.map_err(|_| Deserted)
    }

    /// `hand_over`, on a thread.
    pub fn hand_over_blocking(&self, chunk: Chunk) -> Result<(), Deserted> {
        self.pipe(&chunk.source).send(chunk).map_err(|_| Deserted)
    }
}

/// Runs until it is told to stop or has nothing more to read.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A source of lines, built from its settings.
pub trait Input: Send {
    /// Opens what can be wrong for good (a port in use, a bad certificate): an error ends the start.
    fn open(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// Reads until `wiring.stop`. What is away is waited for; nothing ends it but the end of its sources.
    fn run(self: Box<Self>, wiring: Wiring) -> Running;
}

/// What `run` can open, and how.
pub struct InputPlugin {
    pub declaration: &'static Declaration,
    /// `None`: known and validated, but `run` cannot open it.
    pub build: Option<fn(&Settings) -> Result<Box<dyn Input>, Fault>>,
    /// The codec where the pipeline names none.
    pub codec: &'static str,
    /// The setting that names the codec which joins lines in front of the one that reads them, where there is one.
    pub joining: Option<&'static str>,
}
