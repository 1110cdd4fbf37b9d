//! Which files a json-file log consists of now: `X-json.log`, into which the engine writes, and what it was rotated to,
//! `X-json.log.1` (the newest) to `X-json.log.N`, each perhaps compressed (`.N.gz`).
//!
//! The engine renames the files one after the other while we look, so the folder is looked at until two looks are equal.

use crate::input::disk::FileId;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Looks at a folder that changes all the time; a rotation takes less than a millisecond.
const LOOKS_MAX: usize = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// One file of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 0 is written to; larger is older.
    pub age: u32,
    pub path: PathBuf,
    pub id: FileId,
    pub is_packed: bool,
}

/// The files of the log at `path`, the oldest first. An error: the folder does not come to rest, or cannot be read.
pub fn list(path: &Path) -> io::Result<Vec<Entry>> {
    let mut last = look(path)?;
    for _ in 0..LOOKS_MAX {
        let again = look(path)?;
        if again == last {
            return Ok(last);
        }
        last = again;
        std::thread::sleep(BETWEEN_LOOKS);
    }
    Err(io::Error::other("the log's files are renamed faster than they can be listed"))
}

fn look(path: &Path) -> io::Result<Vec<Entry>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut entries = Vec::new();
    for found in std::fs::read_dir(path.parent().unwrap_or(Path::new("/")))? {
        let found = found?;
        let Some((age, is_packed)) = age(&name, &found.file_name().to_string_lossy()) else { continue };
        // It was there a moment ago.
        let Ok(metadata) = found.path().metadata() else { continue };
        if metadata.is_file() {
            entries.push(Entry { age, path: found.path(), id: FileId::of(&metadata), is_packed });
        }
    }
    // While the engine compresses a file, both forms of it are there; only the first is whole.
    entries.sort_unstable_by_key(|entry| (std::cmp::Reverse(entry.age), entry.is_packed));
    entries.dedup_by_key(|entry| entry.age);
    Ok(entries)
}

/// The age that a file's name tells, and whether it is compressed; `None`: it is not of this log.
fn age(name: &str, found: &str) -> Option<(u32, bool)> {
    let rest = found.strip_prefix(name)?;
    if rest.is_empty() {
        return Some((0, false));
    }
    let number = rest.strip_prefix('.')?;
    let (number, is_packed) = number.strip_suffix(".gz").map_or((number, false), |number| (number, true));
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse().ok().filter(|age| *age > 0).map(|age| (age, is_packed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_age() {
        let check = |found: &str, expected| assert_eq!(age("ab-json.log", found), expected, "{found}");
        check("ab-json.log", Some((0, false)));
        check("ab-json.log.1", Some((1, false)));
        check("ab-json.log.12.gz", Some((12, true)));
        for other in [
            "ab-json.log.0",
            "ab-json.log.1.tmp",
            "ab-json.log.",
            "ab-json.log.gz",
            "config.v2.json",
            "ab-json.log-20261123",
        ] {
            check(other, None);
        }
    }

    #[test]
    fn the_oldest_comes_first_and_a_file_that_is_being_compressed_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["x-json.log", "x-json.log.1", "x-json.log.1.gz", "x-json.log.2.gz", "x-json.log.10.gz", "hostname"]
        {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let entries = list(&folder.path().join("x-json.log")).unwrap();
        let names: Vec<_> = entries.iter().map(|entry| entry.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["x-json.log.10.gz", "x-json.log.2.gz", "x-json.log.1", "x-json.log"]);
    }
}
