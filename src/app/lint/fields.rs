//! Fields that are used before anything makes them, or under a name that nothing makes.
//!
//! Said only where it is sure which fields there are: the inputs give plain lines, and every filter on the way says by its
//! settings what it makes. Where no input is named, events may bring fields of their own: then only what a `grok` or a
//! `dissect` outside of branches makes counts.

use super::{is_other_language, pairs, texts, values};
use crate::event::{FieldRef, Template};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::Span;
use crate::lang::suggest::nearest;
use crate::lang::tree::{Comparison, Condition, Config, If, Literal, Node, Operand, Plugin};
use std::collections::BTreeSet;

mod makes;

/// What inputs of plain lines, their codecs and agents may give an event.
const GIVEN: [&str; 42] = [
    "message",
    "@timestamp",
    "@version",
    "@metadata",
    "tags",
    "type",
    "host",
    "event",
    "log",
    "stream",
    "container",
    "path",
    "port",
    "command",
    "input",
    "agent",
    "ecs",
    "fields",
    "source",
    "destination",
    "url",
    "user",
    "user_agent",
    "http",
    "process",
    "service",
    "syslog",
    "priority",
    "facility",
    "facility_label",
    "severity",
    "severity_label",
    "timestamp",
    "logsource",
    "program",
    "pid",
    "network",
    "client",
    "server",
    "error",
    "sequence",
    "docker",
];
/// Inputs of lines, and the codecs that leave them lines.
const PLAIN_INPUTS: [&str; 10] =
    ["stdin", "file", "docker", "tcp", "udp", "syslog", "unix", "exec", "pipe", "generator"];
const PLAIN_CODECS: [&str; 4] = ["plain", "line", "multiline", "docker_json"];
/// Shorter names are too near to each other.
const MISSPELT_CHARS_MIN: usize = 5;

/// One thing that happens to fields, at a step of the pipeline.
struct Use {
    step: usize,
    /// Conditions: the last step of their branches.
    until: usize,
    field: String,
    span: Span,
}

struct Make {
    step: usize,
    field: String,
    by: String,
    /// By a parser, whatever the event.
    always: bool,
}

#[derive(Default)]
struct Flow {
    step: usize,
    depth: usize,
    uses: Vec<Use>,
    makes: Vec<Make>,
    /// The first step behind which any field can be there.
    unknown_from: Option<usize>,
}

pub fn order(config: &Config, found: &mut Vec<Diagnostic>) {
    if !config.inputs.iter().all(is_plain) {
        return;
    }
    let mut flow = Flow::default();
    for node in &config.inputs {
        if let Node::Plugin(plugin) = node {
            flow.add_fields(plugin);
        }
    }
    flow.nodes(&config.filters);
    flow.nodes(&config.outputs);
    let mut said = BTreeSet::new();
    for used in &flow.uses {
        if let Some(diagnostic) = flow.judge(used, !config.inputs.is_empty())
            && said.insert(used.field.clone())
        {
            found.push(diagnostic);
        }
    }
}

fn is_plain(input: &Node) -> bool {
    let Node::Plugin(plugin) = input else { return false };
    let codec = |value: &Literal| match value {
        Literal::Plugin(codec) => PLAIN_CODECS.contains(&codec.name.value.as_str()),
        value => value.as_text().is_some_and(|name| PLAIN_CODECS.contains(&name)),
    };
    PLAIN_INPUTS.contains(&plugin.name.value.as_str()) && values(plugin, "codec").all(codec)
}

impl Flow {
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Plugin(plugin) => self.plugin(plugin),
                Node::If(branching) => self.branching(branching),
            }
        }
    }

    fn branching(&mut self, branching: &If) {
        self.step += 1;
        let (step, first) = (self.step, self.uses.len());
        branching.branches.iter().for_each(|(condition, _)| self.condition(condition));
        let conditions = first..self.uses.len();
        self.depth += 1;
        branching.branches.iter().for_each(|(_, body)| self.nodes(body));
        self.nodes(branching.otherwise.as_deref().unwrap_or_default());
        self.depth -= 1;
        for used in &mut self.uses[conditions] {
            (used.step, used.until) = (step, self.step);
        }
    }

    /// What must be there for the condition to hold.
    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(a, b) | Condition::Or(a, b) => {
                self.condition(a);
                self.condition(b);
            }
            Condition::Compare { op, left, right } if *op != Comparison::Ne => self.operands([left, right]),
            Condition::In { needle, haystack, negated: false } => self.operands([needle, haystack]),
            Condition::Match { left, negated: false, .. } | Condition::Truthy(left) => self.operands([left]),
            _ => {}
        }
    }

    fn operands<'o>(&mut self, operands: impl IntoIterator<Item = &'o Operand>) {
        for operand in operands {
            if let Operand::Field(field) = operand {
                self.uses(&field.value, field.span);
            }
        }
    }

    fn uses(&mut self, reference: &str, span: Span) {
        if let Some(field) = FieldRef::parse(reference).ok().and_then(|path| name_of(&path)) {
            self.uses.push(Use { step: self.step, until: self.step, field, span });
        }
    }

    fn makes(&mut self, reference: &str, by: &str) {
        if reference.contains("%{") {
            return self.anything();
        }
        if let Some(field) = FieldRef::parse(reference).ok().and_then(|path| name_of(&path)) {
            let always = self.depth == 0 && matches!(by, "grok" | "dissect");
            self.makes.push(Make { step: self.step, field, by: by.into(), always });
        }
    }

    /// From here on any field can be there.
    fn anything(&mut self) {
        self.unknown_from.get_or_insert(self.step);
    }

    fn plugin(&mut self, plugin: &Plugin) {
        self.step += 1;
        makes::reads(plugin, &mut |reference, span| self.uses(reference, span));
        let ours = plugin.settings.iter().filter(|setting| !is_other_language(plugin, setting));
        for text in ours.flat_map(|setting| texts(&setting.value)) {
            let template = Template::parse(&text.value);
            for field in template.fields().filter_map(name_of) {
                self.uses.push(Use { step: self.step, until: self.step, field, span: text.span });
            }
        }
        self.add_fields(plugin);
        match makes::writes(plugin) {
            Some(references) => references.iter().for_each(|reference| self.makes(reference, &plugin.name.value)),
            None => self.anything(),
        }
    }

    fn add_fields(&mut self, plugin: &Plugin) {
        for (key, _) in values(plugin, "add_field").flat_map(pairs) {
            self.makes(&key.value, &plugin.name.value);
        }
    }

    fn judge(&self, used: &Use, inputs_are_known: bool) -> Option<Diagnostic> {
        let is_known = GIVEN.contains(&used.field.as_str())
            || self.unknown_from.is_some_and(|from| from <= used.step)
            || self.makes.iter().any(|make| make.field == used.field && make.step <= used.until);
        if is_known {
            return None;
        }
        let counts = |make: &&Make| inputs_are_known || make.always;
        if let Some(make) = self.makes.iter().filter(counts).find(|make| make.field == used.field) {
            let text = format!("`{}` is used here, and made only later", used.field);
            let note = format!("the `{}` that makes it stands further down", make.by);
            return Some(Diagnostic::warning("used-before-made", used.span, text).with_note(note));
        }
        if self.makes.iter().any(|make| make.field == used.field) {
            return None;
        }
        let made = self.makes.iter().filter(counts).map(|make| make.field.as_str());
        let near = nearest(&used.field, made).filter(|near| is_misspelt(&used.field, near))?;
        let text = format!("nothing makes a field `{}`", used.field);
        Some(Diagnostic::warning("unknown-field", used.span, text).with_help(format!("did you mean `{near}`?")))
    }
}

/// A plural is another field.
fn is_misspelt(name: &str, near: &str) -> bool {
    let singular = |name: &str| name.trim_end_matches('s').to_string();
    name.len() >= MISSPELT_CHARS_MIN && name.len().abs_diff(near.len()) <= 1 && singular(name) != singular(near)
}

/// The top of the path; below `@metadata`, with the first name there.
fn name_of(path: &FieldRef) -> Option<String> {
    let first = path.steps.first()?;
    Some(if path.metadata { format!("[@metadata][{}]", first.name) } else { first.name.to_string() })
}
