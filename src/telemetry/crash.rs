//! Named places where the daemon dies on request, as if by `kill -9`: for the tests that restart it.
//!
//! `TIMBERLINE_CRASH_AT=registry.before_rename:3` aborts when that point is passed for the third time; without a
//! number, the first. Only unoptimised builds and those with the feature `crash-points` have them: in a release a point
//! costs nothing and the variable means nothing.
//!
//! A point stands on each side of every step after which something is durable, or known to another: what is written,
//! synced, renamed, removed, sent, answered, settled. `tests/it/main_job/crash_points.rs` dies at each of them.

/// Aborts here, if the environment asks for it.
#[cfg(any(debug_assertions, feature = "crash-points"))]
pub fn crash_point(name: &str) {
    if armed::ARMED.as_ref().is_some_and(|armed| armed.is_due(name)) {
        std::process::abort();
    }
}

/// Does nothing in this build.
#[cfg(not(any(debug_assertions, feature = "crash-points")))]
#[inline(always)]
pub fn crash_point(_name: &str) {}

#[cfg(any(test, debug_assertions, feature = "crash-points"))]
mod armed {
    #[cfg(any(debug_assertions, feature = "crash-points"))]
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[cfg(any(debug_assertions, feature = "crash-points"))]
    pub static ARMED: LazyLock<Option<Armed>> =
        LazyLock::new(|| std::env::var("TIMBERLINE_CRASH_AT").ok().map(|text| Armed::read(&text)));

    /// One point, and how often it must still be passed.
    pub struct Armed {
        name: String,
        passes_left: AtomicU32,
    }

    impl Armed {
        pub fn read(text: &str) -> Armed {
            let (name, passes) = match text.rsplit_once(':') {
                Some((name, count)) => (name, count.parse().unwrap_or(1)),
                None => (text, 1),
            };
            Armed { name: name.into(), passes_left: AtomicU32::new(passes) }
        }

        pub fn is_due(&self, name: &str) -> bool {
            name == self.name && self.passes_left.fetch_sub(1, Ordering::AcqRel) == 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::armed::Armed;

    #[test]
    fn a_point_is_due_at_the_pass_that_was_named() {
        let armed = Armed::read("a.b:2");
        assert_eq!(["a.b", "other", "a.b", "a.b"].map(|name| armed.is_due(name)), [false, false, true, false]);
        assert!(Armed::read("a.b").is_due("a.b"));
    }
}
