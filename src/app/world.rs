//! The world as filters see it: the machine's clocks.

use crate::clock::{Clock, SystemClock};
use crate::event::Timestamp;
use crate::filter::Effects;

/// The real one.
#[derive(Clone, Debug, Default)]
pub struct World(SystemClock);

impl Effects for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.now_ns())
    }

    fn ticks(&self) -> u64 {
        self.0.ticks_ns()
    }
}
