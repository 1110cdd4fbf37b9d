//! Every line of every container arrives exactly once and in order.

use super::job::Setup;
use super::lines::Lines;
use crate::engine::{docker, elasticsearch};

fn check(lines: &Lines) {
    let job = Setup::new("lines").start();
    let containers: Vec<_> = lines.containers(&job, docker(), 1).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    lines.assert_each_once(&job, elasticsearch());
    job.assert_books();
    drop(containers);
}

#[test]
fn every_line_of_eight_containers_is_there_once_and_in_order() {
    check(&Lines { containers: 8, count: 5_000 });
}

#[cfg(feature = "soak")]
#[test]
fn soak_fifty_thousand_lines_of_each_of_eight_containers_are_there_once_and_in_order() {
    check(&Lines { containers: 8, count: 50_000 });
}
