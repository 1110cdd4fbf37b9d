//! The input `stdin`: known, validated, not opened yet. Source: Logstash reference 8.17, "Stdin input plugin".

use super::{TRIES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{codec, ecs};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "line");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "stdin",
    "Reads standard input, a line an event.",
    OWN,
    r#"input { stdin { codec => json_lines } }"#,
    TRIES,
);

const OWN: &[Setting] = &[ecs(), codec("line")];
