//! Values as the text that is hashed: strings as they are, the rest as Ruby prints it. The entries of hashes are sorted
//! by their names at every level, so that their order does not matter.

use crate::event::{Object, Timestamp, Value, display};

/// Appends the text of a value.
pub fn append(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => out.extend_from_slice(text.str.as_bytes()),
        Value::Null => {}
        other => inspect(other, out),
    }
}

/// Appends a value as it stands inside another one.
fn inspect(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"nil"),
        Value::Text(text) => quoted(text.str, out),
        Value::Float(number) => display::ruby_double(*number, out),
        Value::Number(text) if text.contains(['.', 'e', 'E']) => match text.parse() {
            Ok(number) => display::ruby_double(number, out),
            Err(_) => out.extend_from_slice(text.as_bytes()),
        },
        // Milliseconds, however finely the time is known.
        Value::Time(time) => Timestamp { nanos: time.nanos / 1_000_000 * 1_000_000, ..*time }.write_iso(out),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                out.extend_from_slice(if at > 0 { b", " } else { b"" });
                inspect(item, out);
            }
            out.push(b']');
        }
        other => match other.as_object() {
            Some(object) => inspect_object(object, out),
            None => display::append(other, out),
        },
    }
}

fn inspect_object(object: &Object<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in sorted(object).into_iter().enumerate() {
        out.extend_from_slice(if at > 0 { b", " } else { b"" });
        quoted(name, out);
        out.extend_from_slice(b"=>");
        inspect(value, out);
    }
    out.push(b'}');
}

/// The entries by their names.
pub fn sorted<'o, 'b>(object: &'o Object<'b>) -> Vec<(&'b str, &'o Value<'b>)> {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_by_key(|(name, _)| *name);
    entries
}

/// Ruby's `inspect` of a string.
fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let short = match char {
            '"' | '\\' => Some(char),
            '#' if chars.peek().is_some_and(|next| "{$@".contains(*next)) => Some('#'),
            '\n' => Some('n'),
            '\t' => Some('t'),
            '\r' => Some('r'),
            '\u{b}' => Some('v'),
            '\u{c}' => Some('f'),
            '\u{8}' => Some('b'),
            '\u{7}' => Some('a'),
            '\u{1b}' => Some('e'),
            _ => None,
        };
        match short {
            Some(short) => out.extend_from_slice(&[b'\\', short as u8]),
            None if char.is_control() && char.is_ascii() => {
                out.extend_from_slice(format!("\\x{:02X}", char as u32).as_bytes())
            }
            None if char.is_control() => out.extend_from_slice(format!("\\u{:04X}", char as u32).as_bytes()),
            None => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Arena, json};

    #[test]
    fn values_print_as_in_ruby() {
        for (value, expected) in [
            (r#""a\"b""#, "a\"b"),
            ("null", ""),
            ("1.50", "1.5"),
            ("1e20", "1.0e+20"),
            ("true", "true"),
            (r##"["a\"#{x}\n",1,null,{"b":1,"a":[false]}]"##, r##"["a\"\#{x}\n", 1, nil, {"a"=>[false], "b"=>1}]"##),
        ] {
            let arena = Arena::new();
            let mut out = Vec::new();
            append(&json::read::value(value, &arena).unwrap(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{value}");
        }
    }
}
