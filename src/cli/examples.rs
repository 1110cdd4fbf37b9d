//! The examples that stand beside the plugins: which there are of a plugin, of a setting. The test runs them all.

#[cfg(test)]
mod codecs;
#[cfg(test)]
mod run;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use crate::app::plugins;
use crate::plugin::Declaration;
use crate::plugin::example::{self, Example};

/// What becomes of an event by the settings that every filter has.
const COMMON: &str = include_str!("../filter/common/examples.txt");

/// All examples of a plugin.
pub fn of(declaration: &Declaration) -> Vec<Example<'static>> {
    let filters = plugins::FILTERS.iter().map(|filter| (filter.declaration, filter.examples));
    let codecs = plugins::CODECS.iter().map(|codec| (codec.declaration, codec.examples));
    let of = filters.chain(codecs).find(|(known, _)| std::ptr::eq(*known, declaration));
    of.map(|(_, examples)| example::read(examples)).unwrap_or_default()
}

/// Those of one setting, or, with an empty name, of the plugin as a whole.
pub fn about<'e, 't>(examples: &'e [Example<'t>], setting: &str) -> impl Iterator<Item = &'e Example<'t>> {
    examples.iter().filter(move |example| example.setting == setting)
}

/// Those of the settings that every filter has.
pub fn common() -> Vec<Example<'static>> {
    example::read(COMMON)
}
