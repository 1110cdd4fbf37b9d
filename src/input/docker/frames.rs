//! The bytes of Docker's log stream, made into whole lines. Pure, and safe on any bytes.
//!
//! Asked with `timestamps=1`, Docker writes *records*: a time, a blank, a piece of a line. Without a TTY each record
//! stands in a frame: one byte of stream (1 stdout, 2 stderr, 3 the engine's own error), three zeroes, the length as
//! four bytes big-endian. With a TTY there are no frames: the records stand one behind the other.
//!
//! `joiner` makes lines of the records.
//!
//! Bounds: beside the open lines nothing is held but a header, a time, or a thousand bytes of the engine's error.
//! Known edge: with a TTY, an unterminated line before a container's restart runs into the next one, as in `docker logs`.

use super::joiner::{EachLine, Joiners, Stream};
use super::stamp::{STAMP_BYTES_MAX, StampReader};
use super::wire::Malformed;
use memchr::memchr;
use std::fmt;

/// Docker's own buffer: longer lines are cut into parts of this size.
const PART_BYTES: usize = 16 * 1024;
/// Far above what any log driver writes as one record: more is a broken header.
const FRAME_BYTES_MAX: u32 = 64 << 20;
/// What is kept of an error that the engine reports within the stream.
const ERROR_BYTES_MAX: usize = 1000;

/// Why the stream cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The engine says so.
    Engine(String),
    /// These bytes are not what Docker writes.
    Garbage(&'static str),
}

impl From<Malformed> for Broken {
    fn from(Malformed(why): Malformed) -> Self {
        Broken::Garbage(why)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Engine(said) => f.write_str(said),
            Broken::Garbage(why) => f.write_str(why),
        }
    }
}

/// The reader of one log stream from its first byte. After an error it is spent.
#[derive(Debug)]
pub struct LineReader {
    state: State,
    joiners: Joiners,
    stamp: StampReader,
}

/// What the next byte belongs to.
#[derive(Debug)]
enum State {
    Header {
        got: [u8; 8],
        len: usize,
    },
    Stamp {
        stream: Stream,
        left: u32,
    },
    Text {
        stream: Stream,
        left: u32,
    },
    EngineError {
        left: u32,
        text: Vec<u8>,
    },
    RawStamp,
    /// `part` bytes of text behind the last time.
    RawText {
        part: usize,
    },
    /// Behind a full part: the same time again (`matched` bytes of it so far) opens the next part.
    RawSeam {
        matched: usize,
    },
}

const HEADER: State = State::Header { got: [0; 8], len: 0 };

impl LineReader {
    pub fn new(tty: bool, line_bytes_max: usize) -> Self {
        let joiners = Joiners::new(tty, line_bytes_max);
        LineReader { state: if tty { State::RawStamp } else { HEADER }, joiners, stamp: StampReader::default() }
    }

    /// Reads on. Lines that end within `bytes` are given out.
    pub fn feed(&mut self, mut bytes: &[u8], each: &mut EachLine<'_>) -> Result<(), Broken> {
        while !bytes.is_empty() {
            let used = match &mut self.state {
                State::Header { .. } => self.header(bytes)?,
                State::Stamp { .. } => self.stamp(bytes, each)?,
                State::Text { .. } => self.text(bytes, each),
                State::EngineError { .. } => self.engine_error(bytes)?,
                State::RawStamp => self.raw_stamp(bytes)?,
                State::RawText { .. } => self.raw_text(bytes, each),
                State::RawSeam { .. } => self.raw_seam(bytes, each),
            };
            bytes = &bytes[used..];
        }
        Ok(())
    }

    /// The log has ended here for good: open lines are complete. `false`: it was cut within a record.
    pub fn finish(&mut self, each: &mut EachLine<'_>) -> bool {
        let whole = match self.state {
            State::Header { len, .. } => len == 0,
            State::RawStamp => self.stamp.is_empty(),
            State::RawText { .. } | State::RawSeam { matched: 0 } => true,
            _ => false,
        };
        if whole {
            self.joiners.finish(each);
        }
        whole
    }

    /// The lines that are open.
    pub fn joiners(&self) -> &Joiners {
        &self.joiners
    }

    fn header(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        let State::Header { got, len } = &mut self.state else { return Ok(0) };
        let used = bytes.len().min(8 - *len);
        got[*len..*len + used].copy_from_slice(&bytes[..used]);
        *len += used;
        if *len == 8 {
            self.state = after_header(*got)?;
        }
        Ok(used)
    }

    fn stamp(&mut self, bytes: &[u8], each: &mut EachLine<'_>) -> Result<usize, Broken> {
        let State::Stamp { stream, left } = self.state else { return Ok(0) };
        let within = &bytes[..bytes.len().min(left as usize)];
        let (used, time) = self.stamp.read(within).map_err(|()| Broken::Garbage("a record without a time"))?;
        let left = left - used as u32;
        match time {
            Some(time) => {
                self.joiners.of(stream).begin(time, each);
                self.state = if left == 0 { HEADER } else { State::Text { stream, left } };
            }
            None if left == 0 => return Err(Broken::Garbage("a record without a time")),
            None => self.state = State::Stamp { stream, left },
        }
        Ok(used)
    }

    fn text(&mut self, bytes: &[u8], each: &mut EachLine<'_>) -> usize {
        let State::Text { stream, left } = self.state else { return 0 };
        let used = bytes.len().min(left as usize);
        self.joiners.of(stream).text(&bytes[..used], each);
        let left = left - used as u32;
        self.state = if left == 0 { HEADER } else { State::Text { stream, left } };
        used
    }

    fn engine_error(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        let State::EngineError { left, text } = &mut self.state else { return Ok(0) };
        let used = bytes.len().min(*left as usize);
        text.extend(bytes[..used].iter().take(ERROR_BYTES_MAX.saturating_sub(text.len())));
        *left -= used as u32;
        if *left == 0 { Err(Broken::Engine(words(text))) } else { Ok(used) }
    }

    fn raw_stamp(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        match self.stamp.read(bytes) {
            Ok((used, None)) => Ok(used),
            Ok((used, Some(time))) => {
                self.joiners.of(Stream::Stdout).start(time);
                self.state = State::RawText { part: 0 };
                Ok(used)
            }
            // Without frames the engine writes its own error as a line like any other, only without a time.
            Err(()) if self.stamp.text().starts_with(b"Error") => {
                let end = memchr(b'\n', bytes).unwrap_or(bytes.len()).min(ERROR_BYTES_MAX);
                let start = memchr(b'E', bytes).map_or(0, |at| at.min(end));
                Err(Broken::Engine(words(&bytes[start..end])))
            }
            Err(()) => Err(Broken::Garbage("a line without a time")),
        }
    }

    fn raw_text(&mut self, bytes: &[u8], each: &mut EachLine<'_>) -> usize {
        let State::RawText { part } = self.state else { return 0 };
        let to_seam = PART_BYTES.checked_sub(part).filter(|left| *left > 0).unwrap_or(usize::MAX);
        let within = &bytes[..bytes.len().min(to_seam)];
        if let Some(newline) = memchr(b'\n', within) {
            self.joiners.of(Stream::Stdout).text(&within[..=newline], each);
            self.state = State::RawStamp;
            return newline + 1;
        }
        self.joiners.of(Stream::Stdout).text(within, each);
        self.state = if within.len() == to_seam {
            State::RawSeam { matched: 0 }
        } else {
            State::RawText { part: part.saturating_add(within.len()) }
        };
        within.len()
    }

    fn raw_seam(&mut self, bytes: &[u8], each: &mut EachLine<'_>) -> usize {
        let State::RawSeam { matched } = self.state else { return 0 };
        let stamp = self.stamp.text();
        let same = bytes.iter().zip(&stamp[matched..]).take_while(|(a, b)| a == b).count();
        let matched = matched + same;
        self.state = if matched == stamp.len() {
            State::RawText { part: 0 }
        } else if same == bytes.len() {
            State::RawSeam { matched }
        } else {
            // It was text that only began like a time; there is no other seam in this line.
            let text: [u8; STAMP_BYTES_MAX] = self.stamp.copy();
            self.joiners.of(Stream::Stdout).text(&text[..matched], each);
            State::RawText { part: PART_BYTES + 1 }
        };
        same
    }
}

fn after_header(header: [u8; 8]) -> Result<State, Broken> {
    let [kind, zeroes @ .., a, b, c, d] = header;
    let left = u32::from_be_bytes([a, b, c, d]);
    if zeroes != [0; 3] || left > FRAME_BYTES_MAX {
        return Err(Broken::Garbage("a frame's header is not one"));
    }
    match kind {
        _ if left == 0 => Ok(HEADER),
        0 | 1 => Ok(State::Stamp { stream: Stream::Stdout, left }),
        2 => Ok(State::Stamp { stream: Stream::Stderr, left }),
        3 => Ok(State::EngineError { left, text: Vec::new() }),
        _ => Err(Broken::Garbage("a frame of an unknown stream")),
    }
}

fn words(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim().to_string()
}

#[cfg(test)]
mod tests;
