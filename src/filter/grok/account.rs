//! Why a line did not match: which pattern came furthest, and where it stopped.
//!
//! A pattern is cut at its top level into parts (`%{…}`, a group, a class, a letter, each with its quantifier); the
//! longest run of parts from the first one that still matches says how far it came. The part that did not is looked
//! into in the same way, if it is made of other patterns, so that a line that `%{HAPROXYHTTP}` does not match stops at
//! the pattern inside that came furthest. For people who look on, not for the hot path: each run is compiled when it is
//! asked for first.

use super::compile::Compiler;
use super::scan::{Piece, pieces};
use crate::filter::Stop;
use crate::filter::ruby_regex::{Captures, RubyRegex};
use crate::plugin::Place;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A pattern with more parts is looked at up to here.
const PARTS_MAX: usize = 200;
/// Patterns inside patterns are looked at down to here.
const DEPTH_MAX: usize = 20;
/// Runs that are tried for a pattern; most lines need twenty.
const RUNS_MAX: usize = 400;
const RUNS_KEPT_MAX: usize = 2000;

/// Where each part of a pattern ends, in bytes.
fn ends_of_parts(pattern: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 0;
    while at < pattern.len() {
        at = end_of_quantifier(pattern.as_bytes(), end_of_part(pattern, at));
        ends.push(at);
    }
    ends
}

/// The alternatives at the top level of a pattern.
fn alternatives(pattern: &str) -> Vec<&str> {
    let (mut found, mut begins, mut from) = (Vec::new(), 0, 0);
    for end in ends_of_parts(pattern) {
        if pattern[from..end].starts_with('|') {
            found.push(&pattern[begins..from]);
            begins = from + 1;
        }
        from = end;
    }
    found.push(&pattern[begins..]);
    found
}

fn end_of_part(pattern: &str, at: usize) -> usize {
    let bytes = pattern.as_bytes();
    match bytes[at] {
        b'\\' => at + 1 + pattern[at + 1..].chars().next().map_or(0, char::len_utf8),
        b'%' if bytes.get(at + 1) == Some(&b'{') => closing(bytes, at + 1, b'{', b'}'),
        b'(' => closing(bytes, at, b'(', b')'),
        b'[' => end_of_class(bytes, at),
        _ => at + pattern[at..].chars().next().map_or(1, char::len_utf8),
    }
}

/// Behind the bracket that closes the one at `at`; escapes and classes are passed over.
fn closing(bytes: &[u8], at: usize, open: u8, close: u8) -> usize {
    let (mut depth, mut at) = (0, at);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' if open == b'(' => {
                at = end_of_class(bytes, at);
                continue;
            }
            byte if byte == open => depth += 1,
            byte if byte == close => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn end_of_class(bytes: &[u8], at: usize) -> usize {
    // A `]` that stands first is one of the class's characters.
    let first = at + 1 + usize::from(bytes.get(at + 1) == Some(&b'^'));
    let mut at = first + usize::from(bytes.get(first) == Some(&b']'));
    let mut depth = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn end_of_quantifier(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'*' | b'+' | b'?' => at += 1,
            b'{' => at = closing(bytes, at, b'{', b'}'),
            _ => break,
        }
    }
    at.min(bytes.len())
}

/// Runs that were compiled once: lines that fail tend to fail in the same places. `None`: it cannot be compiled alone.
#[derive(Default)]
pub struct Runs(Mutex<HashMap<String, Option<RubyRegex>>>);

impl Runs {
    /// Where the match of a pattern ends.
    fn end_of_match(&self, pattern: &str, text: &str, compiler: &Compiler<'_>) -> Option<usize> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= RUNS_KEPT_MAX && !known.contains_key(pattern) {
            known.clear();
        }
        let compile = || compiler.compile(pattern, Place::default()).ok().map(|compiled| compiled.regex);
        let regex = known.entry(pattern.to_string()).or_insert_with(compile).as_ref()?;
        let mut captures = Captures::default();
        let found = regex.captures(text, 0, &mut captures).unwrap_or(false);
        if found { captures.get(0).map(|(_, end)| end) } else { None }
    }
}

/// How far a pattern came.
struct Reached {
    /// The byte behind the last part that matched.
    at: usize,
    /// The part that did not.
    expected: String,
    /// The pattern in front of it, where it has no name itself.
    behind: Option<String>,
    /// The references that the part stands in, from the outside in.
    within: Vec<String>,
}

/// Looks for the place where `text` stops to match, one pattern inside another.
struct Search<'s> {
    text: &'s str,
    compiler: &'s Compiler<'s>,
    known: &'s Runs,
    /// How many runs may still be tried.
    left: usize,
}

impl Search<'_> {
    /// How far `pattern` matches behind what `before` matches: of its alternatives, the one that comes furthest.
    fn furthest(&mut self, before: &str, pattern: &str, depth: usize) -> Option<Reached> {
        let reached = alternatives(pattern).into_iter().filter_map(|one| self.sequence(before, one, depth));
        reached.reduce(|best, other| if other.at > best.at { other } else { best })
    }

    /// The same for a pattern without alternatives at its top level.
    fn sequence(&mut self, before: &str, pattern: &str, depth: usize) -> Option<Reached> {
        let mut ends = ends_of_parts(pattern);
        ends.truncate(PARTS_MAX);
        // A shorter run matches wherever a longer one does, so the longest is found by halving.
        let (mut low, mut high) = (0, ends.len());
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            let is_reached = self.end_of_match(before, &pattern[..ends[middle - 1]]).is_some();
            if is_reached { low = middle } else { high = middle }
        }
        let from = if low == 0 { 0 } else { ends[low - 1] };
        let (run, part) = (&pattern[..from], &pattern[from..*ends.get(low)?]);
        let at = self.end_of_match(before, run)?;
        let inner = (depth < DEPTH_MAX).then(|| self.inside(part)).flatten();
        if let Some((inside, reference)) = inner
            && let Some(mut deeper) = self.furthest(&[before, run].concat(), &inside, depth + 1)
            && (deeper.at > at || begins_with_reference(&inside))
        {
            deeper.within.splice(0..0, reference);
            return Some(deeper);
        }
        let last = &run[ends[..low].iter().rev().nth(1).copied().unwrap_or(0)..];
        let is_named = |part: &str| part.starts_with("%{");
        let behind = (is_named(last) && !is_named(part)).then(|| last.to_string());
        Some(Reached { at, expected: part.into(), behind, within: Vec::new() })
    }

    /// What a part is made of, if that is worth looking at, and the part as written where it is a reference. A pattern
    /// that refers to no other says more by its name than by its parts.
    fn inside(&self, part: &str) -> Option<(String, Option<String>)> {
        match pieces(part).as_slice() {
            [(_, Piece::Reference { syntax, .. }), ..] if part.starts_with("%{") => {
                let made_of = self.compiler.patterns.get(syntax).filter(|text| text.contains("%{"))?;
                Some((made_of.to_string(), Some(part.into())))
            }
            _ => {
                let group = &part[..part.starts_with('(').then(|| closing(part.as_bytes(), 0, b'(', b')'))?];
                let inside = group.strip_suffix(')')?;
                let opening = match pieces(group).first() {
                    Some((0, Piece::Group(name))) => name.len() + 4,
                    _ => ["(?:", "(?>"].iter().find(|opening| inside.starts_with(**opening)).map_or(1, |it| it.len()),
                };
                // Looking around, options, comments.
                let inside = inside.get(opening..).filter(|inside| !inside.starts_with('?'))?;
                Some((inside.to_string(), None))
            }
        }
    }

    /// Where the match of two patterns, one behind the other, ends.
    fn end_of_match(&mut self, before: &str, pattern: &str) -> Option<usize> {
        let whole = [before, pattern].concat();
        if whole.is_empty() {
            return Some(0);
        }
        self.left = self.left.checked_sub(1)?;
        self.known.end_of_match(&whole, self.text, self.compiler)
    }
}

/// Whether the first thing that a pattern asks for has a name, and nothing stands beside it to choose from.
fn begins_with_reference(pattern: &str) -> bool {
    let pattern = pattern.trim_start_matches('^');
    pattern.starts_with("%{") && alternatives(pattern).len() == 1
}

/// The pattern of a list that came furthest.
pub fn stop(patterns: &[(usize, &str)], text: &str, compiler: &Compiler<'_>, known: &Runs) -> Option<Stop> {
    let stops = patterns.iter().filter_map(|(alternative, pattern)| {
        let mut search = Search { text, compiler, known, left: RUNS_MAX };
        let Reached { at, expected, behind, within } = search.furthest("", pattern, 0)?;
        Some(Stop { alternative: *alternative, text: text.to_string(), at, expected, behind, within })
    });
    // Of equals the first, as the list is tried.
    stops.reduce(|best, other| if other.at > best.at { other } else { best })
}

#[cfg(test)]
mod tests {
    use super::super::patterns::Patterns;
    use super::*;

    fn parts(pattern: &str) -> Vec<&str> {
        let mut from = 0;
        ends_of_parts(pattern).into_iter().map(|end| &pattern[std::mem::replace(&mut from, end)..end]).collect()
    }

    #[test]
    fn a_pattern_falls_into_the_parts_that_a_reader_sees() {
        assert_eq!(parts(r"^%{IP:a} \[x+"), ["^", "%{IP:a}", " ", r"\[", "x+"]);
        assert_eq!(parts(r"(?:a|b){2,3}?[]a-z]*é"), ["(?:a|b){2,3}?", "[]a-z]*", "é"]);
        assert_eq!(parts("a|b"), ["a", "|", "b"]);
        assert_eq!(parts(r"(?<n>[)]\))x"), [r"(?<n>[)]\))", "x"]);
        assert_eq!(parts("(%{A"), ["(%{A"]);
    }

    #[test]
    fn alternatives_are_those_of_the_top_level() {
        assert_eq!(alternatives(r"a(b|c)[|]\||%{X}|"), [r"a(b|c)[|]\|", "%{X}", ""]);
        assert_eq!(alternatives(""), [""]);
    }

    fn check(patterns: &[&str], text: &str, expected: (usize, usize, &str)) {
        let set = Patterns::new(true);
        let compiler = Compiler { patterns: &set, named_captures_only: true, steps_max: 0 };
        let numbered: Vec<(usize, &str)> = patterns.iter().copied().enumerate().collect();
        let stop = stop(&numbered, text, &compiler, &Runs::default()).unwrap();
        assert_eq!((stop.alternative, stop.at, stop.expected.as_str()), expected, "{text}");
    }

    #[test]
    fn the_part_that_stops_is_named_with_its_place() {
        check(&["%{WORD:a} %{INT:b}"], "abc def", (0, 4, "%{INT:b}"));
        check(&["%{INT:a} x", "%{WORD:a}: %{INT:b}"], "abc: def", (1, 5, "%{INT:b}"));
        check(&["^%{IP:a}"], "abc", (0, 0, "%{IP:a}"));
        check(&["^x"], "abc", (0, 0, "x"));
        check(&["a b|a c d|e"], "a c x", (0, 4, "d"));
        check(&["^(?:%{INT:a} x|%{INT:a} y)"], "1 z", (0, 2, "x"));
        // A pattern that is made of no other is named as a whole, and so is a choice that nothing of matches.
        check(&["%{WORD:a} %{IP:b}"], "abc def", (0, 4, "%{IP:b}"));
        check(&["%{WORD:a} (?=x)y"], "abc y", (0, 4, "(?=x)"));
    }

    #[test]
    fn a_pattern_made_of_patterns_stops_at_the_one_inside_that_came_furthest() {
        let line =
            "Nov 29 10:00:00 lb haproxy[7]: 10.0.0.9:5312 [29/Nov/2026:10:00:00.123] front back/one 1/2/3/x/5 200";
        let stop = stop_of("%{HAPROXYHTTP}", line);
        assert_eq!(&line[stop.at..stop.at + 5], "x/5 2");
        assert_eq!(stop.within, ["%{HAPROXYHTTP}", "%{HAPROXYHTTPBASE}"]);
        let stop = stop_of("%{WORD:a} - (?:%{INT:b}s x)", "abc - 12 x");
        assert_eq!((stop.expected.as_str(), stop.behind.as_deref()), ("s", Some("%{INT:b}")));
        // Where nothing matches, the first of what is asked for is named.
        assert_eq!(stop_of("%{COMMONAPACHELOG}", "-").within, ["%{COMMONAPACHELOG}", "%{HTTPD_COMMONLOG}"]);
    }

    fn stop_of(pattern: &str, text: &str) -> Stop {
        let set = Patterns::new(true);
        let compiler = Compiler { patterns: &set, named_captures_only: true, steps_max: 0 };
        stop(&[(0, pattern)], text, &compiler, &Runs::default()).unwrap()
    }
}
