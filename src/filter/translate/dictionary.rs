//! A dictionary: what a text becomes.

use crate::event::{Arena, Owned, Value, display};
use crate::filter::ruby_regex::{Captures, RubyRegex};
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::HashMap;
use std::fmt;

/// How keys are found in a text.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// The key is the whole text, or matches it, and its value is the result. Otherwise every key that is found in
    /// the text is replaced by its value.
    pub exact: bool,
    /// Keys are regular expressions.
    pub regex: bool,
}

/// Entries in the order of their file; keys are unique.
pub struct Dictionary {
    entries: Vec<(Box<str>, Owned)>,
    finder: Finder,
}

enum Finder {
    /// The number of the entry that has this key.
    Keys(HashMap<Box<str>, usize>),
    /// Keys within a text: leftmost, then the first as written.
    Words(AhoCorasick),
    /// The first that matches.
    Expressions(Vec<RubyRegex>),
    /// Matches within a text: leftmost, then the first as written.
    Parts(Vec<RubyRegex>),
}

impl Dictionary {
    /// Of keys that are equal, the last one counts, in the place of the first.
    pub fn new(entries: impl IntoIterator<Item = (Box<str>, Owned)>, mode: Mode) -> Result<Dictionary, String> {
        let (mut unique, mut keys): (Vec<(Box<str>, Owned)>, HashMap<Box<str>, usize>) = Default::default();
        for (key, value) in entries {
            match keys.get(&key) {
                Some(at) => unique[*at].1 = value,
                None => {
                    keys.insert(key.clone(), unique.len());
                    unique.push((key, value));
                }
            }
        }
        let finder = Finder::new(&unique, keys, mode)?;
        Ok(Dictionary { entries: unique, finder })
    }

    /// This one with the entries of `newer` over its own.
    pub fn merged(&self, newer: Vec<(Box<str>, Owned)>, mode: Mode) -> Result<Dictionary, String> {
        Dictionary::new(self.entries.iter().cloned().chain(newer), mode)
    }

    /// What `text` becomes; `None` if no key is found.
    pub fn translate<'b>(&self, text: &str, arena: &'b Arena) -> Option<Value<'b>> {
        let value = |at: usize| self.entries[at].1.value(arena);
        match &self.finder {
            Finder::Keys(keys) => keys.get(text).map(|at| value(*at)),
            Finder::Expressions(all) => all.iter().position(|one| one.is_match(text)).map(value),
            Finder::Words(words) => {
                let found = words.find_iter(text).map(|found| (found.start(), found.end(), found.pattern().as_usize()));
                self.replaced(text, found, arena)
            }
            Finder::Parts(all) => self.replaced(text, Parts::of(all, text), arena),
        }
    }

    /// The text with what was found (start, end, entry) replaced.
    fn replaced<'b>(
        &self,
        text: &str,
        found: impl Iterator<Item = (usize, usize, usize)>,
        arena: &'b Arena,
    ) -> Option<Value<'b>> {
        let (mut out, mut from) = (Vec::new(), None);
        for (start, end, entry) in found {
            out.extend_from_slice(&text.as_bytes()[from.unwrap_or(0)..start]);
            display::append(&self.entries[entry].1.value(arena), &mut out);
            from = Some(end);
        }
        out.extend_from_slice(&text.as_bytes()[from?..]);
        Some(Value::copied(arena, &String::from_utf8_lossy(&out)))
    }
}

impl Finder {
    fn new(entries: &[(Box<str>, Owned)], keys: HashMap<Box<str>, usize>, mode: Mode) -> Result<Finder, String> {
        let expression = |(key, _): &(Box<str>, Owned)| {
            RubyRegex::new(key).map_err(|bad| format!("the key `{key}` is no regular expression: {bad}"))
        };
        let expressions = || entries.iter().map(expression).collect::<Result<Vec<_>, _>>();
        Ok(match (mode.exact, mode.regex) {
            (true, false) => Finder::Keys(keys),
            (true, true) => Finder::Expressions(expressions()?),
            (false, true) => Finder::Parts(expressions()?),
            (false, false) => {
                let words = entries.iter().map(|(key, _)| key.as_bytes());
                let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words);
                Finder::Words(built.map_err(|error| format!("it is too large: {error}"))?)
            }
        })
    }
}

/// The matches of several expressions in a text, none over another.
struct Parts<'r, 't> {
    text: &'t str,
    from: usize,
    /// Each expression, and its next match at or behind `from`; `None`: it has none.
    next: Vec<(&'r RubyRegex, Option<(usize, usize)>)>,
    captures: Captures,
}

impl<'r, 't> Parts<'r, 't> {
    fn of(all: &'r [RubyRegex], text: &'t str) -> Self {
        let mut captures = Captures::default();
        let next = all.iter().map(|one| (one, find(one, text, 0, &mut captures))).collect();
        Parts { text, from: 0, next, captures }
    }
}

/// The next match that is not empty; a search that gives up has found nothing.
fn find(one: &RubyRegex, text: &str, from: usize, captures: &mut Captures) -> Option<(usize, usize)> {
    one.captures(text, from, captures).ok().filter(|found| *found)?;
    captures.get(0).filter(|(start, end)| start < end)
}

impl Iterator for Parts<'_, '_> {
    type Item = (usize, usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        for (one, next) in &mut self.next {
            if next.is_some_and(|(start, _)| start < self.from) {
                *next = find(one, self.text, self.from, &mut self.captures);
            }
        }
        let matches = self.next.iter().enumerate().filter_map(|(entry, (_, next))| Some((entry, (*next)?)));
        let (entry, (start, end)) = matches.min_by_key(|(_, (start, _))| *start)?;
        self.from = end;
        Some((start, end, entry))
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dictionary of {}", self.entries.len())
    }
}
