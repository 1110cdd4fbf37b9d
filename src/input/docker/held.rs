//! The bytes of a container's open lines, taken from the byte budget while they are open.
//!
//! Open lines are waited for while they hold their bytes, so two of them could wait for each other's room for ever. So
//! nobody waits here: who gets no room gives all of it back, waits for enough of it, and reads the line again.

use crate::channel::Budget;
use std::sync::Arc;

/// Less is left to the readers' own buffers.
const FREE_BYTES: usize = 32 << 10;

pub struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Held {
    pub fn new(budget: Arc<Budget>) -> Self {
        Held { budget, bytes: 0 }
    }

    /// The open lines have so many bytes now. `false`: there is no room for them.
    pub fn hold(&mut self, bytes: usize) -> bool {
        if bytes <= FREE_BYTES {
            self.release();
            return true;
        }
        let more = bytes.saturating_sub(self.bytes);
        let has_room = more == 0 || self.budget.try_take(more);
        if has_room {
            self.bytes += more;
        }
        has_room
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Waits for room for `bytes`, holding nothing meanwhile.
    pub async fn wait_for(&mut self, bytes: usize) {
        self.release();
        self.budget.take(bytes).await;
        self.bytes = bytes;
    }

    /// Gives all of it back.
    pub fn release(&mut self) {
        if self.bytes > 0 {
            self.budget.give_back(std::mem::take(&mut self.bytes));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn open_lines_take_room_and_give_it_back() {
        let budget = Arc::new(Budget::new(200_000));
        let mut one = Held::new(Arc::clone(&budget));
        let mut two = Held::new(Arc::clone(&budget));
        assert!(one.hold(10_000));
        assert_eq!(budget.taken(), 0, "a little is free");
        assert!(one.hold(150_000) && one.hold(140_000));
        assert_eq!(budget.taken(), 150_000);
        assert!(!two.hold(60_000));
        let mut waiting = Box::pin(two.wait_for(100_000));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(one.hold(0));
        waiting.await;
        assert_eq!(budget.taken(), 100_000);
        drop(two);
        assert_eq!(budget.taken(), 0);
    }
}
