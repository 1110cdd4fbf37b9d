//! The names of a lane's files.

use super::record::NUMBER_MAX;
use crate::disk::Disk;
use std::path::Path;

pub const CURSOR: &str = "cursor";

/// A segment, by the number of its first record.
pub fn segment_name(first: u64) -> String {
    format!("{first:020}.seg")
}

/// What says that all before this number is settled.
pub fn done_name(settled: u64) -> String {
    format!("{settled:020}.done")
}

/// The number in the name of a file that ends so.
pub fn number_of(name: &str, end: &str) -> Option<u64> {
    let number = name.strip_suffix(end).filter(|digits| digits.len() == 20)?.parse().ok();
    number.filter(|number| *number <= NUMBER_MAX)
}

/// Whether there is a lane in this folder.
pub fn is_lane(disk: &dyn Disk, folder: &Path) -> bool {
    disk.files(folder)
        .is_ok_and(|files| files.iter().any(|(name, _)| number_of(name, ".seg").is_some() || name == CURSOR))
}
