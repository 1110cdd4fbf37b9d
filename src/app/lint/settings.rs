//! Operations that come too late.

use super::{pairs, texts, values};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::Spanned;
use crate::lang::tree::{Literal, Plugin};

/// What a number or a truth is no longer open to. `mutate` runs its operations in a fixed order, in which `convert` comes before them.
const OF_STRINGS: [&str; 6] = ["gsub", "uppercase", "lowercase", "capitalize", "strip", "split"];
/// What `convert` makes a string into, so that it stays one.
const STAY_STRINGS: [&str; 1] = ["string"];

/// `convert => { "n" => "float" } gsub => [ "n", ",", "." ]` in one mutate: there is no string left to change.
pub fn operations_too_late(plugin: &Plugin, found: &mut Vec<Diagnostic>) {
    if plugin.name.value != "mutate" {
        return;
    }
    let converted = values(plugin, "convert").flat_map(pairs);
    let converted = converted.filter(|(_, to)| texts(to).iter().any(|to| !STAY_STRINGS.contains(&to.value.as_str())));
    let converted: Vec<&str> = converted.map(|(field, _)| field.value.as_str()).collect();
    for operation in OF_STRINGS {
        for field in values(plugin, operation).flat_map(|value| fields_of(operation, value)) {
            if converted.contains(&field.value.as_str()) {
                let text =
                    format!("`{operation}` comes after `convert` in a mutate: `{}` is no string by then", field.value);
                let help = "put `convert` into a mutate of its own behind this one";
                found.push(Diagnostic::warning("too-late", field.span, text).with_help(help));
            }
        }
    }
}

/// The fields that an operation names: of `gsub` every third string.
fn fields_of<'t>(operation: &str, value: &'t Literal) -> Vec<&'t Spanned<String>> {
    match operation {
        "gsub" => texts(value).into_iter().step_by(3).collect(),
        "split" => pairs(value).into_iter().map(|(field, _)| field).collect(),
        _ => texts(value),
    }
}
