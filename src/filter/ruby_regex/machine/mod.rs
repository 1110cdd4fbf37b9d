//! A backtracking machine of our own: it matches as Oniguruma does, and seldom has to go back.
//!
//! A tree is compiled (`compile`) to a program of a few operations on bytes (`program`), which `run` executes. Each
//! way is tried in the order in which Ruby tries it; what makes it fast is what it need not try:
//! - a choice looks at the next byte and keeps only the branches that can begin with it;
//! - a loop over a set of characters gives nothing back where what follows cannot begin with a character of the set,
//!   or where what follows cannot fail;
//! - what neighbouring branches begin with is tried once for all of them (`factor`);
//! - where it gives back, it stops only at bytes with which what follows can begin.
//!
//! What it cannot do as Oniguruma does (loops that may take nothing, references to groups, Unicode's properties) is
//! `Unfit`; where a text beyond ASCII would need Unicode's tables it says `Unsure`, and Oniguruma answers instead.
//! Steps are counted as in `backtrack`: a search that runs away gives up, at the same step each time.

mod compile;
mod factor;
mod memory;
mod program;
mod run;
mod sets;

use super::tree::Tree;
use super::{Captures, GaveUp};
use program::Program;
use run::{Run, Verdict};

/// The machine cannot run this pattern.
#[derive(Debug)]
pub struct Unfit;

/// A compiled pattern.
#[derive(Debug)]
pub struct Machine(Program);

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    Found,
    /// Nothing matches from the place that was asked for; what follows it was not looked at.
    NotHere {
        next: usize,
    },
    None,
    /// Oniguruma has to be asked.
    Unsure,
}

impl Machine {
    pub fn new(tree: &Tree) -> Result<Machine, Unfit> {
        compile::compile(&factor::factored(&tree.root), tree.groups.len()).map(Machine)
    }

    /// Tries the first place at or behind `from` where a match can begin.
    #[inline]
    pub fn first(&self, text: &str, from: usize, steps: &mut Steps, into: &mut Captures) -> Result<Answer, GaveUp> {
        let Some(start) = self.0.next_start(text.as_bytes(), from) else { return Ok(Answer::None) };
        match Run::at(&self.0, text, start, steps, into)? {
            Verdict::Found => Ok(Answer::Found),
            Verdict::Unsure => Ok(Answer::Unsure),
            Verdict::Failed => Ok(Answer::NotHere { next: program::next_char(text.as_bytes(), start) }),
        }
    }

    /// Tries every place from `from` on.
    pub fn search(
        &self,
        text: &str,
        mut from: usize,
        steps: &mut Steps,
        into: &mut Captures,
    ) -> Result<Answer, GaveUp> {
        loop {
            match self.first(text, from, steps, into)? {
                Answer::NotHere { next } if next <= text.len() => from = next,
                Answer::NotHere { .. } => return Ok(Answer::None),
                answer => return Ok(answer),
            }
        }
    }
}

/// How many steps a search may still take.
#[derive(Clone, Copy, Debug)]
pub struct Steps(u64);

impl Steps {
    /// `max` 0: without end.
    pub fn new(max: u32) -> Steps {
        Steps(if max == 0 { u64::MAX } else { max.into() })
    }

    /// How many of `max` were taken.
    pub fn used(self, max: u32) -> u64 {
        Steps::new(max).0 - self.0
    }

    #[inline(always)]
    fn take(&mut self, count: usize) -> Result<(), GaveUp> {
        self.0 = self.0.checked_sub(count as u64).ok_or(GaveUp)?;
        Ok(())
    }
}
