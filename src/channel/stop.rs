//! The word to stop, given once, heard by threads and tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

#[derive(Debug, Default)]
struct Word {
    given: AtomicBool,
    heard: Notify,
}

/// Who may give the word.
#[derive(Clone, Debug, Default)]
pub struct StopSwitch(Arc<Word>);

/// Who listens for it.
#[derive(Clone, Debug)]
pub struct Stop(Arc<Word>);

impl StopSwitch {
    pub fn stop(&self) {
        self.0.given.store(true, Ordering::Release);
        self.0.heard.notify_waiters();
    }

    pub fn listener(&self) -> Stop {
        Stop(Arc::clone(&self.0))
    }
}

impl Stop {
    pub fn is_stopped(&self) -> bool {
        self.0.given.load(Ordering::Acquire)
    }

    /// Waits for the word.
    pub async fn stopped(&self) {
        loop {
            let heard = self.0.heard.notified();
            tokio::pin!(heard);
            heard.as_mut().enable();
            if self.is_stopped() {
                return;
            }
            heard.await;
        }
    }
}
