//! The filters of the plain interpreter, each step by step as Logstash's reference tells it.

use super::event::{Event, Failed, Path};
use super::interpreter::Interpreter;
use super::tree::{Fields, Json, put};
use regex::Regex;
use std::sync::LazyLock;
use timberline::lang::tree::{Literal, Plugin};

/// Whether the filter did what it is for.
pub fn run(plugin: &Plugin, event: &mut Event, by: &mut Interpreter) -> Option<bool> {
    Some(match plugin.name.value.as_str() {
        "json" => json(plugin, event),
        "grok" => grok(plugin, event, by),
        "date" => date(plugin, event, by),
        "mutate" => mutate(plugin, event, by),
        "categorize" => categorize(plugin, event, by),
        "fingerprint" => fingerprint(plugin, event),
        "ruby" => ruby(plugin, event),
        "drop" => return None,
        other => panic!("the plain interpreter has no filter {other}"),
    })
}

pub fn setting<'p>(plugin: &'p Plugin, name: &str) -> Option<&'p Literal> {
    plugin.settings.iter().find(|setting| setting.name.value == name).map(|setting| &setting.value)
}

/// A string, a bareword or a number as text.
pub fn text(literal: &Literal) -> String {
    match literal {
        Literal::Number(number) => number.value.text.clone(),
        other => other.as_text().expect("a text").into(),
    }
}

/// The items of an array, or the one item.
pub fn items(literal: Option<&Literal>) -> Vec<&Literal> {
    match literal {
        None => Vec::new(),
        Some(Literal::Array(items)) => items.value.iter().collect(),
        Some(one) => vec![one],
    }
}

pub fn pairs(literal: Option<&Literal>) -> Vec<(String, &Literal)> {
    match literal {
        None => Vec::new(),
        Some(Literal::Hash(pairs)) => pairs.value.iter().map(|(name, value)| (text(name), value)).collect(),
        Some(other) => panic!("{other:?} is no hash"),
    }
}

fn tags(plugin: &Plugin, default: &str) -> Vec<String> {
    match setting(plugin, "tag_on_failure") {
        None => vec![default.into()],
        some => items(some).into_iter().map(text).collect(),
    }
}

fn path(name: &str) -> Path {
    Path::read(name).unwrap_or_else(|| panic!("{name} is no reference"))
}

fn fail(plugin: &Plugin, default: &str, event: &mut Event) -> bool {
    tags(plugin, default).iter().for_each(|tag| event.tag(tag));
    false
}

fn json(plugin: &Plugin, event: &mut Event) -> bool {
    let source = text(setting(plugin, "source").expect("it is required"));
    let value = match event.get(&path(&source)) {
        None | Some(Json::Null) => return false,
        Some(Json::Text(text)) => Json::read(text),
        Some(_) => None,
    };
    match (setting(plugin, "target"), value) {
        (Some(target), Some(value)) => {
            event.set(&path(&text(target)), value).is_ok() || fail(plugin, "_jsonparsefailure", event)
        }
        (None, Some(Json::Object(fields))) => {
            take_in(fields, event);
            true
        }
        _ => fail(plugin, "_jsonparsefailure", event),
    }
}

/// A key that is a reference says where its value goes, after all others.
fn take_in(fields: Fields, event: &mut Event) {
    let way = |name: &str| Path::read(name).filter(|path| path.steps.len() + usize::from(path.metadata) > 1);
    let top = |name: String| {
        let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).map(String::from);
        inner.filter(|inner| !inner.contains(['[', ']']) && !inner.is_empty()).unwrap_or(name)
    };
    let (referred, plain): (Fields, Fields) = fields.into_iter().partition(|(name, _)| way(name).is_some());
    event.absorb(plain.into_iter().map(|(name, value)| (top(name), value)).collect());
    for (name, value) in referred {
        if event.set(&path(&name), value.clone()).is_err() {
            put(&mut event.root, &name, value);
        }
    }
}

fn grok(plugin: &Plugin, event: &mut Event, by: &mut Interpreter) -> bool {
    let is_on = |name: &str, default: bool| setting(plugin, name).map_or(default, |value| text(value) == "true");
    let (breaks, keeps_empty) = (is_on("break_on_match", true), is_on("keep_empty_captures", false));
    let overwrite: Vec<Path> = items(setting(plugin, "overwrite")).into_iter().map(|name| path(&text(name))).collect();
    let mut matched = false;
    for (field, patterns) in pairs(setting(plugin, "match")) {
        let values = match event.get(&path(&field)).cloned() {
            None => Vec::new(),
            Some(Json::Array(items)) => items,
            Some(one) => vec![one],
        };
        for value in values.into_iter().filter(|value| *value != Json::Null) {
            for pattern in items(Some(patterns)) {
                let Some(found) = by.expressions.grok(&text(pattern), &value.shown()) else { continue };
                for (capture, part) in found.into_iter().filter(|(_, part)| keeps_empty || !part.is_empty()) {
                    captured(event, &path(&capture.field), typed(&capture.kind, part), &overwrite);
                }
                matched = true;
                if breaks {
                    break;
                }
            }
        }
        if matched && breaks {
            break;
        }
    }
    matched || fail(plugin, "_grokparsefailure", event)
}

fn captured(event: &mut Event, field: &Path, value: Json, overwrite: &[Path]) {
    let done = match event.get(field) {
        Some(Json::Object(_)) if !overwrite.contains(field) => Ok(()),
        Some(there) if *there != Json::Null && !overwrite.contains(field) => event.add(field, value),
        _ => event.set(field, value),
    };
    // What cannot be written is lost, as in Logstash.
    done.unwrap_or(());
}

fn typed(kind: &str, part: String) -> Json {
    match kind {
        "int" => {
            let digits = part.trim_start_matches(['+', '-']).trim_start_matches('0');
            let sign = if part.starts_with('-') && !digits.is_empty() { "-" } else { "" };
            Json::Number(format!("{sign}{}", if digits.is_empty() { "0" } else { digits }))
        }
        "float" => Json::Number(format!("{:?}", part.parse::<f64>().expect("patterns of the test capture numbers"))),
        _ => Json::Text(part),
    }
}

fn date(plugin: &Plugin, event: &mut Event, by: &mut Interpreter) -> bool {
    let given = items(setting(plugin, "match"));
    let (field, formats) = given.split_first().expect("it has a field");
    let value = match event.get(&path(&text(field))) {
        Some(Json::Array(items)) => items.first().cloned(),
        other => other.cloned().filter(|value| *value != Json::Null),
    };
    let text_of = match value {
        None => return false,
        Some(Json::Null | Json::Array(_) | Json::Object(_) | Json::Bool(_)) => None,
        // A number with a fraction is a float, like one with an exponent.
        Some(Json::Number(text)) if text.contains('.') && !text.contains(['e', 'E']) => Some(text + "e0"),
        Some(Json::Number(text)) => Some(text),
        Some(value) => Some(value.shown()),
    };
    let time = text_of.and_then(|found| formats.iter().find_map(|format| by.times.read(&text(format), &found)));
    let target = setting(plugin, "target").map_or("@timestamp".into(), text);
    match time {
        Some(time) if event.set(&path(&target), Json::Time(time)).is_ok() => true,
        _ => fail(plugin, "_dateparsefailure", event),
    }
}

fn categorize(plugin: &Plugin, event: &mut Event, by: &mut Interpreter) -> bool {
    let rules = pairs(setting(plugin, "rules"));
    let mut category = setting(plugin, "default").map_or("unknown".into(), text);
    for source in items(setting(plugin, "source")) {
        let found = match event.get(&path(&text(source))) {
            None | Some(Json::Null) => continue,
            Some(value) => value.shown(),
        };
        if let Some((name, _)) = rules.iter().find(|(_, rule)| by.expressions.ruby(&text(rule)).find(&found).is_some())
        {
            category = name.clone();
            break;
        }
    }
    let target = setting(plugin, "target").map_or("[error][category]".into(), text);
    event.set(&path(&target), Json::Text(category)).is_ok() || fail(plugin, "_categorizefailure", event)
}

/// The one program that the shipped pipeline has: names whose null goes.
fn ruby(plugin: &Plugin, event: &mut Event) -> bool {
    let code = text(setting(plugin, "code").expect("it is required"));
    let names = code.strip_prefix("%w[").and_then(|code| code.split_once("]")).expect("a list of words");
    assert_eq!(names.1, ".each { |key| event.remove(key) if event.get(key).nil? }");
    for name in names.0.split(' ').map(path) {
        if event.get(&name) == Some(&Json::Null) {
            event.remove(&name);
        }
    }
    true
}

/// What is hashed is told from what is not; that MURMUR3 is MURMUR3 has tests of its own.
fn fingerprint(plugin: &Plugin, event: &mut Event) -> bool {
    let target = setting(plugin, "target").map_or("fingerprint".into(), text);
    event.set(&path(&target), Json::text(super::FINGERPRINT)).is_ok()
}

fn mutate(plugin: &Plugin, event: &mut Event, by: &mut Interpreter) -> bool {
    let tag = setting(plugin, "tag_on_failure").map_or("_mutate_error".into(), text);
    let done = mutated(plugin, event, by);
    if done.is_err() {
        event.tag(&tag);
    }
    done.is_ok()
}

/// The operations, in Logstash's order.
fn mutated(plugin: &Plugin, event: &mut Event, by: &mut Interpreter) -> Result<(), Failed> {
    let of = |name: &str| pairs(setting(plugin, name));
    for (from, to) in of("rename") {
        let (from, to) = (path(&from), path(&text(to)));
        if let Some(value) = event.remove(&from)
            && event.set(&to, value.clone()).is_err()
        {
            event.set(&from, value).unwrap_or(());
            return Err(Failed);
        }
    }
    for (field, value) in of("update") {
        if event.get(&path(&field)).is_some() {
            let value = by.filled(value, event);
            event.set(&path(&field), value)?;
        }
    }
    for (field, value) in of("replace") {
        let value = by.filled(value, event);
        event.set(&path(&field), value)?;
    }
    for (field, kind) in of("convert") {
        match event.get(&path(&field)).cloned() {
            None => {}
            Some(Json::Array(items)) => {
                let items = items.into_iter().map(|item| converted(&item, &text(kind)).unwrap_or(item)).collect();
                event.set(&path(&field), Json::Array(items))?;
            }
            Some(value) => {
                if let Some(value) = converted(&value, &text(kind)) {
                    event.set(&path(&field), value)?;
                }
            }
        }
    }
    for three in items(setting(plugin, "gsub")).chunks(3) {
        let (regex, new) = (by.expressions.ruby(&text(three[1])), text(three[2]));
        each(event, &path(&text(three[0])), |text| regex.replace_all(text, new.as_str()));
    }
    for name in items(setting(plugin, "uppercase")) {
        each(event, &path(&text(name)), str::to_uppercase);
    }
    for name in items(setting(plugin, "lowercase")) {
        each(event, &path(&text(name)), str::to_lowercase);
    }
    for name in items(setting(plugin, "strip")) {
        let blank = ['\0', '\t', '\n', '\u{b}', '\u{c}', '\r', ' '];
        each(event, &path(&text(name)), |text| text.trim_matches(blank).into());
    }
    for (field, separator) in of("split") {
        if let Some(Json::Text(whole)) = event.get(&path(&field)) {
            let mut parts: Vec<&str> = whole.split(text(separator).as_str()).collect();
            while parts.last() == Some(&"") {
                parts.pop();
            }
            let parts = parts.into_iter().map(Json::text).collect();
            event.set(&path(&field), Json::Array(parts))?;
        }
    }
    for (field, separator) in of("join") {
        if let Some(Json::Array(items)) = event.get(&path(&field)) {
            let joined = joined(items, &text(separator));
            event.set(&path(&field), Json::Text(joined))?;
        }
    }
    for (from, to) in of("copy") {
        match event.get(&path(&from)).cloned() {
            None | Some(Json::Null) => {}
            Some(value) => event.set(&path(&text(to)), value)?,
        }
    }
    Ok(())
}

fn joined(items: &[Json], separator: &str) -> String {
    let shown = |item: &Json| match item {
        Json::Array(inner) => joined(inner, separator),
        other => other.shown(),
    };
    items.iter().map(shown).collect::<Vec<_>>().join(separator)
}

fn each(event: &mut Event, field: &Path, change: impl Fn(&str) -> String) {
    let one = |value: Json| match value {
        Json::Text(text) => Json::Text(change(&text)),
        other => other,
    };
    let changed = match event.get(field).cloned() {
        Some(Json::Array(items)) => Json::Array(items.into_iter().map(one).collect()),
        Some(text @ Json::Text(_)) => one(text),
        _ => return,
    };
    event.set(field, changed).unwrap_or(());
}

static INTEGER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[+-]?\d{1,18}").expect("it is one"));
static FLOAT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?").expect("it is one"));

/// By Ruby's rules; `None`: it stays as it is.
fn converted(value: &Json, kind: &str) -> Option<Json> {
    let number = |text: String| Some(Json::Number(text));
    let start = |text: &str, pattern: &Regex| {
        let text = text.replace(',', "");
        pattern.find(text.trim_start()).map_or("0".into(), |found| found.as_str().to_string())
    };
    match (kind, value) {
        ("integer", Json::Bool(truth)) => number(u8::from(*truth).to_string()),
        ("integer", Json::Text(text)) => number(start(text, &INTEGER).parse::<i64>().expect("digits").to_string()),
        ("integer", Json::Number(text)) if text.contains(['.', 'e', 'E']) => {
            number(format!("{:.0}", text.parse::<f64>().expect("a number").trunc() + 0.0))
        }
        ("float", Json::Bool(truth)) => number(if *truth { "1.0" } else { "0.0" }.into()),
        ("float", Json::Text(text)) => number(format!("{:?}", start(text, &FLOAT).parse::<f64>().expect("a number"))),
        ("float", Json::Number(text)) if !text.contains(['.', 'e', 'E']) => {
            number(format!("{:?}", text.parse::<f64>().expect("a number")))
        }
        ("string", Json::Number(text)) if text.contains(['.', 'e', 'E']) => Some(Json::Text(ruby_float(text))),
        ("string", Json::Number(_) | Json::Bool(_) | Json::Time(_)) => Some(Json::Text(value.shown())),
        ("boolean", Json::Text(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(Json::Bool(true)),
            "false" | "f" | "no" | "n" | "0" | "0.0" | "" => Some(Json::Bool(false)),
            _ => None,
        },
        ("boolean", Json::Number(_)) => match value.number() {
            Some(1.0) => Some(Json::Bool(true)),
            Some(0.0) => Some(Json::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}

/// Ruby's `Float#to_s`, for the sizes that the test makes.
fn ruby_float(text: &str) -> String {
    let number: f64 = text.parse().expect("a number");
    assert!(number == 0.0 || (1e-4..1e16).contains(&number.abs()), "{text}");
    format!("{number:?}")
}
