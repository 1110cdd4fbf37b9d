//! A panic is a bug of ours: one line for a person, the exit code 70 for a script.

use super::{Exit, note};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by a panic on any thread: the process never ends as if nothing had been.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Runs `work`; with a panic on any thread, the exit code says so whatever `work` makes of it.
pub fn to_exit_code(work: impl FnOnce() -> Exit) -> Exit {
    panic::set_hook(Box::new(|info| {
        PANICKED.store(true, Ordering::Relaxed);
        note(&line(&what_and_where(info)));
    }));
    // What `work` was doing is not looked at again.
    let ended = panic::catch_unwind(panic::AssertUnwindSafe(work));
    match ended {
        Ok(exit) if !PANICKED.load(Ordering::Relaxed) => exit,
        _ => Exit::Bug,
    }
}

/// What a person is told of a bug.
pub fn line(what: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("timberline {version}: this is a bug, please report it with this line: {}", what.replace('\n', " "))
}

fn what_and_where(info: &panic::PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("a panic without a message");
    let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
    format!("{what}{place}")
}
