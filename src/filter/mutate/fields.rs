//! Operations on whole fields: `coerce`, `rename`, `update`, `replace`, `merge`, `copy`.

use super::super::name::{Name, reference};
use crate::event::json::scan;
use crate::event::value::Text;
use crate::event::{Arena, ArenaVec, BadPath, Event, FieldRef, Template, Value};
use crate::plugin::{Fault, Given, Item};
use std::fmt;

/// Why an operation could not be done.
#[derive(Debug)]
pub enum Failed {
    Path(BadPath),
    /// What fills a name's `%{…}` makes no field reference of it.
    Name,
    /// What fills the `%{…}` of a regular expression makes none of it.
    Regex,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Path(bad) => bad.fmt(f),
            Failed::Name => f.write_str("a name with `%{…}` came to no field reference"),
            Failed::Regex => f.write_str("a pattern with `%{…}` came to no regular expression"),
        }
    }
}

/// A value that a setting gives.
#[derive(Clone, Debug)]
pub enum Fill {
    Literal {
        text: Box<str>,
        /// It needs no escape in JSON.
        plain: bool,
    },
    Filled(Template),
    List(Vec<Fill>),
}

impl Fill {
    pub fn of(item: &Item, name: &str) -> Result<Fill, Fault> {
        if let Given::List(items) = &item.given {
            return items.iter().map(|item| Fill::of(item, name)).collect::<Result<_, _>>().map(Fill::List);
        }
        let template = Template::parse(item.one_text(name)?);
        Ok(match template.as_literal() {
            Some(text) => Fill::Literal { text: text.into(), plain: scan::special(text.as_bytes(), 0) == text.len() },
            None => Fill::Filled(template),
        })
    }

    #[inline]
    pub fn value<'b>(&self, event: &Event<'_>, arena: &'b Arena) -> Value<'b> {
        match self {
            Fill::Literal { text, plain } => Value::Text(Text { str: arena.alloc_str(text), plain: *plain }),
            Fill::Filled(template) => template.value(event, arena),
            Fill::List(items) => {
                Value::array(ArenaVec::from_iter_in(items.iter().map(|item| item.value(event, arena)), arena))
            }
        }
    }
}

/// Writes a field.
#[inline]
pub fn write<'b>(event: &mut Event<'b>, path: &FieldRef, value: Value<'b>, arena: &'b Arena) -> Result<(), Failed> {
    event.set(path, value, arena).map(drop).map_err(Failed::Path)
}

pub fn coerce<'b>(event: &mut Event<'b>, path: &FieldRef, fill: &Fill, arena: &'b Arena) -> Result<(), Failed> {
    match event.get(path) {
        Some(Value::Null) => write(event, path, fill.value(event, arena), arena),
        _ => Ok(()),
    }
}

pub fn update<'b>(event: &mut Event<'b>, path: &FieldRef, fill: &Fill, arena: &'b Arena) -> Result<(), Failed> {
    match event.get(path) {
        Some(_) => write(event, path, fill.value(event, arena), arena),
        None => Ok(()),
    }
}

/// The field is taken away before it is written, so that `host` can become `[host][name]`. One that cannot be
/// written goes back.
pub fn rename<'b>(event: &mut Event<'b>, from: &Name, to: &Name, arena: &'b Arena) -> Result<(), Failed> {
    let from = from.path(event, arena).ok_or(Failed::Name)?;
    if event.get(&from).is_none() {
        return Ok(());
    }
    let to = to.path(event, arena).ok_or(Failed::Name)?;
    let Some(value) = event.remove(&from, arena) else { return Ok(()) };
    let spare = value.copy_in(arena);
    write(event, &to, value, arena).inspect_err(|_| drop(event.set(&from, spare, arena)))
}

/// A field that is missing or null has no copy.
pub fn copy<'b>(event: &mut Event<'b>, from: &Name, to: &Name, arena: &'b Arena) -> Result<(), Failed> {
    let from = from.path(event, arena).ok_or(Failed::Name)?;
    let value = match event.get(&from) {
        None | Some(Value::Null) => return Ok(()),
        Some(value) => value.copy_in(arena),
    };
    let to = to.path(event, arena).ok_or(Failed::Name)?;
    write(event, &to, value, arena)
}

/// The fields that `merge` adds.
pub fn references(item: &Item) -> Result<Vec<FieldRef>, Fault> {
    let one = |item: &Item| reference(item.one_text("merge")?, item.place);
    match &item.given {
        Given::List(items) => items.iter().map(one).collect(),
        _ => Ok(vec![one(item)?]),
    }
}

pub fn merge<'b>(event: &mut Event<'b>, path: &FieldRef, added: &[FieldRef], arena: &'b Arena) -> Result<(), Failed> {
    for field in added {
        match event.get(field) {
            None | Some(Value::Null) => {}
            Some(value) => merge_one(event, path, value.copy_in(arena), arena)?,
        }
    }
    Ok(())
}

/// A hash and anything else do not go together: both stay as they are.
fn merge_one<'b>(event: &mut Event<'b>, path: &FieldRef, added: Value<'b>, arena: &'b Arena) -> Result<(), Failed> {
    let is_hash = added.as_object().is_some();
    let there = match event.get(path) {
        None | Some(Value::Null) if is_hash => return Ok(()),
        None | Some(Value::Null) => return write(event, path, listed(added, arena), arena),
        Some(there) => there,
    };
    match (there.as_object().is_some(), is_hash) {
        (true, true) => merge_hashes(event, path, added, arena),
        (false, false) => {
            // Written as a whole, for not every field takes every list.
            let mut list = there.copy_in(arena);
            append(&mut list, added, arena);
            write(event, path, list, arena)
        }
        _ => Ok(()),
    }
}

fn merge_hashes<'b>(event: &mut Event<'b>, path: &FieldRef, added: Value<'b>, arena: &'b Arena) -> Result<(), Failed> {
    let there = event.get_mut(path, arena).and_then(|there| there.object_mut(arena));
    let Some(object) = there else { return Ok(()) };
    match added {
        Value::Object(entries) => entries.into_entries().for_each(|(name, value)| _ = object.insert(name, value)),
        Value::Shared(shared) => {
            shared.object.iter().for_each(|(name, value)| _ = object.insert(name, value.copy_in(arena)));
        }
        _ => {}
    }
    Ok(())
}

/// An array is taken as it is, anything else as an array of one.
fn listed<'b>(value: Value<'b>, arena: &'b Arena) -> Value<'b> {
    match value {
        Value::Array(items) => Value::Array(items),
        other => Value::array(ArenaVec::from_iter_in([other], arena)),
    }
}

fn append<'b>(there: &mut Value<'b>, added: Value<'b>, arena: &'b Arena) {
    *there = listed(std::mem::replace(there, Value::Null), arena);
    if let (Value::Array(items), Value::Array(more)) = (there, listed(added, arena)) {
        items.extend(more);
    }
}
