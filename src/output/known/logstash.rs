//! The output `logstash`: known, validated, not opened yet. Source: Logstash reference 8.17, "Logstash output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::TLS_CLIENT;
use crate::plugin::shared::TLS_STORES;
use crate::plugin::table::{array, password, string, switch, tables};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "logstash",
    "Sends events to the `logstash` input of another Logstash.",
    tables![OWN, TLS_CLIENT, TLS_STORES],
    r#"output { logstash { hosts => [ "10.0.0.2:9800" ] ssl_enabled => false } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    array("hosts", "Addresses to send to; the port is 9800 unless it is given.").required(),
    string("username", "The name to log in with."),
    password("password", "The password."),
    switch("ssl_enabled", true, "Whether TLS is spoken."),
];
