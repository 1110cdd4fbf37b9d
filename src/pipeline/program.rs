//! The program: one flat list of steps, filters first, outputs behind them.

use super::common::Common;
use super::condition::Condition;
use super::worker::Outbox;
use crate::event::{Arena, Event};
use crate::filter::{Context, Effects, Emitted, Filter, Outcome};
use std::sync::Arc;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Run a filter, by number.
    Filter(usize),
    /// Go to a step if a condition, by number, does not hold.
    Unless {
        condition: usize,
        to: usize,
    },
    Jump(usize),
    /// Render the event for an output, by number.
    Output(usize),
}

/// A filter and what belongs to it.
pub struct Stage {
    pub filter: Box<dyn Filter>,
    pub common: Arc<Common>,
}

/// What a worker runs events through. Each worker has its own clone.
pub struct Program {
    pub steps: Arc<[Step]>,
    pub conditions: Arc<[Condition]>,
    pub stages: Vec<Stage>,
}

/// What became of the events of one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that came to the end.
    pub passed: u64,
    /// Events that a filter dropped.
    pub dropped: u64,
}

impl Program {
    /// A clone with filters of its own.
    pub fn boxed(&self) -> Program {
        let stage = |stage: &Stage| Stage { filter: stage.filter.boxed(), common: Arc::clone(&stage.common) };
        Program {
            steps: Arc::clone(&self.steps),
            conditions: Arc::clone(&self.conditions),
            stages: self.stages.iter().map(stage).collect(),
        }
    }

    /// Runs `event`, and every event that filters make of it, to the end.
    pub fn run<'b>(
        &mut self,
        event: Event<'b>,
        arena: &'b Arena,
        effects: &dyn Effects,
        outbox: &mut dyn Outbox,
    ) -> Tally {
        let mut tally = Tally::default();
        let mut waiting: Vec<(usize, Event<'b>)> = Vec::new();
        let mut next = Some((0, event));
        while let Some((from, event)) = next {
            self.run_one(from, event, arena, effects, outbox, &mut waiting, &mut tally);
            next = if waiting.is_empty() { None } else { Some(waiting.remove(0)) };
        }
        tally
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one run, used nowhere else")]
    fn run_one<'b>(
        &mut self,
        from: usize,
        mut event: Event<'b>,
        arena: &'b Arena,
        effects: &dyn Effects,
        outbox: &mut dyn Outbox,
        waiting: &mut Vec<(usize, Event<'b>)>,
        tally: &mut Tally,
    ) {
        let mut emitted: Vec<Emitted<'b>> = Vec::new();
        let mut at = from;
        while let Some(step) = self.steps.get(at) {
            at += 1;
            match step {
                Step::Filter(number) => {
                    let stage = &mut self.stages[*number];
                    let mut cx = Context { arena, effects, emitted: &mut emitted, place: *number as u32 };
                    let outcome = stage.filter.filter(&mut event, &mut cx);
                    for Emitted { event: mut made, matched } in emitted.drain(..) {
                        if matched {
                            stage.common.apply(&mut made, arena);
                        }
                        waiting.push((at, made));
                    }
                    match outcome {
                        Outcome::Matched => stage.common.apply(&mut event, arena),
                        Outcome::Unmatched => {}
                        Outcome::Cancelled => {
                            tally.dropped += 1;
                            return;
                        }
                    }
                }
                Step::Unless { condition, to } => {
                    if !self.conditions[*condition].holds(&event) {
                        at = *to;
                    }
                }
                Step::Jump(to) => at = *to,
                Step::Output(number) => outbox.document(*number, &mut event, arena),
            }
        }
        tally.passed += 1;
        outbox.end(&event);
    }
}
