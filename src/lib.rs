//! timberline follows container logs, runs a pipeline written in the Logstash configuration language and
//! bulk-indexes into daily Elasticsearch indices, with nothing lost and nothing doubled.
//!
//! The rooms, in reading order, from the lowest floor up (ARCHITECTURE.md has the walk of one event):

pub mod backoff;
pub mod clock;
pub mod disk;
pub mod pool;
pub mod position;
pub mod telemetry;

pub mod channel;
pub mod event;
pub mod lang;
pub mod plugin;

pub mod codec;
pub mod filter;

pub mod input;
pub mod output;
pub mod pipeline;
pub mod queue;
pub mod registry;

pub mod settings;

pub mod app;

pub mod cli;
