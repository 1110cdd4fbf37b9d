//! Whether bodies are pressed by gzip. Pure.
//!
//! An engine that refuses gzip may close the connection without a word, and so may one that is killed, or a proxy that is
//! restarted: so after some refusals in a row bodies are sent as they are for a while, and then it is tried again.

use std::time::{Duration, Instant};

/// Refusals in a row that mean it.
const REFUSALS_MAX: u32 = 3;
/// How long bodies are sent as they are then.
pub const PLAIN_FOR: Duration = Duration::from_secs(600);

pub struct Pressing {
    level: u32,
    refusals: u32,
    plain_until: Option<Instant>,
}

impl Pressing {
    /// `level`: 0 for never, 9 for smallest.
    pub fn new(level: u32) -> Pressing {
        Pressing { level: level.min(9), refusals: 0, plain_until: None }
    }

    /// What to press a body with now; 0: not at all.
    pub fn level(&self, now: Instant) -> u32 {
        if self.plain_until.is_some_and(|until| now < until) { 0 } else { self.level }
    }

    /// A pressed body was read.
    pub fn read(&mut self) {
        (self.refusals, self.plain_until) = (0, None);
    }

    /// A pressed body was refused, as it seems. Answers whether bodies are sent as they are from now on.
    pub fn refused(&mut self, now: Instant) -> bool {
        if self.level(now) == 0 {
            return false;
        }
        self.refusals += 1;
        let is_meant = self.refusals >= REFUSALS_MAX;
        if is_meant {
            self.plain_until = Some(now + PLAIN_FOR);
        }
        is_meant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three connections that a restarting proxy cut once turned gzip off for good.
    #[test]
    fn gzip_is_tried_again_after_a_while_and_one_refusal_is_enough_then() {
        let (mut pressing, now) = (Pressing::new(1), Instant::now());
        assert_eq!([(); 3].map(|()| pressing.refused(now)), [false, false, true]);
        assert_eq!(pressing.level(now + PLAIN_FOR - Duration::from_secs(1)), 0);
        let later = now + PLAIN_FOR;
        assert_eq!(pressing.level(later), 1);
        assert!(pressing.refused(later));
        assert_eq!(pressing.level(later), 0);
        pressing.read();
        assert_eq!(pressing.level(later), 1);
        assert_eq!([(); 3].map(|()| pressing.refused(later)), [false, false, true]);
    }

    #[test]
    fn answers_that_were_on_their_way_say_nothing_new() {
        let (mut pressing, now) = (Pressing::new(9), Instant::now());
        assert_eq!([(); 5].map(|()| pressing.refused(now)), [false, false, true, false, false]);
    }
}
