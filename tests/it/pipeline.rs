//! Pipelines as their authors write them: what becomes of an event.

use std::io;
use timberline::app::dry_run::{self, Document, Input, Show};
use timberline::app::load::{Loaded, Request, load, load_in};
use timberline::event::Event;
use timberline::input::fixture::Shape;

/// The documents of a run, without what depends on the time and place of running.
#[derive(Default)]
struct Documents(Vec<serde_json::Value>);

impl Show for Documents {
    fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        for document in documents {
            let mut source: serde_json::Value = serde_json::from_str(document.source)?;
            let fields = source.as_object_mut().unwrap();
            for noise in ["@version", "log", "event"] {
                fields.remove(noise);
            }
            if fields["@timestamp"].as_str().unwrap() > "2026-11-01" {
                fields.remove("@timestamp");
            }
            if let Some(index) = document.index {
                fields.insert("_index".into(), index.into());
            }
            self.0.push(source);
        }
        Ok(())
    }
}

fn run(config: &str, event: &str) -> Vec<serde_json::Value> {
    run_with(Request::of_text(""), config, event)
}

/// The documents of a run of this text under the request's settings.
pub fn run_with(request: Request, config: &str, event: &str) -> Vec<serde_json::Value> {
    run_loaded(load(&Request { text: Some(config.into()), ..request }).unwrap(), event)
}

/// The same where `variables` says what stands behind `${…}`.
pub fn run_in(variables: &dyn Fn(&str) -> Option<String>, config: &str, event: &str) -> Vec<serde_json::Value> {
    run_loaded(load_in(&Request::of_text(config), variables).unwrap(), event)
}

fn run_loaded(loaded: Loaded, event: &str) -> Vec<serde_json::Value> {
    let shown: String = loaded.diagnostics.iter().map(|d| d.render(&loaded.sources, false)).collect();
    let mut pipeline = loaded.pipeline.unwrap_or_else(|| panic!("{shown}"));
    let mut documents = Documents::default();
    let input = Input { name: "-", bytes: event.as_bytes(), shape: Some(Shape::Events) };
    dry_run::run(&mut pipeline, &input, &mut documents).unwrap();
    documents.0
}

/// The documents that lines of text become.
pub fn run_lines(config: &str, lines: &str) -> Vec<serde_json::Value> {
    let mut pipeline = load(&Request::of_text(config)).unwrap().pipeline.unwrap();
    let mut documents = Documents::default();
    let input = Input { name: "-", bytes: lines.as_bytes(), shape: Some(Shape::Lines) };
    dry_run::run(&mut pipeline, &input, &mut documents).unwrap();
    documents.0
}

#[track_caller]
pub fn check(filters: &str, event: &str, expected: &str) {
    check_with(Request::of_text(""), filters, event, expected);
}

#[track_caller]
pub fn check_with(request: Request, filters: &str, event: &str, expected: &str) {
    let found = run_with(request, &format!("filter {{ {filters} }}"), event);
    let expected: Vec<serde_json::Value> =
        expected.lines().map(|line| serde_json::from_str(line.trim()).unwrap()).collect();
    assert_eq!(found, expected, "{filters}\n{event}");
}

/// Whether `condition` holds for `event`.
#[track_caller]
pub fn holds(condition: &str, event: &str, expected: bool) {
    let filters = format!("if {condition} {{ mutate {{ add_tag => [ \"yes\" ] }} }}");
    let found = run(&format!("filter {{ {filters} }}"), event);
    assert_eq!(found[0]["tags"] == serde_json::json!(["yes"]), expected, "{condition} on {event}");
}

#[test]
fn a_field_is_true_unless_it_is_missing_null_or_false() {
    for (value, expected) in
        [("null", false), ("false", false), ("0", true), ("\"\"", true), ("true", true), ("{}", true)]
    {
        holds("[a]", &format!("{{\"a\":{value}}}"), expected);
    }
    holds("[a]", "{}", false);
    holds("![a]", "{}", true);
}

#[test]
fn numbers_and_strings_are_never_equal() {
    holds("[a] == 5", r#"{"a":5}"#, true);
    holds("[a] == 5", r#"{"a":5.0}"#, true);
    holds("[a] == 5", r#"{"a":"5"}"#, false);
    holds("[a] == \"5\"", r#"{"a":5}"#, false);
    holds("[a] != 5", "{}", true);
    holds("[a] == [b]", r#"{"a":[1,{"x":2}],"b":[1,{"x":2}]}"#, true);
}

#[test]
fn order_is_by_number_or_by_character() {
    holds("[a] > 9", r#"{"a":10}"#, true);
    holds("[a] > \"9\"", r#"{"a":"10"}"#, false);
    holds("[a] > 9", r#"{"a":"10"}"#, false);
    holds("[a] < 9", "{}", false);
    holds("[a] <= 1.5", r#"{"a":1.50}"#, true);
}

#[test]
fn in_looks_into_lists_strings_and_fields() {
    holds("[a] in [ 1, \"x\" ]", r#"{"a":"x"}"#, true);
    holds("[a] not in [ 1, \"x\" ]", r#"{"a":2}"#, true);
    holds("\"x\" in [tags]", r#"{"tags":["x"],"t":1}"#, false);
    holds("\"ell\" in [a]", r#"{"a":"hello"}"#, true);
    holds("[a] in [b]", r#"{"a":2,"b":[1,2]}"#, true);
    holds("[a] in [ 1, 2 ]", "{}", false);
    holds("[a] not in [ 1, 2 ]", "{}", true);
}

#[test]
fn a_match_is_for_strings_only() {
    holds("[a] =~ /^b$/", "{\"a\":\"a\\nb\"}", true);
    holds("[a] =~ /5/", r#"{"a":5}"#, false);
    holds("[a] !~ /5/", "{}", true);
    holds("[a] =~ \"^h\"", r#"{"a":"hello"}"#, true);
}

#[test]
fn words_between_conditions() {
    for (word, expected) in [("and", false), ("or", true), ("xor", true), ("nand", true)] {
        holds(&format!("[a] == 1 {word} [b] == 1"), r#"{"a":1,"b":2}"#, expected);
    }
    holds("! ([a] == 1 and [b] == 2)", r#"{"a":1,"b":2}"#, false);
}

#[test]
fn only_the_first_true_branch_runs() {
    let filters = r#"
        if [a] == 1 { mutate { add_field => { "b" => "one" } } }
        else if [a] > 0 { mutate { add_field => { "b" => "more" } } }
        else { mutate { add_field => { "b" => "none" } } }
        mutate { add_field => { "c" => "%{b}" } }"#;
    check(filters, r#"{"a":1}"#, r#"{"a":1,"b":"one","c":"one"}"#);
    check(filters, r#"{"a":2}"#, r#"{"a":2,"b":"more","c":"more"}"#);
    check(filters, r#"{"a":0}"#, r#"{"a":0,"b":"none","c":"none"}"#);
}

#[test]
fn common_options_apply_when_the_filter_succeeded() {
    let filters = r#"json { source => "m" remove_field => [ "m", "%{gone}" ] add_tag => [ "t-%{x}" ] }"#;
    check(filters, r#"{"m":"{\"x\":1}","gone":"y","y":2}"#, r#"{"gone":"y","x":1,"tags":["t-1"]}"#);
    check(filters, r#"{"m":"no"}"#, r#"{"m":"no","tags":["_jsonparsefailure"]}"#);
}

#[test]
fn drop_ends_the_event() {
    check("if [a] { drop { } }", "{\"a\":1}\n{\"b\":1}", r#"{"b":1}"#);
}

#[test]
fn every_output_on_the_way_gets_the_event() {
    let config = r#"
        output {
            elasticsearch { index => "logs-%{+YYYY.MM.dd}" }
            if [level] == "ERROR" { elasticsearch { index => "errors-%{service}" } }
        }"#;
    let found = run(config, r#"{"@timestamp":"2026-10-23T23:59:59.999Z","level":"ERROR","service":"../A b"}"#);
    let indices: Vec<&str> = found.iter().map(|d| d["_index"].as_str().unwrap()).collect();
    assert_eq!(indices, ["logs-2026.10.23", "errors-.._a_b"]);
}

#[test]
fn an_impossible_day_goes_to_the_day_of_arrival() {
    let config = r#"output { elasticsearch { index => "logs-%{+YYYY.MM.dd}" } }"#;
    for time in ["2199-01-01T00:00:00Z", "1970-06-01T00:00:00Z"] {
        let found = run(config, &format!("{{\"@timestamp\":\"{time}\"}}"));
        assert_eq!(found[0]["tags"], serde_json::json!(["_index_day_clamped"]));
        assert!(found[0]["_index"].as_str().unwrap().starts_with("logs-20"), "{found:?}");
    }
    // Earthquakes of 1906, in an index that has no day.
    let found = run(r#"output { elasticsearch { index => "quakes" } }"#, r#"{"@timestamp":"1906-04-18T13:12:21Z"}"#);
    assert_eq!((&found[0]["_index"], &found[0]["tags"]), (&"quakes".into(), &serde_json::Value::Null));
}

#[test]
fn a_line_that_was_cut_says_so() {
    let mut pipeline = load(&Request::of_text("filter { }")).unwrap().pipeline.unwrap();
    let mut flags = Flags::default();
    let text = format!("short\n{}\n", "x".repeat(2 << 20));
    let input = Input { name: "-", bytes: text.as_bytes(), shape: Some(Shape::Lines) };
    dry_run::run(&mut pipeline, &input, &mut flags).unwrap();
    assert_eq!(flags.0, [serde_json::Value::Null, serde_json::json!(["truncated"])]);
}

/// `log.flags` of each document.
#[derive(Default)]
struct Flags(Vec<serde_json::Value>);

impl Show for Flags {
    fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        for document in documents {
            let source: serde_json::Value = serde_json::from_str(document.source)?;
            self.0.push(source["log"]["flags"].clone());
        }
        Ok(())
    }
}

#[test]
fn what_is_made_of_an_event_comes_right_behind_it() {
    let filters = r#"
        split { field => "l" }
        if [l] != 2 { clone { clones => [ "c" ] } }
        mutate { add_field => { "seen" => "%{l}" } }"#;
    let expected = r#"{"l":1,"seen":"1"}
        {"l":1,"tags":["c"],"seen":"1"}
        {"l":2,"seen":"2"}
        {"l":3,"seen":"3"}
        {"l":3,"tags":["c"],"seen":"3"}"#;
    check(filters, r#"{"l":[1,2,3]}"#, expected);
}

#[test]
fn a_made_event_goes_on_inside_its_branch_and_behind_its_maker() {
    let filters = r#"
        mutate { add_tag => [ "before" ] }
        if [a] {
            clone { clones => [ "copy" ] add_field => { "of" => "%{a}" } remove_field => [ "a" ] }
            if "copy" in [tags] { mutate { add_tag => [ "inside" ] } }
        } else {
            mutate { add_tag => [ "never" ] }
        }
        if [a] { drop { } }"#;
    check(filters, r#"{"a":1}"#, r#"{"tags":["before","copy","inside"],"of":"1"}"#);
}

/// The ids of the documents of a run.
#[derive(Default)]
struct Ids(Vec<String>);

impl Show for Ids {
    fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        self.0.extend(documents.iter().map(|document| document.id.to_string()));
        Ok(())
    }
}

#[test]
fn made_events_have_ids_of_their_own_and_the_same_ones_again() {
    let config = r#"filter { clone { clones => [ "a", "b" ] } split { field => "l" } clone { clones => [ "c" ] } }"#;
    let ids = || {
        let (mut pipeline, mut ids) = (load(&Request::of_text(config)).unwrap().pipeline.unwrap(), Ids::default());
        let input = Input { name: "-", bytes: b"{\"l\":[1,2]}\n{\"l\":[1,2]}", shape: Some(Shape::Events) };
        dry_run::run(&mut pipeline, &input, &mut ids).unwrap();
        ids.0
    };
    let mut once = ids();
    assert_eq!(once, ids());
    once.sort();
    once.dedup();
    assert_eq!(once.len(), 24);
}

/// The messages of the events that come to the end, of events with these messages that come a second apart.
fn messages(filters: &str, lines: &[&str]) -> Vec<String> {
    let event = |(at, message): (usize, &&str)| {
        format!(r#"{{"@timestamp":"2026-11-23T10:00:{at:02}Z","host":"h","message":"{message}"}}"#)
    };
    let events: Vec<String> = lines.iter().enumerate().map(event).collect();
    let found = run(&format!("filter {{ {filters} }}"), &events.join("\n"));
    found.iter().map(|document| document["message"].as_str().unwrap_or("-").to_string()).collect()
}

#[test]
fn throttled_events_are_dropped() {
    let filters = r#"
        throttle { before_count => 3 after_count => 5 period => 3600 max_age => 7200 key => "%{host}%{message}" add_tag => "throttled" }
        if "throttled" in [tags] { drop { } }"#;
    assert_eq!(messages(filters, &["a", "a", "b", "a", "a", "b", "a", "a", "a", "b"]), ["a", "a", "a", "b"]);
}

#[test]
fn figures_come_at_the_end_and_go_on_behind_their_filter() {
    let filters = r#"
        mutate { add_field => { "before" => "1" } }
        metrics { meter => [ "lines_%{message}" ] add_tag => [ "metric" ] rates => [ ] }
        if "metric" not in [tags] { drop { } }"#;
    let found =
        run(&format!("filter {{ {filters} }}"), "{\"message\":\"a\"}\n{\"message\":\"b\"}\n{\"message\":\"a\"}");
    let expected = serde_json::json!([{ "lines_a": { "count": 2 }, "lines_b": { "count": 1 }, "tags": ["metric"] }]);
    assert_eq!(serde_json::Value::Array(found), expected);
}
