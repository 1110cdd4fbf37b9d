//! A container whose lines were printed long ago: its json-file, which both ways of reading show, is written anew.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use timberline::clock::{Clock as _, SystemClock};
use timberline::event::Timestamp;

use crate::engine::{Container, Docker, as_root, wait_until};

/// Prints one line, and then lives on without a word.
pub const SCRIPT: &str = "echo young; exec sleep 100000";

/// Line `n=<days>` for each age in days, a minute younger than that, so that no rounding decides.
pub fn age(engine: &Docker, container: &Container<'_>, days: &[u64]) {
    let line = |days: &u64| ("stdout", Duration::from_secs(days * 86_400 + 60), format!("n={days}"));
    rewrite(engine, container, days.iter().map(line));
}

/// Lines of these streams, ages and texts.
pub fn rewrite(
    engine: &Docker,
    container: &Container<'_>,
    lines: impl Iterator<Item = (&'static str, Duration, String)>,
) {
    let path = engine.cli(&["inspect", "--format", "{{.LogPath}}", container.id()]);
    wait_until("it has printed its line", Duration::from_secs(60), || (container.logs() == "young\n").then_some(()));
    let now = Duration::from_nanos(SystemClock::default().now_ns());
    let record = |(stream, age, text): (&str, Duration, String)| {
        let time = Timestamp::from_nanos((now - age).as_nanos() as u64).to_string();
        json!({ "log": text + "\n", "stream": stream, "time": time }).to_string() + "\n"
    };
    let log: String = lines.map(record).collect();
    let mut shell = as_root("sh").args(["-c", "cat > \"$0\"", &path]).stdin(Stdio::piped()).spawn().expect("sh runs");
    std::io::Write::write_all(&mut shell.stdin.take().expect("it is piped"), log.as_bytes()).expect("sh reads it");
    assert!(shell.wait().is_ok_and(|status| status.success()), "{path} is written");
}
