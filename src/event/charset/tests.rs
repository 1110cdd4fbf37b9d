//! Bytes of every encoding as text, and the names that Logstash lists.

use super::*;

fn check(charset: &str, bytes: &[u8], expected: &str) {
    let arena = Arena::new();
    let found = Charset::named(charset).unwrap_or_else(|| panic!("{charset} is not known"));
    assert_eq!(found.text(arena.alloc_slice_copy(bytes), &arena), expected, "{charset}");
}

#[test]
fn bytes_become_text() {
    check("UTF-8", "né".as_bytes(), "né");
    check("UTF-8", b"a\xffb", "a\u{fffd}b");
    check("ISO-8859-1", b"n\xe9\x80", "né\u{80}");
    check("cp1252", b"n\xe9\x80", "né€");
    check("Windows-1251", b"\xcf\xf0", "Пр");
    check("Shift_JIS", b"\x83\x65\x83\x58", "テス");
    check("CP932", b"\x83\x65", "テ");
    check("US-ASCII", b"a\xe9", "a\u{fffd}");
    check("BINARY", b"abc", "abc");
    check("ISO-2022-JP", b"\x1b$B%F%9\x1b(B!", "テス!");
    check("GB18030", b"\xc4\xe3\x81\x30\x84\x36", "你¥");
    check("Big5", b"\xa7A", "你");
    check("EUC-KR", b"\xb0\xa1", "가");
}

#[test]
fn code_pages_are_told_apart() {
    for (charset, expected) in [
        ("IBM437", "Çü╣á"),
        ("CP850", "Çü╣á"),
        ("IBM852", "Çü╣á"),
        ("IBM855", "ђЂ╣а"),
        ("IBM866", "АБ╣а"),
        ("IBM862", "אב╣á"),
        ("IBM860", "Çü╣á"),
        ("IBM737", "ΑΒ╣ι"),
        ("macGreek", "Ä¹Ι†"),
        ("macCentEuro", "ÄĀĻ†"),
    ] {
        check(charset, b"\x80\x81\xb9\xa0", expected);
    }
    check("IBM850", b"\xd5", "ı");
    check("IBM437", b"\xd5", "╒");
    check("IBM037", b"\xc8\x85\x93\x93\x96\x25", "Hello\n");
    check("IBM864", b"%\x80", "\u{66a}°");
}

#[test]
fn utf16_and_utf32_are_read_in_either_order() {
    check("UTF-16LE", b"n\0\xe9\0", "né");
    check("UTF-16BE", b"\0n\0\xe9", "né");
    check("UTF-16BE", b"\xd8\x3d\xde\x00", "😀");
    check("UTF-16LE", b"\x3d\xd8n\0", "\u{fffd}n");
    check("UTF-16LE", b"n\0\xe9", "n\u{fffd}");
    check("UTF-16", b"\xff\xfen\0", "n");
    check("UTF-16", b"\xfe\xff\0n", "n");
    check("UTF-16", b"\0n", "n");
    check("UTF-32LE", b"\x00\xf6\x01\x00", "😀");
    check("UTF-32BE", b"\x00\x01\xf6\x00\xff\xff\xff\xff", "😀\u{fffd}");
    check("UTF-32", b"\xff\xfe\0\0n\0\0\0", "n");
    check("UCS-2BE", b"\0n", "n");
    check("UCS-4LE", b"n\0\0\0", "n");
}

#[test]
fn every_name_that_logstash_lists_is_read_or_refused_knowingly() {
    let listed = include_str!("listed.txt");
    let mut count = 0;
    for name in listed.split_whitespace() {
        count += 1;
        assert_ne!(Charset::named(name).is_some(), Charset::instead_of(name).is_some(), "{name}");
    }
    assert_eq!(count, 170);
    for name in Charset::names().chain(names::REFUSED.iter().map(|(name, _)| *name)) {
        assert!(listed.split_whitespace().any(|listed| listed == name), "{name} is no name of Logstash's");
    }
    assert!(Charset::named("nonsense").is_none() && Charset::instead_of("nonsense").is_none());
}

#[test]
fn the_page_lists_every_name() {
    let page = include_str!("../../../docs/charsets.md");
    let (read, refused) = page.split_once("## Refused").unwrap();
    for name in Charset::names() {
        assert!(read.contains(&format!("`{name}`")), "docs/charsets.md lacks {name}");
    }
    for (name, nearest) in names::REFUSED {
        assert!(Charset::named(nearest).is_some(), "{nearest}");
        assert!(refused.contains(&format!("`{name}`")), "docs/charsets.md does not say that {name} is refused");
    }
}

/// A table that could not be read, or read in part, would make its name unknown or its bytes blank.
#[test]
fn ascii_is_ascii_in_all_but_three() {
    let ascii: Vec<u8> = (0x20..0x7f).collect();
    let arena = Arena::new();
    let others = Charset::names().filter(|name| {
        let charset = Charset::named(name).unwrap();
        !matches!(charset, Charset::Wide(_)) && charset.text(&ascii, &arena).as_bytes() != ascii
    });
    assert_eq!(others.collect::<Vec<_>>(), ["IBM864", "CP864", "IBM037", "ebcdic-cp-us"]);
}
