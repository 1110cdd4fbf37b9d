//! The output `nagios`: known, validated, not opened yet. Source: Logstash reference 8.17, "Nagios output plugin".

use super::{ALERTS, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{one_of, path};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "nagios",
    "Writes passive checks to the command file of Nagios.",
    OWN,
    r#"output { nagios { nagios_level => "2" } }"#,
    ALERTS,
);

const OWN: &[Setting] = &[
    path("commandfile", "The command file; `/var/lib/nagios3/rw/nagios.cmd` by default."),
    one_of("nagios_level", &["0", "1", "2", "3"], "The level; 2 by default, 1 where `nagios_annotation` warns."),
];
