//! Several patterns asked at once: one automaton reads a text and says which of them cannot match it.

use super::RubyRegex;
use super::write::Needs;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::PatternID;
use regex_automata::{Anchored, Input, MatchKind, PatternSet};
use std::sync::Arc;

/// Fewer are asked one by one.
const PATTERNS_MIN: usize = 3;
const NFA_BYTES_MAX: usize = 16 << 20;
/// What the automaton may keep of what it worked out; one a worker and list.
const CACHE_BYTES_MAX: usize = 2 << 20;
/// When the memory was thrown away so often, and a state costs more bytes of text than this, it is no use.
const CLEARED_MAX: usize = 3;
const BYTES_PER_STATE_MIN: usize = 10;

#[derive(Clone)]
pub struct Several {
    dfa: Arc<DFA>,
    cache: Cache,
    /// What the last text may match.
    possible: PatternSet,
    /// On which texts it may be asked.
    needs: Needs,
    /// Whether it knew anything of the last text.
    knows: bool,
}

impl Several {
    /// `None`: too few, or too large to be worth it.
    pub fn new<'r>(regexes: impl Iterator<Item = &'r RubyRegex>) -> Option<Several> {
        let (mut patterns, mut needs) = (Vec::new(), Needs::default());
        for regex in regexes {
            // An empty pattern matches everything.
            let (pattern, needed) = regex.engine.superset().cloned().unwrap_or_default();
            patterns.push(pattern);
            needs.ascii |= needed.ascii;
            needs.no_last_newline |= needed.no_last_newline;
        }
        if patterns.len() < PATTERNS_MIN {
            return None;
        }
        let config = Config::new()
            .match_kind(MatchKind::All)
            .cache_capacity(CACHE_BYTES_MAX)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(CLEARED_MAX))
            .minimum_bytes_per_state(Some(BYTES_PER_STATE_MIN));
        let nfa = thompson::Config::new().nfa_size_limit(Some(NFA_BYTES_MAX));
        let dfa = DFA::builder().configure(config).thompson(nfa).build_many(&patterns).ok()?;
        let (cache, possible) = (dfa.create_cache(), PatternSet::new(dfa.pattern_len()));
        Some(Several { dfa: Arc::new(dfa), cache, possible, needs, knows: false })
    }

    /// Reads a text.
    pub fn ask(&mut self, text: &str) {
        self.possible.clear();
        let input = Input::new(text).anchored(Anchored::No);
        self.knows = self.needs.hold(text)
            && self.dfa.try_which_overlapping_matches(&mut self.cache, &input, &mut self.possible).is_ok();
    }

    /// Whether the pattern with this number cannot match the text that was read.
    pub fn refutes(&self, number: usize) -> bool {
        self.knows && !PatternID::new(number).is_ok_and(|number| self.possible.contains(number))
    }
}
