//! The values of settings: strings, numbers, barewords, arrays, hashes, and plugins as values.

use super::super::diagnostic::Diagnostic;
use super::super::source::Spanned;
use super::super::tree::Literal;
use super::super::tree::Number;
use super::super::tree::NumberValue;
use super::Parser;
use super::cursor::delimited_len;
use super::cursor::quoted;
use super::cursor::token_len;
use super::cursor::word_len;

impl Parser<'_> {
    pub(super) fn literal(&mut self) -> Option<Literal> {
        match self.peek() {
            Some('"' | '\'') => self.string().map(Literal::String),
            Some('[') => self.array().map(Literal::Array),
            Some('{') => Some(Literal::Hash(self.hash())),
            Some('“' | '”' | '„' | '‘' | '’') => self.typographic_string().map(Literal::String),
            None | Some('}' | ']' | ')' | ',' | '(' | '#') => {
                self.report_unexpected("missing-value", "a value");
                None
            }
            Some(_) => self.unquoted(),
        }
    }

    /// A quoted string, whose opening quote is ahead. One that never closes, or only in another file, ends the run: all of
    /// the rest is in it.
    pub(super) fn string(&mut self) -> Option<Spanned<String>> {
        let start = self.at;
        let Some(len) = delimited_len(self.rest()) else {
            self.report_unclosed_string();
            return None;
        };
        let span = self.span(start, start + len);
        if span.len() < len {
            self.report_unclosed_string();
            return None;
        }
        self.at += len;
        let inner = &self.text[start + 1..self.at - 1];
        if inner.contains(['\n', '"', '\'']) {
            self.remember_odd_string(start, inner);
        }
        let value = if self.options.support_escapes { unescaped(inner) } else { inner.to_owned() };
        Some(Spanned::new(value, span))
    }

    fn remember_odd_string(&mut self, start: usize, inner: &str) {
        if inner.contains('\n') || inner.contains(&self.text[start..=start]) {
            self.clues.odd_string = Some((start, self.at));
        }
    }

    fn report_unclosed_string(&mut self) {
        let quote = &self.rest()[..1];
        let place = self.span(self.at, self.at + 1);
        let mut diagnostic =
            Diagnostic::error("unclosed-string", place, format!("a string is never closed by {quote}"));
        if self.rest().contains(&format!("\\{quote}")) {
            diagnostic = diagnostic.with_note(format!("a {quote} behind a backslash does not close a string"));
        }
        if let Some((start, end)) = self.clues.odd_string.filter(|(start, end)| self.text[*start..*end].contains('\n'))
        {
            let line = self.sources.place(self.span(start, end)).line;
            let note =
                format!("the string that starts in line {line} spans several lines: is its closing quote missing?");
            diagnostic = diagnostic.with_note(note);
        }
        self.report(diagnostic.with_help(format!("close it with {quote}")));
        self.stop();
    }

    /// A string in the quotes of a word processor: reported, and read up to the next such quote of its line.
    pub(super) fn typographic_string(&mut self) -> Option<Spanned<String>> {
        let start = self.at;
        let quote = self.peek()?;
        let inner = self.rest()[quote.len_utf8()..].lines().next().unwrap_or("");
        let len = inner.find(['“', '”', '„', '‘', '’', '"', '\'']);
        let value = inner[..len.unwrap_or(inner.len())].to_owned();
        self.at += quote.len_utf8() + value.len();
        if len.is_some() {
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        let place = self.span(start, start + quote.len_utf8());
        let diagnostic =
            Diagnostic::error("typographic-quotes", place, format!("{quote} is not a quote of this language"));
        self.report(diagnostic.with_help(format!("write `\"{value}\"`")));
        Some(Spanned::new(value, self.span(start, self.at)))
    }

    /// A number, a bareword, or a plugin with braces; anything else should have been quoted.
    fn unquoted(&mut self) -> Option<Literal> {
        let start = self.at;
        let token = &self.rest()[..token_len(self.rest())];
        if token.is_empty() {
            self.report_unexpected("missing-value", "a value");
            return None;
        }
        if word_len(token) == token.len() && self.opens_brace_after(token.len()) {
            self.at += token.len();
            let name = Spanned::new(token.to_owned(), self.span(start, self.at));
            self.blank();
            return Some(Literal::Plugin(Box::new(self.plugin(name))));
        }
        self.at += token.len();
        let span = self.span(start, self.at);
        self.clues.bare = Some((start, self.at));
        if let Some(number) = number(token) {
            return Some(Literal::Number(Spanned::new(number, span)));
        }
        let text = Spanned::new(token.to_owned(), span);
        if is_bareword(token) {
            return Some(Literal::Bareword(text));
        }
        let diagnostic = Diagnostic::error("missing-quotes", span, format!("{} needs quotes", quoted(token)));
        self.report(diagnostic.with_help(format!("write `\"{token}\"`")));
        Some(Literal::String(text))
    }

    /// `[ a, b ]`
    pub(super) fn array(&mut self) -> Option<Spanned<Vec<Literal>>> {
        let open = self.at;
        self.at += 1;
        let items = self.deeper(|parser| parser.array_items(open))?;
        Some(Spanned::new(items, self.span(open, self.at)))
    }

    fn array_items(&mut self, open: usize) -> Option<Vec<Literal>> {
        let mut items = Vec::new();
        self.blank();
        while !self.eat("]") {
            if self.at_end() || self.looks_at("}") || self.looks_at_section() {
                let diagnostic =
                    Diagnostic::error("unclosed-bracket", self.span(open, open + 1), "this `[` is never closed");
                self.report(diagnostic.with_help("close it with `]`"));
                return None;
            }
            items.push(self.literal()?);
            self.blank();
            self.array_separator();
        }
        Some(items)
    }

    /// The comma before the next element. A missing and a trailing one are reported, and nothing is lost.
    fn array_separator(&mut self) {
        if self.looks_at(",") {
            let comma = self.span(self.at, self.at + 1);
            self.at += 1;
            self.blank();
            if self.looks_at("]") {
                let diagnostic =
                    Diagnostic::error("trailing-comma", comma, "a comma behind the last element of an array");
                self.report(diagnostic.with_help("take the comma out"));
            }
            return;
        }
        if self.looks_at("=>") {
            let diagnostic = Diagnostic::error("hash-in-brackets", self.span_here(), "`=>` in an array");
            self.report(diagnostic.with_help("pairs stand in braces: `{ \"key\" => \"value\" }`"));
            self.at += 2;
            self.blank();
            return;
        }
        if !self.looks_at("]") && !self.looks_at("}") && !self.at_end() && !self.looks_at_section() {
            let text = format!("a comma is missing before {}", self.here());
            let diagnostic = Diagnostic::error("missing-comma", self.span_here(), text);
            self.report(diagnostic.with_help("elements of an array are parted by commas"));
        }
    }

    /// `{ key => value  key => value }`
    fn hash(&mut self) -> Spanned<Vec<(Literal, Literal)>> {
        let open = self.at;
        let entries = self.braced(Self::entry);
        self.report_duplicate_keys(&entries);
        Spanned::new(entries, self.span(open, self.at))
    }

    fn entry(&mut self) -> Option<(Literal, Literal)> {
        if self.stray_separator("the entries of a hash") {
            return None;
        }
        let key = self.key()?;
        let value = if self.arrow(key.span()) { self.literal() } else { None };
        if value.is_none() {
            self.skip_to_setting();
        }
        value.map(|value| (key, value))
    }

    fn key(&mut self) -> Option<Literal> {
        if self.looks_at("[") && self.rest()[1..].starts_with(|c: char| c.is_alphanumeric() || c == '@' || c == '_') {
            return self.unquoted_reference().map(Literal::String);
        }
        let key = if self.looks_at_typographic_quote() {
            self.typographic_string().map(Literal::String)
        } else if self.looks_at_quote() {
            self.string().map(Literal::String)
        } else if token_len(self.rest()) > 0 {
            self.unquoted_key()
        } else {
            None
        };
        if key.is_none() {
            self.report_unexpected("unexpected", "a key or `}`");
            self.skip_token();
            self.skip_to_setting();
        }
        key
    }

    fn unquoted_key(&mut self) -> Option<Literal> {
        let start = self.at;
        // A colon behind a key stands for the arrow.
        let token = self.rest()[..token_len(self.rest())].trim_end_matches(':');
        self.at += token.len();
        let span = self.span(start, self.at);
        let text = Spanned::new(token.to_owned(), span);
        if let Some(number) = number(token) {
            return Some(Literal::Number(Spanned::new(number, span)));
        }
        if is_bareword(token) {
            return Some(Literal::Bareword(text));
        }
        if token.is_empty() || word_len(token) == 0 && !token.starts_with(['@', '%', '$', '/', '.']) {
            return None;
        }
        let diagnostic = Diagnostic::error("missing-quotes", span, format!("the key {} needs quotes", quoted(token)));
        self.report(diagnostic.with_help(format!("write `\"{token}\" => …`")));
        Some(Literal::String(text))
    }

    /// `[a][b]` as a key: meant as a field, but keys are strings.
    fn unquoted_reference(&mut self) -> Option<Spanned<String>> {
        let start = self.at;
        while self.looks_at("[") {
            let line = self.rest().lines().next().unwrap_or("");
            self.at += line.find(']').map_or(line.len(), |end| end + 1);
        }
        let span = self.span(start, self.at);
        let text = self.sources.slice(span).to_owned();
        let diagnostic = Diagnostic::error("missing-quotes", span, format!("the key {} needs quotes", quoted(&text)));
        self.report(diagnostic.with_help(format!("write `\"{text}\" => …`")));
        Some(Spanned::new(text, span))
    }

    fn report_duplicate_keys(&mut self, entries: &[(Literal, Literal)]) {
        let mut seen = std::collections::HashSet::new();
        for (key, _) in entries {
            let Some(text) = key.as_text() else { continue };
            if !seen.insert(text) {
                let diagnostic = Diagnostic::error(
                    "duplicate-key",
                    key.span(),
                    format!("the key {} stands here twice", quoted(text)),
                );
                self.report(diagnostic.with_help("give all values of a key in one array: `[ \"a\", \"b\" ]`"));
            }
        }
    }

    pub(super) fn looks_at_typographic_quote(&self) -> bool {
        self.rest().starts_with(['“', '”', '„', '‘', '’'])
    }
}

/// What `config.support_escapes` replaces; every other backslash stays.
pub(super) fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let meant = match (c, chars.peek()) {
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('t')) => '\t',
            ('\\', Some(same @ ('\\' | '"' | '\''))) => *same,
            _ => {
                result.push(c);
                continue;
            }
        };
        chars.next();
        result.push(meant);
    }
    result
}

/// `-?digits[.digits]`
pub(super) fn number(token: &str) -> Option<Number> {
    let digits = token.strip_prefix('-').unwrap_or(token);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let value = match token.parse() {
        Ok(integer) => NumberValue::Integer(integer),
        Err(_) => NumberValue::Float(token.parse().ok()?),
    };
    Some(Number { text: token.to_owned(), value })
}

fn is_bareword(token: &str) -> bool {
    word_len(token) == token.len() && !token.contains('-') && !token.starts_with(|c: char| c.is_ascii_digit())
}
