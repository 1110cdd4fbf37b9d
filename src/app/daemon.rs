//! The daemon: built from the far end (outputs, workers, inputs), run until it is told to stop or its inputs end,
//! stopped from the near end.
//!
//! Stopping tells only the inputs. They let go of their pipes, so the workers' pipes close and the workers end; then
//! the outputs' pipes close and the outputs end, or give up when `shutdown_timeout` is over. What has no verdict
//! then is read again at the next start.

mod outputs;

use super::doors::{self, Doors};
use super::world::World;
use crate::channel::{Budget, Receiver, Sender, StopSwitch, bounded};
use crate::clock::{Clock, SystemClock};
use crate::event::chunk::Chunk;
use crate::event::destination::DocBatch;
use crate::pipeline::Pipeline;
use crate::pipeline::worker::{Batches, Deserted, Worker, run as run_worker};
use crate::pool::Pool;
use crate::position::Ledger;
use crate::queue;
use crate::registry::{self, Registry};
use crate::telemetry::exposition::Exposition;
use crate::telemetry::http::{Node, Pages, Ports, Server};
use crate::telemetry::metrics;
use crate::telemetry::readiness::Readiness;
use crate::{input, output};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

/// Chunks that wait for a worker. Bytes are bounded by the budget, this bounds the rest.
const CHUNKS_WAITING_MAX: usize = 64;
/// Filters recurse through nested documents: a thousand levels deep at most.
const WORKER_STACK_BYTES: usize = 8 << 20;
/// Threads for sockets and files.
const IO_THREADS: usize = 2;
/// Gauges are read this often.
const GAUGES_INTERVAL: Duration = Duration::from_secs(1);
/// What outputs may take beyond `shutdown_timeout` to give up by themselves.
const GRACE: Duration = Duration::from_millis(500);

/// What the daemon needs to know besides its pipeline.
#[derive(Clone, Debug)]
pub struct DaemonConfig {
    /// The id of the pipeline.
    pub pipeline: String,
    /// Dead letters and the like.
    pub data: PathBuf,
    pub registry: registry::Config,
    pub dead_letters: output::dead_letter::Limit,
    /// `None`: documents wait in memory alone.
    pub queue: Option<queue::Config>,
    /// Everything goes through the queue on disk.
    pub persisted: bool,
    pub workers: usize,
    /// Bytes of log lines held in memory, in all rooms together.
    pub budget_bytes: usize,
    pub shutdown_timeout: Duration,
    /// `host.name` of the events.
    pub host: String,
    /// Mixed into document ids.
    pub salt: String,
    /// `None`: no endpoints.
    pub http: Option<HttpConfig>,
}

/// Where the endpoints listen: the first free port of the range.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    pub host: String,
    pub ports: Ports,
}

/// How the daemon ended.
#[derive(Debug)]
pub enum Ended {
    /// As asked, or because its inputs had nothing more to read.
    Stopped,
    /// It never began: a message for a person.
    Refused(String),
    /// A part of it panicked.
    Bug(String),
}

/// Runs until it ends. The process's metrics are installed here: one daemon a process.
pub fn run(config: &DaemonConfig, pipeline: Pipeline) -> Ended {
    run_between(config, pipeline, doors::open)
}

/// What takes the place of inputs and workers: it is given a pipe for each output.
pub type Feed = Box<dyn FnOnce(Vec<Sender<DocBatch>>) + Send>;

/// The outputs alone, until everything that `feed` gives them, and everything that the queue on disk holds, has its
/// verdict.
pub fn run_outputs(config: &DaemonConfig, pipeline: Pipeline, feed: Feed) -> Ended {
    let open = |pipeline: &Pipeline| Ok(Doors { inputs: Vec::new(), outputs: doors::open_outputs(pipeline)? });
    run_with(config, pipeline, open, Some(feed))
}

/// `run`, between other doors than those that the pipeline names.
pub fn run_between(
    config: &DaemonConfig,
    pipeline: Pipeline,
    open: impl FnOnce(&Pipeline) -> Result<Doors, String>,
) -> Ended {
    run_with(config, pipeline, open, None)
}

fn run_with(
    config: &DaemonConfig,
    pipeline: Pipeline,
    open: impl FnOnce(&Pipeline) -> Result<Doors, String>,
    feed: Option<Feed>,
) -> Ended {
    let Some(exposition) = Exposition::install() else {
        return Ended::Bug("metrics are installed already".into());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(IO_THREADS)
        .thread_name("timberline-io")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Refused(format!("cannot start threads: {error}")),
    };
    let ended = {
        let _entered = runtime.enter();
        let exposition = exposition.without(&unmetered(&pipeline));
        match Running::start(config, pipeline, exposition, open, feed) {
            Ok(running) => runtime.block_on(running.supervise()),
            Err(why) => Ended::Refused(why),
        }
    };
    // Tasks that are left wait for nothing but the network.
    runtime.shutdown_timeout(GRACE);
    ended
}

/// The labels of inputs and outputs whose own figures are not to be shown (`enable_metric => false`): those that no other
/// plugin of the pipeline shares.
fn unmetered(pipeline: &Pipeline) -> Vec<(&'static str, &str)> {
    let inputs = pipeline.inputs.iter().map(|input| ("input", input.label.as_str(), &input.settings));
    let outputs = pipeline.outputs.iter().map(|output| ("output", output.label.as_str(), &output.settings));
    let all: Vec<_> =
        inputs.chain(outputs).map(|(kind, label, of)| (kind, label, of.boolean("enable_metric"))).collect();
    all.iter()
        .filter(|(kind, label, _)| !all.contains(&(*kind, *label, true)))
        .map(|(kind, label, _)| (*kind, *label))
        .collect()
}

/// A daemon that runs.
struct Running {
    registry: Arc<Registry>,
    inputs: JoinSet<()>,
    outputs: JoinSet<()>,
    /// A worker that ended says how.
    worker_ends: mpsc::UnboundedReceiver<WorkerEnd>,
    workers_left: usize,
    switch: StopSwitch,
    shutdown_timeout: Duration,
    signals: Signals,
    gauges: tokio::task::JoinHandle<()>,
    exposition: Exposition,
}

/// Which part of the daemon ended first.
enum First {
    Signal,
    Inputs,
    Bug(String),
}

/// How a worker ended.
enum WorkerEnd {
    /// Its pipe closed: the inputs are gone.
    Done,
    /// It had something to send, and an output was gone.
    Deserted,
    Panicked(String),
}

impl WorkerEnd {
    fn bug(self) -> Option<String> {
        match self {
            WorkerEnd::Done => None,
            WorkerEnd::Deserted => Some("an output ended before its pipe closed".into()),
            WorkerEnd::Panicked(text) => Some(format!("a worker panicked: {text}")),
        }
    }
}

impl Running {
    fn start(
        config: &DaemonConfig,
        pipeline: Pipeline,
        exposition: Exposition,
        open: impl FnOnce(&Pipeline) -> Result<Doors, String>,
        feed: Option<Feed>,
    ) -> Result<Running, String> {
        // First: to open what lies on the disk takes a while.
        let signals = Signals::new()?;
        let server = config.http.as_ref().map(|http| Server::bind(&http.host, http.ports)).transpose();
        let server = server.map_err(|error| error.to_string())?;
        let readiness = Readiness::default();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let budget = Arc::new(Budget::new(config.budget_bytes));
        let doors = open(&pipeline)?;
        let registry = Registry::open_with(config.registry.clone(), Arc::clone(&budget), Arc::clone(&clock))
            .map_err(|error| error.to_string())?;
        let registry = Arc::new(registry);
        let switch = StopSwitch::default();
        let Doors { inputs, outputs } = doors;
        let pool = Pool::new(config.budget_bytes / 2);
        let wirings =
            outputs::Wirings { config, clock: &clock, switch: &switch, readiness: &readiness, budget: &budget };
        let (output_tasks, pipes) = wirings.start(&pipeline.outputs, outputs);
        let workers_left = if feed.is_some() { 1 } else { config.workers };
        let (workers, worker_ends) = match feed {
            Some(feed) => start_feed(feed, pipes)?,
            None => start_workers(config, &pipeline, pipes, &pool)?,
        };
        let wiring = input::Wiring {
            input: 0,
            label: Arc::from(""),
            pipeline: config.pipeline.as_str().into(),
            taking_hints: taking_hints(config, &pipeline),
            ledger: Arc::clone(&registry) as Arc<dyn Ledger>,
            workers: workers.into(),
            budget: Arc::clone(&budget),
            stop: switch.listener(),
            clock,
            host: config.host.as_str().into(),
            salt: config.salt.as_str().into(),
            readiness: readiness.clone(),
            pool,
        };
        let mut input_tasks = JoinSet::new();
        for (number, (input, spec)) in inputs.into_iter().zip(&pipeline.inputs).enumerate() {
            let wiring = input::Wiring { input: number, label: spec.label.as_str().into(), ..wiring.clone() };
            input_tasks.spawn(input.run(wiring));
        }
        readiness.started();
        if let Some(server) = server {
            let pages = Pages { exposition: exposition.clone(), readiness, node: node(config) };
            tokio::spawn(serve(server, pages));
        }
        tracing::info!(
            inputs = pipeline.inputs.len(),
            outputs = pipeline.outputs.len(),
            workers = config.workers,
            "started"
        );
        Ok(Running {
            gauges: tokio::spawn(watch_gauges(Arc::clone(&registry), budget)),
            registry,
            inputs: input_tasks,
            outputs: output_tasks,
            worker_ends,
            workers_left,
            switch,
            shutdown_timeout: config.shutdown_timeout,
            signals,
            exposition,
        })
    }

    /// Waits for the end of the first part, then ends the others in order.
    async fn supervise(mut self) -> Ended {
        let first = self.first_end().await;
        let ended = match first {
            First::Bug(text) => Ended::Bug(text),
            First::Signal => {
                tracing::info!(timeout_s = self.shutdown_timeout.as_secs_f64(), "stopping");
                self.stop().await
            }
            First::Inputs => {
                tracing::info!("inputs have nothing more to read, stopping when everything is delivered");
                self.finish().await
            }
        };
        self.gauges.abort();
        if let Err(error) = self.registry.stop() {
            tracing::error!(%error, "cannot write the registry: what was delivered last is sent again at the next start");
        }
        self.say_books();
        ended
    }

    /// The last line of the log: what came in and what became of it.
    fn say_books(&self) {
        let total = |metric| self.exposition.total(metric) as u64;
        let of = |outcome: &str| self.exposition.total_of(metrics::DOCUMENTS, outcome) as u64;
        tracing::info!(
            lines = total(metrics::LINES_READ),
            dropped = total(metrics::EVENTS_DROPPED),
            documents = total(metrics::DOCUMENTS_MADE),
            from_disk = total(metrics::QUEUE_FOUND),
            stored = of("stored"),
            already_there = of("already_there"),
            dead_letter = of("dead_letter"),
            refused = of("refused"),
            on_disk = total(metrics::QUEUE_DOCUMENTS),
            lost_on_disk = total(metrics::QUEUE_LOST),
            undelivered = total(metrics::DOCUMENTS_OPEN),
            open = self.registry.receipts_open(),
            forgotten = self.registry.receipts_forgotten(),
            "stopped"
        );
    }

    async fn first_end(&mut self) -> First {
        loop {
            tokio::select! {
                () = self.signals.stop() => return First::Signal,
                ended = self.inputs.join_next() => match ended {
                    None => return First::Inputs,
                    Some(Ok(())) => {}
                    Some(Err(error)) => return First::Bug(panic_text("an input", error)),
                },
                // Inputs that end take workers and outputs along before their own end is seen here, so an end that
                // is no panic says nothing by itself; a worker that had something to send tells if it was too early.
                Some(ended) = self.outputs.join_next() => if let Err(error) = ended {
                    return First::Bug(panic_text("an output", error));
                },
                Some(ended) = self.worker_ends.recv() => {
                    self.workers_left -= 1;
                    if let Some(bug) = ended.bug() {
                        return First::Bug(bug);
                    }
                }
            }
        }
    }

    /// Stops by the clock; a second signal stops at once.
    async fn stop(&mut self) -> Ended {
        self.switch.stop();
        let deadline = Instant::now() + self.shutdown_timeout + GRACE;
        let mut signals = std::mem::replace(&mut self.signals, Signals::none());
        tokio::select! {
            ended = tokio::time::timeout_at(deadline, self.drain()) => ended.unwrap_or(Ended::Stopped),
            () = signals.stop() => {
                tracing::warn!("told to stop again, stopping at once");
                Ended::Stopped
            }
        }
    }

    /// Stops without a deadline, because nobody asked for haste; a signal brings one.
    async fn finish(&mut self) -> Ended {
        let mut signals = std::mem::replace(&mut self.signals, Signals::none());
        let ended = tokio::select! {
            ended = self.drain() => Some(ended),
            () = signals.stop() => None,
        };
        self.signals = signals;
        match ended {
            Some(ended) => ended,
            None => self.stop().await,
        }
    }

    /// Waits for inputs, workers and outputs, in this order.
    async fn drain(&mut self) -> Ended {
        while let Some(ended) = self.inputs.join_next().await {
            if let Err(error) = ended {
                return Ended::Bug(panic_text("an input", error));
            }
        }
        while self.workers_left > 0 {
            let ended = self.worker_ends.recv().await.unwrap_or(WorkerEnd::Done);
            self.workers_left -= 1;
            // Told to stop, an output gives up when its time is over.
            let gave_up = matches!(ended, WorkerEnd::Deserted) && self.switch.listener().is_stopped();
            if let Some(bug) = ended.bug().filter(|_| !gave_up) {
                return Ended::Bug(bug);
            }
        }
        while let Some(ended) = self.outputs.join_next().await {
            if let Err(error) = ended {
                return Ended::Bug(panic_text("an output", error));
            }
        }
        Ended::Stopped
    }
}

/// The pipelines that containers may choose among.
fn taking_hints(config: &DaemonConfig, pipeline: &Pipeline) -> Arc<[String]> {
    let takes = pipeline.inputs.iter().any(|input| input::docker::takes_hints(&input.settings));
    takes.then(|| config.pipeline.clone()).into_iter().collect()
}

type Workers = (Vec<Sender<Chunk>>, mpsc::UnboundedReceiver<WorkerEnd>);

fn start_workers(
    config: &DaemonConfig,
    pipeline: &Pipeline,
    outputs: Vec<Sender<DocBatch>>,
    pool: &Pool,
) -> Result<Workers, String> {
    let (ended, ends) = mpsc::unbounded_channel();
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
    Ok((pipes, ends))
}

fn start_feed(feed: Feed, outputs: Vec<Sender<DocBatch>>) -> Result<Workers, String> {
    let (ended, ends) = mpsc::unbounded_channel();
    std::thread::Builder::new()
        .name("timberline-feed".into())
        .spawn(move || {
            let end = catch_unwind(AssertUnwindSafe(|| feed(outputs)));
            let end = end.map_or_else(|panic| WorkerEnd::Panicked(text_of(&*panic)), |()| WorkerEnd::Done);
            // The daemon has ended already if nobody listens.
            ended.send(end).ok();
        })
        .map_err(|error| format!("cannot start a thread: {error}"))?;
    Ok((Vec::new(), ends))
}

fn work(worker: Worker, chunks: &Receiver<Chunk>, outbox: Batches, world: &World, counters: &Counters) -> WorkerEnd {
    match run_worker(worker, chunks, outbox, world, &mut |worker| counters.add(worker)) {
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
            dropped: metrics::counter(metrics::EVENTS_DROPPED, &["filter"]),
            left_out: metrics::counter(metrics::EVENTS_DROPPED, &["hint"]),
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

/// SIGTERM and SIGINT; and SIGHUP, which would be death if nobody listened.
struct Signals(Option<[Signal; 3]>);

impl Signals {
    fn new() -> Result<Signals, String> {
        let listen = |kind| signal(kind).map_err(|error| format!("cannot listen for signals: {error}"));
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        let [terminate, interrupt, hangup] = kinds.map(listen);
        Ok(Signals(Some([terminate?, interrupt?, hangup?])))
    }

    /// Signals that never come.
    fn none() -> Signals {
        Signals(None)
    }

    async fn stop(&mut self) {
        let Some([terminate, interrupt, hangup]) = &mut self.0 else { return std::future::pending().await };
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = hangup.recv() => {
                    tracing::info!("SIGHUP changes nothing: the pipeline is read at the start");
                }
            }
        }
    }
}

/// Serves the endpoints until the runtime ends.
async fn serve(server: Server, pages: Pages) {
    tracing::info!(address = %server.address(), "answers /metrics, /livez and /readyz");
    if let Err(error) = server.serve(pages, std::future::pending()).await {
        tracing::error!(%error, "the endpoints have ended");
    }
}

fn node(config: &DaemonConfig) -> Node {
    Node {
        host: config.host.clone(),
        name: config.host.clone(),
        id: format!("{:016x}", crate::event::Identity::hash_source(&config.host, &config.data.to_string_lossy())),
        workers: config.workers,
        batch_size: 0,
        queue_type: queue_type(config).into(),
    }
}

fn queue_type(config: &DaemonConfig) -> &'static str {
    match (&config.queue, config.persisted) {
        (None, _) => "memory",
        (Some(_), true) => "persisted",
        (Some(_), false) => "spill",
    }
}

async fn watch_gauges(registry: Arc<Registry>, budget: Arc<Budget>) {
    let held = metrics::gauge(metrics::BUDGET_BYTES, &[]);
    let open = metrics::gauge(metrics::RECEIPTS_OPEN, &[]);
    let lag = metrics::gauge(metrics::LAG_SECONDS, &[]);
    loop {
        held.set(budget.taken() as f64);
        open.set(registry.receipts_open() as f64);
        lag.set(registry.lag().as_secs_f64());
        tokio::time::sleep(GAUGES_INTERVAL).await;
    }
}

fn panic_text(what: &str, error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => format!("{what} panicked: {}", text_of(&*panic)),
        Err(_) => format!("{what} was cancelled"),
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::load::{Request, load};

    #[test]
    fn figures_are_hidden_where_no_other_plugin_shares_the_name() {
        let config = r#"
            input {
              file { path => "/a" id => "quiet" enable_metric => false }
              file { path => "/b" enable_metric => false }
              file { path => "/c" }
            }
            output { stdout { enable_metric => false } file { id => "quiet" path => "/tmp/x" } }"#;
        let pipeline = load(&Request::of_text(config)).unwrap().pipeline.unwrap();
        assert_eq!(unmetered(&pipeline), [("input", "quiet"), ("output", "stdout")]);
    }
}
