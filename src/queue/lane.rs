//! One lane: records in segments, written at the end, given out from the front, let go of when they are settled.
//!
//! On disk, in a folder of its own: segments `<number of the first record, 20 digits>.seg` (see `record`), and `cursor`,
//! a line of text: `timberline queue 1 <settled> <kept> [<from>-<to>]... <xxh3>`, the number of the first record that is
//! not settled, that of the first that was not kept when it was written, and stretches in which records may be missing
//! that were never kept, because the machine died while they were written.
//!
//! Invariants:
//! - A record counts as kept when its segment, and the segment's name, are synced. Only where `CheckpointWrites` says so
//!   it counts when it is written, and is synced with others: when they are that many, when the segment is full, when the
//!   queue is tended, and when it is closed. What a power cut takes of those is found out by the numbers, as far as they
//!   are known.
//! - After an error of the disk nothing counts that did not before: the segment is left where its records that count end,
//!   and the next record, which gets the same number again, goes to a new one. So a segment's records end where the next
//!   segment's name begins.
//! - After the start nothing is added to a segment of before: its end may be torn.
//! - Records are given out in order, each once a run. What lies between two numbers and cannot be read is counted.
//! - A segment is removed when all its records are settled, and the cursor says so before. Where the disk is too full for that, an empty
//!   file says it by its name, `<number of the first record that is not settled, 20 digits>.done`, until the cursor can.

use super::CheckpointWrites;
use super::book::Book;
use super::cursor::Cursor;
use super::names::{CURSOR, done_name, number_of, segment_name};
use super::page::Page;
use super::record::{self, Record, Scan};
use super::room::Room;
use super::taking::{Taken, take_next};
use crate::channel::Budget;
use crate::disk::{Disk, DiskFile};
use crate::event::destination::DocBatch;
use crate::event::spool::{Kept, Lent, Refusal};
use crate::pool::Pool;
use crate::telemetry::crash::crash_point;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Larger than any cursor.
const CURSOR_BYTES_MAX: usize = 1 << 20;
/// Records are gathered to writes of this size, if they fit.
const WRITE_BYTES: usize = 256 << 10;

/// What could not be read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Documents that were kept, known by their numbers.
    pub documents: u64,
    /// Documents and bytes of a write that was under way when the machine died: nobody counted on them.
    pub torn_documents: u64,
    pub torn_bytes: u64,
}

/// What the lanes of an output share.
#[derive(Clone)]
pub struct Shared {
    pub disk: Arc<dyn Disk>,
    /// The folder of all outputs.
    pub root: PathBuf,
    pub room: Arc<Room>,
    /// What is given out is taken from it.
    pub budget: Arc<Budget>,
    /// Buffers for what is written and given out come from it.
    pub pool: Pool,
    pub page_bytes: u64,
    pub checkpoint_writes: CheckpointWrites,
}

struct Segment {
    first: u64,
    /// What it takes on the disk.
    bytes: u64,
    /// How much of it holds records that count.
    end: u64,
}

/// Where giving out stands.
struct Reader {
    /// The number of the next record.
    number: u64,
    /// The segment that is read, by its first number.
    scan: Option<(u64, Scan)>,
}

pub struct Lane {
    shared: Shared,
    folder: PathBuf,
    /// The folder is there, and its name durable.
    is_placed: bool,
    segments: VecDeque<Segment>,
    /// The segment that is written to.
    open: Option<Page>,
    /// The number of the next record that is kept.
    next: u64,
    reader: Reader,
    book: Arc<Book>,
    /// What the cursor's file says.
    cursor: Option<Cursor>,
    /// The numbers of the `.done` files.
    done: Vec<u64>,
    /// Records that may be missing, for nobody knows that they were kept.
    torn: Vec<Range<u64>>,
    lost: Lost,
}

impl Lane {
    /// Takes up what lies in the folder. Damage is counted, never an error.
    pub fn open(shared: Shared, folder: PathBuf) -> io::Result<Lane> {
        let mut segments: VecDeque<Segment> = VecDeque::new();
        let (mut files, mut done): (Vec<(u64, u64)>, Vec<u64>) = Default::default();
        for (name, bytes) in shared.disk.files(&folder)? {
            files.extend(number_of(&name, ".seg").map(|first| (first, bytes)));
            done.extend(number_of(&name, ".done"));
        }
        files.sort_unstable();
        for (first, _) in &files {
            let path = folder.join(segment_name(*first));
            if shared.disk.open(&path).is_ok_and(|file| record::is_newer(&*file)) {
                let text = format!("{} was written by a newer timberline", path.display());
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
        }
        for (first, bytes) in files {
            shared.room.take_anyway(bytes);
            segments.push_back(Segment { first, bytes, end: bytes });
        }
        let cursor =
            shared.disk.read(&folder.join(CURSOR), CURSOR_BYTES_MAX).ok().and_then(|bytes| Cursor::read(&bytes));
        let mut lane = Lane {
            next: 0,
            reader: Reader { number: 0, scan: None },
            book: Arc::new(Book::new(Arc::clone(&shared.budget))),
            open: None,
            lost: Lost::default(),
            torn: cursor.as_ref().map(|cursor| cursor.torn.clone()).unwrap_or_default(),
            cursor,
            done,
            segments,
            is_placed: false,
            folder,
            shared,
        };
        lane.take_up()?;
        Ok(lane)
    }

    fn take_up(&mut self) -> io::Result<()> {
        let first = self.segments.front().map(|segment| segment.first);
        let kept = self.cursor.as_ref().map_or(0, |cursor| cursor.kept);
        let settled = self.cursor.as_ref().map(|cursor| cursor.settled);
        self.reader.number = self.done.iter().copied().chain(settled).max().or(first).unwrap_or(0);
        self.next = self.reader.number.max(kept);
        if let Some(last) = self.segments.back() {
            self.look_at_last(last.first, last.end, kept)?;
        }
        self.book.start(self.reader.number);
        Ok(())
    }

    /// The last segment alone says how far records go. Those of its last sync, if that came back at all, need not be
    /// there the next time.
    fn look_at_last(&mut self, first: u64, end: u64, kept: u64) -> io::Result<()> {
        let (mut group, mut next, mut whole_until) = (first, first, record::FILE_HEAD_BYTES);
        if let Some(mut scan) = self.scan(first, end)? {
            while let Some(Record { number, group: its, .. }) = scan.next() {
                (group, next) = (group.max(its), next.max(number + 1));
                whole_until = scan.position();
            }
        }
        let doubtful = group.max(kept)..next;
        if !doubtful.is_empty() && !self.torn.contains(&doubtful) {
            self.torn.push(doubtful);
        }
        self.lost.torn_bytes = end.saturating_sub(whole_until);
        self.next = self.next.max(next);
        Ok(())
    }

    /// Documents that are not settled.
    pub fn documents(&self) -> u64 {
        self.next - self.book.settled_to(self.reader.number)
    }

    /// Documents to give out.
    pub fn waiting(&self) -> u64 {
        self.next - self.reader.number
    }

    /// Whether there are documents to give out.
    pub fn has_more(&self) -> bool {
        self.waiting() > 0
    }

    /// No document, and no segment: a document may be settled whose segment is still there.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.documents() == 0
    }

    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// What was found to be lost since it was last asked.
    pub fn take_lost(&mut self) -> Lost {
        std::mem::take(&mut self.lost)
    }

    // --- keeping ----------------------------------------------------------------------------------------------------

    pub fn keep<'a>(&mut self, documents: &mut dyn Iterator<Item = Lent<'a>>) -> Kept {
        let mut kept = Kept::default();
        let mut waiting = documents.next();
        while waiting.is_some() {
            match self.fill_page(documents, &mut waiting) {
                Ok(count) => kept.documents += count,
                Err((count, why)) => {
                    kept.documents += count;
                    kept.why = Some(why);
                    return kept;
                }
            }
        }
        kept
    }

    /// Writes documents until the segment is full or there are no more, and syncs them. Says how many count.
    fn fill_page<'a>(
        &mut self,
        documents: &mut dyn Iterator<Item = Lent<'a>>,
        waiting: &mut Option<Lent<'a>>,
    ) -> Result<usize, (usize, Refusal)> {
        self.open_page().map_err(|why| (0, why))?;
        let (mut bytes, mut count, mut full) = (self.shared.pool.take(WRITE_BYTES), 0, false);
        while let Some(document) = waiting.take() {
            let size = record::size(&document);
            let fresh = self.open.as_ref().is_some_and(|open| open.at == record::FILE_HEAD_BYTES) && count == 0;
            let there = self.open.as_ref().map_or(0, |open| open.at) + bytes.len() as u64;
            if !fresh && there + size > self.shared.page_bytes {
                *waiting = Some(document);
                break;
            }
            if !bytes.is_empty() && bytes.len() + size as usize > WRITE_BYTES {
                self.write(&mut bytes).map_err(|why| (0, self.abandon(why)))?;
            }
            if !self.shared.room.take(size) {
                *waiting = Some(document);
                full = true;
                break;
            }
            self.grow(size);
            let number = self.next + count as u64;
            self.shared.pool.reserve(&mut bytes, size as usize);
            record::encode(number, self.group_of(number), &document, &mut bytes);
            count += 1;
            *waiting = documents.next();
        }
        let page_is_full = waiting.is_some() && !full;
        let written = self.write(&mut bytes).and_then(|()| self.checkpoint(count as u64, page_is_full));
        self.shared.pool.give(bytes);
        written.map_err(|why| (0, self.abandon(why)))?;
        self.next += count as u64;
        if page_is_full {
            self.open = None;
        }
        if full { Err((count, Refusal::Full)) } else { Ok(count) }
    }

    fn open_page(&mut self) -> Result<(), Refusal> {
        if self.open.is_some() {
            return Ok(());
        }
        // One in which nothing counts has the name of the new one.
        while let Some(empty) = self.segments.pop_back_if(|segment| segment.first >= self.next) {
            self.shared.room.give_back(empty.bytes);
        }
        if !self.shared.room.take(record::FILE_HEAD_BYTES) {
            return Err(Refusal::Full);
        }
        if self.cursor.as_ref().map_or(&[][..], |cursor| &cursor.torn) != self.torn {
            // After this it can no longer be seen.
            self.write_cursor(self.book.settled_to(self.reader.number)).map_err(Refusal::Disk)?;
        }
        let opened = self.create_page();
        let failed = |why| {
            self.shared.room.give_back(record::FILE_HEAD_BYTES);
            Refusal::Disk(why)
        };
        let file = opened.map_err(failed)?;
        let head = record::FILE_HEAD_BYTES;
        self.segments.push_back(Segment { first: self.next, bytes: head, end: head });
        self.open = Some(Page::new(file));
        Ok(())
    }

    /// The first record that is synced together with this one. Of those that count before they are synced each stands for
    /// itself: what is missing before the last that is found was counted on, and must not pass for a write that was cut off.
    fn group_of(&self, number: u64) -> u64 {
        if self.shared.checkpoint_writes.is_lax() { number } else { self.next }
    }

    fn place(&mut self) -> io::Result<()> {
        if !self.is_placed {
            self.shared.disk.make_folder(&self.shared.root, &self.folder)?;
            self.is_placed = true;
        }
        Ok(())
    }

    fn create_page(&mut self) -> io::Result<Box<dyn DiskFile>> {
        self.place()?;
        let (disk, path) = (&self.shared.disk, self.path(self.next));
        let file = disk.create_anew(&path)?;
        crash_point("queue.segment_created");
        let made = file.write_all_at(&record::file_head(record::VERSION), 0);
        let made = made.and_then(|()| file.sync()).and_then(|()| disk.sync_folder(&self.folder));
        crash_point("queue.segment_synced");
        made.inspect_err(|_| _ = disk.remove(&path)).map(|()| file)
    }

    fn grow(&mut self, bytes: u64) {
        if let Some(segment) = self.segments.back_mut() {
            segment.bytes += bytes;
        }
    }

    fn write(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |page| page.write(bytes))
    }

    /// What was written counts, synced if it is time.
    fn checkpoint(&mut self, written: u64, page_is_full: bool) -> io::Result<()> {
        let (Some(page), Some(segment)) = (&mut self.open, self.segments.back_mut()) else { return Ok(()) };
        page.unsynced += written;
        if page_is_full || self.shared.checkpoint_writes.is_due(page.unsynced) {
            page.sync()?;
        }
        segment.end = page.at;
        Ok(())
    }

    /// Syncs what counts already.
    fn catch_up(&mut self) {
        if let Some(Err(why)) = self.open.as_mut().map(Page::sync) {
            let folder = self.folder.display();
            tracing::error!(%why, %folder, "cannot sync the queue on disk: a power cut may lose documents of it");
            self.open = None;
        }
    }

    /// Syncs what a life before this one may have left unsynced: all but the last segment are.
    pub fn sync_found(&self) {
        let Some(last) = self.segments.back() else { return };
        if let Err(why) = self.shared.disk.open(&self.path(last.first)).and_then(|file| file.sync()) {
            tracing::debug!(%why, folder = %self.folder.display(), "cannot sync what a queue held at the start");
        }
    }

    /// The disk failed: what was written last does not count, and this segment gets no more. A sync that failed once may
    /// claim success the next time, so nothing that is to count relies on another.
    fn abandon(&mut self, why: io::Error) -> Refusal {
        if let Some(open) = self.open.take().filter(|_| self.shared.checkpoint_writes.is_lax()) {
            // For what counted before: after a write that failed it may well be saved.
            let _ = open.file.sync();
        }
        if self.segments.back().is_some_and(|segment| segment.end <= record::FILE_HEAD_BYTES)
            && let Some(segment) = self.segments.pop_back()
        {
            let _ = self.shared.disk.remove(&self.path(segment.first));
            self.shared.room.give_back(segment.bytes);
        }
        Refusal::Disk(why)
    }

    // --- giving out -------------------------------------------------------------------------------------------------

    /// The next documents, as many as fit into so many bytes, and one at least. One buffer of that size, and no document
    /// that would be left over: it would keep the buffer of all others with it.
    pub fn next(&mut self, bytes: usize) -> io::Result<Option<DocBatch>> {
        if !self.has_more() {
            return Ok(None);
        }
        let (from, pool) = (self.reader.number, self.shared.pool.clone());
        let mut batch = DocBatch { body: pool.take(bytes.min(self.bytes() as usize)), pool, ..DocBatch::default() };
        while self.has_more() {
            match self.read_one(&mut batch, bytes) {
                Ok(true) => {}
                Ok(false) => break,
                Err(why) if batch.docs.is_empty() => return Err(why),
                Err(_) => break,
            }
        }
        if batch.docs.is_empty() {
            self.book.pass(from, self.reader.number);
            self.shared.pool.give(batch.body);
            return Ok(None);
        }
        batch.receipts.push(self.book.give_out(self.reader.number, batch.body.len()));
        Ok(Some(batch))
    }

    /// Adds the next record to the batch; says whether there was one, and it fits.
    fn read_one(&mut self, batch: &mut DocBatch, bytes: usize) -> io::Result<bool> {
        loop {
            let Some(at) = self.segments.iter().rposition(|segment| segment.first <= self.reader.number) else {
                // What lay before the first segment is gone.
                self.miss(self.segments.front().map_or(self.next, |segment| segment.first));
                return Ok(self.has_more());
            };
            let until = self.segments.get(at + 1).map_or(self.next, |segment| segment.first);
            let (first, end) = (self.segments[at].first, self.segments[at].end);
            if self.reader.scan.as_ref().is_none_or(|(there, _)| *there != first) {
                self.reader.scan = self.scan(first, end)?.map(|scan| (first, scan));
            }
            let taken = match &mut self.reader.scan {
                None => Taken::None,
                Some((_, scan)) => {
                    scan.extend(end);
                    take_next(scan, self.reader.number..until, batch, bytes)
                }
            };
            match taken {
                Taken::One(number) => {
                    self.miss(number);
                    self.reader.number = number + 1;
                    return Ok(true);
                }
                Taken::TooMuch => return Ok(false),
                Taken::None => self.miss(until),
            }
            if !self.has_more() {
                return Ok(false);
            }
        }
    }

    /// Records up to this number cannot be read.
    fn miss(&mut self, number: u64) {
        let missed = self.reader.number..number;
        let torn: u64 = self.torn.iter().map(|torn| overlap(&missed, torn)).sum();
        self.lost.torn_documents += torn;
        self.lost.documents += missed.end.saturating_sub(missed.start) - torn;
        self.reader.number = self.reader.number.max(number);
    }

    /// `None`: the file is gone.
    fn scan(&self, first: u64, end: u64) -> io::Result<Option<Scan>> {
        match self.shared.disk.open(&self.path(first)) {
            Ok(file) => Ok(Some(Scan::new(file, first, end))),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }

    // --- letting go -------------------------------------------------------------------------------------------------

    /// Syncs what is not synced yet, writes the cursor, and removes segments whose records are all settled.
    pub fn tend(&mut self) {
        let settled = self.book.settled_to(self.reader.number);
        let is_done = settled >= self.next;
        if !is_done {
            self.catch_up();
        }
        let ends = self.segments.iter().skip(1).map(|segment| segment.first);
        let removable = if is_done { self.segments.len() } else { ends.take_while(|first| *first <= settled).count() };
        let said = self.cursor.as_ref().map(|cursor| cursor.settled);
        let is_none = self.segments.is_empty() && self.done.is_empty();
        let is_news = if said.is_none() { !is_none } else { said != Some(settled) };
        let written = if is_news { self.write_cursor(settled) } else { Ok(()) };
        let is_full = matches!(&written, Err(why) if why.kind() == io::ErrorKind::StorageFull);
        if let Err(why) = &written {
            tracing::debug!(%why, folder = %self.folder.display(), "cannot write the cursor of a queue");
            // Where the disk is full, the cursor needs the room of what goes.
            if !is_full || !self.say_done(settled) {
                return;
            }
        }
        if is_done {
            (self.open, self.reader.scan) = (None, None);
        }
        for segment in self.segments.drain(..removable).collect::<Vec<_>>() {
            crash_point("queue.before_removal");
            let removed = self.shared.disk.remove(&self.path(segment.first));
            crash_point("queue.after_removal");
            match removed {
                Err(why) if why.kind() != io::ErrorKind::NotFound => {
                    tracing::debug!(%why, segment = segment.first, "cannot remove a segment that is done");
                }
                _ => {}
            }
            self.shared.room.give_back(segment.bytes);
        }
        if is_full && let Err(why) = self.write_cursor(settled) {
            tracing::debug!(%why, folder = %self.folder.display(), "cannot write the cursor of a queue");
        }
    }

    /// Says by a name what the cursor cannot. `false`: segments must stay, or what is delivered would seem to be lost.
    fn say_done(&mut self, settled: u64) -> bool {
        if self.done.contains(&settled) {
            return true;
        }
        let (disk, path) = (&self.shared.disk, self.folder.join(done_name(settled)));
        match disk.create_anew(&path).and_then(|_| disk.sync_folder(&self.folder)) {
            Ok(()) => {
                self.done.push(settled);
                true
            }
            // Not even a name has room here: what goes must go first.
            Err(why) => why.kind() == io::ErrorKind::StorageFull,
        }
    }

    /// The cursor says it now.
    fn forget_done(&mut self) {
        let (disk, folder) = (&self.shared.disk, &self.folder);
        self.done.retain(|settled| disk.remove_if_there(&folder.join(done_name(*settled))).is_err());
    }

    /// For a start that knows what was kept.
    pub fn close(&mut self) {
        self.tend();
        if !self.segments.is_empty() {
            let written = self.write_cursor(self.book.settled_to(self.reader.number));
            if let Err(why) = written {
                tracing::debug!(%why, folder = %self.folder.display(), "cannot write the cursor of a queue");
            }
        }
    }

    fn write_cursor(&mut self, settled: u64) -> io::Result<()> {
        self.torn.retain(|torn| torn.end > settled);
        let cursor = Cursor { settled, kept: self.next, torn: self.torn.clone() };
        if self.cursor.as_ref() != Some(&cursor) {
            self.place()?;
            self.replace_cursor(cursor.text().as_bytes())?;
            self.cursor = Some(cursor);
        }
        self.forget_done();
        Ok(())
    }

    /// At every moment the old one or the new one is whole.
    fn replace_cursor(&self, bytes: &[u8]) -> io::Result<()> {
        let (disk, path) = (&self.shared.disk, self.folder.join(CURSOR));
        let temporary = path.with_added_extension("tmp");
        disk.write_anew(&temporary, bytes)?;
        crash_point("queue.cursor_before_rename");
        disk.rename(&temporary, &path)?;
        crash_point("queue.cursor_after_rename");
        disk.sync_folder(&self.folder)
    }

    /// An empty lane leaves nothing behind.
    pub fn remove(mut self) {
        self.forget_done();
        let disk = &self.shared.disk;
        let gone = disk.remove(&self.folder.join(CURSOR)).and_then(|()| disk.remove_folder(&self.folder));
        if let Err(why) = gone {
            tracing::debug!(%why, folder = %self.folder.display(), "cannot remove the folder of an empty queue");
        }
    }

    fn path(&self, first: u64) -> PathBuf {
        self.folder.join(segment_name(first))
    }

    /// The name of the index that its documents go to: that of its first record.
    pub fn first_index(&self) -> Option<Vec<u8>> {
        self.segments.iter().find_map(|segment| {
            let mut scan = self.scan(segment.first, segment.end).ok()??;
            let document = scan.next()?.document;
            let marks = document.marks.index;
            Some(document.lines[marks.start as usize..marks.end as usize].to_vec())
        })
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.shared.room.give_back(self.bytes());
    }
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> u64 {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}
