//! The positions on disk: one small file, replaced whole.
//!
//! `<folder>/registry`, UTF-8 text, one line a source:
//!
//! ```text
//! timberline registry 2
//! <position> <pauses> <seen> <key>
//! …
//! end <xxh3>
//! ```
//!
//! - `position`: `<at>.<ordinal>`, both decimal (`position::Position`), or `-`: nothing of the source is delivered yet. `pauses`: the
//!   lines behind which a record was ended because nothing followed, written as positions with commas between them, or `-`.
//!   `seen`: when an input last had to do with the source, in nanoseconds since 1970, decimal. `key`: the source's name to the end of
//!   the line, where a backslash, a line feed and a carriage return are written `\\`, `\n`, `\r`.
//! - Version 1 had lines `<at> <ordinal> <seen> <key>`, and no pauses; it is read.
//! - `xxh3`: the 64-bit XXH3 of all bytes before the word `end`, 16 hexadecimal digits.
//! - The first and the last line keep their shape in every version, so a newer file is told from a damaged one. A
//!   newer file is refused and left untouched.
//!
//! Writing: all of it to `registry.tmp`, fsync, `registry` is copied to `registry.bak`, `registry.tmp` becomes `registry` in one step,
//! fsync of the folder. At every moment `registry` is whole, the one before a writing or the one of it: pauses must not be
//! forgotten, whatever dies. `registry.bak` is for a file that is damaged later; it only repeats what ids make harmless to repeat,
//! but for what was joined by pauses since.
//!
//! Reading: `registry`; if it is missing or damaged, `registry.bak`; a damaged file is kept as `….damaged`. With
//! neither, every source begins as one never seen.
//!
//! `<folder>/.lock` is locked (flock) while a daemon lives; the kernel lets go of it however the daemon ends. The folder
//! is made with mode 0700, files with 0600.

mod text;

use super::ledger::Kept;
use crate::disk::Disk;
use crate::disk::RealDisk;
use crate::telemetry::crash::crash_point;
use std::fmt;
use std::fs;
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

pub use text::Damage;
pub use text::VERSION;

/// Larger than any registry: a million sources. What is larger is not ours.
const FILE_BYTES_MAX: usize = 256 << 20;

/// The files in a folder that nobody else uses.
pub struct Store {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

/// Nobody else uses the data folder while this lives.
#[derive(Debug)]
pub struct FolderLock(File);

/// Why the folder cannot be used.
#[derive(Debug)]
pub enum OpenError {
    /// It cannot be made, or not written to.
    Folder { folder: PathBuf, why: io::Error },
    /// Another daemon has it.
    InUse { folder: PathBuf },
    /// A later timberline wrote it.
    Newer { file: PathBuf, version: u64 },
    /// It is there, and cannot be read.
    Unreadable { file: PathBuf, why: io::Error },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Folder { folder, why } => write!(f, "cannot use the data folder {}: {why}", folder.display()),
            OpenError::InUse { folder } => {
                write!(f, "the data folder {} is in use by another timberline", folder.display())
            }
            OpenError::Newer { file, version } => write!(
                f,
                "{} was written by a newer timberline (format {version}, this one reads up to {VERSION})",
                file.display()
            ),
            OpenError::Unreadable { file, why } => write!(f, "cannot read {}: {why}", file.display()),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why the positions could not be written; the old file is whole.
#[derive(Debug)]
pub struct WriteError {
    pub file: PathBuf,
    /// What was tried on it.
    pub tried: &'static str,
    pub why: io::Error,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.tried, self.file.display(), self.why)
    }
}

impl std::error::Error for WriteError {}

impl Store {
    /// Reads what the folder holds, which must be locked.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path) -> Result<(Store, Vec<Kept>), OpenError> {
        let store = Store { disk, folder: folder.into() };
        let kept = store.read()?;
        // Who wrote it may have died before it was sure to stay. What fails now is made good by the next writing.
        let _ = store.disk.sync_folder(&store.folder);
        Ok((store, kept))
    }

    /// Replaces what the file says.
    pub fn write(&self, kept: &[Kept]) -> Result<(), WriteError> {
        let [temporary, current, earlier] = ["registry.tmp", "registry", "registry.bak"].map(|name| self.path(name));
        let written = self.write_whole(&temporary, &text::encode(kept)).map_err(failed("write", &temporary));
        let copied = written.and_then(|()| self.copy(&current, &earlier).map_err(failed("write", &earlier)));
        // A full disk needs its room back; the next writing starts anew.
        copied.inspect_err(|_| _ = self.disk.remove(&temporary))?;
        crash_point("registry.before_rename");
        self.disk.rename(&temporary, &current).map_err(failed("rename", &temporary))?;
        crash_point("registry.after_rename");
        self.disk.sync_folder(&self.folder).map_err(failed("fsync", &self.folder))?;
        crash_point("registry.after_folder_fsync");
        Ok(())
    }

    /// Not synced: it is for a file that is damaged later. One that is not there is not copied.
    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self.disk.read(from, FILE_BYTES_MAX) {
            Ok(bytes) => self.disk.create_anew(to)?.write_all_at(&bytes, 0),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(why) => Err(why),
        }
    }

    fn write_whole(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let file = self.disk.create_anew(file)?;
        crash_point("registry.before_write");
        file.write_all_at(bytes, 0)?;
        crash_point("registry.before_fsync");
        file.sync()
    }

    fn read(&self) -> Result<Vec<Kept>, OpenError> {
        if let Some(kept) = self.read_one("registry")? {
            return Ok(kept);
        }
        Ok(self.read_one("registry.bak")?.unwrap_or_default())
    }

    /// `None`: not there, or damaged and put aside.
    fn read_one(&self, name: &str) -> Result<Option<Vec<Kept>>, OpenError> {
        let file = self.path(name);
        let bytes = match self.disk.read(&file, FILE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(OpenError::Unreadable { file, why }),
        };
        match text::decode(&bytes) {
            Ok(kept) => Ok(Some(kept)),
            Err(Damage::Newer(version)) => Err(OpenError::Newer { file, version }),
            Err(Damage::Broken(what)) => {
                self.put_aside(&file, what);
                Ok(None)
            }
        }
    }

    fn put_aside(&self, file: &Path, what: &str) {
        let aside = file.with_added_extension("damaged");
        let kept = self.disk.rename(file, &aside).is_ok();
        tracing::warn!(
            file = %file.display(), what, kept_as = kept.then(|| aside.display().to_string()),
            "damaged registry: an earlier state is used, lines that were delivered since are sent again"
        );
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl FolderLock {
    /// Makes the folder if there is none.
    pub fn of(folder: &Path) -> Result<FolderLock, OpenError> {
        lock(folder).map(FolderLock)
    }
}

impl Drop for FolderLock {
    /// By word, not by closing: a child between its fork and its exec still has the file open.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn failed(tried: &'static str, file: &Path) -> impl FnOnce(io::Error) -> WriteError {
    move |why| WriteError { file: file.into(), tried, why }
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let unusable = |why| OpenError::Folder { folder: folder.into(), why };
    RealDisk.make_folder(folder, folder).map_err(unusable)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let lock = options.open(folder.join(".lock")).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Err(OpenError::InUse { folder: folder.into() }),
        Err(fs::TryLockError::Error(why)) => return Err(unusable(why)),
    }
    // A lock file that can be opened does not say that others can be made.
    let probe = folder.join("registry.tmp");
    RealDisk.create_anew(&probe).and_then(|_| RealDisk.remove(&probe)).map_err(unusable)?;
    Ok(lock)
}

#[cfg(test)]
mod tests;
