//! The end of the loop when the time to stop is over: what is on its way is taken back, and what has no verdict is put
//! on the disk, or dropped so that it is read again.

use super::{Bulk, Done};
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
        while !self.dispatch.is_closed() || !self.tasks.is_empty() {
            let is_open = !self.dispatch.is_closed();
            let next = async {
                tokio::select! {
                    Some(done) = self.tasks.join_next() => (done.ok(), None),
                    batch = self.batches.recv_async(), if is_open => (None, Some(batch)),
                }
            };
            match tokio::time::timeout_at(deadline, next).await {
                Ok((Some(done), _)) => self.take_back(done),
                Ok((None, Some(batch))) => self.came(batch),
                Ok((None, None)) => {}
                Err(_) => break,
            }
        }
        self.tasks.abort_all();
    }

    /// Takes back what is on its way, and drops it with the rest: it is read again. A disk that hangs is not waited for.
    pub(super) async fn let_go(&mut self) {
        self.cut.stop();
        let back = async {
            while let Some(done) = self.tasks.join_next().await {
                done.into_iter().for_each(|done| self.take_back(done));
            }
        };
        let _ = tokio::time::timeout(COLLECT_TIMEOUT, back).await;
        self.dispatch.put_away(0);
    }

    /// What says nothing of documents is passed over: nobody sends any more.
    fn take_back(&mut self, done: Done) {
        if !matches!(done, Done::Reachable | Done::Prepared(_)) {
            self.done(done);
        }
    }

    /// What has no verdict goes to the disk, if there is a queue.
    pub(super) async fn put_away(&mut self) {
        let (spills, there) = self.dispatch.take_all();
        let mut kept = None;
        if let Some(job) = self.dispatch.last_job(spills, there) {
            let written = tokio::time::timeout(SPILL_TIMEOUT, tokio::task::spawn_blocking(job)).await;
            kept = written.ok().and_then(Result::ok);
        }
        // Where the disk hangs nobody knows what it has: in the books everything is still in memory.
        self.dispatch.put_away(kept.map_or(0, |written| there + written));
    }
}
