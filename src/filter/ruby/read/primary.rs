//! Literals, brackets and variables.

use super::super::tree::{Block, Kind, Node};
use super::{Reader, Reading, Scope, is_word_start};
use std::sync::Arc;

impl Reader<'_> {
    pub(super) fn primary(&mut self) -> Reading<Node> {
        let at = self.at;
        match self.peek() {
            b'0'..=b'9' => self.number(),
            b'-' if self.ahead(1) == b'>' => self.arrow(),
            b'-' => {
                self.at += 1;
                let number = self.number()?;
                Ok(negated(number))
            }
            b'"' | b'\'' | b'/' | b'%' | b'`' => self.text_literal(),
            b'?' => self.character(),
            b':' => self.symbol_or_root(),
            b'<' if self.looks_at("<<~") || self.looks_at("<<-") => {
                Err(self.helped(at, "here-documents are not supported", "write a string over several lines"))
            }
            b'[' => {
                self.at += 1;
                let items = self.with_do(false, |reader| reader.items(b']'))?;
                self.expect("]")?;
                Ok(self.node(at, Kind::Array(items)))
            }
            b'{' => {
                self.at += 1;
                let pairs = self.with_do(false, Self::pairs)?;
                self.expect("}")?;
                Ok(self.node(at, Kind::Hash(pairs)))
            }
            b'(' => {
                self.at += 1;
                let inner = self.with_do(false, Self::statements)?;
                self.expect(")")?;
                Ok(inner)
            }
            b'.' if self.looks_at("..") => self.open_range(),
            b'@' | b'$' => self.variable(),
            byte if is_word_start(byte) => self.named(),
            _ => Err(self.unexpected()),
        }
    }

    /// `..5`
    fn open_range(&mut self) -> Reading<Node> {
        let at = self.at;
        let exclusive = self.take("...");
        self.at += if exclusive { 0 } else { 2 };
        let to = self.deeper(Self::postfix)?;
        Ok(self.node(at, Kind::Range { from: None, to: Some(to.into()), exclusive }))
    }

    fn number(&mut self) -> Reading<Node> {
        let at = self.at;
        let rest = self.rest();
        let radix = match (self.peek(), self.ahead(1)) {
            (b'0', b'x' | b'X') => 16,
            (b'0', b'b' | b'B') => 2,
            (b'0', b'o' | b'O') => 8,
            _ => 10,
        };
        if radix != 10 {
            let len = rest[2..].bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            self.at += 2 + len;
            return self.integer(at, &rest[2..2 + len], radix);
        }
        let mut len = self.digits(0);
        let mut is_float = false;
        if self.ahead(len) == b'.' && self.ahead(len + 1).is_ascii_digit() {
            len += 1 + self.digits(len + 1);
            is_float = true;
        }
        let sign = usize::from(matches!(self.ahead(len + 1), b'+' | b'-'));
        if matches!(self.ahead(len), b'e' | b'E') && self.ahead(len + 1 + sign).is_ascii_digit() {
            len += 1 + sign + self.digits(len + 1 + sign);
            is_float = true;
        }
        self.at += len;
        if is_float {
            let value = rest[..len].replace('_', "").parse().map_err(|_| self.bad(at, "this is no number"))?;
            return Ok(self.node(at, Kind::Float(value)));
        }
        let octal = len > 1 && rest.starts_with('0');
        self.integer(at, &rest[..len], if octal { 8 } else { 10 })
    }

    fn digits(&self, from: usize) -> usize {
        let rest = &self.rest().as_bytes()[from..];
        rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count()
    }

    fn integer(&self, at: usize, digits: &str, radix: u32) -> Reading<Node> {
        let digits = digits.replace('_', "");
        match i64::from_str_radix(&digits, radix) {
            Ok(value) => Ok(self.node(at, Kind::Int(value))),
            Err(_) => Err(self.helped(
                at,
                format!("`{digits}` is no integer of 64 bits"),
                "write it as a float (`1e20`), or as a string",
            )),
        }
    }

    /// `?a`
    fn character(&mut self) -> Reading<Node> {
        let at = self.at;
        match self.rest()[1..].chars().next() {
            Some(char) if !char.is_whitespace() => {
                self.at += 1 + char.len_utf8();
                Ok(self.node(at, Kind::Str(char.to_string().into())))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn symbol_or_root(&mut self) -> Reading<Node> {
        let at = self.at;
        if self.looks_at("::") {
            let constant = self.constant()?;
            return Ok(self.node(at, Kind::Constant(constant)));
        }
        self.at += 1;
        if self.peek() == b'"' || self.peek() == b'\'' {
            return self.quoted_symbol(at);
        }
        let name = self.symbol_name().ok_or_else(|| self.expected("a symbol's name"))?;
        self.at += name.len();
        Ok(self.node(at, Kind::Symbol(name.into())))
    }

    /// The name of a symbol: a word with `?`, `!` or `=` behind it, or an operator.
    pub(super) fn symbol_name(&self) -> Option<String> {
        const OPERATORS: [&str; 18] =
            ["[]=", "[]", "<=>", "===", "==", "=~", "**", "<<", ">>", "<=", ">=", "+", "-", "*", "/", "%", "<", ">"];
        let sigil = self.rest().bytes().take_while(|byte| *byte == b'@').count();
        let word = &self.rest()[sigil..];
        let len = word.bytes().take_while(|byte| super::is_word(*byte)).count();
        if len == 0 {
            return OPERATORS.iter().find(|text| self.looks_at(text)).map(|text| (*text).to_owned());
        }
        let next = word.as_bytes().get(len + 1);
        let mark = match word.as_bytes().get(len) {
            Some(b'?' | b'!') if next != Some(&b'=') => 1,
            Some(b'=') if !matches!(next, Some(b'=' | b'~' | b'>')) => 1,
            _ => 0,
        };
        Some(self.rest()[..sigil + len + mark].to_owned())
    }

    fn variable(&mut self) -> Reading<Node> {
        let at = self.at;
        if self.looks_at("@@") {
            return Err(self.helped(at, "class variables are not supported", "use an instance variable: `@name`"));
        }
        let global = self.peek() == b'$';
        self.at += 1;
        if global {
            return self.global(at);
        }
        let name = self.word();
        if name.is_empty() {
            return Err(self.unexpected());
        }
        self.at += name.len();
        let number = self.instance(name);
        Ok(self.node(at, Kind::Instance(number)))
    }

    /// `$1`, `$~`; other globals are refused.
    fn global(&mut self, at: usize) -> Reading<Node> {
        let digits = self.digits(0);
        let kind = match self.peek() {
            b'1'..=b'9' => Kind::Group(self.rest()[..digits].parse().unwrap_or(usize::MAX)),
            b'~' => Kind::Match,
            b'&' => Kind::Group(0),
            _ => {
                return Err(self.helped(
                    at,
                    "global variables are not supported",
                    "use an instance variable (`@name`), which this filter's code shares from event to event",
                ));
            }
        };
        self.at += digits.max(1);
        Ok(self.node(at, kind))
    }

    /// Items up to a closing bracket, which stays; a trailing list of pairs is a hash.
    pub(super) fn items(&mut self, close: u8) -> Reading<Vec<Node>> {
        let (args, block) = self.argument_list(close)?;
        match block {
            None => Ok(args),
            Some(_) => Err(self.unexpected()),
        }
    }

    /// Pairs up to `}`, which stays.
    fn pairs(&mut self) -> Reading<Vec<(Node, Node)>> {
        let mut pairs = Vec::new();
        loop {
            self.lines();
            if self.peek() == b'}' {
                return Ok(pairs);
            }
            pairs.push(self.pair()?);
            self.lines();
            if !self.take(",") {
                return Ok(pairs);
            }
        }
    }

    fn pair(&mut self) -> Reading<(Node, Node)> {
        let at = self.at;
        if self.take("**") {
            let hash = self.expression()?;
            return Ok((self.node(at, Kind::Splat(hash.into())), self.node(at, Kind::Nil)));
        }
        if let Some(key) = self.label()? {
            self.lines();
            return Ok((key, self.expression()?));
        }
        let key = self.expression()?;
        self.lines();
        // `"a": 1`
        if self.peek() == b':' && self.before() == b'"' {
            self.at += 1;
            let kind = match key.kind {
                Kind::Str(text) => Kind::Symbol(text),
                Kind::Filled(pieces) => Kind::FilledSymbol(pieces),
                _ => return Err(self.unexpected()),
            };
            self.lines();
            return Ok((self.node(at, kind), self.expression()?));
        }
        self.expect("=>")?;
        self.lines();
        Ok((key, self.expression()?))
    }

    /// `key:` as a symbol.
    pub(super) fn label(&mut self) -> Reading<Option<Node>> {
        let at = self.at;
        let name = self.word();
        let mark = usize::from(matches!(self.ahead(name.len()), b'?' | b'!'));
        let len = name.len() + mark;
        if name.is_empty() || !self.is_label(len) {
            return Ok(None);
        }
        let name = &self.rest()[..len];
        self.at += len + 1;
        Ok(Some(self.node(at, Kind::Symbol(name.into()))))
    }

    /// `->(a) { … }`
    fn arrow(&mut self) -> Reading<Node> {
        let at = self.at;
        self.at += 2;
        self.blanks();
        self.scopes.push(Scope { names: Vec::new(), closed: false });
        let params = if self.take("(") {
            let params = self.params(b')')?;
            self.expect(")")?;
            params
        } else {
            self.params(b'{')?
        };
        self.blanks();
        let body = if self.take("{") {
            let body = self.with_do(false, Self::statements)?;
            self.expect("}")?;
            body
        } else {
            self.expect_word("do")?;
            let body = self.with_do(false, Self::rescued_body)?;
            self.expect_word("end")?;
            body
        };
        let scope = self.scopes.pop().expect("it was pushed above");
        let block = Block { params, body, locals: scope.names.len(), lambda: true };
        Ok(self.node(at, Kind::Lambda(Arc::new(block))))
    }
}

fn negated(number: Node) -> Node {
    let kind = match number.kind {
        Kind::Int(value) => Kind::Int(value.wrapping_neg()),
        Kind::Float(value) => Kind::Float(-value),
        other => other,
    };
    Node { kind, ..number }
}
