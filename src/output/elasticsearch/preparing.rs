//! Templates and policies, before the first document, and again after the engine was away: when they are looked at.
//! Nothing is sent before they are in place, or cannot be.

use super::setup::{Report, Trouble};
use crate::backoff::Backoff;
use std::time::{Duration, Instant};

/// An engine that is out of order when templates are put in place is waited for so often, then documents go first.
const TRIES_MAX: u32 = 8;
/// A user that is not accepted is not tried more often.
const UNAUTHORIZED_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Preparing {
    /// They are to be looked at.
    due: bool,
    under_way: bool,
    /// Not before.
    again: Option<Instant>,
    backoff: Backoff,
    busy: u32,
    /// They have been in place once: only what changes is said again.
    done_once: bool,
}

/// What is to be told of a try.
pub enum Told {
    Done(Report),
    Unauthorized(u16),
    /// No address answers.
    Nowhere(String),
    /// It answers, and cannot.
    Away(String),
    /// Documents go without.
    GivenUp(String),
    Nothing,
}

impl Preparing {
    /// `needed`: there is something to put in place.
    pub fn new(needed: bool, backoff: Backoff) -> Preparing {
        Preparing { due: needed, under_way: false, again: None, backoff, busy: 0, done_once: false }
    }

    /// Documents wait for it.
    pub fn is_due(&self) -> bool {
        self.due
    }

    /// Whether a try is to be made now; it is under way then.
    pub fn start(&mut self, now: Instant) -> bool {
        let start = self.due && !self.under_way && self.again.is_none_or(|again| again <= now);
        self.under_way |= start;
        start
    }

    pub fn next_try(&self) -> Option<Instant> {
        self.again.filter(|_| self.due && !self.under_way)
    }

    /// The engine was away: it may be another one now.
    pub fn look_again(&mut self, needed: bool) {
        (self.due, self.again, self.busy) = (needed, None, 0);
    }

    pub fn hurry(&mut self) {
        self.again = None;
    }

    /// What is new in a report.
    pub fn first(&mut self) -> bool {
        !std::mem::replace(&mut self.done_once, true)
    }

    pub fn tried(&mut self, tried: Result<Report, Trouble>, any_up: bool, now: Instant, random: u64) -> Told {
        self.under_way = false;
        let trouble = match tried {
            Ok(report) => {
                self.due = false;
                self.backoff.reset();
                return Told::Done(report);
            }
            Err(trouble) => trouble,
        };
        let wait = self.backoff.next(random);
        self.again = Some(now + wait);
        match trouble {
            Trouble::Unauthorized(status) => {
                self.again = Some(now + wait.max(UNAUTHORIZED_WAIT));
                Told::Unauthorized(status)
            }
            Trouble::Failure(_) if !any_up => Told::Nowhere(trouble.to_string()),
            Trouble::Failure(_) => Told::Nothing,
            Trouble::Busy(_) => {
                self.busy += 1;
                if self.busy >= TRIES_MAX {
                    self.due = false;
                    return Told::GivenUp(trouble.to_string());
                }
                Told::Away(trouble.to_string())
            }
        }
    }
}
