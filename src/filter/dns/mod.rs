//! The `dns` filter: addresses of names, and names of addresses.
//!
//! Hosts files are looked at first, then what was answered lately, then a server is asked (`Effects::resolve`), which
//! holds the worker up until it answers or the time is over. A dry run asks none.
//! Settings: Logstash reference, "Dns filter plugin".

mod cache;
mod hosts;
mod question;

pub use question::{Answer, Cause, PORT, Question, Servers, Wanted};

use super::name::reference;
use super::{Build, Context, Effects, Filter, FilterPlugin, Outcome};
use crate::event::{ArenaVec, Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use cache::Cache;
use core::net::IpAddr;
use hosts::Hosts;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("examples.txt"), build };

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "dns",
    summary: "Looks up the addresses of names and the names of addresses. A worker waits for each answer: give it a cache.",
    settings: &[
        Setting::new(
            "resolve",
            Kind::Array,
            Fallback::Empty,
            "Fields with names, whose addresses are looked up; what is an address already stays as it is.",
        ),
        Setting::new(
            "reverse",
            Kind::Array,
            Fallback::Empty,
            "Fields with addresses, whose names are looked up, after those of `resolve`.",
        ),
        Setting::new(
            "action",
            Kind::OneOf(&["append", "replace"]),
            Fallback::Text("append"),
            "Whether what is found takes the place of the field's value or makes a list with it.",
        ),
        Setting::new(
            "nameserver",
            Kind::Any,
            Fallback::None,
            "Whom to ask, by default those of `/etc/resolv.conf`: addresses, or a hash with `address`, `search` (up to six domains that names which are not whole are looked for in) and `ndots` (how many dots make a name whole, by default 1).",
        )
        .differs("an address may have a port: `192.0.2.53:5353`."),
        Setting::new(
            "timeout",
            Kind::Number,
            Fallback::Number(0.5),
            "How long to wait for an answer, in seconds; up to 60.",
        ),
        Setting::new(
            "max_retries",
            Kind::Number,
            Fallback::Number(2.0),
            "How often to ask again when no server answered; up to 100.",
        )
        .differs("a name that does not exist is not asked for again."),
        Setting::new("hit_cache_size", Kind::Number, Fallback::Number(0.0), "How many answers a worker remembers."),
        Setting::new("hit_cache_ttl", Kind::Number, Fallback::Number(60.0), "For how long, in seconds."),
        Setting::new(
            "failed_cache_size",
            Kind::Number,
            Fallback::Number(0.0),
            "How many failed lookups a worker remembers, time-outs among them.",
        ),
        Setting::new("failed_cache_ttl", Kind::Number, Fallback::Number(5.0), "For how long, in seconds."),
        Setting::new(
            "hostsfile",
            Kind::Array,
            Fallback::List(&["/etc/hosts"]),
            "Hosts files, which are looked at before a server is asked, and again when they change.",
        )
        .differs("the hosts file of the system is looked at first even where `nameserver` is given."),
        Setting::new(
            "tag_on_timeout",
            Kind::Array,
            Fallback::List(&["_dnstimeout"]),
            "Tags for events with a lookup that timed out.",
        ),
    ],
    example: EXAMPLE,
    differs: &[
        "each field is looked up whatever became of the ones before it; the filter succeeds if one was found and none failed.",
        "a dry run asks no server: there, only what stands in hosts files is found.",
    ],
    unavailable: None,
};

const EXAMPLE: &str = r#"filter { dns { reverse => [ "source_host", "field_with_address" ] resolve => [ "field_with_fqdn" ] action => "replace" hit_cache_size => 1000 } }"#;

/// In seconds.
const TIMEOUT_MAX: f64 = 60.0;
const TTL_MAX: f64 = 1e9;
const RETRIES_MAX: f64 = 100.0;
/// A name has 253 bytes at most, so this is less than 1 GiB a worker.
const ENTRIES_MAX: f64 = 1e6;
/// The longest name that there is.
const NAME_BYTES_MAX: usize = 253;

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let fields = fields(settings, "resolve", Direction::Resolve)?;
    let fields = [fields, self::fields(settings, "reverse", Direction::Reverse)?].concat();
    let seconds = |name, range| number(settings, name, range).map(Duration::from_secs_f64);
    let ttl = |name| seconds(name, 0.0..=TTL_MAX).map(|ttl| ttl.as_nanos() as u64);
    let size = |name| number(settings, name, 0.0..=ENTRIES_MAX).map(|size| size as usize);
    Ok(Box::new(Dns {
        fields: fields.into(),
        replace: settings.text("action") == Some("replace"),
        servers: Servers::read(settings)?.map(Arc::new),
        timeout: seconds("timeout", 0.001..=TIMEOUT_MAX)?,
        retries: number(settings, "max_retries", 0.0..=RETRIES_MAX)? as u32,
        hosts: Hosts::new(hosts_files(settings, build)?),
        hits: Cache::new(size("hit_cache_size")?, ttl("hit_cache_ttl")?),
        failures: Cache::new(size("failed_cache_size")?, ttl("failed_cache_ttl")?),
        tags: settings.texts("tag_on_timeout").into(),
    }))
}

fn fields(settings: &Settings, name: &str, direction: Direction) -> Result<Vec<(Direction, FieldRef)>, Fault> {
    let items = settings.items(name);
    let field = |item: &crate::plugin::Item| reference(item.as_text().unwrap_or_default(), item.place);
    items.iter().map(|item| Ok((direction, field(item)?))).collect()
}

fn number(settings: &Settings, name: &str, range: RangeInclusive<f64>) -> Result<f64, Fault> {
    let number = settings.number(name).unwrap_or_default();
    if range.contains(&number) {
        return Ok(number);
    }
    let text = format!("`{name}` must be from {} to {}, not {number}", range.start(), range.end());
    Err(Fault::at(settings.place(name), text))
}

/// Those that the pipeline names must be there.
fn hosts_files(settings: &Settings, build: &Build<'_>) -> Result<Vec<PathBuf>, Fault> {
    let items = settings.items("hostsfile");
    let path = |item: &crate::plugin::Item| {
        let path = PathBuf::from(item.as_text().unwrap_or_default());
        if settings.is_given("hostsfile") {
            let unreadable = |error| Fault::at(item.place, format!("cannot read `{}`: {error}", path.display()));
            build.files.read(&path).map_err(unreadable)?;
        }
        Ok(path)
    };
    items.iter().map(path).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Resolve,
    Reverse,
}

struct Dns {
    fields: Arc<[(Direction, FieldRef)]>,
    replace: bool,
    servers: Option<Arc<Servers>>,
    timeout: Duration,
    retries: u32,
    hosts: Hosts,
    hits: Cache<String>,
    failures: Cache<Cause>,
    tags: Arc<[String]>,
}

impl Dns {
    fn look_up(&mut self, direction: Direction, text: &str, effects: &dyn Effects) -> Answer {
        let address = text.parse::<IpAddr>().ok();
        let wanted = match (direction, address) {
            (Direction::Resolve, None) if is_name(text) => Wanted::Address(text),
            (Direction::Reverse, Some(address)) => Wanted::Name(address),
            (Direction::Resolve, Some(_)) => return Answer::Found(text.to_owned()),
            _ => return Answer::Not(Cause::Missing),
        };
        if let Some(found) = self.hosts.find(wanted) {
            return Answer::Found(found);
        }
        let now = effects.ticks();
        if let Some(found) = self.hits.get(text, now) {
            return Answer::Found(found);
        }
        if let Some(cause) = self.failures.get(text, now) {
            return Answer::Not(cause);
        }
        let answer = self.ask(wanted, effects);
        match &answer {
            Answer::Found(found) => self.hits.put(text, found.clone(), effects.ticks()),
            Answer::Not(cause) => self.failures.put(text, *cause, effects.ticks()),
        }
        answer
    }

    fn ask(&self, wanted: Wanted<'_>, effects: &dyn Effects) -> Answer {
        let question = Question { wanted, servers: self.servers.as_deref(), within: self.timeout };
        let mut answer = effects.resolve(&question);
        for _ in 0..self.retries {
            if !matches!(answer, Answer::Not(Cause::TimedOut | Cause::Failed)) {
                break;
            }
            answer = effects.resolve(&question);
        }
        answer
    }

    fn write<'b>(&self, event: &mut Event<'b>, field: &FieldRef, found: &str, cx: &Context<'b, '_>) {
        let value = Value::copied(cx.arena, found);
        let written = match event.get(field) {
            Some(Value::Array(_)) if self.replace => {
                let mut list = ArenaVec::with_capacity_in(1, cx.arena);
                list.push(value);
                event.set(field, Value::array(list), cx.arena).map(|_| ())
            }
            _ if self.replace => event.set(field, value, cx.arena).map(|_| ()),
            _ => event.add(field, value, cx.arena),
        };
        if written.is_err() {
            tracing::debug!(filter = "dns", %field, "something stands in the way of the field");
        }
    }
}

fn is_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| (1..=63).contains(&label.len()) && !label.contains(char::is_whitespace);
    name.len() <= NAME_BYTES_MAX && name.split('.').all(is_label)
}

/// The text of a field, or of a list of one.
fn text<'b>(event: &Event<'b>, field: &FieldRef) -> Option<&'b str> {
    match event.get(field)? {
        Value::Array(items) if items.len() == 1 => items.first()?.as_str(),
        value => value.as_str(),
    }
}

impl Filter for Dns {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        self.hosts.refresh(cx.effects);
        let (mut found_one, mut failed_one) = (false, false);
        for (direction, field) in Arc::clone(&self.fields).iter() {
            let Some(text) = text(event, field) else { continue };
            match self.look_up(*direction, text, cx.effects) {
                Answer::Found(found) => {
                    found_one = true;
                    if found != text {
                        self.write(event, field, &found, cx);
                    }
                }
                Answer::Not(cause) => {
                    failed_one = true;
                    cx.because(event, field, || cause.to_string());
                    if cause == Cause::TimedOut {
                        self.tags.iter().for_each(|tag| event.tag(tag, cx.arena));
                    }
                }
            }
        }
        if found_one && !failed_one { Outcome::Matched } else { Outcome::Unmatched }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(Dns {
            fields: Arc::clone(&self.fields),
            replace: self.replace,
            servers: self.servers.clone(),
            timeout: self.timeout,
            retries: self.retries,
            hosts: self.hosts.unread(),
            hits: self.hits.emptied(),
            failures: self.failures.emptied(),
            tags: Arc::clone(&self.tags),
        })
    }
}

#[cfg(test)]
mod tests;
