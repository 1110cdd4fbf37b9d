//! Operations on strings: `gsub`, `uppercase`, `capitalize`, `lowercase`, `strip`, `split`, `join`.

use super::super::ruby_regex::{Replacement, RubyRegex};
use super::fields::Failed;
use crate::event::value::Text;
use crate::event::{Arena, ArenaString, ArenaVec, Event, FieldRef, Template, Value, display};
use crate::plugin::{Fault, Item};
use std::borrow::Cow;

/// Changes a string, or each string of an array. `change` says `None` where nothing changes.
#[inline]
pub fn each<'b>(
    event: &mut Event<'b>,
    path: &FieldRef,
    arena: &'b Arena,
    change: impl Fn(Text<'b>) -> Option<Text<'b>>,
) -> Result<(), Failed> {
    let one = |value: &mut Value<'b>| {
        if let Value::Text(text) = value
            && let Some(changed) = change(*text)
        {
            *value = Value::Text(changed);
        }
    };
    // Looked at before it is opened for writing: shared facts are copied only for a change.
    if matches!(event.get(path), Some(Value::Text(_) | Value::Array(_))) {
        match event.get_mut(path, arena) {
            Some(Value::Array(items)) => items.iter_mut().for_each(one),
            Some(value) => one(value),
            None => {}
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug)]
pub enum Case {
    Upper,
    Capital,
    Lower,
}

impl Case {
    #[inline]
    pub fn apply<'b>(self, text: Text<'b>, arena: &'b Arena) -> Option<Text<'b>> {
        if !text.str.is_ascii() {
            return Some(Text::new(self.unicode(text.str, arena)));
        }
        let is_so = match self {
            Case::Upper => !text.str.bytes().any(|byte| byte.is_ascii_lowercase()),
            Case::Lower => !text.str.bytes().any(|byte| byte.is_ascii_uppercase()),
            Case::Capital => false,
        };
        if is_so {
            return None;
        }
        let changed = arena.alloc_str(text.str);
        match self {
            Case::Upper => changed.make_ascii_uppercase(),
            Case::Lower => changed.make_ascii_lowercase(),
            Case::Capital => {
                changed.make_ascii_lowercase();
                changed[..text.str.len().min(1)].make_ascii_uppercase();
            }
        }
        Some(Text { str: changed, plain: text.plain })
    }

    fn unicode<'b>(self, text: &str, arena: &'b Arena) -> &'b str {
        let mut out = ArenaString::with_capacity_in(text.len() + 8, arena);
        let mut chars = text.chars();
        match self {
            Case::Upper => out.extend(chars.flat_map(char::to_uppercase)),
            Case::Lower => out.extend(chars.flat_map(char::to_lowercase)),
            Case::Capital => {
                out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
                out.extend(chars.flat_map(char::to_lowercase));
            }
        }
        out.into_bump_str()
    }
}

/// Ruby's white space: null belongs to it.
pub fn strip(text: Text<'_>) -> Option<Text<'_>> {
    let stripped = text.str.trim_matches(['\0', '\t', '\n', '\u{b}', '\u{c}', '\r', ' ']);
    (stripped.len() != text.str.len()).then_some(Text { str: stripped, ..text })
}

/// A regular expression and what takes the place of its matches.
#[derive(Clone, Debug)]
pub struct Gsub {
    needle: Needle,
    replacement: Inserted,
}

#[derive(Clone, Debug)]
enum Needle {
    Fixed(RubyRegex),
    /// Compiled anew when an event fills it otherwise; the last one is kept.
    Filled {
        template: Template,
        last: Option<(String, RubyRegex)>,
    },
}

#[derive(Clone, Debug)]
enum Inserted {
    Fixed(Replacement),
    Filled(Template),
}

impl Gsub {
    pub fn of(needle: &Item, replacement: &Item) -> Result<Gsub, Fault> {
        let template = Template::parse(needle.one_text("gsub")?);
        let needle = match template.as_literal() {
            Some(pattern) => Needle::Fixed(
                RubyRegex::new(pattern)
                    .map_err(|bad| Fault::at(needle.place, format!("`{pattern}` is no regular expression: {bad}")))?,
            ),
            None => Needle::Filled { template, last: None },
        };
        let template = Template::parse(replacement.one_text("gsub")?);
        let replacement = match template.as_literal() {
            Some(text) => Inserted::Fixed(Replacement::parse(text)),
            None => Inserted::Filled(template),
        };
        Ok(Gsub { needle, replacement })
    }

    pub fn apply<'b>(&mut self, event: &mut Event<'b>, path: &FieldRef, arena: &'b Arena) -> Result<(), Failed> {
        if !matches!(event.get(path), Some(Value::Text(_) | Value::Array(_))) {
            return Ok(());
        }
        let replacement = match &self.replacement {
            Inserted::Fixed(replacement) => Cow::Borrowed(replacement),
            Inserted::Filled(template) => Cow::Owned(Replacement::parse(template.render(event, arena))),
        };
        let regex = self.needle.regex(event, arena)?;
        each(event, path, arena, |text| match regex.replace_all(text.str, &replacement) {
            Cow::Borrowed(_) => None,
            Cow::Owned(changed) => Some(Text::new(arena.alloc_str(&changed))),
        })
    }
}

impl Needle {
    fn regex(&mut self, event: &Event<'_>, arena: &Arena) -> Result<&RubyRegex, Failed> {
        let (template, last) = match self {
            Needle::Fixed(regex) => return Ok(regex),
            Needle::Filled { template, last } => (template, last),
        };
        let pattern = template.render(event, arena);
        if last.as_ref().is_none_or(|(there, _)| there != pattern) {
            *last = Some((pattern.to_string(), RubyRegex::new(pattern).map_err(|_| Failed::Regex)?));
        }
        last.as_ref().map(|(_, regex)| regex).ok_or(Failed::Regex)
    }
}

/// Ruby's `split`: empty strings at the end go; a blank parts at any white space; nothing parts the characters.
pub fn split<'b>(event: &mut Event<'b>, path: &FieldRef, separator: &str, arena: &'b Arena) -> Result<(), Failed> {
    let Some(Value::Text(text)) = event.get(path) else { return Ok(()) };
    let item = |part: &'b str| Value::Text(Text { str: part, plain: text.plain });
    let mut items = ArenaVec::new_in(arena);
    match separator {
        "" => items.extend(text.str.char_indices().map(|(at, char)| item(&text.str[at..at + char.len_utf8()]))),
        " " => items.extend(text.str.split_ascii_whitespace().map(item)),
        separator => items.extend(text.str.split(separator).map(item)),
    }
    while items.last().is_some_and(|last| last.as_str() == Some("")) {
        items.pop();
    }
    super::fields::write(event, path, Value::array(items), arena)
}

pub fn join<'b>(event: &mut Event<'b>, path: &FieldRef, separator: &str, arena: &'b Arena) -> Result<(), Failed> {
    let Some(Value::Array(items)) = event.get(path) else { return Ok(()) };
    let mut out = Vec::new();
    join_into(items, separator, &mut out);
    let joined = Value::copied(arena, &String::from_utf8_lossy(&out));
    super::fields::write(event, path, joined, arena)
}

/// Arrays inside are joined alike.
fn join_into(items: &[Value<'_>], separator: &str, out: &mut Vec<u8>) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(separator.as_bytes());
        }
        match item {
            Value::Array(inner) => join_into(inner, separator, out),
            other => display::append(other, out),
        }
    }
}
