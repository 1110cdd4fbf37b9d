//! What a lane's `cursor` says: a line of text, `timberline queue 1 <settled> <kept> [<from>-<to>]... <xxh3>`.

use super::record::NUMBER_MAX;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

const CURSOR_HEAD: &str = "timberline queue 1 ";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The number of the first record that is not settled.
    pub settled: u64,
    /// That of the first that was not kept when this was written.
    pub kept: u64,
    /// Stretches in which records may be missing that were never kept.
    pub torn: Vec<Range<u64>>,
}

impl Cursor {
    pub fn text(&self) -> String {
        let mut text = format!("{CURSOR_HEAD}{} {}", self.settled, self.kept);
        for torn in &self.torn {
            text += &format!(" {}-{}", torn.start, torn.end);
        }
        let checksum = xxh3_64(text.as_bytes());
        format!("{text} {checksum:016x}\n")
    }

    pub fn read(bytes: &[u8]) -> Option<Cursor> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut words = text.strip_prefix(CURSOR_HEAD)?.split(' ');
        let (settled, kept) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let torn = words.filter_map(|word| {
            let (from, to) = word.split_once('-')?;
            Some(from.parse().ok()?..to.parse().ok()?)
        });
        let cursor = Cursor { settled, kept, torn: torn.collect() };
        (cursor.text() == text && cursor.settled <= cursor.kept && cursor.kept <= NUMBER_MAX).then_some(cursor)
    }
}
