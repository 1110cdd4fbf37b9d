//! Ruby's regular expressions, for `grok`, `gsub` and the pipeline's `=~`.
//!
//! A pattern is read into a tree of our own (`tree`, `parse`, `class`, `groups`). From the tree it is written (`write`)
//! for the engine that answers fastest with the same meaning:
//! - a literal, at line starts or anywhere, is compared;
//! - what needs no backtracking runs on the `regex` crate, whose leftmost-first matches and captures are those of a
//!   backtracking engine; where the two differ for some texts (`write::Needs`), those texts go to Oniguruma;
//! - the rest runs on a backtracking machine of our own (`machine`) and, where that cannot say, on Oniguruma
//!   (`backtrack`), both behind a weakened pattern for the `regex` crate that matches at least wherever the true one
//!   does, and turns most texts away. `several` asks the weakened patterns of a list in one go.
//!
//! Ruby's meaning: `^` and `$` match at line ends, `\d \w \s \h` are ASCII, POSIX classes and `\b` are Unicode, a dot
//! matches no newline unless told so.

mod backtrack;
mod class;
mod engine;
mod fast;
mod groups;
mod machine;
mod parse;
mod replace;
mod several;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub use backtrack::STEPS_MAX;
pub use replace::Replacement;
pub use several::Several;

use engine::Engine;
use regex_automata::dfa::onepass;
use regex_automata::util::primitives::NonMaxUsize;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A regular expression that was compiled. Clones share it, but not the memory it works with.
#[derive(Clone)]
pub struct RubyRegex {
    pattern: Arc<str>,
    groups: Arc<[Option<Box<str>>]>,
    engine: Engine,
    steps_max: u32,
}

/// How a pattern is read and run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A dot matches a newline: Ruby's option `m`.
    pub dot_newline: bool,
    /// Groups without a name capture nothing.
    pub named_only: bool,
    /// When a search gives up; 0 is never.
    pub steps_max: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { dot_newline: false, named_only: false, steps_max: STEPS_MAX }
    }
}

/// Why a text is no regular expression.
#[derive(Clone, Debug, PartialEq)]
pub struct BadRegex {
    /// Where in the pattern, in bytes.
    pub at: usize,
    pub text: String,
}

impl fmt::Display for BadRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The search took too many steps and was ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaveUp;

/// Where groups matched: start and end in bytes, group 0 is the match itself. Reused from search to search.
#[derive(Default)]
pub struct Captures {
    spans: Vec<Option<(usize, usize)>>,
    slots: Vec<Option<NonMaxUsize>>,
    cache: Option<onepass::Cache>,
}

impl Captures {
    pub fn get(&self, group: usize) -> Option<(usize, usize)> {
        self.spans.get(group).copied().flatten()
    }
}

impl RubyRegex {
    /// Reads a pattern; a dot matches no newline.
    pub fn new(pattern: &str) -> Result<RubyRegex, BadRegex> {
        RubyRegex::with_options(pattern, Options::default())
    }

    pub fn with_options(pattern: &str, options: Options) -> Result<RubyRegex, BadRegex> {
        let tree = parse::parse(pattern, options)?;
        let engine = Engine::new(&tree, options.dot_newline)?;
        let steps_max = options.steps_max;
        Ok(RubyRegex { pattern: pattern.into(), groups: tree.groups.into(), engine, steps_max })
    }

    /// The same pattern on Oniguruma alone: what benches and tests compare with.
    pub fn slow_only(pattern: &str, options: Options) -> Result<RubyRegex, BadRegex> {
        let tree = parse::parse(pattern, options)?;
        let engine = Engine::slow_only(&tree, options.dot_newline)?;
        Ok(RubyRegex { pattern: pattern.into(), groups: tree.groups.into(), engine, steps_max: options.steps_max })
    }

    /// The same pattern on the machine; `None` if that cannot run it.
    #[cfg(test)]
    pub fn machine_only(pattern: &str, options: Options) -> Result<Option<RubyRegex>, BadRegex> {
        let tree = parse::parse(pattern, options)?;
        let Some(engine) = Engine::machine_only(&tree, options.dot_newline)? else { return Ok(None) };
        let steps_max = options.steps_max;
        Ok(Some(RubyRegex { pattern: pattern.into(), groups: tree.groups.into(), engine, steps_max }))
    }

    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// The names of the groups, from group 1 on. Where any has a name, nameless groups do not count.
    pub fn groups(&self) -> &[Option<Box<str>>] {
        &self.groups
    }

    /// Whether it matches anywhere; a search that gives up has found nothing.
    #[inline]
    pub fn is_match(&self, text: &str) -> bool {
        self.try_match(text).unwrap_or(false)
    }

    /// Whether it matches anywhere.
    #[inline]
    pub fn try_match(&self, text: &str) -> Result<bool, GaveUp> {
        self.engine.is_match(text, self.steps_max)
    }

    /// Whether the text that stands in every match stands in this text: looked at much faster than a match.
    #[inline]
    pub fn may_match(&self, text: &str) -> bool {
        self.engine.may_match(text, 0)
    }

    /// The first match at or behind `from` and its groups.
    pub fn captures(&self, text: &str, from: usize, into: &mut Captures) -> Result<bool, GaveUp> {
        self.engine.captures(text, from, self.steps_max, into, &mut 0)
    }

    /// `captures` with steps that are shared with other searches: `left` is what is left of them, and becomes less.
    pub fn captures_within(&self, text: &str, left: &mut u32, into: &mut Captures) -> Result<bool, GaveUp> {
        if *left == 0 {
            return Err(GaveUp);
        }
        let mut used = 0;
        let found = self.engine.captures(text, 0, *left, into, &mut used);
        *left = left.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX));
        found
    }

    /// The text with every match replaced, as Ruby's `gsub` does; borrowed if nothing matched. A search that gives up
    /// leaves the rest of the text as it is.
    pub fn replace_all<'t>(&self, text: &'t str, replacement: &Replacement) -> Cow<'t, str> {
        replace::all(self, text, replacement)
    }
}

impl fmt::Debug for RubyRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.pattern)
    }
}

/// Two are equal when they were made of the same text.
impl PartialEq for RubyRegex {
    fn eq(&self, other: &RubyRegex) -> bool {
        self.pattern == other.pattern
    }
}
