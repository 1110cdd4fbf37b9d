//! A segment of the queue: three times the same bytes, as they are, with all their checksums put right, and as damage to
//! a segment whose documents are known.

use super::disk::MemoryDisk;
use std::ops::Range;
use std::sync::Arc;
use timberline::channel::Budget;
use timberline::event::destination::{Doc, DocBatch};
use timberline::event::spool::{Lent, MAIN, Spool as _};
use timberline::queue::{CheckpointWrites, Config, DiskSpool, Queue};
use xxhash_rust::xxh3::xxh3_64;

const SEGMENT: &str = "/q/es/main/00000000000000000000.seg";
const MAGIC: [u8; 4] = [0xab, 0x1e, 0x51, 0x09];
const HEAD_BYTES: usize = 24;
/// Head and the smallest body.
const RECORD_BYTES_MIN: usize = 60;
/// Documents of the known segment.
const KNOWN: usize = 5;

/// What was given out, in order.
type Documents = Vec<Vec<u8>>;

pub fn queue_segment(bytes: &[u8]) {
    any_bytes(bytes);
    any_bytes(&sealed(bytes));
    damage(bytes);
}

fn queue(disk: &MemoryDisk) -> Queue {
    let config = Config {
        folder: "/q".into(),
        bytes_max: 1 << 30,
        page_bytes: 1 << 20,
        checkpoint_writes: CheckpointWrites::EACH,
    };
    Queue::new(&config, Arc::new(disk.clone()), Arc::new(Budget::new(1 << 30)))
}

fn open(disk: &MemoryDisk) -> DiskSpool {
    queue(disk).spool("es").expect("a queue of any bytes lets the daemon start")
}

/// A start with this file: documents lie within its bytes, each once; when they are settled nothing stays behind.
fn any_bytes(bytes: &[u8]) {
    let disk = MemoryDisk::with(&[(SEGMENT, bytes)]);
    if is_newer(bytes) {
        assert!(queue(&disk).spool("es").is_err(), "a newer version is refused");
        assert_eq!(disk.bytes_of(SEGMENT).as_deref(), Some(bytes), "and nothing of it is touched");
        return;
    }
    let mut spool = open(&disk);
    let (documents, batches) = all(&mut spool);
    let size: usize = documents.iter().map(|document| document.len() + RECORD_BYTES_MIN).sum();
    assert!(size <= bytes.len(), "{} documents, {size} bytes out of {}", documents.len(), bytes.len());
    assert!(!spool.has_more(MAIN));
    // Before they are settled, a new start gives out the same.
    assert_eq!(all(&mut open(&disk)).0, documents);
    batches.into_iter().for_each(DocBatch::settle);
    spool.tend();
    spool.close(0);
    assert_eq!(spool.stock().documents, 0);
    assert_eq!(disk.bytes_of(SEGMENT), None, "a segment whose documents are settled goes");
    // What comes next is kept and given out.
    let next = document(99);
    keep(&mut spool, std::slice::from_ref(&next));
    assert_eq!(all(&mut spool).0, [next.0]);
}

/// Everything that the lane gives out. Each document's marks lie in it.
fn all(spool: &mut DiskSpool) -> (Documents, Vec<DocBatch>) {
    let (mut documents, mut batches) = (Documents::new(), Vec::new());
    while let Some(batch) = spool.next(MAIN, 700).expect("this disk never fails") {
        assert!(!batch.docs.is_empty());
        for doc in &batch.docs {
            let whole = doc.whole();
            for mark in [&doc.action, &doc.source, &doc.index, &doc.id] {
                assert!(whole.start <= mark.start as usize && mark.end as usize <= whole.end, "{doc:?}");
                batch.text(mark);
            }
            documents.push(batch.body[whole].to_vec());
        }
        batches.push(batch);
    }
    (documents, batches)
}

fn is_newer(bytes: &[u8]) -> bool {
    let version = || {
        let (head, checksum) = bytes.get(..32)?.split_at(24);
        let text = std::str::from_utf8(head).ok().filter(|_| checksum == xxh3_64(head).to_le_bytes())?;
        text.strip_prefix("timberline queue ")?.split('\n').next()?.parse::<u32>().ok()
    };
    version().is_some_and(|version| version > 1)
}

/// The bytes with the checksums that they would need: the file's head, and each record's that can be one.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = bytes.to_vec();
    if let Some(head) = sealed.get_mut(..32) {
        let checksum = xxh3_64(&head[..24]).to_le_bytes();
        head[24..].copy_from_slice(&checksum);
    }
    let mut at = 32;
    while let Some(record) = sealed.get_mut(at..).filter(|record| record.len() >= RECORD_BYTES_MIN) {
        let most = record.len() - HEAD_BYTES;
        record[..4].copy_from_slice(&MAGIC);
        let length = u32::from_le_bytes(record[4..8].try_into().expect("four bytes")) as usize;
        let length = if (36..=most).contains(&length) { length } else { 36 + length % (most - 35) };
        record[4..8].copy_from_slice(&(length as u32).to_le_bytes());
        let body = xxh3_64(&record[HEAD_BYTES..HEAD_BYTES + length]).to_le_bytes();
        record[8..16].copy_from_slice(&body);
        let head = xxh3_64(&record[..16]).to_le_bytes();
        record[16..24].copy_from_slice(&head);
        at += (HEAD_BYTES + length).next_multiple_of(8);
    }
    sealed
}

/// Four bytes a time: where, how many, with what. What is not hit comes back as it was, in order.
fn damage(bytes: &[u8]) {
    let documents: Vec<_> = (0..KNOWN).map(document).collect();
    let disk = MemoryDisk::default();
    keep(&mut open(&disk), &documents);
    let mut segment = disk.bytes_of(SEGMENT).expect("it was just written");
    let mut hit: Vec<Range<usize>> = Vec::new();
    for change in bytes.chunks_exact(4).take(8) {
        let start = usize::from(u16::from_le_bytes([change[0], change[1]])) % segment.len();
        let range = start..(start + usize::from(change[2] % 64) + 1).min(segment.len());
        segment[range.clone()].iter_mut().for_each(|byte| *byte ^= change[3]);
        hit.push(range);
    }
    if let [.., low, high] = bytes
        && bytes.len() % 2 == 1
    {
        let cut = usize::from(u16::from_le_bytes([*low, *high])) % segment.len();
        hit.push(cut..segment.len());
        segment.truncate(cut);
    }
    let (mut at, mut whole) = (32, Documents::new());
    for (lines, _) in &documents {
        let record = at..at + (RECORD_BYTES_MIN + lines.len()).next_multiple_of(8);
        at = record.end;
        if hit.iter().all(|hit| hit.end <= record.start || record.end <= hit.start) {
            whole.push(lines.clone());
        }
    }
    let given = all(&mut open(&MemoryDisk::with(&[(SEGMENT, &segment)]))).0;
    let mut left = documents.iter().map(|(lines, _)| lines);
    assert!(given.iter().all(|lines| left.any(|document| document == lines)), "in order, and as they were");
    assert!(whole.iter().all(|lines| given.contains(lines)), "damage takes the documents that it hits, and no other");
}

fn keep(spool: &mut DiskSpool, documents: &[(Vec<u8>, Doc)]) {
    let mut lent = documents.iter().map(|(lines, marks)| Lent { lines, marks: marks.clone() });
    assert_eq!(spool.keep(MAIN, &mut lent).documents, documents.len());
}

/// A document that says its number.
fn document(number: usize) -> (Vec<u8>, Doc) {
    let action = format!("{{\"create\":{{\"_index\":\"logs\",\"_id\":\"{number:02}\"}}}}\n");
    let source = format!("{{\"n\":{number},\"x\":\"{}\"}}", "x".repeat(number * 31 % 100));
    let end = action.len() as u32;
    let marks = Doc { action: 0..end, source: end..end + source.len() as u32, index: 21..25, id: end - 6..end - 4 };
    ((action + &source + "\n").into_bytes(), marks)
}
