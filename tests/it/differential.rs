//! The compiled pipeline against a plain interpreter of the same pipeline: random pipelines, the shipped one and the
//! yardstick's, fed with random events and the fixtures' lines, give the same documents, byte for byte.
//!
//! The interpreter shares the parser of the configuration and the patterns' texts with timberline, and nothing else: it
//! keeps events as owned trees, looks every name up as it stands, and runs Oniguruma one expression after the other.

mod conditions;
mod event;
mod events;
mod filters;
mod interpreter;
mod patterns;
mod pipelines;
mod times;
mod tree;

use crate::engine::{Random, shipped_pipeline};
use interpreter::{Document, Interpreter};
use regex::Regex;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::LazyLock;
use timberline::app::dry_run::{self, Input, Show};
use timberline::app::load::{Request, load};
use timberline::input::fixture::Shape;
use timberline::pipeline::Pipeline;

/// Stands for every hash.
const FINGERPRINT: &str = "a fingerprint";
/// Stands for the day of a test's run in the names of indices.
const ARRIVAL: &str = "the day of arrival";
/// As many events as all tests here together take.
const EVENTS: usize = if cfg!(feature = "soak") { 300_000 } else { 20_000 };
/// One line of so many is taken from the fixtures.
const FIXTURE_STEP: usize = if cfg!(feature = "soak") { 1 } else { 4 };
const FILE: &str = "events.ndjson";
/// Events of a run: a pipeline is compiled once for them.
const EVENTS_A_RUN: usize = 100;

#[derive(Default)]
struct Collected(Vec<Document>);

impl Show for Collected {
    fn event(&mut self, _: &timberline::event::Event<'_>, documents: &[dry_run::Document<'_>]) -> io::Result<()> {
        let one = |document: &dry_run::Document<'_>| {
            (document.index.unwrap_or_default().to_string(), document.source.to_string())
        };
        self.0.extend(documents.iter().map(one));
        Ok(())
    }
}

fn compile(config: &str) -> Pipeline {
    let loaded = load(&Request::of_text(config)).expect("nothing is read from the disk");
    let shown: String = loaded.diagnostics.iter().map(|found| found.render(&loaded.sources, false)).collect();
    loaded.pipeline.unwrap_or_else(|| panic!("{shown}\n{config}"))
}

/// The documents of the compiled pipeline.
fn compiled(pipeline: &mut Pipeline, lines: &[String]) -> Vec<Document> {
    let mut collected = Collected::default();
    let text = lines.join("\n");
    let input = Input { name: FILE, bytes: text.as_bytes(), shape: Some(Shape::Events) };
    dry_run::run(pipeline, &input, &mut collected).expect("collecting cannot fail");
    collected.0.into_iter().map(comparable).collect()
}

/// The documents of the plain interpreter.
fn plain(interpreter: &mut Interpreter, lines: &[String]) -> Vec<Document> {
    let mut offset = 0;
    let mut documents = Vec::new();
    for line in lines {
        documents.extend(interpreter.documents(interpreter::arrived(line, FILE, offset)));
        offset += line.len() + 1;
    }
    documents
}

/// Without the hashes, which the plain interpreter does not make, and without the day of the test's run.
fn comparable((index, source): Document) -> Document {
    static HASH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""fingerprint":"[0-9a-f]{32}""#).expect("it is one"));
    static DAY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d{4}\.\d\d\.\d\d$").expect("it is one"));
    let source = HASH.replace_all(&source, format!(r#""fingerprint":"{FINGERPRINT}""#)).into_owned();
    let is_clamped = source.contains("_index_day_clamped");
    let index = if is_clamped { DAY.replace(&index, ARRIVAL).into_owned() } else { index };
    (index, source)
}

#[track_caller]
fn compare(pipeline: &mut Pipeline, interpreter: &mut Interpreter, lines: &[String], whence: &str) {
    if compiled(pipeline, lines) == plain(interpreter, lines) {
        return;
    }
    for line in lines {
        let one = std::slice::from_ref(line);
        let (found, expected) = (compiled(pipeline, one), plain(interpreter, one));
        assert_eq!(found, expected, "compiled, plain ({whence})\nevent: {line}");
    }
    panic!("{whence}: events differ that do not differ alone");
}

/// What stands for environment variables in the files.
fn defaults(config: &str) -> String {
    Regex::new(r"\$\{\w+:([^}]*)\}").expect("it is one").replace_all(config, "$1").into_owned()
}

fn shipped() -> String {
    behind_events(&defaults(&shipped_pipeline()))
}

fn yardstick() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/yardstick/timberline/timberline.conf");
    behind_events(&defaults(&fs::read_to_string(path).expect("it is part of the project")))
}

#[test]
fn random_pipelines_give_the_documents_of_the_plain_interpreter() {
    for seed in 0..(EVENTS / 2 / EVENTS_A_RUN) as u64 {
        let mut random = Random::new(seed);
        let config = pipelines::random(&mut random);
        let lines: Vec<String> = (0..EVENTS_A_RUN).map(|_| events::random(&mut random)).collect();
        compare(&mut compile(&config), &mut Interpreter::new(&config), &lines, &format!("seed {seed}:\n{config}"));
    }
}

/// The filters and outputs of a file behind an input that takes events.
fn behind_events(config: &str) -> String {
    let filters = config.find("\nfilter {").expect("it has filters");
    format!("input {{ stdin {{ codec => json }} }}{}", &config[filters..])
}

fn run_logged(config: &str, events: usize) {
    let (mut pipeline, mut interpreter) = (compile(config), Interpreter::new(config));
    for seed in 0..(events / EVENTS_A_RUN) as u64 {
        let mut random = Random::new(seed);
        let lines: Vec<String> = (0..EVENTS_A_RUN).map(|_| events::logged(&mut random)).collect();
        compare(&mut pipeline, &mut interpreter, &lines, &format!("seed {seed}"));
    }
}

#[test]
fn the_yardstick_gives_the_documents_of_the_plain_interpreter() {
    run_logged(&yardstick(), EVENTS / 4);
}

#[test]
fn the_shipped_pipeline_gives_the_documents_of_the_plain_interpreter() {
    run_logged(&shipped(), EVENTS / 4);
}

#[test]
fn the_fixtures_lines_give_the_documents_of_the_plain_interpreter() {
    let all = events::of_fixtures();
    assert!(all.len() > 2_000, "{}", all.len());
    let lines: Vec<String> = all.into_iter().step_by(FIXTURE_STEP).collect();
    for config in [shipped(), yardstick()] {
        let (mut pipeline, mut interpreter) = (compile(&config), Interpreter::new(&config));
        for (at, part) in lines.chunks(EVENTS_A_RUN).enumerate() {
            compare(&mut pipeline, &mut interpreter, part, &format!("fixtures, part {at}"));
        }
    }
}
