//! One container, from the moment it is known until it is removed: one task, which opens its log again and again.
//!
//! A *round* inspects the container and reads its log from the smaller of its cursors: from disk (`files`) or from the engine
//! (`stream`), whichever the setting `read` and the container allow. When the log of a container that has ended was read to
//! its end, the follower is *parked* until the watcher nudges it: the container was started again, or is gone.
//!
//! Invariant: a line that was judged new is handed over before the log is opened again (the cursor is beyond it).

mod doubt;
mod files;
mod stream;

use super::client::{Failure, Inspected};
use super::discover::Phase;
use super::frames::LineReader;
use super::joiner::Stream;
use super::json_file::JsonLog;
use super::shared::{Counted, Over, Shared};
use super::skips::Skips;
use super::tap;
use super::taps::Taps;
use super::way::{Found, JSON_FILE, Read, Way};
use crate::backoff::Backoff;
use futures_util::FutureExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Between two rounds that brought nothing.
const ROUND_FIRST: Duration = Duration::from_millis(50);
const ROUND_LONGEST: Duration = Duration::from_secs(30);
/// An idle reader makes room for others after it was open so long.
const TURN: Duration = Duration::from_secs(1);

/// How long a long line that does not go on may keep its room while others need it.
const OPEN_PATIENCE: Duration = Duration::from_secs(5);

/// What the watcher tells a follower.
#[derive(Debug, Default)]
pub struct Mail {
    nudged: Notify,
    name: Mutex<Option<String>>,
    /// It was started, and nobody has met it running since.
    started: AtomicBool,
    /// The follower has met it running, and it was not heard to end since: a start that is heard now is the one that led to that.
    met: AtomicBool,
    parked: AtomicBool,
    left: AtomicBool,
    leaving: Notify,
}

impl Mail {
    /// Something happened to the container: look again.
    pub fn nudge(&self) {
        self.nudged.notify_one();
    }

    /// It was started: it has, or had, something to say.
    pub fn start(&self) {
        if !self.met.load(Ordering::Acquire) {
            self.started.store(true, Ordering::Release);
        }
        self.nudge();
    }

    /// It has ended.
    pub fn end(&self) {
        self.met.store(false, Ordering::Release);
        self.nudge();
    }

    /// The follower reads what it says in this life.
    fn meet(&self) {
        self.met.store(true, Ordering::Release);
        self.started.store(false, Ordering::Release);
    }

    pub fn rename(&self, name: &str) {
        *self.name.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.to_string());
    }

    /// It is not wanted any more.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Release);
        self.leaving.notify_one();
        self.nudge();
    }

    /// The follower waits for a nudge.
    pub fn is_parked(&self) -> bool {
        self.parked.load(Ordering::Acquire)
    }

    fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
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
    /// It is not wanted any more.
    Leave,
}

/// How reading a log ended.
enum Ending {
    /// As the engine meant it to.
    Complete,
    /// The connection or the stream broke.
    Cut,
    /// Others need the open file more.
    Yielded,
    /// There is no room for the lines that are open.
    Crowded,
    /// Lines that were taken for repeated ones are to be read again.
    Astray,
    /// Lines seem to have been left out.
    Skipped,
    Left,
}

pub struct Follower {
    shared: Arc<Shared>,
    id: String,
    mail: Arc<Mail>,
    /// `None` before the container was inspected.
    taps: Option<Taps>,
    backoff: Backoff,
    /// The reader of an answer that followed and ended well: if the container is removed, open lines in it were the last.
    last_reader: Option<LineReader>,
    skips: Skips,
    /// What it said of itself before it was started.
    unborn: Option<Inspected>,
    /// The container has run, and its log was not read to an end since.
    unread: bool,
    said_unreadable: bool,
    /// The way that was said last.
    said_way: Option<(&'static str, &'static str)>,
    reading: Option<Counted>,
}

impl Follower {
    pub fn new(shared: Arc<Shared>, id: String, mail: Arc<Mail>) -> Follower {
        Follower {
            shared,
            id,
            mail,
            taps: None,
            backoff: Backoff::new(ROUND_FIRST, ROUND_LONGEST),
            last_reader: None,
            skips: Skips::default(),
            unborn: None,
            unread: false,
            said_unreadable: false,
            said_way: None,
            reading: None,
        }
    }

    /// Until the container is removed or not wanted any more, or the input is over.
    pub async fn run(mut self) {
        while let Ok(next) = self.round().await {
            let waited = match next {
                Next::Again => Ok(()),
                Next::Later => self.wait().await,
                Next::Park => self.park().await,
                Next::Gone => return self.bury().await,
                Next::Leave => return self.leave().await,
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
        if self.mail.has_left() {
            return Ok(Next::Leave);
        }
        self.unread |= self.mail.started.swap(false, Ordering::AcqRel);
        let turn = shared.or_over(shared.streams.take()).await?;
        let inspected = match self.born() {
            Some(inspected) => inspected,
            None => match shared.or_over(shared.client.inspect(&self.id)).await? {
                Ok(inspected) => inspected,
                Err(failure) => return Ok(self.failed(&failure)),
            },
        };
        self.meet(&inspected);
        match inspected.phase {
            Phase::Created => {
                self.unborn = Some(inspected);
                return Ok(Next::Park);
            }
            Phase::Running => {
                self.mail.meet();
                self.unread = true;
            }
            Phase::Ended => {}
        }
        self.last_reader = None;
        let found = self.find(&inspected).await?;
        self.say_way(&found);
        match found.way {
            Way::File(path, log) => self.read_files(path, *log, &inspected, turn).await,
            Way::Api => self.read_stream(&inspected).await,
            Way::None(why) => Ok(self.failed(&Failure::NoLogs(why))),
            Way::NotYet(_) => Ok(Next::Later),
        }
    }

    /// A container that was just started, as far as it is known what the engine would say of it. Each question waits there until
    /// the start is over; of one that lives a moment and removes itself nothing is left by the second answer. Where a file is to
    /// be found, the engine must say which.
    fn born(&mut self) -> Option<Inspected> {
        let mut inspected = self.unborn.take()?;
        let asks_the_engine = self.shared.config.read == Read::Api || inspected.driver != JSON_FILE;
        // Where its log will be is known when it runs, and is a field of its events with Filebeat's.
        let lacks_path =
            self.shared.config.look.filebeat_fields && inspected.driver == JSON_FILE && inspected.log_path.is_none();
        if !self.unread || !asks_the_engine || lacks_path {
            return None;
        }
        inspected.phase = Phase::Running;
        if let Some(name) = self.mail.take_name() {
            inspected.origin.name = name;
        }
        Some(inspected)
    }

    /// Where the log is read from.
    async fn find(&mut self, inspected: &Inspected) -> Result<Found, Over> {
        let (shared, id) = (Arc::clone(&self.shared), self.id.clone());
        let (read, folder) = (shared.config.read, shared.config.containers_path.clone());
        let (driver, log_path) = (inspected.driver.clone(), inspected.log_path.clone());
        let (since, places) = (self.taps.as_ref().map_or(0, Taps::since), shared.streams.places());
        let open = move |path: &std::path::Path| JsonLog::open(path, since, places.clone());
        shared.on_disk(move || Found::find(read, &driver, log_path.as_deref(), &folder, &id, open)).await
    }

    /// Which way the container is read and why: in the log when it changes, in the gauge as long as it is so.
    fn say_way(&mut self, found: &Found) {
        let (way, why) = (found.way.name(), found.why);
        if self.said_way == Some((way, why)) {
            return;
        }
        self.said_way = Some((way, why));
        self.reading = Some(Counted::reading(way, why));
        let name = self.taps.as_ref().map_or("", |taps| &taps.origin().name);
        match &found.way {
            Way::NotYet(error) => {
                tracing::warn!(
                    container = self.id,
                    name,
                    why,
                    error,
                    "the container's log file cannot be read; trying again"
                );
            }
            _ => tracing::info!(container = self.id, name, read = way, why, "reads the container's log"),
        }
    }

    fn failed(&mut self, failure: &Failure) -> Next {
        match failure {
            Failure::Gone => Next::Gone,
            Failure::NoLogs(why) => {
                if !std::mem::replace(&mut self.said_unreadable, true) {
                    tracing::warn!(container = self.id, why, "the container keeps no log that can be read");
                }
                self.unread = false;
                self.reading = None;
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
    fn meet(&mut self, inspected: &Inspected) {
        let origin = inspected.origin.clone();
        match &mut self.taps {
            None => {
                self.shared.counters.labels(&origin);
                let hints = self.shared.hints(&origin, &inspected.hints);
                self.taps = Some(Taps::new(origin, hints, inspected.tty, &self.shared));
            }
            Some(taps) => taps.rename(origin, &self.shared),
        }
        self.mail.take_name();
    }

    /// Lines that come from now on carry the container's new name. Nothing is collected when it is called.
    fn rename(&mut self) {
        if let (Some(name), Some(taps)) = (self.mail.take_name(), &mut self.taps) {
            let origin = crate::input::origin::Origin { name, ..taps.origin().clone() };
            taps.rename(origin, &self.shared);
        }
    }

    /// If the container turns out to be our own, it is left, for good.
    fn leave_ourselves(&self) {
        if self.taps.as_ref().is_some_and(Taps::are_ours) && !self.mail.has_left() {
            let name = self.taps.as_ref().map_or("", |taps| &taps.origin().name);
            tracing::info!(container = self.id, name, "this is our own container: it is not followed");
            self.shared.ourselves.remember(&self.id, &self.shared.wiring);
            self.mail.leave();
        }
    }

    /// No more than what is open fits into memory: waits until it does, and reads those lines again.
    async fn make_room(&mut self) -> Result<Next, Over> {
        let shared = Arc::clone(&self.shared);
        tracing::debug!(container = self.id, "no room for a long line; reading it again when there is");
        let Some(taps) = &mut self.taps else { return Ok(Next::Again) };
        shared.or_over(taps.wait_for_room(shared.config.line_bytes_max)).await.map(|()| Next::Again)
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
        if let (Some(mut reader), Some(taps)) = (self.last_reader.take(), &mut self.taps) {
            reader.finish(&mut |line| taps.keep(line, &self.shared));
        }
        if self.unread {
            let nameless = || Taps::new(nameless(&self.id), None, false, &self.shared);
            self.taps.get_or_insert_with(nameless).removed(&self.shared);
        }
        if let Some(taps) = &mut self.taps
            && taps.end(&self.shared).await.is_err()
        {
            return;
        }
        Stream::BOTH.iter().for_each(|stream| self.shared.wiring.ledger.forget(&tap::key(&self.id, *stream)));
    }

    /// The container is not wanted any more: its positions stay, for the case that it is again.
    async fn leave(mut self) {
        if let Some(taps) = &mut self.taps {
            // An error means that the input is over.
            let _ = taps.end(&self.shared).await;
        }
    }
}

/// A container that was gone before it could be asked.
fn nameless(id: &str) -> crate::input::origin::Origin {
    crate::input::origin::Origin { id: id.to_string(), ..Default::default() }
}
