//! Executes a program at one place of a text.

use super::super::tree::Assert;
use super::super::{Captures, GaveUp};
use super::Steps;
use super::memory::{Memory, Open};
use super::program::{Loop, Op, Pc, Program, char_before, next_char};
use super::sets::{Member, Table};
use memchr::{memchr, memrchr};
use std::cell::RefCell;

/// Choices that may be open at a time, 16 bytes each.
const OPEN_MAX: usize = 1_500_000;
/// So many bytes can be looked at while one step is taken elsewhere.
const BYTES_PER_STEP: usize = 16;
/// A search that goes back so often remembers where it failed.
const FORGETFUL_MAX: u32 = 12;
/// What it may take to remember.
const FAILED_BITS_MAX: usize = 1 << 25;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Found,
    Failed,
    Unsure,
}

thread_local! {
    /// Used again by every search of a thread.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

pub struct Run<'r> {
    program: &'r Program,
    str: &'r str,
    text: &'r [u8],
    memory: &'r mut Memory,
    steps: &'r mut Steps,
    pc: usize,
    at: usize,
    unsure: bool,
    /// How often it went back.
    went_back: u32,
    remembers: bool,
}

impl<'r> Run<'r> {
    /// Whether the program matches at `start`.
    pub fn at(
        program: &Program,
        text: &str,
        start: usize,
        steps: &mut Steps,
        into: &mut Captures,
    ) -> Result<Verdict, GaveUp> {
        if u32::try_from(text.len()).is_err() {
            return Ok(Verdict::Unsure);
        }
        MEMORY.with_borrow_mut(|memory| {
            memory.reset(program);
            let bytes = text.as_bytes();
            let mut run = Run {
                program,
                str: text,
                text: bytes,
                memory,
                steps,
                pc: 0,
                at: start,
                unsure: false,
                went_back: 0,
                remembers: false,
            };
            let verdict = run.go();
            if verdict == Ok(Verdict::Found) {
                let end = run.at;
                memory.write(start, end, into);
            }
            verdict
        })
    }

    fn go(&mut self) -> Result<Verdict, GaveUp> {
        loop {
            let op = self.program.ops[self.pc];
            if matches!(op, Op::Match) {
                return Ok(Verdict::Found);
            }
            self.pc += 1;
            if !self.one(op)? {
                if self.unsure {
                    return Ok(Verdict::Unsure);
                }
                self.steps.take(1)?;
                self.went_back += 1;
                if self.went_back == FORGETFUL_MAX {
                    self.remember();
                }
                if !self.go_back()? {
                    return Ok(if self.unsure { Verdict::Unsure } else { Verdict::Failed });
                }
            }
        }
    }

    /// Whether it matches.
    #[inline(always)]
    fn one(&mut self, op: Op) -> Result<bool, GaveUp> {
        Ok(match op {
            Op::Match => true,
            Op::Byte(byte) => self.byte(byte),
            Op::Text { start, len } => self.literal(start as usize, len as usize),
            Op::One(set) => self.character(&self.program.sets[usize::from(set)]),
            Op::Take(looped) => self.take(&self.program.loops[usize::from(looped)]),
            Op::Greedy(looped) => return self.greedy(&self.program.loops[usize::from(looped)]),
            Op::Lazy(looped) => return self.lazy(&self.program.loops[usize::from(looped)]),
            Op::Fork(fork) => {
                let list = self.program.forks[usize::from(fork)].list(self.text, self.at);
                return self.branch(fork, list, 0, self.at);
            }
            Op::Jump(pc) => self.jump(pc),
            Op::Save(slot) => return self.save(slot),
            Op::Zero(counter) => return self.count_to(counter, 0),
            Op::Round(counter) => {
                return self.count_to(counter, self.memory.counters[usize::from(counter)] + 1);
            }
            Op::Count(counted) => return self.count(counted),
            Op::Assert(assert) => self.assert(assert),
            Op::Before { set, negative } => self.before(set, negative),
            Op::Back(count) => self.back(count),
            Op::Mark(register) => self.mark(register),
            Op::Cut(register) => self.cut(register),
            Op::CutAndReturn(register) => self.cut_and_return(register),
            Op::Unless { register, after } => self.unless(register, after)?,
            Op::Refuse(register) => self.refuse(register),
        })
    }

    #[inline(always)]
    fn byte(&mut self, byte: u8) -> bool {
        let is = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(is);
        is
    }

    #[inline(always)]
    fn literal(&mut self, start: usize, len: usize) -> bool {
        // Byte by byte: the texts are short, a call of memcmp costs more.
        let wanted = &self.program.texts[start..start + len];
        let is = match self.text.get(self.at..self.at + len) {
            Some(there) => there.iter().zip(wanted).all(|(there, wanted)| there == wanted),
            None => false,
        };
        self.at += if is { len } else { 0 };
        is
    }

    /// One character of a set.
    #[inline(always)]
    fn character(&mut self, set: &Table) -> bool {
        let Some(byte) = self.text.get(self.at) else { return false };
        match set.member(*byte) {
            Member::No => false,
            Member::Yes if byte.is_ascii() => {
                self.at += 1;
                true
            }
            member => self.character_beyond(set, member),
        }
    }

    #[cold]
    fn character_beyond(&mut self, set: &Table, member: Member) -> bool {
        self.unsure |= member == Member::Unsure;
        let Some(char) = self.str[self.at..].chars().next() else { return false };
        let is = member == Member::Yes || member == Member::Look && set.has(char);
        self.at += if is { char.len_utf8() } else { 0 };
        is
    }

    /// Takes as many as there are; whether there are enough.
    #[inline(always)]
    fn take(&mut self, looped: &Loop) -> bool {
        let set = &self.program.sets[usize::from(looped.set)];
        if looped.max != u32::MAX || looped.min > 1 {
            return self.take_counted(looped, set);
        }
        let start = self.at;
        loop {
            let mut at = self.at;
            while self.text.get(at).is_some_and(|byte| set.member(*byte) == Member::Yes) {
                at += 1;
            }
            self.at = at;
            let ends = self.text.get(at).is_none_or(|byte| set.member(*byte) == Member::No);
            if ends || !self.character(set) {
                return !self.unsure && (looped.min == 0 || self.at > start);
            }
        }
    }

    fn take_counted(&mut self, looped: &Loop, set: &Table) -> bool {
        let mut count = 0;
        while count < looped.max && self.character(set) {
            count += 1;
        }
        !self.unsure && count >= looped.min
    }

    fn greedy(&mut self, looped: &Loop) -> Result<bool, GaveUp> {
        let start = self.at;
        if !self.take(looped) {
            return Ok(false);
        }
        self.steps.take((self.at - start) / BYTES_PER_STEP)?;
        let least = (0..looped.min).fold(start, |at, _| next_char(self.text, at));
        if self.has_failed(looped.place, least) {
            return Ok(false);
        }
        let (pc, at) = (self.pc, self.at);
        if looped.next.allows(self.text, at) {
            return self.stop_at(looped, pc, least, at);
        }
        self.give_back(looped, pc, least, at)
    }

    /// Goes on at `at`, where the loop may still give back.
    #[inline(always)]
    fn stop_at(&mut self, looped: &Loop, pc: usize, least: usize, at: usize) -> Result<bool, GaveUp> {
        if at > least {
            self.open(Open::GiveBack { pc: pc as Pc, least: least as u32, at: at as u32 })?;
        } else {
            self.last(looped.place, least)?;
        }
        (self.pc, self.at) = (pc, at);
        Ok(true)
    }

    /// Gives back characters until what follows may match.
    fn give_back(&mut self, looped: &Loop, pc: usize, least: usize, from: usize) -> Result<bool, GaveUp> {
        let mut at = from;
        if let Some(only) = looped.next.only {
            self.steps.take((at - least) / BYTES_PER_STEP)?;
            return match memrchr(only, &self.text[least..at]) {
                Some(found) => self.stop_at(looped, pc, least, least + found),
                None => Ok(self.all_failed(looped.place, least)),
            };
        }
        while at > least {
            at = char_before(self.text, at);
            if looped.next.allows(self.text, at) {
                self.steps.take((from - at) / BYTES_PER_STEP)?;
                return self.stop_at(looped, pc, least, at);
            }
        }
        self.steps.take((from - at) / BYTES_PER_STEP)?;
        Ok(self.all_failed(looped.place, least))
    }

    fn lazy(&mut self, looped: &Loop) -> Result<bool, GaveUp> {
        let set = &self.program.sets[usize::from(looped.set)];
        for _ in 0..looped.min {
            if !self.character(set) {
                return Ok(false);
            }
        }
        let (pc, at) = (self.pc, self.at);
        self.take_more(looped, pc, at)
    }

    /// Takes characters until what follows may match.
    fn take_more(&mut self, looped: &Loop, pc: usize, from: usize) -> Result<bool, GaveUp> {
        let set = &self.program.sets[usize::from(looped.set)];
        self.at = from;
        if let Some(only) = looped.next.only
            && set.is_all
        {
            let found = memchr(only, &self.text[from..]);
            self.steps.take(found.unwrap_or(self.text.len() - from) / BYTES_PER_STEP)?;
            let Some(found) = found else { return Ok(false) };
            self.at += found;
        } else {
            while !looped.next.allows(self.text, self.at) {
                if !self.character(set) {
                    return Ok(false);
                }
            }
            self.steps.take((self.at - from) / BYTES_PER_STEP)?;
        }
        if self.has_failed(looped.place, self.at) {
            return Ok(false);
        }
        let more = self.text.get(self.at).is_some_and(|byte| set.member(*byte) != Member::No);
        if more {
            self.open(Open::TakeMore { pc: pc as Pc, at: self.at as u32 })?;
        }
        self.pc = pc;
        Ok(true)
    }

    /// Takes the `next` branch of a list.
    #[inline(always)]
    fn branch(&mut self, fork: u16, list: u8, next: u16, at: usize) -> Result<bool, GaveUp> {
        let table = &self.program.forks[usize::from(fork)];
        let branches = &table.lists[usize::from(list)];
        let Some(pc) = branches.get(usize::from(next)) else { return Ok(false) };
        if branches.len() > 1 {
            if next == 0 && self.has_failed(table.place, at) {
                return Ok(false);
            }
            if usize::from(next) + 1 < branches.len() {
                self.open(Open::Branches { fork, list, next: next + 1, at: at as u32 })?;
            } else {
                self.last(table.place, at)?;
            }
        }
        (self.pc, self.at) = (*pc as usize, at);
        Ok(true)
    }

    #[inline(always)]
    fn jump(&mut self, pc: Pc) -> bool {
        self.pc = pc as usize;
        true
    }

    #[inline(always)]
    fn save(&mut self, slot: u16) -> Result<bool, GaveUp> {
        let was = std::mem::replace(&mut self.memory.slots[usize::from(slot)], self.at as u32);
        // Where there is nothing to go back to, nothing is put back.
        if !self.memory.open.is_empty() {
            self.open(Open::Slot { slot, was })?;
        }
        Ok(true)
    }

    #[inline(always)]
    fn count_to(&mut self, counter: u16, count: u32) -> Result<bool, GaveUp> {
        let was = std::mem::replace(&mut self.memory.counters[usize::from(counter)], count);
        if !self.memory.open.is_empty() {
            self.open(Open::Counter { counter, was })?;
        }
        Ok(true)
    }

    /// Goes on with one more round of a loop that counts, or behind it.
    fn count(&mut self, counted: u16) -> Result<bool, GaveUp> {
        let counted = &self.program.counted[usize::from(counted)];
        let count = self.memory.counters[usize::from(counted.counter)];
        if count < counted.min {
            return Ok(self.jump(counted.body));
        }
        if count >= counted.max {
            return Ok(self.jump(counted.exit));
        }
        let list = self.program.forks[usize::from(counted.fork)].list(self.text, self.at);
        self.branch(counted.fork, list, 0, self.at)
    }

    #[inline(always)]
    fn assert(&mut self, assert: Assert) -> bool {
        let (text, at) = (self.text, self.at);
        match assert {
            Assert::TextStart => at == 0,
            Assert::TextEnd => at == text.len(),
            Assert::LineStart => at == 0 || text[at - 1] == b'\n' && at < text.len(),
            Assert::LineEnd => text.get(at).is_none_or(|byte| *byte == b'\n'),
            Assert::LastLineEnd => at == text.len() || at + 1 == text.len() && text[at] == b'\n',
            Assert::WordBoundary => self.is_word_boundary(),
            Assert::NotWordBoundary => !self.is_word_boundary() && !self.unsure,
            Assert::SearchStart => false,
        }
    }

    #[inline(always)]
    fn is_word_boundary(&mut self) -> bool {
        let before = self.at.checked_sub(1).map_or(0, |at| self.text[at]);
        let behind = self.text.get(self.at).copied().unwrap_or(0);
        if !(before | behind).is_ascii() {
            self.unsure = true;
            return false;
        }
        is_word(before) != is_word(behind)
    }

    fn before(&mut self, set: u16, negative: bool) -> bool {
        if self.at == 0 {
            return negative;
        }
        let at = self.at;
        self.at = char_before(self.text, at);
        let is = self.character(&self.program.sets[usize::from(set)]);
        self.at = at;
        !self.unsure && is != negative
    }

    fn back(&mut self, count: u32) -> bool {
        for _ in 0..count {
            if self.at == 0 {
                return false;
            }
            self.at = char_before(self.text, self.at);
        }
        true
    }

    #[inline(always)]
    fn mark(&mut self, register: u16) -> bool {
        self.memory.marks[usize::from(register)] = (self.memory.open.len() as u32, self.at as u32);
        true
    }

    #[inline(always)]
    fn cut(&mut self, register: u16) -> bool {
        let (height, _) = self.memory.marks[usize::from(register)];
        self.memory.cut(height as usize);
        true
    }

    fn cut_and_return(&mut self, register: u16) -> bool {
        let (height, at) = self.memory.marks[usize::from(register)];
        self.memory.cut(height as usize);
        self.at = at as usize;
        true
    }

    fn unless(&mut self, register: u16, after: Pc) -> Result<bool, GaveUp> {
        self.mark(register);
        self.open(Open::Go { pc: after, at: self.at as u32 })?;
        Ok(true)
    }

    fn refuse(&mut self, register: u16) -> bool {
        let (height, _) = self.memory.marks[usize::from(register)];
        while self.memory.open.len() > height as usize {
            if let Some(open) = self.memory.open.pop() {
                self.memory.put_back(open);
            }
        }
        false
    }

    #[inline(always)]
    fn open(&mut self, open: Open) -> Result<(), GaveUp> {
        if self.memory.open.len() >= OPEN_MAX {
            return Err(GaveUp);
        }
        self.memory.open.push(open);
        Ok(())
    }

    #[cold]
    fn remember(&mut self) {
        let bits = self.program.places as usize * (self.text.len() + 1);
        self.remembers = bits <= FAILED_BITS_MAX;
        if self.remembers {
            self.memory.failed.clear();
            self.memory.failed.resize(bits.div_ceil(64), 0);
        }
    }

    fn bit(&self, place: u32, at: usize) -> (usize, u64) {
        let bit = place as usize * (self.text.len() + 1) + at;
        (bit / 64, 1 << (bit % 64))
    }

    /// Whether all ways from this place failed before.
    #[inline(always)]
    fn has_failed(&self, place: Option<u32>, at: usize) -> bool {
        self.remembers
            && place.is_some_and(|place| {
                let (word, bit) = self.bit(place, at);
                self.memory.failed[word] & bit != 0
            })
    }

    /// Remembers that all ways failed; says so.
    fn all_failed(&mut self, place: Option<u32>, at: usize) -> bool {
        if let Some(place) = place.filter(|_| self.remembers) {
            let (word, bit) = self.bit(place, at);
            self.memory.failed[word] |= bit;
        }
        false
    }

    /// The last way from a place is about to be tried.
    #[inline(always)]
    fn last(&mut self, place: Option<u32>, at: usize) -> Result<(), GaveUp> {
        match place {
            Some(place) if self.remembers => self.open(Open::Last { place, at: at as u32 }),
            _ => Ok(()),
        }
    }

    /// The loop whose operation stands before `pc`.
    fn loop_before(&self, pc: Pc) -> &'r Loop {
        match self.program.ops[pc as usize - 1] {
            Op::Greedy(looped) | Op::Lazy(looped) => &self.program.loops[usize::from(looped)],
            op => unreachable!("{op:?} leaves no loop open"),
        }
    }

    /// Goes back to the last choice that has another way; whether there is one.
    fn go_back(&mut self) -> Result<bool, GaveUp> {
        let program = self.program;
        while let Some(open) = self.memory.open.pop() {
            let goes_on = match open {
                Open::Go { pc, at } => {
                    (self.pc, self.at) = (pc as usize, at as usize);
                    true
                }
                Open::Branches { fork, list, next, at } => self.branch(fork, list, next, at as usize)?,
                Open::GiveBack { pc, least, at } => {
                    let looped = self.loop_before(pc);
                    self.give_back(looped, pc as usize, least as usize, at as usize)?
                }
                Open::TakeMore { pc, at } => {
                    let looped = self.loop_before(pc);
                    self.last(looped.place, at as usize)?;
                    self.at = at as usize;
                    let set = &program.sets[usize::from(looped.set)];
                    self.character(set) && self.take_more(looped, pc as usize, self.at)?
                }
                Open::Last { place, at } => self.all_failed(Some(place), at as usize),
                put_back => {
                    self.memory.put_back(put_back);
                    false
                }
            };
            if goes_on || self.unsure {
                return Ok(goes_on);
            }
        }
        Ok(false)
    }
}

#[inline(always)]
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
