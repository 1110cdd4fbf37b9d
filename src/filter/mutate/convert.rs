//! `convert`: values become another type, by Ruby's rules.
//!
//! A string gives the number at its start (`12 apples` is 12, `apples` is 0); commas part thousands, or with `_eu`
//! dots do and a comma parts the fraction. Hashes and null stay. What is no boolean stays.

use super::fields::{Failed, write};
use crate::event::{Arena, ArenaString, ArenaVec, Event, FieldRef, Value, display};
use crate::filter::Context;
use crate::plugin::{Fault, Item};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Type {
    Integer { eu: bool },
    Float { eu: bool },
    String,
    Boolean,
}

const NAMES: &[(&str, Type)] = &[
    ("integer", Type::Integer { eu: false }),
    ("integer_eu", Type::Integer { eu: true }),
    ("float", Type::Float { eu: false }),
    ("float_eu", Type::Float { eu: true }),
    ("string", Type::String),
    ("boolean", Type::Boolean),
];

impl Type {
    pub fn of(item: &Item) -> Result<Type, Fault> {
        let name = item.one_text("convert")?;
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, to)| *to).ok_or_else(|| {
            let names = NAMES.iter().map(|(known, _)| *known);
            Fault::at(item.place, format!("`convert` knows no type `{name}`")).unknown(name, names)
        })
    }

    /// What a person would not expect of converting `value`, if there is anything.
    fn misses(self, value: &Value<'_>) -> Option<&'static str> {
        match (self, value) {
            (_, Value::Array(items)) => items.iter().find_map(|item| self.misses(item)),
            (_, Value::Null) => Some("convert: null stays null"),
            (_, Value::Object(_) | Value::Shared(_)) => Some("convert: a hash stays a hash"),
            (Type::Integer { .. } | Type::Float { .. }, Value::Text(text)) => {
                let digits = sign(text.str).1.trim_start_matches([',', '.']);
                (digits_len(digits) == 0).then_some("convert: no number at its start, so it becomes 0")
            }
            (Type::Boolean, value) => {
                boolean(value).is_none().then_some("convert: neither true nor false, so it stays")
            }
            _ => None,
        }
    }
}

pub fn apply<'b>(event: &mut Event<'b>, path: &FieldRef, to: Type, cx: &Context<'b, '_>) -> Result<(), Failed> {
    let arena = cx.arena;
    if cx.is_watched()
        && let Some(why) = event.get(path).and_then(|value| to.misses(value))
    {
        cx.because(event, path, || why);
    }
    match event.get(path) {
        None => Ok(()),
        // Written as a whole: `tags` takes strings only.
        Some(Value::Array(items)) => {
            let each = items.iter().map(|item| one(item, to, arena).unwrap_or_else(|| item.copy_in(arena)));
            let converted = Value::array(ArenaVec::from_iter_in(each, arena));
            write(event, path, converted, arena)
        }
        Some(value) => match one(value, to, arena) {
            Some(value) => write(event, path, value, arena),
            None => Ok(()),
        },
    }
}

/// The converted value; `None` if it stays as it is.
fn one<'b>(value: &Value<'b>, to: Type, arena: &'b Arena) -> Option<Value<'b>> {
    match to {
        Type::Integer { eu } => integer(value, eu, arena),
        Type::Float { eu } => float(value, eu, arena),
        Type::String => string(value, arena),
        Type::Boolean => boolean(value).map(Value::Bool),
    }
}

fn integer<'b>(value: &Value<'b>, eu: bool, arena: &'b Arena) -> Option<Value<'b>> {
    match value {
        Value::Bool(truth) => Some(Value::Int(i64::from(*truth))),
        Value::Float(number) => Some(truncated(*number, arena)),
        Value::Number(text) if text.contains(['e', 'E']) => Some(truncated(text.parse().ok()?, arena)),
        Value::Number(text) => text.split_once('.').map(|(whole, _)| whole_number(whole, arena)),
        Value::Text(text) => Some(whole_number(separated(text.str, eu, arena), arena)),
        Value::Time(time) => Some(Value::Int(time.seconds)),
        _ => None,
    }
}

/// Without its fraction. JSON has no number for the infinities: they stay.
fn truncated<'b>(number: f64, arena: &'b Arena) -> Value<'b> {
    let whole = number.trunc();
    if whole.abs() < 9.0e18 {
        return Value::Int(whole as i64);
    }
    if !whole.is_finite() {
        return Value::Float(number);
    }
    Value::Number(arena.alloc_str(&format!("{whole:.0}")))
}

/// Ruby's `to_i`: digits at the start, single underscores between them.
fn whole_number<'b>(text: &str, arena: &'b Arena) -> Value<'b> {
    let (negative, rest) = sign(text);
    let digits = digits_of(rest, arena);
    let digits = digits.trim_start_matches('0');
    match digits.parse::<i64>() {
        _ if digits.is_empty() => Value::Int(0),
        Ok(number) => Value::Int(if negative { -number } else { number }),
        Err(_) => Value::Number(arena.alloc_str(&format!("{}{digits}", if negative { "-" } else { "" }))),
    }
}

fn float<'b>(value: &Value<'b>, eu: bool, arena: &'b Arena) -> Option<Value<'b>> {
    match value {
        Value::Bool(truth) => Some(Value::Float(f64::from(u8::from(*truth)))),
        Value::Int(number) => Some(Value::Float(*number as f64)),
        Value::Number(text) if !text.contains(['.', 'e', 'E']) => text.parse().ok().map(Value::Float),
        Value::Text(text) => Some(Value::Float(float_of(separated(text.str, eu, arena), arena))),
        Value::Time(time) => Some(Value::Float(time.seconds as f64 + f64::from(time.nanos) / 1e9)),
        _ => None,
    }
}

/// Ruby's `to_f`: the number at the start.
fn float_of(text: &str, arena: &Arena) -> f64 {
    let (negative, rest) = sign(text);
    let whole = digits_of(rest, arena);
    let mut number = ArenaString::from_str_in(if negative { "-0" } else { "0" }, arena);
    number.push_str(whole);
    let mut rest = &rest[digits_len(rest)..];
    if let Some(fraction) = rest.strip_prefix('.').filter(|fraction| digits_len(fraction) > 0) {
        number.push('.');
        number.push_str(digits_of(fraction, arena));
        rest = &fraction[digits_len(fraction)..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let (negative, digits) = sign_here(exponent);
        if digits_len(digits) > 0 {
            number.push_str(if negative { "e-" } else { "e" });
            number.push_str(digits_of(digits, arena));
        }
    }
    number.parse().unwrap_or(0.0)
}

/// Without what parts thousands, and with a dot before the fraction.
fn separated<'b>(text: &'b str, eu: bool, arena: &'b Arena) -> &'b str {
    let thousands = if eu { '.' } else { ',' };
    if !text.contains([thousands, ',']) {
        return text;
    }
    let kept = text.chars().filter(|char| *char != thousands);
    ArenaString::from_iter_in(kept.map(|char| if char == ',' { '.' } else { char }), arena).into_bump_str()
}

/// Passes over white space and a sign.
fn sign(text: &str) -> (bool, &str) {
    sign_here(text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']))
}

fn sign_here(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// How far digits go, single underscores between them included.
fn digits_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    while is_digit(at) || (at > 0 && bytes.get(at) == Some(&b'_') && is_digit(at + 1)) {
        at += 1;
    }
    at
}

fn digits_of<'t>(text: &'t str, arena: &'t Arena) -> &'t str {
    let digits = &text[..digits_len(text)];
    if !digits.contains('_') {
        return digits;
    }
    ArenaString::from_iter_in(digits.chars().filter(|char| *char != '_'), arena).into_bump_str()
}

fn string<'b>(value: &Value<'b>, arena: &'b Arena) -> Option<Value<'b>> {
    let mut out = Vec::new();
    match value {
        Value::Null | Value::Text(_) | Value::Array(_) | Value::Object(_) | Value::Shared(_) => return None,
        Value::Float(number) => display::ruby_double(*number, &mut out),
        Value::Number(text) if text.contains(['.', 'e', 'E']) => display::ruby_double(text.parse().ok()?, &mut out),
        other => display::append(other, &mut out),
    }
    Some(Value::plain(arena.alloc_str(&String::from_utf8_lossy(&out))))
}

const TRUE: &[&str] = &["true", "t", "yes", "y", "1", "1.0"];
const FALSE: &[&str] = &["false", "f", "no", "n", "0", "0.0", ""];

fn boolean(value: &Value<'_>) -> Option<bool> {
    let truth = [true, false];
    match value {
        Value::Text(text) => {
            let is = |words: &[&str]| words.iter().any(|word| text.str.eq_ignore_ascii_case(word));
            truth.into_iter().find(|truth| is(if *truth { TRUE } else { FALSE }))
        }
        Value::Int(_) | Value::Float(_) | Value::Number(_) => {
            let number = value.as_f64()?;
            truth.into_iter().find(|truth| number == f64::from(u8::from(*truth)))
        }
        _ => None,
    }
}
