//! Reads the text of a Ruby regular expression (Onigmo's syntax as Ruby configures it).
//!
//! Source: Ruby's documentation of `Regexp`, and Onigmo's `doc/RE`.

use super::tree::{Assert, Class, Greed, Item, Node, Reference, ReferenceKind, Tree};
use super::{BadRegex, Options};

/// How deep groups may be nested: the readers and writers of the tree recurse.
pub const DEPTH_MAX: usize = 200;
const REPEAT_MAX: u32 = 100_000;

/// `(?imx)`
#[derive(Clone, Copy)]
pub struct Flags {
    pub fold: bool,
    /// A dot matches a newline.
    pub dot_newline: bool,
    pub extended: bool,
}

pub struct Parser<'p> {
    text: &'p str,
    at: usize,
    flags: Flags,
    depth: usize,
    /// Groups that were opened so far.
    opened: usize,
}

pub fn parse(text: &str, options: Options) -> Result<Tree, BadRegex> {
    let flags = Flags { fold: false, dot_newline: options.dot_newline, extended: false };
    let mut parser = Parser { text, at: 0, flags, depth: 0, opened: 0 };
    let mut root = parser.alternation()?;
    if parser.at < text.len() {
        return Err(parser.bad(parser.at, "this parenthesis closes nothing"));
    }
    let groups = super::groups::number(&mut root, options.named_only)?;
    Ok(Tree { root, groups })
}

impl<'p> Parser<'p> {
    pub(super) fn rest(&self) -> &'p str {
        &self.text[self.at..]
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let char = self.rest().chars().next()?;
        self.at += char.len_utf8();
        Some(char)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let eaten = self.rest().starts_with(text);
        self.at += if eaten { text.len() } else { 0 };
        eaten
    }

    pub(super) fn bad(&self, at: usize, text: impl Into<String>) -> BadRegex {
        BadRegex { at, text: text.into() }
    }

    fn alternation(&mut self) -> Result<Node, BadRegex> {
        let mut branches = vec![self.concat()?];
        while self.eat("|") {
            branches.push(self.concat()?);
        }
        if branches.len() == 1 { Ok(branches.remove(0)) } else { Ok(Node::Alternate(branches)) }
    }

    fn concat(&mut self) -> Result<Node, BadRegex> {
        let mut nodes = Vec::new();
        loop {
            self.skip_extended();
            if matches!(self.rest().chars().next(), None | Some('|' | ')')) {
                return Ok(Node::concat(nodes));
            }
            let Some(atom) = self.atom()? else { continue };
            let node = self.quantified(atom)?;
            match node {
                Node::Concat(more) => nodes.extend(more),
                Node::Empty => {}
                node => nodes.push(node),
            }
        }
    }

    fn skip_extended(&mut self) {
        while self.flags.extended {
            let rest = self.rest();
            if let Some(comment) = rest.strip_prefix('#') {
                self.at += 1 + comment.find('\n').map_or(comment.len(), |end| end + 1);
            } else if rest.starts_with([' ', '\t', '\n', '\r', '\x0b', '\x0c']) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// `None`: a comment, or options that stand alone at the end.
    fn atom(&mut self) -> Result<Option<Node>, BadRegex> {
        let start = self.at;
        let Some(char) = self.next() else { return Ok(None) };
        let node = match char {
            '(' => return self.group(start),
            '[' => Node::Class { class: self.class(0)?, fold: self.flags.fold },
            '.' => Node::Any { newline: self.flags.dot_newline },
            '^' => Node::Assert(Assert::LineStart),
            '$' => Node::Assert(Assert::LineEnd),
            '\\' => self.escape(start)?,
            '*' | '+' | '?' => return Err(self.bad(start, format!("there is nothing before `{char}` to repeat"))),
            char => self.char(char),
        };
        Ok(Some(node))
    }

    fn char(&self, char: char) -> Node {
        Node::Char { char, fold: self.flags.fold }
    }

    fn quantified(&mut self, mut node: Node) -> Result<Node, BadRegex> {
        loop {
            self.skip_extended();
            let Some((min, max, braces)) = self.quantifier()? else { return Ok(node) };
            // `{n}?` is an optional `{n}`, and a plus behind braces is a repetition of its own: both as in Ruby.
            let greed = match braces {
                true if max == Some(min) => Greed::Greedy,
                _ if self.eat("?") => Greed::Lazy,
                false if self.eat("+") => Greed::Possessive,
                _ => Greed::Greedy,
            };
            node = Node::Repeat { node: Box::new(node), min, max, greed };
        }
    }

    /// Least, most, and whether it stood in braces.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>, bool)>, BadRegex> {
        let simple = match self.rest().as_bytes().first() {
            Some(b'*') => (0, None, false),
            Some(b'+') => (1, None, false),
            Some(b'?') => (0, Some(1), false),
            Some(b'{') => return self.braces(),
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(simple))
    }

    fn braces(&mut self) -> Result<Option<(u32, Option<u32>, bool)>, BadRegex> {
        let start = self.at;
        let Some((inside, _)) = self.rest()[1..].split_once('}') else { return Ok(None) };
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok());
        let (least, most) = inside.split_once(',').map_or((inside, None), |(least, most)| (least, Some(most)));
        let (Some(min), Some(max)) = (number(least), number(most.unwrap_or(least))) else { return Ok(None) };
        if least.is_empty() && most.is_none_or(str::is_empty) {
            return Ok(None);
        }
        let too_many = |text: &str, value: Option<u32>| !text.is_empty() && value.is_none_or(|n| n > REPEAT_MAX);
        if too_many(least, min) || too_many(most.unwrap_or_default(), max) {
            return Err(self.bad(start, format!("more than {REPEAT_MAX} repetitions")));
        }
        let min = min.unwrap_or(0);
        if max.is_some_and(|max| max < min) {
            return Err(self.bad(start, "the repetition's most is less than its least"));
        }
        self.at += inside.len() + 2;
        Ok(Some((min, max, true)))
    }

    /// What follows an opening parenthesis at `start`.
    fn group(&mut self, start: usize) -> Result<Option<Node>, BadRegex> {
        if self.eat("?#") {
            let Some(end) = self.rest().find(')') else { return Err(self.bad(start, "the comment is not closed")) };
            self.at += end + 1;
            return Ok(None);
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.bad(start, "groups are nested too deeply"));
        }
        let flags = self.flags;
        let node = self.group_inside(start)?;
        self.flags = flags;
        self.depth -= 1;
        Ok(Some(node))
    }

    fn group_inside(&mut self, start: usize) -> Result<Node, BadRegex> {
        for (mark, behind, negative) in
            [("?=", false, false), ("?!", false, true), ("?<=", true, false), ("?<!", true, true)]
        {
            if self.eat(mark) {
                let node = Box::new(self.closed(start)?);
                return Ok(Node::Look { behind, negative, node });
            }
        }
        if self.eat("?:") {
            return self.closed(start);
        }
        if self.eat("?>") {
            let node = self.closed(start)?;
            return Ok(if node.has_one_way() { node } else { Node::Atomic(Box::new(node)) });
        }
        if self.eat("?~") {
            return Ok(Node::Absent(Box::new(self.closed(start)?)));
        }
        if self.eat("?(") {
            return self.conditional(start);
        }
        let name = match (self.eat("?<"), !self.rest().is_empty() && self.eat("?'")) {
            (true, _) => Some(self.name('>', start)?),
            (_, true) => Some(self.name('\'', start)?),
            _ if self.eat("?") => return self.options(start),
            _ => None,
        };
        self.opened += 1;
        let node = Box::new(self.closed(start)?);
        Ok(Node::Capture { index: 0, name, node })
    }

    /// The rest of a group, and its closing parenthesis.
    fn closed(&mut self, start: usize) -> Result<Node, BadRegex> {
        let node = self.alternation()?;
        if self.eat(")") { Ok(node) } else { Err(self.bad(start, "this parenthesis is not closed")) }
    }

    fn name(&mut self, close: char, start: usize) -> Result<Box<str>, BadRegex> {
        match self.rest().split_once(close) {
            Some((name, _)) if !name.is_empty() && !name.contains(['(', ')']) => {
                self.at += name.len() + 1;
                Ok(name.into())
            }
            _ => Err(self.bad(start, "the group's name is empty or not closed")),
        }
    }

    fn conditional(&mut self, start: usize) -> Result<Node, BadRegex> {
        let Some((inside, _)) = self.rest().split_once(')') else {
            return Err(self.bad(start, "the condition is not closed"));
        };
        let number = inside.trim_start_matches('<').trim_end_matches('>').parse();
        let Ok(group) = number else {
            return Err(self.bad(start, "a condition must be the number of a group"));
        };
        self.at += inside.len() + 1;
        let node = Box::new(self.closed(start)?);
        Ok(Node::Conditional { group, node })
    }

    /// `(?i)`, which holds to the end of the group around it, alternatives included, and `(?i:…)`.
    fn options(&mut self, start: usize) -> Result<Node, BadRegex> {
        let mut on = true;
        loop {
            match self.next() {
                Some('-') => on = false,
                Some('i') => self.flags.fold = on,
                Some('m') => self.flags.dot_newline = on,
                Some('x') => self.flags.extended = on,
                Some(':') => return self.closed(start),
                Some(')') => return self.alternation(),
                _ => return Err(self.bad(start, "this kind of group is unknown")),
            }
        }
    }

    fn escape(&mut self, start: usize) -> Result<Node, BadRegex> {
        let fold = self.flags.fold;
        if let Some(item) = self.shorthand()? {
            return Ok(Node::Class { class: Class::of(item), fold: false });
        }
        let Some(letter) = self.rest().chars().next() else {
            return Err(self.bad(start, "the pattern ends behind a backslash"));
        };
        let assert = match letter {
            'A' => Assert::TextStart,
            'z' => Assert::TextEnd,
            'Z' => Assert::LastLineEnd,
            'G' => Assert::SearchStart,
            'b' => Assert::WordBoundary,
            'B' => Assert::NotWordBoundary,
            _ => return self.escape_other(letter, start, fold),
        };
        self.at += 1;
        Ok(Node::Assert(assert))
    }

    fn escape_other(&mut self, letter: char, start: usize, fold: bool) -> Result<Node, BadRegex> {
        let (kind, to) = match letter {
            'K' | 'X' | 'R' => {
                self.at += 1;
                return Ok(match letter {
                    'K' => Node::Keep,
                    'X' => Node::Grapheme,
                    _ => any_newline(),
                });
            }
            'k' if self.eat("k<") => (ReferenceKind::Back, self.name('>', start)?),
            'k' if self.eat("k'") => (ReferenceKind::Back, self.name('\'', start)?),
            'g' if self.eat("g<") => (ReferenceKind::Call, self.name('>', start)?),
            'g' if self.eat("g'") => (ReferenceKind::Call, self.name('\'', start)?),
            '1'..='9' if self.is_back_reference() => {
                self.at += self.digits();
                (ReferenceKind::Back, self.text[start + 1..self.at].into())
            }
            _ => return self.escaped_char().map(|char| self.char(char)),
        };
        Ok(Node::Unresolved { reference: Reference { kind, to }, at: start, fold })
    }

    fn digits(&self) -> usize {
        self.rest().bytes().take_while(u8::is_ascii_digit).count()
    }

    /// Whether these digits name a group; otherwise they are an octal number.
    fn is_back_reference(&self) -> bool {
        self.rest()[..self.digits()].parse::<usize>().is_ok_and(|number| number <= self.opened.max(9))
    }

    /// The one character that the escape behind a backslash means.
    pub(super) fn escaped_char(&mut self) -> Result<char, BadRegex> {
        let start = self.at - 1;
        Ok(match self.next() {
            None => return Err(self.bad(start, "the pattern ends behind a backslash")),
            Some('t') => '\t',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('f') => '\x0c',
            Some('v') => '\x0b',
            Some('a') => '\x07',
            Some('e') => '\x1b',
            Some('x') => self.hex_byte(start)?,
            Some('u') => self.code_point(start)?,
            Some(first @ '0'..='7') => self.octal(first),
            Some('c') => self.control(start)?,
            Some('C') if self.eat("-") => self.control(start)?,
            Some(char) => char,
        })
    }

    fn control(&mut self, start: usize) -> Result<char, BadRegex> {
        match self.next() {
            Some('?') => Ok('\x7f'),
            Some(char) if char.is_ascii() => Ok(char::from(char as u8 & 0x1f)),
            _ => Err(self.bad(start, "a control character must be an ASCII letter")),
        }
    }

    fn octal(&mut self, first: char) -> char {
        let mut value = first as u8 & 7;
        for _ in 0..2 {
            match self.rest().as_bytes().first() {
                Some(digit @ b'0'..=b'7') if value < 16 => {
                    value = value * 8 + (digit - b'0');
                    self.at += 1;
                }
                _ => break,
            }
        }
        char::from(value)
    }

    fn hex(&mut self, most: usize) -> Option<u32> {
        let count = self.rest().bytes().take(most).take_while(u8::is_ascii_hexdigit).count();
        let value = u32::from_str_radix(&self.rest()[..count], 16).ok()?;
        self.at += count;
        Some(value)
    }

    /// `\x41`; the bytes of one character of more than one byte are written one behind the other.
    fn hex_byte(&mut self, start: usize) -> Result<char, BadRegex> {
        let mut bytes = vec![self.hex(2).unwrap_or(0) as u8];
        loop {
            match std::str::from_utf8(&bytes) {
                Ok(text) => return Ok(text.chars().next().expect("it was made of at least one byte")),
                Err(error) if error.error_len().is_none() && self.eat("\\x") => {
                    bytes.push(self.hex(2).unwrap_or(0) as u8);
                }
                Err(_) => return Err(self.bad(start, "these bytes are no UTF-8 character")),
            }
        }
    }

    fn code_point(&mut self, start: usize) -> Result<char, BadRegex> {
        let value = if self.eat("{") {
            let value = self.hex(6);
            if self.eat("}") { value } else { None }
        } else {
            self.hex(4)
        };
        value.and_then(char::from_u32).ok_or_else(|| self.bad(start, "this is no code point of Unicode"))
    }
}

/// `\R`
fn any_newline() -> Node {
    let char = |char| Node::Char { char, fold: false };
    let parts = [('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')];
    let one = Class { negated: false, parts: vec![parts.map(|(from, to)| Item::Range(from, to)).into()] };
    Node::Atomic(Box::new(Node::Alternate(vec![
        Node::Concat(vec![char('\r'), char('\n')]),
        Node::Class { class: one, fold: false },
    ])))
}
