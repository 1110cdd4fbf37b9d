//! Settings that the codec `csv` and the filter `csv` have in common.
//! Source: Logstash reference 8.17, the pages of both.

use super::Fallback;
use super::Kind;
use super::Setting;

pub const AUTOGENERATE_COLUMN_NAMES: Setting = Setting::new(
    "autogenerate_column_names",
    Kind::Boolean,
    Fallback::Boolean(true),
    "Whether columns without a name are called `column1`, `column2`, …; otherwise they are left out.",
);
pub const CONVERT: Setting = Setting::new(
    "convert",
    Kind::Hash,
    Fallback::Empty,
    "Columns and their types: integer, float, date, date_time or boolean. What is none of the type stays a string.",
);
pub const QUOTE_CHAR: Setting = Setting::new(
    "quote_char",
    Kind::String,
    Fallback::Text("\""),
    "The character around columns that hold separators; doubled, it is itself.",
);
pub const SEPARATOR: Setting = Setting::new(
    "separator",
    Kind::String,
    Fallback::Text(","),
    "What stands between columns. A tab is written as the character itself.",
);
pub const SKIP_EMPTY_COLUMNS: Setting = Setting::new(
    "skip_empty_columns",
    Kind::Boolean,
    Fallback::Boolean(false),
    "Leave out columns with nothing in them, which are null otherwise.",
);
pub const TARGET: Setting = Setting::new(
    "target",
    Kind::Field,
    Fallback::None,
    "The field to put the columns into. Without it, they become fields of the event.",
);
