//! The registry as inputs and outputs use it, on a real folder.

use super::*;
use crate::channel::Budget;
use crate::disk::simulated::SimulatedDisk;

struct Case {
    folder: tempfile::TempDir,
    budget: Arc<Budget>,
}

impl Case {
    fn new() -> Case {
        Case { folder: tempfile::tempdir().unwrap(), budget: Arc::new(Budget::new(1000)) }
    }

    fn open(&self) -> Registry {
        Registry::open(self.folder.path(), Arc::clone(&self.budget)).unwrap()
    }

    fn receipt(&self, registry: &Registry, up_to: u64, bytes: usize) -> Receipt {
        assert!(self.budget.try_take(bytes));
        registry.open(&source(), at(up_to), bytes)
    }
}

fn source() -> SourceKey {
    SourceKey::new("docker:4f:stdout")
}

fn at(at: u64) -> Position {
    Position { at, ordinal: 1 }
}

/// Waits for what another thread does; far longer than it takes.
fn until(done: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(20), "waited too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_settled_receipt_is_on_disk_after_the_stop_and_its_bytes_are_free() {
    let case = Case::new();
    let registry = case.open();
    let (first, second) = (case.receipt(&registry, 10, 100), case.receipt(&registry, 20, 200));
    let share = first.share();
    second.settle();
    assert_eq!((registry.position(&source()), case.budget.taken()), (None, 100));
    first.settle();
    share.settle();
    assert_eq!((registry.position(&source()), case.budget.taken()), (Some(at(20)), 0));
    drop(registry);
    assert_eq!(case.open().position(&source()), Some(at(20)));
}

#[test]
fn a_receipt_that_is_weighed_gives_back_what_it_held_last() {
    let case = Case::new();
    let registry = case.open();
    let (first, second) = (case.receipt(&registry, 10, 300), case.receipt(&registry, 20, 300));
    first.weigh(500);
    second.weigh(100);
    assert_eq!(case.budget.taken(), 600);
    second.settle();
    assert_eq!(case.budget.taken(), 500);
    drop(first);
    assert_eq!(case.budget.taken(), 0);
}

#[test]
fn a_receipt_dropped_without_a_verdict_gives_its_bytes_back_and_holds_the_position() {
    let case = Case::new();
    let registry = case.open();
    let (first, second) = (case.receipt(&registry, 10, 100), case.receipt(&registry, 20, 200));
    drop(first);
    second.settle();
    assert_eq!((registry.position(&source()), case.budget.taken()), (None, 0));
    assert_eq!((registry.receipts_open(), registry.receipts_forgotten()), (0, 1));
    registry.begin(&source(), at(0));
    case.receipt(&registry, 30, 1).settle();
    assert_eq!((registry.position(&source()), registry.receipts_forgotten()), (Some(at(30)), 0));
}

#[test]
fn positions_are_written_while_the_daemon_runs() {
    let case = Case::new();
    let registry = case.open();
    case.receipt(&registry, 10, 1).settle();
    let file = case.folder.path().join("registry");
    until(|| std::fs::read_to_string(&file).is_ok_and(|text| text.contains("10.1 ")));
}

#[test]
fn a_disk_that_refuses_stops_nothing_and_is_tried_again() {
    let case = Case::new();
    let registry = case.open();
    case.receipt(&registry, 10, 1).settle();
    registry.flush().unwrap();
    let blocker = case.folder.path().join("registry.tmp");
    std::fs::create_dir(&blocker).unwrap();
    case.receipt(&registry, 20, 1).settle();
    assert!(registry.flush().is_err());
    std::fs::remove_dir(&blocker).unwrap();
    let file = case.folder.path().join("registry");
    until(|| std::fs::read_to_string(&file).is_ok_and(|text| text.contains("20.1 ")));
}

/// A clock that is moved by hand.
#[derive(Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now_ns(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn ticks_ns(&self) -> u64 {
        self.now_ns()
    }
}

#[test]
fn a_record_that_a_pause_ended_waits_for_the_disk_but_not_for_ever() {
    let (disk, folder, clock) = (SimulatedDisk::default(), Path::new("/data"), Arc::new(Hands::default()));
    disk.make_folder(folder, folder).unwrap();
    let open = || {
        Registry::simulated(folder, Arc::new(disk.clone()), Arc::new(Budget::new(1000)), Arc::<Hands>::clone(&clock))
            .unwrap()
    };
    let registry = open();
    let receipt = registry.open(&source(), at(10), 0);
    assert!(!receipt.note_pause(&source(), at(7)));
    assert!(!receipt.note_pause(&source(), at(7)), "asking writes nothing");
    registry.flush().unwrap();
    assert!(receipt.note_pause(&source(), at(7)));
    disk.read_only(true);
    assert!(!receipt.note_pause(&source(), at(9)));
    registry.flush().unwrap_err();
    clock.0.fetch_add(PAUSE_PATIENCE.as_nanos() as u64, Ordering::Relaxed);
    assert!(!receipt.note_pause(&source(), at(9)));
    clock.0.fetch_add(1, Ordering::Relaxed);
    assert!(receipt.note_pause(&source(), at(9)), "the line goes out, noted or not");
    // The dead write nothing.
    disk.cut_power(0);
    drop((receipt, registry));
    disk.heal();
    let registry = open();
    let receipt = registry.open(&source(), at(10), 0);
    assert_eq!((receipt.pauses(&source()), registry.position(&source())), (vec![at(7)], None));
    receipt.settle();
    assert_eq!(registry.desk.book().pauses(&source()), [], "the position has passed them");
}

#[test]
fn a_forgotten_source_leaves_the_file() {
    let case = Case::new();
    let registry = case.open();
    let receipt = case.receipt(&registry, 10, 1);
    registry.forget(&source());
    receipt.settle();
    assert_eq!(registry.sources(), []);
    drop(registry);
    assert_eq!(case.open().position(&source()), None);
}

#[test]
fn a_folder_in_use_is_refused_by_name() {
    let case = Case::new();
    let _registry = case.open();
    let error = Registry::open(case.folder.path(), Arc::clone(&case.budget)).unwrap_err().to_string();
    assert!(error.contains("in use by another timberline"), "{error}");
}

/// Runs in a process of its own, which dies at the second passing of a crash point: see below.
#[cfg(debug_assertions)]
#[test]
fn writes_twice_where_it_is_told() {
    let Some(folder) = std::env::var_os("CRASH_TEST_FOLDER") else { return };
    let registry = Registry::open(Path::new(&folder), Arc::new(Budget::new(1000))).unwrap();
    for up_to in [1, 2] {
        registry.open(&source(), at(up_to), 0).settle();
        registry.flush().unwrap();
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_death_at_any_step_of_writing_leaves_the_old_position_or_the_new() {
    for (point, left) in [("before_fsync", 1), ("before_rename", 1), ("after_rename", 2)] {
        let case = Case::new();
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "registry::tests::writes_twice_where_it_is_told"])
            .env("CRASH_TEST_FOLDER", case.folder.path())
            .env("TIMBERLINE_CRASH_AT", format!("registry.{point}:2"))
            .output()
            .unwrap();
        assert!(!child.status.success(), "{point}: it did not die");
        assert_eq!(case.open().position(&source()), Some(at(left)), "{point}");
    }
}
