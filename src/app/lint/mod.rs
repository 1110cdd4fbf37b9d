//! What a pipeline says that compiles and is hardly meant: warnings of `check`.
//!
//! Each part walks the tree of the configuration and knows the plugins that it speaks of by name. Whoever is warned of
//! what is right stops reading warnings, so each part stays silent where it cannot be sure.

mod conditions;
mod dates;
mod fields;
mod groks;
mod ids;
mod settings;
mod templates;
#[cfg(test)]
mod tests;

use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::{SourceSet, Spanned};
use crate::lang::tree::{Config, If, Literal, Node, Plugin, Setting};

/// Strings in which `%{…}` is another language.
const OTHER_LANGUAGES: [(&str, &str); 5] = [
    ("grok", "match"),
    ("grok", "pattern_definitions"),
    ("dissect", "mapping"),
    ("multiline", "pattern"),
    ("ruby", "code"),
];

/// All that is to be said of the pipeline, in no order.
pub fn lint(config: &Config, sources: &SourceSet) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_plugin(config, &mut |plugin| {
        dates::patterns(plugin, &mut found);
        dates::locale(plugin, &mut found);
        groks::anchors(plugin, &mut found);
        settings::operations_too_late(plugin, &mut found);
    });
    each_branching(config, &mut |branching| conditions::branching(branching, &mut found));
    fields::order(config, &mut found);
    ids::twice(config, sources, &mut found);
    templates::overwritten(config, sources, &mut found);
    found
}

/// Every plugin with the codecs within.
fn each_plugin<'t>(config: &'t Config, each: &mut dyn FnMut(&'t Plugin)) {
    for nodes in [&config.inputs, &config.filters, &config.outputs] {
        each_node(nodes, &mut |node| {
            if let Node::Plugin(plugin) = node {
                with_codecs(plugin, each);
            }
        });
    }
}

fn with_codecs<'t>(plugin: &'t Plugin, each: &mut dyn FnMut(&'t Plugin)) {
    each(plugin);
    for setting in &plugin.settings {
        if let Literal::Plugin(codec) = &setting.value {
            with_codecs(codec, each);
        }
    }
}

fn each_branching<'t>(config: &'t Config, each: &mut dyn FnMut(&'t If)) {
    for nodes in [&config.filters, &config.outputs] {
        each_node(nodes, &mut |node| {
            if let Node::If(branching) = node {
                each(branching);
            }
        });
    }
}

/// Every node with those in its branches, from top to bottom.
fn each_node<'t>(nodes: &'t [Node], each: &mut dyn FnMut(&'t Node)) {
    for node in nodes {
        each(node);
        if let Node::If(branching) = node {
            branching.branches.iter().for_each(|(_, body)| each_node(body, each));
            each_node(branching.otherwise.as_deref().unwrap_or_default(), each);
        }
    }
}

/// The strings of a value, keys of hashes included.
fn texts(literal: &Literal) -> Vec<&Spanned<String>> {
    match literal {
        Literal::String(text) | Literal::Bareword(text) => vec![text],
        Literal::Array(items) => items.value.iter().flat_map(texts).collect(),
        Literal::Hash(entries) => {
            entries.value.iter().flat_map(|(key, value)| texts(key).into_iter().chain(texts(value))).collect()
        }
        Literal::Number(_) | Literal::Plugin(_) => Vec::new(),
    }
}

/// The entries of a hash, or of an array that stands for one: key, value, key, value.
fn pairs(literal: &Literal) -> Vec<(&Spanned<String>, &Literal)> {
    match literal {
        Literal::Hash(entries) => entries.value.iter().filter_map(|(key, value)| pair(key, value)).collect(),
        Literal::Array(items) => items.value.chunks_exact(2).filter_map(|two| pair(&two[0], &two[1])).collect(),
        _ => Vec::new(),
    }
}

fn pair<'t>(key: &'t Literal, value: &'t Literal) -> Option<(&'t Spanned<String>, &'t Literal)> {
    match key {
        Literal::String(text) | Literal::Bareword(text) => Some((text, value)),
        _ => None,
    }
}

/// The values of a setting, however often it is given.
fn values<'t>(plugin: &'t Plugin, name: &'t str) -> impl Iterator<Item = &'t Literal> {
    plugin.settings_named(name).map(|setting| &setting.value)
}

fn is_other_language(plugin: &Plugin, setting: &Setting) -> bool {
    OTHER_LANGUAGES.contains(&(plugin.name.value.as_str(), setting.name.value.as_str()))
}
