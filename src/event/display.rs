//! Values as text, the way Logstash prints them into strings: numbers as Java does, arrays joined with commas,
//! hashes as JSON.

use super::json::write;
use super::value::Value;
use std::io::Write as _;

/// Appends the text that `%{field}` becomes.
pub fn append(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::Text(text) => out.extend_from_slice(text.str.as_bytes()),
        Value::Float(number) => java_double(*number, out),
        Value::Number(text) => number(text, out),
        Value::Time(time) => time.write_iso(out),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                append(item, out);
            }
        }
        other => write::value(other, out),
    }
}

/// A number of a JSON text: whole numbers as written, others as the double that they are.
fn number(text: &str, out: &mut Vec<u8>) {
    match text.parse() {
        Ok(double) if text.contains(['.', 'e', 'E']) => java_double(double, out),
        _ => out.extend_from_slice(text.as_bytes()),
    }
}

/// `Double.toString` of Java: `1.0`, `0.25`, `1.0E10`, `1.0E-5`.
pub fn java_double(number: f64, out: &mut Vec<u8>) {
    let size = number.abs();
    let done = if number == 0.0 || (1e-3..1e7).contains(&size) {
        write!(out, "{number:?}")
    } else if number.is_finite() {
        let text = format!("{number:E}");
        let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let point = if digits.contains('.') { "" } else { ".0" };
        write!(out, "{digits}{point}E{exponent}")
    } else if number.is_nan() {
        write!(out, "NaN")
    } else {
        write!(out, "{}Infinity", if number < 0.0 { "-" } else { "" })
    };
    done.expect("writing into a vector cannot fail");
}

/// `Float#to_s` of Ruby: `1.0`, `0.25`, `1.0e+20`, `1.0e-05`.
pub fn ruby_double(number: f64, out: &mut Vec<u8>) {
    let size = number.abs();
    if !number.is_finite() {
        return java_double(number, out);
    }
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        return write!(out, "{number:?}").expect("writing into a vector cannot fail");
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    write!(out, "{digits}{point}e{sign}{exponent:0>2}").expect("writing into a vector cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_in_java() {
        for (number, expected) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (0.25, "0.25"),
            (-1234.5, "-1234.5"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (1.5e10, "1.5E10"),
            (1e-5, "1.0E-5"),
            (0.001, "0.001"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut out = Vec::new();
            java_double(number, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn doubles_print_as_in_ruby() {
        for (number, expected) in [
            (0.0, "0.0"),
            (-1234.5, "-1234.5"),
            (1e7, "10000000.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1.0e+16"),
            (1.5e120, "1.5e+120"),
            (0.0001, "0.0001"),
            (0.00001, "1.0e-05"),
            (f64::INFINITY, "Infinity"),
        ] {
            let mut out = Vec::new();
            ruby_double(number, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
