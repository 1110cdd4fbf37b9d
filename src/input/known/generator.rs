//! The input `generator`: known, validated, not opened yet. Source: Logstash reference 8.17, "Generator input plugin".

use super::{TRIES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{array, ecs, number, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "generator",
    "Makes events, for tests.",
    OWN,
    r#"input { generator { lines => [ "line 1", "line 2" ] count => 3 } }"#,
    TRIES,
);

const OWN: &[Setting] = &[
    number("count", 0.0, "How often; 0: for ever."),
    array("lines", "The messages, one after the other."),
    text("message", "Hello world!", "The message; `stdin` reads it from standard input."),
    number("threads", 1.0, "How many threads make events."),
    ecs(),
];
