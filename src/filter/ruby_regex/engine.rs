//! Chooses how a pattern is run, and runs it.

use super::backtrack::Backtracker;
use super::tree::{Assert, ByteSet, Node, Tree};
use super::write::{Needs, Target, write};
use super::{BadRegex, Captures, GaveUp};
use memchr::{memchr, memmem};
use regex::Regex;
use regex_automata::dfa::onepass;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use std::sync::Arc;

/// Compiled patterns may take this many bytes before they are left to Oniguruma alone.
const COMPILED_BYTES_MAX: usize = 4 << 20;
/// Tables that a search fills as it goes: one a worker and pattern.
const LAZY_BYTES_MAX: usize = 1 << 20;
const ONEPASS_BYTES_MAX: usize = 1 << 20;

#[derive(Clone)]
pub struct Engine {
    fast: Option<Fast>,
    /// What `fast` finds is what Ruby finds; otherwise it only turns texts away.
    exact: bool,
    /// The texts that `fast` may answer for.
    needs: Needs,
    /// `None` where `fast` answers for everything.
    slow: Option<Arc<Backtracker>>,
}

/// Matching in time linear in the text.
#[derive(Clone)]
enum Fast {
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
    },
    Whole {
        regex: Regex,
        onepass: Option<Arc<onepass::DFA>>,
    },
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Anywhere,
    LineStart,
    TextStart,
}

impl Engine {
    pub fn new(tree: &Tree, dot_newline: bool) -> Result<Engine, BadRegex> {
        let nodes = match &tree.root {
            Node::Concat(nodes) => nodes.as_slice(),
            node => std::slice::from_ref(node),
        };
        if let Some(fast) = Fast::literal(nodes) {
            return Ok(Engine { fast: Some(fast), exact: true, needs: Needs::default(), slow: None });
        }
        let exact = Fast::new(nodes, Target::Exact);
        let is_exact = exact.is_some();
        let (fast, needs) = exact.or_else(|| Fast::new(nodes, Target::Superset)).unzip();
        let needs = needs.unwrap_or_default();
        let alone = is_exact && needs == Needs::default();
        let captures = tree.groups.is_empty() || fast.as_ref().is_some_and(Fast::captures_groups);
        let slow = if alone && captures { None } else { Some(backtracker(nodes, dot_newline)?) };
        Ok(Engine { fast, exact: is_exact, needs, slow })
    }

    fn fast_for(&self, text: &str) -> Option<&Fast> {
        self.fast.as_ref().filter(|_| self.needs.hold(text))
    }

    #[inline]
    pub fn is_match(&self, text: &str, steps_max: u32) -> Result<bool, GaveUp> {
        match (self.fast_for(text), &self.slow) {
            (Some(fast), _) if self.exact => Ok(fast.is_match(text, 0)),
            (Some(fast), _) if !fast.is_match(text, 0) => Ok(false),
            (_, Some(slow)) => slow.is_match(text, 0, steps_max),
            (_, None) => Ok(false),
        }
    }

    pub fn captures(&self, text: &str, from: usize, steps_max: u32, into: &mut Captures) -> Result<bool, GaveUp> {
        match (self.fast_for(text), &self.slow) {
            (Some(fast), None) => Ok(fast.captures(text, from, into)),
            (Some(fast), _) if self.exact && fast.captures_groups() => Ok(fast.captures(text, from, into)),
            (Some(fast), _) if !fast.is_match(text, from) => Ok(false),
            (_, Some(slow)) => slow.captures(text, from, steps_max, into),
            (None, None) => Ok(false),
        }
    }

    /// How it is run, for tests.
    #[cfg(test)]
    pub fn describe(&self) -> String {
        let fast = match &self.fast {
            None => "none",
            Some(Fast::Literal { .. }) => "literal",
            Some(Fast::Lines { onepass: Some(_), .. }) => "lines onepass",
            Some(Fast::Lines { .. }) => "lines",
            Some(Fast::Whole { onepass: Some(_), .. }) => "whole onepass",
            Some(Fast::Whole { .. }) => "whole",
        };
        let slow = if self.slow.is_some() { " + oniguruma" } else { "" };
        format!("{}{fast}{slow}", if self.exact { "" } else { "filter " })
    }
}

impl Needs {
    #[inline]
    fn hold(self, text: &str) -> bool {
        !(self.ascii && !text.is_ascii() || self.no_last_newline && text.ends_with('\n'))
    }
}

fn backtracker(nodes: &[Node], dot_newline: bool) -> Result<Arc<Backtracker>, BadRegex> {
    let Ok((pattern, _)) = write(nodes, Target::Oniguruma, dot_newline) else {
        return Err(BadRegex { at: 0, text: "this pattern cannot be written for oniguruma".into() });
    };
    Backtracker::new(&pattern, dot_newline).map(Arc::new)
}

impl Fast {
    fn literal(nodes: &[Node]) -> Option<Fast> {
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
    fn new(nodes: &[Node], target: Target) -> Option<(Fast, Needs)> {
        if let [Node::Assert(Assert::LineStart), rest @ ..] = nodes {
            let pinned = |node: &Node| matches!(node, Node::Assert(Assert::TextStart));
            let slices_differ = target == Target::Exact && rest.iter().any(|node| node.any(&pinned));
            if !rest.is_empty() && !slices_differ {
                let (pattern, needs) = write(rest, target, false).ok()?;
                let regex = compiled(&format!("\\A(?:{pattern})"))?;
                let first = first_of(rest).map(Arc::new);
                return Some((Fast::Lines { first, regex, onepass: onepass_of(&pattern, target) }, needs));
            }
        }
        let (pattern, needs) = write(nodes, target, false).ok()?;
        Some((Fast::Whole { regex: compiled(&pattern)?, onepass: onepass_of(&pattern, target) }, needs))
    }

    /// Whether `captures` fills in the groups.
    fn captures_groups(&self) -> bool {
        match self {
            Fast::Literal { .. } => true,
            Fast::Lines { onepass, .. } | Fast::Whole { onepass, .. } => onepass.is_some(),
        }
    }

    #[inline]
    fn is_match(&self, text: &str, from: usize) -> bool {
        match self {
            Fast::Literal { place, finder } => find_literal(*place, finder, text, from).is_some(),
            Fast::Lines { first, regex, .. } => {
                at_line_starts(text, from, |at| may_start(first, text, at) && regex.is_match(&text[at..]))
            }
            Fast::Whole { regex, .. } => regex.is_match_at(text, from),
        }
    }

    fn captures(&self, text: &str, from: usize, into: &mut Captures) -> bool {
        match self {
            Fast::Literal { place, finder } => {
                let found = find_literal(*place, finder, text, from);
                into.set(found.map(|at| (at, at + finder.needle().len())))
            }
            Fast::Lines { first, onepass: Some(dfa), .. } => {
                at_line_starts(text, from, |at| may_start(first, text, at) && into.search(dfa, text, at))
            }
            Fast::Lines { first, regex, onepass: None } => at_line_starts(text, from, |at| {
                let found = may_start(first, text, at).then(|| regex.find(&text[at..])).flatten();
                into.set(found.map(|found| (at, at + found.end())))
            }),
            Fast::Whole { regex, onepass } => match (regex.find_at(text, from), onepass) {
                (Some(found), Some(dfa)) => into.search(dfa, text, found.start()),
                (found, _) => into.set(found.map(|found| (found.start(), found.end()))),
            },
        }
    }
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
    onepass::Builder::new().configure(config).syntax(syntax::Config::new()).build(pattern).ok().map(Arc::new)
}

#[inline]
fn find_literal(place: Place, finder: &memmem::Finder<'_>, text: &str, from: usize) -> Option<usize> {
    let literal = finder.needle();
    match place {
        Place::Anywhere => finder.find(&text.as_bytes()[from..]).map(|at| from + at),
        Place::TextStart => (from == 0 && text.as_bytes().starts_with(literal)).then_some(0),
        Place::LineStart => {
            let mut found = None;
            at_line_starts(text, from, |at| {
                found = text.as_bytes()[at..].starts_with(literal).then_some(at);
                found.is_some()
            });
            found
        }
    }
}

/// Calls `try_at` where a caret matches in Ruby, from `from` on, until it says yes.
#[inline]
fn at_line_starts(text: &str, from: usize, mut try_at: impl FnMut(usize) -> bool) -> bool {
    let bytes = text.as_bytes();
    let next = |at: usize| memchr(b'\n', &bytes[at..]).map(|newline| at + newline + 1);
    let starts_line = from == 0 || bytes[from - 1] == b'\n';
    let mut line = if starts_line { Some(from) } else { next(from) };
    while let Some(at) = line {
        if at > 0 && at == bytes.len() {
            return false;
        }
        if try_at(at) {
            return true;
        }
        line = next(at);
    }
    false
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
