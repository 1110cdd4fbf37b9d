//! Writes a tree as a pattern for an engine: for Oniguruma with the same meaning, for the `regex` crate with the same
//! meaning where that is possible, and for the `regex` crate with a meaning that lets through at least as much.

use super::tree::{Assert, Class, Greed, Item, Node};
use std::fmt::Write as _;

/// For whom a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Oniguruma with Ruby's syntax.
    Oniguruma,
    /// The `regex` crate: the same matches and the same captures.
    Exact,
    /// The `regex` crate: matches wherever the tree does, and perhaps elsewhere. Captures nothing.
    Superset,
}

/// On which texts the `regex` crate's pattern means the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Needs {
    /// Case folding, word boundaries and POSIX classes are equal for ASCII only.
    pub ascii: bool,
    /// A caret may match behind the newline that ends the text: in Ruby it does not.
    pub no_last_newline: bool,
}

/// The tree cannot be written for this target.
pub struct Untranslatable;

struct Writer {
    out: String,
    target: Target,
    needs: Needs,
    fold: bool,
    dot_newline: bool,
}

/// Writes the nodes of a concatenation. `dot_newline`: whether the engine's dot matches a newline (Oniguruma only).
pub fn write(nodes: &[Node], target: Target, dot_newline: bool) -> Result<(String, Needs), Untranslatable> {
    let mut writer = Writer { out: String::new(), target, needs: Needs::default(), fold: false, dot_newline };
    writer.concat(nodes)?;
    Ok((writer.out, writer.needs))
}

impl Writer {
    fn exact(&self) -> Result<(), Untranslatable> {
        if self.target == Target::Exact { Err(Untranslatable) } else { Ok(()) }
    }

    /// Writes what only Oniguruma has; in a superset, anything or nothing instead.
    fn special(&mut self, text: &str, superset: &str) -> Result<(), Untranslatable> {
        self.exact()?;
        self.out.push_str(if self.target == Target::Superset { superset } else { text });
        Ok(())
    }

    fn concat(&mut self, nodes: &[Node]) -> Result<(), Untranslatable> {
        for node in nodes {
            self.set_fold(folds(node));
            self.node(node)?;
        }
        self.set_fold(false);
        Ok(())
    }

    /// Opens or closes `(?i:`, so that neighbours share one: some foldings join characters.
    fn set_fold(&mut self, fold: bool) {
        match (self.fold, fold) {
            (false, true) => self.out.push_str("(?i:"),
            (true, false) => self.out.push(')'),
            _ => {}
        }
        self.fold = fold;
        self.needs.ascii |= fold;
    }

    /// Writes nodes that begin with a case of their own.
    fn inside(&mut self, node: &Node) -> Result<(), Untranslatable> {
        match node {
            Node::Concat(nodes) => self.concat(nodes),
            node => self.concat(std::slice::from_ref(node)),
        }
    }

    fn wrapped(&mut self, open: &str, node: &Node) -> Result<(), Untranslatable> {
        self.out.push_str(open);
        self.inside(node)?;
        self.out.push(')');
        Ok(())
    }

    fn node(&mut self, node: &Node) -> Result<(), Untranslatable> {
        match node {
            Node::Empty => {}
            Node::Char { char, .. } => self.char(*char, self.fold)?,
            Node::Any { newline } => self.dot(*newline),
            Node::Class { class, .. } => self.class_node(class)?,
            Node::Assert(assert) => self.assert(*assert)?,
            Node::Keep => self.special("\\K", "")?,
            Node::Grapheme => self.special("\\X", "(?s:.)")?,
            Node::Capture { node, .. } if self.target == Target::Superset => self.wrapped("(?:", node)?,
            Node::Capture { node, .. } => self.wrapped("(", node)?,
            Node::Concat(nodes) => {
                self.out.push_str("(?:");
                self.concat(nodes)?;
                self.out.push(')');
            }
            Node::Alternate(branches) => self.alternate(branches)?,
            Node::Repeat { node, min, max, greed } => self.repeat(node, *min, *max, *greed)?,
            other => self.backtracking(other)?,
        }
        Ok(())
    }

    /// Oniguruma is told once for all dots; an option of its own would cost it its fast loops.
    fn dot(&mut self, newline: bool) {
        let text = match (self.target, newline) {
            (Target::Oniguruma, newline) if newline == self.dot_newline => ".",
            (Target::Oniguruma, true) => "(?m:.)",
            (Target::Oniguruma, false) => "(?-m:.)",
            (_, true) => "(?s:.)",
            (_, false) => ".",
        };
        self.out.push_str(text);
    }

    /// What needs a backtracking engine.
    fn backtracking(&mut self, node: &Node) -> Result<(), Untranslatable> {
        self.exact()?;
        let superset = self.target == Target::Superset;
        match node {
            Node::Atomic(node) if superset => self.wrapped("(?:", node),
            Node::Atomic(node) => self.wrapped("(?>", node),
            Node::Look { .. } if superset => Ok(()),
            Node::Look { behind, negative, node } => {
                let mark = if *negative { '!' } else { '=' };
                let open = format!("(?{}{mark}", if *behind { "<" } else { "" });
                self.wrapped(&open, node)
            }
            Node::Conditional { node, .. } if superset => self.wrapped("(?:", node),
            Node::Conditional { group, node } => self.conditional(*group, node),
            Node::Absent(node) if !superset => self.wrapped("(?~", node),
            Node::Back { groups, .. } if !superset => {
                let all: Vec<String> = groups.iter().rev().map(|group| format!("\\k<{group}>")).collect();
                let _ = write!(self.out, "(?:{})", all.join("|"));
                Ok(())
            }
            Node::Call(group) if !superset => {
                let _ = write!(self.out, "\\g<{group}>");
                Ok(())
            }
            _ => self.special("", "(?s:.)*"),
        }
    }

    /// The alternatives of a condition must not be in a group of their own.
    fn conditional(&mut self, group: usize, node: &Node) -> Result<(), Untranslatable> {
        let _ = write!(self.out, "(?({group})");
        match node {
            Node::Alternate(branches) => self.branches(branches)?,
            node => self.inside(node)?,
        }
        self.out.push(')');
        Ok(())
    }

    fn alternate(&mut self, branches: &[Node]) -> Result<(), Untranslatable> {
        self.out.push_str("(?:");
        self.branches(branches)?;
        self.out.push(')');
        Ok(())
    }

    fn branches(&mut self, branches: &[Node]) -> Result<(), Untranslatable> {
        for (at, branch) in branches.iter().enumerate() {
            if at > 0 {
                self.out.push('|');
            }
            self.inside(branch)?;
        }
        Ok(())
    }

    fn repeat(&mut self, node: &Node, min: u32, max: Option<u32>, greed: Greed) -> Result<(), Untranslatable> {
        // Engines differ in when a loop that takes nothing ends.
        if greed == Greed::Possessive || (node.may_be_empty() && max.is_none_or(|max| max > 1)) {
            self.exact()?;
        }
        let possessive = greed == Greed::Possessive && self.target == Target::Oniguruma;
        self.out.push_str(if possessive { "(?>(?:" } else { "(?:" });
        self.inside(node)?;
        // Oniguruma refuses to repeat a lone assertion, Ruby does not.
        self.out.push_str(if self.target == Target::Oniguruma && takes_nothing(node) { "(?:))" } else { ")" });
        match (min, max) {
            (0, None) => self.out.push('*'),
            (1, None) => self.out.push('+'),
            (0, Some(1)) => self.out.push('?'),
            (min, None) => drop(write!(self.out, "{{{min},}}")),
            (min, Some(max)) if min == max => drop(write!(self.out, "{{{min}}}")),
            (min, Some(max)) => drop(write!(self.out, "{{{min},{max}}}")),
        }
        if greed == Greed::Lazy {
            self.out.push('?');
        }
        if possessive {
            self.out.push(')');
        }
        Ok(())
    }

    fn assert(&mut self, assert: Assert) -> Result<(), Untranslatable> {
        let text = match (assert, self.target) {
            (Assert::LineStart, Target::Oniguruma) => "^",
            (Assert::LineStart, _) => {
                self.needs.no_last_newline = true;
                "(?m:^)"
            }
            (Assert::LineEnd, Target::Oniguruma) => "$",
            (Assert::LineEnd, _) => "(?m:$)",
            (Assert::TextStart, _) => "\\A",
            (Assert::TextEnd, _) => "\\z",
            (Assert::LastLineEnd, _) => return self.special("\\Z", "(?m:$)"),
            (Assert::SearchStart, _) => return self.special("\\G", ""),
            (_, Target::Superset) => "",
            (Assert::WordBoundary, _) => self.boundary("\\b", "(?-u:\\b)"),
            (Assert::NotWordBoundary, _) => self.boundary("\\B", "(?-u:\\B)"),
        };
        self.out.push_str(text);
        Ok(())
    }

    fn boundary(&mut self, oniguruma: &'static str, exact: &'static str) -> &'static str {
        self.needs.ascii |= self.target == Target::Exact;
        if self.target == Target::Oniguruma { oniguruma } else { exact }
    }

    fn char(&mut self, char: char, fold: bool) -> Result<(), Untranslatable> {
        if fold && !char.is_ascii() && self.target != Target::Oniguruma {
            // Such a character can stand for several ASCII ones.
            return self.special("", "(?s:.)+");
        }
        push_char(&mut self.out, char);
        Ok(())
    }

    fn class_node(&mut self, class: &Class) -> Result<(), Untranslatable> {
        if self.target != Target::Oniguruma && (class.parts.len() > 1 || class.any(&|item| foreign(item, self.fold))) {
            return self.special("", if self.fold { "(?s:.)+" } else { "(?s:.)" });
        }
        if class.any(&|item| matches!(item, Item::Posix { .. })) {
            if self.target == Target::Superset {
                self.out.push_str("(?s:.)");
                return Ok(());
            }
            self.needs.ascii = true;
        }
        self.class(class);
        Ok(())
    }

    fn class(&mut self, class: &Class) {
        self.out.push_str(if class.negated { "[^" } else { "[" });
        for (at, part) in class.parts.iter().enumerate() {
            if at > 0 {
                self.out.push_str("&&");
            }
            part.iter().for_each(|item| self.item(item));
        }
        self.out.push(']');
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Range(from, to) => self.range(*from, *to),
            Item::Set { set, negated } => {
                self.out.push_str(if *negated { "[^" } else { "" });
                set.ranges().iter().for_each(|(from, to)| self.range(*from, *to));
                self.out.push_str(if *negated { "]" } else { "" });
            }
            Item::Posix { name, negated } => {
                let _ = write!(self.out, "[:{}{name}:]", if *negated { "^" } else { "" });
            }
            Item::Property { name, negated } => {
                let _ = write!(self.out, "\\{}{{{name}}}", if *negated { 'P' } else { 'p' });
            }
            Item::Class(class) => self.class(class),
        }
    }

    fn range(&mut self, from: char, to: char) {
        push_char(&mut self.out, from);
        if from != to {
            self.out.push('-');
            push_char(&mut self.out, to);
        }
    }
}

impl Class {
    fn any(&self, is: &impl Fn(&Item) -> bool) -> bool {
        self.parts.iter().flatten().any(|item| match item {
            Item::Class(class) => class.parts.len() > 1 && is(item) || class.any(is),
            item => is(item),
        })
    }
}

/// What the `regex` crate does not read as Ruby does.
fn foreign(item: &Item, fold: bool) -> bool {
    match item {
        Item::Property { .. } | Item::Class(_) => true,
        Item::Posix { .. } => fold,
        Item::Range(from, to) => fold && !(from.is_ascii() && to.is_ascii()),
        Item::Set { .. } => false,
    }
}

/// Whether it, or an alternative of it, is an assertion and nothing else.
fn takes_nothing(node: &Node) -> bool {
    match node {
        Node::Alternate(branches) => branches.iter().any(takes_nothing),
        node => matches!(node, Node::Assert(_) | Node::Look { .. } | Node::Keep),
    }
}

/// Whether it is to be compared without regard to case; a class of nothing but shorthands is not.
fn folds(node: &Node) -> bool {
    match node {
        Node::Char { fold, .. } => *fold,
        Node::Class { class, fold } => *fold && class.any(&|item| !matches!(item, Item::Set { .. })),
        Node::Back { fold, .. } => *fold,
        _ => false,
    }
}

fn push_char(out: &mut String, char: char) {
    match char {
        '\0'..='\x1f' | '\x7f' => drop(write!(out, "\\x{:02X}", char as u32)),
        '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '#' | '&' | '-' | '~' => {
            out.push('\\');
            out.push(char);
        }
        char => out.push(char),
    }
}
