//! Faults of the engine and of the connection to it.

use super::super::proxy::{Proxy, answer};
use super::super::{Got, Run, both_ways, kept, numbered, received, texts};
use super::{started, started_at};
use crate::docker_input::daemon::Daemon;
use crate::engine::{Docker, as_root, docker, unique, wait_until};
use std::process::Command;
use std::time::Duration;

both_ways! {
    fault_12_to_14_an_engine_that_is_stopped_killed_and_away_costs_nothing
    fault_15_no_version_of_the_api_is_too_old_or_too_new
    fault_20_a_flood_of_health_checks_hides_nothing
    fault_20_events_that_stop_without_a_word_are_asked_for_anew
    fault_29_a_socket_that_may_not_be_used_is_said_and_waited_for
}

fn fault_12_to_14_an_engine_that_is_stopped_killed_and_away_costs_nothing(read: &'static str) {
    check_engine_away(read, Duration::from_secs(3));
}

#[cfg(feature = "soak")]
mod soak {
    use super::*;

    #[test]
    fn soak_fault_14_ten_minutes_without_an_engine_cost_nothing() {
        check_engine_away("api", Duration::from_secs(600));
    }

    #[test]
    fn soak_fault_29_a_proxy_that_cuts_idle_streams_after_ten_minutes_costs_nothing() {
        check_idle_cuts(Duration::from_secs(600), 2);
    }
}

/// The engine ends with its containers and comes back, is killed while they go on and comes back, `away` later each time.
fn check_engine_away(read: &str, away: Duration) {
    let mut engine = Docker::prepared(&[]);
    let mut run = Run::start(engine.host(), &[("read", read)]);
    engine.start();
    let script = "while true; do date +%N; date +%N >&2; usleep 2000; done";
    let id = engine.container(script).option(&["--restart", "always"]).start().keep();
    let mut lines = run.lines(200);
    engine.stop();
    std::thread::sleep(away);
    engine.start();
    lines.extend(run.lines(400));
    engine.kill();
    std::thread::sleep(away);
    engine.start();
    lines.extend(run.lines(400));
    assert_eq!(engine.cli(&["ps", "--quiet", "--no-trunc"]), id, "the engine starts it again under the same id");
    engine.cli(&["update", "--restart", "no", &id]);
    engine.cli(&["kill", &id]);
    let count = engine.cli(&["logs", "--timestamps", &id]).lines().count();
    wait_until("all of stdout is there", Duration::from_secs(60), || {
        lines.extend(run.some());
        (received(&lines, "stdout").len() >= count).then_some(())
    });
    assert_eq!(received(&lines, "stdout"), kept(&engine, &id));
    assert_eq!(run.end().iter().filter(|line| line.stream == "stdout").count(), 0);
}

/// Made, not recorded: the engine behind the proxy is whichever the tests run on. The words are 20.10's and 29's, and so is
/// the least version, 1.44, that 29 takes.
fn fault_15_no_version_of_the_api_is_too_old_or_too_new(read: &'static str) {
    const TOO_OLD: &str = "client version 1.43 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version\n";
    const TOO_NEW: &str = r#"{"message":"client version 1.53 is too new. Maximum supported API version is 1.41"}"#;
    const VERSION: &str =
        r#"{"Version":"29.0.0","ApiVersion":"1.52","MinAPIVersion":"1.44","Os":"linux","Arch":"amd64"}"#;
    let label = unique("versions");
    let container = docker().container("echo one; echo two >&2; sleep 1000").label("it", &label).start();
    let refuse =
        |words: &'static str| move |path: &str| path.starts_with("/v1.").then(|| answer("400 Bad Request", words));
    let proxies = [
        Proxy::answering(docker().host(), Box::new(refuse(TOO_NEW))),
        Proxy::answering(docker().host(), Box::new(refuse(TOO_OLD))),
        Proxy::answering(docker().host(), Box::new(|path| (path == "/version").then(|| answer("200 OK", VERSION)))),
    ];
    for proxy in proxies {
        let mut run = started_at(&proxy.host(), read, &label, &[]);
        assert_eq!(run.lines(2).len(), 2);
        assert_eq!(run.end(), []);
    }
    drop(container);
}

fn fault_20_events_that_stop_without_a_word_are_asked_for_anew(read: &'static str) {
    let label = unique("deaf");
    let proxy = Proxy::before(docker().host());
    let mut run = started_at(&proxy.host(), read, &label, &[("idle_check_interval", "1")]);
    let first = docker().container("echo first; sleep 1000").label("it", &label).start();
    assert_eq!(texts(&run.lines(1), "stdout"), ["first"]);
    assert_eq!(proxy.freeze("GET /events"), 1);
    let second = docker().container("echo second; sleep 1000").label("it", &label).start();
    assert_eq!(texts(&run.lines(1), "stdout"), ["second"]);
    // By the list every container is found; that the events are heard again, only by asking for them again.
    let heard = || (proxy.count("GET /events") > 1).then_some(());
    wait_until("the events are asked for anew", Duration::from_secs(60), heard);
    let third = docker().container("echo third").label("it", &label).start();
    assert_eq!(texts(&run.lines(1), "stdout"), ["third"]);
    assert_eq!(run.end(), []);
    drop((first, second, third));
}

#[test]
fn fault_29_a_proxy_that_cuts_idle_streams_costs_nothing() {
    check_idle_cuts(Duration::from_secs(1), 3);
}

/// A line comes, nothing comes until the proxy has cut the stream, and the next line comes: so many times.
fn check_idle_cuts(idle_max: Duration, times: usize) {
    let label = unique("idle");
    let proxy = Proxy::impatient(docker().host(), idle_max);
    let mut run = started_at(&proxy.host(), "api", &label, &[]);
    let script =
        "for i in 1 2 3; do echo out $i; echo err $i >&2; until [ -e /tmp/$i ]; do sleep 0.05; done; done; sleep 10000";
    let container = docker().container(script).label("it", &label).start();
    let mut lines = run.lines(2);
    for n in 1..times {
        // Questions do not tell: a silent stream is also compared with the log's last line.
        let cuts = proxy.idle_cuts();
        let is_cut = || (proxy.idle_cuts() > cuts).then_some(());
        wait_until("the stream was cut", idle_max + Duration::from_secs(60), is_cut);
        docker().cli(&["exec", container.id(), "touch", &format!("/tmp/{n}")]);
        lines.extend(run.lines(2));
    }
    assert_eq!(texts(&lines, "stdout"), numbered("out", times));
    assert_eq!(texts(&lines, "stderr"), numbered("err", times));
    assert_eq!(run.end(), []);
}

/// Nobody may use the socket but who overrides rights, and the daemon may not.
fn fault_29_a_socket_that_may_not_be_used_is_said_and_waited_for(read: &'static str) {
    let engine = Docker::own();
    let container = engine.container("echo one; sleep 1000").start();
    let socket = engine.host().trim_start_matches("unix://").to_string();
    let permit = |mode: &str| assert!(as_root("chmod").args([mode, &socket]).status().is_ok_and(|done| done.success()));
    permit("000");
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout == b"0\n");
    let wrapper = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"];
    // Files are read with rights that the daemon does not have here: `auto` would do, and the API is what is tested.
    let settings = format!("read => \"{}\"", if read == "file" { "auto" } else { read });
    let mut daemon = Daemon::under(if is_root { &wrapper } else { &[] }, engine.host(), &settings);
    daemon.process.start();
    daemon.wait_until_not_ready("ermission denied");
    permit("666");
    let documents = daemon.wait_for(1);
    assert_eq!(documents[0]["message"], "one");
    assert_eq!(daemon.said("the Docker engine does not answer; trying again until it does").len(), 1);
    drop(container);
}

/// What an engine sends is not trusted: each answer is given up at the first byte that cannot be, and asked for again.
#[test]
fn fault_30_frames_that_are_none_are_given_up_and_asked_for_again() {
    let label = unique("garbage");
    let proxy = Proxy::before(docker().host());
    let four_gigabytes = [[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff].as_slice(), &[b'x'; 4096]].concat();
    proxy.spoil(&four_gigabytes, false);
    proxy.spoil(b"\x09\0\0\0\0\0\0\x05hello", false);
    proxy.spoil(b"\x01\0\0\0\0\0\0\x05hello", false);
    proxy.spoil(b"\x01\0\0", true);
    proxy.spoil(b"\x01\0\0\0\0\0\0\xff2026-11-23T10:04:45.123456789Z half a li", true);
    // A header that is never finished: a stream that says nothing more is compared with the log's last line.
    proxy.spoil(b"\x01\0\0", false);
    let script = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; done; sleep 1000";
    let container = docker().container(script).label("it", &label).start();
    wait_until("all is printed", Duration::from_secs(30), || container.logs().contains("line 100\n").then_some(()));
    let mut run = started_at(&proxy.host(), "api", &label, &[("idle_check_interval", "1")]);
    let lines: Vec<Got> = run.lines(100);
    assert_eq!(texts(&lines, "stdout"), numbered("line", 100));
    assert_eq!(proxy.spoiled(), 0);
    assert_eq!(run.end(), []);
}

fn fault_20_a_flood_of_health_checks_hides_nothing(read: &'static str) {
    let label = unique("health");
    let mut run = started(read, &label, &[]);
    let script = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; usleep 20000; done; sleep 1000";
    let checks = ["--health-cmd", "true", "--health-interval", "20ms"];
    let container = docker().container(script).label("it", &label).option(&checks).start();
    assert_eq!(texts(&run.lines(100), "stdout"), numbered("line", 100));
    assert_eq!(run.end(), []);
    drop(container);
}
