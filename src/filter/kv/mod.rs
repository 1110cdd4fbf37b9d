//! The `kv` filter: `key=value` pairs of a text become fields.
//!
//! Keys and values borrow from the text (`scan`); only what is trimmed in the middle or transformed is copied. Nothing
//! of the event changes before the whole text has been read.
//! Settings and failures: Logstash reference, "Kv filter plugin".

mod declaration;
mod scan;

use super::chars::CharSet;
use super::mutate::text::Case;
use super::ruby_regex::{GaveUp, Options, RubyRegex, STEPS_MAX};
use super::{Context, Filter, FilterPlugin, Outcome, merge, name};
use crate::event::value::Text;
use crate::event::{Arena, ArenaString, ArenaVec, Event, FieldRef, Object, Tag, Template, Value};
use crate::plugin::{Fault, Item, Settings};
use scan::{Grammar, Pair, Stop};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &declaration::DECLARATION,
    examples: include_str!("examples.txt"),
    build: |settings, _| build(settings),
};

/// How many pairs are read of one event.
const PAIRS_MAX: usize = 10_000;
/// How deep `recursive` reads pairs inside pairs.
const DEPTH_MAX: usize = 20;
/// Steps that Oniguruma takes in a millisecond.
const STEPS_PER_MS: f64 = 60_000.0;

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let lenient = settings.text("whitespace") != Some("strict");
    let field = stop(settings, "field_split", "field_split_pattern")?;
    let value = stop(settings, "value_split", "value_split_pattern")?;
    let target = settings.text("target").map(|text| name::reference(text, settings.place("target"))).transpose()?;
    Ok(Box::new(Kv {
        source: name::reference(settings.text("source").unwrap_or("message"), settings.place("source"))?,
        target,
        grammar: Grammar::new(field, value, lenient, settings.boolean("include_brackets")),
        keys: Side::of(settings, "trim_key", "remove_char_key", "transform_key")?,
        values: Side::of(settings, "trim_value", "remove_char_value", "transform_value")?,
        prefix: Template::parse(settings.text("prefix").unwrap_or_default()),
        include: Names::of(settings, "include_keys"),
        exclude: Names::of(settings, "exclude_keys"),
        defaults: defaults(settings)?,
        recursive: settings.boolean("recursive"),
        allow_duplicates: settings.boolean("allow_duplicate_values"),
        allow_empty: settings.boolean("allow_empty_values"),
        tags_on_failure: settings.texts("tag_on_failure"),
        tag_on_timeout: settings.text("tag_on_timeout").unwrap_or_default().into(),
    }))
}

/// What parts: a set of characters, or the pattern that takes precedence over it.
fn stop(settings: &Settings, set: &str, pattern: &str) -> Result<Stop, Fault> {
    let Some(text) = settings.text(pattern) else {
        let text = settings.text(set).unwrap_or_default();
        if text.is_empty() {
            return Err(Fault::at(settings.place(set), format!("`{set}` cannot be empty")));
        }
        return CharSet::parse(text, set, settings.place(set)).map(Stop::Set);
    };
    if text.is_empty() {
        return Err(Fault::at(settings.place(pattern), format!("`{pattern}` cannot be empty")));
    }
    let steps_max = steps_max(settings.number("timeout_millis").unwrap_or(30_000.0));
    let compile = |text: &str| {
        RubyRegex::with_options(text, Options { steps_max, ..Options::default() })
            .map_err(|bad| Fault::at(settings.place(pattern), format!("`{pattern}` is no regular expression: {bad}")))
    };
    Ok(Stop::Pattern { anywhere: compile(text)?, here: compile(&format!(r"\A(?:{text})"))? })
}

fn steps_max(millis: f64) -> u32 {
    if millis <= 0.0 { 0 } else { (millis * STEPS_PER_MS).clamp(1.0, f64::from(STEPS_MAX)) as u32 }
}

fn defaults(settings: &Settings) -> Result<Vec<(Box<str>, Box<str>)>, Fault> {
    let pair = |(name, item): (String, Item)| Ok((name.into(), item.one_text("default_keys")?.into()));
    settings.pairs("default_keys").into_iter().map(pair).collect()
}

/// What is done to keys, or to values.
#[derive(Clone, Debug)]
struct Side {
    trim: Option<CharSet>,
    remove: Option<CharSet>,
    case: Option<Case>,
}

impl Side {
    fn of(settings: &Settings, trim: &str, remove: &str, transform: &str) -> Result<Side, Fault> {
        let set = |name: &str| match settings.text(name).filter(|text| !text.is_empty()) {
            Some(text) => CharSet::parse(text, name, settings.place(name)).map(Some),
            None => Ok(None),
        };
        let case = match settings.text(transform) {
            Some("lowercase") => Some(Case::Lower),
            Some("uppercase") => Some(Case::Upper),
            Some("capitalize") => Some(Case::Capital),
            _ => None,
        };
        Ok(Side { trim: set(trim)?, remove: set(remove)?, case })
    }

    #[inline]
    fn apply<'b>(&self, mut text: Text<'b>, arena: &'b Arena) -> Text<'b> {
        if let Some(trim) = &self.trim {
            text.str = trim.trim(text.str);
        }
        if let Some(remove) = &self.remove {
            text.str = remove.strip(text.str, arena);
        }
        match &self.case {
            Some(case) => case.apply(text, arena).unwrap_or(text),
            None => text,
        }
    }
}

/// Names that may hold `%{…}`.
#[derive(Clone, Debug)]
struct Names(Vec<Template>);

impl Names {
    fn of(settings: &Settings, name: &str) -> Names {
        Names(settings.texts(name).iter().map(|text| Template::parse(text)).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, key: &str, event: &Event<'_>, arena: &Arena) -> bool {
        self.0.iter().any(|name| match name.as_literal() {
            Some(literal) => literal == key,
            None => name.render(event, arena) == key,
        })
    }
}

#[derive(Clone, Debug)]
struct Kv {
    source: FieldRef,
    target: Option<FieldRef>,
    grammar: Grammar,
    keys: Side,
    values: Side,
    prefix: Template,
    include: Names,
    exclude: Names,
    defaults: Vec<(Box<str>, Box<str>)>,
    recursive: bool,
    allow_duplicates: bool,
    allow_empty: bool,
    tags_on_failure: Vec<String>,
    tag_on_timeout: Box<str>,
}

/// Why the event stays as it is.
enum Failed {
    TimedOut,
    TooManyPairs,
}

impl From<GaveUp> for Failed {
    fn from(_: GaveUp) -> Failed {
        Failed::TimedOut
    }
}

impl Filter for Kv {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let mut pairs = Object::with_capacity_in(16, cx.arena);
        if let Err(failed) = self.read_all(event, &mut pairs, cx.arena) {
            cx.because(event, &self.source, || match failed {
                Failed::TimedOut => "a pattern took too long".into(),
                Failed::TooManyPairs => format!("more than {PAIRS_MAX} pairs"),
            });
            match failed {
                Failed::TimedOut => event.tag(&self.tag_on_timeout, cx.arena),
                Failed::TooManyPairs => self.tag_failure(event, cx.arena),
            }
            return Outcome::Unmatched;
        }
        for (name, value) in &self.defaults {
            if pairs.get(name).is_none() {
                pairs.insert(cx.arena.alloc_str(name), Value::copied(cx.arena, value));
            }
        }
        if pairs.is_empty() {
            if event.get(&self.source).is_some() {
                cx.because(event, &self.source, || "no pair of a key and a value that is asked for");
            }
            return Outcome::Unmatched;
        }
        match &self.target {
            Some(target) => {
                if let Err(bad) = event.set(target, Value::Object(pairs), cx.arena) {
                    cx.because(event, &self.source, || bad.to_string());
                    self.tag_failure(event, cx.arena);
                    return Outcome::Unmatched;
                }
            }
            None => merge::into_root(pairs, event, cx.arena),
        }
        Outcome::Matched
    }

    fn reads(&self) -> Option<&FieldRef> {
        Some(&self.source)
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

impl Kv {
    fn tag_failure<'b>(&self, event: &mut Event<'b>, arena: &'b Arena) {
        self.tags_on_failure.iter().for_each(|tag| event.tag(tag, arena));
    }

    /// Reads the source: a string, or each string of an array.
    fn read_all<'b>(&self, event: &Event<'b>, into: &mut Object<'b>, arena: &'b Arena) -> Result<(), Failed> {
        match event.get(&self.source) {
            Some(Value::Text(text)) => self.read(*text, 0, event, into, arena),
            Some(Value::Array(items)) => items.iter().try_for_each(|item| match item {
                Value::Text(text) => self.read(*text, 0, event, into, arena),
                _ => Ok(()),
            }),
            _ => Ok(()),
        }
    }

    fn read<'b>(
        &self,
        text: Text<'b>,
        depth: usize,
        event: &Event<'b>,
        into: &mut Object<'b>,
        arena: &'b Arena,
    ) -> Result<(), Failed> {
        let mut scanner = self.grammar.scan(text.str);
        while let Some(Pair { key, value }) = scanner.pair()? {
            let Some(key) = self.key(Text { str: key, plain: text.plain }, event, arena) else { continue };
            if value.is_empty() && !self.allow_empty {
                continue;
            }
            let value = self.values.apply(Text { str: value, plain: text.plain }, arena);
            let value = match self.inner(value, depth, event, arena)? {
                Some(inner) => Value::Object(inner),
                None => Value::Text(value),
            };
            self.add(key, value, into, arena);
            if into.len() > PAIRS_MAX {
                return Err(Failed::TooManyPairs);
            }
        }
        Ok(())
    }

    /// The name of the key's field; `None` if it is not wanted.
    #[inline]
    fn key<'b>(&self, key: Text<'b>, event: &Event<'b>, arena: &'b Arena) -> Option<Text<'b>> {
        let key = self.keys.apply(key, arena);
        let is_wanted = (self.include.is_empty() || self.include.has(key.str, event, arena))
            && (self.exclude.is_empty() || !self.exclude.has(key.str, event, arena));
        if key.str.is_empty() || !is_wanted {
            return None;
        }
        match self.prefix.as_literal() {
            Some("") => Some(key),
            _ => {
                let mut name = ArenaString::from_str_in(self.prefix.render(event, arena), arena);
                name.push_str(key.str);
                Some(Text::new(name.into_bump_str()))
            }
        }
    }

    /// The pairs inside a value, if they are asked for and there are any.
    fn inner<'b>(
        &self,
        value: Text<'b>,
        depth: usize,
        event: &Event<'b>,
        arena: &'b Arena,
    ) -> Result<Option<Object<'b>>, Failed> {
        if !self.recursive || depth == DEPTH_MAX {
            return Ok(None);
        }
        let mut inner = Object::new_in(arena);
        self.read(value, depth + 1, event, &mut inner, arena)?;
        Ok((!inner.is_empty()).then_some(inner))
    }

    /// A key that comes again gets an array.
    #[inline]
    fn add<'b>(&self, key: Text<'b>, value: Value<'b>, into: &mut Object<'b>, arena: &'b Arena) {
        let tag = Tag::of(key.str);
        let Some(there) = into.find_mut(key.str, tag) else {
            into.put(key.str, tag, key.plain, value);
            return;
        };
        let is_there = |known: &Value<'b>| value.as_str().is_some() && known.as_str() == value.as_str();
        match there {
            Value::Array(items) if self.allow_duplicates || !items.iter().any(is_there) => items.push(value),
            Value::Array(_) => {}
            known if !self.allow_duplicates && is_there(known) => {}
            known => {
                let mut items = ArenaVec::with_capacity_in(2, arena);
                items.push(std::mem::replace(known, Value::Null));
                items.push(value);
                *known = Value::array(items);
            }
        }
    }
}

#[cfg(test)]
mod tests;
