//! What the daemon needs to know besides its pipelines.

use crate::telemetry::http::Ports;
use crate::{output, queue, registry};
use std::path::PathBuf;
use std::time::Duration;

/// The daemon.
#[derive(Clone, Debug)]
pub struct DaemonConfig {
    /// One at least, in the order of the pipelines.
    pub pipelines: Vec<PipelineConfig>,
    /// Bytes of log lines held in memory, in all rooms of all pipelines together.
    pub budget_bytes: usize,
    pub shutdown_timeout: Duration,
    /// `host.name` of the events.
    pub host: String,
    /// Mixed into document ids.
    pub salt: String,
    /// `None`: no endpoints.
    pub http: Option<HttpConfig>,
}

/// One of its pipelines.
#[derive(Clone, Debug)]
pub struct PipelineConfig {
    pub id: String,
    /// Stands before the names of its plugins: empty for the main one, else its id and a slash.
    pub prefix: String,
    /// Dead letters and the like.
    pub data: PathBuf,
    pub registry: registry::Config,
    pub dead_letters: output::dead_letter::Limit,
    /// `None`: documents wait in memory alone.
    pub queue: Option<queue::Config>,
    /// Everything goes through the queue on disk.
    pub persisted: bool,
    pub workers: usize,
}

/// Where the endpoints listen: the first free port of the range.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    pub host: String,
    pub ports: Ports,
}
