//! The input `sqs`: known, validated, not opened yet. Source: Logstash reference 8.17, "Sqs input plugin".

use super::{QUEUES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::AWS;
use crate::plugin::table::{codec, hash, number, string, tables};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "json");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "sqs",
    "Takes messages from an SQS queue.",
    tables![OWN, AWS],
    r#"input { sqs { queue => "logs" region => "eu-west-1" } }"#,
    QUEUES,
);

const OWN: &[Setting] = &[
    string("queue", "The queue's name.").required(),
    string("queue_owner_aws_account_id", "The account whose queue it is."),
    string("id_field", "The field for the message's id."),
    string("md5_field", "The field for its checksum."),
    string("sent_timestamp_field", "The field for the time it was sent at."),
    string("user_attributes_field", "The field for its attributes."),
    number("polling_frequency", 20.0, "How long a question waits for messages, in seconds."),
    number("threads", 1.0, "How many threads take messages."),
    hash("additional_settings", "More settings of the SDK."),
    codec("json"),
];
