//! The output `email`: known, validated, not opened yet. Source: Logstash reference 8.17, "Email output plugin".

use super::{ALERTS, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{array, choice, number, password, path, string, switch, text};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "email",
    "Sends a mail for each event.",
    OWN,
    r#"output { email { to => "ops@example.com" subject => "%{service} fails" body => "%{message}" } }"#,
    ALERTS,
);

const OWN: &[Setting] = &[
    string("to", "Who gets it, with commas between; may hold `%{…}`.").required(),
    string("cc", "Who gets a copy."),
    string("bcc", "Who gets a copy that nobody sees."),
    text("from", "logstash.alert@example.com", "Who sends it."),
    string("replyto", "Where answers go."),
    text("subject", "", "The subject; may hold `%{…}`."),
    text("body", "", "The text; may hold `%{…}`."),
    text("htmlbody", "", "The text as HTML."),
    path("template_file", "A Mustache template."),
    array("attachments", "Files to attach."),
    text("contenttype", "text/html; charset=UTF-8", "The type of `htmlbody`."),
    choice("via", &["smtp", "sendmail"], "How it is sent."),
    text("address", "localhost", "The mail server."),
    number("port", 25.0, "Its port."),
    text("domain", "localhost", "The name to greet it with."),
    string("authentication", "How to log in."),
    string("username", "The name to log in with."),
    password("password", "The password."),
    switch("use_tls", false, "Whether TLS is spoken."),
    switch("debug", false, "Whether what is spoken is logged."),
];
