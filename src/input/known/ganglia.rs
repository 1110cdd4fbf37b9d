//! The input `ganglia`: known, validated, not opened yet. Source: Logstash reference 8.17, "Ganglia input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{ecs, number, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "ganglia",
    "Receives packets of Ganglia over UDP.",
    OWN,
    r#"input { ganglia { port => 8649 } }"#,
    LISTENERS,
);

const OWN: &[Setting] =
    &[text("host", "0.0.0.0", "The address to listen on."), number("port", 8649.0, "The port to listen on."), ecs()];
