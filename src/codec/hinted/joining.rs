//! The hint `multiline`: Filebeat's three ways of joining lines.

use super::super::joining::{Group, Joiner};
use crate::event::chunk::Frame;
use crate::event::hints::{JoinRule, Joining};

/// What Filebeat lets an event grow to, too.
const BYTES_MAX: usize = 10 << 20;

pub struct Join(Joining);

impl Join {
    pub fn new(joining: Joining) -> Join {
        Join(joining)
    }
}

impl Joiner for Join {
    fn take(&mut self, line: Frame<'_>, group: &mut Group, each: &mut dyn FnMut(Frame<'_>)) {
        let (starts, ends) = match &self.0.rule {
            JoinRule::Pattern { fits, to_next, flush } => {
                let fits = fits.is_so(line.bytes);
                let flushes = flush.as_ref().is_some_and(|flush| flush.is_match(line.bytes));
                (!fits && !to_next, flushes || (!fits && *to_next))
            }
            JoinRule::Count(lines) => (false, group.len() + 1 >= *lines),
            JoinRule::While(fits) => {
                let fits = fits.is_so(line.bytes);
                (!fits, !fits)
            }
        };
        if starts {
            self.end(group, each);
        }
        group.push(line);
        if ends || group.len() >= self.0.lines_max || group.bytes_len() >= BYTES_MAX {
            self.end(group, each);
        }
    }

    fn end(&mut self, group: &mut Group, each: &mut dyn FnMut(Frame<'_>)) {
        group.give(group.len(), each);
    }

    fn gap_ns(&self) -> Option<u64> {
        self.0.timeout_ns
    }

    fn boxed(&self) -> Box<dyn Joiner> {
        Box::new(Join(self.0.clone()))
    }
}
