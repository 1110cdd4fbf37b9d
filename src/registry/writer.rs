//! The thread that writes the positions down: soon after one moved or a pause was noted, and not more often than the interval; less often on
//! a disk that is slow. Once an hour it lets go of sources that nobody asks for.

use super::Config;
use super::Desk;
use super::store::Store;
use super::store::WriteError;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

/// Writing takes no more than one part in this many of the time.
const WRITING_SHARE: u32 = 10;
/// The longest pause that a slow disk causes.
const WRITE_INTERVAL_MAX: Duration = Duration::from_secs(1);
/// The pause after a writing that failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// Also how long inputs have, after the start, to ask for their sources.
const CLEAN_INTERVAL: Duration = Duration::from_secs(3600);

/// What wakes the thread.
#[derive(Default)]
pub struct Signal {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    /// The book says more than the file.
    dirty: bool,
    stopping: bool,
}

impl Signal {
    /// The book says more than the file.
    pub fn changed(&self) {
        let mut state = self.state();
        if !state.dirty {
            state.dirty = true;
            self.woken.notify_all();
        }
    }

    fn stop(&self) {
        self.state().stopping = true;
        self.woken.notify_all();
    }

    fn take_dirty(&self) -> bool {
        std::mem::take(&mut self.state().dirty)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to write, until it is time to stop or to clean. Answers whether to stop.
    fn wait_for_work(&self, patience: Duration) -> bool {
        self.wait(patience, |state| !state.dirty && !state.stopping)
    }

    /// Waits, unless it is time to stop. Answers whether it is.
    fn pause(&self, pause: Duration) -> bool {
        self.wait(pause, |state| !state.stopping)
    }

    fn wait(&self, patience: Duration, asleep: impl FnMut(&mut State) -> bool) -> bool {
        let waited = self.woken.wait_timeout_while(self.state(), patience, asleep);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopping
    }
}

/// The thread, and the way to write without it.
pub struct Writer {
    desk: Arc<Desk>,
    store: Arc<Mutex<Store>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The last writing was made, or failed and was told.
    is_over: AtomicBool,
}

impl Writer {
    pub fn start(store: Store, desk: Arc<Desk>, config: &Config) -> Writer {
        let store = Arc::new(Mutex::new(store));
        let thread = {
            let (store, desk, config) = (Arc::clone(&store), Arc::clone(&desk), config.clone());
            std::thread::Builder::new().name("registry".into()).spawn(move || work(&store, &desk, &config))
        };
        if let Err(why) = &thread {
            tracing::error!(%why, "cannot start the registry's thread: positions are written at the end only");
        }
        Writer { desk, store, thread: Mutex::new(thread.ok()), is_over: AtomicBool::new(false) }
    }

    /// Writes when it is told to, and at its end.
    #[cfg(test)]
    pub fn without_thread(store: Store, desk: Arc<Desk>) -> Writer {
        Writer { desk, store: Arc::new(Mutex::new(store)), thread: Mutex::new(None), is_over: AtomicBool::new(false) }
    }

    pub fn flush(&self) -> Result<(), WriteError> {
        write(&self.store, &self.desk)
    }

    /// The last writing is made even if no position moved, so that the sources' last sight is on disk.
    pub fn stop(&self) -> Result<(), WriteError> {
        self.desk.signal.stop();
        self.is_over.store(true, Ordering::Relaxed);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return self.flush() };
        if thread.join().is_err() {
            tracing::error!("the registry's thread has panicked");
        }
        self.desk.signal.changed();
        self.flush()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.is_over.load(Ordering::Relaxed) {
            return;
        }
        if let Err(why) = self.stop() {
            tracing::error!(%why, "positions are not written: what was delivered since is sent again after the start");
        }
    }
}

fn work(store: &Mutex<Store>, desk: &Desk, config: &Config) {
    let mut failing = false;
    let mut cleaned = Instant::now();
    while !desk.signal.wait_for_work(CLEAN_INTERVAL) {
        if cleaned.elapsed() >= CLEAN_INTERVAL {
            cleaned = Instant::now();
            clean(desk, config.clean_after);
        }
        let started = Instant::now();
        let written = write(store, desk);
        say(&written, &mut failing);
        let pause = match written {
            Ok(()) => (started.elapsed() * WRITING_SHARE).min(WRITE_INTERVAL_MAX).max(config.write_interval),
            Err(_) => RETRY_INTERVAL,
        };
        if desk.signal.pause(pause) {
            return;
        }
    }
}

/// The store's lock is taken before the book is read: an older state can never replace a newer one.
fn write(store: &Mutex<Store>, desk: &Desk) -> Result<(), WriteError> {
    let store = store.lock().unwrap_or_else(PoisonError::into_inner);
    if !desk.signal.take_dirty() {
        return Ok(());
    }
    let (kept, paused) = desk.page();
    let written = store.write(&kept);
    match written {
        Ok(()) => desk.is_written(paused),
        Err(_) => desk.signal.changed(),
    }
    written
}

fn say(written: &Result<(), WriteError>, failing: &mut bool) {
    match (written, *failing) {
        (Err(why), false) => tracing::warn!(%why, "positions cannot be written, the old file stays; trying again"),
        (Ok(()), true) => tracing::info!("positions are written again"),
        _ => {}
    }
    *failing = written.is_err();
}

fn clean(desk: &Desk, after: Duration) {
    let now_ns = desk.clock.now_ns();
    let mut book = desk.book();
    let sources = book.clean(after, now_ns);
    drop(book);
    if sources > 0 {
        tracing::info!(sources, "let go of the positions of sources that were not seen for long");
        desk.signal.changed();
    }
}
