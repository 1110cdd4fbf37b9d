//! What the daemon says of itself: its own log, its metrics, its HTTP endpoints. It knows none of its callers:
//! numbers and strings come in, nothing else. `metrics` and its exporter are named here and nowhere else.

pub mod ask;
pub mod crash;
pub mod docs;
pub mod exposition;
#[cfg(test)]
pub mod figures;
pub mod http;
pub mod limit;
pub mod logging;
pub mod metrics;
pub mod process;
pub mod readiness;
