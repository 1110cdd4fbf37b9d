//! The input `logstash`: known, validated, not opened yet. Source: Logstash reference 8.17, "Logstash input plugin".

use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::TLS_LISTENER;
use crate::plugin::table::{amount, password, path, string, switch, tables, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "logstash",
    "Receives events from the `logstash` output of another Logstash.",
    tables![OWN, TLS_LISTENER],
    r#"input { logstash { port => 9800 ssl_enabled => false } }"#,
    LISTENERS,
);

const OWN: &[Setting] = &[
    amount("port", "The port to listen on.").required(),
    text("host", "0.0.0.0", "The address to listen on."),
    string("username", "The name that senders must give."),
    password("password", "The password that senders must give."),
    switch("ssl_enabled", true, "Whether TLS is spoken."),
    path("ssl_keystore_path", "A JKS or PKCS12 store with the certificate to show."),
    password("ssl_keystore_password", "The password of `ssl_keystore_path`."),
];
