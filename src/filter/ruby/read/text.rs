//! Strings, symbols in quotes, regular expressions and `%` literals.

use super::super::tree::{Kind, Node, Piece, RegexFlags};
use super::{BadCode, Reader, Reading};
use crate::filter::ruby_regex::RubyRegex;
use std::sync::Arc;

/// Which backslashes and `#{…}` a text knows.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Single,
    Double,
    Regex,
}

/// The compiled form of a pattern with flags.
pub fn regex(pattern: &str, flags: RegexFlags) -> Result<RubyRegex, String> {
    let mut letters = String::new();
    for (is_set, letter) in [(flags.ignore_case, 'i'), (flags.dot_newline, 'm'), (flags.extended, 'x')] {
        if is_set {
            letters.push(letter);
        }
    }
    let whole = if letters.is_empty() { pattern.to_owned() } else { format!("(?{letters}:{pattern})") };
    RubyRegex::new(&whole).map_err(|bad| bad.text)
}

impl Reader<'_> {
    pub(super) fn text_literal(&mut self) -> Reading<Node> {
        let at = self.at;
        match self.peek() {
            b'`' => Err(self.helped(at, "scripts start no programs", "backticks run a command in Ruby")),
            b'%' => self.percent(),
            b'/' => {
                self.at += 1;
                self.regex_literal(at, b'/', b'/')
            }
            quote => {
                self.at += 1;
                let style = if quote == b'"' { Style::Double } else { Style::Single };
                let mut pieces = self.pieces(quote, quote, style)?;
                self.adjacent(&mut pieces)?;
                Ok(self.node(at, filled(pieces)))
            }
        }
    }

    /// `"a" "b"` is one string.
    fn adjacent(&mut self, pieces: &mut Vec<Piece>) -> Reading<()> {
        loop {
            let before = self.at;
            self.blanks();
            let quote = self.peek();
            if !matches!(quote, b'"' | b'\'') {
                self.at = before;
                return Ok(());
            }
            self.at += 1;
            let style = if quote == b'"' { Style::Double } else { Style::Single };
            pieces.extend(self.pieces(quote, quote, style)?);
        }
    }

    pub(super) fn quoted_symbol(&mut self, at: usize) -> Reading<Node> {
        let quote = self.peek();
        self.at += 1;
        let style = if quote == b'"' { Style::Double } else { Style::Single };
        let kind = match filled(self.pieces(quote, quote, style)?) {
            Kind::Str(text) => Kind::Symbol(text),
            Kind::Filled(pieces) => Kind::FilledSymbol(pieces),
            other => other,
        };
        Ok(self.node(at, kind))
    }

    /// `%w[…]`, `%i[…]`, `%q(…)`, `%Q(…)`, `%(…)`, `%r{…}`, `%s(…)`
    fn percent(&mut self) -> Reading<Node> {
        let at = self.at;
        let letter = self.ahead(1);
        let named = letter.is_ascii_alphabetic();
        let open = self.ahead(if named { 2 } else { 1 });
        let close = match open {
            b'(' => b')',
            b'[' => b']',
            b'{' => b'}',
            b'<' => b'>',
            mark if mark.is_ascii_punctuation() => mark,
            _ => return Err(self.unexpected()),
        };
        self.at += if named { 3 } else { 2 };
        match letter {
            b'w' | b'W' => self.words(at, open, close, |text| Kind::Str(text.into())),
            b'i' | b'I' => self.words(at, open, close, |text| Kind::Symbol(text.into())),
            b'q' => self.percent_text(at, open, close, Style::Single),
            b'r' => self.regex_literal(at, open, close),
            b'Q' => self.percent_text(at, open, close, Style::Double),
            _ if !named => self.percent_text(at, open, close, Style::Double),
            _ => Err(self.bad(at, format!("`%{}` is not supported", letter as char))),
        }
    }

    fn percent_text(&mut self, at: usize, open: u8, close: u8, style: Style) -> Reading<Node> {
        let pieces = self.pieces(open, close, style)?;
        Ok(self.node(at, filled(pieces)))
    }

    fn words(&mut self, at: usize, open: u8, close: u8, kind: impl Fn(&str) -> Kind) -> Reading<Node> {
        let Kind::Str(text) = filled(self.pieces(open, close, Style::Single)?) else { return Err(self.unexpected()) };
        let items = text.split_whitespace().map(|word| self.node(at, kind(word))).collect();
        Ok(self.node(at, Kind::Array(items)))
    }

    fn regex_literal(&mut self, at: usize, open: u8, close: u8) -> Reading<Node> {
        let pieces = self.pieces(open, close, Style::Regex)?;
        let mut flags = RegexFlags::default();
        while self.peek().is_ascii_alphabetic() {
            match self.peek() {
                b'i' => flags.ignore_case = true,
                b'm' => flags.dot_newline = true,
                b'x' => flags.extended = true,
                b'o' | b'u' | b'n' => {}
                _ => return Err(self.unexpected()),
            }
            self.at += 1;
        }
        let kind = match filled(pieces) {
            Kind::Str(pattern) => {
                let bad = |text| BadCode { at, text: format!("bad regular expression: {text}"), help: None };
                Kind::Regex(Arc::new(regex(&pattern, flags).map_err(bad)?))
            }
            Kind::Filled(pieces) => Kind::FilledRegex(pieces, flags),
            other => other,
        };
        Ok(self.node(at, kind))
    }

    /// What stands up to the closing mark, and past it.
    fn pieces(&mut self, open: u8, close: u8, style: Style) -> Reading<Vec<Piece>> {
        let start = self.at - 1;
        let (mut pieces, mut text, mut nested) = (Vec::new(), String::new(), 0u32);
        loop {
            let Some(char) = self.rest().chars().next() else {
                return Err(self.bad(start, format!("the text that begins here has no closing `{}`", close as char)));
            };
            if self.peek() == close && nested == 0 {
                self.at += 1;
                break;
            }
            if char == '\\' {
                self.escape(close, style, &mut text);
                continue;
            }
            if style != Style::Single && self.looks_at("#{") {
                self.at += 2;
                let inner = self.deeper(|reader| reader.with_do(false, Self::statements))?;
                self.expect("}")?;
                pieces.push(Piece::Text(std::mem::take(&mut text).into()));
                pieces.push(Piece::Value(inner));
                continue;
            }
            if open != close {
                nested += u32::from(self.peek() == open);
                nested -= u32::from(self.peek() == close);
            }
            text.push(char);
            self.at += char.len_utf8();
        }
        pieces.push(Piece::Text(text.into()));
        Ok(pieces)
    }

    /// What a backslash and the character behind it stand for.
    fn escape(&mut self, close: u8, style: Style, text: &mut String) {
        self.at += 1;
        let Some(char) = self.rest().chars().next() else {
            return text.push('\\');
        };
        self.at += char.len_utf8();
        match (style, char) {
            (Style::Single, '\\') => text.push('\\'),
            (Style::Regex, '/') => text.push('/'),
            (_, char) if style != Style::Regex && char as u32 == u32::from(close) => text.push(char),
            (Style::Single | Style::Regex, char) => text.extend(['\\', char]),
            (Style::Double, 'u') => self.unicode(text),
            (Style::Double, 'x') => self.code(2, 16, text),
            (Style::Double, '0'..='7') => {
                self.at -= 1;
                self.code(3, 8, text);
            }
            (Style::Double, '\n') => {}
            (Style::Double, char) => text.push(match char {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                's' => ' ',
                'e' => '\u{1b}',
                'a' => '\u{7}',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'v' => '\u{b}',
                other => other,
            }),
        }
    }

    /// `\u00e9` and `\u{1F600 1F601}`, behind the `u`.
    fn unicode(&mut self, text: &mut String) {
        if !self.take("{") {
            return self.code(4, 16, text);
        }
        while !self.is_end() && !self.take("}") {
            let before = self.at;
            self.code(6, 16, text);
            let skipped = self.rest().chars().next().filter(|char| self.at == before || *char == ' ');
            self.at += skipped.map_or(0, char::len_utf8);
        }
    }

    /// A character by its number, of at most so many digits.
    fn code(&mut self, digits: usize, radix: u32, text: &mut String) {
        let is_digit = |byte: &u8| (*byte as char).is_digit(radix);
        let len = self.rest().bytes().take(digits).take_while(is_digit).count();
        let number = u32::from_str_radix(&self.rest()[..len], radix).unwrap_or(0);
        self.at += len;
        text.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

/// One text if nothing is to be filled in.
fn filled(pieces: Vec<Piece>) -> Kind {
    if pieces.iter().any(|piece| matches!(piece, Piece::Value(_))) {
        return Kind::Filled(pieces);
    }
    let texts = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => text.into_string(),
        Piece::Value(_) => String::new(),
    });
    Kind::Str(texts.collect::<String>().into())
}
