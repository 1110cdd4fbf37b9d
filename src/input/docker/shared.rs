//! What the watcher and all followers of one docker input share.

use super::Config;
use super::client::{Client, Engine};
use super::discover::Candidate;
use super::hints;
use crate::event::chunk::Chunk;
use crate::event::hints::Hints;
use crate::input::origin::Origin;
use crate::input::watch::Bells;
use crate::input::{ROOM_PATIENCE, Wiring};
use crate::position::{Position, SourceKey};
use crate::telemetry::logging;
use crate::telemetry::metrics;
use crate::telemetry::metrics::{Counter, Gauge};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

/// While we stop, a chunk that its worker has no room for may wait this long.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// How often a follower that waits for a stream asks an idle one to make room.
const ASK_INTERVAL: Duration = Duration::from_secs(1);
/// Descriptors that are not for containers: the runtime's, the outputs' connections, the queue's files, the endpoints.
const FILES_RESERVED: usize = 32;
/// What a container may have open at a time: its log, and a question to the engine.
const FILES_EACH: usize = 2;
const STREAMS_MIN: usize = 4;
const STREAMS_MAX: usize = 2000;
/// Threads that read files for one input at a time: a slow disk holds up nobody else.
const DISK_READERS_MAX: usize = 4;
/// Of a system that does not tell.
const FILES_DEFAULT: usize = 1024;

/// A chunk is handed over when it has this much, or when the socket has nothing more.
const CHUNK_BYTES_MAX: usize = 128 * 1024;
/// With many streams open chunks are smaller, but not smaller than this.
const CHUNK_BYTES_MIN: usize = 16 * 1024;
/// What streams collect before they ask the budget may come to this part of it.
const COLLECTED_PART: usize = 4;

/// Waits for room. Where that takes long, `give_up` is done once, and the wait goes on.
pub async fn with_patience<T>(room: impl Future<Output = T>, give_up: impl FnOnce()) -> T {
    tokio::pin!(room);
    if let Ok(got) = tokio::time::timeout(ROOM_PATIENCE, &mut room).await {
        return got;
    }
    give_up();
    room.await
}

/// The input has ended: it was told to stop, or the workers are gone.
#[derive(Debug)]
pub struct Over;

pub struct Shared {
    pub client: Client,
    pub wiring: Wiring,
    pub config: Config,
    /// Containers never seen before are read from this time on; 0: from their beginning.
    pub since_ns: u64,
    pub streams: Streams,
    /// Wake the readers of files.
    pub bells: Arc<Bells>,
    pub disk: Disk,
    pub counters: Counters,
    pub ourselves: Ourselves,
    /// The engine that answers; `None` while none does.
    pub engine: watch::Receiver<Option<Engine>>,
}

impl Shared {
    /// Whether the pipeline asks for the container, and the container does not ask to be left alone.
    pub fn wants(&self, candidate: &Candidate<'_>) -> bool {
        let Wiring { pipeline, taking_hints, .. } = &self.wiring;
        let is_own = self.config.selection.is_own(candidate) || self.ourselves.is_known(candidate.id, &self.wiring);
        if is_own {
            self.ourselves.seen.store(true, Ordering::Relaxed);
        }
        !is_own
            && self.config.selection.wants(candidate)
            && hints::is_asked(&self.config.hints, candidate.labels, pipeline, taking_hints)
    }

    /// What the container's labels ask for its lines. What is wrong with them is said.
    pub fn hints(&self, origin: &Origin, labels: &HashMap<String, String>) -> Option<Arc<Hints>> {
        if !self.config.hints.enabled {
            return None;
        }
        let read = hints::read(labels, &self.wiring.pipeline, &self.wiring.taking_hints);
        for wrong in &read.wrong {
            let Origin { id: container, name, .. } = origin;
            tracing::warn!(container, name, wrong, "a hint of the container is left out; its lines are read");
        }
        read.hints
    }

    /// Waits for `what`, or until the input is over.
    pub async fn or_over<T>(&self, what: impl Future<Output = T>) -> Result<T, Over> {
        tokio::select! {
            biased;
            () = self.wiring.stop.stopped() => Err(Over),
            done = what => Ok(done),
        }
    }

    /// Does what blocks on the disk.
    pub async fn on_disk<T: Send + 'static>(&self, what: impl FnOnce() -> T + Send + 'static) -> Result<T, Over> {
        let _turn = self.or_over(self.disk.0.acquire()).await?;
        match tokio::task::spawn_blocking(what).await {
            Ok(done) => Ok(done),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    pub async fn take_from_budget(&self, bytes: usize) -> Result<(), Over> {
        self.or_over(self.wiring.budget.take(bytes)).await
    }

    /// What a follower collects for a chunk.
    pub fn chunk_bytes(&self) -> usize {
        let streams = 2 * self.streams.open().max(1);
        let collected = self.wiring.budget.bytes_max() / COLLECTED_PART;
        (collected / streams).clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX)
    }

    /// Gives a chunk to its worker. Its receipt is open already, so stopping waits a little for room.
    pub async fn hand_over(&self, chunk: Chunk) -> Result<(), Over> {
        let patience = async {
            self.wiring.stop.stopped().await;
            tokio::time::sleep(STOP_GRACE).await;
        };
        tokio::select! {
            biased;
            handed = self.wiring.hand_over(chunk) => handed.map_err(|_| Over),
            () = patience => Err(Over),
        }
    }

    /// A line of this time is older than lines may be.
    pub fn is_too_old(&self, time_ns: u64) -> bool {
        let age_max = self.config.max_age_ns;
        age_max.is_some_and(|age_max_ns| time_ns < self.wiring.clock.now_ns().saturating_sub(age_max_ns))
    }

    /// Any number, for jitter.
    pub fn random(&self) -> u64 {
        self.wiring.clock.ticks_ns().wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// How we know ourselves where nothing names our container's id: by what we print. A container that prints it is remembered with
/// the positions, because the next process signs its lines otherwise.
pub struct Ourselves {
    is_in_container: bool,
    /// Our container is known: nobody else can be it, whatever is printed.
    seen: AtomicBool,
}

impl Ourselves {
    pub fn new(is_in_container: bool) -> Ourselves {
        Ourselves { is_in_container, seen: AtomicBool::new(false) }
    }

    /// A container printed one of our own lines, so it is we.
    #[inline]
    pub fn printed(&self, line: &[u8]) -> bool {
        self.is_in_container && !self.seen.load(Ordering::Relaxed) && logging::is_ours(line)
    }

    fn key(id: &str) -> SourceKey {
        SourceKey::new(&format!("docker:self:{id}"))
    }

    fn is_known(&self, id: &str, wiring: &Wiring) -> bool {
        self.is_in_container && wiring.ledger.position(&Ourselves::key(id)).is_some()
    }

    pub fn remember(&self, id: &str, wiring: &Wiring) {
        self.seen.store(true, Ordering::Relaxed);
        let key = Ourselves::key(id);
        wiring.ledger.begin(&key, Position::default());
        // Written down like any other position.
        wiring.ledger.open(&key, Position { at: wiring.clock.now_ns(), ordinal: 0 }, 0).settle();
    }
}

/// The threads that may read files.
pub struct Disk(Semaphore);

impl Disk {
    pub fn new() -> Disk {
        Disk(Semaphore::new(DISK_READERS_MAX))
    }
}

/// Open files that are left, one a permit.
pub type Places = Arc<Semaphore>;

/// The log streams, log files (and inspections) that may be open at a time. Who waits for one gets that of the follower that is
/// idle longest.
pub struct Streams {
    streams_max: usize,
    free: Arc<Semaphore>,
    asked: Notify,
}

impl Streams {
    pub fn new(streams_max: usize) -> Streams {
        Streams { streams_max, free: Arc::new(Semaphore::new(streams_max)), asked: Notify::new() }
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.streams_max.saturating_sub(self.free.available_permits())
    }

    /// For files that are opened before their turn.
    pub fn places(&self) -> Places {
        Arc::clone(&self.free)
    }

    /// Waits for its turn.
    pub async fn take(&self) -> OwnedSemaphorePermit {
        let turn = Arc::clone(&self.free).acquire_owned();
        tokio::pin!(turn);
        loop {
            match tokio::time::timeout(ASK_INTERVAL, &mut turn).await {
                Ok(permit) => return permit.expect("the semaphore is never closed"),
                Err(_) => self.asked.notify_one(),
            }
        }
    }

    /// Waits until somebody needs a stream more than an idle follower does.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }
}

/// How many streams the limit of open files allows, from the text of `/proc/self/limits`.
pub fn streams_max(limits: &str) -> usize {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(FILES_DEFAULT);
    (soft.saturating_sub(FILES_RESERVED) / FILES_EACH).clamp(STREAMS_MIN, STREAMS_MAX)
}

/// Handles of the metrics. Lines and bytes are the workers' to count.
pub struct Counters {
    pub repeated: Counter,
    pub stepped_back: Counter,
    pub sources: Gauge,
    pub connected: Gauge,
    pub reconnects: Counter,
    pub skipped: Counter,
    pub too_old: Counter,
}

impl Counters {
    pub fn new(label: &str) -> Counters {
        Counters {
            repeated: metrics::counter(metrics::DOCKER_REPEATED, &[]),
            stepped_back: metrics::counter(metrics::DOCKER_STEPPED_BACK, &[]),
            sources: metrics::gauge(metrics::SOURCES, &[label]),
            connected: metrics::gauge(metrics::DOCKER_CONNECTED, &[]),
            reconnects: metrics::counter(metrics::DOCKER_RECONNECTS, &[]),
            skipped: metrics::counter(metrics::LINES_SKIPPED, &[label]),
            too_old: metrics::counter(metrics::LINES_TOO_OLD, &[label]),
        }
    }

    /// What of a container's labels its events do not show.
    pub fn labels(&self, origin: &Origin) {
        let Origin { id: container, name, labels, .. } = origin;
        let (left_out, cut) = (labels.left_out, labels.cut);
        if left_out + cut > 0 {
            metrics::counter(metrics::DOCKER_LABELS_BOUNDED, &["left_out"]).increment(left_out);
            metrics::counter(metrics::DOCKER_LABELS_BOUNDED, &["cut"]).increment(cut);
            tracing::info!(container, name, left_out, cut, "the container has more labels than its events show");
        }
    }

    /// A stretch of a log was gone before it could be read.
    pub fn gap(&self, reason: &str, seconds: u64, lines: u64) {
        metrics::counter(metrics::GAPS, &[reason]).increment(1);
        metrics::counter(metrics::GAP_SECONDS, &[reason]).increment(seconds);
        metrics::counter(metrics::GAP_LINES, &[reason]).increment(lines);
    }
}

/// Counts one container in a gauge for as long as it lives.
pub struct Counted(Gauge);

impl Counted {
    /// `read`: `file` or `api`; `why`: one word.
    pub fn reading(read: &str, why: &str) -> Counted {
        let gauge = metrics::gauge(metrics::DOCKER_CONTAINERS, &[read, why]);
        gauge.increment(1.0);
        Counted(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_for_a_stream_gets_an_idle_one() {
        let streams = Arc::new(Streams::new(1));
        let idle = streams.take().await;
        let yielding = tokio::spawn({
            let streams = Arc::clone(&streams);
            async move {
                streams.asked().await;
                drop(idle);
            }
        });
        let turn = streams.take().await;
        yielding.await.unwrap();
        drop(turn);
    }

    #[test]
    fn half_of_the_open_files_that_are_left_may_be_streams() {
        let limits = |soft: &str| format!("Limit   Soft Limit\nMax open files            {soft}     1048576   files\n");
        assert_eq!(streams_max(&limits("64")), 16);
        assert_eq!(streams_max(&limits("5")), STREAMS_MIN);
        assert_eq!(streams_max(&limits("1048576")), STREAMS_MAX);
        assert_eq!(streams_max(&limits("unlimited")), 496);
    }
}
