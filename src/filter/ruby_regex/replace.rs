//! `gsub`: replacing every match.

use super::{Captures, RubyRegex};
use std::borrow::Cow;

/// What takes the place of a match: text with `\1`, `\0`, `\&`, `\k<name>` in it, as in Ruby.
#[derive(Clone, Debug, PartialEq)]
pub struct Replacement(Box<[Part]>);

/// Where a group matched.
type Spans<'s> = dyn Fn(usize) -> Option<(usize, usize)> + 's;

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(Box<str>),
    Group(usize),
    Named(Box<str>),
    /// `` \` ``
    Before,
    /// `\'`
    After,
}

impl Replacement {
    pub fn parse(text: &str) -> Replacement {
        let (mut parts, mut literal) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            literal.push_str(&rest[..at]);
            let (part, len) = escape(&rest[at + 1..]);
            match part {
                Some(Part::Literal(text)) => literal.push_str(&text),
                Some(part) => {
                    push_literal(&mut parts, &mut literal);
                    parts.push(part);
                }
                None => literal.push('\\'),
            }
            rest = &rest[at + 1 + len..];
        }
        literal.push_str(rest);
        push_literal(&mut parts, &mut literal);
        Replacement(parts.into())
    }

    /// The text that takes the place of a match whose groups are where `span_of` says.
    pub fn fill(&self, regex: &RubyRegex, text: &str, span_of: &Spans<'_>) -> String {
        let mut out = String::new();
        self.write(regex, text, span_of, &mut out);
        out
    }

    fn write(&self, regex: &RubyRegex, text: &str, span_of: &Spans<'_>, out: &mut String) {
        let (start, end) = span_of(0).unwrap_or_default();
        for part in &self.0 {
            let span = match part {
                Part::Group(number) => span_of(*number),
                Part::Named(name) => named_span(regex, span_of, name),
                Part::Before => Some((0, start)),
                Part::After => Some((end, text.len())),
                Part::Literal(text) => {
                    out.push_str(text);
                    None
                }
            };
            if let Some((from, to)) = span {
                out.push_str(&text[from..to]);
            }
        }
    }
}

/// The last group of that name that matched.
fn named_span(regex: &RubyRegex, span_of: &Spans<'_>, name: &str) -> Option<(usize, usize)> {
    let groups = regex.groups().iter().enumerate().rev();
    groups.filter(|(_, there)| there.as_deref() == Some(name)).find_map(|(at, _)| span_of(at + 1))
}

fn push_literal(parts: &mut Vec<Part>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal).into()));
    }
}

/// What follows a backslash, and how many bytes of it; `None` leaves the backslash as it is.
fn escape(text: &str) -> (Option<Part>, usize) {
    match text.as_bytes().first() {
        Some(digit @ b'0'..=b'9') => (Some(Part::Group(usize::from(digit - b'0'))), 1),
        Some(b'&') => (Some(Part::Group(0)), 1),
        Some(b'\\') => (Some(Part::Literal("\\".into())), 1),
        Some(b'`') => (Some(Part::Before), 1),
        Some(b'\'') => (Some(Part::After), 1),
        Some(b'k') => match text[1..].strip_prefix('<').and_then(|name| name.split_once('>')) {
            Some((name, _)) => (Some(named(name)), name.len() + 3),
            None => (None, 0),
        },
        _ => (None, 0),
    }
}

fn named(name: &str) -> Part {
    name.parse().map_or_else(|_| Part::Named(name.into()), Part::Group)
}

pub fn all<'t>(regex: &RubyRegex, text: &'t str, replacement: &Replacement) -> Cow<'t, str> {
    if !regex.is_match(text) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut captures) = (String::with_capacity(text.len() + 16), Captures::default());
    let (mut copied, mut from) = (0, 0);
    while from <= text.len() && regex.captures(text, from, &mut captures) == Ok(true) {
        let Some((start, end)) = captures.get(0) else { break };
        out.push_str(&text[copied..start]);
        replacement.write(regex, text, &|group| captures.get(group), &mut out);
        copied = end;
        // Behind an empty match the search goes on one character further.
        from = if end > start { end } else { end + text[end..].chars().next().map_or(1, char::len_utf8) };
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}
