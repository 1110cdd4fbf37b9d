//! The `sleep` filter: holds the pipeline up, for a time or at the pace of the events' own times.
//!
//! Settings: Logstash reference, "Sleep filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome};
use crate::event::{Event, Template, Timestamp};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use std::time::Duration;

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("sleep/examples.txt"),
    build: |settings, _| build(settings),
};

/// The longest sleep: a field of a line can ask for any time.
const SLEEP_MAX: Duration = Duration::from_secs(3600);

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "sleep",
    summary: "Holds the pipeline up: to limit the rate of events, or to play old events back at their own pace.",
    settings: &[
        Setting::new(
            "time",
            Kind::String,
            Fallback::None,
            "Seconds to sleep (`0.5`), or a field that says how many (`%{pause}`). With `replay`, how many times faster than real time: 1 by default.",
        )
        .differs("no sleep is longer than an hour."),
        Setting::new(
            "every",
            Kind::String,
            Fallback::Text("1"),
            "Sleep at every nth event. Of no meaning with `replay`.",
        )
        .differs("each worker counts its own events."),
        Setting::new(
            "replay",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Sleep as long as passed between the times (`@timestamp`) of the event before and this one.",
        )
        .differs("each worker looks at its own events."),
    ],
    example: r#"filter { sleep { time => "1" every => 10 } }"#,
    differs: &[
        "a dry run does not sleep.",
    ],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let time = settings.text("time").map(Template::parse);
    if let Some(text) = time.as_ref().and_then(Template::as_literal)
        && !text.trim().parse().is_ok_and(|seconds: f64| seconds >= 0.0)
    {
        return Err(Fault::at(settings.place("time"), format!("`time` must be a number of seconds, not `{text}`")));
    }
    let every = settings.text("every").unwrap_or_default();
    let Some(every) = every.parse().ok().filter(|every| *every > 0) else {
        return Err(Fault::at(settings.place("every"), format!("`every` must be a number from 1 on, not `{every}`")));
    };
    let pace = match (settings.boolean("replay"), time) {
        (true, speed) => Pace::Replay { speed, before: None },
        (false, Some(time)) => Pace::Every { time, every, count: 0 },
        (false, None) => return Err(Fault::new("filter `sleep` needs the setting `time`, or `replay`")),
    };
    Ok(Box::new(Sleep(pace)))
}

#[derive(Clone, Debug)]
struct Sleep(Pace);

#[derive(Clone, Debug)]
enum Pace {
    Every {
        /// Seconds.
        time: Template,
        every: u64,
        count: u64,
    },
    Replay {
        speed: Option<Template>,
        /// The time of the event before.
        before: Option<Timestamp>,
    },
}

/// The number that a text is; 0 for any other text.
fn number(template: &Template, event: &Event<'_>, cx: &Context<'_, '_>) -> f64 {
    template.render(event, cx.arena).trim().parse().unwrap_or(0.0)
}

impl Pace {
    /// Seconds to sleep at this event.
    fn seconds(&mut self, event: &Event<'_>, cx: &Context<'_, '_>) -> f64 {
        match self {
            Pace::Every { time, every, count } => {
                *count += 1;
                if count.is_multiple_of(*every) { number(time, event, cx) } else { 0.0 }
            }
            Pace::Replay { speed, before } => {
                let now = event.timestamp();
                let passed = before.zip(now).map_or(0.0, |(before, now)| seconds(now) - seconds(before));
                *before = now.or(*before);
                passed / speed.as_ref().map_or(1.0, |speed| number(speed, event, cx))
            }
        }
    }
}

fn seconds(time: Timestamp) -> f64 {
    time.seconds as f64 + f64::from(time.nanos) / 1e9
}

impl Filter for Sleep {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let seconds = self.0.seconds(event, cx);
        // A speed of zero makes it infinite, or no number.
        if seconds > 0.0 {
            cx.effects.sleep(Duration::from_secs_f64(seconds.min(SLEEP_MAX.as_secs_f64())));
        }
        Outcome::Matched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Identity;
    use crate::filter::testing::{World, build, check_fault, run_in};

    /// How many milliseconds the filter sleeps at each of the events.
    fn check(settings: &str, events: &[&str], expected: &[u128]) {
        let (mut filter, world) = (build(&PLUGIN, settings).unwrap(), World::default());
        let slept = events.iter().map(|fields| {
            let outcome = run_in(&world, &mut *filter, fields, Identity::default()).outcome;
            assert_eq!(outcome, Outcome::Matched);
            world.slept.borrow_mut().drain(..).map(|time| time.as_millis()).sum()
        });
        assert_eq!(slept.collect::<Vec<u128>>(), expected, "{settings}");
    }

    #[test]
    fn it_sleeps_at_every_event_or_every_nth() {
        check(r#"{"time":"0.5"}"#, &["{}"; 2], &[500, 500]);
        check(r#"{"time":"1","every":3}"#, &["{}"; 7], &[0, 0, 1000, 0, 0, 1000, 0]);
    }

    #[test]
    fn a_field_says_how_long() {
        check(r#"{"time":"%{t}"}"#, &[r#"{"t":2}"#, r#"{"t":"0.25"}"#, "{}", r#"{"t":-1}"#], &[2000, 250, 0, 0]);
        check(r#"{"time":"%{t}"}"#, &[r#"{"t":1e300}"#], &[3_600_000]);
    }

    const EVENTS: &[&str] = &[
        r#"{"@timestamp":"2026-11-23T10:00:00Z"}"#,
        r#"{"@timestamp":"2026-11-23T10:00:03Z"}"#,
        "{}",
        r#"{"@timestamp":"2026-11-23T10:00:02Z"}"#,
        r#"{"@timestamp":"2026-11-23T10:00:04.5Z"}"#,
    ];

    #[test]
    fn it_plays_events_back() {
        check(r#"{"replay":true}"#, EVENTS, &[0, 3000, 0, 0, 2500]);
        check(r#"{"replay":true,"time":2,"every":3}"#, EVENTS, &[0, 1500, 0, 0, 1250]);
        check(r#"{"replay":true,"time":"0.25"}"#, &EVENTS[..2], &[0, 12_000]);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        check_fault(&PLUGIN, "{}", "filter `sleep` needs the setting `time`, or `replay`");
        check_fault(&PLUGIN, r#"{"time":"soon"}"#, "`time` must be a number of seconds, not `soon`");
        check_fault(&PLUGIN, r#"{"time":1,"every":0}"#, "`every` must be a number from 1 on, not `0`");
    }
}
