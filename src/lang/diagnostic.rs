//! What is wrong with a pipeline, where, and what to write instead.
//!
//! One shape everywhere: `file:line:column: error[code]: text`, the source line with a caret, `note:` and `help:` lines.
//! A text never holds a value that came from the environment: it may be a secret.

use std::borrow::Cow;

use annotate_snippets::AnnotationKind;
use annotate_snippets::Group;
use annotate_snippets::Level;
use annotate_snippets::Renderer;
use annotate_snippets::Snippet;

use super::source::SourceSet;
use super::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The pipeline is refused.
    Error,
    /// The pipeline runs, perhaps not as meant.
    Warning,
}

/// One thing that is wrong, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// A stable name to search for: `missing-arrow`.
    pub code: &'static str,
    pub span: Span,
    /// Lower case, no full stop.
    pub text: String,
    /// Why it is so.
    pub notes: Vec<String>,
    /// What to write instead.
    pub help: Vec<String>,
}

impl Diagnostic {
    pub fn error(code: &'static str, span: Span, text: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, span, text.into())
    }

    pub fn warning(code: &'static str, span: Span, text: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, span, text.into())
    }

    pub fn with_note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help.push(help.into());
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The whole message, ending with a line feed. Several are parted by an empty line, which is the caller's.
    pub fn render(&self, sources: &SourceSet, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut lines = vec![self.headline(sources, &renderer)];
        lines.extend(self.source_line(sources, &renderer));
        for (name, texts) in [("note", &self.notes), ("help", &self.help)] {
            lines.extend(texts.iter().map(|text| format!("{name}: {}", printable(text))));
        }
        lines.join("\n") + "\n"
    }

    fn new(severity: Severity, code: &'static str, span: Span, text: String) -> Diagnostic {
        Diagnostic { severity, code, span, text, notes: Vec::new(), help: Vec::new() }
    }

    /// `file:line:column: error[code]: text`
    fn headline(&self, sources: &SourceSet, renderer: &Renderer) -> String {
        let text = printable(&self.text);
        let title = self.level().primary_title(text).id(self.code);
        let titled = renderer.render(&[Group::with_title(title)]);
        format!("{}: {titled}", sources.place(self.span))
    }

    /// The line where the span starts with carets under the span, whole characters; what follows the line's end is left out.
    fn source_line(&self, sources: &SourceSet, renderer: &Renderer) -> Option<String> {
        let text = sources.text(self.span.file);
        let start = text.floor_char_boundary(self.span.start as usize);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        let caret = (start - line_start).min(line.len());
        let end = (self.span.end as usize).saturating_sub(line_start).clamp(caret, line.len());
        let number = sources.place(self.span).line as usize;
        let marked = AnnotationKind::Primary.span(caret..line.ceil_char_boundary(end));
        let snippet = Snippet::source(line).line_start(number).annotation(marked);
        Some(renderer.render(&[Group::with_level(self.level()).element(snippet)]))
    }

    fn level(&self) -> Level<'static> {
        match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        }
    }
}

/// Control characters of a source could repaint the terminal.
fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_has_place_code_line_caret_notes_and_help() {
        let sources = SourceSet::single("a.conf", "filter {\n\tgrök {\n");
        let diagnostic = Diagnostic::error("unknown-plugin", sources.span(10, 15), "no filter is called \"grök\"")
            .with_note("a note")
            .with_help("did you mean \"grok\"?");
        let expected = "\
a.conf:2:2: error[unknown-plugin]: no filter is called \"grök\"
  |
2 |     grök {
  |     ^^^^
note: a note
help: did you mean \"grok\"?
";
        assert_eq!(diagnostic.render(&sources, false), expected);
    }

    #[test]
    fn colour_comes_only_when_asked() {
        let sources = SourceSet::single("a.conf", "filter {");
        let diagnostic = Diagnostic::warning("w", sources.span(0, 6), "text");
        assert!(!diagnostic.render(&sources, false).contains('\x1b'));
        assert!(diagnostic.render(&sources, true).contains('\x1b'));
    }

    #[test]
    fn control_characters_of_a_source_never_reach_the_terminal() {
        let sources = SourceSet::single("a.conf", "a\x1b[31m\u{202e}\r\nb");
        let rendered = Diagnostic::error("e", sources.span(0, 9), "bad \x1b[2J").render(&sources, false);
        assert!(!rendered.contains('\x1b') && !rendered.contains('\r'), "{rendered:?}");
    }

    #[test]
    fn a_span_within_a_character_marks_the_whole_of_it() {
        let sources = SourceSet::single("a.conf", "xü");
        for (start, end) in [(1, 2), (2, 2), (2, 3), (1, 3)] {
            let rendered = Diagnostic::error("e", sources.span(start, end), "t").render(&sources, false);
            assert!(rendered.ends_with("1 | xü\n  |  ^\n"), "{start} {end}: {rendered}");
        }
    }

    #[test]
    fn the_end_of_the_text_has_a_place_and_a_caret_too() {
        let sources = SourceSet::single("a.conf", "filter {\n");
        let rendered = Diagnostic::error("unclosed", sources.span(9, 9), "t").render(&sources, false);
        assert_eq!(rendered, "a.conf:2:1: error[unclosed]: t\n  |\n2 |\n  | ^\n");
    }
}
