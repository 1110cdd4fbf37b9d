//! What the daemon says of itself: its own log, its metrics, its HTTP endpoints. It knows none of its callers:
//! numbers and strings come in, nothing else. `metrics` and its exporter are named here and nowhere else.

pub mod crash;
pub mod metrics;
