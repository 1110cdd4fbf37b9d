//! A worker: takes chunks, decodes them, runs each event through the program and renders it for the outputs.
//!
//! One event at a time: the arena is reset behind each record, so the working set stays in the cache.
//! A source's chunks always come to the same worker, in order; what its codec holds is kept here.
//! A chunk's receipt is settled by the batches made of it; it stays open while the codec holds lines of it.

use super::Pipeline;
use super::common::Decoration;
use super::program::{Program, Surroundings, Tally, Watcher};
use super::route::Route;
use crate::channel::{Closed, Empty, Receiver, Sender};
use crate::codec::{Decoder, Framer, Reader, hinted};
use crate::event::chunk::{Chunk, Frame, Place, Source, Watermark};
use crate::event::destination::DocBatch;
use crate::event::object::Object;
use crate::event::{Arena, ArenaVec, Event, FieldRef, Shared, Tag, Timestamp, Value, json};
use crate::filter::Effects;
use crate::pool::Pool;
use crate::position::{Position, Receipt, SourceKey};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How often a worker without work looks for records that have waited long enough.
const IDLE_CHECK: Duration = Duration::from_millis(50);

/// How often a worker that has nothing more to come looks for pauses that are noted: for three seconds.
const LAST_LOOKS_MAX: u32 = 60;

/// Less that a codec holds of a source is not counted: a chunk that is larger than the whole budget gets through when nothing is taken.
const HELD_BYTES_FREE: usize = 8 << 10;

/// Where finished events go.
pub trait Outbox {
    /// A chunk of so many bytes begins.
    fn begin(&mut self, _bytes: usize) {}

    /// The event reached output `number`.
    fn document<'b>(&mut self, number: usize, event: &mut Event<'b>, arena: &'b Arena);

    /// Somebody who looks on while events run; nobody in a daemon.
    fn watcher(&mut self) -> Option<&mut dyn Watcher> {
        None
    }

    /// The event has passed all outputs.
    fn end(&mut self, _event: &Event<'_>) {}

    /// The chunk's bytes are no longer read.
    fn spent(&mut self, _bytes: Vec<u8>) {}

    /// A chunk is done: these receipts cover everything rendered since the last call. One that is given back in
    /// part is `share`d first.
    fn flush(&mut self, receipts: Vec<Receipt>) -> Result<(), Deserted>;
}

/// The outputs are gone.
#[derive(Debug)]
pub struct Deserted;

/// What a worker counted since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub records: u64,
    pub bytes: u64,
    pub truncated: u64,
    /// Records that hints of their source leave out.
    pub left_out: u64,
    pub events: Tally,
}

struct WorkerInput {
    decoder: Decoder,
    decoration: Decoration,
}

struct SourceState {
    framer: Box<dyn Framer>,
    reader: Box<dyn Reader>,
    source: Arc<Source>,
    /// Of its last chunk.
    watermark: Watermark,
    /// Calls of `framer.frames` so far.
    calls: u64,
    /// Receipts of chunks that the framer still holds lines of, with the call that brought them.
    open: VecDeque<(u64, Receipt)>,
    /// The source has ended, and what it holds only waits for its pause to be noted.
    has_ended: bool,
}

/// Decodes and runs. Without threads or pipes of its own: a dry run uses it as it is.
pub struct Worker {
    program: Program,
    inputs: Vec<WorkerInput>,
    /// In an order of their own, so that the same lines give the same documents in the same order.
    sources: BTreeMap<SourceKey, SourceState>,
    /// How many sources' codecs hold a record that is not complete.
    holding: usize,
    arena: Arena,
    counts: Vec<Counts>,
    /// When `release_behind` last looked.
    released_ns: u64,
}

impl Worker {
    pub fn new(pipeline: &Pipeline) -> Worker {
        let input = |input: &super::InputSpec| WorkerInput {
            decoder: input.decoder.clone(),
            decoration: input.decoration.clone(),
        };
        let program = pipeline.program.boxed();
        if let Some(rhythm) = program.rhythm() {
            rhythm.join();
        }
        Worker {
            program,
            inputs: pipeline.inputs.iter().map(input).collect(),
            sources: BTreeMap::new(),
            holding: 0,
            arena: Arena::with_capacity(64 << 10),
            counts: vec![Counts::default(); pipeline.inputs.len()],
            released_ns: 0,
        }
    }

    /// What was counted for an input since the last call.
    pub fn take_counts(&mut self, input: usize) -> Counts {
        std::mem::take(&mut self.counts[input])
    }

    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Whether a codec holds a record that is not complete.
    pub fn holds(&self) -> bool {
        self.holding > 0
    }

    /// Takes a chunk through the pipeline.
    pub fn chunk(&mut self, chunk: Chunk, effects: &dyn Effects, outbox: &mut dyn Outbox) -> Result<(), Deserted> {
        let Worker { program, inputs, sources, holding, arena, counts, .. } = self;
        let _rules = program.rules.enter();
        let input = &inputs[chunk.source.input];
        let state = sources.entry(chunk.source.key.clone()).or_insert_with(|| SourceState::new(&chunk, &input.decoder));
        state.source = Arc::clone(&chunk.source);
        state.watermark = chunk.watermark.clone();
        let facts_arena = Arena::new();
        let facts = Facts::read(&chunk.source, chunk.arrived, &facts_arena);
        let counts = &mut counts[chunk.source.input];
        counts.bytes += chunk.bytes.len() as u64;
        outbox.begin(chunk.bytes.len());
        let SourceState { framer, reader, calls, open, has_ended, .. } = &mut *state;
        let mut each =
            |frame: Frame<'_>| record(frame, &facts, input, &mut **reader, program, arena, effects, outbox, counts);
        framer.frames(&chunk, &mut each);
        *holding += usize::from(open.is_empty());
        open.push_back((*calls, chunk.receipt));
        *calls += 1;
        *has_ended = chunk.end;
        if chunk.end {
            framer.release(u64::MAX, true, &|pause| note(open, &chunk.source, pause), &mut each);
        }
        let receipts = state.closing(holding);
        if state.is_done() {
            sources.remove(&chunk.source.key);
        }
        outbox.spent(chunk.bytes);
        outbox.flush(receipts)
    }

    /// How long the worker may wait for a chunk; `None` is for ever.
    fn patience(&self, effects: &dyn Effects) -> Option<Duration> {
        let beat = self.program.rhythm().map(|rhythm| rhythm.until(effects.ticks()));
        if self.holds() { Some(beat.map_or(IDLE_CHECK, |beat| beat.min(IDLE_CHECK))) } else { beat }
    }

    /// Wakes the filters that act by the clock, if it is time and no other worker has.
    pub fn tick(&mut self, effects: &dyn Effects, outbox: &mut dyn Outbox) -> Result<(), Deserted> {
        match self.program.rhythm() {
            Some(rhythm) if rhythm.beats(effects.ticks()) => self.wake(false, effects, outbox),
            _ => Ok(()),
        }
    }

    /// Lets the last records of sources that have ended go: perhaps nobody can read them again.
    fn wait_for_pauses(&mut self, effects: &dyn Effects, outbox: &mut dyn Outbox) -> Result<(), Deserted> {
        for _ in 0..LAST_LOOKS_MAX {
            if !self.sources.values().any(|state| state.has_ended) {
                break;
            }
            std::thread::sleep(IDLE_CHECK);
            self.release(false, effects, outbox)?;
        }
        Ok(())
    }

    /// Ends the worker. Behind the last one of a pipeline, the filters that hold something give it out.
    pub fn finish(mut self, effects: &dyn Effects, outbox: &mut dyn Outbox) -> Result<(), Deserted> {
        match self.program.rhythm() {
            Some(rhythm) if rhythm.leave() => self.wake(true, effects, outbox),
            _ => Ok(()),
        }
    }

    /// What time makes has no line behind it, so its documents carry no receipt and it counts for no input.
    fn wake(&mut self, last: bool, effects: &dyn Effects, outbox: &mut dyn Outbox) -> Result<(), Deserted> {
        let Worker { program, arena, .. } = self;
        let _rules = program.rules.enter();
        outbox.begin(0);
        program.wake(last, Surroundings::new(arena, effects, &mut *outbox));
        arena.reset();
        outbox.flush(Vec::new())
    }

    /// Lets codecs give out what has waited long enough, by the clock and by what is known of their sources; or everything, with
    /// `force`.
    pub fn release(&mut self, force: bool, effects: &dyn Effects, outbox: &mut dyn Outbox) -> Result<(), Deserted> {
        self.release_at(effects.now(), force, effects, outbox)
    }

    /// `release` for a worker that is never without work: by when the chunk that it just did was read, because what was
    /// read before that has come by.
    fn release_behind(
        &mut self,
        arrived: Timestamp,
        effects: &dyn Effects,
        outbox: &mut dyn Outbox,
    ) -> Result<(), Deserted> {
        let arrived_ns = arrived.as_nanos().unwrap_or(0);
        if !self.holds() || arrived_ns < self.released_ns.saturating_add(IDLE_CHECK.as_nanos() as u64) {
            return Ok(());
        }
        self.released_ns = arrived_ns;
        self.release_at(arrived, false, effects, outbox)
    }

    fn release_at(
        &mut self,
        now: Timestamp,
        force: bool,
        effects: &dyn Effects,
        outbox: &mut dyn Outbox,
    ) -> Result<(), Deserted> {
        let Worker { program, inputs, sources, holding, arena, counts, .. } = self;
        let _rules = program.rules.enter();
        for state in sources.values_mut().filter(|state| !state.open.is_empty()) {
            let input = &inputs[state.source.input];
            let facts_arena = Arena::new();
            let source = Arc::clone(&state.source);
            let facts = Facts::read(&source, now, &facts_arena);
            let counts = &mut counts[state.source.input];
            let SourceState { framer, reader, watermark, open, has_ended, .. } = &mut *state;
            let mut each =
                |frame: Frame<'_>| record(frame, &facts, input, &mut **reader, program, arena, effects, outbox, counts);
            let (until_ns, force) = (watermark.until(now.as_nanos().unwrap_or(0)), force || *has_ended);
            framer.release(until_ns, force, &|pause| note(open, &source, pause), &mut each);
            let receipts = state.closing(holding);
            outbox.flush(receipts)?;
        }
        sources.retain(|_, state| !state.is_done());
        Ok(())
    }
}

impl SourceState {
    /// For the source of `chunk`, its first one.
    fn new(chunk: &Chunk, decoder: &Decoder) -> SourceState {
        let source = Arc::clone(&chunk.source);
        let Decoder { mut framer, reader } = hinted::decoder(source.hints.as_ref(), decoder);
        framer.end_behind(chunk.receipt.pauses(&source.key));
        let (watermark, open) = (chunk.watermark.clone(), VecDeque::new());
        SourceState { framer, reader, source, watermark, calls: 0, open, has_ended: false }
    }

    /// Nothing more comes of it.
    fn is_done(&self) -> bool {
        self.has_ended && self.open.is_empty()
    }

    /// The receipts to hand on: all that came under this chunk's documents. What the framer still holds keeps a share;
    /// `holding` is told if it holds nothing any more.
    ///
    /// What it holds is weighed by itself, and the last receipt then stands for the documents: they give their room back when they
    /// have left. Else sources whose codecs hold a line each could take all room, and wait for each other's next ones.
    fn closing(&mut self, holding: &mut usize) -> Vec<Receipt> {
        let kept_from = self.framer.held_since().unwrap_or(u64::MAX);
        let mut out = Vec::with_capacity(self.open.len() + 1);
        while let Some((call, _)) = self.open.front() {
            if *call >= kept_from {
                break;
            }
            out.extend(self.open.pop_front().map(|(_, receipt)| receipt));
        }
        out.extend(self.open.iter().map(|(_, receipt)| receipt.share()));
        *holding -= usize::from(self.open.is_empty() && !out.is_empty());
        let mut kept = self.open.iter().rev().map(|(_, receipt)| receipt);
        if let Some(newest) = kept.next() {
            newest.weigh(Some(self.framer.held()).filter(|held| *held > HELD_BYTES_FREE).unwrap_or(0));
            kept.next().into_iter().for_each(|before| before.weigh(0));
            out.push(newest.apart());
        }
        out
    }
}

/// Whether the pause is noted, under the receipt of the oldest line that is held.
fn note(open: &VecDeque<(u64, Receipt)>, source: &Source, pause: Position) -> bool {
    open.front().is_none_or(|(_, receipt)| receipt.note_pause(&source.key, pause))
}

/// Takes one record through the program.
#[expect(clippy::too_many_arguments, reason = "the parts of one worker, borrowed one by one")]
fn record(
    frame: Frame<'_>,
    facts: &Facts<'_>,
    input: &WorkerInput,
    reader: &mut dyn Reader,
    program: &mut Program,
    arena: &mut Arena,
    effects: &dyn Effects,
    outbox: &mut dyn Outbox,
    counts: &mut Counts,
) {
    {
        let arena = &*arena;
        let start = |frame: &Frame<'_>, nth: u32| facts.start(frame, nth, arena);
        let mut events = Vec::new();
        reader.read(&frame, arena, &start, &mut events);
        if events.is_empty() && facts.are_hinted {
            counts.left_out += 1;
        }
        for mut event in events {
            input.decoration.apply(&mut event, arena);
            let tally = program.run(event, Surroundings::new(arena, effects, &mut *outbox));
            counts.events.passed += tally.passed;
            counts.events.dropped += tally.dropped;
        }
    }
    counts.records += u64::from(frame.lines);
    counts.truncated += u64::from(frame.truncated);
    arena.reset();
}

/// What all events of a chunk start with.
struct Facts<'c> {
    fields: Vec<(&'c str, Shareable<'c>)>,
    /// The entries of the object that the place is written into: `event` or `log`.
    beside: Vec<(&'c str, Shareable<'c>)>,
    place: Place,
    arrived: Timestamp,
    /// The source has hints.
    are_hinted: bool,
}

/// A value that can stand in many events.
enum Shareable<'c> {
    Object(Shared<'c>),
    Other(Value<'c>),
}

impl<'c> Shareable<'c> {
    fn new(value: Value<'c>, arena: &'c Arena) -> Shareable<'c> {
        let Value::Object(object) = value else { return Shareable::Other(value) };
        let mut text = Vec::new();
        json::write::object(&object, &mut text);
        let json = arena.alloc_str(std::str::from_utf8(&text).unwrap_or("{}"));
        Shareable::Object(Shared { object, json })
    }

    fn value<'b>(&'b self, arena: &'b Arena) -> Value<'b>
    where
        'c: 'b,
    {
        match self {
            Shareable::Object(shared) => Value::Shared(shared),
            Shareable::Other(value) => value.copy_in(arena),
        }
    }
}

impl<'c> Facts<'c> {
    fn read(source: &'c Source, arrived: Timestamp, arena: &'c Arena) -> Facts<'c> {
        let mut facts = Facts {
            fields: Vec::new(),
            beside: Vec::new(),
            place: source.place,
            arrived,
            are_hinted: source.hints.is_some(),
        };
        let Ok(object) = json::read::object(&source.facts, arena) else { return facts };
        let holder = holder(source.place);
        for (name, value) in object.into_entries() {
            match value {
                Value::Object(of_place) if Some(name) == holder => {
                    let share = |(name, value)| (name, Shareable::new(value, arena));
                    facts.beside = of_place.into_entries().map(share).collect();
                }
                value => facts.fields.push((name, Shareable::new(value, arena))),
            }
        }
        facts
    }

    /// The event that a record starts from.
    fn start<'b>(&'b self, frame: &Frame<'_>, nth: u32, arena: &'b Arena) -> Event<'b>
    where
        'c: 'b,
    {
        let identity = if nth == 0 { frame.identity } else { frame.identity.derived(u32::MAX, nth) };
        let mut event = Event::new(arena, identity, self.arrived);
        let root = &mut event.root;
        root.push_new("@timestamp", true, Value::Time(frame.time.unwrap_or(self.arrived)));
        root.push_new("@version", true, Value::plain("1"));
        for (name, value) in &self.fields {
            root.put(name, Tag::of(name), false, value.value(arena));
        }
        if let Some(holder) = holder(self.place) {
            let mut object = Object::with_capacity_in(self.beside.len() + 1, arena);
            let (name, place) = match self.place {
                Place::Sequence => ("sequence", frame.identity.at.saturating_add(u64::from(frame.identity.ordinal))),
                _ => ("offset", frame.identity.at),
            };
            object.push_new(name, true, Value::Int(i64::try_from(place).unwrap_or(i64::MAX)));
            for (name, value) in &self.beside {
                object.put(name, Tag::of(name), false, value.value(arena));
            }
            root.put(holder, Tag::of(holder), true, Value::Object(object));
        }
        if frame.truncated || frame.lines > 1 {
            flag(&mut event, frame, arena);
        }
        event
    }
}

/// The object that says where in its source an event stood.
fn holder(place: Place) -> Option<&'static str> {
    match place {
        Place::Sequence => Some("event"),
        Place::Offset => Some("log"),
        Place::None => None,
    }
}

/// Filebeat's `log.flags`: `truncated` for a line that was cut, `multiline` for one that was joined of several.
fn flag<'b>(event: &mut Event<'b>, frame: &Frame<'_>, arena: &'b Arena) {
    let mut flags = ArenaVec::with_capacity_in(2, arena);
    if frame.truncated {
        flags.push(Value::plain("truncated"));
    }
    if frame.lines > 1 {
        flags.push(Value::plain("multiline"));
    }
    let path = FieldRef::parse("[log][flags]").expect("the reference is well formed");
    // Facts that put a text under `log` keep it: the flags are left out then.
    event.set(&path, Value::array(flags), arena).ok();
}

/// Renders documents into one batch an output and sends the batches on.
pub struct Batches {
    routes: Vec<Route>,
    outputs: Vec<Sender<DocBatch>>,
    batches: Vec<DocBatch>,
    /// How many bytes and documents each output had of the last kilobyte read: room for the next batch is taken once.
    sizes: Vec<Size>,
    /// Of the chunk that is under way.
    chunk_bytes: usize,
    pool: Pool,
}

/// Per 1,024 bytes read, rounded up.
#[derive(Clone, Copy, Default)]
struct Size {
    body: usize,
    docs: usize,
}

impl Size {
    fn of(batch: &DocBatch, chunk_bytes: usize) -> Size {
        let per_kilobyte = |count: usize| (count << 10).div_ceil(chunk_bytes.max(1 << 10));
        Size { body: per_kilobyte(batch.body.len()), docs: per_kilobyte(batch.docs.len()) }
    }

    /// Room for as much again, and an eighth more.
    fn room(per_kilobyte: usize, chunk_bytes: usize) -> usize {
        let room = (per_kilobyte * chunk_bytes) >> 10;
        room + room / 8 + 64
    }
}

impl Batches {
    /// `outputs`: one pipe an output, in the pipeline's order.
    /// Bodies are taken from `pool`, and chunks given back to it.
    pub fn new(pipeline: &Pipeline, outputs: Vec<Sender<DocBatch>>, pool: Pool) -> Batches {
        let routes: Vec<Route> = pipeline.outputs.iter().map(|output| output.route.boxed()).collect();
        let batches = routes.iter().map(|_| DocBatch::default()).collect();
        let sizes = vec![Size::default(); routes.len()];
        Batches { routes, outputs, batches, sizes, chunk_bytes: 0, pool }
    }
}

impl Outbox for Batches {
    fn begin(&mut self, bytes: usize) {
        self.chunk_bytes = bytes;
    }

    fn spent(&mut self, bytes: Vec<u8>) {
        self.pool.give(bytes);
    }

    fn document<'b>(&mut self, number: usize, event: &mut Event<'b>, arena: &'b Arena) {
        let batch = &mut self.batches[number];
        if batch.docs.is_empty() {
            let size = self.sizes[number];
            batch.body = self.pool.take(Size::room(size.body, self.chunk_bytes));
            batch.pool = self.pool.clone();
            batch.docs.reserve(Size::room(size.docs, self.chunk_bytes));
        }
        self.routes[number].render(event, arena, batch);
    }

    fn flush(&mut self, receipts: Vec<Receipt>) -> Result<(), Deserted> {
        let held: usize = self.batches.iter().map(DocBatch::held_bytes).sum();
        if let Some(receipt) = receipts.last().filter(|_| held > 0) {
            receipt.weigh(held);
        }
        for ((batch, output), size) in self.batches.iter_mut().zip(&self.outputs).zip(&mut self.sizes) {
            if batch.docs.is_empty() {
                continue;
            }
            let mut full = std::mem::take(batch);
            *size = Size::of(&full, self.chunk_bytes);
            full.receipts = receipts.iter().map(Receipt::share).collect();
            output.send(full).map_err(|Closed(_)| Deserted)?;
        }
        receipts.into_iter().for_each(Receipt::settle);
        Ok(())
    }
}

/// A worker's thread: runs until its pipe is closed and empty. `counted` is called behind each chunk.
///
/// What codecs hold then stays unsettled and is read again at the next start: a group's end is never decided by
/// our own stopping, or the same lines would be grouped otherwise the next time.
pub fn run(
    mut worker: Worker,
    chunks: &Receiver<Chunk>,
    mut outbox: Batches,
    effects: &dyn Effects,
    counted: &mut dyn FnMut(&mut Worker),
) -> Result<(), Deserted> {
    loop {
        let next = match worker.patience(effects) {
            Some(patience) => chunks.recv_timeout(patience),
            None => chunks.recv().ok_or(Empty::Closed),
        };
        match next {
            Ok(chunk) => {
                let arrived = chunk.arrived;
                worker.chunk(chunk, effects, &mut outbox)?;
                worker.release_behind(arrived, effects, &mut outbox)?;
            }
            Err(Empty::Waiting) => worker.release(false, effects, &mut outbox)?,
            Err(Empty::Closed) => {
                worker.wait_for_pauses(effects, &mut outbox)?;
                return worker.finish(effects, &mut outbox);
            }
        }
        worker.tick(effects, &mut outbox)?;
        counted(&mut worker);
    }
}
