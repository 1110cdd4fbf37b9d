//! Which line an event was made of, and the document id that follows from it.
//!
//! The id is made of the source's position and nothing else, so a line that is read again meets its own document.
//! 128 bits: the time (or offset) first, so that ids of one index sort by arrival and share prefixes, then a hash of
//! the source, the ordinal among equal times, the last line of a joined group, and the ordinal of a derived event.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The characters of an id.
pub const ID_LEN: usize = 22;

/// The ordinal of identities that were read back from an id: `source` is all that the other parts came to.
const READ_BACK: u32 = u32::MAX;

/// Where an event comes from. Two events of one pipeline never have equal identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Identity {
    /// A hash of the source's key (container and stream, or the file).
    pub source: u64,
    /// Docker's time in nanoseconds, or the offset in a file, of the first line.
    pub at: u64,
    /// The ordinal among equal times on the stream.
    pub ordinal: u32,
    /// `at` of the last line of a joined group, 0 for a single line; so a group cut elsewhere is another document.
    pub last: u64,
    /// 0 for the line itself; which of the events that were made of it otherwise.
    pub derivation: u64,
}

impl Identity {
    /// A hash for `Identity::source`. `salt` tells apart cloned machines that have equal container ids; normally empty.
    pub fn hash_source(key: &str, salt: &str) -> u64 {
        let salt = if salt.is_empty() { 0 } else { xxh3_64_with_seed(salt.as_bytes(), 1) };
        xxh3_64_with_seed(key.as_bytes(), salt)
    }

    /// The identity of the `nth` event (from 1) that `maker` (a filter's place in the pipeline) made of this one.
    pub fn derived(self, maker: u32, nth: u32) -> Identity {
        let seed = self.derivation ^ 0x9E37_79B9_7F4A_7C15;
        let made = xxh3_64_with_seed(&(u64::from(maker) << 32 | u64::from(nth)).to_le_bytes(), seed);
        Identity { derivation: made.max(1), ..self }
    }

    /// Writes the document id: 22 characters of base64url.
    pub fn write_id(&self, out: &mut [u8; ID_LEN]) {
        let mut bytes = [0u8; 16];
        bytes[..8].copy_from_slice(&self.at.to_be_bytes());
        bytes[8..].copy_from_slice(&self.rest().to_be_bytes());
        URL_SAFE_NO_PAD.encode_slice(bytes, out).expect("16 bytes are 22 characters of base64");
    }

    /// The identity that has this id, for a document that goes through the pipeline again. An id of another shape, which
    /// somebody chose, gives one that is at least always the same.
    pub fn of_id(id: &str) -> Identity {
        let mut bytes = [0u8; 16];
        let (at, source) = match URL_SAFE_NO_PAD.decode_slice(id, &mut bytes) {
            Ok(16) => bytes.split_at(8),
            _ => return Identity { source: xxh3_64_with_seed(id.as_bytes(), 2), ..Identity::default() },
        };
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        Identity { source: number(source), at: number(at), ordinal: READ_BACK, last: 0, derivation: 0 }
    }

    /// A number that is the same whenever the line is read again, spread evenly: for choosing events.
    pub fn hash(&self, seed: u64) -> u64 {
        xxh3_64_with_seed(&self.at.to_le_bytes(), self.rest() ^ seed)
    }

    fn rest(&self) -> u64 {
        if self.ordinal == READ_BACK && self.derivation == 0 {
            return self.source;
        }
        let mut parts = [0u8; 28];
        parts[..8].copy_from_slice(&self.source.to_le_bytes());
        parts[8..12].copy_from_slice(&self.ordinal.to_le_bytes());
        parts[12..20].copy_from_slice(&self.last.to_le_bytes());
        parts[20..].copy_from_slice(&self.derivation.to_le_bytes());
        xxh3_64_with_seed(&parts, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(identity: Identity) -> String {
        let mut out = [0; ID_LEN];
        identity.write_id(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    const LINE: Identity = Identity { source: 5, at: 1_795_348_800_123_456_789, ordinal: 0, last: 0, derivation: 0 };

    #[test]
    fn ids_are_the_same_in_every_version() {
        assert_eq!(id(LINE), "GOpcOLdITRW_S3zSsfewDw");
    }

    #[test]
    fn an_identity_that_is_read_back_has_its_id() {
        for identity in [LINE, Identity { ordinal: 3, last: 9, ..LINE }, LINE.derived(1, 1)] {
            assert_eq!(id(Identity::of_id(&id(identity))), id(identity));
        }
        let again = Identity::of_id(&id(LINE));
        assert_ne!(id(again.derived(0, 1)), id(again));
        assert_ne!(id(Identity::of_id("order-17")), id(Identity::of_id("order-18")));
    }

    #[test]
    fn every_part_of_the_identity_shows_in_the_id() {
        let others = [
            Identity { source: 6, ..LINE },
            Identity { at: LINE.at + 1, ..LINE },
            Identity { ordinal: 1, ..LINE },
            Identity { last: 1, ..LINE },
            LINE.derived(0, 1),
            LINE.derived(1, 1),
            LINE.derived(0, 2),
            LINE.derived(0, 1).derived(0, 1),
        ];
        let mut ids: Vec<String> = others.iter().map(|other| id(*other)).chain([id(LINE)]).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), others.len() + 1);
    }
}
