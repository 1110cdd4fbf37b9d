//! The daemon: built from the far end (outputs, workers, inputs), run until it is told to stop or its inputs end,
//! stopped from the near end.
//!
//! Stopping tells only the inputs. They let go of their pipes, so the workers' pipes close and the workers end; then
//! the outputs' pipes close and the outputs end, or give up when `shutdown_timeout` is over. What has no verdict
//! then is read again at the next start.
//!
//! Several pipelines run side by side: each has inputs, workers, outputs, positions and a queue of its own, so one whose engine is
//! away holds up no other. They share the runtime, the endpoints and the memory budget, of which a part is kept for each.

mod config;
mod outputs;
mod signals;
mod workers;

pub use config::{DaemonConfig, HttpConfig, PipelineConfig};

use super::doors::{self, Doors};
use crate::channel::{Budget, Sender, StopSwitch};
use crate::clock::{Clock, SystemClock};
use crate::event::destination::DocBatch;
use crate::input;
use crate::pipeline::Pipeline;
use crate::plugin::Settings;
use crate::pool::Pool;
use crate::position::Ledger;
use crate::registry::Registry;
use crate::telemetry::exposition::Exposition;
use crate::telemetry::http::{Node, Pages, PipelineNode, Server};
use crate::telemetry::metrics;
use crate::telemetry::readiness::Readiness;
use signals::Signals;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use workers::WorkerEnd;

/// Threads for sockets and files.
const IO_THREADS: usize = 2;
/// Buffers at rest: as much as may be held where that is little, or they would be taken anew, each on another thread; more
/// is not worth its memory.
const POOL_BYTES_MAX: usize = 8 << 20;
/// Gauges are read this often.
const GAUGES_INTERVAL: Duration = Duration::from_secs(1);
/// What outputs may take to give up by themselves, beyond `shutdown_timeout`, and when it is to be at once.
const GRACE: Duration = Duration::from_millis(500);

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

/// Runs until it ends. The process's metrics are installed here: one daemon a process. The pipelines stand in the order of
/// `config.pipelines`.
pub fn run(config: &DaemonConfig, pipelines: Vec<Pipeline>) -> Ended {
    run_between(config, pipelines, doors::open)
}

/// What takes the place of inputs and workers: it is given a pipe for each output, pipeline by pipeline.
pub type Feed = Box<dyn FnOnce(Vec<Sender<DocBatch>>) + Send>;

/// The outputs alone, until everything that `feed` gives them, and everything that the queue on disk holds, has its
/// verdict.
pub fn run_outputs(config: &DaemonConfig, pipelines: Vec<Pipeline>, feed: Feed) -> Ended {
    let open = |pipeline: &Pipeline| Ok(Doors { inputs: Vec::new(), outputs: doors::open_outputs(pipeline)? });
    run_with(config, pipelines, open, Some(feed))
}

/// `run`, between other doors than those that the pipelines name.
pub fn run_between(
    config: &DaemonConfig,
    pipelines: Vec<Pipeline>,
    open: impl FnMut(&Pipeline) -> Result<Doors, String>,
) -> Ended {
    run_with(config, pipelines, open, None)
}

fn run_with(
    config: &DaemonConfig,
    pipelines: Vec<Pipeline>,
    open: impl FnMut(&Pipeline) -> Result<Doors, String>,
    feed: Option<Feed>,
) -> Ended {
    debug_assert_eq!(config.pipelines.len(), pipelines.len(), "a configuration a pipeline");
    let Some(exposition) = Exposition::install() else {
        return Ended::Bug("metrics are installed already".into());
    };
    let ids = |main: bool| config.pipelines.iter().filter(move |of| of.prefix.is_empty() == main).map(|of| &of.id);
    metrics::name_pipelines(ids(true).next().map_or("main", |id| id), ids(false).cloned().collect());
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
        let exposition = exposition.without(&unmetered(&pipelines));
        match Running::start(config, pipelines, exposition, open, feed) {
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
fn unmetered(pipelines: &[Pipeline]) -> Vec<(&'static str, &str)> {
    let inputs = pipelines.iter().flat_map(|of| &of.inputs).map(|it| ("input", it.label.as_str(), &it.settings));
    let outputs = pipelines.iter().flat_map(|of| &of.outputs).map(|it| ("output", it.label.as_str(), &it.settings));
    // What stands in for an input, as in a replay, has no such setting.
    let is_shown = |of: &Settings| of.declaration().setting("enable_metric").is_none() || of.boolean("enable_metric");
    let all: Vec<_> = inputs.chain(outputs).map(|(kind, label, of)| (kind, label, is_shown(of))).collect();
    all.iter()
        .filter(|(kind, label, _)| !all.contains(&(*kind, *label, true)))
        .map(|(kind, label, _)| (*kind, *label))
        .collect()
}

/// A daemon that runs.
struct Running {
    /// One a pipeline.
    registries: Vec<Arc<Registry>>,
    inputs: JoinSet<()>,
    outputs: JoinSet<()>,
    /// A worker that ended says how.
    worker_ends: mpsc::UnboundedReceiver<WorkerEnd>,
    workers_left: usize,
    switch: StopSwitch,
    shutdown_timeout: Duration,
    signals: Signals,
    gauges: JoinSet<()>,
    exposition: Exposition,
}

/// What all pipelines of a daemon are given.
struct Common<'a> {
    daemon: &'a DaemonConfig,
    clock: Arc<dyn Clock>,
    readiness: Readiness,
    pool: Pool,
    taking_hints: Arc<[String]>,
    /// Where workers say how they ended.
    ended: &'a mpsc::UnboundedSender<WorkerEnd>,
    /// Something else takes the place of inputs and workers.
    feeds: bool,
}

/// The pipelines that containers may choose among.
fn taking_hints(config: &DaemonConfig, pipelines: &[Pipeline]) -> Arc<[String]> {
    let takes = |pipeline: &Pipeline| pipeline.inputs.iter().any(|it| input::docker::takes_hints(&it.settings));
    config.pipelines.iter().zip(pipelines).filter(|(_, it)| takes(it)).map(|(of, _)| of.id.clone()).collect()
}

/// Which part of the daemon ended first.
enum First {
    Signal,
    Inputs,
    Bug(String),
}

impl Running {
    fn start(
        config: &DaemonConfig,
        pipelines: Vec<Pipeline>,
        exposition: Exposition,
        open: impl FnMut(&Pipeline) -> Result<Doors, String>,
        feed: Option<Feed>,
    ) -> Result<Running, String> {
        // First: to open what lies on the disk takes a while.
        let signals = Signals::new()?;
        let server = config.http.as_ref().map(|http| Server::bind(&http.host, http.ports)).transpose();
        let server = server.map_err(|error| error.to_string())?;
        let doors: Vec<Doors> = pipelines.iter().map(open).collect::<Result<_, _>>()?;
        let budgets = Budget::shared(config.budget_bytes, pipelines.len());
        let (ended, worker_ends) = mpsc::unbounded_channel();
        let mut running = Running {
            registries: Vec::new(),
            inputs: JoinSet::new(),
            outputs: JoinSet::new(),
            worker_ends,
            workers_left: 0,
            switch: StopSwitch::default(),
            shutdown_timeout: config.shutdown_timeout,
            signals,
            gauges: JoinSet::new(),
            exposition: exposition.clone(),
        };
        let common = Common {
            daemon: config,
            clock: Arc::new(SystemClock::default()),
            readiness: Readiness::default(),
            pool: Pool::new(config.budget_bytes.min(POOL_BYTES_MAX)),
            taking_hints: taking_hints(config, &pipelines),
            ended: &ended,
            feeds: feed.is_some(),
        };
        let mut pipes = Vec::new();
        for (((of, pipeline), doors), budget) in config.pipelines.iter().zip(&pipelines).zip(doors).zip(budgets) {
            pipes.extend(running.start_pipeline(&common, of, pipeline, doors, Arc::new(budget))?);
        }
        if let Some(feed) = feed {
            workers::start_feed(feed, pipes, &ended)?;
            running.workers_left = 1;
        }
        common.readiness.started();
        if let Some(server) = server {
            let pages = Pages { exposition, readiness: common.readiness, node: node(config) };
            tokio::spawn(serve(server, pages));
        }
        let (inputs, outputs): (usize, usize) =
            (pipelines.iter().map(|it| it.inputs.len()).sum(), pipelines.iter().map(|it| it.outputs.len()).sum());
        let workers: usize = config.pipelines.iter().map(|of| of.workers).sum();
        tracing::info!(pipelines = pipelines.len(), inputs, outputs, workers, "started");
        Ok(running)
    }

    /// Starts a pipeline from its far end. Gives back the pipes of its outputs, where something else feeds them.
    fn start_pipeline(
        &mut self,
        common: &Common<'_>,
        config: &PipelineConfig,
        pipeline: &Pipeline,
        doors: Doors,
        budget: Arc<Budget>,
    ) -> Result<Vec<Sender<DocBatch>>, String> {
        let registry = Registry::open_with(config.registry.clone(), Arc::clone(&budget), Arc::clone(&common.clock))
            .map_err(|error| error.to_string())?;
        let registry = Arc::new(registry);
        self.registries.push(Arc::clone(&registry));
        self.gauges.spawn(watch_gauges(config.id.clone(), Arc::clone(&registry), Arc::clone(&budget)));
        let Doors { inputs, outputs } = doors;
        let wirings = outputs::Wirings { common, config, switch: &self.switch, budget: &budget };
        let pipes = wirings.start(&pipeline.outputs, outputs, &mut self.outputs);
        if common.feeds {
            return Ok(pipes);
        }
        let workers = workers::start(config, pipeline, pipes, &common.pool, common.ended)?;
        self.workers_left += workers.len();
        let wiring = input::Wiring {
            input: 0,
            label: Arc::from(""),
            pipeline: config.id.as_str().into(),
            taking_hints: Arc::clone(&common.taking_hints),
            ledger: registry as Arc<dyn Ledger>,
            workers: workers.into(),
            budget,
            stop: self.switch.listener(),
            clock: Arc::clone(&common.clock),
            host: common.daemon.host.as_str().into(),
            salt: common.daemon.salt.as_str().into(),
            readiness: common.readiness.clone(),
            pool: common.pool.clone(),
        };
        for (number, (input, spec)) in inputs.into_iter().zip(&pipeline.inputs).enumerate() {
            let wiring = input::Wiring { input: number, label: spec.label.as_str().into(), ..wiring.clone() };
            self.inputs.spawn(input.run(wiring));
        }
        Ok(Vec::new())
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
        self.gauges.abort_all();
        for error in self.registries.iter().filter_map(|registry| registry.stop().err()) {
            tracing::error!(%error, "cannot write the registry: what was delivered last is sent again at the next start");
        }
        self.say_books();
        ended
    }

    /// The last line of the log: what came in and what became of it.
    fn say_books(&self) {
        let totals = self.exposition.totals();
        let total = |metric| totals.of(metric) as u64;
        let receipts =
            |count: fn(&Registry) -> usize| self.registries.iter().map(|registry| count(registry)).sum::<usize>();
        let of = |outcome: &str| totals.with(metrics::DOCUMENTS, outcome) as u64;
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
            torn_on_disk = total(metrics::QUEUE_TORN),
            undelivered = total(metrics::DOCUMENTS_OPEN),
            open = receipts(Registry::receipts_open),
            forgotten = receipts(Registry::receipts_forgotten),
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
        let drained = tokio::select! {
            drained = tokio::time::timeout_at(deadline, self.drain()) => drained.ok(),
            () = signals.stop() => {
                tracing::warn!("told to stop again, stopping at once");
                None
            }
        };
        match drained {
            Some(ended) => ended,
            None => self.leave().await,
        }
    }

    /// Outputs let go of what they have, so that the books are at rest.
    async fn leave(&mut self) -> Ended {
        self.switch.stop_at_once();
        let gone = async { while self.outputs.join_next().await.is_some() {} };
        // A disk that hangs is not waited for.
        let _ = tokio::time::timeout(GRACE, gone).await;
        Ended::Stopped
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

/// Serves the endpoints until the runtime ends.
async fn serve(server: Server, pages: Pages) {
    tracing::info!(address = %server.address(), "answers /metrics, /livez and /readyz");
    if let Err(error) = server.serve(pages, std::future::pending()).await {
        tracing::error!(%error, "the endpoints have ended");
    }
}

fn node(config: &DaemonConfig) -> Node {
    let data = config.pipelines.first().map(|first| first.data.to_string_lossy()).unwrap_or_default();
    Node {
        host: config.host.clone(),
        name: config.host.clone(),
        id: format!("{:016x}", crate::event::Identity::hash_source(&config.host, &data)),
        pipelines: config.pipelines.iter().map(pipeline_node).collect(),
    }
}

fn pipeline_node(config: &PipelineConfig) -> PipelineNode {
    let queue_type = match (&config.queue, config.persisted) {
        (None, _) => "memory",
        (Some(_), true) => "persisted",
        (Some(_), false) => "spill",
    };
    PipelineNode { id: config.id.clone(), workers: config.workers, batch_size: 0, queue_type: queue_type.into() }
}

async fn watch_gauges(pipeline: String, registry: Arc<Registry>, budget: Arc<Budget>) {
    let held = metrics::gauge(metrics::BUDGET_BYTES, &[&pipeline]);
    let open = metrics::gauge(metrics::RECEIPTS_OPEN, &[&pipeline]);
    let lag = metrics::gauge(metrics::LAG_SECONDS, &[&pipeline]);
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
            output { stdout { enable_metric => false } file { path => "/tmp/x" enable_metric => false } }"#;
        let pipeline = load(&Request::of_text(config)).unwrap().pipeline.unwrap();
        assert_eq!(unmetered(&[pipeline]), [("input", "quiet"), ("output", "stdout"), ("output", "file")]);
    }

    #[test]
    fn each_output_has_a_name_of_its_own() {
        let config = r#"
            input { stdin { } }
            output { stdout { } stdout { } file { path => "/a" id => "stdout-3" } stdout { } }"#;
        let pipeline = load(&Request::of_text(config)).unwrap().pipeline.unwrap();
        let labels: Vec<&str> = pipeline.outputs.iter().map(|output| output.label.as_str()).collect();
        assert_eq!(labels, ["stdout", "stdout-2", "stdout-3", "stdout-4"]);
    }
}
