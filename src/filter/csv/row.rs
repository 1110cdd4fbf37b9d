//! One row of CSV, by the rules of Ruby's CSV library: a quoted column may hold separators, line ends and doubled
//! quotes, and nothing stands around its quotes; a quote in another column is an error.

use crate::event::value::Text;
use crate::event::{Arena, ArenaString, ArenaVec};

/// How columns are written.
#[derive(Clone, Debug)]
pub struct Dialect {
    pub separator: Box<str>,
    pub quote: char,
}

/// A text that is no row.
#[derive(Debug)]
pub struct Malformed;

impl Dialect {
    /// Reads the first row of the text. A column with nothing in it is `None`, one with empty quotes an empty text.
    pub fn read<'b>(
        &self,
        text: Text<'b>,
        columns: &mut ArenaVec<'b, Option<Text<'b>>>,
        arena: &'b Arena,
    ) -> Result<(), Malformed> {
        columns.clear();
        let mut rest = text.str;
        if is_end(rest) {
            return Ok(());
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
                None if is_end(behind) => return Ok(()),
                None => return Err(Malformed),
            }
        }
    }

    /// The column that starts behind a quote, and what follows its end.
    fn quoted<'b>(&self, text: &'b str, arena: &'b Arena) -> Result<(&'b str, &'b str), Malformed> {
        let mut copy: Option<ArenaString<'b>> = None;
        let mut rest = text;
        loop {
            let at = rest.find(self.quote).ok_or(Malformed)?;
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

    fn plain_len(&self, text: &str) -> Result<usize, Malformed> {
        let row = &text[..text.find(['\n', '\r']).unwrap_or(text.len())];
        let column = &row[..row.find(&*self.separator).unwrap_or(row.len())];
        if column.contains(self.quote) { Err(Malformed) } else { Ok(column.len()) }
    }
}

fn is_end(text: &str) -> bool {
    text.is_empty() || text.starts_with(['\n', '\r'])
}
