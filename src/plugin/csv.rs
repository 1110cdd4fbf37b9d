//! Settings that the codec `csv` and the filter `csv` have in common.
//! Source: Logstash reference 8.17, the pages of both.

use super::Setting;
use super::table::{field, hash, switch, text};

pub const AUTOGENERATE_COLUMN_NAMES: Setting = switch(
    "autogenerate_column_names",
    true,
    "Whether columns without a name are called `column1`, `column2`, …; otherwise they are left out.",
);
pub const CONVERT: Setting = hash(
    "convert",
    "Columns and their types: integer, float, date, date_time or boolean. What is none of the type stays a string.",
);
pub const QUOTE_CHAR: Setting =
    text("quote_char", "\"", "The character around columns that hold separators; doubled, it is itself.");
pub const SEPARATOR: Setting =
    text("separator", ",", "What stands between columns. A tab is written as the character itself.");
pub const SKIP_EMPTY_COLUMNS: Setting =
    switch("skip_empty_columns", false, "Leave out columns with nothing in them, which are null otherwise.");
pub const TARGET: Setting =
    field("target", "The field to put the columns into. Without it, they become fields of the event.");
