//! All fixtures through the daemon into a real engine: what it takes, what it refuses, and what the five searches find.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{BAD_LINES, SEARCHES, Shape, at, counts, each_unjoined, folder};
use crate::engine::{Timberline, elasticsearch, shipped_pipeline, unique};

#[test]
fn all_fixtures_are_indexed() {
    let shapes: Vec<_> = each_unjoined().filter(|shape| shape.name != BAD_LINES).collect();
    let (name, letters) = index(&shapes);
    assert!(letters.is_empty(), "{letters:#?}");
    let engine = elasticsearch();
    for shape in shapes {
        let id = shape.logs[0]["container"]["id"].as_str().expect("each has one");
        for (index, documents) in [("logs", &shape.logs), ("errors", &shape.errors)] {
            let found = engine.count(&format!("{name}-{index}-*"), &format!("container.id:{id}"));
            assert_eq!(found, documents.len() as u64, "{index} of {}", shape.name);
        }
    }
    for ((search, query), expected) in SEARCHES.iter().zip(counts(each_unjoined())) {
        assert_eq!(engine.count(&format!("{name}-logs-*"), query), expected as u64, "{search}");
    }
}

#[test]
fn each_bad_line_is_a_document_or_a_dead_letter_and_its_neighbours_are_documents() {
    let shapes: Vec<_> = each_unjoined().filter(|shape| shape.name == BAD_LINES).collect();
    let (name, letters) = index(&shapes);
    let (engine, logs) = (elasticsearch(), format!("{name}-logs-*"));
    assert_eq!(engine.count(&logs, "*") + letters.len() as u64, shapes[0].logs.len() as u64, "{letters:#?}");
    let neighbours = shapes[0].logs.iter().filter(|document| document["n"].is_number()).count();
    assert_eq!(engine.count(&logs, "message:neighbour AND n:*"), neighbours as u64);
    assert!(letters.len() < 20, "{letters:#?}");
}

/// Runs the daemon over some fixtures: the prefix of its indices, and the dead letters' reasons.
fn index(shapes: &[&Shape]) -> (String, Vec<String>) {
    let name = unique("shipped");
    let mut daemon = Timberline::new(["run", "--api.enabled", "false"]);
    let dir = daemon.dir().to_path_buf();
    let config = dir.join("pipeline.conf");
    fs::write(&config, config_of(shapes, &dir, &name)).expect("the run's folder is ours");
    daemon = daemon.env("ELASTICSEARCH_HOSTS", elasticsearch().url());
    daemon = daemon.arg("-f").arg(&config).arg("--path.data").arg(dir.join("data"));
    let ended = daemon.start().wait();
    assert_eq!(ended, 0, "{}", daemon.stderr());
    (name, dead_letters(&dir.join("data/dead_letters")))
}

/// The shipped pipeline, its indices renamed, behind one file input a fixture.
fn config_of(shapes: &[&Shape], dir: &Path, name: &str) -> String {
    let shipped = shipped_pipeline();
    let (_, filters) = shipped.split_once("\nfilter {").expect("filters follow the input");
    let inputs: String = shapes.iter().map(|shape| input_of(dir, shape)).collect();
    format!("input {{ {inputs} }}\nfilter {{{}", filters.replace("\"protrader5-", &format!("\"{name}-")))
}

fn input_of(dir: &Path, shape: &Shape) -> String {
    let log = fs::read(folder().join(&shape.name).join("input.log")).expect("it was run before");
    let path = dir.join(format!("{}.log", shape.name));
    fs::write(&path, without_colours(&log)).expect("the run's folder is ours");
    let container = &shape.logs[0]["container"];
    let mut facts = String::new();
    for field in ["id", "name", "image.name", "labels.com_docker_compose_service", "labels.environment"] {
        let reference = field.replace('.', "][");
        write!(facts, "\"[container][{reference}]\" => {} ", at(container, field)).expect("a string takes all");
    }
    format!(
        "file {{ path => \"{}\" codec => docker_json mode => \"read\" exit_after_read => true add_field => {{ {facts} }} }}\n",
        path.display()
    )
}

/// The docker input takes terminal colours out, the file input does not.
fn without_colours(log: &[u8]) -> Vec<u8> {
    let colour = regex::bytes::Regex::new(r"\\u001b\[[0-9;]*m").expect("it is an expression");
    colour.replace_all(log, &b""[..]).into_owned()
}

fn dead_letters(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = files.map(|file| fs::read_to_string(file.path()).expect("it is ours"));
    texts.flat_map(|text| text.lines().map(letter).collect::<Vec<_>>()).collect()
}

fn letter(line: &str) -> String {
    let letter: Value = serde_json::from_str(&line.replace("1e999", "1e308")).expect("letters are JSON");
    format!("{}: {} {}", letter["reason"], letter["document"]["message"], letter["document"]["service_name"])
}
