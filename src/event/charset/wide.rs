//! UTF-16 and UTF-32, in either byte order.
//!
//! Where the name does not say the order, a byte order mark does, then the line ends (`0A00` is no character in UTF-16),
//! else it is big-endian, as in Ruby. A mark at the beginning is taken off.

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Big,
    Little,
}

/// An encoding in units of two or four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide {
    /// Bytes: 2 or 4.
    pub unit: usize,
    /// `None`: the bytes say.
    pub order: Option<Order>,
}

const MARK: char = '\u{feff}';

impl Wide {
    /// The bytes of a text.
    pub fn encode(self, text: &str, order: Order) -> Vec<u8> {
        let ordered = |unit: u32| {
            let bytes = if order == Order::Big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            if order == Order::Big { bytes[4 - self.unit..].to_vec() } else { bytes[..self.unit].to_vec() }
        };
        match self.unit {
            2 => text.encode_utf16().flat_map(|unit| ordered(unit.into())).collect(),
            _ => text.chars().flat_map(|char| ordered(char.into())).collect(),
        }
    }

    /// The order that a mark at the beginning says.
    pub fn marked(self, bytes: &[u8]) -> Option<Order> {
        let mark = MARK.encode_utf8(&mut [0; 4]).to_owned();
        [Order::Big, Order::Little].into_iter().find(|order| bytes.starts_with(&self.encode(&mark, *order)))
    }

    /// The text of whole units, without a mark at its beginning. What is no character, and what is left of a unit, is
    /// U+FFFD. `known`: the order, where something outside says it and the name does not.
    pub fn decode(self, bytes: &[u8], known: Option<Order>) -> String {
        let order = self.order.or_else(|| self.marked(bytes)).or(known).unwrap_or(Order::Big);
        let units = bytes.chunks_exact(self.unit);
        let rest = if units.remainder().is_empty() { "" } else { "\u{fffd}" };
        let number = |unit: &[u8]| {
            let join = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
            if order == Order::Big { unit.iter().fold(0, join) } else { unit.iter().rev().fold(0, join) }
        };
        let text: String = match self.unit {
            2 => char::decode_utf16(units.map(|unit| number(unit) as u16))
                .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
            _ => units.map(|unit| char::from_u32(number(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
        };
        text.strip_prefix(MARK).unwrap_or(&text).to_owned() + rest
    }
}
