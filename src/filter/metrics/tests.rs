//! The filter as a pipeline sees it, under a clock that the tests turn.

use super::*;
use crate::event::Identity;
use crate::filter::testing::{World, build, check_fault, run_in, wake};
use std::time::Duration;

/// Events and beats, as they come.
struct Bench {
    world: World,
    filter: Box<dyn Filter>,
}

impl Bench {
    fn new(settings: &str) -> Bench {
        Bench { world: World::default(), filter: build(&PLUGIN, settings).unwrap() }
    }

    /// Events pass, through a clone as in a worker of its own.
    fn events(&mut self, count: usize, fields: &str) {
        for _ in 0..count {
            let ran = run_in(&self.world, &mut *self.filter.boxed(), fields, Identity::default());
            assert_eq!((ran.outcome, ran.event.as_str(), ran.emitted.len()), (Outcome::Unmatched, fields, 0));
        }
    }

    /// The figures of the next beat, without what every event has.
    fn beat(&mut self) -> Vec<String> {
        self.world.pass(Duration::from_secs(5));
        shown(wake(&self.world, &mut *self.filter, false))
    }

    fn end(&mut self) -> Vec<String> {
        shown(wake(&self.world, &mut *self.filter, true))
    }
}

fn shown(events: Vec<String>) -> Vec<String> {
    let strip = |event: String| {
        assert!(event.starts_with(r#"{"@timestamp":"1970-01-01T00:0"#), "{event}");
        event.split_once(r#""@version":"1","#).unwrap().1.trim_end_matches('}').to_string()
    };
    events.into_iter().map(strip).collect()
}

#[test]
fn events_are_counted_by_name() {
    let mut bench = Bench::new(r#"{"meter":["http_%{response}"]}"#);
    bench.events(10, r#"{"response":200}"#);
    bench.events(5, r#"{"response":404}"#);
    let figures =
        |count: u32, rate: &str| format!(r#"{{"count":{count},"rate_1m":{rate},"rate_5m":{rate},"rate_15m":{rate}"#);
    let both = format!(r#""http_200":{}}},"http_404":{}"#, figures(10, "2.0"), figures(5, "1.0"));
    assert_eq!(bench.beat(), [both]);
    let again = bench.beat();
    assert!(again[0].starts_with(r#""http_200":{"count":10,"rate_1m":1.8400"#), "{again:?}");
}

#[test]
fn rates_are_those_that_are_asked_for() {
    let mut bench = Bench::new(r#"{"meter":"a","rates":[5]}"#);
    bench.events(5, "{}");
    assert_eq!(bench.beat(), [r#""a":{"count":5,"rate_5m":1.0"#]);
}

#[test]
fn a_number_is_measured() {
    let mut bench = Bench::new(r#"{"timer":{"d":"%{ms}"},"rates":[1],"percentiles":[50,99.9]}"#);
    for value in [1, 2, 3] {
        bench.events(1, &format!(r#"{{"ms":{value}}}"#));
    }
    let expected = r#""d":{"count":3,"rate_1m":0.6,"min":1.0,"max":3.0,"stddev":1.0,"mean":2.0,"p50":2.0,"p99.9":3.0"#;
    assert_eq!(bench.beat(), [expected]);
    bench.events(1, "{}");
    assert!(bench.beat()[0].contains(r#""count":4"#));
}

#[test]
fn figures_come_at_their_interval_and_begin_anew() {
    let mut bench = Bench::new(r#"{"meter":"a","rates":[],"flush_interval":10,"clear_interval":20}"#);
    assert_eq!((bench.beat().len(), bench.beat().len()), (0, 0), "nothing was counted");
    bench.events(1, "{}");
    assert_eq!((bench.beat().len(), bench.beat()), (0, vec![r#""a":{"count":1"#.to_string()]));
    bench.events(2, "{}");
    assert_eq!((bench.beat().len(), bench.beat()), (0, vec![r#""a":{"count":2"#.to_string()]));
}

#[test]
fn old_events_are_not_counted() {
    let mut bench = Bench::new(r#"{"meter":"a","rates":[],"ignore_older_than":10}"#);
    bench.world.pass(Duration::from_secs(60));
    bench.events(1, r#"{"@timestamp":"1970-01-01T00:00:49.000Z"}"#);
    bench.events(1, r#"{"@timestamp":"1970-01-01T00:00:51.000Z"}"#);
    assert_eq!(bench.beat(), [r#""a":{"count":1"#]);
}

#[test]
fn the_end_of_the_pipeline_gives_what_was_not_said_yet() {
    let mut bench = Bench::new(r#"{"meter":"[a][b]","rates":[]}"#);
    assert!(bench.end().is_empty());
    bench.events(3, "{}");
    assert_eq!(bench.end(), [r#""a":{"b":{"count":3"#]);
    assert!(bench.end().is_empty());
}

#[test]
fn names_have_a_limit() {
    let mut figures = Figures::default();
    (0..NAMES_MAX + 10).for_each(|at| figures.meter(&at.to_string()));
    figures.meter("0");
    assert_eq!((figures.meters.len(), figures.meters["0"].total), (NAMES_MAX, 2));
}

#[test]
fn what_cannot_be_is_refused() {
    check_fault(&PLUGIN, r#"{"rates":[2]}"#, "`rates` are over 1, 5 or 15 minutes, not `2`");
    check_fault(&PLUGIN, r#"{"percentiles":[101]}"#, "a percentile is between 0 and 100, not `101`");
    check_fault(&PLUGIN, r#"{"timer":{"a":[1]}}"#, "the number of timer `a` must be a text");
}
