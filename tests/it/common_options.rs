//! The options that every plugin of a section has: each is taken by each plugin, and does what it says.
//!
//! The table of filters must have a row for every filter there is; so a new filter comes with a row.

use crate::pipeline::run_with;
use std::io::Write as _;
use timberline::app::load::{Loaded, Request, load};
use timberline::cli::reference::declarations;
use timberline::event::destination::DocBatch;
use timberline::event::{Arena, Event, Identity, Timestamp, Value};
use timberline::pipeline::OutputSpec;
use timberline::pipeline::route::Route;
use timberline::plugin::{Declaration, Door, Fallback};

/// A filter, settings with which it succeeds on an event, and the fields of that event.
const FILTERS: &[(&str, &str, &str)] = &[
    ("age", "", ""),
    ("aggregate", r#"task_id => "%{probe}" code => "map['n'] = 1""#, ""),
    ("bytes", r#"source => "a" target => "b""#, r#""a":"10kb""#),
    ("categorize", r#"rules => { "database" => "mongo" }"#, r#""message":"mongo""#),
    ("cidr", r#"address => [ "10.0.0.1" ] network => [ "10.0.0.0/8" ]"#, ""),
    ("clone", r#"clones => [ "audit" ]"#, ""),
    ("csv", "", r#""message":"a,b""#),
    ("date", r#"match => [ "t", "ISO8601" ]"#, r#""t":"2026-11-23T10:04:45Z""#),
    ("de_dot", "", r#""a.b":1"#),
    ("dissect", r#"mapping => { "message" => "%{a} %{b}" }"#, r#""message":"x y""#),
    ("dns", r#"resolve => [ "a" ] action => "replace" hostsfile => [ "HOSTS" ]"#, r#""a":"db.example""#),
    ("fingerprint", "", r#""message":"x""#),
    ("grok", r#"match => { "message" => "%{WORD:w}" }"#, r#""message":"x""#),
    ("json", r#"source => "message""#, r#""message":"{}""#),
    ("kv", "", r#""message":"a=b""#),
    ("mutate", r#"update => { "probe" => "p" }"#, ""),
    ("prune", "", ""),
    ("redact", "", r#""message":"a@b.example""#),
    ("ruby", r#"code => "event.set('a', 1)""#, ""),
    ("sleep", r#"time => "0""#, ""),
    ("split", "", r#""message":"a\nb""#),
    ("syslog_pri", "", r#""log":{"syslog":{"priority":13}}"#),
    ("throttle", r#"key => "%{probe}" before_count => 2"#, ""),
    ("translate", r#"source => "probe" target => "t" dictionary => { "p" => "q" }"#, ""),
    ("truncate", "length_bytes => 100", r#""message":"x""#),
    ("urldecode", "", r#""message":"%20""#),
    ("useragent", r#"source => "message" target => "ua""#, r#""message":"curl/7.68.0""#),
    ("uuid", r#"target => "u""#, ""),
    ("xml", r#"source => "message" target => "x""#, r#""message":"<a>b</a>""#),
];

/// Filters on which the options cannot be seen here, and why.
const UNSEEN: &[(&str, &str)] = &[
    ("anonymize", "it is refused"),
    ("drop", "the event is gone when it succeeds"),
    ("geoip", "it needs a database of MaxMind's"),
    ("metrics", "its options are those of the events that it makes every few seconds"),
];

#[test]
fn filters_take_the_common_options_and_follow_them() {
    let mut hosts = tempfile::NamedTempFile::new().unwrap();
    writeln!(hosts, "10.0.0.7 db.example").unwrap();
    for declaration in declarations(Door::Filter) {
        let name = declaration.name;
        if UNSEEN.iter().any(|(unseen, _)| *unseen == name) {
            continue;
        }
        let row = FILTERS.iter().find(|(filter, ..)| *filter == name);
        let (_, settings, fields) = row.unwrap_or_else(|| panic!("filter `{name}` has no row in the table"));
        let settings = settings.replace("HOSTS", hosts.path().to_str().unwrap());
        let config = format!(
            "filter {{ {name} {{ {settings} id => \"it\" enable_metric => false periodic_flush => true
                add_field => {{ \"added_%{{probe}}\" => \"x-%{{probe}}\" }} add_tag => [ \"t-%{{probe}}\" ]
                remove_field => [ \"gone_%{{probe}}\" ] remove_tag => [ \"old-%{{probe}}\" ] }} }}"
        );
        let comma = if fields.is_empty() { "" } else { "," };
        let event = format!(r#"{{"probe":"p","gone_p":1,"tags":["old-p","kept"]{comma}{fields}}}"#);
        let documents = run_with(Request::of_text(""), &config, &event);
        // What `clone` and `split` make of an event is what succeeded.
        let done = documents.last().unwrap();
        assert_eq!(done["added_p"], "x-p", "{config}\n{done}");
        let tags = done["tags"].to_string();
        assert!(tags.contains("\"t-p\"") && tags.contains("\"kept\"") && !tags.contains("old-p"), "{config}\n{done}");
        assert!(done.get("gone_p").is_none(), "{config}\n{done}");
        assert_eq!(loaded(&config).pipeline.unwrap().plan.filters[0].id.as_deref(), Some("it"));
    }
}

fn loaded(config: &str) -> Loaded {
    let loaded = load(&Request::of_text(config)).unwrap();
    let shown: String = loaded.diagnostics.iter().map(|it| it.render(&loaded.sources, false)).collect();
    assert!(loaded.pipeline.is_some(), "{config}\n{shown}");
    loaded
}

/// The settings that a plugin must be given, with a value of each.
fn required(declaration: &Declaration) -> String {
    let settings = declaration.settings.iter().filter(|setting| setting.fallback == Fallback::Required);
    let value = |setting: &timberline::plugin::Setting| match setting.kind.to_string().as_str() {
        "number" => "5000".to_string(),
        "hash" => "{ \"a\" => \"b\" }".to_string(),
        "uri" | "array of uris" => "\"http://localhost:1\"".to_string(),
        "path" => "\"/tmp/x.log\"".to_string(),
        words if words.starts_with("one of ") => words["one of ".len()..].split(',').next().unwrap_or("x").to_string(),
        _ if setting.name == "path" => "\"/tmp/x.log\"".to_string(),
        _ => "\"x\"".to_string(),
    };
    settings.map(|setting| format!("{} => {} ", setting.name, value(setting))).collect()
}

#[test]
fn inputs_take_the_common_options() {
    for declaration in declarations(Door::Input) {
        let config = format!(
            "input {{ {} {{ {} add_field => {{ \"a\" => \"b\" }} codec => plain enable_metric => false id => \"it\" tags => [ \"t\" ] type => \"k\" }} }}",
            declaration.name,
            required(declaration)
        );
        let pipeline = loaded(&config).pipeline.unwrap();
        assert_eq!(
            (pipeline.inputs[0].label.as_str(), pipeline.inputs[0].settings.boolean("enable_metric")),
            ("it", false)
        );
    }
}

#[test]
fn events_of_an_input_are_decorated_and_read_by_its_codec() {
    let config = r#"input { file { path => "/tmp/x.log" codec => csv { columns => [ "x", "y" ] }
        add_field => { "a_%{x}" => "%{y}" } tags => [ "t" ] type => "k" } }"#;
    let documents = crate::pipeline::run_lines(config, "1,2\n3,4\n");
    let expected = [
        r#"{"x":"1","y":"2","a_1":"2","tags":["t"],"type":"k"}"#,
        r#"{"x":"3","y":"4","a_3":"4","tags":["t"],"type":"k"}"#,
    ];
    assert_eq!(documents, expected.map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap()));
}

#[test]
fn outputs_take_the_common_options() {
    for declaration in declarations(Door::Output) {
        let config = format!(
            "output {{ {} {{ {} codec => plain {{ format => \"%{{message}}!\" }} enable_metric => false id => \"it\" }} }}",
            declaration.name,
            required(declaration)
        );
        let pipeline = loaded(&config).pipeline.unwrap();
        let output = &pipeline.outputs[0];
        assert_eq!((output.label.as_str(), output.settings.boolean("enable_metric")), ("it", false));
        if let Route::Text { .. } = output.route {
            let batch = written(output, &["m", "n"]);
            assert!(batch.body.ends_with(b"n!\n"), "{}", declaration.name);
        }
    }
}

/// What an output is given of events with these messages.
fn written(output: &OutputSpec, messages: &[&str]) -> DocBatch {
    let (mut route, mut batch) = (output.route.boxed(), DocBatch::default());
    for message in messages {
        let arena = Arena::new();
        let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
        event.root.insert("message", Value::text(message));
        route.render(&mut event, &arena, &mut batch);
    }
    batch
}

/// MessagePack says itself where an object ends: a line end between two would be another object.
#[test]
fn binary_documents_stand_side_by_side() {
    let pipeline = loaded("output { stdout { codec => msgpack } }").pipeline.unwrap();
    let batch = written(&pipeline.outputs[0], &["m", "\n"]);
    assert_eq!(batch.body, b"\x81\xa7message\xa1m\x81\xa7message\xa1\n");
    let documents: Vec<&[u8]> = batch.docs.iter().map(|doc| &batch.body[doc.whole()]).collect();
    assert_eq!(documents, [b"\x81\xa7message\xa1m", b"\x81\xa7message\xa1\n"]);
}
