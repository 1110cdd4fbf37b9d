//! timberline.yml, flags and `${ENV}`, assembled into each room's own configuration.
//!
//! A flag wins over the file, the file over the default; the environment comes in through `${NAME:default}` in
//! the file's values only. Names are those of `logstash.yml`, flat (`pipeline.workers: 2`) or nested. Every setting is declared once, in
//! `declared`: the file, the flags, `help` and `docs/settings.md` all go by that table. An unknown name is refused.

mod data_folder;
mod declared;
mod docs;
mod pipelines;
mod units;
mod values;
mod yaml;

use crate::event::Rules;
use crate::event::rules::EscapeStyle;
use crate::event::rules::IllegalTags;
use crate::filter::Ecs;
use crate::output::dead_letter;
use crate::queue;
use crate::queue::CheckpointWrites;
use crate::registry;
use crate::telemetry::http::Ports;
use crate::telemetry::logging;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use values::Values;

pub use declared::DECLARED;
pub use declared::Declared;
pub use declared::Fallback;
pub use declared::Kind;
pub use docs::markdown;
pub use pipelines::Pipelines;
pub use values::Source;

/// The file in the folder of `path.settings`.
pub const FILE: &str = "timberline.yml";
/// Larger than any settings file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Looks a variable of the environment up.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Everything that is set, by default or on purpose.
#[derive(Clone, Debug)]
pub struct Settings {
    pub node_name: String,
    /// Where the pipeline's text is: files, folders, globs (`path.config`, `-f`).
    pub path_config: Vec<String>,
    /// The pipeline's text itself (`config.string`, `-e`).
    pub config_string: Option<String>,
    pub support_escapes: bool,
    /// What a pipeline's references and events go by.
    pub rules: Rules,
    pub path_data: PathBuf,
    pub pipeline: Pipeline,
    pub log: Log,
    pub http: Http,
    pub queue: Queue,
    pub dead_letters: dead_letter::Limit,
    pub registry: registry::Config,
    pub shutdown_timeout: Duration,
    /// Goes into every document's `_id`.
    pub id_salt: String,
    values: Values,
}

#[derive(Clone, Debug)]
pub struct Pipeline {
    pub id: String,
    /// Stands before the names of its plugins in the log and in metrics: `payments/`, or nothing for the main one.
    pub prefix: String,
    pub workers: usize,
    pub batch_size: usize,
    pub ecs: Ecs,
}

#[derive(Clone, Copy, Debug)]
pub struct Log {
    pub level: logging::Level,
    pub format: logging::Format,
}

#[derive(Clone, Debug)]
pub struct Http {
    pub enabled: bool,
    pub host: String,
    pub ports: Ports,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueType {
    /// On disk when it must be.
    Spill,
    Memory,
    Persisted,
}

#[derive(Clone, Debug)]
pub struct Queue {
    pub kind: QueueType,
    /// What may be held in memory, in all rooms together.
    pub memory_bytes: usize,
    /// Somebody asked for it: no limit of the system makes it less.
    pub memory_is_given: bool,
    /// The part on disk.
    pub disk: queue::Config,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it was given: `timberline.yml:3:12`, `--pipeline.workers`.
    pub place: String,
    pub text: String,
    pub help: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "\n  help: {help}"))
    }
}

impl std::error::Error for Fault {}

impl Settings {
    /// Reads the file that `flags` or the default names, and puts `flags` over it: pairs of a setting's name and its
    /// value as given, several for `path.config`. Answers with everything that is wrong.
    pub fn load(flags: &[(String, String)], environment: Environment<'_>) -> Result<Settings, Vec<Fault>> {
        let mut values = Values::default();
        let mut faults = Vec::new();
        for (name, text) in flags {
            faults.extend(values.set_flag(name, text).err());
        }
        let (folder, is_given) = (PathBuf::from(values.text("path.settings")), values.is_given("path.settings"));
        match read(&folder, FILE, is_given) {
            Ok(Some((file, text))) => faults.extend(values.set_file(&file, &text, environment)),
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
        if faults.is_empty() { Ok(Settings::assemble(values)) } else { Err(faults) }
    }

    /// Where the value of a declared setting comes from.
    pub fn source(&self, name: &str) -> Source {
        self.values.source(name)
    }

    /// Every setting's name, value and source: what `help` and the first log line show.
    pub fn shown(&self) -> Vec<(&'static str, String, Source)> {
        DECLARED
            .iter()
            .map(|declared| (declared.name, self.values.text(declared.name), self.source(declared.name)))
            .collect()
    }

    fn assemble(values: Values) -> Settings {
        let path_data = PathBuf::from(values.text("path.data"));
        let clean_after = values.duration("registry.clean_after");
        Settings {
            node_name: values.text("node.name"),
            path_config: values.texts("path.config"),
            config_string: Some(values.text("config.string")).filter(|text| !text.is_empty()),
            support_escapes: values.boolean("config.support_escapes"),
            rules: Rules {
                escape_style: values.word("config.field_reference.escape_style", EscapeStyle::parse),
                illegal_tags: values.word("event_api.tags.illegal", IllegalTags::parse),
            },
            registry: registry::Config {
                clean_after,
                pipeline: values.text("pipeline.id"),
                ..registry::Config::of(&path_data)
            },
            path_data,
            pipeline: Pipeline {
                id: values.text("pipeline.id"),
                prefix: String::new(),
                workers: values.whole("pipeline.workers"),
                batch_size: values.whole("pipeline.batch.size"),
                ecs: values.word("pipeline.ecs_compatibility", Ecs::parse),
            },
            log: Log {
                level: values.word("log.level", |text| text.parse().ok()),
                format: values.word("log.format", |text| text.parse().ok()),
            },
            http: Http {
                enabled: values.boolean("api.enabled"),
                host: values.text("api.http.host"),
                ports: values.word("api.http.port", |text| text.parse().ok()),
            },
            queue: Queue {
                kind: values.word("queue.type", QueueType::parse),
                memory_bytes: usize::try_from(values.bytes("queue.memory_bytes")).unwrap_or(usize::MAX),
                memory_is_given: values.is_given("queue.memory_bytes"),
                disk: queue::Config {
                    folder: queue_folder(&values),
                    bytes_max: values.bytes("queue.max_bytes"),
                    page_bytes: values.bytes("queue.page_capacity"),
                    checkpoint_writes: CheckpointWrites(values.whole("queue.checkpoint.writes") as u64),
                },
            },
            dead_letters: dead_letter::Limit {
                bytes_max: values.bytes("dead_letter_queue.max_bytes"),
                policy: values.word("dead_letter_queue.storage_policy", dead_letter::Policy::parse),
            },
            shutdown_timeout: values.duration("shutdown_timeout"),
            id_salt: values.text("id_salt"),
            values,
        }
    }
}

impl QueueType {
    pub const NAMES: &'static [&'static str] = &["spill", "memory", "persisted"];

    pub fn parse(text: &str) -> Option<QueueType> {
        [QueueType::Spill, QueueType::Memory, QueueType::Persisted].into_iter().find(|kind| kind.name() == text)
    }

    pub fn name(self) -> &'static str {
        match self {
            QueueType::Spill => "spill",
            QueueType::Memory => "memory",
            QueueType::Persisted => "persisted",
        }
    }
}

/// As in Logstash, `queue` in the folder of all state.
fn queue_folder(values: &Values) -> PathBuf {
    let given = values.text("path.queue");
    if given.is_empty() { Path::new(&values.text("path.data")).join("queue") } else { given.into() }
}

/// The file's name and text. A folder that was named must be there; the file in it need not.
fn read(folder: &Path, file: &str, is_given: bool) -> Result<Option<(String, String)>, Fault> {
    let file = folder.join(file);
    let name = file.display().to_string();
    let unreadable = |why: io::Error| Fault { place: name.clone(), text: format!("cannot read it: {why}"), help: None };
    match fs::metadata(&file) {
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => Err(unreadable(io::Error::other("it is too large"))),
        Ok(_) => fs::read_to_string(&file).map(|text| Some((name.clone(), text))).map_err(unreadable),
        Err(why) if why.kind() == io::ErrorKind::NotFound && (!is_given || folder.is_dir()) => Ok(None),
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            let text = format!("there is no folder {}", folder.display());
            Err(Fault { place: "--path.settings".into(), text, help: None })
        }
        Err(why) => Err(unreadable(why)),
    }
}

#[cfg(test)]
mod tests;
