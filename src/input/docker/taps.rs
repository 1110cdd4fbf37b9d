//! The streams of one container, and what is said of them together: gaps, skipped lines, names.

use super::gap::Gap;
use super::held::Held;
use super::joiner::{Joiners, RawLine, Stream};
use super::json_file::Jump;
use super::rate::Rate;
use super::shared::{Over, Shared, with_patience};
use super::tap::{Kept, Tap};
use crate::event::hints::Hints;
use crate::input::origin::Origin;
use crate::position::Position;
use std::sync::Arc;

/// That lines are skipped is said no more often.
const SAY_SKIPPED_NS: u64 = 60_000_000_000;

pub struct Taps {
    origin: Origin,
    /// stdout and stderr; with a TTY stdout alone.
    taps: Vec<Tap>,
    open: Held,
    rate: Rate,
    /// Lines that were skipped and not said yet, and when that was said last.
    skipped: u64,
    said_skipped_ns: Option<u64>,
    /// The newest time of a line in this attachment: the log was read in order up to there, and no further, however far ahead a cursor is.
    reached_ns: u64,
    /// What is read next may not join what was read before, whose newest time stands beside it.
    jump: Option<(Jump, u64)>,
    /// The container printed a line of this process.
    ours: bool,
}

impl Taps {
    pub fn new(origin: Origin, hints: Option<Arc<Hints>>, tty: bool, shared: &Shared) -> Taps {
        let streams = if tty { &Stream::BOTH[..1] } else { &Stream::BOTH[..] };
        let taps = streams.iter().map(|stream| Tap::new(*stream, &origin, hints.clone(), shared)).collect();
        let rate = Rate::new(shared.config.lines_per_second_max);
        let open = Held::new(Arc::clone(&shared.wiring.budget));
        Taps { origin, taps, open, rate, skipped: 0, said_skipped_ns: None, reached_ns: 0, jump: None, ours: false }
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The container is the one that we run in.
    pub fn are_ours(&self) -> bool {
        self.ours
    }

    /// With a TTY there is one.
    pub fn count(&self) -> usize {
        self.taps.len()
    }

    /// Lines that come from now on have these facts. What was collected must have been handed over.
    pub fn rename(&mut self, origin: Origin, shared: &Shared) {
        if self.origin != origin {
            self.taps.iter_mut().for_each(|tap| tap.rename(&origin, shared));
            self.origin = origin;
        }
    }

    /// From which time on lines are needed; 0: all.
    pub fn since(&self) -> u64 {
        self.taps.iter().map(|tap| tap.cursor.since()).min().unwrap_or(0)
    }

    /// How far each stream was handed over.
    pub fn at(&self) -> Vec<Option<Position>> {
        self.taps.iter().map(|tap| tap.cursor.at()).collect()
    }

    /// The log is read from `since` on again. `repeats`: lines may come twice.
    pub fn attach(&mut self, repeats: bool, shared: &Shared) {
        self.reached_ns = 0;
        self.taps.iter_mut().for_each(|tap| tap.attach(repeats, shared));
    }

    /// What was let go as repeated was new: it is to be read again.
    pub fn is_astray(&self) -> bool {
        self.taps.iter().any(|tap| tap.cursor.is_astray())
    }

    /// Lines were let go of which it is not known yet whether they were repeated.
    pub fn doubts(&self) -> bool {
        self.taps.iter().any(|tap| tap.cursor.doubts())
    }

    /// Gives a line to its stream's tap. With a TTY there is stdout alone, and no reader says otherwise.
    pub fn keep(&mut self, line: RawLine<'_>, shared: &Shared) {
        if let Some((jump, from_ns)) = self.jump.take() {
            self.land(jump, from_ns, line.time, shared);
        }
        self.reached_ns = self.reached_ns.max(line.time);
        let Some(tap) = self.taps.get_mut(line.stream as usize) else { return };
        match tap.keep(line, &mut self.rate, shared) {
            Kept::Well => {}
            Kept::TooMany => {
                self.skipped += 1;
                shared.counters.skipped.increment(1);
            }
            Kept::Ours => self.ours = true,
        }
        if let Some((from_ns, to_ns)) = tap.cursor.take_gap() {
            Gap { reason: "rotated", from_ns, to_ns, lines: None }.tell(&self.origin, shared);
        }
    }

    /// Whether the line lies beyond what its stream has brought.
    pub fn lacks(&self, line: RawLine<'_>, joiners: &Joiners) -> bool {
        let tap = self.taps.iter().find(|tap| tap.stream() == line.stream && !joiners.is_open(line.stream));
        tap.is_some_and(|tap| tap.cursor.at().is_none_or(|at| at.at < line.time))
    }

    /// The next line may not join the last one.
    pub fn jump(&mut self, jump: Jump) {
        self.jump = self.jump.or(Some((jump, self.newest())));
    }

    /// Lines of the log that could not be made out.
    pub fn broken(&self, lines: u64, shared: &Shared) {
        let at = self.newest();
        Gap { reason: "broken", from_ns: at, to_ns: at, lines: Some(lines) }.tell(&self.origin, shared);
    }

    /// The container is gone, and its log was not read to its end.
    pub fn removed(&self, shared: &Shared) {
        let to_ns = shared.wiring.clock.now_ns();
        Gap { reason: "removed", from_ns: self.newest(), to_ns, lines: None }.tell(&self.origin, shared);
    }

    /// The open lines have so many bytes now. `false`: there is no room for them.
    pub fn hold(&mut self, bytes: usize) -> bool {
        self.open.hold(bytes, self.taps.iter().map(Tap::collected).sum())
    }

    /// Waits for room for a line that is open.
    pub async fn wait_for_room(&mut self, bytes: usize) {
        with_patience(self.open.wait_for(bytes), || self.taps.iter().for_each(Tap::give_up_waiting)).await;
    }

    /// At this time the log had nothing but what was handed over, and the lines that are open.
    pub fn are_quiet_at(&self, time_ns: u64, joiners: &Joiners) {
        self.taps.iter().filter(|tap| !joiners.is_open(tap.stream())).for_each(|tap| tap.is_quiet_at(time_ns));
    }

    /// A long line is open.
    pub fn holds(&self) -> bool {
        self.open.bytes() > 0
    }

    pub fn is_full(&self, shared: &Shared) -> bool {
        let chunk_bytes = shared.chunk_bytes();
        self.taps.iter().any(|tap| tap.is_full(chunk_bytes))
    }

    /// Hands over what was collected. A stream that has nothing, and nothing open, has nothing before the newest line that was read.
    pub async fn flush(&mut self, joiners: &Joiners, shared: &Shared) -> Result<(), Over> {
        for tap in &mut self.taps {
            tap.flush(&mut self.open, joiners.held(), shared, false).await?;
        }
        self.open.shed(joiners.held());
        for tap in self.taps.iter_mut().filter(|tap| !joiners.is_open(tap.stream())) {
            tap.pass(self.reached_ns, shared);
        }
        self.say_skipped(shared);
        Ok(())
    }

    /// The same where nothing more comes for now.
    pub async fn end(&mut self, shared: &Shared) -> Result<(), Over> {
        for tap in &mut self.taps {
            tap.flush(&mut self.open, 0, shared, true).await?;
            tap.cursor.rest();
        }
        self.open.release();
        Ok(())
    }

    fn newest(&self) -> u64 {
        self.taps.iter().filter_map(|tap| tap.cursor.at()).map(|at| at.at).max().unwrap_or(0)
    }

    fn land(&self, jump: Jump, from_ns: u64, to_ns: u64, shared: &Shared) {
        let Jump { why: reason, is_sure, calm_ns } = jump;
        if is_sure || to_ns.saturating_sub(from_ns) > calm_ns {
            Gap { reason, from_ns, to_ns, lines: None }.tell(&self.origin, shared);
        } else {
            let Origin { id: container, name, .. } = &self.origin;
            tracing::info!(container, name, reason, "the log goes on in another place; nothing is known to be missing");
        }
    }

    fn say_skipped(&mut self, shared: &Shared) {
        let now_ns = shared.wiring.clock.now_ns();
        let is_due = self.said_skipped_ns.is_none_or(|said| now_ns.saturating_sub(said) > SAY_SKIPPED_NS);
        if self.skipped > 0 && is_due {
            let (container, name, lines) = (&self.origin.id, &self.origin.name, std::mem::take(&mut self.skipped));
            self.said_skipped_ns = Some(now_ns);
            tracing::warn!(
                container,
                name,
                lines,
                "the container prints more than `lines_per_second_max`: lines are skipped"
            );
        }
    }
}
