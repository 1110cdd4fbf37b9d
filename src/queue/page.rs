//! The segment that a lane writes to.

use super::record;
use crate::disk::DiskFile;
use crate::telemetry::crash::crash_point;
use std::io;

pub struct Page {
    pub file: Box<dyn DiskFile>,
    /// Records in it, synced or not, end here.
    pub at: u64,
    /// Records that count and are not synced.
    pub unsynced: u64,
}

impl Page {
    /// One that has its head.
    pub fn new(file: Box<dyn DiskFile>) -> Page {
        Page { file, at: record::FILE_HEAD_BYTES, unsynced: 0 }
    }

    /// Adds records, and leaves `bytes` empty.
    pub fn write(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        crash_point("queue.before_write");
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        bytes.clear();
        Ok(())
    }

    /// Syncs what is not.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.unsynced == 0 {
            return Ok(());
        }
        crash_point("queue.before_fsync");
        self.file.sync()?;
        crash_point("queue.after_fsync");
        self.unsynced = 0;
        Ok(())
    }
}
