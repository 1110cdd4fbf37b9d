//! One output of its own, with a pipe into it, a book of receipts and a data folder.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use timberline::channel::{Budget, Sender, StopSwitch, bounded};
use timberline::clock::SystemClock;
use timberline::event::destination::{Doc as Marks, DocBatch};
use timberline::output::dead_letter::{Limit, Policy};
use timberline::output::elasticsearch::PLUGIN;
use timberline::output::{DEAD_LETTERS_BYTES_MAX, Wiring};
use timberline::plugin::{Given, Item, Place, Settings};
use timberline::position::{Closing, Receipt};
use timberline::telemetry::readiness::Readiness;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

const LABEL: &str = "engine";

/// A document and where it goes.
#[derive(Clone, Debug)]
pub struct Doc {
    pub index: String,
    pub id: String,
    pub source: String,
}

pub fn create(index: &str, id: &str, source: Value) -> Doc {
    Doc { index: index.into(), id: id.into(), source: source.to_string() }
}

pub fn settings(given: &[(&str, &str)]) -> Settings {
    let given = given.iter().map(|(name, text)| (name.to_string(), Item::text(text))).collect();
    Settings::check(PLUGIN.declaration, given).expect("settings that the plugin declares")
}

#[derive(Default)]
struct Book {
    settled: AtomicU64,
    forgotten: AtomicU64,
}

impl Closing for Book {
    fn settled(&self, _entry: u64) {
        self.settled.fetch_add(1, Ordering::SeqCst);
    }
    fn forgotten(&self, _entry: u64) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

pub struct Rig {
    /// `None` once nothing more comes.
    pipe: Option<Sender<DocBatch>>,
    book: Arc<Book>,
    data: tempfile::TempDir,
    readiness: Readiness,
    switch: StopSwitch,
    output: JoinHandle<()>,
    runtime: Runtime,
}

impl Rig {
    pub fn start(given: &[(&str, &str)]) -> Rig {
        Rig::start_with(given, Duration::from_secs(8))
    }

    pub fn start_with(given: &[(&str, &str)], shutdown_timeout: Duration) -> Rig {
        Rig::run(&settings(given), shutdown_timeout)
    }

    /// Several addresses.
    pub fn start_hosts(hosts: &[String], given: &[(&str, &str)]) -> Rig {
        let hosts = hosts.iter().map(|host| Item::text(host)).collect();
        let hosts = Item { given: Given::List(hosts), place: Place::default() };
        let given = given.iter().map(|(name, text)| (name.to_string(), Item::text(text)));
        let given = given.chain([("hosts".to_string(), hosts)]).collect();
        let settings = Settings::check(PLUGIN.declaration, given).expect("settings that the plugin declares");
        Rig::run(&settings, Duration::from_secs(8))
    }

    fn run(settings: &Settings, shutdown_timeout: Duration) -> Rig {
        let build = PLUGIN.build.expect("the output can run");
        let mut output = build(settings).expect("settings that work");
        output.open().expect("what it needs is there");
        let data = tempfile::tempdir().expect("a folder can be made");
        let (pipe, batches) = bounded(64);
        let (switch, readiness) = (StopSwitch::default(), Readiness::default());
        readiness.started();
        let wiring = Wiring {
            label: LABEL.into(),
            batches,
            clock: Arc::new(SystemClock::default()),
            stop: switch.listener(),
            shutdown_timeout,
            data: data.path().into(),
            readiness: readiness.clone(),
            dead_letters: Limit { bytes_max: DEAD_LETTERS_BYTES_MAX, policy: Policy::DropNewer },
            budget: Arc::new(Budget::new(1 << 20)),
            spool: None,
            persisted: false,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime starts");
        let output = runtime.spawn(output.run(wiring));
        Rig { pipe: Some(pipe), book: Arc::default(), data, readiness, switch, output, runtime }
    }

    /// One batch under one receipt. Waits while the pipe is full.
    pub fn send(&self, docs: &[Doc]) {
        let pipe = self.pipe.as_ref().expect("not finished yet");
        pipe.send(self.batch(docs)).expect("the output takes batches");
    }

    fn batch(&self, docs: &[Doc]) -> DocBatch {
        let mut batch = DocBatch { receipts: vec![Receipt::open(0, self.book.clone())], ..DocBatch::default() };
        for doc in docs {
            let at = |batch: &DocBatch, text: &str| {
                let end = batch.body.len() as u32;
                end - text.len() as u32..end
            };
            let start = batch.body.len() as u32;
            batch.body.extend_from_slice(format!("{{\"create\":{{\"_index\":\"{}", doc.index).as_bytes());
            let index = at(&batch, &doc.index);
            batch.body.extend_from_slice(format!("\",\"_id\":\"{}", doc.id).as_bytes());
            let id = at(&batch, &doc.id);
            batch.body.extend_from_slice(b"\"}}\n");
            let action = start..batch.body.len() as u32;
            batch.body.extend_from_slice(doc.source.as_bytes());
            let source = at(&batch, &doc.source);
            batch.body.push(b'\n');
            batch.docs.push(Marks { action, source, index, id });
        }
        batch
    }

    /// Nothing more comes; waits until the output has ended.
    pub fn finish(mut self, limit: Duration) -> Rig {
        self.pipe = None;
        self.wait(limit);
        self
    }

    /// The word to stop, with the pipe closed behind it; waits until the output has ended.
    pub fn stop(mut self, limit: Duration) -> Rig {
        self.switch.stop();
        self.pipe = None;
        self.wait(limit);
        self
    }

    fn wait(&mut self, limit: Duration) {
        let start = Instant::now();
        let output = &mut self.output;
        let ended = self.runtime.block_on(async { tokio::time::timeout(limit, output).await });
        assert!(ended.is_ok(), "the output still runs after {:?}, {} batches settled", start.elapsed(), self.settled());
        ended.expect("just asserted").expect("the output does not panic");
    }

    /// Batches whose documents all have their verdict.
    pub fn settled(&self) -> u64 {
        self.book.settled.load(Ordering::SeqCst)
    }

    /// Batches that were given up.
    pub fn forgotten(&self) -> u64 {
        self.book.forgotten.load(Ordering::SeqCst)
    }

    /// Why the output is not ready; empty if it is.
    pub fn missing(&self) -> String {
        self.readiness.missing().into_iter().map(|(_, why)| why).collect()
    }

    pub fn dead_letters(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.data.path().join(format!("dead_letters/{LABEL}.ndjson")));
        text.unwrap_or_default().lines().map(|line| serde_json::from_str(line).expect("a letter is JSON")).collect()
    }
}
