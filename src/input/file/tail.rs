//! One file that is followed: how far it was read, and the next piece of whole lines.
//!
//! A file's source begins when its first line is whole, because the first line is part of its name. A file that
//! shrank was truncated in place: it is a new source from its first line on.

use super::discover::Found;
use super::{Config, facts, shown};
use crate::channel::weight;
use crate::event::chunk::{Chunk, Framing, Place, Source, Watermark};
use crate::event::{Identity, Timestamp};
use crate::input::disk::{FileId, read_at};
use crate::input::{Deserted, ROOM_PATIENCE, Wiring};
use crate::position::{Position, Receipt, SourceKey};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::xxh3_64;

/// How much of the first line names the file.
const FIRST_LINE_BYTES_MAX: usize = 1024;
/// A line longer than this is handed on in pieces, so that memory stays bounded.
const LINE_BYTES_MAX: usize = 16 << 20;
/// How long to wait for the budget before looking whether to stop.
const BUDGET_PATIENCE: Duration = Duration::from_millis(100);

/// What a turn did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Read,
    AtEnd,
}

/// A file.
pub struct Tail {
    id: FileId,
    path: PathBuf,
    file: Option<File>,
    /// `None` until the first line is whole.
    source: Option<Arc<Source>>,
    /// The first byte that was not handed on; before the source has begun, where it begins if it was never read.
    offset: u64,
    last_grown: Instant,
    /// Of the last chunk.
    watermark: Watermark,
    finished: bool,
    /// An error was said; it is not said again until the file can be read.
    complained: bool,
}

impl Tail {
    /// `skipped`: so many bytes are not read, if none of them were.
    pub fn new(found: Found, skipped: u64) -> Tail {
        Tail {
            id: found.id,
            path: found.path,
            file: None,
            source: None,
            offset: skipped,
            last_grown: Instant::now(),
            watermark: Watermark::none(),
            finished: false,
            complained: false,
        }
    }

    /// The file has this name now. Events keep the name under which it was first seen.
    pub fn seen_at(&mut self, path: PathBuf) {
        self.path = path;
    }

    /// `mode => "read"`: there is nothing more to read.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Reads and hands on the next piece. `None`: the file is gone and read to its end.
    pub fn turn(&mut self, config: &Config, wiring: &Wiring) -> Result<Option<Progress>, Deserted> {
        if self.finished {
            return Ok(Some(Progress::AtEnd));
        }
        let looked_ns = wiring.clock.now_ns();
        match self.read(config, wiring) {
            Ok(Some(chunk)) => {
                self.complained = false;
                self.last_grown = Instant::now();
                wiring.hand_over_blocking(chunk)?;
                Ok(Some(Progress::Read))
            }
            Ok(None) => {
                if !wiring.stop.is_stopped() {
                    self.watermark.raise(looked_ns);
                }
                self.at_end(config, wiring)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                if !std::mem::replace(&mut self.complained, true) {
                    tracing::warn!(path = %self.path.display(), %error, "cannot read file, tries again");
                }
                Ok(Some(Progress::AtEnd))
            }
        }
    }

    /// The source ends: its worker forgets it.
    pub fn close(&self, wiring: &Wiring) -> Result<(), Deserted> {
        let Some(source) = self.source.clone() else { return Ok(()) };
        let framing = Framing::Bytes { offset: self.offset };
        let arrived = Timestamp::from_nanos(wiring.clock.now_ns());
        wiring.hand_over_blocking(Chunk {
            source,
            bytes: Vec::new(),
            framing,
            arrived,
            receipt: Receipt::untracked(),
            watermark: Watermark::none(),
            end: true,
        })
    }

    fn at_end(&mut self, config: &Config, wiring: &Wiring) -> Result<Option<Progress>, Deserted> {
        if self.file.as_ref().is_some_and(is_deleted) {
            return Ok(None);
        }
        if self.last_grown.elapsed() > config.close_older {
            self.file = None;
        }
        if config.read_once && self.source.is_some() {
            self.finished = true;
            // What a codec still holds, a last line without its newline, is whole now.
            self.close(wiring)?;
        }
        Ok(Some(Progress::AtEnd))
    }

    fn read(&mut self, config: &Config, wiring: &Wiring) -> io::Result<Option<Chunk>> {
        let size = self.size()?;
        if size < self.offset {
            tracing::warn!(path = %self.path.display(), offset = self.offset, size, "file was truncated, reads it from its beginning");
            (self.source, self.offset) = (None, 0);
        }
        if self.source.is_none() && !self.begin(config, wiring, size)? {
            return Ok(None);
        }
        let Some(source) = self.source.clone() else { return Ok(None) };
        let Some(bytes) = self.lines(config, wiring, size)? else { return Ok(None) };
        let framing = Framing::Bytes { offset: self.offset };
        self.offset += bytes.len() as u64;
        let receipt = wiring.ledger.open(&source.key, Position { at: self.offset, ordinal: 0 }, weight(bytes.len()));
        let arrived = Timestamp::from_nanos(wiring.clock.now_ns());
        self.watermark = Watermark::new();
        let watermark = self.watermark.clone();
        Ok(Some(Chunk { source, bytes, framing, arrived, receipt, watermark, end: false }))
    }

    /// The size now. A closed file is asked by name and opened when it has grown.
    fn size(&mut self) -> io::Result<u64> {
        let metadata = match &self.file {
            Some(file) => file.metadata()?,
            None => {
                let metadata = self.path.metadata()?;
                if FileId::of(&metadata) != self.id {
                    return Err(io::ErrorKind::NotFound.into());
                }
                let is_unnamed = self.source.is_none() && metadata.len() > 0;
                if is_unnamed || metadata.len() != self.offset {
                    self.file = Some(File::open(&self.path)?);
                }
                metadata
            }
        };
        Ok(metadata.len())
    }

    /// Names the source once its first line is whole, and finds the place to begin.
    fn begin(&mut self, config: &Config, wiring: &Wiring, size: u64) -> io::Result<bool> {
        let Some(file) = &self.file else { return Ok(false) };
        let mut head = vec![0; FIRST_LINE_BYTES_MAX];
        let read = read_at(file, &mut head, 0)?;
        head.truncate(read);
        match memchr::memchr(b'\n', &head) {
            Some(end) => head.truncate(end),
            None if read == FIRST_LINE_BYTES_MAX || (config.read_once && read > 0) => {}
            None => return Ok(false),
        }
        let FileId { device, inode } = self.id;
        let key = SourceKey::new(&format!("file:{device:x}:{inode:x}:{:016x}", xxh3_64(&head)));
        let known = wiring.ledger.position(&key).map(|position| position.at);
        self.offset = known.map_or(self.offset, |at| if at <= size { at } else { 0 });
        if known != Some(self.offset) {
            // At once: the next start must not take what is written from now on for what was there before.
            wiring.ledger.begin(&key, Position { at: self.offset, ordinal: 0 });
        }
        self.source = Some(Arc::new(Source {
            hash: Identity::hash_source(key.as_str(), &wiring.salt),
            key,
            input: wiring.input,
            facts: facts::of(&self.path, &wiring.host, config.docker_json),
            place: Place::Offset,
            hints: None,
        }));
        tracing::info!(path = %shown(&self.path), offset = self.offset, "reads file");
        Ok(true)
    }

    /// The next whole lines, up to a chunk; a longer line as a whole. The bytes are taken from the budget.
    fn lines(&self, config: &Config, wiring: &Wiring, size: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = self.file.as_ref().filter(|_| size > self.offset) else { return Ok(None) };
        let mut want = config.chunk_bytes;
        loop {
            let left = usize::try_from(size - self.offset).unwrap_or(usize::MAX);
            let mut bytes = wiring.pool.take(want.min(left));
            let mut from = file;
            from.seek(SeekFrom::Start(self.offset))?;
            let read = from.take(want.min(left) as u64).read_to_end(&mut bytes)?;
            let at_end = read >= left;
            match memchr::memrchr(b'\n', &bytes) {
                Some(last) if !(at_end && config.read_once) => bytes.truncate(last + 1),
                Some(_) => {}
                None if at_end && !config.read_once => return Ok(None),
                None if !at_end && want < LINE_BYTES_MAX => {
                    want *= 2;
                    continue;
                }
                None => {}
            }
            return Ok(self.take(bytes.len(), wiring).then_some(bytes));
        }
    }

    /// Waits for the budget; `false` when the daemon stops meanwhile.
    fn take(&self, bytes: usize, wiring: &Wiring) -> bool {
        let since = Instant::now();
        while !wiring.budget.take_within(weight(bytes), BUDGET_PATIENCE) {
            if wiring.stop.is_stopped() {
                return false;
            }
            if since.elapsed() > ROOM_PATIENCE {
                self.watermark.give_up();
            }
        }
        true
    }
}

fn is_deleted(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}
