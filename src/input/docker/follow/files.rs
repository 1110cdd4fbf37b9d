//! A container's log from its files.
//!
//! The end of the file is the end for now: a bell rings when the folder changes, and because notices get lost the file is looked at
//! from time to time all the same. Whether the container has ended the engine says, when the watcher nudges; what the file
//! holds is read even while no engine answers, and even after the container is removed.

use super::super::client::{Failure, Inspected};
use super::super::discover::Phase;
use super::super::json_file::{Glimpse, JsonLog, READ_BYTES, RecordReader, Step};
use super::super::shared::{Over, Shared};
use super::super::taps::Taps;
use super::{Follower, Next, OPEN_PATIENCE, TURN};
use crate::input::watch::Bell;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// How often a file is looked at that the system tells of, and one that it does not tell of.
const LOOK_TOLD: Duration = Duration::from_secs(5);
const LOOK_UNTOLD: Duration = Duration::from_millis(250);
/// The first look at a file that has become quiet: a codec may hold lines until it is known that nothing followed them. Each
/// further look waits half as long again.
const LOOK_FIRST: Duration = Duration::from_millis(510);
/// A log that grows without end is read at most so often: its lines come together then, and one alone waits for nothing.
const PACE: Duration = Duration::from_millis(2);

/// Why a reader at the end of its file looks again.
enum Woken {
    /// The file may have grown.
    Look,
    /// The watcher has news of the container.
    Nudged,
    /// Others need the open file more.
    Asked,
    Left,
}

/// What is known of the container while its file is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Running,
    /// The next end of the file is the end of its log.
    Ended,
    Gone,
}

/// One reading of a container's files.
struct Reading {
    path: PathBuf,
    /// Taken by whoever reads the disk.
    log: Option<JsonLog>,
    reader: RecordReader,
    bell: Bell,
    life: Life,
    /// When the last line came.
    since: Instant,
    /// How long the next look at a quiet file waits, at most.
    calm: Duration,
}

impl Follower {
    pub(super) async fn read_files(
        &mut self,
        path: PathBuf,
        log: JsonLog,
        inspected: &Inspected,
        turn: OwnedSemaphorePermit,
    ) -> Result<Next, Over> {
        let Some(taps) = &mut self.taps else { return Ok(Next::Later) };
        let (shared, count) = (Arc::clone(&self.shared), taps.count() as f64);
        taps.attach(false, &shared);
        let (bells, folder) = (Arc::clone(&shared.bells), path.parent().unwrap_or(&path).to_path_buf());
        let bell = shared.on_disk(move || bells.hang(&folder)).await?;
        let mut reading = Reading {
            path,
            log: Some(log),
            reader: RecordReader::new(inspected.tty, shared.config.line_bytes_max),
            bell,
            life: if inspected.phase == Phase::Running { Life::Running } else { Life::Ended },
            since: Instant::now(),
            calm: LOOK_FIRST,
        };
        shared.counters.sources.increment(count);
        let ended = self.read_on(&mut reading).await;
        shared.counters.sources.decrement(count);
        match ended? {
            Woken::Asked => {
                drop(turn);
                self.rest(reading).await
            }
            Woken::Left => Ok(Next::Leave),
            Woken::Look => self.make_room().await,
            Woken::Nudged => self.close(reading).await,
        }
    }

    /// Reads until there is a reason to stop. `Look`: there is no room for an open line; `Nudged`: the log has ended or cannot be
    /// read.
    async fn read_on(&mut self, reading: &mut Reading) -> Result<Woken, Over> {
        loop {
            let looked_ns = self.shared.wiring.clock.now_ns();
            let step = match reading.step(&self.shared).await? {
                Ok(step) => step,
                Err(error) => {
                    tracing::warn!(container = self.id, path = %reading.path.display(), %error, "the log file cannot be read; trying again");
                    reading.life = Life::Running;
                    return Ok(Woken::Nudged);
                }
            };
            match step {
                Step::Lines(bytes, part) => {
                    (reading.since, reading.calm) = (Instant::now(), LOOK_FIRST);
                    if !self.take(reading, bytes, part).await? {
                        return Ok(Woken::Look);
                    }
                    self.leave_ourselves();
                    if self.mail.has_left() {
                        return Ok(Woken::Left);
                    }
                }
                Step::Jump(jump) => self.taps.iter_mut().for_each(|taps| taps.jump(jump)),
                Step::AtEnd(buffer) => {
                    self.shared.wiring.pool.give(buffer);
                    if let Some(woken) = self.at_end(reading, looked_ns).await? {
                        return Ok(woken);
                    }
                }
            }
        }
    }

    /// Makes lines of what was read. `false`: there is no room for the line that is open.
    async fn take(&mut self, reading: &mut Reading, bytes: Vec<u8>, part: Range<usize>) -> Result<bool, Over> {
        let (Some(taps), shared) = (&mut self.taps, Arc::clone(&self.shared)) else { return Ok(true) };
        let broken = reading.reader.feed(&bytes[part], &mut |line| taps.keep(line, &shared));
        shared.wiring.pool.give(bytes);
        if broken > 0 {
            taps.broken(broken, &shared);
        }
        let is_full = taps.is_full(&shared);
        let has_room = taps.hold(reading.reader.joiners().held());
        if is_full || !has_room {
            self.flush_files(reading).await?;
        }
        if shared.wiring.stop.is_stopped() { Err(Over) } else { Ok(has_room) }
    }

    /// The file had nothing more at `looked_ns`: what was collected goes. `None`: read on.
    async fn at_end(&mut self, reading: &mut Reading, looked_ns: u64) -> Result<Option<Woken>, Over> {
        self.unread = false;
        if reading.life != Life::Running {
            return Ok(Some(Woken::Nudged));
        }
        self.flush_files(reading).await?;
        self.is_quiet_at(looked_ns, reading);
        self.shared.or_over(tokio::time::sleep(PACE)).await?;
        match self.quiet(reading).await? {
            Woken::Look => {}
            Woken::Nudged => reading.life = self.look_again().await?,
            woken => return Ok(Some(woken)),
        }
        self.rename();
        Ok(None)
    }

    fn is_quiet_at(&self, looked_ns: u64, reading: &Reading) {
        self.taps.iter().for_each(|taps| taps.are_quiet_at(looked_ns, reading.reader.joiners()));
    }

    /// Waits at the end of the file.
    async fn quiet(&self, reading: &mut Reading) -> Result<Woken, Over> {
        let (shared, mail) = (&self.shared, &self.mail);
        let holds = self.taps.as_ref().is_some_and(Taps::holds);
        loop {
            tokio::select! {
                biased;
                () = shared.wiring.stop.stopped() => return Err(Over),
                () = mail.leaving.notified() => return Ok(Woken::Left),
                () = reading.bell.rung() => return Ok(Woken::Look),
                () = mail.nudged.notified() => return Ok(Woken::Nudged),
                // Who has no open file must not take the word from those who have one.
                () = shared.streams.asked(), if reading.log.is_some() => {
                    if reading.since.elapsed() > TURN {
                        return Ok(Woken::Asked);
                    }
                }
                () = tokio::time::sleep_until(reading.since + OPEN_PATIENCE), if holds && shared.wiring.budget.is_pressed() => return Ok(Woken::Asked),
                () = tokio::time::sleep(reading.look_interval()) => {
                    reading.calm = reading.calm.saturating_mul(3) / 2;
                    return Ok(Woken::Look);
                }
            }
        }
    }

    /// What has become of the container.
    async fn look_again(&mut self) -> Result<Life, Over> {
        let shared = Arc::clone(&self.shared);
        self.unread |= self.mail.started.swap(false, std::sync::atomic::Ordering::AcqRel);
        Ok(match shared.or_over(shared.client.inspect(&self.id)).await? {
            Ok(inspected) => {
                self.meet(&inspected);
                if inspected.phase == Phase::Ended { Life::Ended } else { Life::Running }
            }
            Err(Failure::Gone) => Life::Gone,
            // The watcher nudges again when the engine is back and the container is not.
            Err(_) => Life::Running,
        })
    }

    /// The log has ended, or breaks off.
    async fn close(&mut self, mut reading: Reading) -> Result<Next, Over> {
        if reading.life == Life::Running {
            return self.flush_files(&reading).await.map(|()| Next::Later);
        }
        self.backoff.reset();
        if let Some(taps) = &mut self.taps {
            reading.reader.finish(&mut |line| taps.keep(line, &self.shared));
            taps.end(&self.shared).await?;
        }
        Ok(if reading.life == Life::Gone { Next::Gone } else { Next::Park })
    }

    /// Others have the open file now: waits until this one has changed.
    async fn rest(&mut self, mut reading: Reading) -> Result<Next, Over> {
        let (path, shared) = (reading.path.clone(), Arc::clone(&self.shared));
        // Seen before the last look at the file: what came in between shows as a change.
        let seen = Glimpse::of(&path).ok();
        match reading.step(&shared).await? {
            Ok(Step::AtEnd(_)) => {}
            _ => return Ok(Next::Again),
        }
        reading.log = None;
        self.taps.iter_mut().for_each(|taps| _ = taps.hold(0));
        loop {
            match self.quiet(&mut reading).await? {
                Woken::Nudged => return Ok(Next::Again),
                Woken::Left => return Ok(Next::Leave),
                Woken::Look | Woken::Asked => {}
            }
            let (path, looked_ns) = (path.clone(), shared.wiring.clock.now_ns());
            if shared.on_disk(move || Glimpse::of(&path).ok()).await? != seen {
                return Ok(Next::Again);
            }
            self.is_quiet_at(looked_ns, &reading);
        }
    }

    async fn flush_files(&mut self, reading: &Reading) -> Result<(), Over> {
        if let Some(taps) = &mut self.taps {
            taps.flush(reading.reader.joiners(), &self.shared).await?;
        }
        self.rename();
        Ok(())
    }
}

impl Reading {
    async fn step(&mut self, shared: &Shared) -> Result<io::Result<Step>, Over> {
        let Some(mut log) = self.log.take() else { return Ok(Err(io::ErrorKind::NotFound.into())) };
        let buffer = shared.wiring.pool.take(READ_BYTES);
        let (log, step) = shared
            .on_disk(move || {
                let step = log.next(buffer);
                (log, step)
            })
            .await?;
        self.log = Some(log);
        Ok(step)
    }

    fn look_interval(&self) -> Duration {
        self.calm.min(if self.bell.is_told() { LOOK_TOLD } else { LOOK_UNTOLD })
    }
}
