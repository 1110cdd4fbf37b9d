//! The output `http`: known, validated, not opened yet. Source: Logstash reference 8.17, "Http output plugin".

use super::{SENT, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::HTTP_CLIENT;
use crate::plugin::shared::HTTP_CLIENT_OLD;
use crate::plugin::shared::TLS_CLIENT;
use crate::plugin::shared::TLS_STORES;
use crate::plugin::table::{array, choice, hash, list, one_of, string, switch, tables};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "http",
    "Sends events to an HTTP address.",
    tables![OWN, HTTP_CLIENT, TLS_CLIENT, TLS_STORES, HTTP_CLIENT_OLD],
    r#"output { http { url => "https://hooks.example.com/logs" http_method => "post" } }"#,
    SENT,
);

const OWN: &[Setting] = &[
    string("url", "The address; may hold `%{…}`.").required(),
    one_of("http_method", &["put", "post", "patch", "delete", "get", "head"], "The method.").required(),
    choice("format", &["json", "json_batch", "form", "message"], "What the body is."),
    string("message", "The body, with `format => message`; may hold `%{…}`."),
    hash("mapping", "The fields to send; values may hold `%{…}`."),
    hash("headers", "The request's headers; values may hold `%{…}`."),
    string("content_type", "The body's type; made of `format` by default."),
    switch("http_compression", false, "Whether bodies are pressed."),
    array("ignorable_codes", "Answers besides 2xx that are taken for success."),
    list("retryable_codes", &["429", "500", "502", "503", "504"], "Answers after which it is sent again."),
    switch("retry_failed", true, "Whether it is sent again at all."),
];
