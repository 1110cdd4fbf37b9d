//! The `file` input: follows files by glob, from their registry positions.
//!
//! A file is known by device, inode and its first line: a renamed file stays itself, a new file in the place (or with
//! the inode) of an old one is another source. Its position is the offset behind the last whole line that was delivered.
//! One thread reads all files of an input, a piece of each in turn, so that no file starves the others.

mod discover;
mod facts;
mod tail;

use super::{Deserted, Input, InputPlugin, Running, Wiring};
use crate::input::disk::FileId;
use crate::input::watch::Watch;
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use crate::telemetry::metrics;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tail::{Progress, Tail};

/// A wake-up can be lost: files are looked at this often at least.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

pub static PLUGIN: InputPlugin =
    InputPlugin { declaration: &DECLARATION, build: Some(build), codec: "plain", joining: None };

const DIFFERS: &str = "positions are kept in timberline's registry, not in a sincedb file; a file is known by device, inode and first line";

static DECLARATION: Declaration = Declaration {
    door: Door::Input,
    name: "file",
    summary: "Reads files line by line and follows them as they grow and rotate.",
    settings: &[
        Setting::new("path", Kind::Array, Fallback::Required, "Absolute paths; `*`, `?`, `[…]` and `**` match names."),
        Setting::new("exclude", Kind::Array, Fallback::Empty, "File names (not paths) to leave out; globs."),
        Setting::new(
            "start_position",
            Kind::OneOf(&["beginning", "end"]),
            Fallback::Text("end"),
            "Where to begin in a file that was never seen and is there at the start. One that comes later is read from its beginning.",
        ),
        Setting::new(
            "mode",
            Kind::OneOf(&["tail", "read"]),
            Fallback::Text("tail"),
            "`tail` follows files; `read` reads each to its end once, the last line with or without a newline.",
        ),
        Setting::new(
            "exit_after_read",
            Kind::Boolean,
            Fallback::Boolean(false),
            "With `mode => \"read\"`: the input ends when every file is read.",
        ),
        Setting::new(
            "discover_interval",
            Kind::Number,
            Fallback::Number(15.0),
            "How many `stat_interval`s pass between two looks for new files, where the system does not tell of them.",
        ),
        Setting::new(
            "stat_interval",
            Kind::String,
            Fallback::Text("1 second"),
            "How often files are looked at; a number of seconds or a text such as `250 ms`. The system's notices come sooner.",
        ),
        Setting::new(
            "file_chunk_size",
            Kind::Bytes,
            Fallback::Text("262144"),
            "How many bytes of one file are read before the next file has its turn.",
        ),
        Setting::new(
            "max_open_files",
            Kind::Number,
            Fallback::Number(4095.0),
            "How many files are open at a time; the others wait.",
        ),
        Setting::new(
            "ignore_older",
            Kind::String,
            Fallback::None,
            "Files that were last written before this long ago are left out until they grow: `2 days`, or seconds.",
        ),
        Setting::new(
            "close_older",
            Kind::String,
            Fallback::Text("1 hour"),
            "A file that was not written for this long is closed, and opened again when it grows.",
        ),
        Setting::new("delimiter", Kind::String, Fallback::Text("\n"), "Only the newline.")
            .refused("lines end with a newline"),
        Setting::new("sincedb_path", Kind::String, Fallback::None, "Accepted; positions are in timberline's registry.")
            .deprecated(DIFFERS),
        Setting::new(
            "sincedb_write_interval",
            Kind::String,
            Fallback::None,
            "Accepted; the registry is written as positions move.",
        )
        .deprecated(DIFFERS),
        Setting::new(
            "sincedb_clean_after",
            Kind::String,
            Fallback::None,
            "Accepted; `registry.clean_after` takes its place.",
        )
        .deprecated(DIFFERS),
        Setting::new(
            "file_completed_action",
            Kind::OneOf(&["delete", "log", "log_and_delete"]),
            Fallback::None,
            "What to do with a file that was read.",
        )
        .refused("timberline never deletes files that it reads"),
        Setting::new("file_completed_log_path", Kind::Path, Fallback::None, "Where finished files are noted.")
            .refused("see the log at level `info`"),
        Setting::new(
            "check_archive_validity",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Accepted; compressed files are not read.",
        ),
        Setting::new("file_chunk_count", Kind::Number, Fallback::None, "Accepted; files take turns chunk by chunk."),
        Setting::new(
            "file_sort_by",
            Kind::OneOf(&["last_modified", "path"]),
            Fallback::Text("last_modified"),
            "Accepted; files are read in turns, so no order is theirs.",
        ),
        Setting::new(
            "file_sort_direction",
            Kind::OneOf(&["asc", "desc"]),
            Fallback::Text("asc"),
            "Accepted; see `file_sort_by`.",
        ),
    ],
    example: "input { file { path => \"/var/log/nginx/*.log\" start_position => \"beginning\" } }",
    differs: &[
        DIFFERS,
        "`[log][file][path]` and `[log][offset]` say where a line stood; `[host][name]` as in Logstash with ECS",
    ],
    unavailable: None,
};

/// What the settings say.
#[derive(Clone, Debug)]
pub struct Config {
    pub paths: Vec<String>,
    pub exclude: Vec<glob::Pattern>,
    pub from_beginning: bool,
    pub read_once: bool,
    pub exit_after_read: bool,
    pub chunk_bytes: usize,
    pub open_files_max: usize,
    pub ignore_older: Option<Duration>,
    pub close_older: Duration,
    pub discover_interval: Duration,
    /// The codec is `docker_json`: container facts stand beside the file.
    pub docker_json: bool,
}

fn build(settings: &Settings) -> Result<Box<dyn Input>, Fault> {
    let duration = |name: &str| match settings.text(name) {
        None => Ok(None),
        Some(text) => parse_duration(text).map(Some).ok_or_else(|| {
            Fault::at(settings.place(name), format!("`{name}` is no duration: `{text}`"))
                .help("write seconds, or `250 ms`, `2 days`")
        }),
    };
    let stat_interval = duration("stat_interval")?.unwrap_or(Duration::from_secs(1));
    let mut exclude = Vec::new();
    for item in settings.items("exclude") {
        let text = item.as_text().unwrap_or_default();
        exclude.push(
            glob::Pattern::new(text).map_err(|error| Fault::at(item.place, format!("bad glob `{text}`: {error}")))?,
        );
    }
    for item in settings.items("path") {
        let text = item.as_text().unwrap_or_default();
        glob::Pattern::new(text).map_err(|error| Fault::at(item.place, format!("bad glob `{text}`: {error}")))?;
        if !text.starts_with('/') {
            return Err(Fault::at(item.place, format!("`{text}` is not an absolute path"))
                .help("as in Logstash, paths begin with `/`"));
        }
    }
    let config = Config {
        paths: settings.texts("path"),
        exclude,
        from_beginning: settings.text("start_position") == Some("beginning"),
        read_once: settings.text("mode") == Some("read"),
        exit_after_read: settings.boolean("exit_after_read"),
        chunk_bytes: settings
            .bytes("file_chunk_size")
            .map_or(256 << 10, |bytes| bytes as usize)
            .clamp(4 << 10, 4 << 20),
        open_files_max: settings.number("max_open_files").map_or(4095, |number| number as usize).max(1),
        ignore_older: duration("ignore_older")?,
        close_older: duration("close_older")?.unwrap_or(Duration::from_secs(3600)),
        discover_interval: stat_interval
            .mul_f64(settings.number("discover_interval").unwrap_or(15.0).clamp(0.1, 3600.0)),
        docker_json: settings.codec("codec").is_some_and(|(name, _, _)| name == "docker_json"),
    };
    Ok(Box::new(FileInput { config }))
}

/// `2`, `2 s`, `250 ms`, `1 hour`: the texts of Logstash's string durations.
fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "us" | "usec" | "usecs" => 1e-6,
        "ms" | "msec" | "msecs" => 1e-3,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * unit).ok()
}

struct FileInput {
    config: Config,
}

impl Input for FileInput {
    fn run(self: Box<Self>, wiring: Wiring) -> Running {
        Box::pin(async move {
            let reading = tokio::task::spawn_blocking(move || Reader::new(self.config, wiring).run());
            if let Err(error) = reading.await {
                std::panic::resume_unwind(error.into_panic());
            }
        })
    }
}

/// The thread that reads.
struct Reader {
    config: Config,
    wiring: Wiring,
    watch: Watch,
    files: HashMap<FileId, Tail>,
    discovered: Option<Instant>,
    /// The sizes of the files that were there at the start and are not open yet, where these are read from their end on.
    skipped: HashMap<FileId, u64>,
    sources: metrics::Gauge,
}

impl Reader {
    fn new(config: Config, wiring: Wiring) -> Reader {
        let sources = metrics::gauge(metrics::SOURCES, &[&wiring.label]);
        let (watch, files, skipped) = (Watch::new(), HashMap::new(), HashMap::new());
        Reader { config, wiring, watch, files, discovered: None, skipped, sources }
    }

    fn run(mut self) {
        while !self.wiring.stop.is_stopped() {
            let found_new = self.discover();
            match self.turn() {
                Err(Deserted) => return,
                Ok(Progress::Read) => {}
                Ok(Progress::AtEnd) if self.is_done() => return,
                Ok(Progress::AtEnd) if found_new => {}
                Ok(Progress::AtEnd) => self.watch.wait(LOOK_INTERVAL),
            }
        }
    }

    /// Every file that the globs match now has been read to its end.
    fn is_done(&self) -> bool {
        self.config.read_once && self.config.exit_after_read && self.files.values().all(Tail::is_finished)
    }

    /// Looks for new files: at the start, when the interval is over, and whenever a folder has changed.
    fn discover(&mut self) -> bool {
        let due =
            self.discovered.is_none_or(|last| last.elapsed() >= self.config.discover_interval.min(LOOK_INTERVAL * 4));
        if !due {
            return false;
        }
        let is_first = self.discovered.replace(Instant::now()).is_none();
        let mut found = discover::find(&self.config, &mut self.watch, self.wiring.clock.now_ns());
        if is_first && !self.config.from_beginning && !self.config.read_once {
            self.skipped = found.iter().map(|file| (file.id, file.size)).collect();
        }
        found.retain(|file| !file.is_too_old);
        let mut new = false;
        for file in found {
            if let Some(tail) = self.files.get_mut(&file.id) {
                tail.seen_at(file.path);
            } else if self.files.len() < self.config.open_files_max {
                let (id, skipped) = (file.id, self.skipped.remove(&file.id).unwrap_or(0));
                self.files.insert(id, Tail::new(file, skipped));
                new = true;
            }
        }
        self.sources.set(self.files.len() as f64);
        new
    }

    /// Gives each file its turn.
    fn turn(&mut self) -> Result<Progress, Deserted> {
        let mut progress = Progress::AtEnd;
        let mut gone = Vec::new();
        for (id, tail) in &mut self.files {
            if self.wiring.stop.is_stopped() {
                return Ok(Progress::AtEnd);
            }
            match tail.turn(&self.config, &self.wiring)? {
                Some(Progress::Read) => progress = Progress::Read,
                Some(Progress::AtEnd) => {}
                None => gone.push(*id),
            }
        }
        for id in gone {
            if let Some(tail) = self.files.remove(&id) {
                tail.close(&self.wiring)?;
            }
        }
        Ok(progress)
    }
}

/// A path as text, for fields and messages.
fn shown(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The folder that a path stands in.
fn folder_of(path: &std::path::Path) -> PathBuf {
    path.parent().map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_logstash_reads_them() {
        let millis = |text| parse_duration(text).map(|duration| duration.as_millis());
        assert_eq!(
            ["1 second", "250 ms", "1.5", "2 days", "x"].map(millis),
            [Some(1000), Some(250), Some(1500), Some(172_800_000), None]
        );
    }
}
