//! The output `sns`: known, validated, not opened yet. Source: Logstash reference 8.17, "Sns output plugin".

use super::{ALERTS, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::AWS;
use crate::plugin::table::{string, tables};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "sns",
    "Publishes events to a topic of AWS SNS.",
    tables![OWN, AWS],
    r#"output { sns { arn => "arn:aws:sns:eu-west-1:123456789012:alerts" } }"#,
    ALERTS,
);

const OWN: &[Setting] = &[
    string("arn", "The topic of events that name none in `sns`."),
    string("publish_boot_message_arn", "The topic that is told of the start."),
];
