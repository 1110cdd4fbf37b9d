//! All fixtures through the daemon into a real engine: what it takes, what it refuses, and what the five searches find.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{BAD_LINES, SEARCHES, Shape, at, counts, each, folder};
use crate::engine::{Elasticsearch, Timberline, elasticsearch, unique};

#[test]
fn all_fixtures_are_indexed() {
    let (engine, name) = (elasticsearch(), unique("shipped"));
    let mut daemon = Timberline::new(["run", "--api.enabled", "false"]).env("ELASTICSEARCH_HOSTS", engine.url());
    let dir = daemon.dir().to_path_buf();
    let config = dir.join("pipeline.conf");
    fs::write(&config, config_of(&dir, &name)).expect("the run's folder is ours");
    daemon = daemon.arg("-f").arg(&config).arg("--path.data").arg(dir.join("data"));
    let ended = daemon.start().wait();
    assert_eq!(ended, 0, "{}", daemon.stderr());

    let letters = dead_letters(&dir.join("data/dead_letters"));
    let known: Vec<_> = letters
        .iter()
        .filter(|letter| service(letter) != "hostile-service")
        .map(|letter| (service(letter), letter["reason"].as_str().unwrap_or_default()))
        .collect();
    assert!(known.is_empty(), "{known:#?}");
    counts_agree(engine, &name, &letters);
    for ((search, query), expected) in SEARCHES.iter().zip(counts()) {
        let found = engine.count(&format!("{name}-logs-*"), &format!("({query}) AND NOT service_name:hostile-service"));
        assert_eq!(found, expected as u64, "{search}");
    }
}

/// The shipped pipeline, its indices renamed, behind one file input a fixture.
fn config_of(dir: &Path, name: &str) -> String {
    let shipped = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/protrader5.conf"));
    let shipped = shipped.expect("the pipeline is part of the project");
    let (_, filters) = shipped.split_once("\nfilter {").expect("filters follow the input");
    let inputs: String = each().map(|shape| input_of(dir, shape)).collect();
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

/// Every event is in the engine or a dead letter, by service.
fn counts_agree(engine: &Elasticsearch, name: &str, letters: &[Value]) {
    let mut refused: BTreeMap<(&str, bool), u64> = BTreeMap::new();
    for letter in letters {
        let index = letter["index"].as_str().unwrap_or_default();
        *refused.entry((service(letter), index.contains("-errors-"))).or_default() += 1;
    }
    for shape in each().filter(|shape| shape.name != BAD_LINES) {
        let service = shape.logs[0]["service_name"].as_str().expect("each has one");
        for (index, documents) in [("logs", &shape.logs), ("errors", &shape.errors)] {
            let refused = refused.get(&(service, index == "errors")).copied().unwrap_or_default();
            let id = shape.logs[0]["container"]["id"].as_str().expect("each has one");
            let found = engine.count(&format!("{name}-{index}-*"), &format!("container.id:{id}"));
            assert_eq!(found + refused, documents.len() as u64, "{index} of {}", shape.name);
        }
    }
}

fn dead_letters(folder: &Path) -> Vec<Value> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = files.map(|file| fs::read_to_string(file.path()).expect("it is ours"));
    texts.flat_map(|text| text.lines().map(letter).collect::<Vec<_>>()).collect()
}

fn letter(line: &str) -> Value {
    serde_json::from_str(&line.replace("1e999", "1e308")).expect("letters are JSON")
}

fn service(letter: &Value) -> &str {
    letter["document"]["service_name"].as_str().unwrap_or("hostile-service")
}
