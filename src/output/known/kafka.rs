//! The output `kafka`: known, validated, not opened yet. Source: Logstash reference 8.17, "Kafka output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::KAFKA;
use crate::plugin::table::{amount, choice, hash, number, string, tables, text};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "kafka",
    "Sends events to a topic of Kafka.",
    tables![OWN, KAFKA],
    r#"output { kafka { bootstrap_servers => "kafka:9092" topic_id => "app-logs" codec => json } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    string("topic_id", "The topic; may hold `%{…}`.").required(),
    choice("acks", &["1", "0", "all"], "How many brokers must have an event."),
    number("batch_size", 16384.0, "How large a batch may be, in bytes."),
    number("buffer_memory", 33554432.0, "How many bytes may wait."),
    choice("compression_type", &["none", "gzip", "snappy", "lz4", "zstd"], "How batches are pressed."),
    text("key_serializer", "org.apache.kafka.common.serialization.StringSerializer", "What writes keys."),
    number("linger_ms", 0.0, "How long to wait for more events."),
    number("max_request_size", 1048576.0, "How large a request may be."),
    hash("message_headers", "The record's headers; values may hold `%{…}`."),
    string("message_key", "The record's key; may hold `%{…}`."),
    number("metadata_fetch_timeout_ms", 60000.0, "How long to wait for the first metadata."),
    string("partitioner", "How partitions are chosen: `round_robin`, `uniform_sticky`."),
    number("reconnect_backoff_max_ms", 1000.0, "The longest wait before connecting again."),
    amount("retries", "How often an event is sent again; for ever by default."),
    text("value_serializer", "org.apache.kafka.common.serialization.StringSerializer", "What writes values."),
];
