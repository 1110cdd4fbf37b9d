//! Where an engine seems to have left files of a log out of a stream that it goes on sending. Pure.
//!
//! Who follows a log that rotates faster than it is sent is taken from one file to the newest one, without a word. What is
//! missing is a file at least, so the stream jumps, in the log's own time, over as long as the container takes to fill one, and it
//! was late by about as long before. Where nothing was printed for a while it jumps too, but there it was on time.
//!
//! At such a place the stream is opened again, where it broke off: what the engine still has of the lines between is read, and
//! what it has not is seen as a gap by the cursor. That costs the engine a search through the log: as long as one takes, the next one waits.
//!
//! A jump within what was printed before the stream was opened is none: that comes from the log's files in their order.

use std::time::Duration;

/// What the engine writes around a line's text, about.
const AROUND_BYTES: u64 = 70;
/// So much of a file must have come before it is known how fast the container prints.
const KNOWN_PART: u64 = 2;

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
    /// The bytes since a line, a file's worth at most, and those of the same before it.
    window: Window,
    before: Window,
    /// A skip was seen then, behind a line of that time, and no line behind it has come yet.
    seen: Option<(u64, u64)>,
    /// How long the last search took.
    search: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    from_ns: u64,
    bytes: u64,
}

impl Skips {
    /// A stream of the container is asked for. `file_bytes`: how large a file of its log grows, if it is rotated.
    pub fn open(&mut self, file_bytes: Option<u64>, now_ns: u64) {
        let Skips { seen, search, .. } = *self;
        *self =
            Skips { file_bytes: file_bytes.unwrap_or(0), opened_ns: now_ns, now_ns, seen, search, ..Skips::default() };
    }

    /// The lines that are looked at from now on arrived now.
    pub fn arrive(&mut self, now_ns: u64) {
        self.now_ns = now_ns;
    }

    /// How long to wait before the stream is opened again.
    pub fn pause(&self) -> Duration {
        self.search
    }

    /// Looks at the next line. `true`: lines seem to be missing before it, and the stream is to be opened again.
    pub fn is_behind_one(&mut self, time_ns: u64, text_bytes: usize) -> bool {
        if self.file_bytes == 0 {
            return false;
        }
        if let Some((at_ns, from_ns)) = self.seen
            && time_ns > from_ns
        {
            self.search =
                Duration::from_nanos(self.now_ns.saturating_sub(at_ns).saturating_sub(self.search.as_nanos() as u64));
            self.seen = None;
        }
        if self.is_skip(time_ns) {
            self.seen = Some((self.now_ns, self.last_ns));
            return true;
        }
        self.pass(time_ns, text_bytes as u64 + AROUND_BYTES);
        false
    }

    fn is_skip(&self, time_ns: u64) -> bool {
        let jump_ns = time_ns.saturating_sub(self.last_ns);
        let late_ns = self.last_arrived_ns.saturating_sub(self.last_ns);
        let bytes = self.before.bytes + self.window.bytes;
        let span_ns = self.last_ns.saturating_sub(self.before.from_ns).max(1);
        time_ns >= self.opened_ns
            && late_ns >= jump_ns / 2
            && bytes >= self.file_bytes / KNOWN_PART
            && bytes as f64 / span_ns as f64 * jump_ns as f64 >= self.file_bytes as f64 / 2.0
    }

    fn pass(&mut self, time_ns: u64, bytes: u64) {
        // The other stream's lines may be a little older.
        if time_ns > self.last_ns {
            (self.last_ns, self.last_arrived_ns) = (time_ns, self.now_ns);
        }
        if self.before.from_ns == 0 {
            (self.before.from_ns, self.window.from_ns) = (time_ns, time_ns);
        }
        self.window.bytes += bytes;
        if self.window.bytes >= self.file_bytes {
            self.before = self.window;
            self.window = Window { from_ns: self.last_ns, bytes: 0 };
        }
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
    fn check(file_bytes: Option<u64>, opened_ns: u64, late_ms: u64, jump_ms: u64, expected: bool) {
        let mut skips = Skips::default();
        skips.open(file_bytes, opened_ns);
        for n in 0..300 {
            skips.arrive(OPENED + (n + late_ms) * MS);
            assert!(!skips.is_behind_one(OPENED + n * MS, 930), "{n}");
        }
        skips.arrive(OPENED + (299 + late_ms.max(jump_ms)) * MS);
        let time_ns = OPENED + (299 + jump_ms) * MS;
        assert_eq!(skips.is_behind_one(time_ns, 930), expected, "late {late_ms} ms, jump {jump_ms} ms");
    }

    #[test]
    fn a_late_stream_that_jumps_over_a_files_worth_is_opened_again() {
        check(FILE, OPENED, 120, 110, true);
        check(FILE, OPENED, 5_000, 3_000, true);
    }

    #[test]
    fn a_pause_is_no_skip() {
        // On time: nothing was printed.
        check(FILE, OPENED, 1, 60_000, false);
        // Late, but no file was filled meanwhile.
        check(FILE, OPENED, 500, 20, false);
        // No rotation.
        check(None, OPENED, 5_000, 3_000, false);
        // Printed before the stream was opened.
        check(FILE, OPENED + 10_000 * MS, 5_000, 3_000, false);
    }

    #[test]
    fn lines_that_come_at_a_time_are_not_taken_for_the_pace() {
        let mut skips = Skips::default();
        skips.open(FILE, OPENED);
        // 20 lines in 20 µs, twenty times a second: 100 KB last 270 ms.
        for n in 0..1_000 {
            let time_ns = OPENED + n / 20 * 50 * MS + n % 20 * 1_000;
            skips.arrive(time_ns + 100 * MS);
            assert!(!skips.is_behind_one(time_ns, 930), "{n}");
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
                assert!(!skips.is_behind_one(at, 930));
            }
            skips.arrive(at + 500 * MS);
            assert!(skips.is_behind_one(at + 200 * MS, 930));
            let waited = skips.pause();
            skips.open(FILE, at + 500 * MS);
            skips.arrive(at + (500 + search_ms) * MS + waited.as_nanos() as u64);
            assert!(!skips.is_behind_one(at, 930), "the line behind which it was opened again");
            assert!(!skips.is_behind_one(at + MS, 930));
            assert_eq!(skips.pause(), Duration::from_millis(search_ms));
            at += 500 * MS;
        }
    }
}
