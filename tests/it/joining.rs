//! What belongs together is joined within the lines of every container, and ordinary lines never are, however many come
//! and however fast.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use timberline::app::dry_run::{self, Document, Input, Show};
use timberline::app::load::{Request, load};
use timberline::event::Event;
use timberline::input::fixture::Shape;
use timberline::pipeline::Pipeline;

/// What became of lines: the text of each event, and whether it is joined of several.
#[derive(Default)]
struct Joined(Vec<(String, bool)>);

impl Show for Joined {
    fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        let source: Value = serde_json::from_str(&documents[0].source.replace("1e999", "1e308"))?;
        let message = source["message"].as_str().unwrap_or_default();
        let is_joined = source["log"]["flags"].as_array().is_some_and(|flags| flags.contains(&json!("multiline")));
        self.0.push((message.to_string(), is_joined));
        Ok(())
    }
}

fn pipeline() -> Pipeline {
    let loaded = load(&Request::of_text("input { docker { } }")).expect("a text is not read");
    loaded.pipeline.expect("the pipeline is a good one")
}

fn joined(input: &str, pipeline: &mut Pipeline) -> Vec<(String, bool)> {
    let mut found = Joined::default();
    let input = Input { name: "input.log", bytes: input.as_bytes(), shape: None };
    dry_run::run(pipeline, &input, &mut found).expect("nothing fails in collecting");
    found.0
}

/// A record as Docker stores it, by tenths of a millisecond. `part`: the line goes on in the next record.
fn stored(text: &str, stream: &str, at: usize, part: bool) -> String {
    let (second, rest) = (at / 10_000, at % 10_000 * 100_000);
    let time = format!("2026-11-23T{:02}:{:02}:{:02}.{rest:09}Z", second / 3600, second / 60 % 60, second % 60);
    let end = if part { "" } else { "\n" };
    json!({ "log": format!("{text}{end}"), "stream": stream, "time": time }).to_string() + "\n"
}

/// The fixtures' logs, and the lines of each that belong to nothing.
fn shapes(pipeline: &mut Pipeline) -> Vec<(PathBuf, Vec<String>)> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut shapes = Vec::new();
    for entry in fs::read_dir(fixtures).expect("the fixtures are part of the project") {
        let path = entry.expect("a folder can be read").path().join("input.log");
        let Ok(log) = fs::read(&path) else { continue };
        let events = joined(&String::from_utf8_lossy(&log), pipeline);
        let singles: Vec<String> = events.into_iter().filter(|(_, joined)| !joined).map(|(text, _)| text).collect();
        assert!(singles.len() > 20, "{}", path.display());
        shapes.push((path, singles));
    }
    assert!(shapes.len() >= 20);
    shapes
}

/// The traces that the codec's own tests have: `-----` parts them, the first line says whose they are.
fn traces() -> Vec<(PathBuf, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/codec/auto/traces");
    let files = fs::read_dir(folder).expect("the traces are part of the project").map(|file| file.unwrap().path());
    let traces: Vec<_> = files
        .map(|path| {
            let text = fs::read_to_string(&path).expect("traces are texts");
            let (_, cases) = text.split_once('\n').expect("the first line says whose they are");
            let cases = cases.trim_end_matches('\n').split("\n-----\n").map(String::from).collect();
            (path, cases)
        })
        .collect();
    assert!(traces.len() >= 12);
    traces
}

/// Lines in an order that is always the same (xorshift, Marsaglia 2003).
fn shuffled(lines: &[String], count: usize) -> impl Iterator<Item = &str> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..count).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        lines[(state >> 33) as usize % lines.len()].as_str()
    })
}

#[test]
fn thousands_of_ordinary_lines_of_every_container_give_no_join() {
    give_no_join(5_000);
}

#[cfg(feature = "soak")]
#[test]
fn soak_a_hundred_thousand_ordinary_lines_of_every_container_give_no_join() {
    give_no_join(100_000);
}

/// In an order of their own, so that many stand beside many.
fn give_no_join(count: usize) {
    let mut pipeline = pipeline();
    for (path, singles) in shapes(&mut pipeline) {
        let log: String =
            shuffled(&singles, count).enumerate().map(|(nth, line)| stored(line, "stdout", nth, false)).collect();
        let wrong: Vec<_> = joined(&log, &mut pipeline).into_iter().filter(|(_, joined)| *joined).collect();
        assert_eq!(wrong.first(), None, "{}: {} of {count}", path.display(), wrong.len());
    }
}

#[test]
fn every_trace_is_one_event_between_the_lines_of_every_container_on_the_other_stream() {
    let (mut pipeline, traces) = (pipeline(), traces());
    for (path, singles) in shapes(&mut pipeline) {
        let mut others = shuffled(&singles, usize::MAX);
        for (language, cases) in &traces {
            for case in cases {
                let (mut log, mut between) = (String::new(), Vec::new());
                for (nth, line) in case.split('\n').enumerate() {
                    let other = others.next().expect("it has no end");
                    log += &stored(line, "stderr", nth * 10, false);
                    log += &stored(other, "stdout", nth * 10 + 1, false);
                    between.push((other.to_string(), false));
                }
                let mut found = joined(&log, &mut pipeline);
                let whole = found.iter().position(|(text, _)| text == case);
                let whole = whole.unwrap_or_else(|| panic!("{} in {}: {found:?}", language.display(), path.display()));
                found.remove(whole);
                assert_eq!(found, between, "{} in {}", language.display(), path.display());
            }
        }
    }
}

/// Whether a line of a log may have the trace behind it: then they are one event. (PostgreSQL's details have a line of their own.)
fn takes(before: &str, case: &str, found: &str) -> bool {
    found.strip_prefix(before).and_then(|rest| rest.strip_prefix('\n')) == Some(case)
}

#[test]
fn every_trace_is_one_event_within_the_lines_of_every_container_on_the_same_stream() {
    let (mut pipeline, traces) = (pipeline(), traces());
    for (path, singles) in shapes(&mut pipeline) {
        // A line that begins with a blank might be anybody's: of a trace, of PostgreSQL's statement.
        let singles: Vec<String> =
            singles.into_iter().filter(|line| !line.starts_with(|first: char| first.is_whitespace())).collect();
        let mut others = shuffled(&singles, usize::MAX);
        for (language, cases) in &traces {
            for case in cases {
                let mut other = || others.next().expect("it has no end");
                let (before, behind, last) = (other(), other(), other());
                let lines = [before].into_iter().chain(case.split('\n')).chain([behind, last]);
                let log: String =
                    lines.enumerate().map(|(nth, line)| stored(line, "stderr", nth * 10, false)).collect();
                let found: Vec<String> = joined(&log, &mut pipeline).into_iter().map(|(text, _)| text).collect();
                let rest = match found.split_first() {
                    Some((first, rest)) if takes(before, case, first) => rest,
                    Some((first, [trace, rest @ ..])) if first == before && trace == case => rest,
                    _ => panic!("{} in {}: {found:#?}", language.display(), path.display()),
                };
                assert_eq!(rest, [behind, last], "{} in {}", language.display(), path.display());
            }
        }
    }
}

#[test]
fn a_trace_whose_lines_come_in_parts_is_whole() {
    let mut pipeline = pipeline();
    let head = format!("Error: {}", "x".repeat(40_000));
    let frames = ["    at settle (/app/main.js:12:9)", "    at Server.<anonymous> (/app/main.js:40:3)"];
    let (first, rest) = head.split_at(16_384);
    let (second, third) = rest.split_at(16_384);
    let log = [
        stored(first, "stderr", 0, true),
        stored("ordinary", "stdout", 0, false),
        stored(second, "stderr", 0, true),
        stored("ordinary too", "stdout", 1, false),
        stored(third, "stderr", 0, false),
        stored(frames[0], "stderr", 2, false),
        stored("{\"level\":30}", "stdout", 2, false),
        stored(frames[1], "stderr", 3, false),
    ];
    let found = joined(&log.concat(), &mut pipeline);
    let whole = format!("{head}\n{}\n{}", frames[0], frames[1]);
    assert_eq!(found.iter().filter(|(_, joined)| *joined).collect::<Vec<_>>(), [&(whole, true)]);
    assert_eq!(found.len(), 4);
}

#[test]
fn multiline_reads_pattern_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "INDENTED ^\\.\\.\n").unwrap();
    let lines = |more: &str| {
        let config = format!(
            "input {{ file {{ path => \"/tmp/x.log\" codec => multiline {{ {more} what => \"previous\" }} }} }}"
        );
        let loaded = load(&Request::of_text(&config)).unwrap();
        loaded.pipeline.map(|mut pipeline| {
            let mut found = Joined::default();
            let input = Input { name: "x.log", bytes: b"a\n..b\nc\n", shape: Some(Shape::Lines) };
            dry_run::run(&mut pipeline, &input, &mut found).unwrap();
            found.0.into_iter().map(|(message, _)| message).collect::<Vec<_>>()
        })
    };
    let folder = folder.path().display();
    assert_eq!(
        lines(&format!("patterns_dir => [ \"{folder}\" ] pattern => \"%{{INDENTED}}\"")).unwrap(),
        ["a\n..b", "c"]
    );
    assert_eq!(lines("pattern => \"%{INDENTED}\""), None);
}
