//! Outputs started, each with its pipe and its part of the queue on disk.

use super::{Common, PipelineConfig};
use crate::channel::{Budget, Sender, StopSwitch, bounded};
use crate::disk::RealDisk;
use crate::event::destination::DocBatch;
use crate::event::spool::Spool;
use crate::output;
use crate::pipeline::OutputSpec;
use crate::queue::Queue;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Batches that wait for an output.
const BATCHES_WAITING_MAX: usize = 64;

/// What outputs are given.
pub struct Wirings<'a> {
    pub common: &'a Common<'a>,
    pub config: &'a PipelineConfig,
    pub switch: &'a StopSwitch,
    pub budget: &'a Arc<Budget>,
}

impl Wirings<'_> {
    pub fn start(
        &self,
        specs: &[OutputSpec],
        outputs: Vec<Box<dyn output::Output>>,
        tasks: &mut JoinSet<()>,
    ) -> Vec<Sender<DocBatch>> {
        let (mut queues, mut pipes) = (Queues::new(self), Vec::new());
        for (output, spec) in outputs.into_iter().zip(specs) {
            let (pipe, batches) = bounded(BATCHES_WAITING_MAX);
            pipes.push(pipe);
            let spool = if output.spools() { queues.of(&spec.label) } else { None };
            tasks.spawn(output.run(output::Wiring {
                label: spec.label.as_str().into(),
                batches,
                clock: Arc::clone(&self.common.clock),
                stop: self.switch.listener(),
                shutdown_timeout: self.common.daemon.shutdown_timeout,
                data: self.config.data.clone(),
                readiness: self.common.readiness.clone(),
                dead_letters: self.config.dead_letters,
                budget: Arc::clone(self.budget),
                spool,
                persisted: self.config.persisted,
            }));
        }
        queues.say_strangers();
        pipes
    }
}

/// The queue on disk, and whose parts are given out.
struct Queues {
    queue: Option<Queue>,
    names: Vec<String>,
}

impl Queues {
    fn new(wirings: &Wirings<'_>) -> Queues {
        let Wirings { common, config, budget, .. } = wirings;
        if let Some(queue) = config.queue.as_ref().filter(|queue| queue.checkpoint_writes.is_lax()) {
            tracing::warn!(
                pipeline = config.id,
                writes = queue.checkpoint_writes.0,
                "documents count before the queue on disk is synced: a power cut may lose some (queue.checkpoint.writes)"
            );
        }
        let queue = |queue| {
            let queue = Queue::new(queue, Arc::new(RealDisk), Arc::clone(budget)).with_pool(common.pool.clone());
            queue.of_pipeline(&config.prefix)
        };
        Queues { queue: config.queue.as_ref().map(queue), names: Vec::new() }
    }

    /// The part of an output.
    fn of(&mut self, label: &str) -> Option<Box<dyn Spool>> {
        let queue = self.queue.as_ref()?;
        self.names.push(label.to_string());
        match queue.spool(label) {
            Ok(spool) => Some(Box::new(spool)),
            Err(error) => {
                tracing::error!(output = label, %error, "cannot use the queue on disk: it stays as it is, documents wait in memory");
                None
            }
        }
    }

    fn say_strangers(&self) {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let strangers = self.queue.as_ref().map(|queue| queue.strangers(&names)).unwrap_or_default();
        if !strangers.is_empty() {
            tracing::warn!(
                outputs = strangers.join(" "),
                "the queue on disk holds documents for outputs that the pipeline has not: they stay there"
            );
        }
    }
}
