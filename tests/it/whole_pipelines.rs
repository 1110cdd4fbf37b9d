//! Whole pipelines as people write them (`fixtures/pipelines`): `check` takes each of them, and a dry run of its lines
//! gives the documents that were worked out by hand from Logstash's reference.

use crate::engine::Timberline;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use timberline::clock::{Clock as _, SystemClock};

/// What the pipelines' `${…}` stand for.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("DB_PASSWORD", "secret"),
    ("ELASTICSEARCH_HOSTS", "http://elasticsearch:9200"),
    ("ELASTIC_PASSWORD", "secret"),
    ("ENVIRONMENT", "staging"),
    ("ES", "http://elasticsearch:9200"),
    ("ES_PWD", "secret"),
    ("KAFKA_PASSWORD", "secret"),
    ("LOGSTASH_INTERNAL_PASSWORD", "secret"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pipelines")
}

#[test]
fn whole_pipelines_give_the_documents_that_the_reference_says() {
    let entries = fs::read_dir(root()).expect("the fixtures are part of the project");
    let mut folders: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).filter(|it| it.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 40, "{folders:?}");
    let wrong: Vec<String> = folders.iter().filter_map(|folder| run(folder).err()).collect();
    assert!(wrong.is_empty(), "{} of {} pipelines:\n{}", wrong.len(), folders.len(), wrong.join("\n"));
}

fn run(folder: &Path) -> Result<(), String> {
    let name = folder.file_name().unwrap_or_default().display().to_string();
    let pipeline = if folder.join("conf.d").is_dir() { "conf.d" } else { "pipeline.conf" };
    let input = ["input.log", "input.ndjson"].into_iter().find(|input| folder.join(input).is_file());
    let checked = timberline(folder, &["check", "-f", pipeline])?;
    if !checked.starts_with("configuration OK: ") {
        return Err(format!("{name}: {checked}"));
    }
    let begin = now();
    let input = input.ok_or_else(|| format!("{name}: no input"))?;
    let found = timberline(folder, &["dry-run", "-f", pipeline, "--format", "ndjson", input])?;
    let found: Vec<Value> = documents(&found)?;
    let expected = fs::read_to_string(folder.join("expected.ndjson")).map_err(|error| format!("{name}: {error}"))?;
    // A run that meets midnight may mean either day.
    let tries = [begin, now()].map(|moment| differences(&found, &documents(&on(&expected, moment))?, begin));
    tries.into_iter().min_by_key(Result::is_err).unwrap_or(Ok(())).map_err(|text| format!("{name}: {text}"))
}

/// What it prints, or what it says where it fails.
fn timberline(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut run = Timberline::new(arguments).current_dir(folder).env("GEOIP_CITY", root().join("city.mmdb"));
    for (name, value) in ENVIRONMENT {
        run = run.env(name, value);
    }
    let finished = run.finish();
    if finished.code == 0 { Ok(finished.stdout) } else { Err(format!("{}: {}", folder.display(), finished.stderr)) }
}

fn now() -> jiff::Timestamp {
    let now = i128::from(SystemClock::default().now_ns());
    jiff::Timestamp::from_nanosecond(now).expect("today is within the calendar")
}

/// The expectations of a run at this moment: for times without a year, and for events that have none of their own.
fn on(expected: &str, moment: jiff::Timestamp) -> String {
    let text = |format: &str| moment.strftime(format).to_string();
    expected.replace("{today}", &text("%Y.%m.%d")).replace("{month}", &text("%Y.%m")).replace("{year}", &text("%Y"))
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    text.lines().map(|line| serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))).collect()
}

fn differences(found: &[Value], expected: &[Value], begin: jiff::Timestamp) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{} documents, not {}", found.len(), expected.len()));
    }
    for (found, expected) in found.iter().zip(expected) {
        let told = told(found, expected, begin)?;
        if told != *expected {
            return Err(format!("\n   found {told}\nexpected {expected}"));
        }
    }
    Ok(())
}

/// A document without what every fixture's has: the place in the file, `@version`, the id where it is ours, and the
/// time where it is that of the run.
fn told(found: &Value, expected: &Value, begin: jiff::Timestamp) -> Result<Value, String> {
    let mut found = found.clone();
    if expected.get("_id").is_none()
        && let Some(document) = found.as_object_mut()
    {
        document.remove("_id");
    }
    let source = found["_source"].as_object_mut().ok_or("no _source")?;
    source.remove("@version");
    if let Some(log) = source.get_mut("log").and_then(Value::as_object_mut) {
        log.remove("file");
        log.remove("offset");
        if log.is_empty() {
            source.remove("log");
        }
    }
    if expected["_source"].get("@timestamp").is_none() {
        let time = source.remove("@timestamp").unwrap_or_default();
        let time: jiff::Timestamp =
            time.as_str().unwrap_or_default().parse().map_err(|_| format!("{time}: no time"))?;
        if time < begin {
            return Err(format!("{time} is not the time of the run"));
        }
    }
    Ok(found)
}
