//! Containers that live a few milliseconds.

use super::PATIENCE;
use super::job::Setup;
use crate::engine::{docker, elasticsearch};

#[test]
fn a_container_that_prints_three_lines_and_ends_is_not_missed() {
    let mut job = Setup::new("short").start();
    job.wait_until_ready();
    let script = "echo first; echo second >&2; echo third";
    let containers: Vec<_> = (0..10).map(|n| job.container(docker(), &n.to_string(), script).start()).collect();
    job.wait_for(elasticsearch(), 30, 0);
    job.assert_books();
    for container in &containers {
        for word in ["first", "second", "third"] {
            let query = format!("container.id:{} AND message:{word}", container.id());
            assert_eq!(elasticsearch().count(&job.logs(), &query), 1, "{query}");
        }
        let query =
            format!("container.id:{} AND stream:stderr AND container.name:\"{}\"", container.id(), container.name());
        elasticsearch().wait_for_count(&job.logs(), &query, 1, PATIENCE);
    }
}
