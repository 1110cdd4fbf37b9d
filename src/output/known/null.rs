//! The output `null`: known, validated, not opened yet. Source: Logstash reference 8.17, "Null output plugin".

use super::{NOTHING, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration =
    Declaration::known(Door::Output, "null", "Throws events away.", &[], r#"output { null { } }"#, NOTHING);
