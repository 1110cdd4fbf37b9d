//! Strings wherever they stand in an event: in fields, and inside arrays and hashes in them.

use crate::event::value::Text;
use crate::event::{Arena, Event, FieldRef, Value};

/// What a filter does to strings.
pub trait Change {
    /// Whether this string would be another one. What a source's events share is copied only then.
    fn concerns(&self, text: &str) -> bool;

    fn apply<'b>(&self, text: Text<'b>, arena: &'b Arena) -> Value<'b>;
}

/// Changes the strings of these fields; without fields, all strings of the event.
pub fn change<'b>(event: &mut Event<'b>, fields: &[FieldRef], how: &impl Change, arena: &'b Arena) {
    if fields.is_empty() {
        event.root.iter_mut().for_each(|(_, value)| within(value, how, arena));
    }
    for field in fields {
        if event.get(field).is_some_and(|value| concerns(value, how))
            && let Some(value) = event.get_mut(field, arena)
        {
            apply(value, how, arena);
        }
    }
}

/// A string is asked by itself, shared facts before they are copied; what is the event's own is walked through.
fn within<'b>(value: &mut Value<'b>, how: &impl Change, arena: &'b Arena) {
    match value {
        Value::Text(_) | Value::Shared(_) if !concerns(value, how) => {}
        _ => apply(value, how, arena),
    }
}

fn concerns(value: &Value<'_>, how: &impl Change) -> bool {
    match value {
        Value::Text(text) => how.concerns(text.str),
        Value::Array(items) => items.iter().any(|item| concerns(item, how)),
        other => other.as_object().is_some_and(|object| object.iter().any(|(_, value)| concerns(value, how))),
    }
}

fn apply<'b>(value: &mut Value<'b>, how: &impl Change, arena: &'b Arena) {
    match value {
        Value::Text(text) => *value = how.apply(*text, arena),
        Value::Array(items) => items.iter_mut().for_each(|item| within(item, how, arena)),
        other => {
            if let Some(object) = other.object_mut(arena) {
                object.iter_mut().for_each(|(_, value)| within(value, how, arena));
            }
        }
    }
}
