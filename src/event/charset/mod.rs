//! Bytes of some character encoding as text. `encoding_rs` is named here and nowhere else.
//!
//! Names are those of Logstash's setting `charset`, which are Ruby's. What reads them: `encoding_rs` for what browsers
//! know, `single` for other tables of 256 characters, `wide` for UTF-16 and UTF-32. Where Ruby's encoding is a part of the
//! one that browsers read under a similar name (GB2312 of GBK, Big5 of Big5-HKSCS), the larger one reads it.

mod names;
mod single;
mod wide;

pub use wide::{Order, Wide};

use super::arena::{Arena, ArenaString};
use super::json::escape::utf8;
use encoding_rs::Encoding;
use names::Means;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug)]
pub enum Charset {
    Utf8,
    Ascii,
    Latin1,
    Single(&'static single::Table),
    Wide(Wide),
    Other(&'static Encoding),
}

impl Charset {
    /// By Ruby's names, upper or lower case.
    pub fn named(name: &str) -> Option<Charset> {
        Some(match names::meaning(name)? {
            Means::Utf8 => Charset::Utf8,
            Means::Ascii => Charset::Ascii,
            Means::Latin1 => Charset::Latin1,
            Means::Single(table) => Charset::Single(single::table(table)?),
            Means::Wide(wide) => Charset::Wide(wide),
            Means::Whatwg(label) => Charset::Other(Encoding::for_label(label.as_bytes())?),
        })
    }

    /// The names of what can be read, as Logstash writes them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        names::known()
    }

    /// For a name of Logstash's list that is not read here: the nearest one that is.
    pub fn instead_of(name: &str) -> Option<&'static str> {
        names::REFUSED.iter().find(|(refused, _)| refused.eq_ignore_ascii_case(name)).map(|(_, nearest)| *nearest)
    }

    /// The text of `bytes`, borrowed where they are that text already.
    #[inline]
    pub fn text<'b>(self, bytes: &'b [u8], arena: &'b Arena) -> &'b str {
        match self {
            Charset::Utf8 => utf8(bytes, arena),
            Charset::Ascii => {
                let char = |byte: u8| if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER };
                each_byte(bytes, arena, true, char)
            }
            Charset::Latin1 => each_byte(bytes, arena, true, char::from),
            Charset::Single(table) => each_byte(bytes, arena, table.extends_ascii, |byte| table.char(byte)),
            Charset::Wide(wide) => arena.alloc_str(&wide.decode(bytes, None)),
            Charset::Other(encoding) => arena.alloc_str(&encoding.decode_without_bom_handling(bytes).0),
        }
    }

    /// The text of `bytes`, for a look at it.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Charset::Utf8 => String::from_utf8_lossy(bytes),
            other => Cow::Owned(other.text(bytes, &Arena::new()).to_string()),
        }
    }

    /// Whether ASCII bytes are ASCII in it.
    pub fn extends_ascii(self) -> bool {
        match self {
            Charset::Single(table) => table.extends_ascii,
            Charset::Wide(_) => false,
            Charset::Other(encoding) => encoding.is_ascii_compatible(),
            _ => true,
        }
    }

    /// The bytes of a delimiter where lines are found byte by byte: those of the configuration, but for encodings in
    /// which ASCII is other bytes.
    pub fn delimiter(self, text: &str) -> Vec<u8> {
        match self {
            Charset::Single(table) if !table.extends_ascii => {
                text.chars().filter_map(|char| table.byte(char)).collect()
            }
            _ => text.as_bytes().to_vec(),
        }
    }
}

/// `extends_ascii`: ASCII bytes are ASCII.
fn each_byte<'b>(bytes: &'b [u8], arena: &'b Arena, extends_ascii: bool, char: impl Fn(u8) -> char) -> &'b str {
    if extends_ascii && bytes.is_ascii() {
        return utf8(bytes, arena);
    }
    let mut text = ArenaString::with_capacity_in(bytes.len() * 2, arena);
    text.extend(bytes.iter().map(|byte| char(*byte)));
    text.into_bump_str()
}

#[cfg(test)]
mod tests;
