//! Oniguruma, which matches as Ruby does and backtracks: the only place that names it.
//!
//! A search ends after a number of steps, not after a time, so that the same text always gets the same answer.

use super::{BadRegex, Captures, GaveUp};
use onig::{MatchParam, RegexOptions, Region, SearchOptions, Syntax};
use std::cell::RefCell;

/// Steps that one search may take: 50 to 100 ms. Patterns that do not run away need some thousand.
pub const STEPS_MAX: u32 = 5_000_000;

/// Entries of the stack of choices, about 40 bytes each: a dot-star needs one for each character of the line.
const STACK_MAX: u32 = 1_500_000;

thread_local! {
    /// Where Oniguruma writes what the groups matched; its memory is used again by every search.
    static REGION: RefCell<Region> = RefCell::new(Region::new());
}

#[derive(Debug)]
pub struct Backtracker(onig::Regex);

impl Backtracker {
    pub fn new(pattern: &str, dot_newline: bool) -> Result<Backtracker, BadRegex> {
        let options = if dot_newline { RegexOptions::REGEX_OPTION_MULTILINE } else { RegexOptions::REGEX_OPTION_NONE };
        onig::Regex::with_options(pattern, options, Syntax::ruby())
            .map(Backtracker)
            .map_err(|error| BadRegex { at: 0, text: error.description().to_lowercase() })
    }

    /// Whether it matches at `from` or behind it.
    pub fn is_match(&self, text: &str, from: usize, steps_max: u32) -> Result<bool, GaveUp> {
        self.search(text, from, None, steps_max)
    }

    /// Where its groups match.
    pub fn captures(&self, text: &str, from: usize, steps_max: u32, into: &mut Captures) -> Result<bool, GaveUp> {
        into.spans.clear();
        REGION.with_borrow_mut(|region| {
            let found = self.search(text, from, Some(region), steps_max)?;
            if found {
                into.spans.extend((0..region.len()).map(|group| region.pos(group)));
            }
            Ok(found)
        })
    }

    fn search(&self, text: &str, from: usize, region: Option<&mut Region>, steps_max: u32) -> Result<bool, GaveUp> {
        let mut limits = MatchParam::default();
        limits.set_match_stack_limit(STACK_MAX);
        limits.set_retry_limit_in_match(steps_max);
        // SAFETY: the pointer belongs to `limits`, which lives until the search is over.
        unsafe {
            onig_sys::onig_set_retry_limit_in_search_of_match_param(limits.as_raw(), steps_max.into());
        }
        self.0
            .search_with_param(text, from, text.len(), SearchOptions::SEARCH_OPTION_NONE, region, limits)
            .map(|found| found.is_some())
            .map_err(|_| GaveUp)
    }
}
