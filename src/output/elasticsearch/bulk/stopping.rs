//! The end of the loop when the time to stop is over: what is on its way is taken back, and what has no verdict is put
//! on the disk, or dropped so that it is read again.

use super::{Bulk, Done};
use crate::event::spool::MAIN;
use crate::output::elasticsearch::outbox::Spill;
use std::time::Duration;

/// What others may take to give back what they were given, when the time is over.
const COLLECT_TIMEOUT: Duration = Duration::from_millis(500);
/// What writing the rest to the disk may take.
pub const SPILL_TIMEOUT: Duration = Duration::from_millis(1_500);
impl Bulk {
    /// Takes back what is on its way, and what waits in the pipe; a disk that hangs is not waited for.
    pub(super) async fn collect(&mut self) {
        self.cut.stop();
        let deadline = tokio::time::Instant::now() + COLLECT_TIMEOUT;
        while !self.closed || !self.tasks.is_empty() {
            let next = async {
                tokio::select! {
                    Some(done) = self.tasks.join_next() => (done.ok(), None),
                    batch = self.wiring.batches.recv_async(), if !self.closed => (None, Some(batch)),
                }
            };
            match tokio::time::timeout_at(deadline, next).await {
                Ok((Some(Done::Reachable | Done::Prepared(_)), _)) => {}
                Ok((Some(done), _)) => self.done(done),
                Ok((None, Some(Some(batch)))) => self.put(batch),
                Ok((None, Some(None))) => self.closed = true,
                Ok((None, None)) => {}
                Err(_) => break,
            }
        }
        self.tasks.abort_all();
    }

    /// What has no verdict goes to the disk, if there is a queue.
    pub(super) async fn put_away(&mut self) {
        let (mut spills, mut kept) = self.outbox.take_all();
        let letters = self.letters.drain(..).map(|letter| letter.piece);
        let (there, letters): (Vec<_>, Vec<_>) = letters.partition(|piece| piece.on_disk);
        kept += there.len();
        spills.push(Spill { lane: MAIN.into(), pieces: letters });
        if let Some(job) = self.spooling.last(spills) {
            let written = tokio::time::timeout(SPILL_TIMEOUT, tokio::task::spawn_blocking(job)).await;
            kept += written.ok().and_then(Result::ok).unwrap_or(0);
        }
        let left = self.open.saturating_sub(kept);
        self.counts.open.set(left as f64);
        if self.open > 0 {
            tracing::warn!(
                output = &*self.wiring.label,
                on_disk = kept,
                read_again = left,
                "stopped before the engine took everything: the next start goes on with it"
            );
        }
    }
}
