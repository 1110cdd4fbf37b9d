//! Escapes of JSON strings.
//!
//! `unescape` is for envelopes that hold a whole line in one long string with many escapes: it copies eight bytes at a
//! time into room that it takes once, because text never grows when its escapes go.

use super::read::NotJson;
use super::scan;
use crate::event::arena::Arena;
use crate::event::value::Text;

/// The inside of a JSON string as the text that it means. Bytes that are not UTF-8 become U+FFFD.
pub fn unescape<'b>(raw: &'b [u8], arena: &'b Arena) -> Result<Text<'b>, NotJson> {
    let first = scan::special(raw, 0);
    if first == raw.len() {
        return Ok(Text { str: utf8(raw, arena), plain: true });
    }
    let out = arena.alloc_slice_fill_copy(raw.len(), 0u8);
    let len = unescape_into(raw, first, out)?;
    Ok(Text { str: utf8(&out[..len], arena), plain: false })
}

/// The same onto the end of a buffer, whose bytes are UTF-8 where those of `raw` are.
pub fn unescape_onto(raw: &[u8], out: &mut Vec<u8>) -> Result<(), NotJson> {
    let first = scan::special(raw, 0);
    if first == raw.len() {
        out.extend_from_slice(raw);
        return Ok(());
    }
    let start = out.len();
    out.resize(start + raw.len(), 0);
    let len = unescape_into(raw, first, &mut out[start..]);
    out.truncate(start + *len.as_ref().unwrap_or(&0));
    len.map(|_| ())
}

/// `out` has the length of `raw`, whose first escape stands at `first`. Answers how much of it was filled.
fn unescape_into(raw: &[u8], first: usize, out: &mut [u8]) -> Result<usize, NotJson> {
    out[..first].copy_from_slice(&raw[..first]);
    let (mut from, mut to) = (first, first);
    while let Some(&byte) = raw.get(from) {
        if byte != b'\\' {
            return Err(NotJson { at: from, what: "a quote or a control character stands raw in a string" });
        }
        match raw.get(from + 1).map(|kind| SHORT[usize::from(*kind)]) {
            Some(char) if char != 0 => {
                out[to] = char;
                (from, to) = (from + 2, to + 1);
            }
            _ => {
                let (char, len) = read(raw, from)?;
                to += char.encode_utf8(&mut out[to..]).len();
                from += len;
            }
        }
        (from, to) = copy_plain(raw, from, out, to);
    }
    Ok(to)
}

/// What an escape of two characters means; 0 for the others.
static SHORT: [u8; 256] = {
    let mut table = [0; 256];
    let pairs = *b"n\nt\tr\rb\x08f\x0c\"\"\\\\//";
    let mut at = 0;
    while at < pairs.len() {
        table[pairs[at] as usize] = pairs[at + 1];
        at += 2;
    }
    table
};

/// Copies up to the next byte that is special; gives back both places behind it.
#[inline]
fn copy_plain(raw: &[u8], mut from: usize, out: &mut [u8], mut to: usize) -> (usize, usize) {
    while let (Some(eight), Some(room)) = (raw.get(from..from + 8), out.get_mut(to..to + 8)) {
        room.copy_from_slice(eight);
        let found = scan::marks(u64::from_le_bytes(eight.try_into().expect("the slice has eight bytes")));
        if found != 0 {
            let plain = (found.trailing_zeros() / 8) as usize;
            return (from + plain, to + plain);
        }
        (from, to) = (from + 8, to + 8);
    }
    while let Some(&byte) = raw.get(from).filter(|byte| !scan::is_special(**byte)) {
        out[to] = byte;
        (from, to) = (from + 1, to + 1);
    }
    (from, to)
}

/// The text, copied only where it is not UTF-8.
pub fn utf8<'b>(bytes: &'b [u8], arena: &'b Arena) -> &'b str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => arena.alloc_str(&String::from_utf8_lossy(bytes)),
    }
}

/// Reads the escape whose backslash stands at `at`; gives back its length too. A lone surrogate becomes U+FFFD.
#[inline]
pub(super) fn read(bytes: &[u8], at: usize) -> Result<(char, usize), NotJson> {
    let plain = match bytes.get(at + 1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
        Some(b'u') => return unicode(bytes, at),
        _ => return Err(NotJson { at, what: "no such escape" }),
    };
    Ok((plain, 2))
}

/// `\uXXXX`, and its other half where it is a surrogate.
fn unicode(bytes: &[u8], at: usize) -> Result<(char, usize), NotJson> {
    let Some(high) = hex(bytes, at + 2) else { return Err(NotJson { at, what: "not four hex digits" }) };
    if !(0xD800..0xDC00).contains(&high) {
        return Ok((char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6));
    }
    let low = match bytes.get(at + 6..at + 8) {
        Some(b"\\u") => hex(bytes, at + 8).filter(|low| (0xDC00..0xE000).contains(low)),
        _ => None,
    };
    let Some(low) = low else { return Ok((char::REPLACEMENT_CHARACTER, 6)) };
    let char = char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
    Ok((char.unwrap_or(char::REPLACEMENT_CHARACTER), 12))
}

fn hex(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::json::read::Reader;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_inside_of_a_string_is_read_as_the_reader_reads_it(
            inside in r#"([ -~é😀]|\\[nrtbf"\\/]|\\u[0-9a-fD-F]{4}|\\ud83d\\ude00|[\n"\\]?){0,40}"#
        ) {
            let arena = Arena::new();
            let quoted = arena.alloc_str(&format!("\"{inside}\""));
            let mut reader = Reader::new(quoted, &arena);
            let expected = reader.string().ok().filter(|_| reader.offset() == quoted.len()).map(|text| text.str);
            let text = unescape(inside.as_bytes(), &arena).ok();
            prop_assert_eq!(text.map(|text| text.str), expected);
            prop_assert!(text.is_none_or(|text| !text.plain || text.str == inside));
            let mut onto = b"before".to_vec();
            let unescaped = unescape_onto(inside.as_bytes(), &mut onto).is_ok();
            prop_assert_eq!(onto.strip_prefix(b"before").filter(|_| unescaped), expected.map(str::as_bytes));
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        let arena = Arena::new();
        assert_eq!(unescape(b"a\xff\\nb", &arena).unwrap().str, "a\u{fffd}\nb");
    }
}
