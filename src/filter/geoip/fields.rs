//! The fields of both generations, and where each stands in a MaxMind record.

use crate::event::{Arena, ArenaVec, Object, Value};
use serde_json::Value as Json;

/// Where a field's value comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// The address that was asked for.
    Address,
    /// The network that the record is for.
    Network,
    /// `lat` and `lon`.
    Location,
    /// Country and region: `US-CA`.
    RegionCode,
    /// The first of these ways that leads to something.
    Record(&'static [&'static [&'static str]]),
}

/// One field.
#[derive(Debug)]
pub struct Field {
    /// Its name in `fields`, in lower case, and without ECS.
    pub plain: &'static str,
    /// Below the target; empty: it is not written there.
    pub ecs: &'static str,
    pub part: Part,
    /// The kinds of files (a part of their type's name) that have it; it is written when `fields` does not choose.
    pub files: &'static [&'static str],
}

const PLACES: &[&str] = &["City", "Country", "Enterprise"];
const ALL: &[&str] = &[""];
const NETS: &[&str] = &["ASN", "ISP", "Domain", "Connection-Type", "Anonymous-IP"];

const fn field(plain: &'static str, ecs: &'static str, files: &'static [&'static str], part: Part) -> Field {
    Field { plain, ecs, part, files }
}

static FIELDS: &[Field] = &[
    field("ip", "ip", ALL, Part::Address),
    field("city_name", "[geo][city_name]", PLACES, Part::Record(&[&["city", "names", "en"]])),
    field("continent_code", "[geo][continent_code]", PLACES, Part::Record(&[&["continent", "code"]])),
    field("continent_name", "[geo][continent_name]", &[], Part::Record(&[&["continent", "names", "en"]])),
    field("country_name", "[geo][country_name]", PLACES, Part::Record(&[&["country", "names", "en"]])),
    field("country_code2", "[geo][country_iso_code]", PLACES, Part::Record(&[&["country", "iso_code"]])),
    field("country_code3", "", PLACES, Part::Record(&[&["country", "iso_code"]])),
    field("region_name", "[geo][region_name]", PLACES, Part::Record(&[&["subdivisions", "0", "names", "en"]])),
    field("region_code", "[geo][region_code]", PLACES, Part::Record(&[&["subdivisions", "0", "iso_code"]])),
    field("region_iso_code", "[geo][region_iso_code]", PLACES, Part::RegionCode),
    field("postal_code", "[geo][postal_code]", PLACES, Part::Record(&[&["postal", "code"]])),
    field("dma_code", "[mmdb][dma_code]", PLACES, Part::Record(&[&["location", "metro_code"]])),
    field("timezone", "[geo][timezone]", PLACES, Part::Record(&[&["location", "time_zone"]])),
    field("location", "[geo][location]", PLACES, Part::Location),
    field("latitude", "[geo][location][lat]", PLACES, Part::Record(&[&["location", "latitude"]])),
    field("longitude", "[geo][location][lon]", PLACES, Part::Record(&[&["location", "longitude"]])),
    field(
        "asn",
        "[as][number]",
        NETS,
        Part::Record(&[&["autonomous_system_number"], &["traits", "autonomous_system_number"]]),
    ),
    field(
        "as_org",
        "[as][organization][name]",
        NETS,
        Part::Record(&[&["autonomous_system_organization"], &["traits", "autonomous_system_organization"]]),
    ),
    field("network", "[ip_traits][network]", &["ASN"], Part::Network),
    field("isp", "[mmdb][isp]", NETS, Part::Record(&[&["isp"], &["traits", "isp"]])),
    field(
        "organization",
        "[mmdb][organization]",
        NETS,
        Part::Record(&[&["organization"], &["traits", "organization"]]),
    ),
    field("domain", "domain", NETS, Part::Record(&[&["domain"], &["traits", "domain"]])),
    field(
        "connection_type",
        "[mmdb][connection_type]",
        NETS,
        Part::Record(&[&["connection_type"], &["traits", "connection_type"]]),
    ),
    field("anonymous", "[ip_traits][anonymous]", NETS, Part::Record(&[&["is_anonymous"]])),
    field("anonymous_vpn", "[ip_traits][anonymous_vpn]", NETS, Part::Record(&[&["is_anonymous_vpn"]])),
    field("hosting_provider", "[ip_traits][hosting_provider]", NETS, Part::Record(&[&["is_hosting_provider"]])),
    field("public_proxy", "[ip_traits][public_proxy]", NETS, Part::Record(&[&["is_public_proxy"]])),
    field("residential_proxy", "[ip_traits][residential_proxy]", NETS, Part::Record(&[&["is_residential_proxy"]])),
    field("tor_exit_node", "[ip_traits][tor_exit_node]", NETS, Part::Record(&[&["is_tor_exit_node"]])),
];

/// Other names of fields, as old pipelines have them.
const ALIASES: &[(&str, &str)] = &[
    ("autonomous_system_number", "asn"),
    ("autonomous_system_organization", "as_org"),
    ("real_region_name", "region_name"),
];

pub fn named(name: &str) -> Option<&'static Field> {
    let name = name.to_lowercase();
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name.as_str(), |(_, name)| name);
    FIELDS.iter().find(|field| field.plain == name)
}

pub fn names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.plain)
}

/// The chosen fields, or all that a file of this type has.
pub fn of(database_type: &str, chosen: &[&'static Field]) -> Vec<&'static Field> {
    if !chosen.is_empty() {
        return chosen.to_vec();
    }
    let has = |field: &&Field| field.files.iter().any(|kind| database_type.contains(kind));
    FIELDS.iter().filter(has).collect()
}

fn find<'r>(record: &'r Json, way: &[&str]) -> Option<&'r Json> {
    way.iter().try_fold(record, |at, step| match at {
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

pub fn value<'b>(record: &Json, ways: &[&[&str]], arena: &'b Arena) -> Option<Value<'b>> {
    ways.iter().find_map(|way| find(record, way)).and_then(|found| converted(found, arena))
}

fn converted<'b>(found: &Json, arena: &'b Arena) -> Option<Value<'b>> {
    Some(match found {
        Json::Null => return None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::copied(arena, text),
        Json::Array(items) => {
            let items = items.iter().filter_map(|item| converted(item, arena));
            Value::Array(ArenaVec::from_iter_in(items, arena).into())
        }
        Json::Object(entries) => {
            let mut object = Object::with_capacity_in(entries.len(), arena);
            for (name, item) in entries {
                if let Some(item) = converted(item, arena) {
                    object.insert(arena.alloc_str(name), item);
                }
            }
            Value::Object(object)
        }
    })
}

/// A point as Elasticsearch takes it.
pub fn location<'b>(record: &Json, arena: &'b Arena) -> Option<Value<'b>> {
    let number = |name: &str| find(record, &["location", name])?.as_f64();
    let (lat, lon) = (number("latitude")?, number("longitude")?);
    let mut object = Object::with_capacity_in(2, arena);
    object.push_new("lat", true, Value::Float(lat));
    object.push_new("lon", true, Value::Float(lon));
    Some(Value::Object(object))
}

/// `US-CA`
pub fn region_code<'b>(record: &Json, arena: &'b Arena) -> Option<Value<'b>> {
    let country = find(record, &["country", "iso_code"])?.as_str()?;
    let region = find(record, &["subdivisions", "0", "iso_code"])?.as_str()?;
    Some(Value::copied(arena, &format!("{country}-{region}")))
}
