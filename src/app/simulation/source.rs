//! Containers that print, and the reading of their logs: records, joiners and cursors are the docker input's own; what
//! lies between the engine's socket and them is not here.

use crate::channel::{Budget, weight};
use crate::disk::simulated::Random;
use crate::event::chunk::{Chunk, Framing, Line, Place, Source, Watermark};
use crate::event::{Identity, Timestamp};
use crate::input::docker::parts::{Cursor, Joiners, RawLine, Stream, Verdict};
use crate::position::{Ledger, Position, Receipt, SourceKey};
use std::sync::Arc;

const LINE_BYTES_MAX: usize = 1 << 20;
/// The clock that Docker stamps lines with goes in steps, so that some have equal times, but never so many as would fill a step.
const STEP_NS: u64 = 1_000_000;
/// How much later than it is stamped a line comes to be read: as a rule less than codecs allow for, and on a starved machine more than
/// they wait for any line.
const LATE_MS_MAX: u64 = 250;
const VERY_LATE_MS_MAX: u64 = 6_000;

/// A part of a line, as Docker keeps it.
#[derive(Clone)]
pub struct Record {
    stream: Stream,
    time: u64,
    bytes: Vec<u8>,
}

/// A container, and everything that it ever printed.
#[derive(Default)]
pub struct Container {
    pub log: Vec<Record>,
    last: u64,
    /// What each stream's last line was printed with.
    tags: [Option<&'static str>; 2],
    /// Its engine delivers lines twice when it rotates.
    pub repeats: bool,
    /// Its engine's clock is set back now and then.
    pub steps_back: bool,
}

/// What a line was printed with, and its number.
pub struct Printed {
    pub number: u64,
    pub tag: &'static str,
}

impl Container {
    /// One record as it is.
    pub fn say(&mut self, stream: Stream, time: u64, text: &str) {
        self.log.push(Record { stream, time, bytes: text.as_bytes().to_vec() });
    }

    /// The engine delivers its records from this one on once more.
    pub fn repeat(&mut self, from: usize) {
        self.log.extend_from_within(from..);
    }

    /// Prints a line, or one and what belongs to it, or more of what belongs to the last one: by its time too, unless that was long ago.
    /// Every line has a number of its own.
    pub fn print(&mut self, now_ns: u64, printed: &mut Vec<Printed>, random: &mut Random) {
        let new_tag = match random.below(40) {
            0..=5 => "ERROR",
            6 | 7 => "DROP",
            8 => "POISON",
            9 => "NOOBJECT",
            10 => "UNREADABLE",
            _ => "INFO",
        };
        let stream = if random.one_in(3) { Stream::Stderr } else { Stream::Stdout };
        let more = self.tags[stream as usize].filter(|_| random.one_in(4));
        let tag = more.unwrap_or(new_tag);
        self.tags[stream as usize] = Some(tag);
        let late_ms_max = if random.one_in(4) { VERY_LATE_MS_MAX } else { LATE_MS_MAX };
        for nth in 0..1 + random.below(4) * u64::from(random.one_in(3)) {
            let number = printed.len() as u64;
            printed.push(Printed { number, tag });
            let lead = if nth > 0 || more.is_some() { "\t" } else { "" };
            let text = format!("{lead}n={number}; {tag} {}\n", "x".repeat(random.below(120) as usize));
            let stamped = now_ns - random.below(late_ms_max) * STEP_NS;
            self.last = self.last.max(stamped - stamped % STEP_NS);
            self.store(stream, text.as_bytes(), random);
        }
    }

    fn store(&mut self, stream: Stream, text: &[u8], random: &mut Random) {
        let cut = if random.one_in(5) { 1 + random.below(text.len() as u64 - 1) as usize } else { text.len() };
        let parts = [&text[..cut], &text[cut..]];
        if cut < text.len() {
            // Parts are told from lines by their equal time.
            self.last += STEP_NS;
        }
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            self.log.push(Record { stream, time: self.last, bytes: part.to_vec() });
        }
        if cut < text.len() {
            self.last += STEP_NS;
        }
    }
}

struct Tap {
    source: Arc<Source>,
    cursor: Cursor,
    bytes: Vec<u8>,
    lines: Vec<Line>,
    watermark: Watermark,
    up_to: Option<Position>,
}

/// Who follows a container, from one start of the daemon to its end.
pub struct Reader {
    taps: [Tap; 2],
    joiners: Joiners,
    next: usize,
}

impl Reader {
    pub fn new(id: usize, salt: &str, ledger: &dyn Ledger) -> Reader {
        let tap = |stream: Stream| {
            let name = format!("docker:{id:064x}:{}", stream.name());
            let key = SourceKey::new(&name);
            let cursor = Cursor::new(ledger.position(&key));
            let facts = format!("{{\"container\":{{\"id\":\"{id}\"}},\"stream\":\"{}\"}}", stream.name());
            let hash = Identity::hash_source(&name, salt);
            let source = Arc::new(Source { key, hash, input: 0, facts, place: Place::Sequence, hints: None });
            Tap { source, cursor, bytes: Vec::new(), lines: Vec::new(), watermark: Watermark::none(), up_to: None }
        };
        let taps = Stream::BOTH.map(tap);
        Reader { taps, joiners: Joiners::new(false, LINE_BYTES_MAX), next: 0 }
    }

    /// The log is opened, or opened again.
    pub fn attach(&mut self, container: &Container) {
        self.joiners = Joiners::new(false, LINE_BYTES_MAX);
        for tap in &mut self.taps {
            let back = tap.cursor.attach(container.repeats);
            assert!(back.is_none(), "no engine repeats a whole file here");
        }
        let since = self.taps.iter().map(|tap| tap.cursor.since()).min().unwrap_or(0);
        self.next = container.log.partition_point(|record| record.time < since);
    }

    pub fn is_at_end(&self, container: &Container) -> bool {
        self.next == container.log.len()
    }

    /// Reads so many records, if there is room, and hands over what is whole.
    pub fn read(
        &mut self,
        container: &Container,
        records: usize,
        ledger: &dyn Ledger,
        budget: &Budget,
        now_ns: u64,
    ) -> Vec<Chunk> {
        let Reader { taps, joiners, next } = self;
        for record in container.log.iter().skip(*next).take(records) {
            *next += 1;
            let mut each = |line: RawLine<'_>| taps[line.stream as usize].keep(line, container.steps_back);
            let joiner = joiners.of(record.stream);
            joiner.begin(record.time, &mut each);
            joiner.text(&record.bytes, &mut each);
        }
        let chunks = taps.iter_mut().filter_map(|tap| tap.flush(ledger, budget, now_ns)).collect();
        if *next == container.log.len() {
            let whole = Stream::BOTH.into_iter().filter(|stream| !joiners.is_open(*stream));
            whole.for_each(|stream| taps[stream as usize].watermark.raise(now_ns));
        }
        chunks
    }

    /// Says of each stream that it has ended, if that is so.
    pub fn end(&mut self, container: &Container, ledger: &dyn Ledger, now_ns: u64) -> Vec<Chunk> {
        let is_open = Stream::BOTH.into_iter().any(|stream| self.joiners.is_open(stream));
        if is_open || !self.is_at_end(container) {
            return Vec::new();
        }
        self.taps.iter_mut().filter_map(|tap| tap.end(ledger, now_ns)).collect()
    }
}

impl Tap {
    fn keep(&mut self, line: RawLine<'_>, steps_back: bool) {
        let Verdict::New { position, stepped_back } = self.cursor.judge(line.time, line.text, || line.time) else {
            return;
        };
        assert!(!stepped_back || steps_back, "no clock is set back here");
        self.up_to = Some(position);
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(line.text);
        let end = self.bytes.len() as u32;
        let Position { at: time, ordinal } = position;
        self.lines.push(Line { start, end, time, ordinal, truncated: line.truncated });
    }

    fn flush(&mut self, ledger: &dyn Ledger, budget: &Budget, now_ns: u64) -> Option<Chunk> {
        let up_to = self.up_to.take()?;
        let held = weight(self.bytes.len());
        budget.take_anyway(held);
        Some(self.chunk(ledger.open(&self.source.key, up_to, held), now_ns, false))
    }

    fn end(&mut self, ledger: &dyn Ledger, now_ns: u64) -> Option<Chunk> {
        let receipt = ledger.open(&self.source.key, self.cursor.at()?, 0);
        Some(self.chunk(receipt, now_ns, true))
    }

    fn chunk(&mut self, receipt: Receipt, now_ns: u64, end: bool) -> Chunk {
        self.watermark = Watermark::new();
        Chunk {
            source: Arc::clone(&self.source),
            bytes: std::mem::take(&mut self.bytes),
            framing: Framing::Lines(std::mem::take(&mut self.lines)),
            arrived: Timestamp::from_nanos(now_ns),
            receipt,
            watermark: self.watermark.clone(),
            end,
        }
    }
}
