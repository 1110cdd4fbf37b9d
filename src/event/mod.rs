//! The event: a tree of fields that lives in an arena for as long as one line takes to pass through the pipeline.
//!
//! Terms: `root` holds the fields that go into documents, `metadata` is `[@metadata]`, which never leaves.
//! `identity` says which line the event was made of; document ids come from it.
//! Rules for `@timestamp` and `tags` follow the Logstash reference, "Accessing event data and fields".

pub mod absorb;
pub mod arena;
pub mod charset;
pub mod chunk;
pub mod csv;
pub mod destination;
pub mod display;
pub mod hints;
pub mod identity;
pub mod iso;
pub mod joda;
pub mod json;
pub mod object;
pub mod owned;
pub mod reference;
pub mod rules;
pub mod spool;
pub mod template;
pub mod time;
pub mod value;
pub mod zone;

pub use arena::{Arena, ArenaString, ArenaVec};
pub use identity::Identity;
pub use object::{Object, Shared, Tag};
pub use owned::Owned;
pub use reference::{FieldRef, Step};
pub use rules::Rules;
pub use template::Template;
pub use time::Timestamp;
pub use value::{Text, Value};

use std::fmt;

/// The name of the event's own time.
pub const TIMESTAMP: &str = "@timestamp";
/// The name of the list of tags.
pub const TAGS: &str = "tags";

/// One event on its way through a pipeline.
#[derive(Debug)]
pub struct Event<'b> {
    pub root: Object<'b>,
    /// `[@metadata]`, an object always; `None` until something is written there.
    pub metadata: Option<Value<'b>>,
    pub identity: Identity,
    /// When the line arrived: stands in for an event time that cannot be.
    pub arrived: Timestamp,
}

/// Why a field could not be written.
#[derive(Debug, Clone, PartialEq)]
pub enum BadPath {
    /// A part of the path is there, and is no hash or array, but of this type.
    InTheWay { path: String, found: &'static str },
    /// The field is reserved, and takes nothing of this type.
    Reserved { path: String, found: &'static str },
}

impl fmt::Display for BadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadPath::InTheWay { path, found } => write!(f, "cannot write field `{path}`: a {found} stands in its way"),
            BadPath::Reserved { path, found } => write!(f, "cannot write a {found} into the reserved field `{path}`"),
        }
    }
}

impl<'b> Event<'b> {
    /// An event with no fields at all.
    pub fn new(arena: &'b Arena, identity: Identity, arrived: Timestamp) -> Self {
        Event { root: Object::with_capacity_in(24, arena), metadata: None, identity, arrived }
    }

    /// A deep copy. It has the same identity: give it one of its own with `Identity::derived`.
    pub fn copy_in(&self, arena: &'b Arena) -> Self {
        Event {
            root: self.root.copy_in(arena),
            metadata: self.metadata.as_ref().map(|m| m.copy_in(arena)),
            identity: self.identity,
            arrived: self.arrived,
        }
    }

    /// The value at `path`; `None` if it is not there.
    #[inline]
    pub fn get(&self, path: &FieldRef) -> Option<&Value<'b>> {
        let Some((first, rest)) = path.steps.split_first() else {
            return self.metadata.as_ref();
        };
        let root = if path.metadata { self.metadata()? } else { &self.root };
        rest.iter().try_fold(root.find(&first.name, first.tag)?, |value, step| child(value, step))
    }

    /// The fields of `[@metadata]`.
    pub fn metadata(&self) -> Option<&Object<'b>> {
        self.metadata.as_ref()?.as_object()
    }

    /// The value at `path`, to be changed in place; shared facts on the way are copied first. `[@metadata]` as a whole
    /// is replaced, never changed: it must stay an object.
    pub fn get_mut(&mut self, path: &FieldRef, arena: &'b Arena) -> Option<&mut Value<'b>> {
        let root = if path.metadata { self.metadata.as_mut()?.object_mut(arena)? } else { &mut self.root };
        let (first, rest) = path.steps.split_first()?;
        let mut value = root.find_mut(&first.name, first.tag)?;
        for step in rest {
            value = child_mut(value, step, arena)?;
        }
        Some(value)
    }

    /// Writes `value` at `path`, making the hashes on the way. Gives back what stood there.
    /// `@timestamp` takes a time only, `tags` a string or a list of strings.
    pub fn set(&mut self, path: &FieldRef, value: Value<'b>, arena: &'b Arena) -> Result<Option<Value<'b>>, BadPath> {
        self.refuse_illegal(path, &value)?;
        let Some((last, way)) = path.steps.split_last() else {
            return self.set_metadata(value).map(|()| None);
        };
        let root = match path.metadata {
            true => {
                let metadata = self.metadata.get_or_insert_with(|| Value::Object(Object::new_in(arena)));
                metadata.object_mut(arena).expect("metadata is always an object")
            }
            false => &mut self.root,
        };
        let Some((first, way)) = way.split_first() else {
            return Ok(put(root, last, value, arena));
        };
        let mut at = enter(root, first, arena);
        for step in way {
            at = descend(at, step, path, arena)?;
        }
        write_in(at, last, value, path, arena)
    }

    fn set_metadata(&mut self, value: Value<'b>) -> Result<(), BadPath> {
        match value {
            Value::Object(_) | Value::Shared(_) => {
                self.metadata = Some(value);
                Ok(())
            }
            other => Err(BadPath::Reserved { path: "[@metadata]".into(), found: other.type_name() }),
        }
    }

    /// Takes the field away and gives it back.
    pub fn remove(&mut self, path: &FieldRef, arena: &'b Arena) -> Option<Value<'b>> {
        let Some((last, way)) = path.steps.split_last() else {
            return self.metadata.take();
        };
        let root = if path.metadata { self.metadata.as_mut()?.object_mut(arena)? } else { &mut self.root };
        let Some((first, way)) = way.split_first() else {
            return root.take(&last.name, last.tag);
        };
        let mut at = root.find_mut(&first.name, first.tag)?;
        for step in way {
            at = child_mut(at, step, arena)?;
        }
        match at {
            Value::Array(items) => array_index(last, items.len()).map(|index| items.remove(index)),
            other if other.as_object()?.find(&last.name, last.tag).is_none() => None,
            other => other.object_mut(arena)?.take(&last.name, last.tag),
        }
    }

    /// `add_field`: a field that is there already becomes an array that ends with the new value.
    pub fn add(&mut self, path: &FieldRef, value: Value<'b>, arena: &'b Arena) -> Result<(), BadPath> {
        self.refuse_illegal(path, &value)?;
        if path.as_top() == Some(TIMESTAMP) && self.timestamp().is_some() {
            return Err(reserved(path, "array"));
        }
        let Some(there) = self.get_mut(path, arena) else {
            return self.set(path, value, arena).map(|_| ());
        };
        if let Value::Array(items) = there {
            items.push(value);
            return Ok(());
        }
        let mut items = ArenaVec::with_capacity_in(2, arena);
        items.push(std::mem::replace(there, Value::Null));
        items.push(value);
        *there = Value::array(items);
        Ok(())
    }

    /// Adds `tag` to `tags`, once.
    pub fn tag(&mut self, tag: &str, arena: &'b Arena) {
        let name = Tag::of(TAGS);
        match self.root.find_mut(TAGS, name) {
            Some(Value::Array(tags)) => {
                if !tags.iter().any(|there| there.as_str() == Some(tag)) {
                    tags.push(Value::copied(arena, tag));
                }
            }
            Some(Value::Text(there)) if there.str == tag => {}
            Some(there @ Value::Text(_)) => {
                let mut tags = ArenaVec::with_capacity_in(2, arena);
                tags.push(std::mem::replace(there, Value::Null));
                tags.push(Value::copied(arena, tag));
                *there = Value::array(tags);
            }
            _ => {
                let mut tags = ArenaVec::with_capacity_in(2, arena);
                tags.push(Value::copied(arena, tag));
                self.root.put(TAGS, name, true, Value::array(tags));
            }
        }
    }

    /// Takes `tag` out of `tags`; an empty list stays.
    pub fn untag(&mut self, tag: &str) {
        match self.root.find_mut(TAGS, Tag::of(TAGS)) {
            Some(Value::Array(tags)) => tags.retain(|there| there.as_str() != Some(tag)),
            Some(Value::Text(there)) if there.str == tag => {
                self.root.remove(TAGS);
            }
            _ => {}
        }
    }

    /// `@timestamp`, if the event has one.
    #[inline]
    pub fn timestamp(&self) -> Option<Timestamp> {
        match self.root.find(TIMESTAMP, Tag::of(TIMESTAMP)) {
            Some(Value::Time(time)) => Some(*time),
            _ => None,
        }
    }

    #[inline]
    pub fn set_timestamp(&mut self, time: Timestamp) {
        self.root.put(TIMESTAMP, Tag::of(TIMESTAMP), true, Value::Time(time));
    }
}

fn array_index(step: &Step, len: usize) -> Option<usize> {
    let index = step.index?;
    let index = if index < 0 { index.checked_add(len as i64)? } else { index };
    usize::try_from(index).ok().filter(|index| *index < len)
}

#[inline]
fn child<'v, 'b>(value: &'v Value<'b>, step: &Step) -> Option<&'v Value<'b>> {
    match value {
        Value::Array(items) => items.get(array_index(step, items.len())?),
        other => other.as_object()?.find(&step.name, step.tag),
    }
}

fn child_mut<'v, 'b>(value: &'v mut Value<'b>, step: &Step, arena: &'b Arena) -> Option<&'v mut Value<'b>> {
    match value {
        Value::Array(items) => {
            let index = array_index(step, items.len())?;
            items.get_mut(index)
        }
        other => other.object_mut(arena)?.find_mut(&step.name, step.tag),
    }
}

fn put<'b>(object: &mut Object<'b>, step: &Step, value: Value<'b>, arena: &'b Arena) -> Option<Value<'b>> {
    if let Some(there) = object.find_mut(&step.name, step.tag) {
        return Some(std::mem::replace(there, value));
    }
    object.put(arena.alloc_str(&step.name), step.tag, step.plain, value)
}

/// The value under `step`, made as an empty hash if it is not there.
fn enter<'v, 'b>(object: &'v mut Object<'b>, step: &Step, arena: &'b Arena) -> &'v mut Value<'b> {
    if object.find(&step.name, step.tag).is_none() {
        put(object, step, Value::Object(Object::new_in(arena)), arena);
    }
    object.find_mut(&step.name, step.tag).expect("the entry was written just above")
}

fn in_the_way(path: &FieldRef, found: &'static str) -> BadPath {
    BadPath::InTheWay { path: path.to_string(), found }
}

fn reserved(path: &FieldRef, found: &'static str) -> BadPath {
    BadPath::Reserved { path: path.to_string(), found }
}

fn descend<'v, 'b>(
    at: &'v mut Value<'b>,
    step: &Step,
    path: &FieldRef,
    arena: &'b Arena,
) -> Result<&'v mut Value<'b>, BadPath> {
    if let Value::Array(items) = at {
        let len = items.len();
        // One behind the last is made, as in `[list][0][a]` of an empty list.
        if step.index == Some(len as i64) {
            items.push(Value::Object(Object::new_in(arena)));
        }
        return match array_index(step, items.len()) {
            Some(index) => Ok(&mut items[index]),
            None => Err(in_the_way(path, "array")),
        };
    }
    if at.as_object().is_none() {
        return Err(in_the_way(path, at.type_name()));
    }
    let object = at.object_mut(arena).expect("it was an object just above");
    Ok(enter(object, step, arena))
}

fn write_in<'b>(
    at: &mut Value<'b>,
    last: &Step,
    value: Value<'b>,
    path: &FieldRef,
    arena: &'b Arena,
) -> Result<Option<Value<'b>>, BadPath> {
    if let Value::Array(items) = at {
        return match (array_index(last, items.len()), last.index) {
            (Some(index), _) => Ok(Some(std::mem::replace(&mut items[index], value))),
            (None, Some(index)) if index == items.len() as i64 => {
                items.push(value);
                Ok(None)
            }
            _ => Err(in_the_way(path, "array")),
        };
    }
    match at.object_mut(arena) {
        Some(object) => Ok(put(object, last, value, arena)),
        None => Err(in_the_way(path, at.type_name())),
    }
}

#[cfg(test)]
mod tests;
