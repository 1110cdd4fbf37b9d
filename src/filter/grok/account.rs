//! Why a line did not match: which pattern came furthest, and where it stopped.
//!
//! A pattern is cut at its top level into parts (`%{…}`, a group, a class, a letter, each with its quantifier); the
//! longest run of parts from the first one that still matches says how far it came. For people who look on, not for
//! the hot path: each run is compiled when it is asked for.

use super::compile::Compiler;
use crate::filter::Stop;
use crate::filter::ruby_regex::Captures;
use crate::plugin::Place;

/// A pattern with more parts is looked at up to here.
const PARTS_MAX: usize = 200;

/// Where each part of a pattern ends, in bytes. One part, if the pattern has alternatives at its top level.
pub fn ends_of_parts(pattern: &str) -> Vec<usize> {
    let bytes = pattern.as_bytes();
    let mut ends = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'|' {
            return vec![pattern.len()];
        }
        at = end_of_quantifier(bytes, end_of_part(pattern, at));
        ends.push(at);
    }
    ends
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

/// How far `pattern` matches `text`: the byte behind the last part that did, and the part that did not.
pub fn furthest(pattern: &str, text: &str, compiler: &Compiler<'_>) -> Option<(usize, String)> {
    let mut ends = ends_of_parts(pattern);
    ends.truncate(PARTS_MAX);
    // A shorter run matches wherever a longer one does, so the longest is found by halving.
    let reach = |count: usize| match count {
        0 => Some(0),
        _ => end_of_match(&pattern[..ends[count - 1]], text, compiler),
    };
    let (mut low, mut high) = (0, ends.len());
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if reach(middle).is_some() { low = middle } else { high = middle }
    }
    let from = if low == 0 { 0 } else { ends[low - 1] };
    Some((reach(low)?, pattern[from..*ends.get(low)?].to_string()))
}

fn end_of_match(pattern: &str, text: &str, compiler: &Compiler<'_>) -> Option<usize> {
    let compiled = compiler.compile(pattern, Place::default()).ok()?;
    let mut captures = Captures::default();
    let found = compiled.regex.captures(text, 0, &mut captures).unwrap_or(false);
    if found { captures.get(0).map(|(_, end)| end) } else { None }
}

/// The pattern of a list that came furthest.
pub fn stop(patterns: &[(usize, &str)], text: &str, compiler: &Compiler<'_>) -> Option<Stop> {
    let stops = patterns.iter().filter_map(|(alternative, pattern)| {
        let (at, expected) = furthest(pattern, text, compiler)?;
        Some(Stop { alternative: *alternative, text: text.to_string(), at, expected })
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
        assert_eq!(parts("a|b"), ["a|b"]);
        assert_eq!(parts(r"(?<n>[)]\))x"), [r"(?<n>[)]\))", "x"]);
        assert_eq!(parts("(%{A"), ["(%{A"]);
    }

    fn check(patterns: &[&str], text: &str, expected: (usize, usize, &str)) {
        let set = Patterns::new(true);
        let compiler = Compiler { patterns: &set, named_captures_only: true, steps_max: 0 };
        let numbered: Vec<(usize, &str)> = patterns.iter().copied().enumerate().collect();
        let stop = stop(&numbered, text, &compiler).unwrap();
        assert_eq!((stop.alternative, stop.at, stop.expected.as_str()), expected, "{text}");
    }

    #[test]
    fn the_part_that_stops_is_named_with_its_place() {
        check(&["%{WORD:a} %{INT:b}"], "abc def", (0, 4, "%{INT:b}"));
        check(&["%{INT:a} x", "%{WORD:a}: %{INT:b}"], "abc: def", (1, 5, "%{INT:b}"));
        check(&["^%{IP:a}"], "abc", (0, 0, "%{IP:a}"));
        check(&["^x"], "abc", (0, 0, "x"));
    }
}
