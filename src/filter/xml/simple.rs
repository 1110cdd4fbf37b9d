//! Documents as hashes, the way Ruby's XmlSimple makes them: attributes and elements are entries, text stands under
//! `content` where there is anything beside it.

use super::dom::{Document, Kind, NodeId};
use crate::event::{Arena, ArenaVec, Object, Tag, Value};

/// How documents become hashes.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub force_array: bool,
    pub force_content: bool,
    pub suppress_empty: bool,
}

const CONTENT: &str = "content";

impl Shape {
    /// The value of an element.
    pub fn value<'b>(self, document: &Document, id: NodeId, arena: &'b Arena) -> Value<'b> {
        let (_, attributes) = document.element(id).unwrap_or_default();
        let mut object = Object::with_capacity_in(attributes.len() + 4, arena);
        for (name, value) in attributes {
            object.insert(arena.alloc_str(name), Value::copied(arena, value));
        }
        let children = &document.nodes[id].children;
        let is_element = |child: &&NodeId| document.element(**child).is_some();
        let text: String = children.iter().filter_map(|child| own_text(document, *child)).collect();
        if !children.iter().any(|child| is_element(&child)) && !text.trim().is_empty() {
            return self.of_text(object, &text, arena);
        }
        for child in children.iter().filter(is_element) {
            let value = self.value(document, *child, arena);
            let is_empty =
                matches!(&value, Value::Null) || matches!(&value, Value::Object(inside) if inside.is_empty());
            if self.suppress_empty && is_empty && attributes.is_empty() {
                continue;
            }
            let (name, _) = document.element(*child).unwrap_or_default();
            self.merge(&mut object, name, value, arena);
        }
        if !text.trim().is_empty() {
            object.insert(CONTENT, mixed(document, children, arena));
        }
        if object.is_empty() && self.suppress_empty { Value::Null } else { Value::Object(object) }
    }

    fn of_text<'b>(self, mut object: Object<'b>, text: &str, arena: &'b Arena) -> Value<'b> {
        let value = Value::copied(arena, text);
        if object.is_empty() && !self.force_content {
            return value;
        }
        object.insert(CONTENT, value);
        Value::Object(object)
    }

    /// Equal names become a list.
    fn merge<'b>(self, object: &mut Object<'b>, name: &str, value: Value<'b>, arena: &'b Arena) {
        if let Some(there) = object.find_mut(name, Tag::of(name)) {
            match there {
                Value::Array(items) => items.push(value),
                one => {
                    let first = std::mem::replace(one, Value::Null);
                    *one = Value::Array(ArenaVec::from_iter_in([first, value], arena).into());
                }
            }
            return;
        }
        let value = if self.force_array { Value::Array(ArenaVec::from_iter_in([value], arena).into()) } else { value };
        object.insert(arena.alloc_str(name), value);
    }
}

fn own_text(document: &Document, id: NodeId) -> Option<&str> {
    match &document.nodes[id].kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

/// The texts between elements: one as it is, several as a list.
fn mixed<'b>(document: &Document, children: &[NodeId], arena: &'b Arena) -> Value<'b> {
    let texts = children.iter().filter_map(|child| own_text(document, *child));
    let mut items = ArenaVec::from_iter_in(texts.map(|text| Value::copied(arena, text)), arena);
    if items.len() == 1 { items.pop().unwrap_or(Value::Null) } else { Value::Array(items.into()) }
}
