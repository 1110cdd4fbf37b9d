//! The `docker_json` codec (ours): lines of a json-file log as Docker's engine writes them,
//! `{"log":"…\n","stream":"stdout","time":"2026-11-23T10:04:45.123456789Z"}`.
//!
//! Docker writes a line of more than 16 KiB in parts that all carry the first part's time; only the last one ends with
//! `\n`, and parts of the two streams interleave. So parts are joined by *equal time on the same stream*; another time
//! ends what is open, whether its end came or not. The clock never does: a replay must join alike.
//!
//! The usual form is taken apart from both ends without reading the text between; any other order of keys, and lines
//! with `attrs`, go the longer way through the JSON reader. Both ways give the same event.

use super::framing::{LINE_BYTES_MAX, Lines};
use super::plain::MESSAGE;
use super::{CodecPlugin, Decoder, Framer, Noted, Reader, Start};
use crate::event::chunk::{Chunk, Frame};
use crate::event::json::{escape, read, scan, write};
use crate::event::value::Text;
use crate::event::{Arena, Event, Identity, Tag, Timestamp, Value};
use crate::plugin::{Declaration, Door, Fallback, Kind, Setting, Settings};
use memchr::memrchr;

/// The tag of a line that is no such envelope.
pub const FAILURE: &str = "_dockerjsonparsefailure";
/// A text of n bytes is at most this many times longer with its JSON escapes.
const ESCAPED_MAX: usize = 6;
/// Room for what stands around the text: `attrs` holds labels.
const AROUND_BYTES_MAX: usize = 1 << 16;
/// Streams whose lines can be open at a time. Docker has two; anything more is forged.
const OPEN_MAX: usize = 4;

/// How a line in the usual form begins.
const BEGIN: &[u8] = br#"{"log":""#;

const MESSAGE_TAG: Tag = Tag::of(MESSAGE);
const STREAM: &str = "stream";
const STREAM_TAG: Tag = Tag::of(STREAM);

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/docker_json.txt"),
    decoder: Some(|settings, _| Ok(Decoder::new(Envelopes::of(settings), Shower))),
    encoder: None,
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "docker_json",
    summary: "Reads lines of Docker's json-file logs: `log` becomes `message`, `stream` stays, `time` becomes `@timestamp`.",
    settings: &[Setting::new(
        "line_bytes_max",
        Kind::Bytes,
        Fallback::Number(LINE_BYTES_MAX as f64),
        "The longest line, joined of its parts. Parts beyond it are let go, and the event is marked as truncated.",
    )],
    example: r#"input { file { path => "/var/lib/docker/containers/*/*-json.log" codec => docker_json } }"#,
    differs: &[
        "ours: Logstash has no such codec; a `json` codec would leave `log` with its newline, and long lines in parts.",
    ],
    unavailable: None,
};

/// The parts of a line in the usual form, as they stand in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope<'a> {
    /// The text, with its escapes.
    pub log: &'a [u8],
    pub stream: &'a [u8],
    pub time: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Takes a line apart from both ends. What stands in `log` is not looked at.
    #[inline]
    pub fn usual(line: &'a [u8]) -> Option<Envelope<'a>> {
        let inside = line.strip_prefix(BEGIN)?.strip_suffix(br#""}"#)?;
        let (inside, time) = last_string(inside, br#"","time":""#)?;
        let (log, stream) = last_string(inside, br#"","stream":""#)?;
        Some(Envelope { log, stream, time })
    }

    /// Whether the text ends with the escape of a newline: it is a whole line, or the last part of one.
    pub fn is_whole(&self) -> bool {
        let Some(before) = self.log.strip_suffix(br"\n") else { return false };
        before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    }
}

/// Parts `…{label}value` into what is before the label and the value, which holds no quote.
#[inline]
fn last_string<'a>(text: &'a [u8], label: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let quote = memrchr(b'"', text)?;
    Some((text[..=quote].strip_suffix(label)?, &text[quote + 1..]))
}

/// A line as its event shows it.
struct Shown<'b> {
    /// Without its end.
    message: Text<'b>,
    stream: &'b str,
    time: Timestamp,
}

impl<'b> Shown<'b> {
    fn of(line: &'b [u8], arena: &'b Arena) -> Option<Shown<'b>> {
        Shown::usual(line, arena).or_else(|| Shown::any(line, arena))
    }

    #[inline]
    fn usual(line: &'b [u8], arena: &'b Arena) -> Option<Shown<'b>> {
        let envelope = Envelope::usual(line)?;
        if scan::special(envelope.stream, 0) != envelope.stream.len() {
            return None;
        }
        let time = Timestamp::parse_iso(std::str::from_utf8(envelope.time).ok()?)?;
        // Without the end's escape most text lines have none at all, and are borrowed.
        let log = if envelope.is_whole() { &envelope.log[..envelope.log.len() - br"\n".len()] } else { envelope.log };
        let message = escape::unescape(log, arena).ok()?;
        let stream = std::str::from_utf8(envelope.stream).ok()?;
        let message = if envelope.is_whole() { without_return(message) } else { without_end(message) };
        Some(Shown { message, stream, time })
    }

    fn any(line: &'b [u8], arena: &'b Arena) -> Option<Shown<'b>> {
        let object = read::object(escape::utf8(line, arena), arena).ok()?;
        let text = |name| object.get(name).and_then(Value::as_str);
        let time = Timestamp::parse_iso(text("time")?)?;
        Some(Shown { message: without_end(Text::new(text("log")?)), stream: text("stream")?, time })
    }
}

fn without_end(text: Text<'_>) -> Text<'_> {
    text.str.strip_suffix('\n').map_or(text, |line| without_return(Text { str: line, ..text }))
}

fn without_return(text: Text<'_>) -> Text<'_> {
    Text { str: text.str.strip_suffix('\r').unwrap_or(text.str), ..text }
}

/// A line, or a part of one, taken apart for joining.
struct Part {
    /// With its escapes.
    log: Vec<u8>,
    stream: String,
    time: String,
    is_whole: bool,
}

impl Part {
    fn of(line: &[u8]) -> Option<Part> {
        let arena = Arena::new();
        let object = read::object(escape::utf8(line, &arena), &arena).ok()?;
        let text = |name| object.get(name).and_then(Value::as_str);
        let (log, stream, time) = (text("log")?, text("stream")?, text("time")?);
        let mut quoted = Vec::with_capacity(log.len() + log.len() / 8);
        write::string(log, &mut quoted);
        let log_escaped = quoted[1..quoted.len() - 1].to_vec();
        Some(Part { log: log_escaped, stream: stream.into(), time: time.into(), is_whole: log.ends_with('\n') })
    }
}

/// A line whose last part has not come.
#[derive(Clone, Debug)]
struct Open {
    stream: String,
    time: String,
    /// The line in the usual form up to the end of its last part.
    line: Vec<u8>,
    /// Of the first part; `last` says where the last one stood.
    identity: Identity,
    frame_time: Option<Timestamp>,
    truncated: bool,
    /// The call of `frames` that brought the first part, or one before it.
    since: u64,
}

impl Open {
    fn new(part: Part, frame: &Frame<'_>, since: u64) -> Open {
        Open {
            line: [BEGIN, part.log.as_slice()].concat(),
            stream: part.stream,
            time: part.time,
            identity: frame.identity,
            frame_time: frame.time,
            truncated: frame.truncated,
            since,
        }
    }

    fn append(&mut self, part: &Part, frame: &Frame<'_>, log_bytes_max: usize) {
        self.identity.last = frame.identity.at;
        if self.truncated || self.line.len() - BEGIN.len() + part.log.len() > log_bytes_max {
            self.truncated = true;
        } else {
            self.line.extend_from_slice(&part.log);
        }
    }

    /// The whole line in the usual form.
    fn into_line(self) -> Vec<u8> {
        let mut line = self.line;
        line.extend_from_slice(br#"","stream":"#);
        write::string(&self.stream, &mut line);
        line.extend_from_slice(br#","time":"#);
        write::string(&self.time, &mut line);
        line.push(b'}');
        line
    }
}

/// Joins the parts of long lines.
#[derive(Clone, Debug)]
struct Joiner {
    /// At most one a stream, at most `OPEN_MAX`; the oldest first.
    open: Vec<Open>,
    log_bytes_max: usize,
    /// For what is opened now.
    since: u64,
}

impl Joiner {
    #[inline]
    fn take(&mut self, frame: Frame<'_>, each: &mut dyn FnMut(Frame<'_>)) {
        match Envelope::usual(frame.bytes) {
            Some(line) if self.open.is_empty() && line.is_whole() => each(frame),
            _ => self.join(frame, each),
        }
    }

    fn join(&mut self, frame: Frame<'_>, each: &mut dyn FnMut(Frame<'_>)) {
        let Some(part) = Part::of(frame.bytes) else { return each(frame) };
        let at = self.open.iter().position(|open| open.stream == part.stream);
        if let Some(at) = at {
            if self.open[at].time == part.time {
                self.open[at].append(&part, &frame, self.log_bytes_max);
                if part.is_whole {
                    self.give(at, each);
                }
                return;
            }
            self.give(at, each);
        }
        if part.is_whole {
            return each(frame);
        }
        if self.open.len() == OPEN_MAX {
            self.give(0, each);
        }
        self.open.push(Open::new(part, &frame, self.since));
    }

    fn give(&mut self, at: usize, each: &mut dyn FnMut(Frame<'_>)) {
        let open = self.open.remove(at);
        let (time, identity, truncated) = (open.frame_time, open.identity, open.truncated);
        each(Frame { bytes: &open.into_line(), time, identity, truncated, damaged: false, lines: 1 });
    }

    fn release(&mut self, each: &mut dyn FnMut(Frame<'_>)) {
        while !self.open.is_empty() {
            self.give(0, each);
        }
    }

    fn held(&self) -> usize {
        self.open.iter().map(|open| open.line.len()).sum()
    }
}

/// Finds the lines and joins their parts.
#[derive(Clone, Debug)]
struct Envelopes {
    lines: Lines,
    joiner: Joiner,
}

impl Envelopes {
    fn of(settings: &Settings) -> Envelopes {
        let bytes_max = settings.bytes("line_bytes_max").map_or(LINE_BYTES_MAX, |bytes| bytes as usize);
        Envelopes {
            lines: Lines::new(bytes_max.saturating_mul(ESCAPED_MAX).saturating_add(AROUND_BYTES_MAX)),
            joiner: Joiner { open: Vec::new(), log_bytes_max: bytes_max, since: 0 },
        }
    }
}

impl Framer for Envelopes {
    fn frames(&mut self, chunk: &Chunk, each: &mut dyn FnMut(Frame<'_>)) {
        let joiner = &mut self.joiner;
        joiner.since = self.lines.since();
        self.lines.frames(chunk, &mut |frame| joiner.take(frame, each));
        if chunk.end {
            joiner.release(each);
        }
    }

    fn release(&mut self, now_ns: u64, force: bool, noted: &Noted<'_>, each: &mut dyn FnMut(Frame<'_>)) {
        if force {
            let joiner = &mut self.joiner;
            self.lines.release(now_ns, force, noted, &mut |frame| joiner.take(frame, each));
            joiner.release(each);
        }
    }

    fn held(&self) -> usize {
        self.lines.held() + self.joiner.held()
    }

    fn held_since(&self) -> Option<u64> {
        self.lines.held_since().into_iter().chain(self.joiner.open.iter().map(|open| open.since)).min()
    }

    fn boxed(&self) -> Box<dyn Framer> {
        Box::new(self.clone())
    }
}

/// Reads whole lines.
#[derive(Clone, Copy, Debug)]
struct Shower;

impl Reader for Shower {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>) {
        let mut event = start(frame, 0);
        match Shown::of(frame.bytes, arena) {
            Some(line) => {
                event.set_timestamp(line.time);
                event.root.put(MESSAGE, MESSAGE_TAG, true, Value::Text(line.message));
                event.root.put(STREAM, STREAM_TAG, true, Value::text(line.stream));
            }
            None => {
                event.root.put(MESSAGE, MESSAGE_TAG, true, Value::text(escape::utf8(frame.bytes, arena)));
                event.tag(FAILURE, arena);
            }
        }
        events.push(event);
    }

    fn boxed(&self) -> Box<dyn Reader> {
        Box::new(*self)
    }
}

#[cfg(test)]
mod tests;
