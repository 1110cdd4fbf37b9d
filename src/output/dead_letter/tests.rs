//! What a letter holds, who may read it, and what a full or torn file does.

use super::*;
use crate::disk::RealDisk;
use crate::disk::simulated::{Random, SimulatedDisk, play_seeds};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;

const LETTER: Letter<'_> = Letter {
    index: b"logs-2026.11.23",
    id: b"abc",
    action: b"{\"create\":{\"_index\":\"logs-2026.11.23\",\"_id\":\"abc\"}}\n",
    document: br#"{"n":"x\nx", "big":12345678901234567890123}"#,
    status: 400,
    kind: "document_parsing_exception",
    reason: "failed to parse field [n]",
};

fn limit(bytes_max: u64) -> Limit {
    Limit { bytes_max, policy: Policy::DropNewer }
}

fn write(letters: &mut DeadLetters, documents: &[&'static [u8]]) -> Kept {
    let letters_of = documents.iter().map(|document| Letter { document, ..LETTER });
    letters.write(letters_of, Timestamp::from_millis(1_795_428_285_123)).unwrap()
}

fn lines(letters: &DeadLetters) -> Vec<Result<Value, String>> {
    let text = std::fs::read_to_string(letters.path()).unwrap();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).map_err(|_| line.to_string()))
        .collect()
}

#[test]
fn a_letter_holds_the_document_and_the_reason() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(Arc::new(RealDisk), data.path(), "es main", limit(1 << 20));
    assert_eq!(write(&mut letters, &[LETTER.document]), Kept { kept: 1, dropped: 0 });
    let text = std::fs::read_to_string(data.path().join("dead_letters/es_main.ndjson")).unwrap();
    assert!(text.contains(r#""document":{"n":"x\nx", "big":12345678901234567890123}}"#), "{text}");
    let line = lines(&letters).remove(0).unwrap();
    assert_eq!(line["action"], json!({"create": {"_index": "logs-2026.11.23", "_id": "abc"}}));
    assert_eq!(
        (&line["time"], &line["output"], &line["id"], &line["status"]),
        (&json!("2026-11-23T10:04:45.123Z"), &json!("es main"), &json!("abc"), &json!(400))
    );
}

#[test]
fn nobody_else_may_read_them() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(Arc::new(RealDisk), data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{}"]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(letters.path()), mode(letters.path().parent().unwrap())), (0o600, 0o700));
}

#[test]
fn what_is_no_json_is_kept_as_text_or_base64() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(Arc::new(RealDisk), data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{\"cut", b"\xff{", b"{}\n"]);
    let lines = lines(&letters);
    assert_eq!(lines[0].as_ref().unwrap()["document"], "{\"cut");
    assert_eq!(lines[1].as_ref().unwrap()["document_base64"], "/3s=");
    assert_eq!(lines[2].as_ref().unwrap()["document"], json!({}));
}

#[test]
fn beyond_the_limit_letters_are_dropped_and_counted() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(Arc::new(RealDisk), data.path(), "es", limit(700));
    let first = write(&mut letters, &[LETTER.document; 5]);
    assert_eq!((first.kept + first.dropped, first.kept > 0, first.dropped > 0), (5, true, true));
    assert_eq!(write(&mut letters, &[LETTER.document]), Kept { kept: 0, dropped: 1 });
    assert!(std::fs::metadata(letters.path()).unwrap().len() <= 700);
}

#[test]
fn a_torn_line_harms_no_other() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(Arc::new(RealDisk), data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{}"]);
    OpenOptions::new().append(true).open(letters.path()).unwrap().write_all(b"{\"time\":\"20").unwrap();
    let mut letters = DeadLetters::new(Arc::new(RealDisk), data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{}"]);
    let lines = lines(&letters);
    assert_eq!((lines.len(), lines[0].is_ok(), lines[1].is_err(), lines[2].is_ok()), (3, true, true, true));
}

#[test]
fn with_drop_older_the_oldest_make_room() {
    let data = tempfile::tempdir().unwrap();
    let mut letters =
        DeadLetters::new(Arc::new(RealDisk), data.path(), "es", Limit { bytes_max: 2000, policy: Policy::DropOlder });
    for n in 0..50 {
        let document = format!("{{\"n\":{n}}}");
        let letter = Letter { document: document.as_bytes(), ..LETTER };
        let kept = letters.write(std::iter::once(letter), Timestamp::from_millis(1_795_428_285_123 + n)).unwrap();
        assert_eq!(kept, Kept { kept: 1, dropped: 0 });
        assert!(std::fs::metadata(letters.path()).unwrap().len() <= 2000);
    }
    let left: Vec<i64> =
        lines(&letters).iter().map(|line| line.as_ref().unwrap()["document"]["n"].as_i64().unwrap()).collect();
    assert!(left.len() >= 3 && left.last() == Some(&49) && left.is_sorted(), "{left:?}");
    let giant = Letter { document: &[b'1'; 3000], ..LETTER };
    assert_eq!(letters.write(std::iter::once(giant), Timestamp::from_millis(0)).unwrap(), Kept { kept: 0, dropped: 1 });
}

#[test]
fn letters_are_read_back_by_their_names_and_taken_out_while_others_come() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(Arc::new(RealDisk), data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{\"n\":1}", b"{\"n\":2}", b"\xff", b"{\"n\":4}"]);
    OpenOptions::new().append(true).open(letters.path()).unwrap().write_all(b"{\"torn").unwrap();
    let mut found = Vec::new();
    stored::each(&RealDisk, data.path(), &mut |name, letter| {
        found.push((name.to_string(), letter.document().to_vec(), letter.id.as_deref().map(String::from)));
        true
    })
    .unwrap();
    assert_eq!(
        found.iter().map(|(_, document, _)| &document[..]).collect::<Vec<_>>(),
        [&b"{\"n\":1}"[..], b"{\"n\":2}", b"\xff", b"{\"n\":4}"]
    );
    assert_eq!(found[0].2.as_deref(), Some("abc"));
    write(&mut letters, &[b"{\"n\":5}"]);
    let gone = [found[1].0.clone(), found[2].0.clone()].into();
    assert_eq!(stored::remove(&RealDisk, data.path(), &gone).unwrap(), 2);
    let mut left = Vec::new();
    stored::each(&RealDisk, data.path(), &mut |_, letter| {
        left.push(String::from_utf8_lossy(&letter.document()).into_owned());
        true
    })
    .unwrap();
    assert_eq!(left, ["{\"n\":1}", "{\"n\":4}", "{\"n\":5}"]);
}

/// What one seed plays: a file of letters, and what a naive model says of it.
struct Play {
    random: Random,
    disk: SimulatedDisk,
    limit: Limit,
    letters: DeadLetters,
    tried: u64,
    kept: BTreeSet<u64>,
    removed: BTreeSet<u64>,
}

const DATA: &str = "/data";

impl Play {
    fn new(seed: u64) -> Play {
        let (mut random, disk) = (Random(seed), SimulatedDisk::default());
        let policy = if random.one_in(2) { Policy::DropNewer } else { Policy::DropOlder };
        let limit = Limit { bytes_max: 2000 + random.below(9000), policy };
        let letters = Play::open(&disk, limit);
        Play { random, disk, limit, letters, tried: 0, kept: BTreeSet::new(), removed: BTreeSet::new() }
    }

    fn open(disk: &SimulatedDisk, limit: Limit) -> DeadLetters {
        DeadLetters::new(Arc::new(disk.clone()), Path::new(DATA), "es", limit)
    }

    fn step(&mut self) {
        let Play { random, disk, .. } = self;
        match random.below(12) {
            0 => disk.fail(random.below(8) as u32, 1 + random.below(4) as u32),
            1 => disk.cut_power(random.below(12) as u32),
            2 => disk.read_only(true),
            3 => disk.limit(Some(random.below(9000) as usize)),
            4 => self.restart(true),
            5 => self.restart(false),
            6 => self.remove(),
            _ => self.write(),
        }
    }

    fn write(&mut self) {
        let numbers = self.tried..self.tried + 1 + self.random.below(4);
        self.tried = numbers.end;
        let texts: Vec<String> =
            numbers.clone().map(|n| format!("{{\"n\":{n},\"x\":\"{}\"}}", "x".repeat((n % 7 * 90) as usize))).collect();
        let letters = texts.iter().map(|text| Letter { document: text.as_bytes(), ..LETTER });
        if let Ok(Kept { kept, dropped }) = self.letters.write(letters, Timestamp::from_millis(0)) {
            assert_eq!(kept + dropped, texts.len());
            if dropped == 0 {
                self.kept.extend(numbers);
            }
        }
    }

    /// The letters that can be read, by number, in their order.
    fn read(&self) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        stored::each(&self.disk, Path::new(DATA), &mut |name, letter| {
            let document: Value = serde_json::from_slice(&letter.document()).expect("no letter is half");
            found.push((document["n"].as_u64().unwrap(), name.to_string()));
            true
        })
        .unwrap();
        found
    }

    fn remove(&mut self) {
        let all = self.read();
        if all.is_empty() {
            return;
        }
        let (number, name) = all[self.random.below(all.len() as u64) as usize].clone();
        let removed = stored::remove(&self.disk, Path::new(DATA), &HashSet::from([name]));
        self.kept.remove(&number);
        if removed.is_ok() {
            self.removed.insert(number);
        }
    }

    fn restart(&mut self, crash: bool) {
        if crash {
            self.disk.crash(&mut self.random);
        }
        self.disk.heal();
        self.letters = Play::open(&self.disk, self.limit);
        self.check();
    }

    fn check(&mut self) {
        let there: BTreeSet<u64> = self.read().into_iter().map(|(number, _)| number).collect();
        assert!(there.is_disjoint(&self.removed), "{there:?} {:?}", self.removed);
        let missing: Vec<u64> = self.kept.difference(&there).copied().collect();
        match self.limit.policy {
            Policy::DropNewer => assert!(missing.is_empty(), "kept, and not there: {missing:?}"),
            Policy::DropOlder => {
                let left = self.kept.intersection(&there).next();
                assert!(left.is_none_or(|left| missing.iter().all(|gone| gone < left)), "{missing:?} {left:?}");
                self.kept = self.kept.intersection(&there).copied().collect();
            }
        }
        let bytes =
            self.disk.files().into_iter().find(|(path, _)| path == self.letters.path()).map_or(0, |file| file.1);
        assert!(bytes as u64 <= self.limit.bytes_max, "{bytes}");
    }
}

#[test]
fn whatever_the_disk_does_letters_that_were_kept_can_be_read() {
    const SEEDS: u64 = if cfg!(feature = "soak") { 50_000 } else { 3_000 };
    play_seeds(SEEDS, |seed| {
        let mut play = Play::new(seed);
        (0..40).for_each(|_| play.step());
        play.restart(true);
    });
}
