//! A container's log from the engine, one answer after the other.
//!
//! A clean end is not the end of the log: the engine stops, some engines end a stream early, a follower can miss the last line. So
//! after an answer that followed, the container is inspected again; only an answer that did not follow, of a container
//! that has ended, is complete. A stream that says nothing for long is compared with the log's last record.

use super::super::client::{Heard, Inspected, LogStream};
use super::super::discover::Phase;
use super::super::frames::LineReader;
use super::super::shared::Over;
use super::super::skips::Look;
use super::super::taps::Taps;
use super::doubt::{self, Later};
use super::{Ending, Follower, Next, OPEN_PATIENCE, TURN};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How much later than from its file a line may come from the engine.
const FORWARD_NS: u64 = 500_000_000;
/// When a stream that has become quiet is looked at first, and how much longer each further look waits than the one before: a codec may
/// hold lines until it is known that nothing followed them.
const LOOK_FIRST: Duration = Duration::from_millis(1_050);
const LOOK_GROWTH: f64 = 1.5;
/// An answer that brings no line and ends within this was given when the container had ended already: its log may be gone.
const TOO_LATE: Duration = Duration::from_millis(250);

impl Follower {
    pub(super) async fn read_stream(&mut self, inspected: &Inspected) -> Result<Next, Over> {
        let shared = Arc::clone(&self.shared);
        let since = self.taps.as_ref().map_or(0, |taps| taps.since());
        let follow = inspected.phase == Phase::Running;
        self.skips.open(inspected.file_bytes.filter(|_| follow), shared.wiring.clock.now_ns());
        match shared.or_over(shared.client.logs(&self.id, since, follow)).await? {
            Ok(log) => self.attach(log, follow, inspected.tty).await,
            Err(failure) => Ok(self.failed(&failure)),
        }
    }

    async fn attach(&mut self, mut log: LogStream, follow: bool, tty: bool) -> Result<Next, Over> {
        let Some(taps) = &mut self.taps else { return Ok(Next::Later) };
        taps.attach(self.shared.engine.borrow().as_ref().is_none_or(|engine| engine.repeats()), &self.shared);
        let (before, count) = (taps.at(), taps.count() as f64);
        let mut reader = LineReader::new(tty, self.shared.config.line_bytes_max);
        let gauge = self.shared.counters.sources.clone();
        gauge.increment(count);
        let opened = Instant::now();
        let ended = self.read(&mut log, &mut reader, follow).await;
        gauge.decrement(count);
        let ending = match ended? {
            Ending::Complete | Ending::Cut if self.doubts() => Ending::Astray,
            ending => ending,
        };
        let has_brought = self.taps.as_ref().is_some_and(|taps| taps.at() != before);
        if has_brought {
            self.backoff.reset();
        }
        if !matches!(ending, Ending::Complete) || follow {
            self.flush(&reader).await?;
            // What had no end is read again.
            self.taps.iter_mut().for_each(|taps| _ = taps.hold(0));
        }
        match ending {
            Ending::Complete if follow => {
                self.unread &= !has_brought && opened.elapsed() < TOO_LATE;
                self.last_reader = Some(reader);
                Ok(Next::Later)
            }
            Ending::Complete => self.complete(reader).await,
            Ending::Cut => Ok(Next::Later),
            Ending::Yielded | Ending::Astray => Ok(Next::Again),
            Ending::Skipped => {
                tracing::debug!(container = self.id, "the log stream seems to have left lines out; opening it again");
                self.shared.or_over(tokio::time::sleep(self.skips.pause())).await.map(|()| Next::Again)
            }
            Ending::Crowded => self.make_room().await,
            Ending::Left => Ok(Next::Leave),
        }
    }

    fn doubts(&self) -> bool {
        self.taps.as_ref().is_some_and(Taps::doubts)
    }

    /// The log of a container that has ended was read to its end.
    async fn complete(&mut self, mut reader: LineReader) -> Result<Next, Over> {
        let Some(taps) = &mut self.taps else { return Ok(Next::Park) };
        if !reader.finish(&mut |line| taps.keep(line, &self.shared)) {
            return self.flush(&reader).await.map(|()| Next::Later);
        }
        self.unread = false;
        taps.end(&self.shared).await?;
        Ok(Next::Park)
    }

    async fn read(&mut self, log: &mut LogStream, reader: &mut LineReader, follow: bool) -> Result<Ending, Over> {
        loop {
            let heard = match log.heard_now().await {
                Some(heard) => heard,
                None => match self.idle(log, reader, follow).await? {
                    Ok(heard) => heard,
                    Err(ending) => return Ok(ending),
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
            let (Some(taps), shared) = (&mut self.taps, &self.shared) else { return Ok(Ending::Cut) };
            let (skips, mut later) = (&mut self.skips, Later::default());
            skips.arrive(shared.wiring.clock.now_ns());
            let fed = log.take(&mut |bytes: &[u8]| {
                reader.feed(bytes, &mut |line| {
                    if later.is_empty() && skips.look(line.time, line.text.len()) == Look::Fine {
                        taps.keep(line, shared);
                    } else {
                        later.push(line);
                    }
                })
            });
            if let Err(broken) = fed {
                tracing::warn!(container = self.id, %broken, "the log stream cannot be read on; opening it again");
                return Ok(Ending::Cut);
            }
            if shared.wiring.stop.is_stopped() {
                return Err(Over);
            }
            if !self.pass_doubts(later).await {
                return Ok(Ending::Skipped);
            }
            let (Some(taps), shared) = (&mut self.taps, &self.shared) else { return Ok(Ending::Cut) };
            if taps.is_astray() {
                return Ok(Ending::Astray);
            }
            let is_full = taps.is_full(shared);
            if !taps.hold(reader.joiners().held()) {
                return Ok(Ending::Crowded);
            }
            self.leave_ourselves();
            if self.mail.has_left() {
                return Ok(Ending::Left);
            }
            if is_full {
                self.flush(reader).await?;
            }
        }
    }

    /// The socket is empty: what was collected goes, at once. Then waits for more, or for a reason to give the stream up.
    async fn idle(
        &mut self,
        log: &mut LogStream,
        reader: &LineReader,
        follow: bool,
    ) -> Result<Result<std::io::Result<Heard>, Ending>, Over> {
        // The engine writes line by line: let it write one more before a chunk is made of this one.
        tokio::task::yield_now().await;
        if let Some(heard) = log.heard_now().await {
            return Ok(Ok(heard));
        }
        self.flush(reader).await?;
        log.rest();
        let (shared, mail) = (Arc::clone(&self.shared), Arc::clone(&self.mail));
        let since = Instant::now();
        let since_ns = shared.wiring.clock.now_ns();
        let (holds, doubts) = (self.taps.as_ref().is_some_and(Taps::holds), self.doubts());
        let longest = shared.config.idle_check_interval;
        let mut check_after = self.skips.patience().map_or(longest, |patience| patience.min(longest));
        let (mut open_at, mut check_at) = (since + OPEN_PATIENCE, since + check_after);
        let (mut look_at, mut calm) = (since + LOOK_FIRST, LOOK_FIRST);
        loop {
            let is_given_up = tokio::select! {
                biased;
                () = shared.wiring.stop.stopped() => return Err(Over),
                () = mail.leaving.notified() => return Ok(Err(Ending::Left)),
                heard = log.heard() => {
                    self.rename();
                    return Ok(Ok(heard));
                }
                () = shared.streams.asked() => since.elapsed() > TURN,
                // What is repeated comes at once.
                () = tokio::time::sleep_until(since + doubt::GRACE), if doubts => return Ok(Err(Ending::Astray)),
                () = tokio::time::sleep_until(open_at), if holds => {
                    open_at += OPEN_PATIENCE;
                    shared.wiring.budget.is_pressed()
                }
                () = tokio::time::sleep_until(check_at) => {
                    let is_given_up = follow && self.has_stalled(log, reader).await;
                    check_after = (check_after * 2).min(longest);
                    check_at = Instant::now() + check_after;
                    is_given_up
                }
                () = tokio::time::sleep_until(look_at) => {
                    if let Some(heard) = self.look(log, reader, since_ns).await {
                        return Ok(Ok(heard));
                    }
                    calm = calm.mul_f64(LOOK_GROWTH);
                    look_at = Instant::now() + calm;
                    false
                }
            };
            if is_given_up {
                return Ok(Err(Ending::Yielded));
            }
        }
    }

    /// Whether a stream that was quiet since then is quiet now.
    async fn look(
        &mut self,
        log: &mut LogStream,
        reader: &LineReader,
        since_ns: u64,
    ) -> Option<std::io::Result<Heard>> {
        let quiet_ns = self.shared.wiring.clock.now_ns().saturating_sub(FORWARD_NS);
        let heard = log.heard_now().await;
        if heard.is_some() {
            self.rename();
        } else if quiet_ns > since_ns {
            self.taps.iter().for_each(|taps| taps.are_quiet_at(quiet_ns, reader.joiners()));
        }
        heard
    }

    async fn flush(&mut self, reader: &LineReader) -> Result<(), Over> {
        if let Some(taps) = &mut self.taps {
            taps.flush(reader.joiners(), &self.shared).await?;
        }
        self.rename();
        Ok(())
    }
}
