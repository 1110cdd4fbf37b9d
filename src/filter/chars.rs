//! Sets of characters, given as the inside of a regular expression's brackets: `&?`, `a-z`, `<>\[\],`.

use super::ruby_regex::RubyRegex;
use crate::event::{Arena, ArenaString};
use crate::plugin::{Fault, Place};

/// A set of characters, by Ruby's rules of character classes.
#[derive(Clone, Debug)]
pub struct CharSet {
    ascii: [bool; 128],
    /// Asked for characters beyond ASCII; `None` where the set has none of them.
    beyond: Option<RubyRegex>,
    finder: Finder,
}

/// How the first of the set is found in a text.
#[derive(Clone, Copy, Debug)]
enum Finder {
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
    Table,
}

impl CharSet {
    /// Reads a set that the setting `name` gives.
    pub fn parse(text: &str, name: &str, place: Place) -> Result<CharSet, Fault> {
        let regex = RubyRegex::new(&format!("[{text}]")).map_err(|bad| {
            Fault::at(place, format!("`{name}`: `[{text}]` is no set of characters: {bad}"))
                .help("write `[`, `]`, `^` and `-` with a backslash before them")
        })?;
        let ascii: [bool; 128] =
            std::array::from_fn(|code| regex.is_match((code as u8 as char).encode_utf8(&mut [0; 4])));
        let beyond = reaches_beyond(text).then_some(regex);
        let members: Vec<u8> = (0..128).filter(|code| ascii[usize::from(*code)]).collect();
        let finder = match (&*members, &beyond) {
            ([a], None) => Finder::One(*a),
            ([a, b], None) => Finder::Two(*a, *b),
            ([a, b, c], None) => Finder::Three(*a, *b, *c),
            _ => Finder::Table,
        };
        Ok(CharSet { ascii, beyond, finder })
    }

    pub fn has(&self, char: char) -> bool {
        match self.ascii.get(char as usize) {
            Some(has) => *has,
            None => self.beyond.as_ref().is_some_and(|regex| regex.is_match(char.encode_utf8(&mut [0; 4]))),
        }
    }

    /// Whether bytes alone tell what belongs to it.
    pub fn is_ascii(&self) -> bool {
        self.beyond.is_none()
    }

    #[inline]
    pub fn has_byte(&self, byte: u8) -> bool {
        self.ascii.get(usize::from(byte)).copied().unwrap_or(false)
    }

    /// Start and end of the first character at or behind `from` that belongs to it.
    #[inline]
    pub fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let bytes = &text.as_bytes()[from..];
        let at = match self.finder {
            Finder::One(a) => memchr::memchr(a, bytes),
            Finder::Two(a, b) => memchr::memchr2(a, b, bytes),
            Finder::Three(a, b, c) => memchr::memchr3(a, b, c, bytes),
            Finder::Table if self.is_ascii() => bytes.iter().position(|byte| self.has_byte(*byte)),
            Finder::Table => return self.find_char(text, from),
        };
        at.map(|at| (from + at, from + at + 1))
    }

    fn find_char(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let (at, char) = text[from..].char_indices().find(|(_, char)| self.has(*char))?;
        Some((from + at, from + at + char.len_utf8()))
    }

    /// Without them at its start and end.
    pub fn trim<'t>(&self, text: &'t str) -> &'t str {
        text.trim_matches(|char| self.has(char))
    }

    /// Without any of them.
    pub fn strip<'b>(&self, text: &'b str, arena: &'b Arena) -> &'b str {
        if self.find(text, 0).is_none() {
            return text;
        }
        ArenaString::from_iter_in(text.chars().filter(|char| !self.has(*char)), arena).into_bump_str()
    }
}

/// Whether the set may have characters beyond ASCII: by naming them, or all but some.
fn reaches_beyond(text: &str) -> bool {
    let escaped = text.split('\\').skip(1).filter_map(|rest| rest.chars().next());
    let is_ascii = |char: char| !char.is_ascii_alphanumeric() || "tnrfvaedswh0".contains(char);
    !text.is_ascii() || text.starts_with('^') || text.contains(['[', '&']) || !escaped.into_iter().all(is_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &str, text: &str, expected: &str) {
        let set = CharSet::parse(set, "s", Place::default()).unwrap();
        let found: String = text.chars().filter(|char| set.has(*char)).collect();
        assert_eq!(found, expected);
        let first = text.char_indices().find(|(_, char)| set.has(*char)).map(|(at, char)| (at, at + char.len_utf8()));
        assert_eq!(set.find(text, 0), first, "{text}");
    }

    #[test]
    fn sets_are_character_classes() {
        check("&?", "a&b?c", "&?");
        check(r"\[\]<>,", "[a],<é>", "[],<>");
        check("a-c", "xabcd-", "abc");
        check(r"\t ", "a\tb c", "\t ");
        check(r"\\", r"a\b", r"\");
        check("^a-z", "aéB", "éB");
        check("äö", "aöb", "ö");
        check(r"\W", "a-é b", "-é ");
    }

    #[test]
    fn what_is_no_class_is_a_fault() {
        let fault = CharSet::parse("", "field_split", Place::default()).unwrap_err();
        assert!(fault.text.starts_with("`field_split`: `[]` is no set of characters"), "{fault}");
    }

    #[test]
    fn characters_are_trimmed_and_stripped() {
        let arena = Arena::new();
        let set = CharSet::parse("<>,", "s", Place::default()).unwrap();
        assert_eq!((set.trim("<a<b>,"), set.strip("<a<b>,", &arena)), ("a<b", "ab"));
    }
}
