//! Prints a time in UTC.

use super::names::{DAYS, ERAS, HALVES, MONTHS};
use super::{Number, Part, Precision, Style, TextField, Zone};
use crate::event::time::{Civil, Timestamp, day_of_civil, push_digits};

/// Seconds that TAI counts from 1970 to where UTC's count begins, by definition of TAI64's label.
pub const TAI64_OFFSET: i64 = (1 << 62) + 10;

pub fn parts(parts: &[Part], time: Timestamp, out: &mut Vec<u8>) {
    let civil = time.to_civil();
    let mut padded = None;
    for part in parts {
        if let Part::Pad(width) = part {
            padded = Some((*width, out.len()));
            continue;
        }
        one(part, time, &civil, out);
        if let Some((width, from)) = padded.take() {
            let missing = width.saturating_sub(out.len() - from);
            out.splice(from..from, std::iter::repeat_n(b' ', missing));
        }
    }
}

fn one(part: &Part, time: Timestamp, civil: &Civil, out: &mut Vec<u8>) {
    match part {
        Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
        Part::Number { field, width, .. } => padded(value(*field, civil), *width, out),
        Part::TwoDigits { field, .. } => push_digits(out, (value(*field, civil).unsigned_abs() % 100) as u32, 2),
        Part::Text { field, style } => text(*field, *style, civil, out),
        Part::Fraction { width, precision } => fraction(*width, *precision, civil.nanos, out),
        Part::Zone(zone) => out.extend_from_slice(zone_text(*zone).as_bytes()),
        Part::Tai64n => tai64n(time, out),
        Part::Pad(_) => {}
    }
}

fn padded(value: i64, width: usize, out: &mut Vec<u8>) {
    match u32::try_from(value) {
        Ok(value) if width <= 10 && (width == 10 || value < 10u32.pow(width as u32)) => push_digits(out, value, width),
        _ => {
            let sign = if value < 0 { "-" } else { "" };
            out.extend_from_slice(format!("{sign}{:0width$}", value.unsigned_abs()).as_bytes());
        }
    }
}

fn value(field: Number, civil: &Civil) -> i64 {
    let nanos_of_day =
        || (i64::from(civil.hour * 3600 + civil.minute * 60 + civil.second)) * 1_000_000_000 + i64::from(civil.nanos);
    match field {
        Number::Year => civil.year,
        Number::YearOfEra => year_of_era(civil.year),
        Number::Century => year_of_era(civil.year) / 100,
        Number::WeekYear => week_of_year(civil, ISO).0,
        Number::Week => week_of_year(civil, ISO).1,
        Number::DayOfWeek => i64::from(weekday(civil)) + 1,
        Number::DayOfYear => day_of_year(civil),
        Number::Month => civil.month.into(),
        Number::Day => civil.day.into(),
        Number::Hour => civil.hour.into(),
        Number::ClockHour => i64::from((civil.hour + 23) % 24 + 1),
        Number::HalfHour => i64::from(civil.hour % 12),
        Number::ClockHalfHour => i64::from((civil.hour + 11) % 12 + 1),
        Number::Minute => civil.minute.into(),
        Number::Second => civil.second.into(),
        Number::Quarter => i64::from(civil.month - 1) / 3 + 1,
        Number::LocalWeekYear => week_of_year(civil, US).0,
        Number::LocalWeek => week_of_year(civil, US).1,
        Number::LocalWeekOfMonth => i64::from(civil.day + first_weekday(civil) - 1) / 7 + 1,
        Number::LocalDayOfWeek => i64::from((weekday(civil) + 1) % 7) + 1,
        Number::WeekdayInMonth => i64::from(civil.day - 1) / 7 + 1,
        Number::MilliOfDay => nanos_of_day() / 1_000_000,
        Number::NanoOfSecond => civil.nanos.into(),
        Number::NanoOfDay => nanos_of_day(),
    }
}

fn year_of_era(year: i64) -> i64 {
    if year > 0 { year } else { 1 - year }
}

/// 0 is Monday.
pub fn weekday_of(year: i64, month: u32, day: u32) -> u32 {
    (day_of_civil(year, month, day) + 3).rem_euclid(7) as u32
}

fn weekday(civil: &Civil) -> u32 {
    weekday_of(civil.year, civil.month, civil.day)
}

/// The weekday of the month's first day; 0 is Sunday.
fn first_weekday(civil: &Civil) -> u32 {
    (weekday_of(civil.year, civil.month, 1) + 1) % 7
}

fn day_of_year(civil: &Civil) -> i64 {
    day_of_civil(civil.year, civil.month, civil.day) - day_of_civil(civil.year, 1, 1) + 1
}

/// How weeks are counted.
#[derive(Clone, Copy)]
pub struct Weeks {
    /// 0 is Monday.
    first: i64,
    /// Days of the year that make a week its first.
    days_min: i64,
}

pub const ISO: Weeks = Weeks { first: 0, days_min: 4 };
const US: Weeks = Weeks { first: 6, days_min: 1 };

/// The day, counted from 1970, on which the year's first week begins.
pub fn first_week(year: i64, weeks: Weeks) -> i64 {
    let new_year = day_of_civil(year, 1, 1);
    let into_week = (new_year + 3 - weeks.first).rem_euclid(7);
    if 7 - into_week >= weeks.days_min { new_year - into_week } else { new_year - into_week + 7 }
}

/// The year that the day's week belongs to, and the week's number in it.
fn week_of_year(civil: &Civil, weeks: Weeks) -> (i64, i64) {
    let day = day_of_civil(civil.year, civil.month, civil.day);
    let year = match civil.year {
        year if day < first_week(year, weeks) => year - 1,
        year if day >= first_week(year + 1, weeks) => year + 1,
        year => year,
    };
    (year, (day - first_week(year, weeks)) / 7 + 1)
}

fn text(field: TextField, style: Style, civil: &Civil, out: &mut Vec<u8>) {
    let quarter = (civil.month - 1) / 3;
    let after_christ = usize::from(civil.year > 0);
    let (name, short) = match field {
        TextField::Month => (MONTHS[civil.month as usize - 1], 3),
        TextField::DayOfWeek => (DAYS[weekday(civil) as usize], 3),
        TextField::HalfDay => (HALVES[usize::from(civil.hour >= 12)], 2),
        TextField::Era if style == Style::Full => (["Before Christ", "Anno Domini"][after_christ], 2),
        TextField::Era => (ERAS[after_christ], 2),
        TextField::Quarter => {
            let names = match style {
                Style::Full => ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"],
                Style::Short => ["Q1", "Q2", "Q3", "Q4"],
                Style::Narrow => ["1", "2", "3", "4"],
            };
            (names[quarter as usize], 2)
        }
    };
    let shown = match style {
        Style::Full => name,
        Style::Short => &name[..short],
        Style::Narrow => &name[..1],
    };
    out.extend_from_slice(shown.as_bytes());
}

fn fraction(width: usize, precision: Precision, nanos: u32, out: &mut Vec<u8>) {
    let nanos = if precision == Precision::Millis { nanos / 1_000_000 * 1_000_000 } else { nanos };
    let from = out.len();
    push_digits(out, nanos, 9);
    out.resize(from + width, b'0');
}

fn zone_text(zone: Zone) -> &'static str {
    match zone {
        Zone::Offset { colon: false } => "+0000",
        Zone::Offset { colon: true } => "+00:00",
        Zone::Name(Style::Full) => "Coordinated Universal Time",
        Zone::Id | Zone::Name(_) => "UTC",
        Zone::Fixed(text) => text,
    }
}

fn tai64n(time: Timestamp, out: &mut Vec<u8>) {
    let label = TAI64_OFFSET.saturating_add(time.seconds);
    out.extend_from_slice(format!("@{label:016x}{:08x}", time.nanos).as_bytes());
}
