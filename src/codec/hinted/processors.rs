//! The hints `processors`: small changes to an event, in their order.

use super::json;
use crate::event::hints::{Act, JsonTarget, Processor, When};
use crate::event::json::{read, write};
use crate::event::{Arena, Event, FieldRef, TIMESTAMP, Value};
use std::borrow::Cow;

/// Applies all of them. `false`: the event is dropped.
pub fn apply<'b>(processors: &[Processor], event: &mut Event<'b>, arena: &'b Arena) -> bool {
    for processor in processors {
        if processor.when.as_ref().is_none_or(|when| holds(when, event)) {
            if matches!(processor.act, Act::DropEvent) {
                return false;
            }
            act(&processor.act, event, arena);
        }
    }
    true
}

/// What cannot be written, because something else stands in its way, is not.
fn act<'b>(act: &Act, event: &mut Event<'b>, arena: &'b Arena) {
    match act {
        Act::AddFields(fields) => {
            for (path, text) in fields {
                event.set(path, Value::copied(arena, text), arena).ok();
            }
        }
        Act::AddTags(tags) => tags.iter().for_each(|tag| event.tag(tag, arena)),
        Act::DropFields(fields) => {
            for path in fields.iter().filter(|path| path.as_top() != Some(TIMESTAMP)) {
                event.remove(path, arena);
            }
        }
        Act::DropEvent => {}
        Act::Rename(pairs) => {
            for (from, to) in pairs.iter().filter(|(from, _)| from.as_top() != Some(TIMESTAMP)) {
                if copy(from, to, event, arena) {
                    event.remove(from, arena);
                }
            }
        }
        Act::CopyFields(pairs) => {
            for (from, to) in pairs {
                copy(from, to, event, arena);
            }
        }
        Act::DecodeJsonFields { fields, target, overwrite_keys, add_error_key } => {
            for field in fields {
                decode(field, target, (*overwrite_keys, *add_error_key), event, arena);
            }
        }
    }
}

fn copy<'b>(from: &FieldRef, to: &FieldRef, event: &mut Event<'b>, arena: &'b Arena) -> bool {
    let Some(value) = event.get(from).filter(|_| event.get(to).is_none()).map(|value| value.copy_in(arena)) else {
        return false;
    };
    event.set(to, value, arena).is_ok()
}

fn decode<'b>(
    field: &FieldRef,
    target: &JsonTarget,
    (overwrite_keys, add_error_key): (bool, bool),
    event: &mut Event<'b>,
    arena: &'b Arena,
) {
    let Some(text) = event.get(field).and_then(Value::as_str) else { return };
    let object = match read::object(text, arena) {
        Ok(object) => object,
        Err(_) if add_error_key => return json::say_error(event, "the field is not a JSON object", arena),
        Err(_) => return,
    };
    let path = match target {
        JsonTarget::Root => return json::absorb(event, object, overwrite_keys, arena),
        JsonTarget::Itself => field,
        JsonTarget::Field(path) => path,
    };
    event.set(path, Value::Object(object), arena).ok();
}

fn holds(when: &When, event: &Event<'_>) -> bool {
    match when {
        When::Equals(field, text) => event.get(field).is_some_and(|value| written(value) == **text),
        When::Contains(field, text) => any(event, field, |value| value.contains(&**text)),
        When::Regexp(field, pattern) => any(event, field, |value| pattern.is_match(value.as_bytes())),
        When::HasFields(fields) => fields.iter().all(|field| event.get(field).is_some()),
        When::Not(inner) => !holds(inner, event),
        When::All(all) => all.iter().all(|inner| holds(inner, event)),
        When::Any(any) => any.iter().any(|inner| holds(inner, event)),
    }
}

/// Of an array one item is enough.
fn any(event: &Event<'_>, field: &FieldRef, is_so: impl Fn(&str) -> bool) -> bool {
    match event.get(field) {
        Some(Value::Array(items)) => items.iter().any(|item| is_so(&written(item))),
        Some(value) => is_so(&written(value)),
        None => false,
    }
}

/// A text as it is, anything else as JSON writes it.
fn written<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    if let Some(text) = value.as_str() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::new();
    write::value(value, &mut out);
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}
