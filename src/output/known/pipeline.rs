//! The output `pipeline`: known, validated, not opened yet. Source: Logstash reference 8.17, "Pipeline-to-pipeline communication".

use super::{ONE_PIPELINE, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{array, switch};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "pipeline",
    "Hands events to another pipeline of the same Logstash.",
    OWN,
    r#"output { pipeline { send_to => [ "beats" ] } }"#,
    ONE_PIPELINE,
);

const OWN: &[Setting] = &[
    array("send_to", "The names that other pipelines' inputs have.").required(),
    switch("ensure_delivery", true, "Whether it waits for a pipeline that is not there."),
];
