//! Where it is not known whether a stream brings all that the log has: the log's last lines tell.

use super::super::client::LogStream;
use super::super::frames::LineReader;
use super::super::joiner::{RawLine, Stream};
use super::super::last_lines::each_of_last;
use super::super::skips::Look;
use super::Follower;
use std::time::Duration;

/// What the engine is given to answer, and a stalled stream to bring a line after all.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
pub const GRACE: Duration = Duration::from_secs(2);
/// Of so many records at the log's end is it told whether something was left out before the newest ones.
const RECORDS: usize = 1000;

/// A doubtful line and those that came with it, while it is not known whether it follows the one before it.
#[derive(Default)]
pub struct Later(Vec<LaterLine>);

struct LaterLine {
    stream: Stream,
    time: u64,
    text: Vec<u8>,
    truncated: bool,
}

impl Later {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn push(&mut self, line: RawLine<'_>) {
        let RawLine { stream, time, text, truncated } = line;
        self.0.push(LaterLine { stream, time, text: text.to_vec(), truncated });
    }
}

impl Follower {
    /// Keeps the lines, if none seems to be left out before one of them. `false`: the stream is to be opened again.
    pub(super) async fn pass_doubts(&mut self, later: Later) -> bool {
        for line in later.0 {
            let LaterLine { stream, time, ref text, truncated } = line;
            match self.skips.look(time, text.len()) {
                Look::Fine => {}
                Look::Doubtful { after_ns } if self.are_neighbours(after_ns, time).await => {
                    self.skips.clear(time, text.len());
                }
                Look::Doubtful { .. } | Look::Skipped => {
                    self.skips.skipped();
                    return false;
                }
            }
            if let Some(taps) = &mut self.taps {
                taps.keep(RawLine { stream, time, text, truncated }, &self.shared);
            }
        }
        true
    }

    /// The log has no line between these times. `false` also where that cannot be told.
    async fn are_neighbours(&self, after_ns: u64, time_ns: u64) -> bool {
        let (mut oldest, mut has_between) = (u64::MAX, false);
        let mut look = |line: RawLine<'_>| {
            oldest = oldest.min(line.time);
            has_between |= line.time > after_ns && line.time < time_ns;
        };
        let is_read = self.each_of_last(RECORDS, &mut look).await;
        is_read && oldest <= after_ns && !has_between
    }

    /// The log has a record that this stream should have brought.
    pub(super) async fn has_stalled(&self, log: &mut LogStream, reader: &LineReader) -> bool {
        if !self.has_newer(reader).await || tokio::time::timeout(GRACE, log.heard()).await.is_ok() {
            return false;
        }
        tracing::warn!(container = self.id, "the log stream has stalled; opening it again");
        true
    }

    async fn has_newer(&self, reader: &LineReader) -> bool {
        let Some(taps) = &self.taps else { return false };
        let mut newer = false;
        let mut compare = |line: RawLine<'_>| newer |= taps.lacks(line, reader.joiners());
        self.each_of_last(1, &mut compare).await && newer
    }

    /// `false`: the engine does not say.
    async fn each_of_last(&self, records: usize, each: &mut (dyn FnMut(RawLine<'_>) + Send)) -> bool {
        let is_tty = self.taps.as_ref().is_some_and(|taps| taps.count() == 1);
        let reader = LineReader::new(is_tty, self.shared.config.line_bytes_max);
        let read = each_of_last(&self.shared.client, &self.id, records, reader, each);
        matches!(tokio::time::timeout(ANSWER_LIMIT, read).await, Ok(Ok(())))
    }
}
