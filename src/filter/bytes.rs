//! The `bytes` filter: sizes as people write them (`40.5KB`) become numbers of bytes.
//!
//! Units and settings: Logstash reference, "Bytes filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome, name};
use crate::event::{Event, FieldRef, Value, display};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("bytes/examples.txt"),
    build: |settings, _| build(settings),
};

const FAILURE: &str = "_bytesparsefailure";

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "bytes",
    summary: "Reads a size such as `123 MB` or `5.6gb` as a number of bytes.",
    settings: &[
        Setting::new("source", Kind::Field, Fallback::Text("message"), "The field that holds the size."),
        Setting::new("target", Kind::Field, Fallback::Required, "The field to put the number into."),
        Setting::new(
            "conversion_method",
            Kind::OneOf(&["binary", "metric"]),
            Fallback::Text("binary"),
            "Whether a kilobyte is 1024 bytes (`binary`) or 1000 (`metric`).",
        ),
        Setting::new(
            "digit_group_separator",
            Kind::String,
            Fallback::Text(","),
            "What parts groups of digits, where the text does not tell it from the decimal separator.",
        ),
        Setting::new(
            "decimal_separator",
            Kind::String,
            Fallback::Text("."),
            "What parts the fraction, where the text does not tell: in `1,234` only this setting does.",
        ),
    ],
    example: r#"filter { bytes { source => "my_bytes_string_field" target => "my_bytes_numeric_field" } }"#,
    differs: &["a text that is no size is tagged `_bytesparsefailure`; what is left of a byte is dropped."],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let reference = |setting| name::reference(settings.text(setting).unwrap_or_default(), settings.place(setting));
    Ok(Box::new(Bytes {
        source: reference("source")?,
        target: reference("target")?,
        thousand: if settings.text("conversion_method") == Some("metric") { 1000.0 } else { 1024.0 },
        group: settings.text("digit_group_separator").unwrap_or_default().into(),
        decimal: settings.text("decimal_separator").unwrap_or_default().into(),
    }))
}

#[derive(Clone, Debug)]
struct Bytes {
    source: FieldRef,
    target: FieldRef,
    thousand: f64,
    group: Box<str>,
    decimal: Box<str>,
}

impl Filter for Bytes {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let mut text = Vec::new();
        match event.get(&self.source) {
            None | Some(Value::Null) => return Outcome::Unmatched,
            Some(value) => display::append(value, &mut text),
        }
        let size = std::str::from_utf8(&text).ok().and_then(|text| self.size(text.trim()));
        let Some(size) = size else {
            event.tag(FAILURE, cx.arena);
            cx.because(event, &self.source, || "no size such as `12 kb`");
            return Outcome::Unmatched;
        };
        match event.set(&self.target, Value::Int(size), cx.arena) {
            Ok(_) => Outcome::Matched,
            Err(bad) => {
                event.tag(FAILURE, cx.arena);
                cx.because(event, &self.source, || bad.to_string());
                Outcome::Unmatched
            }
        }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

impl Bytes {
    fn size(&self, text: &str) -> Option<i64> {
        let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at(unit_at);
        let bytes = self.number(number.trim())? * self.factor(unit)?;
        (bytes.abs() < 9.0e18).then_some(bytes as i64)
    }

    /// How many bytes a unit is. A small `b` is a bit, but for `mb`, `gb`, `tb` and `pb`, which everybody means as bytes.
    fn factor(&self, unit: &str) -> Option<f64> {
        let (prefix, last) = match unit.len() {
            0 => return Some(1.0),
            1 => ("", unit),
            2 => (&unit[..1], &unit[1..]),
            _ => return None,
        };
        let power = match prefix {
            "" => 0,
            "k" | "K" => 1,
            "m" | "M" => 2,
            "g" | "G" => 3,
            "t" | "T" => 4,
            "p" | "P" => 5,
            _ => return None,
        };
        let bits = match last {
            "B" => 1.0,
            "b" if matches!(prefix, "m" | "g" | "t" | "p") => 1.0,
            "b" => 8.0,
            _ => return None,
        };
        Some(self.thousand.powi(power) / bits)
    }

    /// A number in which digits may be grouped.
    fn number(&self, text: &str) -> Option<f64> {
        let (whole, fraction) = match self.decimal_at(text) {
            Some((at, len)) => (&text[..at], &text[at + len..]),
            None => (text, ""),
        };
        let digits: String = whole.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect();
        let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        let separators: String = whole.chars().filter(|c| !c.is_ascii_digit() && *c != '-').collect();
        let is_grouped = separators.chars().all(|c| self.group.contains(c) || ",. '\u{a0}".contains(c));
        if !is_plain(fraction) || !is_grouped || (digits.is_empty() && fraction.is_empty()) {
            return None;
        }
        format!("{digits}.{fraction}0").parse().ok()
    }

    /// Where the decimal separator stands, and its length. Of two separators it is the last one; one that comes twice is
    /// none; one before three digits is what the settings say.
    fn decimal_at(&self, text: &str) -> Option<(usize, usize)> {
        let is_separator = |c: char| c == '.' || c == ',' || self.decimal.contains(c);
        let (at, last) = text.char_indices().rev().find(|(_, c)| is_separator(*c))?;
        let (before, behind) = (&text[..at], &text[at + last.len_utf8()..]);
        let is_decimal = if before.contains(is_separator) {
            !before.contains(last)
        } else {
            behind.len() != 3 || self.decimal.contains(last)
        };
        is_decimal.then_some((at, last.len_utf8()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use Outcome::{Matched, Unmatched};

    fn check(settings: &str, size: &str, expected: &str) {
        let comma = if settings.is_empty() { "" } else { "," };
        let settings = format!(r#"{{"source":"s","target":"b"{comma}{settings}}}"#);
        let (outcome, behind) = match expected {
            "" => (Unmatched, r#""tags":["_bytesparsefailure"]"#.to_string()),
            _ => (Matched, format!(r#""b":{expected}"#)),
        };
        let fields = format!(r#"{{"s":"{size}"}}"#);
        testing::check(&PLUGIN, &settings, &fields, outcome, &format!(r#"{{"s":"{size}",{behind}}}"#));
    }

    #[test]
    fn the_documented_sizes() {
        for (size, expected) in [
            ("40", "40"),
            ("40B", "40"),
            ("40 B", "40"),
            ("40KB", "40960"),
            ("40kB", "40960"),
            ("40.5KB", "41472"),
            ("40kb", "5120"),
            ("40Kb", "5120"),
            ("10 MB", "10485760"),
            ("10 mB", "10485760"),
            ("10 mb", "10485760"),
            ("10 Mb", "1310720"),
            ("1GB", "1073741824"),
            ("1 tb", "1099511627776"),
            ("1pB", "1125899906842624"),
        ] {
            check("", size, expected);
        }
        for (size, expected) in [("40", "40"), ("40B", "40"), ("40KB", "40000")] {
            check(r#""conversion_method":"metric""#, size, expected);
        }
    }

    #[test]
    fn digits_may_be_grouped() {
        check("", "1,234.5 B", "1234");
        check("", "1.234,5 B", "1234");
        check("", "1,234,567", "1234567");
        check("", "1,234", "1234");
        check("", "1.234", "1");
        check("", "1,5KB", "1536");
        check(r#""decimal_separator":",""#, "1,234KB", "1263");
        check(r#""decimal_separator":",""#, "1.234KB", "1263616");
        check(r#""digit_group_separator":"_""#, "1_234KB", "1263616");
        check("", "1_234KB", "");
    }

    #[test]
    fn what_is_no_size_is_tagged() {
        for size in ["", "KB", "10 XB", "10 KiB", "ten MB", "1e3", "."] {
            check("", size, "");
        }
        let settings = r#"{"target":"b"}"#;
        testing::check(&PLUGIN, settings, r#"{"message":2048}"#, Matched, r#"{"message":2048,"b":2048}"#);
        testing::check(&PLUGIN, settings, r#"{"a":1}"#, Unmatched, r#"{"a":1}"#);
    }
}
