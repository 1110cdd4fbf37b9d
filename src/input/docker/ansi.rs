//! Takes terminal colours and other escape sequences (ECMA-48) out of a line. Pure.
//!
//! Removed: CSI sequences (`ESC [ … m`), the strings OSC, DCS, SOS, PM and APC up to their end, and two-byte and
//! three-byte escapes. A sequence that the line does not end stays as it is: text is never taken for a colour.

use memchr::memchr;

const ESC: u8 = 0x1B;
const BEL: u8 = 0x07;

/// Strips what stands in `bytes` from `start` on.
pub fn strip_from(bytes: &mut Vec<u8>, start: usize) {
    let Some(first) = memchr(ESC, &bytes[start..]) else { return };
    let mut write = start + first;
    let mut read = write;
    while read < bytes.len() {
        let skip = if bytes[read] == ESC { escape_len(&bytes[read..]) } else { 0 };
        if skip > 0 {
            read += skip;
            continue;
        }
        let plain = memchr(ESC, &bytes[read + 1..]).map_or(bytes.len(), |at| read + 1 + at);
        bytes.copy_within(read..plain, write);
        write += plain - read;
        read = plain;
    }
    bytes.truncate(write);
}

/// The length of the sequence that begins `bytes`; 0 if it is not whole or not one.
fn escape_len(bytes: &[u8]) -> usize {
    match bytes.get(1) {
        Some(b'[') => csi_len(bytes),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => string_len(bytes),
        Some(b' '..=b'/') => match bytes[1..].iter().position(|byte| !(b' '..=b'/').contains(byte)) {
            Some(at) if (b'0'..=b'~').contains(&bytes[1 + at]) => at + 2,
            _ => 0,
        },
        Some(b'0'..=b'~') => 2,
        _ => 0,
    }
}

fn csi_len(bytes: &[u8]) -> usize {
    match bytes[2..].iter().position(|byte| !(b' '..=b'?').contains(byte)) {
        Some(at) if (b'@'..=b'~').contains(&bytes[2 + at]) => at + 3,
        _ => 0,
    }
}

fn string_len(bytes: &[u8]) -> usize {
    let end = bytes[2..].iter().position(|byte| matches!(*byte, BEL | ESC)).map(|at| at + 2);
    match end {
        Some(at) if bytes[at] == BEL => at + 1,
        Some(at) if bytes.get(at + 1) == Some(&b'\\') => at + 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stripped(text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        strip_from(&mut bytes, 0);
        bytes
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(String::from_utf8(stripped(text.as_bytes())).unwrap(), expected, "{text:?}");
    }

    #[test]
    fn colours_go_and_text_stays() {
        check("\x1b[32m[Nest] 42\x1b[39m  - \x1b[33m+5ms\x1b[0m", "[Nest] 42  - +5ms");
        check("2025 [\x1b[1;32minfo\x1b[0m]: ok", "2025 [info]: ok");
        check("\x1b]8;;http://x\x07link\x1b]8;;\x1b\\ end", "link end");
        check("\x1b(Ba\x1bcb", "ab");
        check("no colours é", "no colours é");
    }

    #[test]
    fn a_sequence_that_is_not_whole_stays() {
        for text in ["cut \x1b[3", "cut \x1b", "cut \x1b]0;title", "bad \x1b[é"] {
            check(text, text);
        }
    }

    #[test]
    fn what_stands_before_the_start_is_not_touched() {
        let mut bytes = b"\x1b[1mkeep\x1b[1mgo".to_vec();
        strip_from(&mut bytes, 8);
        assert_eq!(bytes, b"\x1b[1mkeepgo");
    }

    proptest! {
        #[test]
        fn any_bytes_are_safe_and_lines_without_escapes_do_not_change(text: Vec<u8>) {
            let out = stripped(&text);
            prop_assert!(out.len() <= text.len());
            if !text.contains(&ESC) {
                prop_assert_eq!(out, text);
            }
        }
    }
}
