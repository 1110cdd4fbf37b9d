//! The docker input on the real engine: what its workers receive, and what it asks for again after a restart.

mod daemon;
mod faults;
mod proxy;
mod run;

use crate::engine::{Docker, docker, unique, wait_until};
use crate::old_log;
use proxy::Proxy;
use run::{Got, Run};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// Every one of them is run with `read => "api"` and with `read => "file"`.
macro_rules! both_ways {
    ($($test:ident)*) => {
        mod api {
            $(#[test]
            fn $test() {
                super::$test("api");
            })*
        }
        mod file {
            $(#[test]
            fn $test() {
                super::$test("file");
            })*
        }
    };
}
pub(crate) use both_ways;

both_ways! {
    both_streams_of_a_container_arrive_in_order_with_its_facts
    a_tty_is_read_without_frames_and_its_long_lines_are_whole
    lines_over_16_kb_on_both_streams_at_once_are_joined_and_cut_at_the_maximum
    a_new_run_resumes_behind_what_was_settled_and_nothing_is_doubled
    a_stream_that_was_not_settled_loses_nothing_to_the_other
    containers_that_print_three_lines_and_end_are_read
    a_container_that_lived_and_ended_while_nobody_watched_is_read_later
    names_change_and_containers_are_left_out
    a_full_budget_leaves_the_lines_with_docker
    edge_year_old_containers_at_first_start_begin_where_since_and_max_age_say
}

/// Lines as Docker keeps them, from `docker logs --timestamps`: stdout alone.
fn kept(engine: &Docker, id: &str) -> Vec<String> {
    engine.cli(&["logs", "--timestamps", id]).lines().map(String::from).collect()
}

/// The same of lines that were received.
fn received(lines: &[Got], stream: &str) -> Vec<String> {
    lines
        .iter()
        .filter(|line| line.stream == stream)
        .map(|line| format!("{} {}", line.docker_time(), line.text))
        .collect()
}

fn texts(lines: &[Got], stream: &str) -> Vec<String> {
    lines.iter().filter(|line| line.stream == stream).map(|line| line.text.clone()).collect()
}

fn numbered(word: &str, count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("{word} {n}")).collect()
}

fn two_streams(count: usize) -> String {
    format!("i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo out $i; echo err $i >&2; done; sleep 1000")
}

fn both_streams_of_a_container_arrive_in_order_with_its_facts(read: &'static str) {
    let label = unique("streams");
    let mut run = Run::start(docker().host(), &[("include_labels", &format!("it={label}")), ("read", read)]);
    let spec = docker().container(&two_streams(300)).label("it", &label).label("com.docker.compose.service", "trading");
    let container = spec.start();
    let lines = run.lines(600);
    assert_eq!(texts(&lines, "stdout"), numbered("out", 300));
    assert_eq!(texts(&lines, "stderr"), numbered("err", 300));
    assert_eq!(received(&lines, "stdout"), kept(docker(), container.id()));
    let labels = format!(r#"{{"com_docker_compose_service":"trading","it":"{label}"}}"#);
    let (id, name) = (container.id(), container.name());
    assert_eq!(
        lines[0].facts,
        format!(
            r#"{{"container":{{"id":"{id}","image":{{"name":"timberline-test"}},"labels":{labels},"name":"{name}"}},"host":{{"name":"test-host"}},"stream":"{}"}}"#,
            lines[0].stream
        )
    );
    assert_eq!(run.end(), []);
}

fn a_tty_is_read_without_frames_and_its_long_lines_are_whole(read: &'static str) {
    let label = unique("tty");
    let mut run = Run::start(docker().host(), &[("include_labels", &format!("it={label}")), ("read", read)]);
    let script = "printf 'one\\n\\033[31mtwo\\033[0m\\n'; head -c 40000 /dev/zero | tr '\\0' x; echo; printf 'a\\rb\\n'; sleep 1000";
    let _container = docker().container(script).label("it", &label).tty().start();
    let lines = run.lines(4);
    assert_eq!(texts(&lines, "stdout"), ["one", "two", &"x".repeat(40_000), "a\rb"]);
}

fn lines_over_16_kb_on_both_streams_at_once_are_joined_and_cut_at_the_maximum(read: &'static str) {
    let label = unique("long");
    let settings =
        [("include_labels", format!("it={label}")), ("line_bytes_max", "100000".into()), ("read", read.into())];
    let mut run = Run::start(docker().host(), &settings.each_ref().map(|(name, value)| (*name, value.as_str())));
    let long = |byte: char, bytes: usize| format!("head -c {bytes} /dev/zero | tr '\\0' {byte}; echo");
    let sizes = [16_383, 16_384, 16_385, 90_000, 2_000_000];
    let all = |byte: char| sizes.map(|bytes| long(byte, bytes)).join("; ");
    let script = format!("({}) >&2 & {}; wait; sleep 1000", all('e'), all('o'));
    let _container = docker().container(&script).label("it", &label).start();
    let lines = run.lines(10);
    for (stream, byte) in [("stdout", b'o'), ("stderr", b'e')] {
        let got: Vec<(usize, bool)> =
            lines.iter().filter(|line| line.stream == stream).map(|line| (line.text.len(), line.truncated)).collect();
        assert_eq!(
            got,
            [(16_383, false), (16_384, false), (16_385, false), (90_000, false), (100_000, true)],
            "{stream}"
        );
        assert!(lines.iter().filter(|line| line.stream == stream).all(|line| line.text.bytes().all(|b| b == byte)));
    }
}

fn a_new_run_resumes_behind_what_was_settled_and_nothing_is_doubled(read: &'static str) {
    let label = unique("resume");
    let settings = [("include_labels", format!("it={label}")), ("read", read.into())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let container = docker().container(&two_streams(2000)).label("it", &label).start();
    let mut run = Run::start(docker().host(), &settings);
    let mut settled = run.lines(700);
    settled.extend(run.rest());
    // What comes now is received and never answered for: the next run must get it again.
    run.unsettled(1000);
    let mut again = Run::again(run, &settings);
    settled.extend(again.lines(4000 - settled.len()));
    assert_eq!(texts(&settled, "stdout"), numbered("out", 2000));
    assert_eq!(texts(&settled, "stderr"), numbered("err", 2000));
    assert_eq!(received(&settled, "stdout"), kept(docker(), container.id()));
    let mut third = Run::again(again, &settings);
    let other = docker().container("echo done").label("it", &label).start();
    assert_eq!(texts(&third.lines(1), "stdout"), ["done"]);
    assert_eq!(third.end(), []);
    drop(other);
}

/// What the one has delivered says nothing of the other, however far ahead it is.
fn a_stream_that_was_not_settled_loses_nothing_to_the_other(read: &'static str) {
    const LINES: u64 = 300;
    let label = unique("apart");
    let settings = [("include_labels", format!("it={label}")), ("read", read.into())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let container = docker().container(old_log::SCRIPT).label("it", &label).start();
    let long = "x".repeat(2_000);
    let line = |n: u64, stream| (stream, Duration::from_secs(LINES - n), format!("{stream} {n} {long}"));
    old_log::rewrite(docker(), &container, (0..LINES).flat_map(|n| [line(n, "stdout"), line(n, "stderr")]));
    let mut run = Run::start(docker().host(), &settings);
    run.settled_of("stdout", LINES as usize);
    let mut again = Run::again(run, &settings);
    let lines = again.lines(LINES as usize);
    let numbers: Vec<String> =
        lines.iter().map(|line| line.text.split(" x").next().unwrap_or_default().into()).collect();
    assert_eq!(numbers, (0..LINES).map(|n| format!("stderr {n}")).collect::<Vec<_>>());
    assert_eq!(again.end(), []);
}

fn containers_that_print_three_lines_and_end_are_read(read: &'static str) {
    let label = unique("short");
    let mut run = Run::start(docker().host(), &[("include_labels", &format!("it={label}")), ("read", read)]);
    let containers: Vec<_> = (0..8)
        .map(|n| docker().container(&format!("echo a {n}; echo b {n} >&2; printf 'c {n}'")).label("it", &label).start())
        .collect();
    let lines = run.lines(24);
    let got: BTreeSet<String> = lines.iter().map(|line| line.text.clone()).collect();
    assert_eq!(got, (0..8).flat_map(|n| ["a", "b", "c"].map(|word| format!("{word} {n}"))).collect());
    assert_eq!(run.end(), []);
    drop(containers);
}

fn a_container_that_lived_and_ended_while_nobody_watched_is_read_later(read: &'static str) {
    let label = unique("away");
    let settings = [("include_labels", format!("it={label}")), ("read", read.into())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let before = docker().container("echo before the first start").label("it", &label).start();
    before.wait();
    // The engine's list says in whole seconds when a container was made: one of the same second counts as ours.
    let second = || SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    let ended = second();
    wait_until("the second is over", Duration::from_secs(5), || (second() > ended).then_some(()));
    let mut run = Run::start(docker().host(), &settings);
    let first = docker().container("echo first").label("it", &label).start();
    assert_eq!(texts(&run.lines(1), "stdout"), ["first"]);
    let stopped = run.stop();
    let second = docker().container("echo second").label("it", &label).start();
    second.wait();
    let mut run = Run::resume(stopped, &settings);
    assert_eq!(texts(&run.lines(1), "stdout"), ["second"]);
    first.start();
    assert_eq!(texts(&run.lines(1), "stdout"), ["first"], "a container that is started again is read on");
    assert_eq!(run.end(), []);
    drop((before, second));
}

fn edge_year_old_containers_at_first_start_begin_where_since_and_max_age_say(read: &'static str) {
    let label = unique("old");
    let container = docker().container(old_log::SCRIPT).label("it", &label).start();
    old_log::age(docker(), &container, &[400, 40, 0]);
    let include = format!("it={label}");
    for (setting, expected) in [
        ("", &["n=400", "n=40", "n=0"][..]),
        ("since=100d", &["n=40", "n=0"]),
        ("since=1d", &["n=0"]),
        ("max_age=100d", &["n=40", "n=0"]),
        ("max_age=1d", &["n=0"]),
    ] {
        let setting = setting.split_once('=');
        let settings: Vec<_> = [("include_labels", &*include), ("read", read)].into_iter().chain(setting).collect();
        let mut run = Run::start(docker().host(), &settings);
        assert_eq!(texts(&run.lines(expected.len()), "stdout"), expected, "{setting:?}");
        assert_eq!(run.end(), [], "{setting:?}");
    }
}

fn names_change_and_containers_are_left_out(read: &'static str) {
    let label = unique("names");
    let settings =
        [("include_labels", format!("it={label}")), ("exclude_names", "*-not".to_string()), ("read", read.into())];
    let mut run = Run::start(docker().host(), &settings.each_ref().map(|(name, value)| (*name, value.as_str())));
    let not = docker().container("echo not").label("it", &label).name(&format!("{label}-not")).start();
    let own = docker().container("echo own").label("it", &label).label("timberline.self", "true").start();
    let none = docker().container("echo unreadable").label("it", &label).log_driver("none", &[]).start();
    let mut renamed = docker()
        .container("echo before; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo after; sleep 1000")
        .label("it", &label)
        .start();
    assert_eq!(texts(&run.lines(1), "stdout"), ["before"]);
    let name = format!("{label}-new");
    renamed.rename(&name);
    // The engine's event is on its way; the line is not written before it is there.
    docker().cli(&["exec", renamed.id(), "sleep", "0.3"]);
    docker().cli(&["exec", renamed.id(), "touch", "/tmp/go"]);
    let lines = run.lines(1);
    assert_eq!(texts(&lines, "stdout"), ["after"]);
    assert!(lines[0].facts.contains(&format!(r#""name":"{name}""#)), "{}", lines[0].facts);
    assert_eq!(run.end(), []);
    drop((not, own, none));
}

fn a_full_budget_leaves_the_lines_with_docker(read: &'static str) {
    let label = unique("budget");
    let container = docker().container(&two_streams(10_000)).label("it", &label).start();
    wait_until("the container has printed all", Duration::from_secs(60), || {
        (kept(docker(), container.id()).len() == 10_000).then_some(())
    });
    let mut run =
        Run::with_budget(docker().host(), &[("include_labels", &format!("it={label}")), ("read", read)], 1_200_000);
    wait_until("the budget is spent", Duration::from_secs(30), || (run.taken() > 600_000).then_some(()));
    let lines = run.lines(20_000);
    assert!(run.taken_max() <= 1_200_000, "{}", run.taken_max());
    assert_eq!(texts(&lines, "stdout"), numbered("out", 10_000));
    assert_eq!(texts(&lines, "stderr"), numbered("err", 10_000));
}

#[test]
fn the_way_of_reading_may_change_with_every_start() {
    let label = unique("ways");
    let script = "i=0; while [ $i -lt 10000 ]; do i=$((i+1)); echo out $i; echo err $i >&2; \
        [ $((i % 500)) = 0 ] && head -c 40000 /dev/zero | tr '\\0' x && echo; done; sleep 1000";
    let container = docker()
        .container(script)
        .label("it", &label)
        .log_driver("json-file", &["max-size=500k", "max-file=30"])
        .start();
    // The engine of version 20.10 loses whole files when it rotates them while it is asked for them.
    wait_until("the container has printed all", Duration::from_secs(60), || {
        (kept(docker(), container.id()).len() == 10_020).then_some(())
    });
    let filter = format!("it={label}");
    let settings = |read| [("include_labels", filter.as_str()), ("read", read)];
    let (mut lines, mut run) = (Vec::new(), Run::start(docker().host(), &settings("api")));
    for read in ["file", "api", "file", "auto", "api", "file"] {
        lines.extend(run.lines(1000));
        lines.extend(run.rest());
        run.unsettled(100);
        run = Run::again(run, &settings(read));
    }
    lines.extend(run.lines(20_020 - lines.len()));
    assert_eq!(run.end(), []);
    // Read once more from the beginning, each way alone: the same lines with the same positions and facts.
    for read in ["api", "file"] {
        let mut alone = Run::start(docker().host(), &settings(read));
        let all = alone.lines(20_020);
        for stream in ["stdout", "stderr"] {
            let of = |lines: &[Got]| lines.iter().filter(|line| line.stream == stream).cloned().collect::<Vec<_>>();
            assert_eq!(of(&lines), of(&all), "{read} {stream}");
        }
    }
    assert_eq!(received(&lines, "stdout").len(), kept(docker(), container.id()).len());
}

#[test]
fn five_questions_are_asked_and_cut_connections_lose_and_double_nothing() {
    let read = "api";
    let label = unique("proxy");
    let proxy = Proxy::before(docker().host());
    let mut run = Run::start(&proxy.host(), &[("include_labels", &format!("it={label}")), ("read", read)]);
    let script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo out $i; echo err $i >&2; [ $((i % 20)) = 0 ] && usleep 10000; done";
    let container = docker().container(script).label("it", &label).start();
    let mut lines = Vec::new();
    while lines.len() < 6000 {
        lines.extend(run.lines(500));
        proxy.cut();
    }
    assert_eq!(texts(&lines, "stdout"), numbered("out", 3000));
    assert_eq!(texts(&lines, "stderr"), numbered("err", 3000));
    assert_eq!(received(&lines, "stdout"), kept(docker(), container.id()));
    let five = ["/containers/json", "/containers/{id}/json", "/containers/{id}/logs", "/events", "/version"];
    assert_eq!(proxy.asked(), five.map(|path| format!("GET {path}")).into());
    assert_eq!(run.end(), []);
}
