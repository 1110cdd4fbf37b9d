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

/// Tells a person of a bug, unless its panic has done so.
pub fn tell(what: &str) {
    if !PANICKED.load(Ordering::Relaxed) {
        note(&line(what));
    }
}

fn line(what: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("timberline {version}: this is a bug, please report it with this line: {}", what.replace('\n', " "))
}

fn what_and_where(info: &panic::PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("a panic without a message");
    let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
    format!("{what}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_bug_whatever_the_command_says() {
        let quiet = panic::take_hook();
        let on_this_thread = to_exit_code(|| panic!("made up"));
        let elsewhere = to_exit_code(|| {
            let thread = std::thread::spawn(|| panic!("made up"));
            assert!(thread.join().is_err());
            Exit::Done
        });
        panic::set_hook(quiet);
        assert_eq!((on_this_thread, elsewhere), (Exit::Bug, Exit::Bug));
        assert!(line("a\nb").ends_with("with this line: a b"));
    }
}
