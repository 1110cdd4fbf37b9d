//! What a field can hold. Strings are borrowed from the arena or from the bytes that were read.

use super::arena::{Arena, ArenaBox, ArenaVec};
use super::object::{Object, Shared};
use super::time::Timestamp;
use std::ops::{Deref, DerefMut};

/// A string, and whether it may go into a JSON document as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Text<'b> {
    pub str: &'b str,
    /// No character of it needs an escape in JSON: the writer copies it without looking.
    pub plain: bool,
}

impl<'b> Text<'b> {
    pub fn new(str: &'b str) -> Self {
        Text { str, plain: false }
    }
}

/// The items of an array: a vector in the arena, behind one pointer.
#[derive(Debug)]
pub struct Items<'b>(ArenaBox<'b, ArenaVec<'b, Value<'b>>>);

impl<'b> From<ArenaVec<'b, Value<'b>>> for Items<'b> {
    #[inline]
    fn from(items: ArenaVec<'b, Value<'b>>) -> Self {
        let arena = items.bump();
        Items(ArenaBox::new(items, arena))
    }
}

impl<'b> Deref for Items<'b> {
    type Target = ArenaVec<'b, Value<'b>>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Items<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<'b> IntoIterator for Items<'b> {
    type Item = Value<'b>;
    type IntoIter = <ArenaVec<'b, Value<'b>> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_inner().into_iter()
    }
}

impl<'v, 'b> IntoIterator for &'v Items<'b> {
    type Item = &'v Value<'b>;
    type IntoIter = std::slice::Iter<'v, Value<'b>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// A field's value: three words, since it is moved often. `Number` keeps the text of JSON numbers that are not small integers, so that a
/// forty-digit id or `1.10` leaves as it came.
#[derive(Debug)]
pub enum Value<'b> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A valid JSON number, as written.
    Number(&'b str),
    Text(Text<'b>),
    Time(Timestamp),
    Array(Items<'b>),
    Object(Object<'b>),
    /// Facts of the source, the same for all its events; copied when something is written into them.
    Shared(&'b Shared<'b>),
}

impl<'b> Value<'b> {
    /// A string of unknown content.
    pub fn text(str: &'b str) -> Self {
        Value::Text(Text::new(str))
    }

    /// A string that needs no escaping in JSON.
    pub fn plain(str: &'b str) -> Self {
        Value::Text(Text { str, plain: true })
    }

    /// A copy of `str` in the arena.
    pub fn copied(arena: &'b Arena, str: &str) -> Self {
        Value::text(arena.alloc_str(str))
    }

    pub fn as_str(&self) -> Option<&'b str> {
        match self {
            Value::Text(text) => Some(text.str),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Object<'b>> {
        match self {
            Value::Object(object) => Some(object),
            Value::Shared(shared) => Some(&shared.object),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Value<'b>]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The number it is, if it is one (strings are not).
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Value::Int(_) | Value::Float(_) | Value::Number(_))
    }

    /// Logstash's truth: everything but null and false.
    pub fn is_true(&self) -> bool {
        !matches!(self, Value::Null | Value::Bool(false))
    }

    /// A deep copy, in `arena`. Strings are shared, they never change.
    pub fn copy_in(&self, arena: &'b Arena) -> Value<'b> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Bool(*b),
            Value::Int(n) => Value::Int(*n),
            Value::Float(n) => Value::Float(*n),
            Value::Number(text) => Value::Number(text),
            Value::Text(text) => Value::Text(*text),
            Value::Time(time) => Value::Time(*time),
            Value::Shared(shared) => Value::Shared(shared),
            Value::Object(object) => Value::Object(object.copy_in(arena)),
            Value::Array(items) => {
                Value::Array(ArenaVec::from_iter_in(items.iter().map(|item| item.copy_in(arena)), arena).into())
            }
        }
    }

    /// The object to write into: what is shared is copied first. `None` if it is no object.
    pub fn object_mut(&mut self, arena: &'b Arena) -> Option<&mut Object<'b>> {
        if let Value::Shared(shared) = self {
            *self = Value::Object(shared.object.copy_in(arena));
        }
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// A list of these.
    pub fn array(items: ArenaVec<'b, Value<'b>>) -> Self {
        Value::Array(items.into())
    }

    /// The name of its type as Logstash's users know it, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Float(_) | Value::Number(_) => "number",
            Value::Text(_) => "string",
            Value::Time(_) => "timestamp",
            Value::Array(_) => "array",
            Value::Object(_) | Value::Shared(_) => "hash",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_three_words() {
        assert_eq!(size_of::<Value<'_>>(), 3 * size_of::<usize>());
    }
}
