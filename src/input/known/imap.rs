//! The input `imap`: known, validated, not opened yet. Source: Logstash reference 8.17, "Imap input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{amount, ecs, number, password, string, switch, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "imap",
    "Reads mails from an IMAP folder.",
    OWN,
    r#"input { imap { host => "mail.example.com" user => "logs" password => "${IMAP_PASSWORD:}" } }"#,
    POLLED,
);

const OWN: &[Setting] = &[
    string("host", "The server.").required(),
    string("user", "The name to log in with.").required(),
    password("password", "The password.").required(),
    amount("port", "Its port; 993 with TLS, 143 without."),
    switch("secure", true, "Whether TLS is spoken."),
    switch("verify_cert", true, "Whether the server is verified."),
    text("folder", "INBOX", "The folder."),
    number("check_interval", 300.0, "How often it looks, in seconds."),
    number("fetch_count", 50.0, "How many mails are taken at a time."),
    text("content_type", "text/plain", "The part of a mail that becomes `message`."),
    switch("rfc822_mail", false, "Whether the whole mail becomes `message`."),
    switch("lowercase_headers", true, "Whether headers' names are in lower case."),
    string("headers_target", "The field for the headers."),
    string("attachments_target", "The field for the attachments."),
    switch("save_attachments", false, "Whether attachments are kept."),
    switch("strip_attachments", false, "Whether attachments are taken off."),
    switch("delete", false, "Whether mails that were read are deleted."),
    switch("expunge", false, "Whether deleted mails are removed for good."),
    switch("uid_tracking", false, "Whether new mails are told by their number, not by being unread."),
    string("sincedb_path", "The file that keeps the last number."),
    ecs(),
];
