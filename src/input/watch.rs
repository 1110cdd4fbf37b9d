//! Waking up when a file may have changed. `notify` is named here and nowhere else.
//!
//! A wake-up is a hint, never a fact: events get lost (full queues, network file systems), so whoever waits here also
//! looks by itself from time to time.

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// Watches folders.
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    wakes: Receiver<()>,
    folders: HashSet<PathBuf>,
}

impl Watch {
    /// Without the system's help (no inotify instances left) it only sleeps: said once.
    pub fn new() -> Watch {
        // One waiting wake-up is enough: whoever wakes looks at everything.
        let (wake, wakes) = sync_channel(1);
        let handler = move |event: notify::Result<notify::Event>| {
            if !event.is_ok_and(|event| event.kind.is_access()) {
                let _ = wake.try_send(());
            }
        };
        let watcher = notify::recommended_watcher(handler)
            .inspect_err(
                |error| tracing::warn!(%error, "cannot be told of file changes, looks at them regularly instead"),
            )
            .ok();
        Watch { watcher, wakes, folders: HashSet::new() }
    }

    /// Also wakes for changes in `folder`. A folder that cannot be watched is looked at regularly all the same.
    pub fn add(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        if !self.folders.contains(folder) && watcher.watch(folder, RecursiveMode::NonRecursive).is_ok() {
            self.folders.insert(folder.to_path_buf());
        }
    }

    /// Stops watching folders that are not in `used`.
    pub fn retain(&mut self, used: &HashSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else { return };
        self.folders.retain(|folder| used.contains(folder) || watcher.unwatch(folder).is_err());
    }

    /// Sleeps until something may have changed, or for `patience`.
    pub fn wait(&self, patience: Duration) {
        if let Err(RecvTimeoutError::Disconnected) = self.wakes.recv_timeout(patience) {
            std::thread::sleep(patience);
        }
    }
}

impl Default for Watch {
    fn default() -> Self {
        Watch::new()
    }
}
