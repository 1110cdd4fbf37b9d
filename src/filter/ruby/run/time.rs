//! `Time` and `LogStash::Timestamp`. A `Time` without a zone of its own is in UTC.

use super::super::names::{Constant, Method};
use super::super::value::{Moment, Val};
use super::{Answer, Done, Machine};
use crate::event::Timestamp;
use crate::event::Timestamp as Instant;
use crate::event::time::{Civil, day_of_civil};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Years that can be printed.
const SECONDS_MAX: i64 = 253_402_300_799;

/// A point in time, so many nanoseconds later.
pub fn moved(at: Timestamp, nanos: i128) -> Option<Timestamp> {
    let total = i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos) + nanos;
    let seconds = i64::try_from(total.div_euclid(1_000_000_000)).ok()?;
    let nanos = total.rem_euclid(1_000_000_000) as u32;
    (seconds.abs() <= SECONDS_MAX).then_some(Timestamp { seconds, nanos })
}

fn civil(moment: Moment) -> Civil {
    let seconds = moment.at.seconds + i64::from(moment.offset);
    Timestamp { seconds, nanos: moment.at.nanos }.to_civil()
}

fn weekday(civil: &Civil) -> i64 {
    (day_of_civil(civil.year, civil.month, civil.day) + 4).rem_euclid(7)
}

fn year_day(civil: &Civil) -> i64 {
    day_of_civil(civil.year, civil.month, civil.day) - day_of_civil(civil.year, 1, 1) + 1
}

fn zone(offset: i32, colon: &str) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    format!("{sign}{:02}{colon}{:02}", offset.abs() / 3600, offset.abs() / 60 % 60)
}

fn iso(moment: Moment, digits: usize) -> String {
    let c = civil(moment);
    let mut out = format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
    if digits > 0 {
        let nanos = format!("{:09}", c.nanos);
        out.push('.');
        out.push_str(&nanos[..digits.min(9)]);
    }
    out.push_str(&if moment.offset == 0 { "Z".to_owned() } else { zone(moment.offset, ":") });
    out
}

/// The text of a moment by `strftime`'s letters.
pub fn formatted(moment: Moment, format: &str) -> String {
    let c = civil(moment);
    let mut out = String::with_capacity(format.len() * 2);
    let mut chars = format.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '%' {
            out.push(char);
            continue;
        }
        let (mut flags, mut width) = (String::new(), String::new());
        while let Some(flag) = chars.next_if(|next| "-0^_#:".contains(*next)) {
            flags.push(flag);
        }
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            width.push(digit);
        }
        let Some(letter) = chars.next() else { break };
        let text = part(&c, moment, letter, &width, &flags);
        let text = if flags.contains('-') { text.trim_start_matches(['0', ' ']).to_owned() } else { text };
        out.push_str(&if flags.contains('^') { text.to_uppercase() } else { text });
    }
    out
}

fn part(c: &Civil, moment: Moment, letter: char, width: &str, flags: &str) -> String {
    let hour12 = if c.hour.is_multiple_of(12) { 12 } else { c.hour % 12 };
    let day = DAYS[weekday(c) as usize % 7];
    let month = MONTHS[(c.month as usize + 11) % 12];
    let again = |format: &str| formatted(moment, format);
    let nanos = |digits: usize| format!("{:09}", c.nanos)[..digits.clamp(1, 9)].to_owned();
    match letter {
        'Y' => format!("{:04}", c.year),
        'C' => format!("{:02}", c.year / 100),
        'y' => format!("{:02}", c.year.rem_euclid(100)),
        'm' => format!("{:02}", c.month),
        'd' => format!("{:02}", c.day),
        'e' => format!("{:2}", c.day),
        'j' => format!("{:03}", year_day(c)),
        'H' => format!("{:02}", c.hour),
        'k' => format!("{:2}", c.hour),
        'I' => format!("{hour12:02}"),
        'l' => format!("{hour12:2}"),
        'M' => format!("{:02}", c.minute),
        'S' => format!("{:02}", c.second),
        'L' => nanos(width.parse().unwrap_or(3)),
        'N' => nanos(width.parse().unwrap_or(9)),
        'z' => zone(moment.offset, if flags.contains(':') { ":" } else { "" }),
        'Z' => {
            if moment.offset == 0 {
                "UTC".into()
            } else {
                zone(moment.offset, ":")
            }
        }
        'A' => day.into(),
        'a' => day[..3].into(),
        'B' => month.into(),
        'b' | 'h' => month[..3].into(),
        'p' => {
            if c.hour < 12 {
                "AM".into()
            } else {
                "PM".into()
            }
        }
        'P' => {
            if c.hour < 12 {
                "am".into()
            } else {
                "pm".into()
            }
        }
        'u' => (if weekday(c) == 0 { 7 } else { weekday(c) }).to_string(),
        'w' => weekday(c).to_string(),
        's' => moment.at.seconds.to_string(),
        'F' => again("%Y-%m-%d"),
        'T' | 'X' => again("%H:%M:%S"),
        'D' | 'x' => again("%m/%d/%y"),
        'R' => again("%H:%M"),
        'r' => again("%I:%M:%S %p"),
        'c' => again("%a %b %e %H:%M:%S %Y"),
        'U' => format!("{:02}", (year_day(c) + 6 - weekday(c)) / 7),
        'W' => format!("{:02}", (year_day(c) + 6 - (weekday(c) + 6) % 7) / 7),
        'V' | 'G' | 'g' => iso_week(c, letter),
        'v' => again("%e-%^b-%Y"),
        'n' => "\n".into(),
        't' => "\t".into(),
        '%' => "%".into(),
        other => format!("%{other}"),
    }
}

/// The week of ISO 8601, or the year that it belongs to.
fn iso_week(c: &Civil, letter: char) -> String {
    let day = day_of_civil(c.year, c.month, c.day);
    let thursday = day - (weekday(c) + 6) % 7 + 3;
    let (year, ..) = crate::event::time::civil_of_day(thursday);
    match letter {
        'G' => format!("{year:04}"),
        'g' => format!("{:02}", year.rem_euclid(100)),
        _ => format!("{:02}", (thursday - day_of_civil(year, 1, 1)) / 7 + 1),
    }
}

/// Reads a text by `strptime`'s letters; what is not told is the start of the day, of the year.
pub fn read(text: &str, format: &str, now: Civil) -> Option<Moment> {
    let mut c = Civil { year: now.year, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanos: 0 };
    let (mut offset, mut afternoon, mut unix) = (0, None, None);
    let mut rest = text;
    let mut letters = format.chars();
    while let Some(char) = letters.next() {
        if char.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        if char != '%' {
            rest = rest.strip_prefix(char)?;
            continue;
        }
        let letter = letters.by_ref().find(|letter| !"-0^".contains(*letter))?;
        match letter {
            'Y' => c.year = number(&mut rest, 4)?,
            'y' => c.year = number(&mut rest, 2).map(|year| if year < 69 { 2000 + year } else { 1900 + year })?,
            'm' => c.month = number(&mut rest, 2)? as u32,
            'd' | 'e' => c.day = number(&mut rest, 2)? as u32,
            'H' | 'k' | 'I' | 'l' => c.hour = number(&mut rest, 2)? as u32,
            'M' => c.minute = number(&mut rest, 2)? as u32,
            'S' => c.second = number(&mut rest, 2)? as u32,
            'L' | 'N' => {
                let len = rest.bytes().take_while(u8::is_ascii_digit).count().min(9);
                c.nanos = format!("{:0<9}", &rest[..len]).parse().ok()?;
                rest = &rest[len..];
            }
            'b' | 'B' | 'h' => c.month = word(&mut rest, &MONTHS)? as u32 + 1,
            'a' | 'A' => {
                word(&mut rest, &DAYS)?;
            }
            'p' | 'P' => {
                afternoon = Some(rest.get(..2)?.eq_ignore_ascii_case("pm"));
                rest = &rest[2..];
            }
            'z' | 'Z' => offset = read_zone(&mut rest)?,
            's' => unix = Some(number(&mut rest, 18)?),
            'F' | 'T' | 'D' | 'R' => {
                let inner = match letter {
                    'F' => "%Y-%m-%d",
                    'T' => "%H:%M:%S",
                    'D' => "%m/%d/%y",
                    _ => "%H:%M",
                };
                return read(text, &format.replacen(&format!("%{letter}"), inner, 1), now);
            }
            '%' => rest = rest.strip_prefix('%')?,
            _ => return None,
        }
    }
    match afternoon {
        Some(true) if c.hour < 12 => c.hour += 12,
        Some(false) if c.hour == 12 => c.hour = 0,
        _ => {}
    }
    let at = match unix {
        Some(seconds) => Timestamp { seconds, nanos: c.nanos },
        None => c.to_timestamp(offset)?,
    };
    Some(Moment { at, offset, of_logstash: false })
}

fn number(rest: &mut &str, digits: usize) -> Option<i64> {
    *rest = rest.trim_start_matches(' ');
    let len = rest.bytes().take(digits).take_while(u8::is_ascii_digit).count();
    let value = rest[..len].parse().ok()?;
    *rest = &rest[len..];
    Some(value)
}

/// Which of these names stands ahead, whole or as its first three letters.
fn word(rest: &mut &str, names: &[&str]) -> Option<usize> {
    let starts = |name: &str| rest.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name));
    let found = names.iter().position(|name| starts(name)).map(|at| (at, names[at].len()));
    let (at, len) = found.or_else(|| names.iter().position(|name| starts(&name[..3])).map(|at| (at, 3)))?;
    *rest = &rest[len..];
    Some(at)
}

fn read_zone(rest: &mut &str) -> Option<i32> {
    let len = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-:".contains(byte)).count();
    let text = &rest[..len];
    *rest = &rest[len..];
    parse_zone(text)
}

/// `Z`, `UTC`, `+01:00`, `-0530`
pub fn parse_zone(text: &str) -> Option<i32> {
    if matches!(text, "Z" | "z" | "UTC" | "GMT") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text[1..].replace(':', "");
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |text| text.parse().ok())?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Reads what `Time.parse` is mostly given: ISO 8601 and its looser forms, RFC 2822, the form of access logs.
pub fn parse(text: &str, now: Civil) -> Option<Moment> {
    const FORMATS: &[&str] = &[
        "%Y-%m-%d %H:%M:%S.%N %z",
        "%Y-%m-%d %H:%M:%S %z",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d",
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d",
        "%a, %d %b %Y %H:%M:%S %z",
        "%d %b %Y %H:%M:%S %z",
        "%d %b %Y %H:%M:%S",
        "%d/%b/%Y:%H:%M:%S %z",
        "%a %b %d %H:%M:%S %Y",
        "%a %b %d %H:%M:%S %z %Y",
        "%b %d %H:%M:%S",
        "%b %d %Y %H:%M:%S",
        "%Y%m%dT%H%M%S%z",
        "%Y%m%d%H%M%S",
        "%H:%M:%S",
        "%H:%M",
    ];
    let text = text.trim();
    let (iso, offset) = match crate::event::time::parse_iso_parts(text.as_bytes()) {
        Some((civil, offset)) => (Some(civil), offset.unwrap_or(0)),
        None => (None, 0),
    };
    if let Some(civil) = iso {
        return Some(Moment { at: civil.to_timestamp(offset)?, offset, of_logstash: false });
    }
    FORMATS.iter().find_map(|format| read_all(text, format, now))
}

/// `read`, if the whole text was meant.
fn read_all(text: &str, format: &str, now: Civil) -> Option<Moment> {
    let marked = format!("{text}\u{1}");
    read(&marked, &format!("{format}\u{1}"), now)
}

impl Machine<'_, '_, '_> {
    pub(super) fn now(&self, of_logstash: bool) -> Moment {
        Moment { at: self.cx.effects.now(), offset: 0, of_logstash }
    }

    pub(super) fn time_text(&self, moment: Moment) -> String {
        if moment.of_logstash {
            return moment.at.to_string();
        }
        formatted(moment, if moment.offset == 0 { "%Y-%m-%d %H:%M:%S UTC" } else { "%Y-%m-%d %H:%M:%S %z" })
    }

    pub(super) fn of_time(&mut self, moment: Moment, method: Method, args: &[Val]) -> Answer {
        use Method::*;
        let first = args.first().copied();
        let c = civil(moment);
        Ok(Some(match (method, first) {
            (ToI | TvSec, _) => Val::Int(moment.at.seconds),
            (ToF | ToR, _) => Val::Float(moment.at.seconds as f64 + f64::from(moment.at.nanos) / 1e9),
            (Add, Some(by)) => self.moved_by(moment, by, false)?,
            (Sub, Some(Val::Time(other))) => {
                let seconds = (moment.at.seconds - other.at.seconds) as f64;
                Val::Float(seconds + (f64::from(moment.at.nanos) - f64::from(other.at.nanos)) / 1e9)
            }
            (Sub, Some(by)) => self.moved_by(moment, by, true)?,
            (Lt | Le | Gt | Ge, Some(other)) => self.ordered(Val::Time(moment), method, other)?,
            (Between | Clamp, Some(_)) => self.clamped(Val::Time(moment), method, args)?,
            (Year, _) => Val::Int(c.year),
            (Month | Mon, _) => Val::Int(i64::from(c.month)),
            (Day | Mday, _) => Val::Int(i64::from(c.day)),
            (Hour, _) => Val::Int(i64::from(c.hour)),
            (Min, _) => Val::Int(i64::from(c.minute)),
            (Sec, _) => Val::Int(i64::from(c.second)),
            (Usec | TvUsec, _) => Val::Int(i64::from(c.nanos / 1000)),
            (Nsec, _) => Val::Int(i64::from(c.nanos)),
            (Wday, _) => Val::Int(weekday(&c)),
            (Yday, _) => Val::Int(year_day(&c)),
            (Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday, _) => {
                let name = method.text().trim_end_matches('?');
                Val::Bool(DAYS[weekday(&c) as usize % 7].eq_ignore_ascii_case(name))
            }
            (UtcOffset | GmtOffset, _) => Val::Int(i64::from(moment.offset)),
            (IsUtc | IsGmt, _) => Val::Bool(moment.offset == 0),
            (Utc | Gmtime | Getutc | Getgm, _) => Val::Time(Moment { offset: 0, of_logstash: false, ..moment }),
            (Localtime | Getlocal, offset) => {
                let offset = match offset.map(|offset| (offset, self.text(offset))) {
                    Some((_, Some(text))) => parse_zone(text).ok_or_else(|| self.argument_error("bad zone"))?,
                    Some((number, None)) => self.want_int(number)?.clamp(-86_399, 86_399) as i32,
                    None => 0,
                };
                Val::Time(Moment { offset, of_logstash: false, ..moment })
            }
            (Time | ToTime | Itself, _) => Val::Time(Moment { of_logstash: false, ..moment }),
            (Round | Floor, digits) => {
                let digits = digits.map_or(Ok(0), |digits| self.want_int(digits))?.clamp(0, 9) as u32;
                let unit = i128::from(10u32.pow(9 - digits));
                let nanos = i128::from(moment.at.nanos);
                let kept = if method == Round { (nanos + unit / 2) / unit * unit } else { nanos / unit * unit };
                let at = moved(Instant { nanos: 0, ..moment.at }, kept).unwrap_or(moment.at);
                Val::Time(Moment { at, ..moment })
            }
            (Strftime, Some(format)) => {
                let format = self.want_text(format)?;
                self.heap.charge(format.len() * 4)?;
                self.str(formatted(moment, &format))?
            }
            (ToIso8601, _) => self.str(moment.at.to_string())?,
            (Iso8601 | Xmlschema, digits) => {
                let digits = digits.map_or(Ok(0), |digits| self.want_int(digits))?.clamp(0, 9) as usize;
                self.str(iso(moment, digits))?
            }
            (Zone, _) => self.str(if moment.offset == 0 { "UTC".to_owned() } else { zone(moment.offset, ":") })?,
            _ => return Ok(None),
        }))
    }

    /// `Time.at`, `LogStash::Timestamp.at`
    pub(super) fn time_at(&self, args: &[Val], of_logstash: bool) -> Done {
        let start = Moment { at: Timestamp::default(), offset: 0, of_logstash };
        let first = args.first().copied().unwrap_or(Val::Nil);
        if let Val::Time(moment) = first {
            return Ok(Val::Time(Moment { of_logstash, ..moment }));
        }
        let at = self.moved_by(start, first, false)?;
        let Some(micros) = args.get(1) else { return Ok(at) };
        let unit = match args.get(2).and_then(|unit| self.name(*unit)) {
            Some("millisecond") => 1e3,
            Some("nsec" | "nanosecond") => 1e9,
            _ => 1e6,
        };
        match at {
            Val::Time(moment) => self.moved_by(moment, Val::Float(self.want_float(*micros)? / unit), false),
            other => Ok(other),
        }
    }

    /// `Time.utc(2026, 11, 23, …)`
    pub(super) fn time_of(&self, args: &[Val]) -> Done {
        let mut parts = [1970, 1, 1, 0, 0, 0];
        for (part, arg) in parts.iter_mut().zip(args) {
            let text = self.text(*arg);
            let month = text.and_then(|text| MONTHS.iter().position(|month| month[..3].eq_ignore_ascii_case(text)));
            *part = match (month, text) {
                (Some(month), _) => month as i64 + 1,
                (None, Some(text)) => super::text::to_i(text, 10),
                (None, None) => self.want_int(*arg)?,
            };
        }
        let offset = args.get(6).and_then(|zone| self.text(*zone)).and_then(parse_zone).unwrap_or(0);
        let [year, month, day, hour, minute, second] = parts;
        let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        let c = Civil {
            year: year.clamp(-9999, 9999),
            month: small(month),
            day: small(day),
            hour: small(hour),
            minute: small(minute),
            second: small(second),
            nanos: 0,
        };
        match c.to_timestamp(offset) {
            Some(at) => Ok(Val::Time(Moment { at, offset, of_logstash: false })),
            None => Err(self.argument_error("argument out of range")),
        }
    }

    /// `Time.parse`, `Time.iso8601`, `Time.strptime`, `LogStash::Timestamp.new`
    pub(super) fn time_parsed(&self, text: &str, format: Option<&str>, of_logstash: bool) -> Done {
        let now = self.now(false).at.to_civil();
        let found = match format {
            Some(format) => read(text, format, now),
            None => parse(text, now),
        };
        match found {
            Some(moment) => Ok(Val::Time(Moment { of_logstash, ..moment })),
            None if of_logstash => Err(self.raise(Constant::TimestampError, format!("invalid timestamp: {text}"))),
            None => Err(self.argument_error(format!("no time information in {text:?}"))),
        }
    }
}
