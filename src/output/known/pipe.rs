//! The output `pipe`: known, validated, not opened yet. Source: Logstash reference 8.17, "Pipe output plugin".

use super::{TO_STDOUT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{number, string};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "pipe",
    "Writes events to the standard input of a command.",
    OWN,
    r#"output { pipe { command => "logger -t app" message_format => "%{message}" } }"#,
    TO_STDOUT,
);

const OWN: &[Setting] = &[
    string("command", "The command; may hold `%{…}`.").required(),
    string("message_format", "What is written; the whole event as JSON by default."),
    number("ttl", 10.0, "After how many idle seconds the command is ended."),
];
