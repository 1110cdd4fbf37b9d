//! The settings of the `elasticsearch` output: all that Logstash 8.17 documents, and ours.
//! Source: Logstash reference 8.17, "Elasticsearch output plugin".

use crate::plugin::{Declaration, Door, Fallback, Kind, Setting};

const UPDATES: &str =
    "documents are created or indexed whole, never updated: use `action => \"index\"` with a `document_id`";
const TYPES: &str = "leave it out: Elasticsearch 8 has no document types";
const STREAMS: &str =
    "data streams are not written: set `index`, for example `index => \"logs-%{+YYYY.MM.dd}\"`, and leave this out";
const STORES: &str = "convert the store to PEM files (`openssl pkcs12 -in STORE -nodes -out FILE`) and name them in \
                      `ssl_certificate_authorities`, `ssl_certificate` and `ssl_key`";
const ROLLOVER: &str =
    "indices are daily and do not roll over: set `index` with a date, and `retention` for how long they live";
const NO_POOL: &str =
    "has no effect here: there are as many connections as requests on their way (`bulk_requests_max`)";

/// Where documents go that no `index` names.
pub const INDEX: &str = "logstash-%{+yyyy.MM.dd}";

pub static DECLARATION: Declaration = Declaration {
    door: Door::Output,
    name: "elasticsearch",
    summary: "Indexes events into Elasticsearch or OpenSearch by bulk requests, each document once.",
    settings: SETTINGS,
    example: r#"output {
  elasticsearch {
    hosts => [ "https://es1:9200", "https://es2:9200" ]
    user => "timberline"
    password => "${ES_PASSWORD:}"
    index => "myapp-logs-%{+YYYY.MM.dd}"
  }
}"#,
    differs: &[
        "differs from Logstash: without `index` documents go to `logstash-%{+yyyy.MM.dd}`, never to a data stream",
        "differs from Logstash: without `document_id` each document gets an id made from its source's position and is created, so a line that is sent again meets itself (`delivery`)",
        "differs from Logstash: the day in an index name is the arrival's for events dated more than a day ahead or before 1971 (`index_day_clamp`)",
        "differs from Logstash: what a field puts into an index name is cut to lower-case letters, digits, `.`, `-` and `_`",
        "differs from Logstash: refused documents are always kept, in `dead_letters/` under `path.data`",
        "differs from Logstash: the index template is a composable one of ours with explicit mappings, and indices are deleted after `retention`",
    ],
    unavailable: None,
};

const fn text(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::String, Fallback::None, doc)
}

const fn of(name: &'static str, kind: Kind, fallback: Fallback, doc: &'static str) -> Setting {
    Setting::new(name, kind, fallback, doc)
}

const SETTINGS: &[Setting] = &[
    // Where to.
    of(
        "hosts",
        Kind::Uris,
        Fallback::List(&["//127.0.0.1"]),
        "Addresses of the engine, asked in turn; the port is 9200 unless it is given.",
    ),
    text("path", "What every path begins with, for an engine behind a proxy; not together with a path in `hosts`."),
    of("parameters", Kind::Hash, Fallback::Empty, "Query parameters that are sent with every request."),
    of("custom_headers", Kind::Hash, Fallback::Empty, "Headers that are sent with every request."),
    text("bulk_path", "The path of bulk requests, with its parameters; the default asks for a short answer."),
    of(
        "healthcheck_path",
        Kind::String,
        Fallback::Text("/"),
        "Asked with `HEAD` to see whether an address that was away is back.",
    ),
    of(
        "resurrect_delay",
        Kind::Number,
        Fallback::Number(5.0),
        "The longest time between two looks at an address that is away, in seconds.",
    ),
    of("timeout", Kind::Number, Fallback::Number(60.0), "How long a request may take, in seconds."),
    text("proxy", "The address of a forward proxy.")
        .refused("proxies are not supported yet: name an address in `hosts` that can be reached directly"),
    of(
        "sniffing",
        Kind::Boolean,
        Fallback::Boolean(false),
        "Asking the engine for more addresses; only `false` is supported.",
    ),
    of("sniffing_delay", Kind::Number, Fallback::None, "Seconds between two sniffs.")
        .refused("addresses are not sniffed: list them in `hosts`"),
    text("sniffing_path", "The path to sniff at.").refused("addresses are not sniffed: list them in `hosts`"),
    text("cloud_id", "The id of a cloud deployment.")
        .refused("name the deployment's Elasticsearch endpoint in `hosts`"),
    of("cloud_auth", Kind::Password, Fallback::None, "`user:password` of a cloud deployment.")
        .refused("use `user` and `password`, or `api_key`"),
    // Who we are, whom we believe.
    text("user", "The user's name."),
    of("password", Kind::Password, Fallback::None, "The user's password."),
    of("api_key", Kind::Password, Fallback::None, "An API key, as `id:key` or encoded."),
    of(
        "password_file",
        Kind::Path,
        Fallback::None,
        "Ours. A file with the user's password, read again whenever the engine answers 401 or 403: it can change without a restart.",
    ),
    of("api_key_file", Kind::Path, Fallback::None, "Ours. The same for an API key."),
    of("ssl_enabled", Kind::Boolean, Fallback::None, "TLS for addresses that do not say `http` or `https`."),
    of(
        "ssl_certificate_authorities",
        Kind::Array,
        Fallback::Empty,
        "Files (PEM) of the authorities to believe, instead of the public ones.",
    ),
    of(
        "ssl_verification_mode",
        Kind::OneOf(&["full", "none"]),
        Fallback::Text("full"),
        "`none` believes whoever answers: for tests only.",
    ),
    of("ssl_certificate", Kind::Path, Fallback::None, "Our own certificate (PEM)."),
    of("ssl_key", Kind::Path, Fallback::None, "The key of our certificate (PEM, PKCS#8, not encrypted)."),
    text("ca_trusted_fingerprint", "The fingerprint of an authority.")
        .refused("save the authority's certificate as a file and name it in `ssl_certificate_authorities`"),
    of("ssl_cipher_suites", Kind::Array, Fallback::None, "Cipher suites.")
        .refused("leave it out: only the suites of TLS 1.2 and 1.3 without known weaknesses are spoken"),
    of("ssl_supported_protocols", Kind::Array, Fallback::None, "Protocol versions.")
        .refused("leave it out: TLS 1.3 and 1.2 are spoken, nothing older"),
    of("ssl_keystore_path", Kind::Path, Fallback::None, "A key store.").refused(STORES),
    of("ssl_keystore_password", Kind::Password, Fallback::None, "The key store's password.").refused(STORES),
    text("ssl_keystore_type", "The key store's type.").refused(STORES),
    of("ssl_truststore_path", Kind::Path, Fallback::None, "A trust store.").refused(STORES),
    of("ssl_truststore_password", Kind::Password, Fallback::None, "The trust store's password.").refused(STORES),
    text("ssl_truststore_type", "The trust store's type.").refused(STORES),
    of("cacert", Kind::Path, Fallback::None, "A file (PEM) of authorities to believe.")
        .deprecated("use `ssl_certificate_authorities`"),
    of("ssl", Kind::Boolean, Fallback::None, "TLS for addresses that do not say.").deprecated("use `ssl_enabled`"),
    of("ssl_certificate_verification", Kind::Boolean, Fallback::None, "Whether the engine's certificate is checked.")
        .deprecated("use `ssl_verification_mode`"),
    of("keystore", Kind::Path, Fallback::None, "A key store.").refused(STORES),
    of("keystore_password", Kind::Password, Fallback::None, "The key store's password.").refused(STORES),
    of("truststore", Kind::Path, Fallback::None, "A trust store.").refused(STORES),
    of("truststore_password", Kind::Password, Fallback::None, "The trust store's password.").refused(STORES),
    // Documents.
    of("index", Kind::String, Fallback::Text(INDEX), "The index of a document; may hold `%{…}`."),
    text(
        "document_id",
        "The id of a document; may hold `%{…}`. Without it each document has one made from its line's position.",
    ),
    text("action", "`create` or `index`. The default is `create`, or `index` where `document_id` is given."),
    text("routing", "The routing of a document; may hold `%{…}`."),
    text("pipeline", "The ingest pipeline of a document; may hold `%{…}`."),
    text("version", "The version of a document.").refused(UPDATES),
    of(
        "version_type",
        Kind::OneOf(&["internal", "external", "external_gt", "external_gte", "force"]),
        Fallback::None,
        "The kind of version.",
    )
    .refused(UPDATES),
    of("doc_as_upsert", Kind::Boolean, Fallback::None, "Updates that create.").refused(UPDATES),
    text("upsert", "What an update creates.").refused(UPDATES),
    text("script", "The script of an update.").refused(UPDATES),
    text("script_lang", "The language of `script`.").refused(UPDATES),
    of("script_type", Kind::OneOf(&["inline", "indexed", "file"]), Fallback::None, "Where `script` is kept.")
        .refused(UPDATES),
    text("script_var_name", "The event's name in `script`.").refused(UPDATES),
    of("scripted_upsert", Kind::Boolean, Fallback::None, "Scripts that create.").refused(UPDATES),
    of("retry_on_conflict", Kind::Number, Fallback::None, "Tries of an update.").refused(UPDATES),
    text("parent", "The parent of a document.").refused("parents and children are not written: leave it out"),
    text("join_field", "The join field of a document.").refused("parents and children are not written: leave it out"),
    text("document_type", "The type of a document.").refused(TYPES),
    text("ecs_compatibility", "The pipeline's `ecs_compatibility`, for this output.")
        .deprecated("has no effect here: the index template fits both"),
    // Data streams.
    of(
        "data_stream",
        Kind::OneOf(&["true", "false", "auto"]),
        Fallback::Text("auto"),
        "Only `false` and `auto` are supported, and mean the same.",
    ),
    of("data_stream_auto_routing", Kind::Boolean, Fallback::None, "Data streams from fields.").refused(STREAMS),
    text("data_stream_dataset", "A data stream's dataset.").refused(STREAMS),
    text("data_stream_namespace", "A data stream's namespace.").refused(STREAMS),
    of("data_stream_sync_fields", Kind::Boolean, Fallback::None, "Data streams into fields.").refused(STREAMS),
    text("data_stream_type", "A data stream's type.").refused(STREAMS),
    // Requests.
    of("compression_level", Kind::Number, Fallback::Number(1.0), "gzip of requests, 1 to 9; 0 sends them as they are."),
    of("http_compression", Kind::Boolean, Fallback::None, "gzip of requests.").deprecated("use `compression_level`"),
    of(
        "retry_initial_interval",
        Kind::Number,
        Fallback::Number(2.0),
        "The first wait before something is sent again, in seconds; each next one is twice as long.",
    ),
    of(
        "retry_max_interval",
        Kind::Number,
        Fallback::Number(64.0),
        "The longest wait before something is sent again, in seconds.",
    ),
    of(
        "dlq_custom_codes",
        Kind::Array,
        Fallback::Empty,
        "Statuses that make a document a dead letter, besides 400 and its like.",
    ),
    of(
        "dlq_on_failed_indexname_interpolation",
        Kind::Boolean,
        Fallback::None,
        "What becomes of an index name with a missing field.",
    )
    .deprecated("has no effect here: what is missing is written with `_`, and never chooses another index"),
    of("silence_errors_in_log", Kind::Array, Fallback::Empty, "Error types that are not logged.")
        .deprecated("has no effect here: refused documents are counted and kept, not logged one by one"),
    of("failure_type_logging_whitelist", Kind::Array, Fallback::Empty, "Error types that are not logged.")
        .deprecated("has no effect here: refused documents are counted and kept, not logged one by one"),
    of("pool_max", Kind::Number, Fallback::None, "Connections.").deprecated(NO_POOL),
    of("pool_max_per_route", Kind::Number, Fallback::None, "Connections to an address.").deprecated(NO_POOL),
    of("validate_after_inactivity", Kind::Number, Fallback::None, "When an idle connection is checked.")
        .deprecated("has no effect here: an idle connection that was closed is replaced at once"),
    // Templates and lifecycle.
    of(
        "manage_template",
        Kind::Boolean,
        Fallback::Boolean(true),
        "Whether the index template and the lifecycle policy are put in place.",
    ),
    of("template", Kind::Path, Fallback::None, "A file with an index template of your own (JSON)."),
    of(
        "template_api",
        Kind::OneOf(&["auto", "legacy", "composable"]),
        Fallback::Text("auto"),
        "Which kind of template the file holds; `auto` looks.",
    ),
    text("template_name", "The template's name. The default is `timberline-` and what `index` begins with."),
    of(
        "template_overwrite",
        Kind::Boolean,
        Fallback::Boolean(false),
        "Whether a template of this name that is not ours is replaced.",
    ),
    of(
        "ilm_enabled",
        Kind::OneOf(&["true", "false", "auto"]),
        Fallback::Text("auto"),
        "Only `false` and `auto` are supported: indices do not roll over.",
    ),
    text("ilm_policy", "A lifecycle policy with roll-over.").refused(ROLLOVER),
    text("ilm_pattern", "The name of a rolled index.").refused(ROLLOVER),
    text("ilm_rollover_alias", "The alias of rolled indices.").refused(ROLLOVER),
    // Ours.
    of(
        "delivery",
        Kind::OneOf(&["exactly_once", "at_least_once"]),
        Fallback::Text("exactly_once"),
        "Ours. `at_least_once` lets the engine make the ids: cheaper for it, and a line that is sent again is there twice.",
    ),
    of(
        "index_day_clamp",
        Kind::Boolean,
        Fallback::Boolean(true),
        "Ours. Events dated more than a day ahead or before 1971 go to the day of their arrival.",
    ),
    of(
        "retention",
        Kind::String,
        Fallback::Text("30d"),
        "Ours. How long a day's index lives, counted from the day in its name: days (`30d`), or `none`.",
    ),
    of(
        "bulk_bytes_max",
        Kind::Bytes,
        Fallback::Text("2mib"),
        "Ours. The largest request, unless one document is larger.",
    ),
    of("bulk_requests_max", Kind::Number, Fallback::Number(2.0), "Ours. Requests on their way at a time."),
];
