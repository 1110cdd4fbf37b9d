//! Which files the globs match now.

use super::{Config, folder_of};
use crate::input::disk::FileId;
use crate::input::watch::Watch;
use std::collections::HashSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// A file that matches.
#[derive(Debug)]
pub struct Found {
    pub id: FileId,
    pub path: PathBuf,
    pub size: u64,
    /// Nobody has written to it for longer than `ignore_older` says.
    pub is_too_old: bool,
}

/// Expands the globs, watches the folders on the way, leaves out what is excluded.
pub fn find(config: &Config, watch: &mut Watch, now_ns: u64) -> Vec<Found> {
    let mut found = Vec::new();
    let mut folders = HashSet::new();
    for pattern in &config.paths {
        folders.insert(fixed_folder(pattern));
        let Ok(paths) = glob::glob(pattern) else { continue };
        for path in paths.flatten() {
            let Ok(metadata) = path.metadata() else { continue };
            if !metadata.is_file() || is_excluded(config, &path) {
                continue;
            }
            let is_too_old = is_too_old(config, &metadata, now_ns);
            if !is_too_old {
                folders.insert(folder_of(&path));
            }
            found.push(Found { id: FileId::of(&metadata), path, size: metadata.len(), is_too_old });
        }
    }
    folders.iter().for_each(|folder| watch.add(folder));
    watch.retain(&folders);
    found
}

fn is_excluded(config: &Config, path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    config.exclude.iter().any(|pattern| pattern.matches(&name))
}

fn is_too_old(config: &Config, metadata: &Metadata, now_ns: u64) -> bool {
    let Some(limit) = config.ignore_older else { return false };
    let written = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    written.is_some_and(|written| written + limit < Duration::from_nanos(now_ns))
}

/// The folder above the first glob character: where new folders appear.
fn fixed_folder(pattern: &str) -> PathBuf {
    let fixed = pattern.find(['*', '?', '[']).map_or(pattern, |at| &pattern[..at]);
    PathBuf::from(&fixed[..fixed.rfind('/').map_or(0, |at| at.max(1))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_folder_is_above_the_first_glob() {
        for (pattern, folder) in [("/a/b*/c", "/a"), ("/a/b.log", "/a"), ("/*/c", "/"), ("/a/b/**/c", "/a/b")] {
            assert_eq!(fixed_folder(pattern), Path::new(folder), "{pattern}");
        }
    }
}
