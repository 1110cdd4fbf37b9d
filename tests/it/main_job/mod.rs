//! The main job, end to end: containers of a real Docker, the binary with the shipped pipeline, documents in a real Elasticsearch.
//!
//! - `job`: one run of the binary, with indices, containers and data of its own
//! - `lines`: numbered lines that containers print, and the judge of what arrived
//! - the others: one promise each

mod bad_lines;
mod crash_points;
mod crashes;
mod dead_letters;
#[cfg(feature = "soak")]
mod endurance;
mod every_line;
mod ids;
pub mod job;
mod lines;
mod metrics;
mod old_containers;
mod queue;
mod searches;
mod short_lived;
mod starting;
mod stopping;
#[cfg(feature = "soak")]
mod traces;

pub use job::sum;
use std::time::Duration;

/// Far more than any of these tests needs: two cores may be shared with builds and other tests, and a wait that ends costs nothing.
const PATIENCE: Duration = Duration::from_secs(400);
