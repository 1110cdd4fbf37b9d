//! The `csv` filter: the columns of a row become fields.
//!
//! Columns borrow from the text, but for those with doubled quotes. Nothing of the event changes before the whole row
//! has been read.
//! Settings and failures: Logstash reference, "Csv filter plugin".

mod convert;
mod row;

use super::{Context, Ecs, Filter, FilterPlugin, Outcome, name};
use crate::event::value::Text;
use crate::event::{Arena, ArenaVec, BadPath, Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, ONE_STATE, Setting, Settings};
use convert::Type;
use row::Dialect;
use std::sync::{Arc, OnceLock};

pub static PLUGIN: FilterPlugin = FilterPlugin { declaration: &DECLARATION, build: |settings, _| build(settings) };

/// How many columns of a row are read.
const COLUMNS_MAX: usize = 10_000;
const FAILURE: &str = "_csvparsefailure";
const SKIPPED: &str = "_csvskippedemptyfield";

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "csv",
    summary: "Reads a row of separated columns: each becomes a field.",
    settings: &[
        Setting::new("source", Kind::Field, Fallback::Text("message"), "The field whose text is a row."),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::None,
            "The field to put the columns into. Without it, they become fields of the event.",
        ),
        Setting::new(
            "columns",
            Kind::Array,
            Fallback::Empty,
            "The names of the columns, in order; may be field references. Columns behind the last one are `column3`, `column4`, …",
        ),
        Setting::new(
            "separator",
            Kind::String,
            Fallback::Text(","),
            "What stands between columns. A tab is written as the character itself.",
        ),
        Setting::new(
            "quote_char",
            Kind::String,
            Fallback::Text("\""),
            "The character around columns that hold separators; doubled, it is itself.",
        ),
        Setting::new(
            "convert",
            Kind::Hash,
            Fallback::Empty,
            "Columns and their types: integer, float, date, date_time or boolean. What is none of the type stays a string.",
        ),
        Setting::new(
            "autodetect_column_names",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Take the names from the first row, which ends there.",
        ),
        Setting::new(
            "autogenerate_column_names",
            Kind::Boolean,
            Fallback::Boolean(true),
            "Whether columns without a name are called `column1`, `column2`, …; otherwise they are left out.",
        ),
        Setting::new(
            "skip_header",
            Kind::Boolean,
            Fallback::Boolean(false),
            "End events whose columns are the names themselves.",
        ),
        Setting::new(
            "skip_empty_columns",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Leave out columns with nothing in them, which are null otherwise.",
        ),
        Setting::new(
            "skip_empty_rows",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Tag rows with nothing in them `_csvskippedemptyfield`, in the place of `_csvparsefailure`.",
        ),
        Setting::new(
            "ecs_compatibility",
            Kind::OneOf(Ecs::NAMES),
            Fallback::None,
            "Changes nothing but Logstash's warning about a missing `target`.",
        ),
    ],
    example: r#"filter { csv { columns => [ "time", "user", "amount" ] convert => { "amount" => "float" } } }"#,
    differs: &[
        "a header that is detected holds for all workers.",
        "an empty first row is no header: the names come from the first row with something in it.",
        ONE_STATE,
    ],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let target = settings.text("target").map(|text| name::reference(text, settings.place("target"))).transpose()?;
    let autodetect = settings.boolean("autodetect_column_names");
    let columns: Vec<Column> = settings
        .items("columns")
        .iter()
        .map(|item| {
            let name = item.as_text().unwrap_or_default();
            name::reference(name, item.place).map(|_| Column::named(name, target.as_ref()))
        })
        .collect::<Result<_, _>>()?;
    let found = OnceLock::new();
    if !autodetect || !columns.is_empty() {
        found.set(columns).expect("nothing was put in before");
    }
    let pairs = settings.pairs("convert").into_iter();
    Ok(Box::new(Csv {
        source: name::reference(settings.text("source").unwrap_or("message"), settings.place("source"))?,
        target,
        dialect: dialect(settings)?,
        columns: Arc::new(found),
        generated: Vec::new(),
        convert: pairs.map(|(name, item)| Ok((name.into(), Type::of(&item)?))).collect::<Result<_, _>>()?,
        autogenerate: settings.boolean("autogenerate_column_names"),
        skip_header: settings.boolean("skip_header"),
        skip_empty_columns: settings.boolean("skip_empty_columns"),
        skip_empty_rows: settings.boolean("skip_empty_rows"),
    }))
}

fn dialect(settings: &Settings) -> Result<Dialect, Fault> {
    let separator = settings.text("separator").unwrap_or(",");
    if separator.is_empty() {
        return Err(Fault::at(settings.place("separator"), "`separator` cannot be empty"));
    }
    let mut quote = settings.text("quote_char").unwrap_or("\"").chars();
    match (quote.next(), quote.next()) {
        (Some(quote), None) => Ok(Dialect { separator: separator.into(), quote }),
        _ => Err(Fault::at(settings.place("quote_char"), "`quote_char` must be one character")
            .help("a character that no row has switches quotes off")),
    }
}

/// A column's name and the field it is written to.
#[derive(Clone, Debug)]
struct Column {
    name: Box<str>,
    path: FieldRef,
}

impl Column {
    /// A name that is no reference is a field of exactly that name.
    fn named(name: &str, target: Option<&FieldRef>) -> Column {
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
}

#[derive(Clone, Debug)]
struct Csv {
    source: FieldRef,
    target: Option<FieldRef>,
    dialect: Dialect,
    /// Empty until the header is there, if it is to be detected.
    columns: Arc<OnceLock<Vec<Column>>>,
    /// `column1`, `column2`, …, as far as they were needed.
    generated: Vec<Column>,
    convert: Vec<(Box<str>, Type)>,
    autogenerate: bool,
    skip_header: bool,
    skip_empty_columns: bool,
    skip_empty_rows: bool,
}

impl Filter for Csv {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let text = match event.get(&self.source) {
            None | Some(Value::Null) => return Outcome::Unmatched,
            Some(Value::Text(text)) => *text,
            Some(_) => return fail(FAILURE, event, cx.arena),
        };
        let mut row = ArenaVec::with_capacity_in(16, cx.arena);
        if self.dialect.read(text, &mut row, cx.arena).is_err() || row.len() > COLUMNS_MAX {
            return fail(FAILURE, event, cx.arena);
        }
        let is_empty = row.iter().all(|column| column.is_none_or(|text| text.str.is_empty()));
        match is_empty {
            true if self.skip_empty_rows => return fail(SKIPPED, event, cx.arena),
            true if row.is_empty() => return fail(FAILURE, event, cx.arena),
            true => {}
            false if self.is_header(&row) => return Outcome::Cancelled,
            false => {}
        }
        match self.write(&row, event, cx.arena) {
            Ok(()) => Outcome::Matched,
            Err(_) => fail(FAILURE, event, cx.arena),
        }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

fn fail<'b>(tag: &str, event: &mut Event<'b>, arena: &'b Arena) -> Outcome {
    event.tag(tag, arena);
    Outcome::Unmatched
}

impl Csv {
    /// Whether the row holds the names of the columns; the first row does, where they are to be detected.
    fn is_header(&self, row: &[Option<Text<'_>>]) -> bool {
        let name = |column: &Option<Text<'_>>| column.map_or("", |text| text.str).to_owned();
        let mut is_first = false;
        let columns = self.columns.get_or_init(|| {
            is_first = true;
            row.iter().map(|column| Column::named(&name(column), self.target.as_ref())).collect()
        });
        let is_same =
            || columns.len() == row.len() && columns.iter().zip(row).all(|(column, there)| *column.name == name(there));
        is_first || (self.skip_header && is_same())
    }

    fn write<'b>(&mut self, row: &[Option<Text<'b>>], event: &mut Event<'b>, arena: &'b Arena) -> Result<(), BadPath> {
        self.generate(row.len());
        let named = self.columns.get().map_or(&[][..], Vec::as_slice);
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

#[cfg(test)]
mod tests;
