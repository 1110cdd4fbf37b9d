//! The output `redis`: known, validated, not opened yet. Source: Logstash reference 8.17, "Redis output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::TLS_CLIENT;
use crate::plugin::table::{codec, list, number, one_of, password, string, switch, tables};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::json);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "redis",
    "Sends events to a list or channel of Redis.",
    tables![OWN, TLS_CLIENT],
    r#"output { redis { host => "redis" data_type => "list" key => "logstash" } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    one_of("data_type", &["list", "channel"], "What `key` names.").required(),
    string("key", "The list or channel; may hold `%{…}`.").required(),
    list("host", &["127.0.0.1"], "Servers, perhaps with ports; one is taken by chance."),
    number("port", 6379.0, "The port of those without one."),
    number("db", 0.0, "The number of the database."),
    password("password", "The password."),
    switch("batch", false, "Whether several events are sent at a time, to a list."),
    number("batch_events", 50.0, "How many."),
    number("batch_timeout", 5.0, "After how many seconds fewer are sent."),
    number("congestion_interval", 1.0, "How often the list's length is asked for, in seconds."),
    number("congestion_threshold", 0.0, "How long the list may be; 0: as long as it likes."),
    number("reconnect_interval", 1.0, "How long to wait before connecting again, in seconds."),
    switch("shuffle_hosts", true, "Whether servers are taken in any order."),
    number("timeout", 5.0, "How long connecting may take, in seconds."),
    switch("ssl_enabled", false, "Whether TLS is spoken."),
    switch("ssl", false, "Whether TLS is spoken.").deprecated("use `ssl_enabled`"),
    password("ssl_key_passphrase", "The passphrase of `ssl_key`."),
    codec("json"),
];
