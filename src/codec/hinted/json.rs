//! The hint `json`, and `decode_json_fields`: objects into events, by Filebeat's rules for keys that are there already.

use super::super::Start;
use super::super::charset::Charset;
use super::super::plain::message_event;
use crate::event::chunk::Frame;
use crate::event::hints::JsonLines;
use crate::event::json::read;
use crate::event::{Arena, Event, FieldRef, Object, TAGS, TIMESTAMP, Tag, Value};

/// The field of keys that do not become fields of the event.
const JSON: &str = "json";
/// What a line says of these never takes the place of what the engine says.
const OURS: &[&str] = &["container", "stream"];
const METADATA: &str = "@metadata";

/// The event of a line, and the text that decides whether it is wanted: that of the `message_key`, where one is named.
pub fn read<'b>(
    hint: &JsonLines,
    frame: &Frame<'b>,
    arena: &'b Arena,
    start: &Start<'_, 'b>,
) -> (Event<'b>, Option<&'b [u8]>) {
    let text = Charset::Utf8.text(frame.bytes, arena);
    let object = match read::object(text, arena) {
        Ok(object) => object,
        Err(_) => {
            let mut event = message_event(text, false, start(frame, 0), arena);
            if hint.add_error_key {
                say_error(&mut event, "the line is not a JSON object", arena);
            }
            return (event, Some(frame.bytes));
        }
    };
    let key = hint.message_key.as_deref();
    let line = match key {
        Some(key) => object.get(key).and_then(Value::as_str).map(str::as_bytes),
        None => Some(frame.bytes),
    };
    let object = if hint.expand_keys { expand(object, arena) } else { object };
    let mut event = start(frame, 0);
    if hint.keys_under_root {
        absorb(&mut event, object, hint.overwrite_keys, arena);
    } else {
        event.root.insert(JSON, Value::Object(object));
    }
    if let Some(key) = key.filter(|_| line.is_none() && hint.add_error_key) {
        say_error(&mut event, &format!("the key `{key}` is no text"), arena);
    }
    (event, line)
}

/// Writes the keys into the event's root; objects are joined key by key.
pub fn absorb<'b>(event: &mut Event<'b>, object: Object<'b>, overwrite: bool, arena: &'b Arena) {
    let mut free = Object::with_capacity_in(object.len(), arena);
    for (name, tag, plain, value) in object.into_parts() {
        let overwrite = overwrite && !OURS.contains(&name);
        match event.root.find_mut(name, tag) {
            Some(there) if name != TIMESTAMP && name != TAGS => merge(there, value, overwrite, arena),
            Some(_) if !overwrite => {}
            // The working space is the pipeline's, not a line's.
            _ if name == METADATA => {}
            _ => _ = free.put(name, tag, plain, value),
        }
    }
    event.absorb(free, arena);
}

fn merge<'b>(there: &mut Value<'b>, value: Value<'b>, overwrite: bool, arena: &'b Arena) {
    if there.as_object().is_none() || value.as_object().is_none() {
        if overwrite {
            *there = value;
        }
        return;
    }
    let (Some(into), Value::Object(object)) = (there.object_mut(arena), value) else { return };
    for (name, tag, plain, value) in object.into_parts() {
        match into.find_mut(name, tag) {
            Some(there) => merge(there, value, overwrite, arena),
            None => _ = into.put(name, tag, plain, value),
        }
    }
}

/// Dots in keys part objects.
fn expand<'b>(object: Object<'b>, arena: &'b Arena) -> Object<'b> {
    let mut out = Object::with_capacity_in(object.len(), arena);
    for (name, value) in object.into_entries() {
        let value = match value {
            Value::Object(inner) => Value::Object(expand(inner, arena)),
            other => other,
        };
        put(&mut out, name, value, arena);
    }
    out
}

fn put<'b>(out: &mut Object<'b>, name: &'b str, value: Value<'b>, arena: &'b Arena) {
    let parts = name.split_once('.').filter(|(first, rest)| !first.is_empty() && !rest.is_empty());
    let Some((first, rest)) = parts else {
        match out.find_mut(name, Tag::of(name)) {
            Some(there) => merge(there, value, true, arena),
            None => _ = out.insert(name, value),
        }
        return;
    };
    if out.get(first).is_none() {
        out.insert(first, Value::Object(Object::new_in(arena)));
    }
    match out.find_mut(first, Tag::of(first)) {
        Some(Value::Object(inner)) => put(inner, rest, value, arena),
        // Something that is no object stands in the way: the name stays whole.
        _ => _ = out.insert(name, value),
    }
}

/// `error.message` and `error.type`, as Filebeat's `add_error_key` writes them.
pub fn say_error<'b>(event: &mut Event<'b>, text: &str, arena: &'b Arena) {
    for (path, text) in [("[error][message]", text), ("[error][type]", JSON)] {
        let path = FieldRef::parse(path).expect("the reference is well formed");
        // A line may have put something else there: then that stays.
        event.set(&path, Value::copied(arena, text), arena).ok();
    }
}
