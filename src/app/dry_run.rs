//! The dry run: the compiled pipeline in another wiring, without threads, state or network.
//!
//! Fixtures take the place of the inputs, a collecting outbox that of the outputs; everything between is the same.

use super::world::Hurried;
use crate::codec::{Build, Framer, NoExpressions, hinted};
use crate::event::Timestamp;
use crate::event::chunk::Chunk;
use crate::event::destination::DocBatch;
use crate::event::identity::ID_LEN;
use crate::event::{Arena, Event, TAGS};
use crate::filter::Effects;
use crate::input::docker::{self, Asked};
use crate::input::fixture::{Fixture, Shape, guess};
use crate::input::origin::Origin;
use crate::pipeline::program::Watcher;
use crate::pipeline::route::Route;
use crate::pipeline::worker::{Deserted, Outbox, Worker};
use crate::pipeline::{InputSpec, Pipeline};
use crate::plugin::Settings;
use crate::position::{Receipt, SourceKey};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// One document as it would be indexed.
#[derive(Debug)]
pub struct Document<'d> {
    /// `None`: the event reached no output with an index.
    pub index: Option<&'d str>,
    pub id: &'d str,
    /// The document's JSON.
    pub source: &'d str,
}

/// Shows events in the order of the fixture.
pub trait Show {
    /// An event that came to the end, with the documents made of it: at least one.
    fn event(&mut self, event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()>;

    /// It wants to see the way of each event, too.
    fn watcher(&mut self) -> Option<&mut dyn Watcher> {
        None
    }
}

/// What a dry run counted.
#[derive(Debug, Default)]
pub struct Summary {
    pub lines: u64,
    pub events: u64,
    pub dropped: u64,
    /// Nobody said that the lines are JSON events: they look so.
    pub guessed_events: bool,
    /// Documents by index; those without one under `""`.
    pub documents: BTreeMap<String, u64>,
    /// What is to be known of the container's hints, a sentence each.
    pub notes: Vec<String>,
    pub tags: BTreeMap<String, u64>,
    pub elapsed: Duration,
}

/// A text to run.
pub struct Input<'a> {
    /// Its path, or `-`.
    pub name: &'a str,
    pub bytes: &'a [u8],
    /// `None`: tell by looking.
    pub shape: Option<Shape>,
}

/// Runs `input` through `pipeline`. The error is the sink's.
pub fn run(pipeline: &mut Pipeline, input: &Input<'_>, show: &mut dyn Show) -> io::Result<Summary> {
    run_at(pipeline, input, None, show)
}

/// `run`, with the time that it is for the pipeline; `None`: now.
pub fn run_at(
    pipeline: &mut Pipeline,
    input: &Input<'_>,
    clock: Option<Timestamp>,
    show: &mut dyn Show,
) -> io::Result<Summary> {
    run_in(pipeline, input, &container_beside(Path::new(input.name)), &Hurried::at(clock), show)
}

/// `run`, with the container (`container_beside`) and the world that filters see.
pub fn run_in(
    pipeline: &mut Pipeline,
    input: &Input<'_>,
    container: &Container,
    world: &dyn Effects,
    show: &mut dyn Show,
) -> io::Result<Summary> {
    let shape = input.shape.unwrap_or_else(|| guess(input.bytes));
    let number = add_fixture_input(pipeline, shape);
    let Asked { is_followed, hints, wrong } = asked(pipeline, container, shape);
    let bytes = if is_followed { input.bytes } else { b"" };
    let framer = hinted::decoder(hints.as_ref(), &pipeline.inputs[number].decoder).framer;
    let fixture =
        Fixture { name: input.name, facts: &container.facts, shape, hints, input: number, arrived: world.now() };
    let mut outbox = Collecting {
        routes: pipeline.outputs.iter().map(|output| output.route.boxed()).collect(),
        batch: DocBatch::default(),
        summary: Summary { notes: notes(is_followed, wrong), ..Summary::default() },
        show,
        failed: None,
    };
    let started = Instant::now();
    let mut worker = Worker::new(pipeline);
    for group in in_groups(fixture.chunks(bytes), &*framer) {
        let taken = group.into_iter().all(|chunk| worker.chunk(chunk, world, &mut outbox).is_ok());
        // The group is complete: its end need not be waited for.
        if !taken || (worker.holds() && worker.release(true, world, &mut outbox).is_err()) {
            break;
        }
    }
    // Deserted means that the sink failed, and that is said below.
    worker.release(true, world, &mut outbox).ok();
    let counts = worker.take_counts(number);
    worker.finish(world, &mut outbox).ok();
    pipeline.inputs.truncate(number);
    let Collecting { mut summary, failed, .. } = outbox;
    summary.lines = counts.records;
    summary.dropped = counts.events.dropped + counts.left_out;
    summary.guessed_events = input.shape.is_none() && shape == Shape::Events;
    summary.elapsed = started.elapsed();
    failed.map_or(Ok(summary), Err)
}

/// Puts the lines that will be joined together, in the place of the first of them: events come in the order of their
/// first lines, which `run` cannot promise, because it waits for lines that are there already here. A chunk is a line.
fn in_groups(chunks: Vec<Chunk>, framer: &dyn Framer) -> Vec<Vec<Chunk>> {
    let mut framers: HashMap<SourceKey, (Box<dyn Framer>, VecDeque<u32>)> = HashMap::new();
    for chunk in &chunks {
        let new = || (framer.boxed(), VecDeque::new());
        let (framer, sizes) = framers.entry(chunk.source.key.clone()).or_insert_with(new);
        framer.frames(chunk, &mut |frame| sizes.push_back(frame.lines));
    }
    for (framer, sizes) in framers.values_mut() {
        framer.release(u64::MAX, true, &|_| true, &mut |frame| sizes.push_back(frame.lines));
    }
    let mut groups: Vec<Vec<Chunk>> = Vec::with_capacity(chunks.len());
    // Of each source: its last group, and how many lines that one still wants.
    let mut open: HashMap<SourceKey, (usize, u32)> = HashMap::new();
    for chunk in chunks {
        let (at, wanted) = open.entry(chunk.source.key.clone()).or_default();
        if *wanted == 0 {
            let sizes = framers.get_mut(&chunk.source.key).map(|(_, sizes)| sizes);
            (*at, *wanted) = (groups.len(), sizes.and_then(VecDeque::pop_front).unwrap_or(1));
            groups.push(Vec::new());
        }
        *wanted = wanted.saturating_sub(1);
        groups[*at].push(chunk);
    }
    groups
}

/// Fixtures are decorated like the pipeline's first input, so that conditionals on `type` and `tags` see them, and
/// their lines are read by the codec that it names and joined as it joins them.
pub(super) fn add_fixture_input(pipeline: &mut Pipeline, shape: Shape) -> usize {
    let codec = match shape {
        Shape::Events => &crate::codec::json::PLUGIN,
        Shape::Docker | Shape::Lines => &crate::codec::plain::PLUGIN,
    };
    let settings = Settings::check(codec.declaration, Vec::new()).expect("these codecs need no settings");
    let first = pipeline.inputs.first();
    // A codec that the pipeline names reads lines as it would there; one that the input has by itself may not fit them.
    let reads = |input: &&InputSpec| {
        input.joins && shape != Shape::Events || shape == Shape::Lines && input.settings.is_given("codec")
    };
    let own = first.filter(reads).map(|input| input.decoder.clone());
    let decoder = own.unwrap_or_else(|| {
        let build = codec.decoder.expect("these codecs read");
        build(&settings, &Build { expressions: &NoExpressions }).expect("the default settings are good ones")
    });
    let decoration = first.map(|input| input.decoration.clone()).unwrap_or_default();
    pipeline.inputs.push(InputSpec { decoder, joins: false, settings, label: "fixture".into(), decoration });
    pipeline.inputs.len() - 1
}

/// The container that printed a fixture's lines; without one, nothing is known of them.
pub struct Container {
    /// `{"container":{…}}`, or `{}`.
    facts: String,
    /// `None`: it is not known which container it was.
    labels: Option<HashMap<String, String>>,
}

/// The container of a `container.json` or Docker's own `config.v2.json` beside the file.
pub fn container_beside(file: &Path) -> Container {
    let read = |name: &str| std::fs::read(file.with_file_name(name)).ok();
    let origin = read("container.json").and_then(|json| Origin::of_fixture(&json));
    let origin = origin.or_else(|| Origin::of_config(&read("config.v2.json")?));
    let Some(origin) = origin else { return Container { facts: "{}".into(), labels: None } };
    let facts = serde_json::json!({ "container": origin.container() }).to_string();
    let labels = origin.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Container { facts, labels: Some(labels) }
}

/// What the labels of the container ask for its lines, if the pipeline has an input that heeds them. JSON events are events
/// already: such wishes came before them.
fn asked(pipeline: &Pipeline, container: &Container, shape: Shape) -> Asked {
    let asked = || pipeline.inputs.iter().find_map(|input| docker::asked(&input.settings, container.labels.as_ref()?));
    let nothing = Asked { is_followed: true, hints: None, wrong: Vec::new() };
    (shape != Shape::Events).then(asked).flatten().unwrap_or(nothing)
}

fn notes(is_followed: bool, wrong: Vec<String>) -> Vec<String> {
    let left_out = wrong.into_iter().map(|wrong| format!("a hint of the container is left out: {wrong}"));
    let alone = "the container is not followed: its hints, or `hints_default_enabled => false`, say so";
    left_out.chain((!is_followed).then(|| alone.to_string())).collect()
}

struct Collecting<'s> {
    routes: Vec<Route>,
    /// The documents of the event that is under way.
    batch: DocBatch,
    summary: Summary,
    show: &'s mut dyn Show,
    failed: Option<io::Error>,
}

impl Outbox for Collecting<'_> {
    fn document<'b>(&mut self, number: usize, event: &mut Event<'b>, arena: &'b Arena) {
        if matches!(self.routes[number], Route::Bulk(_)) {
            self.routes[number].render(event, arena, &mut self.batch);
        }
    }

    fn watcher(&mut self) -> Option<&mut dyn Watcher> {
        self.show.watcher()
    }

    fn end(&mut self, event: &Event<'_>) {
        let batch = std::mem::take(&mut self.batch);
        let text = |range| std::str::from_utf8(batch.text(range)).unwrap_or_default();
        let mut documents: Vec<Document<'_>> = batch
            .docs
            .iter()
            .map(|doc| Document { index: Some(text(&doc.index)), id: text(&doc.id), source: text(&doc.source) })
            .collect();
        let (mut id, mut source) = ([0; ID_LEN], Vec::new());
        if documents.is_empty() {
            event.identity.write_id(&mut id);
            crate::event::json::write::object(&event.root, &mut source);
            let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
            documents.push(Document { index: None, id: text(&id), source: text(&source) });
        }
        self.summary.events += 1;
        for document in &documents {
            *self.summary.documents.entry(document.index.unwrap_or_default().to_string()).or_default() += 1;
        }
        for tag in event.root.get(TAGS).and_then(|tags| tags.as_array()).unwrap_or_default() {
            *self.summary.tags.entry(tag.as_str().unwrap_or_default().to_string()).or_default() += 1;
        }
        if self.failed.is_none() {
            self.failed = self.show.event(event, &documents).err();
        }
    }

    fn flush(&mut self, receipts: Vec<Receipt>) -> Result<(), Deserted> {
        receipts.into_iter().for_each(Receipt::settle);
        if self.failed.is_some() { Err(Deserted) } else { Ok(()) }
    }
}
