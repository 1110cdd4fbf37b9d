//! Matching in time linear in the text: literals, and the `regex` crate.

use super::Captures;
use super::tree::{Assert, ByteSet, Node};
use super::write::{Needs, Target, write};
use memchr::{memchr, memmem};
use regex::Regex;
use regex_automata::dfa::onepass;
use regex_automata::{Anchored, Input};
use std::sync::{Arc, OnceLock};

/// Compiled patterns may take this many bytes before they are left to Oniguruma alone.
const COMPILED_BYTES_MAX: usize = 4 << 20;
/// Tables that a search fills as it goes: one a worker and pattern.
const LAZY_BYTES_MAX: usize = 1 << 20;
const ONEPASS_BYTES_MAX: usize = 1 << 20;
/// Trying each line start by itself may read a text as often as it has lines: longer texts are searched in one go.
const LINE_BY_LINE_BYTES_MAX: usize = 16 << 10;

#[derive(Clone)]
pub enum Fast {
    Literal {
        place: Place,
        finder: Arc<memmem::Finder<'static>>,
    },
    /// A pattern behind a caret: it is tried at line starts only.
    Lines {
        /// What it can start with.
        first: Option<Arc<ByteSet>>,
        regex: Regex,
        onepass: Option<Arc<onepass::DFA>>,
        whole: Arc<Whole>,
    },
    Whole {
        regex: Regex,
        onepass: Option<Arc<onepass::DFA>>,
    },
}

#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Anywhere,
    LineStart,
    TextStart,
}

/// A pattern with its caret, compiled when the first long text comes.
pub struct Whole {
    pattern: String,
    regex: OnceLock<Option<Regex>>,
}

impl Fast {
    pub fn literal(nodes: &[Node]) -> Option<Fast> {
        let (place, nodes) = match nodes {
            [Node::Assert(Assert::LineStart), rest @ ..] => (Place::LineStart, rest),
            [Node::Assert(Assert::TextStart), rest @ ..] => (Place::TextStart, rest),
            rest => (Place::Anywhere, rest),
        };
        let literal: String = nodes.iter().map(Node::as_literal).collect::<Option<String>>()?;
        let finder = Arc::new(memmem::Finder::new(literal.as_bytes()).into_owned());
        (!literal.is_empty()).then_some(Fast::Literal { place, finder })
    }

    /// The tree for the `regex` crate, unless it cannot be written or becomes too large.
    pub fn new(nodes: &[Node], target: Target) -> Option<(Fast, Needs)> {
        if let [Node::Assert(Assert::LineStart), rest @ ..] = nodes {
            let pinned = |node: &Node| matches!(node, Node::Assert(Assert::TextStart));
            let slices_differ = target == Target::Exact && rest.iter().any(|node| node.any(&pinned));
            if !rest.is_empty() && !slices_differ {
                return Fast::lines(rest, target);
            }
        }
        let (pattern, needs) = write(nodes, target, false).ok()?;
        Some((Fast::Whole { regex: compiled(&pattern)?, onepass: onepass_of(&pattern, target) }, needs))
    }

    /// What stands behind the caret.
    fn lines(rest: &[Node], target: Target) -> Option<(Fast, Needs)> {
        let (pattern, needs) = write(rest, target, false).ok()?;
        let regex = compiled(&format!("\\A(?:{pattern})"))?;
        let whole = Whole { pattern: format!("(?m:^)(?:{pattern})"), regex: OnceLock::new() };
        let (first, onepass) = (first_of(rest).map(Arc::new), onepass_of(&pattern, target));
        Some((Fast::Lines { first, regex, onepass, whole: Arc::new(whole) }, needs))
    }

    /// Whether `captures` fills in the groups.
    pub fn captures_groups(&self) -> bool {
        match self {
            Fast::Literal { .. } => true,
            Fast::Lines { onepass, .. } | Fast::Whole { onepass, .. } => onepass.is_some(),
        }
    }

    #[inline]
    pub fn is_match(&self, text: &str, from: usize) -> bool {
        match self {
            Fast::Whole { regex, .. } => regex.is_match_at(text, from),
            other => other.find(text, from).is_some(),
        }
    }

    /// Where the first match begins.
    #[inline]
    pub fn find(&self, text: &str, from: usize) -> Option<usize> {
        match self {
            Fast::Literal { place, finder } => find_literal(*place, finder, text, from),
            Fast::Lines { first, regex, whole, .. } => match whole.regex_for(text) {
                Some(regex) => find_line(regex, text, from).map(|(start, _)| start),
                None => at_line_starts(text, from, |at| may_start(first, text, at) && regex.is_match(&text[at..])),
            },
            Fast::Whole { regex, .. } => regex.find_at(text, from).map(|found| found.start()),
        }
    }

    /// The first match, with its groups if it `captures_groups`.
    pub fn captures(&self, text: &str, from: usize, into: &mut Captures) -> bool {
        let found = match self {
            Fast::Literal { place, finder } => {
                find_literal(*place, finder, text, from).map(|at| (at, at + finder.needle().len()))
            }
            Fast::Lines { first, regex, onepass, whole } => match (whole.regex_for(text), onepass) {
                (Some(regex), _) => find_line(regex, text, from),
                (None, Some(dfa)) => {
                    let found =
                        at_line_starts(text, from, |at| may_start(first, text, at) && into.search(dfa, text, at));
                    return found.is_some();
                }
                (None, None) => {
                    let mut end = 0;
                    let start = at_line_starts(text, from, |at| {
                        let found = if may_start(first, text, at) { regex.find(&text[at..]) } else { None };
                        end = at + found.map_or(0, |found| found.end());
                        found.is_some()
                    });
                    start.map(|start| (start, end))
                }
            },
            Fast::Whole { regex, .. } => regex.find_at(text, from).map(|found| (found.start(), found.end())),
        };
        match (found, self.onepass()) {
            (Some((start, _)), Some(dfa)) => into.search(dfa, text, start),
            (found, _) => into.set(found),
        }
    }

    fn onepass(&self) -> Option<&onepass::DFA> {
        match self {
            Fast::Literal { .. } => None,
            Fast::Lines { onepass, .. } | Fast::Whole { onepass, .. } => onepass.as_deref(),
        }
    }

    #[cfg(test)]
    pub fn describe(&self) -> &'static str {
        match self {
            Fast::Literal { .. } => "literal",
            Fast::Lines { onepass: Some(_), .. } => "lines onepass",
            Fast::Lines { .. } => "lines",
            Fast::Whole { onepass: Some(_), .. } => "whole onepass",
            Fast::Whole { .. } => "whole",
        }
    }
}

impl Whole {
    /// The whole pattern, for a text that is too long to be tried line by line.
    #[inline]
    fn regex_for(&self, text: &str) -> Option<&Regex> {
        if text.len() <= LINE_BY_LINE_BYTES_MAX {
            return None;
        }
        self.regex.get_or_init(|| compiled(&self.pattern)).as_ref()
    }
}

/// The first match of a pattern that begins with a caret.
fn find_line(regex: &Regex, text: &str, from: usize) -> Option<(usize, usize)> {
    let found = regex.find_at(text, from)?;
    let behind_all_lines = found.start() > 0 && found.start() == text.len();
    (!behind_all_lines).then_some((found.start(), found.end()))
}

/// The bytes that a match can start with; `None` if it may be empty.
fn first_of(nodes: &[Node]) -> Option<ByteSet> {
    let mut set = ByteSet::default();
    nodes.iter().any(|node| node.add_first(&mut set)).then_some(set)
}

#[inline]
fn may_start(first: &Option<Arc<ByteSet>>, text: &str, at: usize) -> bool {
    match first {
        Some(set) => text.as_bytes().get(at).is_some_and(|byte| set.has(*byte)),
        None => true,
    }
}

fn compiled(pattern: &str) -> Option<Regex> {
    regex::RegexBuilder::new(pattern).size_limit(COMPILED_BYTES_MAX).dfa_size_limit(LAZY_BYTES_MAX).build().ok()
}

/// The pattern as an automaton that finds the groups while it reads the text once, if it can be one.
fn onepass_of(pattern: &str, target: Target) -> Option<Arc<onepass::DFA>> {
    if target != Target::Exact {
        return None;
    }
    let config = onepass::Config::new().size_limit(Some(ONEPASS_BYTES_MAX));
    onepass::Builder::new().configure(config).build(pattern).ok().map(Arc::new)
}

#[inline]
fn find_literal(place: Place, finder: &memmem::Finder<'_>, text: &str, from: usize) -> Option<usize> {
    let literal = finder.needle();
    match place {
        Place::Anywhere => finder.find(&text.as_bytes()[from..]).map(|at| from + at),
        Place::TextStart => (from == 0 && text.as_bytes().starts_with(literal)).then_some(0),
        Place::LineStart => at_line_starts(text, from, |at| text.as_bytes()[at..].starts_with(literal)),
    }
}

/// Calls `try_at` where a caret matches in Ruby, from `from` on, until it says yes.
#[inline]
fn at_line_starts(text: &str, from: usize, mut try_at: impl FnMut(usize) -> bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let next = |at: usize| memchr(b'\n', &bytes[at..]).map(|newline| at + newline + 1);
    let starts_line = from == 0 || bytes[from - 1] == b'\n';
    let mut line = if starts_line { Some(from) } else { next(from) };
    while let Some(at) = line {
        if at > 0 && at == bytes.len() {
            return None;
        }
        if try_at(at) {
            return Some(at);
        }
        line = next(at);
    }
    None
}

impl Captures {
    fn set(&mut self, found: Option<(usize, usize)>) -> bool {
        self.spans.clear();
        self.spans.push(found);
        found.is_some()
    }

    /// Runs `dfa` at `at`.
    fn search(&mut self, dfa: &onepass::DFA, text: &str, at: usize) -> bool {
        let cache = self.cache.get_or_insert_with(|| dfa.create_cache());
        cache.reset(dfa);
        self.slots.clear();
        self.slots.resize(dfa.get_nfa().group_info().slot_len(), None);
        let input = Input::new(text).range(at..).anchored(Anchored::Yes);
        let found = matches!(dfa.try_search_slots(cache, &input, &mut self.slots), Ok(Some(_)));
        self.spans.clear();
        if found {
            self.spans.extend(self.slots.chunks_exact(2).map(|pair| Some((pair[0]?.get(), pair[1]?.get()))));
        }
        found
    }
}
