//! The input `udp`: known, validated, not opened yet. Source: Logstash reference 8.17, "Udp input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{amount, ecs, number, string, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "udp",
    "Receives messages over UDP.",
    OWN,
    r#"input { udp { port => 5140 type => "syslog" } }"#,
    LISTENERS,
);

const OWN: &[Setting] = &[
    amount("port", "The port to listen on.").required(),
    text("host", "0.0.0.0", "The address to listen on."),
    number("buffer_size", 65536.0, "How long a packet may be, in bytes."),
    number("queue_size", 2000.0, "How many packets may wait."),
    amount("receive_buffer_bytes", "The size of the socket's receive buffer."),
    number("workers", 2.0, "How many threads take packets."),
    string("source_ip_fieldname", "The field for the sender's address; `[host][ip]` by default."),
    ecs(),
];
