//! Values as JSON text.

use super::scan;
use crate::event::object::Object;
use crate::event::value::Value;
use std::io::Write as _;

/// Appends `value`.
pub fn value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => integer(*number, out),
        Value::Float(number) => float(*number, out),
        Value::Number(text) => out.extend_from_slice(text.as_bytes()),
        Value::Text(text) if text.plain => {
            out.push(b'"');
            out.extend_from_slice(text.str.as_bytes());
            out.push(b'"');
        }
        Value::Text(text) => string(text.str, out),
        Value::Time(time) => {
            out.push(b'"');
            time.write_iso(out);
            out.push(b'"');
        }
        Value::Array(items) => array(items, out),
        Value::Object(fields) => object(fields, out),
        Value::Shared(shared) => out.extend_from_slice(shared.json.as_bytes()),
    }
}

/// A value as a text, for people who look on.
pub fn text(of: &Value<'_>) -> String {
    let mut out = Vec::new();
    value(of, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends `fields` as an object.
pub fn object(fields: &Object<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, plain, field)) in fields.entries().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if plain {
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.push(b'"');
        } else {
            string(name, out);
        }
        out.push(b':');
        value(field, out);
    }
    out.push(b'}');
}

fn array(items: &[Value<'_>], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        value(item, out);
    }
    out.push(b']');
}

/// Appends `text` as a JSON string.
pub fn string(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut from = 0;
    loop {
        let at = scan::special(bytes, from);
        out.extend_from_slice(&bytes[from..at]);
        let Some(&byte) = bytes.get(at) else { break };
        escape(byte, out);
        from = at + 1;
    }
    out.push(b'"');
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x0c => out.extend_from_slice(b"\\f"),
        other => {
            let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(other >> 4), hex(other & 15)]);
        }
    }
}

/// Appends a whole number in decimal.
pub fn integer(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    unsigned(number.unsigned_abs(), out);
}

/// Appends a whole number in decimal.
pub fn unsigned(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// What JSON has no number for becomes a string, as in Logstash.
fn float(number: f64, out: &mut Vec<u8>) {
    let done = match number {
        n if n.is_nan() => write!(out, "\"NaN\""),
        n if n.is_infinite() => write!(out, "\"{}Infinity\"", if n < 0.0 { "-" } else { "" }),
        n => write!(out, "{n:?}"),
    };
    done.expect("writing into a vector cannot fail");
}
