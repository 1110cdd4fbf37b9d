//! Faults of Docker, each by its number in the project's list, for both ways of reading where both can have it.

use super::run::{Got, Run};
use super::{both_ways, numbered, texts};
use crate::engine::{Docker, docker, free_port, unique, wait_until};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

both_ways! {
    fault_16_a_container_that_is_started_again_and_again_loses_nothing
    fault_18_a_container_that_is_removed_is_read_to_its_end
    fault_19_a_container_that_is_renamed_to_an_excluded_name_is_left
    fault_20_a_pause_is_not_the_end
    fault_22_what_rotates_while_nobody_reads_is_read_as_far_as_it_is_there
    fault_23_a_log_that_is_truncated_in_place_is_read_on
    fault_28_a_last_line_without_an_end_comes_once
    of_each_second_so_many_lines_are_read
}

fn started(read: &str, label: &str, more: &[(&str, &str)]) -> Run {
    let filter = format!("it={label}");
    let settings: Vec<(&str, &str)> =
        [("include_labels", filter.as_str()), ("read", read)].into_iter().chain(more.iter().copied()).collect();
    Run::start(docker().host(), &settings)
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

fn fault_16_a_container_that_is_started_again_and_again_loses_nothing(read: &'static str) {
    let label = unique("loop");
    let mut run = started(read, &label, &[]);
    let container = docker().container("echo one; echo two").label("it", &label).start();
    for _ in 0..9 {
        container.wait();
        container.start();
    }
    assert_eq!(texts(&run.lines(20), "stdout"), ["one", "two"].repeat(10));
    assert_eq!(run.end(), []);
}

fn fault_18_a_container_that_is_removed_is_read_to_its_end(read: &'static str) {
    let label = unique("removed");
    let mut run = started(read, &label, &[]);
    let script = "i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i; done; sleep 1000";
    let container = docker().container(script).label("it", &label).start();
    run.lines(1);
    wait_until("all is printed", Duration::from_secs(30), || container.logs().contains("line 500").then_some(()));
    container.remove();
    assert_eq!(texts(&run.lines(499), "stdout"), numbered("line", 500)[1..]);
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
    let script = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; usleep 5000; done; sleep 1000";
    let container = docker().container(script).label("it", &label).start();
    let mut lines = run.lines(10);
    docker().cli(&["pause", container.id()]);
    docker().cli(&["unpause", container.id()]);
    lines.extend(run.lines(90));
    assert_eq!(texts(&lines, "stdout"), numbered("line", 100));
    assert_eq!(run.end(), []);
}

fn fault_22_what_rotates_while_nobody_reads_is_read_as_far_as_it_is_there(read: &'static str) {
    let label = unique("away");
    let filter = format!("it={label}");
    let settings = [("include_labels", filter.as_str()), ("read", read)];
    let wait = "while [ ! -e /tmp/go ]; do sleep 0.05; done";
    let script =
        format!("echo first; {wait}; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done; sleep 1000");
    let spec = docker().container(&script).label("it", &label);
    let container = spec.log_driver("json-file", &["max-size=50k", "max-file=2"]).start();
    let mut run = Run::start(docker().host(), &settings);
    assert_eq!(texts(&run.lines(1), "stdout"), ["first"]);
    let stopped = run.stop();
    docker().cli(&["exec", container.id(), "touch", "/tmp/go"]);
    wait_until("all is printed", Duration::from_secs(30), || container.logs().contains("line 3000").then_some(()));
    let left: Vec<String> = container.logs().lines().map(String::from).collect();
    assert!(left.len() < 3000, "nothing was rotated away");
    let mut run = Run::resume(stopped, &settings);
    assert_eq!(texts(&up_to(&mut run, "line 3000"), "stdout"), left);
    assert_eq!(run.end(), []);
}

fn fault_23_a_log_that_is_truncated_in_place_is_read_on(read: &'static str) {
    let label = unique("truncated");
    let mut run = started(read, &label, &[("idle_check_interval", "1")]);
    let script = "echo one; echo two; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo three; sleep 1000";
    let container = docker().container(script).label("it", &label).start();
    assert_eq!(texts(&run.lines(2), "stdout"), ["one", "two"]);
    let path = docker().cli(&["inspect", "--format", "{{.LogPath}}", container.id()]);
    std::fs::copy(&path, format!("{path}.copy")).expect("the tests may read the engine's files");
    std::fs::write(&path, "").expect("the tests may truncate them");
    docker().cli(&["exec", container.id(), "touch", "/tmp/go"]);
    assert_eq!(texts(&run.lines(1), "stdout"), ["three"]);
    assert_eq!(run.end(), []);
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

#[test]
fn fault_24_logs_of_other_drivers_come_from_the_engine_and_none_is_left_alone() {
    let label = unique("drivers");
    let mut run = started("auto", &label, &[]);
    let make = |driver: &str| {
        docker().container(&format!("echo {driver}; sleep 1000")).label("it", &label).log_driver(driver, &[]).start()
    };
    let containers = ["none", "local", "json-file"].map(make);
    let got: BTreeSet<String> = texts(&run.lines(2), "stdout").into_iter().collect();
    assert_eq!(got, BTreeSet::from(["json-file".to_string(), "local".to_string()]));
    assert_eq!(run.end(), []);
    drop(containers);
}

#[test]
fn fault_27_a_long_line_of_the_local_driver_does_not_swallow_the_next() {
    let label = unique("local");
    let mut run = started("auto", &label, &[]);
    let script = "head -c 40000 /dev/zero | tr '\\0' x; echo; echo short; sleep 1000";
    let _container = docker().container(script).label("it", &label).log_driver("local", &[]).start();
    assert_eq!(texts(&run.lines(2), "stdout"), ["x".repeat(40_000), "short".into()]);
}

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output();
    let done = done.expect("openssl is there: `./dev test` installs it");
    assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// `name.pem` and `name.key`, signed by `ca.pem`.
fn certificate(folder: &Path, name: &str) {
    openssl(folder, &format!("req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"));
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1").expect("a fresh folder can be written");
    let signed = format!(
        "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {name}.pem"
    );
    openssl(folder, &signed);
}

#[test]
fn fault_29_an_engine_behind_tls_is_read_with_a_client_certificate() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = |name: &str| folder.path().join(name).display().to_string();
    openssl(folder.path(), "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Test -keyout ca.key -out ca.pem");
    ["server", "client"].iter().for_each(|name| certificate(folder.path(), name));
    let host = format!("tcp://127.0.0.1:{}", free_port());
    let files = [path("ca.pem"), path("server.pem"), path("server.key")];
    let [ca, cert, key] = files.each_ref().map(String::as_str);
    let engine =
        Docker::own_with(&["--tlsverify", "--tlscacert", ca, "--tlscert", cert, "--tlskey", key, "--host", &host]);
    let _container = engine.container("echo one; echo two >&2; sleep 1000").start();
    let (client, client_key) = (path("client.pem"), path("client.key"));
    let trusted = [("ssl_certificate_authorities", ca), ("read", "api")];
    let mut strange = Run::start(&host, &trusted);
    let known: Vec<_> =
        trusted.into_iter().chain([("ssl_certificate", client.as_str()), ("ssl_key", &client_key)]).collect();
    let mut run = Run::start(&host, &known);
    assert_eq!(run.lines(2).len(), 2);
    assert_eq!(strange.some(), [], "without a certificate of ours the engine tells nothing");
    assert_eq!(run.end(), []);
}
