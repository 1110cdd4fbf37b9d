//! `timberline check`: parse and compile, say what is wrong and where.

use super::args::CheckArguments;
use super::load::{load, refused};
use super::{Ended, Exit, count};
use crate::pipeline::Pipeline;
use std::io::{self, Write as _};

pub fn run(arguments: &CheckArguments) -> Ended {
    let (loaded, found) = load(&arguments.settings.load()?)?;
    let Some(pipeline) = loaded.pipeline else { return Err(refused(found)) };
    if arguments.strict && found.warnings > 0 {
        return Err(refused(found));
    }
    let warned = if found.warnings == 0 { String::new() } else { format!(" ({})", count(found.warnings, "warning")) };
    writeln!(io::stdout(), "configuration OK: {}{warned}", parts(&pipeline))?;
    Ok(Exit::Done)
}

fn parts(pipeline: &Pipeline) -> String {
    let filters = pipeline.program.filters();
    [(pipeline.inputs.len(), "input"), (filters, "filter"), (pipeline.outputs.len(), "output")]
        .map(|(number, thing)| count(number, thing))
        .join(", ")
}
