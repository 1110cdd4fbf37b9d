//! One container, from the moment it is known until it is removed: one task, which opens its log again and again.
//!
//! A *round* inspects the container, opens its log from the smaller of its cursors, and reads to the end of the answer. A clean end
//! is not the end of the log: the engine stops, some engines end a stream early, a follower can miss the last line. So after an
//! answer that followed, the container is inspected again; only an answer that did not follow, of a container that has ended, is
//! complete. Then the follower is *parked* until the watcher nudges it: the container was started again, or is gone.
//!
//! Invariant: a line that was judged new is handed over before the next answer is opened (the cursor is beyond it).

use super::client::{Failure, Heard, Inspected, LogStream};
use super::discover::Phase;
use super::frames::{LineReader, RawLine, Stream};
use super::origin::Origin;
use super::shared::{Lease, Over, Shared};
use super::tap::{self, Tap};
use crate::backoff::Backoff;
use futures_util::FutureExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Between two rounds that brought nothing.
const ROUND_FIRST: Duration = Duration::from_millis(50);
const ROUND_LONGEST: Duration = Duration::from_secs(30);
/// A stream that is silent for so long is compared with the log's last record: followers are known to stall.
const STALL_LIMIT: Duration = Duration::from_secs(120);
/// What a stalled stream is given to bring the record after all.
const STALL_GRACE: Duration = Duration::from_secs(2);
/// A line that is longer than this while it has no end needs room in the budget.
const LONG_BYTES: usize = 32 * 1024;
/// How long a long line that does not go on may keep that room while others need it.
const LEASE_PATIENCE: Duration = Duration::from_secs(5);
/// An idle stream makes room for others after it was open so long.
const TURN: Duration = Duration::from_secs(1);

/// What the watcher tells a follower.
#[derive(Debug, Default)]
pub struct Mail {
    nudged: Notify,
    name: Mutex<Option<String>>,
    started: AtomicBool,
    parked: AtomicBool,
}

impl Mail {
    /// Something happened to the container: look again.
    pub fn nudge(&self) {
        self.nudged.notify_one();
    }

    /// It was started: it has, or had, something to say.
    pub fn start(&self) {
        self.started.store(true, Ordering::Release);
        self.nudge();
    }

    pub fn rename(&self, name: &str) {
        *self.name.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.to_string());
    }

    /// The follower waits for a nudge.
    pub fn is_parked(&self) -> bool {
        self.parked.load(Ordering::Acquire)
    }

    fn take_name(&self) -> Option<String> {
        self.name.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What to do after a round.
enum Next {
    /// Another round, at once or after a while.
    Again,
    Later,
    Park,
    /// The container is removed.
    Gone,
}

/// How reading an answer ended.
enum Ending {
    /// As the engine meant it to.
    Complete,
    /// The connection or the stream broke.
    Cut,
    /// Others need the stream more.
    Yielded,
}

pub struct Follower {
    shared: Arc<Shared>,
    id: String,
    mail: Arc<Mail>,
    origin: Option<Origin>,
    /// stdout and stderr; with a TTY stdout alone; none before the container was inspected.
    taps: Vec<Tap>,
    backoff: Backoff,
    /// The reader of an answer that followed and ended well: if the container is removed, open lines in it were the last.
    last_reader: Option<LineReader>,
    /// The container has run, and its log was not read to an end since.
    unread: bool,
    said_unreadable: bool,
    /// For a long line that has no end yet.
    lease: Option<Lease>,
}

impl Follower {
    pub fn new(shared: Arc<Shared>, id: String, mail: Arc<Mail>) -> Follower {
        Follower {
            shared,
            id,
            mail,
            origin: None,
            taps: Vec::new(),
            backoff: Backoff::new(ROUND_FIRST, ROUND_LONGEST),
            last_reader: None,
            unread: false,
            said_unreadable: false,
            lease: None,
        }
    }

    /// Until the container is removed, or the input is over.
    pub async fn run(mut self) {
        while let Ok(next) = self.round().await {
            let waited = match next {
                Next::Again => Ok(()),
                Next::Later => self.wait().await,
                Next::Park => self.park().await,
                Next::Gone => return self.bury().await,
            };
            if waited.is_err() {
                return;
            }
        }
    }

    async fn round(&mut self) -> Result<Next, Over> {
        let shared = Arc::clone(&self.shared);
        // What it was nudged for until now is seen by this round.
        let _ = self.mail.nudged.notified().now_or_never();
        self.unread |= self.mail.started.swap(false, Ordering::AcqRel);
        let _turn = shared.or_over(shared.streams.take()).await?;
        let inspected = match shared.or_over(shared.client.inspect(&self.id)).await? {
            Ok(inspected) => inspected,
            Err(failure) => return Ok(self.failed(&failure)),
        };
        let (phase, tty) = (inspected.phase, inspected.tty);
        self.meet(inspected);
        if phase == Phase::Created {
            return Ok(Next::Park);
        }
        self.last_reader = None;
        let since = self.taps.iter().map(|tap| tap.cursor.since()).min().unwrap_or(0);
        let follow = phase == Phase::Running;
        match shared.or_over(shared.client.logs(&self.id, since, follow)).await? {
            Ok(log) => self.attach(log, follow, tty).await,
            Err(failure) => Ok(self.failed(&failure)),
        }
    }

    fn failed(&mut self, failure: &Failure) -> Next {
        match failure {
            Failure::Gone => Next::Gone,
            Failure::NoLogs(why) => {
                if !std::mem::replace(&mut self.said_unreadable, true) {
                    tracing::warn!(
                        container = self.id,
                        why,
                        "the container's log driver keeps no log that can be read"
                    );
                }
                self.unread = false;
                Next::Park
            }
            Failure::Refused(why) => {
                if self.backoff.tries() == 0 {
                    tracing::warn!(container = self.id, why, "the engine refuses the container's log; trying again");
                }
                Next::Later
            }
            // The watcher says it, once for all containers.
            Failure::Away(_) => Next::Later,
        }
    }

    /// Takes over what the container says of itself.
    fn meet(&mut self, inspected: Inspected) {
        let Inspected { origin, tty, .. } = inspected;
        if self.taps.is_empty() {
            let streams = if tty { &Stream::BOTH[..1] } else { &Stream::BOTH[..] };
            self.taps = streams.iter().map(|stream| Tap::new(*stream, &origin, &self.shared)).collect();
        } else if self.origin.as_ref() != Some(&origin) {
            self.taps.iter_mut().for_each(|tap| tap.rename(&origin, &self.shared));
        }
        self.mail.take_name();
        self.origin = Some(origin);
    }

    async fn attach(&mut self, mut log: LogStream, follow: bool, tty: bool) -> Result<Next, Over> {
        let repeats = self.shared.engine.borrow().as_ref().is_none_or(|engine| engine.repeats());
        self.taps.iter_mut().for_each(|tap| tap.cursor.attach(repeats));
        let mut reader = LineReader::new(tty, self.shared.config.line_bytes_max);
        let before: Vec<_> = self.taps.iter().map(|tap| tap.cursor.at()).collect();
        let gauge = self.shared.counters.sources.clone();
        gauge.increment(self.taps.len() as f64);
        let ended = self.read(&mut log, &mut reader, follow).await;
        gauge.decrement(self.taps.len() as f64);
        if !matches!(ended, Ok(Ending::Complete)) {
            // What had no end is read again.
            self.lease = None;
        }
        let ending = ended?;
        if self.taps.iter().map(|tap| tap.cursor.at()).ne(before) {
            self.backoff.reset();
        }
        match ending {
            Ending::Complete if follow => {
                self.unread = false;
                self.flush(&reader).await?;
                self.last_reader = Some(reader);
                Ok(Next::Later)
            }
            Ending::Complete => self.complete(reader).await,
            Ending::Cut => self.flush(&reader).await.map(|()| Next::Later),
            Ending::Yielded => Ok(Next::Again),
        }
    }

    /// The log of a container that has ended was read to its end.
    async fn complete(&mut self, mut reader: LineReader) -> Result<Next, Over> {
        if !self.finish(&mut reader) {
            return self.flush(&reader).await.map(|()| Next::Later);
        }
        self.unread = false;
        for tap in &mut self.taps {
            tap.flush(&self.shared, true, self.lease.as_ref()).await?;
            tap.cursor.rest();
        }
        Ok(Next::Park)
    }

    /// Lines that are still open have ended.
    fn finish(&mut self, reader: &mut LineReader) -> bool {
        let (taps, shared) = (&mut self.taps, &self.shared);
        reader.finish(&mut |line| keep(taps, line, shared))
    }

    async fn read(&mut self, log: &mut LogStream, reader: &mut LineReader, follow: bool) -> Result<Ending, Over> {
        loop {
            let heard = match log.heard_now().await {
                Some(heard) => heard,
                None => match self.idle(log, reader, follow).await? {
                    Some(heard) => heard,
                    None => return Ok(Ending::Yielded),
                },
            };
            match heard {
                Ok(Heard::Data) => {}
                Ok(Heard::End) => return Ok(Ending::Complete),
                Err(error) => {
                    tracing::debug!(container = self.id, %error, "the log stream broke off");
                    return Ok(Ending::Cut);
                }
            }
            let (taps, shared) = (&mut self.taps, &self.shared);
            let fed = log.take(&mut |bytes: &[u8]| reader.feed(bytes, &mut |line| keep(taps, line, shared)));
            if let Err(broken) = fed {
                tracing::warn!(container = self.id, %broken, "the log stream cannot be read on; opening it again");
                return Ok(Ending::Cut);
            }
            if self.shared.wiring.stop.is_stopped() {
                return Err(Over);
            }
            let chunk_bytes = self.shared.chunk_bytes();
            if self.taps.iter().any(|tap| tap.is_full(chunk_bytes)) {
                self.flush(reader).await?;
            }
            if reader.held_bytes() > LONG_BYTES && self.lease.is_none() {
                self.flush(reader).await?;
                self.lease = Some(self.shared.lease().await?);
            }
        }
    }

    /// The socket is empty: what was collected goes, at once. Then waits for more; `None`: the stream is to be given up.
    async fn idle(
        &mut self,
        log: &mut LogStream,
        reader: &LineReader,
        follow: bool,
    ) -> Result<Option<std::io::Result<Heard>>, Over> {
        // The engine writes line by line: let it write one more before a chunk is made of this one.
        tokio::task::yield_now().await;
        if let Some(heard) = log.heard_now().await {
            return Ok(Some(heard));
        }
        self.flush(reader).await?;
        log.rest();
        let shared = Arc::clone(&self.shared);
        let since = Instant::now();
        loop {
            let waited = tokio::select! {
                biased;
                () = shared.wiring.stop.stopped() => return Err(Over),
                heard = log.heard() => {
                    self.rename();
                    return Ok(Some(heard));
                }
                () = shared.streams.asked() => since.elapsed() > TURN,
                () = tokio::time::sleep(LEASE_PATIENCE), if self.lease.is_some() => shared.wiring.budget.is_pressed(),
                () = tokio::time::sleep(STALL_LIMIT) => follow && self.has_stalled(log, reader).await,
            };
            if waited {
                return Ok(None);
            }
        }
    }

    /// The log has a record that this stream should have brought.
    async fn has_stalled(&mut self, log: &mut LogStream, reader: &LineReader) -> bool {
        let newer = tokio::time::timeout(STALL_LIMIT, self.has_newer(reader)).await;
        if newer != Ok(true) || tokio::time::timeout(STALL_GRACE, log.heard()).await.is_ok() {
            return false;
        }
        tracing::warn!(container = self.id, "the log stream has stalled; opening it again");
        true
    }

    async fn has_newer(&self, reader: &LineReader) -> bool {
        let Ok(mut last) = self.shared.client.last_log(&self.id).await else { return false };
        let mut newer = false;
        let mut compare = |line: RawLine<'_>| {
            let behind = self.taps.iter().filter(|tap| tap.stream() == line.stream && !reader.is_open(line.stream));
            newer |= behind.map(|tap| tap.cursor.at().map_or(0, |at| at.at)).any(|at| line.time > at);
        };
        let tty = self.taps.len() == 1;
        let mut last_reader = LineReader::new(tty, self.shared.config.line_bytes_max);
        while matches!(last.heard().await, Ok(Heard::Data)) {
            if last.take(&mut |bytes: &[u8]| last_reader.feed(bytes, &mut compare)).is_err() {
                break;
            }
        }
        last_reader.finish(&mut compare);
        newer
    }

    async fn flush(&mut self, reader: &LineReader) -> Result<(), Over> {
        for tap in &mut self.taps {
            tap.flush(&self.shared, false, self.lease.as_ref()).await?;
        }
        if reader.held_bytes() <= LONG_BYTES {
            self.lease = None;
        }
        let latest = self.taps.iter().filter_map(|tap| tap.cursor.at()).map(|at| at.at).max().unwrap_or(0);
        for tap in self.taps.iter_mut().filter(|tap| !reader.is_open(tap.stream())) {
            tap.pass(latest, &self.shared);
        }
        self.rename();
        Ok(())
    }

    /// Lines that come from now on carry the container's new name. Nothing is collected when it is called.
    fn rename(&mut self) {
        if let (Some(name), Some(origin)) = (self.mail.take_name(), &mut self.origin) {
            origin.name = name;
            self.taps.iter_mut().for_each(|tap| tap.rename(origin, &self.shared));
        }
    }

    /// Until the next round: longer each time that nothing came, and not before the engine answers.
    async fn wait(&mut self) -> Result<(), Over> {
        let mut engine = self.shared.engine.clone();
        let pause = self.backoff.next(self.shared.random());
        let ready = async {
            tokio::time::sleep(pause).await;
            // An error means that the watcher has ended, and so will we.
            engine.wait_for(Option::is_some).await.map_err(|_| Over).map(|_| ())
        };
        self.shared.or_over(ready).await?
    }

    async fn park(&mut self) -> Result<(), Over> {
        // The watcher wakes a parked follower whose container runs; not one whose log can never be read.
        self.mail.parked.store(!self.said_unreadable, Ordering::Release);
        let nudged = self.shared.or_over(self.mail.nudged.notified()).await;
        self.mail.parked.store(false, Ordering::Release);
        self.backoff.reset();
        nudged
    }

    /// The container is removed: its last lines are handed over, and its positions forgotten.
    async fn bury(mut self) {
        if let Some(mut reader) = self.last_reader.take() {
            self.finish(&mut reader);
        }
        if self.unread {
            self.shared.counters.gap("removed", 0.0);
            tracing::warn!(container = self.id, "the container was removed before its log was read to its end");
        }
        for tap in &mut self.taps {
            if tap.flush(&self.shared, true, self.lease.as_ref()).await.is_err() {
                return;
            }
        }
        Stream::BOTH.iter().for_each(|stream| self.shared.wiring.ledger.forget(&tap::key(&self.id, *stream)));
    }
}

/// Gives a line to its stream's tap. With a TTY there is stdout alone, and no reader says otherwise.
fn keep(taps: &mut [Tap], line: RawLine<'_>, shared: &Shared) {
    if let Some(tap) = taps.get_mut(line.stream as usize) {
        tap.keep(line, shared);
    }
}
