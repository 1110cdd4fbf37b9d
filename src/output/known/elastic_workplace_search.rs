//! The output `elastic_workplace_search`: known, validated, not opened yet. Source: Logstash reference 8.17, "Workplace Search output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{password, string, text};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "elastic_workplace_search",
    "Sends events to Elastic Workplace Search.",
    OWN,
    r#"output { elastic_workplace_search { url => "https://app:3002" source => "5f1e" access_token => "${TOKEN:}" } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    string("source", "The content source; may hold `%{…}`.").required(),
    password("access_token", "The source's token.").required(),
    text("url", "http://localhost:3002", "The address."),
    string("document_id", "The document's id; may hold `%{…}`."),
    string("timestamp_destination", "The field for `@timestamp`."),
];
