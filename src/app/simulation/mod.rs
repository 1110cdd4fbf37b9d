//! The whole daemon in a simulated world: containers that print, an engine that gives every answer there is, a disk that
//! fails and forgets, on a time that is only said to pass; and an end of the daemon at any step.
//!
//! The rooms are the real ones: ledger and registry file, the docker input's cursors and joiners, codec, filters and
//! routing, the queue on disk, the output's dispatch with all its parts, dead letters. Sockets, tasks and threads are
//! not here. Every choice comes from one seed, so a play that fails is played again by `TIMBERLINE_SEED`.
//!
//! What must hold, whatever happened, when disk and engine are well again for long enough:
//! - nothing is lost: each line stands in a document of each index that it is for, or in a dead letter;
//! - nothing is doubled: it stands in one document of each index;
//! - `event.sequence` sorts the documents of a stream as its lines were printed;
//! - the books balance after every step, and no receipt is dropped without a verdict while the daemon lives.

mod edges;
mod engine;
mod life;
mod source;

use crate::app::load::{Request, load};
use crate::clock::Clock as _;
use crate::disk::simulated::{Random, SimulatedDisk, play_seeds};
use crate::output::dead_letter::stored;
use crate::pipeline::Pipeline;
use engine::Engine;
use life::{DATA, Life, OUTPUTS, Settings, Time};
use source::{Container, Printed};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

const SEEDS: u64 = if cfg!(feature = "soak") { 50_000 } else { 2_000 };
const STEPS: u64 = 160;
/// 2026-11-23, noon.
const BEGAN_NS: u64 = 1_795_435_200_000_000_000;
/// Until everything has its verdict.
const ROUNDS_MAX: usize = 20_000;

const PIPELINE: &str = r#"
input { docker { multiline => multiline { pattern => "^\s" what => "previous" auto_flush_interval => 2 } } }
filter { if [message] =~ "DROP" { drop { } } }
output {
  elasticsearch { id => "logs" hosts => [ "http://simulated:9200" ] index => "logs-%{+YYYY.MM.dd}" }
  if [message] =~ "ERROR" { elasticsearch { id => "errors" hosts => [ "http://simulated:9200" ] index => "errors-%{+YYYY.MM.dd}" } }
}
"#;

struct Play<'p> {
    random: Random,
    settings: Settings,
    pipeline: &'p Pipeline,
    disk: SimulatedDisk,
    time: Time,
    engine: Engine,
    containers: Vec<Container>,
    printed: Vec<Printed>,
    /// `None` between two lives.
    life: Option<Life>,
}

impl<'p> Play<'p> {
    fn new(seed: u64, pipeline: &'p Pipeline) -> Play<'p> {
        let mut random = Random(seed);
        let has_queue = !random.one_in(4);
        let settings = Settings {
            budget_bytes: 3_000 + random.below(40_000) as usize,
            bulk_bytes_max: 400 + random.below(6_000) as usize,
            bulk_requests_max: 1 + random.below(3) as usize,
            queue_bytes_max: u64::from(has_queue) * (3_000 + random.below(100_000)),
            page_bytes: 512 << random.below(5),
            persisted: random.one_in(4),
            id_salt: "",
        };
        let (disk, time, engine) = (SimulatedDisk::default(), Time::new(BEGAN_NS), Engine::default());
        let containers: Vec<Container> = (0..1 + random.below(3)).map(|_| Container::default()).collect();
        let life = Some(Life::new(&settings, &disk, &time, pipeline, &containers));
        Play { random, settings, pipeline, disk, time, engine, containers, printed: Vec::new(), life }
    }

    fn step(&mut self) {
        let Play { random, containers, printed, time, disk, engine, life, .. } = self;
        let life = life.as_mut().expect("it lives between steps");
        let at = random.below(containers.len() as u64) as usize;
        match random.below(32) {
            0..=4 => containers[at].print(time.now_ns(), printed, random),
            5..=8 => life.read(at, containers, 1 + random.below(12) as usize),
            9..=13 => life.work(),
            14..=18 => life.dispatch(),
            19..=23 => life.finish(engine, random),
            24 | 25 => _ = life.figures.within(|| life.registry.flush()),
            26 | 27 => time.advance(Duration::from_millis(random.below(2_500))),
            28 if random.one_in(2) => life.reattach(at, containers),
            28 => life.end(at, containers),
            29 => trouble_engine(engine, random),
            30 => trouble_disk(disk, random),
            _ => self.end_life(),
        }
        if let Some(life) = &self.life {
            life.check_books();
        }
    }

    /// It is killed, or the power goes, or it is told to stop; and starts again.
    fn end_life(&mut self) {
        let Play { random, disk, engine, .. } = self;
        let Some(life) = self.life.take() else { return };
        match random.below(3) {
            0 => life.stop(engine, random),
            how => {
                disk.cut_power(0);
                life.die(engine, random);
                if how == 1 {
                    disk.crash(random);
                }
            }
        }
        disk.heal();
        self.time.advance(Duration::from_millis(self.random.below(5_000)));
        self.life = Some(Life::new(&self.settings, &self.disk, &self.time, self.pipeline, &self.containers));
    }

    /// Everything is well again, for as long as it takes.
    fn settle(&mut self) {
        self.disk.heal();
        (self.engine.is_sick, self.engine.closed) = (false, BTreeMap::new());
        let Play { random, containers, time, engine, life, .. } = self;
        let life = life.as_mut().expect("it lives between steps");
        for round in 0.. {
            for at in 0..containers.len() {
                life.read(at, containers, 20);
            }
            life.work();
            life.note_pauses();
            life.dispatch();
            (0..4).for_each(|_| life.finish(engine, random));
            life.check_books();
            if life.is_done(containers) {
                return;
            }
            time.advance(life.due().unwrap_or_default().clamp(Duration::from_millis(20), Duration::from_millis(300)));
            assert!(round < ROUNDS_MAX, "all is well, and something waits for ever: {}", life.waiting());
        }
    }

    fn check(&self) {
        let letters = self.letters();
        for (output, label) in OUTPUTS.iter().enumerate() {
            let index = format!("{label}-2026.11.23");
            let stored = self.engine.indices.get(&index).cloned().unwrap_or_default();
            let mut times: BTreeMap<u64, u32> = BTreeMap::new();
            stored
                .values()
                .flat_map(|source| numbers(source))
                .for_each(|number| *times.entry(number).or_default() += 1);
            for Printed { number, tag } in &self.printed {
                let expected = *tag != "DROP" && (output == 0 || *tag == "ERROR");
                let found = times.get(number).copied().unwrap_or(0);
                assert!(found <= 1, "{index}: line {number} ({tag}) is there {found} times: {stored:#?}");
                let is_somewhere = found == 1 || letters.contains_key(&(index.clone(), *number));
                assert_eq!(is_somewhere, expected, "{index}: line {number} ({tag})");
            }
            check_order(stored.values());
        }
        assert!(self.engine.indices.keys().all(|index| index.ends_with("-2026.11.23")));
    }

    /// The lines in dead letters, by index.
    fn letters(&self) -> BTreeMap<(String, u64), u32> {
        let mut found = BTreeMap::new();
        stored::each(&self.disk, Path::new(DATA), &mut |_, letter| {
            let document = String::from_utf8(letter.document().to_vec()).expect("documents are UTF-8");
            for number in numbers(&document) {
                *found.entry((letter.index.to_string(), number)).or_default() += 1;
            }
            true
        })
        .expect("letters can be read");
        found
    }
}

fn trouble_engine(engine: &mut Engine, random: &mut Random) {
    let index = format!("{}-2026.11.23", OUTPUTS[random.below(2) as usize]);
    match random.below(6) {
        0 => _ = engine.closed.insert(index, (503, "unavailable_shards_exception")),
        1 => _ = engine.closed.insert(index, (403, "cluster_block_exception")),
        2 | 3 => engine.closed.clear(),
        _ => engine.is_sick = !engine.is_sick,
    }
}

fn trouble_disk(disk: &SimulatedDisk, random: &mut Random) {
    match random.below(5) {
        0 => disk.read_only(true),
        1 => disk.limit(Some(random.below(20_000) as usize)),
        2 => disk.fail(random.below(8) as u32, 1 + random.below(4) as u32),
        _ => disk.heal(),
    }
}

/// The numbers of the lines in a document.
fn numbers(document: &str) -> Vec<u64> {
    let after = document.split("n=").skip(1);
    after.filter_map(|text| text.split(';').next()?.parse().ok()).collect()
}

/// `event.sequence` rises with the lines of each stream.
fn check_order<'d>(documents: impl Iterator<Item = &'d String>) {
    let mut last: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    for text in documents {
        let document: serde_json::Value = serde_json::from_str(text).expect("documents are JSON");
        let stream = format!("{} {}", document["container"]["id"], document["stream"]);
        let sequence = document["event"]["sequence"].as_u64().expect("every line has its sequence");
        last.entry(stream).or_default().extend(numbers(text).first().map(|number| (sequence, *number)));
    }
    for (stream, mut documents) in last {
        documents.sort_unstable();
        assert!(documents.is_sorted_by_key(|(_, number)| *number), "{stream}: {documents:?}");
    }
}

#[test]
fn whatever_fails_nothing_is_lost_and_nothing_is_doubled() {
    let loaded = load(&Request::of_text(PIPELINE)).expect("a text needs no file");
    let pipeline = AssertUnwindSafe(loaded.pipeline.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics)));
    play_seeds(SEEDS, |seed| {
        let mut play = Play::new(seed, &pipeline);
        (0..STEPS).for_each(|_| play.step());
        play.settle();
        play.check();
    });
}
