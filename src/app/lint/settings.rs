//! Settings that are given more than once, and operations that come too late.

use super::{pairs, texts, values};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::Spanned;
use crate::lang::tree::{Literal, Plugin};

/// Repeated hashes merge, and of two values of a key the later one counts, as in Logstash: nothing says so at run time.
pub fn replaced_keys(plugin: &Plugin, found: &mut Vec<Diagnostic>) {
    for (at, setting) in plugin.settings.iter().enumerate() {
        let Literal::Hash(_) = setting.value else { continue };
        let later = plugin.settings[at + 1..].iter().filter(|later| later.name.value == setting.name.value);
        let later: Vec<_> = later.flat_map(|later| pairs(&later.value)).map(|(key, _)| &key.value).collect();
        for (key, _) in pairs(&setting.value) {
            if later.contains(&&key.value) {
                let text =
                    format!("a later `{}` of this plugin replaces the value of `{}`", setting.name.value, key.value);
                let help = "give all values of a key in one array: `[ \"a\", \"b\" ]`";
                found.push(Diagnostic::warning("replaced-key", key.span, text).with_help(help));
            }
        }
    }
}

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
