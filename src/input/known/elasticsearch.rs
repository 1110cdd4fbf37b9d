//! The input `elasticsearch`: known, validated, not opened yet. Source: Logstash reference 8.17, "Elasticsearch input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::TLS_CLIENT;
use crate::plugin::shared::TLS_STORES;
use crate::plugin::table::{
    amount, array, choice, ecs, field, hash, list, number, password, path, string, switch, tables, text, uri,
};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "json");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "elasticsearch",
    "Reads the hits or aggregations of a search.",
    tables![OWN, TLS_CLIENT, TLS_STORES],
    r#"input { elasticsearch { hosts => [ "http://es:9200" ] index => "logs-*" query => '{ "sort": [ "_doc" ] }' } }"#,
    POLLED,
);

const OWN: &[Setting] = &[
    array("hosts", "Addresses of the engine; the port is 9200 unless it is given."),
    text("index", "logstash-*", "The index or alias to search."),
    text("query", r#"{ "sort": [ "_doc" ] }"#, "The search, in the query language."),
    choice("response_type", &["hits", "aggregations"], "What becomes events."),
    choice("search_api", &["auto", "search_after", "scroll"], "How pages are asked for."),
    number("size", 1000.0, "How many hits a page has."),
    text("scroll", "1m", "How long a page stays open."),
    amount("slices", "In how many slices the search runs."),
    number("retries", 0.0, "How often a failed search runs again."),
    string("schedule", "When it runs, as for cron; once by default."),
    switch("schedule_overlap", true, "Whether a run may wait for the one before."),
    switch("docinfo", false, "Whether `docinfo_fields` of each hit are told."),
    list("docinfo_fields", &["_index", "_type", "_id"], "Which."),
    string("docinfo_target", "The field for them."),
    field("target", "The field for the hit; the event itself by default."),
    string("tracking_field", "The field whose last value the next run begins with."),
    string("tracking_field_seed", "Its first value."),
    string("last_run_metadata_path", "The file that keeps it."),
    ecs(),
    password("api_key", "An API key, `id:key`."),
    string("user", "The name to log in with."),
    password("password", "The password."),
    string("cloud_id", "The id of a cloud deployment."),
    password("cloud_auth", "`user:password` of a cloud deployment."),
    string("ca_trusted_fingerprint", "The SHA-256 of an authority to believe, 64 hexadecimal digits."),
    hash("custom_headers", "Headers that are sent with every request."),
    uri("proxy", "The address of a proxy."),
    number("connect_timeout_seconds", 10.0, "How long connecting may take."),
    number("request_timeout_seconds", 60.0, "How long a request may take."),
    number("socket_timeout_seconds", 60.0, "How long to wait for data."),
    switch("ssl_enabled", false, "Whether TLS is spoken."),
    switch("ssl", false, "Whether TLS is spoken.").deprecated("use `ssl_enabled`"),
    path("ca_file", "The authority to believe.").deprecated("use `ssl_certificate_authorities`"),
    switch("ssl_certificate_verification", true, "Whether the server is verified.")
        .deprecated("use `ssl_verification_mode`"),
    switch("scan", false, "Unsorted.").refused("Logstash has removed it: sort by `_doc`"),
];
