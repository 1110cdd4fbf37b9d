//! The disk, as little of it as the rooms need that keep something: so that tests can put another in its place, one that
//! crashes, fails and forgets what was not synced (`simulated`).
//!
//! Terms: a file's *bytes* are durable when the file was synced after they were written; its *name* when its folder was
//! synced after the name was made, and so on upwards. Only what is durable survives the machine's end.

#[cfg(test)]
pub mod simulated;

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, FileExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// How much is read at a time.
const READ_BYTES: usize = 64 << 10;

/// Files and folders. Paths are whole.
pub trait Disk: Send + Sync {
    /// Names and sizes of the files of a folder; none where there is no folder.
    fn files(&self, folder: &Path) -> io::Result<Vec<(String, u64)>>;
    /// Names of the folders in a folder.
    fn folders(&self, folder: &Path) -> io::Result<Vec<String>>;
    fn is_folder(&self, path: &Path) -> bool;
    /// Makes one folder, mode 0700, in one that is there.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// A new, empty file, mode 0600, to read and write. An error if there is one.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// A file that is there, to read.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// A file that is there, to read and write.
    fn open_to_write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Takes the place of what has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;
    /// The names in the folder are durable when this comes back.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Waits until nobody else has the folder's `.lock`, and keeps it from others.
    fn lock(&self, folder: &Path) -> io::Result<Locked>;

    /// Makes `folder`, `root` above it, and what is missing above that. From `root` on, their names are durable when this
    /// comes back, also those of folders that were there: whoever made them may have died before they were.
    fn make_folder(&self, root: &Path, folder: &Path) -> io::Result<()> {
        let mut levels: Vec<&Path> = folder.ancestors().collect();
        levels.reverse();
        for level in levels.into_iter().filter(|level| !level.as_os_str().is_empty()) {
            let is_new = !self.is_folder(level);
            if is_new {
                self.create_folder(level).or_else(|why| if self.is_folder(level) { Ok(()) } else { Err(why) })?;
            }
            let Some(parent) = level.parent().filter(|_| is_new || level.starts_with(root)) else { continue };
            match self.sync_folder(parent) {
                // A folder of somebody else's, in which ours has been before.
                Err(why) if why.kind() == ErrorKind::PermissionDenied && !is_new => {}
                synced => synced?,
            }
        }
        Ok(())
    }

    /// Writes and syncs a file that is new: nobody else has it open, and no link leads elsewhere.
    fn write_anew(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let file = self.create_anew(path)?;
        file.write_all_at(bytes, 0)?;
        file.sync()
    }

    /// `create`, in the place of what is there.
    fn create_anew(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.remove_if_there(path)?;
        self.create(path)
    }

    fn remove_if_there(&self, path: &Path) -> io::Result<()> {
        match self.remove(path) {
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// A file's first `bytes_max` bytes.
    fn read(&self, path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        let mut bytes = Vec::new();
        while bytes.len() < bytes_max {
            let at = bytes.len();
            bytes.resize((at + READ_BYTES).min(bytes_max), 0);
            let read = file.read_at(&mut bytes[at..], at as u64)?;
            bytes.truncate(at + read);
            if read == 0 {
                break;
            }
        }
        Ok(bytes)
    }
}

/// An open file.
pub trait DiskFile: Send {
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// As much as there is; 0 behind the end.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize>;
    /// How long it is.
    fn size(&self) -> io::Result<u64>;
    /// What was written is durable when this comes back.
    fn sync(&self) -> io::Result<()>;
}

/// A folder's lock; dropping it lets go. The default holds nothing: for disks that nobody else has.
#[derive(Debug, Default)]
pub struct Locked(#[expect(dead_code, reason = "it is held, not read")] Option<fs::File>);

/// A file that is gone through from its beginning: for `BufReader` and `BufWriter`.
pub struct Stream {
    file: Box<dyn DiskFile>,
    at: u64,
}

impl Stream {
    pub fn new(file: Box<dyn DiskFile>) -> Stream {
        Stream { file, at: 0 }
    }

    pub fn into_file(self) -> Box<dyn DiskFile> {
        self.file
    }
}

impl io::Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl io::Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The machine's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn files(&self, folder: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        for (name, metadata) in entries(folder)? {
            if metadata.is_file() {
                files.push((name, metadata.len()));
            }
        }
        Ok(files)
    }

    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        Ok(entries(folder)?.into_iter().filter(|(_, entry)| entry.is_dir()).map(|(name, _)| name).collect())
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(folder)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Box::new(file))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(fs::File::open(path)?))
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OpenOptions::new().read(true).write(true).open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::File::open(folder)?.sync_all()
    }

    fn lock(&self, folder: &Path) -> io::Result<Locked> {
        let path: PathBuf = folder.join(".lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        file.lock()?;
        Ok(Locked(Some(file)))
    }
}

fn entries(folder: &Path) -> io::Result<Vec<(String, fs::Metadata)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        // What is gone by now is not there.
        if let (Ok(name), Ok(metadata)) = (entry.file_name().into_string(), entry.metadata()) {
            found.push((name, metadata));
        }
    }
    Ok(found)
}

impl DiskFile for fs::File {
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, at)
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < bytes.len() {
            match FileExt::read_at(self, &mut bytes[read..], at + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
