//! Loading a pipeline for a person: diagnostics are shown where they are read, with colour only on a terminal.

use super::settings::request;
use super::terminal::Look;
use super::{Exit, Failure, count, note};
use crate::app::load::{self, Loaded};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::SourceSet;
use crate::pipeline::Pipeline;
use crate::plugin::Door;
use crate::settings::{Settings, Source};

/// One mistake can bring many messages; nobody reads more than these at a time.
const SHOWN_MAX: usize = 20;

/// What was wrong with a pipeline that was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    pub errors: usize,
    pub warnings: usize,
}

impl std::ops::AddAssign for Found {
    fn add_assign(&mut self, other: Found) {
        self.errors += other.errors;
        self.warnings += other.warnings;
    }
}

/// Reads and compiles, and says on standard error what is wrong. Nothing is going to be opened.
pub fn load(settings: &Settings) -> Result<(Loaded, Found), Failure> {
    load_for(settings, &[])
}

fn load_for(settings: &Settings, opens: &'static [Door]) -> Result<(Loaded, Found), Failure> {
    let mut loaded = load::load(&request(settings, opens)).map_err(|text| missing(settings, text))?;
    loaded.pipeline.iter_mut().for_each(|pipeline| pipeline.prefix_labels(&settings.pipeline.prefix));
    show(&loaded.sources, &loaded.diagnostics);
    let errors = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = loaded.diagnostics.len() - errors;
    Ok((loaded, Found { errors, warnings }))
}

/// Diagnostics as a person reads them, on standard error.
pub fn show(sources: &SourceSet, found: &[Diagnostic]) {
    let colour = Look::of_stderr().colour;
    let mut diagnostics: Vec<&Diagnostic> = found.iter().collect();
    if diagnostics.len() > SHOWN_MAX {
        diagnostics.sort_by_key(|diagnostic| !diagnostic.is_error());
    }
    for diagnostic in diagnostics.iter().take(SHOWN_MAX) {
        note(&diagnostic.render(sources, colour));
    }
    if diagnostics.len() > SHOWN_MAX {
        note(&format!("… and {} more", diagnostics.len() - SHOWN_MAX));
    }
}

/// The pipeline, if nothing is wrong with it that refuses it. The sections that `opens` names are going to be opened.
pub fn pipeline(settings: &Settings, opens: &'static [Door]) -> Result<Pipeline, Failure> {
    Ok(pipelines(std::slice::from_ref(settings), opens)?.0.remove(0))
}

/// All pipelines, one at least, if nothing is wrong with any of them that refuses it; and what there is to warn of.
pub fn pipelines(each: &[Settings], opens: &'static [Door]) -> Result<(Vec<Pipeline>, Found), Failure> {
    let (mut pipelines, mut all) = (Vec::new(), Found::default());
    for settings in each {
        let (loaded, found) = load_for(settings, opens)?;
        pipelines.extend(loaded.pipeline);
        all += found;
    }
    if pipelines.len() == each.len() { Ok((pipelines, all)) } else { Err(refused(all)) }
}

/// The last line behind the diagnostics of a pipeline that is refused.
pub fn refused(found: Found) -> Failure {
    let counts = [(found.errors, "error"), (found.warnings, "warning")];
    let counts = counts.into_iter().filter(|(number, _)| *number > 0).map(|(number, thing)| count(number, thing));
    note(&format!("configuration refused: {}", counts.collect::<Vec<_>>().join(", ")));
    Failure::Said(Exit::Wrong)
}

fn missing(settings: &Settings, text: String) -> Failure {
    let hint = "name the pipeline with -f PATH: a .conf file, a folder of them, or a glob";
    let nobody_said = settings.source("path.config") == Source::Default;
    Failure::Refused { text, hint: nobody_said.then(|| hint.to_string()) }
}
