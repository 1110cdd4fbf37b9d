//! The input `couchdb_changes`: known, validated, not opened yet. Source: Logstash reference 8.17, "Couchdb_changes input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{amount, number, password, path, string, switch, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "couchdb_changes",
    "Follows the changes of a CouchDB database.",
    OWN,
    r#"input { couchdb_changes { db => "orders" host => "couchdb.example.com" } }"#,
    POLLED,
);

const OWN: &[Setting] = &[
    string("db", "The database.").required(),
    text("host", "localhost", "The server."),
    number("port", 5984.0, "Its port."),
    string("username", "The name to log in with."),
    password("password", "The password."),
    switch("secure", false, "Whether TLS is spoken."),
    path("ca_file", "The authority to believe."),
    switch("always_reconnect", true, "Whether it connects again after a failure."),
    number("reconnect_delay", 10.0, "After how many seconds."),
    number("heartbeat", 1000.0, "How often CouchDB says that it is there, in milliseconds."),
    switch("ignore_attachments", true, "Whether attachments are left out."),
    amount("initial_sequence", "The change to begin with."),
    switch("keep_id", false, "Whether `_id` is kept."),
    switch("keep_revision", false, "Whether `_rev` is kept."),
    string("sequence_path", "The file that keeps the last change's number."),
    amount("timeout", "How long to wait for a change, in milliseconds."),
];
