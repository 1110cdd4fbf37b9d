//! `convert_datatype`: texts become numbers.

use crate::event::{Event, FieldRef, Value};
use crate::filter::Context;

#[derive(Clone, Debug)]
pub struct Conversion {
    pub path: FieldRef,
    /// The field as the setting names it, for tags.
    pub field: Box<str>,
    pub to: Number,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int,
    Float,
}

impl Conversion {
    /// Converts the field; what is no number stays, with a tag that says why.
    pub fn apply<'b>(&self, event: &mut Event<'b>, cx: &Context<'b, '_>) -> bool {
        let arena = cx.arena;
        let why = match event.get(&self.path) {
            None => "missing",
            Some(Value::Null) => "nullvalue",
            Some(value) => match self.to.of(value) {
                Some(number) => return event.set(&self.path, number, arena).is_ok(),
                None => "uncoercible",
            },
        };
        cx.because(event, &self.path, || match why {
            "missing" => "there is nothing to convert",
            "nullvalue" => "null is not converted",
            _ => "no number",
        });
        let to = if self.to == Number::Int { "int" } else { "float" };
        event.tag(&format!("_dataconversion{why}_{}_{to}", self.field), arena);
        false
    }
}

impl Number {
    fn of<'b>(self, value: &Value<'_>) -> Option<Value<'b>> {
        let number = match value {
            Value::Text(text) => {
                let text = text.str.trim();
                if let (Number::Int, Ok(whole)) = (self, text.parse()) {
                    return Some(Value::Int(whole));
                }
                // `inf` and `nan` are numbers to Rust alone.
                text.parse().ok().filter(|_| text.ends_with(|c: char| c.is_ascii_digit() || c == '.'))?
            }
            Value::Int(whole) if self == Number::Int => return Some(Value::Int(*whole)),
            other => other.as_f64()?,
        };
        match self {
            Number::Float => Some(Value::Float(number)),
            Number::Int => (number.abs() < 9.0e18).then(|| Value::Int(number.trunc() as i64)),
        }
    }
}
