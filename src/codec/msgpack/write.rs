//! Values as MessagePack, each in its shortest form. Times are strings, as in JSON.

use crate::event::{Object, Value};

pub fn object(fields: &Object<'_>, out: &mut Vec<u8>) {
    head(fields.len(), 0x80, 15, &[(0xde, 2), (0xdf, 4)], out);
    for (name, field) in fields.iter() {
        text(name, out);
        value(field, out);
    }
}

fn value(value_of: &Value<'_>, out: &mut Vec<u8>) {
    match value_of {
        Value::Null => out.push(0xc0),
        Value::Bool(truth) => out.push(0xc2 + u8::from(*truth)),
        Value::Int(number) => integer(*number, out),
        Value::Float(number) => float(*number, out),
        Value::Number(digits) => match (digits.parse::<i64>(), digits.parse::<u64>()) {
            (Ok(number), _) => integer(number, out),
            (_, Ok(number)) => {
                out.push(0xcf);
                out.extend_from_slice(&number.to_be_bytes());
            }
            // What is too long for an integer is the nearest double, as for every reader of JSON.
            _ => float(digits.parse().unwrap_or(f64::NAN), out),
        },
        Value::Text(shown) => text(shown.str, out),
        Value::Time(time) => text(&time.to_string(), out),
        Value::Array(items) => {
            head(items.len(), 0x90, 15, &[(0xdc, 2), (0xdd, 4)], out);
            items.iter().for_each(|item| value(item, out));
        }
        Value::Object(fields) => object(fields, out),
        Value::Shared(shared) => object(&shared.object, out),
    }
}

fn float(number: f64, out: &mut Vec<u8>) {
    out.push(0xcb);
    out.extend_from_slice(&number.to_bits().to_be_bytes());
}

fn text(text: &str, out: &mut Vec<u8>) {
    head(text.len(), 0xa0, 31, &[(0xd9, 1), (0xda, 2), (0xdb, 4)], out);
    out.extend_from_slice(text.as_bytes());
}

/// A length: in the first byte itself up to `fixed_max`, else in the narrowest of the forms (first byte, width).
fn head(len: usize, fixed: u8, fixed_max: usize, forms: &[(u8, usize)], out: &mut Vec<u8>) {
    if len <= fixed_max {
        return out.push(fixed | len as u8);
    }
    let fits = |width: &usize| len >> (8 * width) == 0;
    let Some((first, width)) = forms.iter().find(|(_, width)| fits(width)).or(forms.last()) else { return };
    out.push(*first);
    out.extend_from_slice(&(len as u64).to_be_bytes()[8 - width..]);
}

fn integer(number: i64, out: &mut Vec<u8>) {
    if (-32..128).contains(&number) {
        return out.push(number as u8);
    }
    let forms: [(u8, usize); 4] = if number < 0 {
        [(0xd0, 1), (0xd1, 2), (0xd2, 4), (0xd3, 8)]
    } else {
        [(0xcc, 1), (0xcd, 2), (0xce, 4), (0xcf, 8)]
    };
    let fits = |width: usize| {
        let unused = 64 - 8 * width as u32;
        if number < 0 {
            (number << unused) >> unused == number
        } else {
            unused == 0 || number as u64 >> (64 - unused) == 0
        }
    };
    if let Some((first, width)) = forms.into_iter().find(|(_, width)| fits(*width)) {
        out.push(first);
        out.extend_from_slice(&number.to_be_bytes()[8 - width..]);
    }
}
