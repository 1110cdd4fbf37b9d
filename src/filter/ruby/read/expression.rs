//! Statements, assignments and operators.

use super::super::names::Method;
use super::super::tree::{Begin, Boxed, Call, Kind, Node, Rescue, Target};
use super::{Reader, Reading, is_word, is_word_start, keyword};

/// Binary operators by how tightly they bind, the longest first where one begins another.
const OPERATORS: &[(&str, u8)] = &[
    ("||", 1),
    ("&&", 2),
    ("<=>", 4),
    ("===", 4),
    ("==", 4),
    ("=~", 4),
    ("!=", 4),
    ("!~", 4),
    ("<<", 8),
    (">>", 8),
    ("<=", 5),
    (">=", 5),
    ("<", 5),
    (">", 5),
    ("|", 6),
    ("^", 6),
    ("&", 7),
    ("+", 9),
    ("-", 9),
    ("**", 12),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];
const POWER: u8 = 12;
const UNARY: u8 = 11;

impl<'t> Reader<'t> {
    pub(super) fn statement(&mut self) -> Reading<Node> {
        self.deeper(|reader| {
            let mut node = reader.logic()?;
            while reader.modified(&mut node)? {}
            Ok(node)
        })
    }

    /// `… if x`, `… unless x`, `… while x`, `… until x`, `… rescue x`.
    fn modified(&mut self, node: &mut Node) -> Reading<bool> {
        const WORDS: [&str; 5] = ["if", "unless", "while", "until", "rescue"];
        self.blanks();
        let Some(word) = WORDS.into_iter().find(|word| self.looks_at_word(word)) else { return Ok(false) };
        let at = self.at;
        self.at += word.len();
        self.lines();
        let nothing = || Box::new(Node { at: at as u32, kind: Kind::Nil });
        let condition = Box::new(if word == "rescue" { self.expression()? } else { self.logic()? });
        let body = std::mem::replace(node, *nothing());
        let body_first = matches!(body.kind, Kind::Begin(_));
        let body = Box::new(body);
        let kind = match word {
            "if" => Kind::If(condition, body, nothing()),
            "unless" => Kind::If(condition, nothing(), body),
            "rescue" => rescued(*body, *condition),
            _ => Kind::While { condition, body, until: word == "until", body_first },
        };
        *node = self.node(at, kind);
        Ok(true)
    }

    /// `not`, `and`, `or`.
    pub(super) fn logic(&mut self) -> Reading<Node> {
        let mut left = self.negation()?;
        loop {
            self.blanks();
            let at = self.at;
            let and = self.take_word("and");
            if !and && !self.take_word("or") {
                return Ok(left);
            }
            self.lines();
            let right = Box::new(self.negation()?);
            left = self.node(at, if and { Kind::And(left.into(), right) } else { Kind::Or(left.into(), right) });
        }
    }

    fn negation(&mut self) -> Reading<Node> {
        self.blanks();
        let at = self.at;
        if self.take_word("not") {
            let inner = self.deeper(Self::negation)?;
            return Ok(self.node(at, Kind::Not(inner.into())));
        }
        if self.looks_at_spread() {
            return self.spread();
        }
        self.expression()
    }

    /// Whether `a, b =` stands ahead: names, indexes and commas, then an equals sign.
    fn looks_at_spread(&self) -> bool {
        let (mut depth, mut commas, mut gap) = (0u32, self.peek() == b'*', false);
        let bytes = self.rest().as_bytes();
        for (at, byte) in bytes.iter().copied().enumerate() {
            match byte {
                b'[' | b'(' => depth += 1,
                b']' | b')' if depth > 0 => depth -= 1,
                b',' if depth == 0 => commas = true,
                b'\'' | b'"' | b'+' | b'-' | b':' | b',' if depth > 0 => {}
                b'=' if depth == 0 => {
                    return commas && !matches!(bytes.get(at + 1), Some(b'=' | b'~' | b'>'));
                }
                b' ' | b'\t' | b'@' | b'.' | b'*' => {}
                _ if is_word(byte) && !(gap && depth == 0) => {}
                _ => return false,
            }
            let word = is_word(byte);
            gap = matches!(byte, b' ' | b'\t') && (gap || at > 0 && is_word(bytes[at - 1]));
            debug_assert!(!(gap && word), "a gap is white space");
        }
        false
    }

    fn spread(&mut self) -> Reading<Node> {
        let at = self.at;
        let targets = self.targets(b'=')?;
        self.expect("=")?;
        self.lines();
        let first = self.element()?;
        self.blanks();
        if !self.looks_at(",") && !matches!(first.kind, Kind::Splat(_)) {
            return Ok(self.node(at, Kind::Spread(targets, first.into())));
        }
        let mut items = vec![first];
        while self.take(",") {
            self.lines();
            items.push(self.element()?);
            self.blanks();
        }
        let list = self.node(at, Kind::Array(items));
        Ok(self.node(at, Kind::Spread(targets, list.into())))
    }

    fn element(&mut self) -> Reading<Node> {
        let at = self.at;
        if self.take("*") {
            let list = self.expression()?;
            return Ok(self.node(at, Kind::Splat(list.into())));
        }
        self.expression()
    }

    /// `a, (b, c), *d` up to `end`, which stays.
    pub(super) fn targets(&mut self, end: u8) -> Reading<Vec<Target>> {
        let mut targets = Vec::new();
        loop {
            self.lines();
            if self.peek() == end || self.looks_at_word("in") {
                return Ok(targets);
            }
            targets.push(self.target_item()?);
            self.lines();
            if !self.take(",") {
                return Ok(targets);
            }
        }
    }

    fn target_item(&mut self) -> Reading<Target> {
        if self.take("*") {
            return Ok(Target::Rest(Box::new(self.deeper(Self::target_item)?)));
        }
        if self.take("(") {
            let inner = self.deeper(|reader| reader.targets(b')'))?;
            self.expect(")")?;
            return Ok(Target::Group(inner));
        }
        let at = self.at;
        let name = self.word();
        let plain = !name.is_empty() && !matches!(self.ahead(name.len()), b'.' | b'[' | b'(');
        if plain && name.starts_with(|first: char| first.is_lowercase() || first == '_') {
            self.at += name.len();
            return Ok(Target::Local(self.declare(name)));
        }
        let node = self.postfix()?;
        self.target(at, node)
    }

    /// What an expression on the left of `=` means.
    fn target(&self, at: usize, node: Node) -> Reading<Target> {
        match node.kind {
            Kind::Local(slot) => Ok(Target::Local(slot)),
            Kind::Instance(number) => Ok(Target::Instance(number)),
            Kind::Call(call) if call.method == Method::Index => Ok(Target::Index(Box::new(call.receiver), call.args)),
            Kind::Call(call) if call.args.is_empty() && call.block.is_none() => {
                let name = format!("{}=", call.method.text());
                let write = Method::of(&name).ok_or_else(|| self.unknown(at, "method", &name))?;
                Ok(Target::Attribute(Box::new(call.receiver), call.method, write))
            }
            _ => Err(self.bad(at, "this cannot be assigned to")),
        }
    }

    /// An assignment or anything that binds tighter.
    pub(super) fn expression(&mut self) -> Reading<Node> {
        self.deeper(Self::assignment)
    }

    fn assignment(&mut self) -> Reading<Node> {
        self.blanks();
        let at = self.at;
        if let Some(name) = self.assigned_name() {
            self.declare(name);
        }
        let left = self.ternary()?;
        self.blanks();
        let from = self.at;
        if self.peek() == b'=' && !matches!(self.ahead(1), b'=' | b'~' | b'>') {
            self.at += 1;
            let target = self.target(at, left)?;
            let value = self.assigned()?;
            return Ok(self.node(at, Kind::Assign(target, value)));
        }
        let Some(operator) = updating(self.rest()) else { return Ok(left) };
        self.at += operator.len() + 1;
        let target = self.target(at, left)?;
        let value = self.assigned()?;
        let kind = match operator {
            "||" => Kind::Ensure(target, false, value),
            "&&" => Kind::Ensure(target, true, value),
            operator => Kind::Update(target, self.method(from, operator)?, value),
        };
        Ok(self.node(from, kind))
    }

    /// The value behind `=`: `a = b = 1`, `a = x rescue y`, `a = *b` and `a = 1, 2`.
    fn assigned(&mut self) -> Reading<Boxed> {
        self.lines();
        let at = self.at;
        let value = self.element()?;
        self.blanks();
        if matches!(value.kind, Kind::Splat(_)) {
            return Ok(self.node(at, Kind::Array(vec![value])).into());
        }
        if self.take_word("rescue") {
            let otherwise = self.expression()?;
            return Ok(self.node(at, rescued(value, otherwise)).into());
        }
        Ok(value.into())
    }

    /// The name of a local that is being assigned to.
    fn assigned_name(&self) -> Option<&'t str> {
        let name = self.word();
        let is_local = name.starts_with(|first: char| first.is_lowercase() || first == '_');
        if !is_local || keyword::is(name) {
            return None;
        }
        let rest = self.rest()[name.len()..].trim_start_matches([' ', '\t']);
        let plain = rest.starts_with('=') && !matches!(rest.as_bytes().get(1), Some(b'=' | b'~' | b'>'));
        (plain || updating(rest).is_some()).then_some(name)
    }

    fn ternary(&mut self) -> Reading<Node> {
        let at = self.at;
        let condition = self.range()?;
        self.blanks();
        if self.peek() != b'?' {
            return Ok(condition);
        }
        self.at += 1;
        self.lines();
        let yes = self.deeper(Self::ternary_branch)?;
        self.expect(":")?;
        self.lines();
        let no = self.deeper(Self::ternary_branch)?;
        Ok(self.node(at, Kind::If(condition.into(), yes.into(), no.into())))
    }

    fn ternary_branch(&mut self) -> Reading<Node> {
        self.assignment()
    }

    fn range(&mut self) -> Reading<Node> {
        let at = self.at;
        let from = self.binary(1)?;
        self.blanks();
        let exclusive = self.looks_at("...");
        if !self.take("...") && !self.take("..") {
            return Ok(from);
        }
        self.blanks();
        let open =
            self.is_end() || matches!(self.peek(), b')' | b']' | b'\n' | b';' | b',') || self.looks_at_word("then");
        let to = if open { None } else { Some(Box::new(self.binary(1)?)) };
        Ok(self.node(at, Kind::Range { from: Some(from.into()), to, exclusive }))
    }

    fn operator(&self) -> Option<(&'static str, u8)> {
        let found = OPERATORS.iter().filter(|(text, _)| self.looks_at(text)).max_by_key(|(text, _)| text.len())?;
        let next = self.ahead(found.0.len());
        let assigns = next == b'=' && !matches!(found.1, 4 | 5) && self.ahead(found.0.len() + 1) != b'=';
        (!assigns).then_some(*found)
    }

    fn binary(&mut self, floor: u8) -> Reading<Node> {
        let mut left = self.unary()?;
        loop {
            self.blanks();
            let at = self.at;
            let Some((text, level)) = self.operator().filter(|(_, level)| *level >= floor) else { return Ok(left) };
            self.at += text.len();
            self.lines();
            // Powers bind to the right, all others to the left.
            let right = self.deeper(|reader| reader.binary(if level == POWER { level } else { level + 1 }))?;
            left = self.node(at, self.joined(at, text, left, right)?);
        }
    }

    fn joined(&self, at: usize, text: &str, left: Node, right: Node) -> Reading<Kind> {
        Ok(match text {
            "&&" => Kind::And(left.into(), right.into()),
            "||" => Kind::Or(left.into(), right.into()),
            "!=" | "!~" => {
                let method = if text == "!=" { Method::Eq } else { Method::Match };
                Kind::Not(self.node(at, call(left, method, vec![right])).into())
            }
            text => call(left, self.method(at, text)?, vec![right]),
        })
    }

    fn unary(&mut self) -> Reading<Node> {
        self.blanks();
        let at = self.at;
        match self.peek() {
            b'!' => {
                self.at += 1;
                let inner = self.deeper(Self::unary)?;
                Ok(self.node(at, Kind::Not(inner.into())))
            }
            b'-' if self.ahead(1) != b'>' && !self.ahead(1).is_ascii_digit() => self.signed(at, Method::Neg),
            b'+' if is_word_start(self.ahead(1)) || self.ahead(1) == b'(' => self.signed(at, Method::Plus),
            b'~' => self.signed(at, Method::BitNot),
            b'&' if self.ahead(1) != b'&' => Err(self.unexpected()),
            _ if self.looks_at_word("defined") => Err(self.unexpected()),
            _ if self.looks_at("defined?") => {
                self.at += "defined?".len();
                let inner = self.deeper(Self::unary)?;
                Ok(self.node(at, Kind::Defined(inner.into())))
            }
            _ => self.postfix(),
        }
    }

    fn signed(&mut self, at: usize, method: Method) -> Reading<Node> {
        self.at += 1;
        let inner = self.deeper(|reader| reader.binary(UNARY))?;
        Ok(self.node(at, call(inner, method, Vec::new())))
    }
}

/// The operator of `+=` and its like, if one is ahead.
fn updating(rest: &str) -> Option<&'static str> {
    const OPERATORS: [&str; 12] = ["||", "&&", "<<", ">>", "**", "+", "-", "*", "/", "%", "|", "&"];
    OPERATORS.into_iter().find(|text| {
        let behind = rest.strip_prefix(text).unwrap_or_default().as_bytes();
        behind.first() == Some(&b'=') && !matches!(behind.get(1), Some(b'=' | b'~'))
    })
}

pub(super) fn call(receiver: Node, method: Method, args: Vec<Node>) -> Kind {
    Kind::Call(Box::new(Call { receiver, method, args, block: None, safe: false }))
}

/// `body rescue otherwise`; of an assignment only the value is tried.
fn rescued(body: Node, otherwise: Node) -> Kind {
    if let Kind::Assign(target, value) = body.kind {
        let at = body.at;
        return Kind::Assign(target, Box::new(Node { at, kind: rescued(*value, otherwise) }));
    }
    let rescue = Rescue { classes: Vec::new(), into: None, body: otherwise };
    Kind::Begin(Box::new(Begin { body, rescues: vec![rescue], otherwise: None, ensure: None }))
}
