//! The kept inputs of the fuzzer, through its targets: what was found once is not found again.

#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use crate::engine::Random;

/// The targets that read what lies on a disk or comes from an engine.
const OF_STATE: &[&str] = &["registry", "queue_segment", "dead_letters", "bulk_reply"];
/// Mutations of each kept input, in every run of the tests: what the fuzzer would find in its first second.
/// `TIMBERLINE_SEEDS` says another number.
const MUTATIONS: u64 = 60;

#[test]
fn every_kept_input_goes_through_its_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let folders = fs::read_dir(&corpus).expect("the corpus is part of the project").count();
    assert_eq!(folders, targets::TARGETS.len(), "each target has a folder of inputs, and each folder a target");
    for target in targets::TARGETS {
        for (path, input) in inputs(target.name) {
            // A panic says which input it was.
            println!("{}", path.display());
            (target.run)(&input);
        }
    }
}

#[test]
fn damaged_files_and_answers_go_through_their_targets() {
    let given = std::env::var("TIMBERLINE_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    let mutations = given.unwrap_or(MUTATIONS);
    for target in targets::TARGETS.iter().filter(|target| OF_STATE.contains(&target.name)) {
        let inputs = inputs(target.name);
        for (number, (path, input)) in inputs.iter().enumerate() {
            for seed in 0..mutations {
                let mut random = Random::new(seed << 16 | number as u64);
                let mut mutated = input.clone();
                for _ in 0..=random.within(0..4) {
                    let other = &random.choose(&inputs).1;
                    mutate(&mut mutated, other, &mut random);
                }
                let run = target.run;
                let held = catch_unwind(|| run(&mutated));
                assert!(held.is_ok(), "{}, seed {seed}: {:?}", path.display(), String::from_utf8_lossy(&mutated));
            }
        }
    }
}

/// The kept inputs of a target, in the order of their names.
fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(&corpus).unwrap_or_else(|error| panic!("{target}: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no input");
    let read = |path: PathBuf| {
        let input = fs::read(&path).expect("an input can be read");
        (path, input)
    };
    paths.into_iter().map(read).collect()
}

/// One change: a flipped bit, a byte, a stretch gone, a stretch of another input, an end cut off.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let mut place = |length: usize| random.next() as usize % (length + 1);
    let (at, end) = (place(bytes.len()), place(bytes.len()));
    let stretch = at.min(end)..at.max(end).min(at.min(end) + 64);
    match place(5) {
        0 if at < bytes.len() => bytes[at] ^= 1 << place(7),
        1 if at < bytes.len() => bytes[at] = place(255) as u8,
        2 => drop(bytes.drain(stretch)),
        3 => {
            let (from, to) = (place(other.len()), place(other.len()));
            let taken = &other[from.min(to)..from.max(to)];
            drop(bytes.splice(at..at, taken[..taken.len().min(512)].iter().copied()));
        }
        4 => bytes[stretch].fill(place(255) as u8),
        _ => bytes.truncate(at),
    }
}
