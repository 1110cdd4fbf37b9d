//! Outputs: where finished documents go. A worker has rendered them already; an output sends bytes and gives each
//! document its verdict.

mod books;
pub mod dead_letter;
pub mod elasticsearch;
pub mod file;
pub mod known;
pub mod stdout;
#[cfg(test)]
mod testing;

use crate::channel::{Budget, Receiver, Stop};
use crate::clock::Clock;
use crate::event::destination::{DocBatch, Rendering};
use crate::event::spool::Spool;
use crate::plugin::{Declaration, Fault, Settings};
use crate::telemetry::readiness::Readiness;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The default of `dead_letter_queue.max_bytes`, as in Logstash.
pub const DEAD_LETTERS_BYTES_MAX: u64 = 1 << 30;

/// What an output is given when it runs.
pub struct Wiring {
    /// Its name in metrics, which no other output of the pipeline has: its `id`, or its plugin's name, or that with a number.
    pub label: Arc<str>,
    /// Closes when the workers are gone: the output then sends what it has and ends.
    pub batches: Receiver<DocBatch>,
    pub clock: Arc<dyn Clock>,
    /// Given when the daemon stops; how long after it the output may still try.
    pub stop: Stop,
    pub shutdown_timeout: Duration,
    /// Where dead letters and the like are kept.
    pub data: PathBuf,
    /// What `/readyz` is told.
    pub readiness: Readiness,
    /// How many dead letters it may keep.
    pub dead_letters: dead_letter::Limit,
    /// Whether memory is needed.
    pub budget: Arc<Budget>,
    /// Its part of the queue on disk, if it has one.
    pub spool: Option<Box<dyn Spool>>,
    /// Everything goes through the disk (`queue.type: persisted`).
    pub persisted: bool,
}

/// Runs until its pipe is closed and empty, or the time to stop is over.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A destination, built from its settings.
pub trait Output: Send {
    /// Opens what can be wrong for good (a folder that cannot be written): an error ends the start.
    fn open(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// Whether its documents may wait in the queue on disk.
    fn spools(&self) -> bool {
        false
    }

    /// Sends everything that comes; batches are settled when all their documents have a verdict. What cannot be
    /// sent before the end is dropped unsettled, so that it is read again at the next start.
    fn run(self: Box<Self>, wiring: Wiring) -> Running;
}

/// What `run` can open, and how.
pub struct OutputPlugin {
    pub declaration: &'static Declaration,
    /// How its documents are rendered; used by dry runs too.
    pub rendering: fn(&Settings) -> Result<Rendering, Fault>,
    /// `None`: known and validated, but `run` cannot open it.
    pub build: Option<fn(&Settings) -> Result<Box<dyn Output>, Fault>>,
}
