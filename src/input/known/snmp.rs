//! The input `snmp`: known, validated, not opened yet. Source: Logstash reference 8.17, "SNMP input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::SNMP_USER;
use crate::plugin::table::{amount, array, choice, ecs, field, number, switch, tables};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "snmp",
    "Asks devices for values, over SNMP.",
    tables![OWN, SNMP_USER],
    r#"input { snmp { hosts => [ { host => "udp:127.0.0.1/161" community => "public" } ] get => [ "1.3.6.1.2.1.1.1.0" ] } }"#,
    POLLED,
);

const OWN: &[Setting] = &[
    array("hosts", "The devices: a hash each, with `host` and perhaps `community`, `version`, `retries`, `timeout`."),
    array("get", "Values to ask for."),
    array("walk", "Trees to ask for."),
    array("tables", "Tables to ask for: a hash each, with `name` and `columns`."),
    number("interval", 30.0, "How often it asks, in seconds."),
    amount("threads", "How many devices are asked at a time."),
    amount("poll_hosts_timeout", "How long all devices together may take, in milliseconds."),
    array("mib_paths", "Files or folders of MIBs."),
    switch("use_provided_mibs", true, "Whether the IETF's MIBs are used."),
    choice("oid_mapping_format", &["default", "ruby_snmp", "dotted_string"], "How fields are named."),
    switch("oid_map_field_values", false, "Whether values that are OIDs are named, too."),
    number("oid_root_skip", 0.0, "How many parts of a name are left out at its begin."),
    number("oid_path_length", 0.0, "How many parts of a name are kept at its end."),
    field("target", "The field for the answer; the event itself by default."),
    ecs(),
];
