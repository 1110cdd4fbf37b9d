//! Conditions, judged on the tree as it was parsed.

use super::event::{Event, Path};
use super::patterns::Expressions;
use super::tree::Json;
use std::cmp::Ordering;
use timberline::lang::tree::{Comparison, Condition, Operand};

pub fn holds(condition: &Condition, event: &Event, expressions: &mut Expressions) -> bool {
    let mut of = |inner: &Condition| holds(inner, event, expressions);
    match condition {
        Condition::Or(a, b) => of(a) || of(b),
        Condition::And(a, b) => of(a) && of(b),
        Condition::Xor(a, b) => of(a) != of(b),
        Condition::Nand(a, b) => !(of(a) && of(b)),
        Condition::Not(inner) => !of(&inner.value),
        Condition::Compare { op, left, right } => {
            let (left, right) = (side(left, event), side(right, event));
            match op {
                Comparison::Eq => equal(&left, &right),
                Comparison::Ne => !equal(&left, &right),
                Comparison::Lt => order(&left, &right) == Some(Ordering::Less),
                Comparison::Gt => order(&left, &right) == Some(Ordering::Greater),
                Comparison::Le => order(&left, &right).is_some_and(Ordering::is_le),
                Comparison::Ge => order(&left, &right).is_some_and(Ordering::is_ge),
            }
        }
        Condition::Match { left, regex, negated } => {
            let found = match side(left, event) {
                Some(Json::Text(text)) => expressions.ruby(&regex.value).find(&text).is_some(),
                _ => false,
            };
            found != *negated
        }
        Condition::In { needle, haystack, negated } => {
            contains(&side(haystack, event), &side(needle, event)) != *negated
        }
        Condition::Truthy(operand) => {
            !matches!(side(operand, event), None | Some(Json::Null) | Some(Json::Bool(false)))
        }
    }
}

/// The value of an operand; `None`: there is no such field.
fn side(operand: &Operand, event: &Event) -> Option<Json> {
    Some(match operand {
        Operand::Field(name) => return event.get(&Path::read(&name.value).expect("a reference")).cloned(),
        Operand::String(text) => Json::text(&text.value),
        Operand::Number(number) => Json::Number(number.value.text.clone()),
        Operand::Array(items) => Json::Array(items.value.iter().filter_map(|item| side(item, event)).collect()),
    })
}

fn time(value: &Json) -> Option<jiff::Timestamp> {
    match value {
        Json::Time(time) => Some(*time),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn is_missing(side: &Option<Json>) -> bool {
    matches!(side, None | Some(Json::Null))
}

fn equal(a: &Option<Json>, b: &Option<Json>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        _ => is_missing(a) && is_missing(b),
    }
}

fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(_), Json::Number(_)) => order(&Some(a.clone()), &Some(b.clone())) == Some(Ordering::Equal),
        (Json::Time(_), _) | (_, Json::Time(_)) => time(a).is_some() && time(a) == time(b),
        (Json::Bool(truth), Json::Text(text)) | (Json::Text(text), Json::Bool(truth)) => *text == truth.to_string(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            let of_b = |name: &str| b.iter().find(|(there, _)| there == name).map(|(_, value)| value);
            a.len() == b.len() && a.iter().all(|(name, a)| of_b(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn order(a: &Option<Json>, b: &Option<Json>) -> Option<Ordering> {
    match (a.as_ref()?, b.as_ref()?) {
        (Json::Text(a), Json::Text(b)) => Some(a.cmp(b)),
        (Json::Number(a), Json::Number(b)) => match (a.parse::<i64>(), b.parse::<i64>()) {
            (Ok(a), Ok(b)) => Some(a.cmp(&b)),
            _ => a.parse::<f64>().ok()?.partial_cmp(&b.parse().ok()?),
        },
        (a @ Json::Time(_), b) | (a, b @ Json::Time(_)) => Some(time(a)?.cmp(&time(b)?)),
        _ => None,
    }
}

fn contains(haystack: &Option<Json>, needle: &Option<Json>) -> bool {
    let (Some(haystack), Some(needle)) = (haystack, needle.as_ref().filter(|needle| **needle != Json::Null)) else {
        return false;
    };
    match (haystack, needle) {
        (Json::Array(items), needle) => items.iter().any(|item| same(item, needle)),
        (Json::Object(fields), Json::Text(name)) => fields.iter().any(|(there, _)| there == name),
        (Json::Text(text), Json::Text(part)) => text.contains(part.as_str()),
        _ => false,
    }
}
