//! What the parser makes of a text: a shape as short as the text itself, and what it says.

mod condition_hints;
mod grammar;
mod hints;
mod robust;
mod value_hints;

use super::Options;
use super::parse;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::SourceSet;
use crate::lang::tree::*;

const PLAIN: Options = Options { support_escapes: false };

/// The text parses without a word, into this shape.
#[track_caller]
fn check(text: &str, expected: &str) {
    check_files(&[text], expected);
}

#[track_caller]
fn check_files(texts: &[&str], expected: &str) {
    let (sources, config, found) = parse_files(texts, &PLAIN);
    assert_eq!(said(&sources, &found), "", "{texts:?}");
    compare(&shape(&config), expected);
}

/// The only setting of a plugin has this shape.
#[track_caller]
fn check_value(value: &str, expected: &str) {
    check_value_with(&PLAIN, value, expected);
}

#[track_caller]
fn check_value_with(options: &Options, value: &str, expected: &str) {
    let (sources, config, found) = parse_files(&[&format!("filter {{ p {{ s => {value} }} }}")], options);
    assert_eq!(said(&sources, &found), "", "{value}");
    let Some(Node::Plugin(plugin)) = config.filters.first() else { panic!("no plugin in {value}") };
    compare(&literal(&plugin.settings[0].value), expected);
}

/// The condition has this shape.
#[track_caller]
fn check_condition(text: &str, expected: &str) {
    let (sources, config, found) = parse_files(&[&format!("filter {{ if {text} {{ }} }}")], &PLAIN);
    let errors: Vec<Diagnostic> = found.into_iter().filter(Diagnostic::is_error).collect();
    assert_eq!(said(&sources, &errors), "", "{text}");
    let Some(Node::If(branching)) = config.filters.first() else { panic!("no branch in {text}") };
    compare(&condition(&branching.branches[0].0), expected);
}

/// The parser says this, one line a diagnostic, with its notes and help.
#[track_caller]
fn check_said(text: &str, expected: &str) {
    let (sources, _, found) = parse_files(&[text], &PLAIN);
    compare(&said(&sources, &found), expected);
}

#[track_caller]
fn compare(actual: &str, expected: &str) {
    assert!(actual == expected.trim(), "\n<<<{actual}>>>\nexpected\n{expected}");
}

fn parse_files(texts: &[&str], options: &Options) -> (SourceSet, Config, Vec<Diagnostic>) {
    let mut sources = SourceSet::new();
    for (number, text) in texts.iter().enumerate() {
        sources.add(format!("{number}.conf"), text);
    }
    let (config, found) = parse(&sources, options);
    (sources, config, found)
}

fn said(sources: &SourceSet, found: &[Diagnostic]) -> String {
    let mut lines = Vec::new();
    for diagnostic in found {
        let place = sources.place(diagnostic.span);
        let kind = if diagnostic.is_error() { "error" } else { "warning" };
        lines.push(format!("{}:{} {kind}[{}] {}", place.line, place.column, diagnostic.code, diagnostic.text));
        lines.extend(diagnostic.notes.iter().map(|note| format!("  note: {note}")));
        lines.extend(diagnostic.help.iter().map(|help| format!("  help: {help}")));
    }
    lines.join("\n")
}

fn shape(config: &Config) -> String {
    let sections = [("input", &config.inputs), ("filter", &config.filters), ("output", &config.outputs)];
    let shown = sections.iter().filter(|(_, nodes)| !nodes.is_empty());
    shown.map(|(name, nodes)| format!("{name}: {}", shape_of(nodes))).collect::<Vec<_>>().join("\n")
}

fn shape_of(nodes: &[Node]) -> String {
    let shown = nodes.iter().map(|node| match node {
        Node::Plugin(plugin) => plugin_shape(plugin),
        Node::If(branching) => {
            let branches = branching.branches.iter();
            let branches = branches.map(|(test, body)| format!("if {} {{{}}}", condition(test), shape_of(body)));
            let otherwise = branching.otherwise.iter().map(|body| format!("{{{}}}", shape_of(body)));
            branches.chain(otherwise).collect::<Vec<_>>().join(" else ")
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn plugin_shape(plugin: &Plugin) -> String {
    let settings = plugin.settings.iter();
    let settings = settings.map(|setting| format!("{}={}", setting.name.value, literal(&setting.value)));
    format!("{}({})", plugin.name.value, settings.collect::<Vec<_>>().join(" "))
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::String(text) => format!("{:?}", text.value),
        Literal::Bareword(text) => text.value.clone(),
        Literal::Number(number) => number_shape(&number.value),
        Literal::Array(items) => format!("[{}]", items.value.iter().map(literal).collect::<Vec<_>>().join(",")),
        Literal::Hash(entries) => {
            let entries = entries.value.iter().map(|(key, value)| format!("{}:{}", literal(key), literal(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
        }
        Literal::Plugin(plugin) => plugin_shape(plugin),
    }
}

fn number_shape(number: &Number) -> String {
    match number.value {
        NumberValue::Integer(value) => format!("{value}i"),
        NumberValue::Float(value) => format!("{value}f"),
    }
}

fn condition(test: &Condition) -> String {
    let two =
        |name: &str, left: &Condition, right: &Condition| format!("({name} {} {})", condition(left), condition(right));
    match test {
        Condition::Or(left, right) => two("or", left, right),
        Condition::And(left, right) => two("and", left, right),
        Condition::Xor(left, right) => two("xor", left, right),
        Condition::Nand(left, right) => two("nand", left, right),
        Condition::Not(inner) => format!("(not {})", condition(&inner.value)),
        Condition::Compare { op, left, right } => format!("({op:?} {} {})", operand(left), operand(right)),
        Condition::Match { left, regex, negated } => {
            format!("({} {} /{}/)", if *negated { "!~" } else { "=~" }, operand(left), regex.value)
        }
        Condition::In { needle, haystack, negated } => {
            format!("({} {} {})", if *negated { "not-in" } else { "in" }, operand(needle), operand(haystack))
        }
        Condition::Truthy(value) => operand(value),
    }
}

fn operand(value: &Operand) -> String {
    match value {
        Operand::Field(text) => text.value.clone(),
        Operand::String(text) => format!("{:?}", text.value),
        Operand::Number(number) => number_shape(&number.value),
        Operand::Array(items) => format!("array({})", items.value.iter().map(operand).collect::<Vec<_>>().join(",")),
    }
}
