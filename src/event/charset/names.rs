//! The names that Logstash's setting `charset` takes (they are Ruby's), and what each means here.
//!
//! Source: Logstash reference, "Plain codec plugin", `charset`.

use super::wide::{Order, Wide};

/// What reads an encoding.
#[derive(Clone, Copy, Debug)]
pub enum Means {
    Utf8,
    Ascii,
    Latin1,
    /// A table of `single_byte.tsv`.
    Single(&'static str),
    Wide(Wide),
    /// A label of the WHATWG's encoding standard.
    Whatwg(&'static str),
}

const fn wide(unit: usize, order: Option<Order>) -> Means {
    Means::Wide(Wide { unit, order })
}

/// The encodings and their names.
const NAMES: &[(Means, &[&str])] = &[
    (Means::Utf8, &["UTF-8", "UTF8-MAC", "UTF-8-MAC", "UTF-8-HFS", "CP65001", "external", "locale"]),
    (Means::Ascii, &["US-ASCII", "ASCII", "ANSI_X3.4-1968", "646", "ASCII-8BIT", "BINARY"]),
    (Means::Latin1, &["ISO-8859-1", "ISO8859-1"]),
    (wide(2, None), &["UTF-16"]),
    (wide(2, Some(Order::Big)), &["UTF-16BE", "UCS-2BE"]),
    (wide(2, Some(Order::Little)), &["UTF-16LE"]),
    (wide(4, None), &["UTF-32"]),
    (wide(4, Some(Order::Big)), &["UTF-32BE", "UCS-4BE"]),
    (wide(4, Some(Order::Little)), &["UTF-32LE", "UCS-4LE"]),
    (Means::Whatwg("big5"), &["Big5", "CP950", "Big5-HKSCS", "Big5-HKSCS:2008"]),
    (Means::Whatwg("euc-jp"), &["EUC-JP", "eucJP", "eucJP-ms", "euc-jp-ms", "CP51932"]),
    (Means::Whatwg("euc-kr"), &["EUC-KR", "eucKR", "CP949"]),
    (Means::Whatwg("gb18030"), &["GB18030"]),
    (Means::Whatwg("gbk"), &["GBK", "CP936", "GB2312", "EUC-CN", "eucCN"]),
    (Means::Whatwg("iso-2022-jp"), &["ISO-2022-JP", "ISO2022-JP", "CP50220", "CP50221"]),
    (Means::Whatwg("iso-8859-2"), &["ISO-8859-2", "ISO8859-2"]),
    (Means::Whatwg("iso-8859-3"), &["ISO-8859-3", "ISO8859-3"]),
    (Means::Whatwg("iso-8859-4"), &["ISO-8859-4", "ISO8859-4"]),
    (Means::Whatwg("iso-8859-5"), &["ISO-8859-5", "ISO8859-5"]),
    (Means::Whatwg("iso-8859-6"), &["ISO-8859-6", "ISO8859-6"]),
    (Means::Whatwg("iso-8859-7"), &["ISO-8859-7", "ISO8859-7"]),
    (Means::Whatwg("iso-8859-8"), &["ISO-8859-8", "ISO8859-8"]),
    (Means::Single("ISO-8859-9"), &["ISO-8859-9", "ISO8859-9"]),
    (Means::Whatwg("iso-8859-10"), &["ISO-8859-10", "ISO8859-10"]),
    (Means::Single("ISO-8859-11"), &["ISO-8859-11", "ISO8859-11"]),
    (Means::Whatwg("iso-8859-13"), &["ISO-8859-13", "ISO8859-13"]),
    (Means::Whatwg("iso-8859-14"), &["ISO-8859-14", "ISO8859-14"]),
    (Means::Whatwg("iso-8859-15"), &["ISO-8859-15", "ISO8859-15"]),
    (Means::Whatwg("iso-8859-16"), &["ISO-8859-16", "ISO8859-16"]),
    (Means::Whatwg("koi8-r"), &["KOI8-R", "CP878"]),
    (Means::Whatwg("koi8-u"), &["KOI8-U"]),
    (Means::Whatwg("shift_jis"), &["Shift_JIS", "Windows-31J", "CP932", "csWindows31J", "SJIS", "PCK"]),
    (Means::Whatwg("windows-874"), &["Windows-874", "CP874"]),
    (Means::Single("TIS-620"), &["TIS-620"]),
    (Means::Whatwg("windows-1250"), &["Windows-1250", "CP1250"]),
    (Means::Whatwg("windows-1251"), &["Windows-1251", "CP1251"]),
    (Means::Whatwg("windows-1252"), &["Windows-1252", "CP1252"]),
    (Means::Whatwg("windows-1253"), &["Windows-1253", "CP1253"]),
    (Means::Whatwg("windows-1254"), &["Windows-1254", "CP1254"]),
    (Means::Whatwg("windows-1255"), &["Windows-1255", "CP1255"]),
    (Means::Whatwg("windows-1256"), &["Windows-1256", "CP1256"]),
    (Means::Whatwg("windows-1257"), &["Windows-1257", "CP1257"]),
    (Means::Whatwg("windows-1258"), &["Windows-1258", "CP1258"]),
    (Means::Single("IBM437"), &["IBM437", "CP437"]),
    (Means::Single("IBM737"), &["IBM737", "CP737"]),
    (Means::Single("IBM775"), &["IBM775", "CP775"]),
    (Means::Single("IBM850"), &["IBM850", "CP850"]),
    (Means::Single("IBM852"), &["IBM852", "CP852"]),
    (Means::Single("IBM855"), &["IBM855", "CP855"]),
    (Means::Single("IBM857"), &["IBM857", "CP857"]),
    (Means::Single("IBM860"), &["IBM860", "CP860"]),
    (Means::Single("IBM861"), &["IBM861", "CP861"]),
    (Means::Single("IBM862"), &["IBM862", "CP862"]),
    (Means::Single("IBM863"), &["IBM863", "CP863"]),
    (Means::Single("IBM864"), &["IBM864", "CP864"]),
    (Means::Single("IBM865"), &["IBM865", "CP865"]),
    (Means::Whatwg("ibm866"), &["IBM866", "CP866"]),
    (Means::Single("IBM869"), &["IBM869", "CP869"]),
    (Means::Single("IBM037"), &["IBM037", "ebcdic-cp-us"]),
    (Means::Single("macCentEuro"), &["macCentEuro"]),
    (Means::Single("macCroatian"), &["macCroatian"]),
    (Means::Whatwg("x-mac-cyrillic"), &["macCyrillic", "macUkraine"]),
    (Means::Single("macGreek"), &["macGreek"]),
    (Means::Single("macIceland"), &["macIceland"]),
    (Means::Whatwg("macintosh"), &["macRoman"]),
    (Means::Single("macRomania"), &["macRomania"]),
    (Means::Single("macTurkish"), &["macTurkish"]),
];

/// Names of Logstash's list that mean nothing here (encodings that no kept data describes, and mobile carriers' private
/// ones), and which of those that are read is nearest.
pub const REFUSED: &[(&str, &str)] = &[
    ("Big5-UAO", "Big5"),
    ("CP951", "Big5-HKSCS"),
    ("Emacs-Mule", "UTF-8"),
    ("EUC-TW", "Big5"),
    ("eucTW", "Big5"),
    ("EUC-JIS-2004", "EUC-JP"),
    ("EUC-JISX0213", "EUC-JP"),
    ("GB12345", "GB18030"),
    ("GB1988", "US-ASCII"),
    ("ISO-2022-JP-2", "ISO-2022-JP"),
    ("ISO2022-JP2", "ISO-2022-JP"),
    ("ISO-2022-JP-KDDI", "ISO-2022-JP"),
    ("stateless-ISO-2022-JP", "ISO-2022-JP"),
    ("stateless-ISO-2022-JP-KDDI", "ISO-2022-JP"),
    ("MacJapanese", "Shift_JIS"),
    ("MacJapan", "Shift_JIS"),
    ("macThai", "TIS-620"),
    ("SJIS-DoCoMo", "Shift_JIS"),
    ("SJIS-KDDI", "Shift_JIS"),
    ("SJIS-SoftBank", "Shift_JIS"),
    ("UTF8-DoCoMo", "UTF-8"),
    ("UTF8-KDDI", "UTF-8"),
    ("UTF8-SoftBank", "UTF-8"),
    ("UTF-7", "UTF-8"),
    ("CP65000", "UTF-8"),
];

pub fn known() -> impl Iterator<Item = &'static str> {
    NAMES.iter().flat_map(|(_, names)| names.iter().copied())
}

/// What a name means, upper or lower case.
pub fn meaning(name: &str) -> Option<Means> {
    let has = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    NAMES.iter().find(|(_, names)| has(names)).map(|(means, _)| *means)
}
