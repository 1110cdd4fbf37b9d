//! Conditions, compiled: references read, regular expressions built, constants typed.
//!
//! Rules (Logstash reference, "Conditionals"): a missing field equals nothing and is in nothing; `!=`, `!~` and
//! `not in` are the plain negations; numbers compare by value, strings by their characters, and a number is never
//! equal to a string; an order between different types is false.

use crate::event::{Event, FieldRef, Timestamp, Value};
use crate::filter::ruby_regex::RubyRegex;
use std::cmp::Ordering;

/// A value written in the configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    Text(Box<str>),
    Int(i64),
    Float(f64),
    List(Box<[Constant]>),
}

/// One side of a comparison.
#[derive(Clone, Debug)]
pub enum Operand {
    Field(FieldRef),
    Constant(Constant),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug)]
pub enum Condition {
    Or(Box<Condition>, Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Xor(Box<Condition>, Box<Condition>),
    Nand(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Equal(Operand, Operand),
    Ordered(Order, Operand, Operand),
    Match(Operand, RubyRegex),
    In(Operand, Operand),
    Truthy(Operand),
}

/// A value of either origin.
#[derive(Clone, Copy)]
enum Side<'v, 'b> {
    Value(&'v Value<'b>),
    Constant(&'v Constant),
    Missing,
}

impl Operand {
    #[inline]
    fn side<'v, 'b>(&'v self, event: &'v Event<'b>) -> Side<'v, 'b> {
        match self {
            Operand::Field(path) => event.get(path).map_or(Side::Missing, Side::Value),
            Operand::Constant(constant) => Side::Constant(constant),
        }
    }
}

impl Condition {
    pub fn holds(&self, event: &Event<'_>) -> bool {
        match self {
            Condition::Or(a, b) => a.holds(event) || b.holds(event),
            Condition::And(a, b) => a.holds(event) && b.holds(event),
            Condition::Xor(a, b) => a.holds(event) != b.holds(event),
            Condition::Nand(a, b) => !(a.holds(event) && b.holds(event)),
            Condition::Not(inner) => !inner.holds(event),
            Condition::Equal(a, b) => equal(a.side(event), b.side(event)),
            Condition::Ordered(order, a, b) => ordered(*order, a.side(event), b.side(event)),
            Condition::Match(left, regex) => left.side(event).text().is_some_and(|text| regex.is_match(text)),
            Condition::In(needle, haystack) => contains(haystack.side(event), needle.side(event)),
            Condition::Truthy(operand) => operand.side(event).is_true(),
        }
    }
}

impl<'v, 'b> Side<'v, 'b> {
    #[inline]
    fn text(self) -> Option<&'v str> {
        match self {
            Side::Value(Value::Text(text)) => Some(text.str),
            Side::Constant(Constant::Text(text)) => Some(text),
            _ => None,
        }
    }

    #[inline]
    fn integer(self) -> Option<i64> {
        match self {
            Side::Value(Value::Int(number)) | Side::Constant(Constant::Int(number)) => Some(*number),
            _ => None,
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Side::Value(value) => value.as_f64(),
            Side::Constant(Constant::Int(number)) => Some(*number as f64),
            Side::Constant(Constant::Float(number)) => Some(*number),
            _ => None,
        }
    }

    /// A time, or a text that is one.
    fn time(self) -> Option<Timestamp> {
        match self {
            Side::Value(Value::Time(time)) => Some(*time),
            other => Timestamp::parse_iso(other.text()?),
        }
    }

    fn is_time(self) -> bool {
        matches!(self, Side::Value(Value::Time(_)))
    }

    fn is_true(self) -> bool {
        match self {
            Side::Value(value) => value.is_true(),
            Side::Constant(_) => true,
            Side::Missing => false,
        }
    }

    fn is_missing(self) -> bool {
        matches!(self, Side::Missing | Side::Value(Value::Null))
    }
}

fn equal(a: Side<'_, '_>, b: Side<'_, '_>) -> bool {
    if let (Some(a), Some(b)) = (a.text(), b.text()) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (a.integer(), b.integer()) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (a.number(), b.number()) {
        return a == b;
    }
    if a.is_time() || b.is_time() {
        return matches!((a.time(), b.time()), (Some(a), Some(b)) if a == b);
    }
    match (a, b) {
        (Side::Value(a), Side::Value(b)) => same(a, b),
        (Side::Value(Value::Bool(value)), Side::Constant(Constant::Text(text)))
        | (Side::Constant(Constant::Text(text)), Side::Value(Value::Bool(value))) => &**text == bool_name(*value),
        (Side::Value(Value::Array(items)), Side::Constant(Constant::List(list)))
        | (Side::Constant(Constant::List(list)), Side::Value(Value::Array(items))) => {
            items.len() == list.len()
                && items.iter().zip(list).all(|(item, constant)| equal(Side::Value(item), Side::Constant(constant)))
        }
        (Side::Constant(a), Side::Constant(b)) => a == b,
        _ => a.is_missing() && b.is_missing(),
    }
}

fn bool_name(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// Equality of two fields.
fn same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(Side::Value(a), Side::Value(b)))
        }
        (a, b) => match (a.as_object(), b.as_object()) {
            (Some(a), Some(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(Side::Value(a), Side::Value(b))))
            }
            _ => false,
        },
    }
}

fn ordered(order: Order, a: Side<'_, '_>, b: Side<'_, '_>) -> bool {
    let found = if let (Some(a), Some(b)) = (a.text(), b.text()) {
        Some(a.cmp(b))
    } else if let (Some(a), Some(b)) = (a.integer(), b.integer()) {
        Some(a.cmp(&b))
    } else if let (Some(a), Some(b)) = (a.number(), b.number()) {
        a.partial_cmp(&b)
    } else if a.is_time() || b.is_time() {
        a.time().zip(b.time()).map(|(a, b)| a.cmp(&b))
    } else {
        None
    };
    let Some(found) = found else { return false };
    match order {
        Order::Less => found == Ordering::Less,
        Order::LessOrEqual => found != Ordering::Greater,
        Order::Greater => found == Ordering::Greater,
        Order::GreaterOrEqual => found != Ordering::Less,
    }
}

/// A list holds an equal element, a string holds a part, a hash holds a key.
fn contains(haystack: Side<'_, '_>, needle: Side<'_, '_>) -> bool {
    if needle.is_missing() {
        return false;
    }
    match haystack {
        Side::Constant(Constant::List(list)) => list.iter().any(|item| equal(Side::Constant(item), needle)),
        Side::Value(Value::Array(items)) => items.iter().any(|item| equal(Side::Value(item), needle)),
        Side::Value(Value::Object(_) | Value::Shared(_)) => match (haystack, needle.text()) {
            (Side::Value(hash), Some(key)) => hash.as_object().is_some_and(|hash| hash.get(key).is_some()),
            _ => false,
        },
        _ => match (haystack.text(), needle.text()) {
            (Some(haystack), Some(needle)) => haystack.contains(needle),
            _ => false,
        },
    }
}
