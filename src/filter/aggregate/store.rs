//! The file of `aggregate_maps_path`: every map of a pipeline, from its end to its next start.
//!
//! One JSON object: `{"version":1,"patterns":{"%{id}":[{"id":…,"created":…,"last_event":…,"map":…}]}}`. Inside of
//! maps a text begins with `'`, a symbol with `:`, a time with `@`, and a key that is a whole number with `#`, so that
//! they come back as what they were.

use super::super::ruby::Data;
use super::tasks::{Patterns, Task};
use crate::event::Timestamp;
use serde_json::{Map, Value, json};

const VERSION: u64 = 1;

/// The text of the file, with every task; they are gone from `patterns` then.
pub fn write(patterns: &Patterns) -> String {
    let mut all = Map::new();
    for (text, pattern) in patterns.all() {
        let tasks: Vec<Value> = pattern.tasks().take_all().iter().map(task).collect();
        if !tasks.is_empty() {
            all.insert(text, Value::Array(tasks));
        }
    }
    json!({ "version": VERSION, "patterns": all }).to_string()
}

/// Puts the tasks of a file back.
pub fn read(text: &[u8], patterns: &Patterns) -> Result<(), String> {
    let file: Value = serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
    if file["version"] != VERSION {
        return Err(format!("it is of version {}, and only version {VERSION} is known", file["version"]));
    }
    for (pattern, tasks) in file["patterns"].as_object().into_iter().flatten() {
        let pattern = patterns.get(pattern);
        for value in tasks.as_array().into_iter().flatten() {
            let task = task_of(value).ok_or_else(|| format!("{value} is no task"))?;
            pattern.tasks().put(task);
        }
    }
    Ok(())
}

fn task(task: &Task) -> Value {
    json!({
        "id": task.id, "created": task.created.to_string(), "last_event": task.last_event.to_string(),
        "touched": task.touched.to_string(), "timeout": task.timeout, "inactivity_timeout": task.inactivity_timeout,
        "map": value(&task.map),
    })
}

fn task_of(value: &Value) -> Option<Task> {
    let time = |name: &str| Timestamp::parse_iso(value[name].as_str()?);
    let mut task = Task::new(value["id"].as_str()?, time("created")?, time("touched")?);
    task.last_event = time("last_event")?;
    task.timeout = value["timeout"].as_f64();
    task.inactivity_timeout = value["inactivity_timeout"].as_f64();
    task.map = data(&value["map"])?;
    matches!(task.map, Data::Hash(_)).then_some(task)
}

fn value(data: &Data) -> Value {
    match data {
        Data::Nil => Value::Null,
        Data::Bool(truth) => Value::Bool(*truth),
        Data::Int(number) => json!(number),
        Data::Float(number) => json!(number),
        Data::List(items) => Value::Array(items.iter().map(value).collect()),
        Data::Hash(entries) => Value::Object(entries.iter().map(|(key, item)| (word(key), value(item))).collect()),
        other => Value::String(word(other)),
    }
}

fn word(data: &Data) -> String {
    match data {
        Data::Text(text) => format!("'{text}"),
        Data::Symbol(text) => format!(":{text}"),
        Data::Time(time) => format!("@{time}"),
        Data::Int(number) => format!("#{number}"),
        other => format!("'{}", value(other)),
    }
}

fn data(value: &Value) -> Option<Data> {
    Some(match value {
        Value::Null => Data::Nil,
        Value::Bool(truth) => Data::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Data::Int(number),
            None => Data::Float(number.as_f64()?),
        },
        Value::String(text) => data_of_word(text)?,
        Value::Array(items) => Data::List(items.iter().map(data).collect::<Option<_>>()?),
        Value::Object(entries) => {
            let entry = |(key, item): (&String, &Value)| Some((data_of_word(key)?, data(item)?));
            Data::Hash(entries.iter().map(entry).collect::<Option<_>>()?)
        }
    })
}

fn data_of_word(text: &str) -> Option<Data> {
    let rest = text.get(1..)?;
    Some(match text.as_bytes().first()? {
        b'\'' => Data::Text(rest.into()),
        b':' => Data::Symbol(rest.into()),
        b'@' => Data::Time(Timestamp::parse_iso(rest)?),
        b'#' => Data::Int(rest.parse().ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_come_back_as_they_went() {
        let patterns = Patterns::default();
        let mut task = Task::new("a", Timestamp::from_millis(1_500), Timestamp::from_millis(2_500));
        task.timeout = Some(5.5);
        let text = |text: &str| Data::Text(text.into());
        task.map = Data::Hash(vec![
            (text("a"), Data::List(vec![Data::Nil, Data::Bool(true), Data::Int(-5), Data::Float(1.5), text("é\"")])),
            (Data::Symbol("b".into()), Data::Time(Timestamp::from_millis(7))),
            (Data::Int(3), Data::Hash(vec![(text(":x"), Data::Symbol("'y".into()))])),
        ]);
        patterns.get("%{id}").tasks().put(task.clone());
        let file = write(&patterns);
        assert!(!patterns.get("%{id}").tasks().contains("a"));
        let again = Patterns::default();
        read(file.as_bytes(), &again).unwrap();
        let found = again.get("%{id}").tasks().take("a").unwrap();
        let sorted = |map: &Data| format!("{:?}", value(map));
        assert_eq!((found.created, found.touched, found.timeout), (task.created, task.touched, task.timeout));
        assert_eq!(sorted(&found.map), sorted(&task.map));
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let patterns = Patterns::default();
        assert!(read(b"x", &patterns).unwrap_err().starts_with("it is not JSON: "));
        assert_eq!(read(b"{\"version\":2}", &patterns).unwrap_err(), "it is of version 2, and only version 1 is known");
        let bad = br#"{"version":1,"patterns":{"p":[{"id":1}]}}"#;
        assert_eq!(read(bad, &patterns).unwrap_err(), r#"{"id":1} is no task"#);
    }
}
