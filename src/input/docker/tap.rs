//! One stream of one container: decides which of its lines are new, and collects them for the worker.

use super::ansi;
use super::cursor::{Cursor, Verdict, mark};
use super::held::Held;
use super::joiner::{RawLine, Stream};
use super::rate::Rate;
use super::shared::{Over, Shared, with_patience};
use crate::channel::weight;
use crate::event::Identity;
use crate::event::Timestamp;
use crate::event::chunk::{Chunk, Framing, Line, Place, Source, Watermark};
use crate::event::hints::Hints;
use crate::input::origin::Origin;
use crate::position::{Position, SourceKey};
use std::sync::Arc;

const CHUNK_LINES: usize = 1000;
/// How far the engine's times may be out of order between the streams of a container: the engine takes the time, then waits for
/// its turn to write. Up to 15 ms were measured; a starved engine takes longer.
const DISORDER_NS: u64 = 10_000_000_000;
/// A silent stream is marked no more often.
const MARK_STEP_NS: u64 = 30_000_000_000;

/// The name of a container's stream in the registry.
pub fn key(id: &str, stream: Stream) -> SourceKey {
    SourceKey::new(&format!("docker:{id}:{}", stream.name()))
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is collected, or was before, or is not wanted.
    Well,
    TooMany,
    /// This process wrote it.
    Ours,
}

pub struct Tap {
    stream: Stream,
    source: Arc<Source>,
    pub cursor: Cursor,
    bytes: Vec<u8>,
    lines: Vec<Line>,
    /// How far the lines go, with those that were passed over.
    up_to: Option<Position>,
    /// A worker has chunks of it, and was not told that it has ended.
    is_known: bool,
    /// Of the last chunk.
    watermark: Watermark,
}

impl Tap {
    pub fn new(stream: Stream, origin: &Origin, hints: Option<Arc<Hints>>, shared: &Shared) -> Tap {
        let source = source(stream, origin, hints, shared);
        let cursor = Cursor::new(shared.wiring.ledger.position(&source.key));
        let (bytes, lines, watermark) = (Vec::new(), Vec::new(), Watermark::none());
        Tap { stream, source, cursor, bytes, lines, up_to: None, is_known: false, watermark }
    }

    pub fn stream(&self) -> Stream {
        self.stream
    }

    /// The container has other facts now. What was collected must have been handed over.
    pub fn rename(&mut self, origin: &Origin, shared: &Shared) {
        self.source = source(self.stream, origin, self.source.hints.clone(), shared);
    }

    /// The log is read from the cursor on again.
    pub fn attach(&mut self, repeats: bool, shared: &Shared) {
        if let Some(before) = self.cursor.attach(repeats) {
            self.go_back(before, shared);
        }
    }

    /// Collects the line if it is new, not too old, and not one too many.
    pub fn keep(&mut self, line: RawLine<'_>, rate: &mut Rate, shared: &Shared) -> Kept {
        match self.cursor.judge(line.time, line.text, || shared.wiring.clock.now_ns()) {
            Verdict::New { position, stepped_back } => {
                if stepped_back {
                    self.step_back(position, shared);
                }
                self.up_to = Some(position);
                if shared.is_too_old(line.time) {
                    shared.counters.too_old.increment(1);
                    return Kept::Well;
                }
                if !rate.admits(line.time) {
                    return Kept::TooMany;
                }
                return self.push(line, position, shared);
            }
            Verdict::Repeated | Verdict::Doubtful => shared.counters.repeated.increment(1),
            Verdict::Behind | Verdict::Astray => {}
        }
        Kept::Well
    }

    /// The bytes of lines that were not handed over.
    pub fn collected(&self) -> usize {
        self.bytes.len()
    }

    /// Enough for a chunk.
    pub fn is_full(&self, chunk_bytes: usize) -> bool {
        self.bytes.len() >= chunk_bytes || self.lines.len() >= CHUNK_LINES
    }

    /// Hands over what was collected, and waits until there is room for it. `end`: nothing more comes for now.
    /// `open`: what is held of lines that are open, which have `open_bytes` now; who waits for room holds none.
    pub async fn flush(&mut self, open: &mut Held, open_bytes: usize, shared: &Shared, end: bool) -> Result<(), Over> {
        let Some(up_to) = self.up_to.take() else {
            return if end { self.end(shared).await } else { Ok(()) };
        };
        if self.lines.is_empty() && !end {
            // All were passed over: nobody needs to hear of them.
            shared.wiring.ledger.open(&self.source.key, up_to, 0).settle();
            return Ok(());
        }
        let held = weight(self.bytes.capacity() + self.lines.capacity() * size_of::<Line>());
        if !open.hand_over(held, open_bytes) && !shared.wiring.budget.try_take(held) {
            open.release();
            with_patience(shared.take_from_budget(held), || self.watermark.give_up()).await?;
        }
        self.is_known = !end;
        self.watermark = Watermark::new();
        let receipt = shared.wiring.ledger.open(&self.source.key, up_to, held);
        let chunk = Chunk {
            source: Arc::clone(&self.source),
            bytes: std::mem::take(&mut self.bytes),
            framing: Framing::Lines(std::mem::take(&mut self.lines)),
            arrived: Timestamp::from_nanos(shared.wiring.clock.now_ns()),
            receipt,
            watermark: self.watermark.clone(),
            end,
        };
        shared.hand_over(chunk).await
    }

    /// At this time the log had nothing behind what was handed over.
    pub fn is_quiet_at(&self, time_ns: u64) {
        if self.up_to.is_none() && !self.cursor.doubts() {
            self.watermark.raise(time_ns);
        }
    }

    /// It is not known when the log is read on.
    pub fn give_up_waiting(&self) {
        self.watermark.give_up();
    }

    /// The log was read up to `latest`, and this stream has nothing open: it has nothing before it, less the disorder.
    pub fn pass(&mut self, latest: u64, shared: &Shared) {
        let quiet_until = latest.saturating_sub(DISORDER_NS);
        if let Some(position) = self.cursor.pass(quiet_until, MARK_STEP_NS) {
            shared.wiring.ledger.open(&self.source.key, position, 0).settle();
        }
    }

    fn push(&mut self, line: RawLine<'_>, position: Position, shared: &Shared) -> Kept {
        let start = self.bytes.len();
        shared.wiring.pool.reserve(&mut self.bytes, line.text.len());
        self.bytes.extend_from_slice(line.text);
        if shared.config.strip_ansi {
            ansi::strip_from(&mut self.bytes, start);
        }
        if shared.ourselves.printed(&self.bytes[start..]) {
            self.bytes.truncate(start);
            return Kept::Ours;
        }
        let (start, end) = (start as u32, self.bytes.len() as u32);
        let (time, ordinal) = (position.at, position.ordinal);
        self.lines.push(Line { start, end, time, ordinal, truncated: line.truncated });
        Kept::Well
    }

    /// Somebody set the clock back: after a restart we read from before this line again, and not from before the step only.
    fn step_back(&mut self, position: Position, shared: &Shared) {
        shared.counters.stepped_back.increment(1);
        self.go_back(mark(position.at.saturating_sub(1)), shared);
        tracing::warn!(
            source = self.source.key.as_str(),
            "a line is older than the one before it: a clock was set back"
        );
    }

    /// After a restart we read from `before` on, or from where we would have anyway.
    fn go_back(&self, before: Position, shared: &Shared) {
        let ledger = &shared.wiring.ledger;
        let from = ledger.position(&self.source.key).map_or(before, |delivered| delivered.min(before));
        ledger.begin(&self.source.key, from);
    }

    async fn end(&mut self, shared: &Shared) -> Result<(), Over> {
        let Some(up_to) = self.cursor.at().filter(|_| std::mem::take(&mut self.is_known)) else { return Ok(()) };
        let chunk = Chunk {
            source: Arc::clone(&self.source),
            bytes: Vec::new(),
            framing: Framing::Lines(Vec::new()),
            arrived: Timestamp::from_nanos(shared.wiring.clock.now_ns()),
            receipt: shared.wiring.ledger.open(&self.source.key, up_to, 0),
            watermark: Watermark::none(),
            end: true,
        };
        shared.hand_over(chunk).await
    }
}

fn source(stream: Stream, origin: &Origin, hints: Option<Arc<Hints>>, shared: &Shared) -> Arc<Source> {
    let key = key(&origin.id, stream);
    Arc::new(Source {
        hash: Identity::hash_source(key.as_str(), &shared.wiring.salt),
        input: shared.wiring.input,
        facts: origin.facts(stream.name(), &shared.wiring.host, shared.config.look),
        place: Place::Sequence,
        hints,
        key,
    })
}
