//! The output `csv`: known, validated, not opened yet. Source: Logstash reference 8.17, "Csv output plugin".

use super::{TO_FILE, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{array, choice, hash, number, string, switch, text};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::plain);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "csv",
    "Appends fields of events to files, as rows of CSV.",
    OWN,
    r#"output { csv { path => "/var/log/orders.csv" fields => [ "id", "[user][name]" ] } }"#,
    TO_FILE,
);

const OWN: &[Setting] = &[
    string("path", "The file; may hold `%{…}`.").required(),
    array("fields", "The fields of a row, in order.").required(),
    hash("csv_options", "Options of Ruby's CSV: `col_sep`, `row_sep` and others."),
    switch("spreadsheet_safe", true, "Whether what a spreadsheet would run is made harmless."),
    switch("create_if_deleted", true, "Whether a file that was deleted is made again."),
    number("dir_mode", -1.0, "The mode of new folders; -1: the system's."),
    number("file_mode", -1.0, "The mode of new files; -1: the system's."),
    text("filename_failure", "_filepath_failures", "The file for events whose path is not allowed."),
    number("flush_interval", 2.0, "How often it is written to disk, in seconds; 0: with every event."),
    switch("gzip", false, "Whether the file is pressed."),
    choice("write_behavior", &["append", "overwrite"], "What becomes of a file that is there."),
];
