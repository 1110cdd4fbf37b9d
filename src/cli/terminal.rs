//! What the reader of our text has in front of them: a terminal with colours and a width, or a pipe.
//!
//! Text of a log line never reaches a terminal as it is: `printable` escapes what could repaint it.

use std::borrow::Cow;
use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

pub const BOLD: &str = "1";
pub const DIM: &str = "2";
pub const RED: &str = "31";
pub const RED_BOLD: &str = "1;31";
pub const GREEN: &str = "32";
pub const YELLOW: &str = "33";
pub const CYAN: &str = "36";

/// Columns where nobody says how many there are.
const WIDTH: usize = 80;
/// Narrower than this nothing can be laid out.
const WIDTH_MIN: usize = 40;

/// How text should look where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub terminal: bool,
    pub colour: bool,
    pub width: usize,
    pub height: usize,
}

impl Look {
    pub fn of_stdout() -> Look {
        Look::of(&io::stdout())
    }

    pub fn of_stderr() -> Look {
        Look::of(&io::stderr())
    }

    fn of(stream: &(impl IsTerminal + AsFd)) -> Look {
        let terminal = stream.is_terminal();
        let said = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let size = if terminal { terminal_size::terminal_size_of(stream) } else { None };
        let columns = || env::var("COLUMNS").ok()?.parse().ok();
        let width = size.map(|(width, _)| usize::from(width.0)).or_else(columns).unwrap_or(WIDTH);
        Look {
            terminal: terminal && !dumb,
            colour: terminal && !dumb && !said("NO_COLOR"),
            width: width.max(WIDTH_MIN),
            height: size.map_or(24, |(_, height)| usize::from(height.0)),
        }
    }

    /// `text` in a colour, where there are colours.
    pub fn paint<'t>(&self, colour: &str, text: &'t str) -> Cow<'t, str> {
        if self.colour && !text.is_empty() {
            Cow::Owned(format!("\x1b[{colour}m{text}\x1b[0m"))
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// Whether a person would have to type what is read.
pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// The columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` in exactly `columns` columns: filled with blanks, or cut with `…`.
pub fn fitted(text: &str, columns: usize) -> String {
    let mut out = cut(text, columns).into_owned();
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&out))));
    out
}

/// `text` in at most `columns` columns, cut with `…`. A long text is not measured to its end.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    let (mut taken, mut keep) = (0, 0);
    for (at, found) in text.char_indices() {
        taken += found.width().unwrap_or(0);
        if taken > columns {
            return Cow::Owned(format!("{}{}", &text[..keep], if columns > 0 { "…" } else { "" }));
        }
        if taken < columns {
            keep = at + found.len_utf8();
        }
    }
    Cow::Borrowed(text)
}

/// Control characters and those that turn the direction of writing, escaped as in Rust: `\n`, `\x1b`, `\u{202e}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for found in text.chars() {
        match found {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            found if (found as u32) < 0x80 && is_unprintable(found) => {
                write!(out, "\\x{:02x}", found as u32).expect("writing into a string cannot fail");
            }
            found if is_unprintable(found) => out.extend(found.escape_unicode()),
            found => out.push(found),
        }
    }
    Cow::Owned(out)
}

fn is_unprintable(found: char) -> bool {
    found.is_control()
        || matches!(found, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_columns_not_bytes() {
        assert_eq!(cut("trading", 7), "trading");
        assert_eq!(cut("trading", 6), "tradi…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut(&"x".repeat(10_000), 3), "xx…");
        assert_eq!(fitted("日", 4), "日  ");
    }

    #[test]
    fn nothing_in_a_line_repaints_the_terminal() {
        assert_eq!(printable("plain ünï"), "plain ünï");
        assert_eq!(printable("a\x1b[2J\n\tb\u{202e}\u{9b}"), "a\\x1b[2J\\n\\tb\\u{202e}\\u{9b}");
    }
}
