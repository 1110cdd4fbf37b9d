//! The binary with one docker input and one file of documents: what only a process of its own can show, as metrics, log, descriptors, memory.

use crate::engine::{Timberline, free_port, http_get, wait_until};
use crate::main_job::sum;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::time::Duration;

/// Far more than any of these tests needs on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// What is read of a document where there are many.
#[derive(Deserialize)]
struct Brief<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow)]
    container: BriefContainer<'a>,
}

#[derive(Deserialize)]
struct BriefContainer<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

pub struct Daemon {
    pub process: Timberline,
    http: String,
    out: PathBuf,
}

impl Daemon {
    /// `settings`: those of the docker input, but `host`.
    pub fn start(host: &str, settings: &str) -> Daemon {
        let mut daemon = Daemon::prepared(host, settings);
        daemon.process.start();
        daemon
    }

    pub fn prepared(host: &str, settings: &str) -> Daemon {
        Daemon::under(&[], host, settings)
    }

    /// Not started yet; `wrapper`: see [`Timberline::under`].
    pub fn under(wrapper: &[&str], host: &str, settings: &str) -> Daemon {
        Daemon::of(|arguments| Timberline::under(wrapper, arguments), host, settings)
    }

    /// The optimised binary, started.
    #[cfg(feature = "soak")]
    pub fn optimised(host: &str, settings: &str) -> Daemon {
        let mut daemon = Daemon::of(|arguments| Timberline::optimised(arguments), host, settings);
        daemon.process.start();
        daemon
    }

    fn of(make: impl FnOnce(&[&str]) -> Timberline, host: &str, settings: &str) -> Daemon {
        let port = free_port();
        let process = make(&["run", "--log.format", "json", "--api.http.port", &port.to_string()]);
        let (out, data) = (process.dir().join("out.ndjson"), process.dir().join("data"));
        let pipeline = format!(
            "input {{ docker {{ host => \"{host}\" multiline => none {settings} }} }}\n\
             output {{ file {{ path => \"{}\" codec => json_lines flush_interval => 0 }} }}",
            out.display()
        );
        let process = process.arg("-e").arg(pipeline).arg("--path.data").arg(data);
        Daemon { process, http: format!("http://127.0.0.1:{port}"), out }
    }

    /// The documents so far.
    pub fn documents(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.out).unwrap_or_default();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole.map(|line| serde_json::from_str(line).expect("a line is a document")).collect()
    }

    /// The container and the message of each whole document so far, for more of them than fit into memory.
    pub fn each_message(&self, each: &mut dyn FnMut(&str, &str)) {
        let Ok(out) = fs::File::open(&self.out) else { return };
        let mut lines = BufReader::new(out);
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
            let document: Brief = serde_json::from_str(&line).expect("a line is a document");
            each(&document.container.id, &document.message);
            line.clear();
        }
    }

    /// How many documents there are.
    pub fn count(&self) -> usize {
        let text = fs::read(&self.out).unwrap_or_default();
        text.iter().filter(|byte| **byte == b'\n').count()
    }

    pub fn last(&self) -> Option<Value> {
        let text = fs::read(&self.out).ok()?;
        let line = text.strip_suffix(b"\n")?.rsplit(|byte| *byte == b'\n').next()?;
        serde_json::from_slice(line).ok()
    }

    #[track_caller]
    pub fn wait_for(&mut self, count: usize) -> Vec<Value> {
        let mut seen = 0;
        let found = crate::engine::waited(PATIENCE, || {
            assert!(self.process.is_running(), "it ended");
            seen = self.count();
            (seen >= count).then_some(())
        });
        assert!(found.is_some(), "{seen} of {count} documents");
        self.documents()
    }

    /// The sum of a metric's samples with these labels; 0 while nobody answers.
    pub fn metric(&self, name: &str, labels: &[&str]) -> u64 {
        let text = http_get(&format!("{}/metrics", self.http)).map(|(_, text)| text).unwrap_or_default();
        sum(&text, name, labels)
    }

    #[track_caller]
    pub fn wait_for_metric(&self, name: &str, labels: &[&str], value: u64) {
        let mut last = 0;
        let reached = || {
            last = self.metric(name, labels);
            (last >= value).then_some(())
        };
        assert!(crate::engine::waited(PATIENCE, reached).is_some(), "{name} is {last}, not {value}");
    }

    /// Waits until it watches its engine.
    #[track_caller]
    pub fn wait_until_it_watches(&self) {
        self.wait_for_metric("timberline_docker_connected", &[], 1);
    }

    /// What `/readyz` says.
    pub fn ready(&self) -> (u16, String) {
        http_get(&format!("{}/readyz", self.http)).unwrap_or_default()
    }

    #[track_caller]
    pub fn wait_until_not_ready(&self, words: &str) {
        let says = || (self.ready().0 == 503 && self.ready().1.contains(words)).then_some(());
        wait_until(&format!("/readyz says no with {words:?}"), PATIENCE, says);
    }

    /// The entries of its log with these words as message.
    pub fn said(&self, message: &str) -> Vec<Value> {
        let log = self.process.stderr();
        let entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        entries.filter(|entry| entry["message"] == message).collect()
    }

    /// The gaps that its log tells of.
    pub fn gaps(&self) -> Vec<Value> {
        self.said("a part of the log was gone before it could be read")
    }
}
