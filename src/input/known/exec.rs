//! The input `exec`: known, validated, not opened yet. Source: Logstash reference 8.17, "Exec input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{amount, ecs, string};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "exec",
    "Runs a command now and then and takes what it prints.",
    OWN,
    r#"input { exec { command => "uptime" interval => 30 } }"#,
    POLLED,
);

const OWN: &[Setting] = &[
    string("command", "The command.").required(),
    amount("interval", "How often it runs, in seconds; this or `schedule`."),
    string("schedule", "When it runs, as for cron."),
    ecs(),
];
