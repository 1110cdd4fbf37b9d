//! Ordinary lines of every container are never joined, however many come and however fast.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};
use timberline::app::dry_run::{self, Document, Input, Show};
use timberline::app::load::{Request, load};
use timberline::event::Event;
use timberline::input::fixture::Shape;

/// What became of lines: the first line of each event, and how many lines it has.
#[derive(Default)]
struct Joined(Vec<(String, usize)>);

impl Show for Joined {
    fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        let source: Value = serde_json::from_str(&documents[0].source.replace("1e999", "1e308"))?;
        let message = source["message"].as_str().unwrap_or_default();
        let is_joined = source["log"]["flags"].as_array().is_some_and(|flags| flags.contains(&json!("multiline")));
        let lines = if is_joined { message.split('\n').count() } else { 1 };
        self.0.push((message.to_string(), lines));
        Ok(())
    }
}

fn joined(input: &str) -> Vec<(String, usize)> {
    let loaded = load(&Request::of_text("input { docker { } }")).expect("a text is not read");
    let mut pipeline = loaded.pipeline.expect("the pipeline is a good one");
    let mut found = Joined::default();
    let input = Input { name: "input.log", bytes: input.as_bytes(), shape: None };
    dry_run::run(&mut pipeline, &input, &mut found).expect("nothing fails in collecting");
    found.0
}

/// Lines as Docker stores them, a tenth of a millisecond apart.
fn stored<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    let line = |(nth, line): (usize, &str)| {
        let (second, rest) = (nth / 10_000, nth % 10_000 * 100_000);
        let time = format!("2026-11-23T{:02}:{:02}:{:02}.{rest:09}Z", second / 3600, second / 60 % 60, second % 60);
        json!({ "log": format!("{line}\n"), "stream": "stdout", "time": time }).to_string() + "\n"
    };
    lines.enumerate().map(line).collect()
}

#[test]
fn thousands_of_ordinary_lines_of_every_container_give_no_join() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut shapes = 0;
    for entry in fs::read_dir(fixtures).expect("the fixtures are part of the project") {
        let path = entry.expect("a folder can be read").path().join("input.log");
        let Ok(log) = fs::read(&path) else { continue };
        shapes += 1;
        let log = String::from_utf8_lossy(&log).into_owned();
        let singles: Vec<String> =
            joined(&log).into_iter().filter(|(_, lines)| *lines == 1).map(|(message, _)| message).collect();
        assert!(singles.len() > 20, "{}", path.display());
        let many = singles.iter().map(String::as_str).cycle().take(5_000);
        let wrong: Vec<_> = joined(&stored(many)).into_iter().filter(|(_, lines)| *lines > 1).collect();
        assert_eq!(wrong.first(), None, "{}: {} of 5000", path.display(), wrong.len());
    }
    assert!(shapes >= 20);
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
