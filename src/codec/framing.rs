//! Framing that codecs share: finding lines in the bytes of a source.
//!
//! Invariant: the frames of a source do not depend on how its bytes were cut into chunks. So the beginning of a line
//! is held until its end comes, and a line that is too long is cut at the same byte wherever the cuts were.

pub mod stream;
mod wide;

use super::Framer;
use super::charset::Charset;
use crate::event::chunk::{Chunk, Frame, Line};
use crate::event::{Identity, Timestamp};
use stream::{Cut, Stream};

/// Longer lines are cut, unless a setting says otherwise: what Filebeat and the `docker` input take as a line.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// The lines of bytes in some encoding. An empty delimiter is taken as `\n`.
pub fn lines(delimiter: &str, bytes_max: usize, charset: Charset) -> Box<dyn Framer> {
    let delimiter = if delimiter.is_empty() { "\n" } else { delimiter };
    match charset {
        Charset::Wide(charset) => Box::new(wide::lines(delimiter, bytes_max, charset)),
        charset => Box::new(Lines::at(charset.delimiter(delimiter).into(), bytes_max)),
    }
}

/// Finds lines.
pub type Lines = Stream<CutLines>;

/// Cuts at a delimiter.
#[derive(Clone, Debug)]
pub struct CutLines {
    delimiter: Box<[u8]>,
    bytes_max: usize,
    /// The beginning of a line whose end has not come; at most one byte longer than `bytes_max`, to show that it is.
    held: Vec<u8>,
    /// Of the held line; `None` if nothing is held.
    held_from: Option<Identity>,
    /// How many bytes of the held line were let go because it is too long.
    dropped: usize,
    /// The last bytes of the held line, dropped or not: a delimiter may begin in them.
    tail: Vec<u8>,
}

impl Lines {
    /// Lines that end with `\n` or `\r\n`.
    pub fn new(bytes_max: usize) -> Self {
        Lines::ending_with("\n", bytes_max)
    }

    /// Lines that end with `delimiter`, which is not empty.
    pub fn ending_with(delimiter: &str, bytes_max: usize) -> Self {
        Lines::at(delimiter.as_bytes().into(), bytes_max)
    }

    fn at(delimiter: Box<[u8]>, bytes_max: usize) -> Self {
        let (held, tail) = (Vec::new(), Vec::new());
        Stream::of(CutLines { delimiter, bytes_max, held, held_from: None, dropped: 0, tail })
    }
}

impl Cut for CutLines {
    fn cut(&mut self, bytes: &[u8], place: &dyn Fn(usize) -> Identity, each: &mut dyn FnMut(Frame<'_>)) {
        let mut from = if self.held_from.is_some() { self.finish(bytes, each) } else { 0 };
        while let Some(len) = self.find(&bytes[from..]) {
            each(self.frame(&bytes[from..from + len], false, place(from)));
            from += len + self.delimiter.len();
        }
        if from < bytes.len() {
            if self.held_from.is_none() {
                self.held_from = Some(place(from));
            }
            self.hold(&bytes[from..]);
        }
    }

    fn give(&mut self, each: &mut dyn FnMut(Frame<'_>)) {
        if let Some(identity) = self.held_from.take() {
            // Taken, not cleared: a source that once had a long line does not keep the room.
            let held = std::mem::take(&mut self.held);
            let dropped = std::mem::take(&mut self.dropped);
            self.tail.clear();
            each(self.frame(&held, dropped > 0, identity));
        }
    }

    fn held(&self) -> usize {
        self.held.len()
    }

    fn held_from(&self) -> Option<Identity> {
        self.held_from
    }
}

impl CutLines {
    /// Ends the held line, if its end is in `bytes`; gives back where the next line begins.
    fn finish(&mut self, bytes: &[u8], each: &mut dyn FnMut(Frame<'_>)) -> usize {
        if let Some(split) = self.split_delimiter(bytes) {
            let dropped = split.min(self.dropped);
            self.dropped -= dropped;
            self.held.truncate(self.held.len() - (split - dropped));
            self.give(each);
            return self.delimiter.len() - split;
        }
        let Some(len) = self.find(bytes) else {
            self.hold(bytes);
            return bytes.len();
        };
        self.hold(&bytes[..len]);
        self.give(each);
        len + self.delimiter.len()
    }

    /// How many bytes of a delimiter that ends in `bytes` stand at the end of what is held.
    fn split_delimiter(&self, bytes: &[u8]) -> Option<usize> {
        let mut splits = 1..self.delimiter.len();
        splits.rfind(|split| {
            let (before, behind) = self.delimiter.split_at(*split);
            self.tail.ends_with(before) && bytes.starts_with(behind)
        })
    }

    fn hold(&mut self, piece: &[u8]) {
        let kept = piece.len().min((self.bytes_max + 1).saturating_sub(self.held.len()));
        self.held.extend_from_slice(&piece[..kept]);
        self.dropped += piece.len() - kept;
        let tail_max = self.delimiter.len() - 1;
        self.tail.extend_from_slice(&piece[piece.len().saturating_sub(tail_max)..]);
        self.tail.drain(..self.tail.len().saturating_sub(tail_max));
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        match &*self.delimiter {
            [byte] => memchr::memchr(*byte, bytes),
            more => memchr::memmem::find(bytes, more),
        }
    }

    fn frame<'c>(&self, line: &'c [u8], cut: bool, identity: Identity) -> Frame<'c> {
        let line = if &*self.delimiter == b"\n" && !cut { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
        let truncated = cut || line.len() > self.bytes_max;
        let bytes = if truncated { head(line, self.bytes_max) } else { line };
        Frame { bytes, time: None, identity, truncated, damaged: false, lines: 1 }
    }
}

/// At most `bytes_max` bytes of `line`, ending between two characters.
fn head(line: &[u8], bytes_max: usize) -> &[u8] {
    let is_start = |at: &usize| line.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    let max = bytes_max.min(line.len());
    let end = (max.saturating_sub(3)..=max).rev().find(is_start).unwrap_or(max);
    &line[..end]
}

/// A line that the input found.
pub fn given<'c>(chunk: &'c Chunk, line: &Line) -> Frame<'c> {
    Frame {
        bytes: chunk.bytes.get(line.start as usize..line.end as usize).unwrap_or_default(),
        time: (line.time != 0).then(|| Timestamp::from_nanos(line.time)),
        identity: Identity { source: chunk.source.hash, at: line.time, ordinal: line.ordinal, ..Identity::default() },
        truncated: line.truncated,
        damaged: false,
        lines: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::chunk;
    use super::*;
    use proptest::prelude::*;

    type Found = (String, u64, bool);

    fn frames(mut lines: Lines, pieces: &[&[u8]]) -> Vec<Found> {
        let mut out = Vec::new();
        let mut each = |frame: Frame<'_>| {
            out.push((String::from_utf8_lossy(frame.bytes).into_owned(), frame.identity.at, frame.truncated));
        };
        let mut offset = 100;
        for (n, piece) in pieces.iter().enumerate() {
            lines.frames(&chunk(piece, offset, n + 1 == pieces.len()), &mut each);
            offset += piece.len() as u64;
        }
        assert_eq!(lines.held(), 0);
        out
    }

    fn line(text: &str, at: u64) -> Found {
        (text.into(), at, false)
    }

    #[test]
    fn a_line_is_held_until_its_end_comes() {
        let pieces: &[&[u8]] = &[b"one\r\ntw", b"o", b"\n\nthree"];
        let expected = [line("one", 100), line("two", 105), line("", 109), line("three", 110)];
        assert_eq!(frames(Lines::new(99), pieces), expected);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_between_characters() {
        let pieces: &[&[u8]] = &["aé€x\nok\n".as_bytes()];
        assert_eq!(frames(Lines::new(5), pieces), [("aé".into(), 100, true), line("ok", 108)]);
    }

    #[test]
    fn bytes_that_do_not_follow_on_begin_a_new_line() {
        let mut lines = Lines::new(99);
        let mut out = Vec::new();
        let mut each = |frame: Frame<'_>| out.push(String::from_utf8_lossy(frame.bytes).into_owned());
        lines.frames(&chunk(b"half", 0, false), &mut each);
        lines.frames(&chunk(b"new\n", 50, true), &mut each);
        assert_eq!(out, ["half", "new"]);
    }

    /// Cuts the whole text at once.
    fn naive(text: &[u8], delimiter: &str, bytes_max: usize) -> Vec<Found> {
        let text = std::str::from_utf8(text).unwrap();
        let mut at = 100;
        let mut out = Vec::new();
        let mut parts: Vec<&str> = text.split(delimiter).collect();
        if parts.last() == Some(&"") {
            parts.pop();
        }
        for part in parts {
            let line = if delimiter == "\n" { part.strip_suffix('\r').unwrap_or(part) } else { part };
            out.push((line[..line.len().min(bytes_max)].into(), at, line.len() > bytes_max));
            at += (part.len() + delimiter.len()) as u64;
        }
        out
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_chunks(
            pieces in prop::collection::vec("[ab\r\n|]{0,6}", 1..12),
            delimiter in prop_oneof![Just("\n"), Just("|"), Just("\r\n"), Just("|a|")],
            bytes_max in 1usize..8,
        ) {
            let bytes: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
            let lines = Lines::ending_with(delimiter, bytes_max);
            prop_assert_eq!(frames(lines, &bytes), naive(&bytes.concat(), delimiter, bytes_max));
        }
    }
}
