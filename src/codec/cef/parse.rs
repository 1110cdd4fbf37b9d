//! Takes a CEF message apart: `[syslog header ]CEF:version|vendor|product|version|class|name|severity|extensions`.
//!
//! Source: Implementing ArcSight Common Event Format, version 25: `\|` and `\\` stand for themselves in the header, `\=`,
//! `\\`, `\n` and `\r` in values. An equals sign that nothing escapes belongs to the value unless a key stands before it.

use std::borrow::Cow;

/// A message in parts.
#[derive(Debug, PartialEq)]
pub struct Message<'t> {
    /// What stands in front of `CEF:`.
    pub syslog: &'t str,
    /// The seven fields of the header, from the version on.
    pub header: [Cow<'t, str>; 7],
    pub extensions: Vec<(&'t str, Cow<'t, str>)>,
}

/// `None`: the text is no such message.
pub fn message(text: &str) -> Option<Message<'_>> {
    let text = text.trim_end_matches(['\r', '\n']);
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let mut rest = text;
    let mut header = [const { Cow::Borrowed("") }; 7];
    let mut syslog = "";
    for (at, field) in header.iter_mut().enumerate() {
        let (mut raw, next) = match unescaped(rest, b'|') {
            Some(bar) => (&rest[..bar], &rest[bar + 1..]),
            // Without extensions the last bar may be missing.
            None if at == 6 => (rest, ""),
            None => return None,
        };
        if at == 0 {
            let start = raw.rfind("CEF:")?;
            (syslog, raw) = (raw[..start].trim_end(), &raw[start + 4..]);
        }
        *field = unescape(raw, |escaped| matches!(escaped, '|' | '\\').then_some(escaped));
        rest = next;
    }
    Some(Message { syslog, header, extensions: extensions(rest)? })
}

/// Where the byte first stands without a backslash before it.
fn unescaped(text: &str, byte: u8) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|there| {
        let found = there == byte && !escaped;
        escaped = there == b'\\' && !escaped;
        found
    })
}

/// The pairs of the extensions; `None` if they begin with anything else.
fn extensions(text: &str) -> Option<Vec<(&str, Cow<'_, str>)>> {
    let mut pairs = Vec::new();
    let mut from = 0;
    // The key whose value is being read, and where the value begins.
    let mut open: Option<(&str, usize)> = None;
    while let Some(at) = unescaped(&text[from..], b'=').map(|at| from + at) {
        from = at + 1;
        let Some(key) = key_before(&text[..at], open.map_or(0, |(_, value)| value)) else { continue };
        match open {
            Some((name, value)) => pairs.push((name, self::value(&text[value..at - key.len()]))),
            None if text[..at - key.len()].trim().is_empty() => {}
            None => return None,
        }
        open = Some((key, from));
    }
    match open {
        Some((name, value)) => pairs.push((name, self::value(&text[value..]))),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(pairs)
}

/// The key at the end of a text: letters, digits and `_.-[]`, behind a blank or at `least`.
fn key_before(text: &str, least: usize) -> Option<&str> {
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-[]".contains(byte);
    let len = text.as_bytes()[least..].iter().rev().take_while(|byte| is_key(byte)).count();
    let start = text.len() - len;
    let begins = start == 0 || text.as_bytes()[start - 1].is_ascii_whitespace();
    (len > 0 && begins).then(|| &text[start..])
}

fn value(raw: &str) -> Cow<'_, str> {
    unescape(raw.trim_end(), |escaped| match escaped {
        '=' | '\\' => Some(escaped),
        'n' => Some('\n'),
        'r' => Some('\r'),
        _ => None,
    })
}

/// `meaning`: what an escaped character stands for; other backslashes stay.
fn unescape(raw: &str, meaning: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(char) = chars.next() {
        let meant = if char == '\\' { chars.peek().copied().and_then(&meaning) } else { None };
        text.push(meant.unwrap_or(char));
        if meant.is_some() {
            chars.next();
        }
    }
    Cow::Owned(text)
}
