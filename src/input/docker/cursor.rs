//! Which lines of a stream are new. Pure: the decisions that make "nothing lost, nothing doubled" true for one stream.
//!
//! A line's *position* is Docker's time and its ordinal among neighbours of equal time. The *cursor* is the position
//! up to which the stream was handed over. An *attachment* is one answer of the logs endpoint, asked from the smaller
//! of the container's two cursors (`since` is inclusive, to the nanosecond), so it begins with lines that are behind us.
//!
//! Within a stream Docker's times rise. What does not fit is decided so that nothing unseen is ever dropped:
//! - *Behind*: until the first line beyond the cursor has come (the replay window), lines up to the cursor are dropped.
//!   So is what a position from the registry covers.
//! - *Repeated*: engine 20.10 delivers lines twice when it rotates a file, from 1 to some thousands of them. Such a line
//!   has exactly a time that was seen, so the last `SEEN_MAX` times are kept, and only a line with one of them is dropped.
//!   Where a whole file was repeated, the first lines are older than all that are kept: they are *doubtful*, and let go, until one
//!   with a time that is kept proves the repetition. If another line comes instead, they were new, and are read again.
//!   Where the last line itself is repeated, time and bytes are equal: on engines that repeat, that is a repetition; on
//!   the others it is a second line on a coarse clock, with the next ordinal.
//! - *Stepped back*: any other line that is not beyond the cursor is new: somebody set the clock back. It is accepted,
//!   counted, and the cursor follows it back. After a restart some lines are read again then; their ids are the same.
//! - *A gap*: an attachment asked for a line that was there, and the first line that came was a later one: rotation
//!   took what lay between.
//!
//! A *mark* is a position without a line: "this stream has nothing up to here". Without it a silent stream would hold the
//! container's `since` back for ever. Its ordinal is `MARK`, above every line's.

use crate::position::Position;
use std::collections::VecDeque;
use xxhash_rust::xxh3::xxh3_64;

/// Times that a stream remembers: 16 KiB when full.
const SEEN_MAX: usize = 2048;
/// The ordinal of a mark.
const MARK: u32 = u32::MAX;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// To be handed over.
    New { position: Position, stepped_back: bool },
    /// Handed over before this attachment.
    Behind,
    /// Handed over in this or an earlier attachment.
    Repeated,
    /// Perhaps handed over long before: let go until that is known.
    Doubtful,
    /// It shows that doubtful lines were new: the log is to be opened again, and this line comes again.
    Astray,
}

/// The cursor of one stream.
#[derive(Debug)]
pub struct Cursor {
    at: Option<Position>,
    /// The replay window is open.
    replaying: bool,
    /// The time of a line that this attachment must deliver again, unless it is gone.
    expected: Option<u64>,
    /// The times of the cursor and of the first line, where an attachment had a gap; until it is asked for.
    gap: Option<(u64, u64)>,
    /// The neighbours of equal time that this attachment is at, and how many there were.
    run: (u64, u32),
    run_hash: u64,
    /// The largest time that was seen.
    highest: u64,
    /// The latest times, in the order in which they came; no more than `seen_max`.
    seen: VecDeque<u64>,
    seen_max: usize,
    /// The engine may deliver lines twice.
    repeats: bool,
    /// The time of the first doubtful line, while it is not known what they are.
    doubt: Option<u64>,
    /// Doubtful lines were new.
    astray: bool,
    /// They are read again: nothing is doubtful now.
    trusting: bool,
}

/// "Everything up to and with `time` is done."
pub fn mark(time: u64) -> Position {
    Position { at: time, ordinal: MARK }
}

impl Cursor {
    pub fn new(at: Option<Position>) -> Self {
        Cursor {
            at,
            replaying: true,
            expected: None,
            gap: None,
            run: (0, 0),
            run_hash: 0,
            highest: 0,
            seen: VecDeque::new(),
            seen_max: SEEN_MAX,
            repeats: true,
            doubt: None,
            astray: false,
            trusting: false,
        }
    }

    /// From which time on lines are needed; 0: all.
    pub fn since(&self) -> u64 {
        let doubt = self.doubt.unwrap_or(u64::MAX);
        doubt.min(match self.at {
            None => 0,
            Some(Position { at, ordinal: MARK }) => at.saturating_add(u64::from(at > 0)),
            Some(Position { at, .. }) => at,
        })
    }

    /// Doubtful lines were new: the log must be opened again.
    pub fn is_astray(&self) -> bool {
        self.astray
    }

    /// Lines were let go of which it is not known what they are.
    pub fn doubts(&self) -> bool {
        self.doubt.is_some()
    }

    /// How far the stream was handed over.
    pub fn at(&self) -> Option<Position> {
        self.at
    }

    /// The log is read to its end: what is remembered for repetitions goes.
    pub fn rest(&mut self) {
        self.seen = VecDeque::new();
    }

    /// A new attachment begins. `repeats`: its engine may deliver lines twice. Answers whether lines from before the cursor are taken as
    /// new, because nobody knows them: then the position that is written down goes back too.
    pub fn attach(&mut self, repeats: bool) -> Option<Position> {
        let back = self.doubt.take().map(|time| mark(time.saturating_sub(1)));
        self.at = back.or(self.at);
        self.astray = false;
        self.trusting = back.is_some();
        if self.trusting {
            self.seen.clear();
            self.highest = 0;
        }
        self.replaying = true;
        self.repeats = repeats;
        self.run = (0, 0);
        // After a step back the answer begins with lines from before the step.
        let is_line = |at: &Position| at.ordinal != MARK && at.at > 0 && at.at >= self.highest;
        self.expected = self.at.filter(is_line).map(|at| at.at);
        back
    }

    /// Whether the next line is new; the cursor moves over it if it is. `now`: the time of day in nanoseconds, asked seldom.
    pub fn judge(&mut self, time: u64, text: &[u8], now: impl FnOnce() -> u64) -> Verdict {
        if self.astray {
            return Verdict::Astray;
        }
        let neighbour = self.run.1 > 0 && self.run.0 == time;
        if neighbour && self.repeats && xxh3_64(text) == self.run_hash {
            return Verdict::Repeated;
        }
        self.look_for_gap(time);
        let ordinal = if neighbour { self.run.1 } else { 0 };
        self.run = (time, ordinal.saturating_add(1));
        self.run_hash = if self.repeats { xxh3_64(text) } else { 0 };
        let position = Position { at: time, ordinal };
        if time <= self.highest && self.has_seen(position) {
            self.doubt = None;
            return Verdict::Repeated;
        }
        if self.is_doubtful(time, now) {
            self.doubt = self.doubt.map_or(Some(time), |first| Some(first.min(time)));
            return Verdict::Doubtful;
        }
        if self.doubt.is_some() {
            self.astray = true;
            return Verdict::Astray;
        }
        self.remember(time);
        if self.replaying && self.at.is_some_and(|at| position <= at) {
            return Verdict::Behind;
        }
        let stepped_back = self.at.is_some_and(|at| position < at);
        self.replaying = false;
        self.at = Some(position);
        Verdict::New { position, stepped_back }
    }

    /// Nothing is left of the stream up to `time`: where the mark goes, if that is worth one.
    pub fn pass(&mut self, time: u64, step_ns: u64) -> Option<Position> {
        if time <= self.at.map_or(0, |at| at.at).saturating_add(step_ns) {
            return None;
        }
        self.at = Some(mark(time));
        self.at
    }

    /// Between which times the log is missing with which the last attachment should have begun; told once.
    pub fn take_gap(&mut self) -> Option<(u64, u64)> {
        self.gap.take()
    }

    fn look_for_gap(&mut self, time: u64) {
        if let Some(expected) = self.expected
            && time >= expected
        {
            self.expected = None;
            self.gap = (time > expected).then_some((expected, time));
        }
    }

    /// Older than all times that are kept, in an attachment that has gone beyond them. A clock that is set back leaves the newest time in
    /// its future; a log that tells of such a clock later does not.
    fn is_doubtful(&self, time: u64, now: impl FnOnce() -> u64) -> bool {
        let is_old = || self.seen.iter().all(|seen| time < *seen);
        self.repeats
            && !self.replaying
            && !self.trusting
            && self.seen.len() == self.seen_max
            && is_old()
            && self.highest <= now()
    }

    fn has_seen(&self, position: Position) -> bool {
        self.seen.iter().filter(|seen| **seen == position.at).count() > position.ordinal as usize
    }

    fn remember(&mut self, time: u64) {
        self.highest = self.highest.max(time);
        if self.seen.len() == self.seen_max {
            self.seen.pop_front();
        }
        self.seen.push_back(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Judges times of one attachment; the new ones as (time, ordinal).
    fn attach(cursor: &mut Cursor, repeats: bool, times: &[u64]) -> Vec<(u64, u32)> {
        cursor.attach(repeats);
        let mut new = Vec::new();
        for (n, time) in times.iter().enumerate() {
            if let Verdict::New { position, .. } = cursor.judge(*time, &n.to_le_bytes(), now) {
                new.push((position.at, position.ordinal));
            }
        }
        new
    }

    /// Far in the future of all times here: no clock was set back just now.
    fn now() -> u64 {
        u64::MAX
    }

    fn resumed(at: u64, ordinal: u32) -> Cursor {
        Cursor::new(Some(Position { at, ordinal }))
    }

    #[test]
    fn lines_behind_the_cursor_are_dropped_by_time_and_ordinal() {
        let mut cursor = resumed(5, 1);
        assert_eq!(cursor.since(), 5);
        assert_eq!(attach(&mut cursor, false, &[5, 5, 5, 6]), [(5, 2), (6, 0)]);
    }

    #[test]
    fn what_an_engine_repeats_at_rotation_is_dropped_even_if_it_is_one_line() {
        let mut cursor = Cursor::new(None);
        assert_eq!(attach(&mut cursor, true, &[1, 2, 3, 4, 2, 3, 4, 5, 6]).len(), 6);
        cursor.attach(true);
        assert!(matches!(cursor.judge(7, b"x", now), Verdict::New { .. }));
        assert_eq!(cursor.judge(7, b"x", now), Verdict::Repeated);
        assert!(matches!(cursor.judge(7, b"y", now), Verdict::New { position: Position { at: 7, ordinal: 1 }, .. }));
    }

    /// The latest four times are kept.
    fn forgetful() -> Cursor {
        Cursor { seen_max: 4, ..Cursor::new(None) }
    }

    #[test]
    fn a_whole_file_that_is_repeated_is_dropped_although_its_first_lines_are_forgotten() {
        let mut cursor = forgetful();
        let times = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(attach(&mut cursor, true, &times), (1..=9).map(|time| (time, 0)).collect::<Vec<_>>());
        assert!(!cursor.doubts());
    }

    #[test]
    fn old_lines_that_are_no_repetition_are_read_again() {
        // In a log that is read late, a clock was set back from 80 to 10 long ago.
        let log = [50, 60, 70, 80, 10, 20, 30, 90];
        let mut cursor = forgetful();
        assert_eq!(attach(&mut cursor, true, &log), [(50, 0), (60, 0), (70, 0), (80, 0)]);
        assert!(cursor.is_astray());
        assert_eq!(cursor.since(), 10);
        let again = attach(&mut cursor, true, &log);
        assert_eq!(again[again.len() - 4..], [(10, 0), (20, 0), (30, 0), (90, 0)]);
        assert!(!cursor.is_astray() && !cursor.doubts());
    }

    #[test]
    fn a_clock_that_is_set_back_now_leaves_no_doubt() {
        let mut cursor = forgetful();
        attach(&mut cursor, true, &[50, 60, 70, 80]);
        assert!(matches!(cursor.judge(10, b"x", || 11), Verdict::New { stepped_back: true, .. }));
    }

    #[test]
    fn equal_lines_at_equal_times_are_two_where_engines_do_not_repeat() {
        let mut cursor = Cursor::new(None);
        cursor.attach(false);
        cursor.judge(7, b"x", now);
        assert!(matches!(cursor.judge(7, b"x", now), Verdict::New { position: Position { at: 7, ordinal: 1 }, .. }));
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing() {
        let mut cursor = resumed(100, 0);
        assert_eq!(attach(&mut cursor, true, &[100, 110, 50, 60]), [(110, 0), (50, 0), (60, 0)]);
        assert_eq!(cursor.since(), 60, "the cursor follows the clock back");
        // Asked again from 60, Docker sends the lines before the step as well: they were seen.
        assert_eq!(attach(&mut cursor, true, &[100, 110, 60, 70]), [(70, 0)]);
    }

    #[test]
    fn a_mark_lets_the_stream_be_asked_from_behind_it() {
        let mut cursor = resumed(100, 0);
        assert_eq!(cursor.pass(140, 50), None);
        assert_eq!(cursor.pass(200, 50), Some(mark(200)));
        assert_eq!(cursor.since(), 201);
        assert_eq!(attach(&mut cursor, true, &[200, 201]), [(201, 0)]);
    }

    #[test]
    fn the_first_line_missing_is_a_gap() {
        let mut cursor = resumed(100, 0);
        attach(&mut cursor, true, &[100, 130]);
        assert_eq!(cursor.take_gap(), None);
        attach(&mut cursor, true, &[170]);
        assert_eq!((cursor.take_gap(), cursor.take_gap()), (Some((130, 170)), None));
        let mut marked = Cursor::new(Some(mark(100)));
        attach(&mut marked, true, &[130]);
        assert_eq!(marked.take_gap(), None);
    }

    proptest! {
        /// A log of rising times is read in attachments that end anywhere, begin at the cursor and repeat lines as
        /// 20.10 does: every line comes exactly once, in order, with its own ordinal.
        #[test]
        fn a_log_read_in_any_attachments_comes_exactly_once(
            steps in prop::collection::vec(0..3u64, 1..60),
            ends in prop::collection::vec((1..20usize, prop::option::of((0..8usize, 0..8usize))), 1..30),
            restarts in prop::collection::vec(any::<bool>(), 30),
            seen_max in 20..60usize,
        ) {
            let log: Vec<(u64, u32)> = steps.iter().scan((10, 0), |at: &mut (u64, u32), step| {
                *at = if *step == 0 && at.0 > 10 { (at.0, at.1 + 1) } else { (at.0 + step.max(&1), 0) };
                Some(*at)
            }).collect();
            let mut got = Vec::new();
            let mut cursor = Cursor { seen_max, ..Cursor::new(None) };
            for (n, (lines, repeat)) in ends.iter().enumerate() {
                if restarts[n % restarts.len()] {
                    cursor = Cursor { seen_max, ..Cursor::new(cursor.at) };
                }
                let since = cursor.since();
                let new_before = got.len();
                cursor.attach(true);
                for (index, (time, ordinal)) in log.iter().enumerate().filter(|(_, line)| line.0 >= since) {
                    judge(&mut cursor, *time, index, &mut got);
                    if let Some((behind, count)) = repeat.filter(|_| *ordinal == 0 && got.len() - new_before == *lines / 2) {
                        // Whole groups of equal times, from further back up to this line.
                        let from = log[index.saturating_sub(behind + count)].0;
                        for (again, line) in log.iter().enumerate().take(index + 1).filter(|(_, line)| line.0 >= from.max(since)) {
                            judge(&mut cursor, line.0, again, &mut got);
                        }
                    }
                    if got.len() - new_before >= *lines {
                        break;
                    }
                }
            }
            prop_assert_eq!(&got[..], &log[..got.len()]);
        }
    }

    fn judge(cursor: &mut Cursor, time: u64, index: usize, got: &mut Vec<(u64, u32)>) {
        if let Verdict::New { position, .. } = cursor.judge(time, &index.to_le_bytes(), now) {
            got.push((position.at, position.ordinal));
        }
    }
}
