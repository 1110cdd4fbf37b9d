//! Whose ids documents have: ours, the engine's (`delivery => "at_least_once"`), the operator's (`document_id`, `action`);
//! and what becomes of lines that are read again.

use std::fs;

use serde_json::Value;

use super::PATIENCE;
use super::job::{Job, Setup};
use crate::engine::elasticsearch;

/// A file with these lines is read to its end, twice: the second time nobody knows that it was read before.
fn read_twice(test: &str, output: &str, lines: &[&str], expected: [u64; 2]) -> (Job, Vec<Value>) {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let file = folder.path().join("lines.log");
    fs::write(&file, lines.join("\n") + "\n").expect("the folder is ours");
    let input = format!("file {{ path => \"{}\" start_position => \"beginning\" }}", file.display());
    let mut job = Setup::new(test).without_filters().input(&input).output(output).build();
    for expected in expected {
        job.daemon.start();
        elasticsearch().wait_for_count(&job.logs(), "*", expected, PATIENCE);
        let answered = || (made(&job) == lines.len() as u64).then_some(());
        crate::engine::wait_until("every line has its verdict", PATIENCE, answered);
        job.assert_books();
        assert_eq!(job.daemon.terminate(), 0);
        elasticsearch().wait_for_count(&job.logs(), "*", expected, PATIENCE);
        for registry in ["registry", "registry.bak"] {
            let _ = fs::remove_file(job.data.join(registry));
        }
    }
    let hits = elasticsearch().search_all(&job.logs(), &["log.offset"]);
    (job, hits)
}

fn made(job: &Job) -> u64 {
    ["stored", "already_there"].iter().map(|outcome| job.metric("timberline_documents_total", &[outcome])).sum()
}

fn ids(hits: &[Value]) -> Vec<&str> {
    hits.iter().map(|hit| hit["_id"].as_str().expect("a document has an id")).collect()
}

#[test]
fn without_more_what_is_read_again_meets_its_own_id() {
    let (job, hits) = read_twice("once", "", &["a", "b", "a"], [3, 3]);
    assert!(ids(&hits).iter().all(|id| id.len() == 22), "{hits:?}");
    assert!(!job.daemon.stderr().contains("at_least_once"));
}

#[test]
fn at_least_once_lets_the_engine_make_the_ids_and_says_that_what_is_sent_again_is_there_twice() {
    let (job, hits) = read_twice("least", r#"delivery => "at_least_once""#, &["a", "b", "a"], [3, 6]);
    assert!(ids(&hits).iter().all(|id| id.len() == 20), "automatic ids: {hits:?}");
    let said = job.daemon.stderr();
    assert!(said.contains("what is sent again is there twice (delivery => at_least_once)"), "{said}");
}

#[test]
fn a_document_id_of_the_operator_wins_and_the_last_line_replaces_as_in_logstash() {
    let (_job, hits) = read_twice("ownid", r#"document_id => "id-%{message}""#, &["a", "b", "a"], [2, 2]);
    assert_eq!(ids(&hits), ["id-b", "id-a"]);
    assert_eq!(hits[1]["_source"]["log"]["offset"], 4, "the last line of the two is there");
}

#[test]
fn an_action_of_the_operator_wins_and_create_keeps_the_first_line() {
    let output = r#"document_id => "id-%{message}" action => "create""#;
    let (_job, hits) = read_twice("action", output, &["a", "b", "a"], [2, 2]);
    assert_eq!(ids(&hits), ["id-a", "id-b"]);
    assert_eq!(hits[0]["_source"]["log"]["offset"], 0, "the first line of the two stays");
}

#[test]
fn an_action_without_a_document_id_keeps_our_ids() {
    let (_job, hits) = read_twice("index", r#"action => "index""#, &["a", "b"], [2, 2]);
    assert!(ids(&hits).iter().all(|id| id.len() == 22), "{hits:?}");
}
