//! The shipped pipeline on the real lines of `fixtures/`: what becomes of each container's log.
//!
//! `fixtures/<shape>/expected.ndjson` is the agreed result: `timberline test --bless` writes it anew; what changed is to
//! be read before it is committed. What stands here is what must hold of all documents, whatever is expected.

mod engine;
mod kinds;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;
use timberline::app::dry_run::{self, Document, Input, Show};
use timberline::app::load::{Request, load};
use timberline::event::Event;
use timberline::pipeline::Pipeline;

use crate::engine::{Timberline, shipped_pipeline};

const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// The fixture whose lines are made to break things.
const BAD_LINES: &str = "bad-lines";

/// Tags of failures that lines of known shapes may have, and why.
const FAILURES: &[(&str, &str)] = &[
    // `tags` is a number once, and the documents' `tags` are texts.
    ("winston-json-charting", "_tagsparsefailure"),
];

/// What the pipeline makes of one fixture.
struct Shape {
    name: String,
    /// The documents of the logs index, one an event.
    logs: Vec<Value>,
    /// Those of the errors index.
    errors: Vec<Value>,
}

#[derive(Default)]
struct Collect {
    logs: Vec<Value>,
    errors: Vec<Value>,
}

impl Show for Collect {
    fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        for document in documents {
            // The one number among the bad lines that serde_json has no room for.
            let mut source: Value = serde_json::from_str(&document.source.replace("1e999", "1e308"))?;
            forget_today(&mut source);
            let index = document.index.unwrap_or_default();
            if index.starts_with("protrader5-errors-") { &mut self.errors } else { &mut self.logs }.push(source);
        }
        Ok(())
    }
}

/// Fixtures lie in the future of a clock that is behind theirs.
fn forget_today(source: &mut Value) {
    if let Some(tags) = source.get_mut("tags").and_then(Value::as_array_mut) {
        tags.retain(|tag| tag != "_index_day_clamped");
        if tags.is_empty() {
            source.as_object_mut().expect("documents are objects").remove("tags");
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Every folder with an `input.log`, in the order of names.
fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("the fixtures are part of the project")
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| folder().join(name).join("input.log").exists())
        .collect();
    names.sort();
    assert!(names.len() >= 20, "{names:?}");
    names
}

/// All of them through one pipeline.
fn run_all(config: String) -> Vec<Shape> {
    let loaded = load(&Request::of_text(config)).expect("a text is not read");
    let shown: String = loaded.diagnostics.iter().map(|found| found.render(&loaded.sources, false)).collect();
    assert_eq!(shown, "");
    let mut pipeline = loaded.pipeline.expect("without diagnostics there is a pipeline");
    names().iter().map(|name| run(&mut pipeline, name)).collect()
}

fn run(pipeline: &mut Pipeline, name: &str) -> Shape {
    let path = folder().join(name).join("input.log");
    let bytes = fs::read(&path).expect("names() saw it");
    let input = Input { name: &path.to_string_lossy(), bytes: &bytes, shape: None };
    let mut collect = Collect::default();
    dry_run::run(pipeline, &input, &mut collect).expect("nothing fails in collecting");
    Shape { name: name.into(), logs: collect.logs, errors: collect.errors }
}

/// All of them, run once for all tests.
fn each() -> impl Iterator<Item = &'static Shape> {
    static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| run_all(shipped_pipeline()));
    SHAPES.iter()
}

/// All of them, line by line: as an input sees them that joins nothing.
fn each_unjoined() -> impl Iterator<Item = &'static Shape> {
    static SHAPES: LazyLock<Vec<Shape>> =
        LazyLock::new(|| run_all(shipped_pipeline().replace("docker { }", "docker { multiline => none }")));
    SHAPES.iter()
}

/// `[a][b]` as `a.b`.
fn at<'v>(document: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(document, |found, key| &found[key])
}

fn tags(document: &Value) -> impl Iterator<Item = &str> {
    document["tags"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[test]
fn each_fixture_becomes_what_was_agreed() {
    let finished = Timberline::output(["test", "fixtures", "--coverage"]);
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
    let all = regex::Regex::new(r"\n(\d+) fixtures: (\d+) passed,").expect("a constant pattern");
    let counts = all.captures(&finished.stdout).map(|found| (found[1].to_string(), found[2].to_string()));
    let (found, passed) = counts.unwrap_or_default();
    assert!(
        found == passed && found.parse().is_ok_and(|found: usize| found >= names().len() + 40),
        "{}",
        finished.stdout
    );
    let whole = |line: &&str| line.starts_with("ok") && line.contains(" fixtures/pipelines/");
    assert!(finished.stdout.lines().filter(whole).count() >= 40, "{}", finished.stdout);
    assert!(finished.stdout.contains("coverage of pipelines/: 100.0 %"), "{}", finished.stdout);
}

#[test]
fn every_document_has_a_level_of_the_vocabulary_a_message_a_service_and_an_environment() {
    for shape in each() {
        for document in &shape.logs {
            let level = document["level"].as_str().unwrap_or_default();
            assert!(LEVELS.contains(&level), "{}: {document}", shape.name);
            for field in ["message", "service_name", "environment", "@timestamp", "stream"] {
                assert!(document[field].is_string(), "{}: {field} of {document}", shape.name);
            }
        }
    }
}

#[test]
fn errors_and_no_others_stand_in_the_errors_index_with_a_category() {
    for shape in each() {
        let errors =
            shape.logs.iter().filter(|document| ["ERROR", "FATAL"].iter().any(|&level| document["level"] == level));
        assert!(errors.eq(&shape.errors), "{}", shape.name);
        for document in &shape.errors {
            assert!(at(document, "error.category").is_string(), "{}: {document}", shape.name);
        }
    }
}

#[test]
fn no_line_of_a_known_shape_fails_to_parse() {
    for shape in each().filter(|shape| shape.name != BAD_LINES) {
        for document in &shape.logs {
            for tag in tags(document).filter(|tag| tag.starts_with('_')) {
                assert!(FAILURES.contains(&(&shape.name, tag)), "{}: {tag} {document}", shape.name);
            }
        }
    }
}

/// A line's own `container`, `stream`, `host` and `event` are kept beside Docker's, which a query must be able to trust.
#[test]
fn what_docker_says_is_never_overwritten_by_a_line() {
    for shape in each() {
        let facts = fs::read(folder().join(&shape.name).join("container.json")).expect("each has one");
        let facts: Value = serde_json::from_slice(&facts).expect("they are JSON");
        for document in &shape.logs {
            assert_eq!(at(document, "container.id"), &facts["id"], "{}: {document}", shape.name);
            assert_eq!(at(document, "container.name"), &facts["name"], "{}: {document}", shape.name);
            assert_ne!(document["stream"], "forged", "{}: {document}", shape.name);
            // An envelope that Docker would not write may have no time, and so no sequence.
            assert!(at(document, "event.sequence").is_u64() || shape.name == BAD_LINES, "{}: {document}", shape.name);
        }
    }
}

/// The five searches of the user's document; the first without its time, which is not the fixtures'.
const SEARCHES: [(&str, &str); 5] = [
    ("level:ERROR", "level:ERROR"),
    ("errors of a service", "service_name:\"trading-service\" AND level:ERROR"),
    ("slow requests", "http.duration:>1000"),
    ("authentication failed", "message:\"authentication failed\""),
    ("large transactions", "message:\"transaction\" AND amount:>10000"),
];

/// How often each of them finds something in all fixtures but the bad lines.
fn counts(shapes: impl Iterator<Item = &'static Shape>) -> [usize; 5] {
    let mut counts = [0; 5];
    for document in shapes.filter(|shape| shape.name != BAD_LINES).flat_map(|shape| &shape.logs) {
        counts.iter_mut().zip(found_by(document)).for_each(|(count, found)| *count += usize::from(found));
    }
    counts
}

fn found_by(document: &Value) -> [bool; 5] {
    let says = |words: &str| document["message"].as_str().is_some_and(|text| text.to_lowercase().contains(words));
    let above = |path: &str, least: f64| at(document, path).as_f64().is_some_and(|number| number > least);
    let error = document["level"] == "ERROR";
    [
        error,
        error && document["service_name"] == "trading-service",
        above("http.duration", 1000.0),
        says("authentication failed"),
        says("transaction") && above("amount", 10_000.0),
    ]
}

#[test]
fn the_five_searches_find_what_was_agreed() {
    let found: String =
        SEARCHES.iter().zip(counts(each())).map(|(search, count)| format!("{count:6}  {}\n", search.0)).collect();
    let path = folder().join("searches.txt");
    if std::env::var_os("TIMBERLINE_BLESS").is_some() {
        return fs::write(path, found).expect("the fixtures can be written");
    }
    assert_eq!(found, fs::read_to_string(path).unwrap_or_default());
}
