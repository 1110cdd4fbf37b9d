//! The input `beats`: known, validated, not opened yet. Source: Logstash reference 8.17, "Beats input plugin".

use super::{BEATS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::TLS_LISTENER;
use crate::plugin::shared::TLS_LISTENER_OLD;
use crate::plugin::table::{amount, ecs, list, number, string, switch, tables, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "beats",
    "Receives events from Beats: Filebeat, Metricbeat and the others.",
    tables![OWN, TLS_LISTENER, TLS_LISTENER_OLD],
    r#"input { beats { port => 5044 } }"#,
    BEATS,
);

/// Those of `elastic_agent`, too: the two are one program.
pub(super) const OWN: &[Setting] = &[
    amount("port", "The port to listen on.").required(),
    text("host", "0.0.0.0", "The address to listen on."),
    switch("add_hostname", false, "Whether `host` gets the Beat's host name.").deprecated("leave it out"),
    number("client_inactivity_timeout", 60.0, "After how many seconds a silent client is cut off."),
    ecs(),
    list("enrich", &["codec_metadata", "source_metadata"], "What is added: also `ssl_peer_metadata`, `all`, `none`."),
    number("event_loop_threads", 0.0, "How many threads speak to clients; 0: twice the cores."),
    amount("executor_threads", "How many threads take requests; one a core by default."),
    switch("include_codec_tag", true, "Whether the codec's tag is added.").deprecated("use `enrich`"),
    switch("ssl_peer_metadata", false, "Whether the client's certificate is told.").deprecated("use `enrich`"),
    switch("ssl_enabled", false, "Whether TLS is spoken."),
    amount("congestion_threshold", "How long to wait for a full pipeline.").refused("Logstash has removed it"),
    string("target_field_for_codec", "The field for the codec.").refused("Logstash has removed it"),
];
