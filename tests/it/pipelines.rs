//! Several pipelines in one daemon: `pipelines.yml` on the real engines, and what the commands make of it.

use crate::engine::{Finished, Timberline, docker, elasticsearch, free_port, http_get, unique, wait_until};
use crate::main_job::job::sum;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);

/// A daemon with a `pipelines.yml` in a folder of its own.
struct Daemon {
    run: Timberline,
    http: String,
}

impl Daemon {
    fn new(arguments: &[&str]) -> Daemon {
        let (run, port) = (Timberline::new(["run"]), free_port());
        let (settings, data) = (run.dir().join("settings"), run.dir().join("data"));
        fs::create_dir(&settings).unwrap();
        let run = run.arg("--path.settings").arg(settings).arg("--path.data").arg(data);
        let run = arguments.iter().fold(run.arg("--api.http.port").arg(port.to_string()), Timberline::arg);
        Daemon { run, http: format!("http://127.0.0.1:{port}") }
    }

    fn write(&self, yaml: &str) {
        fs::write(self.run.dir().join("settings/pipelines.yml"), yaml).unwrap();
    }

    fn metric(&self, name: &str, labels: &[&str]) -> u64 {
        sum(&http_get(&format!("{}/metrics", self.http)).map(|(_, text)| text).unwrap_or_default(), name, labels)
    }

    /// Another command on the same pipelines.
    fn command(&self, arguments: &[&str]) -> Finished {
        let command = Timberline::new(arguments).arg("--path.settings").arg(self.run.dir().join("settings"));
        command.arg("--path.data").arg(self.run.dir().join("data")).finish()
    }
}

fn pipeline(id: &str, label: &str, hosts: &str, more: &str) -> String {
    let host = docker().host();
    format!(
        "- pipeline.id: {id}\n  pipeline.workers: 1\n{more}  config.string: |\n    \
         input {{ docker {{ host => '{host}' include_labels => [ 'it={label}' ] }} }}\n    \
         output {{ elasticsearch {{ hosts => [ '{hosts}' ] index => '{label}-{id}-%{{+YYYY.MM.dd}}' }} }}\n"
    )
}

#[test]
fn a_pipeline_whose_engine_hangs_holds_up_no_other_and_loses_nothing() {
    let (label, engine) = (unique("pipes"), elasticsearch());
    // It takes connections and never answers.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}", hanging.local_addr().unwrap());
    let mut daemon = Daemon::new(&["--queue.memory_bytes", "2mib"]);
    let memory = "  queue.type: memory\n";
    let others = |hosts: &str| pipeline("stuck", &label, hosts, memory) + &pipeline("spilling", &label, hosts, "");
    daemon.write(&(pipeline("main", &label, engine.url(), "") + &others(&nowhere)));
    let text = "x".repeat(300);
    let script = format!("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i {text}; done; sleep 1000");
    let container = docker().container(&script).label("it", &label).start();
    daemon.run.start();
    let index = |id: &str| format!("{label}-{id}-*");
    engine.wait_for_count(&index("main"), "*", 20_000, PATIENCE);
    assert_eq!(daemon.metric("timberline_documents_total", &[r#"pipeline="main""#, r#"outcome="stored""#]), 20_000);
    assert_eq!(daemon.metric("timberline_documents_total", &[r#"pipeline="stuck""#, r#"outcome="stored""#]), 0);
    assert!(daemon.metric("timberline_lines_read_total", &[r#"pipeline="stuck""#, r#"input="docker""#]) < 20_000);
    let held = daemon.metric("timberline_memory_budget_bytes", &[]);
    assert!(held <= 3 << 20, "{held} bytes are held");
    let (_, stats) = http_get(&format!("{}/_node/stats", daemon.http)).unwrap();
    let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
    assert_eq!(stats["pipelines"]["main"]["events"]["out"], 20_000, "{stats}");
    assert_eq!(
        (&stats["pipelines"]["stuck"]["queue"]["type"], &stats["pipelines"]["spilling"]["queue"]["type"]),
        (&"memory".into(), &"spill".into())
    );
    let (status, why) = http_get(&format!("{}/readyz", daemon.http)).unwrap();
    assert!(status == 503 && why.contains("stuck/elasticsearch") && !why.contains("main"), "{why}");
    assert_eq!(daemon.run.terminate(), 0);
    // Each has its own part of the disk.
    let data = daemon.run.dir().join("data");
    assert!(data.join("registry").is_file() && data.join("pipelines/stuck/registry").is_file());
    assert!(data.join("pipelines/spilling/queue").is_dir() && !data.join("pipelines/stuck/queue").exists());
    let waiting = daemon.command(&["queue", "inspect"]);
    assert!(waiting.code == 0 && waiting.stdout.contains("spilling/elasticsearch"), "{waiting:?}");
    // The engine of the others comes back.
    daemon.write(&(pipeline("main", &label, engine.url(), "") + &others(engine.url())));
    daemon.run.start();
    for id in ["stuck", "spilling"] {
        engine.wait_for_count(&index(id), "*", 20_000, PATIENCE);
    }
    assert_eq!(daemon.metric("timberline_conflicts_total", &[]), 0, "nothing was sent again");
    assert_eq!(daemon.run.terminate(), 0);
    engine.refresh(&format!("{label}-*"));
    assert_eq!(engine.count(&format!("{label}-*"), "*"), 60_000);
    engine.delete_all(&format!("{label}-*"));
    drop(container);
}

#[test]
fn a_label_chooses_the_pipeline_of_a_container() {
    let label = unique("choose");
    let mut daemon = Daemon::new(&[]);
    let out = |id: &str| daemon.run.dir().join(format!("{id}.ndjson"));
    let entry = |id: &str, settings: &str| {
        let (host, path) = (docker().host(), out(id).display().to_string());
        format!(
            "- pipeline.id: {id}\n  config.string: \"input {{ docker {{ host => '{host}' include_labels => [ 'it={label}' ] {settings} }} }} output {{ file {{ path => '{path}' }} }}\"\n"
        )
    };
    daemon
        .write(&(entry("main", "hints => true") + &entry("payments", "hints => true hints_default_enabled => false")));
    let lines = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let (main, payments) = (out("main"), out("payments"));
    daemon.run.start();
    let container = |name: &str, hints: &[(&str, &str)]| {
        let spec = docker().container(&format!("echo line of {name}; sleep 1000")).label("it", &label);
        hints.iter().fold(spec, |spec, (label, value)| spec.label(label, value)).start()
    };
    let kept = [
        container("ordinary", &[]),
        container("chosen", &[("timberline.logs/pipeline", "payments")]),
        container("mistaken", &[("timberline.logs/pipeline", "paymants")]),
    ];
    let there = |path: &Path, words: &[&str]| words.iter().all(|word| lines(path).contains(&format!("line of {word}")));
    wait_until("every line is there", PATIENCE, || {
        (there(&main, &["ordinary", "mistaken"]) && there(&payments, &["chosen"])).then_some(())
    });
    assert!(!lines(&main).contains("of chosen"), "{}", lines(&main));
    assert!(!lines(&payments).contains("of ordinary") && !lines(&payments).contains("of mistaken"));
    daemon.run.wait_for_log("names `paymants`, and no pipeline of that name", PATIENCE);
    assert_eq!(daemon.run.terminate(), 0);
    drop(kept);
}

/// A command in a folder with this `pipelines.yml` and two good pipelines.
fn command(yaml: &str, arguments: &[&str]) -> Finished {
    let run = Timberline::new(arguments);
    let settings = run.dir().join("settings");
    fs::create_dir(&settings).unwrap();
    let (one, two) = (settings.join("one.conf"), settings.join("two.conf"));
    let text = |message: &str| {
        format!("filter {{ mutate {{ add_field => {{ \"which\" => \"{message}\" }} }} }} output {{ stdout {{ }} }}")
    };
    fs::write(&one, text("one")).unwrap();
    fs::write(&two, text("two")).unwrap();
    let yaml = yaml.replace("ONE", &one.display().to_string()).replace("TWO", &two.display().to_string());
    fs::write(settings.join("pipelines.yml"), yaml).unwrap();
    run.stdin(b"hello\n").arg("--path.settings").arg(settings).finish()
}

const TWO: &str = "- pipeline.id: one\n  path.config: ONE\n- pipeline.id: two\n  path.config: TWO\n";

#[test]
fn check_and_dry_run_know_the_pipelines() {
    let checked = command(TWO, &["check"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{checked:?}");
    assert_eq!(
        checked.stdout,
        "configuration OK: 2 pipelines\n  one: 0 inputs, 1 filter, 1 output\n  two: 0 inputs, 1 filter, 1 output\n"
    );
    let wrong = command(&TWO.replace("path.config: TWO", "path.config: TWO\n  queue.tpye: memory"), &["check"]);
    assert!(
        wrong.code == 2 && wrong.stderr.contains("pipelines.yml:5:3: there is no setting `queue.tpye`"),
        "{wrong:?}"
    );
    assert!(wrong.stderr.contains("did you mean `queue.type`?"), "{wrong:?}");
    let broken = command(&TWO.replace("path.config: TWO", "config.string: 'filter { mutat { } }'"), &["check"]);
    assert!(broken.code == 2 && broken.stderr.contains("config.string of the pipeline two:1:10"), "{broken:?}");
    let dry = command(TWO, &["dry-run", "--pipeline.id", "two", "--format", "ndjson", "-"]);
    assert!(dry.code == 0 && dry.stdout.contains(r#""which":"two""#), "{dry:?}");
    let which = command(TWO, &["dry-run", "-"]);
    assert!(which.code == 2 && which.stderr.contains("say which with --pipeline.id: one, two"), "{which:?}");
    let ignored = command(TWO, &["check", "-e", "output { stdout { } }"]);
    assert_eq!((ignored.code, ignored.stdout.as_str()), (0, "configuration OK: 0 inputs, 0 filters, 1 output\n"));
    assert_eq!(
        ignored.stderr,
        "warning: Ignoring the 'pipelines.yml' file because modules or command line options are specified\n"
    );
}
