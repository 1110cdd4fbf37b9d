//! Numbered lines on both streams of some containers, JSON and text, some over 16 KB; and the judge: each line exactly once, in order.
//!
//! Line `n` of a container goes to stdout when `n` is even, else to stderr, and says `n=<n>`. Every tenth is an error.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde_json::Value;

use super::job::Job;
use crate::engine::{ContainerSpec, Docker, Elasticsearch};

/// Docker cuts lines into parts of 16 KiB: these come in two.
const LONG_BYTES: usize = 20_000;
const LONG_EVERY: u32 = 500;
const ERROR_EVERY: u32 = 10;

pub struct Lines {
    pub containers: usize,
    /// Of each container.
    pub count: u32,
}

impl Lines {
    pub fn total(&self) -> u64 {
        self.containers as u64 * u64::from(self.count)
    }

    pub fn errors(&self) -> u64 {
        self.containers as u64 * u64::from(self.count.div_ceil(ERROR_EVERY))
    }

    /// The containers, not started: each prints lines `part`/`parts` of its own when it is started for the `part`th time. It does so when
    /// a file `go<part>` is in its folder, and lives on: a first start follows containers that run.
    pub fn containers<'a>(&self, job: &Job, engine: &'a Docker, parts: u32) -> Vec<ContainerSpec<'a>> {
        let folder = job.daemon.dir().join("lines");
        fs::create_dir_all(&folder).expect("the run's folder is ours");
        for part in 0..parts {
            self.write(&folder, part, parts);
        }
        (0..self.containers)
            .map(|_| {
                let script = "for part in $(cat /lines/parts); do
                until [ -e /lines/go$part ]; do sleep 0.1; done
                cat /lines/out$part & cat /lines/err$part >&2; wait
            done; exec sleep 100000";
                let number = crate::engine::unique("c");
                job.container(engine, &number, script).mount(folder.display(), "/lines")
            })
            .collect()
    }

    /// Lets the containers print part `part`.
    pub fn go(job: &Job, part: u32) {
        fs::write(job.daemon.dir().join(format!("lines/go{part}")), "").expect("the run's folder is ours");
    }

    /// Whether a container has printed all that it was let.
    pub fn are_printed(engine: &Docker, id: &str) -> bool {
        engine.cli(&["top", id]).contains("sleep 100000")
    }

    /// From their next start on the containers print this part alone.
    pub fn print_only(job: &Job, part: u32) {
        fs::write(job.daemon.dir().join("lines/parts"), part.to_string()).expect("the run's folder is ours");
        Lines::go(job, part);
    }

    fn write(&self, folder: &Path, part: u32, parts: u32) {
        let open = |name: &str| {
            BufWriter::new(fs::File::create(folder.join(format!("{name}{part}"))).expect("the run's folder is ours"))
        };
        let mut streams = [open("out"), open("err")];
        for n in self.count * part / parts..self.count * (part + 1) / parts {
            writeln!(streams[n as usize % 2], "{}", text(n)).expect("the disk has room");
        }
        let all: Vec<String> = (0..parts).map(|part| part.to_string()).collect();
        fs::write(folder.join("parts"), all.join(" ")).expect("the run's folder is ours");
    }

    /// Every line stands exactly once in the day's index of all events, every error exactly once in that of errors, in the order in
    /// which its stream was written.
    #[track_caller]
    pub fn assert_each_once(&self, job: &Job, engine: &Elasticsearch) {
        job.wait_for(engine, self.total(), self.errors());
        self.assert_streams(&streams(engine, &job.logs()), |_| true);
        self.assert_streams(&streams(engine, &job.errors()), is_error);
    }

    #[track_caller]
    fn assert_streams(&self, found: &BTreeMap<String, Vec<u32>>, wanted: fn(u32) -> bool) {
        let expected = |odd: u32| (0..self.count).filter(move |n| n % 2 == odd && wanted(*n));
        let of = |stream: &str| found.iter().filter(move |(name, _)| name.ends_with(stream)).collect::<Vec<_>>();
        for (stream, odd) in [("stdout", 0), ("stderr", 1)] {
            let streams = of(stream);
            assert!(
                expected(odd).next().is_none() || streams.len() == self.containers,
                "{stream} of {} containers",
                streams.len()
            );
            for (name, numbers) in streams {
                let wrong = expected(odd).zip(numbers).position(|(expected, found)| expected != *found);
                assert_eq!(wrong, None, "{name}: after the first {wrong:?} lines comes another than expected");
                assert_eq!(numbers.len(), expected(odd).count(), "{name}");
            }
        }
    }
}

fn is_error(n: u32) -> bool {
    n.is_multiple_of(ERROR_EVERY)
}

fn text(n: u32) -> String {
    let level = if is_error(n) { "error" } else { "info" };
    let more = if n % LONG_EVERY == LONG_EVERY - 1 { "x".repeat(LONG_BYTES) } else { "filled the order".to_owned() };
    match n % 4 {
        // An error must say so: plain text has no level.
        0 | 1 => format!(r#"{{"level":"{level}","message":"n={n} {more}","orderId":{n},"price":101.25}}"#),
        _ if is_error(n) => format!("2026-11-18 10:04:45 [error]: n={n} {more} {{\"orderId\":{n}}}"),
        2 => format!("2026-11-18 10:04:45 [info]: n={n} {more}"),
        _ => format!("n={n} {more}"),
    }
}

/// The numbers of each stream's lines in the order of `event.sequence`, which must rise; all in the index of their day.
#[track_caller]
fn streams(engine: &Elasticsearch, index: &str) -> BTreeMap<String, Vec<u32>> {
    let mut streams: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut before: BTreeMap<String, u64> = BTreeMap::new();
    let fields = ["@timestamp", "message", "container.name", "stream", "event.sequence"];
    engine.each(index, "*", &["event.sequence"], &fields, |hit| {
        let document = &hit["_source"];
        let of = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{document} lacks a field")).to_owned();
        let day = of(&document["@timestamp"])[..10].replace('-', ".");
        assert!(of(&hit["_index"]).ends_with(&day), "{} of {day} stands in {}", hit["_id"], hit["_index"]);
        let stream = format!("{} {}", of(&document["container"]["name"]), of(&document["stream"]));
        let sequence = document["event"]["sequence"].as_u64().unwrap_or_else(|| panic!("{document} has no sequence"));
        let last = before.insert(stream.clone(), sequence);
        assert!(last.is_none_or(|last| last < sequence), "{stream}: {sequence} comes after {last:?}");
        streams.entry(stream).or_default().push(number(&of(&document["message"])));
    });
    streams
}

fn number(message: &str) -> u32 {
    let number = message.strip_prefix("n=").and_then(|rest| rest.split(' ').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("not one of our lines: {}", &message[..message.len().min(200)]))
}
