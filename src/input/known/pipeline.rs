//! The input `pipeline`: known, validated, not opened yet. Source: Logstash reference 8.17, "Pipeline-to-pipeline communication".

use super::{ONE_PIPELINE, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::string;

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "pipeline",
    "Takes events from another pipeline of the same Logstash.",
    OWN,
    r#"input { pipeline { address => "beats" } }"#,
    ONE_PIPELINE,
);

const OWN: &[Setting] = &[string("address", "The name that the other pipeline's output sends to.").required()];
