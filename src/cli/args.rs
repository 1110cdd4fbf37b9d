//! The command line as a type. `clap` is named in this room and nowhere else.

use super::settings::SettingFlags;
use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Docker container logs, through Logstash pipelines, into daily Elasticsearch indices: nothing lost, nothing doubled.
#[derive(Debug, Parser)]
#[command(name = "timberline", version, disable_help_subcommand = true, styles = STYLES, max_term_width = 100)]
#[command(
    after_help = "`timberline help COMMAND` says more; `timberline help filter mutate` shows a plugin's settings."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The daemon: containers' logs, through the pipeline, into the engine
    Run(RunArguments),
    /// Parse and compile a pipeline; exit 0 or 2
    Check(CheckArguments),
    /// Run fixtures through filters and routing: no network, no state
    DryRun(DryRunArguments),
    /// The main job with nothing else installed: containers' log lines become documents
    Demo(DemoArguments),
    /// Put index templates and retention policies in place; safe to repeat
    Setup(SetupArguments),
    /// Ask a running timberline whether it is ready; exit 0 or 1, for HEALTHCHECK
    Health(HealthArguments),
    /// A command, or the settings of a plugin
    Help(HelpArguments),
}

#[derive(Debug, Args)]
pub struct RunArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    /// Exit 2 for warnings too
    #[arg(long)]
    pub strict: bool,
}

#[derive(Debug, Args)]
pub struct DryRunArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    /// Log files, globs, or - for standard input (the default)
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// What to print for each event
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Show the way of each event through the pipeline, and what every filter changed
    #[arg(long)]
    pub explain: bool,
    /// Show only events that failed: a tag of theirs begins with `_`
    #[arg(long, value_enum, value_name = "WHICH")]
    pub only: Option<Only>,
    /// Run again whenever the pipeline or a file changes
    #[arg(long)]
    pub watch: bool,
    /// What the lines are
    #[arg(long = "as", value_enum, value_name = "SHAPE", default_value_t = Shape::Auto)]
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns: time, level, service, category, index, message
    Table,
    /// {"_index":…,"_id":…,"_source":{…}}, a line a document
    Ndjson,
    /// The whole event, as Logstash's rubydebug codec prints it
    Rubydebug,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Events with a tag such as _grokparsefailure
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// Tell by looking
    Auto,
    /// Lines of a json-file log: log, stream, time
    Docker,
    /// Plain lines
    Lines,
    /// One JSON event a line
    Events,
}

#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Where the documents go [default: a new folder for temporary files]
    #[arg(long, value_name = "DIR")]
    pub keep_data: Option<PathBuf>,
    /// End after so many seconds [default: 15 of a replay; never while following Docker]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: Option<u64>,
    /// Replay the recorded containers, even where a Docker answers
    #[arg(long)]
    pub recorded: bool,
}

#[derive(Debug, Args)]
pub struct SetupArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    /// Print the requests instead of sending them
    #[arg(long)]
    pub print: bool,
}

#[derive(Debug, Args)]
pub struct HealthArguments {
    /// Its address; of /readyz, unless another path is named
    #[arg(default_value = crate::telemetry::ask::DEFAULT_URL)]
    pub url: String,
}

#[derive(Debug, Args)]
pub struct HelpArguments {
    /// A command, or input, filter, codec, output
    pub topic: Option<String>,
    /// The name of a plugin
    pub name: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
