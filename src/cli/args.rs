//! The command line as a type. `clap` is named in this room and nowhere else.

use super::settings::SettingFlags;
use crate::event::Timestamp;
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
    after_help = "A filter of your own: `record` real lines, write FILE.conf, look at `dry-run -f FILE.conf --explain LINES`, \
                  fix the result with `test -f FILE.conf --bless`.\n\
                  `timberline help COMMAND` says more; `timberline help filter mutate` shows a plugin's settings, \
                  `timberline help pattern IP` a grok pattern."
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
    /// Fixtures against expected documents; exit 0 or 1
    Test(TestArguments),
    /// The last lines of a container or a file become a fixture, secrets masked
    Record(RecordArguments),
    /// The main job with nothing else installed: containers' log lines become documents
    Demo(DemoArguments),
    /// Put index templates and retention policies in place; safe to repeat
    Setup(SetupArguments),
    /// What waits in the queue on disk, while the daemon is down
    #[command(subcommand)]
    Queue(QueueCommand),
    /// What the engine refused, and sending it again
    #[command(subcommand)]
    DeadLetters(DeadLettersCommand),
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
#[command(after_help = DRY_RUN_HELP)]
pub struct DryRunArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    /// Log files, fixtures, globs, or - for standard input (the default)
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
    /// The time that it is for the pipeline, as `2026-11-23T10:00:00Z` [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub clock: Option<Timestamp>,
}

const DRY_RUN_HELP: &str = "\
examples:
  timberline dry-run -f my.conf app.log              what becomes of each line
  timberline dry-run -f my.conf --explain app.log    why
  timberline dry-run -f my.conf --watch app.log      again whenever you save";

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
#[command(after_help = TEST_HELP)]
pub struct TestArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    /// Where fixtures are looked for, downwards
    #[arg(value_name = "DIR", default_value = "fixtures")]
    pub folders: Vec<PathBuf>,
    /// Write what came into expected.ndjson, and show what changed: read it before you commit it
    #[arg(long)]
    pub bless: bool,
    /// Only fixtures with this in their path
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
    /// List plugins, branches and grok patterns that no fixture reached
    #[arg(long)]
    pub coverage: bool,
    /// Exit 1 if less than this is reached, in per cent
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub coverage_min: Option<f64>,
    /// Write the results as JUnit's XML, too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// How many fixtures run at a time [default: one a core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub jobs: Option<u16>,
}

/// What is known as a secret is masked: passwords in URLs and under their names, tokens, keys, card numbers, e-mail
/// addresses. Of the container its name, image and labels are kept. The engine is the one of `DOCKER_HOST`, else the local one.
#[derive(Debug, Args)]
pub struct RecordArguments {
    /// A container's name or id, or a file: a json-file log, or any other
    #[arg(value_name = "CONTAINER|FILE")]
    pub from: String,
    /// The new fixture's folder
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// How many lines, the last ones
    #[arg(short = 'n', long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub lines: u32,
}

const TEST_HELP: &str = "\
a fixture is a folder:
  input.log          lines: plain, or of a json-file log; or input.ndjson, a JSON event a line
  expected.ndjson    the documents that they become: --bless writes it
  container.json     the container that they are of; optional, and so are:
  pipeline.conf      a pipeline of its own, or a file `pipeline` with the path of one
  test.yml           what stands here, all of it optional:
    ignore: [ '[event][sequence]', _id ]  fields that are not compared
    clock: 2026-11-23T10:00:00Z           the time that it is for the pipeline
    env: { NAME: value }                  what stands behind ${NAME}; the shell's variables are not looked at;
                                          {folder} in a value is the folder of this file
    pipeline: ../pipeline.conf            its path from here; without one, that of -f
    pipeline.id: payments                 or which one of pipelines.yml
    as: lines                             docker, lines or events, where looking at the lines is not enough
A test.yml in the folder above holds for all fixtures in that folder.";

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_iso(text).ok_or_else(|| "not a time such as 2026-11-23T10:00:00Z".to_string())
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.trim_end_matches('%').parse().map_err(|_| "not a number".to_string())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("not between 0 and 100".into()) }
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

#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// How many documents wait for which output, and whether they can be read; exit 1 if some cannot
    Inspect(InspectArguments),
    /// Send everything that waits, without reading anything new
    Drain(RunArguments),
}

#[derive(Debug, Args)]
pub struct InspectArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    /// Print the documents themselves: {"_index":…,"_id":…,"_source":{…}}, a line a document
    #[arg(long)]
    pub documents: bool,
}

#[derive(Debug, Subcommand)]
pub enum DeadLettersCommand {
    /// Grouped by reason: how many, the first, the last
    List(ListArguments),
    /// One letter, whole
    Show(ShowArguments),
    /// Send them again; those that have a verdict then are gone. Works while the daemon runs
    Replay(ReplayArguments),
    /// Delete them for good. Works while the daemon runs
    Drop(DropArguments),
}

/// Which letters are meant.
#[derive(Debug, Args)]
pub struct FilterArguments {
    /// Only letters of which this is so: output, index, id, status, type, reason or letter, and a part of its text.
    /// Several must all be so
    #[arg(long = "filter", value_name = "NAME=TEXT")]
    pub filters: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ListArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    #[command(flatten)]
    pub filter: FilterArguments,
    /// Print the letters themselves, a line of JSON each
    #[arg(long)]
    pub letters: bool,
}

#[derive(Debug, Args)]
pub struct ShowArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    /// The letter's name, or how it begins
    pub id: String,
}

#[derive(Debug, Args)]
pub struct ReplayArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    #[command(flatten)]
    pub filter: FilterArguments,
    /// The fields go through the filters again, as they are now, instead of the finished document to its index
    #[arg(long)]
    pub through_pipeline: bool,
}

#[derive(Debug, Args)]
pub struct DropArguments {
    #[command(flatten)]
    pub settings: SettingFlags,
    #[command(flatten)]
    pub filter: FilterArguments,
    /// Really all of them, where no filter is given
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct HealthArguments {
    /// Its address; of /readyz, unless another path is named
    #[arg(default_value = crate::telemetry::ask::DEFAULT_URL)]
    pub url: String,
}

#[derive(Debug, Args)]
pub struct HelpArguments {
    /// A command, or input, filter, codec, output, pattern
    pub topic: Option<String>,
    /// The name of a plugin, or of a grok pattern
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
