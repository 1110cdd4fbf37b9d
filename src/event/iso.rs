//! ISO 8601, in the forms that the pattern `ISO8601` reads.
//!
//! Dates by month (`2026-11-23`, `2026-11`, `2026`), by day of the year (`2026-327`) and by week (`2026-W48-1`); a time
//! behind a `T` or a blank, as short as an hour, with a fraction of its last unit behind a point or a comma; a zone.
//! Grammar: Joda-Time, `ISODateTimeFormat.dateTimeParser`.

use super::time::{Civil, civil_of_day, day_of_civil, days_in_month, is_leap_year, parse_iso_parts};

/// The civil time, and the offset in seconds where the text has one.
pub fn read(text: &str) -> Option<(Civil, Option<i32>)> {
    parse_iso_parts(text.as_bytes()).or_else(|| Reader(text.as_bytes()).date_time())
}

/// `Z`, `+01`, `+0100`, `+01:00`.
pub fn offset(text: &[u8]) -> Option<i32> {
    let mut reader = Reader(text);
    let offset = reader.offset()?;
    reader.0.is_empty().then_some(offset)
}

struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn eat(&mut self, marks: &[u8]) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if marks.contains(first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn count(&self) -> usize {
        self.0.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// A number of exactly so many digits.
    fn digits(&mut self, count: usize) -> Option<u32> {
        if self.count() < count {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
    }

    fn date_time(mut self) -> Option<(Civil, Option<i32>)> {
        let (year, month, day) = if self.0.first() == Some(&b'T') { (1970, 1, 1) } else { self.date()? };
        let mut civil = Civil { year, month, day, hour: 0, minute: 0, second: 0, nanos: 0 };
        let mut offset = None;
        if self.eat(b"Tt ") {
            if self.count() > 0 {
                self.time(&mut civil)?;
            }
            if !self.0.is_empty() {
                offset = Some(self.offset()?);
            }
        }
        self.0.is_empty().then_some((civil, offset))
    }

    fn date(&mut self) -> Option<(i64, u32, u32)> {
        let year = i64::from(self.digits(4)?);
        if !self.eat(b"-") {
            return Some((year, 1, 1));
        }
        if self.eat(b"W") {
            return self.week_date(year);
        }
        if self.count() == 3 {
            let day = self.digits(3)?;
            let days = 365 + u32::from(is_leap_year(year));
            return (1..=days).contains(&day).then(|| civil_of_day(day_of_civil(year, 1, 1) + i64::from(day) - 1));
        }
        let month = self.one_or_two()?;
        let day = if self.eat(b"-") { self.one_or_two()? } else { 1 };
        let fits = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
        fits.then_some((year, month, day))
    }

    fn one_or_two(&mut self) -> Option<u32> {
        self.digits(self.count().clamp(1, 2))
    }

    fn week_date(&mut self, year: i64) -> Option<(i64, u32, u32)> {
        let week = i8::try_from(self.one_or_two()?).ok()?;
        let day = if self.eat(b"-") { i8::try_from(self.digits(1)?).ok()? } else { 1 };
        let weekday = jiff::civil::Weekday::from_monday_one_offset(day).ok()?;
        let date = jiff::civil::ISOWeekDate::new(i16::try_from(year).ok()?, week, weekday).ok()?.date();
        Some((i64::from(date.year()), date.month().unsigned_abs().into(), date.day().unsigned_abs().into()))
    }

    fn time(&mut self, civil: &mut Civil) -> Option<()> {
        let mut unit = 3600;
        civil.hour = self.one_or_two()?;
        if self.eat(b":") {
            civil.minute = self.one_or_two()?;
            unit = 60;
            if self.eat(b":") {
                civil.second = self.one_or_two()?;
                unit = 1;
            }
        }
        if self.eat(b".,") {
            self.fraction(unit, civil)?;
        }
        Some(())
    }

    /// A fraction of a unit of so many seconds.
    fn fraction(&mut self, unit: u64, civil: &mut Civil) -> Option<()> {
        let count = self.count();
        let digits = self.0[..count].iter().chain(std::iter::repeat(&b'0')).take(9);
        let part = digits.fold(0, |value: u64, digit| value * 10 + u64::from(digit - b'0'));
        self.0 = &self.0[count..];
        let nanos = part * unit;
        let seconds = (nanos / 1_000_000_000) as u32;
        civil.minute += seconds / 60;
        civil.second += seconds % 60;
        civil.nanos = (nanos % 1_000_000_000) as u32;
        (count > 0).then_some(())
    }

    fn offset(&mut self) -> Option<i32> {
        if self.eat(b"Zz") {
            return Some(0);
        }
        let sign = if self.eat(b"+") {
            1
        } else if self.eat(b"-") {
            -1
        } else {
            return None;
        };
        let hours = self.digits(2)?;
        self.eat(b":");
        let minutes = if self.count() >= 2 { self.digits(2)? } else { 0 };
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) as i32)
    }
}
