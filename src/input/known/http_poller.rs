//! The input `http_poller`: known, validated, not opened yet. Source: Logstash reference 8.17, "Http_poller input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::HTTP_CLIENT;
use crate::plugin::shared::HTTP_CLIENT_OLD;
use crate::plugin::shared::TLS_CLIENT;
use crate::plugin::shared::TLS_STORES;
use crate::plugin::table::{amount, codec, ecs, field, hash, string, tables};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "json");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "http_poller",
    "Asks HTTP addresses now and then; answers become events.",
    tables![OWN, HTTP_CLIENT, TLS_CLIENT, TLS_STORES, HTTP_CLIENT_OLD],
    r#"input {
  http_poller {
    urls => { health => "http://app:8080/health" }
    schedule => { every => "1m" }
    codec => "json"
  }
}"#,
    POLLED,
);

const OWN: &[Setting] = &[
    hash("urls", "Names, and an address or a whole request for each.").required(),
    hash("schedule", "When: one of `cron`, `every`, `at`, `in`, and its value."),
    string("metadata_target", "The field for facts of request and answer; `@metadata` by default."),
    field("target", "The field for the answer; the event itself by default."),
    ecs(),
    codec("json"),
    amount("interval", "How often, in seconds.")
        .refused("Logstash has removed it: use `schedule => { every => \"30s\" }`"),
];
