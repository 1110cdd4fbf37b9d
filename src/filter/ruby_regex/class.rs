//! Reads `[…]`.

use super::BadRegex;
use super::parse::{DEPTH_MAX, Parser};
use super::tree::{Class, Item, Set};

const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

impl Parser<'_> {
    /// Reads a class whose opening bracket was read.
    pub(super) fn class(&mut self, depth: usize) -> Result<Class, BadRegex> {
        let open = self.at() - 1;
        if depth > DEPTH_MAX {
            return Err(self.bad(open, "classes are nested too deeply"));
        }
        let negated = self.eat("^");
        let mut parts = vec![Vec::new()];
        if self.rest().starts_with(']') {
            if !self.rest()[1..].contains(']') {
                return Err(self.bad(open, "the character class is empty or not closed"));
            }
            self.next();
            self.push_from(']', &mut parts, open)?;
        }
        loop {
            if self.eat("&&") {
                parts.push(Vec::new());
                continue;
            }
            match self.next() {
                None => return Err(self.bad(open, "the character class is not closed")),
                Some(']') => return Ok(Class { negated, parts }),
                Some('[') => {
                    let item = match self.posix() {
                        Some(item) => item,
                        None => Item::Class(self.class(depth + 1)?),
                    };
                    self.push(&mut parts, item);
                }
                Some('\\') => match self.class_escape()? {
                    Item::Range(from, _) => self.push_from(from, &mut parts, open)?,
                    item => self.push(&mut parts, item),
                },
                Some(char) => self.push_from(char, &mut parts, open)?,
            }
        }
    }

    fn push(&self, parts: &mut [Vec<Item>], item: Item) {
        parts.last_mut().expect("a class starts with one part").push(item);
    }

    /// Adds the range that `from` begins, or `from` alone.
    fn push_from(&mut self, from: char, parts: &mut [Vec<Item>], open: usize) -> Result<(), BadRegex> {
        let start = self.at();
        let to = match self.range_end()? {
            Some(Item::Range(to, _)) => to,
            Some(item) => {
                // `[a-\d]`: the hyphen stands for itself.
                self.push(parts, Item::Range(from, from));
                self.push(parts, Item::Range('-', '-'));
                self.push(parts, item);
                return Ok(());
            }
            None => from,
        };
        if to < from {
            return Err(self.bad(start.max(open), format!("the range `{from}-{to}` of a character class is empty")));
        }
        self.push(parts, Item::Range(from, to));
        Ok(())
    }

    /// What follows a hyphen, if that hyphen makes a range.
    fn range_end(&mut self) -> Result<Option<Item>, BadRegex> {
        let mut ahead = self.rest().chars();
        let ranges = ahead.next() == Some('-') && !matches!(ahead.next(), None | Some(']' | '['));
        if !ranges || self.rest().starts_with("-&&") {
            return Ok(None);
        }
        self.next();
        match self.next() {
            Some('\\') => self.class_escape().map(Some),
            Some(char) => Ok(Some(Item::Range(char, char))),
            None => Ok(None),
        }
    }

    /// `[:alpha:]`, behind its first bracket.
    fn posix(&mut self) -> Option<Item> {
        let inside = self.rest().strip_prefix(':')?;
        let (inside, negated) = inside.strip_prefix('^').map_or((inside, false), |inside| (inside, true));
        let name = POSIX.iter().find(|name| inside.strip_prefix(**name).is_some_and(|rest| rest.starts_with(":]")))?;
        self.skip(1 + usize::from(negated) + name.len() + 2);
        Some(Item::Posix { name, negated })
    }

    /// An escape in a class; one character is a range of one.
    fn class_escape(&mut self) -> Result<Item, BadRegex> {
        if self.eat("b") {
            return Ok(Item::Range('\u{8}', '\u{8}'));
        }
        if let Some(item) = self.shorthand()? {
            return Ok(item);
        }
        let char = self.escaped_char()?;
        Ok(Item::Range(char, char))
    }

    /// `\d`, `\W`, `\p{Alpha}`: behind the backslash.
    pub(super) fn shorthand(&mut self) -> Result<Option<Item>, BadRegex> {
        let letter = self.rest().chars().next().unwrap_or('\0');
        let set = match letter.to_ascii_lowercase() {
            'd' => Set::Digit,
            'w' => Set::Word,
            's' => Set::Space,
            'h' => Set::Hex,
            'p' if self.rest()[1..].starts_with('{') => return self.property(letter == 'P').map(Some),
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(Item::Set { set, negated: letter.is_ascii_uppercase() }))
    }

    fn property(&mut self, negated: bool) -> Result<Item, BadRegex> {
        let start = self.at();
        self.skip(2);
        let inverted = self.eat("^");
        let name = self.rest().split_once('}').map(|(name, _)| name).unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || " _-=".contains(c)) {
            return Err(self.bad(start, "the character property is not closed or has no name"));
        }
        let name: Box<str> = name.into();
        self.skip(name.len() + 1);
        Ok(Item::Property { name, negated: negated != inverted })
    }
}
