//! What goes to the disk and comes back: the jobs of the output's part of the queue, one at a time, on a thread that
//! may block. The outbox says what is to be done; here it is carried, and said.

use super::health::OnceAMinute;
use super::outbox::{Need, Outbox, Spill};
use super::piece::Piece;
use crate::backoff::{Backoff, Trying};
use crate::event::destination::DocBatch;
use crate::event::spool::{Kept, Refusal, Spool, Stock};
use std::io;
use std::time::{Duration, Instant};

/// Room of what was settled is freed so often.
const TEND_INTERVAL: Duration = Duration::from_millis(250);

/// A job, to be done where it may block.
pub struct Job {
    spool: Box<dyn Spool>,
    what: What,
}

enum What {
    Keep(Spill),
    Read(Box<[u8]>, usize),
    Tend,
}

/// What came of a job.
pub struct Done {
    spool: Box<dyn Spool>,
    what: DoneWhat,
}

enum DoneWhat {
    Kept(Spill, Kept),
    Read(Box<[u8]>, io::Result<Option<DocBatch>>),
    Tended,
}

impl Job {
    pub fn run(mut self) -> Done {
        let spool = &mut self.spool;
        let what = match self.what {
            What::Keep(spill) => {
                let kept = spool.keep(&spill.lane, &mut spill.pieces.iter().flat_map(Piece::lent));
                DoneWhat::Kept(spill, kept)
            }
            What::Read(lane, bytes) => {
                let batch = spool.next(&lane, bytes);
                DoneWhat::Read(lane, batch)
            }
            What::Tend => {
                spool.tend();
                DoneWhat::Tended
            }
        };
        Done { spool: self.spool, what }
    }
}

/// What a job did to the number of documents in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub kept: usize,
    pub read: usize,
}

/// The one who gives out jobs.
pub struct Spooling {
    output: String,
    /// `None` while a job is done, and where there is no queue on disk.
    spool: Option<Box<dyn Spool>>,
    exists: bool,
    stock: Stock,
    tended: Instant,
    keeping: Trying,
    /// What lies on a disk that takes no more can be read all the same, and makes room when it is delivered.
    reading: Trying,
    full: OnceAMinute,
    failed: OnceAMinute,
    began: OnceAMinute,
}

impl Spooling {
    pub fn new(output: &str, spool: Option<Box<dyn Spool>>, backoff: Backoff, now: Instant) -> Spooling {
        Spooling {
            output: output.into(),
            exists: spool.is_some(),
            stock: spool.as_ref().map(|spool| spool.stock()).unwrap_or_default(),
            spool,
            tended: now,
            keeping: Trying::new(backoff.clone()),
            reading: Trying::new(backoff),
            full: OnceAMinute::default(),
            failed: OnceAMinute::default(),
            began: OnceAMinute::default(),
        }
    }

    /// Whether there is a queue on disk.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// No job is under way.
    pub fn is_idle(&self) -> bool {
        self.spool.is_some() || !self.exists
    }

    /// Lanes with documents from before.
    pub fn lanes(&self) -> Vec<Box<[u8]>> {
        self.spool.as_ref().map(|spool| spool.lanes()).unwrap_or_default()
    }

    /// When there is something to do that is not to be done now.
    pub fn due(&self) -> Option<Instant> {
        let tend = (self.has_room_to_free() && self.spool.is_some()).then(|| self.tended + TEND_INTERVAL);
        [tend, self.keeping.next_try(), self.reading.next_try()].into_iter().flatten().min()
    }

    /// Not `documents`: the last of them may be settled while the disk is tended, and its room is still taken after that.
    fn has_room_to_free(&self) -> bool {
        self.stock.bytes > 0
    }

    pub fn next(&mut self, outbox: &mut Outbox, need: Need, now: Instant) -> Option<Job> {
        let spool = self.spool.take()?;
        let what = if let Some(spill) = self.keeping.is_ready(now).then(|| outbox.spill(need)).flatten() {
            Some(What::Keep(spill))
        } else if let Some((lane, bytes)) = self.reading.is_ready(now).then(|| outbox.lacks(need, now)).flatten() {
            Some(What::Read(lane, bytes))
        } else if self.has_room_to_free() && now >= self.tended + TEND_INTERVAL {
            Some(What::Tend)
        } else {
            None
        };
        match what {
            Some(what) => Some(Job { spool, what }),
            None => {
                self.spool = Some(spool);
                None
            }
        }
    }

    pub fn done(&mut self, done: Done, outbox: &mut Outbox, now: Instant, random: u64) -> Moved {
        let Done { spool, what } = done;
        self.stock = spool.stock();
        let moved = match what {
            DoneWhat::Tended => {
                self.tended = now;
                Moved::default()
            }
            DoneWhat::Read(lane, batch) => self.read(&*spool, &lane, batch, outbox, now, random),
            DoneWhat::Kept(spill, kept) => {
                let (count, rest) = settle(spill.pieces, kept.documents);
                outbox.spilled(&spill.lane, rest, spool.has_more(&spill.lane));
                self.say(count, kept.why, now, random);
                Moved { kept: count, read: 0 }
            }
        };
        self.spool = Some(spool);
        moved
    }

    fn read(
        &mut self,
        spool: &dyn Spool,
        lane: &[u8],
        batch: io::Result<Option<DocBatch>>,
        outbox: &mut Outbox,
        now: Instant,
        random: u64,
    ) -> Moved {
        let batch = match batch {
            Ok(batch) => {
                self.reading.went_well();
                batch
            }
            Err(why) => {
                self.reading.failed(now, random);
                self.say_refused(Refusal::Disk(why), now);
                None
            }
        };
        let read = batch.as_ref().map_or(0, |batch| batch.docs.len());
        outbox.refill(lane, batch, spool.has_more(lane), now);
        Moved { kept: 0, read }
    }

    fn say(&mut self, kept: usize, why: Option<Refusal>, now: Instant, random: u64) {
        if kept > 0 && self.began.may(now) {
            tracing::info!(
                output = self.output,
                documents = self.stock.documents,
                bytes = self.stock.bytes,
                "documents wait in the queue on disk"
            );
        }
        match why {
            Some(why) => {
                self.keeping.failed(now, random);
                self.say_refused(why, now);
            }
            None => self.keeping.went_well(),
        }
    }

    fn say_refused(&mut self, why: Refusal, now: Instant) {
        match why {
            Refusal::Full if self.full.may(now) => tracing::warn!(
                output = self.output,
                bytes = self.stock.bytes,
                "the queue on disk is full (queue.max_bytes), inputs wait"
            ),
            Refusal::Disk(error) if self.failed.may(now) => tracing::error!(
                output = self.output,
                %error,
                "the queue on disk does not work, documents wait in memory and inputs wait"
            ),
            _ => {}
        }
    }

    /// The last job: what is left in memory goes to the disk, where `there` documents of it lie already. Says how many documents
    /// went there.
    pub fn last(&mut self, spills: Vec<Spill>, there: usize) -> Option<impl FnOnce() -> usize + Send + 'static> {
        let mut spool = self.spool.take()?;
        Some(move || {
            let mut documents = 0;
            for spill in spills {
                let kept = spool.keep(&spill.lane, &mut spill.pieces.iter().flat_map(Piece::lent));
                if let Some(Refusal::Disk(error)) = kept.why {
                    tracing::error!(%error, "the queue on disk does not work");
                }
                // The rest is dropped without a verdict, and read again at the next start.
                documents += settle(spill.pieces, kept.documents).0;
            }
            spool.close(there as u64);
            documents
        })
    }
}

/// The first documents have their verdict; the others come back.
fn settle(pieces: Vec<Piece>, mut documents: usize) -> (usize, Vec<Piece>) {
    let (all, mut rest) = (documents, Vec::new());
    for mut piece in pieces {
        let first = piece.take_first(documents);
        documents -= first.len();
        if first.len() > 0 {
            first.settle();
        }
        if piece.len() > 0 {
            rest.push(piece);
        }
    }
    (all - documents, rest)
}

#[cfg(test)]
mod tests {
    use super::super::piece::batch;
    use super::*;
    use crate::event::spool::{Lent, MAIN};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    /// One document, given out. It stands for the real queue, whose receipts cannot be settled at a chosen moment.
    #[derive(Default)]
    struct Racing {
        is_settled: Arc<AtomicBool>,
        is_freed: bool,
    }

    impl Spool for Racing {
        fn lanes(&self) -> Vec<Box<[u8]>> {
            Vec::new()
        }
        fn keep<'a>(&mut self, _: &[u8], _: &mut dyn Iterator<Item = Lent<'a>>) -> Kept {
            Kept::default()
        }
        fn next(&mut self, _: &[u8], _: usize) -> io::Result<Option<DocBatch>> {
            Ok(None)
        }
        fn has_more(&self, _: &[u8]) -> bool {
            false
        }
        fn tend(&mut self) {
            self.is_freed = self.is_settled.load(Relaxed);
        }
        fn close(&mut self, _: u64) {}
        fn stock(&self) -> Stock {
            Stock {
                documents: u64::from(!self.is_settled.load(Relaxed)),
                waiting: 0,
                bytes: if self.is_freed { 0 } else { 100 },
            }
        }
    }

    /// It takes nothing more, and gives out what it has. It stands for the real queue, which is full only by and by.
    struct Full;

    impl Spool for Full {
        fn lanes(&self) -> Vec<Box<[u8]>> {
            vec![MAIN.into()]
        }
        fn keep<'a>(&mut self, _: &[u8], _: &mut dyn Iterator<Item = Lent<'a>>) -> Kept {
            Kept { documents: 0, why: Some(Refusal::Full) }
        }
        fn next(&mut self, _: &[u8], _: usize) -> io::Result<Option<DocBatch>> {
            Ok(Some(batch(&[("a", "old")], Vec::new())))
        }
        fn has_more(&self, _: &[u8]) -> bool {
            true
        }
        fn tend(&mut self) {}
        fn close(&mut self, _: u64) {}
        fn stock(&self) -> Stock {
            Stock { documents: 2, waiting: 2, bytes: 100 }
        }
    }

    /// With the queue full and memory short, keeping more was tried again and again, and what lay there was never read: for ever.
    #[test]
    fn what_lies_in_a_full_queue_is_sent_although_more_waits_to_be_put_there() {
        let now = Instant::now();
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(1));
        let mut outbox = Outbox::new(1 << 20, 1, backoff.clone());
        let mut spooling = Spooling::new("logs", Some(Box::new(Full)), backoff, now);
        outbox.resume(&spooling.lanes(), false, now);
        outbox.put(batch(&[("a", "new")], Vec::new()));
        let need = Need { pressed: true, stalled: true, stopping: false };
        for _ in 0..2 {
            let job = spooling.next(&mut outbox, need, now).expect("there is something to keep, and something to read");
            spooling.done(job.run(), &mut outbox, now, 0);
        }
        assert_eq!(outbox.next(now).map(|request| request.docs()), Some(1));
    }

    #[test]
    fn what_is_settled_while_the_disk_is_tended_has_its_room_freed_later() {
        let mut now = Instant::now();
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(1));
        let mut outbox = Outbox::new(1 << 20, 1, backoff.clone());
        let spool = Racing::default();
        let is_settled = Arc::clone(&spool.is_settled);
        let mut spooling = Spooling::new("logs", Some(Box::new(spool)), backoff, now);
        for settles in [true, false] {
            now = spooling.due().expect("a segment is to be freed");
            let job = spooling.next(&mut outbox, Need::default(), now).expect("the disk is to be tended");
            let done = job.run();
            is_settled.fetch_or(settles, Relaxed);
            spooling.done(done, &mut outbox, now, 0);
        }
        assert_eq!((spooling.due(), spooling.is_idle()), (None, true));
    }
}
