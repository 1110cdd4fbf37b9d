//! Lines of every size and end, and those of terminals.

use super::super::{both_ways, texts};
use super::started;
use crate::engine::{docker, unique};

both_ways! {
    fault_25_a_terminals_progress_bars_stay_in_their_line
    fault_26_a_line_whose_parts_come_seconds_apart_is_one
    fault_26_ten_megabytes_without_an_end_are_cut_and_marked
    fault_28_a_last_line_without_an_end_comes_once
}

fn fault_25_a_terminals_progress_bars_stay_in_their_line(read: &'static str) {
    let label = unique("bars");
    let mut run = started(read, &label, &[]);
    let script = "for n in 10 50 100; do printf 'done %s%%\\r' $n; sleep 0.1; done; echo; printf 'next\\n'; sleep 1000";
    let container = docker().container(script).label("it", &label).option(&["--interactive"]).tty().start();
    assert_eq!(texts(&run.lines(2), "stdout"), ["done 10%\rdone 50%\rdone 100%\r", "next"]);
    assert_eq!(run.end(), []);
    drop(container);
}

fn fault_26_a_line_whose_parts_come_seconds_apart_is_one(read: &'static str) {
    check_slow_parts(read, 2);
}

#[cfg(feature = "soak")]
#[test]
fn soak_fault_26_a_line_whose_parts_come_ten_seconds_apart_is_one() {
    check_slow_parts("api", 10);
    check_slow_parts("file", 10);
}

fn check_slow_parts(read: &str, seconds: u32) {
    let label = unique("slow");
    let mut run = started(read, &label, &[]);
    let part = |byte: char| format!("head -c 20000 /dev/zero | tr '\\0' {byte}");
    let script = format!(
        "{}; echo between >&2; sleep {seconds}; {}; sleep {seconds}; echo; echo next; sleep 1000",
        part('a'),
        part('b')
    );
    let container = docker().container(&script).label("it", &label).start();
    let lines = run.lines(3);
    assert_eq!(texts(&lines, "stdout"), [format!("{}{}", "a".repeat(20_000), "b".repeat(20_000)), "next".into()]);
    assert_eq!(texts(&lines, "stderr"), ["between"]);
    assert_eq!(run.end(), []);
    drop(container);
}

fn fault_26_ten_megabytes_without_an_end_are_cut_and_marked(read: &'static str) {
    let label = unique("endless");
    let mut run = started(read, &label, &[]);
    let script = "head -c 10000000 /dev/zero | tr '\\0' x; echo; echo next; sleep 1000";
    let container = docker().container(script).label("it", &label).start();
    let lines = run.lines(2);
    let found: Vec<_> = lines.iter().map(|line| (line.text.len(), line.truncated)).collect();
    assert_eq!(found, [(1 << 20, true), (4, false)]);
    assert!(run.taken_max() < 8 << 20, "{} bytes were held", run.taken_max());
    assert_eq!(run.end(), []);
    drop(container);
}

fn fault_28_a_last_line_without_an_end_comes_once(read: &'static str) {
    let label = unique("unended");
    let mut run = started(read, &label, &[]);
    let container = docker().container("echo whole; printf half").label("it", &label).start();
    assert_eq!(texts(&run.lines(2), "stdout"), ["whole", "half"]);
    container.wait();
    container.start();
    assert_eq!(texts(&run.lines(2), "stdout"), ["whole", "half"]);
    assert_eq!(run.end(), []);
}

#[test]
fn fault_27_a_long_line_of_the_local_driver_does_not_swallow_the_next() {
    let label = unique("local");
    let mut run = started("auto", &label, &[]);
    let script = "head -c 40000 /dev/zero | tr '\\0' x; echo; echo short; sleep 1000";
    let _container = docker().container(script).label("it", &label).log_driver("local", &[]).start();
    assert_eq!(texts(&run.lines(2), "stdout"), ["x".repeat(40_000), "short".into()]);
}
