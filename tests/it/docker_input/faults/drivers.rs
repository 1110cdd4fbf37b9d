//! Log drivers other than json-file.

use crate::docker_input::daemon::Daemon;
use crate::engine::{docker, unique, wait_until};
use std::collections::BTreeSet;
use std::time::Duration;

const NOTHING: &str = "the container keeps no log that can be read";

/// `syslog` sends its lines away, over UDP to nobody here, and the engine keeps a copy that it answers from.
#[test]
fn fault_24_logs_of_other_drivers_come_from_the_engine_and_none_is_said_once() {
    check_drivers("auto", &["json-file", "local", "syslog"], &["none"]);
    check_drivers("api", &["json-file", "local", "syslog"], &["none"]);
}

#[test]
fn fault_24_as_files_other_drivers_are_not_read_and_each_container_is_said_once() {
    check_drivers("file", &["json-file"], &["local", "none", "syslog"]);
}

/// Containers of these drivers are read, over two lives; that the others are not is said once, whatever happens to them.
fn check_drivers(read: &str, readable: &[&str], silent: &[&str]) {
    let label = unique("drivers");
    let mut daemon = Daemon::start(docker().host(), &format!("read => {read} include_labels => \"it={label}\""));
    let make = |driver: &&str| {
        let options: &[&str] = if *driver == "syslog" { &["syslog-address=udp://127.0.0.1:9"] } else { &[] };
        let spec = docker().container(&format!("echo {driver}; sleep 1000")).label("it", &label);
        spec.log_driver(driver, options).start()
    };
    let mut unread: Vec<_> = silent.iter().map(make).collect();
    let others: Vec<_> = readable.iter().map(make).collect();
    let documents = daemon.wait_for(others.len());
    let got: BTreeSet<_> = documents.iter().filter_map(|document| document["message"].as_str()).collect();
    assert_eq!(got, readable.iter().copied().collect());
    let all_said = || (daemon.said(NOTHING).len() == silent.len()).then_some(());
    wait_until("each is said", Duration::from_secs(60), all_said);
    // Whatever happens to them, that is not news.
    for container in &mut unread {
        container.stop();
        container.start();
        container.rename(&unique("none"));
    }
    others.iter().for_each(|container| container.stop());
    others.iter().for_each(|container| container.start());
    assert_eq!(daemon.wait_for(2 * others.len()).len(), 2 * others.len());
    let said = daemon.said(NOTHING);
    assert_eq!(said.len(), silent.len(), "each is said once: {said:?}");
    let said: BTreeSet<_> = said.iter().filter_map(|entry| entry["container"].as_str()).collect();
    assert_eq!(said, unread.iter().map(|container| container.id()).collect());
}
