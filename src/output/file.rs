//! The `file` output: events as text, appended to files whose names may come from the events.
//!
//! Invariants: what lies before the first `%{` of the path, up to its last `/`, is the root: nothing is ever written
//! outside of it; a path that leads out goes to the file `filename_failure` in the root. Files are synced, and so are new folders,
//! before a batch is settled; that happens when nothing more waits, at least every `flush_interval`. A write that fails half-way
//! is taken back, and tried again until it succeeds or the time to stop is over.

use super::books::Books;
use super::{Output, OutputPlugin, Running, Wiring};
use crate::backoff::Backoff;
use crate::channel::Empty;
use crate::event::destination::{DocBatch, Rendering};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

/// How long nothing must come before files are synced, and how often a waiting thread looks whether it is to stop.
const IDLE: Duration = Duration::from_millis(100);
/// Open files; the least lately written one is closed.
const FILES_MAX: usize = 64;
/// Written and not yet synced.
const UNSYNCED_BYTES_MAX: usize = 8 << 20;

pub static DECLARATION: Declaration = Declaration {
    door: Door::Output,
    name: "file",
    summary: "Appends events to files; the path may hold `%{…}`.",
    settings: &[
        Setting::new(
            "path",
            Kind::String,
            Fallback::Required,
            "The file's path; may hold `%{…}`, but not begin with it.",
        ),
        Setting::new(
            "create_if_deleted",
            Kind::Boolean,
            Fallback::Boolean(true),
            "Whether a file that was deleted is made again.",
        ),
        Setting::new(
            "dir_mode",
            Kind::Number,
            Fallback::Number(-1.0),
            "The mode of new folders, as in `0750`; -1 leaves it to the system.",
        ),
        Setting::new(
            "file_mode",
            Kind::Number,
            Fallback::Number(-1.0),
            "The mode of new files, as in `0640`; -1 leaves it to the system.",
        ),
        Setting::new(
            "filename_failure",
            Kind::String,
            Fallback::Text("_filepath_failures"),
            "The file in the path's constant folder that takes events whose own path is not possible.",
        ),
        Setting::new(
            "flush_interval",
            Kind::Number,
            Fallback::Number(2.0),
            "The longest time between a write and its sync, in seconds.",
        ),
        Setting::new("gzip", Kind::Boolean, Fallback::Boolean(false), "Compressed files; only `false` is supported."),
        Setting::new(
            "write_behavior",
            Kind::OneOf(&["append", "overwrite"]),
            Fallback::Text("append"),
            "Only `append` is supported.",
        ),
    ],
    example: "output {\n  file { path => \"/var/log/archive/%{service_name}-%{+YYYY.MM.dd}.ndjson\" }\n}",
    differs: &[
        "differs from Logstash: files are synced before an event counts as delivered; after a crash the last events may be there twice",
    ],
    unavailable: None,
};

pub static PLUGIN: OutputPlugin = OutputPlugin { declaration: &DECLARATION, rendering, build: Some(build) };

fn rendering(settings: &Settings) -> Result<Rendering, Fault> {
    Ok(Rendering::Text { path: settings.text("path").map(String::from), codec: "json_lines" })
}

/// What the settings come to.
#[derive(Clone, Debug)]
struct Config {
    root: PathBuf,
    failure: PathBuf,
    recreate: bool,
    dir_mode: Option<u32>,
    file_mode: Option<u32>,
    flush_interval: Duration,
}

struct FileOutput(Config);

fn build(settings: &Settings) -> Result<Box<dyn Output>, Fault> {
    for (name, value) in [("gzip", "true"), ("write_behavior", "overwrite")] {
        if settings.text(name) == Some(value) {
            return Err(Fault::at(settings.place(name), format!("`{name} => {value}` is not supported yet")));
        }
    }
    let path = settings.text("path").unwrap_or_default();
    let root = root(path).ok_or_else(|| {
        Fault::at(settings.place("path"), "the path begins with a field, so events could write anywhere")
            .help("begin it with a constant folder: `/var/log/archive/%{…}`")
    })?;
    let failure = settings.text("filename_failure").unwrap_or_default();
    if failure.is_empty() || failure.contains('/') || failure.starts_with('.') {
        return Err(Fault::at(settings.place("filename_failure"), "`filename_failure` is the name of a file"));
    }
    Ok(Box::new(FileOutput(Config {
        failure: root.join(failure),
        root,
        recreate: settings.boolean("create_if_deleted"),
        dir_mode: mode(settings, "dir_mode")?,
        file_mode: mode(settings, "file_mode")?,
        flush_interval: Duration::try_from_secs_f64(
            settings.number("flush_interval").unwrap_or(2.0).clamp(0.0, 3600.0),
        )
        .unwrap_or_default(),
    })))
}

/// The folder that all of an output's files lie in; `None` where the path has no constant one.
fn root(path: &str) -> Option<PathBuf> {
    let constant = path.split("%{").next().unwrap_or_default();
    let folder = match constant.rsplit_once('/') {
        Some(("", _)) if constant.len() < path.len() => return None,
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => ".",
    };
    if path.starts_with("%{") { None } else { Some(PathBuf::from(folder)) }
}

/// `0640` is octal, as in Logstash; so is `640`.
fn mode(settings: &Settings, name: &str) -> Result<Option<u32>, Fault> {
    match settings.text(name) {
        None | Some("-1") => Ok(None),
        Some(text) => match u32::from_str_radix(text, 8) {
            Ok(mode) if mode <= 0o7777 => Ok(Some(mode)),
            _ => Err(Fault::at(settings.place(name), format!("`{name}` is a mode in octal digits, as in 0640"))),
        },
    }
}

impl Output for FileOutput {
    fn open(&mut self) -> Result<(), String> {
        let root = &self.0.root;
        Folders { mode: self.0.dir_mode }
            .make(root)
            .map_err(|error| format!("cannot make the folder {}: {error}", root.display()))
    }

    fn run(self: Box<Self>, wiring: Wiring) -> Running {
        Box::pin(async move {
            let label = wiring.label.clone();
            let writing = tokio::task::spawn_blocking(move || Writer::new(self.0, wiring).run());
            if let Err(error) = writing.await {
                tracing::error!(output = &*label, %error, "writing failed");
            }
        })
    }
}

/// Makes folders and syncs each one's parent, so that they outlive a power cut.
struct Folders {
    mode: Option<u32>,
}

impl Folders {
    fn make(&self, folder: &Path) -> io::Result<()> {
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(Path::new("/"));
        self.make(parent)?;
        match DirBuilder::new().mode(self.mode.unwrap_or(0o777)).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => sync_folder(parent),
        }
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

struct Open {
    file: File,
    unsynced: bool,
    /// When it was written last, in rounds.
    used: u64,
}

struct Writer {
    config: Config,
    wiring: Wiring,
    files: HashMap<PathBuf, Open>,
    round: u64,
    /// Written and waiting for the sync.
    written: Vec<DocBatch>,
    unsynced_bytes: usize,
    unsynced_since: Option<Instant>,
    books: Books,
    backoff: Backoff,
    /// The end of patience, once the word to stop is given.
    over: Option<Instant>,
}

impl Writer {
    fn new(config: Config, wiring: Wiring) -> Writer {
        Writer {
            config,
            files: HashMap::new(),
            round: 0,
            written: Vec::new(),
            unsynced_bytes: 0,
            unsynced_since: None,
            books: Books::new(&wiring.label),
            backoff: Backoff::new(Duration::from_millis(500), Duration::from_secs(10)),
            over: None,
            wiring,
        }
    }

    fn run(mut self) {
        self.wiring.readiness.set(&self.wiring.label, true, "");
        loop {
            let more = match self.wiring.batches.recv_timeout(IDLE) {
                Ok(batch) => self.take(batch),
                Err(Empty::Waiting) => !self.is_over(),
                Err(Empty::Closed) => false,
            };
            if !more || self.sync_is_due() {
                self.sync();
            }
            if !more {
                return;
            }
        }
    }

    /// `false`: the time to stop is over.
    fn take(&mut self, batch: DocBatch) -> bool {
        self.books.came(batch.docs.len());
        let is_written = self.insist(|writer| writer.write(&batch));
        if is_written {
            self.written.push(batch);
        }
        is_written
    }

    fn sync_is_due(&self) -> bool {
        let Some(since) = self.unsynced_since else { return false };
        self.unsynced_bytes >= UNSYNCED_BYTES_MAX
            || since.elapsed() >= self.config.flush_interval
            || (self.wiring.batches.is_empty() && since.elapsed() >= IDLE)
    }

    fn is_over(&mut self) -> bool {
        if !self.wiring.stop.is_stopped() {
            return false;
        }
        let patience = self.wiring.shutdown_timeout;
        self.wiring.stop.is_at_once() || Instant::now() >= *self.over.get_or_insert_with(|| Instant::now() + patience)
    }

    /// Does it until it is done; `false`: the time to stop is over.
    fn insist(&mut self, mut work: impl FnMut(&mut Writer) -> io::Result<()>) -> bool {
        let mut failed = false;
        loop {
            let error = match work(self) {
                Ok(()) => break,
                Err(error) => error,
            };
            if !failed {
                tracing::warn!(output = &*self.wiring.label, %error, "cannot write, events wait");
                self.wiring.readiness.set(&self.wiring.label, false, "its files cannot be written");
                failed = true;
            }
            let again = Instant::now() + self.backoff.next(self.wiring.clock.ticks_ns());
            while Instant::now() < again {
                if self.is_over() {
                    return false;
                }
                std::thread::sleep(IDLE.min(again.saturating_duration_since(Instant::now())));
            }
        }
        self.backoff.reset();
        if failed {
            tracing::info!(output = &*self.wiring.label, "files can be written again");
            self.wiring.readiness.set(&self.wiring.label, true, "");
        }
        true
    }

    /// Appends the documents, each to its file, in their order. After an error nothing of the batch counts as written.
    fn write(&mut self, batch: &DocBatch) -> io::Result<()> {
        let mut texts: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        for doc in &batch.docs {
            let path = self.path(batch.text(&doc.index));
            let text = &batch.body[doc.whole()];
            match texts.iter_mut().find(|(there, _)| *there == path) {
                Some((_, whole)) => whole.extend_from_slice(text),
                None => texts.push((path, text.to_vec())),
            }
        }
        self.round += 1;
        let mut lengths = Vec::new();
        for (path, text) in &texts {
            if let Err(error) = self.append(path, text, &mut lengths) {
                // What was written is taken back: the whole batch is tried again.
                for (file, length) in lengths {
                    file.set_len(length)?;
                }
                return Err(error);
            }
        }
        self.unsynced_bytes += batch.body.len();
        self.unsynced_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn append(&mut self, path: &Path, text: &[u8], lengths: &mut Vec<(File, u64)>) -> io::Result<()> {
        let failure = self.config.failure.clone();
        let path = match self.open(path) {
            Err(error) if is_permanent(&error) && path != failure => {
                self.open(&failure)?;
                &failure
            }
            opened => {
                opened?;
                path
            }
        };
        let Some(open) = self.files.get_mut(path) else { return Err(io::ErrorKind::NotFound.into()) };
        (open.unsynced, open.used) = (true, self.round);
        let length = open.file.metadata()?.len();
        lengths.push((open.file.try_clone()?, length));
        open.file.write_all(text)
    }

    fn open(&mut self, path: &Path) -> io::Result<()> {
        if self.files.contains_key(path) {
            if !self.config.recreate || path.exists() {
                return Ok(());
            }
            self.files.remove(path);
        }
        if self.files.len() >= FILES_MAX {
            self.close_one()?;
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        Folders { mode: self.config.dir_mode }.make(folder)?;
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        if let Some(mode) = self.config.file_mode {
            options.mode(mode);
        }
        let file = options.open(path)?;
        if is_new {
            sync_folder(folder)?;
        }
        self.files.insert(path.to_path_buf(), Open { file, unsynced: false, used: self.round });
        Ok(())
    }

    fn close_one(&mut self) -> io::Result<()> {
        let oldest = self.files.iter().min_by_key(|(_, open)| open.used).map(|(path, _)| path.clone());
        if let Some(open) = oldest.and_then(|path| self.files.remove(&path)).filter(|open| open.unsynced) {
            open.file.sync_data()?;
        }
        Ok(())
    }

    /// Syncs what was written and settles it. What a failed sync left on the disk nobody knows, and a second sync may
    /// claim success: those events are not settled, and are read again at the next start.
    fn sync(&mut self) {
        let unsynced = self.files.values_mut().filter(|open| open.unsynced);
        let synced: io::Result<Vec<()>> =
            unsynced.map(|open| open.file.sync_data().map(|()| open.unsynced = false)).collect();
        if let Err(error) = synced {
            tracing::error!(output = &*self.wiring.label, %error, "cannot sync, events are read again at the next start");
            self.written.clear();
            self.files.clear();
        }
        for batch in self.written.drain(..) {
            self.books.stored(batch.docs.len());
            batch.settle();
        }
        (self.unsynced_bytes, self.unsynced_since) = (0, None);
    }

    /// Where a document goes: its own path, if that stays inside the root.
    fn path(&self, text: &[u8]) -> PathBuf {
        let path = Path::new(OsStr::from_bytes(text));
        let steps_up = path.components().any(|component| component == Component::ParentDir)
            && !self.config.root.components().any(|component| component == Component::ParentDir);
        let inside = path.strip_prefix(&self.config.root).or_else(|error| {
            if self.config.root == Path::new(".") && path.is_relative() { Ok(path) } else { Err(error) }
        });
        match inside {
            Ok(rest) if !steps_up && rest.file_name().is_some() && !text.ends_with(b"/") && leads_down(rest) => {
                path.into()
            }
            _ => self.config.failure.clone(),
        }
    }
}

/// Plain names all the way.
fn leads_down(path: &Path) -> bool {
    path.components().all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
}

/// A path that no file can have.
fn is_permanent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, IsADirectory, NotADirectory};
    matches!(error.kind(), InvalidFilename | InvalidInput | IsADirectory | NotADirectory)
}

#[cfg(test)]
mod tests;
