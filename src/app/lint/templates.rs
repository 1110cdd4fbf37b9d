//! Two `elasticsearch` outputs that put different index templates under one name on one engine: an error, for the later
//! one replaces the other's, whose new indices are then mapped dynamically.
//!
//! Silent where a template is the operator's own file, which may mean the indices of both, and where the engines differ.

use super::{each_node, texts, values};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::{SourceSet, Span, Spanned};
use crate::lang::tree::{Config, Node, Plugin};
use crate::output::elasticsearch::{GeneratedTemplate, generated_template};

/// A template that an output makes.
struct Made<'t> {
    hosts: Vec<&'t str>,
    template: GeneratedTemplate,
    /// What it is called so by.
    span: Span,
}

pub fn overwritten(config: &Config, sources: &SourceSet, found: &mut Vec<Diagnostic>) {
    let mut before: Vec<Made> = Vec::new();
    each_node(&config.outputs, &mut |node| {
        let Node::Plugin(plugin) = node else { return };
        let Some(made) = made(plugin) else { return };
        let same = |other: &&Made| other.hosts == made.hosts && other.template.name == made.template.name;
        match before.iter().find(same) {
            Some(first) if first.template.pattern != made.template.pattern => found.push(said(&made, first, sources)),
            Some(_) => {}
            None => before.push(made),
        }
    });
}

/// `None`: it makes none.
fn made(plugin: &Plugin) -> Option<Made<'_>> {
    let text = |name| values(plugin, name).flat_map(texts).next();
    let is_ours = text("template").is_none() && text("manage_template").is_none_or(|text| text.value != "false");
    if plugin.name.value != "elasticsearch" || !is_ours {
        return None;
    }
    let (index, name) = (text("index"), text("template_name"));
    let template = generated_template(index.map(written), name.map(written))?;
    let mut hosts: Vec<&str> = values(plugin, "hosts").flat_map(texts).map(|host| host.value.as_str()).collect();
    hosts.sort_unstable();
    Some(Made { hosts, template, span: name.or(index).map_or(plugin.name.span, |text| text.span) })
}

fn written(text: &Spanned<String>) -> &str {
    &text.value
}

fn said(made: &Made, first: &Made, sources: &SourceSet) -> Diagnostic {
    let (GeneratedTemplate { name, pattern }, place) = (&made.template, sources.place(first.span));
    let text = format!("two outputs put different index templates under the name `{name}`");
    let first = &first.template.pattern;
    Diagnostic::error("duplicate-template", made.span, text)
        .with_note(format!("the first stands at {place}, for the indices `{first}`; this one is for `{pattern}`"))
        .with_note("one replaces the other, and the indices of that one are mapped dynamically")
        .with_help("give each output a `template_name` of its own")
}
