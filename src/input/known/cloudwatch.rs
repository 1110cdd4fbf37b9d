//! The input `cloudwatch`: known, validated, not opened yet. Source: Logstash reference 8.17, "Cloudwatch input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::AWS;
use crate::plugin::table::{hash, list, number, switch, tables, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "cloudwatch",
    "Asks AWS CloudWatch for metrics.",
    tables![OWN, AWS],
    r#"input { cloudwatch { namespace => "AWS/EC2" metrics => [ "CPUUtilization" ] filters => { "tag:Group" => "api" } } }"#,
    POLLED,
);

const OWN: &[Setting] = &[
    switch("combined", false, "Whether dimensions are combined, as S3 and SNS need."),
    hash("filters", "Which resources: names of filters and their values."),
    number("interval", 900.0, "How often it asks, in seconds."),
    list("metrics", METRICS, "Which metrics."),
    text("namespace", "AWS/EC2", "The service."),
    number("period", 300.0, "The distance of the points, in seconds: a multiple of 60."),
    list("statistics", &["SampleCount", "Average", "Minimum", "Maximum", "Sum"], "Which statistics of each."),
    switch("use_ssl", true, "Whether TLS is spoken."),
];

const METRICS: &[&str] = &["CPUUtilization", "DiskReadOps", "DiskWriteOps", "NetworkIn", "NetworkOut"];
