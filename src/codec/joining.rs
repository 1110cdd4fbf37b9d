//! Lines that belong together as one record: what `multiline` and `auto` share.
//!
//! `Joined` stands between a framer that finds lines and whatever reads them. A `Joiner` decides which lines belong
//! together; the `Group` holds them.
//!
//! Invariants:
//! - A group's end is decided by content and by the lines' own times (a gap longer than `Joiner::gap_ns` ends it), so a
//!   replay joins alike. Who says that a line does not come any more (`release`) must know that the source had none for so
//!   long since the last line was read: the gap, and `LATE_NS` for a line that is stored later than it is stamped. Our own
//!   stopping decides nothing: what is held then is read again.
//! - That nothing came for so long is seen once: read again, the group may have a line more. So its end is a *pause*, which is noted on
//!   disk before the group goes out (`Withheld`), and ends it whenever its lines are read again (`end_behind`). A pause is decided for good
//!   when it is noted: a line that comes later begins anew, and goes out behind the group.
//! - A group of one line is that line. A joined one has the identity of its first line, and `last` says which was its last.
//! - A source's position never comes to rest between two lines of a group: as long as anything is held, the receipts
//!   stay open from the last chunk border that no group lies across.

mod withheld;

use super::{Framer, Noted};
use crate::event::chunk::{Chunk, Frame};
use crate::event::{Identity, Timestamp};
use crate::position::Position;
use std::collections::BTreeSet;
use withheld::Withheld;

/// A border that groups lie across again and again is a border all the same after this many chunks: their bytes count.
const CHAIN_CHUNKS_MAX: u64 = 64;

/// How much later than its time a line may come to be read from a source that has just been read to its end.
pub const LATE_NS: u64 = 300_000_000;

/// Decides which lines belong together; has state, one a source.
pub trait Joiner: Send {
    /// Takes the next line: into `group`, or behind what it gives out of it.
    fn take(&mut self, line: Frame<'_>, group: &mut Group, each: &mut dyn FnMut(Frame<'_>));

    /// Nothing more comes: empties `group`.
    fn end(&mut self, group: &mut Group, each: &mut dyn FnMut(Frame<'_>));

    /// Two lines whose own times are farther apart do not belong together; `None`: however far they are, and a line is waited
    /// for, for ever.
    fn gap_ns(&self) -> Option<u64>;

    fn boxed(&self) -> Box<dyn Joiner>;
}

/// A line that waits.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// Its end in `Group::bytes`.
    end: usize,
    identity: Identity,
    time: Option<Timestamp>,
    truncated: bool,
    /// The call of `frames` that brought it, or one before it.
    call: u64,
}

/// Lines that wait to be one record.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The lines, a newline between two.
    bytes: Vec<u8>,
    lines: Vec<Held>,
    /// The first call whose receipt must stay open, while anything is held.
    since: u64,
    /// The last call across whose beginning a group lay, and where the chain of such calls begins.
    chain: Option<(u64, u64)>,
    /// For lines that come now.
    call: u64,
}

impl Group {
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn bytes_len(&self) -> usize {
        self.bytes.len()
    }

    pub fn push(&mut self, line: Frame<'_>) {
        if self.lines.is_empty() {
            self.since = self.border();
        } else {
            self.bytes.push(b'\n');
        }
        self.bytes.extend_from_slice(line.bytes);
        let Frame { identity, time, truncated, .. } = line;
        self.lines.push(Held { end: self.bytes.len(), identity, time, truncated, call: self.call });
    }

    /// Gives the first `count` lines as one record; the others stay.
    pub fn give(&mut self, count: usize, each: &mut dyn FnMut(Frame<'_>)) {
        self.give_marked(count, false, each);
    }

    /// `give`; `cut`: the record goes on, but is too long to be held any longer.
    pub fn give_marked(&mut self, count: usize, cut: bool, each: &mut dyn FnMut(Frame<'_>)) {
        let count = count.min(self.lines.len());
        let (Some(first), Some(last)) = (self.lines.first(), count.checked_sub(1).map(|at| self.lines[at])) else {
            return;
        };
        let mut identity = first.identity;
        if count > 1 {
            identity.last = last.identity.last.max(last.identity.at.saturating_add(u64::from(last.identity.ordinal)));
        }
        each(Frame {
            bytes: &self.bytes[..last.end],
            time: first.time,
            identity,
            truncated: cut || self.lines[..count].iter().any(|line| line.truncated),
            damaged: false,
            lines: count as u32,
        });
        if last.call > self.since {
            self.chain = Some((last.call, self.since));
        }
        self.forget(count, last.end);
    }

    /// Hands the lines to `take` one by one, each with the call that brought it, and is empty then.
    pub fn again(&mut self, mut take: impl FnMut(Frame<'_>, &mut Group)) {
        let (bytes, lines) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.lines));
        let (now, mut from) = (self.call, 0);
        for line in lines {
            let Held { end, identity, time, truncated, call } = line;
            self.call = call;
            take(Frame { bytes: &bytes[from..end], time, identity, truncated, damaged: false, lines: 1 }, self);
            from = end + 1;
        }
        self.call = now;
    }

    fn forget(&mut self, count: usize, end: usize) {
        if count == self.lines.len() {
            self.lines.clear();
            // A source that once had a long group does not keep the room.
            if self.bytes.capacity() > ROOM_BYTES_KEPT {
                self.bytes = Vec::new()
            } else {
                self.bytes.clear()
            }
            return;
        }
        self.lines.drain(..count);
        self.bytes.drain(..=end);
        self.lines.iter_mut().for_each(|line| line.end -= end + 1);
    }

    fn border(&self) -> u64 {
        match self.chain {
            Some((call, since)) if call == self.call && call - since < CHAIN_CHUNKS_MAX => since,
            _ => self.call,
        }
    }

    fn last_time(&self) -> Option<u64> {
        self.lines.last()?.time?.as_nanos()
    }

    /// Where the last line stands.
    fn last_place(&self) -> Option<Position> {
        self.lines.last().map(|line| place(&line.identity))
    }

    /// The own time of the first line.
    pub fn first_time(&self) -> Option<u64> {
        self.lines.first()?.time?.as_nanos()
    }
}

/// What an empty group keeps of its room.
const ROOM_BYTES_KEPT: usize = 16 << 10;

/// Joins the lines that `lines` finds.
pub struct Joined {
    lines: Box<dyn Framer>,
    joiner: Box<dyn Joiner>,
    group: Group,
    /// Records that are complete and may not go out yet.
    withheld: Option<Withheld>,
    /// Lines behind which a group ended when they were read before.
    pauses: BTreeSet<Position>,
    /// Calls of `frames` so far.
    calls: u64,
    /// When the last line was read.
    arrived_ns: u64,
}

impl Joined {
    pub fn new(lines: impl Framer + 'static, joiner: impl Joiner + 'static) -> Joined {
        Joined {
            lines: Box::new(lines),
            joiner: Box::new(joiner),
            group: Group::default(),
            withheld: None,
            pauses: BTreeSet::new(),
            calls: 0,
            arrived_ns: 0,
        }
    }

    /// Ends the group, by a pause.
    fn pause(&mut self, noted: &Noted<'_>, each: &mut dyn FnMut(Frame<'_>)) {
        let Joined { joiner, group, withheld, .. } = self;
        let Some(pause) = group.last_place() else { return };
        if noted(pause) {
            return joiner.end(group, each);
        }
        let withheld = withheld.insert(Withheld::new(pause, group.since));
        joiner.end(group, &mut |record| withheld.keep(record));
    }
}

/// Takes one line, behind the end of a group that its time ends; and ends the group behind it, if there was a pause.
fn take(
    joiner: &mut dyn Joiner,
    group: &mut Group,
    pauses: &mut BTreeSet<Position>,
    line: Frame<'_>,
    each: &mut dyn FnMut(Frame<'_>),
) {
    if !group.is_empty() && is_apart(joiner, group, &line) {
        joiner.end(group, each);
    }
    joiner.take(line, group, each);
    if !pauses.is_empty() && pauses.remove(&place(&line.identity)) {
        joiner.end(group, each);
    }
}

/// Where the line stands in its source.
fn place(line: &Identity) -> Position {
    Position { at: line.at, ordinal: line.ordinal }
}

fn is_apart(joiner: &dyn Joiner, group: &Group, line: &Frame<'_>) -> bool {
    let (Some(gap), Some(before), Some(now)) =
        (joiner.gap_ns(), group.last_time(), line.time.and_then(Timestamp::as_nanos))
    else {
        return false;
    };
    now.saturating_sub(before) > gap
}

impl Framer for Joined {
    fn frames(&mut self, chunk: &Chunk, each: &mut dyn FnMut(Frame<'_>)) {
        let Joined { lines, joiner, group, pauses, withheld, .. } = self;
        group.call = lines.held_since().unwrap_or(self.calls);
        let mut out = |record: Frame<'_>| match withheld {
            Some(withheld) => withheld.keep(record),
            None => each(record),
        };
        lines.frames(chunk, &mut |line| take(&mut **joiner, group, pauses, line, &mut out));
        self.calls += 1;
        self.arrived_ns = chunk.arrived.as_nanos().unwrap_or(0);
    }

    fn release(&mut self, now_ns: u64, force: bool, noted: &Noted<'_>, each: &mut dyn FnMut(Frame<'_>)) {
        if let Some(withheld) = self.withheld.take_if(|withheld| noted(withheld.pause)) {
            withheld.give(each);
        }
        let Joined { lines, joiner, group, pauses, withheld, arrived_ns, .. } = self;
        let mut out = |record: Frame<'_>| match withheld {
            Some(withheld) => withheld.keep(record),
            None => each(record),
        };
        lines.release(now_ns, force, noted, &mut |line| take(&mut **joiner, group, pauses, line, &mut out));
        let is_over = |gap_ns: u64| now_ns > arrived_ns.saturating_add(gap_ns).saturating_add(LATE_NS);
        // One pause at a time: the next group waits until this one is out.
        if self.withheld.is_none() && (force || joiner.gap_ns().is_some_and(is_over)) {
            self.pause(noted, each);
        }
    }

    fn end_behind(&mut self, pauses: Vec<Position>) {
        self.pauses.extend(pauses);
    }

    fn held(&self) -> usize {
        let withheld = self.withheld.as_ref().map_or(0, Withheld::held);
        self.lines.held() + self.group.bytes_len() + self.group.len() + withheld
    }

    fn held_since(&self) -> Option<u64> {
        let group = (!self.group.is_empty()).then_some(self.group.since);
        let withheld = self.withheld.as_ref().map(|withheld| withheld.since);
        [group, withheld, self.lines.held_since()].into_iter().flatten().min()
    }

    fn boxed(&self) -> Box<dyn Framer> {
        Box::new(Joined {
            lines: self.lines.boxed(),
            joiner: self.joiner.boxed(),
            group: self.group.clone(),
            withheld: self.withheld.clone(),
            pauses: self.pauses.clone(),
            calls: self.calls,
            arrived_ns: self.arrived_ns,
        })
    }
}

#[cfg(test)]
mod tests;
