//! Questions and answers of the domain name system as bytes (RFC 1035, 3596): one question a message, and of an
//! answer only the first record of the type that was asked for.

use crate::filter::dns::Wanted;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const HEADER_BYTES: usize = 12;
const CLASS_INTERNET: u16 = 1;
const RECURSION_DESIRED: u16 = 1 << 8;
const IS_ANSWER: u16 = 1 << 15;
const IS_TRUNCATED: u16 = 1 << 9;
const CODE: u16 = 0xf;
const NO_SUCH_NAME: u16 = 3;
const LABEL_BYTES_MAX: usize = 63;
const NAME_BYTES_MAX: usize = 255;

/// The types of records that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    A = 1,
    Ptr = 12,
    Aaaa = 28,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Found(String),
    /// There is no such name, or none with such a record.
    Missing,
    /// The rest of it has to be asked for over TCP.
    Truncated,
    /// The server failed or refused.
    Failed,
    /// It does not answer the question.
    Foreign,
}

/// The question as bytes; `None` if the name cannot be one.
pub fn question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(HEADER_BYTES + name.len() + 6);
    for word in [id, RECURSION_DESIRED, 1, 0, 0, 0] {
        out.extend(word.to_be_bytes());
    }
    for label in name.split('.') {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX {
            return None;
        }
        out.push(label.len() as u8);
        out.extend(label.bytes());
    }
    out.push(0);
    if out.len() > HEADER_BYTES + NAME_BYTES_MAX {
        return None;
    }
    out.extend((kind as u16).to_be_bytes());
    out.extend(CLASS_INTERNET.to_be_bytes());
    Some(out)
}

/// The name below which an address has its name.
pub fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let digits = format!("{:032x}", u128::from(v6));
            digits.chars().rev().flat_map(|digit| [digit, '.']).chain("ip6.arpa".chars()).collect()
        }
    }
}

/// The type of record in which the answer stands, to be tried in this order.
pub fn kinds(wanted: Wanted<'_>) -> &'static [Kind] {
    match wanted {
        Wanted::Address(_) => &[Kind::A, Kind::Aaaa],
        Wanted::Name(_) => &[Kind::Ptr],
    }
}

/// Reads an answer to `question`, which is of `kind`.
pub fn reply(bytes: &[u8], question: &[u8], kind: Kind) -> Reply {
    let Some((id, flags, answers)) = header(bytes) else { return Reply::Foreign };
    let asked = question.get(HEADER_BYTES..).unwrap_or_default();
    let repeated = bytes.get(HEADER_BYTES..HEADER_BYTES + asked.len()).unwrap_or_default();
    if flags & IS_ANSWER == 0 || question.get(..2) != Some(&id) || !repeated.eq_ignore_ascii_case(asked) {
        return Reply::Foreign;
    }
    match flags & CODE {
        0 if flags & IS_TRUNCATED != 0 => Reply::Truncated,
        0 => match first(bytes, HEADER_BYTES + asked.len(), answers, kind) {
            Some(Some(found)) => Reply::Found(found),
            Some(None) => Reply::Missing,
            None => Reply::Failed,
        },
        NO_SUCH_NAME => Reply::Missing,
        _ => Reply::Failed,
    }
}

/// Id, flags and the number of records that answer, of a message with one question.
fn header(bytes: &[u8]) -> Option<([u8; 2], u16, u16)> {
    let id = bytes.get(..2)?.try_into().ok()?;
    (word(bytes, 4)? == 1).then_some((id, word(bytes, 2)?, word(bytes, 6)?))
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// The first record of the kind: `None` if the message is broken, `Some(None)` if there is none.
fn first(bytes: &[u8], mut at: usize, answers: u16, kind: Kind) -> Option<Option<String>> {
    for _ in 0..answers {
        at = skip_name(bytes, at)?;
        let (record, class, len) = (word(bytes, at)?, word(bytes, at + 2)?, word(bytes, at + 8)?);
        let start = at + 10;
        at = start + usize::from(len);
        let data = bytes.get(start..at)?;
        if record == kind as u16 && class == CLASS_INTERNET {
            return value(bytes, start, data, kind).map(Some);
        }
    }
    Some(None)
}

fn value(bytes: &[u8], start: usize, data: &[u8], kind: Kind) -> Option<String> {
    match kind {
        Kind::A => Some(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).to_string()),
        Kind::Aaaa => Some(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).to_string()),
        Kind::Ptr => name(bytes, start),
    }
}

/// A step of a name.
enum Label<'a> {
    Text(&'a [u8]),
    /// It goes on there.
    Elsewhere(usize),
    End,
}

fn label(bytes: &[u8], at: usize) -> Option<Label<'_>> {
    let first = usize::from(*bytes.get(at)?);
    match first >> 6 {
        0 if first == 0 => Some(Label::End),
        0 => Some(Label::Text(bytes.get(at + 1..at + 1 + first)?)),
        3 => Some(Label::Elsewhere(usize::from(word(bytes, at)?) & 0x3fff)),
        _ => None,
    }
}

/// Where the name that stands here ends.
fn skip_name(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match label(bytes, at)? {
            Label::End => return Some(at + 1),
            Label::Elsewhere(_) => return Some(at + 2),
            Label::Text(text) => at += 1 + text.len(),
        }
    }
}

/// The name that stands here. Bytes that are not of a name are written as `\ddd`, as in zone files.
fn name(bytes: &[u8], mut at: usize) -> Option<String> {
    let mut out = String::new();
    // It goes on further to the front only, so it ends.
    let mut before = at;
    loop {
        match label(bytes, at)? {
            Label::End => return (!out.is_empty()).then_some(out),
            Label::Elsewhere(to) if to < before => (at, before) = (to, to),
            Label::Elsewhere(_) => return None,
            Label::Text(text) => {
                if !out.is_empty() {
                    out.push('.');
                }
                text.iter().for_each(|byte| push(*byte, &mut out));
                if out.len() > NAME_BYTES_MAX * 4 {
                    return None;
                }
                at += 1 + text.len();
            }
        }
    }
}

fn push(byte: u8, out: &mut String) {
    match byte {
        b'.' | b'\\' => out.extend(['\\', char::from(byte)]),
        _ if byte.is_ascii_graphic() => out.push(char::from(byte)),
        _ => out.push_str(&format!("\\{byte:03}")),
    }
}
