//! What differs between two JSON objects, field by field, by the references that a pipeline would use.
//!
//! Read by our own reader: numbers keep their text, so `1` and `1.0` differ and forty digits do not come out equal.
//! The order of fields is no difference.

use crate::event::json::read::{NotJson, object};
use crate::event::json::write::text;
use crate::event::{Arena, Object, Value};

/// A field and what became of it; values as JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Added { field: String, new: String },
    Changed { field: String, old: String, new: String },
    Removed { field: String, old: String },
}

impl Change {
    /// `[a][b]`
    pub fn field(&self) -> &str {
        match self {
            Change::Added { field, .. } | Change::Changed { field, .. } | Change::Removed { field, .. } => field,
        }
    }
}

/// What makes `new` of `old`, two texts that are JSON objects. What was removed comes before what was added.
pub fn between(old: &str, new: &str) -> Result<Vec<Change>, NotJson> {
    let arena = Arena::new();
    let (old, new) = (object(old, &arena)?, object(new, &arena)?);
    let mut changes = Vec::new();
    compare(&mut String::new(), &old, &new, &mut changes);
    Ok(changes)
}

/// Hashes are compared field by field, anything else as a whole.
fn compare(path: &mut String, old: &Object<'_>, new: &Object<'_>, changes: &mut Vec<Change>) {
    for (name, old) in old.iter() {
        within(path, name, |path| match (old.as_object(), new.get(name)) {
            (_, None) => each_leaf(path, old, &mut |field, old| changes.push(Change::Removed { field, old })),
            (Some(old), Some(new)) if new.as_object().is_some() => {
                new.as_object().into_iter().for_each(|new| compare(path, old, new, changes));
            }
            (_, Some(new)) if !equal(old, new) => {
                changes.push(Change::Changed { field: path.clone(), old: text(old), new: text(new) });
            }
            _ => {}
        });
    }
    for (name, new) in new.iter().filter(|(name, _)| old.get(name).is_none()) {
        within(path, name, |path| {
            each_leaf(path, new, &mut |field, new| changes.push(Change::Added { field, new }));
        });
    }
}

/// A hash is shown field by field, as it will be referred to.
fn each_leaf(path: &mut String, value: &Value<'_>, each: &mut dyn FnMut(String, String)) {
    match value.as_object().filter(|fields| !fields.is_empty()) {
        Some(fields) => {
            fields.iter().for_each(|(name, value)| within(path, name, |path| each_leaf(path, value, each)));
        }
        None => each(path.clone(), text(value)),
    }
}

fn within(path: &mut String, name: &str, then: impl FnOnce(&mut String)) {
    let outer = path.len();
    path.extend(["[", name, "]"]);
    then(path);
    path.truncate(outer);
}

fn equal(old: &Value<'_>, new: &Value<'_>) -> bool {
    if let (Some(old), Some(new)) = (old.as_object(), new.as_object()) {
        let same = |(name, old): (&str, &Value<'_>)| new.get(name).is_some_and(|new| equal(old, new));
        return old.len() == new.len() && old.iter().all(same);
    }
    if let (Some(old), Some(new)) = (old.as_array(), new.as_array()) {
        return old.len() == new.len() && old.iter().zip(new).all(|(old, new)| equal(old, new));
    }
    text(old) == text(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: &[Change]) {
        assert_eq!(between(old, new).unwrap(), expected, "{old} {new}");
    }

    fn added(field: &str, new: &str) -> Change {
        Change::Added { field: field.into(), new: new.into() }
    }

    fn removed(field: &str, old: &str) -> Change {
        Change::Removed { field: field.into(), old: old.into() }
    }

    fn changed(field: &str, old: &str, new: &str) -> Change {
        Change::Changed { field: field.into(), old: old.into(), new: new.into() }
    }

    #[test]
    fn what_was_added_changed_and_removed_is_found_by_its_reference() {
        check("{}", "{}", &[]);
        check(r#"{"a":1}"#, r#"{"a":2}"#, &[changed("[a]", "1", "2")]);
        check(r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}}"#, &[removed("[a][c]", "2")]);
        check("{}", r#"{"a":{"b":1,"c":{}}}"#, &[added("[a][b]", "1"), added("[a][c]", "{}")]);
        check(r#"{"a":{"b":1}}"#, "{}", &[removed("[a][b]", "1")]);
        check(r#"{"a":1}"#, r#"{"a":{"b":1}}"#, &[changed("[a]", "1", r#"{"b":1}"#)]);
        check(r#"{"t":["x"]}"#, r#"{"t":["x","y"]}"#, &[changed("[t]", r#"["x"]"#, r#"["x","y"]"#)]);
    }

    #[test]
    fn the_order_of_fields_is_no_difference_and_the_way_a_number_is_written_is_one() {
        check(r#"{"a":1,"b":{"c":2,"d":3}}"#, r#"{"b":{"d":3,"c":2},"a":1}"#, &[]);
        check(r#"{"a":[{"c":2,"d":3}]}"#, r#"{"a":[{"d":3,"c":2}]}"#, &[]);
        check(r#"{"a":1}"#, r#"{"a":1.0}"#, &[changed("[a]", "1", "1.0")]);
        check(r#"{"a":1e999}"#, r#"{"a":1e999}"#, &[]);
        let long = |last: u8| format!(r#"{{"a":1234567890123456789012345678901234567{last}}}"#);
        assert_eq!(between(&long(1), &long(2)).unwrap().len(), 1);
    }
}
