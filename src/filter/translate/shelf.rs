//! Where a dictionary stands while workers look things up in it: read anew when its file changes, for all of them.
//!
//! A worker looks at a number; only when the number has changed does it take the lock and the new dictionary.

use super::dictionary::{Dictionary, Mode};
use super::read::Format;
use crate::event::{Owned, Timestamp};
use crate::filter::Effects;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Up to this interval, only a file that was written since is read.
const COMPARED_MAX: Duration = Duration::from_secs(300);

/// A dictionary's file.
#[derive(Clone, Debug)]
pub struct Source {
    pub path: PathBuf,
    pub format: Format,
    /// How often the file is looked at.
    pub interval: Duration,
    /// New entries go over the old ones; otherwise into their place.
    pub merge: bool,
}

/// Shared by all clones of a filter.
#[derive(Debug)]
pub struct Shelf {
    source: Source,
    mode: Mode,
    current: Mutex<Arc<Dictionary>>,
    /// Counts the dictionaries that stood here.
    edition: AtomicU64,
    looked: Mutex<Looked>,
}

/// When the file was looked at.
#[derive(Debug, Default)]
struct Looked {
    /// By `Effects::ticks`.
    due: Option<u64>,
    modified: Option<Timestamp>,
}

impl Shelf {
    pub fn new(source: Source, mode: Mode, first: Arc<Dictionary>) -> Shelf {
        Shelf { source, mode, current: Mutex::new(first), edition: AtomicU64::new(0), looked: Mutex::default() }
    }

    /// Which dictionary stands here.
    #[inline]
    pub fn edition(&self) -> u64 {
        self.edition.load(Ordering::Acquire)
    }

    pub fn current(&self) -> Arc<Dictionary> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file, if it is time and it has changed. A file that cannot be read leaves the dictionary as it is.
    pub fn refresh(&self, effects: &dyn Effects) {
        let now = effects.ticks();
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let next = now.saturating_add(self.source.interval.as_nanos() as u64);
        if now < *looked.due.get_or_insert(next) {
            return;
        }
        looked.due = Some(next);
        let modified = effects.modified(&self.source.path).ok();
        if self.source.interval <= COMPARED_MAX && modified.is_some() && modified == looked.modified {
            return;
        }
        looked.modified = modified;
        match self.read(effects) {
            Ok(dictionary) => self.put(dictionary),
            Err(why) => tracing::warn!(
                path = %self.source.path.display(), why, "cannot read a dictionary, the last one that could be read stays"
            ),
        }
    }

    fn read(&self, effects: &dyn Effects) -> Result<Dictionary, String> {
        let bytes = effects.read(&self.source.path).map_err(|error| error.to_string())?;
        let entries: Vec<(Box<str>, Owned)> = self.source.format.read(&bytes)?;
        if self.source.merge { self.current().merged(entries, self.mode) } else { Dictionary::new(entries, self.mode) }
    }

    fn put(&self, dictionary: Dictionary) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(dictionary);
        self.edition.fetch_add(1, Ordering::Release);
    }
}
