//! Words for people, and exit codes.
//!
//! Results go to standard output, everything else to standard error. A command gives back how it ended; the process
//! ends in `main` and nowhere else. A closed pipe on standard output (`| head`) is a quiet end.

mod args;
mod bug;
mod check;
mod dead_letters;
mod demo;
mod dry_run;
mod examples;
mod explain;
mod health;
mod help;
mod junit;
mod load;
mod patterns;
mod queue;
mod record;
pub mod reference;
mod run;
mod settings;
mod setup;
mod table;
mod terminal;
mod test;

use args::{Arguments, Command};
use clap::Parser as _;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;
use terminal::Look;

/// How a command ended; scripts depend on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    /// The thing asked about is not so.
    No = 1,
    /// Wrong usage or configuration.
    Wrong = 2,
    /// A bug in timberline.
    Bug = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
enum Failure {
    /// Said to a person: what was tried on which thing, and what to do instead.
    Refused { text: String, hint: Option<String> },
    /// Everything has been said already.
    Said(Exit),
    /// A bug of ours that somebody noticed.
    Bug(String),
    /// Standard output takes no more.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Failure {
        Failure::Refused { text, hint: None }
    }
}

impl Failure {
    /// A message whose later lines are hints (`help: …`).
    fn of_message(text: &str) -> Failure {
        let (text, hint) =
            text.split_once("\nhelp: ").map_or((text, None), |(text, hint)| (text, Some(hint.to_string())));
        Failure::Refused { text: text.to_string(), hint }
    }
}

type Ended = Result<Exit, Failure>;

/// Runs the command that the arguments ask for; the first is the program's name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    bug::to_exit_code(|| match Arguments::try_parse_from(arguments) {
        Ok(arguments) => exit_of(command(arguments.command)),
        Err(error) => exit_of(usage(&error)),
    })
}

/// Whether a command line is one of ours; the error is what a person would be told.
pub fn understands(arguments: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    match Arguments::try_parse_from(arguments) {
        Err(error) if error.use_stderr() => Err(error.to_string()),
        _ => Ok(()),
    }
}

fn command(command: Command) -> Ended {
    match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::DryRun(arguments) => dry_run::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Setup(arguments) => setup::run(&arguments),
        Command::Queue(command) => queue::run(&command),
        Command::DeadLetters(command) => dead_letters::run(&command),
        Command::Health(arguments) => health::run(&arguments),
        Command::Help(arguments) => help::run(&arguments),
    }
}

fn exit_of(ended: Ended) -> Exit {
    match ended {
        Ok(exit) | Err(Failure::Said(exit)) => exit,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(Failure::Output(error)) => {
            say(&format!("cannot write to standard output: {error}"), None);
            Exit::No
        }
        Err(Failure::Bug(what)) => {
            bug::tell(&what);
            Exit::Bug
        }
        Err(Failure::Refused { text, hint }) => {
            say(&text, hint.as_deref());
            Exit::Wrong
        }
    }
}

/// `--help` and `--version` are results; anything else that clap says is wrong usage.
fn usage(error: &clap::Error) -> Ended {
    let text = error.render();
    let (look, wrong) = if error.use_stderr() { (Look::of_stderr(), true) } else { (Look::of_stdout(), false) };
    let text = if look.colour { text.ansi().to_string() } else { text.to_string() };
    if wrong {
        note(text.trim_end());
        return Ok(Exit::Wrong);
    }
    io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Done)
}

/// A message that ends a command.
fn say(text: &str, hint: Option<&str>) {
    let look = Look::of_stderr();
    note(&format!("{} {text}", look.paint(terminal::RED_BOLD, "error:")));
    if let Some(hint) = hint {
        note(&format!("{} {hint}", look.paint(terminal::BOLD, "hint:")));
    }
}

/// A line on standard error. If nobody reads it there is nobody to tell.
fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// `1 filter`, `2 filters`.
fn count(number: usize, thing: &str) -> String {
    format!("{} {thing}{}", thousands(number as u64), if number == 1 { "" } else { "s" })
}

/// `1,234,567`
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([count(1, "filter"), count(0, "filter")], ["1 filter", "0 filters"]);
    }

    #[test]
    fn a_closed_pipe_is_a_quiet_end() {
        let closed = Err(Failure::Output(io::Error::from(io::ErrorKind::BrokenPipe)));
        assert_eq!(exit_of(closed), Exit::Done);
    }
}
