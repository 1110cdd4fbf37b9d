//! The input `java_stdin`: known, validated, not opened yet. Source: Logstash reference 8.17, "Java_stdin input plugin".

use super::{TRIES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;

pub static PLUGIN: InputPlugin = known(&DECLARATION, "line");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "java_stdin",
    "Reads standard input; as `stdin`.",
    &[],
    r#"input { java_stdin { } }"#,
    TRIES,
);
