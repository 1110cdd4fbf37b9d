//! The output `cloudwatch`: known, validated, not opened yet. Source: Logstash reference 8.17, "Cloudwatch output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::AWS;
use crate::plugin::table::{choice, hash, number, string, switch, tables, text};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "cloudwatch",
    "Sends sums of events to AWS CloudWatch as metrics.",
    tables![OWN, AWS],
    r#"output { cloudwatch { namespace => "App" metricname => "errors" } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    string("metricname", "The metric of events that name none."),
    text("namespace", "Logstash", "The namespace of events that name none."),
    choice("unit", UNITS, "The unit of events that name none."),
    text("value", "1", "The value of events that have none."),
    hash("dimensions", "The dimensions of events that have none."),
    text("field_metricname", "CW_metricname", "The field with the metric's name."),
    text("field_namespace", "CW_namespace", "The field with the namespace."),
    text("field_unit", "CW_unit", "The field with the unit."),
    text("field_value", "CW_value", "The field with the value."),
    text("field_dimensions", "CW_dimensions", "The field with the dimensions."),
    number("batch_size", 20.0, "How many points a call carries."),
    number("queue_size", 10000.0, "How many events wait before a call is made early."),
    text("timeframe", "1m", "How often a call is made."),
    switch("use_ssl", true, "Whether TLS is spoken."),
];

/// CloudWatch's units, the default first.
const UNITS: &[&str] = &[
    "Count",
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];
