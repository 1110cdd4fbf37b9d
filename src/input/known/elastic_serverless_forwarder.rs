//! The input `elastic_serverless_forwarder`: known, validated, not opened yet. Source: Logstash reference 8.17, "Elastic Serverless Forwarder input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::TLS_LISTENER;
use crate::plugin::table::{number, one_of, password, string, switch, tables, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "elastic_serverless_forwarder",
    "Receives events from the Elastic Serverless Forwarder.",
    tables![OWN, TLS_LISTENER],
    r#"input { elastic_serverless_forwarder { port => 8080 ssl_enabled => false } }"#,
    LISTENERS,
);

const OWN: &[Setting] = &[
    text("host", "0.0.0.0", "The address to listen on."),
    number("port", 8080.0, "The port to listen on."),
    string("auth_basic_username", "The name that senders must give."),
    password("auth_basic_password", "The password that senders must give."),
    switch("ssl_enabled", true, "Whether TLS is spoken."),
    switch("ssl", true, "Whether TLS is spoken.").deprecated("use `ssl_enabled`"),
    one_of("ssl_verification_mode", &["certificate"], "How clients' certificates are verified.")
        .deprecated("leave it out"),
];
