//! What containers' labels do, in the whole binary on the real engine: hints, the rest of Filebeat's fields, bounds.

use crate::docker_input::both_ways;
use crate::engine::{Container, ContainerSpec, Timberline, docker, free_port, http_get, unique, wait_until};
use crate::main_job::job::sum;
use serde_json::Value;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);

both_ways! {
    hints_say_how_the_lines_of_a_container_are_read
    wrong_hints_are_said_once_and_lose_no_line
    the_rest_of_filebeats_fields_is_there_and_no_secret_is
}

/// A daemon that follows the containers with its label, and writes their events to a file.
struct Daemon {
    label: String,
    run: Timberline,
    port: u16,
}

impl Daemon {
    fn start(test: &str, read: &str, settings: &str) -> Daemon {
        let (label, mut run, port) = (unique(test), Timberline::new(["run"]), free_port());
        let out = run.dir().join("events.ndjson");
        let host = docker().host();
        let pipeline = format!(
            r#"input {{ docker {{ host => "{host}" include_labels => [ "it={label}" ] read => "{read}" {settings} }} }}
               output {{ file {{ path => "{}" codec => json_lines }} }}"#,
            out.display()
        );
        let data = run.dir().join("data");
        run = run.arg("-e").arg(&pipeline).arg("--path.data").arg(data).arg("--api.http.port").arg(port.to_string());
        run.start();
        run.wait_for_http(&format!("http://127.0.0.1:{port}/readyz"), 200, PATIENCE);
        Daemon { label, run, port }
    }

    fn container(&self, name: &str, lines: &str, hints: &[(&str, &str)]) -> ContainerSpec<'static> {
        let script = format!("printf '%s' '{lines}'; sleep 1000");
        let spec = docker().container(&script).name(&format!("{}-{name}", self.label)).label("it", &self.label);
        hints.iter().fold(spec, |spec, (label, value)| spec.label(label, value))
    }

    fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.run.dir().join("events.ndjson")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).expect("each line is an event")).collect()
    }

    /// The events of a container, once there are so many.
    #[track_caller]
    fn of(&self, container: &Container<'_>, count: usize) -> Vec<Value> {
        let of =
            || self.events().into_iter().filter(|event| event["container"]["id"] == container.id()).collect::<Vec<_>>();
        let enough = || Some(of()).filter(|events| events.len() >= count);
        let events = wait_until(&format!("{count} events of {}", container.name()), PATIENCE, enough);
        assert_eq!(events.len(), count, "{events:?}");
        events
    }

    fn metrics(&self) -> String {
        http_get(&format!("http://127.0.0.1:{}/metrics", self.port)).expect("it answers").1
    }
}

fn messages(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["message"].as_str().unwrap_or("-")).collect()
}

fn hints_say_how_the_lines_of_a_container_are_read(read: &'static str) {
    let daemon = Daemon::start("hints", read, "hints => true");
    let json = daemon.container(
        "json",
        "{\"message\":\"m\",\"log.level\":\"warn\",\"container\":{\"id\":\"forged\"}}\nplain\n",
        &[
            ("co.elastic.logs/json.keys_under_root", "true"),
            ("co.elastic.logs/json.overwrite_keys", "true"),
            ("co.elastic.logs/json.expand_keys", "true"),
            ("co.elastic.logs/json.add_error_key", "true"),
        ],
    );
    let multiline = daemon.container(
        "multiline",
        "[1] a\n  b\nc\n[2] d\n[3] e\n",
        &[
            ("timberline.logs/multiline.pattern", r"^\["),
            ("timberline.logs/multiline.negate", "true"),
            ("timberline.logs/multiline.match", "after"),
            ("timberline.logs/multiline.timeout", "1s"),
        ],
    );
    let chosen = daemon.container(
        "chosen",
        "DBG a\nERR b\nERR secret\nWARN c\nINFO d\n",
        &[("co.elastic.logs/include_lines", "^ERR, ^WARN"), ("co.elastic.logs/exclude_lines", "secret")],
    );
    let processed = daemon.container(
        "processed",
        "{\"a\":1,\"b\":2}\nskip me\n",
        &[
            ("co.elastic.logs/processors.1.drop_event.when.contains.message", "skip"),
            ("co.elastic.logs/processors.2.decode_json_fields.fields", "message"),
            ("co.elastic.logs/processors.2.decode_json_fields.target", ""),
            ("co.elastic.logs/processors.3.drop_fields.fields", "b,message"),
            ("co.elastic.logs/processors.4.add_fields.fields.team", "core"),
        ],
    );
    let silent = daemon.container("silent", "nobody reads this\n", &[("co.elastic.logs/enabled", "false")]).start();
    let [json, multiline, chosen, processed] = [json, multiline, chosen, processed].map(ContainerSpec::start);

    let events = daemon.of(&json, 2);
    assert_eq!(messages(&events), ["m", "plain"]);
    assert_eq!((&events[0]["log"]["level"], &events[1]["error"]["type"]), (&"warn".into(), &"json".into()));
    // The last event ends by the clock.
    let joined = daemon.of(&multiline, 3);
    assert_eq!(messages(&joined), ["[1] a\n  b\nc", "[2] d", "[3] e"]);
    assert_eq!(joined[0]["log"]["flags"][0], "multiline");
    assert_eq!(messages(&daemon.of(&chosen, 2)), ["ERR b", "WARN c"]);
    let events = daemon.of(&processed, 1);
    assert_eq!((&events[0]["a"], &events[0]["fields"]["team"]), (&1.into(), &"core".into()));
    assert!(events[0].get("b").is_none() && events[0].get("message").is_none(), "{}", events[0]);
    assert!(daemon.events().iter().all(|event| event["container"]["id"] != silent.id()));
    let left_out = || sum(&daemon.metrics(), "timberline_events_dropped_total", &[r#"reason="hint""#]);
    wait_until("the lines left out are counted", PATIENCE, || (left_out() == 4).then_some(()));
    // The dry run of the same logs, as fixtures, shows the same events.
    for container in [&json, &multiline, &chosen, &processed] {
        let dry = dry_run(container, "hints => true");
        assert_eq!(dry.events, without_host(daemon.of(container, dry.events.len())), "{}", container.name());
    }
    let dry = dry_run(&silent, "hints => true");
    assert!(dry.events.is_empty() && dry.said.contains("the container is not followed"), "{}", dry.said);
    assert_eq!(dry_run(&silent, "hints => false").events.len(), 1);
}

struct Dry {
    events: Vec<Value>,
    said: String,
}

/// A dry run of the container's log, as a fixture with its `container.json`.
fn dry_run(container: &Container<'_>, settings: &str) -> Dry {
    let fixture = tempfile::tempdir().expect("a folder can be made");
    let inspected = docker().cli(&["inspect", container.id()]);
    let inspected: Value = serde_json::from_str(&inspected).expect("docker prints JSON");
    let (of, config) = (&inspected[0], &inspected[0]["Config"]);
    let facts = serde_json::json!({
        "id": of["Id"], "name": of["Name"], "image": { "name": config["Image"] }, "labels": config["Labels"],
    });
    fs::write(fixture.path().join("container.json"), facts.to_string()).expect("the folder is ours");
    let log = of["LogPath"].as_str().expect("its log is a json-file");
    fs::copy(log, fixture.path().join("input.log")).expect("the tests may read the engine's files");
    let pipeline = format!("input {{ docker {{ {settings} }} }}");
    let file = fixture.path().join("input.log").display().to_string();
    let run = Timberline::output(["dry-run", "-e", &pipeline, "--format", "ndjson", &file]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let documents = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("each line is an object"));
    Dry { events: documents.map(|mut document| document["_source"].take()).collect(), said: run.stderr }
}

/// A fixture does not know which machine it came from.
fn without_host(mut events: Vec<Value>) -> Vec<Value> {
    for event in &mut events {
        event.as_object_mut().expect("an event is an object").remove("host");
    }
    events
}

fn wrong_hints_are_said_once_and_lose_no_line(read: &'static str) {
    let mut daemon = Daemon::start("wrong", read, "hints => true hints_default_enabled => false");
    let wrong = [
        ("co.elastic.logs/enabled", "yes"),
        ("co.elastic.logs/module", "nginx"),
        ("co.elastic.logs/include_lines", "(one"),
        ("co.elastic.logs/multilin.pattern", "^x"),
        ("co.elastic.logs/json.keys_under_root", "ja"),
        ("timberline.logs/pipeline", "nowhere"),
    ];
    let container = daemon.container("wrong", "one\ntwo\n", &wrong).start();
    let other = daemon.container("other", "not asked for\n", &[]).start();
    assert_eq!(messages(&daemon.of(&container, 2)), ["one", "two"]);
    docker().cli(&["restart", "--time", "0", container.id()]);
    assert_eq!(daemon.of(&container, 4).len(), 4);
    assert!(daemon.events().iter().all(|event| event["container"]["id"] != other.id()));
    assert_eq!(daemon.run.terminate(), 0);
    let said = daemon.run.stderr();
    let warnings: Vec<&str> =
        said.lines().filter(|line| line.contains("a hint of the container is left out")).collect();
    assert_eq!(warnings.len(), wrong.len(), "{said}");
    assert!(warnings.iter().all(|line| line.contains(container.name())), "{said}");
    for words in [
        "must be `true` or `false`",
        "module of Filebeat",
        "is no regular expression",
        "did you mean `multiline`?",
        "names `nowhere`",
    ] {
        assert_eq!(warnings.iter().filter(|line| line.contains(words)).count().min(1), 1, "{words}: {said}");
    }
}

fn the_rest_of_filebeats_fields_is_there_and_no_secret_is(read: &'static str) {
    let mut daemon = Daemon::start("fields", read, "filebeat_fields => true");
    let container = daemon
        .container(
            "fields",
            "hello\n",
            &[("com.docker.compose.service", "trading"), ("com.docker.compose.project", "p5")],
        )
        .image("timberline-test-fields:1.25")
        .env("DB_PASSWORD", "canary-of-the-environment")
        .mount("/tmp", "/canary-of-the-mounts")
        .option(&["--hostname", "canary-of-the-host-config"])
        .start();
    let event = daemon.of(&container, 1).remove(0);
    let inspected = docker().cli(&["inspect", "--format", "{{.Image}} {{.LogPath}}", container.id()]);
    let (image, log_path) = inspected.split_once(' ').unwrap();
    let shown = &event["container"];
    assert_eq!(
        shown["image"],
        serde_json::json!({ "id": image, "name": "timberline-test-fields:1.25", "tag": ["1.25"] })
    );
    assert_eq!((&shown["runtime"], &shown["name"]), (&"docker".into(), &container.name().into()));
    assert_eq!(shown["labels"]["com_docker_compose_project"], "p5");
    assert_eq!(event["log"]["file"]["path"], log_path);
    assert_eq!((&event["agent"]["type"], &event["agent"]["name"]), (&"timberline".into(), &event["host"]["name"]));
    assert_eq!((&event["ecs"]["version"], &event["input"]["type"]), (&"8.0.0".into(), &"container".into()));
    assert_eq!((&event["event"]["dataset"], event["event"]["sequence"].is_u64()), (&"trading".into(), true));
    assert_eq!(event["host"]["hostname"], event["host"]["name"]);
    let metrics = daemon.metrics();
    assert_eq!(daemon.run.terminate(), 0);
    let registry = fs::read_to_string(daemon.run.dir().join("data/registry")).unwrap();
    for text in [event.to_string(), metrics, daemon.run.stderr(), registry] {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn fault_67_ten_thousand_labels_and_a_megabyte_of_value_are_bounded_and_counted() {
    let mut daemon = Daemon::start("many", "auto", "hints => true");
    let mut labels: serde_json::Map<String, Value> =
        (0..10_000).map(|n| (format!("l{n:05}.$/../x"), "v".into())).collect();
    labels.insert("big".into(), "é".repeat(500_000).into());
    labels.insert("it".into(), daemon.label.as_str().into());
    labels.insert("com.docker.compose.service".into(), "kept".into());
    let body = serde_json::json!({
        "Image": "timberline-test", "Cmd": ["sh", "-c", "echo hello; echo \"$0\"; sleep 1000"],
        "Labels": labels, "HostConfig": { "NetworkMode": "none" },
    });
    let name = format!("{}-many", daemon.label);
    let answer = create(&name, &body.to_string());
    assert!(answer.contains(" 201 "), "{}", &answer[..answer.len().min(300)]);
    docker().cli(&["start", &name]);
    let events =
        wait_until("the lines are there", PATIENCE, || Some(daemon.events()).filter(|events| events.len() == 2));
    docker().cli(&["rm", "--force", &name]);
    let shown = events[0]["container"]["labels"].as_object().unwrap();
    assert_eq!((shown.len(), &shown["com_docker_compose_service"]), (200, &"kept".into()));
    assert!(shown["big"].as_str().unwrap().len() <= 4096 && events[0].to_string().len() < 64 << 10);
    let metrics = daemon.metrics();
    for (outcome, count) in [("left_out", 10_003 - 200), ("cut", 1)] {
        let sample = format!("timberline_docker_labels_bounded_total{{outcome=\"{outcome}\"}} {count}");
        assert!(metrics.contains(&sample), "{sample}\n{metrics}");
    }
    assert_eq!(daemon.run.terminate(), 0);
}

/// Makes a container as no command line can: arguments have a limit. The head of the answer.
fn create(name: &str, body: &str) -> String {
    let path = docker().host().strip_prefix("unix://").expect("the engine has a socket");
    let mut engine = UnixStream::connect(path).expect("the engine answers");
    let head = format!(
        "POST /containers/create?name={name} HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    engine.write_all(head.as_bytes()).and_then(|()| engine.write_all(body.as_bytes())).expect("the engine listens");
    let mut answer = String::new();
    engine.read_to_string(&mut answer).expect("the engine answers in text");
    answer
}
