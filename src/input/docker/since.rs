//! The settings `since`, where containers that were never seen before begin, and `max_age`. Pure.

use crate::event::Timestamp;

const NANOS: u64 = 1_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    Beginning,
    Now,
    /// So many nanoseconds before the input starts.
    Ago(u64),
    /// Nanoseconds since 1970.
    At(u64),
}

impl Since {
    pub fn parse(text: &str) -> Result<Since, String> {
        match text {
            "beginning" => Some(Since::Beginning),
            "now" => Some(Since::Now),
            _ => ago(text).map(Since::Ago).or_else(|| Timestamp::parse_iso(text)?.as_nanos().map(Since::At)),
        }
        .ok_or_else(|| format!("`{text}` is neither beginning, now, a time ago (10m) nor an ISO 8601 time"))
    }

    /// In nanoseconds since 1970, for an input that starts at `now_ns`; 0 for the beginning.
    pub fn at_ns(self, now_ns: u64) -> u64 {
        match self {
            Since::Beginning => 0,
            Since::Now => now_ns,
            Since::Ago(nanos) => now_ns.saturating_sub(nanos),
            Since::At(nanos) => nanos,
        }
    }
}

/// How long a time is, as `10m`, in nanoseconds.
pub fn age(text: &str) -> Result<u64, String> {
    ago(text).ok_or_else(|| format!("`{text}` is no age: a number and s, m, h or d, as in 30d"))
}

fn ago(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds)?.checked_mul(NANOS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_with_a_unit() {
        assert_eq!(age("30d"), Ok(30 * 86_400 * NANOS));
        assert_eq!(age("30"), Err("`30` is no age: a number and s, m, h or d, as in 30d".into()));
    }

    #[test]
    fn all_four_ways_are_read() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(Since::parse(text).ok().map(|since| since.at_ns(1_000_000 * NANOS)), expected, "{text}");
        };
        check("beginning", Some(0));
        check("now", Some(1_000_000 * NANOS));
        check("10m", Some(999_400 * NANOS));
        check("1d", Some(913_600 * NANOS));
        check("99999d", Some(0));
        check("1970-01-02T00:00:00Z", Some(86_400 * NANOS));
        for text in ["", "10", "m", "10 m", "yesterday", "99999999999999999999s", "-1h"] {
            check(text, None);
        }
    }
}
