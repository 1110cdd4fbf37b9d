//! Text → tree: a recursive descent without a separate lexer, as what a character means depends on where it stands.
//!
//! The parser recovers: after an error it goes on at the next setting, plugin or section, so that one run reports all
//! that is wrong. A tree that came with errors is incomplete and good for nothing but more checks.
//!
//! Bounds: [`SOURCE_BYTES_MAX`], [`DEPTH_MAX`], [`DIAGNOSTICS_MAX`]. Every loop moves on by at least one character.

mod block;
mod condition;
mod cursor;
mod literal;
mod operand;
mod recover;
#[cfg(test)]
mod tests;

use super::diagnostic::Diagnostic;
use super::source::SourceSet;
use super::source::Span;
use super::tree::Config;

/// Larger than any pipeline, and far below what an offset of a span can hold.
const SOURCE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Braces, brackets and parentheses within each other; the parser and all who walk the tree recurse this deep.
const DEPTH_MAX: usize = 200;
/// Nobody reads more; the parser stops there.
const DIAGNOSTICS_MAX: usize = 50;

/// What the settings of the process decide about the language.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// `config.support_escapes`: `\n`, `\r`, `\t`, `\\`, `\"` and `\'` in quoted strings. Off in Logstash unless set.
    pub support_escapes: bool,
}

/// Parses all files of a pipeline as one text. The tree is to be used only if no diagnostic is an error.
pub fn parse(sources: &SourceSet, options: &Options) -> (Config, Vec<Diagnostic>) {
    let mut parser = Parser::new(sources, options);
    let config = parser.config();
    (config, parser.found)
}

struct Parser<'a> {
    sources: &'a SourceSet,
    options: &'a Options,
    /// The joined text of all files.
    text: &'a str,
    /// Where the parser stands, always at the border of a character.
    at: usize,
    depth: usize,
    found: Vec<Diagnostic>,
    /// Set after an error that leaves nothing to go on with; later complaints would only be its echo.
    stopped: bool,
    clues: Clues,
}

/// What was seen on the way and explains an error that shows only later.
#[derive(Default)]
struct Clues {
    /// Start and end of the last string that spans several lines or holds its own quote behind a backslash: what closes
    /// it may have been meant to open the next.
    odd_string: Option<(usize, usize)>,
    /// Start and end of the last value without quotes: it may be the first word of a text.
    bare: Option<(usize, usize)>,
    /// The first brace of this section that is closed by one further to the left than its own line.
    odd_brace: Option<(usize, usize)>,
    /// Where the last missing brace was noticed: the braces around it are missing there too, and say no more.
    unclosed_at: Option<usize>,
}

impl<'a> Parser<'a> {
    fn new(sources: &'a SourceSet, options: &'a Options) -> Parser<'a> {
        let mut parser = Parser {
            sources,
            options,
            text: sources.joined(),
            at: 0,
            depth: 0,
            found: Vec::new(),
            stopped: false,
            clues: Clues::default(),
        };
        parser.refuse_too_large();
        parser
    }

    fn refuse_too_large(&mut self) {
        let bytes = self.text.len();
        if bytes > SOURCE_BYTES_MAX {
            let text = format!("the pipeline has {bytes} bytes, more than the {SOURCE_BYTES_MAX} that are read");
            self.report(Diagnostic::error("too-large", self.span(0, 0), text));
            self.stop();
        }
    }

    /// Runs `body` one level deeper, or refuses.
    fn deeper<T: Default>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth == DEPTH_MAX {
            let text = format!("nested more than {DEPTH_MAX} levels deep");
            self.report(Diagnostic::error("too-deep", self.span_here(), text));
            self.stop();
            return T::default();
        }
        self.depth += 1;
        let result = body(self);
        self.depth -= 1;
        result
    }

    /// Keeps a diagnostic, unless it is the echo of the one before at the same place.
    fn report(&mut self, mut diagnostic: Diagnostic) {
        let echo = self.found.last().is_some_and(|last| last.is_error() && last.span == diagnostic.span);
        if self.stopped || echo {
            return;
        }
        if let Some(note) = self.note_on_odd_string(diagnostic.span) {
            diagnostic.help.clear();
            diagnostic = diagnostic.with_note(note);
        }
        self.found.push(diagnostic);
        if self.found.len() == DIAGNOSTICS_MAX {
            self.stop();
        }
    }

    /// An error right behind an odd string is most likely that string's missing quote.
    fn note_on_odd_string(&self, place: Span) -> Option<String> {
        let (start, end) = self.clues.odd_string?;
        let string = self.span(start, end);
        let until = self.at.max(end);
        let between = self.text.get(end..until)?;
        let near = place.file == string.file && place.start >= string.end && between.len() < 200;
        if !near || between.contains('\n') {
            return None;
        }
        Some(match self.text[start..end].contains('\n') {
            true => format!(
                "the string before it starts in line {}: is its closing quote missing?",
                self.sources.place(string).line
            ),
            false => "the string before it goes on behind its `\\`: a quote behind a backslash does not close a string"
                .to_owned(),
        })
    }

    /// Ends the run: whatever asks for more text finds the end.
    fn stop(&mut self) {
        self.stopped = true;
        self.at = self.text.len();
    }

    fn span(&self, start: usize, end: usize) -> Span {
        self.sources.span(start, end)
    }
}
