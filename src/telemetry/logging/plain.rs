//! A log line for people: time, level, room, message, fields.

use super::Record;
use super::Shown;
use super::instance;
use super::is_control;
use std::fmt;
use std::fmt::Write;
use tracing::Level;

const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

pub(super) fn write(record: &Record, colour: bool, signed: bool, out: &mut impl Write) -> fmt::Result {
    let paint = |code: &'static str| if colour { code } else { "" };
    let (dim, reset) = (paint(DIM), paint(RESET));
    write!(
        out,
        "{dim}{}{reset} {}{:>5}{reset} ",
        record.time,
        paint(level_colour(record.level)),
        record.level.as_str()
    )?;
    write!(out, "{dim}{}:{reset} ", room(record.target))?;
    escaped(&record.message, out)?;
    for (name, shown) in &record.fields {
        write!(out, " {dim}{name}={reset}")?;
        match shown {
            Shown::Bare(text) => out.write_str(text)?,
            Shown::Text(text) => value(text, out)?,
        }
    }
    if signed {
        write!(out, " {dim}instance={reset}{}", instance())?;
    }
    out.write_char('\n')
}

fn level_colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[1;31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        _ => "\x1b[34m",
    }
}

/// `registry` for `timberline::registry::writer`.
fn room(target: &str) -> &str {
    let own = target.strip_prefix(concat!(env!("CARGO_CRATE_NAME"), "::")).unwrap_or(target);
    own.split("::").next().unwrap_or(own)
}

/// In quotes where it would otherwise not be seen to end.
fn value(text: &str, out: &mut impl Write) -> fmt::Result {
    let bare = !text.is_empty() && !text.contains([' ', '"', '=']);
    if bare {
        return escaped(text, out);
    }
    out.write_char('"')?;
    escaped(&text.replace('"', "\\\""), out)?;
    out.write_char('"')
}

fn escaped(text: &str, out: &mut impl Write) -> fmt::Result {
    for c in text.chars() {
        match c {
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            '\r' => out.write_str("\\r")?,
            c if is_control(c) => write!(out, "\\u{{{:x}}}", u32::from(c))?,
            c => out.write_char(c)?,
        }
    }
    Ok(())
}
