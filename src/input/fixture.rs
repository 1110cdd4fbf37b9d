//! Fixtures: a file's lines as chunks, as the real inputs would make them, without threads, state or network.
//!
//! A json-file log gives what the docker input gives: sources per stream, Docker's time, ordinals, joined parts,
//! terminal colours taken out.
//! Plain lines and JSON events get their place from file and offset.

use crate::event::chunk::{Chunk, Framing, Line, Place, Source, Watermark};
use crate::event::hints::Hints;
use crate::event::{Identity, Timestamp};
use crate::position::{Receipt, SourceKey};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// How the lines of a fixture are to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Lines of a json-file log.
    Docker,
    /// Plain lines.
    Lines,
    /// One JSON event a line.
    Events,
}

/// What a fixture's chunks are made with.
pub struct Fixture<'a> {
    /// Its path: `log.file.path` and part of the ids.
    pub name: &'a str,
    /// The facts of its container as a JSON object (`{"container":{…}}`), if it has some.
    pub facts: &'a str,
    pub shape: Shape,
    /// What its container asks for its lines.
    pub hints: Option<Arc<Hints>>,
    /// The input whose codec and decoration apply.
    pub input: usize,
    pub arrived: Timestamp,
}

/// One line of a json-file log.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Cow<'a, str>,
}

impl<'a> Envelope<'a> {
    /// `None`: it is no JSON object of that kind. (An array would do for a structure, too.)
    fn of(line: &'a str) -> Option<Envelope<'a>> {
        if line.trim_start().starts_with('{') { serde_json::from_str(line).ok() } else { None }
    }
}

/// Tells the shape by the first lines that are not blank.
pub fn guess(bytes: &[u8]) -> Shape {
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(5).peekable();
    if lines.peek().is_none() {
        return Shape::Lines;
    }
    let (mut docker, mut object) = (true, true);
    for line in lines {
        let envelope = std::str::from_utf8(line).ok().and_then(Envelope::of);
        docker &= envelope.is_some_and(|envelope| !envelope.time.is_empty());
        object &= serde_json::from_slice::<HashMap<Cow<'_, str>, serde::de::IgnoredAny>>(line).is_ok();
    }
    match (docker, object) {
        (true, _) => Shape::Docker,
        (_, true) => Shape::Events,
        _ => Shape::Lines,
    }
}

impl Fixture<'_> {
    /// One chunk a record, in the order of the file.
    pub fn chunks(&self, bytes: &[u8]) -> Vec<Chunk> {
        match self.shape {
            Shape::Docker => self.docker(bytes),
            Shape::Lines | Shape::Events => self.lines(bytes),
        }
    }

    fn source(&self, stream: &str) -> Arc<Source> {
        let key = SourceKey::new(&format!("fixture:{}:{stream}", self.name));
        let mut facts: serde_json::Value = serde_json::from_str(self.facts).unwrap_or_default();
        if !facts.is_object() {
            facts = serde_json::json!({});
        }
        let place = match stream {
            "" => {
                facts["log"]["file"]["path"] = self.name.into();
                Place::Offset
            }
            stream => {
                facts["stream"] = stream.into();
                Place::Sequence
            }
        };
        // The container's id makes the same document ids as the daemon would.
        let name = match (facts["container"]["id"].as_str(), stream) {
            (Some(id), stream) if !stream.is_empty() => format!("docker:{id}:{stream}"),
            _ => key.as_str().to_string(),
        };
        let hash = Identity::hash_source(&name, "");
        Arc::new(Source { key, hash, input: self.input, facts: facts.to_string(), place, hints: self.hints.clone() })
    }

    fn lines(&self, bytes: &[u8]) -> Vec<Chunk> {
        let source = self.source("");
        let mut offset = 0;
        let mut chunks = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut text = line.to_vec();
            if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            chunks.push(self.chunk(&source, text, Framing::Bytes { offset }));
            offset += line.len() as u64;
        }
        chunks
    }

    fn chunk(&self, source: &Arc<Source>, bytes: Vec<u8>, framing: Framing) -> Chunk {
        Chunk {
            source: Arc::clone(source),
            bytes,
            framing,
            arrived: self.arrived,
            receipt: Receipt::untracked(),
            watermark: Watermark::none(),
            end: false,
        }
    }

    fn docker(&self, bytes: &[u8]) -> Vec<Chunk> {
        let mut streams: HashMap<String, Stream> = HashMap::new();
        let mut chunks = Vec::new();
        // A line without anything in it is a line, as it is for the `file` input.
        for line in bytes.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line)) {
            let text = String::from_utf8_lossy(line);
            let Some(envelope) = Envelope::of(&text) else {
                chunks.push(self.chunk(&self.source("stdout"), line.to_vec(), whole(line.len(), 0, 0)));
                continue;
            };
            let name = if envelope.stream.is_empty() { "stdout" } else { &envelope.stream };
            let stream = streams.entry(name.to_string()).or_insert_with(|| Stream::new(self.source(name)));
            chunks.extend(stream.take(&envelope, self));
        }
        // Parts that never ended are lines all the same.
        let mut open: Vec<_> = streams.into_values().filter(|stream| !stream.parts.is_empty()).collect();
        open.sort_by_key(|stream| stream.time);
        chunks.extend(open.into_iter().map(|mut stream| stream.give(self)));
        chunks
    }
}

/// The state of one stream of a json-file log.
struct Stream {
    source: Arc<Source>,
    /// The parts of a line that has no end yet.
    parts: Vec<u8>,
    time: u64,
    ordinal: u32,
    last: Option<u64>,
}

impl Stream {
    fn new(source: Arc<Source>) -> Stream {
        Stream { source, parts: Vec::new(), time: 0, ordinal: 0, last: None }
    }

    fn take(&mut self, envelope: &Envelope<'_>, fixture: &Fixture<'_>) -> Vec<Chunk> {
        let time = Timestamp::parse_iso(&envelope.time).and_then(Timestamp::as_nanos).unwrap_or(0);
        let mut chunks = Vec::new();
        if !self.parts.is_empty() && self.time != time {
            chunks.push(self.give(fixture));
        }
        self.time = time;
        match envelope.log.strip_suffix('\n') {
            Some(text) => {
                self.parts.extend_from_slice(text.as_bytes());
                chunks.push(self.give(fixture));
            }
            None => self.parts.extend_from_slice(envelope.log.as_bytes()),
        }
        chunks
    }

    fn give(&mut self, fixture: &Fixture<'_>) -> Chunk {
        self.ordinal = if self.last == Some(self.time) { self.ordinal + 1 } else { 0 };
        self.last = Some(self.time);
        let mut bytes = std::mem::take(&mut self.parts);
        super::docker::ansi::strip_from(&mut bytes, 0);
        let framing = whole(bytes.len(), self.time, self.ordinal);
        fixture.chunk(&self.source, bytes, framing)
    }
}

fn whole(len: usize, time: u64, ordinal: u32) -> Framing {
    Framing::Lines(vec![Line { start: 0, end: len as u32, time, ordinal, truncated: false }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Fixture<'static> {
        let arrived = Timestamp::default();
        Fixture { name: "f", facts: "{}", shape: Shape::Docker, hints: None, input: 0, arrived }
    }

    fn check(text: &str, shape: Shape) {
        assert_eq!(guess(text.as_bytes()), shape, "{text}");
    }

    #[test]
    fn shapes_are_told_apart() {
        check("{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-23T10:00:00Z\"}\n", Shape::Docker);
        check("{\"log\":\"x\"}\n{\"message\":\"y\"}", Shape::Events);
        check("hello\n{}\n", Shape::Lines);
        check("\n\n", Shape::Lines);
        check("[\"x\\n\",\"stdout\",\"2026-11-23T10:00:00Z\"]\n", Shape::Lines);
    }

    #[test]
    fn what_is_no_record_stays_as_it_stands() {
        let fixture = made();
        for line in ["[\"log\"]", "null", "{\"log\":7}", "{\"log\":\"cut", ""] {
            let chunks = fixture.chunks(format!("{line}\n").as_bytes());
            assert_eq!(chunks.iter().map(|chunk| chunk.bytes.as_slice()).collect::<Vec<_>>(), [line.as_bytes()]);
        }
    }

    #[test]
    fn parts_of_one_stream_are_joined_by_their_time() {
        let part = |log: &str, stream: &str, time: u32| {
            format!(
                "{{\"log\":{},\"stream\":\"{stream}\",\"time\":\"2026-11-23T10:00:0{time}Z\"}}\n",
                serde_json::json!(log)
            )
        };
        let text = [
            part("a", "stdout", 1),
            part("E\n", "stderr", 1),
            part("b\n", "stdout", 1),
            part("c", "stdout", 2),
            part("d\n", "stdout", 3),
        ]
        .concat();
        let fixture = made();
        let lines: Vec<String> =
            fixture.chunks(text.as_bytes()).into_iter().map(|c| String::from_utf8(c.bytes).unwrap()).collect();
        assert_eq!(lines, ["E", "ab", "c", "d"]);
    }
}
