//! Waking up when a file may have changed. `notify` is named here and nowhere else.
//!
//! A wake-up is a hint, never a fact: events get lost (full queues, network file systems), so whoever waits here also
//! looks by itself from time to time.

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

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
        Watch { watcher: watcher(handler), wakes, folders: HashSet::new() }
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

fn watcher(handler: impl notify::EventHandler) -> Option<RecommendedWatcher> {
    let say = |error: &notify::Error| {
        tracing::warn!(%error, "cannot be told of file changes, looks at them regularly instead");
    };
    notify::recommended_watcher(handler).inspect_err(say).ok()
}

/// Wakes tasks: each has a bell that rings when something changes in its folder.
pub struct Bells {
    watcher: Mutex<Option<RecommendedWatcher>>,
    hung: Arc<Hung>,
}

type Hung = Mutex<HashMap<PathBuf, Arc<Notify>>>;

/// The bell of one folder; taken down when it is dropped. A folder has one at a time.
pub struct Bell {
    folder: PathBuf,
    rung: Arc<Notify>,
    /// The system tells of the folder.
    is_told: bool,
    bells: Arc<Bells>,
}

impl Bells {
    pub fn new() -> Bells {
        let hung = Arc::new(Hung::default());
        let ringers = Arc::clone(&hung);
        Bells { watcher: Mutex::new(watcher(move |event: notify::Result<notify::Event>| ring(&ringers, event))), hung }
    }

    /// Hangs a bell for `folder`. Blocks for a moment.
    pub fn hang(self: &Arc<Bells>, folder: &Path) -> Bell {
        let rung = Arc::new(Notify::new());
        // Not held while the watcher is asked: it may be ringing, which needs it too.
        held(&self.hung).insert(folder.to_path_buf(), Arc::clone(&rung));
        let mut watcher = held(&self.watcher);
        let is_told = watcher.as_mut().is_some_and(|it| it.watch(folder, RecursiveMode::NonRecursive).is_ok());
        Bell { folder: folder.to_path_buf(), rung, is_told, bells: Arc::clone(self) }
    }
}

impl Bell {
    /// Waits until it rings; it may have rung before.
    pub async fn rung(&self) {
        self.rung.notified().await;
    }

    pub fn is_told(&self) -> bool {
        self.is_told
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        held(&self.bells.hung).remove(&self.folder);
        if let Some(watcher) = held(&self.bells.watcher).as_mut().filter(|_| self.is_told) {
            // A folder that is gone is not watched any more.
            let _ = watcher.unwatch(&self.folder);
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ring(hung: &Hung, event: notify::Result<notify::Event>) {
    let hung = held(hung);
    match event {
        Ok(event) if event.kind.is_access() => {}
        Ok(event) if !event.need_rescan() => {
            let folders = event.paths.iter().flat_map(|path| [Some(path.as_path()), path.parent()]).flatten();
            folders.filter_map(|folder| hung.get(folder)).for_each(|bell| bell.notify_one());
        }
        // Events were lost: anything may have happened.
        _ => hung.values().for_each(|bell| bell.notify_one()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bell_rings_for_its_own_folder() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let bells = Arc::new(Bells::new());
        let (first, second) = (bells.hang(one.path()), bells.hang(two.path()));
        assert!(first.is_told() && second.is_told());
        std::fs::write(two.path().join("x"), "x").unwrap();
        second.rung().await;
        assert!(tokio::time::timeout(Duration::from_millis(20), first.rung()).await.is_err());
    }

    #[tokio::test]
    async fn lost_events_ring_all_bells() {
        let bells = Arc::new(Bells::new());
        let folder = tempfile::tempdir().unwrap();
        let bell = bells.hang(folder.path());
        let lost = notify::Event::new(notify::EventKind::Other).set_flag(notify::event::Flag::Rescan);
        ring(&bells.hung, Ok(lost));
        bell.rung().await;
    }
}
