//! The sending loop: carries batches into the outbox, its requests to the engine, and the answers back.
//!
//! A request leaves as soon as the engine is free and takes everything that waits; there is no timer to tune.
//! The loop is one task and owns all state; requests, the queue on disk and the writing of dead letters run beside it
//! and come back with what they were given. When the time to stop is over, what has no verdict goes to the queue on
//! disk; without one it is dropped, its receipts are forgotten, and it is read again at the next start.

mod stopping;

use super::client::{Client, Failure, Frames, random};
use super::config::Config;
use super::health::{Health, OnceAMinute};
use super::outbox::{Letter, Need, Outbox, Outcome, Request};
use super::preparing::{Preparing, Told};
use super::reply::{self, Reply};
use super::setup::{self, Report, Trouble};
use super::spooling::{self, Spooling};
use crate::backoff::Backoff;
use crate::channel::{Empty, StopSwitch};
use crate::disk::RealDisk;
use crate::event::Timestamp;
use crate::event::destination::DocBatch;
use crate::output::Wiring;
use crate::output::dead_letter::{self, DeadLetters, Kept};
use crate::telemetry::crash::crash_point;
use crate::telemetry::metrics;
use crate::telemetry::metrics::{Counter, Gauge, Histogram};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const NDJSON: &str = "application/x-ndjson";
/// Without a verdict for so long, the engine does not take documents.
const STALL: Duration = Duration::from_secs(2);
/// Memory is looked at so often while documents wait.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// The part of the time to stop that is left for that.
const SPILL_PART: u32 = 4;

/// What came back to the loop.
enum Done {
    Answered {
        request: Request,
        answer: Result<Reply, Failure>,
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

/// Handles of the metrics that are counted into per request.
struct Counts {
    stored: [Counter; 2],
    already_there: [Counter; 2],
    dead_letter: [Counter; 2],
    refused: [Counter; 2],
    made: Counter,
    open: Gauge,
    conflicts: Counter,
    bytes: Counter,
    seconds: Histogram,
}

impl Counts {
    fn new(output: &str, index: &str) -> Counts {
        let documents = |outcome: &str| {
            [
                metrics::counter(metrics::DOCUMENTS, &[output, outcome]),
                metrics::counter(metrics::INDEX_DOCUMENTS, &[index, outcome]),
            ]
        };
        Counts {
            stored: documents("stored"),
            already_there: documents("already_there"),
            dead_letter: documents("dead_letter"),
            refused: documents("refused"),
            made: metrics::counter(metrics::DOCUMENTS_MADE, &[output]),
            open: metrics::gauge(metrics::DOCUMENTS_OPEN, &[output]),
            conflicts: metrics::counter(metrics::CONFLICTS, &[output]),
            bytes: metrics::counter(metrics::BYTES_SENT, &[output]),
            seconds: metrics::histogram(metrics::REQUEST_SECONDS, &[output]),
        }
    }

    fn add(counters: &[Counter; 2], count: usize) {
        counters.iter().for_each(|counter| counter.increment(count as u64));
    }
}

/// The output at work.
pub struct Bulk {
    client: Arc<Client>,
    config: Arc<Config>,
    wiring: Wiring,
    outbox: Outbox,
    tasks: JoinSet<Done>,
    counts: Arc<Counts>,
    health: Health,
    /// No address answers; a task waits for one.
    nowhere: bool,
    preparing: Preparing,
    spooling: Spooling,
    /// When a document last had a verdict, or there was none to have one.
    progress: Instant,
    /// The time is over: requests come back without an answer.
    cut: StopSwitch,
    /// The word to stop was heard.
    hurried: bool,
    /// The pipe from the workers is closed.
    closed: bool,
    letters: Vec<Letter>,
    /// `None` while it is writing.
    writer: Option<DeadLetters>,
    /// Dead letters could not be written: when to try again.
    write_again: Option<Instant>,
    write_backoff: Backoff,
    /// Documents without a verdict.
    open: usize,
    refusals: usize,
    say: Sayings,
}

/// What is said once a minute at most.
#[derive(Default)]
struct Sayings {
    refused: OnceAMinute,
    unwritable: OnceAMinute,
    dropped: OnceAMinute,
    overloaded: OnceAMinute,
    closed_index: OnceAMinute,
    address: OnceAMinute,
}

impl Bulk {
    pub fn new(client: Client, config: Config, mut wiring: Wiring) -> Bulk {
        let now = Instant::now();
        let retry = Backoff::new(config.retry_initial, config.retry_max);
        let spooling = Spooling::new(&wiring.label, wiring.spool.take(), retry.clone(), now);
        let mut outbox = Outbox::new(config.bulk_bytes_max, config.bulk_requests_max, retry.clone());
        outbox.resume(&spooling.lanes(), wiring.persisted && spooling.exists(), now);
        Bulk {
            outbox,
            spooling,
            preparing: Preparing::new(config.setup.is_some(), retry.clone()),
            progress: now,
            cut: StopSwitch::default(),
            tasks: JoinSet::new(),
            counts: Arc::new(Counts::new(&wiring.label, &config.index_pattern)),
            health: Health::new(wiring.label.clone(), client.addresses(), wiring.readiness.clone(), now),
            nowhere: false,
            hurried: false,
            closed: false,
            letters: Vec::new(),
            writer: Some(DeadLetters::new(Arc::new(RealDisk), &wiring.data, &wiring.label, wiring.dead_letters)),
            write_again: None,
            write_backoff: retry,
            open: 0,
            refusals: 0,
            say: Sayings::default(),
            client: Arc::new(client),
            config: Arc::new(config),
            wiring,
        }
    }

    /// Runs until everything is delivered and no more can come, or the time to stop is over.
    pub async fn run(mut self) {
        let (client, stop, patience) = (self.client.clone(), self.wiring.stop.clone(), self.patience());
        let over = async {
            stop.stopped().await;
            tokio::time::sleep(patience).await;
        };
        let in_time = tokio::select! {
            () = self.carry() => true,
            () = client.watch() => true,
            () = over => false,
        };
        if !in_time {
            self.collect().await;
        }
        self.put_away().await;
    }

    /// How long to go on when it is time to stop.
    fn patience(&self) -> Duration {
        let patience = self.wiring.shutdown_timeout;
        if self.spooling.exists() { patience - (patience / SPILL_PART).min(stopping::SPILL_TIMEOUT) } else { patience }
    }

    async fn carry(&mut self) {
        let stop = self.wiring.stop.clone();
        loop {
            self.launch();
            self.counts.open.set(self.open as f64);
            if self.is_done() {
                return;
            }
            let due = self.due();
            let wants_more = !self.closed && self.wants_more();
            tokio::select! {
                biased;
                Some(done) = self.tasks.join_next() => match done {
                    Ok(done) => self.done(done),
                    Err(error) => tracing::error!(output = &*self.wiring.label, %error, "a request's task failed"),
                },
                batch = self.wiring.batches.recv_async(), if wants_more => match batch {
                    Some(batch) => self.put(batch),
                    None => self.closed = true,
                },
                () = sleep_until(due), if due.is_some() => {}
                () = stop.stopped(), if !self.hurried => self.hurry(),
            }
            self.take_waiting();
        }
    }

    fn hurry(&mut self) {
        self.hurried = true;
        self.outbox.hurry(Instant::now());
        self.preparing.hurry();
    }

    fn need(&self, now: Instant) -> Need {
        let stalled = self.open > 0 && now >= self.progress + STALL;
        Need { pressed: self.wiring.budget.is_pressed(), stalled, stopping: self.hurried && self.spooling.exists() }
    }

    /// What waits in the pipe holds memory like what waits here, and can go to the disk from here only.
    fn wants_more(&self) -> bool {
        let spills = || {
            let need = self.need(Instant::now());
            need.stopping || (need.pressed && need.stalled)
        };
        self.outbox.wants_more() || (self.spooling.exists() && spills())
    }

    fn launch_preparing(&mut self, now: Instant) {
        let config = self.config.clone();
        if config.setup.is_none() || self.nowhere || !self.preparing.start(now) {
            return;
        }
        let client = self.client.clone();
        self.tasks.spawn(async move {
            let Some(setup) = &config.setup else { return Done::Reachable };
            Done::Prepared(setup::ensure(&client, setup).await)
        });
    }

    fn prepared(&mut self, tried: Result<Report, Trouble>, now: Instant) {
        match self.preparing.tried(tried, self.client.any_up(), now, random()) {
            Told::Done(report) => self.say_prepared(&report),
            Told::Unauthorized(status) => self.health.unauthorized(now, status),
            Told::Nowhere(why) => {
                self.health.away(now, &why);
                self.wait_for_address();
            }
            Told::Away(why) => self.health.away(now, &why),
            Told::GivenUp(error) => {
                tracing::warn!(output = &*self.wiring.label, error, "cannot put templates in place, indexing without");
            }
            Told::Nothing => {}
        }
    }

    fn say_prepared(&mut self, report: &Report) {
        self.health.well(Instant::now());
        let first = self.preparing.first();
        for step in &report.steps {
            if step.outcome.is_bad() {
                tracing::warn!(output = &*self.wiring.label, step = %step.what, outcome = %step.outcome, "indexing without");
            } else if first || step.outcome.is_new() {
                tracing::info!(output = &*self.wiring.label, step = %step.what, outcome = %step.outcome, "prepared");
            }
        }
    }

    fn wait_for_address(&mut self) {
        if !self.nowhere {
            self.nowhere = true;
            let client = self.client.clone();
            self.tasks.spawn(async move {
                client.reachable().await;
                Done::Reachable
            });
        }
    }

    fn put(&mut self, batch: DocBatch) {
        if self.open == 0 {
            self.progress = Instant::now();
        }
        self.open += batch.docs.len();
        self.counts.made.increment(batch.docs.len() as u64);
        self.outbox.put(batch);
    }

    /// Everything that waits in the pipe, up to a full request.
    fn take_waiting(&mut self) {
        while !self.closed && self.wants_more() {
            match self.wiring.batches.try_recv() {
                Ok(batch) => self.put(batch),
                Err(Empty::Waiting) => return,
                Err(Empty::Closed) => self.closed = true,
            }
        }
    }

    /// What lies on disk at the time to stop may stay there.
    fn is_done(&self) -> bool {
        let stays = self.hurried && self.spooling.exists();
        let sent = if stays { self.outbox.holds_nothing() } else { self.outbox.is_done() };
        self.closed && sent && self.letters.is_empty() && self.writer.is_some() && self.spooling.is_idle()
    }

    fn due(&self) -> Option<Instant> {
        let now = Instant::now();
        let waits = self.nowhere || self.preparing.is_due();
        let sending = if waits { None } else { self.outbox.due(now) };
        let looking =
            (self.spooling.exists() && self.open > 0).then(|| (self.progress + STALL).max(now + LOOK_INTERVAL));
        let others = [self.write_again, self.preparing.next_try(), self.spooling.due(), looking];
        // What was due before had its chance in `launch`: asking again at once would go round and round.
        let later = |due: Instant| if due > now { due } else { now + LOOK_INTERVAL };
        others.into_iter().chain([sending]).flatten().map(later).min()
    }

    fn launch(&mut self) {
        let now = Instant::now();
        self.launch_writing(now);
        self.launch_preparing(now);
        self.launch_spooling(now);
        while !self.nowhere && !self.preparing.is_due() {
            let Some(request) = self.outbox.next(now) else { return };
            let (client, config, counts) = (self.client.clone(), self.config.clone(), self.counts.clone());
            let (label, cut) = (self.wiring.label.clone(), self.cut.listener());
            self.tasks.spawn(async move {
                let answer = tokio::select! {
                    answer = send(&client, &config, &counts, &label, &request) => answer,
                    () = cut.stopped() => return Done::Stopped(request),
                };
                Done::Answered { request, answer }
            });
        }
    }

    fn launch_spooling(&mut self, now: Instant) {
        if !self.spooling.exists() {
            return;
        }
        let need = self.need(now);
        if let Some(job) = self.spooling.next(&mut self.outbox, need, now) {
            self.tasks.spawn_blocking(move || Done::Spooled(job.run()));
        }
    }

    fn spooled(&mut self, done: spooling::Done, now: Instant) {
        let moved = self.spooling.done(done, &mut self.outbox, now, random());
        if self.open == 0 {
            self.progress = now;
        }
        self.open = self.open + moved.read - moved.kept;
    }

    fn launch_writing(&mut self, now: Instant) {
        if self.letters.is_empty() || self.write_again.is_some_and(|again| again > now) {
            return;
        }
        let Some(mut writer) = self.writer.take() else { return };
        self.write_again = None;
        let letters = std::mem::take(&mut self.letters);
        let time = Timestamp::from_nanos(self.wiring.clock.now_ns());
        self.tasks.spawn_blocking(move || {
            let written = writer.write(letters.iter().map(lettered), time);
            Done::Written { letters, writer, written }
        });
    }

    fn done(&mut self, done: Done) {
        let now = Instant::now();
        match done {
            Done::Reachable => {
                self.nowhere = false;
                self.preparing.look_again(self.config.setup.is_some());
            }
            Done::Prepared(tried) => self.prepared(tried, now),
            Done::Spooled(done) => self.spooled(done, now),
            Done::Stopped(request) => self.outbox.returned(request),
            Done::Answered { request, answer: Ok(reply) } => self.answered(request, reply, now),
            Done::Answered { request, answer: Err(failure) } => self.failed(request, &failure, now),
            Done::Written { letters, writer, written } => self.written(letters, writer, written, now),
        }
    }

    fn answered(&mut self, request: Request, reply: Reply, now: Instant) {
        crash_point("bulk.answered");
        self.hear(&reply, request.docs(), now);
        let outcome = self.outbox.answered(request, reply, now, random());
        crash_point("bulk.settled");
        self.count(&outcome);
        self.refusals += outcome.letters.len();
        self.letters.extend(outcome.letters);
        let closed = self.outbox.closed_indices();
        if let Some(complaint) = outcome.again_because.filter(|_| !closed.is_empty())
            && self.say.closed_index.may(now)
        {
            tracing::warn!(
                output = &*self.wiring.label,
                indices = closed.join(" "),
                status = complaint.status,
                reason = complaint.kind,
                "indices take no documents, theirs wait"
            );
        }
    }

    /// What an answer says of the engine's health.
    fn hear(&mut self, reply: &Reply, docs: usize, now: Instant) {
        let label = self.wiring.label.clone();
        match reply {
            Reply::Items(_) | Reply::Unreadable(_) => self.health.well(now),
            Reply::TooLarge => {
                self.health.well(now);
                tracing::warn!(
                    output = &*label,
                    documents = docs,
                    "engine or proxy refuses requests of this size (413), they get smaller: lower bulk_bytes_max"
                );
            }
            Reply::Overloaded => {
                self.health.well(now);
                retried(&label, "429", docs);
                if self.say.overloaded.may(now) {
                    tracing::warn!(output = &*label, "engine is overloaded (429), documents wait");
                }
            }
            Reply::Unauthorized(complaint) => self.health.unauthorized(now, complaint.status),
            Reply::Unavailable(complaint) => {
                retried(&label, &complaint.status.to_string(), docs);
                self.health.away(now, &format!("status {} ({})", complaint.status, complaint.kind));
            }
            Reply::Unknown(why) => {
                retried(&label, "unknown_answer", docs);
                self.health.away(now, why);
            }
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        self.open -= outcome.stored + outcome.already_there;
        if outcome.stored + outcome.already_there + outcome.letters.len() > 0 {
            self.progress = Instant::now();
        }
        Counts::add(&self.counts.stored, outcome.stored);
        if outcome.already_there > 0 {
            Counts::add(&self.counts.already_there, outcome.already_there);
            self.counts.conflicts.increment(outcome.already_there as u64);
        }
        if outcome.again > 0 {
            let status = outcome.again_because.as_ref().map_or("400".into(), |complaint| complaint.status.to_string());
            retried(&self.wiring.label, &status, outcome.again);
        }
    }

    fn failed(&mut self, request: Request, failure: &Failure, now: Instant) {
        retried(&self.wiring.label, "no_answer", request.docs());
        match failure {
            Failure::Cut(_) => {
                let letter = self.outbox.cut(request, now, random());
                self.refusals += usize::from(letter.is_some());
                self.letters.extend(letter);
            }
            Failure::TimedOut(_) | Failure::TooLong(_) => {
                self.outbox.pace.overloaded(now, random());
                self.outbox.returned(request);
            }
            Failure::Connect(_) | Failure::Nowhere => self.outbox.returned(request),
        }
        if self.client.any_up() {
            if self.say.address.may(now) {
                tracing::warn!(output = &*self.wiring.label, error = %failure, "a request failed, it is sent again");
            }
            return;
        }
        if !matches!(failure, Failure::Nowhere) {
            self.health.away(now, &failure.to_string());
        }
        self.wait_for_address();
    }

    fn written(&mut self, letters: Vec<Letter>, writer: DeadLetters, written: io::Result<Kept>, now: Instant) {
        let path = writer.path().display().to_string();
        self.writer = Some(writer);
        let output = &*self.wiring.label;
        match written {
            Ok(kept) => {
                self.write_backoff.reset();
                self.open -= letters.len();
                crash_point("dead_letters.before_settled");
                Counts::add(&self.counts.dead_letter, kept.kept);
                Counts::add(&self.counts.refused, kept.dropped);
                let last = letters.last().map(|letter| letter.complaint.kind.clone()).unwrap_or_default();
                letters.into_iter().for_each(|letter| letter.piece.settle());
                if self.say.refused.may(now) {
                    let documents = std::mem::take(&mut self.refusals);
                    tracing::warn!(
                        output,
                        documents,
                        reason = last,
                        dead_letters = path,
                        "engine refuses documents, they are kept"
                    );
                }
                if kept.dropped > 0 && self.say.dropped.may(now) {
                    tracing::error!(
                        output,
                        documents = kept.dropped,
                        dead_letters = path,
                        "dead letters are full, refused documents are lost"
                    );
                }
            }
            Err(error) => {
                self.letters.splice(0..0, letters);
                self.write_again = Some(now + self.write_backoff.next(random()));
                if self.say.unwritable.may(now) {
                    tracing::error!(output, %error, dead_letters = path, "cannot keep refused documents, they wait");
                }
            }
        }
    }
}

fn retried(output: &str, reason: &str, documents: usize) {
    metrics::counter(metrics::RETRIES, &[output, reason]).increment(documents as u64);
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
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

async fn send(
    client: &Client,
    config: &Config,
    counts: &Counts,
    label: &str,
    request: &Request,
) -> Result<Reply, Failure> {
    let frames: Frames = request.frames().collect();
    let start = Instant::now();
    crash_point("bulk.before_send");
    let answer = client.send_pressed(&config.bulk_path, NDJSON, frames).await;
    counts.seconds.record(start.elapsed().as_secs_f64());
    let status = answer.as_ref().map_or("error".into(), |answer| answer.status.to_string());
    metrics::counter(metrics::REQUESTS, &[label, &status]).increment(1);
    let answer = answer?;
    counts.bytes.increment(answer.sent);
    Ok(reply::read(answer.status, &answer.body, request.docs(), &config.refused_too))
}
