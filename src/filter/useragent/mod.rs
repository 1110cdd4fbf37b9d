//! The `useragent` filter: what a user agent says of itself, taken apart.
//!
//! `parsers` are uap-core's expressions (`regexes.yaml.gz`, version 0.18.0, Apache License 2.0, see
//! `LICENSE-uap-core`), read when the first event comes; each expression is compiled when it is first tried.
//! Settings and fields: Logstash reference, "Useragent filter plugin".

mod literal;
mod parsers;

use super::name::reference;
use super::{Build, Context, Ecs, Filter, FilterPlugin, Outcome};
use crate::event::{Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use parsers::{Agent, Parsers};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("examples.txt"), build };

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "useragent",
    summary: "Tells browser, system and device from a user agent's text, by the expressions of uap-core.",
    settings: &[
        Setting::new(
            "source",
            Kind::Field,
            Fallback::Required,
            "The field with the user agent; of a list the first item.",
        ),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::None,
            "The field to put the result below. Without it: `user_agent` with `ecs_compatibility`, the root of the event without.",
        ),
        Setting::new(
            "prefix",
            Kind::String,
            Fallback::Text(""),
            "What names of fields begin with; only without `ecs_compatibility`.",
        ),
        Setting::new(
            "regexes",
            Kind::Path,
            Fallback::None,
            "A file like uap-core's `regexes.yaml` in the place of the one that comes along.",
        ),
        Setting::new(
            "lru_cache_size",
            Kind::Number,
            Fallback::Number(100_000.0),
            "How many user agents are remembered.",
        )
        .differs(
            "each worker remembers at most 4 MiB of user agents, however large this is, and filters share nothing.",
        ),
        Setting::new(
            "ecs_compatibility",
            Kind::OneOf(Ecs::NAMES),
            Fallback::None,
            "Which fields are written: `v1` and `v8` those of the Elastic Common Schema.",
        ),
    ],
    example: r#"filter { useragent { source => "[http][user_agent]" target => "user_agent" } }"#,
    differs: &[],
    unavailable: None,
};

/// What a worker remembers at most, in bytes.
const CACHE_BYTES_MAX: usize = 4 << 20;
/// What an entry costs beside its texts.
const ENTRY_BYTES: usize = 400;

/// The expressions that come along.
static BUNDLED: LazyLock<Arc<Parsers>> = LazyLock::new(|| Arc::new(Parsers::bundled()));

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let ecs = settings.text("ecs_compatibility").and_then(Ecs::parse).unwrap_or(build.ecs) != Ecs::Disabled;
    let prefix = settings.text("prefix").unwrap_or_default();
    let target = settings.text("target").or(ecs.then_some("user_agent"));
    let below = target.map(|text| reference(text, settings.place("target"))).transpose()?;
    let size = settings.number("lru_cache_size").unwrap_or_default();
    if size < 0.0 {
        return Err(Fault::at(settings.place("lru_cache_size"), format!("`lru_cache_size` cannot be {size}")));
    }
    Ok(Box::new(UserAgent {
        source: reference(settings.text("source").unwrap_or_default(), settings.place("source"))?,
        fields: Arc::new(fields(ecs, prefix, below.as_ref())),
        parsers: own_parsers(settings, build)?,
        cache: Cache { entries_max: size as usize, ..Cache::default() },
    }))
}

fn own_parsers(settings: &Settings, build: &Build<'_>) -> Result<Option<Arc<Parsers>>, Fault> {
    let Some(path) = settings.text("regexes") else { return Ok(None) };
    let place = settings.place("regexes");
    let bytes = build.files.read(Path::new(path));
    let bytes = bytes.map_err(|error| Fault::at(place, format!("cannot read `{path}`: {error}")))?;
    let unusable = |bad: String| Fault::at(place, format!("cannot use `{path}`: {bad}"));
    let parsers = Parsers::read(&String::from_utf8_lossy(&bytes)).map_err(unusable)?;
    match parsers.broken() {
        None => Ok(Some(Arc::new(parsers))),
        Some(bad) => Err(unusable(bad)),
    }
}

/// What is taken from an agent.
type Take = fn(&Agent) -> Option<String>;

/// Names without and with ECS, and what stands there. What ECS has no place for goes into the metadata.
const FIELDS: &[(&str, &str, Take)] = &[
    ("[name]", "[name]", |agent| Some(agent.name.clone())),
    ("[version]", "[version]", |agent| joined(&agent.version)),
    ("[major]", "[@metadata][filter][user_agent][version][major]", |agent| part(&agent.version, 0)),
    ("[minor]", "[@metadata][filter][user_agent][version][minor]", |agent| part(&agent.version, 1)),
    ("[patch]", "[@metadata][filter][user_agent][version][patch]", |agent| part(&agent.version, 2)),
    ("[os_name]", "[os][name]", |agent| Some(agent.os.clone())),
    ("[os_version]", "[os][version]", |agent| joined(&agent.os_version)),
    ("[os_full]", "[os][full]", |agent| Some(full(agent))),
    ("[os_major]", "[@metadata][filter][user_agent][os][version][major]", |agent| part(&agent.os_version, 0)),
    ("[os_minor]", "[@metadata][filter][user_agent][os][version][minor]", |agent| part(&agent.os_version, 1)),
    ("[os_patch]", "[@metadata][filter][user_agent][os][version][patch]", |agent| part(&agent.os_version, 2)),
    ("[device]", "[device][name]", |agent| Some(agent.device.clone())),
];

fn part(version: &[String], at: usize) -> Option<String> {
    version.get(at).cloned()
}

fn joined(version: &[String]) -> Option<String> {
    (!version.is_empty()).then(|| version.join("."))
}

fn full(agent: &Agent) -> String {
    match joined(&agent.os_version) {
        Some(version) => format!("{} {version}", agent.os),
        None => agent.os.clone(),
    }
}

fn fields(ecs: bool, prefix: &str, below: Option<&FieldRef>) -> Vec<(FieldRef, Take)> {
    let field = |(plain, common, take): &(&str, &str, Take)| {
        let name = match ecs {
            true if common.starts_with("[@metadata]") => return (FieldRef::parse(common), *take),
            true => (*common).to_owned(),
            false => format!("[{prefix}{}", &plain[1..]),
        };
        let below = below.map_or_else(String::new, |below| below.to_string());
        (FieldRef::parse(&format!("{below}{name}")), *take)
    };
    FIELDS.iter().map(field).filter_map(|(path, take)| Some((path.ok()?, take))).collect()
}

/// Agents by their text. When it is full, the younger half is kept.
#[derive(Default)]
struct Cache {
    young: HashMap<Box<str>, Arc<Agent>>,
    old: HashMap<Box<str>, Arc<Agent>>,
    /// Of the young ones.
    bytes: usize,
    entries_max: usize,
}

impl Cache {
    fn get(&mut self, text: &str) -> Option<Arc<Agent>> {
        if let Some(agent) = self.young.get(text) {
            return Some(Arc::clone(agent));
        }
        let agent = self.old.remove(text)?;
        self.put(text, Arc::clone(&agent));
        Some(agent)
    }

    fn put(&mut self, text: &str, agent: Arc<Agent>) {
        if self.entries_max == 0 {
            return;
        }
        if self.young.len() >= self.entries_max.div_ceil(2) || self.bytes > CACHE_BYTES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += text.len() + ENTRY_BYTES;
        self.young.insert(text.into(), agent);
    }
}

struct UserAgent {
    source: FieldRef,
    fields: Arc<Vec<(FieldRef, Take)>>,
    /// `None`: those that come along.
    parsers: Option<Arc<Parsers>>,
    cache: Cache,
}

impl UserAgent {
    fn fail(&self, event: &Event<'_>, cx: &Context<'_, '_>) -> Outcome {
        cx.because(event, &self.source, || "no text");
        Outcome::Unmatched
    }

    fn agent(&mut self, text: &str) -> Arc<Agent> {
        if let Some(agent) = self.cache.get(text) {
            return agent;
        }
        let agent = Arc::new(self.parsers.as_ref().unwrap_or(&BUNDLED).agent(text));
        self.cache.put(text, Arc::clone(&agent));
        agent
    }
}

impl Filter for UserAgent {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let text = match event.get(&self.source) {
            Some(Value::Text(text)) => text.str,
            Some(Value::Array(items)) => match items.first() {
                Some(Value::Text(text)) => text.str,
                _ => return self.fail(event, cx),
            },
            Some(Value::Null) | None => return Outcome::Unmatched,
            Some(_) => return self.fail(event, cx),
        };
        if text.is_empty() {
            cx.because(event, &self.source, || "an empty text");
            return Outcome::Unmatched;
        }
        let agent = self.agent(text);
        for (path, take) in self.fields.iter() {
            let Some(found) = take(&agent) else { continue };
            if event.set(path, Value::copied(cx.arena, &found), cx.arena).is_err() {
                tracing::debug!(filter = "useragent", field = %path, "something stands in the way of the field");
            }
        }
        Outcome::Matched
    }

    fn reads(&self) -> Option<&FieldRef> {
        Some(&self.source)
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(UserAgent {
            source: self.source.clone(),
            fields: Arc::clone(&self.fields),
            parsers: self.parsers.clone(),
            cache: Cache { entries_max: self.cache.entries_max, ..Cache::default() },
        })
    }
}

#[cfg(test)]
mod tests;
