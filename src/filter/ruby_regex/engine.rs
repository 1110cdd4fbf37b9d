//! Chooses how a pattern is run, and runs it.

use super::backtrack::Backtracker;
use super::fast::Fast;
use super::machine::{Answer, Machine, Steps};
use super::tree::{Assert, Node, Tree};
use super::write::{Needs, Target, write};
use super::{BadRegex, Captures, GaveUp};
use memchr::memmem::Finder;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

#[derive(Clone)]
pub struct Engine {
    /// A text that stands in every match.
    required: Option<Arc<Finder<'static>>>,
    fast: Option<Fast>,
    /// What `fast` finds is what Ruby finds; otherwise it only turns texts away.
    exact: bool,
    /// The texts that `fast` may answer for.
    needs: Needs,
    /// The match depends on where the search began (`\G`).
    pinned: bool,
    /// Finds groups, and matches where `fast` is not exact.
    machine: Option<Arc<Machine>>,
    luck: Luck,
    /// A pattern that matches at least wherever this one does.
    superset: Option<Arc<(String, Needs)>>,
    /// `None` where `fast` answers for everything.
    slow: Option<Arc<Backtracker>>,
}

impl Engine {
    fn nothing() -> Engine {
        Engine {
            required: None,
            fast: None,
            exact: false,
            needs: Needs::default(),
            pinned: false,
            machine: None,
            luck: Luck::default(),
            superset: None,
            slow: None,
        }
    }

    pub fn superset(&self) -> Option<&(String, Needs)> {
        self.superset.as_deref()
    }

    pub fn new(tree: &Tree, dot_newline: bool) -> Result<Engine, BadRegex> {
        let nodes = match &tree.root {
            Node::Concat(nodes) => nodes.as_slice(),
            node => std::slice::from_ref(node),
        };
        let superset = write(nodes, Target::Superset, false).ok().map(Arc::new);
        if let Some(fast) = Fast::literal(nodes) {
            let needs = Needs::default();
            return Ok(Engine { fast: Some(fast), exact: true, needs, superset, ..Engine::nothing() });
        }
        let pinned = tree.root.any(&|node| matches!(node, Node::Assert(Assert::SearchStart)));
        let exact = Fast::new(nodes, Target::Exact);
        let is_exact = exact.is_some();
        let (fast, needs) = exact.or_else(|| Fast::new(nodes, Target::Superset)).unzip();
        let needs = needs.unwrap_or_default();
        let alone = is_exact && needs == Needs::default();
        let captures = tree.groups.is_empty() || fast.as_ref().is_some_and(Fast::captures_groups);
        let slow = if alone && captures { None } else { Some(backtracker(nodes, dot_newline)?) };
        let required = tree.root.required().map(|text| Arc::new(Finder::new(text.as_bytes()).into_owned()));
        let machine = slow.as_ref().and_then(|_| Machine::new(tree).ok()).map(Arc::new);
        Ok(Engine { required, fast, exact: is_exact, needs, pinned, machine, slow, superset, luck: Luck::default() })
    }

    /// Oniguruma and nothing else.
    pub fn slow_only(tree: &Tree, dot_newline: bool) -> Result<Engine, BadRegex> {
        let slow = Some(backtracker(std::slice::from_ref(&tree.root), dot_newline)?);
        Ok(Engine { slow, ..Engine::nothing() })
    }

    /// The machine, and Oniguruma where it is unsure, for tests.
    #[cfg(test)]
    pub fn machine_only(tree: &Tree, dot_newline: bool) -> Result<Option<Engine>, BadRegex> {
        let machine = Machine::new(tree).ok().map(Arc::new);
        let engine = Engine { machine, ..Engine::slow_only(tree, dot_newline)? };
        Ok(engine.machine.is_some().then_some(engine))
    }

    #[inline]
    pub fn may_match(&self, text: &str, from: usize) -> bool {
        self.required.as_ref().is_none_or(|finder| finder.find(&text.as_bytes()[from..]).is_some())
    }

    #[inline]
    fn fast_for(&self, text: &str) -> Option<&Fast> {
        self.fast.as_ref().filter(|_| self.needs.hold(text))
    }

    /// Where the slow search begins, after the fast one had a look; `None`: there is no match.
    fn slow_start(&self, text: &str, from: usize) -> Option<usize> {
        match self.fast_for(text) {
            Some(fast) => fast.find(text, from).map(|at| if self.pinned { from } else { at }),
            None => Some(from),
        }
    }

    #[inline]
    pub fn is_match(&self, text: &str, steps_max: u32) -> Result<bool, GaveUp> {
        if !self.may_match(text, 0) {
            return Ok(false);
        }
        match (self.fast_for(text), &self.slow) {
            (Some(fast), _) if self.exact => Ok(fast.is_match(text, 0)),
            (_, Some(slow)) => match self.ask_machine(text, 0, steps_max, &mut Captures::default(), &mut 0)? {
                Some(answer) => Ok(answer),
                None => self.slow_start(text, 0).map_or(Ok(false), |from| slow.is_match(text, from, steps_max)),
            },
            (_, None) => Ok(false),
        }
    }

    /// `used`: becomes the steps that the search took; where Oniguruma searches, which does not say, one a byte.
    pub fn captures(
        &self,
        text: &str,
        from: usize,
        steps_max: u32,
        into: &mut Captures,
        used: &mut u64,
    ) -> Result<bool, GaveUp> {
        if !self.may_match(text, from) {
            return Ok(false);
        }
        match (self.fast_for(text), &self.slow) {
            (Some(fast), None) => Ok(fast.captures(text, from, into)),
            (Some(fast), _) if self.exact && fast.captures_groups() => Ok(fast.captures(text, from, into)),
            (_, Some(slow)) => match self.ask_machine(text, from, steps_max, into, used)? {
                Some(answer) => Ok(answer),
                None => {
                    *used = text.len() as u64;
                    self.slow_start(text, from).map_or(Ok(false), |from| slow.captures(text, from, steps_max, into))
                }
            },
            (None, None) => Ok(false),
        }
    }

    /// What the machine says; `None` if it cannot say.
    ///
    /// The answer is always that of `fast` turning texts away and the machine searching from where it points. Where
    /// matches are frequent the machine has a look at the first place before: it finds there what it would find later.
    fn ask_machine(
        &self,
        text: &str,
        from: usize,
        steps_max: u32,
        into: &mut Captures,
        used: &mut u64,
    ) -> Result<Option<bool>, GaveUp> {
        let Some(machine) = &self.machine else { return Ok(None) };
        let fast = self.fast_for(text);
        if fast.is_some() && self.luck.is_good() {
            let mut steps = Steps::new(steps_max);
            match machine.first(text, from, &mut steps, into) {
                // What the search from where `fast` points would have taken: it begins at the same place.
                Ok(Answer::Found) => {
                    *used = steps.used(steps_max);
                    return Ok(Some(true));
                }
                Ok(Answer::None) => return Ok(Some(false)),
                Ok(Answer::Unsure) => return Ok(None),
                Ok(Answer::NotHere { .. }) | Err(GaveUp) => self.luck.worsen(),
            }
        }
        let start = match fast {
            Some(fast) => fast.find(text, from),
            None => Some(from),
        };
        let Some(start) = start else { return Ok(Some(false)) };
        let mut steps = Steps::new(steps_max);
        let answer = machine.search(text, start, &mut steps, into);
        *used = steps.used(steps_max);
        let answer = answer?;
        Ok(match answer {
            Answer::Found => {
                self.luck.improve();
                Some(true)
            }
            Answer::NotHere { .. } | Answer::None => Some(false),
            Answer::Unsure => None,
        })
    }

    /// How it is run, for tests.
    #[cfg(test)]
    pub fn describe(&self) -> String {
        let fast = self.fast.as_ref().map_or("none", Fast::describe);
        let slow = if self.slow.is_some() { " + oniguruma" } else { "" };
        let required = self.required.as_ref().map(|finder| String::from_utf8_lossy(finder.needle()));
        let required = required.map(|text| format!(" if `{text}`")).unwrap_or_default();
        format!("{}{fast}{slow}{required}", if self.exact { "" } else { "filter " })
    }
}

/// Whether the texts of late matched at the first place where they could: what to try first, never what is found.
#[derive(Debug, Default)]
struct Luck(AtomicU8);

/// So many bad texts more than good ones, and it is bad.
const BAD_LUCK: u8 = 3;

impl Luck {
    #[inline]
    fn is_good(&self) -> bool {
        self.0.load(Ordering::Relaxed) < BAD_LUCK
    }

    fn worsen(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).saturating_add(1).min(BAD_LUCK), Ordering::Relaxed);
    }

    fn improve(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
    }
}

impl Clone for Luck {
    fn clone(&self) -> Self {
        Luck::default()
    }
}

impl Needs {
    #[inline]
    pub fn hold(self, text: &str) -> bool {
        !(self.ascii && !text.is_ascii() || self.no_last_newline && text.ends_with('\n'))
    }
}

fn backtracker(nodes: &[Node], dot_newline: bool) -> Result<Arc<Backtracker>, BadRegex> {
    let Ok((pattern, _)) = write(nodes, Target::Oniguruma, dot_newline) else {
        return Err(BadRegex { at: 0, text: "this pattern cannot be written for oniguruma".into() });
    };
    Backtracker::new(&pattern, dot_newline).map(Arc::new)
}
