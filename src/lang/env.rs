//! `${NAME}`, `${NAME:default}` and `${file:/path}` in the tree: replaced after parsing, so that a value is never read as
//! configuration.
//!
//! Replaced in the strings of settings (not in the keys of hashes) and in the strings that conditions compare with, not
//! in regular expressions. A value may be a secret: it goes into the tree, never into a diagnostic. Whoever makes
//! diagnostics of the tree hides the values in them with [`Substituted::hide`].
//!
//! A file (ours; Logstash has a keystore in its place) is asked for under the name `file:/path`.

use super::diagnostic::Diagnostic;
use super::source::Span;
use super::source::Spanned;
use super::tree::Condition;
use super::tree::Config;
use super::tree::Literal;
use super::tree::Node;
use super::tree::Operand;
use super::tree::Plugin;

/// What starts the name of a file.
pub const FILE: &str = "file:";
/// Shorter values of variables stand in too many words to be hidden, and are no secrets.
const HIDDEN_CHARS_MIN: usize = 4;

/// What came of the references.
#[derive(Debug, Default)]
pub struct Substituted {
    /// What had no value.
    pub diagnostics: Vec<Diagnostic>,
    /// Each reference as written, and the value that stands in its place.
    values: Vec<(String, String)>,
}

impl Substituted {
    /// Puts the references back in the place of their values.
    pub fn hide(&self, diagnostic: &mut Diagnostic) {
        let texts = std::iter::once(&mut diagnostic.text).chain(&mut diagnostic.notes).chain(&mut diagnostic.help);
        for text in texts {
            for (written, value) in &self.values {
                *text = text.replace(value, written);
            }
        }
    }

    fn keep(&mut self, reference: &Reference<'_>, text: &str, value: &str) {
        let chars_min = if reference.name.starts_with(FILE) { 1 } else { HIDDEN_CHARS_MIN };
        if value.chars().count() >= chars_min {
            self.values.push((text[reference.start..reference.end].to_string(), value.to_string()));
            // A longer value may hold a shorter one.
            self.values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        }
    }
}

/// Replaces all references; one without a value and without a default is an error and stays as written.
pub fn substitute_env(config: &mut Config, lookup: &dyn Fn(&str) -> Option<String>) -> Substituted {
    let mut substitution = Substitution { lookup, done: Substituted::default() };
    for nodes in [&mut config.inputs, &mut config.filters, &mut config.outputs] {
        substitution.nodes(nodes);
    }
    substitution.done
}

/// `text` with its references replaced; the name of the first that has neither value nor default.
pub fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut expanded = String::new();
    let mut done = 0;
    while let Some(reference) = next_reference(text, done) {
        expanded.push_str(&text[done..reference.start]);
        let value = lookup(reference.name).or(reference.default.map(str::to_owned));
        expanded.push_str(&value.ok_or(reference.name)?);
        done = reference.end;
    }
    expanded.push_str(&text[done..]);
    Ok(expanded)
}

struct Substitution<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    done: Substituted,
}

/// One `${…}` in a text, as byte offsets of the text.
struct Reference<'t> {
    start: usize,
    end: usize,
    name: &'t str,
    default: Option<&'t str>,
}

impl Substitution<'_> {
    fn nodes(&mut self, nodes: &mut [Node]) {
        for node in nodes {
            match node {
                Node::Plugin(plugin) => self.plugin(plugin),
                Node::If(branching) => {
                    for (condition, body) in &mut branching.branches {
                        self.condition(condition);
                        self.nodes(body);
                    }
                    self.nodes(branching.otherwise.as_deref_mut().unwrap_or_default());
                }
            }
        }
    }

    fn plugin(&mut self, plugin: &mut Plugin) {
        for setting in &mut plugin.settings {
            self.literal(&mut setting.value);
        }
    }

    fn literal(&mut self, literal: &mut Literal) {
        match literal {
            Literal::String(text) => self.text(text),
            // Neither can hold a `$`.
            Literal::Bareword(_) | Literal::Number(_) => {}
            Literal::Array(items) => items.value.iter_mut().for_each(|item| self.literal(item)),
            Literal::Hash(entries) => entries.value.iter_mut().for_each(|(_, value)| self.literal(value)),
            Literal::Plugin(plugin) => self.plugin(plugin),
        }
    }

    fn condition(&mut self, condition: &mut Condition) {
        match condition {
            Condition::Or(left, right)
            | Condition::And(left, right)
            | Condition::Xor(left, right)
            | Condition::Nand(left, right) => {
                self.condition(left);
                self.condition(right);
            }
            Condition::Not(inner) => self.condition(&mut inner.value),
            Condition::Compare { left, right, .. } => self.operands([left, right]),
            Condition::In { needle, haystack, .. } => self.operands([needle, haystack]),
            Condition::Match { left, .. } | Condition::Truthy(left) => self.operands([left]),
        }
    }

    fn operands<'o>(&mut self, operands: impl IntoIterator<Item = &'o mut Operand>) {
        for operand in operands {
            match operand {
                Operand::String(text) => self.text(text),
                Operand::Array(items) => self.operands(&mut items.value),
                Operand::Field(_) | Operand::Number(_) => {}
            }
        }
    }

    fn text(&mut self, text: &mut Spanned<String>) {
        let written = std::mem::take(&mut text.value);
        let mut done = 0;
        while let Some(reference) = next_reference(&written, done) {
            text.value.push_str(&written[done..reference.start]);
            let value = (self.lookup)(reference.name);
            value.iter().for_each(|value| self.done.keep(&reference, &written, value));
            match value.or(reference.default.map(str::to_owned)) {
                Some(value) => text.value.push_str(&value),
                None => {
                    text.value.push_str(&written[reference.start..reference.end]);
                    self.report(&reference, place(&reference, &written, text.span));
                }
            }
            done = reference.end;
        }
        text.value.push_str(&written[done..]);
    }

    fn report(&mut self, reference: &Reference, place: Span) {
        let name = reference.name;
        let diagnostic = match name.strip_prefix(FILE) {
            Some(path) => Diagnostic::error("missing-file", place, format!("the file `{path}` cannot be read"))
                .with_help("it must be there, and may be read by the user that timberline runs as"),
            None => {
                let text = format!("the environment variable `{name}` is not set and has no default");
                Diagnostic::error("missing-env", place, text)
                    .with_help(format!("set it, or write `${{{name}:default}}`"))
            }
        };
        self.done.diagnostics.push(diagnostic);
    }
}

/// The reference itself within its string; the whole string where escapes have moved the characters.
fn place(reference: &Reference, written: &str, string: Span) -> Span {
    let quotes = 2;
    if string.len() != written.len() + quotes {
        return string;
    }
    let inner = string.start + 1;
    let offset = |at: usize| inner + u32::try_from(at).unwrap_or(0);
    Span { start: offset(reference.start), end: offset(reference.end), ..string }
}

/// The next `${NAME}`, `${NAME:default}` or `${file:/path}` from `from` on; anything else in such braces is plain text.
fn next_reference(text: &str, from: usize) -> Option<Reference<'_>> {
    let mut search = from;
    loop {
        let start = search + text[search..].find("${")?;
        let inner = &text[start + 2..];
        if let Some(len) =
            inner.find('}').filter(|_| inner.strip_prefix(FILE).is_some_and(|path| path.starts_with('/')))
        {
            return Some(Reference { start, end: start + 2 + len + 1, name: &inner[..len], default: None });
        }
        let name = &inner[..name_len(inner)];
        let tail = &inner[name.len()..];
        if !name.is_empty() && tail.starts_with('}') {
            return Some(Reference { start, end: text.len() - tail.len() + 1, name, default: None });
        }
        if let (false, Some(default)) = (name.is_empty(), tail.strip_prefix(':'))
            && let Some(len) = default.find('}')
        {
            let end = text.len() - default.len() + len + 1;
            return Some(Reference { start, end, name, default: Some(&default[..len]) });
        }
        search = start + 2;
    }
}

/// Letters, digits, `_` and `.`, not starting with a digit.
fn name_len(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')).count()
}

#[cfg(test)]
mod tests {
    use super::super::parse::Options;
    use super::super::parse::parse;
    use super::super::source::SourceSet;
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("es:9200".to_owned()),
            "EMPTY" => Some(String::new()),
            "file:/run/secrets/key" => Some("s3cr3t".to_owned()),
            "SHORT" => Some("ab".to_owned()),
            "SECRET" => Some("${HOST} \" } hunter2".to_owned()),
            _ => None,
        }
    }

    /// Puts `text` into a setting's string and compares the string afterwards.
    fn check(text: &str, expected: &str) {
        let sources = SourceSet::single("a.conf", &format!("output {{ stdout {{ a => [ {{ k => '{text}' }} ] }} }}"));
        let (mut config, found) = parse(&sources, &Options { support_escapes: false });
        assert_eq!(found, []);
        substitute_env(&mut config, &environment);
        let Some(Node::Plugin(plugin)) = config.outputs.first() else { panic!("one plugin") };
        let Literal::Array(items) = &plugin.settings[0].value else { panic!("an array") };
        let Literal::Hash(entries) = &items.value[0] else { panic!("a hash") };
        assert_eq!(entries.value[0].1.as_text(), Some(expected));
    }

    fn check_errors(text: &str, support_escapes: bool, expected: &str) {
        let sources = SourceSet::single("a.conf", text);
        let (mut config, found) = parse(&sources, &Options { support_escapes });
        assert_eq!(found, []);
        let found = substitute_env(&mut config, &environment).diagnostics;
        let shown: Vec<String> = found.iter().map(|diagnostic| diagnostic.render(&sources, false)).collect();
        assert_eq!(shown.concat(), expected);
    }

    #[test]
    fn a_reference_becomes_its_value_anywhere_in_a_string() {
        check("http://${HOST}/", "http://es:9200/");
        check("${HOST}${EMPTY}${HOST}", "es:9200es:9200");
    }

    #[test]
    fn a_default_holds_where_nothing_is_set_and_may_be_empty_or_hold_colons() {
        check("${NONE:http://elasticsearch:9200}", "http://elasticsearch:9200");
        check("<${NONE:}>", "<>");
        check("${HOST:other}", "es:9200");
    }

    #[test]
    fn a_file_is_read_in_the_place_of_a_variable() {
        check("Bearer ${file:/run/secrets/key}", "Bearer s3cr3t");
        check("${file:default}", "default");
        check("${file:/run/secrets/key", "${file:/run/secrets/key");
        check_errors(
            "output { stdout { a => '${file:/gone}' } }",
            false,
            "a.conf:1:25: error[missing-file]: the file `/gone` cannot be read
  |
1 | output { stdout { a => '${file:/gone}' } }
  |                         ^^^^^^^^^^^^^
help: it must be there, and may be read by the user that timberline runs as
",
        );
    }

    #[test]
    fn values_are_hidden_in_what_is_said_of_the_tree() {
        let text = "output { stdout { a => '${file:/run/secrets/key} ${HOST} ${SHORT} ${NONE:plain}' } }";
        let sources = SourceSet::single("a.conf", text);
        let (mut config, _) = parse(&sources, &Options { support_escapes: false });
        let substituted = substitute_env(&mut config, &environment);
        let mut said = Diagnostic::error("bad", Span { file: 0, start: 0, end: 0 }, "not `s3cr3t es:9200 ab plain`")
            .with_note("a s3cr3t")
            .with_help("no s3cr3t");
        substituted.hide(&mut said);
        assert_eq!(said.text, "not `${file:/run/secrets/key} ${HOST} ab plain`");
        assert_eq!(
            (said.notes, said.help),
            (vec!["a ${file:/run/secrets/key}".into()], vec!["no ${file:/run/secrets/key}".into()])
        );
    }

    #[test]
    fn an_empty_variable_is_set() {
        check("<${EMPTY:default}>", "<>");
    }

    #[test]
    fn what_is_no_reference_stays() {
        for text in ["$HOST", "${}", "${1A}", "${A B}", "${HOST", "%{HOST}", "$${", "${:x}"] {
            check(text, text);
        }
    }

    #[test]
    fn a_value_is_never_read_again() {
        check("${SECRET}", "${HOST} \" } hunter2");
    }

    #[test]
    fn a_missing_variable_is_an_error_at_its_place() {
        check_errors(
            "output { stdout { a => 'x ${NONE}' } }",
            false,
            "a.conf:1:27: error[missing-env]: the environment variable `NONE` is not set and has no default
  |
1 | output { stdout { a => 'x ${NONE}' } }
  |                           ^^^^^^^
help: set it, or write `${NONE:default}`
",
        );
    }

    #[test]
    fn a_missing_variable_behind_an_escape_is_shown_with_its_whole_string() {
        check_errors(
            "output { stdout { a => '\\t${NONE}' } }",
            true,
            "a.conf:1:24: error[missing-env]: the environment variable `NONE` is not set and has no default
  |
1 | output { stdout { a => '\\t${NONE}' } }
  |                        ^^^^^^^^^^^
help: set it, or write `${NONE:default}`
",
        );
    }

    #[test]
    fn strings_of_conditions_are_replaced_but_no_regular_expression() {
        let text = "filter { if [a] == '${HOST}' and [b] in ['${HOST}', 'x'] or [c] =~ /${HOST}/ and !('${EMPTY}' != '') { } }";
        let sources = SourceSet::single("a.conf", text);
        let (mut config, _) = parse(&sources, &Options { support_escapes: false });
        assert_eq!(substitute_env(&mut config, &environment).diagnostics, []);
        let shown = format!("{config:?}");
        assert_eq!(shown.matches("es:9200").count(), 2, "{shown}");
        assert_eq!(shown.matches("${HOST}").count(), 1, "{shown}");
        assert_eq!(shown.matches("${EMPTY}").count(), 0, "{shown}");
    }
}
