//! The `file` input as its user sees it: the whole daemon, from files that grow, rotate, shrink and end to a file of
//! documents. No engine: what is tested is the input.

use crate::engine::{Timberline, free_port, wait_until};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon with one `file` input and one `file` output.
struct Tailing {
    daemon: Timberline,
    folder: PathBuf,
}

impl Tailing {
    /// `options`: further settings of the input.
    fn start(options: &str) -> Tailing {
        let mut tailing = Tailing::prepared(options);
        tailing.daemon.start();
        tailing
    }

    fn prepared(options: &str) -> Tailing {
        let port = free_port().to_string();
        let daemon = Timberline::new(["run", "--api.http.port", &port]);
        let folder = daemon.dir().join("logs");
        fs::create_dir(&folder).unwrap();
        let start = if options.contains("start_position") { "" } else { "start_position => \"beginning\"" };
        let pipeline = format!(
            "input {{ file {{ path => \"{}/*.log\" {start} stat_interval => 0.1 discover_interval => 1 {options} }} }}\n\
             output {{ file {{ path => \"{}\" codec => json_lines }} }}",
            folder.display(),
            daemon.dir().join("out.ndjson").display(),
        );
        let data = daemon.dir().join("data");
        Tailing { daemon: daemon.arg("-e").arg(pipeline).arg("--path.data").arg(data), folder }
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.folder.join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// The `message` of every document so far, in the order in which they came.
    fn messages(&self) -> Vec<String> {
        let text = fs::read_to_string(self.daemon.dir().join("out.ndjson")).unwrap_or_default();
        let message = |line: &str| {
            let document: Value = serde_json::from_str(line).expect("a line is a document");
            document["message"].as_str().expect("a message is text").to_string()
        };
        text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(message).collect()
    }

    /// Waits until there are as many documents as `expected`, and compares.
    #[track_caller]
    fn wait_for(&self, expected: &[String]) {
        let mut messages = Vec::new();
        wait_until(&format!("{} documents", expected.len()), PATIENCE, || {
            messages = self.messages();
            (messages.len() >= expected.len()).then_some(())
        });
        assert_eq!(messages, expected);
    }
}

fn numbered(from: u32, to: u32) -> Vec<String> {
    (from..to).map(|n| format!("line {n}")).collect()
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_beginning() {
    let mut tailing = Tailing::start("");
    tailing.append("a.log", &text(&numbered(0, 100)));
    tailing.wait_for(&numbered(0, 100));
    fs::rename(tailing.folder.join("a.log"), tailing.folder.join("a.log.1")).unwrap();
    tailing.append("a.log.1", &text(&numbered(100, 150)));
    tailing.wait_for(&numbered(0, 150));
    tailing.append("a.log", &text(&numbered(150, 200)));
    tailing.wait_for(&numbered(0, 200));
    tailing.daemon.stop();
}

/// The new file of a rotation was taken for one of before: what was written to it until it was found was lost.
#[test]
fn only_what_was_there_at_the_start_is_passed_over() {
    let mut tailing = Tailing::prepared("start_position => \"end\"");
    tailing.append("a.log", "of before\n");
    tailing.append("empty.log", "");
    tailing.daemon.start();
    tailing.daemon.wait_for_log("reads file", PATIENCE);
    tailing.append("empty.log", "first\nsecond\n");
    tailing.wait_for(&["first".to_string(), "second".to_string()]);
    fs::rename(tailing.folder.join("a.log"), tailing.folder.join("a.log.1")).unwrap();
    tailing.append("a.log", "third\nfourth\n");
    let all = ["first", "second", "third", "fourth"].map(String::from);
    tailing.wait_for(&all);
    tailing.daemon.stop();
}

/// A file of which nothing had been delivered was new at the next start, and what had been written since was of before.
#[test]
fn where_a_file_is_followed_from_is_known_after_a_kill() {
    let mut tailing = Tailing::prepared("start_position => \"end\"");
    tailing.append("a.log", "of before\n");
    tailing.daemon.start();
    let registry = tailing.daemon.dir().join("data/registry");
    let is_noted = || fs::read_to_string(&registry).is_ok_and(|text| text.contains("\n10.0 - ")).then_some(());
    wait_until("the registry says where the file is followed from", PATIENCE, is_noted);
    tailing.daemon.kill();
    tailing.append("a.log", "while it was down\n");
    tailing.daemon.start();
    tailing.wait_for(&["while it was down".to_string()]);
    tailing.daemon.stop();
}

#[test]
fn a_file_that_is_cut_to_nothing_is_read_anew() {
    let mut tailing = Tailing::start("");
    tailing.append("a.log", &text(&numbered(0, 100)));
    tailing.wait_for(&numbered(0, 100));
    OpenOptions::new().write(true).truncate(true).open(tailing.folder.join("a.log")).unwrap();
    tailing.append("a.log", &text(&numbered(100, 110)));
    tailing.wait_for(&numbered(0, 110));
    tailing.daemon.stop();
}

#[test]
fn a_line_waits_for_its_end() {
    let mut tailing = Tailing::start("");
    tailing.append("a.log", "one\ntw");
    tailing.wait_for(&["one".to_string()]);
    tailing.append("a.log", "o\n");
    tailing.wait_for(&["one".to_string(), "two".to_string()]);
    tailing.daemon.stop();
}

#[test]
fn a_new_run_goes_on_where_the_last_one_stopped() {
    let mut tailing = Tailing::start("");
    tailing.append("a.log", &text(&numbered(0, 50)));
    tailing.wait_for(&numbered(0, 50));
    tailing.daemon.stop();
    tailing.append("a.log", &text(&numbered(50, 80)));
    tailing.daemon.start();
    tailing.wait_for(&numbered(0, 80));
    tailing.daemon.stop();
}

/// A last line without a newline was delivered, and its receipt stayed open: the books said that it was forgotten.
#[test]
fn a_file_that_is_read_once_ends_with_or_without_a_newline() {
    let mut tailing = Tailing::prepared("mode => \"read\"");
    tailing.append("a.log", "one\ntwo");
    tailing.daemon.start();
    tailing.wait_for(&["one".to_string(), "two".to_string()]);
    tailing.daemon.stop();
}
