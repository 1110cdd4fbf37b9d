//! That the documents of all shapes fit into one mapping: a path is an object or a value, and a number where the
//! template says so.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{BAD_LINES, each};
use crate::engine::Timberline;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Object,
    Text,
    Number,
    Boolean,
}

/// The kinds seen at each path, each with where it was seen first.
#[derive(Default)]
struct Kinds(BTreeMap<String, BTreeMap<Kind, String>>);

impl Kinds {
    fn see(&mut self, path: &str, value: &Value, place: &str) {
        let kind = match value {
            Value::Null => return,
            Value::Array(items) => return items.iter().for_each(|item| self.see(path, item, place)),
            Value::Object(fields) => {
                // `flattened` takes any labels.
                if path != "container.labels" {
                    fields.iter().for_each(|(key, value)| self.see(&joined(path, key), value, place));
                }
                Kind::Object
            }
            Value::String(_) => Kind::Text,
            Value::Number(_) => Kind::Number,
            Value::Bool(_) => Kind::Boolean,
        };
        self.note(path, kind, place);
        // A key with dots is a path, and what stands above it is an object.
        if let Some((above, _)) = path.rsplit_once('.') {
            self.note_objects(above, place);
        }
    }

    fn note(&mut self, path: &str, kind: Kind, place: &str) {
        if !path.is_empty() {
            self.0.entry(path.into()).or_default().entry(kind).or_insert_with(|| place.into());
        }
    }

    fn note_objects(&mut self, path: &str, place: &str) {
        self.note(path, Kind::Object, place);
        if let Some((above, _)) = path.rsplit_once('.') {
            self.note_objects(above, place);
        }
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.into() } else { format!("{path}.{key}") }
}

fn seen() -> Kinds {
    let mut kinds = Kinds::default();
    for shape in each().filter(|shape| shape.name != BAD_LINES) {
        for document in &shape.logs {
            kinds.see("", document, &shape.name);
        }
    }
    kinds
}

#[test]
fn no_path_is_an_object_here_and_a_value_there() {
    let kinds = seen();
    let wars: Vec<_> = kinds.0.iter().filter(|(_, seen)| seen.contains_key(&Kind::Object) && seen.len() > 1).collect();
    assert!(wars.is_empty(), "{wars:#?}");
}

#[test]
fn what_the_template_maps_is_of_the_templates_kind() {
    let kinds = seen();
    let mapped = template_kinds();
    assert!(mapped.len() > 20, "{mapped:?}");
    for (path, expected) in mapped {
        let others: Vec<_> = kinds.0.get(&path).into_iter().flatten().filter(|(kind, _)| **kind != expected).collect();
        assert!(others.is_empty(), "{path} is mapped as {expected:?}: {others:?}");
    }
}

/// One service's `redis: "up"` would make the engine refuse every later line with an object `redis`.
#[test]
fn objects_of_the_pipelines_own_stand_only_where_the_template_has_them() {
    let mapped = template_kinds();
    let programs = ["kafka", "kong", "kong-lua", "mongodb", "nestjs", "postgresql", "rabbitmq", "redis", "zookeeper"];
    for shape in each().filter(|shape| programs.contains(&shape.name.as_str())) {
        for (field, _) in
            shape.logs.iter().flat_map(|document| document.as_object()).flatten().filter(|f| f.1.is_object())
        {
            assert_eq!(mapped.get(field), Some(&Kind::Object), "{}: {field}", shape.name);
        }
    }
}

/// The kinds of the template that `setup` would put in place for the shipped pipeline.
fn template_kinds() -> BTreeMap<String, Kind> {
    let printed = Timberline::output(["setup", "--print"]).stdout;
    let (_, template) = printed.split_once("PUT /_index_template/").expect("setup prints templates");
    let body = &template[template.find('{').expect("with a body")..];
    let mut bodies = serde_json::Deserializer::from_str(body).into_iter::<Value>();
    let template = bodies.next().expect("a body").expect("that is JSON");
    let mut kinds = BTreeMap::new();
    properties("", &template["template"]["mappings"]["properties"], &mut kinds);
    kinds
}

fn properties(above: &str, found: &Value, kinds: &mut BTreeMap<String, Kind>) {
    for (name, field) in found.as_object().into_iter().flatten() {
        let path = joined(above, name);
        let kind = match field["type"].as_str() {
            Some("long" | "short" | "double") => Kind::Number,
            Some("flattened" | "object") | None => Kind::Object,
            Some(_) => Kind::Text,
        };
        properties(&path, &field["properties"], kinds);
        kinds.insert(path, kind);
    }
}
