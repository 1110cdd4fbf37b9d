//! The bytes that the queue may take on the disk, all outputs together (`queue.max_bytes`).

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub struct Room {
    bytes_max: u64,
    taken: AtomicU64,
}

impl Room {
    pub fn new(bytes_max: u64) -> Room {
        Room { bytes_max, taken: AtomicU64::new(0) }
    }

    /// Takes bytes if they are free.
    pub fn take(&self, bytes: u64) -> bool {
        let fits = |taken: u64| taken.checked_add(bytes).filter(|taken| *taken <= self.bytes_max);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    /// What lies there already, even if it is more than there may be.
    pub fn take_anyway(&self, bytes: u64) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn give_back(&self, bytes: u64) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}
