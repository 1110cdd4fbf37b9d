//! Bytes of some character encoding as text. `encoding_rs` is named here and nowhere else.
//!
//! Only encodings in which ASCII bytes are ASCII: lines are found in the bytes before they are decoded.

use super::arena::{Arena, ArenaString};
use super::json::escape::utf8;
use encoding_rs::Encoding;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug)]
pub enum Charset {
    Utf8,
    Ascii,
    Latin1,
    Other(&'static Encoding),
}

impl Charset {
    /// What to say about encodings that are refused.
    pub const KNOWN: &'static [&'static str] = &[
        "UTF-8",
        "US-ASCII",
        "ISO-8859-1",
        "ISO-8859-2",
        "ISO-8859-5",
        "ISO-8859-7",
        "ISO-8859-15",
        "Windows-1250",
        "Windows-1251",
        "Windows-1252",
        "CP1252",
        "KOI8-R",
        "Shift_JIS",
        "EUC-JP",
        "EUC-KR",
        "GBK",
        "GB18030",
        "Big5",
    ];

    /// By Ruby's names, which Logstash uses.
    pub fn named(name: &str) -> Option<Charset> {
        let name = name.to_ascii_lowercase();
        Some(match name.as_str() {
            "utf-8" | "utf8-mac" | "utf-8-mac" | "utf-8-hfs" | "cp65001" | "locale" | "external" => Charset::Utf8,
            "us-ascii" | "ascii" | "ansi_x3.4-1968" | "646" | "ascii-8bit" | "binary" => Charset::Ascii,
            "iso-8859-1" | "iso8859-1" => Charset::Latin1,
            other => {
                Charset::Other(Encoding::for_label(label(other).as_bytes()).filter(|it| it.is_ascii_compatible())?)
            }
        })
    }

    /// The text of `bytes`, borrowed where they are that text already.
    #[inline]
    pub fn text<'b>(self, bytes: &'b [u8], arena: &'b Arena) -> &'b str {
        match self {
            Charset::Utf8 => utf8(bytes, arena),
            Charset::Ascii => {
                each_byte(
                    bytes,
                    arena,
                    |byte| {
                        if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER }
                    },
                )
            }
            Charset::Latin1 => each_byte(bytes, arena, char::from),
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
}

/// Ruby's name as the WHATWG's label, where they differ.
fn label(name: &str) -> &str {
    match name {
        "cp932" | "cswindows31j" | "pck" => "shift_jis",
        "cp936" | "euc-cn" | "euccn" => "gbk",
        "cp949" | "euckr" => "euc-kr",
        "cp950" => "big5",
        "cp874" | "tis-620" => "windows-874",
        "cp878" => "koi8-r",
        "eucjp" | "eucjp-ms" | "euc-jp-ms" | "cp51932" => "euc-jp",
        "macroman" => "macintosh",
        "maccyrillic" | "macukraine" => "x-mac-cyrillic",
        other => other,
    }
}

fn each_byte<'b>(bytes: &'b [u8], arena: &'b Arena, char: impl Fn(u8) -> char) -> &'b str {
    if bytes.is_ascii() {
        return utf8(bytes, arena);
    }
    let mut text = ArenaString::with_capacity_in(bytes.len() * 2, arena);
    text.extend(bytes.iter().map(|byte| char(*byte)));
    text.into_bump_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(charset: &str, bytes: &[u8], expected: &str) {
        let arena = Arena::new();
        let charset = Charset::named(charset).unwrap();
        assert_eq!(charset.text(arena.alloc_slice_copy(bytes), &arena), expected);
    }

    #[test]
    fn bytes_become_text() {
        check("UTF-8", "né".as_bytes(), "né");
        check("UTF-8", b"a\xffb", "a\u{fffd}b");
        check("ISO-8859-1", b"n\xe9\x80", "né\u{80}");
        check("CP1252", b"n\xe9\x80", "né€");
        check("Windows-1251", b"\xcf\xf0", "Пр");
        check("Shift_JIS", b"\x83\x65\x83\x58", "テス");
        check("CP932", b"\x83\x65", "テ");
        check("US-ASCII", b"a\xe9", "a\u{fffd}");
        check("BINARY", b"abc", "abc");
    }

    #[test]
    fn what_cannot_be_framed_by_bytes_is_not_known() {
        for name in ["UTF-16LE", "UTF-16", "ISO-2022-JP", "IBM437", "nonsense"] {
            assert!(Charset::named(name).is_none(), "{name}");
        }
    }
}
