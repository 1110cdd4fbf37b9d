//! The `elasticsearch` output alone, against a real engine: batches made by hand go in, receipts and documents are counted.

mod fake;
mod faults;
mod line;
mod rig;
mod tls;

use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{Elasticsearch, elasticsearch, unique, wait_until};

use rig::{Doc, Rig, create};

const SOON: Duration = Duration::from_secs(180);

/// Quick retries: the tests wait for them.
fn quick<'a>(url: &'a str, index: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("hosts", url), ("index", index), ("retry_initial_interval", "0.05"), ("retry_max_interval", "0.2")]
}

fn run(engine: &Elasticsearch, template: &str, batches: &[Vec<Doc>]) -> Rig {
    let rig = Rig::start(&quick(engine.url(), template));
    batches.iter().for_each(|batch| rig.send(batch));
    rig.finish(SOON)
}

#[test]
fn documents_are_stored_and_their_receipts_settled() {
    let (engine, name) = (elasticsearch(), unique("stored"));
    let index = format!("{name}-2026.11.23");
    let batches: Vec<Vec<Doc>> = (0..50)
        .map(|n| (0..40).map(|m| create(&index, &format!("{n}-{m}"), json!({ "n": n, "m": m }))).collect())
        .collect();
    let rig = run(engine, &format!("{name}-%{{+YYYY.MM.dd}}"), &batches);
    assert_eq!((rig.settled(), rig.forgotten()), (50, 0));
    assert_eq!(engine.count(&index, "*"), 2000);
    assert_eq!(rig.dead_letters(), [Value::Null; 0]);
}

#[test]
fn what_is_sent_again_is_there_once() {
    let (engine, name) = (elasticsearch(), unique("again"));
    let index = format!("{name}-2026.11.23");
    let batch: Vec<Doc> = (0..500).map(|n| create(&index, &n.to_string(), json!({ "n": n }))).collect();
    let first = run(engine, &name, &[batch[..300].to_vec()]);
    let second = run(engine, &name, &[batch.clone(), batch]);
    assert_eq!((first.settled(), second.settled(), second.forgotten()), (1, 2, 0));
    assert_eq!(engine.count(&index, "*"), 500);
}

#[test]
fn the_template_is_there_before_the_first_document_and_an_engine_without_ilm_is_no_error() {
    let (engine, name) = (elasticsearch(), unique("tmpl"));
    let index = format!("{name}-2026.11.23");
    let document = json!({
        "@timestamp": "2026-11-23T10:04:45.123456789Z", "message": "authentication failed for user", "level": "ERROR",
        "amount": 10500.5, "http": { "duration": 1200, "status": 200 }, "container": { "labels": { "a": "b", "c": "d" } },
        "note": "2026-11-23", "http_status": "not a number",
    });
    let rig = run(engine, &format!("{name}-%{{+YYYY.MM.dd}}"), &[vec![create(&index, "1", document)]]);
    assert_eq!(rig.settled(), 1);
    let mapping = engine.get(&format!("/{index}/_mapping"))[&index]["mappings"]["properties"].clone();
    let kinds = |path: &[&str]| path.iter().fold(&mapping, |at, name| &at[*name])["type"].clone();
    assert_eq!(kinds(&["level"]), "keyword");
    assert_eq!(kinds(&["message"]), "text");
    assert_eq!(kinds(&["amount"]), "double");
    assert_eq!(kinds(&["http", "properties", "duration"]), "double");
    assert_eq!(kinds(&["container", "properties", "labels"]), "flattened");
    assert_eq!(kinds(&["note"]), "keyword");
    for query in [
        "level:ERROR AND @timestamp:[2026-11-23T10:00:00Z TO 2026-11-23T11:00:00Z]",
        "http.duration:>1000",
        "message:\"authentication failed\"",
        "message:\"authentication\" AND amount:>10000",
        "container.labels.a:b",
    ] {
        assert_eq!(engine.count(&index, query), 1, "{query}");
    }
}

#[test]
fn on_an_engine_without_ilm_expired_days_of_our_template_are_deleted_and_nothing_else() {
    let (engine, name) = (elasticsearch(), unique("old"));
    let [theirs, expired, kept] = ["2020.01.01", "2020.02.02", "9999.01.01"].map(|day| format!("{name}-{day}"));
    // Made before there is a template.
    engine.put(&format!("/{theirs}"), &json!({}));
    let template = format!("{name}-%{{+YYYY.MM.dd}}");
    let batch: Vec<Doc> = [&expired, &kept].map(|index| create(index, "1", json!({ "n": 1 }))).to_vec();
    assert_eq!(run(engine, &template, &[batch]).settled(), 1);
    let is_there = |index: &str| engine.request("HEAD", &format!("/{index}"), None).0 == 200;
    assert!([&theirs, &expired, &kept].map(|index| is_there(index)).iter().all(|there| *there));
    // It looks when it starts, and every hour.
    let rig = Rig::start(&quick(engine.url(), &template));
    wait_until("the expired day is gone", SOON, || (!is_there(&expired)).then_some(()));
    rig.finish(SOON);
    assert_eq!([&theirs, &kept].map(|index| is_there(index)), [true; 2]);
}

#[test]
fn a_template_is_kept_brought_up_to_date_or_left_alone() {
    use timberline::output::elasticsearch::{StepOutcome, setup};
    let (engine, name) = (elasticsearch(), unique("keep"));
    let template = format!("timberline-{name}");
    let outcome = |overwrite: &str| {
        let index = format!("{name}-%{{+YYYY.MM.dd}}");
        let mut given = quick(engine.url(), &index);
        given.push(("template_overwrite", overwrite));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        let report = runtime.block_on(setup(&rig::settings(&given))).expect("the engine answers");
        assert!(matches!(report.steps[0].outcome, StepOutcome::Unknown(_)), "{report:?}");
        report.steps.into_iter().next_back().expect("a step for the template").outcome
    };
    assert_eq!(outcome("false"), StepOutcome::Made);
    assert_eq!(outcome("false"), StepOutcome::Kept);
    let path = format!("/_index_template/{template}");
    let stale =
        json!({ "index_patterns": [format!("{name}-*")], "_meta": { "managed_by": "timberline", "digest": "old" } });
    engine.put(&path, &stale);
    assert_eq!(outcome("false"), StepOutcome::Updated);
    engine.put(&path, &json!({ "index_patterns": [format!("{name}-*")] }));
    assert_eq!(outcome("false"), StepOutcome::LeftAlone);
    assert_eq!(outcome("true"), StepOutcome::Updated);
    assert_eq!(outcome("false"), StepOutcome::Kept);
}

#[test]
fn a_refused_document_becomes_a_dead_letter_and_its_neighbours_are_stored() {
    let (engine, name) = (elasticsearch(), unique("refused"));
    let index = format!("{name}-2026.11.23");
    let bad = json!({ "message": { "an": "object" } });
    let docs = vec![
        create(&index, "1", json!({ "message": "fine" })),
        create(&index, "2", bad.clone()),
        create(&index, "3", json!({ "message": "fine too" })),
        Doc { source: "[1]".into(), ..create(&index, "4", Value::Null) },
        Doc { source: "{\"cut".into(), ..create(&index, "5", Value::Null) },
    ];
    let rig = run(engine, &format!("{name}-%{{+YYYY.MM.dd}}"), &[docs]);
    assert_eq!((rig.settled(), rig.forgotten(), engine.count(&index, "*")), (1, 0, 2));
    let mut letters = rig.dead_letters();
    letters.sort_by_key(|letter| letter["id"].as_str().map(String::from));
    let ids: Vec<_> =
        letters.iter().map(|letter| (letter["id"].as_str().unwrap(), letter["status"].as_u64().unwrap())).collect();
    assert_eq!(ids, [("2", 400), ("4", 500), ("5", 400)]);
    assert_eq!((&letters[0]["document"], &letters[0]["index"]), (&bad, &json!(index)));
    assert_eq!(letters[0]["type"], "document_parsing_exception");
    assert!(letters[0]["reason"].as_str().unwrap().contains("failed to parse field [message]"), "{}", letters[0]);
    assert_eq!((&letters[1]["document"], &letters[2]["document"]), (&json!([1]), &json!("{\"cut")));
}

#[test]
fn a_request_that_the_engine_cannot_read_is_halved_until_the_culprit_is_alone() {
    let (engine, name) = (elasticsearch(), unique("halved"));
    let index = format!("{name}-2026.11.23");
    let long = "x".repeat(600);
    let id = |n: u32| if n == 77 { long.clone() } else { n.to_string() };
    let rig = run(engine, &name, &[(0..200).map(|n| create(&index, &id(n), json!({ "n": n }))).collect()]);
    assert_eq!((rig.settled(), engine.count(&index, "*")), (1, 199));
    let letters = rig.dead_letters();
    assert_eq!((letters.len(), &letters[0]["document"], &letters[0]["status"]), (1, &json!({ "n": 77 }), &json!(400)));
}

#[test]
fn an_index_closed_to_writing_ends_in_dead_letters_and_blocks_nobody() {
    let (engine, name) = (elasticsearch(), unique("shut"));
    let (shut, open) = (format!("{name}-shut"), format!("{name}-open"));
    engine.put(&format!("/{shut}"), &json!({ "settings": { "index.blocks.write": true } }));
    let batches: Vec<Vec<Doc>> = (0..30)
        .map(|n| [&shut, &open].map(|index| create(index, &n.to_string(), json!({ "n": n }))).to_vec())
        .collect();
    let rig = run(engine, &format!("{name}-%{{x}}"), &batches);
    assert_eq!((rig.settled(), rig.forgotten(), engine.count(&open, "*")), (30, 0, 30));
    assert_eq!(rig.dead_letters().len(), 30);
    assert!(
        rig.dead_letters().iter().all(|letter| letter["status"] == 403 && letter["type"] == "cluster_block_exception")
    );
}

#[test]
fn a_red_index_waits_and_the_others_go_on() {
    let (engine, name) = (elasticsearch(), unique("red"));
    let (red, green) = (format!("{name}-red"), format!("{name}-green"));
    let nowhere =
        json!({ "settings": { "index.routing.allocation.require._name": "nobody", "index.number_of_replicas": 0 } });
    engine.put(&format!("/{red}?wait_for_active_shards=0&timeout=1s"), &nowhere);
    let mut given = quick(engine.url(), &name);
    given.extend([("bulk_path", "/_bulk?filter_path=errors,items.*.status,items.*.error&timeout=1s")]);
    let rig = Rig::start(&given);
    rig.send(&[create(&red, "0", json!({})), create(&green, "0", json!({}))]);
    wait_until("the other index is written", SOON, || (engine.count(&green, "*") == 1).then_some(()));
    for n in 1..20 {
        rig.send(&[create(&green, &n.to_string(), json!({}))]);
        rig.send(&[create(&red, &n.to_string(), json!({}))]);
    }
    wait_until("the other index goes on", SOON, || (rig.settled() == 19).then_some(()));
    engine.put(&format!("/{red}/_settings"), &json!({ "index.routing.allocation.require._name": null }));
    let rig = rig.finish(SOON);
    assert_eq!((rig.settled(), rig.forgotten()), (39, 0));
    assert_eq!((engine.count(&red, "*"), engine.count(&green, "*")), (20, 20));
}
