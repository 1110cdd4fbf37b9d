//! `timberline check`: parse and compile, say what is wrong and where.

use super::args::CheckArguments;
use super::load::{pipelines, refused};
use super::{Ended, Exit, count};
use crate::pipeline::Pipeline;
use std::io::{self, Write as _};

pub fn run(arguments: &CheckArguments) -> Ended {
    let (_, each) = arguments.settings.pipelines()?;
    let (pipelines, found) = pipelines(&each, &[])?;
    if arguments.strict && found.warnings > 0 {
        return Err(refused(found));
    }
    let warned = if found.warnings == 0 { String::new() } else { format!(" ({})", count(found.warnings, "warning")) };
    let mut out = io::stdout();
    match &pipelines[..] {
        [pipeline] => writeln!(out, "configuration OK: {}{warned}", parts(pipeline))?,
        several => {
            writeln!(out, "configuration OK: {}{warned}", count(several.len(), "pipeline"))?;
            for (settings, pipeline) in each.iter().zip(several) {
                writeln!(out, "  {}: {}", settings.pipeline.id, parts(pipeline))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn parts(pipeline: &Pipeline) -> String {
    let filters = pipeline.program.filters();
    [(pipeline.inputs.len(), "input"), (filters, "filter"), (pipeline.outputs.len(), "output")]
        .map(|(number, thing)| count(number, thing))
        .join(", ")
}
