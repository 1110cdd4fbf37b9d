//! Records that wait, behind the first of them, until the pause that ended it is noted.

use crate::event::chunk::Frame;
use crate::event::{Identity, Timestamp};
use crate::position::Position;

/// Records of a source, in order.
#[derive(Clone, Debug)]
pub struct Withheld {
    /// What is to be noted before they leave.
    pub pause: Position,
    /// The first call whose receipt must stay open.
    pub since: u64,
    bytes: Vec<u8>,
    records: Vec<Record>,
}

/// A `Frame` without its bytes.
#[derive(Clone, Copy, Debug)]
struct Record {
    /// Its end in `Withheld::bytes`.
    end: usize,
    time: Option<Timestamp>,
    identity: Identity,
    truncated: bool,
    damaged: bool,
    lines: u32,
}

impl Withheld {
    pub fn new(pause: Position, since: u64) -> Withheld {
        Withheld { pause, since, bytes: Vec::new(), records: Vec::new() }
    }

    /// Takes one more.
    pub fn keep(&mut self, frame: Frame<'_>) {
        let Frame { bytes, time, identity, truncated, damaged, lines } = frame;
        self.bytes.extend_from_slice(bytes);
        self.records.push(Record { end: self.bytes.len(), time, identity, truncated, damaged, lines });
    }

    pub fn give(self, each: &mut dyn FnMut(Frame<'_>)) {
        let mut from = 0;
        for Record { end, time, identity, truncated, damaged, lines } in self.records {
            each(Frame { bytes: &self.bytes[from..end], time, identity, truncated, damaged, lines });
            from = end;
        }
    }

    /// What they take in memory.
    pub fn held(&self) -> usize {
        self.bytes.len() + self.records.len() * size_of::<Record>()
    }
}
