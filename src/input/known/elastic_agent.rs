//! The input `elastic_agent`: known, validated, not opened yet. Source: Logstash reference 8.17, "Elastic Agent input plugin".

use super::beats::OWN;
use super::{BEATS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::shared::TLS_LISTENER;
use crate::plugin::shared::TLS_LISTENER_OLD;
use crate::plugin::table::tables;

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "elastic_agent",
    "Receives events from Elastic Agent.",
    tables![OWN, TLS_LISTENER, TLS_LISTENER_OLD],
    r#"input { elastic_agent { port => 5044 ssl_enabled => true ssl_certificate => "ls.crt" ssl_key => "ls.key" } }"#,
    BEATS,
);
