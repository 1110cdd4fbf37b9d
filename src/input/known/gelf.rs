//! The input `gelf`: known, validated, not opened yet. Source: Logstash reference 8.17, "Gelf input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{amount, number, switch, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "gelf",
    "Receives messages in Graylog's format.",
    OWN,
    r#"input { gelf { port => 12201 type => "docker" } }"#,
    LISTENERS,
);

const OWN: &[Setting] = &[
    text("host", "0.0.0.0", "The address to listen on."),
    number("port", 12201.0, "The port, for UDP and TCP alike, unless one of the next two is given."),
    amount("port_tcp", "The TCP port."),
    amount("port_udp", "The UDP port."),
    switch("use_tcp", false, "Whether it listens on TCP."),
    switch("use_udp", true, "Whether it listens on UDP."),
    switch("remap", true, "Whether `full_message` or `short_message` becomes `message`."),
    switch("strip_leading_underscore", true, "Whether `_name` becomes `name`."),
];
