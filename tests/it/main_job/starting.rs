//! What stops it at the start, and what it waits for: one clear message each.

use std::fs;
use std::net::TcpListener;

use super::PATIENCE;
use super::job::{Job, Setup};
use crate::engine::{Elasticsearch, Timberline, docker, http_get};

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1";
const NO_DOCKER: &str = "unix:///nowhere/docker.sock";

/// A run that has nobody to talk to.
fn lonely(test: &str) -> Setup {
    Setup::new(test).hosts(NOWHERE).docker(NO_DOCKER)
}

/// It does not start, and says why in one message that holds `words`.
#[track_caller]
fn check_refused(run: Timberline, words: &[&str]) {
    let finished = run.finish();
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("error: ").count(), 1, "more than one message:\n{}", finished.stderr);
    for word in words {
        assert!(finished.stderr.contains(word), "{word:?} is not in:\n{}", finished.stderr);
    }
    for ugly in ["panicked", "Caused by", "Os {"] {
        assert!(!finished.stderr.contains(ugly), "{ugly:?} is in:\n{}", finished.stderr);
    }
}

#[test]
fn a_broken_pipeline_is_refused_with_its_place_and_a_hint() {
    let run = Timberline::new(["run", "-f", "broken.conf"]);
    fs::write(run.dir().join("broken.conf"), "input {\n  docker {\n    include_lables => [ \"a=b\" ]\n  }\n}\n")
        .unwrap();
    let dir = run.dir().to_path_buf();
    let finished = run.current_dir(dir).finish();
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""), "{}", finished.stderr);
    for words in
        ["broken.conf:3:5: error", "    include_lables", "    ^^^^^^^^^^^^^^", "help: did you mean `include_labels`?"]
    {
        assert!(finished.stderr.contains(words), "{words:?} is not in:\n{}", finished.stderr);
    }
}

#[test]
fn a_pipeline_that_is_not_there_is_refused() {
    check_refused(Timberline::new(["run", "-f", "/nowhere/pipeline.conf"]), &["/nowhere/pipeline.conf"]);
}

#[test]
fn a_data_folder_that_cannot_be_written_is_refused() {
    check_refused(lonely("data").arguments(&["--path.data", "/proc/timberline"]).build().daemon, &["/proc/timberline"]);
    let file = lonely("data").build().daemon.dir().join("pipeline.conf");
    let path = file.display().to_string();
    check_refused(lonely("data").arguments(&["--path.data", &path]).build().daemon, &[&path]);
}

#[test]
fn a_data_folder_in_use_is_refused_and_left_alone() {
    let mut first = lonely("locked").start();
    first.daemon.wait_for_http(&format!("{}/livez", first.http), 200, PATIENCE);
    let second = lonely("locked").after(&first).build();
    check_refused(second.daemon, &["in use", &first.data.display().to_string()]);
    assert!(first.daemon.is_running());
}

#[test]
fn a_port_in_use_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    check_refused(lonely("port").arguments(&["--api.http.port", &port]).build().daemon, &["127.0.0.1", &port]);
}

#[test]
fn without_docker_and_engine_it_waits_and_says_so_once() {
    let mut job = lonely("alone").start();
    for missing in ["docker", "logs", "errors"] {
        job.wait_until_not_ready(missing);
    }
    job.daemon.wait_for_log("away", PATIENCE);
    let health = Timberline::output(["health", &job.http]);
    assert_eq!(health.code, 1, "{health:?}");
    assert!(http_get(&format!("{}/livez", job.http)).is_some_and(|(status, _)| status == 200));
    assert_eq!(job.daemon.terminate(), 0);
    assert_eq!(warnings(&job), 3, "one a door is enough:\n{}", job.daemon.stderr());
    job.assert_speaks_plainly();
}

#[test]
fn a_wrong_password_is_said_and_waited_for() {
    let engine = Elasticsearch::own(&["xpack.security.enabled: true"]);
    let (user, password) = ("shipper", "correct-horse");
    let setup = Setup::new("password").hosts(engine.url());
    let mut job = setup.env("ELASTICSEARCH_USER", user).env("ELASTICSEARCH_PASSWORD", password).start();
    let container = job.printing(docker(), "a", b"{\"level\":\"error\",\"message\":\"held back\"}\n");
    job.wait_until_not_ready("credentials");
    assert!(!job.daemon.stderr().contains(password), "a secret stands in the log");
    engine.add_user(user, password, "superuser");
    job.wait_until_ready();
    assert!(job.daemon.terminate() == 0);
    job.assert_speaks_plainly();
    drop(container);
}

fn warnings(job: &Job) -> usize {
    let lines = job.daemon.stderr();
    let levels = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    levels.filter(|line| matches!(line["log.level"].as_str(), Some("warn" | "error"))).count()
}
