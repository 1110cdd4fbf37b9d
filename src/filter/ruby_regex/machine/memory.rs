//! What a search works with: the ways that it may still take, and what the groups matched so far.

use super::super::Captures;
use super::program::{Pc, Program};

/// What a thread keeps of the memory of a search that needed more.
const KEPT_MAX: usize = 1 << 14;
const UNSET: u32 = u32::MAX;

/// What to go back to, or to put back on the way.
#[derive(Clone, Copy, Debug)]
pub enum Open {
    Go {
        pc: Pc,
        at: u32,
    },
    /// The branches of a list that were not tried.
    Branches {
        fork: u16,
        list: u8,
        next: u16,
        at: u32,
    },
    /// A loop that took the characters from `least` to `at`.
    GiveBack {
        pc: Pc,
        least: u32,
        at: u32,
    },
    /// A loop that took nothing behind `at`.
    TakeMore {
        pc: Pc,
        at: u32,
    },
    Slot {
        slot: u16,
        was: u32,
    },
    Counter {
        counter: u16,
        was: u32,
    },
    /// The last way from a place is being tried: when it fails, all failed.
    Last {
        place: u32,
        at: u32,
    },
}

#[derive(Default)]
pub struct Memory {
    pub open: Vec<Open>,
    pub slots: Vec<u32>,
    pub counters: Vec<u32>,
    /// How much was open, and the place, when a group or a look-around began.
    pub marks: Vec<(u32, u32)>,
    /// By place of the program and of the text: all ways failed there. Kept once a search has gone back often.
    pub failed: Vec<u64>,
}

impl Memory {
    pub fn reset(&mut self, program: &Program) {
        self.open.clear();
        self.open.shrink_to(KEPT_MAX);
        self.slots.clear();
        self.slots.resize(program.slots, UNSET);
        self.counters.clear();
        self.counters.resize(program.counters, 0);
        self.marks.resize(self.marks.len().max(program.registers), (0, 0));
    }

    /// Forgets the choices above `height`; what they would have put back is put back with those below.
    #[inline(always)]
    pub fn cut(&mut self, height: usize) {
        if height == 0 {
            return self.open.clear();
        }
        let mut kept = height;
        for at in height..self.open.len() {
            if matches!(self.open[at], Open::Slot { .. } | Open::Counter { .. }) {
                self.open[kept] = self.open[at];
                kept += 1;
            }
        }
        self.open.truncate(kept);
    }

    pub fn put_back(&mut self, open: Open) {
        match open {
            Open::Slot { slot, was } => self.slots[usize::from(slot)] = was,
            Open::Counter { counter, was } => self.counters[usize::from(counter)] = was,
            _ => {}
        }
    }

    pub fn write(&self, start: usize, end: usize, into: &mut Captures) {
        into.spans.clear();
        into.spans.push(Some((start, end)));
        let span = |pair: &[u32]| match pair {
            [start, end] if *start != UNSET && *end != UNSET => Some((*start as usize, *end as usize)),
            _ => None,
        };
        into.spans.extend(self.slots[2..].chunks_exact(2).map(span));
    }
}
