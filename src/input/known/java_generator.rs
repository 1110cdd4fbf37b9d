//! The input `java_generator`: known, validated, not opened yet. Source: Logstash reference 8.17, "Java_generator input plugin".

use super::{TRIES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{array, number, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "java_generator",
    "Makes events, for tests; as `generator`.",
    OWN,
    r#"input { java_generator { count => 10 eps => 2 } }"#,
    TRIES,
);

const OWN: &[Setting] = &[
    number("count", 0.0, "How often; 0: for ever."),
    number("eps", 0.0, "How many events a second; 0: as many as possible."),
    array("lines", "The messages, one after the other."),
    text("message", "Hello world!", "The message."),
    number("threads", 1.0, "How many threads make events."),
];
