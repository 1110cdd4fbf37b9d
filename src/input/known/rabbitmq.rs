//! The input `rabbitmq`: known, validated, not opened yet. Source: Logstash reference 8.17, "Rabbitmq input plugin".

use super::{QUEUES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::RABBITMQ;
use crate::plugin::table::{amount, choice, codec, number, string, switch, tables, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "json");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "rabbitmq",
    "Takes messages from a queue of RabbitMQ.",
    tables![OWN, RABBITMQ],
    r#"input { rabbitmq { host => "mq" queue => "logs" durable => true } }"#,
    QUEUES,
);

const OWN: &[Setting] = &[
    text("queue", "", "The queue; one that goes with the connection by default."),
    string("exchange", "The exchange to bind the queue to."),
    string("exchange_type", "Its type; with it, the exchange is made where it is not there."),
    text("key", "logstash", "The routing key."),
    switch("ack", true, "Whether messages are acknowledged."),
    switch("auto_delete", false, "Whether the queue goes with its last consumer."),
    switch("durable", false, "Whether the queue outlives the broker's restart."),
    switch("exclusive", false, "Whether the queue is this connection's alone."),
    amount("max_inbound_message_body_size", "How long a message may be, in bytes."),
    choice(
        "metadata_enabled",
        &["none", "basic", "extended", "false", "true"],
        "What of the message is put into `@metadata`.",
    ),
    number("prefetch_count", 256.0, "How many messages may wait for their acknowledgement."),
    number("subscription_retry_interval_seconds", 5.0, "How long to wait after a failed subscription."),
    number("threads", 1.0, "How many threads take messages."),
    codec("json"),
];
