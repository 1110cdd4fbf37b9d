//! The bytes of a json-file log, made into whole lines: the same lines as the API gives of the same log. Pure.
//!
//! On disk a record is `{"log":"text\n","stream":"stdout","time":"2026-11-23T10:04:45.123456789Z"}` and a newline; `attrs`
//! may stand in it too. What a full disk, a power failure or a copy in the wrong moment cut is not a record: it is counted
//! and passed over, and where a whole record follows on the same line, that one is read.

use super::super::joiner::{EachLine, Joiners, Stream};
use super::super::stamp::StampParser;
use crate::codec::docker_json::Envelope;
use crate::event::json::{escape, read, scan};
use crate::event::{Arena, Value};
use memchr::{memchr, memmem};

/// How a record begins; within a text the quotes would be escaped.
const BEGIN: &[u8] = br#"{"log":""#;

/// Reads one log from a place where a record begins.
#[derive(Debug)]
pub struct RecordReader {
    joiners: Joiners,
    stamps: StampParser,
    /// The text of the record at hand, without its escapes; empty between records.
    text: Vec<u8>,
}

impl RecordReader {
    pub fn new(tty: bool, line_bytes_max: usize) -> Self {
        let joiners = Joiners::new(tty, line_bytes_max);
        RecordReader { joiners, stamps: StampParser::default(), text: Vec::new() }
    }

    /// Reads on: `bytes` are whole lines of the file. Answers how many of them are not whole records.
    pub fn feed(&mut self, mut bytes: &[u8], each: &mut EachLine<'_>) -> u64 {
        let mut broken = 0;
        while !bytes.is_empty() {
            let end = memchr(b'\n', bytes).unwrap_or(bytes.len());
            let line = &bytes[..end];
            if !line.is_empty() && !self.record(line, each) {
                broken += 1;
                self.salvage(line, each);
            }
            bytes = &bytes[(end + 1).min(bytes.len())..];
        }
        broken
    }

    /// The log has ended here for good: open lines are complete.
    pub fn finish(&mut self, each: &mut EachLine<'_>) {
        self.joiners.finish(each);
    }

    /// The lines that are open.
    pub fn joiners(&self) -> &Joiners {
        &self.joiners
    }

    fn record(&mut self, line: &[u8], each: &mut EachLine<'_>) -> bool {
        self.usual(line, each) || self.any(line, each)
    }

    /// As Docker writes them. What stands in the text is looked at once.
    fn usual(&mut self, line: &[u8], each: &mut EachLine<'_>) -> bool {
        let Some(envelope) = Envelope::usual(line) else { return false };
        let Some(stream) = Stream::named(envelope.stream) else { return false };
        let Some(time) = self.stamps.parse(envelope.time) else { return false };
        let whole = envelope.is_whole();
        let log = if whole { &envelope.log[..envelope.log.len() - br"\n".len()] } else { envelope.log };
        let text = if scan::special(log, 0) == log.len() {
            log
        } else {
            self.text.clear();
            if escape::unescape_onto(log, &mut self.text).is_err() {
                return false;
            }
            &self.text
        };
        let joiner = self.joiners.of(stream);
        joiner.begin(time, each);
        if whole {
            joiner.line(text, each)
        } else {
            joiner.text(text, each)
        }
        true
    }

    /// Other keys, other order.
    fn any(&mut self, line: &[u8], each: &mut EachLine<'_>) -> bool {
        let arena = Arena::new();
        let Ok(object) = read::object(escape::utf8(line, &arena), &arena) else { return false };
        let text = |name| object.get(name).and_then(Value::as_str);
        let (Some(log), Some(stream), Some(time)) = (text("log"), text("stream"), text("time")) else { return false };
        let Some(stream) = Stream::named(stream.as_bytes()) else { return false };
        let Some(time) = self.stamps.parse(time.as_bytes()) else { return false };
        let joiner = self.joiners.of(stream);
        joiner.begin(time, each);
        joiner.text(log.as_bytes(), each);
        true
    }

    /// The last whole record of a line whose beginning is none.
    fn salvage(&mut self, line: &[u8], each: &mut EachLine<'_>) {
        if let Some(at) = memmem::rfind(line, BEGIN).filter(|at| *at > 0) {
            self.record(&line[at..], each);
        }
    }
}

/// The time of a record, in nanoseconds since 1970.
pub fn time_of(line: &[u8], stamps: &mut StampParser) -> Option<u64> {
    stamps.parse(Envelope::usual(line)?.time)
}

#[cfg(test)]
mod tests;
