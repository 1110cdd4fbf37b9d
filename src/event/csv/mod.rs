//! Separated columns: what the filter and the codec `csv` share.
//!
//! `row` reads and writes rows, `convert` makes other types of columns, `Layout` puts a row into an event.

mod convert;
mod row;

pub use convert::Type;
pub use row::{BadDialect, Dialect, Malformed};

use super::value::Text;
use super::{Arena, BadPath, Event, FieldRef, Value};

/// How many columns of a row are read.
pub const COLUMNS_MAX: usize = 10_000;

/// A column's name and the field it is written to.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: Box<str>,
    pub path: FieldRef,
}

impl Column {
    /// A name that is no reference is a field of exactly that name. `target`: the field that it stands below.
    pub fn named(name: &str, target: Option<&FieldRef>) -> Column {
        let path = FieldRef::parse(name).unwrap_or_else(|_| FieldRef::top(name));
        let path = match target {
            Some(target) => {
                let steps = target.steps.iter().chain(&*path.steps).cloned().collect();
                FieldRef { metadata: target.metadata, steps }
            }
            None => path,
        };
        Column { name: name.into(), path }
    }

    /// The columns that a header names.
    pub fn of_header(row: &[Option<Text<'_>>], target: Option<&FieldRef>) -> Vec<Column> {
        row.iter().map(|name| Column::named(name.map_or("", |name| name.str), target)).collect()
    }
}

/// How the columns of a row become fields.
#[derive(Clone, Debug)]
pub struct Layout {
    pub target: Option<FieldRef>,
    pub convert: Vec<(Box<str>, Type)>,
    /// Whether columns without a name are called `column1`, `column2`, …; otherwise they are left out.
    pub autogenerate: bool,
    pub skip_empty_columns: bool,
    /// `column1`, `column2`, …, as far as they were needed.
    pub generated: Vec<Column>,
}

impl Layout {
    /// Writes a row into an event. `named`: the columns that have names, in order.
    pub fn write<'b>(
        &mut self,
        named: &[Column],
        row: &[Option<Text<'b>>],
        event: &mut Event<'b>,
        arena: &'b Arena,
    ) -> Result<(), BadPath> {
        self.generate(row.len());
        for (at, text) in row.iter().enumerate() {
            if self.skip_empty_columns && text.is_none_or(|text| text.str.is_empty()) {
                continue;
            }
            let column = match named.get(at).filter(|column| !column.name.is_empty()) {
                Some(column) => column,
                None if self.autogenerate => &self.generated[at],
                None => continue,
            };
            let value = match (text, self.convert.iter().find(|(name, _)| *name == column.name)) {
                (None, _) => Value::Null,
                (Some(text), None) => Value::Text(*text),
                (Some(text), Some((_, to))) => to.convert(*text),
            };
            event.set(&column.path, value, arena)?;
        }
        Ok(())
    }

    /// Makes the names of columns that have none, as far as a row needs them.
    fn generate(&mut self, len: usize) {
        while self.generated.len() < len {
            let name = format!("column{}", self.generated.len() + 1);
            self.generated.push(Column::named(&name, self.target.as_ref()));
        }
    }
}
