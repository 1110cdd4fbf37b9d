//! The output `lumberjack`: known, validated, not opened yet. Source: Logstash reference 8.17, "Lumberjack output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{amount, array, number, path};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "lumberjack",
    "Sends events in the protocol that Beats speak.",
    OWN,
    r#"output { lumberjack { hosts => [ "10.0.0.2" ] port => 5044 ssl_certificate => "ls.crt" } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    array("hosts", "Addresses; one is taken by chance.").required(),
    amount("port", "The port.").required(),
    path("ssl_certificate", "The certificate to believe.").required(),
    number("flush_size", 1024.0, "How many events are sent at a time."),
    number("idle_flush_time", 1.0, "After how many seconds fewer are sent."),
];
