//! What time makes of a pipeline: filters that act by the clock, in workers that run.

use std::cell::Cell;
use std::sync::Arc;
use timberline::app::load::{Request, load};
use timberline::channel::{Budget, bounded};
use timberline::event::chunk::{Chunk, Framing, Place, Source, Watermark};
use timberline::event::destination::DocBatch;
use timberline::event::{Identity, Timestamp};
use timberline::filter::Effects;
use timberline::pipeline::worker::{Batches, Worker, run};
use timberline::pool::Pool;
use timberline::position::{Ledger as _, Position, Receipt, SourceKey};
use timberline::registry::Registry;

/// A world in which each look at the clock takes five seconds.
#[derive(Default)]
struct Hasty(Cell<u64>);

impl Effects for Hasty {
    fn now(&self) -> Timestamp {
        Timestamp { seconds: 1_795_000_000 + self.0.get() as i64, nanos: 0 }
    }

    fn ticks(&self) -> u64 {
        self.0.set(self.0.get() + 5);
        self.0.get() * 1_000_000_000
    }

    fn random(&self) -> u64 {
        self.0.get()
    }
}

fn chunk(text: &str) -> Chunk {
    let key = SourceKey::new("/log");
    let hash = Identity::hash_source(key.as_str(), "");
    Chunk {
        source: Arc::new(Source { key, hash, input: 0, facts: "{}".into(), place: Place::Offset, hints: None }),
        bytes: text.as_bytes().to_vec(),
        framing: Framing::Bytes { offset: 0 },
        arrived: Timestamp { seconds: 1_795_000_000, nanos: 0 },
        receipt: Receipt::untracked(),
        watermark: Watermark::none(),
        end: false,
    }
}

/// The documents of two lines, and of `beats` beats behind them, with how many receipts each batch carries.
fn documents(config: &str, beats: u32) -> Vec<(String, usize)> {
    let text =
        format!("input {{ file {{ path => \"/log\" }} }} {config} output {{ stdout {{ codec => json_lines }} }}");
    let pipeline = load(&Request::of_text(text)).unwrap().pipeline.unwrap();
    let (lines, chunks) = bounded(4);
    let (output, batches) = bounded::<DocBatch>(64);
    lines.send(chunk("one\ntwo\n")).unwrap();
    let (mut lines, mut left) = (Some(lines), beats);
    // Called once behind the chunk, then once behind each wait.
    let mut counted = |_: &mut Worker| match left {
        0 => lines = None,
        _ => left -= 1,
    };
    let outbox = Batches::new(&pipeline, vec![output], Pool::default());
    run(Worker::new(&pipeline), &chunks, outbox, &Hasty::default(), &mut counted).unwrap();
    let mut found = Vec::new();
    while let Some(batch) = batches.recv() {
        found.extend(batch.docs.iter().map(|doc| {
            let source = String::from_utf8(batch.text(&doc.source).to_vec()).unwrap();
            (source, batch.receipts.len())
        }));
    }
    found
}

/// Lines were joined otherwise after a crash: the clock ended a group although its next line was printed, and only not read yet.
#[test]
fn joined_lines_wait_until_their_source_is_known_to_have_no_more() {
    let config = r#"input { file { path => "/log" codec => multiline { pattern => "^ " what => "previous" auto_flush_interval => 1 } } } output { stdout { codec => json_lines } }"#;
    let pipeline = load(&Request::of_text(config)).unwrap().pipeline.unwrap();
    let (output, batches) = bounded::<DocBatch>(64);
    let mut outbox = Batches::new(&pipeline, vec![output], Pool::default());
    let (mut worker, world) = (Worker::new(&pipeline), Hasty(Cell::new(60)));
    let watermark = Watermark::new();
    let piece = |text: &str| Chunk { watermark: watermark.clone(), ..chunk(text) };
    let arrived_ns = piece("").arrived.as_nanos().unwrap();
    worker.chunk(piece("one\n"), &world, &mut outbox).unwrap();
    for quiet_ns in [None, Some(arrived_ns), Some(arrived_ns + 1_300_000_000)] {
        quiet_ns.into_iter().for_each(|quiet_ns| watermark.raise(quiet_ns));
        worker.release(false, &world, &mut outbox).unwrap();
        assert!(worker.holds(), "{quiet_ns:?}: a line may have been printed since");
    }
    watermark.raise(arrived_ns + 1_300_000_001);
    worker.release(false, &world, &mut outbox).unwrap();
    assert!(!worker.holds());
    assert_eq!(batches.len(), 1);
}

/// With a small budget, sources whose last lines were held took all room with what had left long ago, and waited for each other.
#[test]
fn what_is_made_of_a_chunk_gives_its_room_back_though_a_codec_holds_its_last_line() {
    let config = r#"input { file { path => "/log" codec => multiline { pattern => "^ " what => "previous" } } } output { stdout { codec => json_lines } }"#;
    let pipeline = load(&Request::of_text(config)).unwrap().pipeline.unwrap();
    let (output, batches) = bounded::<DocBatch>(64);
    let mut outbox = Batches::new(&pipeline, vec![output], Pool::default());
    let (mut worker, world) = (Worker::new(&pipeline), Hasty::default());
    let (folder, budget) = (tempfile::tempdir().unwrap(), Arc::new(Budget::new(1 << 20)));
    let registry = Registry::open(folder.path(), Arc::clone(&budget)).unwrap();
    for (nth, text) in ["one\ntwo\nheld\n", " and on\n", "three\nheld too\n"].into_iter().enumerate() {
        let mut piece = chunk(text);
        budget.take_anyway(10_000);
        piece.receipt = registry.open(&piece.source.key, Position { at: nth as u64 + 1, ordinal: 0 }, 10_000);
        worker.chunk(piece, &world, &mut outbox).unwrap();
        while !batches.is_empty() {
            let batch = batches.recv().unwrap();
            assert!(budget.taken() > 100, "documents hold their room");
            batch.receipts.into_iter().for_each(Receipt::settle);
        }
        assert_eq!(budget.taken(), 0, "{text:?}: some lines that are held are too few to count");
    }
    // Its pause is to be on disk first.
    worker.release(true, &world, &mut outbox).unwrap();
    registry.flush().unwrap();
    worker.release(true, &world, &mut outbox).unwrap();
    batches.recv().unwrap().receipts.into_iter().for_each(Receipt::settle);
    assert_eq!((budget.taken(), registry.receipts_open()), (0, 0));
}

#[test]
fn filters_are_woken_while_no_line_comes_and_at_the_end() {
    let filters = r#"filter {
        if [message] { metrics { meter => [ "lines" ] rates => [ ] add_tag => [ "figures" ] } }
        if [lines] { mutate { rename => { "[lines][count]" => "count" } } }
    }"#;
    let found = documents(filters, 4);
    assert!(found[0].0.contains(r#""message":"one""#) && found[1].0.contains(r#""message":"two""#), "{found:?}");
    let figures = &found[2..];
    assert!(figures.len() >= 2, "{found:?}");
    for (document, receipts) in figures {
        assert!(document.contains(r#""tags":["figures"],"count":2"#), "{document}");
        assert_eq!(*receipts, 0, "no line stands behind it");
    }
}

#[test]
fn the_last_of_several_workers_lets_filters_finish() {
    let config = r#"input { file { path => "/log" } } filter { metrics { meter => [ "lines" ] rates => [ ] } } output { stdout { codec => json_lines } }"#;
    let pipeline = load(&Request::of_text(config)).unwrap().pipeline.unwrap();
    let (output, batches) = bounded::<DocBatch>(64);
    let world = Hasty::default();
    let outboxes = [(); 2].map(|()| Batches::new(&pipeline, vec![output.clone()], Pool::default()));
    drop(output);
    let workers = [(); 2].map(|()| Worker::new(&pipeline));
    for (mut worker, mut outbox) in workers.into_iter().zip(outboxes).collect::<Vec<_>>() {
        worker.chunk(chunk("one\n"), &world, &mut outbox).unwrap();
        worker.finish(&world, &mut outbox).unwrap();
    }
    let mut counts = Vec::new();
    while let Some(batch) = batches.recv() {
        let text = String::from_utf8(batch.body).unwrap();
        counts.extend(text.contains("count").then(|| text.split_once("\"count\":").unwrap().1[..1].to_string()));
    }
    assert_eq!(counts, ["2"]);
}
