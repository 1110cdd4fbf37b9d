//! Two plugins with one `id`: an error, as Logstash refuses a pipeline with "duplicate Ids". Codecs have none there.

use super::{each_node, texts, values};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::{SourceSet, Spanned};
use crate::lang::tree::{Config, Node};

pub fn twice(config: &Config, sources: &SourceSet, found: &mut Vec<Diagnostic>) {
    let mut before: Vec<&Spanned<String>> = Vec::new();
    for nodes in [&config.inputs, &config.filters, &config.outputs] {
        each_node(nodes, &mut |node| {
            let Node::Plugin(plugin) = node else { return };
            let Some(id) = values(plugin, "id").flat_map(texts).next() else { return };
            match before.iter().find(|other| other.value == id.value) {
                Some(first) => found.push(said(id, first, sources)),
                None => before.push(id),
            }
        });
    }
}

fn said(id: &Spanned<String>, first: &Spanned<String>, sources: &SourceSet) -> Diagnostic {
    let place = sources.place(first.span);
    Diagnostic::error("duplicate-id", id.span, format!("two plugins have the id `{}`", id.value))
        .with_note(format!("the first stands at {place}"))
        .with_help("metrics and messages know a plugin by its id: give each another one")
}
