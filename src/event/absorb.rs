//! Logstash's rules for the two names that it reserves.
//!
//! Parsed fields are taken in: `@timestamp` must be a time, text that is one is converted, anything else is kept as
//! `_@timestamp` and tagged; `tags` must be a string or a list of strings, anything else is kept as `_tags` and tagged.
//! A single write of another type is refused. With `event_api.tags.illegal` at `warn`, any `tags` will do.
//! Source: Logstash reference, "Accessing event data and fields", and "logstash.yml".

use super::arena::Arena;
use super::object::{Object, Tag};
use super::reference::FieldRef;
use super::rules::{IllegalTags, Rules};
use super::value::Value;
use super::{BadPath, Event, TAGS, TIMESTAMP, Timestamp, reserved};

/// The tag of an event whose `@timestamp` could not be read.
pub const TIMESTAMP_FAILURE: &str = "_timestampparsefailure";
/// The tag of an event whose `tags` was no list of strings.
pub const TAGS_FAILURE: &str = "_tagsparsefailure";
/// Where the unreadable `@timestamp` is kept.
pub const TIMESTAMP_KEPT: &str = "_@timestamp";
/// Where the illegal `tags` are kept.
pub const TAGS_KEPT: &str = "_tags";

const METADATA: &str = "@metadata";
/// Most names are told apart from the reserved ones by these.
const RESERVED_TAGS: [Tag; 3] = [Tag::of(TIMESTAMP), Tag::of(TAGS), Tag::of(METADATA)];

impl<'b> Event<'b> {
    /// Writes every field of `object` into the root, over what stood there.
    pub fn absorb(&mut self, object: Object<'b>, arena: &'b Arena) {
        for (name, tag, plain, value) in object.into_parts() {
            match name {
                _ if !RESERVED_TAGS.contains(&tag) => {
                    self.root.put(name, tag, plain, value);
                }
                TIMESTAMP => self.absorb_timestamp(value, arena),
                TAGS => self.absorb_tags(value, arena),
                METADATA => {
                    if value.as_object().is_some() {
                        self.metadata = Some(value);
                    }
                }
                _ => {
                    self.root.put(name, tag, plain, value);
                }
            }
        }
    }

    /// Whether a value of this type may be written at `path`.
    #[inline]
    pub(super) fn refuse_illegal(&self, path: &FieldRef, value: &Value<'b>) -> Result<(), BadPath> {
        match path.steps.first() {
            Some(first) if !path.metadata && RESERVED_TAGS.contains(&first.tag) && !self.is_legal(path, value) => {
                Err(reserved(path, value.type_name()))
            }
            _ => Ok(()),
        }
    }

    fn is_legal(&self, path: &FieldRef, value: &Value<'b>) -> bool {
        match (&*path.steps[0].name, &path.steps[1..]) {
            (TIMESTAMP, way) => way.is_empty() && matches!(value, Value::Time(_)),
            (TAGS, _) if Rules::now().illegal_tags == IllegalTags::Warn => true,
            (TAGS, []) => are_tags(value),
            (TAGS, [_]) => value.as_str().is_some() && matches!(self.root.get(TAGS), Some(Value::Array(_))),
            (TAGS, _) => false,
            _ => true,
        }
    }

    fn absorb_timestamp(&mut self, value: Value<'b>, arena: &'b Arena) {
        let time = match &value {
            Value::Time(time) => Some(*time),
            Value::Text(text) => Timestamp::parse_iso(text.str),
            _ => None,
        };
        match time {
            Some(time) => self.set_timestamp(time),
            None => {
                self.tag(TIMESTAMP_FAILURE, arena);
                self.root.put(TIMESTAMP_KEPT, Tag::of(TIMESTAMP_KEPT), true, value);
            }
        }
    }

    fn absorb_tags(&mut self, value: Value<'b>, arena: &'b Arena) {
        if are_tags(&value) || Rules::now().illegal_tags == IllegalTags::Warn {
            self.root.put(TAGS, Tag::of(TAGS), true, value);
        } else {
            self.root.put(TAGS_KEPT, Tag::of(TAGS_KEPT), true, value);
            self.tag(TAGS_FAILURE, arena);
        }
    }
}

/// A string or a list of strings; nothing is as good as none.
fn are_tags(value: &Value<'_>) -> bool {
    match value {
        Value::Text(_) | Value::Null => true,
        Value::Array(items) => items.iter().all(|item| item.as_str().is_some()),
        _ => false,
    }
}
