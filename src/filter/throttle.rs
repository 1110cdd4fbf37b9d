//! The `throttle` filter: counts events by key and time, and succeeds for those below one bound or above another.
//!
//! A key's first event opens a *slot* that lasts for `period` seconds by the events' own times; the next event behind
//! it opens another. Slots that are older than `max_age`, by the latest event of their key, are forgotten at once;
//! those of keys that come no more, by the latest event of all, now and then.
//! Settings: Logstash reference, "Throttle filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome};
use crate::event::{Event, Template};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, ONE_STATE, Setting, Settings};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_128;

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("throttle/examples.txt"),
    build: |settings, _| build(settings),
};

/// Counters where `max_counters` is -1.
const COUNTERS_MAX: usize = 10_000_000;

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "throttle",
    summary: "Counts events with the same key in a period, and marks those that are too many, or too few: it succeeds for them, so that `add_tag` applies.",
    settings: &[
        Setting::new(
            "key",
            Kind::String,
            Fallback::Required,
            "Events with the same key are counted together; holds `%{…}`.",
        ),
        Setting::new(
            "before_count",
            Kind::Number,
            Fallback::Number(-1.0),
            "The events of a period before this one are throttled: with 3, the first two. -1: none.",
        ),
        Setting::new(
            "after_count",
            Kind::Number,
            Fallback::Number(-1.0),
            "The events of a period behind this one are throttled: with 5, the sixth and all that follow. -1: none.",
        ),
        Setting::new(
            "period",
            Kind::String,
            Fallback::Text("60"),
            "How many seconds a period lasts, from its first event on, by the events' own times. May hold `%{…}`.",
        ),
        Setting::new(
            "max_age",
            Kind::Number,
            Fallback::Number(3600.0),
            "How many seconds a period is remembered, for events that come late. Twice the period is a good choice.",
        ),
        Setting::new(
            "max_counters",
            Kind::Number,
            Fallback::Number(100_000.0),
            "How many counters are kept; beyond it, the oldest quarter is forgotten early. -1: ten million.",
        )
        .differs("-1 keeps ten million counters, not any number."),
    ],
    example: r#"filter { throttle { before_count => 3 after_count => 5 period => 3600 max_age => 7200 key => "%{[host][name]}%{message}" add_tag => "throttled" } if "throttled" in [tags] { drop { } } }"#,
    differs: &[ONE_STATE],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let period = Template::parse(settings.text("period").unwrap_or_default());
    if let Some(text) = period.as_literal()
        && seconds(text).is_none()
    {
        return Err(Fault::at(settings.place("period"), format!("`period` must be a number of seconds, not `{text}`")));
    }
    let number = |name: &str| settings.number(name).unwrap_or_default();
    let bound = |name: &str| Some(number(name)).filter(|bound| *bound >= 0.0).map(|bound| bound as u64);
    let limits = Limits {
        max_age: number("max_age") as i64,
        counters_max: bound("max_counters").map_or(COUNTERS_MAX, |max| max as usize),
    };
    Ok(Box::new(Throttle {
        key: Template::parse(settings.text("key").unwrap_or_default()),
        period,
        before: bound("before_count"),
        after: bound("after_count"),
        limits,
        counters: Arc::default(),
    }))
}

/// Whole seconds, as Ruby reads them: the number that a text begins with.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[derive(Clone, Debug)]
struct Throttle {
    key: Template,
    period: Template,
    before: Option<u64>,
    after: Option<u64>,
    limits: Limits,
    /// One for all workers.
    counters: Arc<Mutex<Counters>>,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Seconds.
    max_age: i64,
    counters_max: usize,
}

/// A period of a key.
#[derive(Debug)]
struct Slot {
    /// Unix time of its first event.
    start: i64,
    count: u64,
}

/// Keys are known by a hash, so that their length costs nothing.
#[derive(Debug, Default)]
struct Counters {
    keys: HashMap<u128, Key>,
    /// How many slots there are.
    slots: usize,
    /// The time of the latest event.
    latest: i64,
}

#[derive(Debug, Default)]
struct Key {
    latest: i64,
    /// In the order of their start.
    slots: Vec<Slot>,
}

impl Counters {
    /// Counts an event; which one of its period it is, from 1.
    fn count(&mut self, key: u128, time: i64, period: i64, limits: Limits) -> u64 {
        let first = self.keys.is_empty();
        self.latest = if first { time } else { self.latest.max(time) };
        let key = self.keys.entry(key).or_insert_with(|| Key { latest: time, slots: Vec::new() });
        key.latest = key.latest.max(time);
        self.slots -= key.forget(key.latest.saturating_sub(limits.max_age));
        let at = key.slots.partition_point(|slot| slot.start <= time);
        if let Some(slot) = key.slots[..at].last_mut().filter(|slot| time - slot.start < period) {
            slot.count += 1;
            return slot.count;
        }
        key.slots.insert(at, Slot { start: time, count: 1 });
        self.slots += 1;
        if self.slots > limits.counters_max {
            self.forget_oldest();
        }
        1
    }

    fn forget(&mut self, before: i64) {
        self.keys.values_mut().for_each(|key| self.slots -= key.forget(before));
        self.keys.retain(|_, key| !key.slots.is_empty());
    }

    /// The oldest quarter goes, and at least one.
    #[cold]
    fn forget_oldest(&mut self) {
        let mut starts: Vec<i64> = self.keys.values().flat_map(|key| key.slots.iter().map(|slot| slot.start)).collect();
        let quarter = starts.len() / 4;
        if quarter < starts.len() {
            let (_, oldest, _) = starts.select_nth_unstable(quarter);
            self.forget(oldest.saturating_add(1));
        }
    }
}

impl Key {
    /// Forgets what began before that; how many slots that were.
    fn forget(&mut self, before: i64) -> usize {
        let old = self.slots.partition_point(|slot| slot.start < before);
        self.slots.drain(..old).count()
    }
}

impl Filter for Throttle {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let key = xxh3_128(self.key.render(event, cx.arena).as_bytes());
        let period = seconds(self.period.render(event, cx.arena)).unwrap_or(0);
        let time = event.timestamp().unwrap_or(event.arrived).seconds;
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counters.count(key, time, period, self.limits);
        drop(counters);
        let early = self.before.is_some_and(|before| count < before);
        let late = self.after.is_some_and(|after| count > after);
        if early || late { Outcome::Matched } else { Outcome::Unmatched }
    }

    fn keeps_time(&self) -> bool {
        true
    }

    fn tick<'b>(&mut self, _cx: &mut Context<'b, '_>) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let before = counters.latest.saturating_sub(self.limits.max_age);
        counters.forget(before);
    }

    fn finish<'b>(&mut self, _cx: &mut Context<'b, '_>) {}

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Identity, Timestamp};
    use crate::filter::testing::{World, build, check_fault, run_in, wake};

    /// Key and second of each event, and whether it is throttled (`x`) or not (`.`).
    #[track_caller]
    fn check(settings: &str, events: &[(&str, i64)], expected: &str) {
        let mut filter = build(&PLUGIN, settings).unwrap();
        let found: String = events.iter().map(|event| run(&mut *filter, *event)).collect();
        assert_eq!(found, expected, "{settings}");
    }

    fn run(filter: &mut dyn Filter, (key, second): (&str, i64)) -> char {
        let time = Timestamp { seconds: second, nanos: 0 };
        let fields = format!(r#"{{"@timestamp":"{time}","k":"{key}","p":"10"}}"#);
        match run_in(&World::default(), filter, &fields, Identity::default()).outcome {
            Outcome::Matched => 'x',
            _ => '.',
        }
    }

    fn every(seconds: i64, count: i64) -> Vec<(&'static str, i64)> {
        (0..count).map(|at| ("a", at * seconds)).collect()
    }

    #[test]
    fn only_some_events_of_a_period_pass() {
        let settings = r#"{"key":"%{k}","period":600,"max_age":1200,"before_count":3,"after_count":5}"#;
        check(settings, &every(60, 17), "xx...xxxxxxx...xx");
        let settings = r#"{"key":"%{k}","period":3600,"max_age":7200,"before_count":-1,"after_count":1}"#;
        check(settings, &every(1200, 7), ".xx.xx.");
        check(r#"{"key":"%{k}"}"#, &every(1, 5), ".....");
    }

    #[test]
    fn keys_are_counted_apart_and_the_period_may_come_from_the_event() {
        let settings = r#"{"key":"%{k}","after_count":1}"#;
        check(settings, &[("a", 0), ("b", 1), ("a", 2), ("b", 3), ("a", 59), ("a", 60)], "..xxx.");
        let settings = r#"{"key":"%{k}","after_count":1,"period":"%{p}"}"#;
        check(settings, &[("a", 0), ("a", 9), ("a", 10), ("a", 11)], ".x.x");
    }

    #[test]
    fn late_events_are_counted_where_they_belong() {
        let events = [("a", 0), ("a", 100), ("a", 5), ("a", 101), ("a", -3), ("a", 56)];
        check(r#"{"key":"%{k}","after_count":1}"#, &events, "..xx.x");
        check(r#"{"key":"%{k}","after_count":1,"max_age":50}"#, &events[..4], "...x");
    }

    #[test]
    fn there_are_never_more_counters_than_told() {
        let settings = r#"{"key":"%{k}","after_count":1,"max_counters":4}"#;
        let events = [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("a", 4), ("e", 5), ("a", 6), ("d", 7)];
        // `e` is one too many: `a` and `b`, the oldest, are forgotten.
        check(settings, &events, "....x..x");
        let limits = Limits { max_age: 1_000_000, counters_max: 100 };
        let mut counters = Counters::default();
        for time in 0..10_000 {
            counters.count(u128::from(time as u64 % 7), time * 31 % 997, 1, limits);
            assert!(counters.slots <= 100);
            assert_eq!(counters.slots, counters.keys.values().map(|key| key.slots.len()).sum::<usize>());
        }
    }

    #[test]
    fn clones_count_together_and_old_keys_are_forgotten() {
        let mut filter = build(&PLUGIN, r#"{"key":"%{k}","after_count":1,"max_age":100}"#).unwrap();
        let mut other = filter.boxed();
        assert_eq!((run(&mut *filter, ("a", 0)), run(&mut *other, ("a", 1))), ('.', 'x'));
        run(&mut *other, ("b", 200));
        wake(&World::default(), &mut *filter, false);
        assert_eq!(run(&mut *filter, ("a", 2)), '.');
    }

    #[test]
    fn a_period_is_a_number() {
        check_fault(&PLUGIN, r#"{"key":"a","period":"long"}"#, "`period` must be a number of seconds, not `long`");
    }
}
