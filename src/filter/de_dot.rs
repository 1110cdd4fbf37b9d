//! The `de_dot` filter: dots in names become another separator, or fields inside fields.
//!
//! Settings: Logstash reference, "De_dot filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome, name};
use crate::event::{Arena, Event, FieldRef, Object, Step, Tag, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("de_dot/examples.txt"),
    build: |settings, _| build(settings),
};

/// How deep `recursive` looks.
const DEPTH_MAX: usize = 100;

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "de_dot",
    summary: "Renames fields with dots in their names.",
    settings: &[
        Setting::new("separator", Kind::String, Fallback::Text("_"), "What takes the place of dots."),
        Setting::new(
            "nested",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Make fields inside fields: `a.b` becomes `[a][b]`.",
        ),
        Setting::new(
            "fields",
            Kind::Array,
            Fallback::Empty,
            "The fields to look at, such as `[foo][bar.suffix]`. Without it, all top-level fields.",
        ),
        Setting::new("recursive", Kind::Boolean, Fallback::Boolean(false), "Look at fields inside those fields too."),
    ],
    example: r#"filter { de_dot { fields => [ "field.suffix", "[foo][bar.suffix]" ] } }"#,
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let separator = settings.text("separator").unwrap_or("_");
    if separator.contains('.') {
        return Err(Fault::at(settings.place("separator"), "`separator` cannot have a dot in it"));
    }
    let items = settings.items("fields");
    let fields = items.iter().map(|item| name::reference(item.as_text().unwrap_or_default(), item.place));
    Ok(Box::new(DeDot {
        separator: separator.into(),
        nested: settings.boolean("nested"),
        recursive: settings.boolean("recursive"),
        fields: fields.collect::<Result<_, _>>()?,
    }))
}

#[derive(Clone, Debug)]
struct DeDot {
    separator: Box<str>,
    nested: bool,
    recursive: bool,
    /// Empty: all top-level ones.
    fields: Vec<FieldRef>,
}

/// Whether `a.b` goes into a field that is there: `a`.
fn is_within(dotted: &str, name: &str) -> bool {
    dotted.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

impl Filter for DeDot {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        if self.fields.is_empty() {
            self.object(&mut event.root, 0, cx.arena);
        }
        for field in &self.fields {
            self.field(field, event, cx.arena);
        }
        Outcome::Matched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

impl DeDot {
    /// Renames one field, whose last name alone is looked at.
    fn field<'b>(&self, path: &FieldRef, event: &mut Event<'b>, arena: &'b Arena) {
        if self.recursive
            && let Some(value) = event.get_mut(path, arena)
        {
            self.inside(value, 1, arena);
        }
        let Some((last, way)) = path.steps.split_last().filter(|(last, _)| last.name.contains('.')) else { return };
        let steps = way.iter().cloned().chain(self.names(&last.name).map(|name| Step::new(&name))).collect();
        let to = FieldRef { metadata: path.metadata, steps };
        if let Some(value) = event.remove(path, arena) {
            let spare = value.copy_in(arena);
            if event.set(&to, value, arena).is_err() {
                event.set(path, spare, arena).expect("the field was there just before");
            }
        }
    }

    /// The name or names that a name with dots becomes.
    fn names(&self, name: &str) -> impl Iterator<Item = String> {
        let names: Vec<String> = match self.nested {
            true => name.split('.').filter(|name| !name.is_empty()).map(String::from).collect(),
            false => vec![name.replace('.', &self.separator)],
        };
        names.into_iter()
    }

    /// Renames the fields of an object, in their places where they stay at its level.
    fn object<'b>(&self, object: &mut Object<'b>, depth: usize, arena: &'b Arena) {
        if self.recursive && depth < DEPTH_MAX {
            object.iter_mut().for_each(|(_, value)| self.inside(value, depth + 1, arena));
        }
        if !object.iter().any(|(name, _)| name.contains('.')) {
            return;
        }
        let mut entries: Vec<_> =
            std::mem::replace(object, Object::with_capacity_in(object.len(), arena)).into_entries().collect();
        if self.nested && entries.iter().any(|(name, _)| entries.iter().any(|(other, _)| is_within(other, name))) {
            // `a` must be there before `a.b` is put into it.
            entries.sort_by_key(|(name, _)| name.contains('.'));
        }
        for (name, value) in entries {
            if !name.contains('.') {
                object.insert(name, value);
            } else if let Err(value) = put(object, &self.names(name).collect::<Vec<_>>(), value, arena) {
                object.insert(name, value);
            }
        }
    }

    fn inside<'b>(&self, value: &mut Value<'b>, depth: usize, arena: &'b Arena) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.inside(item, depth, arena)),
            other if has_dots(other, DEPTH_MAX - depth.min(DEPTH_MAX)) => {
                if let Some(object) = other.object_mut(arena) {
                    self.object(object, depth, arena);
                }
            }
            _ => {}
        }
    }
}

/// Whether a name in it has a dot: shared facts are copied only to be changed.
fn has_dots(value: &Value<'_>, depth: usize) -> bool {
    let fields = value.as_object().into_iter().flat_map(Object::iter);
    let mut items = value.as_array().unwrap_or_default().iter();
    depth > 0
        && (fields.into_iter().any(|(name, value)| name.contains('.') || has_dots(value, depth - 1))
            || items.any(|item| has_dots(item, depth - 1)))
}

/// Writes a value below the names; gives it back if something stands in its way, or there is no name.
fn put<'b>(object: &mut Object<'b>, names: &[String], value: Value<'b>, arena: &'b Arena) -> Result<(), Value<'b>> {
    match names {
        [] => Err(value),
        [last] => {
            object.insert(arena.alloc_str(last), value);
            Ok(())
        }
        [first, rest @ ..] => {
            if object.get(first).is_none() {
                object.insert(arena.alloc_str(first), Value::Object(Object::new_in(arena)));
            }
            let there = object.find_mut(first, Tag::of(first)).and_then(|there| there.object_mut(arena));
            match there {
                Some(inside) => put(inside, rest, value, arena),
                None => Err(value),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn check(settings: &str, fields: &str, expected: &str) {
        testing::check(&PLUGIN, settings, fields, Outcome::Matched, expected);
    }

    #[test]
    fn dots_become_the_separator() {
        check("{}", r#"{"a.b.c":1,"d":{"e.f":2}}"#, r#"{"a_b_c":1,"d":{"e.f":2}}"#);
        check(r#"{"separator":"-"}"#, r#"{"x":0,"a.b":1}"#, r#"{"x":0,"a-b":1}"#);
        check(r#"{"separator":""}"#, r#"{"a.b":1}"#, r#"{"ab":1}"#);
        testing::check_fault(&PLUGIN, r#"{"separator":"_._"}"#, "`separator` cannot have a dot in it");
    }

    #[test]
    fn only_named_fields_are_looked_at() {
        check(
            r#"{"fields":["field.suffix","[foo][bar.suffix]","missing.x"]}"#,
            r#"{"field.suffix":1,"foo":{"bar.suffix":2,"b.c":3},"other.x":4}"#,
            r#"{"foo":{"b.c":3,"bar_suffix":2},"other.x":4,"field_suffix":1}"#,
        );
    }

    #[test]
    fn dots_become_fields_inside_fields() {
        check(r#"{"nested":true}"#, r#"{"a.b.c":1,"a.d":2,"e":3}"#, r#"{"a":{"b":{"c":1},"d":2},"e":3}"#);
        check(
            r#"{"nested":true,"fields":["[foo][bar.suffix]"]}"#,
            r#"{"foo":{"bar.suffix":2}}"#,
            r#"{"foo":{"bar":{"suffix":2}}}"#,
        );
        check(r#"{"nested":true}"#, r#"{"a":1,"a.b":2,"..":3}"#, r#"{"a":1,"a.b":2,"..":3}"#);
        check(r#"{"nested":true,"fields":["a.b"]}"#, r#"{"a":1,"a.b":2}"#, r#"{"a":1,"a.b":2}"#);
    }

    #[test]
    fn fields_inside_are_looked_at_too_if_asked_to() {
        let fields = r#"{"a":{"b.c":1,"d":[{"e.f":2}]}}"#;
        check(r#"{"recursive":true}"#, fields, r#"{"a":{"b_c":1,"d":[{"e_f":2}]}}"#);
        check(r#"{"recursive":true,"nested":true}"#, fields, r#"{"a":{"b":{"c":1},"d":[{"e":{"f":2}}]}}"#);
        check(r#"{"recursive":true,"fields":["a"]}"#, r#"{"a":{"b.c":1},"d.e":1}"#, r#"{"a":{"b_c":1},"d.e":1}"#);
        check(r#"{"recursive":false}"#, fields, fields);
    }
}
