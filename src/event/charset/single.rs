//! Encodings of 256 characters that browsers do not know: IBM's code pages, Apple's scripts, EBCDIC.
//!
//! `single_byte.tsv` holds them as the Unicode Consortium's mapping files have them: a name, then the characters of the
//! bytes 80 to FF (of all bytes, where ASCII is other bytes) as hexadecimal numbers; FFFD is a byte without a meaning.

use std::sync::LazyLock;

/// The characters of one encoding.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    chars: [char; 256],
    /// Bytes below 80 are ASCII.
    pub extends_ascii: bool,
}

static TABLES: LazyLock<Vec<Table>> =
    LazyLock::new(|| include_str!("single_byte.tsv").lines().filter_map(Table::parse).collect());

/// The table with this name, as the file writes it.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

impl Table {
    fn parse(line: &'static str) -> Option<Table> {
        let (name, numbers) = line.split_once('\t')?;
        let read = |number: &str| u32::from_str_radix(number, 16).ok().and_then(char::from_u32);
        let given: Vec<char> = numbers.split(' ').map(read).collect::<Option<_>>()?;
        let mut chars: [char; 256] = std::array::from_fn(|byte| char::from(byte as u8));
        chars.get_mut(256usize.checked_sub(given.len())?..)?.copy_from_slice(&given);
        Some(Table { name, chars, extends_ascii: given.len() <= 128 })
    }

    #[inline]
    pub fn char(&self, byte: u8) -> char {
        self.chars[usize::from(byte)]
    }

    /// The byte that stands for `char`.
    pub fn byte(&self, char: char) -> Option<u8> {
        self.chars.iter().position(|there| *there == char).and_then(|at| u8::try_from(at).ok())
    }
}
