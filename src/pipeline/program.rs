//! The program: one flat list of steps, filters first, outputs behind them.
//!
//! Order: an event runs to its end before the events that filters made of it, and these run in the order in which
//! they were made, each followed by what was made of it: the order in which Logstash's compiled pipeline hands the
//! events of one line to its outputs (`pipeline.ordered`). A made event goes on at the step behind its maker, inside
//! the branch that the maker stands in.

use super::common::Common;
use super::condition::Condition;
use super::rhythm::Rhythm;
use super::worker::Outbox;
use crate::event::{Arena, Event, Rules};
use crate::filter::reasons::{Reason, Reasons};
use crate::filter::{Account, Context, Effects, Emitted, Filter, Outcome};
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
    steps: Arc<[Step]>,
    conditions: Arc<[Condition]>,
    stages: Vec<Stage>,
    /// `None`: no filter acts by the clock.
    rhythm: Option<Arc<Rhythm>>,
    /// Those that its references were read under.
    pub rules: Rules,
}

/// What became of the events of one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that came to the end.
    pub passed: u64,
    /// Events that a filter dropped.
    pub dropped: u64,
}

/// What events are run with.
pub struct Surroundings<'r, 'b> {
    pub arena: &'b Arena,
    pub effects: &'r dyn Effects,
    pub outbox: &'r mut dyn Outbox,
    /// The outbox has a watcher.
    watched: bool,
}

impl<'r, 'b> Surroundings<'r, 'b> {
    pub fn new(arena: &'b Arena, effects: &'r dyn Effects, outbox: &'r mut dyn Outbox) -> Self {
        let watched = outbox.watcher().is_some();
        Surroundings { arena, effects, outbox, watched }
    }

    /// Tells the watcher, where there is one.
    #[inline]
    fn tell(&mut self, what: impl FnOnce(&mut dyn Watcher)) {
        if self.watched
            && let Some(watcher) = self.outbox.watcher()
        {
            what(watcher);
        }
    }
}

/// Looks on while events run: the way of each through the steps, and what every filter makes of it.
pub trait Watcher {
    /// An event begins its way: at the first step, or behind the filter that made it.
    fn enters(&mut self, event: &Event<'_>, maker: Option<usize>);

    /// A condition, by number, was asked.
    fn decided(&mut self, condition: usize, holds: bool, event: &Event<'_>);

    /// Whether it wants to know where a filter stops that does not match: finding that out takes its time.
    fn asks_why(&self) -> bool;

    /// A filter, by number, is about to run; it says how it would take the event.
    fn before(&mut self, filter: usize, event: &Event<'_>, account: Option<Account>);

    /// It ran, and the common options were applied; `reasons`: what it says of its failures.
    fn after(&mut self, filter: usize, event: &Event<'_>, outcome: Outcome, reasons: Vec<Reason>);

    /// The event reached an output, by number.
    fn reached(&mut self, output: usize);

    /// A filter ended the event's way: nothing else is told of it.
    fn cancelled(&mut self);
}

/// The events of one record, or of one beat of the clock, on their way.
struct Run<'r, 'b> {
    around: Surroundings<'r, 'b>,
    /// What the filter that runs has emitted.
    emitted: Vec<Emitted<'b>>,
    /// Events that filters made, and the step that each goes on from; the last one is next.
    waiting: Vec<(usize, Event<'b>)>,
    tally: Tally,
}

impl<'r, 'b> Run<'r, 'b> {
    fn new(around: Surroundings<'r, 'b>) -> Self {
        Run { around, emitted: Vec::new(), waiting: Vec::new(), tally: Tally::default() }
    }

    /// Lets what the filter emitted go on at step `at`.
    fn enqueue(&mut self, common: &Common, at: usize) {
        while let Some(Emitted { mut event, matched }) = self.emitted.pop() {
            if matched {
                common.apply(&mut event, self.around.arena);
            }
            self.waiting.push((at, event));
        }
    }
}

impl Program {
    pub fn new(steps: Vec<Step>, conditions: Vec<Condition>, stages: Vec<Stage>, rules: Rules) -> Program {
        let rhythm = stages.iter().any(|stage| stage.filter.keeps_time()).then(Arc::default);
        Program { steps: steps.into(), conditions: conditions.into(), stages, rhythm, rules }
    }

    /// A clone with filters of its own.
    pub fn boxed(&self) -> Program {
        let stage = |stage: &Stage| Stage { filter: stage.filter.boxed(), common: Arc::clone(&stage.common) };
        Program {
            steps: Arc::clone(&self.steps),
            conditions: Arc::clone(&self.conditions),
            stages: self.stages.iter().map(stage).collect(),
            rhythm: self.rhythm.clone(),
            rules: self.rules,
        }
    }

    /// How many filters there are.
    pub fn filters(&self) -> usize {
        self.stages.len()
    }

    /// The alternatives of each filter (`Filter::alternatives`), by its number.
    pub fn alternatives(&self) -> Vec<Vec<String>> {
        self.stages.iter().map(|stage| stage.filter.alternatives()).collect()
    }

    /// When the filters are to be woken; `None` if none of them wants it.
    pub fn rhythm(&self) -> Option<&Rhythm> {
        self.rhythm.as_deref()
    }

    /// Runs `event`, and every event that filters make of it, to the end.
    pub fn run<'b>(&mut self, event: Event<'b>, around: Surroundings<'_, 'b>) -> Tally {
        let mut run = Run::new(around);
        self.run_one(0, event, &mut run);
        self.run_waiting(&mut run);
        run.tally
    }

    /// Wakes the filters that keep time, for the `last` time or not, and runs what they make to the end.
    pub fn wake(&mut self, last: bool, around: Surroundings<'_, '_>) -> Tally {
        let mut run = Run::new(around);
        let steps = Arc::clone(&self.steps);
        for (at, step) in steps.iter().enumerate() {
            let Step::Filter(number) = step else { continue };
            let Stage { filter, common } = &mut self.stages[*number];
            if !filter.keeps_time() {
                continue;
            }
            let Run { around: Surroundings { arena, effects, .. }, emitted, .. } = &mut run;
            let mut cx = Context { arena, effects: *effects, emitted, place: *number as u32, reasons: None };
            if last {
                filter.finish(&mut cx)
            } else {
                filter.tick(&mut cx)
            }
            run.enqueue(common, at + 1);
            self.run_waiting(&mut run);
        }
        run.tally
    }

    fn run_waiting<'b>(&mut self, run: &mut Run<'_, 'b>) {
        while let Some((from, event)) = run.waiting.pop() {
            self.run_one(from, event, run);
        }
    }

    fn run_one<'b>(&mut self, from: usize, mut event: Event<'b>, run: &mut Run<'_, 'b>) {
        let maker = || match self.steps.get(from.checked_sub(1)?)? {
            Step::Filter(number) => Some(*number),
            _ => None,
        };
        run.around.tell(|watcher| watcher.enters(&event, maker()));
        let mut at = from;
        let reasons = Reasons::default();
        while let Some(step) = self.steps.get(at) {
            at += 1;
            match step {
                Step::Filter(number) => {
                    let Stage { filter, common } = &mut self.stages[*number];
                    run.around.tell(|watcher| {
                        let account = filter.account(&event, watcher.asks_why());
                        watcher.before(*number, &event, account);
                    });
                    let Run { around: Surroundings { arena, effects, watched, .. }, emitted, .. } = &mut *run;
                    let said = watched.then_some(&reasons);
                    let mut cx = Context { arena, effects: *effects, emitted, place: *number as u32, reasons: said };
                    let outcome = filter.filter(&mut event, &mut cx);
                    let made = !run.emitted.is_empty();
                    if made {
                        run.enqueue(common, at);
                    }
                    match outcome {
                        Outcome::Matched => common.apply(&mut event, run.around.arena),
                        Outcome::Unmatched => {}
                        Outcome::Cancelled => {
                            // One that others took the place of is not dropped.
                            run.tally.dropped += u64::from(!made);
                            run.around.tell(|watcher| {
                                watcher.after(*number, &event, outcome, reasons.take());
                                watcher.cancelled();
                            });
                            return;
                        }
                    }
                    run.around.tell(|watcher| watcher.after(*number, &event, outcome, reasons.take()));
                }
                Step::Unless { condition, to } => {
                    let holds = self.conditions[*condition].holds(&event);
                    run.around.tell(|watcher| watcher.decided(*condition, holds, &event));
                    if !holds {
                        at = *to;
                    }
                }
                Step::Jump(to) => at = *to,
                Step::Output(number) => {
                    run.around.tell(|watcher| watcher.reached(*number));
                    run.around.outbox.document(*number, &mut event, run.around.arena);
                }
            }
        }
        run.tally.passed += 1;
        run.around.outbox.end(&event);
    }
}

#[cfg(test)]
mod tests;
