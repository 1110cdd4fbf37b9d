//! The input `syslog`: known, validated, not opened yet. Source: Logstash reference 8.17, "Syslog input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{array, ecs, number, string, switch, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "syslog",
    "Receives syslog messages over TCP and UDP and takes them apart.",
    OWN,
    r#"input { syslog { port => 5514 } }"#,
    LISTENERS,
);

const OWN: &[Setting] = &[
    text("host", "0.0.0.0", "The address to listen on."),
    number("port", 514.0, "The port to listen on, TCP and UDP."),
    text("grok_pattern", "<%{POSINT:priority}>%{SYSLOGLINE}", "How a line is taken apart; it must give `timestamp`."),
    text("syslog_field", "message", "The field that holds the line."),
    string("timezone", "The zone of times that have none."),
    string("locale", "The language of names of months."),
    switch("use_labels", true, "Whether facility and severity get their names."),
    array("facility_labels", "Names of the facilities, from 0; the RFC's by default."),
    array("severity_labels", "Names of the severities, from 0; the RFC's by default."),
    string("service_type", "The value of `[service][type]`."),
    switch("proxy_protocol", false, "Whether a proxy tells the sender's address before the data."),
    ecs(),
];
