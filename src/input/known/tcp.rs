//! The input `tcp`: known, validated, not opened yet. Source: Logstash reference 8.17, "Tcp input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::TLS_SOCKET;
use crate::plugin::table::{amount, array, choice, codec, ecs, path, switch, tables, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "line");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "tcp",
    "Receives lines over TCP, or fetches them.",
    tables![SOCKET, OWN, TLS_SOCKET],
    r#"input { tcp { port => 5000 codec => json_lines } }"#,
    LISTENERS,
);

/// What `graphite` has, too.
pub(super) const SOCKET: &[Setting] = &[
    amount("port", "The port to listen on, or to connect to.").required(),
    text("host", "0.0.0.0", "The address to listen on, or to connect to."),
    choice("mode", &["server", "client"], "Whether it listens or connects."),
    switch("proxy_protocol", false, "Whether a proxy tells the sender's address before the data."),
    switch("tcp_keep_alive", false, "Whether TCP looks for dead connections."),
    switch("dns_reverse_lookup_enabled", true, "Whether senders' names are looked up."),
    array("ssl_extra_chain_certs", "More certificates of the chain."),
    ecs(),
];

const OWN: &[Setting] = &[
    Setting {
        doc: "How bytes become events; `json` is taken as `json_lines`, and `plain` as `line`.",
        ..codec("line")
    },
    amount("data_timeout", "How long to wait for data.").refused("Logstash has removed it"),
    path("ssl_cacert", "The authority to believe.")
        .refused("Logstash has removed it: use `ssl_certificate_authorities`"),
];
