//! The input `heartbeat`: known, validated, not opened yet. Source: Logstash reference 8.17, "Heartbeat input plugin".

use super::{TRIES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{choice, ecs, number, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "heartbeat",
    "Makes an event now and then, to show that the pipeline is alive.",
    OWN,
    r#"input { heartbeat { interval => 10 type => "heartbeat" } }"#,
    TRIES,
);

const OWN: &[Setting] = &[
    number("count", -1.0, "How often; -1: for ever."),
    number("interval", 60.0, "The time between two events, in seconds."),
    text("message", "ok", "The message."),
    choice("sequence", &["none", "epoch", "sequence"], "What is counted in `[event][sequence]`, or in `clock`."),
    number("threads", 1.0, "How many threads make events."),
    ecs(),
];
