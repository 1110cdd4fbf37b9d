//! Times of the formats that the pipelines of the test name, read by a regular expression each.

use jiff::Timestamp;
use std::collections::HashMap;

#[derive(Default)]
pub struct Times {
    known: HashMap<String, regex::Regex>,
}

const ISO8601: &str = r"^(?<y>\d{4})-(?<mo>\d\d)-(?<d>\d\d)[T ](?<h>\d\d):(?<mi>\d\d)(?::(?<s>\d\d)(?:[.,](?<f>\d{1,9}))?)?(?<z>Z|[+-]\d\d:?\d\d)?$";
const ACCESS_LOG: &str =
    r"^(?<d>\d\d)/(?<m>[A-Z][a-z]{2})/(?<y>\d{4}):(?<h>\d\d):(?<mi>\d\d):(?<s>\d\d) (?<z>[+-]\d\d:?\d\d)$";
const POSTGRESQL: &str =
    r"^(?<y>\d{4})-(?<mo>\d\d)-(?<d>\d\d) (?<h>\d\d):(?<mi>\d\d):(?<s>\d\d)\.(?<f>\d{3}) (?<z>UTC|GMT)$";
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Times {
    /// The time that the text is, in the machine's zone where it names none.
    pub fn read(&mut self, format: &str, text: &str) -> Option<Timestamp> {
        let pattern = match format {
            "UNIX_MS" => return milliseconds(text),
            "ISO8601" => ISO8601,
            "dd/MMM/yyyy:HH:mm:ss Z" => ACCESS_LOG,
            "yyyy-MM-dd HH:mm:ss.SSS z" => POSTGRESQL,
            other => panic!("the plain interpreter does not know the format {other}"),
        };
        let new = || regex::Regex::new(pattern).expect("it is one");
        let found = self.known.entry(format.into()).or_insert_with(new).captures(text)?;
        let part = |name: &str| found.name(name).map(|part| part.as_str());
        let number = |name: &str| part(name).map_or(Some(0), |digits| digits.parse::<i32>().ok());
        let month = match part("m") {
            Some(name) => MONTHS.iter().position(|month| *month == name)? as i32 + 1,
            None => number("mo")?,
        };
        // Joda-Time knows milliseconds.
        let nanos = format!("{:0<3.3}000000", part("f").unwrap_or("")).parse().ok()?;
        let small = |value: i32| i8::try_from(value).ok();
        let civil = jiff::civil::DateTime::new(
            number("y")?.try_into().ok()?,
            small(month)?,
            small(number("d")?)?,
            small(number("h")?)?,
            small(number("mi")?)?,
            small(number("s")?)?,
            nanos,
        )
        .ok()?;
        let offset = match part("z") {
            None => return jiff::tz::TimeZone::system().to_timestamp(civil).ok(),
            Some("Z" | "UTC" | "GMT") => 0,
            Some(zone) => {
                let digits: i32 = zone[1..].replace(':', "").parse().ok()?;
                let minutes = digits / 100 * 60 + digits % 100;
                (if zone.starts_with('-') { -minutes } else { minutes }) * 60
            }
        };
        Some(jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()? - jiff::SignedDuration::from_secs(offset.into()))
    }

    pub fn write(&self, format: &str, time: Option<Timestamp>) -> String {
        assert_eq!(format, "YYYY.MM.dd", "the plain interpreter does not know the format {format}");
        time.map_or(String::new(), |time| time.strftime("%Y.%m.%d").to_string())
    }
}

/// A number of milliseconds, what is below one cut off. With an exponent it is a float, whose rounding takes nothing.
fn milliseconds(text: &str) -> Option<Timestamp> {
    let is_float = text.contains(['e', 'E']);
    let millis = if is_float {
        (text.parse::<f64>().ok().filter(|it| it.abs() < 4e14)? + 1e-3).floor() as i64
    } else {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_number = fraction.bytes().all(|digit| digit.is_ascii_digit()) && !whole.starts_with('+');
        whole.parse().ok().filter(|_| is_number)?
    };
    Timestamp::from_millisecond(millis).ok().filter(|time| *time <= Timestamp::MAX)
}
