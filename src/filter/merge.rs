//! Parsed fields written into the root of an event: keys may be field references.

use crate::event::{Arena, Event, FieldRef, Object};

/// Writes the fields into the root. A key that is a reference (`[a][b]`) says where its value goes; one with brackets
/// that is none becomes a field of exactly that name.
pub fn into_root<'b>(object: Object<'b>, event: &mut Event<'b>, arena: &'b Arena) {
    let is_reference = |name: &str| name.starts_with('[');
    if !object.iter().any(|(name, _)| is_reference(name)) {
        return event.absorb(object, arena);
    }
    let mut referred = Vec::new();
    let mut plain = Object::with_capacity_in(object.len(), arena);
    for (name, value) in object.into_entries() {
        match FieldRef::parse(name) {
            Ok(path) if is_reference(name) && path.as_top().is_none() => referred.push((name, path, value)),
            Ok(path) if is_reference(name) => {
                plain.insert(arena.alloc_str(path.as_top().unwrap_or(name)), value);
            }
            _ => {
                plain.insert(name, value);
            }
        }
    }
    event.absorb(plain, arena);
    for (name, path, value) in referred {
        let kept = value.copy_in(arena);
        if event.set(&path, value, arena).is_err() {
            event.root.insert(name, kept);
        }
    }
}
