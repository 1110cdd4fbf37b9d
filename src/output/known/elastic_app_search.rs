//! The output `elastic_app_search`: known, validated, not opened yet. Source: Logstash reference 8.17, "App Search output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{password, string, text};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "elastic_app_search",
    "Sends events to Elastic App Search.",
    OWN,
    r#"output { elastic_app_search { url => "https://app:3002" engine => "products" api_key => "${APP_SEARCH_KEY:}" } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    string("engine", "The engine; may hold `%{…}`.").required(),
    password("api_key", "The private key.").required(),
    text("url", "http://localhost:3002", "The address."),
    text("path", "/api/as/v1/", "Its path."),
    string("document_id", "The document's id; may hold `%{…}`."),
    string("timestamp_destination", "The field for `@timestamp`."),
];
