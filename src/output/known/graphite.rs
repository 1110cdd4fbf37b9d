//! The output `graphite`: known, validated, not opened yet. Source: Logstash reference 8.17, "Graphite output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{hash, list, number, switch, text};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "graphite",
    "Sends numbers of events to Graphite.",
    OWN,
    r#"output { graphite { host => "carbon" metrics => { "%{service}.duration" => "%{duration}" } } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    text("host", "localhost", "The server."),
    number("port", 2003.0, "Its port."),
    hash("metrics", "Names and values; both may hold `%{…}`."),
    switch("fields_are_metrics", false, "Whether all fields are sent, in the place of `metrics`."),
    list("include_metrics", &[".*"], "Patterns of names to send."),
    list("exclude_metrics", &["%\\{[^}]+\\}"], "Patterns of names to leave out."),
    text("metrics_format", "*", "What names look like; `*` is the name."),
    text("nested_object_separator", ".", "What stands between the names of nested fields."),
    number("reconnect_interval", 2.0, "How long to wait before connecting again, in seconds."),
    switch("resend_on_failure", false, "Whether what failed is sent again."),
    text("timestamp_field", "@timestamp", "The field with the time."),
];
