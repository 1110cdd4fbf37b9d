//! Date patterns of Joda-Time and java.time, for `%{+…}`, `%{{…}}` and the `date` filter.
//!
//! Letters: the documentation of Joda-Time's `DateTimeFormat` and of java.time's `DateTimeFormatter`. Texts are English;
//! `read` knows those of other languages (`locale`).
//! Both are read into the same parts; `write` prints a time in UTC, `read` reads one (Joda only).
//! Weeks: Joda's are ISO 8601's (from Monday, the first with four days); java.time's are those of the locale en-US,
//! which Logstash's image sets (from Sunday, the first with one day).

mod java;
mod locale;
mod meant;
mod names;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use locale::Locale;
pub use names::zone_of;
pub use read::{Fields, Guess, ReadZone};

use super::time::Timestamp;
use std::fmt;

/// Whose letters a pattern is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Joda,
    JavaTime,
}

impl Dialect {
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Joda => "Joda-Time",
            Dialect::JavaTime => "java.time",
        }
    }
}

/// A pattern that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    parts: Box<[Part]>,
}

/// A letter that no pattern has, or has not so often.
#[derive(Clone, Debug, PartialEq)]
pub struct BadPattern {
    pub text: String,
    /// What was meant, where that can be guessed.
    pub help: Option<String>,
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl BadPattern {
    fn new(text: impl Into<String>) -> BadPattern {
        BadPattern { text: text.into(), help: None }
    }

    fn no_letter(letter: char, dialect: Dialect) -> BadPattern {
        let text = format!("`{letter}` is no letter of {}'s date patterns", dialect.name());
        BadPattern { text, help: meant::help(letter, dialect) }
    }
}

/// One piece of a pattern.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(Box<str>),
    /// `width`: the least digits that are printed; `digits_max`: the most that are read.
    Number {
        field: Number,
        width: usize,
        digits_max: usize,
    },
    /// The last two digits of a year; `lenient`: more or less than two are read too.
    TwoDigits {
        field: Number,
        lenient: bool,
    },
    Text {
        field: TextField,
        style: Style,
    },
    /// Digits of the second's fraction.
    Fraction {
        width: usize,
        precision: Precision,
    },
    Zone(Zone),
    Tai64n,
    /// The next part, with blanks before it up to a width.
    Pad(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Year,
    YearOfEra,
    Century,
    /// The year that an ISO week belongs to.
    WeekYear,
    Week,
    DayOfWeek,
    DayOfYear,
    Month,
    Day,
    Hour,
    /// 1 to 24
    ClockHour,
    /// 0 to 11
    HalfHour,
    /// 1 to 12
    ClockHalfHour,
    Minute,
    Second,
    Quarter,
    LocalWeekYear,
    LocalWeek,
    LocalWeekOfMonth,
    LocalDayOfWeek,
    /// Which Monday, Tuesday, … of the month.
    WeekdayInMonth,
    MilliOfDay,
    NanoOfSecond,
    NanoOfDay,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum TextField {
    Era,
    Month,
    DayOfWeek,
    HalfDay,
    Quarter,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    Short,
    Full,
    Narrow,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Precision {
    /// Joda-Time knows no more; further digits are zeros.
    Millis,
    Nanos,
}

/// How a zone is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Zone {
    /// `+0000`, `+00:00`
    Offset { colon: bool },
    /// `UTC`, `America/New_York`
    Id,
    /// `UTC`, `Coordinated Universal Time`
    Name(Style),
    /// What java.time prints for UTC.
    Fixed(&'static str),
}

impl Pattern {
    pub fn parse(text: &str, dialect: Dialect) -> Result<Pattern, BadPattern> {
        if dialect == Dialect::JavaTime && text == "TAI64N" {
            return Ok(Pattern { parts: [Part::Tai64n].into() });
        }
        let tokens = tokens(text, dialect)?;
        let mut parts = Vec::with_capacity(tokens.len());
        for (at, token) in tokens.iter().enumerate() {
            match (token, dialect) {
                (Token::Literal(text), _) => push_literal(&mut parts, text),
                (Token::Letter(letter, count), Dialect::Joda) => {
                    let next_is_number = tokens.get(at + 1).is_some_and(Token::is_joda_number);
                    parts.push(joda(*letter, *count, next_is_number)?);
                }
                (Token::Letter(letter, count), Dialect::JavaTime) => parts.push(java::part(*letter, *count)?),
            }
        }
        Ok(Pattern { parts: parts.into() })
    }

    /// Appends `time` in UTC.
    pub fn write_utc(&self, time: Timestamp, out: &mut Vec<u8>) {
        write::parts(&self.parts, time, out);
    }

    /// Whether the pattern says which year.
    pub fn has_year(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Number { field, .. } | Part::TwoDigits { field, .. } => {
                matches!(field, Number::Year | Number::YearOfEra | Number::WeekYear)
            }
            _ => false,
        })
    }

    /// Whether it has names of months, days, eras or halves of a day, which depend on the language.
    pub fn has_names(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Text { .. }))
    }

    /// Reads a text that the pattern describes whole. `None`: it does not.
    pub fn read<'t>(&self, text: &'t str, guess: Guess) -> Option<Fields<'t>> {
        read::parts(&self.parts, text, guess)
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Literal(String),
    /// A letter and how often it stands.
    Letter(char, usize),
}

impl Token {
    fn is_joda_number(&self) -> bool {
        match self {
            Token::Letter('M', count) => *count <= 2,
            Token::Letter(letter, _) => "CxyYdhHmsSeDwkK".contains(*letter),
            Token::Literal(_) => false,
        }
    }
}

fn tokens(text: &str, dialect: Dialect) -> Result<Vec<Token>, BadPattern> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let token = match char {
            letter if letter.is_ascii_alphabetic() => {
                let mut count = 1;
                while chars.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                Token::Letter(letter, count)
            }
            '\'' => Token::Literal(quoted(&mut chars, text, dialect)?),
            '[' | ']' if dialect == Dialect::JavaTime => continue,
            '{' | '}' | '#' if dialect == Dialect::JavaTime => {
                let text = format!("`{char}` is reserved in java.time's date patterns: `{text}`");
                return Err(BadPattern::new(text));
            }
            char => Token::Literal(char.to_string()),
        };
        tokens.push(token);
    }
    Ok(tokens)
}

/// What stands between two quotes; two quotes in a row are one.
fn quoted(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    text: &str,
    dialect: Dialect,
) -> Result<String, BadPattern> {
    let mut inside = String::new();
    if chars.next_if_eq(&'\'').is_some() {
        return Ok("'".into());
    }
    while let Some(char) = chars.next() {
        match char {
            '\'' if chars.next_if_eq(&'\'').is_some() => inside.push('\''),
            '\'' => return Ok(inside),
            char => inside.push(char),
        }
    }
    match dialect {
        Dialect::Joda => Ok(inside),
        Dialect::JavaTime => Err(BadPattern::new(format!("a quote in the date pattern `{text}` is not closed"))),
    }
}

fn push_literal(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Literal(before)) => *before = format!("{before}{text}").into(),
        _ => parts.push(Part::Literal(text.into())),
    }
}

fn joda(letter: char, count: usize, next_is_number: bool) -> Result<Part, BadPattern> {
    let number = |field, digits_max| Part::Number { field, width: count, digits_max };
    let style = if count >= 4 { Style::Full } else { Style::Short };
    let year = |field| match count {
        2 => Part::TwoDigits { field, lenient: !next_is_number },
        _ => number(field, if next_is_number { count } else { 9 }),
    };
    Ok(match letter {
        'G' => Part::Text { field: TextField::Era, style: Style::Short },
        'C' => number(Number::Century, count),
        'Y' => year(Number::YearOfEra),
        'y' => year(Number::Year),
        'x' => year(Number::WeekYear),
        'w' => number(Number::Week, 2),
        'e' => number(Number::DayOfWeek, 1),
        'E' => Part::Text { field: TextField::DayOfWeek, style },
        'D' => number(Number::DayOfYear, 3),
        'M' if count >= 3 => Part::Text { field: TextField::Month, style },
        'M' => number(Number::Month, 2),
        'd' => number(Number::Day, 2),
        'a' => Part::Text { field: TextField::HalfDay, style: Style::Short },
        'K' => number(Number::HalfHour, 2),
        'h' => number(Number::ClockHalfHour, 2),
        'H' => number(Number::Hour, 2),
        'k' => number(Number::ClockHour, 2),
        'm' => number(Number::Minute, 2),
        's' => number(Number::Second, 2),
        'S' => Part::Fraction { width: count, precision: Precision::Millis },
        'z' => Part::Zone(Zone::Name(style)),
        'Z' if count >= 3 => Part::Zone(Zone::Id),
        'Z' => Part::Zone(Zone::Offset { colon: count == 2 }),
        _ => return Err(BadPattern::no_letter(letter, Dialect::Joda)),
    })
}
