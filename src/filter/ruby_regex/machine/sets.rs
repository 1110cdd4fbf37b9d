//! Sets of characters, and sets of what may stand at a place.

use super::super::tree::{Class, Item, Node, Set};
use super::Unfit;

const LAST: u32 = 0x10_FFFF;
const BEYOND_ASCII: u32 = 0x80;

/// A set of characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Chars {
    /// Sorted, parted, first and last both included.
    ranges: Vec<(u32, u32)>,
    /// What belongs to it beyond ASCII, only Oniguruma knows.
    unsure: bool,
}

impl Chars {
    fn of(ranges: &[(char, char)]) -> Chars {
        Chars { ranges: ranges.iter().map(|(from, to)| (*from as u32, *to as u32)).collect(), unsure: false }.tidied()
    }

    fn tidied(mut self) -> Chars {
        self.ranges.sort_unstable();
        let mut tidy: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for (from, to) in self.ranges {
            match tidy.last_mut() {
                Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
                _ => tidy.push((from, to)),
            }
        }
        Chars { ranges: tidy, unsure: self.unsure }
    }

    pub fn union(mut self, other: Chars) -> Chars {
        self.ranges.extend(other.ranges);
        self.unsure |= other.unsure;
        self.tidied()
    }

    fn negated(self) -> Chars {
        let (mut ranges, mut next) = (Vec::with_capacity(self.ranges.len() + 1), 0);
        for (from, to) in self.ranges {
            if from > next {
                ranges.push((next, from - 1));
            }
            next = to + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Chars { ranges, unsure: self.unsure }
    }

    fn intersection(self, other: Chars) -> Chars {
        self.negated().union(other.negated()).negated()
    }

    /// The set that a node of one character stands for; `None` for other nodes.
    pub fn of_node(node: &Node) -> Result<Option<Chars>, Unfit> {
        Ok(Some(match node {
            Node::Char { char, fold } => of_char(*char, *fold)?,
            Node::Any { newline: true } => Chars::of(&[('\0', char::MAX)]),
            Node::Any { newline: false } => Chars::of(&[('\n', '\n')]).negated(),
            Node::Class { class, fold } => of_class(class, *fold)?,
            Node::Alternate(branches) => return of_branches(branches),
            _ => return Ok(None),
        }))
    }

    pub fn table(&self) -> Table {
        let has = |byte: u8| self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&u32::from(byte)));
        let beyond: Vec<_> = self.ranges.iter().copied().filter(|(_, to)| *to >= BEYOND_ASCII).collect();
        let high = match beyond.as_slice() {
            _ if self.unsure => Member::Unsure,
            [] => Member::No,
            [(from, LAST)] if *from <= BEYOND_ASCII => Member::Yes,
            _ => Member::Look,
        };
        let of = |byte: usize| match u8::try_from(byte) {
            Ok(byte) if byte.is_ascii() => {
                if has(byte) {
                    Member::Yes
                } else {
                    Member::No
                }
            }
            _ => high,
        };
        let of: [Member; 256] = std::array::from_fn(of);
        let is_all = of.iter().all(|member| *member == Member::Yes);
        Table { of, beyond: beyond.into(), is_all }
    }
}

/// Branches of one character each are one set: which of them matches makes no difference.
fn of_branches(branches: &[Node]) -> Result<Option<Chars>, Unfit> {
    let mut all = Chars::of(&[]);
    for branch in branches {
        match Chars::of_node(branch)? {
            Some(chars) => all = all.union(chars),
            None => return Ok(None),
        }
    }
    Ok(Some(all))
}

fn of_char(char: char, fold: bool) -> Result<Chars, Unfit> {
    match (fold, char.is_ascii()) {
        (false, _) => Ok(Chars::of(&[(char, char)])),
        (true, false) => Err(Unfit),
        (true, true) if !char.is_ascii_alphabetic() => Ok(Chars::of(&[(char, char)])),
        (true, true) => Ok(Chars::of(&[(char, char)]).folded()),
    }
}

fn of_class(class: &Class, fold: bool) -> Result<Chars, Unfit> {
    let mut all: Option<Chars> = None;
    for part in &class.parts {
        let mut chars = Chars::of(&[]);
        for item in part {
            chars = chars.union(of_item(item, fold)?);
        }
        all = Some(match all {
            Some(all) => all.intersection(chars),
            None => chars,
        });
    }
    let all = all.ok_or(Unfit)?;
    Ok(if class.negated { all.negated() } else { all })
}

fn of_item(item: &Item, fold: bool) -> Result<Chars, Unfit> {
    match item {
        Item::Range(from, to) if !fold => Ok(Chars::of(&[(*from, *to)])),
        Item::Range(from, to) if from.is_ascii() && to.is_ascii() => Ok(Chars::of(&[(*from, *to)]).folded()),
        Item::Set { set, negated } => Ok(of_set(*set, *negated)),
        Item::Posix { name, negated } if !fold => of_posix(name, *negated),
        Item::Class(class) if !fold => of_class(class, fold),
        Item::Range(..) | Item::Posix { .. } | Item::Class(_) | Item::Property { .. } => Err(Unfit),
    }
}

fn of_set(set: Set, negated: bool) -> Chars {
    let chars = Chars::of(set.ranges());
    if negated { chars.negated() } else { chars }
}

fn of_posix(name: &str, negated: bool) -> Result<Chars, Unfit> {
    let is: fn(&u8) -> bool = match name {
        "alnum" => u8::is_ascii_alphanumeric,
        "alpha" => u8::is_ascii_alphabetic,
        "blank" => |byte| matches!(byte, b' ' | b'\t'),
        "cntrl" => u8::is_ascii_control,
        "digit" => u8::is_ascii_digit,
        "graph" => u8::is_ascii_graphic,
        "lower" => u8::is_ascii_lowercase,
        "print" => |byte| byte.is_ascii_graphic() || *byte == b' ',
        "space" => |byte| matches!(byte, b'\t'..=b'\r' | b' '),
        "upper" => u8::is_ascii_uppercase,
        "word" => |byte| byte.is_ascii_alphanumeric() || *byte == b'_',
        "xdigit" => u8::is_ascii_hexdigit,
        _ => return Err(Unfit),
    };
    let members: Vec<_> = (0..128u8).filter(is).map(|byte| (char::from(byte), char::from(byte))).collect();
    let chars = Chars { unsure: true, ..Chars::of(&members) };
    Ok(if negated { chars.negated() } else { chars })
}

impl Chars {
    /// With the letters of the other case. Some characters beyond ASCII fold to letters, alone or to several.
    fn folded(self) -> Chars {
        let mut all = self.ranges.clone();
        for (from, to) in &self.ranges {
            let letters = (*from..=*to).filter_map(|code| u8::try_from(code).ok()).filter(u8::is_ascii_alphabetic);
            all.extend(letters.map(|letter| (u32::from(letter ^ 0x20), u32::from(letter ^ 0x20))));
        }
        Chars { ranges: all, unsure: true }.tidied()
    }
}

/// Whether what begins with a byte belongs to a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Member {
    No,
    Yes,
    /// The whole character has to be looked up.
    Look,
    /// Only Oniguruma knows.
    Unsure,
}

/// A set, made for looking up bytes.
#[derive(Debug, PartialEq)]
pub struct Table {
    of: [Member; 256],
    /// The members beyond ASCII.
    beyond: Box<[(u32, u32)]>,
    /// Every character belongs to it.
    pub is_all: bool,
}

impl Table {
    #[inline(always)]
    pub fn member(&self, byte: u8) -> Member {
        self.of[usize::from(byte)]
    }

    pub fn has(&self, char: char) -> bool {
        let code = char as u32;
        self.beyond.iter().any(|(from, to)| (*from..=*to).contains(&code))
    }

    pub fn ahead(&self) -> Ahead {
        let mut ahead = Ahead::NOTHING;
        for byte in 0..=255 {
            if self.member(byte) != Member::No {
                ahead.add(byte);
            }
        }
        ahead
    }
}

/// What may stand at a place for what follows to match: one of these bytes, or the end of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ahead {
    bits: [u64; 4],
    pub end: bool,
    /// What follows matches whatever stands there, and at its first try.
    pub sure: bool,
}

impl Ahead {
    pub const NOTHING: Ahead = Ahead { bits: [0; 4], end: false, sure: false };
    pub const ANYTHING: Ahead = Ahead { bits: [u64::MAX; 4], end: true, sure: false };
    pub const SURE: Ahead = Ahead { sure: true, ..Ahead::ANYTHING };

    fn add(&mut self, byte: u8) {
        self.bits[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    pub fn has(&self, byte: u8) -> bool {
        self.bits[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    pub fn or(mut self, other: &Ahead) -> Ahead {
        self.bits.iter_mut().zip(other.bits).for_each(|(bits, more)| *bits |= more);
        Ahead { end: self.end || other.end, ..self }
    }

    pub fn with_sure(self, sure: bool) -> Ahead {
        Ahead { sure, ..self }
    }

    /// Whether a byte belongs to both.
    pub fn meets(&self, other: &Ahead) -> bool {
        self.bits.iter().zip(other.bits).any(|(bits, others)| bits & others != 0)
    }

    /// The one byte that it is, if it is no more.
    pub fn only(&self) -> Option<u8> {
        let count: u32 = self.bits.iter().map(|bits| bits.count_ones()).sum();
        (count == 1 && !self.end).then(|| (0..=255).find(|byte| self.has(*byte))).flatten()
    }
}
