//! A log that is written, rotated, compressed, truncated and removed while it is read, against what was written.

use super::*;
use crate::input::docker::stamp::StampParser;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::fs::OpenOptions;
use std::io::Write as _;
use tempfile::TempDir;
use tokio::sync::Semaphore;

const SECOND: u64 = 1_795_428_285;
const NANOS: u64 = 1_000_000_000;

/// A folder in which a log is written as Docker writes it.
struct Writer {
    folder: TempDir,
    files_max: u32,
    compresses: bool,
    /// Each line is its number; a tenth of a second lies between two.
    next: u64,
}

impl Writer {
    fn new(files_max: u32, compresses: bool) -> Writer {
        let writer = Writer { folder: tempfile::tempdir().unwrap(), files_max, compresses, next: 0 };
        fs::write(writer.path(0), "").unwrap();
        writer
    }

    fn path(&self, age: u32) -> PathBuf {
        let suffix = if age == 0 { String::new() } else { format!(".{age}") };
        self.folder.path().join(format!("ab-json.log{suffix}"))
    }

    fn append(&self, text: &str) {
        OpenOptions::new().append(true).open(self.path(0)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn record(&mut self) -> String {
        let number = self.next;
        self.next += 1;
        let time = crate::event::Timestamp::from_nanos(time_of_line(number));
        format!("{{\"log\":\"{number}\\n\",\"stream\":\"stdout\",\"time\":\"{time}\"}}\n")
    }

    fn print(&mut self, lines: u64) {
        let text: String = (0..lines).map(|_| self.record()).collect();
        self.append(&text);
    }

    fn rotate(&self) {
        let ending = if self.compresses { ".gz" } else { "" };
        let packed = |age: u32| PathBuf::from(format!("{}{ending}", self.path(age).display()));
        let _ = fs::remove_file(packed(self.files_max - 1));
        for age in (1..self.files_max - 1).rev() {
            let _ = fs::rename(packed(age), packed(age + 1));
        }
        fs::rename(self.path(0), self.path(1)).unwrap();
        fs::write(self.path(0), "").unwrap();
        if self.compresses {
            let mut encoder = GzEncoder::new(fs::File::create(packed(1)).unwrap(), Compression::fast());
            encoder.write_all(&fs::read(self.path(1)).unwrap()).unwrap();
            encoder.finish().unwrap();
            fs::remove_file(self.path(1)).unwrap();
        }
    }

    fn truncate(&self) {
        OpenOptions::new().write(true).open(self.path(0)).unwrap().set_len(0).unwrap();
    }

    fn open(&self, since_ns: u64) -> JsonLog {
        JsonLog::open(&self.path(0), since_ns, Arc::new(Semaphore::new(100))).unwrap()
    }
}

fn time_of_line(number: u64) -> u64 {
    SECOND * NANOS + number * (NANOS / 10)
}

/// The lines up to the end, and why there were jumps.
fn read(log: &mut JsonLog) -> (Vec<u64>, Vec<&'static str>) {
    let (mut numbers, mut jumps) = (Vec::new(), Vec::new());
    let mut reader = RecordReader::new(false, 1000);
    loop {
        match log.next(Vec::new()).unwrap() {
            Step::AtEnd(_) => return (numbers, jumps),
            Step::Jump(jump) => jumps.push(jump.why),
            Step::Lines(bytes, part) => {
                let each = &mut |line: super::super::joiner::RawLine<'_>| {
                    numbers.push(std::str::from_utf8(line.text).unwrap().parse().unwrap());
                };
                assert_eq!(reader.feed(&bytes[part], each), 0);
            }
        }
    }
}

fn numbers(range: Range<u64>) -> Vec<u64> {
    range.collect()
}

#[test]
fn a_line_that_is_written_in_part_is_waited_for() {
    let mut writer = Writer::new(2, false);
    writer.print(1);
    let mut log = writer.open(0);
    let half = writer.record();
    writer.append(&half[..20]);
    assert_eq!(read(&mut log), (numbers(0..1), vec![]));
    writer.append(&half[20..]);
    assert_eq!(read(&mut log), (numbers(1..2), vec![]));
}

#[test]
fn a_file_that_vanishes_while_we_are_behind_is_read_to_its_end() {
    let mut writer = Writer::new(2, false);
    writer.print(20_000);
    let mut log = writer.open(0);
    assert!(matches!(log.next(Vec::new()).unwrap(), Step::Lines(..)));
    for _ in 0..3 {
        // Seen each time: what is rotated away behind our back stays open.
        writer.rotate();
        writer.print(5_000);
        log.look().unwrap();
    }
    fs::remove_dir_all(writer.folder.path()).unwrap();
    let (rest, jumps) = read(&mut log);
    assert_eq!((rest.last(), rest.windows(2).all(|pair| pair[1] == pair[0] + 1)), (Some(&34_999), true));
    assert_eq!(jumps, [] as [&str; 0]);
}

#[test]
fn what_rotation_took_unseen_is_a_jump() {
    let mut writer = Writer::new(2, false);
    writer.print(10);
    let mut log = writer.open(0);
    assert_eq!(read(&mut log), (numbers(0..10), vec![]));
    for _ in 0..3 {
        writer.rotate();
        writer.print(10);
    }
    assert_eq!(read(&mut log), (numbers(20..40), vec!["rotated"]));
}

#[test]
fn truncation_is_seen_even_if_the_file_is_longer_again() {
    let mut writer = Writer::new(2, false);
    writer.print(10);
    let mut log = writer.open(0);
    assert_eq!(read(&mut log).0, numbers(0..10));
    for lines in [1, 30] {
        let from = writer.next;
        writer.truncate();
        writer.print(lines);
        assert_eq!(read(&mut log), (numbers(from..from + lines), vec!["truncated"]), "{lines}");
    }
}

#[test]
fn a_truncation_within_what_was_not_read_yet_is_a_sure_gap() {
    let mut writer = Writer::new(2, false);
    writer.print(10_000);
    let mut log = writer.open(0);
    assert!(matches!(log.next(Vec::new()).unwrap(), Step::Lines(..)));
    writer.truncate();
    writer.print(3);
    let Step::Jump(jump) = log.next(Vec::new()).unwrap() else { panic!("the truncation is not seen") };
    assert!(jump.is_sure);
    assert_eq!(read(&mut log).0, numbers(10_000..10_003));
}

#[test]
fn a_file_of_the_same_inode_is_told_from_the_one_before() {
    let mut writer = Writer::new(2, false);
    writer.print(10);
    // What a closed log is opened with again is a time: whatever stands at the path now.
    fs::remove_file(writer.path(0)).unwrap();
    fs::write(writer.path(0), "").unwrap();
    writer.print(5);
    assert_eq!(read(&mut writer.open(time_of_line(9))), (numbers(10..15), vec![]));
}

#[test]
fn compressed_files_are_read_and_known_again() {
    let mut writer = Writer::new(4, true);
    writer.print(10);
    let mut log = writer.open(0);
    assert_eq!(read(&mut log).0, numbers(0..10));
    for n in 1..=2 {
        writer.print(10);
        writer.rotate();
        writer.print(10);
        assert_eq!(read(&mut log), (numbers(n * 20 - 10..n * 20 + 10), vec![]), "the file we read was compressed");
    }
    assert_eq!(read(&mut writer.open(0)), (numbers(0..50), vec![]));
    assert_eq!(read(&mut writer.open(time_of_line(45))).0.last(), Some(&49));
}

#[test]
fn a_time_is_found_in_a_long_file() {
    let mut writer = Writer::new(3, false);
    writer.print(30_000);
    writer.rotate();
    writer.print(30_000);
    for since in [0, 1, 500, 29_999, 30_000, 30_025, 45_678, 59_999, 70_000] {
        let read = read(&mut writer.open(time_of_line(since))).0;
        let first = *read.first().unwrap();
        assert_eq!(read, numbers(first..60_000), "{since}");
        assert!(first <= since && since.min(60_000) - first < 4_000, "{since}: begins at {first}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever happens between two readings, lines come in order and once; if some are missing, there was a jump.
    #[test]
    fn nothing_is_lost_in_silence(
        files_max in 2..5u32,
        compresses: bool,
        operations in prop::collection::vec((0..4u8, 1..40u64), 1..40),
    ) {
        let mut writer = Writer::new(files_max, compresses);
        let mut log = writer.open(0);
        let (mut got, mut jumped) = (Vec::new(), 0);
        for (operation, lines) in operations {
            match operation {
                0 | 1 => writer.print(lines),
                // The engine rotates when a file is full, so none of its files is empty.
                2 => { writer.print(1); writer.rotate() }
                _ => {
                    let (more, jumps) = read(&mut log);
                    got.extend(more);
                    jumped += jumps.len();
                }
            }
        }
        writer.print(1);
        let (more, jumps) = read(&mut log);
        got.extend(more);
        prop_assert!(got.windows(2).all(|pair| pair[0] < pair[1]), "{got:?}");
        prop_assert_eq!(got.last(), Some(&(writer.next - 1)));
        prop_assert!(got.len() as u64 == writer.next || jumped + jumps.len() > 0, "{got:?}");
    }

    /// A search by time never begins behind a record that is needed, late records or not.
    #[test]
    fn a_search_misses_nothing(late in prop::collection::vec(0..8_000u64, 0..30), since in 0..8_000u64) {
        let mut writer = Writer::new(2, false);
        let mut text = String::new();
        for number in 0..8_000 {
            // A part of a line that was begun long ago.
            if late.contains(&number) {
                text.push_str(&format!("{{\"log\":\"late\",\"stream\":\"stderr\",\"time\":\"{}\"}}\n",
                    crate::event::Timestamp::from_nanos(time_of_line(number / 2))));
            }
            text.push_str(&writer.record());
        }
        writer.append(&text);
        let mut log = writer.open(time_of_line(since));
        let Step::Lines(bytes, part) = log.next(Vec::new()).unwrap() else { panic!("nothing is read") };
        let mut stamps = StampParser::default();
        let line = bytes[part].split(|byte| *byte == b'\n').next().unwrap();
        prop_assert!(records::time_of(line, &mut stamps).unwrap() <= time_of_line(since));
    }
}
