//! Dead letters: documents that the engine refused for good, kept whole with the engine's reason.
//!
//! On disk: `<data>/dead_letters/<output>.ndjson`, mode 0600 in a folder of mode 0700, appended only, one JSON object a line:
//! `{"time","output","index","id","status","type","reason","action","document"}`. `action` is the bulk action as it was
//! sent. `document` is the document as it was sent, as JSON where it is a JSON object or list, else as a string; bytes that are not UTF-8
//! stand in `document_base64` instead.
//!
//! Invariants: letters are on the disk (fsync) when `write` comes back, and only then does a document count as having its
//! verdict. A line that a crash or a full disk tore is ended before the next letter, and is no JSON: readers pass over it.
//! So is an empty line, which stands where a write failed before, or another run wrote: what it left may end otherwise on
//! the disk than it seems to.
//! The file is bounded: beyond `bytes_max` the newest or the oldest letters are dropped, counted and said.
//! The folder's `.lock` (flock) is held while a file is written to: letters may be taken out while the daemon runs
//! (`stored`), and nobody keeps a file open.

pub mod stored;

use crate::disk::{Disk, DiskFile};
use crate::event::Timestamp;
use crate::telemetry::crash::crash_point;
use crate::telemetry::metrics;
use crate::telemetry::metrics::{Counter, Gauge};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder under the data folder.
pub const FOLDER: &str = "dead_letters";

/// One refused document.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    pub index: &'a [u8],
    pub id: &'a [u8],
    /// The bulk action line.
    pub action: &'a [u8],
    pub document: &'a [u8],
    pub status: u16,
    pub kind: &'a str,
    pub reason: &'a str,
}

/// What became of some letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub kept: usize,
    /// Beyond the limit.
    pub dropped: usize,
}

/// What a full file drops (`dead_letter_queue.storage_policy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// What comes.
    DropNewer,
    /// What is there longest.
    DropOlder,
}

impl Policy {
    pub const NAMES: &'static [&'static str] = &["drop_newer", "drop_older"];

    pub fn parse(text: &str) -> Option<Policy> {
        match text {
            "drop_newer" => Some(Policy::DropNewer),
            "drop_older" => Some(Policy::DropOlder),
            _ => None,
        }
    }
}

/// How much may be kept, for each output.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub bytes_max: u64,
    pub policy: Policy,
}

/// Making room, at least this part of the whole is freed: a file is not written anew for each letter.
const FREED_PART: u64 = 8;

/// The dead letters of one output.
pub struct DeadLetters {
    disk: Arc<dyn Disk>,
    data: PathBuf,
    path: PathBuf,
    output: String,
    limit: Limit,
    gauge: Gauge,
    /// Letters that made room for others.
    forgotten: Counter,
    /// What the file ends with is on the disk.
    ends_well: bool,
}

impl DeadLetters {
    /// Touches nothing yet: the file is made with the first letter.
    pub fn new(disk: Arc<dyn Disk>, data: &Path, output: &str, limit: Limit) -> DeadLetters {
        let name: String =
            output.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let letters = DeadLetters {
            disk,
            data: data.into(),
            path: data.join(FOLDER).join(format!("{name}.ndjson")),
            output: output.into(),
            limit,
            gauge: metrics::gauge(metrics::DEAD_LETTER_BYTES, &[output]),
            forgotten: metrics::counter(metrics::DEAD_LETTERS_FORGOTTEN, &[output]),
            ends_well: false,
        };
        letters.gauge.set(letters.file_bytes() as f64);
        letters
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes letters and syncs them. After an error none of them counts as kept.
    pub fn write<'a>(&mut self, letters: impl Iterator<Item = Letter<'a>>, now: Timestamp) -> io::Result<Kept> {
        let folder = self.data.join(FOLDER);
        self.disk.make_folder(&self.data, &folder)?;
        let _locked = self.disk.lock(&folder)?;
        let mut texts: Vec<Vec<u8>> = Vec::new();
        for letter in letters {
            let mut text = Vec::new();
            self.append(&letter, now, &mut text);
            texts.push(text);
        }
        let all = texts.len();
        let size = self.make_room(texts.iter().map(|text| text.len() as u64).sum())?;
        let mut free = self.limit.bytes_max.saturating_sub(size + 1);
        texts.retain(|text| {
            let fits = free.checked_sub(text.len() as u64);
            free = fits.unwrap_or(free);
            fits.is_some()
        });
        if !texts.is_empty() {
            let ended_well = std::mem::take(&mut self.ends_well);
            self.add(&texts, ended_well)?;
            self.disk.sync_folder(&folder)?;
            self.ends_well = true;
        }
        self.gauge.set(self.file_bytes() as f64);
        Ok(Kept { kept: texts.len(), dropped: all - texts.len() })
    }

    fn add(&self, texts: &[Vec<u8>], ended_well: bool) -> io::Result<()> {
        let file = self.open()?;
        let mut last = [b'\n'];
        let size = file.size()?;
        if size > 0 {
            file.read_at(&mut last, size - 1)?;
        }
        let is_ended = last == [b'\n'] && (ended_well || size == 0);
        let end: &[u8] = if is_ended { b"" } else { b"\n" };
        crash_point("dead_letters.before_write");
        file.write_all_at(&[end, &texts.concat()].concat(), size)?;
        crash_point("dead_letters.before_fsync");
        file.sync()
    }

    /// Drops the oldest letters if that is the policy and so many bytes do not fit. Says how large the file is.
    fn make_room(&self, bytes: u64) -> io::Result<u64> {
        let size = self.size()?;
        let most = self.limit.bytes_max;
        if self.limit.policy == Policy::DropNewer || size + 1 + bytes <= most || size == 0 {
            return Ok(size);
        }
        let drop = (size + 1 + bytes - most).max(most / FREED_PART);
        let mut gone = 0;
        let dropped = stored::retain(&*self.disk, &self.path, |line| {
            let goes = gone < drop;
            gone += if goes { line.len() as u64 + 1 } else { 0 };
            !goes
        })?;
        self.forgotten.increment(dropped);
        tracing::warn!(
            output = self.output,
            documents = dropped,
            "dead letters are full (dead_letter_queue.max_bytes), the oldest are dropped"
        );
        self.size()
    }

    fn file_bytes(&self) -> u64 {
        self.size().unwrap_or(0)
    }

    fn size(&self) -> io::Result<u64> {
        match self.disk.open(&self.path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(0),
            file => file?.size(),
        }
    }

    fn open(&self) -> io::Result<Box<dyn DiskFile>> {
        match self.disk.open_to_write(&self.path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => self.disk.create(&self.path),
            file => file,
        }
    }

    fn append(&self, letter: &Letter<'_>, now: Timestamp, out: &mut Vec<u8>) {
        let field = |name: &str, value: &str, out: &mut Vec<u8>| {
            out.extend_from_slice(if out.last() == Some(&b'{') { b"\"" } else { b",\"" });
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            out.extend_from_slice(value.as_bytes());
        };
        let quoted = |bytes: &[u8]| serde_json::Value::from(String::from_utf8_lossy(bytes)).to_string();
        out.push(b'{');
        field("time", &quoted(now.to_string().as_bytes()), out);
        field("output", &quoted(self.output.as_bytes()), out);
        field("index", &quoted(letter.index), out);
        if !letter.id.is_empty() {
            // It lies in the action line as JSON already.
            field("id", &format!("\"{}\"", String::from_utf8_lossy(letter.id)), out);
        }
        field("status", &letter.status.to_string(), out);
        field("type", &quoted(letter.kind.as_bytes()), out);
        field("reason", &quoted(letter.reason.as_bytes()), out);
        if let Some(action) = as_json(letter.action) {
            field("action", action.get(), out);
        }
        match (as_json(letter.document), std::str::from_utf8(letter.document)) {
            // A string would be taken for the text of a document that is no JSON, and `null` for none at all.
            (Some(json), _) if json.get().starts_with(['{', '[']) => field("document", json.get(), out),
            (_, Ok(text)) => field("document", &quoted(text.as_bytes()), out),
            (_, Err(_)) => {
                field("document_base64", &quoted(STANDARD.encode(letter.document).as_bytes()), out);
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

/// The text as it stands, if it is JSON on one line.
fn as_json(text: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(text).ok().filter(|json: &&RawValue| !json.get().contains(['\n', '\r']))
}

#[cfg(test)]
mod tests;
