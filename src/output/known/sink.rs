//! The output `sink`: known, validated, not opened yet. Source: Logstash reference 8.17, "Sink output plugin".

use super::{NOTHING, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration =
    Declaration::known(Door::Output, "sink", "Throws events away; as `null`.", &[], r#"output { sink { } }"#, NOTHING);
