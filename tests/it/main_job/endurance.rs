//! The promises about memory and time that take long to keep, with the optimised binary: an engine away for ten minutes, a gigabyte on
//! disk, a hundred containers in the middle of a long line. `./dev soak`; the figures are in `benches/torture.md`.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::PATIENCE;
use super::bad_lines::memory_peak_bytes;
use super::job::{Setup, sum};
use super::lines::Lines;
use crate::engine::{Elasticsearch, MemoryLimit, docker, wait_until};

/// What the daemon is promised to live in.
const MEMORY_BYTES: u64 = 64 << 20;
/// For a million documents into an engine on two busy cores.
const DELIVERY: Duration = Duration::from_secs(1_800);

#[track_caller]
fn assert_lived_within(limit: &MemoryLimit, what: &str) {
    println!(
        "{what}: at most {:.1} MB charged, {} kills by the kernel",
        limit.peak_bytes() as f64 / 1e6,
        limit.kills()
    );
    assert_eq!(limit.kills(), 0, "the kernel killed it");
}

#[test]
fn soak_an_engine_away_for_ten_minutes_and_a_million_lines_in_64_mb() {
    const PARTS: u32 = 100;
    let away = Duration::from_secs(600);
    let lines = Lines { containers: 8, count: 125_000 };
    let (mut engine, limit) = (Elasticsearch::own(&[]), MemoryLimit::of(MEMORY_BYTES));
    let mut job = Setup::new("million").hosts(engine.url()).output("resurrect_delay => 1").limited(&limit).start();
    let containers: Vec<_> = lines.containers(&job, docker(), PARTS).into_iter().map(|spec| spec.start()).collect();
    Lines::go(&job, 0);
    job.wait_for(&engine, lines.total() / u64::from(PARTS), lines.errors() / u64::from(PARTS));
    engine.kill();
    let started = Instant::now();
    for part in 1..PARTS {
        Lines::go(&job, part);
        thread::sleep((away * part / PARTS).saturating_sub(started.elapsed()));
    }
    thread::sleep(away.saturating_sub(started.elapsed()));
    assert!(job.daemon.is_running());
    let text = job.metrics();
    println!(
        "away for {:.0} s: {} lines read, {} documents and {:.0} MB on disk, {} in memory, {:.1} MB resident at most",
        started.elapsed().as_secs_f64(),
        sum(&text, "timberline_lines_read_total", &[]),
        sum(&text, "timberline_queue_documents", &[]),
        sum(&text, "timberline_queue_bytes", &[]) as f64 / 1e6,
        sum(&text, "timberline_documents_open", &[]),
        memory_peak_bytes(&job) as f64 / 1e6,
    );
    engine.start();
    let back = Instant::now();
    engine.wait_for_count(&job.logs(), "*", lines.total(), DELIVERY);
    println!("all there {:.0} s after the engine's return", back.elapsed().as_secs_f64());
    lines.assert_each_once(&job, &engine);
    assert_lived_within(&limit, "a million lines");
    drop(containers);
}

/// A gigabyte of documents waits on disk; killed, it is read from again within the promised time.
#[test]
fn soak_a_gigabyte_on_disk_is_taken_up_in_seconds() {
    const PROMISED: Duration = Duration::from_secs(5);
    let wanted = 1_000_000_000;
    let limit = MemoryLimit::of(MEMORY_BYTES);
    let setup = Setup::new("gigabyte").hosts("http://127.0.0.1:1").arguments(&["--queue.max_bytes", "2gb"]);
    let mut job = setup.limited(&limit).build();
    // Long lines fill the disk with less work: a container prints them from a file as often as is needed.
    let file = job.daemon.dir().join("lines");
    fs::write(&file, ("x".repeat(8_000) + "\n").repeat(1_000)).expect("the run's folder is ours");
    let script = "for n in $(seq 1 65); do cat /lines; done; exec sleep 100000";
    let spec = |n: u32| job.container(docker(), &n.to_string(), script).mount(file.display(), "/lines");
    let containers: Vec<_> = (0..2).map(|n| spec(n).start()).collect();
    job.daemon.start();
    wait_until("a gigabyte lies on the disk", DELIVERY, || {
        (job.metric("timberline_queue_bytes", &[]) >= wanted).then_some(())
    });
    let waited = job.metric("timberline_queue_documents", &[]);
    job.daemon.kill();
    let started = Instant::now();
    job.daemon.start();
    wait_until("it has taken up what lies on the disk", PATIENCE, || {
        (job.metric("timberline_queue_found_total", &[]) > 0).then_some(())
    });
    let took = started.elapsed();
    let found = job.metric("timberline_queue_found_total", &[]);
    println!("{found} documents, {:.2} GB, taken up in {:.2} s", wanted as f64 / 1e9, took.as_secs_f64());
    assert!(found >= waited, "{found} found of {waited}");
    assert!(took < PROMISED, "it took {took:?}");
    assert_lived_within(&limit, "a gigabyte");
    drop(containers);
}

#[test]
fn soak_a_hundred_containers_with_a_megabyte_line_and_a_dead_engine_in_64_mb() {
    let (mut engine, limit) = (Elasticsearch::prepared(&[]), MemoryLimit::of(MEMORY_BYTES));
    let job = Setup::new("hundred").hosts(engine.url()).output("resurrect_delay => 1").limited(&limit).start();
    // A byte less than the longest line, and its end comes late: all are held in the middle at once.
    let script = "head -c 1048575 /dev/zero | tr '\\0' x; sleep 20; echo; exec sleep 100000";
    let containers: Vec<_> = (0..100).map(|n| job.container(docker(), &n.to_string(), script).start()).collect();
    let read = || (job.metric("timberline_lines_read_total", &[]) == 100).then_some(());
    wait_until("every line is read", DELIVERY, read);
    println!("a hundred long lines: {:.1} MB resident at most", memory_peak_bytes(&job) as f64 / 1e6);
    engine.start();
    engine.wait_for_count(&job.logs(), "*", 100, DELIVERY);
    assert_lived_within(&limit, "a hundred long lines");
    drop(containers);
}
