//! A value that outlives its event: what dictionaries hold, and what filters remember from event to event.

use super::arena::{Arena, ArenaVec};
use super::object::Object;
use super::value::{Text, Value};
use super::{Timestamp, json};

/// `Value`, with memory of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Owned {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A valid JSON number, as written.
    Number(Box<str>),
    Text(Box<str>),
    Time(Timestamp),
    List(Vec<Owned>),
    /// In the order of its entries.
    Hash(Vec<(Box<str>, Owned)>),
}

impl Owned {
    pub fn of(value: &Value<'_>) -> Owned {
        match value {
            Value::Null => Owned::Null,
            Value::Bool(truth) => Owned::Bool(*truth),
            Value::Int(number) => Owned::Int(*number),
            Value::Float(number) => Owned::Float(*number),
            Value::Number(text) => Owned::Number((*text).into()),
            Value::Text(text) => Owned::Text(text.str.into()),
            Value::Time(time) => Owned::Time(*time),
            Value::Array(items) => Owned::List(items.iter().map(Owned::of).collect()),
            Value::Object(object) => Owned::Hash(entries(object)),
            Value::Shared(shared) => Owned::Hash(entries(&shared.object)),
        }
    }

    /// The value in an arena.
    pub fn value<'b>(&self, arena: &'b Arena) -> Value<'b> {
        match self {
            Owned::Null => Value::Null,
            Owned::Bool(truth) => Value::Bool(*truth),
            Owned::Int(number) => Value::Int(*number),
            Owned::Float(number) => Value::Float(*number),
            Owned::Number(text) => Value::Number(arena.alloc_str(text)),
            Owned::Text(text) => Value::Text(Text::new(arena.alloc_str(text))),
            Owned::Time(time) => Value::Time(*time),
            Owned::List(items) => {
                Value::array(ArenaVec::from_iter_in(items.iter().map(|item| item.value(arena)), arena))
            }
            Owned::Hash(entries) => {
                let mut object = Object::with_capacity_in(entries.len(), arena);
                for (name, value) in entries {
                    object.insert(arena.alloc_str(name), value.value(arena));
                }
                Value::Object(object)
            }
        }
    }

    /// The value that a JSON text is.
    pub fn from_json(text: &str) -> Result<Owned, json::read::NotJson> {
        let arena = Arena::new();
        json::read::value(text, &arena).map(|value| Owned::of(&value))
    }
}

fn entries(object: &Object<'_>) -> Vec<(Box<str>, Owned)> {
    object.iter().map(|(name, value)| (name.into(), Owned::of(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_went() {
        let text =
            r#"{"n":null,"b":true,"i":-5,"f":1.50,"long":123456789012345678901234567890,"t":"x\"y","l":[1,[]],"h":{}}"#;
        let arena = Arena::new();
        let mut out = Vec::new();
        json::write::value(&Owned::from_json(text).unwrap().value(&arena), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}
