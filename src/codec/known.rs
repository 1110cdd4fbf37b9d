//! Codecs that Logstash documents and that nothing here reads or writes yet: `check` knows and validates them.
//!
//! Inside an input or output that is only known as well, one is a warning; inside one that `run` opens, it is refused,
//! with what works instead. Source of the tables: Logstash reference 8.17, "Codec plugins".

use super::CodecPlugin;
use crate::plugin::table::{array, choice, hash, list, number, one_of, path, string, switch, text};
use crate::plugin::{Declaration, Door, Setting};

pub static AVRO: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "avro",
    "Avro records of one schema.",
    &[
        string("schema_uri", "Where the schema is.").required(),
        choice("encoding", &["base64", "binary"], "How records are written."),
        switch("tag_on_failure", false, "Whether what cannot be read becomes an event with `_avroparsefailure`."),
        TARGET,
        ECS,
    ],
    r#"input { kafka { codec => avro { schema_uri => "/etc/schema.avsc" } } }"#,
    JSON,
));

pub static CLOUDFRONT: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "cloudfront",
    "CloudFront's logs, as they lie in S3.",
    &[CHARSET],
    r#"input { s3 { bucket => "logs" codec => cloudfront } }"#,
    "fetch the files, unpack them, and read them with `file` and the filter `csv`",
));

pub static CLOUDTRAIL: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "cloudtrail",
    "CloudTrail's logs, as they lie in S3.",
    &[CHARSET],
    r#"input { s3 { bucket => "logs" codec => cloudtrail } }"#,
    "fetch the files, unpack them, and read them with `file`, `codec => json` and the filter `split` of `[Records]`",
));

pub static COLLECTD: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "collectd",
    "collectd's binary protocol.",
    &[
        path("authfile", "The file with users and passwords."),
        choice("nan_handling", &["change_value", "warn", "drop"], "What becomes of values that are no number."),
        text("nan_tag", "_collectdNaN", "The tag of events with such a value."),
        number("nan_value", 0.0, "What such a value becomes."),
        switch("prune_intervals", true, "Whether intervals are left out."),
        choice("security_level", &["None", "Sign", "Encrypt"], "How packets must be secured."),
        array("typesdb", "The files with the types of values."),
        TARGET,
        ECS,
    ],
    r#"input { udp { port => 25826 codec => collectd } }"#,
    "let collectd write with its plugin `write_http` or `csv`, to a file that `file` reads",
));

pub static COMPRESS_SPOOLER: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "compress_spooler",
    "Many events in one pressed packet.",
    &[
        number("compress_level", 6.0, "How hard to press."),
        number("min_flush_time", 0.0, "Seconds between packets, at least."),
        number("spool_size", 50.0, "How many events a packet holds."),
    ],
    r#"output { rabbitmq { exchange => "logs" exchange_type => "direct" host => "mq" codec => compress_spooler } }"#,
    JSON,
));

pub static EDN: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "edn",
    "Clojure's notation.",
    &[TARGET, ECS],
    r#"input { http { codec => edn } }"#,
    JSON,
));

pub static EDN_LINES: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "edn_lines",
    "Clojure's notation, a line each.",
    &[TARGET, ECS],
    r#"input { tcp { port => 5000 codec => edn_lines } }"#,
    JSON,
));

pub static ES_BULK: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "es_bulk",
    "Requests in the form of Elasticsearch's `_bulk`.",
    &[TARGET, ECS],
    r#"input { http { port => 9201 codec => es_bulk } }"#,
    "let the program write its documents as lines of JSON, and read those with `codec => json_lines`",
));

pub static FLUENT: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "fluent",
    "The MessagePack of Fluentd and Fluent Bit.",
    &[switch("nanosecond_precision", false, "Whether times have nanoseconds."), TARGET, ECS],
    r#"input { tcp { port => 4000 codec => fluent } }"#,
    "let Fluent Bit write to a file or to its standard output as JSON, and read that",
));

pub static GRAPHITE: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "graphite",
    "Graphite's lines: name, value, time.",
    &[
        list("exclude_metrics", &["%{[^}]+}"], "Expressions of the metrics to leave out."),
        switch("fields_are_metrics", false, "Whether all fields are metrics."),
        list("include_metrics", &[".*"], "Expressions of the metrics to take."),
        hash("metrics", "Names and values."),
        text("metrics_format", "*", "How names are written."),
    ],
    r#"input { tcp { port => 2003 codec => graphite } }"#,
    "read the lines as they are, and take them apart with `dissect`",
));

pub static JAVA_LINE: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "java_line",
    "Logstash's own rewriting of `line`.",
    &[CHARSET, text("delimiter", "\n", "What ends a line."), string("format", "How an event is written.")],
    r#"input { java_stdin { codec => java_line } }"#,
    "use `line`",
));

pub static JAVA_PLAIN: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "java_plain",
    "Logstash's own rewriting of `plain`.",
    &[CHARSET, string("format", "How an event is written.")],
    r#"input { java_stdin { codec => java_plain } }"#,
    "use `plain`",
));

pub static JDOTS: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "jdots",
    "Logstash's own rewriting of `dots`.",
    &[],
    r#"output { java_stdout { codec => jdots } }"#,
    "use `dots`",
));

pub static NETFLOW: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "netflow",
    "Netflow of version 5 and 9, and IPFIX.",
    &[
        path("cache_save_path", "The folder that templates are kept in."),
        number("cache_ttl", 4000.0, "Seconds that a template is kept."),
        switch("include_flowset_id", false, "Whether the flowset's number is a field."),
        path("ipfix_definitions", "A file with more fields of IPFIX."),
        path("netflow_definitions", "A file with more fields of Netflow."),
        text("target", "netflow", "The field that what was read is put into."),
        list("versions", &["5", "9", "10"], "The versions to take."),
    ],
    r#"input { udp { port => 2055 codec => netflow } }"#,
    "let a collector such as goflow2 or nfdump write JSON to a file, and read that with `codec => json_lines`",
));

pub static NMAP: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "nmap",
    "nmap's XML.",
    &[
        switch("emit_hosts", true, "Whether each host is an event."),
        switch("emit_ports", true, "Whether each port is an event."),
        switch("emit_scan_metadata", true, "Whether the scan itself is an event."),
        switch("emit_traceroute_links", true, "Whether each hop is an event."),
    ],
    r#"input { http { port => 8000 codec => nmap } }"#,
    "read nmap's XML with the filter `xml`",
));

pub static PROTOBUF: CodecPlugin = known(&Declaration::known(
    Door::Codec,
    "protobuf",
    "Protocol Buffers of one message.",
    &[
        string("class_name", "The message.").required(),
        path("class_file", "The file of its class."),
        array("include_path", "Files with more classes."),
        path("protobuf_root_directory", "The folder of the files."),
        one_of("protobuf_version", &["2", "3"], "Of which version they are."),
        switch("stop_on_error", false, "Whether a message that cannot be read ends the pipeline."),
        switch("pb3_encoder_autoconvert_types", true, "Whether fields are made to fit."),
        switch("pb3_set_oneof_metainfo", false, "Whether metadata says which of several fields is set."),
        TARGET,
    ],
    r#"input { kafka { codec => protobuf { class_name => "Order" class_file => "order.pb.rb" protobuf_version => "3" } } }"#,
    JSON,
));

const JSON: &str = "let the program write JSON, and read that with `codec => json` or `json_lines`";
const CHARSET: Setting = text("charset", "UTF-8", "The encoding of the bytes.");
const TARGET: Setting = crate::plugin::table::field("target", "The field that what was read is put into.");
const ECS: Setting = one_of("ecs_compatibility", &["disabled", "v1", "v8"], "Which names the codec's own fields have.");

const fn known(declaration: &'static Declaration) -> CodecPlugin {
    CodecPlugin { declaration, examples: "", decoder: None, encoder: None }
}
