//! The tree of a pipeline, as written: nothing is looked up, converted or merged here.
//!
//! Settings keep their order and their repetitions; what a repeated setting means is for whoever compiles the tree.

pub use super::source::Span;
pub use super::source::Spanned;

/// The sections of all files, each kind joined in reading order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    pub inputs: Vec<Node>,
    pub filters: Vec<Node>,
    pub outputs: Vec<Node>,
}

/// What may stand in a section or a branch.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Plugin(Plugin),
    If(If),
}

/// `grok { match => … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    pub name: Spanned<String>,
    pub settings: Vec<Setting>,
    /// From the name to the closing brace.
    pub span: Span,
}

/// `match => { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub name: Spanned<String>,
    pub value: Literal,
}

/// The value of a setting, an element of an array, a key or a value of a hash.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// Quoted; escapes are already replaced where `config.support_escapes` asks for it.
    String(Spanned<String>),
    /// Not quoted: `true`, `json`, a name.
    Bareword(Spanned<String>),
    Number(Spanned<Number>),
    Array(Spanned<Vec<Literal>>),
    /// In order, with repeated keys as written; a key is a string, a bareword or a number.
    Hash(Spanned<Vec<(Literal, Literal)>>),
    /// A plugin with its braces as a value: `codec => json { charset => "UTF-8" }`.
    Plugin(Box<Plugin>),
}

/// A number as written and as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    pub text: String,
    pub value: NumberValue,
}

/// Whole numbers that do not fit 64 bits are floats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberValue {
    Integer(i64),
    Float(f64),
}

/// `if … { } else if … { } else { }`
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    /// The `if` and every `else if`, in order; never empty.
    pub branches: Vec<(Condition, Vec<Node>)>,
    pub otherwise: Option<Vec<Node>>,
    /// From the `if` to the last closing brace.
    pub span: Span,
}

/// A tree over operands, no deeper than the parser's limit: long chains of `and`, `or` and `xor` are balanced.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    Or(Box<Condition>, Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Xor(Box<Condition>, Box<Condition>),
    Nand(Box<Condition>, Box<Condition>),
    /// The span starts at the `!`.
    Not(Spanned<Box<Condition>>),
    Compare {
        op: Comparison,
        left: Operand,
        right: Operand,
    },
    /// `=~`, or `!~` if negated; the regular expression stands as written, without its slashes or quotes.
    Match {
        left: Operand,
        regex: Spanned<String>,
        negated: bool,
    },
    /// `in`, or `not in` if negated.
    In {
        needle: Operand,
        haystack: Operand,
        negated: bool,
    },
    /// An operand alone: is it there, and neither null nor false?
    Truthy(Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// The reference as written: `[a][b]`.
    Field(Spanned<String>),
    String(Spanned<String>),
    Number(Spanned<Number>),
    /// Elements are strings, numbers and arrays, never fields.
    Array(Spanned<Vec<Operand>>),
}

impl Node {
    pub fn span(&self) -> Span {
        match self {
            Node::Plugin(plugin) => plugin.span,
            Node::If(branching) => branching.span,
        }
    }
}

impl Plugin {
    /// Every setting of this name, in order.
    pub fn settings_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Setting> {
        self.settings.iter().filter(move |setting| setting.name.value == name)
    }
}

impl Literal {
    pub fn span(&self) -> Span {
        match self {
            Literal::String(text) | Literal::Bareword(text) => text.span,
            Literal::Number(number) => number.span,
            Literal::Array(items) => items.span,
            Literal::Hash(entries) => entries.span,
            Literal::Plugin(plugin) => plugin.span,
        }
    }

    /// The text of a string or a bareword.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Literal::String(text) | Literal::Bareword(text) => Some(&text.value),
            _ => None,
        }
    }
}

impl NumberValue {
    pub fn as_f64(self) -> f64 {
        match self {
            // Beyond 2^53 the nearest float is what a comparison with a float means.
            NumberValue::Integer(value) => value as f64,
            NumberValue::Float(value) => value,
        }
    }
}

impl Condition {
    pub fn span(&self) -> Span {
        match self {
            Condition::Or(left, right)
            | Condition::And(left, right)
            | Condition::Xor(left, right)
            | Condition::Nand(left, right) => left.span().to(right.span()),
            Condition::Not(inner) => inner.span,
            Condition::Compare { left, right, .. } => left.span().to(right.span()),
            Condition::Match { left, regex, .. } => left.span().to(regex.span),
            Condition::In { needle, haystack, .. } => needle.span().to(haystack.span()),
            Condition::Truthy(operand) => operand.span(),
        }
    }

    /// Every operand, from left to right.
    pub fn each_operand<'t>(&'t self, each: &mut dyn FnMut(&'t Operand)) {
        match self {
            Condition::Or(left, right)
            | Condition::And(left, right)
            | Condition::Xor(left, right)
            | Condition::Nand(left, right) => {
                left.each_operand(each);
                right.each_operand(each);
            }
            Condition::Not(inner) => inner.value.each_operand(each),
            Condition::Compare { left, right, .. } => [left, right].into_iter().for_each(each),
            Condition::Match { left, .. } => each(left),
            Condition::In { needle, haystack, .. } => [needle, haystack].into_iter().for_each(each),
            Condition::Truthy(operand) => each(operand),
        }
    }
}

impl Operand {
    pub fn span(&self) -> Span {
        match self {
            Operand::Field(text) | Operand::String(text) => text.span,
            Operand::Number(number) => number.span,
            Operand::Array(items) => items.span,
        }
    }
}
