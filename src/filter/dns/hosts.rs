//! Hosts files: lines of an address and its names. Of equal names, and of equal addresses, the first counts.

use super::question::Wanted;
use crate::event::Timestamp;
use crate::filter::Effects;
use core::net::IpAddr;
use std::collections::HashMap;
use std::path::PathBuf;

/// How often the files are looked at for changes.
const LOOK_EVERY_NS: u64 = 5_000_000_000;

/// The files of one filter, read when the first event comes and again when they have changed.
#[derive(Debug, Default)]
pub struct Hosts {
    paths: Vec<PathBuf>,
    /// When they were looked at last, in ticks.
    looked: Option<u64>,
    modified: Vec<Option<Timestamp>>,
    table: Table,
}

#[derive(Debug, Default)]
struct Table {
    /// By names in small letters.
    addresses: HashMap<String, IpAddr>,
    names: HashMap<IpAddr, String>,
}

impl Hosts {
    pub fn new(paths: Vec<PathBuf>) -> Hosts {
        Hosts { paths, ..Hosts::default() }
    }

    /// The same files, not read yet.
    pub fn unread(&self) -> Hosts {
        Hosts::new(self.paths.clone())
    }

    pub fn find(&self, wanted: Wanted<'_>) -> Option<String> {
        match wanted {
            Wanted::Address(name) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                self.table.addresses.get(&name).map(IpAddr::to_string)
            }
            Wanted::Name(address) => self.table.names.get(&address).cloned(),
        }
    }

    /// Reads the files again if it is time to and one of them changed.
    pub fn refresh(&mut self, effects: &dyn Effects) {
        let now = effects.ticks();
        if self.looked.is_some_and(|looked| now.saturating_sub(looked) < LOOK_EVERY_NS) {
            return;
        }
        self.looked = Some(now);
        let modified: Vec<_> = self.paths.iter().map(|path| effects.modified(path).ok()).collect();
        if modified == self.modified {
            return;
        }
        self.modified = modified;
        self.table = Table::default();
        for path in &self.paths {
            match effects.read(path) {
                Ok(bytes) => self.table.read(&String::from_utf8_lossy(&bytes)),
                Err(error) => tracing::debug!(filter = "dns", path = %path.display(), %error, "cannot read the hosts"),
            }
        }
    }
}

impl Table {
    fn read(&mut self, text: &str) {
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
            let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else { continue };
            for name in words {
                self.names.entry(address).or_insert_with(|| name.to_owned());
                self.addresses.entry(name.to_ascii_lowercase()).or_insert(address);
            }
        }
    }
}
