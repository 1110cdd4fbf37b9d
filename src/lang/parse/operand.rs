//! The sides of a comparison: fields, strings, numbers, arrays, regular expressions.

use super::super::diagnostic::Diagnostic;
use super::super::source::Span;
use super::super::source::Spanned;
use super::super::tree::Literal;
use super::super::tree::Operand;
use super::Parser;
use super::cursor::delimited_len;
use super::cursor::quoted;
use super::cursor::token_len;
use super::cursor::word_len;
use super::literal::number;

/// Where an operand stands decides what brackets around one number mean, and which help fits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
    /// Behind `in`.
    Haystack,
}

impl Parser<'_> {
    pub(super) fn operand(&mut self, side: Side) -> Option<Operand> {
        match self.peek() {
            Some('"' | '\'') => self.string().map(Operand::String),
            Some('[') => self.bracketed(side),
            Some('/') => self.misplaced_regex(),
            Some(_) if self.looks_at_typographic_quote() => self.typographic_string().map(Operand::String),
            Some(c) if c.is_ascii_digit() || c == '-' => self.number_operand(),
            Some(c) if !matches!(c, '{' | '}' | '(' | ')' | ']' | ',' | '=' | '!' | '<' | '>' | '&' | '|') => {
                self.bare_operand(side)
            }
            _ => {
                let expected = if side == Side::Left { "a condition" } else { "something to compare with" };
                self.report_unexpected("missing-operand", expected);
                None
            }
        }
    }

    fn number_operand(&mut self) -> Option<Operand> {
        let rest = self.rest();
        let len = rest.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')).count();
        let word_goes_on = word_len(&rest[len..]) > 0;
        let Some(number) = number(&rest[..len]).filter(|_| !word_goes_on) else {
            return self.bare_operand(Side::Right);
        };
        let span = self.span(self.at, self.at + len);
        self.at += len;
        Some(Operand::Number(Spanned::new(number, span)))
    }

    /// A word without quotes or brackets: reported, and taken for what is likeliest on this side.
    fn bare_operand(&mut self, side: Side) -> Option<Operand> {
        let token = &self.rest()[..token_len(self.rest())];
        let until_operator = token.find(['=', '!', '<', '>', '&', '|']).unwrap_or(token.len());
        let len = until_operator.max(self.peek().map_or(0, char::len_utf8));
        let span = self.span(self.at, self.at + len);
        let token = self.sources.slice(span).to_owned();
        self.at += len;
        self.report(unquoted_operand(side, &token, span));
        let value = Spanned::new(token, span);
        Some(if side == Side::Left { Operand::Field(value) } else { Operand::String(value) })
    }

    /// A field reference, or an array. The two look alike with one element: one in quotes, or one number behind `in`,
    /// is an array here, with a warning, since Logstash takes it for a field.
    fn bracketed(&mut self, side: Side) -> Option<Operand> {
        let len = reference_len(self.rest());
        let reference = &self.rest()[..len];
        let one_number = side == Side::Haystack && number(reference.trim_matches(['[', ']', ' '])).is_some();
        if len == 0 || one_number {
            return self.array_operand(side);
        }
        let span = self.span(self.at, self.at + len);
        self.at += len;
        if reference.contains("[ ") || reference.contains(" ]") {
            let text = format!("the spaces within {} belong to the name of the field", quoted(reference));
            let tight = reference.replace("[ ", "[").replace(" ]", "]");
            self.report(Diagnostic::warning("space-in-field", span, text).with_help(format!("write `{tight}`")));
        }
        Some(Operand::Field(Spanned::new(reference.to_owned(), span)))
    }

    fn array_operand(&mut self, side: Side) -> Option<Operand> {
        let array = self.array()?;
        let span = array.span;
        if self.looks_at("[") {
            let diagnostic = Diagnostic::error("quotes-in-field", span, "a field reference has no quotes");
            self.report(diagnostic.with_help("write `[a][b]`"));
            return None;
        }
        if array.value.len() == 1 && side != Side::Left {
            let text = format!(
                "{} is an array of one element here, but a field in Logstash",
                quoted(self.sources.slice(span))
            );
            let diagnostic = Diagnostic::warning("one-element-array", span, text);
            self.report(diagnostic.with_help("compare with the element itself: `==`"));
        }
        self.array_of_operands(array).map(Operand::Array)
    }

    fn array_of_operands(&mut self, array: Spanned<Vec<Literal>>) -> Option<Spanned<Vec<Operand>>> {
        let mut items = Vec::with_capacity(array.value.len());
        for literal in array.value {
            items.push(match literal {
                Literal::String(text) | Literal::Bareword(text) => Operand::String(text),
                Literal::Number(number) => Operand::Number(number),
                Literal::Array(inner) => Operand::Array(self.array_of_operands(inner)?),
                Literal::Hash(_) | Literal::Plugin(_) => {
                    let text = "an array in a condition holds strings and numbers";
                    self.report(Diagnostic::error("hash-in-condition", literal.span(), text));
                    return None;
                }
            });
        }
        Some(Spanned::new(items, array.span))
    }

    fn misplaced_regex(&mut self) -> Option<Operand> {
        let regex = self.regex()?;
        let text = "a regular expression stands only behind `=~` and `!~`";
        self.report(Diagnostic::error("misplaced-regex", regex.span, text).with_help("write `[field] =~ /…/`"));
        Some(Operand::String(regex))
    }

    /// What stands behind `=~`: `/…/`, or a string that is taken as one.
    pub(super) fn pattern(&mut self) -> Option<Spanned<String>> {
        if self.looks_at("/") {
            return self.regex();
        }
        if self.looks_at_quote() {
            return self.string();
        }
        let text = format!("expected a regular expression, found {}", self.here());
        let diagnostic = Diagnostic::error("missing-regex", self.span_here(), text);
        self.report(diagnostic.with_help("write `/…/`; to look for one field's text in another: `[a] in [b]`"));
        None
    }

    fn regex(&mut self) -> Option<Spanned<String>> {
        let start = self.at;
        let Some(len) = delimited_len(self.rest()) else {
            let place = self.span(start, start + 1);
            let diagnostic = Diagnostic::error("unclosed-regex", place, "a regular expression is never closed by `/`");
            self.report(diagnostic.with_help("close it with `/`; a `/` within is written `\\/`"));
            self.stop();
            return None;
        };
        self.at += len;
        let inner = self.text[start + 1..self.at - 1].to_owned();
        self.refuse_regex_flags(&inner);
        Some(Spanned::new(inner, self.span(start, self.at)))
    }

    fn refuse_regex_flags(&mut self, regex: &str) {
        let len = word_len(self.rest());
        if len == 0 || self.looks_at_boolean() {
            return;
        }
        let span = self.span(self.at, self.at + len);
        let flags = self.sources.slice(span);
        self.at += len;
        let text = format!("a regular expression has no flags behind it, found {}", quoted(flags));
        let known: String = flags.chars().filter(|flag| matches!(flag, 'i' | 'm' | 'x')).collect();
        let help = if known.is_empty() { "take them out".to_owned() } else { format!("write `/(?{known}){regex}/`") };
        self.report(Diagnostic::error("regex-flags", span, text).with_help(help));
    }
}

/// What to write for a word that has neither quotes nor brackets.
fn unquoted_operand(side: Side, token: &str, span: Span) -> Diagnostic {
    let shown = quoted(token);
    let quotes = |text: String, help: String| Diagnostic::error("missing-quotes", span, text).with_help(help);
    let brackets = |text: String, help: String| Diagnostic::error("missing-brackets", span, text).with_help(help);
    match token.chars().next() {
        Some('%') => {
            let field = token.trim_start_matches(['%', '{', '[']).trim_end_matches(['}', ']']);
            brackets("a condition names a field without `%{ }`".to_owned(), format!("write `[{field}]`"))
        }
        Some('$') => quotes(format!("{shown} needs quotes"), format!("write `\"{token}\"`")),
        _ if side == Side::Left => {
            brackets(format!("{shown} needs brackets or quotes"), format!("write `[{token}]` for the field"))
        }
        _ if matches!(token, "true" | "false") => quotes(
            format!("there is no {shown} to compare with"),
            format!("test a boolean field with `[field]` or `![field]`, a text with `\"{token}\"`"),
        ),
        _ => quotes(
            format!("{shown} needs quotes"),
            format!("write `\"{token}\"` for the text, `[{token}]` for the field"),
        ),
    }
}

/// The length of the field reference ahead, `[a][b]`; 0 if it is none. Commas and quotes make an array of it.
fn reference_len(rest: &str) -> usize {
    let mut len = 0;
    while let Some(inner) = rest[len..].strip_prefix('[') {
        let end = inner.find(['[', ']', ',', '\n', '"', '\'']).unwrap_or(inner.len());
        if end == 0 || inner[..end].trim().is_empty() || !inner[end..].starts_with(']') {
            break;
        }
        len += end + 2;
    }
    len
}
