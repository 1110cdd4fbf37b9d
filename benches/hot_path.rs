//! The worker alone, on one core: json-file logs decoded, filtered and rendered, without reading or sending.
//!
//! `cargo bench --bench hot_path -- PIPELINE LOG...` prints one JSON line: events, documents, bytes, CPU nanoseconds an event.
//! `lpbench gen` makes the logs (benches/yardstick). Options: `--chunk BYTES` (262144), `--rounds N` (3, the best counts).

use std::time::Instant;
use timberline::app::load::{Request, load};
use timberline::app::world::World;
use timberline::event::chunk::{Chunk, Framing, Place, Source, Watermark};
use timberline::event::destination::DocBatch;
use timberline::event::{Arena, Event, Identity, Timestamp};
use timberline::filter::Effects as _;
use timberline::pipeline::Pipeline;
use timberline::pipeline::route::Route;
use timberline::pipeline::worker::{Deserted, Outbox, Worker};
use timberline::position::{Receipt, SourceKey};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Renders, counts and forgets.
struct Counting {
    routes: Vec<Route>,
    batches: Vec<DocBatch>,
    documents: u64,
    bytes: u64,
}

impl Outbox for Counting {
    fn document<'b>(&mut self, number: usize, event: &mut Event<'b>, arena: &'b Arena) {
        self.routes[number].render(event, arena, &mut self.batches[number]);
    }

    fn flush(&mut self, receipts: Vec<Receipt>) -> Result<(), Deserted> {
        for batch in &mut self.batches {
            self.documents += batch.docs.len() as u64;
            self.bytes += batch.body.len() as u64;
            batch.docs.clear();
            batch.body.clear();
        }
        receipts.into_iter().for_each(Receipt::settle);
        Ok(())
    }
}

fn cpu_ns() -> u64 {
    // SAFETY: clock_gettime fills the structure that it is given; the clock exists on Linux.
    unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let option = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)?.parse().ok());
    let (chunk_bytes, rounds) = (option("--chunk").unwrap_or(256 << 10), option("--rounds").unwrap_or(3));
    let plain: Vec<&String> = args.iter().take_while(|arg| !arg.starts_with("--")).collect();
    let Some((config, logs)) = plain.split_first().filter(|(_, logs)| !logs.is_empty()) else {
        println!("hot_path: no pipeline and logs given, nothing is measured");
        return;
    };
    let text = std::fs::read_to_string(config).expect("the pipeline can be read");
    let text = text.replace("{data}", "/data").replace("{port}", "9200");
    let request = Request::of_text(text);
    let loaded = load(&request).expect("the pipeline can be read");
    let shown: String = loaded.diagnostics.iter().map(|d| d.render(&loaded.sources, false)).collect();
    let pipeline = loaded.pipeline.unwrap_or_else(|| panic!("{shown}"));
    let logs: Vec<(String, Vec<u8>)> =
        logs.iter().map(|path| (path.to_string(), std::fs::read(path).expect("the log can be read"))).collect();
    let best = (0..rounds).map(|_| round(&pipeline, &logs, chunk_bytes)).min_by(|a, b| a.0.total_cmp(&b.0));
    let (ns, events, documents, bytes, wall_s) = best.expect("at least one round");
    println!(
        "{}",
        serde_json::json!({ "cpu_ns_per_event": ns.round(), "events_per_cpu_s": (1e9 / ns).round(), "events": events,
            "documents": documents, "mb": bytes / 1_000_000, "wall_s": wall_s })
    );
}

fn round(pipeline: &Pipeline, logs: &[(String, Vec<u8>)], chunk_bytes: usize) -> (f64, u64, u64, u64, f64) {
    let world = World::default();
    let routes: Vec<Route> = pipeline.outputs.iter().map(|output| output.route.boxed()).collect();
    let batches = routes.iter().map(|_| DocBatch::default()).collect();
    let mut outbox = Counting { routes, batches, documents: 0, bytes: 0 };
    let mut worker = Worker::new(pipeline);
    let (wall, mut cpu) = (Instant::now(), 0);
    for (path, bytes) in logs {
        let key = SourceKey::new(path);
        let facts = serde_json::json!({ "host": { "name": "bench" }, "log": { "file": { "path": path } },
            "container": { "id": "0".repeat(64), "name": "protrader5-user-service-1", "image": { "name": "protrader5/user-service:5.2.0" },
                "labels": { "com_docker_compose_project": "protrader5", "com_docker_compose_service": "user-service" } } });
        let hash = Identity::hash_source(key.as_str(), "");
        let source = std::sync::Arc::new(Source {
            key,
            hash,
            input: 0,
            facts: facts.to_string(),
            place: Place::Offset,
            hints: None,
        });
        let mut from = 0;
        while from < bytes.len() {
            let to = (from + chunk_bytes).min(bytes.len());
            let to = memchr::memrchr(b'\n', &bytes[from..to]).map_or(bytes.len(), |at| from + at + 1);
            let chunk = Chunk {
                source: source.clone(),
                bytes: bytes[from..to].to_vec(),
                framing: Framing::Bytes { offset: from as u64 },
                arrived: Timestamp { seconds: world.now().seconds + 86_400, nanos: 0 },
                receipt: Receipt::untracked(),
                watermark: Watermark::none(),
                end: false,
            };
            let before = cpu_ns();
            worker.chunk(chunk, &world, &mut outbox).expect("counting never ends");
            cpu += cpu_ns() - before;
            from = to;
        }
    }
    let events = worker.take_counts(0).events.passed;
    (cpu as f64 / events as f64, events, outbox.documents, outbox.bytes, wall.elapsed().as_secs_f64())
}
