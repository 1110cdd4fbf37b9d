//! Docker's times: `2026-11-23T10:04:45.123456789Z`. Pure.
//!
//! The API writes nine digits and a blank before each record; the json-file leaves out zeroes at the end. Both are UTC; a
//! time with another zone is read too, by the slow way.

use crate::event::Timestamp;
use memchr::memchr;

/// The longest time, `2026-11-23T10:04:45.123456789+01:00`, and its blank.
pub const STAMP_BYTES_MAX: usize = 36;
/// `2026-11-23T10:04:45`.
const SECOND_BYTES: usize = 19;

/// Reads times that may come in pieces, and remembers the last one.
#[derive(Debug, Default)]
pub struct StampReader {
    text: Text,
    complete: bool,
    parser: StampParser,
}

/// Reads whole times, quickly where they stand in the same second.
#[derive(Debug, Default)]
pub struct StampParser {
    last_second: Second,
}

#[derive(Clone, Copy, Debug)]
struct Text {
    bytes: [u8; STAMP_BYTES_MAX],
    len: usize,
}

impl Default for Text {
    fn default() -> Self {
        Text { bytes: [0; STAMP_BYTES_MAX], len: 0 }
    }
}

/// A second that was read in full: the records behind it mostly stand in the same one.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    text: [u8; SECOND_BYTES],
    nanos: u64,
}

impl StampReader {
    /// Takes bytes up to and with the blank: how many, and the time if it is complete.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(usize, Option<u64>), ()> {
        if self.complete {
            self.text.len = 0;
            self.complete = false;
        }
        let within = &bytes[..bytes.len().min(STAMP_BYTES_MAX - self.text.len)];
        let blank = memchr(b' ', within);
        let used = blank.map_or(within.len(), |at| at + 1);
        self.text.bytes[self.text.len..self.text.len + used].copy_from_slice(&bytes[..used]);
        self.text.len += used;
        if blank.is_none() {
            return if self.text.len < STAMP_BYTES_MAX { Ok((used, None)) } else { Err(()) };
        }
        self.complete = true;
        self.parser.parse(&self.text.bytes[..self.text.len - 1]).map(|time| (used, Some(time))).ok_or(())
    }

    /// The time as it was written, with its blank.
    pub fn text(&self) -> &[u8] {
        &self.text.bytes[..self.text.len]
    }

    pub fn copy(&self) -> [u8; STAMP_BYTES_MAX] {
        self.text.bytes
    }

    /// Nothing of a time has come.
    pub fn is_empty(&self) -> bool {
        self.complete || self.text.len == 0
    }
}

impl StampParser {
    /// Nanoseconds since 1970.
    pub fn parse(&mut self, text: &[u8]) -> Option<u64> {
        match text.split_at_checked(SECOND_BYTES) {
            Some((second, [b'.', digits @ .., b'Z'])) if second == self.last_second.text => {
                Some(self.last_second.nanos + fraction(digits)?)
            }
            Some((second, _)) => {
                let time = Timestamp::parse_iso(std::str::from_utf8(text).ok()?)?;
                let nanos = time.as_nanos()?;
                if text.ends_with(b"Z") {
                    let whole = nanos - u64::from(time.nanos);
                    self.last_second = Second { text: second.try_into().ok()?, nanos: whole };
                }
                Some(nanos)
            }
            None => None,
        }
    }
}

/// The nanoseconds of one to nine digits behind the point.
fn fraction(digits: &[u8]) -> Option<u64> {
    let scale = 10_u64.pow(9_u32.checked_sub(digits.len() as u32).filter(|missing| *missing < 9)?);
    let number = |sum, digit: &u8| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0'));
    Some(digits.iter().try_fold(0, number)? * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        let mut reader = StampReader::default();
        assert_eq!(reader.read(text.as_bytes()).ok().and_then(|(_, time)| time), expected, "{text}");
        // Again, with the second remembered and byte by byte.
        let bytewise = text.bytes().map(|byte| reader.read(&[byte])).find(|read| !matches!(read, Ok((_, None))));
        assert_eq!(bytewise.and_then(|read| read.ok()?.1), expected, "{text}");
    }

    #[test]
    fn times_are_read_to_the_nanosecond() {
        check("2026-11-23T10:04:45.123456789Z x", Some(1_795_428_285_123_456_789));
        check("2026-11-23T11:04:45.123456789+01:00 x", Some(1_795_428_285_123_456_789));
        check("1970-01-01T00:00:00.000000001Z x", Some(1));
        check("2026-11-23T10:04:45.1234Z x", Some(1_795_428_285_123_400_000));
        check("2026-11-23T10:04:45Z x", Some(1_795_428_285_000_000_000));
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        let long = "x".repeat(40);
        for text in ["hello world", " ", "2026-11-23T10:04:45.12345678xZ x", "2026-13-23T10:04:45.123456789Z x", &long]
        {
            check(text, None);
        }
    }
}
