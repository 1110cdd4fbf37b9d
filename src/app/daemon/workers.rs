//! The threads between inputs and outputs, and how they end.

use super::{Feed, PipelineConfig, text_of};
use crate::app::world::World;
use crate::channel::{Receiver, Sender, bounded};
use crate::event::chunk::Chunk;
use crate::event::destination::DocBatch;
use crate::pipeline::Pipeline;
use crate::pipeline::worker::{Batches, Deserted, Worker, run};
use crate::pool::Pool;
use crate::telemetry::metrics;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::mpsc::UnboundedSender;

/// Chunks that wait for a worker. Bytes are bounded by the budget, this bounds the rest.
const CHUNKS_WAITING_MAX: usize = 64;
/// Filters recurse through nested documents: a thousand levels deep at most.
const WORKER_STACK_BYTES: usize = 8 << 20;

/// How a worker ended.
pub enum WorkerEnd {
    /// Its pipe closed: the inputs are gone.
    Done,
    /// It had something to send, and an output was gone.
    Deserted,
    Panicked(String),
}

impl WorkerEnd {
    pub fn bug(self) -> Option<String> {
        match self {
            WorkerEnd::Done => None,
            WorkerEnd::Deserted => Some("an output ended before its pipe closed".into()),
            WorkerEnd::Panicked(text) => Some(format!("a worker panicked: {text}")),
        }
    }
}

/// Starts the threads of a pipeline: a pipe for each. How they end they tell `ended`.
pub fn start(
    config: &PipelineConfig,
    pipeline: &Pipeline,
    outputs: Vec<Sender<DocBatch>>,
    pool: &Pool,
    ended: &UnboundedSender<WorkerEnd>,
) -> Result<Vec<Sender<Chunk>>, String> {
    let labels: Vec<String> = pipeline.inputs.iter().map(|input| input.label.clone()).collect();
    let world = World::default();
    let mut pipes = Vec::new();
    for number in 0..config.workers {
        let (pipe, chunks) = bounded(CHUNKS_WAITING_MAX);
        pipes.push(pipe);
        let worker = Worker::new(pipeline);
        let outbox = Batches::new(pipeline, outputs.clone(), pool.clone());
        let (counters, ended, world) = (Counters::of(&labels), ended.clone(), world.clone());
        std::thread::Builder::new()
            .name(format!("timberline-worker-{number}"))
            .stack_size(WORKER_STACK_BYTES)
            .spawn(move || {
                let end = catch_unwind(AssertUnwindSafe(|| work(worker, &chunks, outbox, &world, &counters)));
                // The daemon has ended already if nobody listens.
                ended.send(end.unwrap_or_else(|panic| WorkerEnd::Panicked(text_of(&*panic)))).ok();
            })
            .map_err(|error| format!("cannot start a worker thread: {error}"))?;
    }
    Ok(pipes)
}

/// Starts what takes the place of inputs and workers, on a thread of its own.
pub fn start_feed(
    feed: Feed,
    outputs: Vec<Sender<DocBatch>>,
    ended: &UnboundedSender<WorkerEnd>,
) -> Result<(), String> {
    let ended = ended.clone();
    std::thread::Builder::new()
        .name("timberline-feed".into())
        .spawn(move || {
            let end = catch_unwind(AssertUnwindSafe(|| feed(outputs)));
            let end = end.map_or_else(|panic| WorkerEnd::Panicked(text_of(&*panic)), |()| WorkerEnd::Done);
            // The daemon has ended already if nobody listens.
            ended.send(end).ok();
        })
        .map(|_| ())
        .map_err(|error| format!("cannot start a thread: {error}"))
}

fn work(worker: Worker, chunks: &Receiver<Chunk>, outbox: Batches, world: &World, counters: &Counters) -> WorkerEnd {
    match run(worker, chunks, outbox, world, &mut |worker| counters.add(worker)) {
        Ok(()) => WorkerEnd::Done,
        Err(Deserted) => WorkerEnd::Deserted,
    }
}

/// The counters of each input, as a worker fills them.
struct Counters(Vec<InputCounters>);

struct InputCounters {
    lines: metrics::Counter,
    bytes: metrics::Counter,
    truncated: metrics::Counter,
    dropped: metrics::Counter,
    left_out: metrics::Counter,
}

impl Counters {
    fn of(labels: &[String]) -> Counters {
        let of = |label: &String| InputCounters {
            lines: metrics::counter(metrics::LINES_READ, &[label]),
            bytes: metrics::counter(metrics::BYTES_READ, &[label]),
            truncated: metrics::counter(metrics::LINES_TRUNCATED, &[label]),
            dropped: metrics::counter(metrics::EVENTS_DROPPED, &["filter", label]),
            left_out: metrics::counter(metrics::EVENTS_DROPPED, &["hint", label]),
        };
        Counters(labels.iter().map(of).collect())
    }

    fn add(&self, worker: &mut Worker) {
        for (number, counters) in self.0.iter().enumerate() {
            let counts = worker.take_counts(number);
            counters.lines.increment(counts.records);
            counters.bytes.increment(counts.bytes);
            counters.truncated.increment(counts.truncated);
            counters.dropped.increment(counts.events.dropped);
            counters.left_out.increment(counts.left_out);
        }
    }
}
