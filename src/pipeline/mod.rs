//! The compiled pipeline: the tree of a configuration, turned into a program that a worker runs events through.
//!
//! `compile` checks the tree against the list of plugins handed in and builds every filter once; each worker gets a
//! clone (`Program::boxed`). Filters and outputs stand in one flat list of steps, conditionals are jumps in it.
//! This room opens nothing: inputs and outputs are only their settings here, `app` opens the doors.

pub mod common;
pub mod compile;
pub mod condition;
mod expressions;
pub mod plan;
pub mod program;
pub mod rhythm;
pub mod route;
pub mod worker;

use crate::codec::{CodecPlugin, Decoder};
use crate::event::Rules;
use crate::event::destination::Rendering;
use crate::filter::{Ecs, Files, FilterPlugin};
use crate::plugin::{Declaration, Door, Fault, Settings};

/// What an output's settings say about how its documents look.
pub type RenderingOf = fn(&Settings) -> Result<Rendering, Fault>;

/// An input, as far as compiling goes.
#[derive(Clone, Copy)]
pub struct InputEntry {
    pub declaration: &'static Declaration,
    /// The codec where the pipeline names none.
    pub codec: &'static str,
    /// The setting that names the codec which joins lines in front of the one that reads them, where there is one.
    pub joining: Option<&'static str>,
}

/// An output, as far as compiling goes.
#[derive(Clone, Copy)]
pub struct OutputEntry {
    pub declaration: &'static Declaration,
    pub rendering: RenderingOf,
}

/// Every plugin there is.
#[derive(Default)]
pub struct Catalogue {
    pub inputs: Vec<InputEntry>,
    pub filters: Vec<&'static FilterPlugin>,
    pub outputs: Vec<OutputEntry>,
    pub codecs: Vec<&'static CodecPlugin>,
}

/// The settings that compiling depends on.
pub struct Options<'a> {
    pub ecs: Ecs,
    /// They hold while events run through the pipeline, too.
    pub rules: Rules,
    pub files: &'a dyn Files,
    /// The sections that will be opened: what cannot be opened is an error in them, and a warning elsewhere.
    pub opens: &'a [Door],
}

/// An input of the pipeline: how its bytes become events. `app` opens it by its settings.
pub struct InputSpec {
    pub settings: Settings,
    /// Its `id`, or its plugin's name.
    pub label: String,
    pub decoder: Decoder,
    /// Whether the decoder puts lines together.
    pub joins: bool,
    /// `add_field`, `tags`, `type`.
    pub decoration: common::Decoration,
}

/// An output of the pipeline: how its documents look. `app` opens it by its settings.
pub struct OutputSpec {
    pub settings: Settings,
    /// Its `id`, or its plugin's name; with a number where an output before it has that name.
    pub label: String,
    pub route: route::Route,
}

impl Pipeline {
    /// Puts the pipeline's name before those of its inputs and outputs, as the log and metrics show them.
    pub fn prefix_labels(&mut self, prefix: &str) {
        let labels = self.inputs.iter_mut().map(|input| &mut input.label);
        let labels = labels.chain(self.outputs.iter_mut().map(|output| &mut output.label));
        labels.for_each(|label| label.insert_str(0, prefix));
    }
}

/// A pipeline that compiled.
pub struct Pipeline {
    pub inputs: Vec<InputSpec>,
    pub outputs: Vec<OutputSpec>,
    pub program: program::Program,
    /// What was written, for whoever looks on.
    pub plan: plan::Plan,
}
