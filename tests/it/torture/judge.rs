//! The judge: what stands in Docker's own files is what must stand in the engine, once, in the order of each stream.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::stage::Stage;

/// Of wrong lines, so many are named.
const EXAMPLES: usize = 10;

/// Container and stream.
type Stream = (String, String);
/// The marks of its lines, in order.
type Streams = BTreeMap<Stream, Vec<String>>;

#[derive(Debug, Default)]
pub struct Verdict {
    lines: usize,
    lost: usize,
    doubled: usize,
    out_of_order: usize,
    /// In the engine, and not in Docker's files.
    strange: usize,
    /// Errors that are not in the errors' index as often as in that of all events.
    errors_missing: i64,
    dead_letters: usize,
    examples: Vec<String>,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        let wrong = [self.lost, self.doubled, self.out_of_order, self.strange, self.dead_letters];
        self.lines > 0 && wrong == [0; 5] && self.errors_missing == 0
    }

    fn example(&mut self, what: &str, stream: &Stream, mark: &str) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{what}: {mark} of {} {}", &stream.0[..12], stream.1));
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lines: {} lost, {} doubled, {} out of order, {} from nowhere, {} dead letters, {} errors missing",
            self.lines,
            self.lost,
            self.doubled,
            self.out_of_order,
            self.strange,
            self.dead_letters,
            self.errors_missing
        )?;
        self.examples.iter().try_for_each(|example| write!(f, "\n  {example}"))
    }
}

pub fn judge(stage: &Stage) -> Verdict {
    let (printed, stored) = (printed(stage), stored(stage));
    let mut verdict = Verdict { lines: printed.values().map(Vec::len).sum(), ..Verdict::default() };
    for (stream, marks) in &printed {
        compare(&mut verdict, stream, marks, stored.get(stream).map_or(&[], Vec::as_slice));
    }
    let (engine, job) = (stage.engine(), stage.job());
    let errors = engine.count(&job.logs(), "level:(ERROR OR FATAL)") as i64;
    verdict.errors_missing = errors - engine.count(&job.errors(), "*") as i64;
    for output in ["logs", "errors"] {
        let file = job.data.join(format!("dead_letters/{output}.ndjson"));
        verdict.dead_letters += std::fs::read_to_string(file).map_or(0, |text| text.lines().count());
    }
    verdict
}

fn compare(verdict: &mut Verdict, stream: &Stream, printed: &[String], stored: &[String]) {
    let ranks: HashMap<&str, usize> = printed.iter().enumerate().map(|(rank, mark)| (mark.as_str(), rank)).collect();
    assert_eq!(ranks.len(), printed.len(), "a container printed a number twice: the test is wrong");
    let mut seen = vec![0; printed.len()];
    let mut highest = 0;
    for mark in stored {
        let Some(&rank) = ranks.get(mark.as_str()) else {
            verdict.strange += 1;
            verdict.example("from nowhere", stream, mark);
            continue;
        };
        seen[rank] += 1;
        if seen[rank] == 1 && rank < highest {
            verdict.out_of_order += 1;
            verdict.example("out of order", stream, mark);
        }
        highest = highest.max(rank);
    }
    for (mark, times) in printed.iter().zip(seen) {
        match times {
            0 => {
                verdict.lost += 1;
                verdict.example("lost", stream, mark);
            }
            1 => {}
            more => {
                verdict.doubled += more - 1;
                verdict.example("doubled", stream, mark);
            }
        }
    }
}

/// `n=17;`, `m=17;`: each stands once in what a stream prints.
fn marks(text: &str) -> impl Iterator<Item = String> {
    static MARK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[nml]=\d+;").expect("a constant pattern"));
    MARK.find_iter(text).map(|found| found.as_str().to_owned()).collect::<Vec<_>>().into_iter()
}

fn printed(stage: &Stage) -> Streams {
    let mut streams = Streams::new();
    for container in &stage.containers {
        let log = stage.log_of(container);
        let file = File::open(&log).unwrap_or_else(|e| panic!("{}: {e}", log.display()));
        for line in BufReader::new(file).lines() {
            let line = line.expect("Docker's file can be read");
            let record: Value =
                serde_json::from_str(&line).unwrap_or_else(|e| panic!("{}: {e}: {line}", log.display()));
            let (stream, text) = (record["stream"].as_str(), record["log"].as_str());
            let stream = (container.clone(), stream.expect("a record has a stream").to_owned());
            streams.entry(stream).or_default().extend(marks(text.expect("a record has a text")));
        }
    }
    streams
}

fn stored(stage: &Stage) -> Streams {
    let mut streams = Streams::new();
    let fields = ["printed", "container.id", "stream"];
    stage.engine().each(&stage.job().logs(), "*", &["event.sequence"], &fields, |hit| {
        let document = &hit["_source"];
        let of = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{document} lacks a field")).to_owned();
        let stream = (of(&document["container"]["id"]), of(&document["stream"]));
        streams.entry(stream).or_default().extend(marks(&of(&document["printed"])));
    });
    streams
}
