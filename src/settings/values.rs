//! The values as given, each checked against its declaration, with the place it comes from.

use super::Environment;
use super::Fault;
use super::declared::DECLARED;
use super::declared::Declared;
use super::declared::Kind;
use super::declared::OF_PIPELINES;
use super::declared::REFUSED;
use super::units::parse_duration;
use super::yaml;
use super::yaml::Entry;
use crate::lang::env::FILE;
use crate::lang::env::expand;
use crate::lang::suggest::nearest;
use crate::plugin::written::parse_bytes;
use crate::telemetry::http::Ports;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    /// `file:line:column`
    File(String),
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File(place) => f.write_str(place),
            Source::Flag(flag) => f.write_str(flag),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Value {
    /// More than one for `Kind::Paths` only.
    texts: Vec<String>,
    source: Source,
}

/// What is given; what is not has its default. Invariant: every text fits its declaration's kind.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// A flag; a second one of the same name adds to a list and replaces anything else.
    pub fn set_flag(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        let source = Source::Flag(format!("--{name}"));
        let declared = declared(name).map_err(|(text, help)| fault(&source, text, help))?;
        let text = checked(declared, text.into(), text).map_err(|text| fault(&source, text, None))?;
        match self.0.get_mut(declared.name) {
            Some(value) if declared.kind == Kind::Paths => value.texts.push(text),
            _ => _ = self.0.insert(declared.name, Value { texts: vec![text], source }),
        }
        Ok(())
    }

    /// The file's values, where no flag was given. Answers with all that is wrong.
    pub fn set_file(&mut self, file: &str, text: &str, environment: Environment<'_>) -> Vec<Fault> {
        let entries = match yaml::read(text) {
            Ok(entries) => entries,
            Err((place, text)) => return vec![Fault { place: format!("{file}:{place}"), text, help: None }],
        };
        self.set_entries(file, &entries, environment)
    }

    /// The values of one pipeline, over what stands there.
    pub fn set_pipeline(&mut self, file: &str, entries: &[Entry], environment: Environment<'_>) -> Vec<Fault> {
        let mut own = Values::default();
        let mut faults: Vec<Fault> = entries.iter().filter_map(|entry| not_of_pipeline(file, entry)).collect();
        faults.extend(own.set_entries(file, entries, environment));
        faults.sort_by(|a, b| a.place.cmp(&b.place));
        faults.dedup_by(|a, b| a.place == b.place);
        self.0.extend(own.0);
        faults
    }

    fn set_entries(&mut self, file: &str, entries: &[Entry], environment: Environment<'_>) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut seen: BTreeMap<&str, &Entry> = BTreeMap::new();
        for entry in entries {
            match seen.insert(&entry.name, entry) {
                Some(first) => faults.push(twice(file, entry, first)),
                None => faults.extend(self.set_entry(file, entry, environment).err()),
            }
        }
        faults
    }

    fn set_entry(&mut self, file: &str, entry: &Entry, environment: Environment<'_>) -> Result<(), Fault> {
        let source = Source::File(format!("{file}:{}", entry.place));
        let at = |text: String| fault(&source, text, None);
        let declared = declared(&entry.name).map_err(|(text, help)| Fault {
            place: format!("{file}:{}", entry.name_place),
            text,
            help,
        })?;
        if declared.name == "path.settings" {
            return Err(at("`path.settings` can only be a flag: this file was found by it".into()));
        }
        if entry.texts.len() != 1 && declared.kind != Kind::Paths {
            return Err(at(format!("`{}` must be {}, not a list", declared.name, declared.kind.demand())));
        }
        let texts: Result<Vec<String>, String> =
            entry.texts.iter().map(|text| checked(declared, expanded(declared, text, environment)?, text)).collect();
        let texts = texts.map_err(at)?;
        self.0.entry(declared.name).or_insert(Value { texts, source });
        Ok(())
    }

    pub fn is_given(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn source(&self, name: &str) -> Source {
        self.0.get(name).map_or(Source::Default, |value| value.source.clone())
    }

    pub fn texts(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(value) => value.texts.clone(),
            None => vec![Declared::of(name).map(Declared::default_text).unwrap_or_default()],
        }
    }

    pub fn text(&self, name: &str) -> String {
        self.texts(name).join(", ")
    }

    pub fn boolean(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    pub fn whole(&self, name: &str) -> usize {
        self.word(name, |text| text.parse().ok())
    }

    pub fn bytes(&self, name: &str) -> u64 {
        self.word(name, parse_bytes)
    }

    pub fn duration(&self, name: &str) -> Duration {
        self.word(name, parse_duration)
    }

    /// A value that is read by a function of its own.
    pub fn word<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> T {
        read(&self.text(name)).expect("a value is checked when it is set, and every default by a test")
    }
}

/// A setting of the whole daemon cannot differ between its pipelines.
fn not_of_pipeline(file: &str, entry: &Entry) -> Option<Fault> {
    let declared = Declared::of(&entry.name).filter(|declared| !OF_PIPELINES.contains(&declared.name))?;
    let text = format!("`{}` is a setting of the whole daemon, not of one pipeline", declared.name);
    let help = Some(format!("write it into {}, or give it as a flag", super::FILE));
    Some(Fault { place: format!("{file}:{}", entry.name_place), text, help })
}

fn twice(file: &str, second: &Entry, first: &Entry) -> Fault {
    let text = format!("`{}` is set twice, the first time at {file}:{}", second.name, first.name_place);
    Fault { place: format!("{file}:{}", second.name_place), text, help: None }
}

fn fault(source: &Source, text: String, help: Option<String>) -> Fault {
    Fault { place: source.to_string(), text, help }
}

/// The declaration of a name; else what is wrong with the name, and what to do.
fn declared(name: &str) -> Result<&'static Declared, (String, Option<String>)> {
    if let Some(declared) = Declared::of(name) {
        return Ok(declared);
    }
    if let Some((_, instead)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err((format!("`{name}` of Logstash is not a setting here"), Some(instead.to_string())));
    }
    let meant = nearest(name, DECLARED.iter().map(|declared| declared.name));
    Err((format!("there is no setting `{name}`"), meant.map(|meant| format!("did you mean `{meant}`?"))))
}

/// The file's text with the environment put in. In the pipeline's own text that is done after it is parsed.
fn expanded(declared: &Declared, text: &str, environment: Environment<'_>) -> Result<String, String> {
    if declared.name == "config.string" {
        return Ok(text.into());
    }
    expand(text, environment).map_err(|name| match name.strip_prefix(FILE) {
        Some(path) => format!("the file `{path}` cannot be read"),
        None => format!("the environment variable `{name}` is not set and has no default"),
    })
}

/// The value, if it fits. What was put in for a `${…}` may be a secret: a message shows the value as it is written.
fn checked(declared: &Declared, text: String, written: &str) -> Result<String, String> {
    let fits = match declared.kind {
        Kind::Text => true,
        Kind::Path if declared.name == "path.queue" => true,
        Kind::Path | Kind::Paths => !text.is_empty(),
        Kind::Whole(most) => text.parse::<usize>().is_ok_and(|number| (1..=most).contains(&number)),
        Kind::Count(most) => text.parse::<usize>().is_ok_and(|number| number <= most),
        Kind::Boolean => matches!(text.as_str(), "true" | "false"),
        Kind::Bytes => parse_bytes(&text).is_some_and(|bytes| bytes > 0),
        Kind::Duration => parse_duration(&text).is_some(),
        Kind::Ports => text.parse::<Ports>().is_ok(),
        Kind::OneOf(words) => words.contains(&text.as_str()),
    };
    if fits {
        Ok(text)
    } else {
        Err(format!("`{}` must be {}, not `{written}`", declared.name, declared.kind.demand()))
    }
}
