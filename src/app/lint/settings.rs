//! Settings that are given more than once.

use super::pairs;
use crate::lang::diagnostic::Diagnostic;
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
