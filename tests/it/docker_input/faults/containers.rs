//! What happens to containers: they start and end again and again, are removed, renamed, paused, and there are many of them.

use super::super::{both_ways, numbered, texts};
use super::{started, up_to};
use crate::docker_input::daemon::{Daemon, PATIENCE};
use crate::engine::{Docker, docker, unique, wait_until};
use std::collections::{BTreeMap, HashSet};
use std::thread;
use std::time::Duration;

both_ways! {
    fault_10_more_containers_than_files_may_be_open_are_all_read
    fault_16_a_container_that_is_started_again_and_again_loses_nothing
    fault_17_of_containers_that_remove_themselves_every_missing_line_is_counted
    fault_18_a_container_that_is_removed_is_read_to_its_end
    fault_19_a_container_that_is_renamed_to_an_excluded_name_is_left
    fault_19_new_lines_have_the_new_name_and_a_new_container_its_own_labels
    fault_20_a_pause_is_not_the_end
    of_each_second_so_many_lines_are_read
}

/// Starts `count` things, as many at a time as the engine starts at once.
pub(super) fn at_a_time<T: Send>(count: usize, start: impl Fn(usize) -> T + Sync) -> Vec<T> {
    const AT_A_TIME: usize = 4;
    let part = |first: usize| (first..count).step_by(AT_A_TIME).map(&start).collect::<Vec<_>>();
    thread::scope(|scope| {
        let parts: Vec<_> = (0..AT_A_TIME).map(|first| scope.spawn(move || part(first))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("every container starts")).collect()
    })
}

/// 32 descriptors, two dozen containers: a follower that is idle makes room for one that waits.
fn fault_10_more_containers_than_files_may_be_open_are_all_read(read: &'static str) {
    check_few_files(read, 32, 24);
}

fn check_few_files(read: &str, files: usize, count: usize) {
    let label = unique("files");
    let (limit, settings) =
        (format!("--nofile={files}:{files}"), format!("read => \"{read}\" include_labels => \"it={label}\""));
    let mut daemon = Daemon::under(&["prlimit", &limit], docker().host(), &settings);
    daemon.process.start();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let script = "echo first; until [ -e /go/go ]; do sleep 0.5; done; echo second; sleep 10000";
    let start = |_| docker().container(script).label("it", &label).mount(folder.path().display(), "/go").start();
    let all = at_a_time(count, start);
    daemon.wait_for(count);
    std::fs::write(folder.path().join("go"), "").expect("the folder is ours");
    daemon.wait_for(2 * count);
    let of = lines_of(&daemon);
    assert_eq!(of.len(), count);
    assert!(of.values().all(|lines| *lines == ["first", "second"]), "{of:?}");
    assert!(daemon.metric("process_open_fds", &[]) <= files as u64);
    // Those that wait for their turn do not go round and round: a busy machine gives it less, never more.
    let used = daemon.metric("process_cpu_seconds_total", &[]);
    thread::sleep(Duration::from_secs(4));
    assert!(daemon.metric("process_cpu_seconds_total", &[]) - used < 2, "it is not idle");
    drop(all);
}

/// Every line that a container printed stands in a document, or its container stands in the books as gone too early.
fn fault_17_of_containers_that_remove_themselves_every_missing_line_is_counted(read: &'static str) {
    check_self_removing(docker(), read, 12);
}

/// So many containers print three lines and remove themselves: each was read whole, or is said to be a gap. How many were whole.
pub(super) fn check_self_removing(engine: &Docker, read: &str, count: usize) -> usize {
    let label = unique("gone");
    let daemon = Daemon::start(engine.host(), &format!("read => \"{read}\" include_labels => \"it={label}\""));
    daemon.wait_until_it_watches();
    let run = |_| {
        let container =
            engine.container("echo one; echo two; echo three").label("it", &label).option(&["--rm"]).start();
        container.id().to_string()
    };
    let ids = at_a_time(count, run);
    let (mut whole, mut silent) = (HashSet::new(), Vec::new());
    let is_told = || {
        whole = lines_of(&daemon).into_iter().filter(|(_, lines)| lines.len() == 3).map(|(id, _)| id).collect();
        let gaps = daemon.gaps();
        let told: HashSet<&str> = gaps.iter().filter_map(|gap| gap["container"].as_str()).collect();
        silent = ids.iter().filter(|id| !whole.contains(*id) && !told.contains(id.as_str())).cloned().collect();
        silent.is_empty().then_some(())
    };
    let told = crate::engine::waited(PATIENCE, is_told);
    assert!(
        told.is_some(),
        "of {count} containers {} were read whole; not whole, and not a gap: {silent:?}",
        whole.len()
    );
    let gaps = daemon.gaps();
    assert_eq!(daemon.metric("timberline_gaps_total", &["reason=\"removed\""]) as usize, gaps.len());
    let false_gaps = gaps.iter().filter(|gap| gap["container"].as_str().is_some_and(|id| whole.contains(id))).count();
    assert_eq!((whole.len() + gaps.len(), false_gaps), (count, 0), "one gap for each that is not whole");
    whole.len()
}

/// The messages of each container.
pub(super) fn lines_of(daemon: &Daemon) -> BTreeMap<String, Vec<String>> {
    let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    daemon.each_message(&mut |id, message| of.entry(id.to_string()).or_default().push(message.to_string()));
    of
}

#[cfg(feature = "soak")]
mod soak {
    use super::*;

    #[test]
    fn soak_fault_10_sixty_four_files_serve_two_hundred_containers() {
        check_few_files("api", 64, 200);
        check_few_files("file", 64, 200);
    }

    #[test]
    fn soak_fault_16_a_hundred_starts_leak_nothing() {
        check_restarts("api", 100);
        check_restarts("file", 100);
    }
}

fn fault_16_a_container_that_is_started_again_and_again_loses_nothing(read: &'static str) {
    check_restarts(read, 10);
}

/// So many lives of one container; tasks are as many as before.
fn check_restarts(read: &str, times: usize) {
    let label = unique("loop");
    let mut run = started(read, &label, &[]);
    let container = docker().container("echo one; echo two").label("it", &label).start();
    let mut lines = run.lines(2);
    container.wait();
    let tasks = run.tasks();
    for _ in 1..times {
        container.start();
        container.wait();
    }
    lines.extend(run.lines(2 * (times - 1)));
    assert_eq!(texts(&lines, "stdout"), ["one", "two"].repeat(times));
    wait_until("no task is left over", Duration::from_secs(60), || (run.tasks() <= tasks).then_some(()));
    assert_eq!(run.end(), []);
}

fn fault_18_a_container_that_is_removed_is_read_to_its_end(read: &'static str) {
    let label = unique("removed");
    let mut run = started(read, &label, &[]);
    let script = "i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i; done; sleep 1000";
    let container = docker().container(script).label("it", &label).start();
    let id = container.id().to_string();
    run.lines(1);
    wait_until("all is printed", Duration::from_secs(30), || container.logs().contains("line 500").then_some(()));
    container.remove();
    assert_eq!(texts(&run.lines(499), "stdout"), numbered("line", 500)[1..]);
    wait_until("it is forgotten", Duration::from_secs(60), || (!run.knows(&id)).then_some(()));
    assert_eq!(run.end(), []);
}

fn fault_19_new_lines_have_the_new_name_and_a_new_container_its_own_labels(read: &'static str) {
    let label = unique("recreated");
    let mut run = started(read, &label, &[]);
    let script = "echo before; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo after; sleep 1000";
    let spec = |name: &str, team: &str| docker().container(script).name(name).label("it", &label).label("team", team);
    let mut first = spec(&format!("{label}-a"), "red").start();
    run.lines(1);
    first.rename(&format!("{label}-b"));
    // The engine's event is on its way; the line is not written before it is there.
    docker().cli(&["exec", first.id(), "sleep", "0.3"]);
    docker().cli(&["exec", first.id(), "touch", "/tmp/go"]);
    let after = run.lines(1).remove(0);
    assert!(after.text == "after" && after.facts.contains(&format!(r#""name":"{label}-b""#)), "{after:?}");
    first.remove();
    let second = spec(&format!("{label}-b"), "blue").start();
    let before = run.lines(1).remove(0);
    assert!(before.facts.contains(r#""team":"blue""#) && before.facts.contains(second.id()), "{before:?}");
    assert_eq!(run.end(), []);
}

fn fault_19_a_container_that_is_renamed_to_an_excluded_name_is_left(read: &'static str) {
    let label = unique("renamed");
    let mut run = started(read, &label, &[("exclude_names", "*-left")]);
    let script = "for word in before between after; do echo $word; while [ ! -e /tmp/$word ]; do sleep 0.05; done; done; echo end; sleep 1000";
    let mut container = docker().container(script).label("it", &label).start();
    assert_eq!(texts(&run.lines(1), "stdout"), ["before"]);
    // The engine's event is on its way: no line is printed before it is there.
    let say = |container: &str, word: &str| {
        docker().cli(&["exec", container, "sleep", "0.3"]);
        docker().cli(&["exec", container, "touch", &format!("/tmp/{word}")]);
    };
    container.rename(&format!("{label}-left"));
    say(container.id(), "before");
    wait_until("it is printed", Duration::from_secs(30), || container.logs().contains("between").then_some(()));
    container.rename(&format!("{label}-back"));
    say(container.id(), "between");
    assert_eq!(texts(&run.lines(1), "stdout"), ["after"]);
    say(container.id(), "after");
    assert_eq!(texts(&run.lines(1), "stdout"), ["end"]);
    assert_eq!(run.end(), []);
}

fn fault_20_a_pause_is_not_the_end(read: &'static str) {
    let label = unique("paused");
    let mut run = started(read, &label, &[]);
    // Nothing is forked while it is paused: the freezer of cgroup v1 gives up on a container that forks all the time.
    let script = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; [ $i = 10 ] && sleep 2; done; sleep 1000";
    let container = docker().container(script).label("it", &label).start();
    let mut lines = run.lines(10);
    docker().cli(&["pause", container.id()]);
    docker().cli(&["unpause", container.id()]);
    lines.extend(run.lines(90));
    assert_eq!(texts(&lines, "stdout"), numbered("line", 100));
    assert_eq!(run.end(), []);
}

fn of_each_second_so_many_lines_are_read(read: &'static str) {
    let label = unique("rate");
    let mut run = started(read, &label, &[("lines_per_second_max", "100")]);
    let script = "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo $i; done; sleep 3; echo last; sleep 1000";
    let _container = docker().container(script).label("it", &label).start();
    let lines = texts(&up_to(&mut run, "last"), "stdout");
    assert!((100..4000).contains(&lines.len()), "{}", lines.len());
    assert_eq!(lines[..100], (1..=100).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(run.end(), []);
}
