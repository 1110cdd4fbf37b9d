//! The `drop` filter: ends events.
//!
//! Settings: Logstash reference, "Drop filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome};
use crate::event::Event;
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("drop/examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "drop",
    summary: "Ends every event that reaches it, or a share of them.",
    settings: &[Setting::new(
        "percentage",
        Kind::Number,
        Fallback::Number(100.0),
        "How many events of a hundred are dropped.",
    )
    .differs("which events are dropped follows from where their lines stood, so a line that is read again is judged again alike.")],
    example: r#"filter { if [level] == "DEBUG" { drop { percentage => 40 } } }"#,
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let percentage = settings.number("percentage").unwrap_or(100.0);
    if !(0.0..=100.0).contains(&percentage) {
        let text = format!("`percentage` must be between 0 and 100, not {percentage}");
        return Err(Fault::at(settings.place("percentage"), text));
    }
    Ok(Box::new(Drop { share: percentage / 100.0 }))
}

#[derive(Clone, Debug)]
struct Drop {
    /// 0.0..=1.0
    share: f64,
}

impl Filter for Drop {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        // The upper half of the hash, as a number in 0.0..1.0; the place tells two drop filters apart.
        let lot = (event.identity.hash(u64::from(cx.place)) >> 32) as f64 / 4_294_967_296.0;
        if lot < self.share { Outcome::Cancelled } else { Outcome::Unmatched }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{build, check, check_fault, run};
    use super::*;
    use crate::event::Identity;

    #[test]
    fn every_event_ends() {
        check(&PLUGIN, "{}", r#"{"a":1}"#, Outcome::Cancelled, r#"{"a":1}"#);
        check(&PLUGIN, r#"{"percentage":0}"#, "{}", Outcome::Unmatched, "{}");
    }

    #[test]
    fn a_percentage_takes_its_share_and_the_same_one_again() {
        let mut filter = build(&PLUGIN, r#"{"percentage":40}"#).unwrap();
        let mut lots = || -> Vec<bool> {
            let lines = (0..10_000).map(|at| Identity { at, ..Identity::default() });
            lines.map(|line| run(&mut *filter, "{}", line).0 == Outcome::Cancelled).collect()
        };
        let dropped = lots();
        let count = dropped.iter().filter(|dropped| **dropped).count();
        assert!((3_800..4_200).contains(&count), "{count} of 10000");
        assert_eq!(lots(), dropped);
    }

    #[test]
    fn a_percentage_is_one() {
        check_fault(&PLUGIN, r#"{"percentage":140}"#, "`percentage` must be between 0 and 100, not 140");
    }
}
