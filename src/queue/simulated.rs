//! A disk that forgets what was not synced, as real ones may: after a crash any of the sectors that were written since
//! the last sync are there and any are not, and so are the names in folders. Writes and syncs can be made to fail; what
//! a failed sync should have saved stays visible, and is never durable.

use super::disk::{Disk, DiskFile};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

const SECTOR_BYTES: usize = 512;

/// SplitMix64: small, and the same on every machine.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

#[derive(Clone, Debug, Default)]
struct Inode {
    /// As everybody sees it.
    now: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors that were written since the last sync, and whether the next sync saves them.
    dirty: BTreeMap<usize, bool>,
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    folders: Vec<PathBuf>,
    /// Operations that change something fail from this one on, for so many.
    fail: Option<(u32, u32)>,
    bytes_max: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

struct SimulatedFile {
    disk: SimulatedDisk,
    inode: usize,
}

impl SimulatedDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// After `skip` changes that work, `count` fail.
    pub fn fail(&self, skip: u32, count: u32) {
        self.state().fail = Some((skip, count));
    }

    pub fn heal(&self) {
        self.state().fail = None;
    }

    pub fn limit(&self, bytes_max: Option<usize>) {
        self.state().bytes_max = bytes_max;
    }

    /// The power goes and comes back.
    pub fn crash(&self, random: &mut Random) {
        let mut state = self.state();
        let State { names, durable_names, .. } = &mut *state;
        let paths: Vec<PathBuf> = names.keys().chain(durable_names.keys()).cloned().collect();
        for path in paths {
            let (now, durable) = (names.get(&path).copied(), durable_names.get(&path).copied());
            let kept = if random.one_in(2) { now } else { durable };
            match kept {
                Some(inode) => _ = durable_names.insert(path, inode),
                None => _ = durable_names.remove(&path),
            }
        }
        *names = durable_names.clone();
        state.inodes.iter_mut().for_each(|inode| inode.crash(random));
        state.fail = None;
    }

    pub fn files(&self) -> Vec<(PathBuf, usize)> {
        let state = self.state();
        state.names.iter().map(|(path, inode)| (path.clone(), state.inodes[*inode].now.len())).collect()
    }

    /// A sector rots: the bit is another one now, and for ever.
    pub fn flip(&self, path: &Path, bit: usize) {
        let mut state = self.state();
        let inode = state.names[path];
        state.inodes[inode].now[bit / 8] ^= 1 << (bit % 8);
        state.inodes[inode].durable = state.inodes[inode].now.clone();
    }

    pub fn bytes_of(&self, path: &Path) -> Vec<u8> {
        let state = self.state();
        state.inodes[state.names[path]].now.clone()
    }
}

impl State {
    fn change(&mut self) -> io::Result<()> {
        match &mut self.fail {
            Some((0, 0)) | None => Ok(()),
            Some((0, count)) => {
                *count -= 1;
                Err(io::Error::other("the disk fails"))
            }
            Some((skip, _)) => {
                *skip -= 1;
                Ok(())
            }
        }
    }

    fn bytes(&self) -> usize {
        self.names.values().map(|inode| self.inodes[*inode].now.len()).sum()
    }
}

impl Inode {
    fn write(&mut self, bytes: &[u8], at: usize) {
        let end = at + bytes.len();
        self.now.resize(self.now.len().max(end), 0);
        self.now[at..end].copy_from_slice(bytes);
        (at / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES)).for_each(|sector| _ = self.dirty.insert(sector, true));
    }

    fn save(&mut self, sector: usize) {
        let range = sector * SECTOR_BYTES..((sector + 1) * SECTOR_BYTES).min(self.now.len());
        if self.durable.len() < range.end {
            self.durable.resize(range.end, 0);
        }
        self.durable[range.clone()].copy_from_slice(&self.now[range]);
    }

    fn sync(&mut self) {
        let saved: Vec<usize> = self.dirty.iter().filter(|(_, saved)| **saved).map(|(sector, _)| *sector).collect();
        for sector in saved {
            self.save(sector);
            self.dirty.remove(&sector);
        }
    }

    fn crash(&mut self, random: &mut Random) {
        for sector in std::mem::take(&mut self.dirty).into_keys() {
            if random.one_in(2) {
                self.save(sector);
            }
        }
        self.now = self.durable.clone();
    }
}

impl Disk for SimulatedDisk {
    fn files(&self, folder: &Path) -> io::Result<Vec<(String, u64)>> {
        let state = self.state();
        let inside = state.names.iter().filter(|(path, _)| path.parent() == Some(folder));
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        Ok(inside.map(|(path, inode)| (name(path), state.inodes[*inode].now.len() as u64)).collect())
    }

    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let inside = state.folders.iter().filter(|path| path.parent() == Some(folder));
        Ok(inside.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        if state.folders.iter().any(|path| path == folder) {
            return Ok(());
        }
        state.change()?;
        for folder in folder.ancestors() {
            if !state.folders.iter().any(|path| path == folder) {
                state.folders.push(folder.into());
            }
        }
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.change()?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.names.insert(path.into(), inode);
        Ok(Box::new(SimulatedFile { disk: self.clone(), inode }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inode = *self.state().names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), inode }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        state.names.remove(path).map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.state().folders.retain(|path| path != folder);
        Ok(())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let inode = state.inodes.len();
        state.inodes.push(Inode { now: bytes.into(), durable: bytes.into(), dirty: BTreeMap::new() });
        state.names.insert(path.into(), inode);
        state.durable_names.insert(path.into(), inode);
        Ok(())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let state = self.state();
        Ok(state.inodes[*state.names.get(path).ok_or(io::ErrorKind::NotFound)?].now.clone())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let State { names, durable_names, .. } = &mut *state;
        durable_names.retain(|path, _| path.parent() != Some(folder));
        let inside = names.iter().filter(|(path, _)| path.parent() == Some(folder));
        durable_names.extend(inside.map(|(path, inode)| (path.clone(), *inode)));
        Ok(())
    }
}

impl DiskFile for SimulatedFile {
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let failed = state.change();
        let free = state.bytes_max.map_or(usize::MAX, |most| most.saturating_sub(state.bytes()));
        let inode = &mut state.inodes[self.inode];
        let new = (at as usize + bytes.len()).saturating_sub(inode.now.len());
        if failed.is_err() || new > free {
            // Half of it arrives.
            inode.write(&bytes[..bytes.len() / 2 - new.saturating_sub(free).min(bytes.len() / 2)], at as usize);
            return failed.and(Err(io::ErrorKind::StorageFull.into()));
        }
        inode.write(bytes, at as usize);
        Ok(())
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        let state = self.disk.state();
        let now = &state.inodes[self.inode].now;
        let there = now.get(at as usize..).unwrap_or_default();
        let read = there.len().min(bytes.len());
        bytes[..read].copy_from_slice(&there[..read]);
        Ok(read)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let failed = state.change();
        let inode = &mut state.inodes[self.inode];
        match failed {
            Ok(()) => inode.sync(),
            Err(_) => inode.dirty.values_mut().for_each(|saved| *saved = false),
        }
        failed
    }
}
