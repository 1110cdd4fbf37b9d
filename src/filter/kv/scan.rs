//! Finds keys and values in a text.
//!
//! A *stop* is what ends a field or a key. A key is what stands before a value's stop; its value is wrapped in quotes
//! or brackets, if the wrapper's end is also the field's, or runs to the field's stop. A character behind a backslash
//! stops nothing. One pass: whatever is looked for is looked for once, however the text is made.

use super::super::chars::CharSet;
use super::super::ruby_regex::{Captures, GaveUp, RubyRegex};

/// What parts fields from each other, or keys from values.
#[derive(Clone, Debug)]
pub enum Stop {
    Set(CharSet),
    Pattern {
        anywhere: RubyRegex,
        /// The same at the start of a text.
        here: RubyRegex,
    },
}

impl Stop {
    /// The first one at or behind `from`: start and end.
    #[inline]
    fn find(&self, text: &str, from: usize, captures: &mut Captures) -> Result<Option<(usize, usize)>, GaveUp> {
        let mut at = from;
        loop {
            let found = match self {
                Stop::Set(set) => set.find(text, at),
                Stop::Pattern { anywhere, .. } => {
                    if anywhere.captures(text, at, captures)? {
                        captures.get(0)
                    } else {
                        None
                    }
                }
            };
            match found {
                Some((start, end)) if end == start || is_escaped(text, from, start) => {
                    let Some(next) = text[start..].chars().next() else { return Ok(None) };
                    at = start + next.len_utf8();
                }
                found => return Ok(found),
            }
        }
    }

    /// The end of the one that starts at `at`.
    #[inline]
    fn end_at(&self, text: &str, at: usize, captures: &mut Captures) -> Result<Option<usize>, GaveUp> {
        match self {
            Stop::Set(set) => {
                let next = text[at..].chars().next().filter(|char| set.has(*char));
                Ok(next.map(|char| at + char.len_utf8()))
            }
            Stop::Pattern { here, .. } => {
                let matched = here.captures(&text[at..], 0, captures)?;
                Ok(captures.get(0).filter(|_| matched).map(|(_, end)| at + end).filter(|end| *end > at))
            }
        }
    }
}

/// Whether an odd number of backslashes, not reaching before `from`, stands before `at`.
#[inline]
fn is_escaped(text: &str, from: usize, at: usize) -> bool {
    let before = &text.as_bytes()[from..at];
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// How a text is read.
#[derive(Clone, Debug)]
pub struct Grammar {
    pub field: Stop,
    pub value: Stop,
    /// Blanks around the value's stop belong to neither side.
    pub lenient: bool,
    /// Brackets wrap values, as quotes do.
    pub brackets: bool,
    /// 1 for bytes that start a field's stop, 2 for a value's; `None` where bytes alone do not tell.
    table: Option<Box<[u8; 256]>>,
}

const FIELD: u8 = 1;
const VALUE: u8 = 2;

impl Grammar {
    pub fn new(field: Stop, value: Stop, lenient: bool, brackets: bool) -> Grammar {
        let table = match (&field, &value) {
            (Stop::Set(fields), Stop::Set(values)) if fields.is_ascii() && values.is_ascii() => {
                let mark = |byte: usize| {
                    let byte = byte as u8;
                    u8::from(fields.has_byte(byte)) * FIELD + u8::from(values.has_byte(byte)) * VALUE
                };
                Some(Box::new(std::array::from_fn(mark)))
            }
            _ => None,
        };
        Grammar { field, value, lenient, brackets, table }
    }

    pub fn scan<'s, 't>(&'s self, text: &'t str) -> Scanner<'s, 't> {
        Scanner {
            grammar: self,
            text,
            at: 0,
            next: [Ahead::Unknown; 2],
            closing: [Ahead::Unknown; 5],
            captures: Captures::default(),
        }
    }
}

/// What lies ahead of the place that was asked from.
#[derive(Clone, Copy, Debug)]
enum Ahead {
    Unknown,
    At(usize, usize),
    Nothing,
}

impl Ahead {
    fn of(found: Option<(usize, usize)>) -> Ahead {
        found.map_or(Ahead::Nothing, |(start, end)| Ahead::At(start, end))
    }
}

/// A key and its value as they stand in the text, `at` where they start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair<'t> {
    pub key: &'t str,
    pub value: &'t str,
}

pub struct Scanner<'s, 't> {
    grammar: &'s Grammar,
    text: &'t str,
    at: usize,
    /// The next stop of a field and of a value, kept while it lies ahead; for stops that bytes do not tell.
    next: [Ahead; 2],
    /// The next end of each wrapper.
    closing: [Ahead; 5],
    captures: Captures,
}

/// Which stop ended a key.
enum Stopped {
    Field(usize, usize),
    Value(usize, usize),
}

impl<'t> Scanner<'_, 't> {
    /// The next pair; `None` behind the last one.
    #[inline]
    pub fn pair(&mut self) -> Result<Option<Pair<'t>>, GaveUp> {
        let Some(key) = self.key()? else { return Ok(None) };
        let value = self.value()?;
        Ok(Some(Pair { key, value }))
    }

    fn key(&mut self) -> Result<Option<&'t str>, GaveUp> {
        loop {
            let from = self.at;
            let Some(stopped) = self.stop()? else { return Ok(None) };
            let (start, end) = match stopped {
                Stopped::Value(start, end) => (start, end),
                Stopped::Field(start, end) => match self.behind_blanks(start)? {
                    (_, Some(end)) => (start, end),
                    // Blanks that are stops are passed over at once.
                    (behind, None) if self.text[start..end].trim_matches(' ').is_empty() => {
                        self.at = behind.max(end);
                        continue;
                    }
                    (_, None) => {
                        self.at = end;
                        continue;
                    }
                },
            };
            self.at = end;
            let key = &self.text[from..start];
            let key = if self.grammar.lenient { key.trim_end_matches(' ') } else { key };
            if !key.is_empty() {
                return Ok(Some(key));
            }
        }
    }

    /// Where the blanks from `at` on end, and the end of the value's stop that they lead to, if they may.
    #[inline]
    fn behind_blanks(&mut self, at: usize) -> Result<(usize, Option<usize>), GaveUp> {
        let behind = self.skip_blanks(at);
        if !self.grammar.lenient || behind == at {
            return Ok((at, None));
        }
        Ok((behind, self.grammar.value.end_at(self.text, behind, &mut self.captures)?))
    }

    fn skip_blanks(&self, at: usize) -> usize {
        at + self.text.as_bytes()[at..].iter().take_while(|byte| **byte == b' ').count()
    }

    #[inline]
    fn stop(&mut self) -> Result<Option<Stopped>, GaveUp> {
        match &self.grammar.table {
            Some(table) => Ok(self.stop_of_bytes(table)),
            None => self.stop_of_any(),
        }
    }

    #[inline]
    fn stop_of_bytes(&self, table: &[u8; 256]) -> Option<Stopped> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            at += bytes[at..].iter().position(|byte| table[usize::from(*byte)] != 0)?;
            if !is_escaped(self.text, self.at, at) {
                break;
            }
            at += 1;
        }
        let is_value = table[usize::from(bytes[at])] & VALUE != 0;
        Some(if is_value { Stopped::Value(at, at + 1) } else { Stopped::Field(at, at + 1) })
    }

    fn stop_of_any(&mut self) -> Result<Option<Stopped>, GaveUp> {
        let (field, value) = (self.ahead(0)?, self.ahead(1)?);
        Ok(match (field, value) {
            (_, None) => None,
            (Some((start, end)), Some((value, _))) if start < value => Some(Stopped::Field(start, end)),
            (_, Some((start, end))) => Some(Stopped::Value(start, end)),
        })
    }

    /// The next stop of a field (0) or a value (1).
    fn ahead(&mut self, which: usize) -> Result<Option<(usize, usize)>, GaveUp> {
        match self.next[which] {
            Ahead::Nothing => return Ok(None),
            Ahead::At(start, end) if start >= self.at => return Ok(Some((start, end))),
            _ => {}
        }
        let stop = if which == 0 { &self.grammar.field } else { &self.grammar.value };
        let found = stop.find(self.text, self.at, &mut self.captures)?;
        self.next[which] = Ahead::of(found);
        Ok(found)
    }

    fn value(&mut self) -> Result<&'t str, GaveUp> {
        if self.grammar.lenient {
            self.at = self.skip_blanks(self.at);
        }
        if let Some(value) = self.wrapped()? {
            return Ok(value);
        }
        let from = self.at;
        let stop = match self.grammar.table {
            Some(_) => self.grammar.field.find(self.text, from, &mut self.captures)?,
            None => self.ahead(0)?,
        };
        self.at = stop.map_or(self.text.len(), |(start, _)| start);
        Ok(&self.text[from..self.at])
    }

    /// What stands inside the quotes or brackets that start here, if the field ends with them.
    #[inline]
    fn wrapped(&mut self) -> Result<Option<&'t str>, GaveUp> {
        let Some(opening) = self.text.as_bytes().get(self.at) else { return Ok(None) };
        let (which, close) = match opening {
            b'"' => (0, b'"'),
            b'\'' => (1, b'\''),
            b'(' if self.grammar.brackets => (2, b')'),
            b'[' if self.grammar.brackets => (3, b']'),
            b'<' if self.grammar.brackets => (4, b'>'),
            _ => return Ok(None),
        };
        let from = self.at + 1;
        let Some(end) = self.close(which, close, from) else { return Ok(None) };
        let is_whole =
            end + 1 == self.text.len() || self.grammar.field.end_at(self.text, end + 1, &mut self.captures)?.is_some();
        if !is_whole {
            return Ok(None);
        }
        self.at = end + 1;
        Ok(Some(&self.text[from..end]))
    }

    /// Where the wrapper that was opened before `from` is closed.
    fn close(&mut self, which: usize, close: u8, from: usize) -> Option<usize> {
        match self.closing[which] {
            Ahead::Nothing => return None,
            Ahead::At(at, _) if at >= from => return Some(at),
            _ => {}
        }
        let bytes = self.text.as_bytes();
        let mut places = memchr::memchr_iter(close, &bytes[from..]).map(|at| from + at);
        let found = places.find(|at| !is_escaped(self.text, from, *at));
        self.closing[which] = Ahead::of(found.map(|at| (at, at + 1)));
        found
    }
}
