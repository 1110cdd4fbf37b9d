//! The registry's file.

use super::disk::MemoryDisk;
use std::path::Path;
use std::sync::Arc;
use timberline::position::{Position, SourceKey};
use timberline::registry::{Kept, OpenError, Store};
use xxhash_rust::xxh3::xxh3_64;

const FILE: &str = "/data/registry";
const EARLIER: &str = "/data/registry.bak";
const DAMAGED: &str = "/data/registry.damaged";
/// `end `, 16 digits, a line feed.
const END_BYTES: usize = 21;

/// The bytes as a registry's file, then the same with a last line that says their checksum: no fuzzer guesses that.
pub fn registry(bytes: &[u8]) {
    let body = &bytes[..bytes.len().saturating_sub(END_BYTES)];
    let sealed = [body, format!("end {:016x}\n", xxh3_64(body)).as_bytes()].concat();
    let earlier = earlier();
    for bytes in [bytes, &sealed] {
        let disk = MemoryDisk::with(&[(FILE, bytes), (EARLIER, &earlier.1)]);
        match Store::open(Arc::new(disk.clone()), Path::new("/data")) {
            Ok((store, kept)) if disk.bytes_of(FILE).is_some() => is_read(&disk, bytes, &store, &kept),
            Ok((_, kept)) => {
                assert_eq!(disk.bytes_of(DAMAGED).as_deref(), Some(bytes), "what is damaged is kept for a look");
                assert_eq!(kept, earlier.0, "the writing before it counts");
            }
            Err(OpenError::Newer { .. }) => {
                assert_eq!(disk.paths().len(), 2, "of a newer version nothing is touched");
                assert_eq!(disk.bytes_of(FILE).as_deref(), Some(bytes), "of a newer version nothing is touched");
            }
            Err(error) => panic!("a registry of any bytes lets the daemon start: {error}"),
        }
    }
}

/// A file that was read: no source is made up, and what is written of it comes back.
fn is_read(disk: &MemoryDisk, bytes: &[u8], store: &Store, kept: &[Kept]) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    assert!(kept.len() + 2 <= lines, "{} sources of {lines} lines", kept.len());
    store.write(kept).expect("this disk never fails");
    assert_eq!(disk.bytes_of(EARLIER).as_deref(), Some(bytes), "the file before is the earlier one now");
    let (_, again) = Store::open(Arc::new(disk.clone()), Path::new("/data")).expect("it was just written");
    assert_eq!(again, kept);
    assert_eq!(disk.bytes_of(DAMAGED), None);
}

/// The file of one source, as the store writes it.
fn earlier() -> (Vec<Kept>, Vec<u8>) {
    let (key, place) = (SourceKey::new("earlier"), Position { at: 7, ordinal: 1 });
    let kept = vec![Kept { key, position: Some(place), pauses: vec![place], seen_ns: 9 }];
    let disk = MemoryDisk::with(&[("/data/.lock", b"")]);
    let (store, _) = Store::open(Arc::new(disk.clone()), Path::new("/data")).expect("an empty folder");
    store.write(&kept).expect("this disk never fails");
    (kept, disk.bytes_of(FILE).expect("it was just written"))
}
