//! The output `sqs`: known, validated, not opened yet. Source: Logstash reference 8.17, "Sqs output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::AWS;
use crate::plugin::table::{bytes, codec, number, string, tables};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::json);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "sqs",
    "Sends events to an SQS queue.",
    tables![OWN, AWS],
    r#"output { sqs { queue => "logs" region => "eu-west-1" } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    string("queue", "The queue's name.").required(),
    string("queue_owner_aws_account_id", "The account whose queue it is."),
    number("batch_events", 10.0, "How many events are sent at a time."),
    bytes("message_max_size", "256KiB", "How long a message may be; longer ones are dropped."),
    codec("json"),
];
