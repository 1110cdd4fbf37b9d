//! The output `java_stdout`: known, validated, not opened yet. Source: Logstash reference 8.17, "Java_stdout output plugin".

use super::{TO_STDOUT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::line);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "java_stdout",
    "Prints events on standard output; as `stdout`.",
    &[],
    r#"output { java_stdout { } }"#,
    TO_STDOUT,
);
