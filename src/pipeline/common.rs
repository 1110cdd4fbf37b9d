//! The options that every filter and every input has.

use crate::event::{Arena, Event, Template, Value};
use crate::filter::name::Name;
use crate::plugin::{Fault, Item, Settings};

/// `add_field`, `add_tag`, `remove_field`, `remove_tag`: applied in this order when a filter succeeded.
/// Source: Logstash reference, filters' common options.
#[derive(Clone, Debug, Default)]
pub struct Common {
    add_field: Vec<(Name, Vec<Template>)>,
    remove_field: Vec<Name>,
    add_tag: Vec<Template>,
    remove_tag: Vec<Template>,
}

impl Common {
    pub fn of(settings: &Settings) -> Result<Common, Fault> {
        Ok(Common {
            add_field: fields(settings)?,
            remove_field: settings
                .items("remove_field")
                .iter()
                .map(|item| Name::parse(item.as_text().unwrap_or_default(), item.place))
                .collect::<Result<_, _>>()?,
            add_tag: templates(settings, "add_tag"),
            remove_tag: templates(settings, "remove_tag"),
        })
    }

    pub fn apply<'b>(&self, event: &mut Event<'b>, arena: &'b Arena) {
        add_fields(&self.add_field, event, arena);
        for name in &self.remove_field {
            if let Some(path) = name.path(event, arena) {
                event.remove(&path, arena);
            }
        }
        for tag in &self.add_tag {
            let tag = tag.render(event, arena);
            event.tag(tag, arena);
        }
        for tag in &self.remove_tag {
            let tag = tag.render(event, arena);
            event.untag(tag);
        }
    }
}

/// `add_field`, `tags` and `type` of an input.
#[derive(Clone, Debug, Default)]
pub struct Decoration {
    add_field: Vec<(Name, Vec<Template>)>,
    tags: Vec<Template>,
    kind: Option<String>,
}

impl Decoration {
    pub fn of(settings: &Settings) -> Result<Decoration, Fault> {
        Ok(Decoration {
            add_field: fields(settings)?,
            tags: templates(settings, "tags"),
            kind: settings.text("type").map(String::from),
        })
    }

    pub fn apply<'b>(&self, event: &mut Event<'b>, arena: &'b Arena) {
        if let Some(kind) = &self.kind
            && event.root.get("type").is_none()
        {
            event.root.insert("type", Value::copied(arena, kind));
        }
        for tag in &self.tags {
            let tag = tag.render(event, arena);
            event.tag(tag, arena);
        }
        add_fields(&self.add_field, event, arena);
    }
}

fn add_fields<'b>(fields: &[(Name, Vec<Template>)], event: &mut Event<'b>, arena: &'b Arena) {
    for (name, values) in fields {
        for value in values {
            let value = value.value(event, arena);
            // A name that leads through a string cannot be written; Logstash logs it and goes on, and so do we, unlogged.
            if let Some(path) = name.path(event, arena) {
                drop(event.add(&path, value, arena));
            }
        }
    }
}

fn templates(settings: &Settings, name: &str) -> Vec<Template> {
    settings.texts(name).iter().map(|text| Template::parse(text)).collect()
}

fn fields(settings: &Settings) -> Result<Vec<(Name, Vec<Template>)>, Fault> {
    let of = |(name, item): (String, Item)| Ok((Name::parse(&name, item.place)?, values(&item)));
    settings.pairs("add_field").into_iter().map(of).collect()
}

/// A value, or each value of a list.
fn values(item: &Item) -> Vec<Template> {
    use crate::plugin::Given;
    match &item.given {
        Given::List(items) => items.iter().filter_map(Item::as_text).map(Template::parse).collect(),
        _ => item.as_text().map(Template::parse).into_iter().collect(),
    }
}
