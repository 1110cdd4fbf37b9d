//! Sections, branches, plugins and their settings: all that stands in braces.

use super::super::diagnostic::Diagnostic;
use super::super::source::Span;
use super::super::source::Spanned;
use super::super::suggest::nearest;
use super::super::tree::Condition;
use super::super::tree::Config;
use super::super::tree::If;
use super::super::tree::Node;
use super::super::tree::Plugin;
use super::super::tree::Setting;
use super::Parser;
use super::cursor::SECTIONS;
use super::cursor::after_blank;
use super::cursor::quoted;
use super::cursor::word_len;

/// How other languages write `else if`.
const ELSE_IF_SPELLINGS: [&str; 3] = ["elsif", "elseif", "elif"];
/// How other languages write `=>`; the longer of two that start alike comes first.
const ARROW_SPELLINGS: [&str; 8] = ["==>", "-->", "==", "->", "~>", ":=", "=", ":"];

impl Parser<'_> {
    pub(super) fn config(&mut self) -> Config {
        let mut config = Config::default();
        let mut sections = 0;
        self.blank();
        while !self.at_end() {
            sections += usize::from(self.section(&mut config));
            self.blank();
        }
        if sections == 0 && self.found.is_empty() {
            let diagnostic = Diagnostic::error("empty-pipeline", self.span(0, 0), "the pipeline is empty");
            self.report(diagnostic.with_help("write at least one of `input { }`, `filter { }` and `output { }`"));
        }
        config
    }

    /// One section, or whatever stands in its place; says whether it was one.
    fn section(&mut self, config: &mut Config) -> bool {
        self.clues.odd_brace = None;
        let Some(name) = self.name() else {
            self.report_outside_of_sections();
            return false;
        };
        self.blank();
        let known = self.section_named(&name);
        if known.is_some() && !self.looks_at("{") {
            let text = format!("{} has no `{{`", quoted(&name.value));
            self.report(
                Diagnostic::error("missing-brace", name.span, text).with_help(format!("write `{} {{ }}`", name.value)),
            );
        }
        if known.is_none() || !self.looks_at("{") {
            self.skip_to_section();
            return false;
        }
        let nodes = self.block();
        match known {
            Some("input") => config.inputs.extend(nodes),
            Some("filter") => config.filters.extend(nodes),
            _ => config.outputs.extend(nodes),
        }
        true
    }

    /// The section of this name; a slip in the name is reported and understood, another name is only reported.
    fn section_named(&mut self, name: &Spanned<String>) -> Option<&'static str> {
        if let Some(section) = SECTIONS.into_iter().find(|section| *section == name.value) {
            return Some(section);
        }
        let meant = nearest(&name.value, SECTIONS);
        let help = match meant {
            Some(section) => format!("write `{section}`"),
            None => format!("plugins stand in a section: `filter {{ {} {{ }} }}`", name.value),
        };
        let text = format!("expected `input`, `filter` or `output`, found {}", quoted(&name.value));
        self.report(Diagnostic::error("unknown-section", name.span, text).with_help(help));
        meant.and_then(|meant| SECTIONS.into_iter().find(|section| *section == meant))
    }

    fn report_outside_of_sections(&mut self) {
        if self.looks_at("}") {
            let diagnostic = Diagnostic::error("stray-brace", self.span_here(), "this `}` closes nothing");
            self.report(diagnostic.with_help("take it out, or look for a `}` too many above it"));
            self.at += 1;
            return;
        }
        self.report_unexpected("unknown-section", "`input`, `filter` or `output`");
        self.skip_token();
    }

    /// `{ plugins and branches }`
    fn block(&mut self) -> Vec<Node> {
        self.braced(Self::node)
    }

    /// Everything between the brace ahead and the one that closes it.
    pub(super) fn braced<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Vec<T> {
        let open = self.at;
        self.at += 1;
        self.deeper(|parser| {
            let mut items = Vec::new();
            while parser.inside(open) {
                let before = parser.at;
                items.extend(item(parser));
                if parser.at == before {
                    parser.skip_token();
                }
            }
            items
        })
    }

    /// Is there more in the braces that opened at `open`? Takes the closing brace, and notices when it is missing.
    fn inside(&mut self, open: usize) -> bool {
        self.blank();
        if self.looks_at("}") {
            self.remember_odd_brace(open);
            self.at += 1;
            return false;
        }
        if self.at_end() || self.looks_at_section() {
            self.report_unclosed_brace(open);
            return false;
        }
        true
    }

    fn remember_odd_brace(&mut self, open: usize) {
        let closed = line_indent(self.text, self.at).filter(|(_, starts_line)| *starts_line);
        if let (None, Some((closed, _))) = (self.clues.odd_brace, closed)
            && line_indent(self.text, open).is_some_and(|(opened, _)| closed < opened)
        {
            self.clues.odd_brace = Some((open, self.at));
        }
    }

    /// Blames the brace whose closing one stands too far left, if there is one, else the innermost that is open.
    fn report_unclosed_brace(&mut self, open: usize) {
        if self.clues.unclosed_at.replace(self.at) == Some(self.at) {
            return;
        }
        let before = match self.at_end() {
            true => "the end of the text".to_owned(),
            false => format!("the section {}", self.here()),
        };
        let (blamed, closed_by) = match self.clues.odd_brace {
            Some((open, close)) => (open, Some(close)),
            None => (open, None),
        };
        let text = format!("a `}}` is missing before {before}");
        let mut diagnostic = Diagnostic::error("unclosed-brace", self.span(blamed, blamed + 1), text);
        if let Some(close) = closed_by {
            let line = self.sources.place(self.span(close, close + 1)).line;
            diagnostic = diagnostic.with_note(format!("this `{{` is closed in line {line}, but further to the left"));
        }
        self.report(diagnostic.with_help("close it with `}`"));
    }

    fn node(&mut self) -> Option<Node> {
        let start = self.at;
        if self.eat_word("if") {
            return self.branching(start);
        }
        if self.looks_at_word("else") || ELSE_IF_SPELLINGS.iter().any(|word| self.looks_at_word(word)) {
            return self.lone_else();
        }
        if self.stray_separator("plugins") {
            return None;
        }
        let Some(name) = self.name() else {
            self.report_unexpected("unexpected", "a plugin, `if` or `}`");
            self.skip_token();
            return None;
        };
        self.blank();
        if self.looks_at("{") {
            return Some(Node::Plugin(self.plugin(name)));
        }
        self.not_a_plugin(&name);
        None
    }

    /// The name of a plugin or of a setting, quoted or not.
    fn name(&mut self) -> Option<Spanned<String>> {
        if self.looks_at_quote() {
            return self.string();
        }
        let start = self.at;
        self.at += word_len(self.rest());
        let span = self.span(start, self.at);
        (self.at > start).then(|| Spanned::new(self.text[start..self.at].to_owned(), span))
    }

    fn not_a_plugin(&mut self, name: &Spanned<String>) {
        let shown = quoted(&name.value);
        if self.eat("=>") {
            let text = format!("the setting {shown} stands outside of a plugin");
            let diagnostic = Diagnostic::error("setting-outside-plugin", name.span, text);
            self.report(
                diagnostic
                    .with_help(format!("settings stand in a plugin's braces: `mutate {{ {} => … }}`", name.value)),
            );
            self.blank();
            self.literal();
            return;
        }
        let text = format!("the plugin {shown} has no braces");
        let diagnostic = Diagnostic::error("plugin-without-braces", name.span, text);
        self.report(diagnostic.with_help(format!("write `{} {{ }}`", name.value)));
    }

    /// `{ settings }` of the plugin that is already named.
    pub(super) fn plugin(&mut self, name: Spanned<String>) -> Plugin {
        let open = self.at;
        let settings = self.braced(Self::setting);
        let span = name.span.to(self.span(open, self.at));
        Plugin { name, settings, span }
    }

    fn setting(&mut self) -> Option<Setting> {
        if self.stray_separator("settings") || self.branch_in_plugin() {
            return None;
        }
        let Some(name) = self.name() else {
            self.report_unexpected("unexpected", "the name of a setting or `}`");
            self.skip_token();
            self.skip_to_setting();
            return None;
        };
        let value = if self.arrow(name.span) { self.literal() } else { None };
        if value.is_none() {
            self.skip_to_setting();
        }
        value.map(|value| Setting { name, value })
    }

    /// A comma or semicolon where white space alone parts things.
    pub(super) fn stray_separator(&mut self, between: &str) -> bool {
        if !self.looks_at(",") && !self.looks_at(";") {
            return false;
        }
        let text = format!("{between} are parted by white space alone");
        let diagnostic = Diagnostic::error("stray-separator", self.span(self.at, self.at + 1), text);
        let help = format!("take the `{}` out", &self.rest()[..1]);
        self.report(diagnostic.with_help(help));
        self.at += 1;
        true
    }

    fn branch_in_plugin(&mut self) -> bool {
        if !self.looks_at_word("if") || after_blank(self.text, self.at + 2).starts_with("=>") {
            return false;
        }
        let diagnostic = Diagnostic::error("if-in-plugin", self.span_here(), "`if` stands in the braces of a plugin");
        self.report(diagnostic.with_help("put the `if` around the whole plugin: `if … { mutate { … } }`"));
        self.skip_to_block();
        if self.looks_at("{") {
            self.skip_token();
        }
        true
    }

    /// The arrow between a name and its value. Other languages' spellings are reported and taken for it.
    pub(super) fn arrow(&mut self, name: Span) -> bool {
        let after_name = self.at;
        self.blank();
        if self.eat("=>") {
            self.blank();
            return true;
        }
        let shown = self.sources.slice(name);
        let help = format!("write `{shown} => …`");
        if let Some(len) = wrong_arrow_len(self.rest()) {
            let wrong = self.span(self.at, self.at + len);
            let text = format!("{} in the place of `=>`", quoted(self.sources.slice(wrong)));
            self.report(Diagnostic::error("missing-arrow", wrong, text).with_help(help));
            self.at += len;
            self.blank();
            return true;
        }
        if self.looks_at("{") || self.looks_at("[") {
            let text = format!("`=>` is missing between {} and its value", quoted(shown));
            let mut diagnostic = Diagnostic::error("missing-arrow", name, text).with_help(help);
            if self.looks_at("{") {
                diagnostic = diagnostic.with_help("if it is a plugin, close the braces of the one before it first");
            }
            self.report(diagnostic);
            return true;
        }
        self.at = after_name;
        self.report_no_value(name, help);
        false
    }

    fn report_no_value(&mut self, name: Span, help: String) {
        let start = self.at - self.sources.slice(name).len();
        if let Some((bare, end)) = self.clues.bare
            && self.text.get(end..start).is_some_and(|gap| gap.trim_matches([' ', '\t']).is_empty())
        {
            let line_end = self.rest().find(['\n', '}', ']', ',', '#']).map_or(self.text.len(), |len| self.at + len);
            let text = self.text[bare..line_end].trim_end();
            let span = self.span(bare, bare + text.len());
            let diagnostic = Diagnostic::error("missing-quotes", span, "a text of several words needs quotes");
            return self.report(diagnostic.with_help(format!("write `\"{}\"`", text.replace('"', ""))));
        }
        let text = format!("{} has no value", quoted(self.sources.slice(name)));
        self.report(Diagnostic::error("missing-arrow", name, text).with_help(help));
    }

    /// What follows an `if`.
    fn branching(&mut self, start: usize) -> Option<Node> {
        let mut branches = Vec::new();
        let mut otherwise = None;
        self.branch(&mut branches);
        while let Some(has_condition) = self.eat_else() {
            if has_condition {
                self.branch(&mut branches);
                continue;
            }
            otherwise = Some(self.branch_body("`else`"));
            break;
        }
        let span = self.span(start, self.at);
        (!branches.is_empty()).then_some(Node::If(If { branches, otherwise, span }))
    }

    /// A condition and its block; kept only if the condition could be read.
    fn branch(&mut self, branches: &mut Vec<(Condition, Vec<Node>)>) {
        self.blank();
        if let Some(condition) = self.condition() {
            let body = self.branch_body("the condition");
            branches.push((condition, body));
            return;
        }
        self.skip_to_block();
        self.block_if_any();
    }

    fn branch_body(&mut self, after: &str) -> Vec<Node> {
        self.blank();
        if self.looks_at("{") {
            return self.block();
        }
        let plugin_ahead = word_len(self.rest()) > 0 && self.opens_brace_after(word_len(self.rest()));
        if plugin_ahead && !self.looks_at_section() {
            let text = format!("a `{{` is missing after {after}");
            let diagnostic = Diagnostic::error("missing-brace", self.span_here(), text);
            self.report(
                diagnostic.with_help(format!("write `{{ {} {{ … }} }}`", self.sources.slice(self.span_here()))),
            );
            return self.node().into_iter().collect();
        }
        self.report_no_block(after);
        self.skip_to_block();
        self.block_if_any()
    }

    fn block_if_any(&mut self) -> Vec<Node> {
        if self.looks_at("{") { self.block() } else { Vec::new() }
    }

    fn report_no_block(&mut self, after: &str) {
        if after == "`else`" && (self.looks_at("[") || self.looks_at("(") || self.looks_at("!")) {
            let diagnostic = Diagnostic::error("else-with-condition", self.span_here(), "`else` takes no condition");
            return self.report(diagnostic.with_help("write `else if`"));
        }
        let expected = match after {
            "`else`" => "`{` or `if` after `else`",
            _ => "`{`, `and`, `or`, `xor` or `nand` after the condition",
        };
        self.report_unexpected("unexpected", expected);
    }

    /// Takes an `else`; says whether it is an `else if`, which is also understood in the spellings of other languages.
    fn eat_else(&mut self) -> Option<bool> {
        self.blank();
        if self.eat_word("else") {
            self.blank();
            return Some(self.eat_word("if"));
        }
        let wrong = ELSE_IF_SPELLINGS.into_iter().find(|word| self.looks_at_word(word))?;
        let text = format!("`{wrong}` is not known");
        self.report(Diagnostic::error("else-if-spelling", self.span_here(), text).with_help("write `else if`"));
        self.at += wrong.len();
        Some(true)
    }

    fn lone_else(&mut self) -> Option<Node> {
        let diagnostic = Diagnostic::error("lone-else", self.span_here(), format!("{} without an `if`", self.here()));
        self.report(diagnostic.with_help("it stands right behind the `}` of its `if`, and `else` comes last"));
        self.skip_token();
        self.skip_to_block();
        self.block_if_any();
        None
    }
}

/// How far the line of the character at `at` is indented, and whether that character comes first on it; unknown where
/// the line starts too far back.
fn line_indent(text: &str, at: usize) -> Option<(usize, bool)> {
    const LOOK_BACK_BYTES_MAX: usize = 4096;
    let window = text.as_bytes()[..at].last_chunk::<LOOK_BACK_BYTES_MAX>().map_or(&text.as_bytes()[..at], |last| last);
    let line_start = match memchr::memrchr(b'\n', window) {
        Some(end) => at - window.len() + end + 1,
        None if window.len() == at => 0,
        None => return None,
    };
    let indent = text[line_start..at].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Some((indent, line_start + indent == at))
}

fn wrong_arrow_len(rest: &str) -> Option<usize> {
    let gap = rest.strip_prefix('=').map(|tail| tail.len() - tail.trim_start_matches([' ', '\t']).len());
    if let Some(gap) = gap.filter(|gap| rest[1 + gap..].starts_with('>')) {
        return Some(gap + 2);
    }
    ARROW_SPELLINGS.into_iter().find(|wrong| rest.starts_with(wrong)).map(str::len)
}
