//! The queue against a naive model, on a disk that crashes, fails and rots.

use super::lane::{Lane, Lost, Shared};
use super::record;
use super::room::Room;
use super::*;
use crate::disk::RealDisk;
use crate::disk::simulated::{Random, SimulatedDisk, play_seeds};
use crate::event::destination::Doc;
use crate::event::spool::{Lent, MAIN, Refusal, Spool as _};
use crate::position::Receipt;
use std::collections::BTreeSet;

const FOLDER: &str = "/q/es/main";
const SEEDS: u64 = if cfg!(feature = "soak") { 50_000 } else { 2_000 };

fn shared(disk: &SimulatedDisk, bytes_max: u64, page_bytes: u64) -> Shared {
    let (room, budget) = (Arc::new(Room::new(bytes_max)), Arc::new(Budget::new(1 << 20)));
    let checkpoint_writes = CheckpointWrites::EACH;
    let (disk, pool) = (Arc::new(disk.clone()), Pool::default());
    Shared { disk, root: "/q".into(), room, budget, pool, page_bytes, checkpoint_writes }
}

fn lane(disk: &SimulatedDisk) -> Lane {
    Lane::open(shared(disk, 1 << 30, 4096), FOLDER.into()).unwrap()
}

/// A document that says its number, in an index, with an id.
fn lines(number: u64, bytes: usize) -> (Vec<u8>, Doc) {
    let action = format!("{{\"create\":{{\"_index\":\"logs\",\"_id\":\"{number}\"}}}}\n");
    let source = format!("{{\"n\":{number},\"x\":\"{}\"}}", "x".repeat(bytes));
    let id = action.len() as u32 - 4 - number.to_string().len() as u32..action.len() as u32 - 4;
    let marks = Doc {
        action: 0..action.len() as u32,
        source: action.len() as u32..(action.len() + source.len()) as u32,
        index: 21..25,
        id,
    };
    (format!("{action}{source}\n").into_bytes(), marks)
}

fn keep(lane: &mut Lane, documents: &[(Vec<u8>, Doc)]) -> (usize, Option<Refusal>) {
    let mut lent = documents.iter().map(|(lines, marks)| Lent { lines, marks: marks.clone() });
    let kept = lane.keep(&mut lent);
    (kept.documents, kept.why)
}

/// The numbers that a batch's ids name; every document is as it was given in.
fn numbers(batch: &DocBatch) -> Vec<u64> {
    let number = |doc: &Doc| {
        let text = |range| std::str::from_utf8(batch.text(range)).unwrap();
        assert_eq!(text(&doc.index), "logs");
        let number: u64 = text(&doc.id).parse().unwrap();
        let source = text(&doc.source);
        let padding = source.len() - format!("{{\"n\":{number},\"x\":\"\"}}").len();
        let (expected, marks) = lines(number, padding);
        assert_eq!(&batch.body[doc.whole()], &expected[..]);
        assert_eq!(doc.source.end - doc.action.start, marks.source.end);
        number
    };
    batch.docs.iter().map(number).collect()
}

fn all(lane: &mut Lane) -> (Vec<u64>, Vec<Receipt>) {
    let (mut found, mut receipts) = (Vec::new(), Vec::new());
    while let Some(batch) = lane.next(1000).unwrap() {
        found.extend(numbers(&batch));
        receipts.extend(batch.receipts);
    }
    (found, receipts)
}

fn fill(lane: &mut Lane, numbers: std::ops::Range<u64>) {
    let documents: Vec<_> = numbers.clone().map(|number| lines(number, (number * 37 % 300) as usize)).collect();
    assert_eq!(keep(lane, &documents).0, documents.len());
}

#[test]
fn what_was_kept_is_given_out_in_order_once_and_again_after_a_start_until_it_is_settled() {
    let disk = SimulatedDisk::default();
    let mut first = lane(&disk);
    fill(&mut first, 0..100);
    let (found, receipts) = all(&mut first);
    assert_eq!(found, (0..100).collect::<Vec<_>>());
    assert!(first.next(1000).unwrap().is_none());
    let settled = receipts.len() / 2;
    let mut receipts = receipts.into_iter();
    receipts.by_ref().take(settled).for_each(Receipt::settle);
    drop(receipts);
    first.tend();
    drop(first);
    let mut second = lane(&disk);
    let (found, receipts) = all(&mut second);
    assert!((1..60).contains(&found[0]) && found == (found[0]..100).collect::<Vec<_>>(), "{found:?}");
    fill(&mut second, 100..110);
    let (more, more_receipts) = all(&mut second);
    assert_eq!(more, (100..110).collect::<Vec<_>>());
    receipts.into_iter().chain(more_receipts).for_each(Receipt::settle);
    second.tend();
    assert_eq!((second.documents(), second.bytes(), second.take_lost()), (0, 0, Lost::default()));
    let left: Vec<_> = disk.files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, [PathBuf::from("/q/es/main/cursor")]);
    drop(second);
    let mut third = lane(&disk);
    assert_eq!((third.documents(), all(&mut third).0), (0, vec![]));
}

/// A document more than fits made the buffer twice as large, and was sent in the next request, with all of it held for its sake.
#[test]
fn what_is_given_out_fits_into_one_buffer_and_leaves_nothing_over() {
    const BYTES: usize = 32 << 10;
    let (disk, pool) = (SimulatedDisk::default(), Pool::new(1 << 20));
    let shared = Shared { pool: pool.clone(), ..shared(&disk, 1 << 30, 1 << 20) };
    let mut lane = Lane::open(shared, FOLDER.into()).unwrap();
    let documents: Vec<_> = (0..100).map(|number| lines(number, if number == 50 { BYTES } else { 1000 })).collect();
    keep(&mut lane, &documents);
    let (mut found, mut larger) = (Vec::new(), 0);
    while let Some(batch) = lane.next(BYTES).unwrap() {
        found.extend(numbers(&batch));
        if batch.docs.len() == 1 {
            larger += 1;
        } else {
            assert!(batch.body.len() <= BYTES && batch.body.capacity() == BYTES, "{}", batch.body.capacity());
            pool.give(batch.body);
        }
    }
    assert_eq!((found, larger), ((0..100).collect(), 1), "a document that is too large for any goes alone");
    assert!(format!("{pool:?}").starts_with("Pool(2 buffers"), "one for writing, one for reading: {pool:?}");
}

#[test]
fn receipts_settled_out_of_order_let_nothing_go_too_early() {
    let disk = SimulatedDisk::default();
    let mut lane = lane(&disk);
    fill(&mut lane, 0..100);
    let (_, mut receipts) = all(&mut lane);
    let first = receipts.remove(0);
    receipts.into_iter().for_each(Receipt::settle);
    lane.tend();
    assert_eq!(lane.documents(), 100);
    first.settle();
    lane.tend();
    assert_eq!(lane.documents(), 0);
}

#[test]
fn a_full_queue_takes_what_fits_and_goes_on_when_there_is_room() {
    let disk = SimulatedDisk::default();
    let mut lane = Lane::open(shared(&disk, 5000, 2000), FOLDER.into()).unwrap();
    let documents: Vec<_> = (0..20).map(|number| lines(number, 400)).collect();
    let (kept, why) = keep(&mut lane, &documents);
    assert!((5..12).contains(&kept) && matches!(why, Some(Refusal::Full)), "{kept} {why:?}");
    assert!(lane.bytes() <= 5000);
    let (found, receipts) = all(&mut lane);
    assert_eq!(found.len(), kept);
    receipts.into_iter().for_each(Receipt::settle);
    lane.tend();
    assert!(keep(&mut lane, &documents[kept..]).0 > 0);
}

#[test]
fn a_tail_that_is_torn_at_any_byte_loses_nothing_else() {
    let disk = SimulatedDisk::default();
    let mut whole = lane(&disk);
    fill(&mut whole, 0..6);
    drop(whole);
    let (path, size) = disk.files().remove(0);
    let bytes = disk.bytes_of(&path);
    // Where each record ends.
    let mut ends = vec![record::FILE_HEAD_BYTES];
    for number in 0..6 {
        let (lines, marks) = lines(number, (number * 37 % 300) as usize);
        ends.push(ends.last().unwrap() + record::size(&Lent { lines: &lines, marks }));
    }
    assert_eq!(*ends.last().unwrap(), size as u64);
    for cut in 0..=size {
        let disk = SimulatedDisk::default();
        disk.make_folder(Path::new("/q"), Path::new(FOLDER)).unwrap();
        disk.replace(&path, &bytes[..cut]).unwrap();
        let mut lane = lane(&disk);
        let (found, _receipts) = all(&mut lane);
        let expected = ends.iter().skip(1).filter(|end| **end <= cut as u64).count() as u64;
        assert_eq!(found, (0..expected).collect::<Vec<_>>(), "cut at {cut}");
        assert_eq!(lane.take_lost().documents, 0, "cut at {cut}");
        fill(&mut lane, 10..12);
        assert_eq!(all(&mut lane).0, [10, 11], "cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_costs_its_own_document_only_and_is_counted() {
    let disk = SimulatedDisk::default();
    let mut whole = lane(&disk);
    fill(&mut whole, 0..4);
    whole.close();
    drop(whole);
    let (path, size) = disk.files().into_iter().find(|(path, _)| path.extension().is_some()).unwrap();
    for bit in 0..size * 8 {
        disk.flip(&path, bit);
        let mut lane = lane(&disk);
        let (found, _receipts) = all(&mut lane);
        let lost = lane.take_lost();
        let missing: Vec<u64> = (0..4).filter(|number| !found.contains(number)).collect();
        assert!(missing.len() <= 1 && found.is_sorted(), "bit {bit}: {found:?}");
        // The last one cannot be told from one that was never written, but by what the cursor says.
        assert_eq!(lost.documents, missing.len() as u64, "bit {bit}: {missing:?} {lost:?}");
        disk.flip(&path, bit);
    }
}

#[test]
fn a_missing_segment_is_counted_and_the_others_are_given_out() {
    let disk = SimulatedDisk::default();
    let mut whole = lane(&disk);
    fill(&mut whole, 0..200);
    whole.close();
    drop(whole);
    let segments: Vec<PathBuf> =
        disk.files().into_iter().map(|(path, _)| path).filter(|path| path.extension().is_some()).collect();
    assert!(segments.len() > 4);
    for missing in &segments {
        let bytes = disk.bytes_of(missing);
        disk.remove(missing).unwrap();
        let mut lane = lane(&disk);
        let (found, _receipts) = all(&mut lane);
        let lost = lane.take_lost();
        assert_eq!((found.len() as u64 + lost.documents, found.is_sorted()), (200, true), "{missing:?} {lost:?}");
        assert!(found.len() > 150);
        disk.replace(missing, &bytes).unwrap();
    }
}

#[test]
fn a_segment_of_a_newer_timberline_is_refused_and_left_alone() {
    let disk = SimulatedDisk::default();
    let mut old = lane(&disk);
    fill(&mut old, 0..3);
    drop(old);
    let (path, _) = disk.files().remove(0);
    let mut bytes = disk.bytes_of(&path);
    bytes[..32].copy_from_slice(&record::file_head(record::VERSION + 1));
    disk.replace(&path, &bytes).unwrap();
    let refused = Lane::open(shared(&disk, 1 << 30, 4096), FOLDER.into()).err().unwrap();
    assert!(refused.to_string().ends_with("was written by a newer timberline"), "{refused}");
    assert_eq!(disk.bytes_of(&path), bytes);
}

/// So far there is one version. Whoever makes the next keeps a segment of it, and this one must still be read.
#[test]
fn kept_segments_of_every_version_are_read() {
    for version in 1..=record::VERSION {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/kept/queue-segment-{version}"));
        let disk = SimulatedDisk::default();
        disk.make_folder(Path::new("/q"), Path::new(FOLDER)).unwrap();
        let segment = Path::new(FOLDER).join("00000000000000000000.seg");
        disk.replace(&segment, &std::fs::read(kept).unwrap()).unwrap();
        let mut lane = lane(&disk);
        let batch = lane.next(1 << 20).unwrap().unwrap();
        let texts = |mark: fn(&Doc) -> &std::ops::Range<u32>| -> Vec<String> {
            batch.docs.iter().map(|doc| String::from_utf8(batch.text(mark(doc)).to_vec()).unwrap()).collect()
        };
        assert_eq!(texts(|doc| &doc.index), ["logs-stdout", "logs-stdout", "logs-stdout", "logs-stderr"]);
        assert_eq!(texts(|doc| &doc.id)[0], "GOx4ekeyCGFzJ7F-YQKRKA", "version {version}");
        assert!(texts(|doc| &doc.source)[3].ends_with(r#""message":"tab\there"}"#));
        assert_eq!(lane.take_lost(), Lost::default());
    }
}

/// What one seed plays: a lane, and what a naive model says of it.
struct Play {
    random: Random,
    disk: SimulatedDisk,
    lane: Lane,
    page_bytes: u64,
    checkpoint_writes: CheckpointWrites,
    /// Whether the power may go. Without that all that was written is there, synced or not.
    loses_power: bool,
    /// Every document that was kept, in order.
    kept: Vec<u64>,
    settled: BTreeSet<u64>,
    /// Every document that was ever given in.
    tried: u64,
    /// Documents that were given out and have no verdict, with their receipts.
    out: Vec<(Vec<u64>, Receipt)>,
    /// Given out since the last start.
    seen: Vec<u64>,
}

impl Play {
    fn new(seed: u64, checkpoint_writes: CheckpointWrites, loses_power: bool) -> Play {
        let (mut random, disk) = (Random(seed), SimulatedDisk::default());
        let page_bytes = 256 << random.below(5);
        let shared = Shared { checkpoint_writes, ..shared(&disk, 1 << 30, page_bytes) };
        let lane = Lane::open(shared, FOLDER.into()).unwrap();
        let (kept, settled, out, seen) = Default::default();
        Play { random, disk, lane, page_bytes, checkpoint_writes, loses_power, kept, settled, tried: 0, out, seen }
    }

    fn play(mut self) {
        (0..40).for_each(|_| self.step());
        self.restart(true);
        self.check();
    }

    fn step(&mut self) {
        match self.random.below(20) {
            0..=6 => self.keep(),
            7..=10 => self.next(),
            11..=14 => self.settle(),
            15..=16 => self.lane.tend(),
            17 => self.trouble(),
            18 => self.restart(true),
            _ => self.restart(false),
        }
    }

    fn trouble(&mut self) {
        let (skip, count) = (self.random.below(6) as u32, 1 + self.random.below(3) as u32);
        let taken: usize = self.disk.files().iter().map(|(_, bytes)| bytes).sum();
        match self.random.below(8) {
            0 => self.disk.cut_power(skip),
            1 => self.disk.read_only(true),
            2 => self.disk.limit(Some(taken + self.random.below(2000) as usize)),
            3 => self.disk.heal(),
            _ => self.disk.fail(skip, count),
        }
    }

    fn keep(&mut self) {
        let count = 1 + self.random.below(8);
        let documents: Vec<_> =
            (self.tried..self.tried + count).map(|number| lines(number, self.random.below(600) as usize)).collect();
        let (kept, why) = keep(&mut self.lane, &documents);
        assert_eq!(kept < documents.len(), why.is_some());
        self.kept.extend(self.tried..self.tried + kept as u64);
        self.tried += count;
    }

    fn next(&mut self) {
        let bytes = self.random.below(3000) as usize;
        if let Some(mut batch) = self.lane.next(bytes).unwrap() {
            let numbers = numbers(&batch);
            self.seen.extend(&numbers);
            self.out.push((numbers, batch.receipts.remove(0)));
        }
    }

    fn settle(&mut self) {
        if !self.out.is_empty() {
            let at = self.random.below(self.out.len() as u64) as usize;
            let (numbers, receipt) = self.out.swap_remove(at);
            receipt.settle();
            self.settled.extend(numbers);
        }
    }

    fn restart(&mut self, crash: bool) {
        self.check();
        if !crash {
            self.disk.heal();
            self.lane.close();
        } else if self.loses_power {
            self.disk.crash(&mut self.random);
        }
        self.disk.heal();
        self.out.clear();
        self.seen.clear();
        let checkpoint_writes = self.checkpoint_writes;
        let shared = Shared { checkpoint_writes, ..shared(&self.disk, 1 << 30, self.page_bytes) };
        self.lane = Lane::open(shared, FOLDER.into()).unwrap();
        let unsettled: Vec<u64> = self.kept.iter().filter(|number| !self.settled.contains(number)).copied().collect();
        assert!(self.lane.documents() >= unsettled.len() as u64, "{} of {}", self.lane.documents(), unsettled.len());
    }

    /// Reads to the end: all that was kept and is not settled comes, in order, and nothing is said to be lost.
    fn check(&mut self) {
        while self.lane.has_more() {
            self.next();
        }
        assert!(self.seen.is_sorted_by(|a, b| a < b), "{:?}", self.seen);
        let seen: BTreeSet<u64> = self.seen.iter().copied().collect();
        let missing: Vec<_> =
            self.kept.iter().filter(|number| !seen.contains(number) && !self.settled.contains(number)).collect();
        assert!(missing.is_empty(), "kept, not settled, and not given out: {missing:?}");
        assert_eq!(self.lane.take_lost().documents, 0);
    }
}

#[test]
fn whatever_the_disk_does_what_was_kept_comes_back_until_it_is_settled() {
    play_seeds(SEEDS, |seed| Play::new(seed, CheckpointWrites::EACH, true).play());
}

#[test]
fn without_a_power_cut_nothing_is_lost_however_seldom_it_is_synced() {
    play_seeds(SEEDS / 4, |seed| Play::new(seed, CheckpointWrites([0, 2, 7, 1024][seed as usize % 4]), false).play());
}

/// Documents come, none is taken, the power goes. Says how many of them are gone, and how many the queue says are lost.
fn cut_off(seed: u64, writes: u64) -> (u64, u64) {
    let (mut random, disk) = (Random(seed), SimulatedDisk::default());
    // So small that some segments are left behind full.
    let shared = || Shared { checkpoint_writes: CheckpointWrites(writes), ..shared(&disk, 1 << 30, 16 << 10) };
    let mut lane = Lane::open(shared(), FOLDER.into()).unwrap();
    let mut kept = 0;
    for _ in 0..2 + random.below(20) {
        let next = kept + 1 + random.below(6);
        fill(&mut lane, kept..next);
        kept = next;
    }
    drop(lane);
    disk.crash(&mut random);
    let mut lane = Lane::open(shared(), FOLDER.into()).unwrap();
    let (found, _receipts) = all(&mut lane);
    assert!(found.is_sorted_by(|a, b| a < b));
    (kept - found.len() as u64, lane.take_lost().documents)
}

#[test]
fn a_power_cut_takes_fewer_documents_than_checkpoint_writes_and_none_by_default() {
    let taken = |writes| {
        let cuts = (0..300).map(|seed| cut_off(seed, writes));
        let cuts: Vec<(u64, u64)> = cuts.inspect(|(gone, said)| assert!(said <= gone, "{said} of {gone}")).collect();
        (cuts.iter().map(|cut| cut.0).max().unwrap(), cuts.iter().any(|cut| cut.1 > 0))
    };
    assert_eq!(taken(1), (0, false));
    let (most, said) = taken(10);
    assert!((5..10).contains(&most) && said, "{most} {said}");
    let (most, said) = taken(0);
    assert!(most > 10 && said, "{most} {said}");
}

#[test]
fn what_is_not_synced_is_when_the_queue_is_tended_or_closed() {
    for close in [false, true] {
        play_seeds(20, |seed| {
            let (mut random, disk) = (Random(seed), SimulatedDisk::default());
            let shared = || Shared { checkpoint_writes: CheckpointWrites(0), ..shared(&disk, 1 << 30, 4096) };
            let mut lane = Lane::open(shared(), FOLDER.into()).unwrap();
            fill(&mut lane, 0..30);
            if close {
                lane.close()
            } else {
                lane.tend()
            }
            drop(lane);
            disk.crash(&mut random);
            let mut lane = Lane::open(shared(), FOLDER.into()).unwrap();
            assert_eq!((all(&mut lane).0, lane.take_lost()), ((0..30).collect(), Lost::default()));
        });
    }
}

#[test]
fn what_a_killed_daemon_left_unsynced_is_synced_by_the_next_one() {
    play_seeds(20, |seed| {
        let (mut random, disk, budget) = (Random(seed), SimulatedDisk::default(), Arc::new(Budget::new(1 << 20)));
        let config = Config { checkpoint_writes: CheckpointWrites(0), ..config() };
        let open = || Queue::new(&config, Arc::new(disk.clone()), Arc::clone(&budget)).spool("es").unwrap();
        let documents: Vec<_> = (0..20).map(|number| lines(number, 100)).collect();
        let lent = documents.iter().map(|(lines, marks)| Lent { lines, marks: marks.clone() });
        assert_eq!(open().keep(MAIN, &mut lent.into_iter()).documents, 20);
        drop(open());
        disk.crash(&mut random);
        let batch = open().next(MAIN, 1 << 20).unwrap().unwrap();
        assert_eq!(numbers(&batch), (0..20).collect::<Vec<_>>());
    });
}

#[test]
fn a_full_disk_keeps_what_fitted_and_takes_more_when_it_is_emptied() {
    let disk = SimulatedDisk::default();
    disk.limit(Some(3000));
    let mut full = lane(&disk);
    let documents: Vec<_> = (0..30).map(|number| lines(number, 200)).collect();
    let (mut kept, mut refusals) = (0, 0);
    for _ in 0..40 {
        let (more, why) = keep(&mut full, &documents[kept..(kept + 3).min(30)]);
        kept += more;
        refusals += u32::from(why.is_some());
    }
    assert!(kept > 3 && refusals > 3, "{kept} {refusals}");
    disk.limit(None);
    while kept < 30 {
        kept += keep(&mut full, &documents[kept..]).0;
    }
    assert_eq!(all(&mut full).0, (0..30).collect::<Vec<_>>());
    assert_eq!(full.take_lost(), Lost::default());
}

fn config() -> Config {
    let checkpoint_writes = CheckpointWrites::EACH;
    Config { folder: "/q".into(), bytes_max: 1 << 20, page_bytes: 4096, checkpoint_writes }
}

fn queue(disk: &SimulatedDisk, budget: &Arc<Budget>) -> Queue {
    Queue::new(&config(), Arc::new(disk.clone()), Arc::clone(budget))
}

#[test]
fn lanes_of_indices_are_found_again_and_leave_nothing_behind() {
    let (disk, budget) = (SimulatedDisk::default(), Arc::new(Budget::new(1000)));
    let mut spool = queue(&disk, &budget).spool("es").unwrap();
    let documents: Vec<_> = (0..5).map(|number| lines(number, 100)).collect();
    let lent = || documents.iter().map(|(lines, marks)| Lent { lines, marks: marks.clone() });
    assert_eq!((spool.keep(b"logs", &mut lent()).documents, spool.keep(MAIN, &mut lent()).documents), (5, 5));
    assert!(!budget.try_take(800) || !budget.try_take(1), "a part is reserved while documents wait");
    spool.close(0);
    drop(spool);
    let inspected = queue(&disk, &budget).inspect(&mut |_, _| {}).unwrap();
    let indices: Vec<_> = inspected.iter().map(|lane| (lane.index.as_deref(), lane.documents)).collect();
    assert_eq!(indices, [(None, 5), (Some("logs"), 5)]);
    assert_eq!(queue(&disk, &budget).strangers(&["other"]), ["es"]);
    let mut spool = queue(&disk, &budget).spool("es").unwrap();
    assert_eq!(spool.lanes(), [MAIN.into(), b"logs".as_slice().into()] as [Box<[u8]>; 2]);
    let batch = spool.next(b"logs", 1 << 20).unwrap().unwrap();
    assert_eq!((batch.docs.len(), spool.has_more(b"logs")), (5, false));
    batch.settle();
    spool.tend();
    assert!(disk.files().iter().all(|(path, _)| !path.to_string_lossy().contains("index-")), "{:?}", disk.files());
    assert_eq!(spool.stock().documents, 5);
}

#[test]
fn folders_have_names_that_files_may_have() {
    assert_eq!(folder_name("logs"), "logs");
    let odd = ["../x", "a b", "a_b/", "", &"x".repeat(200)].map(folder_name);
    assert!(odd.iter().all(|name| name.len() <= 70 && !name.contains(['/', '.', ' '])), "{odd:?}");
    assert_ne!(folder_name("a b"), folder_name("a/b"));
}

#[test]
fn on_a_real_disk_nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let config = Config { folder: folder.path().join("queue"), ..config() };
    let mut spool = Queue::new(&config, Arc::new(RealDisk), Arc::new(Budget::new(1000))).spool("es").unwrap();
    let documents: Vec<_> = (0..5).map(|number| lines(number, 100)).collect();
    let kept = spool.keep(MAIN, &mut documents.iter().map(|(lines, marks)| Lent { lines, marks: marks.clone() }));
    assert_eq!(kept.documents, 5, "{kept:?}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let main = config.folder.join("es/main");
    assert_eq!(
        (mode(&config.folder), mode(&main), mode(&main.join("00000000000000000000.seg"))),
        (0o700, 0o700, 0o600)
    );
    let batch = spool.next(MAIN, 1 << 20).unwrap().unwrap();
    assert_eq!(numbers(&batch), [0, 1, 2, 3, 4]);
}
