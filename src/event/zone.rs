//! Time zones: from a name or an offset, and from local times to points in time.

use super::iso;
use super::time::{Civil, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A time zone.
#[derive(Clone, Debug, PartialEq)]
pub enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    Named(TimeZone),
}

impl Zone {
    /// `Europe/Berlin`, `UTC`, `+01:00`. `None`: there is no such zone.
    pub fn parse(text: &str) -> Option<Zone> {
        if matches!(text, "UTC" | "Z" | "GMT" | "UT" | "Etc/UTC") {
            return Some(Zone::Fixed(0));
        }
        if text.starts_with(['+', '-']) {
            return iso::offset(text.as_bytes()).map(Zone::Fixed);
        }
        TimeZone::get(text).ok().map(Zone::of)
    }

    /// The machine's own; UTC where it has none.
    pub fn system() -> Zone {
        TimeZone::try_system().map_or(Zone::Fixed(0), Zone::of)
    }

    fn of(zone: TimeZone) -> Zone {
        zone.to_fixed_offset().map_or(Zone::Named(zone), |offset| Zone::Fixed(offset.seconds()))
    }

    /// When clocks in this zone show `civil`: the earlier of two, `None` when they never do (the hour that the change
    /// to summer time leaves out).
    pub fn to_timestamp(&self, civil: Civil) -> Option<Timestamp> {
        match self {
            Zone::Fixed(seconds) => civil.to_timestamp(*seconds),
            Zone::Named(zone) => civil.to_timestamp(offset(zone, civil)?),
        }
    }

    /// The names of all zones.
    pub fn names() -> Vec<String> {
        jiff::tz::db().available().map(|name| name.as_str().to_string()).collect()
    }
}

fn offset(zone: &TimeZone, civil: Civil) -> Option<i32> {
    let part = |value: u32| i8::try_from(value).ok();
    let local = DateTime::new(
        i16::try_from(civil.year).ok()?,
        part(civil.month)?,
        part(civil.day)?,
        part(civil.hour)?,
        part(civil.minute)?,
        part(civil.second.min(59))?,
        0,
    );
    match zone.to_ambiguous_timestamp(local.ok()?).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            Some(offset.seconds())
        }
        AmbiguousOffset::Gap { .. } => None,
    }
}
