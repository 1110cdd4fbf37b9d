//! `timberline record`: the last lines of a container or a file become a fixture, secrets masked.

use super::args::RecordArguments;
use super::terminal::printable;
use super::{Ended, Exit, Failure, count, note};
use crate::app::record;
use std::io::{self, Write as _};
use std::path::Path;

pub fn run(arguments: &RecordArguments) -> Ended {
    let from = Path::new(&arguments.from);
    let lines = arguments.lines as usize;
    let recorded = match from.is_file() {
        true => record::of_file(from, lines),
        false if from.exists() => return Err(folder(from)),
        false => record::of_container(&arguments.from, lines),
    };
    let recorded = recorded.map_err(|why| Failure::of_message(&why))?;
    if recorded.lines == 0 {
        return Err(format!("{} has no line to record", printable(&recorded.name)).into());
    }
    recorded.write(&arguments.into).map_err(|why| Failure::of_message(&why))?;
    let into = arguments.into.display();
    let lines = count(recorded.lines, "line");
    writeln!(io::stdout(), "recorded {lines} of {} in {into}", printable(&recorded.name))?;
    recorded.masked.iter().for_each(|(kind, number)| note(&format!("masked {number:>6}  {kind}")));
    note(&format!("no pattern knows every secret: read {into}/input.log before you commit it"));
    note(&format!("then: timberline dry-run -f PIPELINE --explain {into}"));
    note(&format!("and:  timberline test -f PIPELINE {into} --bless"));
    Ok(Exit::Done)
}

fn folder(from: &Path) -> Failure {
    let hint = Some("name a file in it, or a container".to_string());
    Failure::Refused { text: format!("{} is a folder", from.display()), hint }
}
