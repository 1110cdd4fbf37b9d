//! The input `redis`: known, validated, not opened yet. Source: Logstash reference 8.17, "Redis input plugin".

use super::{QUEUES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{codec, hash, number, one_of, password, string, switch, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "json");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "redis",
    "Takes events from a list or channel of Redis.",
    OWN,
    r#"input { redis { host => "redis" data_type => "list" key => "logstash" } }"#,
    QUEUES,
);

const OWN: &[Setting] = &[
    one_of("data_type", &["list", "channel", "pattern_channel"], "What `key` names.").required(),
    string("key", "The list or channel.").required(),
    text("host", "127.0.0.1", "The server."),
    number("port", 6379.0, "Its port."),
    string("path", "Its unix socket, in the place of the two."),
    number("db", 0.0, "The number of the database."),
    password("password", "The password."),
    number("batch_count", 125.0, "How many events are taken at a time."),
    hash("command_map", "Commands that have another name on this server."),
    switch("ssl", false, "Whether TLS is spoken."),
    number("threads", 1.0, "How many threads take events."),
    number("timeout", 5.0, "How long connecting may take, in seconds."),
    codec("json"),
];
