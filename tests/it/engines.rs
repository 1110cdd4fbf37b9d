//! The engines' harness itself: that what it starts is real, and that what it ends is gone.

use std::time::Duration;

use serde_json::json;

use crate::engine::{Docker, Elasticsearch, Timberline, docker, elasticsearch, http_get, unique, wait_until};

#[test]
fn an_indexed_document_is_found() {
    let engine = elasticsearch();
    let index = unique("found");
    engine.put(&format!("/{index}/_doc/1"), &json!({ "level": "ERROR", "sequence": 2 }));
    engine.put(&format!("/{index}/_doc/2"), &json!({ "level": "INFO", "sequence": 1 }));

    assert_eq!(engine.count(&index, "level:ERROR"), 1);
    assert_eq!(engine.count(&unique("nowhere"), "*"), 0);
    let sequences: Vec<_> =
        engine.search_all(&index, &["sequence"]).iter().map(|hit| hit["_source"]["sequence"].clone()).collect();
    assert_eq!(sequences, [1, 2]);
}

#[test]
fn a_container_writes_to_both_streams() {
    let container = docker().container("echo out; echo err >&2; exit 3").label("case", "streams").start();

    assert_eq!(container.wait(), 3);
    assert_eq!(container.logs(), "out\n");
    let label = docker().cli(&["inspect", "--format", "{{.Config.Labels.case}}", container.id()]);
    assert_eq!(label, "streams");
}

#[test]
fn an_elasticsearch_of_ones_own_hangs_dies_and_comes_back_with_its_data() {
    let mut engine = Elasticsearch::own(&[]);
    engine.put("/kept/_doc/1", &json!({ "a": 1 }));
    let health = format!("{}/_cluster/health", engine.url());

    engine.hang();
    assert!(http_get(&health).is_none());
    engine.resume();
    assert!(http_get(&health).is_some());

    engine.stop();
    assert!(http_get(&health).is_none());
    engine.start();
    assert_eq!(engine.count("kept", "a:1"), 1);

    engine.kill();
    assert!(http_get(&health).is_none());
}

#[test]
fn a_docker_of_ones_own_comes_back_with_its_containers() {
    let mut engine = Docker::own();
    let id = {
        let container = engine.container("echo before").start();
        container.wait();
        let id = container.id().to_owned();
        std::mem::forget(container);
        id
    };

    engine.stop();
    engine.start();
    assert_eq!(engine.cli(&["logs", &id]), "before");

    engine.kill();
    engine.start();
    assert_eq!(engine.cli(&["logs", &id]), "before");
}

#[test]
fn the_binary_ends_and_says_how() {
    let finished = Timberline::output(["--version"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    wait_until("the present", Duration::from_secs(1), || Some(()));
}
