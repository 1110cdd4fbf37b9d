//! What only the reading of files can suffer: the system tells of no changes, or of some; there are thousands of files.

use super::super::proxy::{Proxy, answer};
use super::containers::{at_a_time, lines_of};
use crate::docker_input::daemon::Daemon;
use crate::engine::{docker, unique};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

#[test]
fn lines_come_where_the_system_tells_of_no_change() {
    check_notices(0);
}

#[test]
fn lines_come_where_the_system_tells_of_some_changes_only() {
    check_notices(3);
}

/// Eight containers, and so many folders that may be watched in the daemon's own user namespace.
fn check_notices(watches: usize) {
    const COUNT: usize = 8;
    let label = unique("notices");
    let limited = format!("echo {watches} >/proc/sys/user/max_inotify_watches && exec \"$@\"");
    let wrapper = ["unshare", "--user", "--map-root-user", "sh", "-c", &limited, "sh"];
    let mut daemon =
        Daemon::under(&wrapper, docker().host(), &format!("read => file include_labels => \"it={label}\""));
    daemon.process.start();
    daemon.wait_until_it_watches();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let script = "echo first; until [ -e /go/go ]; do sleep 0.2; done; echo second; sleep 0.3; echo third; sleep 10000";
    let start = |_| docker().container(script).label("it", &label).mount(folder.path().display(), "/go").start();
    let all = at_a_time(COUNT, start);
    daemon.wait_for(COUNT);
    fs::write(folder.path().join("go"), "").expect("the folder is ours");
    daemon.wait_for(3 * COUNT);
    let of = lines_of(&daemon);
    assert!(of.len() == COUNT && of.values().all(|lines| *lines == ["first", "second", "third"]), "{of:?}");
    drop(all);
}

#[test]
fn fault_10_more_files_than_may_be_open_are_all_read_and_read_on() {
    check_many_files(150, 96);
}

#[cfg(feature = "soak")]
#[test]
fn soak_fault_10_thousands_of_files_are_read_with_a_few_descriptors() {
    check_many_files(5_000, 256);
}

/// Made: no machine runs thousands of containers for a test. A proxy lists them in the engine's place; their logs are files as the
/// engine writes them.
fn check_many_files(count: usize, descriptors: usize) {
    let logs = tempfile::tempdir().expect("a folder can be made");
    let ids: Vec<String> = (0..count).map(|n| format!("{n:064x}")).collect();
    for id in &ids {
        fs::create_dir(logs.path().join(id)).expect("the folder is ours");
        print(logs.path(), id, "first", 0);
    }
    let engine = listing(&ids, logs.path());
    let limit = format!("--nofile={descriptors}:{descriptors}");
    let mut daemon = Daemon::under(&["prlimit", &limit], &engine.host(), "read => file");
    daemon.process.start();
    daemon.wait_for(count);
    ids.iter().for_each(|id| print(logs.path(), id, "second", 1));
    daemon.wait_for(2 * count);
    // The last ones, while all the others are idle.
    ids.iter().step_by(50).for_each(|id| print(logs.path(), id, "third", 2));
    daemon.wait_for(2 * count + count.div_ceil(50));
    assert!(daemon.metric("process_open_fds", &[]) <= descriptors as u64);
    assert_eq!(daemon.process.terminate(), 0);
    let of = lines_of(&daemon);
    let is_whole = |(n, id): (usize, &String)| {
        let expected = &["first", "second", "third"][..if n % 50 == 0 { 3 } else { 2 }];
        of.get(id).is_some_and(|lines| lines == expected)
    };
    assert!(of.len() == count && ids.iter().enumerate().all(is_whole), "{of:?}");
    assert_eq!(daemon.gaps(), [] as [serde_json::Value; 0]);
}

/// Appends a record to the log of a container.
fn print(logs: &Path, id: &str, text: &str, second: u32) {
    let path = logs.join(id).join(format!("{id}-json.log"));
    let record =
        json!({ "log": format!("{text}\n"), "stream": "stdout", "time": format!("2026-11-23T10:04:4{second}Z") });
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the folder is ours");
    writeln!(file, "{record}").expect("the folder is ours");
}

/// The engine, but that it has these containers, which run.
fn listing(ids: &[String], logs: &Path) -> Proxy {
    let listed = ids.iter().map(|id| {
        json!({ "Id": id, "Names": [format!("/c{}", &id[56..])], "Image": "made", "Labels": {}, "State": "running", "Created": 1 })
    });
    let list = answer("200 OK", &json!(listed.collect::<Vec<_>>()).to_string());
    let logs = logs.to_path_buf();
    let inspected = move |id: &str| {
        let path = logs.join(id).join(format!("{id}-json.log"));
        json!({
            "Id": id, "Name": format!("/c{}", &id[56..]), "Image": "sha256:00", "LogPath": path,
            "State": { "Status": "running" }, "Config": { "Tty": false, "Image": "made", "Labels": {} },
            "HostConfig": { "LogConfig": { "Type": "json-file", "Config": {} } },
        })
    };
    let answers = move |path: &str| {
        if path.starts_with("/containers/json") {
            return Some(list.clone());
        }
        let id = path.strip_prefix("/containers/")?.strip_suffix("/json")?;
        Some(answer("200 OK", &inspected(id).to_string()))
    };
    Proxy::answering(docker().host(), Box::new(answers))
}
