//! What is done to texts alone: numbers in them, sets of characters, the next text.

/// Ruby's `to_i`: the digits at the start, single underscores between them; too many for 64 bits are the largest.
pub fn to_i(text: &str, radix: u32) -> i64 {
    let text = text.trim_start();
    let (negative, rest) = signed(text);
    let prefix = match radix {
        16 => rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")),
        8 => rest.strip_prefix("0o"),
        2 => rest.strip_prefix("0b").or_else(|| rest.strip_prefix("0B")),
        _ => None,
    };
    let (mut number, mut was_digit) = (0i64, false);
    for char in prefix.unwrap_or(rest).chars() {
        match char.to_digit(radix) {
            Some(digit) => {
                number = number.saturating_mul(i64::from(radix)).saturating_add(i64::from(digit));
                was_digit = true;
            }
            None if char == '_' && was_digit => was_digit = false,
            None => break,
        }
    }
    if negative { -number } else { number }
}

fn signed(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// Ruby's `to_f`: the number at the start.
pub fn to_f(text: &str) -> f64 {
    float_len(text.trim_start()).1
}

/// How far a number goes, and the number.
fn float_len(text: &str) -> (usize, f64) {
    let bytes = text.as_bytes();
    let digits = |from: usize| -> usize {
        bytes.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count()
    };
    let sign = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let mut len = sign + digits(sign);
    if len == sign || bytes.get(sign) == Some(&b'_') {
        return (0, 0.0);
    }
    if bytes.get(len) == Some(&b'.') && bytes.get(len + 1).is_some_and(u8::is_ascii_digit) {
        len += 1 + digits(len + 1);
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(len + 1), Some(b'-' | b'+')));
        let exponent = digits(len + 1 + sign);
        len += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    (len, text[..len].replace('_', "").parse().unwrap_or(0.0))
}

/// `Integer("…")`: nothing but a number, with a prefix for its base if none is given.
pub fn whole_integer(text: &str, radix: Option<u32>) -> Option<i64> {
    let (negative, rest) = signed(text.trim());
    let lower = rest.to_ascii_lowercase();
    let (radix, digits) = match (radix, lower.as_bytes()) {
        (None | Some(16), [b'0', b'x', ..]) => (16, &lower[2..]),
        (None | Some(2), [b'0', b'b', ..]) => (2, &lower[2..]),
        (None | Some(8), [b'0', b'o', ..]) => (8, &lower[2..]),
        (None, [b'0', _, ..]) => (8, &lower[1..]),
        (radix, _) => (radix.unwrap_or(10), lower.as_str()),
    };
    if digits.starts_with(['_', '+', '-']) || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let number = i64::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    Some(if negative { -number } else { number })
}

/// `Float("…")`: nothing but a number.
pub fn whole_float(text: &str) -> Option<f64> {
    let text = text.trim();
    match float_len(text) {
        (len, number) if len == text.len() && len > 0 => Some(number),
        _ => whole_integer(text, None).map(|number| number as f64),
    }
}

/// The characters that `a-z`, `^0-9` mean, in order; whether all others are meant.
fn set(text: &str) -> (Vec<char>, bool) {
    let (negated, rest) = match text.strip_prefix('^') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, text),
    };
    let chars: Vec<char> = rest.chars().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1), chars.get(at + 2)) {
            ('\\', Some(next), _) => {
                out.push(*next);
                at += 2;
            }
            (from, Some('-'), Some(to)) if from <= *to => {
                out.extend((from..=*to).take(0x11_0000));
                at += 3;
            }
            (char, _, _) => {
                out.push(char);
                at += 1;
            }
        }
    }
    (out, negated)
}

/// `tr`: characters of one set become those of the other; with nothing there, they go.
pub fn translated(text: &str, from: &str, to: &str) -> String {
    let ((from, negated), (to, _)) = (set(from), set(to));
    let map = |char: char| {
        let place = from.iter().position(|there| *there == char);
        let place = if negated { place.is_none().then_some(usize::MAX) } else { place };
        match place {
            None => Some(char),
            Some(place) => to.get(place).or(to.last()).copied(),
        }
    };
    text.chars().filter_map(map).collect()
}

/// `squeeze`: runs of one character become one.
pub fn squeezed(text: &str, of: &str) -> String {
    let (chars, negated) = set(of);
    let mut out = String::with_capacity(text.len());
    let mut last = None;
    for char in text.chars() {
        let meant = of.is_empty() || chars.contains(&char) != negated;
        if !(meant && last == Some(char)) {
            out.push(char);
        }
        last = Some(char);
    }
    out
}

/// `succ`: the last letter or digit goes up by one, carrying to the left.
pub fn successor(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for at in (0..chars.len()).rev() {
        let (next, carry) = match chars[at] {
            'z' => ('a', true),
            'Z' => ('A', true),
            '9' => ('0', true),
            char if char.is_ascii_alphanumeric() => ((char as u8 + 1) as char, false),
            _ => break,
        };
        chars[at] = next;
        if !carry {
            return chars.into_iter().collect();
        }
        if at == 0 || !chars[at - 1].is_ascii_alphanumeric() {
            chars.insert(at, if next == '0' { '1' } else { next });
            break;
        }
    }
    chars.into_iter().collect()
}
