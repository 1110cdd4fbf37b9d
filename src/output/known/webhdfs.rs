//! The output `webhdfs`: known, validated, not opened yet. Source: Logstash reference 8.17, "Webhdfs output plugin".

use super::{TO_FILE, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{choice, number, path, string, switch};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "webhdfs",
    "Appends events to files in HDFS.",
    OWN,
    r#"output { webhdfs { host => "namenode" user => "logs" path => "/logs/%{+YYYY-MM-dd}/app-%{+HH}.log" } }"#,
    TO_FILE,
);

const OWN: &[Setting] = &[
    string("host", "The server.").required(),
    string("path", "The file; may hold `%{…}`.").required(),
    string("user", "The user.").required(),
    number("port", 50070.0, "Its port."),
    string("standby_host", "The server to take when the first one does not serve."),
    number("standby_port", 50070.0, "Its port."),
    switch("use_httpfs", false, "Whether it is an HttpFS server."),
    choice("compression", &["none", "snappy", "gzip"], "How files are pressed."),
    choice("snappy_format", &["stream", "file"], "How snappy's blocks are laid out."),
    number("snappy_bufsize", 32768.0, "How large they are, in bytes."),
    number("flush_size", 500.0, "How many events are sent at a time."),
    number("idle_flush_time", 1.0, "After how many seconds fewer are sent."),
    number("open_timeout", 30.0, "How long connecting may take, in seconds."),
    number("read_timeout", 30.0, "How long to wait for an answer, in seconds."),
    number("retry_interval", 0.5, "How long to wait before trying again, in seconds."),
    switch("retry_known_errors", true, "Whether errors that pass are tried again."),
    number("retry_times", 5.0, "How often."),
    switch(
        "single_file_per_thread",
        false,
        "Whether threads write to files of their own; `path` must hold `%{[@metadata][thread_id]}`.",
    ),
    switch("use_kerberos_auth", false, "Whether Kerberos is spoken."),
    string("kerberos_keytab", "The key table."),
    switch("use_ssl_auth", false, "Whether TLS is spoken, with a certificate."),
    path("ssl_key", "The key."),
    path("ssl_cert", "The certificate."),
];
