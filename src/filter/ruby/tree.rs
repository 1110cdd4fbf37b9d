//! The tree of a script. Every name is resolved: locals to places in environments, methods to `Method`.

use super::names::{Constant, Method};
use crate::filter::ruby_regex::RubyRegex;
use std::sync::Arc;

/// An expression, and where it begins in the script.
#[derive(Debug)]
pub struct Node {
    pub at: u32,
    pub kind: Kind,
}

pub type Boxed = Box<Node>;

#[derive(Debug)]
pub enum Kind {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Box<str>),
    Symbol(Box<str>),
    /// `"a#{b}"`, and the same as a symbol.
    Filled(Vec<Piece>),
    FilledSymbol(Vec<Piece>),
    Regex(Arc<RubyRegex>),
    FilledRegex(Vec<Piece>, RegexFlags),
    Array(Vec<Node>),
    Hash(Vec<(Node, Node)>),
    Range {
        from: Option<Boxed>,
        to: Option<Boxed>,
        exclusive: bool,
    },
    Local(Slot),
    Instance(usize),
    /// `$1`; `$~` is 0 and gives the match itself.
    Group(usize),
    Match,
    Constant(Constant),
    /// `*x` in a list, `**x` in a hash.
    Splat(Boxed),
    Assign(Target, Boxed),
    /// `a, b = …`
    Spread(Vec<Target>, Boxed),
    /// `a += b`
    Update(Target, Method, Boxed),
    /// `a ||= b` and, with `true`, `a &&= b`
    Ensure(Target, bool, Boxed),
    And(Boxed, Boxed),
    Or(Boxed, Boxed),
    Not(Boxed),
    If(Boxed, Boxed, Boxed),
    While {
        condition: Boxed,
        body: Boxed,
        until: bool,
        /// The body runs once before the condition is looked at.
        body_first: bool,
    },
    For(Target, Boxed, Boxed),
    Case(Option<Boxed>, Vec<(Vec<Node>, Node)>, Boxed),
    Begin(Box<Begin>),
    Seq(Vec<Node>),
    Call(Box<Call>),
    /// A function that the script defines.
    Own {
        function: usize,
        args: Vec<Node>,
    },
    Yield(Vec<Node>),
    Return(Option<Boxed>),
    Break(Option<Boxed>),
    Next(Option<Boxed>),
    Lambda(Arc<Block>),
    /// `defined?(x)`: the word it gives, for what the parser knows; else whether the value is nil.
    Defined(Boxed),
}

/// A piece of a string with `#{…}` in it.
#[derive(Debug)]
pub enum Piece {
    Text(Box<str>),
    Value(Node),
}

#[derive(Clone, Copy, Debug, Default)]
pub struct RegexFlags {
    pub ignore_case: bool,
    pub dot_newline: bool,
    pub extended: bool,
}

/// A local variable: so many environments out, and its place there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    pub depth: u32,
    pub place: u32,
}

/// What can be assigned to.
#[derive(Debug)]
pub enum Target {
    Local(Slot),
    Instance(usize),
    /// `a[i]`
    Index(Boxed, Vec<Node>),
    /// `a.name = …`: the method that writes.
    Attribute(Boxed, Method, Method),
    /// `*rest`
    Rest(Box<Target>),
    /// `(a, b)`
    Group(Vec<Target>),
}

#[derive(Debug)]
pub struct Call {
    pub receiver: Node,
    pub method: Method,
    pub args: Vec<Node>,
    pub block: Option<BlockArg>,
    /// `&.`
    pub safe: bool,
}

#[derive(Debug)]
pub enum BlockArg {
    Block(Arc<Block>),
    /// `&:name`
    Method(Method),
    /// `&x`
    Value(Node),
}

/// A block, a lambda or a function: parameters and body, with an environment of its own.
#[derive(Debug)]
pub struct Block {
    pub params: Vec<Param>,
    pub body: Node,
    /// How many locals its environment has, parameters included.
    pub locals: usize,
    /// `->` and `lambda`: `return` ends it alone, and it counts its arguments.
    pub lambda: bool,
}

#[derive(Debug)]
pub enum Param {
    One(u32),
    Optional(u32, Node),
    Rest(Option<u32>),
    Group(Vec<Param>),
    /// `key:` and `key: default`
    Keyword(Box<str>, u32, Option<Node>),
    /// `&block`
    Block(u32),
}

#[derive(Debug)]
pub struct Begin {
    pub body: Node,
    pub rescues: Vec<Rescue>,
    pub otherwise: Option<Node>,
    pub ensure: Option<Node>,
}

#[derive(Debug)]
pub struct Rescue {
    /// Empty: every standard error.
    pub classes: Vec<Constant>,
    pub into: Option<Slot>,
    pub body: Node,
}

/// A function that the script defines with `def`.
#[derive(Debug)]
pub struct Function {
    pub name: Box<str>,
    pub block: Arc<Block>,
}
