//! The input `pipe`: known, validated, not opened yet. Source: Logstash reference 8.17, "Pipe input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{ecs, string};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "pipe",
    "Runs a command and takes each line that it prints.",
    OWN,
    r#"input { pipe { command => "journalctl -f" } }"#,
    POLLED,
);

const OWN: &[Setting] = &[string("command", "The command.").required(), ecs()];
