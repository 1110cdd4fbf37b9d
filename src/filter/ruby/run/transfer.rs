//! Values in and out: of events (`event::Value`), of other filters (`Data`), and as JSON.

use super::super::Data;
use super::super::names::Constant;
use super::super::value::{Key, Moment, NESTING_MAX, Obj, Table, Val};
use super::{Done, Machine};
use crate::event::json::{read, write};
use crate::event::{ArenaVec, Object, Value};

impl<'b> Machine<'_, 'b, '_> {
    /// A field's value for the script: a copy.
    pub(super) fn of_value(&mut self, value: &Value<'_>) -> Done {
        Ok(match value {
            Value::Null => Val::Nil,
            Value::Bool(value) => Val::Bool(*value),
            Value::Int(number) => Val::Int(*number),
            Value::Float(number) => Val::Float(*number),
            Value::Number(text) if text.contains(['.', 'e', 'E']) => Val::Float(text.parse().unwrap_or(f64::NAN)),
            Value::Number(text) => match text.parse() {
                Ok(number) => Val::Int(number),
                Err(_) => Val::Float(text.parse().unwrap_or(f64::NAN)),
            },
            Value::Text(text) => self.str(text.str)?,
            Value::Time(at) => Val::Time(Moment { at: *at, offset: 0, of_logstash: true }),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.of_value(item)).collect::<Done<Vec<_>>>()?;
                self.list(items)?
            }
            Value::Object(object) => self.of_object(object)?,
            Value::Shared(shared) => self.of_object(&shared.object)?,
        })
    }

    fn of_object(&mut self, object: &Object<'_>) -> Done {
        let mut table = Table::default();
        for (name, value) in object.iter() {
            let value = self.of_value(value)?;
            table.entries.insert(Key::Str(name.into()), value);
        }
        Ok(self.heap.add(Obj::Hash(table))?)
    }

    fn too_deep(&self) -> super::Flow {
        self.argument_error("the value is nested too deeply")
    }

    /// A value as a field's.
    pub(super) fn value(&mut self, value: Val, depth: u32) -> Done<Value<'b>> {
        let arena = self.cx.arena;
        if depth == NESTING_MAX {
            return Err(self.too_deep());
        }
        let at = match value {
            Val::Nil => return Ok(Value::Null),
            Val::Bool(value) => return Ok(Value::Bool(value)),
            Val::Int(number) => return Ok(Value::Int(number)),
            Val::Float(number) => return Ok(Value::Float(number)),
            Val::Time(moment) => return Ok(Value::Time(moment.at)),
            Val::Constant(constant) => return Ok(Value::plain(constant.text())),
            Val::Event(_) => return Err(self.type_error("an event cannot be the value of a field")),
            Val::Ref(at) => at,
        };
        Ok(match self.heap.get(at) {
            Obj::Str(text) => Value::copied(arena, text),
            Obj::Symbol(text) => Value::copied(arena, text),
            Obj::Array(items) => {
                let items = items.clone();
                self.heap.charge(items.len() * 32)?;
                let mut out = ArenaVec::with_capacity_in(items.len(), arena);
                for item in items {
                    out.push(self.value(item, depth + 1)?);
                }
                Value::Array(out.into())
            }
            Obj::Hash(table) => {
                let entries: Vec<(Key, Val)> = table.entries.iter().map(|(key, item)| (key.clone(), *item)).collect();
                self.heap.charge(entries.len() * 64)?;
                let mut object = Object::with_capacity_in(entries.len(), arena);
                for (key, item) in entries {
                    let item = self.value(item, depth + 1)?;
                    let name = self.key_text(&key)?;
                    object.insert(arena.alloc_str(&name), item);
                }
                Value::Object(object)
            }
            Obj::Range { .. } | Obj::Enumerator { .. } => {
                let items = self.items(value)?;
                let list = self.list(items)?;
                return self.value(list, depth + 1);
            }
            Obj::Proc(_) | Obj::Env { .. } => return Err(self.type_error("a block cannot be the value of a field")),
            _ => {
                let text = self.to_s(value);
                Value::copied(arena, &text)
            }
        })
    }

    fn key_text(&mut self, key: &Key) -> Done<String> {
        Ok(match key {
            Key::Str(text) | Key::Symbol(text) => text.to_string(),
            other => {
                let value = self.key_value(other)?;
                self.to_s(value)
            }
        })
    }

    /// What another filter hands in.
    pub(super) fn of_data(&mut self, data: &Data) -> Done {
        Ok(match data {
            Data::Nil => Val::Nil,
            Data::Bool(value) => Val::Bool(*value),
            Data::Int(number) => Val::Int(*number),
            Data::Float(number) => Val::Float(*number),
            Data::Text(text) => self.str(text.as_str())?,
            Data::Symbol(text) => self.symbol(text.as_str())?,
            Data::Time(at) => Val::Time(Moment { at: *at, offset: 0, of_logstash: true }),
            Data::List(items) => {
                let items = items.iter().map(|item| self.of_data(item)).collect::<Done<Vec<_>>>()?;
                self.list(items)?
            }
            Data::Hash(entries) => {
                let mut table = Table::default();
                for (key, value) in entries {
                    let key = self.of_data(key)?;
                    let value = self.of_data(value)?;
                    table.entries.insert(self.key(key), value);
                }
                Ok::<Val, super::Flow>(self.heap.add(Obj::Hash(table))?)?
            }
        })
    }

    /// A value for another filter.
    pub(super) fn data(&mut self, value: Val, depth: u32) -> Done<Data> {
        if depth == NESTING_MAX {
            return Err(self.too_deep());
        }
        let at = match value {
            Val::Nil | Val::Event(_) | Val::Constant(_) => return Ok(Data::Nil),
            Val::Bool(value) => return Ok(Data::Bool(value)),
            Val::Int(number) => return Ok(Data::Int(number)),
            Val::Float(number) => return Ok(Data::Float(number)),
            Val::Time(moment) => return Ok(Data::Time(moment.at)),
            Val::Ref(at) => at,
        };
        Ok(match self.heap.get(at) {
            Obj::Str(text) => Data::Text(text.clone()),
            Obj::Symbol(text) => Data::Symbol(text.to_string()),
            Obj::Array(items) => {
                let items = items.clone();
                Data::List(items.into_iter().map(|item| self.data(item, depth + 1)).collect::<Done<_>>()?)
            }
            Obj::Hash(table) => {
                let entries: Vec<(Key, Val)> = table.entries.iter().map(|(key, item)| (key.clone(), *item)).collect();
                let mut out = Vec::with_capacity(entries.len());
                for (key, item) in entries {
                    let key = self.key_value(&key)?;
                    out.push((self.data(key, depth + 1)?, self.data(item, depth + 1)?));
                }
                Data::Hash(out)
            }
            Obj::Proc(_) | Obj::Env { .. } => Data::Nil,
            _ => Data::Text(self.to_s(value)),
        })
    }

    pub(super) fn json_of(&mut self, value: Val) -> Done<String> {
        if let Val::Event(number) = value {
            let hash = self.of_event(number, super::super::names::Method::ToHash, &[])?.unwrap_or(Val::Nil);
            return self.json_of(hash);
        }
        let value = self.value(value, 0)?;
        let mut out = Vec::new();
        write::value(&value, &mut out);
        self.heap.charge(out.len())?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    pub(super) fn parse_json(&mut self, text: &str) -> Done {
        let arena = self.cx.arena;
        self.step(text.len() as u64 / 16)?;
        self.heap.charge(text.len())?;
        match read::value(arena.alloc_str(text), arena) {
            Ok(value) => self.of_value(&value),
            Err(_) => {
                let shown: String = text.chars().take(60).collect();
                Err(self.raise(Constant::ParserError, format!("unexpected token at '{shown}'")))
            }
        }
    }
}
