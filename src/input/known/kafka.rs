//! The input `kafka`: known, validated, not opened yet. Source: Logstash reference 8.17, "Kafka input plugin".

use super::{QUEUES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::KAFKA;
use crate::plugin::table::{amount, choice, list, number, password, path, string, switch, tables, text, uri};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "kafka",
    "Takes messages from topics of Kafka.",
    tables![OWN, KAFKA],
    r#"input { kafka { bootstrap_servers => "kafka:9092" topics => [ "app-logs" ] codec => json } }"#,
    QUEUES,
);

const OWN: &[Setting] = &[
    list("topics", &["logstash"], "The topics."),
    string("topics_pattern", "A pattern of topics, in the place of `topics`."),
    text("group_id", "logstash", "The consumer group."),
    string("group_instance_id", "The name of a member that stays the same."),
    number("consumer_threads", 1.0, "How many consumers there are; best one a partition."),
    choice(
        "decorate_events",
        &["none", "basic", "extended", "false", "true"],
        "What of the record is put into `[@metadata][kafka]`.",
    ),
    string("auto_offset_reset", "Where to begin in a partition that was never read: `earliest`, `latest`, `none`."),
    switch("enable_auto_commit", true, "Whether positions are committed now and then."),
    number("auto_commit_interval_ms", 5000.0, "How often."),
    switch("auto_create_topics", true, "Whether topics that are not there are made."),
    switch("check_crcs", true, "Whether checksums are checked."),
    string("client_rack", "The rack this consumer stands in."),
    string("exclude_internal_topics", "Whether Kafka's own topics are left out of a pattern."),
    number("fetch_max_bytes", 52428800.0, "How much is fetched at a time at most."),
    number("fetch_max_wait_ms", 500.0, "How long the broker waits for `fetch_min_bytes`."),
    amount("fetch_min_bytes", "How much is fetched at a time at least."),
    number("heartbeat_interval_ms", 3000.0, "The time between heartbeats."),
    choice(
        "isolation_level",
        &["read_uncommitted", "read_committed"],
        "Whether messages of open transactions are read.",
    ),
    text(
        "key_deserializer_class",
        "org.apache.kafka.common.serialization.StringDeserializer",
        "What reads a record's key.",
    ),
    number("max_partition_fetch_bytes", 1048576.0, "How much of one partition is fetched at a time."),
    number("max_poll_interval_ms", 300000.0, "After how long without a poll a member is taken for dead."),
    number("max_poll_records", 500.0, "How many records a poll gives at most."),
    string(
        "partition_assignment_strategy",
        "How partitions are shared out: `range`, `round_robin`, `sticky`, `cooperative_sticky`.",
    ),
    number("poll_timeout_ms", 100.0, "How long a poll waits."),
    string("schema_registry_key", "The name to log in to the schema registry with."),
    uri("schema_registry_proxy", "A proxy to it."),
    password("schema_registry_secret", "The password."),
    path("schema_registry_ssl_keystore_location", "A store with the certificate to show to it."),
    password("schema_registry_ssl_keystore_password", "Its password."),
    string("schema_registry_ssl_keystore_type", "Its format."),
    path("schema_registry_ssl_truststore_location", "A store of authorities to believe."),
    password("schema_registry_ssl_truststore_password", "Its password."),
    string("schema_registry_ssl_truststore_type", "Its format."),
    uri("schema_registry_url", "The address of the schema registry, for Avro."),
    choice("schema_registry_validation", &["auto", "skip"], "Whether it is asked at the start."),
    number("session_timeout_ms", 10000.0, "After how long without a heartbeat a member is taken for dead."),
    text(
        "value_deserializer_class",
        "org.apache.kafka.common.serialization.StringDeserializer",
        "What reads a record's value.",
    ),
    string("topic_id", "The topic.").refused("Logstash has removed it: use `topics`"),
    string("zk_connect", "ZooKeeper's address.").refused("Logstash has removed it: use `bootstrap_servers`"),
    switch("reset_beginning", false, "Whether to begin anew.")
        .refused("Logstash has removed it: use `auto_offset_reset`"),
];
