//! `convert`: columns become other types, by Ruby's rules. What is none of the type stays as it is.

use crate::event::joda::{Dialect, Guess, Pattern};
use crate::event::time::Civil;
use crate::event::value::Text;
use crate::event::{Timestamp, Value};
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Type {
    Integer,
    Float,
    Date,
    DateTime,
    Boolean,
}

const NAMES: &[(&str, Type)] = &[
    ("integer", Type::Integer),
    ("float", Type::Float),
    ("date", Type::Date),
    ("date_time", Type::DateTime),
    ("boolean", Type::Boolean),
];

impl Type {
    pub fn named(name: &str) -> Option<Type> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, to)| *to)
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(known, _)| *known)
    }

    pub fn convert<'b>(self, text: Text<'b>) -> Value<'b> {
        let trimmed = text.str.trim();
        let converted = match self {
            Type::Integer => integer(trimmed).map(Value::Int),
            Type::Float => float(trimmed).map(Value::Float),
            Type::Date => date(trimmed).map(Value::Time),
            Type::DateTime => date_time(trimmed).map(Value::Time),
            Type::Boolean => boolean(trimmed).map(Value::Bool),
        };
        converted.unwrap_or(Value::Text(text))
    }
}

/// Ruby's `Integer()`: a whole number and nothing else; `0x`, `0b`, `0o` and a leading zero choose the base.
fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let base = |prefix: &str| digits.strip_prefix(prefix).or_else(|| digits.strip_prefix(&prefix.to_uppercase()));
    let (radix, digits) = if let Some(digits) = base("0x") {
        (16, digits)
    } else if let Some(digits) = base("0b") {
        (2, digits)
    } else if let Some(digits) = base("0o") {
        (8, digits)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, digits[1..].trim_start_matches('_'))
    } else {
        (10, digits)
    };
    let number =
        i64::from_str_radix(&without_underscores(digits)?, radix).ok().filter(|_| !digits.starts_with(['-', '+']))?;
    Some(if negative { -number } else { number })
}

/// Ruby's `Float()`: a number and nothing else.
fn float(text: &str) -> Option<f64> {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || "+-.eE_".contains(c))
        && !text.contains(".e")
        && !text.contains(".E");
    if is_number { without_underscores(text)?.parse().ok() } else { None }
}

/// Single underscores between digits part thousands.
fn without_underscores(text: &str) -> Option<String> {
    let is_misplaced = text.starts_with('_') || text.ends_with('_') || text.contains("__");
    (!is_misplaced).then(|| text.replace('_', ""))
}

fn boolean(text: &str) -> Option<bool> {
    [true, false].into_iter().find(|truth| text.eq_ignore_ascii_case(if *truth { "true" } else { "false" }))
}

/// The ways to write a day.
static DATES: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    patterns(&["yyyy-MM-dd", "MMM d yyyy", "MMM d, yyyy", "EEE MMM d yyyy", "EEE, MMM d, yyyy", "EEE, MMM d yyyy"])
});

/// The ways to write a day and a time.
static TIMES: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    patterns(&["MMM d HH:mm:ss yyyy", "MMM d HH:mm:ss, yyyy", "EEE MMM d HH:mm:ss yyyy", "EEE, MMM d HH:mm:ss yyyy"])
});

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::parse(text, Dialect::Joda).expect("a constant pattern")).collect()
}

fn read(patterns: &[Pattern], text: &str) -> Option<Timestamp> {
    let civil: Civil =
        patterns.iter().find_map(|pattern| pattern.read(text, Guess { year: 2000, locale: None })?.civil(1970))?;
    civil.to_timestamp(0)
}

fn date(text: &str) -> Option<Timestamp> {
    read(&DATES, text)
}

/// A day, a day and a time with or without a zone (UTC).
fn date_time(text: &str) -> Option<Timestamp> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        date(text).or_else(|| Timestamp::parse_iso(text))
    } else {
        read(&TIMES, text)
    }
}
