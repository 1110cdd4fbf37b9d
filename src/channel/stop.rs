//! The word to stop, given once, and once more where it is to be at once; heard by threads and tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

#[derive(Debug, Default)]
struct Word {
    given: AtomicBool,
    at_once: AtomicBool,
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

    /// What has no verdict now gets none.
    pub fn stop_at_once(&self) {
        self.0.at_once.store(true, Ordering::Release);
        self.stop();
    }

    pub fn listener(&self) -> Stop {
        Stop(Arc::clone(&self.0))
    }
}

impl Stop {
    pub fn is_stopped(&self) -> bool {
        self.0.given.load(Ordering::Acquire)
    }

    pub fn is_at_once(&self) -> bool {
        self.0.at_once.load(Ordering::Acquire)
    }

    /// Waits for the word.
    pub async fn stopped(&self) {
        self.heard(Stop::is_stopped).await;
    }

    /// Waits for the word that it is to be at once.
    pub async fn at_once(&self) {
        self.heard(Stop::is_at_once).await;
    }

    async fn heard(&self, is_given: fn(&Stop) -> bool) {
        loop {
            let heard = self.0.heard.notified();
            tokio::pin!(heard);
            heard.as_mut().enable();
            if is_given(self) {
                return;
            }
            heard.await;
        }
    }
}
