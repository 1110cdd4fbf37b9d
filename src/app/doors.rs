//! Inputs and outputs, opened by the settings that the compiler checked.

use super::plugins::{INPUTS, OUTPUTS};
use crate::input::Input;
use crate::output::Output;
use crate::pipeline::Pipeline;
use crate::plugin::{Fault, Settings};

/// Every door of a pipeline, in its order.
pub struct Doors {
    pub inputs: Vec<Box<dyn Input>>,
    pub outputs: Vec<Box<dyn Output>>,
}

/// Builds and opens all doors: what can be wrong for good is found here, before anything runs.
pub fn open(pipeline: &Pipeline) -> Result<Doors, String> {
    if pipeline.inputs.is_empty() {
        return Err("the pipeline has no input: there is nothing to read".into());
    }
    Ok(Doors { outputs: open_outputs(pipeline)?, inputs: open_inputs(pipeline)? })
}

/// The outputs alone.
pub fn open_outputs(pipeline: &Pipeline) -> Result<Vec<Box<dyn Output>>, String> {
    if pipeline.outputs.is_empty() {
        return Err("the pipeline has no output: everything that is read would be lost".into());
    }
    let mut outputs = pipeline.outputs.iter().map(|spec| output(&spec.settings)).collect::<Result<Vec<_>, _>>()?;
    for (door, spec) in outputs.iter_mut().zip(&pipeline.outputs) {
        door.open().map_err(|why| format!("output `{}`: {why}", spec.label))?;
    }
    Ok(outputs)
}

/// The inputs alone.
pub fn open_inputs(pipeline: &Pipeline) -> Result<Vec<Box<dyn Input>>, String> {
    let mut inputs = pipeline.inputs.iter().map(|spec| input(&spec.settings)).collect::<Result<Vec<_>, _>>()?;
    for (door, spec) in inputs.iter_mut().zip(&pipeline.inputs) {
        door.open().map_err(|why| format!("input `{}`: {why}", spec.label))?;
    }
    Ok(inputs)
}

fn input(settings: &Settings) -> Result<Box<dyn Input>, String> {
    let name = settings.declaration().name;
    let build = INPUTS.iter().find(|plugin| plugin.declaration.name == name).and_then(|plugin| plugin.build);
    build.ok_or_else(|| closed("input", name))?(settings).map_err(|fault| refused("input", name, &fault))
}

fn output(settings: &Settings) -> Result<Box<dyn Output>, String> {
    let name = settings.declaration().name;
    let build = OUTPUTS.iter().find(|plugin| plugin.declaration.name == name).and_then(|plugin| plugin.build);
    build.ok_or_else(|| closed("output", name))?(settings).map_err(|fault| refused("output", name, &fault))
}

fn closed(door: &str, name: &str) -> String {
    format!("{door} `{name}` is known, but `run` cannot open it yet; `check` and `dry-run` work without it")
}

fn refused(door: &str, name: &str, fault: &Fault) -> String {
    let help: String = fault.help.iter().map(|help| format!("\nhelp: {help}")).collect();
    format!("{door} `{name}`: {fault}{help}")
}
