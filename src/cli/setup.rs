//! `timberline setup`: index templates and retention policies, put in place by hand or only shown.

use super::args::SetupArguments;
use super::load::pipelines;
use super::terminal::{BOLD, Look};
use super::{Ended, Exit};
use crate::output::elasticsearch;
use crate::pipeline::OutputSpec;
use std::io::{self, Write as _};

pub fn run(arguments: &SetupArguments) -> Ended {
    let (_, each) = arguments.settings.pipelines()?;
    let (pipelines, _) = pipelines(&each, &[])?;
    let outputs = pipelines.iter().flat_map(|pipeline| &pipeline.outputs);
    let engines: Vec<&OutputSpec> = outputs.filter(|output| is_engine(output)).collect();
    if engines.is_empty() {
        return Err("the pipeline has no elasticsearch output: there is nothing to put in place".to_string().into());
    }
    if arguments.print { print(&engines) } else { put_in_place(&engines) }
}

fn is_engine(output: &OutputSpec) -> bool {
    output.settings.declaration().name == elasticsearch::PLUGIN.declaration.name
}

/// The requests, as Kibana's console takes them; equal ones once.
fn print(engines: &[&OutputSpec]) -> Ended {
    let look = Look::of_stdout();
    let mut printed = Vec::new();
    for engine in engines {
        let plan = elasticsearch::plan(&engine.settings).map_err(|fault| said_by(engine, &fault.text))?;
        for request in plan.into_iter().filter(|request| !printed.contains(request)).collect::<Vec<_>>() {
            let head = format!("{} {}", request.method, request.path);
            let gap = if printed.is_empty() { "" } else { "\n" };
            writeln!(io::stdout(), "{gap}{}\n{:#}", look.paint(BOLD, &head), request.body)?;
            printed.push(request);
        }
    }
    Ok(Exit::Done)
}

/// Exit 1 if an engine is away or did not let us.
fn put_in_place(engines: &[&OutputSpec]) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let mut exit = Exit::Done;
    for engine in engines {
        match runtime.block_on(elasticsearch::setup(&engine.settings)) {
            Ok(report) => {
                for step in &report.steps {
                    writeln!(io::stdout(), "{}: {step}", engine.label)?;
                    exit = if step.outcome.is_bad() { Exit::No } else { exit };
                }
            }
            Err(why) => {
                super::say(&said_by(engine, &why), None);
                exit = Exit::No;
            }
        }
    }
    Ok(exit)
}

fn said_by(engine: &OutputSpec, text: &str) -> String {
    format!("output `{}`: {text}", engine.label)
}
