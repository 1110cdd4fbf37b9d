//! The output `rabbitmq`: known, validated, not opened yet. Source: Logstash reference 8.17, "Rabbitmq output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::RABBITMQ;
use crate::plugin::table::{codec, hash, one_of, string, switch, tables, text};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::json);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "rabbitmq",
    "Sends events to an exchange of RabbitMQ.",
    tables![OWN, RABBITMQ],
    r#"output { rabbitmq { host => "mq" exchange => "logs" exchange_type => "topic" key => "app.%{level}" } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    string("exchange", "The exchange.").required(),
    one_of("exchange_type", &["fanout", "direct", "topic", "x-consistent-hash", "x-modulus-hash"], "Its type.")
        .required(),
    text("key", "logstash", "The routing key; may hold `%{…}`."),
    switch("durable", true, "Whether the exchange outlives the broker's restart."),
    switch("persistent", true, "Whether messages are kept on disk."),
    hash("message_properties", "Properties of messages; values may hold `%{…}`."),
    codec("json"),
];
