//! A file of dead letters.

use super::disk::MemoryDisk;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use timberline::disk::Disk;
use timberline::event::Timestamp;
use timberline::output::dead_letter::{DeadLetters, Kept, Letter, Limit, Policy, stored};

const FILE: &str = "/data/dead_letters/es.ndjson";
const DATA: &str = "/data";

/// A letter as it is read back.
#[derive(Clone, Debug, PartialEq)]
struct Read {
    name: String,
    id: Option<String>,
    kind: String,
    reason: String,
    document: Vec<u8>,
}

/// The bytes as a file that is read, added to and taken from; then as what a letter holds.
pub fn dead_letters(bytes: &[u8]) {
    let disk = MemoryDisk::with(&[(FILE, bytes)]);
    let before = read(&disk);
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    assert!(before.len() <= lines, "{} letters on {lines} lines", before.len());
    // Letters behind it are read whole, whatever it ends with, and none of those before is lost.
    write(&disk, b"{\"n\":1}", "a", "r");
    let after = read(&disk);
    assert_eq!(after[..after.len() - 1], before, "what was there is there");
    assert_eq!(after.last().map(|letter| &letter.document[..]), Some(&b"{\"n\":1}"[..]));
    taken_out(&disk, bytes, &after);
    held(bytes);
}

/// Takes out every other letter: the lines of the others, letters or not, stay as they are.
fn taken_out(disk: &MemoryDisk, bytes: &[u8], letters: &[Read]) {
    let names: HashSet<String> = letters.iter().step_by(2).map(|letter| letter.name.clone()).collect();
    let gone = stored::remove(disk, Path::new(DATA), &names).expect("this disk never fails");
    let left = read(disk);
    assert!(gone as usize >= names.len());
    assert_eq!(left, letters.iter().filter(|letter| !names.contains(&letter.name)).cloned().collect::<Vec<_>>());
    let now = disk.bytes_of(FILE).expect("it is there");
    let mut lines = now.split(|byte| *byte == b'\n');
    let stays = |line: &&[u8]| !names.contains(&stored::name_of(line)) && !line.is_empty();
    assert!(bytes.split(|byte| *byte == b'\n').filter(stays).all(|line| lines.any(|found| found == line)));
}

/// A document of these bytes, and a reason of them, come back as they were.
fn held(bytes: &[u8]) {
    let disk = MemoryDisk::default();
    let text = String::from_utf8_lossy(bytes);
    let one_line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    for document in [bytes, one_line] {
        write(&disk, document, &text, &text);
        let letter = read(&disk).pop().expect("it was just written");
        // White space around a JSON document is nobody's.
        assert_eq!(letter.document.trim_ascii(), document.trim_ascii());
        assert_eq!(
            (letter.id.as_deref().unwrap_or_default(), &*letter.kind, &*letter.reason),
            (&*text, &*text, &*text)
        );
    }
}

fn write(disk: &MemoryDisk, document: &[u8], id: &str, reason: &str) {
    let limit = Limit { bytes_max: 1 << 30, policy: Policy::DropNewer };
    let quoted = serde_json::to_string(id).expect("a text is JSON");
    let action = format!("{{\"create\":{{\"_index\":\"logs\",\"_id\":{quoted}}}}}\n");
    let letter = Letter {
        index: b"logs",
        // As it lies in the action line.
        id: &quoted.as_bytes()[1..quoted.len() - 1],
        action: action.as_bytes(),
        document,
        status: 400,
        kind: reason,
        reason,
    };
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut letters = DeadLetters::new(disk, Path::new(DATA), "es", limit);
    let kept = letters.write(std::iter::once(letter), Timestamp::default()).expect("this disk never fails");
    assert_eq!(kept, Kept { kept: 1, dropped: 0 });
}

fn read(disk: &MemoryDisk) -> Vec<Read> {
    let mut found = Vec::new();
    stored::each(disk, Path::new(DATA), &mut |name, letter| {
        found.push(Read {
            name: name.into(),
            id: letter.id.as_deref().map(String::from),
            kind: letter.kind.clone().into_owned(),
            reason: letter.reason.clone().into_owned(),
            document: letter.document().into_owned(),
        });
        true
    })
    .expect("this disk never fails");
    found
}
