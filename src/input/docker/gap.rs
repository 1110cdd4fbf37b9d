//! A stretch of a log that was gone before it could be read: said once, counted, never silent.

use super::shared::Shared;
use crate::event::Timestamp;
use crate::input::origin::Origin;

const NANOS: u64 = 1_000_000_000;

/// What is known of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// `rotated`, `removed`, `truncated`, `broken`.
    pub reason: &'static str,
    /// The times of the last line before it and of the first one behind it, in nanoseconds since 1970; 0: the log's beginning.
    pub from_ns: u64,
    pub to_ns: u64,
    /// `None`: nobody can tell any more.
    pub lines: Option<u64>,
}

impl Gap {
    pub fn tell(&self, origin: &Origin, shared: &Shared) {
        let Gap { reason, from_ns, to_ns, lines } = *self;
        let seconds = if from_ns == 0 { 0 } else { to_ns.saturating_sub(from_ns) / NANOS };
        shared.counters.gap(reason, seconds, lines.unwrap_or(0));
        let from = if from_ns == 0 { "its beginning".into() } else { Timestamp::from_nanos(from_ns).to_string() };
        let to = Timestamp::from_nanos(to_ns).to_string();
        let lines = lines.map_or("unknown".into(), |lines| lines.to_string());
        let Origin { id: container, name, .. } = origin;
        tracing::warn!(
            container,
            name,
            reason,
            from,
            to,
            seconds,
            lines,
            "a part of the log was gone before it could be read"
        );
    }
}
