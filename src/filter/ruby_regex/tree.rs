//! A Ruby regular expression as a tree, and what can be said of it without running it.

/// A regular expression that was read.
#[derive(Debug)]
pub struct Tree {
    pub root: Node,
    /// The names of the groups, from group 1 on; `None` for a group without one.
    pub groups: Vec<Option<Box<str>>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Empty,
    Char {
        char: char,
        fold: bool,
    },
    /// A dot; `newline`: it matches a newline too.
    Any {
        newline: bool,
    },
    Class {
        class: Class,
        fold: bool,
    },
    Assert(Assert),
    /// `\K`
    Keep,
    /// `\X`
    Grapheme,
    /// A group; its number is given once the whole pattern is known, for names decide whether nameless groups count.
    Capture {
        index: usize,
        name: Option<Box<str>>,
        node: Box<Node>,
    },
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
        greed: Greed,
    },
    Atomic(Box<Node>),
    Look {
        behind: bool,
        negative: bool,
        node: Box<Node>,
    },
    /// `\1`, `\k<name>`: any of these groups.
    Back {
        groups: Vec<usize>,
        fold: bool,
    },
    /// `\g<name>`
    Call(usize),
    /// `(?~…)`
    Absent(Box<Node>),
    /// `(?(1)…|…)`
    Conditional {
        group: usize,
        node: Box<Node>,
    },
    /// A reference by name or number that is not resolved yet.
    Unresolved {
        reference: Reference,
        at: usize,
        fold: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    pub kind: ReferenceKind,
    pub to: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReferenceKind {
    Back,
    Call,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Assert {
    /// `^`: at the start, and behind a newline that is not the last character.
    LineStart,
    /// `$`: at the end and before every newline.
    LineEnd,
    /// `\A`
    TextStart,
    /// `\z`
    TextEnd,
    /// `\Z`: at the end and before a newline that ends the text.
    LastLineEnd,
    /// `\G`
    SearchStart,
    WordBoundary,
    NotWordBoundary,
}

/// `[…]`: the parts stand between `&&`.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    pub negated: bool,
    pub parts: Vec<Vec<Item>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Range(char, char),
    Set {
        set: Set,
        negated: bool,
    },
    /// `[:alpha:]`
    Posix {
        name: &'static str,
        negated: bool,
    },
    /// `\p{…}`
    Property {
        name: Box<str>,
        negated: bool,
    },
    Class(Class),
}

/// Shorthands, which mean ASCII characters only in Ruby.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Set {
    Digit,
    Word,
    Space,
    Hex,
}

impl Set {
    pub fn ranges(self) -> &'static [(char, char)] {
        match self {
            Set::Digit => &[('0', '9')],
            Set::Word => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
            Set::Space => &[('\t', '\r'), (' ', ' ')],
            Set::Hex => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        }
    }
}

impl Class {
    pub fn of(item: Item) -> Class {
        Class { negated: false, parts: vec![vec![item]] }
    }
}

impl Node {
    pub fn concat(mut nodes: Vec<Node>) -> Node {
        match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Concat(nodes),
        }
    }

    /// The node's direct parts.
    pub fn children(&self) -> &[Node] {
        match self {
            Node::Concat(nodes) | Node::Alternate(nodes) => nodes,
            Node::Capture { node, .. }
            | Node::Repeat { node, .. }
            | Node::Atomic(node)
            | Node::Look { node, .. }
            | Node::Absent(node)
            | Node::Conditional { node, .. } => std::slice::from_ref(node),
            _ => &[],
        }
    }

    pub fn children_mut(&mut self) -> &mut [Node] {
        match self {
            Node::Concat(nodes) | Node::Alternate(nodes) => nodes,
            Node::Capture { node, .. }
            | Node::Repeat { node, .. }
            | Node::Atomic(node)
            | Node::Look { node, .. }
            | Node::Absent(node)
            | Node::Conditional { node, .. } => std::slice::from_mut(node),
            _ => &mut [],
        }
    }

    /// Whether this or any part of it is so.
    pub fn any(&self, is: &impl Fn(&Node) -> bool) -> bool {
        is(self) || self.children().iter().any(|child| child.any(is))
    }

    /// Whether it may match without taking a character; `true` when in doubt.
    pub fn may_be_empty(&self) -> bool {
        match self {
            Node::Char { .. } | Node::Any { .. } | Node::Class { .. } | Node::Grapheme => false,
            Node::Concat(nodes) => nodes.iter().all(Node::may_be_empty),
            Node::Alternate(nodes) => nodes.iter().any(Node::may_be_empty),
            Node::Capture { node, .. } | Node::Atomic(node) => node.may_be_empty(),
            Node::Repeat { node, min, .. } => *min == 0 || node.may_be_empty(),
            _ => true,
        }
    }

    /// Adds the bytes that a match can start with; whether it must take a character.
    pub fn add_first(&self, set: &mut ByteSet) -> bool {
        match self {
            Node::Char { char, fold } => set.add_char(*char, *fold),
            Node::Any { newline } => set.add_all(*newline),
            Node::Class { class, fold } => set.add_class(class, *fold),
            Node::Grapheme => set.add_all(true),
            Node::Concat(nodes) => nodes.iter().any(|node| node.add_first(set)),
            Node::Alternate(nodes) => nodes.iter().filter(|node| !node.add_first(set)).count() == 0,
            Node::Capture { node, .. } | Node::Atomic(node) => node.add_first(set),
            Node::Repeat { node, min, max, .. } => *max != Some(0) && node.add_first(set) && *min > 0,
            Node::Empty | Node::Assert(_) | Node::Keep | Node::Look { .. } => false,
            _ => {
                set.add_all(true);
                false
            }
        }
    }

    /// The longest text of at least two characters that stands in every match.
    pub fn required(&self) -> Option<String> {
        let mut runs = Runs::default();
        runs.add(self);
        runs.end();
        Some(runs.best).filter(|run| run.len() > 1)
    }

    /// Whether there is only one way in which it can match at a place: nothing to go back to.
    pub fn has_one_way(&self) -> bool {
        match self {
            Node::Empty | Node::Char { fold: false, .. } | Node::Any { .. } | Node::Class { fold: false, .. } => true,
            Node::Assert(_) | Node::Look { .. } => true,
            Node::Concat(nodes) => nodes.iter().all(Node::has_one_way),
            Node::Capture { node, .. } | Node::Atomic(node) => node.has_one_way(),
            Node::Repeat { node, min, max, .. } => *max == Some(*min) && node.has_one_way(),
            _ => false,
        }
    }

    /// The literal text that it is, if it is nothing else.
    pub fn as_literal(&self) -> Option<String> {
        match self {
            Node::Char { char, fold: false } => Some(char.to_string()),
            Node::Concat(nodes) => nodes.iter().map(Node::as_literal).collect(),
            _ => None,
        }
    }
}

/// Collects runs of characters that stand in every match.
#[derive(Default)]
struct Runs {
    open: String,
    best: String,
}

impl Runs {
    fn end(&mut self) {
        let run = std::mem::take(&mut self.open);
        if run.len() > self.best.len() {
            self.best = run;
        }
    }

    fn add(&mut self, node: &Node) {
        match node {
            Node::Char { char, fold: false } => self.open.push(*char),
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.add(node)),
            Node::Capture { node, .. } | Node::Atomic(node) => self.add(node),
            // These take nothing: what stands around them is neighbours.
            Node::Empty | Node::Assert(_) | Node::Keep | Node::Look { .. } => {}
            Node::Repeat { node, min, .. } => {
                self.end();
                if *min > 0 {
                    self.add(node);
                    self.end();
                }
            }
            _ => self.end(),
        }
    }
}

/// A set of bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct ByteSet([bool; 256]);

impl Default for ByteSet {
    fn default() -> Self {
        ByteSet([false; 256])
    }
}

impl ByteSet {
    #[inline]
    pub fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    fn add_all(&mut self, newline: bool) -> bool {
        let kept = self.0[usize::from(b'\n')];
        self.0.fill(true);
        self.0[usize::from(b'\n')] = newline || kept;
        true
    }

    fn add_char(&mut self, char: char, fold: bool) -> bool {
        if fold || !char.is_ascii() {
            // Case folding can change how many bytes and characters a text has.
            self.0[128..].fill(true);
        }
        match (char.is_ascii(), fold) {
            (true, false) => self.0[char as usize] = true,
            (true, true) => {
                self.0[char.to_ascii_lowercase() as usize] = true;
                self.0[char.to_ascii_uppercase() as usize] = true;
            }
            (false, false) => {}
            (false, true) => self.0.fill(true),
        }
        true
    }

    fn add_class(&mut self, class: &Class, fold: bool) -> bool {
        self.0[128..].fill(true);
        let plain = !fold && class.parts.len() == 1;
        for byte in 0..128u8 {
            self.0[usize::from(byte)] |= !plain || class.has_ascii(byte);
        }
        true
    }
}

impl Class {
    /// Whether an ASCII character may be in the class; `true` when in doubt.
    fn has_ascii(&self, byte: u8) -> bool {
        let char = char::from(byte);
        let mut listed = false;
        for item in self.parts.iter().flatten() {
            match item {
                Item::Range(from, to) => listed |= (*from..=*to).contains(&char),
                Item::Set { set, negated } => {
                    listed |= set.ranges().iter().any(|(from, to)| (*from..=*to).contains(&char)) != *negated;
                }
                _ => return true,
            }
        }
        listed != self.negated
    }
}
