//! The input `jdbc`: known, validated, not opened yet. Source: Logstash reference 8.17, "Jdbc input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{amount, array, choice, field, hash, number, one_of, password, path, string, switch, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "jdbc",
    "Reads rows of a database.",
    OWN,
    r#"input {
  jdbc {
    jdbc_connection_string => "jdbc:postgresql://db/shop"
    jdbc_driver_class => "org.postgresql.Driver"
    jdbc_user => "reader"
    schedule => "* * * * *"
    statement => "SELECT * FROM orders WHERE id > :sql_last_value"
  }
}"#,
    POLLED,
);

const OWN: &[Setting] = &[
    string("jdbc_connection_string", "The database.").required(),
    string("jdbc_driver_class", "The driver's class.").required(),
    string("jdbc_user", "The name to log in with.").required(),
    password("jdbc_password", "The password."),
    path("jdbc_password_filepath", "A file with the password."),
    string("jdbc_driver_library", "The driver's files, with commas between."),
    string("jdbc_default_timezone", "The zone of the database's times."),
    amount("jdbc_fetch_size", "How many rows the driver fetches at a time."),
    switch("jdbc_paging_enabled", false, "Whether the statement is run page by page."),
    choice(
        "jdbc_paging_mode",
        &["auto", "explicit"],
        "Whether `LIMIT` and `OFFSET` are added, or are in the statement.",
    ),
    number("jdbc_page_size", 100000.0, "How many rows a page has."),
    number("jdbc_pool_timeout", 5.0, "How long to wait for a connection, in seconds."),
    switch("jdbc_validate_connection", false, "Whether a connection is tested before it is used."),
    number("jdbc_validation_timeout", 3600.0, "How often, in seconds."),
    number("connection_retry_attempts", 1.0, "How often to try to connect."),
    number("connection_retry_attempts_wait_time", 0.5, "How long to wait between, in seconds."),
    string("statement", "The statement."),
    path("statement_filepath", "A file with the statement."),
    number("statement_retry_attempts", 1.0, "How often to try the statement."),
    number("statement_retry_attempts_wait_time", 0.5, "How long to wait between, in seconds."),
    hash("parameters", "The statement's parameters."),
    switch("use_prepared_statements", false, "Whether the statement is prepared."),
    text("prepared_statement_name", "", "Its name."),
    array("prepared_statement_bind_values", "Its values."),
    string("schedule", "When it runs, as for cron; once by default."),
    switch("clean_run", false, "Whether the last run is forgotten."),
    switch("record_last_run", true, "Whether the last run is kept."),
    string("last_run_metadata_path", "The file that keeps it."),
    switch("use_column_value", false, "Whether `:sql_last_value` is a column's value, not the time of the last run."),
    string("tracking_column", "Which column."),
    choice("tracking_column_type", &["numeric", "timestamp"], "Its type."),
    switch("lowercase_column_names", true, "Whether columns' names are in lower case."),
    hash("columns_charset", "Character sets of columns."),
    string("charset", "The character set of all columns.").refused("Logstash has removed it: use `columns_charset`"),
    choice("plugin_timezone", &["utc", "local"], "The zone of `:sql_last_value`."),
    hash("sequel_opts", "Options of the connection pool and the driver."),
    one_of(
        "sql_log_level",
        &["fatal", "error", "warn", "info", "debug"],
        "The level at which statements are logged; `info` by default.",
    ),
    field("target", "The field for the row; the event itself by default."),
];
