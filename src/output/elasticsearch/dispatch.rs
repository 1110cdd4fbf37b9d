//! What the sending loop does next, and what comes of what it did: every decision of the output. The time and chance are
//! arguments, and nothing here waits or does: `next` gives out jobs, `done` takes back what came of them. So a simulation
//! plays it like the daemon does (`bulk` carries the jobs; `outbox`, `spooling` and `preparing` decide their parts).
//!
//! Invariant: a document that was put in is in the outbox, in one job that was given out, among the letters to be
//! written, or in the queue on disk, until it has its verdict; `open` counts those of the first three places.

mod telling;

use super::health::Health;
use super::outbox::{Letter, Need, Outbox, Outcome, Request, Spill};
use super::preparing::{Preparing, Told};
use super::reply::Reply;
use super::setup::{Report, Trouble};
use super::spooling::{self, Spooling};
use crate::backoff::{Backoff, Trying};
use crate::channel::Budget;
use crate::event::Timestamp;
use crate::event::destination::DocBatch;
use crate::event::spool::{MAIN, Spool};
use crate::output::dead_letter::{self, DeadLetters, Kept};
use crate::telemetry::crash::crash_point;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use telling::{Counts, Sayings, retried};

/// Without a verdict for so long, the engine does not take documents.
const STALL: Duration = Duration::from_secs(2);
/// Memory is looked at so often while documents wait.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// Something to be done beside the loop.
pub enum Job {
    Send(Request),
    /// Templates and policies are put in place.
    Prepare,
    /// Wait until an address answers.
    Reach,
    Spool(spooling::Job),
    Write(Writing),
}

/// What came of a job.
pub enum Done {
    Answered {
        request: Request,
        answer: Answer,
    },
    Written {
        letters: Vec<Letter>,
        writer: DeadLetters,
        written: io::Result<Kept>,
    },
    Reachable,
    Prepared(Result<Report, Trouble>),
    Spooled(spooling::Done),
    /// The time was over before an answer came.
    Stopped(Request),
}

/// How a request ended.
pub enum Answer {
    Reply(Reply),
    None(Silence, String),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The connection ended before it.
    Cut,
    /// It took too long, or was too long.
    Slow,
    /// There was no connection.
    Unconnected,
    /// Nor any address to try.
    Nowhere,
}

/// Dead letters on their way to the disk.
pub struct Writing {
    letters: Vec<Letter>,
    writer: DeadLetters,
}

impl Writing {
    /// Blocks.
    pub fn run(mut self, time: Timestamp) -> Done {
        let written = self.writer.write(self.letters.iter().map(lettered), time);
        Done::Written { letters: self.letters, writer: self.writer, written }
    }
}

/// What an output's decisions depend on.
pub struct Situation {
    /// The output's name in metrics.
    pub label: Arc<str>,
    /// The pattern of its indices, for metrics.
    pub index_pattern: String,
    /// Templates and policies are to be put in place.
    pub prepares: bool,
    pub bulk_bytes_max: usize,
    pub bulk_requests_max: usize,
    pub retry: Backoff,
    pub budget: Arc<Budget>,
    pub spool: Option<Box<dyn Spool>>,
    /// Everything goes through the disk.
    pub persisted: bool,
    pub health: Health,
    pub writer: DeadLetters,
    /// A conflict of a line printed after this time is told: ids are ours, and no earlier run sent it.
    pub alarm_after_ns: Option<u64>,
}

/// The output's decisions.
pub struct Dispatch {
    label: Arc<str>,
    prepares: bool,
    budget: Arc<Budget>,
    outbox: Outbox,
    counts: Counts,
    health: Health,
    /// No address answers; a job waits for one.
    nowhere: bool,
    /// That job was not given out yet.
    reaching_due: bool,
    preparing: Preparing,
    spooling: Spooling,
    /// When a document last had a verdict, or there was none to have one.
    progress: Instant,
    /// The word to stop was heard.
    hurried: bool,
    /// No more comes from the workers.
    closed: bool,
    letters: Vec<Letter>,
    /// `None` while it is writing.
    writer: Option<DeadLetters>,
    /// Of dead letters.
    writes: Trying,
    /// Documents without a verdict.
    open: usize,
    refusals: usize,
    say: Sayings,
}

impl Dispatch {
    pub fn new(situation: Situation, now: Instant) -> Dispatch {
        let Situation { label, retry, spool, .. } = situation;
        let spooling = Spooling::new(&label, spool, retry.clone(), now);
        let mut outbox = Outbox::new(situation.bulk_bytes_max, situation.bulk_requests_max, retry.clone());
        if let Some(time_ns) = situation.alarm_after_ns {
            outbox.alarm_after(time_ns);
        }
        outbox.hold(situation.budget.bytes_max());
        outbox.resume(&spooling.lanes(), situation.persisted && spooling.exists(), now);
        Dispatch {
            outbox,
            spooling,
            counts: Counts::new(&label, &situation.index_pattern),
            health: situation.health,
            nowhere: false,
            reaching_due: false,
            preparing: Preparing::new(situation.prepares, retry.clone()),
            prepares: situation.prepares,
            budget: situation.budget,
            progress: now,
            hurried: false,
            closed: false,
            letters: Vec::new(),
            writer: Some(situation.writer),
            writes: Trying::new(retry),
            open: 0,
            refusals: 0,
            say: Sayings::default(),
            label,
        }
    }

    /// Whether documents may wait on disk.
    pub fn spools(&self) -> bool {
        self.spooling.exists()
    }

    /// Documents from the workers.
    pub fn put(&mut self, batch: DocBatch, now: Instant) {
        if self.open == 0 {
            self.progress = now;
        }
        self.open += batch.docs.len();
        self.counts.made.increment(batch.docs.len() as u64);
        self.outbox.put(batch);
        self.tell_open();
    }

    /// No more comes from the workers.
    pub fn close(&mut self) {
        self.closed = true;
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The time to stop has come: what waits for its next try is tried now.
    pub fn hurry(&mut self, now: Instant) {
        self.hurried = true;
        self.outbox.hurry(now);
        self.preparing.hurry();
    }

    pub fn is_hurried(&self) -> bool {
        self.hurried
    }

    /// What waits in the pipe holds memory like what waits here, and can go to the disk from here only.
    pub fn wants_more(&self, now: Instant) -> bool {
        let spills = || {
            let need = self.need(now);
            need.stopping || (need.pressed && need.stalled)
        };
        !self.closed && (self.outbox.wants_more() || (self.spooling.exists() && spills()))
    }

    /// Everything has its verdict and no more can come. What lies on disk at the time to stop may stay there.
    pub fn is_done(&self) -> bool {
        let stays = self.hurried && self.spooling.exists();
        let sent = if stays { self.outbox.holds_nothing() } else { self.outbox.is_done() };
        self.closed && sent && self.letters.is_empty() && self.writer.is_some() && self.spooling.is_idle()
    }

    /// When to ask for a job again, if nothing else happens.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let waits = self.nowhere || self.preparing.is_due();
        let sending = if waits { None } else { self.outbox.due(now) };
        let looking =
            (self.spooling.exists() && self.open > 0).then(|| (self.progress + STALL).max(now + LOOK_INTERVAL));
        let others = [self.writes.next_try(), self.preparing.next_try(), self.spooling.due(), looking];
        // What was due before had its chance in `next`: asking again at once would go round and round.
        let later = |due: Instant| if due > now { due } else { now + LOOK_INTERVAL };
        others.into_iter().chain([sending]).flatten().map(later).min()
    }

    /// What is to be done now; ask again until there is nothing.
    pub fn next(&mut self, now: Instant) -> Option<Job> {
        if let Some(writing) = self.writing(now) {
            return Some(Job::Write(writing));
        }
        if std::mem::take(&mut self.reaching_due) {
            return Some(Job::Reach);
        }
        if self.prepares && !self.nowhere && self.preparing.start(now) {
            return Some(Job::Prepare);
        }
        let need = self.need(now);
        if let Some(job) = self.spooling.next(&mut self.outbox, need, now) {
            return Some(Job::Spool(job));
        }
        if self.nowhere || self.preparing.is_due() {
            return None;
        }
        self.outbox.next(now).map(Job::Send)
    }

    fn writing(&mut self, now: Instant) -> Option<Writing> {
        if self.letters.is_empty() || !self.writes.is_ready(now) {
            return None;
        }
        let writer = self.writer.take()?;
        Some(Writing { letters: std::mem::take(&mut self.letters), writer })
    }

    fn need(&self, now: Instant) -> Need {
        let stalled = self.open > 0 && now >= self.progress + STALL;
        Need { pressed: self.budget.is_pressed(), stalled, stopping: self.hurried && self.spooling.exists() }
    }

    /// What came of a job. `any_up`: an address of the engine is known to answer.
    pub fn done(&mut self, done: Done, any_up: bool, now: Instant, random: u64) {
        match done {
            Done::Reachable => {
                self.nowhere = false;
                self.preparing.look_again(self.prepares);
            }
            Done::Prepared(tried) => self.prepared(tried, any_up, now, random),
            Done::Spooled(done) => self.spooled(done, now, random),
            Done::Stopped(request) => self.outbox.returned(request),
            Done::Answered { request, answer: Answer::Reply(reply) } => self.answered(request, reply, now, random),
            Done::Answered { request, answer: Answer::None(silence, why) } => {
                self.unanswered(request, silence, now, random);
                self.look_for_address(silence, &why, any_up, now);
            }
            Done::Written { letters, writer, written } => self.written(letters, writer, written, now, random),
        }
        self.tell_open();
    }

    fn spooled(&mut self, done: spooling::Done, now: Instant, random: u64) {
        let moved = self.spooling.done(done, &mut self.outbox, now, random);
        if self.open == 0 {
            self.progress = now;
        }
        self.open = self.open + moved.read - moved.kept;
    }

    fn prepared(&mut self, tried: Result<Report, Trouble>, any_up: bool, now: Instant, random: u64) {
        match self.preparing.tried(tried, any_up, now, random) {
            Told::Done(report) => {
                self.health.well(now);
                let first = self.preparing.first();
                self.say_prepared(&report, first);
            }
            Told::Unauthorized(status) => self.health.unauthorized(now, status),
            Told::Nowhere(why) => {
                self.health.away(now, &why);
                self.wait_for_address();
            }
            Told::Away(why) => self.health.away(now, &why),
            Told::GivenUp(error) => self.say_unprepared(&error),
            Told::Nothing => {}
        }
    }

    fn wait_for_address(&mut self) {
        self.reaching_due |= !self.nowhere;
        self.nowhere = true;
    }

    fn answered(&mut self, request: Request, reply: Reply, now: Instant, random: u64) {
        self.hear(&reply, request.docs(), now);
        crash_point("bulk.answered");
        let outcome = self.outbox.answered(request, reply, now, random);
        crash_point("bulk.settled");
        self.count(&outcome, now);
        self.say_unexpected(outcome.unexpected, now);
        self.refusals += outcome.letters.len();
        self.letters.extend(outcome.letters);
        let closed = self.outbox.closed_indices();
        if let Some(complaint) = outcome.again_because.filter(|_| !closed.is_empty()) {
            self.say_closed(&closed, &complaint, now);
        }
    }

    fn count(&mut self, outcome: &Outcome, now: Instant) {
        self.open -= outcome.stored + outcome.already_there;
        if outcome.stored + outcome.already_there + outcome.letters.len() > 0 {
            self.progress = now;
        }
        self.counts.verdicts(outcome);
        if outcome.again > 0 {
            let status = outcome.again_because.as_ref().map_or("400".into(), |complaint| complaint.status.to_string());
            retried(&self.label, &status, outcome.again);
        }
    }

    fn unanswered(&mut self, request: Request, silence: Silence, now: Instant, random: u64) {
        retried(&self.label, "no_answer", request.docs());
        match silence {
            Silence::Cut => {
                let letter = self.outbox.cut(request, now, random);
                self.refusals += usize::from(letter.is_some());
                self.letters.extend(letter);
            }
            Silence::Slow => {
                self.outbox.pace.overloaded(now, random);
                self.outbox.returned(request);
            }
            Silence::Unconnected | Silence::Nowhere => self.outbox.returned(request),
        }
    }

    fn look_for_address(&mut self, silence: Silence, why: &str, any_up: bool, now: Instant) {
        if any_up {
            return self.say_failed(why, now);
        }
        if silence != Silence::Nowhere {
            self.health.away(now, why);
        }
        self.wait_for_address();
    }

    fn written(
        &mut self,
        letters: Vec<Letter>,
        writer: DeadLetters,
        written: io::Result<Kept>,
        now: Instant,
        random: u64,
    ) {
        match written {
            Ok(kept) => {
                self.writes.went_well();
                self.open -= letters.len();
                self.counts.letters(kept);
                self.say_kept(&letters, &writer, kept, now);
                crash_point("dead_letters.before_settled");
                letters.into_iter().for_each(|letter| letter.piece.settle());
            }
            Err(error) => {
                self.letters.splice(0..0, letters);
                self.writes.failed(now, random);
                self.say_unwritable(&error, &writer, now);
            }
        }
        self.writer = Some(writer);
    }

    /// The end: what has no verdict, for the lanes of the queue, and how many documents lie on the disk already.
    pub fn take_all(&mut self) -> (Vec<Spill>, usize) {
        let (mut spills, mut kept) = self.outbox.take_all();
        let letters = self.letters.drain(..).map(|letter| letter.piece);
        let (there, letters): (Vec<_>, Vec<_>) = letters.partition(|piece| piece.on_disk);
        kept += there.len();
        spills.push(Spill { lane: MAIN.into(), pieces: letters });
        (spills, kept)
    }

    /// What puts that on the disk, beside those that are `there`, and says how many documents; `None` without a queue.
    pub fn last_job(&mut self, spills: Vec<Spill>, there: usize) -> Option<impl FnOnce() -> usize + Send + 'static> {
        self.spooling.last(spills, there)
    }

    /// So many of the open documents lie on the disk; the others are read again.
    pub fn put_away(&mut self, kept: usize) {
        let left = self.open.saturating_sub(kept);
        self.counts.open.set(left as f64);
        if self.open > 0 {
            self.say_put_away(kept, left);
        }
    }

    fn tell_open(&self) {
        self.counts.open.set(self.open as f64);
    }
}

fn lettered(letter: &Letter) -> dead_letter::Letter<'_> {
    let texts = letter.piece.first();
    dead_letter::Letter {
        index: texts.index,
        id: texts.id,
        action: texts.action,
        document: texts.source,
        status: letter.complaint.status,
        kind: &letter.complaint.kind,
        reason: &letter.complaint.reason,
    }
}
