//! Log drivers other than json-file.

use crate::docker_input::daemon::Daemon;
use crate::engine::{docker, unique, wait_until};
use std::collections::BTreeSet;
use std::time::Duration;

/// `syslog` sends its lines away, over UDP to nobody here, and the engine keeps a copy that it answers from.
#[test]
fn fault_24_logs_of_other_drivers_come_from_the_engine_and_none_is_said_once() {
    let label = unique("drivers");
    let mut daemon = Daemon::start(docker().host(), &format!("include_labels => \"it={label}\""));
    let make = |driver: &str, options: &[&str]| {
        let spec = docker().container(&format!("echo {driver}; sleep 1000")).label("it", &label);
        spec.log_driver(driver, options).start()
    };
    let nothing = "the container keeps no log that can be read";
    let mut none = make("none", &[]);
    let others = [make("local", &[]), make("json-file", &[]), make("syslog", &["syslog-address=udp://127.0.0.1:9"])];
    let documents = daemon.wait_for(3);
    let got: BTreeSet<_> = documents.iter().filter_map(|document| document["message"].as_str()).collect();
    assert_eq!(got, BTreeSet::from(["json-file", "local", "syslog"]));
    wait_until("it is said", Duration::from_secs(60), || (!daemon.said(nothing).is_empty()).then_some(()));
    // Whatever happens to it, that is not news.
    none.stop();
    none.start();
    none.rename(&unique("none"));
    others.iter().for_each(|container| container.stop());
    others.iter().for_each(|container| container.start());
    assert_eq!(daemon.wait_for(6).len(), 6);
    let said = daemon.said(nothing);
    assert_eq!((said.len(), said[0]["container"].as_str()), (1, Some(none.id())), "{said:?}");
}
