//! The output `tcp`: known, validated, not opened yet. Source: Logstash reference 8.17, "Tcp output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::TLS_SOCKET;
use crate::plugin::table::{amount, choice, codec, number, path, string, tables};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::json);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "tcp",
    "Sends events over TCP.",
    tables![OWN, TLS_SOCKET],
    r#"output { tcp { host => "10.0.0.2" port => 5000 codec => json_lines } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    string("host", "The address to connect to, or to listen on.").required(),
    amount("port", "The port.").required(),
    choice("mode", &["client", "server"], "Whether it connects or listens."),
    number("reconnect_interval", 10.0, "How long to wait before connecting again, in seconds."),
    path("ssl_cacert", "The authority to believe.").deprecated("use `ssl_certificate_authorities`"),
    codec("json"),
];
