//! The docker input: follows containers' logs, over the Docker API or from the engine's json-files.
//!
//! - `watch` knows which containers there are and starts a follower for each that is wanted (`discover` decides);
//! - `follow` opens one container's log again and again and never believes that an end is the end; `way` says where from;
//! - `client` asks the engine, `connect` dials it, `wire` takes its answers apart, `frames` makes records of them;
//! - `json_file` reads the files through rotation and truncation, and makes records of them;
//! - `skips` sees where an engine leaves lines out of a stream;
//! - `joiner` makes lines of records (`stamp` reads their times), `cursor` says which of them are new, `rate` which are too many,
//!   `ansi` takes colours out, `held` keeps open lines within the byte budget;
//! - `last_lines` reads the end of one container's log once;
//! - `hints` reads what a container's labels ask for its own lines;
//! - `tap` collects the new lines of one stream and hands them to the worker, `taps` those of a container; `gap` says what is missing.
//!
//! Everything behind the records is the same for both ways, so they give the same lines with the same positions, and one may
//! follow the other at any line.
//!
//! A stream is the source `docker:<container id>:stdout` or `…:stderr`; its positions are Docker's nanoseconds and the ordinal
//! among equal times. Back-pressure: a chunk's bytes are taken from the budget before anything more is read; a
//! follower that waits leaves the lines in Docker's files. The engine away is waited for, forever.

pub(super) mod ansi;
mod client;
mod connect;
mod cursor;
mod discover;
mod follow;
mod frames;
mod gap;
mod held;
mod hints;
mod joiner;
mod json_file;
mod last_lines;
mod rate;
mod shared;
mod since;
mod skips;
mod stamp;
mod tap;
mod taps;
mod watch;
mod way;
mod wire;

pub use last_lines::{Tail, TailLine, tail};

use super::origin::Look;
use super::watch::Bells;
use super::{Input, InputPlugin, Running, Wiring};
use crate::event::hints::Hints;
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use crate::telemetry::logging;
use client::Client;
use connect::{Dialer, Endpoint, TlsFiles};
use discover::{Candidate, Own, Phase, Selection};
use shared::{Counters, Disk, Ourselves, Shared, Streams};
use since::Since;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use watch::Watcher;
use way::Read;

/// Below it no line says anything; above it one container could take the daemon's memory.
const LINE_BYTES_MIN: u64 = 256;
const LINE_BYTES_MAX: u64 = 64 << 20;

/// Each check asks the engine for a line.
const IDLE_CHECK_MIN: Duration = Duration::from_secs(1);
/// Docker's own socket.
const HOST: &str = "unix:///var/run/docker.sock";

pub static PLUGIN: InputPlugin =
    InputPlugin { declaration: &DECLARATION, build: Some(build), codec: "plain", joining: Some("multiline") };

static DECLARATION: Declaration = Declaration {
    door: Door::Input,
    name: "docker",
    summary: "Follows the logs of containers, over the Docker API or from the engine's files: every container, unless it is told which.",
    settings: &[
        Setting::new(
            "host",
            Kind::Uri,
            Fallback::Text(HOST),
            "Where the engine listens: `unix:///path` or `tcp://host:port`. Without it `DOCKER_HOST` counts, as for the `docker` command.",
        ),
        Setting::new(
            "include_names",
            Kind::Array,
            Fallback::Empty,
            "Globs of container names; one of them must match. A full container id is taken too.",
        ),
        Setting::new(
            "include_images",
            Kind::Array,
            Fallback::Empty,
            "Globs of image names, with or without the tag; one of them must match.",
        ),
        Setting::new(
            "include_labels",
            Kind::Array,
            Fallback::Empty,
            "Labels as `name` or `name=value`, both globs; one of them must match.",
        ),
        Setting::new(
            "include_projects",
            Kind::Array,
            Fallback::Empty,
            "Globs of compose projects; one of them must match.",
        ),
        Setting::new("exclude_names", Kind::Array, Fallback::Empty, "Globs of container names that are not followed."),
        Setting::new("exclude_images", Kind::Array, Fallback::Empty, "Globs of images that are not followed."),
        Setting::new("exclude_labels", Kind::Array, Fallback::Empty, "Labels whose containers are not followed."),
        Setting::new(
            "exclude_projects",
            Kind::Array,
            Fallback::Empty,
            "Globs of compose projects that are not followed.",
        ),
        Setting::new(
            "read",
            Kind::OneOf(&["auto", "api", "file"]),
            Fallback::Text("auto"),
            "How logs are read: `api` asks the engine; `file` reads the engine's json-files from disk; `auto` takes the file where it is one and can be opened, else `api`. The events are the same.",
        ),
        Setting::new(
            "containers_path",
            Kind::Path,
            Fallback::Text("/var/lib/docker/containers"),
            "Where the engine's folder of containers is mounted, if it is not where the engine has it.",
        ),
        Setting::new(
            "since",
            Kind::String,
            Fallback::Text("beginning"),
            "Where containers that were never seen before begin: `beginning`, `now`, a time ago (`10m`, `2h`, `1d`), or an ISO 8601 time.",
        ),
        Setting::new(
            "max_age",
            Kind::String,
            Fallback::None,
            "Lines older than this when they are read (`12h`, `30d`) are passed over and counted, whatever `since` says and wherever reading goes on: old containers make no indices of long ago.",
        ),
        Setting::new(
            "multiline",
            Kind::Codec,
            Fallback::Text("auto"),
            "How lines that belong together are joined: `auto` knows stack traces, details of database errors and printed JSON (see the codec `auto`); `multiline { … }` takes a codec's settings; with `none` every line is an event.",
        ),
        Setting::new(
            "strip_ansi",
            Kind::Boolean,
            Fallback::Boolean(true),
            "Take terminal colours and other escape sequences out of the lines.",
        ),
        Setting::new(
            "labels_dedot",
            Kind::Boolean,
            Fallback::Boolean(true),
            "Write dots in the names of labels as underscores, as Filebeat does.",
        ),
        Setting::new(
            "hints",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Let containers say by their labels how their lines are read: `co.elastic.logs/…` as in Filebeat's autodiscover, and the same with `timberline.logs/…`.",
        ),
        Setting::new(
            "hints_default_enabled",
            Kind::Boolean,
            Fallback::Boolean(true),
            "With `hints`: whether containers are followed that do not ask for it. `false` takes only those with the label `co.elastic.logs/enabled=true`, or with `timberline.logs/pipeline` and the name of this pipeline.",
        ),
        Setting::new(
            "filebeat_fields",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Add the rest of the fields that Filebeat writes and Kibana's log views use: `agent`, `ecs.version`, `event.dataset`, `input.type`, `host.hostname`, `log.file.path`, `container.runtime`, and of the image its tag and id.",
        ),
        Setting::new(
            "line_bytes_max",
            Kind::Bytes,
            Fallback::Text("1048576"),
            "Longer lines are cut, counted and marked.",
        ),
        Setting::new(
            "lines_per_second_max",
            Kind::Number,
            Fallback::Number(0.0),
            "How many lines of one container are read of each second of its log; the others are skipped and counted. 0: all.",
        ),
        Setting::new(
            "idle_check_interval",
            Kind::Number,
            Fallback::Number(120.0),
            "Seconds after which a silent log stream of the engine is compared with the log's last line, and opened again if it has stalled; sooner, where a container whose log is rotated prints fast and falls silent. Silent events are checked as often, and at least once a minute.",
        ),
        Setting::new(
            "ssl_enabled",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Speak TLS to a `tcp://` host. Naming any of the files below does so too, and so do `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`.",
        ),
        Setting::new(
            "ssl_certificate_authorities",
            Kind::Array,
            Fallback::Empty,
            "PEM files with the authorities that the engine's certificate is checked against; without them, the public ones.",
        ),
        Setting::new("ssl_certificate", Kind::Path, Fallback::None, "PEM file with the certificate that we show."),
        Setting::new("ssl_key", Kind::Path, Fallback::None, "PEM file with its private key."),
    ],
    example: "input { docker { include_projects => [ \"protrader5\" ]  exclude_names => [ \"kibana\" ] } }",
    differs: &["an input of timberline's own: Logstash has none for containers"],
    unavailable: None,
};

/// What the pipeline says.
#[derive(Clone, Debug)]
struct Config {
    host: String,
    selection: Selection,
    hints: hints::Config,
    since: Since,
    max_age_ns: Option<u64>,
    read: Read,
    containers_path: PathBuf,
    strip_ansi: bool,
    look: Look,
    line_bytes_max: usize,
    /// 0: no limit.
    lines_per_second_max: u64,
    idle_check_interval: Duration,
}

/// The input before it runs.
struct DockerInput {
    config: Config,
    endpoint: Endpoint,
    files: TlsFiles,
}

fn build(settings: &Settings) -> Result<Box<dyn Input>, Fault> {
    Ok(Box::new(configured(settings)?))
}

/// Whether an input of these settings lets containers say how they are read.
pub fn takes_hints(settings: &Settings) -> bool {
    settings.declaration().name == DECLARATION.name && settings.boolean("hints")
}

/// What an input with these settings makes of a container's labels as hints, in whichever pipeline the container chooses: for a
/// dry run, which has no engine and one pipeline. `None`: it reads no hints.
pub fn asked(settings: &Settings, labels: &HashMap<String, String>) -> Option<Asked> {
    if !takes_hints(settings) {
        return None;
    }
    let config = hints_config(settings);
    let kept = hints::kept(labels);
    let chosen = hints::chosen_pipeline(&kept).unwrap_or_default().to_string();
    let taking = [chosen];
    let hints::Read { hints, wrong } = hints::read(&kept, &taking[0], &taking);
    Some(Asked { is_followed: hints::is_asked(&config, labels, &taking[0], &taking), hints, wrong })
}

/// What a container asks for by its labels.
pub struct Asked {
    pub is_followed: bool,
    /// `None`: its lines are as the pipeline says.
    pub hints: Option<Arc<Hints>>,
    /// What is wrong with its hints, a sentence a hint.
    pub wrong: Vec<String>,
}

/// How many containers run that an input with these settings follows. An error: no engine answers.
pub async fn running(settings: &Settings) -> Result<usize, String> {
    let DockerInput { config, endpoint, files } = configured(settings).map_err(|fault| fault.text)?;
    let client = Client::new(Dialer::new(endpoint, &files)?)?;
    let listed = client.list().await.map_err(|failure| failure.to_string())?;
    let selection = config.selection.without(own());
    let is_followed = |container: &&client::Listed| {
        let client::Listed { id, name, image, labels, phase, .. } = container;
        *phase == Phase::Running && selection.wants(&Candidate { id, name, image, labels })
    };
    Ok(listed.iter().filter(is_followed).count())
}

/// The container that we are, if we are one.
fn own() -> Own {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    Own::find(&text("/proc/self/cgroup"), &text("/proc/self/mountinfo"), &text("/proc/sys/kernel/hostname"))
}

fn configured(settings: &Settings) -> Result<DockerInput, Fault> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (host, files, tls) = connect::chosen(settings, variable)?;
    let endpoint = Endpoint::parse(&host, tls).map_err(|text| Fault::at(settings.place("host"), text))?;
    let since = settings.text("since").unwrap_or_default();
    let config = Config {
        host,
        selection: Selection::new(settings)?,
        hints: hints_config(settings),
        since: Since::parse(since).map_err(|text| Fault::at(settings.place("since"), text))?,
        max_age_ns: max_age(settings)?,
        read: Read::named(settings.text("read")),
        containers_path: PathBuf::from(settings.text("containers_path").unwrap_or_default()),
        strip_ansi: settings.boolean("strip_ansi"),
        look: Look {
            labels_dedot: settings.boolean("labels_dedot"),
            filebeat_fields: settings.boolean("filebeat_fields"),
        },
        line_bytes_max: line_bytes_max(settings)?,
        lines_per_second_max: settings.number("lines_per_second_max").map_or(0, |lines| lines.max(0.0) as u64),
        idle_check_interval: idle_check_interval(settings)?,
    };
    Ok(DockerInput { config, endpoint, files })
}

fn hints_config(settings: &Settings) -> hints::Config {
    hints::Config { enabled: settings.boolean("hints"), default_enabled: settings.boolean("hints_default_enabled") }
}

fn max_age(settings: &Settings) -> Result<Option<u64>, Fault> {
    let age = settings.text("max_age").map(since::age).transpose();
    age.map_err(|text| Fault::at(settings.place("max_age"), text))
}

fn idle_check_interval(settings: &Settings) -> Result<Duration, Fault> {
    let seconds = settings.number("idle_check_interval").unwrap_or(0.0);
    Duration::try_from_secs_f64(seconds).ok().filter(|interval| *interval >= IDLE_CHECK_MIN).ok_or_else(|| {
        let text = format!("`idle_check_interval` is {seconds}: it must be at least {} s", IDLE_CHECK_MIN.as_secs());
        Fault::at(settings.place("idle_check_interval"), text)
    })
}

fn line_bytes_max(settings: &Settings) -> Result<usize, Fault> {
    let bytes = settings.bytes("line_bytes_max").unwrap_or(0);
    if !(LINE_BYTES_MIN..=LINE_BYTES_MAX).contains(&bytes) {
        let text = format!("`line_bytes_max` is {bytes}: it must be from {LINE_BYTES_MIN} to {LINE_BYTES_MAX}");
        return Err(Fault::at(settings.place("line_bytes_max"), text));
    }
    Ok(bytes as usize)
}

impl Input for DockerInput {
    /// The engine may be away; files that are named must be there.
    fn open(&mut self) -> Result<(), String> {
        Dialer::new(self.endpoint.clone(), &self.files).map(|_| ())
    }

    fn run(self: Box<Self>, wiring: Wiring) -> Running {
        // At once, not in the future: `/readyz` must know of the engine before the start is over.
        let watcher = self.watcher(wiring);
        Box::pin(async move {
            let watcher = match watcher {
                Ok(watcher) => watcher,
                Err(error) => return tracing::error!(error, "the docker input cannot run"),
            };
            // A task of its own: reading in the task that blocks on the runtime costs several times as much.
            if let Err(error) = tokio::spawn(watcher.run()).await {
                tracing::error!(%error, "the docker input failed");
            }
        })
    }
}

impl DockerInput {
    fn watcher(self, wiring: Wiring) -> Result<Watcher, String> {
        let dialer = Dialer::new(self.endpoint, &self.files)?;
        let (engine, engine_seen) = tokio::sync::watch::channel(None);
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let shared = Shared {
            client: Client::new(dialer)?,
            since_ns: self.config.since.at_ns(wiring.clock.now_ns()),
            streams: Streams::new(shared::streams_max(&limits)),
            bells: Arc::new(Bells::new()),
            disk: Disk::new(),
            counters: Counters::new(&wiring.label),
            ourselves: Ourselves::new(logging::is_in_container()),
            engine: engine_seen,
            config: Config { selection: self.config.selection.without(own()), ..self.config },
            wiring,
        };
        Ok(Watcher::new(Arc::new(shared), engine))
    }
}

/// What a simulation reads logs with.
#[cfg(test)]
pub mod parts {
    pub use super::cursor::{Cursor, Verdict};
    pub use super::joiner::{Joiners, RawLine, Stream};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Item;

    fn check(given: &[(&str, &str)], expected: Result<(), &str>) {
        let given = given.iter().map(|(name, text)| (name.to_string(), Item::text(text))).collect();
        let settings = Settings::check(&DECLARATION, given).unwrap();
        assert_eq!(build(&settings).map(|_| ()).map_err(|fault| fault.text), expected.map_err(String::from));
    }

    #[test]
    fn everything_has_a_default() {
        check(&[], Ok(()));
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_a_reason() {
        check(&[("idle_check_interval", "0")], Err("`idle_check_interval` is 0: it must be at least 1 s"));
        check(
            &[("host", "docker:2375")],
            Err("the Docker host `docker:2375` is neither unix:///path nor tcp://host:port"),
        );
        check(&[("ssl_key", "/key.pem")], Err("`ssl_certificate` and `ssl_key` are given together or not at all"));
        check(&[("line_bytes_max", "10")], Err("`line_bytes_max` is 10: it must be from 256 to 67108864"));
        check(&[("max_age", "old")], Err("`old` is no age: a number and s, m, h or d, as in 30d"));
        check(
            &[("since", "yesterday")],
            Err("`yesterday` is neither beginning, now, a time ago (10m) nor an ISO 8601 time"),
        );
        check(&[("since", "10m"), ("max_age", "30d"), ("host", "tcp://docker:2376"), ("ssl_enabled", "true")], Ok(()));
    }
}
