//! Runs an example in a world of its own: a clock that only the example moves, and no files and names but its own.
//! Filters run as a pipeline does; of codecs see `codecs`.

use super::codecs;
use crate::app::plugins;
use crate::event::{Arena, Event, Identity, Timestamp, json};
use crate::filter::testing::World;
use crate::filter::{Ecs, Effects as _, dns, geoip};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::parse::{self, parse};
use crate::lang::source::SourceSet;
use crate::lang::tree::{Config, Literal, Node, Plugin};
use crate::pipeline::compile::compile;
use crate::pipeline::program::{Program, Surroundings};
use crate::pipeline::worker::{Deserted, Outbox};
use crate::pipeline::{Options, Pipeline};
use crate::plugin::example::Happening;
use crate::position::Receipt;
use serde_json::Value as Json;
use std::time::Duration;

/// When every example begins: 2026-01-01T00:00:00Z.
const BEGIN: Duration = Duration::from_secs(1_767_225_600);
/// How often filters that keep time are woken.
const BEAT: Duration = Duration::from_secs(5);

/// The events that leave a `filter` section in which this happens; why it does not compile.
pub fn run(filters: &str, story: &[Happening<'_>]) -> Result<Vec<Json>, String> {
    run_with(Ecs::V8, filters, story)
}

/// The same in a pipeline with this `pipeline.ecs_compatibility`. Of a codec: what it reads or writes.
pub fn run_with(ecs: Ecs, piece: &str, story: &[Happening<'_>]) -> Result<Vec<Json>, String> {
    let world = World::default();
    world.pass(BEGIN);
    match Piece::of(piece) {
        Piece::Filters => filter(ecs, piece, story, &world),
        Piece::Codec => Ok(codecs::read(with_files(ecs, piece, story, &world)?, story)),
        Piece::Output => {
            let pipeline = with_files(ecs, piece, story, &world)?;
            Ok(codecs::write(pipeline, story, |fields, arena| event_of(fields, Identity::default(), &world, arena)))
        }
    }
}

/// What an example shows.
#[derive(Clone, Copy, PartialEq)]
pub enum Piece {
    /// Filters, or a whole section of them.
    Filters,
    /// `codec => …` of an input.
    Codec,
    /// An `output` section.
    Output,
}

impl Piece {
    pub fn of(text: &str) -> Piece {
        match text.trim_start() {
            text if text.starts_with("codec =>") => Piece::Codec,
            text if text.starts_with("output {") => Piece::Output,
            _ => Piece::Filters,
        }
    }
}

/// The pipeline of a piece; the files of the story are there.
fn with_files(ecs: Ecs, piece: &str, story: &[Happening<'_>], world: &World) -> Result<Pipeline, String> {
    for happening in story.iter().filter(|happening| matches!(happening, Happening::File { .. })) {
        happen(happening, world, None, &mut Leaving::default());
    }
    compiled(ecs, piece, world)
}

fn filter(ecs: Ecs, filters: &str, story: &[Happening<'_>], world: &World) -> Result<Vec<Json>, String> {
    let is_before = |happening: &&Happening<'_>| !matches!(happening, Happening::Event(_) | Happening::Pause(_));
    let before = story.iter().take_while(is_before).count();
    let mut leaving = Leaving::default();
    for happening in &story[..before] {
        happen(happening, world, None, &mut leaving);
    }
    let mut program = compiled(ecs, filters, world)?.program;
    for happening in &story[before..] {
        happen(happening, world, Some(&mut program), &mut leaving);
    }
    wake(&mut program, true, world, &mut leaving);
    Ok(leaving.events)
}

fn compiled(ecs: Ecs, piece: &str, world: &World) -> Result<Pipeline, String> {
    let sources = SourceSet::single("example", &section(piece));
    let (config, mut diagnostics) = parse(&sources, &parse::Options { support_escapes: false });
    let options = Options { ecs, rules: Default::default(), files: world, opens: &[] };
    let compiled = compile(&config, &plugins::catalogue(), &options);
    diagnostics.extend(compiled.diagnostics);
    let shown = || diagnostics.iter().filter(|it| it.is_error()).map(|it: &Diagnostic| it.render(&sources, false));
    let whole = compiled.pipeline.filter(|_| !diagnostics.iter().any(Diagnostic::is_error));
    whole.ok_or_else(|| shown().collect())
}

/// The section that a piece stands in, unless it is one already.
fn section(piece: &str) -> String {
    match Piece::of(piece) {
        Piece::Output => piece.to_string(),
        Piece::Filters if piece.trim_start().starts_with("filter {") => piece.to_string(),
        Piece::Filters => format!("filter {{ {piece} }}"),
        Piece::Codec => format!("input {{ file {{ path => \"/var/log/app.log\" {piece} }} }}"),
    }
}

/// The same piece without a setting; `None` where it does not give it.
pub fn without(piece: &str, setting: &str) -> Option<String> {
    let mut text = section(piece);
    let sources = SourceSet::single("example", &text);
    let (config, _) = parse(&sources, &parse::Options { support_escapes: false });
    let plugins = plugins_of(&config);
    let given = plugins.iter().find(|plugin| plugin.settings_named(setting).next().is_some())?;
    let spans: Vec<_> = given.settings_named(setting).map(|it| it.name.span.to(it.value.span())).collect();
    for span in spans.iter().rev() {
        text.replace_range(span.start as usize..span.end as usize, "");
    }
    // The piece alone again, so that it is known for what it is.
    match Piece::of(piece) {
        Piece::Codec => Some(text[text.find("codec =>")?..].trim_end_matches([' ', '}']).to_string() + " }"),
        Piece::Filters | Piece::Output => Some(text),
    }
}

pub fn plugins_of(config: &Config) -> Vec<&Plugin> {
    fn collect<'t>(nodes: &'t [Node], out: &mut Vec<&'t Plugin>) {
        for node in nodes {
            match node {
                Node::Plugin(plugin) => {
                    out.push(plugin);
                    out.extend(plugin.settings.iter().filter_map(|setting| match &setting.value {
                        Literal::Plugin(codec) => Some(&**codec),
                        _ => None,
                    }));
                }
                Node::If(branching) => {
                    branching.branches.iter().for_each(|(_, body)| collect(body, out));
                    collect(branching.otherwise.as_deref().unwrap_or_default(), out);
                }
            }
        }
    }
    let mut out = Vec::new();
    [&config.inputs, &config.filters, &config.outputs].into_iter().for_each(|nodes| collect(nodes, &mut out));
    out
}

fn happen(happening: &Happening<'_>, world: &World, program: Option<&mut Program>, leaving: &mut Leaving) {
    match (happening, program) {
        (Happening::File { path, lines }, _) => world.write(path, content(path, lines)),
        (Happening::Answer { name, text }, _) => answer(world, name, text),
        (Happening::Event(fields), Some(program)) => event(fields, world, program, leaving),
        (Happening::Pause(seconds), Some(program)) => {
            let mut left = Duration::from_secs_f64(seconds.parse().expect("a pause is a number of seconds"));
            while !left.is_zero() {
                let step = left.min(BEAT);
                world.pass(step);
                wake(program, false, world, leaving);
                left -= step;
            }
        }
        (Happening::Event(_) | Happening::Pause(_), None) => unreachable!("they happen once there is a pipeline"),
    }
}

/// Lines of text; of a MaxMind file its type and the record that it has for half of all addresses.
fn content(path: &str, lines: &[&str]) -> Vec<u8> {
    if path.ends_with(".mmdb") {
        let (kind, record) = lines[0].split_once(' ').expect("a type and a record");
        return geoip::tests::database(kind, &serde_json::from_str(record).expect("a record is JSON"));
    }
    lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

/// `192.0.2.1`, `192.0.2.1 after 2`, `nothing`, `silence`, `failure`.
fn answer(world: &World, name: &str, text: &str) {
    let (text, delay) = text.split_once(" after ").unwrap_or((text, "0"));
    let answer = match text {
        "nothing" => dns::Answer::Not(dns::Cause::Missing),
        "silence" => dns::Answer::Not(dns::Cause::TimedOut),
        "failure" => dns::Answer::Not(dns::Cause::Failed),
        found => dns::Answer::Found(found.to_string()),
    };
    let delay = Duration::from_secs_f64(delay.parse().expect("a number of seconds"));
    world.delays.borrow_mut().insert(name.to_string(), delay);
    world.answers.borrow_mut().entry(name.to_string()).or_default().push(answer);
}

fn event(fields: &str, world: &World, program: &mut Program, leaving: &mut Leaving) {
    let arena = Arena::new();
    let event = event_of(fields, leaving.identity(), world, &arena);
    leaving.now = world.now();
    let _rules = program.rules.enter();
    program.run(event, Surroundings::new(&arena, world, leaving));
}

fn event_of<'b>(fields: &str, identity: Identity, world: &World, arena: &'b Arena) -> Event<'b> {
    let mut event = Event::new(arena, identity, world.now());
    event.set_timestamp(world.now());
    event.absorb(json::read::object(arena.alloc_str(fields), arena).expect("an event is a JSON object"), arena);
    event
}

fn wake(program: &mut Program, last: bool, world: &World, leaving: &mut Leaving) {
    let arena = Arena::new();
    leaving.now = world.now();
    let _rules = program.rules.enter();
    program.wake(last, Surroundings::new(&arena, world, leaving));
}

/// Gathers what leaves, without what every event has.
#[derive(Default)]
struct Leaving {
    events: Vec<Json>,
    came: u64,
    now: Timestamp,
}

impl Leaving {
    /// Each event comes from a line of its own.
    fn identity(&mut self) -> Identity {
        self.came += 1;
        Identity { source: 1, at: self.came, ..Identity::default() }
    }
}

impl Outbox for Leaving {
    fn document<'b>(&mut self, _number: usize, _event: &mut Event<'b>, _arena: &'b Arena) {}

    fn end(&mut self, event: &Event<'_>) {
        let mut text = Vec::new();
        json::write::object(&event.root, &mut text);
        let mut fields: serde_json::Map<String, Json> = serde_json::from_slice(&text).expect("an event is JSON");
        fields.remove("@version");
        let mut now = Vec::new();
        self.now.write_iso(&mut now);
        if fields.get("@timestamp").and_then(Json::as_str).is_some_and(|time| time.as_bytes() == now) {
            fields.remove("@timestamp");
        }
        self.events.push(Json::Object(fields));
    }

    fn flush(&mut self, receipts: Vec<Receipt>) -> Result<(), Deserted> {
        receipts.into_iter().for_each(Receipt::settle);
        Ok(())
    }
}
