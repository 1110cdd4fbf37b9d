//! Lines of UTF-16 and UTF-32: found unit by unit, given as UTF-8, so that what reads them or joins them knows nothing of it.
//!
//! Positions are those of the bytes that were read. A line's order of bytes is what the name says, else its byte order
//! mark, else how its delimiter is written, else that of the line before it. The invariant of `Lines` holds too: the
//! frames do not depend on how the bytes were cut into chunks.

use super::given;
use super::stream::{Cut, Stream};
use crate::event::Identity;
use crate::event::charset::{Order, Wide};
use crate::event::chunk::{self, Chunk, Frame};

/// Cuts at a delimiter.
#[derive(Clone, Debug)]
pub struct CutWide {
    charset: Wide,
    /// The delimiter in each order that it may be written in.
    delimiters: Vec<(Order, Vec<u8>)>,
    /// A `\r` in front of `\n` is taken off.
    drops_return: bool,
    bytes_max: usize,
    /// The order of the last line that said one.
    order: Option<Order>,
    line: Line,
}

/// The line that has no end yet, delimiter and all.
#[derive(Clone, Debug, Default)]
struct Line {
    /// Of its first byte; `None` if there is none.
    from: Option<Identity>,
    bytes: Vec<u8>,
    /// How many bytes were let go because it is too long.
    dropped: usize,
    /// The bytes of a unit that is not whole.
    unit: Vec<u8>,
    /// The last whole units, as many as a delimiter has bytes.
    tail: Vec<u8>,
}

/// Finds lines.
pub fn lines(delimiter: &str, bytes_max: usize, charset: Wide) -> Stream<CutWide> {
    let orders = charset.order.map_or(vec![Order::Big, Order::Little], |order| vec![order]);
    Stream::of(CutWide {
        charset,
        delimiters: orders.into_iter().map(|order| (order, charset.encode(delimiter, order))).collect(),
        drops_return: delimiter == "\n",
        bytes_max,
        order: None,
        line: Line::default(),
    })
}

impl Cut for CutWide {
    fn cut(&mut self, bytes: &[u8], place: &dyn Fn(usize) -> Identity, each: &mut dyn FnMut(Frame<'_>)) {
        let start = place(0).at;
        for (nth, byte) in bytes.iter().enumerate() {
            if self.line.from.is_none() {
                self.line.from = Some(place(nth));
            }
            self.line.unit.push(*byte);
            // A source that is read from its middle on may begin inside of a unit: units are counted from its beginning.
            if (start + nth as u64 + 1).is_multiple_of(self.charset.unit as u64) {
                self.unit(each);
            }
        }
    }

    fn give(&mut self, each: &mut dyn FnMut(Frame<'_>)) {
        self.end(None, each);
    }

    fn found(&self, chunk: &Chunk, line: &chunk::Line, each: &mut dyn FnMut(Frame<'_>)) {
        let frame = given(chunk, line);
        each(Frame { bytes: self.charset.decode(frame.bytes, self.order).as_bytes(), ..frame });
    }

    fn held(&self) -> usize {
        self.line.bytes.len() + self.line.unit.len()
    }

    fn held_from(&self) -> Option<Identity> {
        self.line.from
    }
}

impl CutWide {
    /// A unit is whole: it ends the line, or is a part of it.
    fn unit(&mut self, each: &mut dyn FnMut(Frame<'_>)) {
        let line = &mut self.line;
        let room = (self.bytes_max + 2 * self.delimiters[0].1.len()).saturating_sub(line.bytes.len());
        if line.dropped == 0 && line.unit.len() <= room {
            line.bytes.extend_from_slice(&line.unit);
        } else {
            line.dropped += line.unit.len();
        }
        line.tail.append(&mut line.unit);
        let extra = line.tail.len().saturating_sub(self.delimiters[0].1.len());
        line.tail.drain(..extra);
        let ended = self.delimiters.iter().find(|(_, delimiter)| line.tail == *delimiter).map(|(order, _)| *order);
        if ended.is_some() {
            self.end(ended, each);
        }
    }

    /// Gives the line. `ended`: it ends with a delimiter in this order; otherwise nothing more comes.
    fn end(&mut self, ended: Option<Order>, each: &mut dyn FnMut(Frame<'_>)) {
        let Line { from: Some(identity), mut bytes, dropped, unit, .. } = std::mem::take(&mut self.line) else {
            return;
        };
        match ended {
            Some(_) => bytes.truncate((bytes.len() + dropped - self.delimiters[0].1.len()).min(bytes.len())),
            None => bytes.extend_from_slice(&unit),
        }
        let truncated = bytes.len() > self.bytes_max;
        if truncated {
            bytes.truncate(self.bytes_max / self.charset.unit * self.charset.unit);
        }
        self.order = self.charset.marked(&bytes).or(ended).or(self.order);
        let text = self.charset.decode(&bytes, self.order);
        let text = if self.drops_return && ended.is_some() { text.strip_suffix('\r').unwrap_or(&text) } else { &text };
        each(Frame { bytes: text.as_bytes(), time: None, identity, truncated, damaged: false, lines: 1 });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Framer;
    use super::super::super::testing::chunk;
    use super::*;
    use proptest::prelude::*;

    const UTF16: Wide = Wide { unit: 2, order: None };

    type Found = (String, u64, bool);

    fn frames(mut framer: Stream<CutWide>, pieces: &[&[u8]]) -> Vec<Found> {
        let mut out = Vec::new();
        let mut each = |frame: Frame<'_>| {
            out.push((String::from_utf8(frame.bytes.to_vec()).unwrap(), frame.identity.at, frame.truncated));
        };
        let mut offset = 0;
        for (n, piece) in pieces.iter().enumerate() {
            framer.frames(&chunk(piece, offset, n + 1 == pieces.len()), &mut each);
            offset += piece.len() as u64;
        }
        assert_eq!((framer.held(), framer.held_since()), (0, None));
        out
    }

    fn line(text: &str, at: u64) -> Found {
        (text.into(), at, false)
    }

    #[test]
    fn a_mark_or_a_line_end_says_the_order() {
        let little = |text: &str| UTF16.encode(text, Order::Little);
        let marked = [little("\u{feff}ж\r\n"), little("中\nw")].concat();
        let expected = [line("ж", 0), line("中", 8), line("w", 12)];
        assert_eq!(frames(lines("\n", 99, UTF16), &[&marked]), expected);
        // Without a mark, as when reading goes on in the middle of a file.
        assert_eq!(frames(lines("\n", 99, UTF16), &[&little("中\n")]), [line("中", 0)]);
        assert_eq!(frames(lines("\n", 99, UTF16), &[&UTF16.encode("中\n", Order::Big)]), [line("中", 0)]);
    }

    /// The byte 0A is a part of many characters; a text cut there would be unreadable from there on.
    #[test]
    fn a_newline_byte_inside_of_a_character_ends_nothing() {
        let bytes = UTF16.encode("a\u{0a0b}b\u{010a}\n", Order::Little);
        assert_eq!(frames(lines("\n", 99, UTF16), &[&bytes]), [line("a\u{0a0b}b\u{010a}", 0)]);
    }

    #[test]
    fn what_is_left_at_the_end_is_a_line() {
        let lines = lines("\n", 99, Wide { unit: 2, order: Some(Order::Big) });
        assert_eq!(frames(lines, &[b"\0a\0\n\0b\0"]), [line("a", 0), line("b\u{fffd}", 4)]);
    }

    fn naive(text: &str, unit: u64, delimiter: &str, bytes_max: u64) -> Vec<Found> {
        let mut parts: Vec<&str> = text.split(delimiter).collect();
        if parts.last() == Some(&"") {
            parts.pop();
        }
        let mut at = 0;
        let mut out = Vec::new();
        for (nth, part) in parts.iter().enumerate() {
            let is_last = nth + 1 == parts.len() && !text.ends_with(delimiter);
            let truncated = part.chars().count() as u64 * unit > bytes_max;
            let kept: String =
                if truncated { part.chars().take((bytes_max / unit) as usize).collect() } else { part.to_string() };
            let shown = if delimiter == "\n" && !is_last { kept.strip_suffix('\r').unwrap_or(&kept) } else { &kept };
            out.push((shown.to_string(), at, truncated));
            at += (part.chars().count() + delimiter.len()) as u64 * unit;
        }
        out
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_chunks(
            text in "[aж中\r\n|]{0,24}",
            cuts in prop::collection::vec(0usize..96, 0..6),
            delimiter in prop_oneof![Just("\n"), Just("|"), Just("\r\n")],
            unit in prop_oneof![Just(2usize), Just(4usize)],
            order in prop_oneof![Just(Order::Big), Just(Order::Little)],
            bytes_max in 4usize..40,
        ) {
            let charset = Wide { unit, order: Some(order) };
            let bytes = charset.encode(&text, order);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
            let found = frames(lines(delimiter, bytes_max, charset), &pieces);
            prop_assert_eq!(found, naive(&text, unit as u64, delimiter, bytes_max as u64));
        }
    }
}
