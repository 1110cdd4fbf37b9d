//! One row of CSV, by the rules of Ruby's CSV library: a quoted column may hold separators, line ends and doubled
//! quotes, and nothing stands around its quotes; a quote in another column is an error.

use crate::event::value::Text;
use crate::event::{Arena, ArenaString, ArenaVec, Value, display, json};
use std::fmt;

/// How columns are written.
#[derive(Clone, Debug)]
pub struct Dialect {
    pub separator: Box<str>,
    pub quote: char,
}

/// Why a text is no row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Malformed {
    /// A quote is never closed.
    Open,
    /// Something stands between a closing quote and the separator.
    Behind,
    /// A quote stands in a column that does not begin with one.
    Inside,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::Open => "no row: a quote is not closed",
            Malformed::Behind => "no row: text between a closing quote and the separator",
            Malformed::Inside => "no row: a quote inside a column that does not begin with one",
        })
    }
}

/// Why columns cannot be written as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BadDialect {
    Separator,
    Quote,
}

impl Dialect {
    pub fn new(separator: &str, quote: &str) -> Result<Dialect, BadDialect> {
        let mut quotes = quote.chars();
        match (quotes.next(), quotes.next()) {
            _ if separator.is_empty() => Err(BadDialect::Separator),
            (Some(quote), None) => Ok(Dialect { separator: separator.into(), quote }),
            _ => Err(BadDialect::Quote),
        }
    }

    /// Reads the first row of the text, and gives back what follows its line end. A column with nothing in it is `None`, one with empty quotes an empty text.
    pub fn read<'b>(
        &self,
        text: Text<'b>,
        columns: &mut ArenaVec<'b, Option<Text<'b>>>,
        arena: &'b Arena,
    ) -> Result<&'b str, Malformed> {
        columns.clear();
        let mut rest = text.str;
        if let Some(next) = end(rest) {
            return Ok(next);
        }
        loop {
            let behind = match rest.strip_prefix(self.quote) {
                Some(inside) => {
                    let (column, behind) = self.quoted(inside, arena)?;
                    columns.push(Some(Text { str: column, plain: text.plain }));
                    behind
                }
                None => {
                    let len = self.plain_len(rest)?;
                    columns.push((len > 0).then_some(Text { str: &rest[..len], plain: text.plain }));
                    &rest[len..]
                }
            };
            match behind.strip_prefix(&*self.separator) {
                Some(next) => rest = next,
                None => return end(behind).ok_or(Malformed::Behind),
            }
        }
    }

    /// The column that starts behind a quote, and what follows its end.
    fn quoted<'b>(&self, text: &'b str, arena: &'b Arena) -> Result<(&'b str, &'b str), Malformed> {
        let mut copy: Option<ArenaString<'b>> = None;
        let mut rest = text;
        loop {
            let at = rest.find(self.quote).ok_or(Malformed::Open)?;
            let behind = &rest[at + self.quote.len_utf8()..];
            let Some(more) = behind.strip_prefix(self.quote) else {
                let column = match copy {
                    None => &rest[..at],
                    Some(mut copy) => {
                        copy.push_str(&rest[..at]);
                        copy.into_bump_str()
                    }
                };
                return Ok((column, behind));
            };
            let copy = copy.get_or_insert_with(|| ArenaString::new_in(arena));
            copy.push_str(&rest[..at]);
            copy.push(self.quote);
            rest = more;
        }
    }

    /// Appends a column. A text with nothing in it is a pair of quotes, a missing value nothing at all; lists and hashes
    /// are JSON.
    pub fn write(&self, value: Option<&Value<'_>>, out: &mut Vec<u8>) {
        let mut bytes = Vec::new();
        match value {
            None | Some(Value::Null) => return,
            Some(list @ Value::Array(_)) => json::write::value(list, &mut bytes),
            Some(value) => display::append(value, &mut bytes),
        }
        let text = String::from_utf8_lossy(&bytes);
        let is_plain = !text.is_empty()
            && !text.starts_with([' ', '\t'])
            && !text.contains(['\n', '\r', self.quote])
            && !text.contains(&*self.separator);
        if is_plain {
            return out.extend_from_slice(text.as_bytes());
        }
        let quote = self.quote.to_string();
        out.extend_from_slice(quote.as_bytes());
        out.extend_from_slice(text.replace(self.quote, &quote.repeat(2)).as_bytes());
        out.extend_from_slice(quote.as_bytes());
    }

    fn plain_len(&self, text: &str) -> Result<usize, Malformed> {
        let row = &text[..text.find(['\n', '\r']).unwrap_or(text.len())];
        let column = &row[..row.find(&*self.separator).unwrap_or(row.len())];
        if column.contains(self.quote) { Err(Malformed::Inside) } else { Ok(column.len()) }
    }
}

/// What follows the line end that stands here; `None`: there is none.
fn end(text: &str) -> Option<&str> {
    let next = text.strip_prefix("\r\n").or_else(|| text.strip_prefix(['\n', '\r']));
    next.or_else(|| text.is_empty().then_some(text))
}
