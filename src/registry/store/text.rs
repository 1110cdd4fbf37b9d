//! The text of the registry file (the head of `store` describes it): written and read back, without a file.

use super::super::ledger::Kept;
use crate::position::Position;
use crate::position::SourceKey;
use std::fmt::Write;
use xxhash_rust::xxh3::xxh3_64;

/// The version that is written, and the latest that is read.
pub const VERSION: u64 = 2;
/// What stands for no position, and for no pauses.
const NOTHING: &str = "-";

const HEAD: &str = "timberline registry ";
const END: &str = "end ";
/// `end `, 16 digits, a line feed.
const END_BYTES: usize = 21;

/// Why a file cannot be read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Whole, and written by a later version.
    Newer(u64),
    /// Not what was written.
    Broken(&'static str),
}

pub fn encode(kept: &[Kept]) -> Vec<u8> {
    let mut text = format!("{HEAD}{VERSION}\n");
    for Kept { key, position, pauses, seen_ns } in kept {
        let (position, pauses, key) = (places(position.iter()), places(pauses.iter()), escaped(key.as_str()));
        writeln!(text, "{position} {pauses} {seen_ns} {key}").expect("a string takes what is written");
    }
    let checksum = xxh3_64(text.as_bytes());
    writeln!(text, "{END}{checksum:016x}").expect("a string takes what is written");
    text.into_bytes()
}

pub fn decode(bytes: &[u8]) -> Result<Vec<Kept>, Damage> {
    let body = checked(bytes)?;
    let text = std::str::from_utf8(body).map_err(|_| Damage::Broken("it is not UTF-8"))?;
    let mut lines = text.lines();
    let version = lines.next().and_then(|line| line.strip_prefix(HEAD)).and_then(|version| version.parse().ok());
    let of_line = match version {
        Some(1) => decode_line_1,
        Some(VERSION) => decode_line,
        Some(version) if version > VERSION => return Err(Damage::Newer(version)),
        _ => return Err(Damage::Broken("its first line is not a registry's")),
    };
    lines.map(|line| of_line(line).ok_or(Damage::Broken("a line is not a source's"))).collect()
}

/// What stands before the last line, if that has its checksum.
fn checked(bytes: &[u8]) -> Result<&[u8], Damage> {
    if bytes.is_empty() {
        return Err(Damage::Broken("it is empty"));
    }
    let (body, end) = bytes.split_at(bytes.len().saturating_sub(END_BYTES));
    let digits = end.strip_prefix(END.as_bytes()).and_then(|end| end.strip_suffix(b"\n"));
    let Some(digits) = digits.filter(|_| body.ends_with(b"\n")) else { return Err(Damage::Broken("it has no end")) };
    match format!("{:016x}", xxh3_64(body)).as_bytes() == digits {
        true => Ok(body),
        false => Err(Damage::Broken("its checksum is wrong")),
    }
}

fn decode_line(line: &str) -> Option<Kept> {
    let mut parts = line.splitn(4, ' ');
    let (position, pauses) = (placed(parts.next()?)?, placed(parts.next()?)?);
    let position = match position[..] {
        [] => None,
        [position] => Some(position),
        _ => return None,
    };
    let seen_ns = parts.next()?.parse().ok()?;
    Some(Kept { key: SourceKey::new(&unescaped(parts.next()?)?), position, pauses, seen_ns })
}

/// A line of version 1, which knew no pauses: `<at> <ordinal> <seen> <key>`.
fn decode_line_1(line: &str) -> Option<Kept> {
    let mut parts = line.splitn(4, ' ');
    let position = Position { at: parts.next()?.parse().ok()?, ordinal: parts.next()?.parse().ok()? };
    let seen_ns = parts.next()?.parse().ok()?;
    let key = SourceKey::new(&unescaped(parts.next()?)?);
    Some(Kept { key, position: Some(position), pauses: Vec::new(), seen_ns })
}

fn places<'p>(places: impl Iterator<Item = &'p Position>) -> String {
    let texts: Vec<String> = places.map(|Position { at, ordinal }| format!("{at}.{ordinal}")).collect();
    if texts.is_empty() { NOTHING.into() } else { texts.join(",") }
}

fn placed(text: &str) -> Option<Vec<Position>> {
    if text == NOTHING {
        return Some(Vec::new());
    }
    let place = |text: &str| {
        let (at, ordinal) = text.split_once('.')?;
        Some(Position { at: at.parse().ok()?, ordinal: ordinal.parse().ok()? })
    };
    text.split(',').map(place).collect()
}

fn escaped(key: &str) -> String {
    key.replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r")
}

fn unescaped(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        key.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            c => c,
        });
    }
    Some(key)
}
