//! Grok patterns that a line is searched for from each of its characters, and types that there are not.
//!
//! A pattern that begins with `^` is tried once on a line that it does not match, another one once a character.

use super::{pairs, values};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::Spanned;
use crate::lang::suggest::nearest;
use crate::lang::tree::{Literal, Plugin};

/// Two patterns are seldom worth a word; from here on the line that none matches is what costs.
const LIST_MIN: usize = 3;
/// What a capture can be besides a string.
const TYPES: [&str; 2] = ["int", "float"];
/// What matches anything, so that a pattern which begins with it can begin anywhere.
const ANYTHING: [&str; 4] = ["%{GREEDYDATA", "%{DATA", ".*", "(.*"];

pub fn anchors(plugin: &Plugin, found: &mut Vec<Diagnostic>) {
    if plugin.name.value != "grok" {
        return;
    }
    for (_, patterns) in values(plugin, "match").flat_map(pairs) {
        let patterns = listed(patterns);
        patterns.iter().for_each(|pattern| types(pattern, found));
        let open: Vec<_> = patterns.iter().filter(|pattern| !is_anchored(&pattern.value)).collect();
        let begins_anywhere = open.iter().find(|pattern| is_led_by_anything(&pattern.value));
        if let Some(pattern) = begins_anywhere {
            let text = "this pattern begins with one that matches anything, and is anchored nowhere";
            found.push(warning(pattern, text.into()));
        } else if let (Some(first), LIST_MIN..) = (open.first(), patterns.len()) {
            let text = format!("{} of {} patterns are not anchored", open.len(), patterns.len());
            found.push(warning(first, text));
        }
    }
}

/// `%{INT:n:integer}` compiles, in Logstash too, and leaves a text.
fn types(pattern: &Spanned<String>, found: &mut Vec<Diagnostic>) {
    for reference in pattern.value.split("%{").skip(1).filter_map(|rest| rest.split('}').next()) {
        let Some(kind) = reference.split(':').nth(2).filter(|kind| !TYPES.contains(kind)) else { continue };
        let text = format!("there is no type `{kind}`: the field becomes a string");
        let help = match nearest(kind, TYPES) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "there are `int` and `float`; `mutate` has more in its `convert`".to_string(),
        };
        found.push(Diagnostic::warning("unknown-type", pattern.span, text).with_help(help));
    }
}

fn warning(pattern: &Spanned<String>, text: String) -> Diagnostic {
    Diagnostic::warning("unanchored-grok", pattern.span, text)
        .with_note("a line that it does not match is searched from each of its characters")
        .with_help("begin it with `^`, if it describes whole lines")
}

fn listed(patterns: &Literal) -> Vec<&Spanned<String>> {
    match patterns {
        Literal::String(text) => vec![text],
        Literal::Array(items) => items.value.iter().flat_map(listed).collect(),
        _ => Vec::new(),
    }
}

/// By itself, or because it begins with what lines are looked for by.
fn is_anchored(pattern: &str) -> bool {
    let pattern = pattern.trim_start_matches(['(', ' ']).trim_start_matches("?:");
    ["^", "\\A", "\\b", "(?m)^", "?m)^", "?i)^"].iter().any(|anchor| pattern.starts_with(anchor))
}

/// A pattern that is nothing but `%{GREEDYDATA:x}` takes what all others left.
fn is_led_by_anything(pattern: &str) -> bool {
    let is_alone = pattern.starts_with("%{") && pattern.find('}') == Some(pattern.len() - 1);
    !is_alone && ANYTHING.iter().any(|anything| pattern.starts_with(anything))
}
