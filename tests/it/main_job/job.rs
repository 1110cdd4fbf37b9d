//! One run of the binary with the shipped pipeline: its indices have a prefix of their own, it follows only containers that carry its
//! label, and its state lies in its own folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::PATIENCE;
use crate::engine::{
    Container, ContainerSpec, Docker, Elasticsearch, Timberline, docker, elasticsearch, free_port, http_get,
    shipped_pipeline, unique, wait_until,
};

/// What a run is made of. Each part has a default: the shared engines, the shipped pipeline.
pub struct Setup {
    name: String,
    docker: String,
    hosts: String,
    pipeline: String,
    data: Option<PathBuf>,
    environment: Vec<(&'static str, String)>,
    arguments: Vec<String>,
    /// `None` for the binary of the tests, without a limit.
    daemon: Option<Timberline>,
}

impl Setup {
    /// `test` becomes part of the indices' and containers' names.
    pub fn new(test: &str) -> Setup {
        let name = unique(test);
        Setup {
            pipeline: shipped_pipeline().replace("protrader5-", &format!("{name}-")),
            docker: String::new(),
            hosts: String::new(),
            data: None,
            environment: Vec::new(),
            arguments: Vec::new(),
            daemon: None,
            name,
        }
    }

    /// Another Docker than the shared one.
    pub fn docker(mut self, host: &str) -> Setup {
        host.clone_into(&mut self.docker);
        self
    }

    /// Another Elasticsearch than the shared one.
    pub fn hosts(mut self, url: &str) -> Setup {
        url.clone_into(&mut self.hosts);
        self
    }

    /// Lines as they come, into one index a day.
    pub fn without_filters(mut self) -> Setup {
        let index = format!("{}-logs-%{{+YYYY.MM.dd}}", self.name);
        self.pipeline = format!(
            "input {{\n  {DOCKER_INPUT}\n}}\noutput {{\n  elasticsearch {{\n    hosts    => \"${{ELASTICSEARCH_HOSTS}}\"\n    index => \"{index}\"\n  }}\n}}\n"
        );
        self
    }

    /// Other inputs than Docker.
    pub fn input(mut self, text: &str) -> Setup {
        assert!(self.pipeline.contains(DOCKER_INPUT), "the shipped pipeline follows every container");
        self.pipeline = self.pipeline.replace(DOCKER_INPUT, text);
        self
    }

    /// Settings for both outputs.
    pub fn output(mut self, settings: &str) -> Setup {
        self.pipeline = self.pipeline.replace("hosts    =>", &format!("{settings}\n    hosts    =>"));
        self
    }

    /// One more section at the end of the pipeline.
    pub fn section(mut self, text: &str) -> Setup {
        self.pipeline += text;
        self
    }

    /// The indices, containers and data of a run that has ended.
    pub fn after(mut self, job: &Job) -> Setup {
        self.pipeline = self.pipeline.replace(&self.name, &job.name);
        job.name.clone_into(&mut self.name);
        self.data = Some(job.data.clone());
        self
    }

    pub fn env(mut self, key: &'static str, value: &str) -> Setup {
        self.environment.push((key, value.to_owned()));
        self
    }

    /// The shipped binary within a limit of memory.
    #[cfg(feature = "soak")]
    pub fn limited(mut self, limit: &crate::engine::MemoryLimit) -> Setup {
        self.daemon = Some(Timberline::limited(limit, ["run"]));
        self
    }

    /// Further arguments of `timberline run`.
    pub fn arguments(mut self, arguments: &[&str]) -> Setup {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    #[track_caller]
    pub fn start(self) -> Job {
        let mut job = self.build();
        job.daemon.start();
        job
    }

    /// Everything is there; nothing runs yet.
    pub fn build(mut self) -> Job {
        let or = |given: String, shared: fn() -> String| if given.is_empty() { shared() } else { given };
        let docker = or(self.docker, || docker().host().to_owned());
        let hosts = or(self.hosts, || elasticsearch().url().to_owned());
        let input = format!("docker {{ host => \"{docker}\" include_labels => [ \"it={}\" ] }}", self.name);
        let daemon = self.daemon.unwrap_or_else(|| Timberline::new(["run"]));
        let pipeline = daemon.dir().join("pipeline.conf");
        fs::write(&pipeline, self.pipeline.replace(DOCKER_INPUT, &input)).expect("the run's folder is ours");
        let data = self.data.unwrap_or_else(|| daemon.dir().join("data"));
        let port = free_port();
        let mut given = |name: &str, value: String| {
            if !self.arguments.iter().any(|argument| argument == name) {
                self.arguments.extend([name.to_owned(), value]);
            }
        };
        given("--path.data", data.display().to_string());
        given("--api.http.port", port.to_string());
        let daemon = daemon.arg("-f").arg(&pipeline).env("ELASTICSEARCH_HOSTS", hosts);
        let daemon = self.arguments.iter().fold(daemon, Timberline::arg);
        let daemon = self.environment.iter().fold(daemon, |daemon, (key, value)| daemon.env(key, value));
        Job { name: self.name, daemon, data, http: format!("http://127.0.0.1:{port}") }
    }
}

const DOCKER_INPUT: &str = "docker { }";

pub struct Job {
    pub name: String,
    pub daemon: Timberline,
    pub data: PathBuf,
    /// `http://127.0.0.1:PORT`
    pub http: String,
}

impl Job {
    /// The indices of all events, as a pattern.
    pub fn logs(&self) -> String {
        format!("{}-logs-*", self.name)
    }

    /// The indices of errors.
    pub fn errors(&self) -> String {
        format!("{}-errors-*", self.name)
    }

    /// A container that this run follows.
    pub fn container<'a>(&self, engine: &'a Docker, name: &str, script: &str) -> ContainerSpec<'a> {
        engine.container(script).name(&format!("{}-{name}", self.name)).label("it", &self.name)
    }

    /// One that prints `text` to stdout and ends. It is made when this run watches: what had ended before is not its own.
    pub fn printing<'a>(&self, engine: &'a Docker, name: &str, text: &[u8]) -> Container<'a> {
        let watches = || (self.metric("timberline_docker_connected", &[]) == 1).then_some(());
        wait_until("Docker is watched", PATIENCE, watches);
        let file = self.daemon.dir().join(format!("{name}.txt"));
        fs::write(&file, text).expect("the run's folder is ours");
        self.container(engine, name, "cat /lines").mount(file.display(), "/lines").start()
    }

    #[track_caller]
    pub fn wait_for(&self, engine: &Elasticsearch, events: u64, errors: u64) {
        engine.wait_for_count(&self.logs(), "*", events, PATIENCE);
        engine.wait_for_count(&self.errors(), "*", errors, PATIENCE);
    }

    #[track_caller]
    pub fn wait_until_ready(&mut self) {
        self.daemon.wait_for_http(&format!("{}/readyz", self.http), 200, PATIENCE);
    }

    /// Waits until `/readyz` says no with `words` among the reasons.
    #[track_caller]
    pub fn wait_until_not_ready(&self, words: &str) {
        let mut last = None;
        let found = || {
            last = http_get(&format!("{}/readyz", self.http));
            last.as_ref().is_some_and(|(status, body)| *status == 503 && body.contains(words)).then_some(())
        };
        wait_until(&format!("/readyz says no because of {words:?}"), PATIENCE, found);
    }

    /// The text of `/metrics`.
    #[track_caller]
    pub fn metrics(&self) -> String {
        // One that was just started does not listen yet.
        let page = format!("{}/metrics", self.http);
        let (status, text) = wait_until("/metrics answers", PATIENCE, || http_get(&page));
        assert_eq!(status, 200);
        text
    }

    /// The sum of a metric's samples whose labels hold all of `labels` (`outcome="stored"`); 0 while nobody answers.
    pub fn metric(&self, name: &str, labels: &[&str]) -> u64 {
        let text = http_get(&format!("{}/metrics", self.http)).map(|(_, text)| text).unwrap_or_default();
        sum(&text, name, labels)
    }

    /// The sources' positions as the registry's file has them: source, position.
    pub fn registry(&self) -> Vec<(String, u64)> {
        let text = fs::read_to_string(self.data.join("registry")).unwrap_or_default();
        let sources = text.lines().filter_map(|line| {
            let mut fields = line.splitn(4, ' ');
            let (at, ordinal) = fields.next()?.split_once('.')?;
            let position = at.parse::<u64>().ok()? + ordinal.parse::<u64>().ok()?;
            Some((fields.nth(2)?.to_owned(), position))
        });
        sources.collect()
    }

    /// For each output what was made and found is what became of it, once nothing moves.
    #[track_caller]
    pub fn assert_balanced(&self) {
        self.wait_for_books("the books balance", |_| true);
    }

    /// The same when everything that was read has its verdict; and nothing was forgotten or lost.
    #[track_caller]
    pub fn assert_books(&self) {
        let settled = |text: &str| sum(text, "timberline_receipts_open", &[]) == 0;
        let text = self.wait_for_books("everything has its verdict and the books balance", settled);
        for name in ["timberline_receipts_forgotten", "timberline_queue_lost_total", "timberline_documents_open"] {
            assert_eq!(sum(&text, name, &[]), 0, "{name}");
        }
    }

    #[track_caller]
    fn wait_for_books(&self, what: &str, is_right: impl Fn(&str) -> bool) -> String {
        wait_until(what, PATIENCE, || {
            let text = self.metrics();
            let outputs: BTreeSet<&str> = text
                .lines()
                .filter(|line| line.starts_with("timberline_documents_made_total{"))
                .filter_map(|line| Some(&line[line.find("output=\"")?..]))
                .filter_map(|rest| rest.split_inclusive('"').nth(1).map(|name| &rest[.."output=\"".len() + name.len()]))
                .collect();
            assert!(!outputs.is_empty(), "no output keeps books:\n{text}");
            let balanced = outputs.iter().all(|output| {
                let (made, became) = books(&text, &[output]);
                made == became
            });
            (balanced && is_right(&text)).then_some(text)
        })
    }

    /// What it said is for a person: no panic, no chain of wrapped errors.
    #[track_caller]
    pub fn assert_speaks_plainly(&self) {
        let said = self.daemon.stderr();
        for ugly in ["panicked", "RUST_BACKTRACE", "stack backtrace", "Caused by", "Error(", "Os {"] {
            assert!(!said.contains(ugly), "{ugly:?} stands in its log:\n{said}");
        }
    }
}

/// What was made and found, and what became of it: equal when the books balance.
pub fn books(text: &str, labels: &[&str]) -> (u64, u64) {
    let all = |names: &[&str]| names.iter().map(|name| sum(text, name, labels)).sum();
    let made = all(&["timberline_documents_made_total", "timberline_queue_found_total"]);
    let became = all(&[
        "timberline_documents_total",
        "timberline_documents_open",
        "timberline_queue_documents",
        "timberline_queue_lost_total",
        "timberline_queue_torn_total",
    ]);
    (made, became)
}

/// The sum of a metric's samples in an exposition.
pub fn sum(text: &str, name: &str, labels: &[&str]) -> u64 {
    let samples = text.lines().filter_map(|line| line.strip_prefix(name)).filter(|rest| rest.starts_with(['{', ' ']));
    let wanted = samples.filter(|rest| labels.iter().all(|label| rest.contains(label)));
    wanted.filter_map(|rest| rest.rsplit_once(' ')?.1.parse::<f64>().ok()).sum::<f64>() as u64
}
