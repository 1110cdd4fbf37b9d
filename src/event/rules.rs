//! The settings of the process that change what an event is and how its fields are named.
//!
//! References and events are made everywhere: by plugins that are built, by codecs, by filters at work. So the rules are
//! those of the thread: whoever compiles a pipeline or runs events through it puts them in force for as long as that
//! takes, and they end with the guard. Without one, Logstash's defaults hold.
//! Source: Logstash reference, "Field References Deep Dive" (escape sequences) and "logstash.yml".

use std::borrow::Cow;
use std::cell::Cell;
use std::marker::PhantomData;

/// `config.field_reference.escape_style`: how a bracket within a field's name is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EscapeStyle {
    /// Not at all.
    #[default]
    None,
    /// `%5B` and `%5D`: bytes of UTF-8.
    Percent,
    /// `&#91;` and `&#93;`: characters by number.
    Ampersand,
}

/// `event_api.tags.illegal`: what becomes of `tags` that are no string and no list of strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IllegalTags {
    /// They are kept as `_tags`, and cannot be written later.
    #[default]
    Rename,
    /// They are let be.
    Warn,
}

/// What holds while events are handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub escape_style: EscapeStyle,
    pub illegal_tags: IllegalTags,
}

/// While it lives, its rules are those of this thread.
pub struct InForce {
    before: Rules,
    /// It must end on the thread where it began.
    _thread: PhantomData<*const ()>,
}

thread_local! {
    static RULES: Cell<Rules> = const { Cell::new(Rules { escape_style: EscapeStyle::None, illegal_tags: IllegalTags::Rename }) };
}

impl Rules {
    /// Puts them in force on this thread.
    #[must_use = "they end with the guard"]
    pub fn enter(self) -> InForce {
        InForce { before: RULES.replace(self), _thread: PhantomData }
    }

    /// Those in force on this thread.
    #[inline]
    pub fn now() -> Rules {
        RULES.get()
    }
}

impl Drop for InForce {
    fn drop(&mut self) {
        RULES.set(self.before);
    }
}

impl EscapeStyle {
    pub const NAMES: &'static [&'static str] = &["none", "percent", "ampersand"];

    pub fn parse(text: &str) -> Option<EscapeStyle> {
        match text {
            "none" => Some(EscapeStyle::None),
            "percent" => Some(EscapeStyle::Percent),
            "ampersand" => Some(EscapeStyle::Ampersand),
            _ => None,
        }
    }

    /// A name as it is, from how a reference writes it. What is no escape stays.
    pub fn unescaped(self, name: &str) -> Cow<'_, str> {
        match self {
            EscapeStyle::Percent if name.contains('%') => percent(name),
            EscapeStyle::Ampersand if name.contains("&#") => ampersand(name).into(),
            _ => name.into(),
        }
    }
}

impl IllegalTags {
    pub const NAMES: &'static [&'static str] = &["rename", "warn"];

    pub fn parse(text: &str) -> Option<IllegalTags> {
        match text {
            "rename" => Some(IllegalTags::Rename),
            "warn" => Some(IllegalTags::Warn),
            _ => None,
        }
    }
}

/// The name itself where the bytes are not UTF-8.
fn percent(name: &str) -> Cow<'_, str> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        let escaped = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).map_or(name.into(), Cow::Owned)
}

fn ampersand(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find("&#") {
        out.push_str(&rest[..start]);
        let number = &rest[start + 2..];
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let meant = number[..digits].parse().ok().and_then(char::from_u32);
        match meant.filter(|_| number[digits..].starts_with(';')) {
            Some(meant) => {
                out.push(meant);
                rest = &number[digits + 1..];
            }
            None => {
                out.push_str("&#");
                rest = number;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(style: EscapeStyle, name: &str, expected: &str) {
        assert_eq!(style.unescaped(name), expected, "{style:?} {name}");
    }

    #[test]
    fn brackets_are_written_as_the_style_says() {
        check(EscapeStyle::Percent, "foo%5Bbar%5d", "foo[bar]");
        check(EscapeStyle::Percent, "%C3%A9%20%25", "é %");
        check(EscapeStyle::Ampersand, "foo&#91;bar&#93;", "foo[bar]");
        check(EscapeStyle::Ampersand, "&#233;&#38;#91;", "é&#91;");
    }

    #[test]
    fn what_is_no_escape_stays() {
        for name in ["100%", "%", "%5", "%5G", "%+1", "%FF", "é%é", "&#91;"] {
            check(EscapeStyle::Percent, name, name);
        }
        for name in ["&#", "&#91", "&#;", "&#x5B;", "&#99999999;", "&amp;", "%5B"] {
            check(EscapeStyle::Ampersand, name, name);
        }
        check(EscapeStyle::None, "%5B&#91;", "%5B&#91;");
    }

    #[test]
    fn rules_end_with_their_guard() {
        let outer = Rules { escape_style: EscapeStyle::Percent, ..Rules::default() };
        {
            let _outer = outer.enter();
            {
                let _inner = Rules::default().enter();
                assert_eq!(Rules::now(), Rules::default());
            }
            assert_eq!(Rules::now(), outer);
        }
        assert_eq!(Rules::now(), Rules::default());
    }
}
