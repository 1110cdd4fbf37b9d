//! The `metrics` filter: counts and measures events, and makes an event of the figures every few seconds.
//!
//! The events that pass are left alone; the common options apply to the events of figures.
//! Settings and fields: Logstash reference, "Metrics filter plugin".

mod rate;
mod sample;

use super::{Context, Filter, FilterPlugin, Outcome};
use crate::event::{Event, FieldRef, Object, Template, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Item, Kind, ONE_STATE, Setting, Settings};
use rate::Rates;
use sample::Sample;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples.txt"),
    build: |settings, _| build(settings),
};

/// Names can come from fields of lines; those beyond are not counted.
const NAMES_MAX: usize = 10_000;
/// How often the filter is woken.
const BEAT_SECONDS: u64 = 5;

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "metrics",
    summary: "Counts events, and measures a number of theirs; every few seconds an event with the figures goes on behind the filter.",
    settings: &[
        Setting::new(
            "meter",
            Kind::Array,
            Fallback::Empty,
            "Names of what to count; may hold `%{…}`. Gives `[name][count]` and, in events a second, `[name][rate_1m]`, `[name][rate_5m]`, `[name][rate_15m]`.",
        ),
        Setting::new(
            "timer",
            Kind::Hash,
            Fallback::Empty,
            "Names of what to measure, and the number of each event: `\"%{duration}\"`; what is no number is 0. Gives what a meter gives and `[name][min]`, `[name][max]`, `[name][mean]`, `[name][stddev]`, and `[name][p99]` and its like.",
        )
        .differs("`rate_*` of a timer is in events a second."),
        Setting::new(
            "flush_interval",
            Kind::Number,
            Fallback::Number(5.0),
            "Seconds between events of figures, in steps of 5.",
        )
        .differs("one that is no multiple of 5 ends with the next step of 5."),
        Setting::new(
            "clear_interval",
            Kind::Number,
            Fallback::Number(-1.0),
            "Seconds after which everything is counted from 0 again, in steps of 5. -1: never.",
        )
        .differs("one that is no multiple of 5 ends with the next step of 5."),
        Setting::new(
            "ignore_older_than",
            Kind::Number,
            Fallback::Number(0.0),
            "Events whose `@timestamp` is more than so many seconds ago are not counted. 0: all are.",
        ),
        Setting::new(
            "percentiles",
            Kind::Array,
            Fallback::List(&["1", "5", "10", "90", "95", "99", "100"]),
            "Which percentiles of a timer are given.",
        ),
        Setting::new(
            "rates",
            Kind::Array,
            Fallback::List(&["1", "5", "15"]),
            "Over how many minutes rates are given: 1, 5, 15.",
        ),
    ],
    example: r#"filter { metrics { meter => [ "http_%{[http][response][status_code]}" ] timer => { "duration" => "%{[event][duration]}" } add_tag => "metric" } }"#,
    differs: &[
        ONE_STATE,
        "the event of figures has no `message` with the machine's name.",
        "when the pipeline ends, what was counted since the last event of figures makes one more. Its rates are 0 until 5 seconds have passed.",
        "there are at most 10,000 names; what has another is not counted.",
        "an event of figures comes of time, not of a line: its document id is never the same again.",
    ],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let number = |name: &str| settings.number(name).unwrap_or_default();
    let timer = |(name, item): (String, Item)| {
        let value = item
            .as_text()
            .ok_or_else(|| Fault::at(item.place, format!("the number of timer `{name}` must be a text")))?;
        Ok((Template::parse(&name), Template::parse(value)))
    };
    Ok(Box::new(Metrics {
        meters: settings.texts("meter").iter().map(|name| Template::parse(name)).collect(),
        timers: settings.pairs("timer").into_iter().map(timer).collect::<Result<_, _>>()?,
        flush_seconds: number("flush_interval") as u64,
        clear_seconds: Some(number("clear_interval")).filter(|seconds| *seconds > 0.0).map(|seconds| seconds as u64),
        ignore_seconds: Some(number("ignore_older_than")).filter(|seconds| *seconds > 0.0),
        percentiles: percentiles(settings)?,
        minutes: minutes(settings)?,
        figures: Arc::default(),
    }))
}

/// Each with the name of its field.
fn percentiles(settings: &Settings) -> Result<Box<[(String, f64)]>, Fault> {
    let one = |item: &Item| {
        let text = item.as_text().unwrap_or_default();
        match text.parse() {
            Ok(percent) if (0.0..=100.0).contains(&percent) => Ok((format!("p{text}"), percent)),
            _ => Err(Fault::at(item.place, format!("a percentile is between 0 and 100, not `{text}`"))),
        }
    };
    settings.items("percentiles").iter().map(one).collect()
}

fn minutes(settings: &Settings) -> Result<Box<[usize]>, Fault> {
    let one = |item: &Item| {
        let text = item.as_text().unwrap_or_default();
        let fault = || Fault::at(item.place, format!("`rates` are over 1, 5 or 15 minutes, not `{text}`"));
        rate::MINUTES.iter().position(|minutes| minutes.to_string() == text).ok_or_else(fault)
    };
    settings.items("rates").iter().map(one).collect()
}

#[derive(Clone, Debug)]
struct Metrics {
    meters: Box<[Template]>,
    /// Name and number.
    timers: Box<[(Template, Template)]>,
    flush_seconds: u64,
    clear_seconds: Option<u64>,
    ignore_seconds: Option<f64>,
    percentiles: Box<[(String, f64)]>,
    /// Which of `rate::MINUTES`.
    minutes: Box<[usize]>,
    /// One for all workers.
    figures: Arc<Mutex<Figures>>,
}

#[derive(Debug, Default)]
struct Figures {
    meters: BTreeMap<Box<str>, Rates>,
    timers: BTreeMap<Box<str>, (Rates, Sample)>,
    /// When rates were last brought up to date.
    rated: Option<u64>,
    /// Seconds since the last event of figures.
    flushed: u64,
    /// Seconds since everything was 0.
    cleared: u64,
    /// Something was counted since the last event of figures.
    fresh: bool,
}

impl Figures {
    fn meter(&mut self, name: &str) {
        if self.meters.len() < NAMES_MAX || self.meters.contains_key(name) {
            self.meters.entry(name.into()).or_default().count();
        }
    }

    fn timer(&mut self, name: &str, value: f64, seconds: f64, random: u64) {
        if self.timers.len() < NAMES_MAX || self.timers.contains_key(name) {
            let (rates, sample) = self.timers.entry(name.into()).or_default();
            rates.count();
            sample.add(value, seconds, random);
        }
    }

    /// Brings the rates up to date.
    fn rate(&mut self, now: u64) {
        let beats = rate::beats(now.saturating_sub(self.rated.unwrap_or(now)));
        if beats > 0 {
            self.rated = Some(now);
            let timers = self.timers.values_mut().map(|(rates, _)| rates);
            self.meters.values_mut().chain(timers).for_each(|rates| rates.pass(beats));
        }
    }

    fn clear(&mut self) {
        self.meters.clear();
        self.timers.clear();
        self.cleared = 0;
    }
}

impl Metrics {
    fn is_too_old(&self, event: &Event<'_>, cx: &Context<'_, '_>) -> bool {
        let age = |seconds: f64| {
            let now = cx.effects.now().as_millis() as f64;
            event.timestamp().is_some_and(|time| now - time.as_millis() as f64 > seconds * 1000.0)
        };
        self.ignore_seconds.is_some_and(age)
    }

    /// The event of figures.
    fn emit(&self, figures: &mut Figures, cx: &mut Context<'_, '_>) {
        figures.flushed = 0;
        figures.fresh = false;
        if figures.meters.is_empty() && figures.timers.is_empty() {
            return;
        }
        let mut event = cx.blank(cx.identity_of_now());
        for (name, rates) in &figures.meters {
            let object = self.rates(rates, cx);
            write(&mut event, name, object, cx);
        }
        for (name, (rates, sample)) in &figures.timers {
            let mut object = self.rates(rates, cx);
            let spread =
                [("min", sample.min), ("max", sample.max), ("stddev", sample.deviation()), ("mean", sample.mean)];
            for (name, value) in spread {
                object.insert(name, Value::Float(value));
            }
            let ordered = sample.ordered();
            for (name, percent) in &self.percentiles {
                object.insert(cx.arena.alloc_str(name), Value::Float(ordered.percentile(*percent)));
            }
            write(&mut event, name, object, cx);
        }
        cx.emit(event, true);
    }

    fn rates<'b>(&self, rates: &Rates, cx: &Context<'b, '_>) -> Object<'b> {
        let mut object = Object::new_in(cx.arena);
        object.insert("count", Value::Int(i64::try_from(rates.total).unwrap_or(i64::MAX)));
        for at in &self.minutes {
            object.insert(rate::NAMES[*at], Value::Float(rates.a_second(*at)));
        }
        object
    }
}

/// A name may be a reference: `[http][requests]`.
fn write<'b>(event: &mut Event<'b>, name: &str, object: Object<'b>, cx: &Context<'b, '_>) {
    let path = FieldRef::parse(name).unwrap_or_else(|_| FieldRef::top(name));
    // A name that leads through another metric's figures has no place of its own; it is left out.
    event.set(&path, Value::Object(object), cx.arena).ok();
}

impl Filter for Metrics {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        if self.is_too_old(event, cx) {
            return Outcome::Unmatched;
        }
        let now = cx.effects.ticks();
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        figures.rated.get_or_insert(now);
        figures.fresh = true;
        for name in &self.meters {
            figures.meter(name.render(event, cx.arena));
        }
        for (name, value) in &self.timers {
            let value = value.render(event, cx.arena).trim().parse().unwrap_or(0.0);
            figures.timer(name.render(event, cx.arena), value, now as f64 / 1e9, cx.effects.random());
        }
        Outcome::Unmatched
    }

    fn keeps_time(&self) -> bool {
        true
    }

    fn tick<'b>(&mut self, cx: &mut Context<'b, '_>) {
        let shared = Arc::clone(&self.figures);
        let mut figures = shared.lock().unwrap_or_else(PoisonError::into_inner);
        figures.rate(cx.effects.ticks());
        figures.flushed += BEAT_SECONDS;
        figures.cleared += BEAT_SECONDS;
        if figures.flushed >= self.flush_seconds {
            self.emit(&mut figures, cx);
        }
        if self.clear_seconds.is_some_and(|seconds| figures.cleared >= seconds) {
            figures.clear();
        }
    }

    fn finish<'b>(&mut self, cx: &mut Context<'b, '_>) {
        let shared = Arc::clone(&self.figures);
        let mut figures = shared.lock().unwrap_or_else(PoisonError::into_inner);
        figures.rate(cx.effects.ticks());
        if figures.fresh {
            self.emit(&mut figures, cx);
        }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
