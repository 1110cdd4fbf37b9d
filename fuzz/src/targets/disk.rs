//! A disk in memory, so that a file of any bytes costs no system call. Nothing of it fails; what it watches is how much is
//! read at a time: no file may talk its reader into a buffer that is larger than the file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use timberline::disk::{Disk, DiskFile, Locked};

/// The largest buffer that a reader may have whatever the file's size.
const BUFFER_BYTES_MAX: usize = 256 << 10;

type Bytes = Arc<Mutex<Vec<u8>>>;

#[derive(Default)]
struct State {
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Bytes>,
}

#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<State>>);

struct MemoryFile(Bytes);

impl MemoryDisk {
    /// One with these files.
    pub fn with(files: &[(&str, &[u8])]) -> MemoryDisk {
        let disk = MemoryDisk::default();
        for (path, bytes) in files {
            let path = Path::new(path);
            let mut state = disk.state();
            state.folders.extend(path.ancestors().skip(1).map(PathBuf::from));
            state.files.insert(path.into(), Arc::new(Mutex::new(bytes.to_vec())));
        }
        disk
    }

    pub fn bytes_of(&self, path: &str) -> Option<Vec<u8>> {
        let file = self.state().files.get(Path::new(path)).cloned()?;
        Some(locked(&file).clone())
    }

    /// Every file that is there.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.state().files.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.0)
    }

    fn file(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.state().files.get(path).cloned().ok_or(ErrorKind::NotFound)?;
        Ok(Box::new(MemoryFile(file)))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("a target that panicked is not run again")
}

fn name_in<'a>(path: &'a Path, folder: &Path) -> Option<&'a str> {
    path.file_name()?.to_str().filter(|_| path.parent() == Some(folder))
}

impl Disk for MemoryDisk {
    fn files(&self, folder: &Path) -> io::Result<Vec<(String, u64)>> {
        let state = self.state();
        let inside = state.files.iter().filter_map(|(path, file)| Some((name_in(path, folder)?.into(), size(file))));
        Ok(inside.collect())
    }

    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        Ok(self.state().folders.iter().filter_map(|path| name_in(path, folder).map(String::from)).collect())
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.parent().is_none() || self.state().folders.contains(path)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.state().folders.insert(folder.into());
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = Bytes::default();
        match self.state().files.insert(path.into(), Arc::clone(&file)) {
            None => Ok(Box::new(MemoryFile(file))),
            Some(_) => Err(ErrorKind::AlreadyExists.into()),
        }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(path)
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let file = state.files.remove(from).ok_or(ErrorKind::NotFound)?;
        state.files.insert(to.into(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state().files.remove(path).map(|_| ()).ok_or(ErrorKind::NotFound.into())
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.state().folders.remove(folder);
        Ok(())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _folder: &Path) -> io::Result<Locked> {
        Ok(Locked::default())
    }
}

fn size(file: &Mutex<Vec<u8>>) -> u64 {
    locked(file).len() as u64
}

impl DiskFile for MemoryFile {
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut file = locked(&self.0);
        let (at, end) = (at as usize, at as usize + bytes.len());
        let length = file.len().max(end);
        file.resize(length, 0);
        file[at..end].copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        let file = locked(&self.0);
        assert!(bytes.len() <= file.len().max(BUFFER_BYTES_MAX), "{} bytes for a file of {}", bytes.len(), file.len());
        let there = file.get(at as usize..).unwrap_or_default();
        let read = there.len().min(bytes.len());
        bytes[..read].copy_from_slice(&there[..read]);
        Ok(read)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(size(&self.0))
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
