//! The examples that stand beside the plugins: which there are of a plugin, of a setting. The test runs them all.

#[cfg(test)]
mod run;
#[cfg(test)]
mod tests;

use crate::app::plugins;
use crate::plugin::Declaration;
use crate::plugin::example::{self, Example};

/// What becomes of an event by the settings that every filter has.
const COMMON: &str = include_str!("../filter/common/examples.txt");

/// All examples of a plugin.
pub fn of(declaration: &Declaration) -> Vec<Example<'static>> {
    let filter = plugins::FILTERS.iter().find(|filter| std::ptr::eq(filter.declaration, declaration));
    filter.map(|filter| example::read(filter.examples)).unwrap_or_default()
}

/// Those of one setting, or, with an empty name, of the plugin as a whole.
pub fn about<'e, 't>(examples: &'e [Example<'t>], setting: &str) -> impl Iterator<Item = &'e Example<'t>> {
    examples.iter().filter(move |example| example.setting == setting)
}

/// Those of the settings that every filter has.
pub fn common() -> Vec<Example<'static>> {
    example::read(COMMON)
}
