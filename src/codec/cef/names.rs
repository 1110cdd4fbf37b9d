//! CEF's field names, their keys, and the ECS fields that they are in an event.
//!
//! `names.tsv` is the table of the Logstash reference, "Cef codec plugin": field name, key (`-` where there is none), ECS
//! field, then `time` for times and `host=…` for the field with `device => host`. The numbered custom fields are added here.
//! Where several names are one ECS field, the first that stands in the table is written.

use crate::event::FieldRef;
use std::sync::LazyLock;

/// What is known of a name.
#[derive(Debug)]
pub struct Name {
    pub field: String,
    /// The short name, or the field's where there is none.
    pub key: String,
    pub ecs: FieldRef,
    /// The ECS field with `device => host`, where it is another.
    pub host: Option<FieldRef>,
    pub is_time: bool,
}

/// The fields of the header, in order: as they are called, and in ECS.
pub const HEADER: [(&str, &str); 7] = [
    ("cefVersion", "[cef][version]"),
    ("deviceVendor", "[observer][vendor]"),
    ("deviceProduct", "[observer][product]"),
    ("deviceVersion", "[observer][version]"),
    ("deviceEventClassId", "[event][code]"),
    ("name", "[cef][name]"),
    ("severity", "[event][severity]"),
];

/// Custom fields, numbered from 1 to 15, each with a label: field name, key, ECS name.
const CUSTOM: [(&str, &str, &str); 4] = [
    ("deviceCustomFloatingPoint", "cfp", "device_custom_floating_point"),
    ("deviceCustomIPv6Address", "c6a", "device_custom_ipv6_address"),
    ("deviceCustomNumber", "cn", "device_custom_number"),
    ("deviceCustomString", "cs", "device_custom_string"),
];
const CUSTOM_MAX: usize = 15;

static NAMES: LazyLock<Vec<Name>> = LazyLock::new(|| {
    let table = include_str!("names.tsv").lines().filter_map(Name::parse);
    table.chain(CUSTOM.iter().flat_map(custom)).collect()
});

/// A reference of the tables.
fn path(text: &str) -> Option<FieldRef> {
    FieldRef::parse(text).ok()
}

impl Name {
    fn parse(line: &str) -> Option<Name> {
        let mut columns = line.split('\t');
        let (field, key, ecs) = (columns.next()?, columns.next()?, path(columns.next()?)?);
        let more = columns.next();
        Some(Name {
            field: field.into(),
            key: if key == "-" { field } else { key }.into(),
            ecs,
            host: more.and_then(|more| more.strip_prefix("host=")).and_then(path),
            is_time: more == Some("time"),
        })
    }

    /// Where an event has it. `on_host`: `device => host`.
    pub fn path(&self, on_host: bool) -> &FieldRef {
        self.host.as_ref().filter(|_| on_host).unwrap_or(&self.ecs)
    }
}

fn custom((field, key, ecs): &(&str, &str, &str)) -> Vec<Name> {
    let name = |number: usize, suffix: &str, part: &str| {
        Some(Name {
            field: format!("{field}{number}{suffix}"),
            key: format!("{key}{number}{suffix}"),
            ecs: path(&format!("[cef][{ecs}_{number}][{part}]"))?,
            host: None,
            is_time: false,
        })
    };
    (1..=CUSTOM_MAX).flat_map(|number| [name(number, "", "value"), name(number, "Label", "label")]).flatten().collect()
}

/// By key or by field name.
pub fn named(name: &str) -> Option<&'static Name> {
    NAMES.iter().find(|known| known.key == name || known.field == name)
}

/// The name that an ECS field is written by.
pub fn of_ecs(field: &FieldRef) -> Option<&'static Name> {
    NAMES.iter().find(|known| known.ecs == *field || known.host.as_ref() == Some(field))
}

#[cfg(test)]
pub fn all() -> &'static [Name] {
    &NAMES
}
