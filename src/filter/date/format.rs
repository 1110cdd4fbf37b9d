//! The patterns of `match`, and how each reads a field's value.

use crate::event::joda::{BadPattern, Dialect, Guess, Locale, Pattern, ReadZone};
use crate::event::time::{Civil, Timestamp};
use crate::event::zone::Zone;
use crate::event::{Value, display, iso};

/// What TAI64's label says of 1970.
const TAI64_EPOCH: i64 = (1 << 62) + 10;

/// The years -9999 to 9999.
const SECONDS: std::ops::RangeInclusive<i64> = -377_705_116_800..=253_402_300_799;

#[derive(Clone, Debug)]
pub enum Format {
    Iso8601,
    Unix,
    UnixMs,
    Tai64n,
    Joda { pattern: Pattern, has_year: bool },
}

/// What reading a value depends on, besides the value.
pub struct Moment<'z> {
    pub now: Timestamp,
    /// Of times that name no zone.
    pub zone: &'z Zone,
    /// The language of names; `None` is English.
    pub locale: Option<&'static Locale>,
}

impl Format {
    pub fn parse(text: &str) -> Result<Format, BadPattern> {
        Ok(match text {
            "ISO8601" => Format::Iso8601,
            "UNIX" => Format::Unix,
            "UNIX_MS" => Format::UnixMs,
            "TAI64N" => Format::Tai64n,
            pattern => {
                let pattern = Pattern::parse(pattern, Dialect::Joda)?;
                let has_year = pattern.has_year();
                Format::Joda { pattern, has_year }
            }
        })
    }

    /// Whether it reads names of months or days.
    pub fn has_names(&self) -> bool {
        matches!(self, Format::Joda { pattern, .. } if pattern.has_names())
    }

    /// The time that the value says, in milliseconds as in Logstash; `None` if this pattern does not describe it.
    /// `scratch`: where a value that is no string is written.
    pub fn read(&self, value: &Value<'_>, moment: &Moment<'_>, scratch: &mut Vec<u8>) -> Option<Timestamp> {
        let time = match (self, value) {
            (_, Value::Text(text)) => self.read_text(text.str, moment),
            (_, Value::Number(text)) => self.read_text(text, moment),
            (Format::Iso8601, Value::Time(time)) => Some(*time),
            (Format::Unix, Value::Int(seconds)) => Some(Timestamp { seconds: *seconds, nanos: 0 }),
            (Format::UnixMs, Value::Int(millis)) => Some(Timestamp::from_millis(*millis)),
            (Format::Unix, Value::Float(seconds)) => from_float(*seconds),
            (Format::UnixMs, Value::Float(millis)) => from_float(*millis / 1000.0),
            (_, Value::Int(_) | Value::Float(_) | Value::Time(_)) => {
                scratch.clear();
                display::append(value, scratch);
                std::str::from_utf8(scratch).ok().and_then(|text| self.read_text(text, moment))
            }
            _ => None,
        }?;
        let printable = SECONDS.contains(&time.seconds);
        printable.then_some(Timestamp { nanos: time.nanos / 1_000_000 * 1_000_000, ..time })
    }

    fn read_text(&self, text: &str, moment: &Moment<'_>) -> Option<Timestamp> {
        match self {
            Format::Iso8601 => {
                let (civil, offset) = iso::read(text)?;
                offset.map_or_else(|| moment.zone.to_timestamp(civil), |offset| civil.to_timestamp(offset))
            }
            Format::Unix => decimal(text, 0),
            Format::UnixMs => decimal(text, 3),
            Format::Tai64n => tai64n(text),
            Format::Joda { pattern, has_year } => read_joda(pattern, *has_year, text, moment),
        }
    }
}

fn read_joda(pattern: &Pattern, has_year: bool, text: &str, moment: &Moment<'_>) -> Option<Timestamp> {
    let now = moment.now.to_civil();
    let fields = pattern.read(text, Guess { year: now.year, locale: moment.locale })?;
    let year = if has_year { now.year } else { likeliest_year(fields.month(), now) };
    let civil = fields.civil(year)?;
    match fields.zone {
        ReadZone::Unsaid => moment.zone.to_timestamp(civil),
        ReadZone::Offset(seconds) => civil.to_timestamp(seconds),
        ReadZone::Id(id) => Zone::parse(id)?.to_timestamp(civil),
    }
}

/// December read in January is last year's, January read in December is next year's.
fn likeliest_year(month: Option<i64>, now: Civil) -> i64 {
    match (month, now.month) {
        (Some(12), 1) => now.year - 1,
        (Some(1), 12) => now.year + 1,
        _ => now.year,
    }
}

/// A decimal number of seconds, or of units that are `10^-scale` of them.
fn decimal(text: &str, scale: u32) -> Option<Timestamp> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 17 || !all_digits(whole) || !all_digits(fraction) {
        return text
            .parse()
            .ok()
            .filter(|_| text.contains(['e', 'E']))
            .and_then(|n: f64| from_float(n / 10f64.powi(scale as i32)));
    }
    let millis = fraction.bytes().chain(std::iter::repeat(b'0')).take(3 - scale as usize);
    let units = millis.fold(whole.parse::<i64>().ok()?, |value, digit| value * 10 + i64::from(digit - b'0'));
    Some(Timestamp::from_millis(if negative { -units } else { units }))
}

/// Seconds; what lies below a millisecond is cut off, what rounding of the float took from it is not.
fn from_float(seconds: f64) -> Option<Timestamp> {
    let millis = seconds * 1000.0 + 1e-3;
    (millis.abs() < 4e14).then(|| Timestamp::from_millis(millis.floor() as i64))
}

/// `@4000000052f88ea32489532c`, the `@` may be missing.
fn tai64n(text: &str) -> Option<Timestamp> {
    let hex = text.strip_prefix('@').unwrap_or(text);
    if hex.len() != 24 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let seconds = i64::try_from(u64::from_str_radix(&hex[..16], 16).ok()?).ok()?.checked_sub(TAI64_EPOCH)?;
    let nanos = u32::from_str_radix(&hex[16..], 16).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Timestamp { seconds, nanos })
}
