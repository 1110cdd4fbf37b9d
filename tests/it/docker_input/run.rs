//! One run of the docker input: its wiring, a ledger in memory that a later run takes over, and what its worker receives.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use timberline::channel::{self, Budget, Empty, Receiver, StopSwitch};
use timberline::clock::SystemClock;
use timberline::event::Timestamp;
use timberline::event::chunk::{Chunk, Framing};
use timberline::input::{Wiring, docker};
use timberline::plugin::{Item, Settings};
use timberline::pool::Pool;
use timberline::position::{Closing, Ledger, Position, Receipt, SourceKey};
use timberline::telemetry::readiness::Readiness;

/// Far more than any of these tests needs on an idle machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A line that the worker received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    pub source: String,
    pub stream: &'static str,
    pub text: String,
    pub time: u64,
    pub ordinal: u32,
    pub truncated: bool,
    pub facts: String,
}

impl Got {
    /// As `docker logs --timestamps` prints it.
    pub fn docker_time(&self) -> String {
        let mut text = Timestamp::from_nanos(self.time).to_string();
        let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len() - 1);
        text.insert_str(text.len() - 1, &"0".repeat(9 - digits));
        text
    }
}

/// The ledger, kept over runs.
#[derive(Default)]
struct Book {
    positions: HashMap<SourceKey, Position>,
    /// Open receipts in order: number, position, verdict.
    open: HashMap<SourceKey, VecDeque<(u64, Position, bool)>>,
    entries: HashMap<u64, (SourceKey, usize)>,
    next: u64,
}

struct Memory {
    book: Arc<Mutex<Book>>,
    budget: Arc<Budget>,
}

impl Ledger for Memory {
    fn position(&self, source: &SourceKey) -> Option<Position> {
        self.book.lock().unwrap().positions.get(source).copied()
    }

    fn open(&self, source: &SourceKey, up_to: Position, bytes: usize) -> Receipt {
        let mut book = self.book.lock().unwrap();
        book.next += 1;
        let entry = book.next;
        book.entries.insert(entry, (source.clone(), bytes));
        book.open.entry(source.clone()).or_default().push_back((entry, up_to, false));
        let closing = Memory { book: Arc::clone(&self.book), budget: Arc::clone(&self.budget) };
        Receipt::open(entry, Arc::new(closing))
    }

    fn begin(&self, source: &SourceKey, from: Position) {
        let mut book = self.book.lock().unwrap();
        book.open.remove(source);
        book.positions.insert(source.clone(), from);
    }

    fn forget(&self, source: &SourceKey) {
        let mut book = self.book.lock().unwrap();
        book.open.remove(source);
        book.positions.remove(source);
    }
}

impl Closing for Memory {
    fn settled(&self, entry: u64) {
        let mut book = self.book.lock().unwrap();
        let Some((source, bytes)) = book.entries.remove(&entry) else { return };
        self.budget.give_back(bytes);
        let Some(open) = book.open.get_mut(&source) else { return };
        open.iter_mut().filter(|(number, ..)| *number == entry).for_each(|(.., settled)| *settled = true);
        let mut reached = None;
        while open.front().is_some_and(|(.., settled)| *settled) {
            reached = open.pop_front().map(|(_, up_to, _)| up_to);
        }
        if let Some(up_to) = reached {
            let position = book.positions.entry(source).or_default();
            *position = up_to.max(*position);
        }
    }

    fn forgotten(&self, entry: u64) {
        let mut book = self.book.lock().unwrap();
        if let Some((_, bytes)) = book.entries.remove(&entry) {
            self.budget.give_back(bytes);
        }
    }
}

pub struct Run {
    runtime: Option<tokio::runtime::Runtime>,
    switch: StopSwitch,
    receiver: Receiver<Chunk>,
    book: Arc<Mutex<Book>>,
    budget: Arc<Budget>,
    taken_max: AtomicUsize,
    host: String,
    /// Lines of a chunk beyond those that were asked for.
    rest: Vec<Got>,
}

/// What is left of a run that has stopped.
pub struct Stopped {
    book: Arc<Mutex<Book>>,
    host: String,
}

impl Run {
    pub fn start(host: &str, settings: &[(&str, &str)]) -> Run {
        Run::with_budget(host, settings, 64 << 20)
    }

    pub fn with_budget(host: &str, settings: &[(&str, &str)], budget_bytes: usize) -> Run {
        Run::with(Stopped { book: Arc::default(), host: host.to_string() }, settings, budget_bytes)
    }

    /// Stops `run`, and starts with its positions.
    pub fn again(run: Run, settings: &[(&str, &str)]) -> Run {
        Run::resume(run.stop(), settings)
    }

    pub fn resume(stopped: Stopped, settings: &[(&str, &str)]) -> Run {
        Run::with(stopped, settings, 64 << 20)
    }

    fn with(Stopped { book, host }: Stopped, settings: &[(&str, &str)], budget_bytes: usize) -> Run {
        // What an earlier run left open will never be settled.
        let mut left = book.lock().unwrap();
        left.open.clear();
        left.entries.clear();
        drop(left);
        let given = settings.iter().copied().chain([("host", host.as_str())]);
        let given = given.map(|(name, value)| (name.to_string(), Item::text(value))).collect();
        let settings = Settings::check(docker::PLUGIN.declaration, given).expect("the settings are right");
        let build = docker::PLUGIN.build.expect("the docker input can run");
        let mut input = build(&settings).expect("the input is built");
        input.open().expect("nothing is wrong for good");
        let switch = StopSwitch::default();
        let budget = Arc::new(Budget::new(budget_bytes));
        let (sender, receiver) = channel::bounded(1000);
        let wiring = Wiring {
            input: 0,
            label: "docker".into(),
            pipeline: "main".into(),
            taking_hints: Arc::new(["main".to_string(), "payments".to_string()]),
            ledger: Arc::new(Memory { book: Arc::clone(&book), budget: Arc::clone(&budget) }),
            workers: Arc::new([sender]),
            budget: Arc::clone(&budget),
            stop: switch.listener(),
            clock: Arc::new(SystemClock::default()),
            host: "test-host".into(),
            salt: "".into(),
            readiness: Readiness::default(),
            pool: Pool::default(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.spawn(input.run(wiring));
        let taken_max = AtomicUsize::new(0);
        Run { runtime: Some(runtime), switch, receiver, book, budget, taken_max, host, rest: Vec::new() }
    }

    /// Waits for so many lines; the receipts of their chunks are settled.
    #[track_caller]
    pub fn lines(&mut self, count: usize) -> Vec<Got> {
        let mut lines = std::mem::take(&mut self.rest);
        let deadline = Instant::now() + PATIENCE;
        while lines.len() < count {
            match self.receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.settle(chunk, &mut lines),
                Err(why) => {
                    let last = lines.last().map(|line| line.text.chars().take(80).collect::<String>());
                    panic!("{} of {count} lines, then {why:?}; the last is {last:?}", lines.len())
                }
            }
        }
        self.rest = lines.split_off(count);
        lines
    }

    /// Lines that came with those that were asked for; settled.
    pub fn rest(&mut self) -> Vec<Got> {
        std::mem::take(&mut self.rest)
    }

    /// What comes within a moment; settled.
    pub fn some(&mut self) -> Vec<Got> {
        let mut lines = std::mem::take(&mut self.rest);
        if let Ok(chunk) = self.receiver.recv_timeout(Duration::from_millis(20)) {
            self.settle(chunk, &mut lines);
        }
        lines
    }

    /// Receives at least so many lines and answers for none of them.
    #[track_caller]
    pub fn unsettled(&mut self, count: usize) {
        let mut lines = Vec::new();
        while lines.len() < count {
            let chunk = self.receiver.recv_timeout(PATIENCE).expect("more lines come");
            lines.extend(read(&chunk));
        }
    }

    /// Receives lines until there are so many of this stream, and answers for none of the other.
    #[track_caller]
    pub fn settled_of(&mut self, stream: &str, count: usize) {
        let mut seen = 0;
        while seen < count {
            let chunk = self.receiver.recv_timeout(PATIENCE).expect("more lines come");
            let lines = read(&chunk);
            if lines.iter().all(|line| line.stream == stream) {
                seen += lines.len();
                chunk.receipt.settle();
            }
        }
    }

    /// Tasks that are alive: the watcher, one a container, and what they wait with.
    pub fn tasks(&self) -> usize {
        self.runtime.as_ref().map_or(0, |runtime| runtime.metrics().num_alive_tasks())
    }

    /// The ledger has a position of the container.
    pub fn knows(&self, container: &str) -> bool {
        self.book.lock().unwrap().positions.keys().any(|source| source.as_str().contains(container))
    }

    pub fn taken(&self) -> usize {
        let taken = self.budget.taken();
        self.taken_max.fetch_max(taken, Ordering::Relaxed);
        taken
    }

    pub fn taken_max(&self) -> usize {
        self.taken_max.load(Ordering::Relaxed)
    }

    /// Stops the input, which must end by itself, and gives the lines that nobody asked for.
    pub fn end(mut self) -> Vec<Got> {
        self.halt()
    }

    pub fn stop(mut self) -> Stopped {
        self.halt();
        Stopped { book: Arc::clone(&self.book), host: self.host.clone() }
    }

    fn settle(&self, chunk: Chunk, lines: &mut Vec<Got>) {
        self.taken();
        lines.extend(read(&chunk));
        chunk.receipt.settle();
    }

    fn halt(&mut self) -> Vec<Got> {
        self.switch.stop();
        let mut lines = std::mem::take(&mut self.rest);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(chunk) => lines.extend(read(&chunk)),
                Err(Empty::Closed) => break,
                Err(Empty::Waiting) => panic!("the input did not stop"),
            }
        }
        lines
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.switch.stop();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

fn read(chunk: &Chunk) -> Vec<Got> {
    let Framing::Lines(lines) = &chunk.framing else { panic!("the docker input knows its lines") };
    let source = chunk.source.key.as_str();
    let stream = if source.ends_with(":stdout") { "stdout" } else { "stderr" };
    let got = lines.iter().map(|line| Got {
        source: source.to_string(),
        stream,
        text: String::from_utf8_lossy(&chunk.bytes[line.start as usize..line.end as usize]).into_owned(),
        time: line.time,
        ordinal: line.ordinal,
        truncated: line.truncated,
        facts: chunk.source.facts.clone(),
    });
    got.collect()
}
