//! The operations of the machine.

use super::super::tree::Assert;
use super::sets::{Ahead, Table};
use memchr::memchr;

pub type Pc = u32;

#[derive(Clone, Copy, Debug)]
pub enum Op {
    Match,
    Byte(u8),
    /// Bytes of `Program::texts`.
    Text {
        start: u32,
        len: u32,
    },
    /// One character of a set.
    One(u16),
    /// As many characters of a set as there are; none is given back.
    Take(u16),
    /// The same, but given back one by one where what follows fails.
    Greedy(u16),
    /// As few as what follows allows.
    Lazy(u16),
    /// Goes on at the branches that can begin with the next byte, in order.
    Fork(u16),
    Jump(Pc),
    /// Writes the place into a slot of the groups.
    Save(u16),
    Zero(u16),
    /// Begins one more round of a counted loop.
    Round(u16),
    /// Goes once more round a counted loop, or out of it.
    Count(u16),
    Assert(Assert),
    /// The character before belongs to the set.
    Before {
        set: u16,
        negative: bool,
    },
    /// So many characters back.
    Back(u32),
    /// Remembers how much there is to go back to.
    Mark(u16),
    /// Forgets the choices since the mark.
    Cut(u16),
    /// Forgets them, and goes back to the place of the mark.
    CutAndReturn(u16),
    /// Remembers, and goes on at `after` if what follows fails.
    Unless {
        register: u16,
        after: Pc,
    },
    /// What must not match did.
    Refuse(u16),
}

/// A loop over a set of characters.
#[derive(Debug)]
pub struct Loop {
    pub set: u16,
    pub min: u32,
    pub max: u32,
    /// What can stand behind it.
    pub next: Next,
    /// See `Fork::place`.
    pub place: Option<u32>,
}

/// What can stand at a place, made for looking up.
#[derive(Debug)]
pub struct Next {
    of: [bool; 256],
    pub end: bool,
    /// The only byte that can.
    pub only: Option<u8>,
}

impl Next {
    pub fn new(ahead: &Ahead) -> Next {
        let of = std::array::from_fn(|byte| u8::try_from(byte).is_ok_and(|byte| ahead.has(byte)));
        Next { of, end: ahead.end, only: ahead.only() }
    }

    #[inline(always)]
    pub fn allows(&self, text: &[u8], at: usize) -> bool {
        match text.get(at) {
            Some(byte) => self.of[usize::from(*byte)],
            None => self.end,
        }
    }
}

/// Branches by the byte with which they can begin.
#[derive(Debug)]
pub struct Fork {
    /// The list for each byte, and for the end of the text.
    pub of: [u8; 257],
    /// Lists of branches in their order.
    pub lists: Vec<Box<[Pc]>>,
    /// Its number among the places where it may be remembered that all ways failed; none in a loop that counts, where
    /// it depends on the count.
    pub place: Option<u32>,
}

impl Fork {
    #[inline(always)]
    pub fn list(&self, text: &[u8], at: usize) -> u8 {
        let entry = text.get(at).map_or(256, |byte| usize::from(*byte));
        self.of[entry]
    }
}

/// A loop that counts.
#[derive(Debug)]
pub struct Counted {
    pub counter: u16,
    pub min: u32,
    pub max: u32,
    pub body: Pc,
    pub exit: Pc,
    /// Between the two, once there were enough.
    pub fork: u16,
}

/// Where a match can begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    Anywhere,
    LineStart,
    TextStart,
}

#[derive(Debug)]
pub struct Program {
    pub ops: Vec<Op>,
    pub texts: Vec<u8>,
    pub sets: Vec<Table>,
    pub loops: Vec<Loop>,
    pub forks: Vec<Fork>,
    pub counted: Vec<Counted>,
    pub slots: usize,
    pub counters: usize,
    pub registers: usize,
    pub places: u32,
    pub anchor: Anchor,
    pub start: Next,
}

impl Program {
    /// The first place at or behind `from` where a match can begin.
    #[inline]
    pub fn next_start(&self, text: &[u8], from: usize) -> Option<usize> {
        match self.anchor {
            Anchor::Anywhere => (from..=text.len()).find(|at| self.may_start(text, *at)),
            Anchor::TextStart => (from == 0 && self.may_start(text, 0)).then_some(0),
            Anchor::LineStart => self.next_line(text, from),
        }
    }

    #[inline(always)]
    fn may_start(&self, text: &[u8], at: usize) -> bool {
        self.start.allows(text, at) && is_boundary(text, at)
    }

    fn next_line(&self, text: &[u8], from: usize) -> Option<usize> {
        let next = |at: usize| memchr(b'\n', text.get(at..)?).map(|newline| at + newline + 1);
        let mut line = if from == 0 || text.get(from - 1) == Some(&b'\n') { Some(from) } else { next(from) };
        while let Some(at) = line {
            if self.may_start(text, at) {
                return Some(at);
            }
            line = next(at);
        }
        None
    }
}

/// Whether a character begins there, or the text ends.
#[inline(always)]
pub fn is_boundary(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| byte & 0xC0 != 0x80)
}

/// The place behind the character at `at`.
#[inline(always)]
pub fn next_char(text: &[u8], at: usize) -> usize {
    let mut next = at + 1;
    while !is_boundary(text, next) {
        next += 1;
    }
    next
}

/// The place of the character before `at`.
#[inline(always)]
pub fn char_before(text: &[u8], at: usize) -> usize {
    let mut before = at - 1;
    while !is_boundary(text, before) {
        before -= 1;
    }
    before
}
