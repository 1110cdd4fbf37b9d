//! The table of all settings: name, type, default, a line of documentation.

use super::QueueType;
use crate::event::rules::EscapeStyle;
use crate::event::rules::IllegalTags;
use crate::filter::Ecs;
use crate::output::dead_letter::Policy;
use crate::telemetry::logging;

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    pub name: &'static str,
    /// The short flag, as Logstash has it.
    pub short: Option<char>,
    pub kind: Kind,
    pub fallback: Fallback,
    /// One or two sentences.
    pub doc: &'static str,
    /// Not a setting of Logstash.
    pub ours: bool,
}

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Text,
    Path,
    /// One or several; the only kind that takes a list.
    Paths,
    /// From 1 to this.
    Whole(usize),
    /// From 0 to this.
    Count(usize),
    Boolean,
    /// `64mb`, `1gib`: as in Logstash, `kb` and its like are powers of 1000, `kib` of 1024.
    Bytes,
    /// `500ms`, `8s`, `168h`.
    Duration,
    /// A port or a range.
    Ports,
    OneOf(&'static [&'static str]),
}

/// What a setting is when nobody says.
#[derive(Clone, Copy, Debug)]
pub enum Fallback {
    Text(&'static str),
    /// Found out at the start, and how the documentation puts it.
    FoundOut(fn() -> String, &'static str),
}

impl Kind {
    /// How a message puts it: `must be …`.
    pub fn demand(self) -> String {
        match self {
            Kind::OneOf(_) => self.name(),
            _ => format!("a {}", self.name()),
        }
    }

    /// How documentation puts it.
    pub fn name(self) -> String {
        match self {
            Kind::Text => "string".into(),
            Kind::Path => "path".into(),
            Kind::Paths => "path, or a list of paths".into(),
            Kind::Whole(most) => format!("whole number from 1 to {most}"),
            Kind::Count(most) => format!("whole number from 0 to {most}"),
            Kind::Boolean => "boolean".into(),
            Kind::Bytes => "size such as 64mb".into(),
            Kind::Duration => "length of time such as 8s".into(),
            Kind::Ports => "port or range of ports".into(),
            Kind::OneOf(words) => format!("one of {}", words.join(", ")),
        }
    }
}

impl Declared {
    const fn new(name: &'static str, kind: Kind, fallback: &'static str, doc: &'static str) -> Declared {
        Declared { name, short: None, kind, fallback: Fallback::Text(fallback), doc, ours: false }
    }

    const fn short(self, short: char) -> Declared {
        Declared { short: Some(short), ..self }
    }

    const fn ours(self) -> Declared {
        Declared { ours: true, ..self }
    }

    const fn found_out(self, find: fn() -> String, how: &'static str) -> Declared {
        Declared { fallback: Fallback::FoundOut(find, how), ..self }
    }

    /// The declaration of a name.
    pub fn of(name: &str) -> Option<&'static Declared> {
        DECLARED.iter().find(|declared| declared.name == name)
    }

    /// The default, as text.
    pub fn default_text(&self) -> String {
        match self.fallback {
            Fallback::Text(text) => text.into(),
            Fallback::FoundOut(find, _) => find(),
        }
    }
}

fn cores() -> String {
    std::thread::available_parallelism().map_or(1, usize::from).to_string()
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "timberline".into() } else { name.trim().into() }
}

fn data_folder() -> String {
    super::data_folder::choose(super::data_folder::SYSTEM.as_ref())
}

/// All settings, in the order of the documentation.
pub const DECLARED: &[Declared] = &[
    Declared::new(
        "path.config",
        Kind::Paths,
        "pipelines/",
        "The pipeline: a `.conf` file, a folder of them (read in name order and joined) or a glob.",
    )
    .short('f'),
    Declared::new("config.string", Kind::Text, "", "The pipeline's text itself, instead of `path.config`.").short('e'),
    Declared::new(
        "config.support_escapes",
        Kind::Boolean,
        "false",
        "Whether a backslash in a quoted string of the pipeline is an escape.",
    ),
    Declared::new(
        "config.field_reference.escape_style",
        Kind::OneOf(EscapeStyle::NAMES),
        "none",
        "How a bracket within a field's name is written in a reference: `percent` is `%5B` and `%5D`, `ampersand` is `&#91;` and `&#93;`.",
    ),
    Declared::new(
        "event_api.tags.illegal",
        Kind::OneOf(IllegalTags::NAMES),
        "rename",
        "What becomes of `tags` that are no string and no list of strings: `rename` keeps them as `_tags`, `warn` lets them be.",
    ),
    Declared::new("path.settings", Kind::Path, "/etc/timberline", "The folder of `timberline.yml`. A flag only."),
    Declared::new("path.data", Kind::Path, "", "The folder of all state: registry, queue, dead letters.")
        .found_out(data_folder, "`/var/lib/timberline` if it can be written to, else `data`"),
    Declared::new("node.name", Kind::Text, "", "A name for this daemon.").found_out(host_name, "the host's name"),
    Declared::new("pipeline.id", Kind::Text, "main", "A name for the pipeline."),
    Declared::new("pipeline.workers", Kind::Whole(1024), "", "Threads that run filters.")
        .short('w')
        .found_out(cores, "the number of cores"),
    Declared::new(
        "pipeline.batch.size",
        Kind::Whole(1_000_000),
        "125",
        "Accepted and shown; batches here are measured in bytes.",
    )
    .short('b'),
    Declared::new(
        "pipeline.ecs_compatibility",
        Kind::OneOf(Ecs::NAMES),
        "v8",
        "Which field names plugins use, where a plugin does not say itself.",
    ),
    Declared::new(
        "queue.type",
        Kind::OneOf(QueueType::NAMES),
        "spill",
        "Where documents wait that cannot leave. `spill` (ours): in memory, then on disk, and nothing touches the disk while the engine takes them. `memory`: there alone. `persisted`: each goes to the disk first. When all is full, inputs wait, and Docker keeps its logs.",
    ),
    Declared::new("path.queue", Kind::Path, "", "The folder of the queue on disk.")
        .found_out(String::new, "`queue` in the folder of `path.data`"),
    Declared::new(
        "queue.max_bytes",
        Kind::Bytes,
        "1gib",
        "The most that the queue may take on disk, all outputs together.",
    ),
    Declared::new(
        "queue.page_capacity",
        Kind::Bytes,
        "64mib",
        "The size of the files that the queue on disk is made of.",
    ),
    Declared::new(
        "queue.checkpoint.writes",
        Kind::Count(1_000_000_000),
        "1",
        "So many documents written to the queue on disk force an fsync. `1`: whatever counts as delivered to the disk is synced, and nothing is ever lost. More is faster, and a power cut may lose fewer than that for each output; `0`: as many as a file of the queue holds. `kill -9` loses nothing with any of them. Logstash's default is 1024.",
    ),
    Declared::new(
        "queue.memory_bytes",
        Kind::Bytes,
        "16mib",
        "The most that log lines, and the documents made of them, may hold in memory, in the whole daemon; beyond it inputs wait. Where the process may take less than 128 MiB (its control group says so), the default is an eighth of that.",
    )
    .ours(),
    Declared::new(
        "dead_letter_queue.max_bytes",
        Kind::Bytes,
        "1gib",
        "The most that the dead letters of an output may take on disk.",
    ),
    Declared::new(
        "dead_letter_queue.storage_policy",
        Kind::OneOf(Policy::NAMES),
        "drop_newer",
        "What is lost when they take more: what comes, or what is there longest.",
    ),
    Declared::new(
        "registry.clean_after",
        Kind::Duration,
        "168h",
        "How long the position of a source is kept that no input asks for.",
    )
    .ours(),
    Declared::new(
        "shutdown_timeout",
        Kind::Duration,
        "8s",
        "How long stopping may take: less than the 10 s after which Docker kills.",
    )
    .ours(),
    Declared::new(
        "id_salt",
        Kind::Text,
        "",
        "Goes into every document's `_id`: another one makes the same lines other documents.",
    )
    .ours(),
    Declared::new("api.enabled", Kind::Boolean, "true", "Whether the HTTP endpoints are served."),
    Declared::new("api.http.host", Kind::Text, "127.0.0.1", "The address that they listen on."),
    Declared::new("api.http.port", Kind::Ports, "9600", "Their port, or a range of which the first free one is taken."),
    Declared::new("log.level", Kind::OneOf(logging::LEVELS), "info", "What is logged: this level and those above it."),
    Declared::new(
        "log.format",
        Kind::OneOf(logging::FORMATS),
        "auto",
        "How the daemon's own log looks; `auto` (ours) is plain on a terminal and JSON otherwise.",
    ),
];

/// The settings that `pipelines.yml` may give a pipeline of its own.
pub const OF_PIPELINES: &[&str] = &[
    "pipeline.id",
    "path.config",
    "config.string",
    "config.support_escapes",
    "pipeline.workers",
    "pipeline.batch.size",
    "pipeline.ecs_compatibility",
    "queue.type",
    "path.queue",
    "queue.max_bytes",
    "queue.page_capacity",
    "queue.checkpoint.writes",
    "dead_letter_queue.max_bytes",
    "dead_letter_queue.storage_policy",
];

/// Settings of Logstash that are not settings here, and what to do instead.
pub const REFUSED: &[(&str, &str)] = &[
    ("api.auth.basic.password", "leave the endpoints on 127.0.0.1, or put a proxy before them"),
    ("api.auth.basic.username", "leave the endpoints on 127.0.0.1, or put a proxy before them"),
    ("api.auth.type", "leave the endpoints on 127.0.0.1, or put a proxy before them"),
    ("api.environment", "remove it: it changes nothing here"),
    ("api.ssl.enabled", "leave the endpoints on 127.0.0.1, or put a proxy before them"),
    ("config.debug", "remove it: `timberline check` shows what is compiled"),
    ("config.reload.automatic", "remove it: restart the daemon, which takes milliseconds and loses nothing"),
    ("config.reload.interval", "remove it: restart the daemon, which takes milliseconds and loses nothing"),
    ("config.test_and_exit", "run `timberline check`"),
    ("dead_letter_queue.enable", "remove it: dead letters are always kept"),
    ("dead_letter_queue.flush_interval", "remove it: dead letters are written at once"),
    (
        "dead_letter_queue.retain.age",
        "remove it: dead letters are files under `path.data`, delete what you no longer want",
    ),
    ("http.host", "write `api.http.host`"),
    ("http.port", "write `api.http.port`"),
    ("path.dead_letter_queue", "remove it: dead letters are kept under `path.data`"),
    ("path.logs", "remove it: the log goes to stderr"),
    ("path.plugins", "remove it: plugins are part of the binary"),
    ("pipeline.batch.delay", "remove it: a batch leaves as soon as there is somebody to take it"),
    ("pipeline.ordered", "remove it: the lines of a source keep their order"),
    ("pipeline.separate_logs", "remove it: the log goes to stderr"),
    ("pipeline.unsafe_shutdown", "write `shutdown_timeout`"),
    (
        "queue.checkpoint.acks",
        "remove it: what is answered for is written down within a second, and what is sent again meets its own id",
    ),
    (
        "queue.checkpoint.interval",
        "remove it: what `queue.checkpoint.writes` leaves unsynced is synced every 250 ms unless more documents keep coming",
    ),
    ("queue.checkpoint.retry", "remove it: what cannot be written waits in memory, and is tried again"),
    ("queue.drain", "remove it: stopping drains for `shutdown_timeout`, and what is left waits on disk"),
    ("queue.max_events", "write `queue.max_bytes`"),
];
