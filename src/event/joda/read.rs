//! Reads a text by a Joda pattern.
//!
//! As in Joda-Time, numbers may have fewer digits than the pattern has letters, names may be short or long, in lower,
//! upper or title case, and fields that do not fit together (31 February) are an error.

use super::locale::Locale;
use super::names::{DAYS, ERAS, HALVES, MONTHS, ZONES};
use super::write::{ISO, first_week, weekday_of};
use super::{Number, Part, TextField, Zone};
use crate::event::time::{Civil, civil_of_day, day_of_civil, days_in_month, is_leap_year};

/// What stands in for what a text does not say.
#[derive(Clone, Copy, Debug)]
pub struct Guess {
    /// The present year: years of two digits lie from 80 years before it to 19 years behind it.
    pub year: i64,
    /// The language of names; `None` is English.
    pub locale: Option<&'static Locale>,
}

/// The zone that a text names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReadZone<'t> {
    /// It names none.
    Unsaid,
    /// Seconds east of UTC.
    Offset(i32),
    Id(&'t str),
}

const NUMBERS: usize = Number::Second as usize + 1;

/// What a text says of a point in time.
#[derive(Clone, Debug)]
pub struct Fields<'t> {
    numbers: [Option<i32>; NUMBERS],
    afternoon: Option<bool>,
    before_christ: bool,
    nanos: u32,
    pub zone: ReadZone<'t>,
}

pub fn parts<'t>(parts: &[Part], text: &'t str, guess: Guess) -> Option<Fields<'t>> {
    let mut reader = Reader {
        text,
        at: 0,
        guess,
        fields: Fields {
            numbers: [None; NUMBERS],
            afternoon: None,
            before_christ: false,
            nanos: 0,
            zone: ReadZone::Unsaid,
        },
    };
    for part in parts {
        reader.part(part)?;
    }
    (reader.at == text.len()).then_some(reader.fields)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    guess: Guess,
    fields: Fields<'t>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn part(&mut self, part: &Part) -> Option<()> {
        match part {
            Part::Literal(literal) => self.literal(literal),
            Part::Number { field, digits_max, .. } => {
                let signed = matches!(field, Number::Year | Number::WeekYear | Number::Century);
                let value = self.number(*digits_max, signed)?;
                self.save(*field, value)
            }
            Part::TwoDigits { field, lenient } => self.two_digits(*field, *lenient),
            Part::Text { field, .. } => self.name(*field),
            Part::Fraction { width, .. } => {
                self.fraction(*width);
                Some(())
            }
            Part::Zone(Zone::Offset { .. }) => self.offset(),
            Part::Zone(Zone::Name(_)) => self.zone_name(),
            Part::Zone(_) => self.zone_id(),
            Part::Tai64n | Part::Pad(_) => None,
        }
    }

    /// Joda-Time compares a literal without regard to case.
    fn literal(&mut self, literal: &str) -> Option<()> {
        let there = self.rest().get(..literal.len())?;
        if !there.eq_ignore_ascii_case(literal.as_bytes()) {
            return None;
        }
        self.at += literal.len();
        Some(())
    }

    fn digits(&self, most: usize) -> usize {
        self.rest().iter().take(most).take_while(|byte| byte.is_ascii_digit()).count()
    }

    fn number(&mut self, digits_max: usize, signed: bool) -> Option<i32> {
        let negative = signed && self.rest().first() == Some(&b'-');
        if negative || signed && self.rest().first() == Some(&b'+') {
            self.at += 1;
        }
        let count = self.digits(digits_max.min(9));
        if count == 0 {
            return None;
        }
        let value: i32 = self.rest()[..count].iter().fold(0, |value, digit| value * 10 + i32::from(digit - b'0'));
        self.at += count;
        Some(if negative { -value } else { value })
    }

    fn save(&mut self, field: Number, value: i32) -> Option<()> {
        *self.fields.numbers.get_mut(field as usize)? = Some(value);
        Some(())
    }

    fn two_digits(&mut self, field: Number, lenient: bool) -> Option<()> {
        let sign = self.rest().first().is_some_and(|byte| b"+-".contains(byte));
        let count = self.digits(if lenient { 9 } else { 2 });
        if count != 2 || sign {
            if !lenient {
                return None;
            }
            let value = self.number(9, true)?;
            return self.save(field, value);
        }
        let value = i64::from(self.number(2, false)?);
        let low = self.guess.year - 80;
        let year = low + (value - low).rem_euclid(100);
        self.save(field, i32::try_from(year).ok()?)
    }

    fn name(&mut self, field: TextField) -> Option<()> {
        match self.guess.locale {
            Some(locale) if locale.is_english() => self.local_name(field, locale).or_else(|| self.english_name(field)),
            Some(locale) => self.local_name(field, locale),
            None => self.english_name(field),
        }
    }

    fn local_name(&mut self, field: TextField, locale: &Locale) -> Option<()> {
        let names = match field {
            TextField::Month => &locale.months,
            TextField::DayOfWeek => &locale.days,
            TextField::HalfDay => &locale.halves,
            TextField::Era => &locale.eras,
            TextField::Quarter => return None,
        };
        let (number, len) = names.find(&self.text[self.at..])?;
        self.at += len;
        match field {
            TextField::Month => self.save(Number::Month, i32::try_from(number).ok()? + 1),
            TextField::DayOfWeek => self.save(Number::DayOfWeek, i32::try_from(number).ok()? + 1),
            TextField::HalfDay => {
                self.fields.afternoon = Some(number == 1);
                Some(())
            }
            TextField::Era | TextField::Quarter => {
                self.fields.before_christ = number == 0;
                Some(())
            }
        }
    }

    fn english_name(&mut self, field: TextField) -> Option<()> {
        match field {
            TextField::Month => {
                let month = self.one_of(&MONTHS, 3)?;
                self.save(Number::Month, month + 1)
            }
            TextField::DayOfWeek => {
                let day = self.one_of(&DAYS, 3)?;
                self.save(Number::DayOfWeek, day + 1)
            }
            TextField::HalfDay => {
                self.fields.afternoon = Some(self.one_of(&HALVES, 2)? == 1);
                Some(())
            }
            TextField::Era => {
                self.fields.before_christ = match self.one_of(&ERAS, 2) {
                    Some(era) => era == 0,
                    None => self.one_of(&["BCE", "CE"], 2)? == 0,
                };
                Some(())
            }
            TextField::Quarter => None,
        }
    }

    /// Which of the names stands here, whole or its first letters.
    fn one_of(&mut self, names: &[&str], short: usize) -> Option<i32> {
        let rest = &self.text[self.at..];
        for whole in [true, false] {
            for (at, name) in names.iter().enumerate() {
                let name = if whole { name } else { &name[..short] };
                if rest.get(..name.len()).is_some_and(|there| in_one_case(there, name)) {
                    self.at += name.len();
                    return i32::try_from(at).ok();
                }
            }
        }
        None
    }

    /// Digits beyond milliseconds are read and do not count, as in Joda-Time.
    fn fraction(&mut self, width: usize) {
        let count = self.digits(width);
        let digits = self.rest()[..count].iter().chain(std::iter::repeat(&b'0')).take(3);
        let millis = digits.fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        self.at += count;
        self.fields.nanos = millis * 1_000_000;
    }

    /// `Z`, `+01`, `+0100`, `+01:00`, `+01:00:00`.
    fn offset(&mut self) -> Option<()> {
        let (first, rest) = self.rest().split_first()?;
        self.at += 1;
        let sign = match first {
            b'Z' | b'z' => {
                self.fields.zone = ReadZone::Offset(0);
                return Some(());
            }
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let colon = rest.get(2) == Some(&b':');
        let mut seconds = self.pair(23)? * 3600;
        for unit in [60, 1] {
            if colon && self.rest().first() == Some(&b':') {
                self.at += 1;
            } else if colon || self.digits(2) < 2 {
                break;
            }
            seconds += self.pair(59)? * unit;
        }
        self.fields.zone = ReadZone::Offset(sign * seconds);
        Some(())
    }

    /// Two digits that are no more than `most`.
    fn pair(&mut self, most: i32) -> Option<i32> {
        if self.digits(2) < 2 {
            return None;
        }
        self.number(2, false).filter(|value| *value <= most)
    }

    fn zone_name(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let (name, id) = ZONES.iter().find(|(name, _)| rest.starts_with(name))?;
        self.at += name.len();
        self.fields.zone = ReadZone::Id(id);
        Some(())
    }

    fn zone_id(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let is = |byte: &u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte);
        let len = rest.bytes().take_while(is).count();
        self.at += len;
        self.fields.zone = ReadZone::Id(&rest[..len]);
        (len > 0).then_some(())
    }
}

/// Lower case, upper case, or as the name is written.
fn in_one_case(there: &str, name: &str) -> bool {
    there == name
        || there.eq_ignore_ascii_case(name)
            && (there.bytes().all(|byte| byte.is_ascii_lowercase())
                || there.bytes().all(|byte| byte.is_ascii_uppercase()))
}

impl Fields<'_> {
    fn get(&self, field: Number) -> Option<i64> {
        self.numbers[field as usize].map(i64::from)
    }

    /// The month, if the text says one.
    pub fn month(&self) -> Option<i64> {
        self.get(Number::Month)
    }

    /// Date and time of day; `None` if the fields do not fit together. `default_year`: where the text has none.
    pub fn civil(&self, default_year: i64) -> Option<Civil> {
        let (year, month, day) = self.date(default_year)?;
        let minute = within(self.get(Number::Minute), 0, 59, 0)?;
        let second = within(self.get(Number::Second), 0, 59, 0)?;
        Some(Civil { year, month, day, hour: self.hour()?, minute, second, nanos: self.nanos })
    }

    fn year(&self, default: i64) -> Option<i64> {
        let year = match (self.get(Number::Year), self.get(Number::YearOfEra)) {
            (Some(year), _) => year,
            (None, Some(year)) if year < 1 => return None,
            (None, Some(year)) if self.before_christ => 1 - year,
            (None, year) => year.unwrap_or(default),
        };
        let year = self.get(Number::Century).map_or(year, |century| century * 100 + year.rem_euclid(100));
        (-9999..=9999).contains(&year).then_some(year)
    }

    fn date(&self, default_year: i64) -> Option<(i64, u32, u32)> {
        let year = self.year(default_year)?;
        let weekday = within(self.get(Number::DayOfWeek), 1, 7, 0)?;
        if self.get(Number::WeekYear).or(self.get(Number::Week)).is_some() {
            return self.week_date(year, weekday);
        }
        let month = within(self.get(Number::Month), 1, 12, 1)?;
        let day = within(self.get(Number::Day), 1, i64::from(days_in_month(year, month)), 1)?;
        let days = 365 + i64::from(is_leap_year(year));
        let mut date = day_of_civil(year, month, day);
        if let Some(of_year) = self.get(Number::DayOfYear) {
            date = day_of_civil(year, 1, 1) + i64::from(within(Some(of_year), 1, days, 1)?) - 1;
        }
        if weekday > 0 {
            // As in Joda-Time a weekday wins: the date moves within its week.
            let (year, month, day) = civil_of_day(date);
            date += i64::from(weekday) - 1 - i64::from(weekday_of(year, month, day));
        }
        Some(civil_of_day(date))
    }

    /// The day of an ISO week; Thursday, the first day of 1970, where the text names none.
    fn week_date(&self, year: i64, weekday: u32) -> Option<(i64, u32, u32)> {
        let year = self.get(Number::WeekYear).unwrap_or(year);
        if !(-9999..=9999).contains(&year) {
            return None;
        }
        let first = first_week(year, ISO);
        let weeks = (first_week(year + 1, ISO) - first) / 7;
        let week = i64::from(within(self.get(Number::Week), 1, weeks, 1)?);
        let weekday = if weekday == 0 { 4 } else { i64::from(weekday) };
        Some(civil_of_day(first + (week - 1) * 7 + weekday - 1))
    }

    fn hour(&self) -> Option<u32> {
        if let Some(hour) = self.get(Number::Hour) {
            return within(Some(hour), 0, 23, 0);
        }
        if let Some(hour) = self.get(Number::ClockHour) {
            return within(Some(hour), 1, 24, 24).map(|hour| hour % 24);
        }
        let half = match self.get(Number::HalfHour) {
            Some(hour) => within(Some(hour), 0, 11, 0)?,
            None => within(self.get(Number::ClockHalfHour), 1, 12, 12)? % 12,
        };
        Some(half + if self.afternoon == Some(true) { 12 } else { 0 })
    }
}

/// The value if it lies in the range, `default` if there is none.
fn within(value: Option<i64>, least: i64, most: i64, default: u32) -> Option<u32> {
    match value {
        None => Some(default),
        Some(value) if (least..=most).contains(&value) => u32::try_from(value).ok(),
        Some(_) => None,
    }
}
