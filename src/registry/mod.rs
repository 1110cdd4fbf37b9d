//! How far each source is safely delivered: the ledger in memory (pure), the store on disk, and the thread that brings
//! the one to the other.
//!
//! Invariants:
//! - What the file says was true when it was written: every line up to a position has its verdict. It may be behind by
//!   `WRITE_INTERVAL` and what the disk takes; it is never ahead.
//! - The bytes of a chunk go back to the budget when its receipt closes, settled or forgotten.
//! - A record that was ended by a pause leaves when the pause is on disk, so that whoever reads its lines again ends it there again.
//! - A file that cannot be written stops nothing for long: the old one stays, it is said once, and tried again.

mod ledger;
mod store;
mod writer;

use crate::channel::Budget;
use crate::clock::Clock;
use crate::clock::SystemClock;
#[cfg(test)]
use crate::disk::Disk;
use crate::disk::RealDisk;
use crate::position::Closing;
use crate::position::Ledger;
use crate::position::Position;
use crate::position::Receipt;
use crate::position::SourceKey;
use crate::telemetry::metrics;
use crate::telemetry::metrics::Gauge;
use ledger::Book;
use ledger::Verdict;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use writer::Writer;

pub use ledger::Kept;
pub use store::FolderLock;
pub use store::OpenError;
pub use store::Store;
pub use store::WriteError;

/// How often the file is written while positions move: what is sent again after a crash is what was delivered since.
pub const WRITE_INTERVAL: Duration = Duration::from_millis(200);
/// How long a record waits for its pause to be on disk: a disk that cannot be written for longer may cost a repetition, and not the line.
pub const PAUSE_PATIENCE: Duration = Duration::from_secs(30);
/// How long a source that nobody asks for keeps its position: longer than a machine is away over holidays.
pub const CLEAN_AFTER: Duration = Duration::from_secs(168 * 3600);

/// What the registry must be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the files are (`path.data`).
    pub folder: PathBuf,
    /// The pipeline's id, for metrics.
    pub pipeline: String,
    /// See `CLEAN_AFTER` (`registry.clean_after`).
    pub clean_after: Duration,
    /// See `WRITE_INTERVAL`.
    pub write_interval: Duration,
}

impl Config {
    /// The registry of a folder, with our own figures.
    pub fn of(folder: &Path) -> Config {
        let pipeline = "main".into();
        Config { folder: folder.into(), pipeline, clean_after: CLEAN_AFTER, write_interval: WRITE_INTERVAL }
    }
}

/// The book of all sources, kept on disk. Dropping it writes a last time and unlocks the folder.
pub struct Registry {
    desk: Arc<Desk>,
    writer: Writer,
    /// Let go of last.
    #[expect(dead_code, reason = "it is held, not read")]
    lock: Option<FolderLock>,
}

impl Registry {
    /// Locks the folder, reads what it holds and starts the thread that writes. Metrics must be installed before.
    pub fn open(folder: &Path, budget: Arc<Budget>) -> Result<Registry, OpenError> {
        Registry::open_with(Config::of(folder), budget, Arc::new(SystemClock::default()))
    }

    /// `open`, with all its arguments.
    pub fn open_with(config: Config, budget: Arc<Budget>, clock: Arc<dyn Clock>) -> Result<Registry, OpenError> {
        let lock = FolderLock::of(&config.folder)?;
        let (store, kept) = Store::open(Arc::new(RealDisk), &config.folder)?;
        let desk = Arc::new(Desk::new(Book::load(kept), budget, clock, &config.pipeline));
        let writer = Writer::start(store, Arc::clone(&desk), &config);
        Ok(Registry { desk, writer, lock: Some(lock) })
    }

    /// A registry that writes when it is told to (`flush`), on a disk of the caller's: for simulations.
    #[cfg(test)]
    pub fn simulated(
        folder: &Path,
        disk: Arc<dyn Disk>,
        budget: Arc<Budget>,
        clock: Arc<dyn Clock>,
    ) -> Result<Registry, OpenError> {
        let (store, kept) = Store::open(disk, folder)?;
        let desk = Arc::new(Desk::new(Book::load(kept), budget, clock, "main"));
        let writer = Writer::without_thread(store, Arc::clone(&desk));
        Ok(Registry { desk, writer, lock: None })
    }

    /// Writes down now what is not written yet.
    pub fn flush(&self) -> Result<(), WriteError> {
        self.writer.flush()
    }

    /// The last writing: the thread ends. Receipts that close later are counted, and kept nowhere.
    pub fn stop(&self) -> Result<(), WriteError> {
        self.writer.stop()
    }

    /// There are pauses that are not on disk: for simulations, whose registry writes when it is told to.
    #[cfg(test)]
    pub fn lacks_pauses(&self) -> bool {
        self.desk.book().paused() > self.desk.paused_on_disk.load(Ordering::Acquire)
    }

    /// Every source's position.
    pub fn sources(&self) -> Vec<Kept> {
        self.desk.kept()
    }

    /// Receipts without a verdict.
    pub fn receipts_open(&self) -> usize {
        self.desk.book().waiting()
    }

    /// How long the oldest receipt without a verdict has been waiting; nothing when there is none.
    pub fn lag(&self) -> Duration {
        let opened_ns = self.desk.book().oldest_ns();
        opened_ns.map_or(Duration::ZERO, |opened| Duration::from_nanos(self.desk.clock.now_ns().saturating_sub(opened)))
    }

    /// Receipts that were dropped without a verdict and hold their source's position back.
    pub fn receipts_forgotten(&self) -> usize {
        self.desk.book().forgotten()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("receipts_open", &self.receipts_open()).finish_non_exhaustive()
    }
}

impl Ledger for Registry {
    fn position(&self, source: &SourceKey) -> Option<Position> {
        self.desk.book().position(source, self.desk.clock.now_ns())
    }

    fn open(&self, source: &SourceKey, up_to: Position, bytes: usize) -> Receipt {
        let mut book = self.desk.book();
        let entry = book.open(source, up_to, bytes, self.desk.clock.now_ns());
        self.desk.show(&book);
        drop(book);
        Receipt::open(entry, Arc::clone(&self.desk) as Arc<dyn Closing>)
    }

    fn begin(&self, source: &SourceKey, from: Position) {
        let mut book = self.desk.book();
        book.begin(source, from, self.desk.clock.now_ns());
        self.desk.show(&book);
        drop(book);
        self.desk.signal.changed();
    }

    fn forget(&self, source: &SourceKey) {
        let mut book = self.desk.book();
        let left = book.forget(source);
        self.desk.show(&book);
        drop(book);
        if left {
            self.desk.signal.changed();
        }
    }
}

/// What closing receipts and the writing thread share.
struct Desk {
    book: Mutex<Book>,
    budget: Arc<Budget>,
    clock: Arc<dyn Clock>,
    signal: writer::Signal,
    /// The number of the latest pause that is on disk.
    paused_on_disk: AtomicU64,
    gauges: Gauges,
}

struct Gauges {
    open: Gauge,
    forgotten: Gauge,
    budget: Gauge,
}

impl Desk {
    fn new(book: Book, budget: Arc<Budget>, clock: Arc<dyn Clock>, pipeline: &str) -> Desk {
        let gauges = Gauges {
            open: metrics::gauge(metrics::RECEIPTS_OPEN, &[pipeline]),
            forgotten: metrics::gauge(metrics::RECEIPTS_FORGOTTEN, &[pipeline]),
            budget: metrics::gauge(metrics::BUDGET_BYTES, &[pipeline]),
        };
        let (signal, paused_on_disk) = (writer::Signal::default(), AtomicU64::new(0));
        Desk { book: Mutex::new(book), budget, clock, signal, paused_on_disk, gauges }
    }

    /// The book is whole after every call, also after one that panicked in a debug assertion.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> Vec<Kept> {
        self.book().kept(self.clock.now_ns())
    }

    /// What the file must say, and how many pauses were noted when it did.
    fn page(&self) -> (Vec<Kept>, u64) {
        let book = self.book();
        (book.kept(self.clock.now_ns()), book.paused())
    }

    /// So many pauses are on disk.
    fn is_written(&self, paused: u64) {
        self.paused_on_disk.fetch_max(paused, Ordering::Release);
    }

    fn show(&self, book: &Book) {
        self.gauges.open.set(book.waiting() as f64);
        self.gauges.forgotten.set(book.forgotten() as f64);
        self.gauges.budget.set(self.budget.taken() as f64);
    }

    fn close(&self, entry: u64, verdict: Verdict) {
        let mut book = self.book();
        let Some(closed) = book.close(entry, verdict) else {
            debug_assert!(false, "receipt {entry:#x} closed twice");
            return;
        };
        self.budget.give_back(closed.bytes);
        self.show(&book);
        drop(book);
        if closed.changed {
            self.signal.changed();
        }
    }
}

impl Closing for Desk {
    fn settled(&self, entry: u64) {
        self.close(entry, Verdict::Settled);
    }

    fn forgotten(&self, entry: u64) {
        self.close(entry, Verdict::Forgotten);
    }

    fn weighed(&self, entry: u64, bytes: usize) {
        let Some(before) = self.book().weigh(entry, bytes) else { return };
        self.budget.reweigh(before, bytes);
    }

    fn note_pause(&self, source: &SourceKey, behind: Position) -> bool {
        let now_ns = self.clock.ticks_ns();
        let mut book = self.book();
        let before = book.paused();
        let noted = book.note_pause(source, behind, now_ns);
        let is_new = book.paused() > before;
        drop(book);
        if is_new {
            self.signal.changed();
        }
        let Some(pause) = noted.filter(|pause| pause.number > self.paused_on_disk.load(Ordering::Acquire)) else {
            return true;
        };
        now_ns.saturating_sub(pause.noted_ns) > PAUSE_PATIENCE.as_nanos() as u64
    }

    fn pauses(&self, source: &SourceKey) -> Vec<Position> {
        self.book().pauses(source)
    }

    fn apart(&self) -> Receipt {
        Receipt::open(0, Arc::new(Apart { budget: Arc::clone(&self.budget), bytes: AtomicUsize::new(0) }))
    }
}

/// Bytes of the budget that belong to no stretch of lines.
struct Apart {
    budget: Arc<Budget>,
    bytes: AtomicUsize,
}

impl Closing for Apart {
    fn settled(&self, entry: u64) {
        self.weighed(entry, 0);
    }

    fn forgotten(&self, entry: u64) {
        self.weighed(entry, 0);
    }

    fn weighed(&self, _entry: u64, bytes: usize) {
        self.budget.reweigh(self.bytes.swap(bytes, Ordering::AcqRel), bytes);
    }
}

#[cfg(test)]
mod tests;
