//! What pauses do to joined lines: they wait until their pause is noted, and are joined alike when they are read again.

use super::super::multiline;
use super::super::testing::{build, take};
use super::*;
use crate::event::chunk::{Framing, Line};
use proptest::prelude::*;

/// Between two lines of an event, at most.
const GAP_NS: u64 = 2_000_000_000;
const STEP_NS: u64 = 100_000_000;

/// Lines that begin with a blank belong to the one before.
fn joined() -> Box<dyn Framer> {
    let given = [("pattern", "^ "), ("what", "previous"), ("auto_flush_interval", "2")];
    build(&multiline::PLUGIN, &given).unwrap().framer
}

/// Lines with Docker's times, read at `arrived_ns`.
fn chunk(lines: &[(String, u64)], arrived_ns: u64, end: bool) -> Chunk {
    let mut made = super::super::testing::chunk(b"", 0, end);
    let mut out = Vec::new();
    for (text, time) in lines {
        let start = made.bytes.len() as u32;
        made.bytes.extend_from_slice(text.as_bytes());
        out.push(Line { start, end: made.bytes.len() as u32, time: *time, ordinal: 0, truncated: false });
    }
    (made.framing, made.arrived) = (Framing::Lines(out), Timestamp::from_nanos(arrived_ns));
    made
}

fn at(time: u64) -> Position {
    Position { at: time, ordinal: 0 }
}

fn text(frame: Frame<'_>) -> String {
    String::from_utf8_lossy(frame.bytes).into_owned()
}

#[test]
fn what_a_pause_ends_goes_out_when_that_is_noted_and_what_came_since_behind_it() {
    let (mut framer, mut found) = (joined(), Vec::new());
    let lines = |texts: &[(&str, u64)]| -> Vec<_> { texts.iter().map(|(text, at)| (text.to_string(), *at)).collect() };
    framer.frames(&chunk(&lines(&[("a", 1), (" b", 2)]), 2, false), &mut |frame| found.push(text(frame)));
    let later = 3 + GAP_NS + LATE_NS;
    framer.release(later, false, &|pause| pause != at(2), &mut |frame| found.push(text(frame)));
    framer.frames(&chunk(&lines(&[(" c", 3), ("d", 4), ("e", 5)]), later, false), &mut |frame| found.push(text(frame)));
    assert_eq!((found.len(), framer.held_since()), (0, Some(0)));
    assert!(framer.held() > "a\n bcde".len());
    framer.release(later, false, &|pause| pause == at(2), &mut |frame| found.push(text(frame)));
    assert_eq!((found, framer.held_since()), (vec!["a\n b".into(), " c".into(), "d".into()], Some(1)));
}

#[test]
fn the_end_of_a_source_is_a_pause_too() {
    let (mut framer, mut found) = (joined(), Vec::new());
    let lines = [("a".into(), 1), (" b".into(), 2)];
    framer.frames(&chunk(&lines, 2, true), &mut |_| panic!("another life of its container may go on with it"));
    framer.release(u64::MAX, true, &|_| false, &mut |_| panic!("it is not noted"));
    framer.release(u64::MAX, true, &|pause| pause == at(2), &mut |frame| found.push(text(frame)));
    assert_eq!((found, framer.held_since()), (vec!["a\n b".to_string()], None));
}

/// What happens to a source.
#[derive(Clone, Debug)]
enum Step {
    /// So many more lines are read.
    Read(usize),
    /// Nothing came for so long.
    Wait(u64),
    /// The registry writes.
    Note,
    /// Its container ends, and may be started again.
    End,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1usize..4).prop_map(Step::Read),
        4 => (1u64..40).prop_map(|steps| Step::Wait(steps * STEP_NS)),
        2 => Just(Step::Note),
        1 => Just(Step::End),
    ]
}

/// A life of the daemon: what went out, and the pauses that were on disk when it was killed.
fn live(lines: &[(String, u64)], steps: &[Step]) -> (Vec<String>, Vec<Position>) {
    let (mut framer, mut found) = (joined(), Vec::new());
    let (mut read, mut now_ns, mut has_ended) = (0, 0, false);
    let asked = std::cell::RefCell::new(BTreeSet::new());
    let mut noted = BTreeSet::new();
    for step in steps {
        match step {
            Step::Read(count) => {
                let until = (read + count).min(lines.len());
                framer.frames(&chunk(&lines[read..until], now_ns, false), &mut |frame| found.push(text(frame)));
                (read, has_ended) = (until, false);
            }
            Step::Wait(ns) => now_ns += ns,
            Step::Note => noted.clone_from(&asked.borrow()),
            Step::End => has_ended = true,
        }
        let note = |pause| {
            asked.borrow_mut().insert(pause);
            noted.contains(&pause)
        };
        framer.release(now_ns, has_ended, &note, &mut |frame| found.push(text(frame)));
    }
    (found, noted.into_iter().collect())
}

proptest! {
    /// Whatever the clock decided before a death: read again as a whole, the same records come first, whose ids the engine knows.
    #[test]
    fn lines_that_are_read_again_are_joined_as_before(
        lines in prop::collection::vec(("[ a]{1,2}", 1u64..8), 1..20),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut time = 0;
        let stamp = |(nth, (text, gap)): (usize, (String, u64))| {
            time += gap * STEP_NS;
            (format!("{text}{nth}"), time)
        };
        let lines: Vec<(String, u64)> = lines.into_iter().enumerate().map(stamp).collect();
        let (before, pauses) = live(&lines, &steps);
        let (mut framer, mut again) = (joined(), Vec::new());
        framer.end_behind(pauses);
        take(&mut *framer, &chunk(&lines, 0, true), &mut |frame| again.push(text(frame)));
        prop_assert!(again.starts_with(&before), "{:?} were stored, and then {:?}", before, again);
        prop_assert_eq!(again.join("\n").lines().count(), lines.len());
    }
}
