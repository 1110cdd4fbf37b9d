//! The characters: where the parser stands, what lies ahead, what counts as white space, a name, a string.

use super::super::diagnostic::Diagnostic;
use super::super::source::Span;
use super::Parser;

/// The three sections, in the order of the walk of an event.
pub(super) const SECTIONS: [&str; 3] = ["input", "filter", "output"];

impl<'a> Parser<'a> {
    /// The text that is not read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(super) fn looks_at(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    pub(super) fn looks_at_quote(&self) -> bool {
        self.looks_at("\"") || self.looks_at("'")
    }

    /// The word ahead is exactly this one.
    pub(super) fn looks_at_word(&self, word: &str) -> bool {
        &self.rest()[..word_len(self.rest())] == word
    }

    /// A section starts here: what was open before it has lost its closing brace.
    pub(super) fn looks_at_section(&self) -> bool {
        SECTIONS.iter().any(|name| self.looks_at_word(name)) && self.opens_brace_after(word_len(self.rest()))
    }

    /// Behind the next `len` bytes and white space stands a `{`.
    pub(super) fn opens_brace_after(&self, len: usize) -> bool {
        after_blank(self.text, self.at + len).starts_with('{')
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.looks_at(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.looks_at_word(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// Skips white space and comments; other kinds of space are reported, since Logstash refuses them.
    pub(super) fn blank(&mut self) {
        loop {
            self.at = self.text.len() - after_blank(self.text, self.at).len();
            let Some(odd) = self.peek().filter(|c| is_odd_space(*c)) else { return };
            let span = self.span(self.at, self.at + odd.len_utf8());
            self.at += odd.len_utf8();
            let byte_order_mark = odd == '\u{feff}' && span.start == 0;
            if !byte_order_mark {
                self.report_odd_space(odd, span);
            }
        }
    }

    fn report_odd_space(&mut self, odd: char, span: Span) {
        let text =
            format!("an invisible character, U+{:04X}, where only spaces, tabs and line ends may stand", odd as u32);
        self.report(Diagnostic::error("odd-space", span, text).with_help("write a plain space"));
    }

    /// The span of the next token, for complaints about it.
    pub(super) fn span_here(&self) -> Span {
        let rest = self.rest();
        let string = if self.looks_at_quote() { delimited_len(rest.lines().next().unwrap_or("")) } else { None };
        let len = match string.unwrap_or_else(|| token_len(rest)) {
            0 => self.peek().map_or(0, char::len_utf8),
            len => len,
        };
        self.span(self.at, self.at + len)
    }

    /// How people see what stands ahead.
    pub(super) fn here(&self) -> String {
        match self.sources.slice(self.span_here()) {
            "" => "the end of the text".to_owned(),
            token => quoted(token),
        }
    }

    pub(super) fn report_unexpected(&mut self, code: &'static str, expected: &str) {
        let text = format!("expected {expected}, found {}", self.here());
        self.report(Diagnostic::error(code, self.span_here(), text));
    }
}

/// A piece of the pipeline inside a sentence, cut if long.
pub(super) fn quoted(token: &str) -> String {
    const CHARS_MAX: usize = 40;
    let line = token.lines().next().unwrap_or("");
    match line.char_indices().nth(CHARS_MAX) {
        Some((cut, _)) => format!("`{}…`", &line[..cut]),
        None => format!("`{line}`"),
    }
}

/// The text from `at` on without its leading white space and comments.
pub(super) fn after_blank(text: &str, at: usize) -> &str {
    let mut rest = text.get(at..).unwrap_or("");
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let Some(comment) = rest.strip_prefix('#') else { return rest };
        rest = comment.find('\n').map_or("", |end| &comment[end..]);
    }
}

/// The length of the word ahead: what may be the name of a plugin or of a setting.
pub(super) fn word_len(rest: &str) -> usize {
    rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count()
}

/// The length of whatever stands ahead up to white space or punctuation, `${…}` and `%{…}` included.
pub(super) fn token_len(rest: &str) -> usize {
    let mut open_braces = 0_usize;
    let mut before = '\0';
    for (at, c) in rest.char_indices() {
        match c {
            '{' if matches!(before, '$' | '%') || open_braces > 0 => open_braces += 1,
            '}' if open_braces > 0 => open_braces -= 1,
            '\n' => return at,
            _ if open_braces > 0 => {}
            ',' | ';' | '[' | ']' | '{' | '}' | '(' | ')' | '"' | '\'' | '#' => return at,
            '=' if rest[at..].starts_with("=>") => return at,
            _ if c.is_whitespace() || is_odd_space(c) => return at,
            _ => {}
        }
        before = c;
    }
    rest.len()
}

/// The length of the quoted text ahead, both delimiters included; none if it never closes. A backslash before the
/// delimiter keeps it from closing, whatever stands before the backslash, and whether or not escapes are supported.
pub(super) fn delimited_len(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let delimiter = *bytes.first()?;
    memchr::memchr_iter(delimiter, bytes).skip(1).find(|at| bytes[at - 1] != b'\\').map(|at| at + 1)
}

pub(super) fn is_odd_space(c: char) -> bool {
    let invisible = matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
    invisible || (c.is_whitespace() && !matches!(c, ' ' | '\t' | '\r' | '\n'))
}
