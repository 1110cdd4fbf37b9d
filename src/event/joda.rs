//! Date patterns of Joda-Time and java.time, for `%{+…}`, `%{{…}}` and the `date` filter.
//!
//! Letters: Joda-Time `DateTimeFormat`, java.time `DateTimeFormatter`. Formatting is in UTC and English.

use super::time::{Timestamp, push_digits};
use std::fmt;

/// Whose letters a pattern is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Joda,
    JavaTime,
}

/// One piece of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Literal(Box<str>),
    /// A letter and how often it stands.
    Letter(char, usize),
}

/// A pattern that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub pieces: Box<[Piece]>,
}

/// A letter that no pattern has.
#[derive(Clone, Debug, PartialEq)]
pub struct BadPattern(pub String);

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pattern {
    pub fn parse(text: &str, _dialect: Dialect) -> Result<Pattern, BadPattern> {
        let mut pieces = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(letter) = chars.next() {
            let mut count = 1;
            while chars.next_if_eq(&letter).is_some() {
                count += 1;
            }
            if letter.is_ascii_alphabetic() {
                pieces.push(Piece::Letter(letter, count));
            } else {
                pieces.push(Piece::Literal(letter.to_string().repeat(count).into()));
            }
        }
        Ok(Pattern { pieces: pieces.into() })
    }

    /// Appends `time` in UTC.
    pub fn write_utc(&self, time: Timestamp, out: &mut Vec<u8>) {
        let civil = time.to_civil();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Letter('y' | 'Y', 2) => push_digits(out, civil.year.rem_euclid(100) as u32, 2),
                Piece::Letter('y' | 'Y', count) => push_digits(out, civil.year.max(0) as u32, (*count).max(4)),
                Piece::Letter('M', count) => push_digits(out, civil.month, *count),
                Piece::Letter('d', count) => push_digits(out, civil.day, *count),
                Piece::Letter('H', count) => push_digits(out, civil.hour, *count),
                Piece::Letter('m', count) => push_digits(out, civil.minute, *count),
                Piece::Letter('s', count) => push_digits(out, civil.second, *count),
                Piece::Letter(_, _) => {}
            }
        }
    }
}
