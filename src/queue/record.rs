//! The bytes of a segment: a head, then records, each of which can be told from damage by itself. Pure but for the
//! file that a `Scan` reads.
//!
//! A segment is a file of 32 bytes of head, which are `timberline queue 1`, a line feed, blanks, and from byte 24 on the
//! XXH3 of those before; then come records, each at a multiple of 8 bytes. Numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `ab 1e 51 09`: no text of JSON holds these |
//! | 4 | how long the body is |
//! | 8 | XXH3 of the body |
//! | 8 | XXH3 of the 16 bytes before |
//! | 8 | body: the record's number |
//! | 8 | the number of the first record that was synced together with it; its own, where it counted before that |
//! | 4 | how long the action line is |
//! | 16 | where in it the index's name begins and ends, and the id |
//! | … | the action line with its line feed, the document with its line feed |
//! | 0 to 7 | zeros, up to the next multiple of 8 |
//!
//! A record whose head is whole and whose body is not is passed over by its length; from a head that is not whole on,
//! the next head is looked for. So damage takes the records that it lies in, and no other.
//! Records are numbered from 0 in each lane, without holes: what is missing is known by its number.

use crate::disk::DiskFile;
use crate::event::destination::Doc;
use crate::event::spool::Lent;
use xxhash_rust::xxh3::xxh3_64;

/// The version that is written, and the latest that is read.
pub const VERSION: u32 = 1;
pub const FILE_HEAD_BYTES: u64 = 32;
const FILE_HEAD: &str = "timberline queue ";
const MAGIC: [u8; 4] = [0xab, 0x1e, 0x51, 0x09];
const HEAD_BYTES: usize = 24;
/// Number, group, length of the action line, four marks.
const FIXED_BYTES: usize = 36;
const ALIGN: usize = 8;
/// No document is larger: what claims to be is damage.
const BODY_BYTES_MAX: usize = 1 << 30;
/// No lane gets there: a file that claims it is none of ours.
pub const NUMBER_MAX: u64 = 1 << 62;
/// How much is read at a time.
const READ_BYTES: usize = 128 << 10;
/// What a disk gives or refuses as a whole.
const SECTOR_BYTES: usize = 4096;

/// The head of a new segment.
pub fn file_head(version: u32) -> [u8; FILE_HEAD_BYTES as usize] {
    let mut head = [b' '; FILE_HEAD_BYTES as usize];
    let text = format!("{FILE_HEAD}{version}\n");
    head[..text.len()].copy_from_slice(text.as_bytes());
    let checksum = xxh3_64(&head[..24]);
    head[24..].copy_from_slice(&checksum.to_le_bytes());
    head
}

/// Whether a segment was written by a later version; one whose head is damaged was not.
pub fn is_newer(file: &dyn DiskFile) -> bool {
    let mut head = [0; FILE_HEAD_BYTES as usize];
    if file.read_at(&mut head, 0).is_err() {
        return false;
    }
    let version = || {
        let whole = u64_at(&head, 24)? == xxh3_64(&head[..24]);
        let text = std::str::from_utf8(head.get(..24).filter(|_| whole)?).ok()?;
        text.strip_prefix(FILE_HEAD)?.split('\n').next()?.parse::<u32>().ok()
    };
    version().is_some_and(|version| version > VERSION)
}

/// What a document takes in a segment.
pub fn size(document: &Lent<'_>) -> u64 {
    (HEAD_BYTES + FIXED_BYTES + document.lines.len()).next_multiple_of(ALIGN) as u64
}

/// Appends a record. `group`: the first record that is synced together with it.
pub fn encode(number: u64, group: u64, document: &Lent<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    let length = FIXED_BYTES + document.lines.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend_from_slice(&[0; 16]);
    let marks = &document.marks;
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&group.to_le_bytes());
    out.extend_from_slice(&marks.action.end.to_le_bytes());
    for mark in [marks.index.start, marks.index.end, marks.id.start, marks.id.end] {
        out.extend_from_slice(&mark.to_le_bytes());
    }
    out.extend_from_slice(document.lines);
    let body = xxh3_64(&out[start + HEAD_BYTES..]);
    out[start + 8..start + 16].copy_from_slice(&body.to_le_bytes());
    let head = xxh3_64(&out[start..start + 16]);
    out[start + 16..start + 24].copy_from_slice(&head.to_le_bytes());
    out.resize(start + (HEAD_BYTES + length).next_multiple_of(ALIGN), 0);
}

/// A record that is whole.
#[derive(Debug)]
pub struct Record<'a> {
    pub number: u64,
    pub group: u64,
    pub document: Lent<'a>,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The length of the body, if these bytes begin with a head.
fn head(bytes: &[u8]) -> Option<usize> {
    let length = u32_at(bytes, 4)? as usize;
    let whole = bytes.starts_with(&MAGIC) && u64_at(bytes, 16)? == xxh3_64(&bytes[..16]);
    (whole && (FIXED_BYTES..=BODY_BYTES_MAX).contains(&length)).then_some(length)
}

/// A record whose head is whole.
fn record(bytes: &[u8], length: usize) -> Option<Record<'_>> {
    let body = bytes.get(HEAD_BYTES..HEAD_BYTES + length)?;
    if u64_at(bytes, 8)? != xxh3_64(body) {
        return None;
    }
    let lines = &body[FIXED_BYTES..];
    let (number, group, action) = (u64_at(body, 0)?, u64_at(body, 8)?, u32_at(body, 16)?);
    let marks = Doc {
        action: 0..action,
        source: action..(lines.len() as u32).checked_sub(1)?,
        index: u32_at(body, 20)?..u32_at(body, 24)?,
        id: u32_at(body, 28)?..u32_at(body, 32)?,
    };
    let fits = |range: &std::ops::Range<u32>, end: u32| range.start <= range.end && range.end <= end;
    let well = fits(&marks.source, lines.len() as u32) && fits(&marks.index, action) && fits(&marks.id, action);
    well.then_some(Record { number, group, document: Lent { lines, marks } })
}

/// Reads a segment's records one by one, and passes over what is damaged.
pub struct Scan {
    file: Box<dyn DiskFile>,
    /// The number in the segment's name. Records count on from there without holes, so a number that is further from it
    /// than records fit in between is damage, too: believed, it would make everything up to it seem lost.
    first: u64,
    /// The end of what is to be read.
    end: u64,
    /// Where `buffer` lies in the file.
    at: u64,
    buffer: Vec<u8>,
    /// The next byte of `buffer` to look at.
    next: usize,
    /// Where the record began that was found last.
    last: usize,
    /// Bytes that are of no record.
    pub damaged: u64,
}

impl Scan {
    /// From the first record on, up to byte `end`.
    pub fn new(file: Box<dyn DiskFile>, first: u64, end: u64) -> Scan {
        Scan { file, first, end, at: FILE_HEAD_BYTES, buffer: Vec::new(), next: 0, last: 0, damaged: 0 }
    }

    /// The file has grown.
    pub fn extend(&mut self, end: u64) {
        self.end = self.end.max(end);
    }

    /// Where the next record begins, or what is no record.
    pub fn position(&self) -> u64 {
        self.at + self.next as u64
    }

    /// Goes on at a position that `position` gave.
    pub fn go_to(&mut self, position: u64) {
        (self.at, self.next) = (position, 0);
        self.buffer.clear();
    }

    /// The next record that is whole; `None` at the end.
    pub fn next(&mut self) -> Option<Record<'_>> {
        loop {
            if !self.has(HEAD_BYTES) {
                self.damaged += self.end.saturating_sub(self.position());
                self.go_to(self.end.max(self.position()));
                return None;
            }
            let Some(length) = head(&self.buffer[self.next..]) else {
                self.skip_to_head();
                continue;
            };
            let step = (HEAD_BYTES + length).next_multiple_of(ALIGN);
            if !self.has(step) {
                // It was torn: its head is there and its body is not.
                self.damaged += self.end - self.position();
                self.go_to(self.end);
                return None;
            }
            let start = self.next;
            self.last = start;
            let before = self.position() / (HEAD_BYTES + FIXED_BYTES) as u64;
            self.next += step;
            let numbers = self.first..=self.first + before;
            if record(&self.buffer[start..], length).is_some_and(|record| numbers.contains(&record.number)) {
                // Taken apart anew, for the compiler lends it for the rest of the function.
                return record(&self.buffer[start..], length);
            }
            self.damaged += step as u64;
        }
    }

    /// The record that `next` found last comes again. Nothing else may be asked in between.
    pub fn put_back(&mut self) {
        self.next = self.last;
    }

    /// Makes sure that so many bytes from `next` on are in the buffer, if the file has them.
    fn has(&mut self, bytes: usize) -> bool {
        if self.buffer.len() - self.next >= bytes {
            return true;
        }
        let position = self.position();
        let left = self.end.saturating_sub(position);
        if left < bytes as u64 {
            return false;
        }
        self.buffer.drain(..self.next);
        (self.at, self.next) = (position, 0);
        let have = self.buffer.len();
        let want = (bytes.max(READ_BYTES) as u64).min(left) as usize;
        self.buffer.resize(want, 0);
        let read = read_past_errors(&*self.file, &mut self.buffer[have..], position + have as u64);
        self.buffer.truncate(have + read);
        self.buffer.len() >= bytes
    }

    /// Looks for the next head.
    fn skip_to_head(&mut self) {
        let bytes = &self.buffer[self.next..];
        let found = (ALIGN..bytes.len()).step_by(ALIGN).find(|&at| bytes[at..].starts_with(&MAGIC));
        let step = found.unwrap_or(bytes.len().next_multiple_of(ALIGN).min(bytes.len()));
        self.damaged += step as u64;
        self.next += step;
    }
}

/// Sectors that cannot be read are zeros: they are damage like any other.
fn read_past_errors(file: &dyn DiskFile, bytes: &mut [u8], at: u64) -> usize {
    if let Ok(read) = file.read_at(bytes, at) {
        return read;
    }
    let mut end = 0;
    let mut offset = 0;
    while offset < bytes.len() {
        let sector = SECTOR_BYTES - (at as usize + offset) % SECTOR_BYTES;
        let part = offset..(offset + sector).min(bytes.len());
        offset = part.end;
        end = match file.read_at(&mut bytes[part.clone()], at + part.start as u64) {
            Ok(read) if read < part.len() => return part.start + read,
            Ok(_) => part.end,
            Err(_) => {
                bytes[part.clone()].fill(0);
                part.end
            }
        };
    }
    end
}
