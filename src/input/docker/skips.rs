//! Where an engine seems to have left files of a log out of a stream that it goes on sending. Pure.
//!
//! Who follows a log that rotates faster than it is sent is taken from one file to the newest one, without a word. What is
//! missing is a file at least, so the stream jumps, in the log's own time, over as long as the container takes to fill one.
//! Where the stream was late by about as long before, that is taken for certain. Where it was on time, the container may just have
//! printed nothing for a while: the log's last lines tell (`Look::Doubtful`).
//!
//! At such a place the stream is opened again, where it broke off: what the engine still has of the lines between is read, and
//! what it has not is seen as a gap by the cursor. That costs the engine a search through the log: as long as one takes, the next one waits.
//!
//! A jump within what was printed before the stream was opened is none: that comes from the log's files in their order.
//!
//! Known edge: how fast the container prints is measured over a quarter of a file. A file that it fills several times faster than
//! any quarter of the last two can be left out unseen.

use std::time::Duration;

/// What the engine writes around a line's text, about.
const AROUND_BYTES: u64 = 70;
/// Over such a part of a file it is measured how fast the container prints, and of so many of them the fastest counts.
const WINDOW_PART: u64 = 4;
const WINDOWS: usize = 8;
/// A jump over such a part of a file may be one over a file: what was left out may have been printed faster than what came.
const JUMP_PART: f64 = 4.0;
const PATIENCE_MIN: Duration = Duration::from_secs(1);

/// What there is to say of the next line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Fine,
    /// Lines may be missing before it, and behind the one of this time.
    Doubtful {
        after_ns: u64,
    },
    /// Lines seem to be missing before it: the stream is to be opened again.
    Skipped,
}

/// The streams of one container, one opened after the other.
#[derive(Debug, Default)]
pub struct Skips {
    /// How large a file grows before it is rotated; 0: there is no rotation.
    file_bytes: u64,
    opened_ns: u64,
    /// When the bytes at hand arrived.
    now_ns: u64,
    /// The newest line: its time, and when it arrived.
    last_ns: u64,
    last_arrived_ns: u64,
    pace: Pace,
    /// A skip was seen then, behind a line of that time, and no line behind it has come yet.
    seen: Option<(u64, u64)>,
    /// How long the last search took.
    search: Duration,
}

/// How fast a container prints, in bytes a nanosecond.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// The window that is being filled: the time of its first line, and the bytes behind that line.
    from_ns: u64,
    bytes: u64,
    latest: [f64; WINDOWS],
    next: usize,
}

impl Pace {
    /// A line of that time; the stream was at `last_ns`.
    fn pass(&mut self, time_ns: u64, last_ns: u64, bytes: u64, window_bytes: u64) {
        if self.from_ns == 0 {
            self.from_ns = time_ns;
            return;
        }
        self.bytes += bytes;
        if self.bytes >= window_bytes {
            let end_ns = time_ns.max(last_ns);
            self.latest[self.next % WINDOWS] = self.bytes as f64 / end_ns.saturating_sub(self.from_ns).max(1) as f64;
            self.next += 1;
            (self.from_ns, self.bytes) = (end_ns, 0);
        }
    }

    /// The next line does not follow the last one.
    fn leap(&mut self) {
        (self.from_ns, self.bytes) = (0, 0);
    }

    fn fastest(&self) -> f64 {
        self.latest.iter().copied().fold(0.0, f64::max)
    }
}

impl Skips {
    /// A stream of the container is asked for. `file_bytes`: how large a file of its log grows, if it is rotated.
    pub fn open(&mut self, file_bytes: Option<u64>, now_ns: u64) {
        let Skips { mut pace, seen, search, .. } = *self;
        pace.leap();
        let file_bytes = file_bytes.unwrap_or(0);
        *self = Skips { file_bytes, opened_ns: now_ns, now_ns, pace, seen, search, ..Skips::default() };
    }

    /// The lines that are looked at from now on arrived now.
    pub fn arrive(&mut self, now_ns: u64) {
        self.now_ns = now_ns;
    }

    /// How long to wait before the stream is opened again.
    pub fn pause(&self) -> Duration {
        self.search
    }

    /// After how long a silence the stream may have stalled: so long as the container takes to fill a file. Engines of 20.10 lose the log
    /// where it is rotated fast. `None`: it is not known to print fast, or its log is not rotated.
    pub fn patience(&self) -> Option<Duration> {
        let pace = Some(self.pace.fastest()).filter(|pace| *pace > 0.0 && self.file_bytes > 0)?;
        Some(Duration::from_nanos((self.file_bytes as f64 / pace) as u64).max(PATIENCE_MIN))
    }

    /// Looks at the next line, and goes beyond it if it is fine; if not, the same line is the next one until `clear` or `skipped`.
    pub fn look(&mut self, time_ns: u64, text_bytes: usize) -> Look {
        if self.file_bytes == 0 {
            return Look::Fine;
        }
        if let Some((at_ns, from_ns)) = self.seen
            && time_ns > from_ns
        {
            self.search =
                Duration::from_nanos(self.now_ns.saturating_sub(at_ns).saturating_sub(self.search.as_nanos() as u64));
            self.seen = None;
        }
        let look = self.judge(time_ns);
        if look == Look::Fine {
            self.pass(time_ns, text_bytes);
        }
        look
    }

    /// Nothing is missing before the doubtful line.
    pub fn clear(&mut self, time_ns: u64, text_bytes: usize) {
        self.pace.leap();
        self.pass(time_ns, text_bytes);
    }

    /// Lines are missing before the line: the stream is to be opened again.
    pub fn skipped(&mut self) {
        self.seen = Some((self.now_ns, self.last_ns));
    }

    fn judge(&self, time_ns: u64) -> Look {
        let jump_ns = time_ns.saturating_sub(self.last_ns);
        let late_ns = self.last_arrived_ns.saturating_sub(self.last_ns);
        let is_over_a_file = self.pace.fastest() * jump_ns as f64 >= self.file_bytes as f64 / JUMP_PART;
        match self.last_ns > 0 && time_ns >= self.opened_ns && is_over_a_file {
            true if late_ns >= jump_ns / 2 => Look::Skipped,
            true => Look::Doubtful { after_ns: self.last_ns },
            false => Look::Fine,
        }
    }

    fn pass(&mut self, time_ns: u64, text_bytes: usize) {
        // The other stream's lines may be a little older.
        if time_ns > self.last_ns {
            (self.last_ns, self.last_arrived_ns) = (time_ns, self.now_ns);
        }
        let bytes = text_bytes as u64 + AROUND_BYTES;
        self.pace.pass(time_ns, self.last_ns, bytes, self.file_bytes / WINDOW_PART);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const OPENED: u64 = 1_000_000 * MS;
    const FILE: Option<u64> = Some(100_000);

    /// A container prints a line of 930 bytes every millisecond, into files of 100 KB: one lasts 100 ms. They arrive `late_ms` later. Its
    /// first 300 are sent; the next one was printed `jump_ms` later than the last.
    fn check(file_bytes: Option<u64>, opened_ns: u64, late_ms: u64, jump_ms: u64, expected: Look) {
        let mut skips = Skips::default();
        skips.open(file_bytes, opened_ns);
        for n in 0..300 {
            skips.arrive(OPENED + (n + late_ms) * MS);
            assert_eq!(skips.look(OPENED + n * MS, 930), Look::Fine, "{n}");
        }
        skips.arrive(OPENED + (299 + late_ms.max(jump_ms)) * MS);
        let time_ns = OPENED + (299 + jump_ms) * MS;
        assert_eq!(skips.look(time_ns, 930), expected, "late {late_ms} ms, jump {jump_ms} ms");
    }

    #[test]
    fn a_late_stream_that_jumps_over_a_files_worth_is_opened_again() {
        check(FILE, OPENED, 120, 110, Look::Skipped);
        check(FILE, OPENED, 5_000, 3_000, Look::Skipped);
    }

    #[test]
    fn a_stream_on_time_that_jumps_may_have_had_nothing_to_bring() {
        let after_ns = OPENED + 299 * MS;
        check(FILE, OPENED, 1, 60_000, Look::Doubtful { after_ns });
        check(FILE, OPENED, 1, 30, Look::Doubtful { after_ns });
    }

    #[test]
    fn a_pause_is_no_skip() {
        // Late, but no file was filled meanwhile.
        check(FILE, OPENED, 500, 20, Look::Fine);
        // No rotation.
        check(None, OPENED, 5_000, 3_000, Look::Fine);
        // Printed before the stream was opened.
        check(FILE, OPENED + 10_000 * MS, 5_000, 3_000, Look::Fine);
    }

    #[test]
    fn lines_that_come_at_a_time_are_not_taken_for_the_pace() {
        let mut skips = Skips::default();
        skips.open(FILE, OPENED);
        // 10 lines in 10 µs, forty times a second: 100 KB last 250 ms.
        for n in 0..1_000 {
            let time_ns = OPENED + n / 10 * 25 * MS + n % 10 * 1_000;
            skips.arrive(time_ns + 100 * MS);
            assert_eq!(skips.look(time_ns, 930), Look::Fine, "{n}");
        }
    }

    #[test]
    fn the_next_search_waits_as_long_as_the_last_one_took() {
        let mut skips = Skips::default();
        let mut at = OPENED;
        skips.open(FILE, OPENED);
        for search_ms in [70, 30] {
            for _ in 0..300 {
                at += MS;
                skips.arrive(at + 250 * MS);
                assert_eq!(skips.look(at, 930), Look::Fine);
            }
            skips.arrive(at + 500 * MS);
            assert_eq!(skips.look(at + 200 * MS, 930), Look::Skipped);
            skips.skipped();
            let waited = skips.pause();
            skips.open(FILE, at + 500 * MS);
            skips.arrive(at + (500 + search_ms) * MS + waited.as_nanos() as u64);
            assert_eq!(skips.look(at, 930), Look::Fine, "the line behind which it was opened again");
            assert_eq!(skips.look(at + MS, 930), Look::Fine);
            assert_eq!(skips.pause(), Duration::from_millis(search_ms));
            at += MS;
        }
    }

    #[test]
    fn a_pause_dilutes_no_pace_and_a_cleared_line_goes_on() {
        let mut skips = Skips::default();
        skips.open(FILE, OPENED);
        skips.arrive(OPENED);
        assert_eq!(skips.look(OPENED, 930), Look::Fine);
        let begin = OPENED + 500 * MS;
        for n in 0..300 {
            skips.arrive(begin + n * MS);
            assert_eq!(skips.look(begin + n * MS, 930), Look::Fine, "{n}");
        }
        let (last, next) = (begin + 299 * MS, begin + 400 * MS);
        assert_eq!(skips.look(next, 930), Look::Doubtful { after_ns: last });
        skips.clear(next, 930);
        assert_eq!(skips.look(next + MS, 930), Look::Fine);
    }

    #[test]
    fn the_fastest_part_says_after_how_long_a_silence_is_doubted() {
        let mut skips = Skips::default();
        assert_eq!(skips.patience(), None);
        skips.open(Some(10_000_000), OPENED);
        for n in 0..12_000 {
            skips.look(OPENED + n * MS, 930);
        }
        assert_eq!(skips.patience().map(|it| it.as_secs()), Some(10));
        skips.open(None, OPENED);
        assert_eq!(skips.patience(), None);
    }
}
