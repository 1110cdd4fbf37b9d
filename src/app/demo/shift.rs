//! Recorded lines retold as of now: the times that a line says of itself move with the time that Docker gives it.
//!
//! A text that looks like a time is moved only if it lies near the recording, so that other dates stay what they are.

use crate::event::Timestamp;
use crate::event::time::Civil;
use regex::{Captures, Regex};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Zones are not looked at, so a line's own time may stand half a day beside Docker's.
const NEAR_SECONDS: i64 = 26 * 3600;
const NANOS_PER_SECOND: i128 = 1_000_000_000;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The ways in which programs write a time:
/// ISO 8601 and its like · NestJS's `11/23/2026, 8:50:00 PM` · `23 Nov 2026 20:50:00` and nginx's `23/Nov/2026:20:50:00` · milliseconds since 1970.
static TIMES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?<iso>(?<iy>\d{4})(?<isep>[-/])(?<imo>\d\d)[-/](?<id>\d\d)(?<it>[T ])(?<ih>\d\d):(?<imi>\d\d):(?<is>\d\d)(?:(?<idot>[.,])(?<if>\d{1,9}))?)",
        r"|(?<us>(?<umo>\d{1,2})/(?<ud>\d{1,2})/(?<uy>\d{4}), (?<uh>\d{1,2}):(?<umi>\d\d):(?<usec>\d\d) (?<half>AM|PM))",
        r"|(?<named>(?<nd>\d\d)(?<nsep>[ /])(?<nmo>[A-Z][a-z]{2})[ /](?<ny>\d{4})(?<nt>[ :])(?<nh>\d\d):(?<nmi>\d\d):(?<ns>\d\d)(?:(?<ndot>\.)(?<nf>\d{1,9}))?)",
        r"|(?<millis>\b1[5-9]\d{11}\b)",
    ))
    .expect("a constant pattern")
});

/// `line`, which Docker stored at `recorded`, as if it had been stored at `now`.
pub fn retold(line: &str, recorded: Timestamp, now: Timestamp) -> String {
    let shift = nanos(now) - nanos(recorded);
    let moved = |found: &Captures<'_>| {
        said(found)
            .filter(|time| (time.seconds - recorded.seconds).abs() < NEAR_SECONDS)
            .and_then(|time| written(found, later(time, shift)))
            .unwrap_or_else(|| found[0].to_string())
    };
    TIMES.replace_all(line, moved).into_owned()
}

fn nanos(time: Timestamp) -> i128 {
    i128::from(time.seconds) * NANOS_PER_SECOND + i128::from(time.nanos)
}

fn later(time: Timestamp, shift: i128) -> Timestamp {
    let nanos = nanos(time) + shift;
    let seconds = nanos.div_euclid(NANOS_PER_SECOND) as i64;
    Timestamp { seconds, nanos: nanos.rem_euclid(NANOS_PER_SECOND) as u32 }
}

/// The time that the text says, as if its zone were UTC.
fn said(found: &Captures<'_>) -> Option<Timestamp> {
    if let Some(millis) = found.name("millis") {
        return Some(Timestamp::from_millis(millis.as_str().parse().ok()?));
    }
    let number = |name: &str| found.name(name)?.as_str().parse::<u32>().ok();
    let civil = if found.name("iso").is_some() {
        civil([number("iy")?, number("imo")?, number("id")?, number("ih")?, number("imi")?, number("is")?], found, "if")
    } else if found.name("us").is_some() {
        let noon = if &found["half"] == "PM" { 12 } else { 0 };
        let hour = number("uh")? % 12 + noon;
        civil([number("uy")?, number("umo")?, number("ud")?, hour, number("umi")?, number("usec")?], found, "")
    } else {
        let month = MONTHS.iter().position(|month| *month == &found["nmo"])? as u32 + 1;
        civil([number("ny")?, month, number("nd")?, number("nh")?, number("nmi")?, number("ns")?], found, "nf")
    };
    civil.to_timestamp(0)
}

fn civil([year, month, day, hour, minute, second]: [u32; 6], found: &Captures<'_>, fraction: &str) -> Civil {
    let digits = found.name(fraction).map_or("0", |digits| digits.as_str());
    let nanos = digits.parse::<u32>().unwrap_or(0) * 10_u32.pow(9 - digits.len().min(9) as u32);
    Civil { year: i64::from(year), month, day, hour, minute, second, nanos }
}

/// `time` in the same way of writing, with as many digits.
fn written(found: &Captures<'_>, time: Timestamp) -> Option<String> {
    let Civil { year, month, day, hour, minute, second, nanos } = time.to_civil();
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
    let mut out = String::new();
    if found.name("millis").is_some() {
        return Some(time.as_millis().to_string());
    } else if found.name("iso").is_some() {
        let (sep, between) = (part("isep"), part("it"));
        write!(out, "{year:04}{sep}{month:02}{sep}{day:02}{between}{hour:02}:{minute:02}:{second:02}").ok()?;
    } else if found.name("us").is_some() {
        let half = if hour < 12 { "AM" } else { "PM" };
        let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
        write!(out, "{month}/{day}/{year}, {hour}:{minute:02}:{second:02} {half}").ok()?;
    } else {
        let (sep, between, month) = (part("nsep"), part("nt"), MONTHS.get(month as usize - 1)?);
        write!(out, "{day:02}{sep}{month}{sep}{year}{between}{hour:02}:{minute:02}:{second:02}").ok()?;
    }
    for (dot, fraction) in [("idot", "if"), ("ndot", "nf")] {
        let digits = part(fraction).len();
        if digits > 0 {
            write!(out, "{}{}", part(dot), &format!("{nanos:09}")[..digits]).ok()?;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten hours, ten minutes and 1.5 s later, over midnight.
    fn check(line: &str, expected: &str) {
        let recorded = Timestamp::parse_iso("2026-11-23T20:50:31.200Z").unwrap();
        let now = Timestamp::parse_iso("2026-11-24T07:00:32.700Z").unwrap();
        assert_eq!(retold(line, recorded, now), expected);
    }

    #[test]
    fn every_way_of_writing_a_time_is_moved_in_its_own_form() {
        check(r#"{"time":"2026-11-23T20:50:31.100Z"}"#, r#"{"time":"2026-11-24T07:00:32.600Z"}"#);
        check("[2026-11-23 20:50:31,100] INFO x", "[2026-11-24 07:00:32,600] INFO x");
        check("2026/11/23 20:50:31 [error] x", "2026/11/24 07:00:32 [error] x");
        check("[Nest] 1 - 11/23/2026, 8:50:31 PM   LOG x", "[Nest] 1 - 11/24/2026, 7:00:32 AM   LOG x");
        check("1:M 23 Nov 2026 20:50:31.100 * Ready", "1:M 24 Nov 2026 07:00:32.600 * Ready");
        check("- [23/Nov/2026:20:50:31 +0000] \"GET", "- [24/Nov/2026:07:00:32 +0000] \"GET");
        check(r#"{"time":1795467031100}"#, &format!(r#"{{"time":{}}}"#, 1_795_467_031_100_i64 + 36_601_500));
    }

    #[test]
    fn what_is_no_time_of_the_recording_stays() {
        for line in ["born 1990-01-02 03:04:05", "id 1500000000000", "2026-13-45 20:50:31", "v1.2.3 12345"] {
            check(line, line);
        }
    }
}
