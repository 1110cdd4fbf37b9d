//! A port, or a range of them of which the first free one is taken, written as in Logstash: `9600` or `9600-9700`.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// At least one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    pub first: u16,
    pub last: u16,
}

impl Ports {
    pub fn iter(self) -> RangeInclusive<u16> {
        self.first..=self.last
    }
}

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Ports, String> {
        let wrong = || format!("`{text}` is not a port or a range of ports such as 9600-9700");
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong());
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (port(first)?, port(last)?),
            None => (port(text)?, port(text)?),
        };
        if first > last { Err(wrong()) } else { Ok(Ports { first, last }) }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_logstash_writes_them() {
        for text in ["9600", "9600-9700", "0"] {
            assert_eq!(text.parse::<Ports>().unwrap().to_string(), text);
        }
        for text in ["", "70000", "9700-9600", "a-b", "9600-"] {
            assert!(text.parse::<Ports>().is_err(), "{text}");
        }
    }
}
