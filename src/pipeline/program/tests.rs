//! What a program does with events that filters make, seen from its end.

use super::*;
use crate::event::{Identity, Timestamp, Value};
use crate::pipeline::worker::Deserted;
use crate::position::Receipt;

/// Makes an event by its name of each event, and one of each beat.
#[derive(Clone)]
struct Maker(&'static str);

impl Filter for Maker {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        for nth in 1..=2 {
            let mut made = event.copy_in(cx.arena);
            made.identity = event.identity.derived(cx.place, nth);
            let name = made.root.get("name").and_then(|name| name.as_str()).unwrap_or_default();
            let name = format!("{name}{}{nth}", self.0);
            made.root.insert("name", Value::copied(cx.arena, &name));
            cx.emit(made, true);
        }
        Outcome::Unmatched
    }

    fn keeps_time(&self) -> bool {
        true
    }

    fn tick<'b>(&mut self, cx: &mut Context<'b, '_>) {
        let mut made = cx.blank(cx.identity_of_now());
        made.root.insert("name", Value::copied(cx.arena, self.0));
        cx.emit(made, true);
    }

    fn finish<'b>(&mut self, _cx: &mut Context<'b, '_>) {}

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

struct Still;

impl Effects for Still {
    fn now(&self) -> Timestamp {
        Timestamp { seconds: 7, nanos: 0 }
    }

    fn ticks(&self) -> u64 {
        0
    }
}

/// The names of the events, in the order in which they reach the end.
#[derive(Default)]
struct Names(Vec<String>, Vec<Identity>);

impl Outbox for Names {
    fn document<'b>(&mut self, _number: usize, event: &mut Event<'b>, _arena: &'b Arena) {
        self.0.push(event.root.get("name").and_then(|name| name.as_str()).unwrap_or_default().into());
        self.1.push(event.identity);
    }

    fn flush(&mut self, _receipts: Vec<Receipt>) -> Result<(), Deserted> {
        Ok(())
    }
}

fn program(makers: &[&'static str]) -> Program {
    let stage = |name: &&'static str| Stage { filter: Box::new(Maker(name)), common: Arc::default() };
    let steps = (0..makers.len()).map(Step::Filter).chain([Step::Output(0)]).collect();
    Program::new(steps, Vec::new(), makers.iter().map(stage).collect(), Rules::default())
}

#[test]
fn what_is_made_of_an_event_comes_right_behind_it() {
    let (arena, mut names) = (Arena::new(), Names::default());
    let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
    event.root.insert("name", Value::plain("e"));
    let tally = program(&["a", "b"]).run(event, Surroundings::new(&arena, &Still, &mut names));
    let expected = ["e", "eb1", "eb2", "ea1", "ea1b1", "ea1b2", "ea2", "ea2b1", "ea2b2"];
    assert_eq!((names.0.as_slice(), tally.passed), (expected.map(String::from).as_slice(), 9));
    names.1.sort_by_key(|identity| identity.derivation);
    names.1.dedup();
    assert_eq!(names.1.len(), 9, "no two have the same identity");
}

#[test]
fn what_time_makes_goes_on_behind_its_maker() {
    let (arena, mut names) = (Arena::new(), Names::default());
    let mut program = program(&["a", "b"]);
    program.wake(false, Surroundings::new(&arena, &Still, &mut names));
    assert_eq!(names.0, ["a", "ab1", "ab2", "b"]);
    names.0.clear();
    program.wake(true, Surroundings::new(&arena, &Still, &mut names));
    assert!(names.0.is_empty(), "the makers have nothing to give out at the end");
}
