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

    /// The open lines have so many bytes now. Those that have ended and were not handed over yet, `collected`, keep the room that they had.
    /// `false`: there is no room for the open ones.
    pub fn hold(&mut self, bytes: usize, collected: usize) -> bool {
        if bytes + collected <= FREE_BYTES {
            self.release();
            return true;
        }
        let more = if bytes <= FREE_BYTES { 0 } else { bytes.saturating_sub(self.bytes) };
        let has_room = more == 0 || self.budget.try_take(more);
        if has_room {
            self.bytes += more;
        }
        has_room
    }

    /// What was collected is handed over, and the open lines have so many bytes: if that is next to nothing, all room goes back.
    pub fn shed(&mut self, bytes: usize) {
        if bytes <= FREE_BYTES {
            self.release();
        }
    }

    /// Lines that have ended become a chunk of `bytes`: what room they had while they were open goes over to it, if that is most of what it takes. So
    /// they need not wait, outside the budget, while others open lines in the room that they left. `open`: of the lines that are open still.
    pub fn hand_over(&mut self, bytes: usize, open: usize) -> bool {
        let own = self.bytes.saturating_sub(open).min(bytes);
        let is_most = own > 0 && own >= bytes / 2;
        if is_most {
            self.bytes -= own;
            self.budget.reweigh(own, bytes);
        }
        is_most
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
        assert!(one.hold(10_000, 0));
        assert_eq!(budget.taken(), 0, "a little is free");
        assert!(one.hold(150_000, 0) && one.hold(140_000, 0));
        assert_eq!(budget.taken(), 150_000);
        assert!(!two.hold(60_000, 0));
        let mut waiting = Box::pin(two.wait_for(100_000));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(one.hold(0, 0));
        waiting.await;
        assert_eq!(budget.taken(), 100_000);
        drop(two);
        assert_eq!(budget.taken(), 0);
    }

    const LINE: usize = 1 << 20;

    #[test]
    fn lines_that_have_ended_keep_their_room_and_give_it_to_their_chunk() {
        let budget = Arc::new(Budget::new(LINE));
        let (mut one, mut other) = (Held::new(Arc::clone(&budget)), Held::new(Arc::clone(&budget)));
        assert!(one.hold(LINE, 0) && !other.hold(LINE, 0));
        assert!(one.hold(0, LINE));
        assert!(!other.hold(LINE, 0), "the line has ended and was not handed over");
        assert!(one.hand_over(LINE + 100, 0));
        assert_eq!(budget.taken(), LINE + 100);
        assert!(one.hold(0, 0));
        assert_eq!((one.bytes(), budget.taken()), (0, LINE + 100));
    }

    #[test]
    fn the_room_of_a_line_that_is_open_still_is_not_given_away() {
        let budget = Arc::new(Budget::new(2 * LINE));
        let mut held = Held::new(Arc::clone(&budget));
        assert!(held.hold(LINE, 0));
        assert!(!held.hand_over(LINE, LINE) && !held.hand_over(4 * LINE, 0));
        assert_eq!((held.bytes(), budget.taken()), (LINE, LINE));
    }
}
