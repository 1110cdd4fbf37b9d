//! The input `snmptrap`: known, validated, not opened yet. Source: Logstash reference 8.17, "SNMP trap input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::SNMP_USER;
use crate::plugin::table::{amount, array, choice, ecs, field, list, number, string, switch, tables, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "snmptrap",
    "Receives SNMP traps.",
    tables![OWN, SNMP_USER],
    r#"input { snmptrap { port => 1062 community => [ "public" ] } }"#,
    LISTENERS,
);

const OWN: &[Setting] = &[
    text("host", "0.0.0.0", "The address to listen on."),
    number("port", 1062.0, "The port to listen on."),
    list("community", &["public"], "Communities that are listened to."),
    list("supported_transports", &["udp"], "What it listens on: `udp`, `tcp`."),
    list("supported_versions", &["1", "2c"], "Versions that are listened to: `1`, `2c`, `3`."),
    amount("threads", "How many threads take traps."),
    array("mib_paths", "Files or folders of MIBs."),
    switch("use_provided_mibs", false, "Whether the IETF's MIBs are used."),
    choice("oid_mapping_format", &["ruby_snmp", "default", "dotted_string"], "How fields are named."),
    switch("oid_map_field_values", false, "Whether values that are OIDs are named, too."),
    number("oid_root_skip", 0.0, "How many parts of a name are left out at its begin."),
    number("oid_path_length", 0.0, "How many parts of a name are kept at its end."),
    string("yamlmibdir", "A folder of MIBs in YAML.").deprecated("use `mib_paths`"),
    field("target", "The field for the trap; the event itself by default."),
    ecs(),
];
