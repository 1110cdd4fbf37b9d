//! The input `http`: known, validated, not opened yet. Source: Logstash reference 8.17, "Http input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::TLS_LISTENER;
use crate::plugin::shared::TLS_LISTENER_OLD;
use crate::plugin::shared::TLS_STORES;
use crate::plugin::table::{amount, choice, ecs, hash, number, password, path, string, switch, tables, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "http",
    "Receives events as bodies of HTTP requests.",
    tables![OWN, TLS_LISTENER, TLS_STORES, TLS_LISTENER_OLD],
    r#"input { http { port => 8080 user => "app" password => "${HTTP_PASSWORD:}" } }"#,
    LISTENERS,
);

const OWN: &[Setting] = &[
    text("host", "0.0.0.0", "The address to listen on."),
    number("port", 8080.0, "The port to listen on."),
    string("user", "The name that senders must give."),
    password("password", "The password that senders must give."),
    hash("additional_codecs", "Codecs by content type; `application/json` is read as `json`."),
    number("max_content_length", 104857600.0, "How long a body may be, in bytes."),
    number("max_pending_requests", 200.0, "How many requests wait before `429` is answered."),
    choice("response_code", &["200", "201", "202", "204"], "The answer to a request that was taken."),
    hash("response_headers", "The answer's headers; `Content-Type: text/plain` by default."),
    string("remote_host_target_field", "The field for the sender's address; `[host][ip]` by default."),
    string(
        "request_headers_target_field",
        "The field for the request's headers; `[@metadata][http][header]` by default.",
    ),
    amount("threads", "How many threads take requests; one a core by default."),
    ecs(),
    switch("ssl_enabled", false, "Whether TLS is spoken."),
    path("keystore", "A store with the certificate to show.").deprecated("use `ssl_keystore_path`"),
    password("keystore_password", "Its password.").deprecated("use `ssl_keystore_password`"),
    choice("verify_mode", &["none", "peer", "force_peer"], "Whether clients must show a certificate.")
        .deprecated("use `ssl_client_authentication`"),
];
