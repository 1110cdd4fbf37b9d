//! The `csv` filter: the columns of a row become fields.
//!
//! Columns borrow from the text, but for those with doubled quotes. Nothing of the event changes before the whole row
//! has been read.
//! Settings and failures: Logstash reference, "Csv filter plugin".

use super::{Context, Ecs, Filter, FilterPlugin, Outcome, name};
use crate::event::csv::{BadDialect, COLUMNS_MAX, Column, Dialect, Layout, Type};
use crate::event::value::Text;
use crate::event::{ArenaVec, Event, FieldRef, Value};
use crate::plugin::csv as shared;
use crate::plugin::{Declaration, Door, Fallback, Fault, Item, Kind, ONE_STATE, Setting, Settings};
use std::sync::{Arc, OnceLock};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples.txt"),
    build: |settings, _| build(settings),
};

const FAILURE: &str = "_csvparsefailure";
const SKIPPED: &str = "_csvskippedemptyfield";

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "csv",
    summary: "Reads a row of separated columns: each becomes a field.",
    settings: &[
        Setting::new("source", Kind::Field, Fallback::Text("message"), "The field whose text is a row."),
        shared::TARGET,
        Setting::new(
            "columns",
            Kind::Array,
            Fallback::Empty,
            "The names of the columns, in order; may be field references. Columns behind the last one are `column3`, `column4`, …",
        ),
        shared::SEPARATOR,
        shared::QUOTE_CHAR,
        shared::CONVERT,
        Setting::new(
            "autodetect_column_names",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Take the names from the first row, which ends there.",
        ),
        shared::AUTOGENERATE_COLUMN_NAMES,
        Setting::new(
            "skip_header",
            Kind::Boolean,
            Fallback::Boolean(false),
            "End events whose columns are the names themselves.",
        ),
        shared::SKIP_EMPTY_COLUMNS,
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
            let name = item.one_text("convert")?;
            name::reference(name, item.place).map(|_| Column::named(name, target.as_ref()))
        })
        .collect::<Result<_, _>>()?;
    let found = OnceLock::new();
    if !autodetect || !columns.is_empty() {
        found.set(columns).expect("nothing was put in before");
    }
    let pairs = settings.pairs("convert").into_iter();
    let layout = Layout {
        target,
        convert: pairs.map(|(name, item)| Ok((name.into(), type_of(&item)?))).collect::<Result<_, _>>()?,
        autogenerate: settings.boolean("autogenerate_column_names"),
        skip_empty_columns: settings.boolean("skip_empty_columns"),
        generated: Vec::new(),
    };
    Ok(Box::new(Csv {
        source: name::reference(settings.text("source").unwrap_or("message"), settings.place("source"))?,
        dialect: dialect(settings)?,
        columns: Arc::new(found),
        layout,
        skip_header: settings.boolean("skip_header"),
        skip_empty_rows: settings.boolean("skip_empty_rows"),
    }))
}

fn type_of(item: &Item) -> Result<Type, Fault> {
    let name = item.as_text().unwrap_or_default();
    let unknown = || Fault::at(item.place, format!("`convert` knows no type `{name}`")).unknown(name, Type::names());
    Type::named(name).ok_or_else(unknown)
}

fn dialect(settings: &Settings) -> Result<Dialect, Fault> {
    let text = |name| settings.text(name).unwrap_or_default();
    Dialect::new(text("separator"), text("quote_char")).map_err(|bad| match bad {
        BadDialect::Separator => Fault::at(settings.place("separator"), "`separator` cannot be empty"),
        BadDialect::Quote => Fault::at(settings.place("quote_char"), "`quote_char` must be one character")
            .help("a character that no row has switches quotes off"),
    })
}

#[derive(Clone, Debug)]
struct Csv {
    source: FieldRef,
    dialect: Dialect,
    /// Empty until the header is there, if it is to be detected.
    columns: Arc<OnceLock<Vec<Column>>>,
    layout: Layout,
    skip_header: bool,
    skip_empty_rows: bool,
}

impl Filter for Csv {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let text = match event.get(&self.source) {
            None | Some(Value::Null) => return Outcome::Unmatched,
            Some(Value::Text(text)) => *text,
            Some(_) => return self.fail(FAILURE, "no text", event, cx),
        };
        let mut row = ArenaVec::with_capacity_in(16, cx.arena);
        if let Err(malformed) = self.dialect.read(text, &mut row, cx.arena) {
            return self.fail(FAILURE, malformed, event, cx);
        }
        if row.len() > COLUMNS_MAX {
            return self.fail(FAILURE, "too many columns", event, cx);
        }
        let is_empty = row.iter().all(|column| column.is_none_or(|text| text.str.is_empty()));
        match is_empty {
            true if self.skip_empty_rows => return self.fail(SKIPPED, "an empty row", event, cx),
            true if row.is_empty() => return self.fail(FAILURE, "an empty text", event, cx),
            true => {}
            false if self.is_header(&row) => return Outcome::Cancelled,
            false => {}
        }
        let named = self.columns.get().map_or(&[][..], Vec::as_slice);
        match self.layout.write(named, &row, event, cx.arena) {
            Ok(()) => {
                self.tell_of_texts(event, cx);
                Outcome::Matched
            }
            Err(bad) => self.fail(FAILURE, bad, event, cx),
        }
    }

    fn reads(&self) -> Option<&FieldRef> {
        Some(&self.source)
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

impl Csv {
    /// Says which columns stay texts although `convert` asks for something else.
    fn tell_of_texts(&self, event: &Event<'_>, cx: &Context<'_, '_>) {
        let asked = if cx.is_watched() { self.layout.convert.as_slice() } else { &[] };
        for (name, _) in asked {
            let column = Column::named(name, self.layout.target.as_ref());
            if matches!(event.get(&column.path), Some(Value::Text(_))) {
                cx.because(event, &column.path, || "convert: none of that type, so it stays a text");
            }
        }
    }

    fn fail<'b>(&self, tag: &str, why: impl ToString, event: &mut Event<'b>, cx: &Context<'b, '_>) -> Outcome {
        event.tag(tag, cx.arena);
        cx.because(event, &self.source, || why.to_string());
        Outcome::Unmatched
    }

    /// Whether the row holds the names of the columns; the first row does, where they are to be detected.
    fn is_header(&self, row: &[Option<Text<'_>>]) -> bool {
        let name = |column: &Option<Text<'_>>| column.map_or("", |text| text.str).to_owned();
        let mut is_first = false;
        let columns = self.columns.get_or_init(|| {
            is_first = true;
            Column::of_header(row, self.layout.target.as_ref())
        });
        let is_same =
            || columns.len() == row.len() && columns.iter().zip(row).all(|(column, there)| *column.name == name(there));
        is_first || (self.skip_header && is_same())
    }
}

#[cfg(test)]
mod tests;
