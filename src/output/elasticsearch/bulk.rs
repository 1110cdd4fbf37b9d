//! The sending loop: carries batches into the `dispatch`, its requests to the engine, and the answers back.
//!
//! A request leaves as soon as the engine is free and takes everything that waits; there is no timer to tune.
//! The loop is one task and owns all state; requests, the queue on disk and the writing of dead letters run beside it
//! and come back with what they were given. What happens when is decided by `dispatch`; here it is done. When the time to
//! stop is over, what has no verdict goes to the queue on disk; without one it is dropped, its receipts are forgotten,
//! and it is read again at the next start.

mod stopping;

use super::client::{Client, Failure, Frames, random};
use super::config::Config;
use super::dispatch::{Answer, Dispatch, Done, Job, Silence, Situation};
use super::expiry;
use super::health::Health;
use super::outbox::Request;
use super::reply::{self, Reply};
use super::setup::{self, SetupConfig};
use crate::backoff::Backoff;
use crate::channel::{Empty, Receiver, Stop, StopSwitch};
use crate::clock::Clock;
use crate::disk::RealDisk;
use crate::event::Timestamp;
use crate::event::destination::DocBatch;
use crate::output::Wiring;
use crate::output::dead_letter::DeadLetters;
use crate::telemetry::crash::crash_point;
use crate::telemetry::metrics;
use crate::telemetry::metrics::{Counter, Histogram};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

const NDJSON: &str = "application/x-ndjson";
/// Lines printed so long after the start were not sent before it, even if the engine's clock is not ours.
const REPLAY_NS: u64 = 60_000_000_000;
/// The part of the time to stop that is left for putting things away.
const SPILL_PART: u32 = 4;

/// How the loop ended.
enum Ended {
    /// Everything was delivered.
    InTime,
    /// The time to stop is over.
    Late,
    /// Told so.
    AtOnce,
}

/// The output at work.
pub struct Bulk {
    wire: Arc<Wire>,
    dispatch: Dispatch,
    batches: Receiver<DocBatch>,
    tasks: JoinSet<Done>,
    clock: Arc<dyn Clock>,
    stop: Stop,
    shutdown_timeout: Duration,
    /// The time is over: what was sent or asked comes back without an answer.
    cut: StopSwitch,
}

/// The way to the engine.
struct Wire {
    client: Client,
    config: Config,
    label: Arc<str>,
    bytes: Counter,
    seconds: Histogram,
    /// Whether expired days are for us to delete.
    expires_here: watch::Sender<bool>,
}

impl Bulk {
    pub fn new(client: Client, config: Config, wiring: Wiring) -> Bulk {
        let now = Instant::now();
        let label = wiring.label;
        let alarm_after_ns = wiring.clock.now_ns().saturating_add(REPLAY_NS);
        let situation = Situation {
            alarm_after_ns: (!config.own_ids).then_some(alarm_after_ns),
            index_pattern: config.index_pattern.clone(),
            prepares: config.setup.is_some(),
            bulk_bytes_max: config.bulk_bytes_max,
            bulk_requests_max: config.bulk_requests_max,
            retry: Backoff::new(config.retry_initial, config.retry_max),
            budget: wiring.budget,
            spool: wiring.spool,
            persisted: wiring.persisted,
            health: Health::new(label.clone(), client.addresses(), wiring.readiness, now),
            writer: DeadLetters::new(Arc::new(RealDisk), &wiring.data, &label, wiring.dead_letters),
            label: label.clone(),
        };
        let bytes = metrics::counter(metrics::BYTES_SENT, &[&label]);
        let seconds = metrics::histogram(metrics::REQUEST_SECONDS, &[&label]);
        Bulk {
            dispatch: Dispatch::new(situation, now),
            wire: Arc::new(Wire { client, config, label, bytes, seconds, expires_here: watch::Sender::new(false) }),
            batches: wiring.batches,
            tasks: JoinSet::new(),
            clock: wiring.clock,
            stop: wiring.stop,
            shutdown_timeout: wiring.shutdown_timeout,
            cut: StopSwitch::default(),
        }
    }

    /// Runs until everything is delivered and no more can come, or the time to stop is over.
    pub async fn run(mut self) {
        let (wire, stop, patience) = (self.wire.clone(), self.stop.clone(), self.patience());
        let clock = self.clock.clone();
        let over = async {
            stop.stopped().await;
            tokio::time::sleep(patience).await;
        };
        let ended = tokio::select! {
            () = self.carry() => Ended::InTime,
            () = wire.client.watch() => Ended::InTime,
            () = wire.expire(&*clock) => Ended::InTime,
            () = over => Ended::Late,
            () = stop.at_once() => Ended::AtOnce,
        };
        match ended {
            Ended::InTime => self.put_away().await,
            Ended::Late => {
                self.collect().await;
                self.put_away().await;
            }
            Ended::AtOnce => self.let_go().await,
        }
    }

    /// How long to go on when it is time to stop.
    fn patience(&self) -> Duration {
        let patience = self.shutdown_timeout;
        if self.dispatch.spools() { patience - (patience / SPILL_PART).min(stopping::SPILL_TIMEOUT) } else { patience }
    }

    async fn carry(&mut self) {
        let stop = self.stop.clone();
        loop {
            let now = Instant::now();
            while let Some(job) = self.dispatch.next(now) {
                self.launch(job);
            }
            if self.dispatch.is_done() {
                return;
            }
            let due = self.dispatch.due(now);
            let (wants_more, is_hurried) = (self.dispatch.wants_more(now), self.dispatch.is_hurried());
            tokio::select! {
                biased;
                Some(done) = self.tasks.join_next() => match done {
                    Ok(done) => self.done(done),
                    Err(error) => tracing::error!(output = &*self.wire.label, %error, "a request's task failed"),
                },
                batch = self.batches.recv_async(), if wants_more => self.came(batch),
                () = sleep_until(due), if due.is_some() => {}
                () = stop.stopped(), if !is_hurried => self.dispatch.hurry(Instant::now()),
            }
            self.take_waiting();
        }
    }

    fn done(&mut self, done: Done) {
        self.dispatch.done(done, self.wire.client.any_up(), Instant::now(), random());
    }

    /// `None`: the workers are gone.
    fn came(&mut self, batch: Option<DocBatch>) {
        match batch {
            Some(batch) => self.dispatch.put(batch, Instant::now()),
            None => self.dispatch.close(),
        }
    }

    /// Everything that waits in the pipe, up to a full request.
    fn take_waiting(&mut self) {
        while self.dispatch.wants_more(Instant::now()) {
            match self.batches.try_recv() {
                Ok(batch) => self.came(Some(batch)),
                Err(Empty::Waiting) => return,
                Err(Empty::Closed) => self.came(None),
            }
        }
    }

    fn launch(&mut self, job: Job) {
        let wire = self.wire.clone();
        match job {
            Job::Send(request) => {
                let cut = self.cut.listener();
                self.tasks.spawn(async move {
                    let answer = tokio::select! {
                        answer = wire.send(&request) => answer,
                        () = cut.stopped() => return Done::Stopped(request),
                    };
                    Done::Answered { request, answer: answered(answer) }
                });
            }
            Job::Prepare => {
                let cut = self.cut.listener();
                self.tasks.spawn(async move {
                    let Some(setup) = &wire.config.setup else { return Done::Reachable };
                    let report = tokio::select! {
                        report = setup::ensure(&wire.client, setup) => report,
                        () = cut.stopped() => return Done::Reachable,
                    };
                    if let Ok(report) = &report {
                        wire.expires_here.send_replace(report.expires_here);
                    }
                    Done::Prepared(report)
                });
            }
            Job::Reach => {
                let cut = self.cut.listener();
                self.tasks.spawn(async move {
                    tokio::select! {
                        () = wire.client.reachable() => {}
                        () = cut.stopped() => {}
                    }
                    Done::Reachable
                });
            }
            Job::Spool(job) => _ = self.tasks.spawn_blocking(move || Done::Spooled(job.run())),
            Job::Write(writing) => {
                let time = Timestamp::from_nanos(self.clock.now_ns());
                self.tasks.spawn_blocking(move || writing.run(time));
            }
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

fn answered(answer: Result<Reply, Failure>) -> Answer {
    let failure = match answer {
        Ok(reply) => return Answer::Reply(reply),
        Err(failure) => failure,
    };
    let silence = match &failure {
        Failure::Cut(_) => Silence::Cut,
        Failure::TimedOut(_) | Failure::TooLong(_) => Silence::Slow,
        Failure::Connect(_) => Silence::Unconnected,
        Failure::Nowhere => Silence::Nowhere,
    };
    Answer::None(silence, failure.to_string())
}

impl Wire {
    /// Never ends.
    async fn expire(&self, clock: &dyn Clock) {
        match self.config.setup.as_ref().and_then(SetupConfig::expiring) {
            Some(pattern) => {
                expiry::watch(&self.client, pattern, &self.label, clock, self.expires_here.subscribe()).await;
            }
            None => std::future::pending().await,
        }
    }

    async fn send(&self, request: &Request) -> Result<Reply, Failure> {
        let frames: Frames = request.frames().collect();
        let start = Instant::now();
        crash_point("bulk.before_send");
        let answer = self.client.send_pressed(&self.config.bulk_path, NDJSON, frames).await;
        self.seconds.record(start.elapsed().as_secs_f64());
        let status = answer.as_ref().map_or("error".into(), |answer| answer.status.to_string());
        metrics::counter(metrics::REQUESTS, &[&self.label, &status]).increment(1);
        let answer = answer?;
        self.bytes.increment(answer.sent);
        Ok(reply::read(answer.status, &answer.body, request.docs(), &self.config.refused_too))
    }
}
