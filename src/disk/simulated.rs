//! A disk that forgets what was not synced, as real ones may: after a crash any of the sectors that were written since
//! the last sync are there and any are not, and so are the names in folders, each for itself. Writes and syncs can be
//! made to fail; what a failed sync should have saved stays visible, and is never durable. A folder whose name is gone
//! takes with it what lies in it.

use super::{Disk, DiskFile, Locked};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

const SECTOR_BYTES: usize = 512;

/// SplitMix64: small, and the same on every machine.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.draw() % end.max(1)
    }

    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// The seeds that a test plays: so many, or the one that `TIMBERLINE_SEED` names. `TIMBERLINE_SEEDS` says another number.
pub fn seeds(many: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    match number("TIMBERLINE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TIMBERLINE_SEEDS").unwrap_or(many),
    }
}

/// Plays every seed; one that fails is named.
pub fn play_seeds(many: u64, play: impl Fn(u64) + std::panic::RefUnwindSafe) {
    for seed in seeds(many) {
        let played = std::panic::catch_unwind(|| play(seed));
        assert!(played.is_ok(), "seed {seed} fails: TIMBERLINE_SEED={seed} plays it again");
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

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    File(usize),
    Folder,
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, Entry>,
    durable_names: BTreeMap<PathBuf, Entry>,
    /// Operations that change something fail from this one on, for so many.
    fail: Option<(u32, u32)>,
    read_only: bool,
    bytes_max: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

struct SimulatedFile {
    disk: SimulatedDisk,
    inode: usize,
    writable: bool,
}

impl SimulatedDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// After `skip` changes that work, `count` fail.
    pub fn fail(&self, skip: u32, count: u32) {
        self.state().fail = Some((skip, count));
    }

    /// After `skip` changes nothing arrives any more, until the crash that this is the beginning of.
    pub fn cut_power(&self, skip: u32) {
        self.fail(skip, u32::MAX);
    }

    /// As if mounted anew, for reading alone.
    pub fn read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    pub fn heal(&self) {
        let mut state = self.state();
        (state.fail, state.read_only, state.bytes_max) = (None, false, None);
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
                Some(entry) => _ = durable_names.insert(path, entry),
                None => _ = durable_names.remove(&path),
            }
        }
        let all = durable_names.clone();
        let has_way = |path: &Path| {
            let mut above = path.ancestors().skip(1).filter(|above| above.parent().is_some());
            above.all(|above| all.get(above) == Some(&Entry::Folder))
        };
        durable_names.retain(|path, _| has_way(path));
        *names = durable_names.clone();
        let named: BTreeSet<usize> = state.names.values().filter_map(|entry| entry.inode()).collect();
        for (number, inode) in state.inodes.iter_mut().enumerate() {
            match named.contains(&number) {
                true => inode.crash(random),
                false => *inode = Inode::default(),
            }
        }
        (state.fail, state.read_only) = (None, false);
    }

    /// Puts a file there, durably.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.write_anew(path, bytes)?;
        path.parent().map_or(Ok(()), |folder| self.sync_folder(folder))
    }

    pub fn files(&self) -> Vec<(PathBuf, usize)> {
        let state = self.state();
        let file = |(path, entry): (&PathBuf, &Entry)| Some((path.clone(), state.inodes[entry.inode()?].now.len()));
        state.names.iter().filter_map(file).collect()
    }

    /// A sector rots: the bit is another one now, and for ever.
    pub fn flip(&self, path: &Path, bit: usize) {
        let mut state = self.state();
        let inode = state.inode(path).unwrap();
        state.inodes[inode].now[bit / 8] ^= 1 << (bit % 8);
        state.inodes[inode].durable = state.inodes[inode].now.clone();
    }

    pub fn bytes_of(&self, path: &Path) -> Vec<u8> {
        let state = self.state();
        state.inodes[state.inode(path).unwrap()].now.clone()
    }
}

impl Entry {
    fn inode(self) -> Option<usize> {
        match self {
            Entry::File(inode) => Some(inode),
            Entry::Folder => None,
        }
    }
}

impl State {
    fn inode(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).and_then(|entry| entry.inode()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn change(&mut self) -> io::Result<()> {
        if self.read_only {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
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

    /// A new name needs its folder.
    fn name(&mut self, path: &Path, entry: Entry) -> io::Result<()> {
        let parent = path.parent().filter(|parent| parent.parent().is_some());
        if parent.is_some_and(|parent| self.names.get(parent) != Some(&Entry::Folder)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.names.insert(path.into(), entry);
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.names.values().filter_map(|entry| entry.inode()).map(|inode| self.inodes[inode].now.len()).sum()
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
        let inside = SimulatedDisk::files(self).into_iter().filter(|(path, _)| path.parent() == Some(folder));
        Ok(inside.map(|(path, bytes)| (file_name(&path), bytes as u64)).collect())
    }

    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let is_inside = |path: &Path, entry: &Entry| path.parent() == Some(folder) && *entry == Entry::Folder;
        Ok(state.names.iter().filter(|(path, entry)| is_inside(path, entry)).map(|(path, _)| file_name(path)).collect())
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.parent().is_none() || self.state().names.get(path) == Some(&Entry::Folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        if state.names.contains_key(folder) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.name(folder, Entry::Folder)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.change()?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = state.inodes.len();
        state.name(path, Entry::File(inode))?;
        state.inodes.push(Inode::default());
        Ok(Box::new(SimulatedFile { disk: self.clone(), inode, writable: true }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inode = self.state().inode(path)?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), inode, writable: false }))
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inode = self.state().inode(path)?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), inode, writable: true }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let inode = state.inode(from)?;
        state.name(to, Entry::File(inode))?;
        state.names.remove(from);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.inode(path)?;
        state.change()?;
        state.names.remove(path);
        Ok(())
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        if state.names.keys().any(|path| path.parent() == Some(folder)) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        state.names.remove(folder).map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let State { names, durable_names, .. } = &mut *state;
        durable_names.retain(|path, _| path.parent() != Some(folder));
        let inside = names.iter().filter(|(path, _)| path.parent() == Some(folder));
        durable_names.extend(inside.map(|(path, entry)| (path.clone(), *entry)));
        Ok(())
    }

    fn lock(&self, _folder: &Path) -> io::Result<Locked> {
        Ok(Locked::default())
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

impl DiskFile for SimulatedFile {
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        assert!(self.writable, "it was opened for reading");
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

    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.state().inodes[self.inode].now.len() as u64)
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
