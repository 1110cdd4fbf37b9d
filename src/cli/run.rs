//! `timberline run`: the daemon, until it is told to stop.

use super::args::RunArguments;
use super::load::pipelines;
use super::{Ended, Exit, Failure};
use crate::app::daemon::{self, DaemonConfig, HttpConfig, PipelineConfig};
use crate::clock::{Clock as _, SystemClock};
use crate::plugin::Door;
use crate::settings::{Queue, QueueType, Settings};
use crate::telemetry::limit::memory_limit;
use crate::telemetry::logging;

/// Of a limit of memory, the budget for lines and documents is this part at most, and no less than so many bytes.
const BUDGET_PART: u64 = 8;
const BUDGET_BYTES_MIN: usize = 2 << 20;

pub fn run(arguments: &RunArguments) -> Ended {
    let (settings, each) = arguments.settings.pipelines()?;
    let (pipelines, _) = pipelines(&each, &[Door::Input, Door::Output])?;
    log(&settings);
    ended(daemon::run(&config(&settings, &each), pipelines))
}

/// From now on the log is written.
pub fn log(settings: &Settings) {
    let clock = SystemClock::default();
    logging::install(settings.log.level, settings.log.format, Box::new(move || clock.now_ns()));
}

/// How a daemon ended, in exit codes.
pub fn ended(ended: daemon::Ended) -> Ended {
    match ended {
        daemon::Ended::Stopped => Ok(Exit::Done),
        daemon::Ended::Refused(text) => Err(Failure::of_message(&text)),
        daemon::Ended::Bug(what) => Err(Failure::Bug(what)),
    }
}

/// The daemon that the settings mean, with these pipelines.
pub fn config(settings: &Settings, each: &[Settings]) -> DaemonConfig {
    let http = HttpConfig { host: settings.http.host.clone(), ports: settings.http.ports };
    DaemonConfig {
        pipelines: each.iter().map(pipeline_config).collect(),
        budget_bytes: budget_bytes(&settings.queue),
        shutdown_timeout: settings.shutdown_timeout,
        host: settings.node_name.clone(),
        salt: settings.id_salt.clone(),
        http: settings.http.enabled.then_some(http),
    }
}

/// What lines and documents may hold in memory. The rest of the process takes about 30 MB, and a limit that is met ends it.
fn budget_bytes(queue: &Queue) -> usize {
    let limit = if queue.memory_is_given { None } else { memory_limit() };
    let part = |limit: u64| usize::try_from(limit / BUDGET_PART).unwrap_or(usize::MAX).max(BUDGET_BYTES_MIN);
    match limit.map(part) {
        Some(bytes) if bytes < queue.memory_bytes => {
            tracing::info!(limit, bytes, "there is little memory: `queue.memory_bytes` is less than its default");
            bytes
        }
        _ => queue.memory_bytes,
    }
}

/// A pipeline as its settings mean it.
pub fn pipeline_config(settings: &Settings) -> PipelineConfig {
    PipelineConfig {
        id: settings.pipeline.id.clone(),
        prefix: settings.pipeline.prefix.clone(),
        data: settings.path_data.clone(),
        registry: settings.registry.clone(),
        dead_letters: settings.dead_letters,
        queue: (settings.queue.kind != QueueType::Memory).then(|| settings.queue.disk.clone()),
        persisted: settings.queue.kind == QueueType::Persisted,
        workers: settings.pipeline.workers,
    }
}
