//! The `geoip` filter: where an address is, and whose it is, by a MaxMind file.
//!
//! Nothing comes along and nothing is fetched: the file is given by `database`, read once when the pipeline is, and
//! shared by all workers. `fields` has the names of both generations and where each stands in a file.
//! Settings and fields: Logstash reference, "Geoip filter plugin".

mod fields;

use super::name::reference;
use super::{Build, Context, Ecs, Filter, FilterPlugin, Outcome};
use crate::event::{Event, FieldRef, Object, Value, display};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Place, Setting, Settings};
use core::net::IpAddr;
use fields::{Field, Part};
use maxminddb::Reader;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("examples.txt"), build };

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "geoip",
    summary: "Tells where an address is, and whose it is, by a MaxMind file.",
    settings: &[
        Setting::new(
            "source",
            Kind::Field,
            Fallback::Required,
            "The field with the address; of a list the first item.",
        ),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::None,
            "The field to put the result below. Without `ecs_compatibility` it is `geoip`; with it, a source like `[client][ip]` makes it `client`, and any other source needs a target.",
        ),
        Setting::new(
            "database",
            Kind::Path,
            Fallback::None,
            "The MaxMind file: City, Country, ASN, ISP, Domain, Connection-Type, Anonymous-IP or Enterprise of GeoLite2 or GeoIP2.",
        )
        .differs("no file comes along and none is fetched, so one must be named; it is read again only when the pipeline is."),
        Setting::new(
            "default_database_type",
            Kind::OneOf(&["City", "ASN"]),
            Fallback::Text("City"),
            "Which of Logstash's own files was meant where no `database` is given; here it only says which file to get.",
        ),
        Setting::new(
            "fields",
            Kind::Array,
            Fallback::Empty,
            "The fields to write; none named are all that the file has.",
        ),
        Setting::new("cache_size", Kind::Number, Fallback::Number(1000.0), "How many addresses a worker remembers."),
        Setting::new(
            "tag_on_failure",
            Kind::Array,
            Fallback::List(&["_geoip_lookup_failure"]),
            "Tags for events whose address is none, or not in the file.",
        ),
        Setting::new(
            "ecs_compatibility",
            Kind::OneOf(Ecs::NAMES),
            Fallback::None,
            "Which fields are written: `v1` and `v8` those of the Elastic Common Schema.",
        ),
    ],
    example: EXAMPLE,
    differs: &[],
    unavailable: None,
};

const EXAMPLE: &str = r#"filter { if [client][ip] { geoip { source => "[client][ip]" database => "/usr/share/GeoIP/GeoLite2-City.mmdb" } } }"#;

type Database = Reader<Vec<u8>>;

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let ecs = settings.text("ecs_compatibility").and_then(Ecs::parse).unwrap_or(build.ecs) != Ecs::Disabled;
    let source = reference(settings.text("source").unwrap_or_default(), settings.place("source"))?;
    let below = target(settings, &source, ecs)?;
    let database = Arc::new(database(settings, build)?);
    let fields = fields::of(&database.metadata().database_type, &wanted(settings)?);
    let fields = fields.into_iter().filter(|field| !ecs || !field.ecs.is_empty());
    let fields = fields.map(|field| Ok((path(&below, field, ecs)?, field)));
    let cache_size = settings.number("cache_size").unwrap_or_default();
    if cache_size < 0.0 {
        return Err(Fault::at(settings.place("cache_size"), format!("`cache_size` cannot be {cache_size}")));
    }
    Ok(Box::new(GeoIp {
        source,
        empty: (!ecs).then_some(below.clone()),
        fields: fields.collect::<Result<Vec<_>, Fault>>()?.into(),
        needs_location: database.metadata().database_type.contains("City"),
        database,
        failure: settings.texts("tag_on_failure"),
        cache: HashMap::new(),
        cache_size: (cache_size as usize).min(CACHE_ENTRIES_MAX),
    }))
}

/// How many addresses a worker remembers, whatever `cache_size` says.
const CACHE_ENTRIES_MAX: usize = 10_000;

/// Where the fields are put.
fn target(settings: &Settings, source: &FieldRef, ecs: bool) -> Result<FieldRef, Fault> {
    if let Some(text) = settings.text("target") {
        return reference(text, settings.place("target"));
    }
    if !ecs {
        return Ok(FieldRef::top("geoip"));
    }
    match source.steps.split_last() {
        Some((last, way)) if &*last.name == "ip" && !way.is_empty() => {
            Ok(FieldRef { metadata: source.metadata, steps: way.into() })
        }
        _ => {
            let text = "filter `geoip` needs `target`: the source does not end in `[ip]`";
            Err(Fault::at(settings.place("source"), text)
                .help("`target => \"client\"` puts the result into `[client][geo]` and `[client][as]`"))
        }
    }
}

fn database(settings: &Settings, build: &Build<'_>) -> Result<Database, Fault> {
    let Some(path) = settings.text("database") else {
        let kind = settings.text("default_database_type").unwrap_or("City");
        return Err(Fault::new("filter `geoip` needs `database`: no MaxMind file comes along")
            .help(format!("get GeoLite2-{kind}.mmdb from MaxMind (a free account is enough) and name its path"))
            .help(format!("database => \"/usr/share/GeoIP/GeoLite2-{kind}.mmdb\"")));
    };
    let place = settings.place("database");
    let bytes = build.files.read(Path::new(path));
    let bytes = bytes.map_err(|error| Fault::at(place, format!("cannot read the database `{path}`: {error}")))?;
    Reader::from_source(bytes).map_err(|bad| Fault::at(place, format!("`{path}` is no MaxMind file: {bad}")))
}

/// The fields that are asked for, checked.
fn wanted(settings: &Settings) -> Result<Vec<&'static Field>, Fault> {
    let field = |item: &crate::plugin::Item| {
        let name = item.as_text().unwrap_or_default();
        fields::named(name).ok_or_else(|| {
            Fault::at(item.place, format!("`fields` knows no field `{name}`")).unknown(name, fields::names())
        })
    };
    settings.items("fields").iter().map(field).collect()
}

fn path(below: &FieldRef, field: &Field, ecs: bool) -> Result<FieldRef, Fault> {
    let name = if ecs { field.ecs } else { field.plain };
    let text = if name.starts_with('[') { format!("{below}{name}") } else { format!("{below}[{name}]") };
    reference(&text, Place::default())
}

struct GeoIp {
    source: FieldRef,
    /// What becomes an empty hash when nothing was found.
    empty: Option<FieldRef>,
    fields: Arc<[(FieldRef, &'static Field)]>,
    database: Arc<Database>,
    /// A record of a City file without a place is taken for none, as Logstash has it.
    needs_location: bool,
    failure: Vec<String>,
    /// The record of an address; `None` if there is none.
    cache: HashMap<IpAddr, Option<Arc<serde_json::Value>>>,
    cache_size: usize,
}

impl GeoIp {
    fn record(&mut self, address: IpAddr) -> Option<Arc<serde_json::Value>> {
        if let Some(record) = self.cache.get(&address) {
            return record.clone();
        }
        let record = match self.database.lookup(address).and_then(|found| found.decode()) {
            Ok(record) => record.map(Arc::new),
            Err(error) => {
                tracing::debug!(filter = "geoip", %error, "cannot read a record");
                None
            }
        };
        if self.cache.len() >= self.cache_size {
            self.cache.clear();
        }
        if self.cache_size > 0 {
            self.cache.insert(address, record.clone());
        }
        record
    }

    fn network(&self, address: IpAddr) -> Option<String> {
        Some(self.database.lookup(address).ok()?.network().ok()?.to_string())
    }

    /// Whether anything was found and written.
    fn write<'b>(&mut self, event: &mut Event<'b>, address: IpAddr, cx: &Context<'b, '_>) -> bool {
        let Some(record) = self.record(address) else { return false };
        if self.needs_location && fields::location(&record, cx.arena).is_none() {
            return false;
        }
        let mut found = false;
        for (path, field) in self.fields.iter() {
            let value = match field.part {
                Part::Address => Some(Value::plain(cx.arena.alloc_str(&address.to_string()))),
                Part::Network => self.network(address).map(|text| Value::copied(cx.arena, &text)),
                Part::Location => fields::location(&record, cx.arena),
                Part::RegionCode => fields::region_code(&record, cx.arena),
                Part::Record(way) => fields::value(&record, way, cx.arena),
            };
            let Some(value) = value else { continue };
            match event.set(path, value, cx.arena) {
                Ok(_) => found |= field.part != Part::Address,
                Err(_) => {
                    tracing::debug!(filter = "geoip", field = %path, "something stands in the way of the field");
                }
            }
        }
        found
    }
}

/// The address in a field.
fn address(event: &Event<'_>, source: &FieldRef) -> Option<IpAddr> {
    let value = match event.get(source)? {
        Value::Array(items) => items.first()?,
        value => value,
    };
    let mut text = Vec::new();
    display::append(value, &mut text);
    std::str::from_utf8(&text).ok()?.trim().parse().ok()
}

impl Filter for GeoIp {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let address = address(event, &self.source);
        if let Some(address) = address
            && self.write(event, address, cx)
        {
            return Outcome::Matched;
        }
        cx.because(event, &self.source, || match address {
            Some(_) => "the database knows nothing of the address that is asked for",
            None => "no address",
        });
        if let Some(path) = &self.empty
            && event.set(path, Value::Object(Object::new_in(cx.arena)), cx.arena).is_err()
        {
            tracing::debug!(filter = "geoip", field = %path, "something stands in the way of the field");
        }
        self.failure.iter().for_each(|tag| event.tag(tag, cx.arena));
        Outcome::Unmatched
    }

    fn reads(&self) -> Option<&FieldRef> {
        Some(&self.source)
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(GeoIp {
            source: self.source.clone(),
            empty: self.empty.clone(),
            fields: Arc::clone(&self.fields),
            database: Arc::clone(&self.database),
            needs_location: self.needs_location,
            failure: self.failure.clone(),
            cache: HashMap::new(),
            cache_size: self.cache_size,
        })
    }
}

#[cfg(test)]
pub mod tests;
