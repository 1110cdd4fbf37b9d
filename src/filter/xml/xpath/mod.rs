//! XPath 1.0, all of it but the namespace axis, variables and `id()`: `read` makes a tree of an expression, `run` asks
//! a document. Steps are bounded: an expression that multiplies nodes by nodes ends with an error.

mod function;
mod read;
mod run;

pub use read::read;
pub use run::{Answer, Asker, NodeRef};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Compare(Order, Box<Expr>, Box<Expr>),
    Math(Operator, Box<Expr>, Box<Expr>),
    Negative(Box<Expr>),
    Union(Box<Expr>, Box<Expr>),
    Number(f64),
    Text(String),
    Call(Function, Vec<Expr>),
    /// Where it begins, predicates on that, and steps from there.
    Path(Start, Vec<Expr>, Vec<Step>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    Root,
    Here,
    Expr(Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub axis: Axis,
    pub test: Test,
    pub predicates: Vec<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    Child,
    Descendant,
    DescendantOrSelf,
    Parent,
    Ancestor,
    AncestorOrSelf,
    Following,
    FollowingSibling,
    Preceding,
    PrecedingSibling,
    Attribute,
    Itself,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `*`
    Any,
    /// `p:*`
    AnyOf(String),
    /// Prefix and name.
    Name(String, String),
    Text,
    Comment,
    Instruction,
    Node,
}

/// Declares the functions with their names and how many arguments they take.
macro_rules! functions {
    ($($variant:ident = $text:literal $min:literal $max:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Function { $($variant,)* }

        impl Function {
            /// Name, function, least and most arguments.
            pub const ALL: &'static [(&'static str, Function, usize, usize)] =
                &[$(($text, Function::$variant, $min, $max),)*];
        }
    };
}

functions! {
    Last = "last" 0 0,
    Position = "position" 0 0,
    Count = "count" 1 1,
    Name = "name" 0 1,
    LocalName = "local-name" 0 1,
    NamespaceUri = "namespace-uri" 0 1,
    Text = "string" 0 1,
    Concat = "concat" 2 64,
    StartsWith = "starts-with" 2 2,
    Contains = "contains" 2 2,
    SubstringBefore = "substring-before" 2 2,
    SubstringAfter = "substring-after" 2 2,
    Substring = "substring" 2 3,
    StringLength = "string-length" 0 1,
    NormalizeSpace = "normalize-space" 0 1,
    Translate = "translate" 3 3,
    Boolean = "boolean" 1 1,
    Not = "not" 1 1,
    True = "true" 0 0,
    False = "false" 0 0,
    Lang = "lang" 1 1,
    Number = "number" 0 1,
    Sum = "sum" 1 1,
    Floor = "floor" 1 1,
    Ceiling = "ceiling" 1 1,
    Round = "round" 1 1,
}
