//! Faults of Docker, each by its number in the project's list, for both ways of reading where both can have it.

mod containers;
mod drivers;
mod engine;
mod lines;
mod rotation;
mod tls;

use super::run::{Got, Run};
use crate::engine::{docker, wait_until};
use std::time::Duration;

fn started(read: &str, label: &str, more: &[(&str, &str)]) -> Run {
    started_at(docker().host(), read, label, more)
}

/// The same behind a proxy.
fn started_at(host: &str, read: &str, label: &str, more: &[(&str, &str)]) -> Run {
    let filter = format!("it={label}");
    let settings: Vec<(&str, &str)> =
        [("include_labels", filter.as_str()), ("read", read)].into_iter().chain(more.iter().copied()).collect();
    Run::start(host, &settings)
}

/// Everything up to this line.
fn up_to(run: &mut Run, last: &str) -> Vec<Got> {
    let mut lines = Vec::new();
    wait_until("the last line is there", Duration::from_secs(60), || {
        lines.extend(run.some());
        lines.iter().any(|line| line.text == last).then_some(())
    });
    lines
}
