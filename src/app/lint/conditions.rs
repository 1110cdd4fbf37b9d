//! Conditions whose answer is known before any event comes, and branches that none can reach.
//!
//! Nothing is assumed of fields but that each has one value: what is found here holds for every event.

use crate::event::Template;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::{Span, Spanned};
use crate::lang::tree::{Comparison, Condition, If, NumberValue, Operand};
use std::collections::BTreeSet;

/// Why a condition is always the same, and where.
struct Known {
    holds: bool,
    span: Span,
    note: Option<String>,
}

/// Looks at each branch, and at what the branches before it leave.
pub fn branching(branching: &If, found: &mut Vec<Diagnostic>) {
    let mut before = BTreeSet::new();
    for (condition, _) in &branching.branches {
        each_comparison(condition, &mut |comparison| tags_compared(comparison, found));
        condition.each_operand(&mut |operand| template(operand, found));
        if !before.insert(shape(condition)) {
            let text = "this branch is never reached: an earlier one has the same condition";
            found.push(Diagnostic::warning("always-false", condition.span(), text));
        } else if let Some(known) = known(condition)
            && !is_reported_by_parser(condition)
        {
            let (code, word) = if known.holds { ("always-true", "true") } else { ("always-false", "false") };
            let diagnostic = Diagnostic::warning(code, known.span, format!("this condition is always {word}"));
            found.push(known.note.into_iter().fold(diagnostic, Diagnostic::with_note));
        }
    }
}

/// A string alone is pointed out where it is read.
fn is_reported_by_parser(condition: &Condition) -> bool {
    let mut lone = false;
    each_comparison(condition, &mut |part| {
        lone |= matches!(part, Condition::Truthy(Operand::String(_) | Operand::Number(_)));
    });
    lone
}

/// Everything in a condition that is not made of conditions.
fn each_comparison<'t>(condition: &'t Condition, each: &mut dyn FnMut(&'t Condition)) {
    match condition {
        Condition::Or(a, b) | Condition::And(a, b) | Condition::Xor(a, b) | Condition::Nand(a, b) => {
            each_comparison(a, each);
            each_comparison(b, each);
        }
        Condition::Not(inner) => each_comparison(&inner.value, each),
        other => each(other),
    }
}

fn tags_compared(comparison: &Condition, found: &mut Vec<Diagnostic>) {
    let Condition::Compare { op: Comparison::Eq | Comparison::Ne, left, right } = comparison else { return };
    let (Operand::Field(field), Operand::String(tag)) = (left, right) else { return };
    if matches!(field.value.as_str(), "[tags]" | "tags") {
        let text = "`tags` is a list, which no string equals";
        let help = format!("write `\"{0}\" in [tags]` or `\"{0}\" not in [tags]`", tag.value);
        found.push(Diagnostic::warning("tags-compared", comparison.span(), text).with_help(help));
    }
}

/// A string in a condition is what it is: only settings take `%{…}`.
fn template(operand: &Operand, found: &mut Vec<Diagnostic>) {
    match operand {
        Operand::Array(items) => items.value.iter().for_each(|item| template(item, found)),
        Operand::String(text) if Template::parse(&text.value).as_literal().is_none() => {
            let field = text.value.strip_prefix("%{").and_then(|rest| rest.strip_suffix('}'));
            let field = field.filter(|name| !name.contains(['{', '}', '+']));
            let help = match field {
                Some(name) if name.starts_with('[') => format!("write `{name}`"),
                Some(name) => format!("write `[{name}]`"),
                None => "put it into a field first: `add_field => { \"[@metadata][x]\" => … }`".to_string(),
            };
            let text = "a condition takes `%{…}` as it is written, and puts no field in its place";
            found.push(Diagnostic::warning("template-in-condition", operand.span(), text).with_help(help));
        }
        _ => {}
    }
}

fn known(condition: &Condition) -> Option<Known> {
    let of = |holds: Option<bool>| holds.map(|holds| Known { holds, span: condition.span(), note: None });
    match condition {
        Condition::And(..) => chain(condition, true),
        Condition::Or(..) => chain(condition, false),
        Condition::Nand(a, b) => match (known(a), known(b)) {
            (Some(Known { holds: false, .. }), _) | (_, Some(Known { holds: false, .. })) => of(Some(true)),
            (Some(_), Some(_)) => of(Some(false)),
            _ => None,
        },
        Condition::Xor(a, b) => of(known(a).zip(known(b)).map(|(a, b)| a.holds != b.holds)),
        Condition::Not(inner) => known(&inner.value).map(|known| Known { holds: !known.holds, ..known }),
        Condition::Compare { op, left, right } => of(compared(*op, left, right)),
        Condition::In { needle, haystack, negated } => of(contained(needle, haystack).map(|inside| inside != *negated)),
        Condition::Truthy(Operand::Field(_)) | Condition::Match { .. } => None,
        Condition::Truthy(_) => of(Some(true)),
    }
}

/// A chain of `and` (`all`) or of `or`: known by one part, or by two that exclude each other.
fn chain(condition: &Condition, all: bool) -> Option<Known> {
    let mut parts = Vec::new();
    flatten(condition, all, &mut parts);
    let decided: Vec<Option<Known>> = parts.iter().map(|part| known(part)).collect();
    if decided.iter().all(|known| known.as_ref().is_some_and(|known| known.holds == all)) {
        return Some(Known { holds: all, span: condition.span(), note: None });
    }
    if let Some(known) = decided.into_iter().flatten().find(|known| known.holds != all) {
        return Some(known);
    }
    let said: Vec<_> = parts.iter().filter_map(|part| said(part, all)).collect();
    let clash = said.iter().enumerate().find_map(|(at, one)| said[..at].iter().find(|other| one.excludes(other)));
    clash.map(|one| Known {
        holds: !all,
        span: condition.span(),
        note: Some(match all {
            true => format!("`{}` cannot be two things at once", one.field),
            false => {
                format!("whatever `{}` is, it is not one of the two: `and` is meant, or `not in [ … ]`", one.field)
            }
        }),
    })
}

fn flatten<'t>(condition: &'t Condition, all: bool, parts: &mut Vec<&'t Condition>) {
    match condition {
        Condition::And(a, b) if all => [a, b].into_iter().for_each(|part| flatten(part, all, parts)),
        Condition::Or(a, b) if !all => [a, b].into_iter().for_each(|part| flatten(part, all, parts)),
        other => parts.push(other),
    }
}

/// That a field is a value, or, in a chain of `or`, that it is not.
struct Said<'t> {
    field: &'t str,
    value: String,
}

impl Said<'_> {
    fn excludes(&self, other: &Said<'_>) -> bool {
        self.field == other.field && self.value != other.value
    }
}

fn said(part: &Condition, all: bool) -> Option<Said<'_>> {
    let Condition::Compare { op, left, right } = part else { return None };
    let fits = if all { Comparison::Eq } else { Comparison::Ne };
    match (left, right) {
        (Operand::Field(field), Operand::String(_) | Operand::Number(_)) if *op == fits => {
            Some(Said { field: &field.value, value: operand(right) })
        }
        _ => None,
    }
}

fn compared(op: Comparison, left: &Operand, right: &Operand) -> Option<bool> {
    use Comparison::{Eq, Ge, Gt, Le, Lt, Ne};
    if let (Operand::Field(a), Operand::Field(b)) = (left, right) {
        return (a.value == b.value).then_some(op).and_then(|op| match op {
            Eq => Some(true),
            Ne | Lt | Gt => Some(false),
            // Not so for a field that is missing.
            Le | Ge => None,
        });
    }
    let order = match (left, right) {
        (Operand::String(a), Operand::String(b)) => Some(a.value.cmp(&b.value)),
        (Operand::Number(a), Operand::Number(b)) => a.value.value.as_f64().partial_cmp(&b.value.value.as_f64()),
        (Operand::Field(_), _) | (_, Operand::Field(_)) => return None,
        _ => None,
    };
    Some(match (op, order) {
        (Eq, order) => order.is_some_and(|order| order.is_eq()),
        (Ne, order) => order.is_none_or(|order| order.is_ne()),
        (Lt, order) => order.is_some_and(|order| order.is_lt()),
        (Gt, order) => order.is_some_and(|order| order.is_gt()),
        (Le, order) => order.is_some_and(|order| order.is_le()),
        (Ge, order) => order.is_some_and(|order| order.is_ge()),
    })
}

fn contained(needle: &Operand, haystack: &Operand) -> Option<bool> {
    match (needle, haystack) {
        (_, Operand::Array(items)) if items.value.is_empty() => Some(false),
        (Operand::Field(_), _) | (_, Operand::Field(_)) => None,
        (_, Operand::Array(items)) => {
            Some(items.value.iter().any(|item| compared(Comparison::Eq, needle, item) == Some(true)))
        }
        (Operand::String(part), Operand::String(whole)) => Some(whole.value.contains(&part.value)),
        _ => Some(false),
    }
}

/// The condition without its place in the text.
fn shape(condition: &Condition) -> String {
    let two = |word: &str, a: &Condition, b: &Condition| format!("({} {word} {})", shape(a), shape(b));
    match condition {
        Condition::Or(a, b) => two("or", a, b),
        Condition::And(a, b) => two("and", a, b),
        Condition::Xor(a, b) => two("xor", a, b),
        Condition::Nand(a, b) => two("nand", a, b),
        Condition::Not(inner) => format!("!{}", shape(&inner.value)),
        Condition::Compare { op, left, right } => format!("{} {op:?} {}", operand(left), operand(right)),
        Condition::Match { left, regex, negated } => format!("{} match {negated} {:?}", operand(left), regex.value),
        Condition::In { needle, haystack, negated } => {
            format!("{} in {negated} {}", operand(needle), operand(haystack))
        }
        Condition::Truthy(value) => operand(value),
    }
}

fn operand(operand_: &Operand) -> String {
    match operand_ {
        Operand::Field(Spanned { value, .. }) => value.clone(),
        Operand::String(text) => format!("{:?}", text.value),
        Operand::Number(number) => match number.value.value {
            NumberValue::Integer(value) => (value as f64).to_string(),
            NumberValue::Float(value) => value.to_string(),
        },
        Operand::Array(items) => items.value.iter().map(operand).collect::<Vec<_>>().join(","),
    }
}
