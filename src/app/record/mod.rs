//! Real lines become a fixture: what `timberline record` does.
//!
//! From a container the engine is asked for the last lines, from a file its end is read. Lines and labels are masked
//! (`mask`); of the container only what events say of it is kept, so never its environment.

use crate::event::Timestamp;
use crate::filter::redact::mask::{Counts, Masker};
use crate::input::docker::{self, Tail};
use crate::input::fixture::{Shape, guess};
use crate::input::origin::Origin;
use crate::plugin::Settings;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// The end of a file in which the last lines are looked for.
const TAIL_BYTES_MAX: u64 = 64 << 20;

/// What a fixture is made of.
pub struct Recorded {
    /// What the lines are of, for a person.
    pub name: String,
    /// `input.log`
    log: Vec<u8>,
    pub lines: usize,
    origin: Option<Origin>,
    pub masked: Counts,
}

/// The last `count` lines of a container, by its name or the beginning of its id. The error is a message for a person.
pub fn of_container(name: &str, count: usize) -> Result<Recorded, String> {
    let settings =
        Settings::check(docker::PLUGIN.declaration, Vec::new()).expect("docker has a default for everything");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|why| why.to_string())?;
    let Tail { origin, lines } = runtime.block_on(docker::tail(&settings, name, count))?;
    let mut recorded = Recorded::new(origin.name.clone());
    let mut maskers: HashMap<&str, Masker> = HashMap::new();
    for line in lines.iter().skip(lines.len().saturating_sub(count)) {
        let text = maskers.entry(line.stream).or_default().line(&line.text, &mut recorded.masked);
        recorded.push(&text, line.stream, &Timestamp::from_nanos(line.time_ns).to_string(), true);
    }
    recorded.keep(origin);
    Ok(recorded)
}

/// The last `count` lines of a file: of a json-file log with its container's facts, else as they are.
pub fn of_file(file: &Path, count: usize) -> Result<Recorded, String> {
    let bytes = end_of(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let mut recorded = Recorded::new(file.display().to_string());
    if guess(&bytes) == Shape::Docker {
        recorded.docker(last(&bytes, count, &|line| !is_part(line)));
        origin_beside(file).into_iter().for_each(|origin| recorded.keep(origin));
    } else {
        let mut masker = Masker::default();
        for line in last(&bytes, count, &|_| true).split_inclusive(|byte| *byte == b'\n') {
            let (text, end) = line.strip_suffix(b"\n").map_or((line, &b""[..]), |text| (text, &b"\n"[..]));
            recorded.log.extend_from_slice(&masker.line(text, &mut recorded.masked));
            recorded.log.extend_from_slice(end);
            recorded.lines += 1;
        }
    }
    Ok(recorded)
}

impl Recorded {
    fn new(name: String) -> Recorded {
        Recorded { name, log: Vec::new(), lines: 0, origin: None, masked: Counts::new() }
    }

    /// Adds a record as Docker's json-file driver writes it. `ends`: it is a whole line, or the last part of one.
    fn push(&mut self, text: &[u8], stream: &str, time: &str, ends: bool) {
        let end = if ends { "\n" } else { "" };
        let log = format!("{}{end}", String::from_utf8_lossy(text));
        self.log.extend_from_slice(json!({ "log": log, "stream": stream, "time": time }).to_string().as_bytes());
        self.log.push(b'\n');
        self.lines += usize::from(ends);
    }

    fn docker(&mut self, records: &[u8]) {
        let mut maskers: HashMap<String, Masker> = HashMap::new();
        for record in records.split(|byte| *byte == b'\n').filter(|record| !record.is_empty()) {
            let parsed: Option<serde_json::Value> = serde_json::from_slice(record).ok();
            let field = |name: &str| parsed.as_ref().and_then(|it| it[name].as_str()).unwrap_or_default().to_string();
            let (log, stream, time) = (field("log"), field("stream"), field("time"));
            if parsed.is_none() {
                // Torn by the engine: the pipeline sees it as it is, and so does the fixture.
                self.log.extend_from_slice(&Masker::default().line(record, &mut self.masked));
                self.log.push(b'\n');
                self.lines += 1;
                continue;
            }
            let text = log.strip_suffix('\n').unwrap_or(&log);
            let masker = maskers.entry(stream.clone()).or_default();
            let masked = masker.line(text.as_bytes(), &mut self.masked).into_owned();
            self.push(&masked, &stream, &time, log.ends_with('\n'));
        }
    }

    fn keep(&mut self, mut origin: Origin) {
        for value in origin.labels.values_mut() {
            let masked = Masker::default().line(value.as_bytes(), &mut self.masked).into_owned();
            *value = String::from_utf8_lossy(&masked).into_owned();
        }
        self.origin = Some(origin);
    }

    /// Makes the fixture. A folder that holds one already is refused.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let failed = |path: &Path, error: io::Error| format!("cannot write {}: {error}", path.display());
        let taken = ["input.log", "input.ndjson", "container.json"].map(|name| folder.join(name)).into_iter();
        if let Some(path) = taken.into_iter().find(|path| path.exists()) {
            return Err(format!("{} is there already\nhelp: name a new folder", path.display()));
        }
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let input = folder.join("input.log");
        fs::write(&input, &self.log).map_err(|error| failed(&input, error))?;
        if let Some(origin) = &self.origin {
            let path = folder.join("container.json");
            let text = format!("{:#}\n", container(origin));
            fs::write(&path, text).map_err(|error| failed(&path, error))?;
        }
        Ok(())
    }
}

/// The four fields that events know, as `container.json` has them.
fn container(origin: &Origin) -> serde_json::Value {
    let labels: BTreeMap<&String, &String> = origin.labels.iter().collect();
    json!({ "id": origin.id, "name": origin.name, "image": { "name": origin.image }, "labels": labels })
}

fn origin_beside(file: &Path) -> Option<Origin> {
    let read = |name: &str| fs::read(file.with_file_name(name)).ok();
    let fixture = read("container.json").and_then(|json| Origin::of_fixture(&json));
    fixture.or_else(|| Origin::of_config(&read("config.v2.json")?))
}

/// A record of a line that goes on in the next one.
fn is_part(record: &[u8]) -> bool {
    let parsed: Option<serde_json::Value> = serde_json::from_slice(record).ok();
    parsed.is_some_and(|record| record["log"].as_str().is_some_and(|log| !log.ends_with('\n')))
}

/// The last `count` lines; `ends` says whether a line is one by itself, or the end of one.
fn last<'b>(bytes: &'b [u8], count: usize, ends: &dyn Fn(&[u8]) -> bool) -> &'b [u8] {
    let (mut from, mut found) = (bytes.len(), 0);
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut end = body.len();
    while from > 0 {
        let start = memchr::memrchr(b'\n', &body[..end]).map_or(0, |at| at + 1);
        found += usize::from(ends(&body[start..end]));
        if found > count {
            break;
        }
        from = start;
        end = start.saturating_sub(1);
    }
    &bytes[from..]
}

/// The file's end, from the beginning of a line on.
fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(TAIL_BYTES_MAX);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes)?;
    if skipped > 0 {
        let line = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1);
        bytes.drain(..line);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, count: usize, expected: &str) {
        let ends = |line: &[u8]| !line.starts_with(b"part");
        assert_eq!(String::from_utf8_lossy(last(text.as_bytes(), count, &ends)), expected, "{text:?} {count}");
    }

    #[test]
    fn the_last_lines_are_whole_ones() {
        check("a\nb\nc\n", 2, "b\nc\n");
        check("a\nb\nc", 2, "b\nc");
        check("a\n", 5, "a\n");
        check("", 5, "");
        check("a\nb\n", 0, "");
        check("a\npart 1\npart 2\nend\nz\n", 2, "part 1\npart 2\nend\nz\n");
        check("a\n\n\nb\n", 3, "\n\nb\n");
    }
}
