//! Reads a script into a tree, in one pass over its text: Ruby's tokens depend on what stands before them, so there
//! are none here. Every name is resolved while it is read; what the interpreter does not have is refused with its place.

mod call;
mod expression;
mod keyword;
mod name;
mod primary;
mod text;

pub use text::regex;

use super::names::Method;
use super::tree::{Block, Function, Kind, Node, Slot};
use std::fmt;
use std::sync::Arc;

/// How deep expressions may be nested.
const DEPTH_MAX: u32 = 120;
/// How long a script may be.
const BYTES_MAX: usize = 1 << 20;

/// Why a text is no script that can be run here.
#[derive(Clone, Debug, PartialEq)]
pub struct BadCode {
    /// Where in the text, in bytes.
    pub at: usize,
    pub text: String,
    pub help: Option<String>,
}

impl fmt::Display for BadCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A variable that a script finds set, besides its own.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    pub name: &'static str,
    /// Names that may follow it with a dot: they read (and write) the entries of the hash that it is.
    pub attributes: &'static [&'static str],
}

impl Variable {
    pub const fn new(name: &'static str) -> Variable {
        Variable { name, attributes: &[] }
    }
}

/// What reading gives.
pub struct Read {
    pub body: Node,
    /// Locals of the body, the variables first.
    pub locals: usize,
    pub functions: Vec<Function>,
}

type Reading<T> = Result<T, BadCode>;

/// The names of one environment.
struct Scope {
    names: Vec<Box<str>>,
    /// A function sees nothing of what is around it.
    closed: bool,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    /// A `do` belongs to what is around: to `while`, or to a call whose arguments are being read.
    no_do: bool,
    scopes: Vec<Scope>,
    variables: &'t [Variable],
    instances: &'t mut Vec<Box<str>>,
    functions: Vec<(Box<str>, Option<Arc<Block>>)>,
}

/// Reads a script. `instances`: the names of the `@variables` so far, which this script adds its own to.
pub fn read(text: &str, variables: &[Variable], instances: &mut Vec<Box<str>>) -> Reading<Read> {
    if text.len() > BYTES_MAX {
        let text = format!("the script is longer than {BYTES_MAX} bytes");
        return Err(BadCode { at: 0, text, help: None });
    }
    let names = variables.iter().map(|variable| variable.name.into()).collect();
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        no_do: false,
        scopes: vec![Scope { names, closed: true }],
        variables,
        instances,
        functions: defined(text).map(|name| (name.into(), None)).collect(),
    };
    let body = reader.statements()?;
    if reader.at < text.len() {
        return Err(reader.unexpected());
    }
    let locals = reader.scopes[0].names.len();
    let functions = reader.functions.into_iter().filter_map(|(name, block)| Some(Function { name, block: block? }));
    Ok(Read { body, locals, functions: functions.collect() })
}

/// The names behind `def`: functions may be called above the place where they are defined.
fn defined(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("def ").filter_map(|(at, word)| {
        let alone = at == 0 || !is_word(text.as_bytes()[at - 1]);
        let rest = text[at + word.len()..].trim_start().trim_start_matches("self.");
        let len = rest.bytes().take_while(|byte| is_word(*byte) || b"?!".contains(byte)).count();
        (alone && len > 0).then(|| &rest[..len])
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> u8 {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> u8 {
        self.text.as_bytes().get(self.at + by).copied().unwrap_or(0)
    }

    fn before(&self) -> u8 {
        if self.at == 0 { b'\n' } else { self.text.as_bytes()[self.at - 1] }
    }

    fn is_end(&self) -> bool {
        self.at >= self.text.len()
    }

    fn looks_at(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.looks_at(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn expect(&mut self, text: &str) -> Reading<()> {
        self.lines();
        if self.take(text) { Ok(()) } else { Err(self.expected(text)) }
    }

    fn expected(&self, what: &str) -> BadCode {
        self.bad(self.at, format!("expected `{what}`, found {}", self.shown()))
    }

    fn unexpected(&self) -> BadCode {
        self.bad(self.at, format!("{} cannot stand here", self.shown()))
    }

    /// What stands ahead, for messages.
    fn shown(&self) -> String {
        let rest = self.rest();
        let word = rest.bytes().take_while(|byte| is_word(*byte)).count();
        let len = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
        match &rest[..len] {
            "" => "the end of the code".to_owned(),
            "\n" => "the end of the line".to_owned(),
            text => format!("`{text}`"),
        }
    }

    fn bad(&self, at: usize, text: impl Into<String>) -> BadCode {
        BadCode { at, text: text.into(), help: None }
    }

    fn helped(&self, at: usize, text: impl Into<String>, help: impl Into<String>) -> BadCode {
        BadCode { help: Some(help.into()), ..self.bad(at, text) }
    }

    fn node(&self, at: usize, kind: Kind) -> Node {
        Node { at: at as u32, kind }
    }

    /// Passes over blanks, comments and continued lines.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.ahead(1) == b'\n' => self.at += 2,
                b'\\' if self.looks_at("\\\r\n") => self.at += 3,
                b'#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    /// Passes over line ends too.
    fn lines(&mut self) {
        loop {
            self.blanks();
            if !matches!(self.peek(), b'\n') || self.is_end() {
                return;
            }
            self.at += 1;
            if self.looks_at("=begin") {
                let end = self.rest().find("\n=end").map_or(self.rest().len(), |at| at + "\n=end".len());
                self.at += end;
            }
        }
    }

    /// The word ahead: letters, digits, underscores.
    fn word(&self) -> &'t str {
        let rest = self.rest();
        if !is_word_start(self.peek()) {
            return "";
        }
        &rest[..rest.bytes().take_while(|byte| is_word(*byte)).count()]
    }

    fn looks_at_word(&self, word: &str) -> bool {
        self.word() == word && !matches!(self.ahead(word.len()), b'?' | b'!') && !self.is_label(word.len())
    }

    /// `word:`, and no `::`.
    fn is_label(&self, len: usize) -> bool {
        self.ahead(len) == b':' && self.ahead(len + 1) != b':'
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.looks_at_word(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn expect_word(&mut self, word: &str) -> Reading<()> {
        self.lines();
        if self.take_word(word) { Ok(()) } else { Err(self.expected(word)) }
    }

    /// Statements up to a word that closes or parts them, a closing bracket or the end.
    fn statements(&mut self) -> Reading<Node> {
        let start = self.at;
        let mut all = Vec::new();
        loop {
            self.separators();
            if self.is_end() || self.closes() {
                break;
            }
            let from = self.at;
            all.push(self.statement()?);
            self.blanks();
            if !(self.is_end() || matches!(self.peek(), b'\n' | b';') || self.closes()) || self.at == from {
                return Err(self.unexpected());
            }
        }
        Ok(match all.len() {
            1 => all.remove(0),
            _ => self.node(start, Kind::Seq(all)),
        })
    }

    fn separators(&mut self) {
        self.lines();
        while self.take(";") {
            self.lines();
        }
    }

    fn closes(&self) -> bool {
        const CLOSING: &[&str] = &["end", "else", "elsif", "when", "in", "rescue", "ensure"];
        matches!(self.peek(), b'}' | b')' | b']') || CLOSING.iter().any(|word| self.looks_at_word(word))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Reading<T>) -> Reading<T> {
        if self.depth == DEPTH_MAX {
            return Err(self.bad(self.at, format!("nested more than {DEPTH_MAX} levels deep")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads with `do` allowed or not.
    fn with_do<T>(&mut self, no_do: bool, read: impl FnOnce(&mut Self) -> Reading<T>) -> Reading<T> {
        let before = std::mem::replace(&mut self.no_do, no_do);
        let result = read(self);
        self.no_do = before;
        result
    }

    fn local(&self, name: &str) -> Option<Slot> {
        for (depth, scope) in self.scopes.iter().rev().enumerate() {
            if let Some(place) = scope.names.iter().position(|there| &**there == name) {
                return Some(Slot { depth: depth as u32, place: place as u32 });
            }
            if scope.closed {
                return None;
            }
        }
        None
    }

    /// The slot of a name, made in the innermost environment if there is none.
    fn declare(&mut self, name: &str) -> Slot {
        self.local(name).unwrap_or_else(|| Slot { depth: 0, place: self.declare_here(name) })
    }

    fn declare_here(&mut self, name: &str) -> u32 {
        let scope = self.scopes.last_mut().expect("there is always a scope");
        scope.names.push(name.into());
        scope.names.len() as u32 - 1
    }

    fn instance(&mut self, name: &str) -> usize {
        if let Some(at) = self.instances.iter().position(|there| &**there == name) {
            return at;
        }
        self.instances.push(name.into());
        self.instances.len() - 1
    }

    fn method(&self, at: usize, name: &str) -> Reading<Method> {
        Method::of(name).ok_or_else(|| self.unknown(at, "method", name))
    }
}
