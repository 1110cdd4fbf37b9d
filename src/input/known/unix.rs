//! The input `unix`: known, validated, not opened yet. Source: Logstash reference 8.17, "Unix input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{choice, codec, ecs, number, string, switch};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "line");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "unix",
    "Receives lines over a unix socket, or fetches them.",
    OWN,
    r#"input { unix { path => "/run/app.sock" } }"#,
    LISTENERS,
);

const OWN: &[Setting] = &[
    string("path", "The socket.").required(),
    choice("mode", &["server", "client"], "Whether it listens or connects."),
    number("data_timeout", -1.0, "After how many silent seconds a connection is closed; -1: never."),
    switch("force_unlink", false, "Whether a socket that is left over is removed."),
    number("socket_not_present_retry_interval_seconds", 5.0, "How long a client waits for the socket."),
    ecs(),
    codec("line"),
];
