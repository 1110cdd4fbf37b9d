//! Documents that cannot leave yet, on disk: what an output may not hold in memory any longer, because its engine is
//! away or an index takes nothing, or because the daemon stops.
//!
//! The documents are finished: rendered, with index and id, never grouped or dated again. Each output has a folder
//! with a *lane* for all its documents and one for each index that it has set aside (`lane`); a lane is a row of
//! *segments* of checksummed *records* (`record`). The output decides what is spilled and when it is read back
//! (`event::spool`); here it is kept, and found again after any end of the daemon.
//!
//! `<path.queue>/<output>/main/`, `<path.queue>/<output>/index-<xxh3 of the index's name>/`; folders have mode 0700,
//! files 0600.

mod book;
mod cursor;
mod lane;
mod names;
mod page;
mod record;
mod room;
mod spool;
mod taking;
#[cfg(test)]
mod tests;

pub use spool::DiskSpool;

use crate::channel::Budget;
use crate::disk::Disk;
use crate::event::destination::DocBatch;
use crate::pool::Pool;
use lane::{Lane, Shared};
use room::Room;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The default of `queue.max_bytes`, as in Logstash.
pub const BYTES_MAX: u64 = 1 << 30;
/// The default of `queue.page_capacity`, as in Logstash.
pub const PAGE_BYTES: u64 = 64 << 20;

const MAIN_FOLDER: &str = "main";
const INDEX_FOLDER: &str = "index-";

/// What the queue must be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// `path.queue`
    pub folder: PathBuf,
    /// The most that it may take on the disk (`queue.max_bytes`).
    pub bytes_max: u64,
    /// The size of a segment (`queue.page_capacity`).
    pub page_bytes: u64,
    /// When what was written is synced (`queue.checkpoint.writes`).
    pub checkpoint_writes: CheckpointWrites,
}

/// How many documents of a lane may be written before they are synced (`queue.checkpoint.writes`, as in Logstash).
///
/// What is not synced is in the system's memory: a process that dies does not take it along, a power cut does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointWrites(
    /// 0: as many as a segment takes.
    pub u64,
);

impl CheckpointWrites {
    /// Nothing counts as kept that is not synced.
    pub const EACH: CheckpointWrites = CheckpointWrites(1);

    /// Whether a power cut may take documents that count as kept.
    pub fn is_lax(self) -> bool {
        self != CheckpointWrites::EACH
    }

    /// Whether so many that are not synced are too many.
    fn is_due(self, unsynced: u64) -> bool {
        self.0 > 0 && unsynced >= self.0
    }
}

/// The queues of all outputs.
#[derive(Clone)]
pub struct Queue {
    shared: Shared,
    /// Stands before the names of outputs in the log and in metrics.
    prefix: String,
}

impl Queue {
    /// Touches nothing yet.
    pub fn new(config: &Config, disk: Arc<dyn Disk>, budget: Arc<Budget>) -> Queue {
        let room = Arc::new(Room::new(config.bytes_max));
        let page_bytes = config.page_bytes.max(1);
        let checkpoint_writes = config.checkpoint_writes;
        let (root, pool) = (config.folder.clone(), Pool::default());
        let shared = Shared { disk, root, room, budget, pool, page_bytes, checkpoint_writes };
        Queue { shared, prefix: String::new() }
    }

    /// Buffers for what is written and given out come from this pool.
    pub fn with_pool(mut self, pool: Pool) -> Queue {
        self.shared.pool = pool;
        self
    }

    /// The same for a pipeline among several, whose plugins have this before their names.
    pub fn of_pipeline(self, prefix: &str) -> Queue {
        Queue { prefix: prefix.into(), ..self }
    }

    /// The part of an output, by its whole name, with what it holds from before.
    pub fn spool(&self, output: &str) -> io::Result<DiskSpool> {
        let folder = self.shared.root.join(self.folder_of(output));
        DiskSpool::open(output, folder, self.shared.clone())
    }

    /// Pipelines have folders of their own, so the prefix is no part of an output's.
    fn folder_of(&self, output: &str) -> String {
        folder_name(output.strip_prefix(&self.prefix).unwrap_or(output))
    }

    /// Folders of outputs other than these.
    pub fn strangers(&self, outputs: &[&str]) -> Vec<String> {
        let ours: Vec<String> = outputs.iter().map(|output| self.folder_of(output)).collect();
        let folders = self.shared.disk.folders(&self.shared.root).unwrap_or_default();
        let holds = |name: &String| {
            lanes_in(&*self.shared.disk, &self.shared.root.join(name)).iter().any(|lane| self.holds(lane))
        };
        folders.into_iter().filter(|name| !ours.contains(name) && holds(name)).collect()
    }

    fn holds(&self, lane: &Path) -> bool {
        self.shared.disk.files(lane).is_ok_and(|files| files.iter().any(|(name, _)| name.ends_with(".seg")))
    }

    /// Every lane, with `each` called for its documents in order; changes nothing.
    pub fn inspect(&self, each: &mut dyn FnMut(&str, &DocBatch)) -> io::Result<Vec<Inspected>> {
        let disk = &*self.shared.disk;
        let mut found = Vec::new();
        for output in disk.folders(&self.shared.root)? {
            // Those of other pipelines, in one folder, hold no lane of this one.
            for folder in lanes_in(disk, &self.shared.root.join(&output)) {
                let mut lane = Lane::open(self.shared.clone(), folder.clone())?;
                let index = if folder.ends_with(MAIN_FOLDER) { None } else { lane.first_index() };
                let (mut documents, mut receipts) = (0, Vec::new());
                while let Some(mut batch) = lane.next(1 << 20)? {
                    documents += batch.docs.len() as u64;
                    each(&output, &batch);
                    receipts.append(&mut batch.receipts);
                }
                let index = index.map(|index| String::from_utf8_lossy(&index).into_owned());
                let lost = lane.take_lost();
                found.push(Inspected {
                    output: format!("{}{output}", self.prefix),
                    index,
                    documents,
                    bytes: lane.bytes(),
                    lost: lost.documents,
                    torn_bytes: lost.torn_bytes,
                });
            }
        }
        Ok(found)
    }
}

/// What lies in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The name of the output's folder.
    pub output: String,
    /// The index that takes no documents; `None` for what waits for none in particular.
    pub index: Option<String>,
    pub documents: u64,
    /// On the disk.
    pub bytes: u64,
    /// Documents that cannot be read back.
    pub lost: u64,
    pub torn_bytes: u64,
}

/// The folder of an output: its name, where that is a name for a file; told apart by a hash where it is not.
fn folder_name(output: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !output.is_empty() && output.len() <= 64 && output.chars().all(plain) {
        return output.into();
    }
    let name: String = output.chars().take(48).map(|c| if plain(c) { c } else { '_' }).collect();
    format!("{name}-{:016x}", xxh3_64(output.as_bytes()))
}

fn lane_folder(lane: &[u8]) -> String {
    if lane.is_empty() { MAIN_FOLDER.into() } else { format!("{INDEX_FOLDER}{:016x}", xxh3_64(lane)) }
}

/// The folders of an output's lanes, the main one first.
fn lanes_in(disk: &dyn Disk, folder: &Path) -> Vec<PathBuf> {
    let mut names = disk.folders(folder).unwrap_or_default();
    names.retain(|name| name == MAIN_FOLDER || name.starts_with(INDEX_FOLDER));
    names.sort_by_key(|name| (name != MAIN_FOLDER, name.clone()));
    names.into_iter().map(|name| folder.join(name)).filter(|folder| names::is_lane(disk, folder)).collect()
}
