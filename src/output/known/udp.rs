//! The output `udp`: known, validated, not opened yet. Source: Logstash reference 8.17, "Udp output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{codec, number, string};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::json);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "udp",
    "Sends events over UDP.",
    OWN,
    r#"output { udp { host => "10.0.0.2" port => 5140 } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    string("host", "The address; may hold `%{…}`.").required(),
    string("port", "The port; may hold `%{…}`.").required(),
    number("retry_count", 0.0, "How often a packet is sent again."),
    number("retry_backoff_ms", 100.0, "How long to wait between."),
    codec("json"),
];
