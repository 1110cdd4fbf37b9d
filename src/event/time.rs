//! Points in time: nanoseconds, in UTC, printed as Logstash prints them. Civil dates follow the proleptic
//! Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").

use std::fmt;

pub const NANOS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Seconds and nanoseconds since 1970-01-01T00:00:00Z; years -9999 to 9999 can be printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp {
    pub seconds: i64,
    /// 0..1_000_000_000
    pub nanos: u32,
}

/// A date and a time of day in some zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    pub year: i64,
    /// 1..=12
    pub month: u32,
    /// 1..=31
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub nanos: u32,
}

impl Timestamp {
    pub fn from_nanos(nanos: u64) -> Self {
        Timestamp { seconds: (nanos / NANOS_PER_SECOND) as i64, nanos: (nanos % NANOS_PER_SECOND) as u32 }
    }

    pub fn from_millis(millis: i64) -> Self {
        Timestamp { seconds: millis.div_euclid(1000), nanos: millis.rem_euclid(1000) as u32 * 1_000_000 }
    }

    /// Nanoseconds since 1970; `None` before 1970 and after 2554.
    pub fn as_nanos(self) -> Option<u64> {
        u64::try_from(self.seconds).ok()?.checked_mul(NANOS_PER_SECOND)?.checked_add(u64::from(self.nanos))
    }

    pub fn as_millis(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add(i64::from(self.nanos / 1_000_000))
    }

    /// Days since 1970-01-01, in UTC.
    pub fn day(self) -> i64 {
        self.seconds.div_euclid(SECONDS_PER_DAY)
    }

    pub fn to_civil(self) -> Civil {
        let (year, month, day) = civil_of_day(self.day());
        let rest = self.seconds.rem_euclid(SECONDS_PER_DAY) as u32;
        Civil { year, month, day, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60, nanos: self.nanos }
    }

    /// Reads ISO 8601 with a zone (`2026-11-23T10:04:45.123456789Z`, `+01:00`, a blank for the `T`, a comma for the
    /// point); without a zone it is UTC. `None` when it is anything else.
    pub fn parse_iso(text: &str) -> Option<Timestamp> {
        let (civil, offset) = parse_iso_parts(text.as_bytes())?;
        civil.to_timestamp(offset.unwrap_or(0))
    }

    /// Appends `2026-11-23T10:04:45.123Z`; six or nine digits where milliseconds do not say it all.
    pub fn write_iso(self, out: &mut Vec<u8>) {
        let c = self.to_civil();
        if (0..=9999).contains(&c.year) {
            push_digits(out, c.year as u32, 4);
        } else {
            out.extend_from_slice(format!("{:+05}", c.year).as_bytes());
        }
        for (mark, part) in [(b'-', c.month), (b'-', c.day), (b'T', c.hour), (b':', c.minute), (b':', c.second)] {
            out.push(mark);
            push_digits(out, part, 2);
        }
        out.push(b'.');
        match c.nanos {
            n if n % 1_000_000 == 0 => push_digits(out, n / 1_000_000, 3),
            n if n % 1_000 == 0 => push_digits(out, n / 1_000, 6),
            n => push_digits(out, n, 9),
        }
        out.push(b'Z');
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(30);
        self.write_iso(&mut out);
        f.write_str(std::str::from_utf8(&out).expect("write_iso writes ASCII only"))
    }
}

impl Civil {
    /// The point in time at which clocks `offset` seconds east of UTC show this. `None` for a date that no calendar has.
    pub fn to_timestamp(self, offset: i32) -> Option<Timestamp> {
        if self.hour > 23 || self.minute > 59 || self.second > 60 || !self.is_date() {
            return None;
        }
        let days = day_of_civil(self.year, self.month, self.day);
        let time = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second.min(59));
        Some(Timestamp { seconds: days * SECONDS_PER_DAY + time - i64::from(offset), nanos: self.nanos })
    }

    fn is_date(self) -> bool {
        (1..=12).contains(&self.month) && self.day >= 1 && self.day <= days_in_month(self.year, self.month)
    }
}

pub fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap_year(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of a day counted from 1970-01-01.
pub fn civil_of_day(day: i64) -> (i64, u32, u32) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month as u32, (doy - (153 * mp + 2) / 5 + 1) as u32)
}

/// The inverse of `civil_of_day`.
pub fn day_of_civil(year: i64, month: u32, day: u32) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (i64::from(month) + 9) % 12;
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Appends `value` in decimal, padded with zeros to `width`.
pub fn push_digits(out: &mut Vec<u8>, mut value: u32, width: usize) {
    let at = out.len();
    out.resize(at + width, b'0');
    for place in out[at..].iter_mut().rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

fn digits(text: &[u8], from: usize, count: usize) -> Option<u32> {
    let mut value = 0;
    for &byte in text.get(from..from + count)? {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u32::from(byte - b'0');
    }
    Some(value)
}

/// The civil time and the zone's offset in seconds, where there is one.
pub fn parse_iso_parts(text: &[u8]) -> Option<(Civil, Option<i32>)> {
    let separated = |at: usize, marks: &[u8]| text.get(at).is_some_and(|byte| marks.contains(byte));
    if !(separated(4, b"-") && separated(7, b"-") && separated(10, b"Tt ") && separated(13, b":")) {
        return None;
    }
    let mut civil = Civil {
        year: i64::from(digits(text, 0, 4)?),
        month: digits(text, 5, 2)?,
        day: digits(text, 8, 2)?,
        hour: digits(text, 11, 2)?,
        minute: digits(text, 14, 2)?,
        second: 0,
        nanos: 0,
    };
    let mut at = 16;
    if separated(at, b":") {
        civil.second = digits(text, 17, 2)?;
        at = 19;
        if separated(at, b".,") {
            (civil.nanos, at) = fraction(text, at + 1)?;
        }
    }
    Some((civil, zone(&text[at..])?))
}

/// Up to nine digits count, more are passed over.
fn fraction(text: &[u8], from: usize) -> Option<(u32, usize)> {
    let (mut nanos, mut at) = (0, from);
    while let Some(byte) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
        if at - from < 9 {
            nanos = nanos * 10 + u32::from(byte - b'0');
        }
        at += 1;
    }
    let count = at - from;
    (count > 0).then(|| (nanos * 10u32.pow(9u32.saturating_sub(count as u32)), at))
}

fn zone(text: &[u8]) -> Option<Option<i32>> {
    let sign = match text {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(0)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let minutes = match text.len() {
        3 => 0,
        5 => digits(text, 3, 2)?,
        6 if text[3] == b':' => digits(text, 4, 2)?,
        _ => return None,
    };
    Some(Some(sign * (digits(text, 1, 2)? * 3600 + minutes * 60) as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let printed = Timestamp::parse_iso(text).map_or("none".into(), |t| t.to_string());
        assert_eq!(printed, expected, "{text}");
    }

    #[test]
    fn iso_times_are_read_and_printed() {
        check("2026-11-23T10:04:45.123456789Z", "2026-11-23T10:04:45.123456789Z");
        check("2026-11-23T10:04:45.123Z", "2026-11-23T10:04:45.123Z");
        check("2026-11-23T10:04:45Z", "2026-11-23T10:04:45.000Z");
        check("2026-11-23 10:04:45,5", "2026-11-23T10:04:45.500Z");
        check("2026-11-23T10:04:45.1234+02:00", "2026-11-23T08:04:45.123400Z");
        check("2024-02-29T23:59:60-0130", "2024-03-01T01:29:59.000Z");
        check("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-11-23",
            "2026-02-30T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T10:04:45.Z",
            "2026-11-23T10:04:45X",
        ] {
            check(text, "none");
        }
    }

    #[test]
    fn days_and_dates_agree_with_jiff() {
        for day in (-700_000..2_900_000).step_by(97) {
            let (year, month, date) = civil_of_day(day);
            assert_eq!(day_of_civil(year, month, date), day);
            if let Ok(jiff) = jiff::Timestamp::from_second(day * 86_400) {
                let jiff = jiff::tz::TimeZone::UTC.to_datetime(jiff).date();
                assert_eq!((i64::from(jiff.year()), jiff.month() as u32, jiff.day() as u32), (year, month, date));
            }
        }
    }
}
