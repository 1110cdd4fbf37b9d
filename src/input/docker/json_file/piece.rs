//! One file of a json-file log, opened: read on in whole records, and where in it a time stands.
//!
//! A plain file is read at places. Each read begins with the bytes that ended the last one: they hold a record's time, so they
//! are there again only if the file is the same and nobody cut it short meanwhile, whatever its size says.

use super::super::stamp::StampParser;
use super::chain::Entry;
use super::records;
use crate::input::disk::{FileId, read_at};
use flate2::read::MultiGzDecoder;
use memchr::{memchr, memrchr};
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use xxhash_rust::xxh3::xxh3_64;

/// What is read at a time.
pub const READ_BYTES: usize = 128 << 10;
/// A record may be this long; Docker's own have 100 KB at most. What is longer is none.
const RECORD_BYTES_MAX: usize = 2 << 20;
/// Bytes before a place that show that it is the place: a record's end with its time.
const BEHIND_BYTES: u64 = 64;
/// The first line of a file, as far as it is looked at, tells it from others.
const HEAD_BYTES: usize = 128 << 10;
/// A search for a time ends when so little is left.
const SEARCH_BYTES: u64 = 64 << 10;

/// What came of reading.
#[derive(Debug)]
pub enum Read {
    /// Whole lines: this part of the buffer.
    Lines(Vec<u8>, Range<usize>),
    /// Nothing more for now. The part holds the beginning of a line, if there is one.
    End(Vec<u8>, Range<usize>),
    /// What was read before is not there any more.
    Truncated,
}

#[derive(Debug)]
enum Body {
    Plain(File),
    /// What was unpacked and not given out yet stands beside it.
    Packed(Box<MultiGzDecoder<BufReader<File>>>, Vec<u8>),
}

#[derive(Debug)]
pub struct Piece {
    pub id: FileId,
    body: Body,
    /// The first byte that was not given out.
    offset: u64,
    /// The bytes before it.
    behind: Vec<u8>,
    /// The last read came to the end.
    at_end: bool,
}

impl Piece {
    /// An error of the kind `NotFound`: the entry is out of date.
    pub fn open(entry: &Entry) -> io::Result<Piece> {
        let file = File::open(&entry.path)?;
        if FileId::of(&file.metadata()?) != entry.id {
            return Err(io::ErrorKind::NotFound.into());
        }
        let body = match entry.is_packed {
            true => Body::Packed(Box::new(MultiGzDecoder::new(BufReader::new(file))), Vec::new()),
            false => Body::Plain(file),
        };
        Ok(Piece { id: entry.id, body, offset: 0, behind: Vec::new(), at_end: false })
    }

    /// Reads on.
    pub fn read(&mut self, mut buffer: Vec<u8>) -> io::Result<Read> {
        buffer.clear();
        let read = match &mut self.body {
            Body::Plain(_) => self.read_plain(buffer),
            Body::Packed(decoder, rest) => unpack(decoder, rest, buffer),
        };
        self.at_end = matches!(read, Ok(Read::End(..)));
        read
    }

    /// The last read came to the end: what was lost by a truncation since then was written since then.
    pub fn was_at_end(&self) -> bool {
        self.at_end
    }

    /// Begins anew: the file was truncated.
    pub fn rewind(&mut self) {
        self.offset = 0;
        self.behind.clear();
    }

    /// Its size on disk; that of a compressed file is smaller than that of its text.
    pub fn size(&self) -> u64 {
        let file = match &self.body {
            Body::Plain(file) => file,
            Body::Packed(decoder, _) => decoder.get_ref().get_ref(),
        };
        file.metadata().map_or(0, |metadata| metadata.size())
    }

    fn read_plain(&mut self, mut buffer: Vec<u8>) -> io::Result<Read> {
        let Body::Plain(file) = &self.body else { return Ok(Read::End(buffer, 0..0)) };
        let behind = self.behind.len();
        // The whole is what a buffer holds that was taken for reading: it need not grow for what lies behind.
        let mut want = READ_BYTES - behind;
        loop {
            buffer.resize(behind + want, 0);
            let read = read_at(file, &mut buffer, self.offset - behind as u64)?;
            if read < behind || buffer[..behind] != self.behind {
                return Ok(Read::Truncated);
            }
            let found = memrchr(b'\n', &buffer[behind..read]).map(|last| behind + last + 1);
            let end = match found {
                Some(end) => end,
                None if read < behind + want => return Ok(Read::End(buffer, behind..read)),
                None if want < RECORD_BYTES_MAX => {
                    want *= 2;
                    continue;
                }
                // No record: its bytes are passed over, in pieces.
                None => read,
            };
            self.offset += (end - behind) as u64;
            self.behind.clear();
            self.behind.extend_from_slice(&buffer[end.saturating_sub(BEHIND_BYTES as usize)..end]);
            return Ok(Read::Lines(buffer, behind..end));
        }
    }

    /// Goes to a record before which nothing is as new as `since_ns`. A compressed file is read from its beginning.
    pub fn seek(&mut self, since_ns: u64) -> io::Result<()> {
        let Body::Plain(file) = &self.body else { return Ok(()) };
        let (mut low, mut high) = (0, file.metadata()?.size());
        let mut block = vec![0; SEARCH_BYTES as usize];
        while high - low > SEARCH_BYTES * 2 {
            let middle = low + (high - low) / 2;
            let read = read_at(file, &mut block, middle)?;
            // The newest of many: single records may be late.
            match newest(&block[..read]) {
                Some(newest) if newest < since_ns => low = middle,
                _ => high = middle,
            }
        }
        if low > 0 {
            let read = read_at(file, &mut block, low)?;
            // A block in which a time was found has a line's end.
            self.offset = low + memchr(b'\n', &block[..read]).map_or(0, |end| end as u64 + 1);
            let from = self.offset.saturating_sub(BEHIND_BYTES);
            self.behind.resize((self.offset - from) as usize, 0);
            read_at(file, &mut self.behind, from)?;
        }
        Ok(())
    }

    /// A hash of the first line, which holds a time; `None` while there is none.
    pub fn head(&self) -> io::Result<Option<u64>> {
        let Body::Plain(file) = &self.body else { return Ok(None) };
        let mut head = vec![0; HEAD_BYTES];
        let read = read_at(file, &mut head, 0)?;
        Ok(first_line(&head[..read]).map(xxh3_64))
    }
}

/// A hash of the first line of a file that is not open, and the time of its first record.
pub fn head(entry: &Entry) -> io::Result<Option<(u64, Option<u64>)>> {
    let mut head = Vec::new();
    let file = File::open(&entry.path)?;
    let read = match entry.is_packed {
        true => MultiGzDecoder::new(BufReader::new(file)).take(HEAD_BYTES as u64).read_to_end(&mut head),
        false => file.take(HEAD_BYTES as u64).read_to_end(&mut head),
    };
    // A compressed file that breaks off later may have a first line all the same.
    if head.is_empty() {
        read?;
    }
    Ok(first_line(&head).map(|line| (xxh3_64(line), records::time_of(line, &mut StampParser::default()))))
}

fn first_line(head: &[u8]) -> Option<&[u8]> {
    memchr(b'\n', head).map(|end| &head[..end]).or((head.len() == HEAD_BYTES).then_some(head))
}

/// The newest time of the whole lines in a block.
fn newest(block: &[u8]) -> Option<u64> {
    let whole = &block[memchr(b'\n', block)? + 1..memrchr(b'\n', block)? + 1];
    let mut stamps = StampParser::default();
    whole.split(|byte| *byte == b'\n').filter_map(|line| records::time_of(line, &mut stamps)).max()
}

fn unpack(decoder: &mut MultiGzDecoder<BufReader<File>>, rest: &mut Vec<u8>, mut buffer: Vec<u8>) -> io::Result<Read> {
    buffer.append(rest);
    let read = decoder.take(READ_BYTES as u64).read_to_end(&mut buffer)?;
    let all = buffer.len();
    match memrchr(b'\n', &buffer) {
        Some(last) => {
            rest.extend_from_slice(&buffer[last + 1..]);
            Ok(Read::Lines(buffer, 0..last + 1))
        }
        None if read == 0 => Ok(Read::End(buffer, 0..all)),
        None if all < RECORD_BYTES_MAX => {
            *rest = buffer;
            unpack(decoder, rest, Vec::new())
        }
        None => Ok(Read::Lines(buffer, 0..all)),
    }
}
