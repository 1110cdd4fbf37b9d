//! The times in CEF messages: milliseconds since 1970, or `MMM dd [yyyy] HH:mm:ss[.SSS] [zone]`.
//!
//! Source: Implementing ArcSight Common Event Format, version 25, and the Logstash reference, "Cef codec plugin": a time
//! without a year happened in the recent past, or a little ahead; one without a zone in the event's, else in the default one.

use crate::event::joda::{Dialect, Guess, Locale, Pattern, zone_of};
use crate::event::zone::Zone;
use crate::event::{Timestamp, iso};
use std::sync::LazyLock;

/// How far ahead a time without a year may lie: clocks and zones differ.
const AHEAD_SECONDS_MAX: i64 = 2 * 86_400;

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let texts = ["MMM d HH:mm:ss", "MMM d HH:mm:ss.SSS", "MMM d yyyy HH:mm:ss", "MMM d yyyy HH:mm:ss.SSS"];
    texts.iter().map(|text| Pattern::parse(text, Dialect::Joda).expect("a constant pattern")).collect()
});

/// What a text does not say itself.
#[derive(Clone, Copy, Debug)]
pub struct Around<'z> {
    pub now: Timestamp,
    pub zone: &'z Zone,
    /// The language of months; `None` is English.
    pub locale: Option<&'static Locale>,
}

/// The zone that a text names: `Europe/Moscow`, `-08:00`, `GMT+03:00`, `PST`.
pub fn zone(text: &str) -> Option<Zone> {
    let of_offset =
        ["GMT", "UTC"].into_iter().find_map(|name| text.strip_prefix(name)).filter(|offset| !offset.is_empty());
    Zone::parse(of_offset.unwrap_or(text)).or_else(|| zone_of(text).and_then(Zone::parse))
}

/// The time that a text says; `None`: it says none.
pub fn time(text: &str, around: &Around<'_>) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() >= 10 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Timestamp::from_millis);
    }
    by_pattern(text, around).or_else(|| {
        let (civil, offset) = iso::read(text)?;
        offset.map_or_else(|| around.zone.to_timestamp(civil), |offset| civil.to_timestamp(offset))
    })
}

fn by_pattern(text: &str, around: &Around<'_>) -> Option<Timestamp> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let clock = words.iter().position(|word| word.contains(':'))?;
    let (said, rest) = words.split_at(clock + 1);
    let zone = match rest {
        [] => around.zone.clone(),
        rest => zone(&rest.join(" "))?,
    };
    let said = said.join(" ");
    let now = around.now.to_civil();
    let guess = Guess { year: now.year, locale: around.locale };
    let (pattern, fields) = PATTERNS.iter().find_map(|pattern| Some((pattern, pattern.read(&said, guess)?)))?;
    if pattern.has_year() {
        return zone.to_timestamp(fields.civil(now.year)?);
    }
    let latest = around.now.seconds + AHEAD_SECONDS_MAX;
    let in_year = |year: i64| zone.to_timestamp(fields.civil(year)?);
    // A 29 February is of the last year that has one.
    (0..9).map(|back| now.year + 1 - back).filter_map(in_year).find(|time| time.seconds <= latest)
}
