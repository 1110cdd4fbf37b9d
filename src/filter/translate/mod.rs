//! The `translate` filter: looks a field's text up in a dictionary and writes what it finds.
//!
//! A field that is missing is left alone; so is an event whose target is there, unless `override` says otherwise.
//! Where source and target are the same, the filter succeeds whether it finds anything or not.
//! Settings: Logstash reference, "Translate filter plugin".

mod dictionary;
mod read;
mod shelf;

use super::{Build, Context, Ecs, Filter, FilterPlugin, Outcome, name};
use crate::event::{Arena, ArenaVec, Event, FieldRef, Object, Owned, Template, Value, display};
use crate::plugin::{Declaration, Door, Fallback, Fault, Given, Item, Kind, Setting, Settings};
use dictionary::{Dictionary, Mode};
use read::Format;
use shelf::{Shelf, Source};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("examples.txt"), build };

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "translate",
    summary: "Looks a field's text up in a dictionary, given in the pipeline or in a file, and writes what it finds to a field.",
    settings: &[
        Setting::new(
            "source",
            Kind::Field,
            Fallback::None,
            "The field whose text is looked up; of a list, the first item. Required.",
        ),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::None,
            "The field to write to. By default `source` itself, or `translation` where `ecs_compatibility` is `disabled`.",
        ),
        Setting::new(
            "dictionary",
            Kind::Hash,
            Fallback::Empty,
            "Text and what it becomes. Not together with `dictionary_path`.",
        ),
        Setting::new(
            "dictionary_path",
            Kind::Path,
            Fallback::None,
            "A file of texts and what they become: `.yml` or `.yaml`, `.json`, or `.csv` with two columns. Values of the first three may be lists and hashes.",
        )
        .differs("keys that are numbers need no quotes: `100` is the text \"100\"."),
        Setting::new(
            "exact",
            Kind::Boolean,
            Fallback::Boolean(true),
            "The key is the whole text, and its value the result. Otherwise every key that is found within the text is replaced by its value.",
        )
        .differs("together with `regex => true`, each match is replaced by the value of the expression that matched."),
        Setting::new(
            "regex",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Keys are regular expressions; the first as written that matches counts.",
        ),
        Setting::new(
            "fallback",
            Kind::String,
            Fallback::None,
            "What is written where no key is found; may hold `%{…}`. Without it, nothing is.",
        ),
        Setting::new(
            "override",
            Kind::Boolean,
            Fallback::None,
            "Whether a target that is there is written over. By default only where it is the source.",
        ),
        Setting::new(
            "iterate_on",
            Kind::Field,
            Fallback::None,
            "A field with a list. If it is the `source`, each item is looked up, and `target` becomes the list of results, with null where there is none. Otherwise its items are hashes, and `source` and `target` are fields in each of them.",
        ),
        Setting::new(
            "refresh_interval",
            Kind::Number,
            Fallback::Number(300.0),
            "Seconds between looks at the file. Up to 300, it is read only if it was written since. 0 or less: never again.",
        )
        .differs("a file is looked at no more often than every five seconds."),
        Setting::new(
            "refresh_behaviour",
            Kind::OneOf(&["merge", "replace"]),
            Fallback::Text("merge"),
            "Whether entries that a changed file has no more stay (`merge`) or go (`replace`).",
        ),
        Setting::new(
            "yaml_dictionary_code_point_limit",
            Kind::Number,
            Fallback::Number(134_217_728.0),
            "The most characters that a YAML file may have.",
        ),
        Setting::new(
            "ecs_compatibility",
            Kind::OneOf(Ecs::NAMES),
            Fallback::None,
            "Which `target` is the default. By default as `pipeline.ecs_compatibility`.",
        ),
        Setting::new("field", Kind::Field, Fallback::None, "The old name of `source`.").deprecated("use `source`"),
        Setting::new("destination", Kind::Field, Fallback::None, "The old name of `target`.")
            .deprecated("use `target`"),
    ],
    example: r#"filter { translate { source => "[http][response][status_code]" target => "[http_status_description]" dictionary => { "200" => "OK" "500" => "Server Error" } fallback => "I'm a teapot" } }"#,
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let mode = Mode { exact: settings.boolean("exact"), regex: settings.boolean("regex") };
    let (book, shelf) = dictionary(settings, build, mode)?;
    let ecs = settings.text("ecs_compatibility").and_then(Ecs::parse).unwrap_or(build.ecs);
    let source = either(settings, "source", "field")?;
    let Some(source) = source else { return Err(Fault::new("filter `translate` needs the setting `source`")) };
    let target = match either(settings, "target", "destination")? {
        Some(target) => target,
        None if ecs == Ecs::Disabled => FieldRef::top("translation"),
        None => source.clone(),
    };
    let in_place = source == target;
    let given = settings.is_given("override").then(|| settings.boolean("override"));
    Ok(Box::new(Translate {
        edition: shelf.as_ref().map_or(0, |shelf| shelf.edition()),
        shelf,
        book,
        over: match field(settings, "iterate_on")? {
            None => Over::Event,
            Some(list) if list == source => Over::Items,
            Some(list) => Over::Objects(list),
        },
        fallback: settings.text("fallback").map(Template::parse),
        look: Look { source, target, in_place, overwrite: given.unwrap_or(in_place) },
    }))
}

fn field(settings: &Settings, setting: &str) -> Result<Option<FieldRef>, Fault> {
    settings.text(setting).map(|text| name::reference(text, settings.place(setting))).transpose()
}

/// A field that has two names as a setting.
fn either(settings: &Settings, new: &str, old: &str) -> Result<Option<FieldRef>, Fault> {
    if settings.is_given(new) && settings.is_given(old) {
        let text = format!("`{old}` is the old name of `{new}`: both cannot be given");
        return Err(Fault::at(settings.place(old), text));
    }
    field(settings, if settings.is_given(old) { old } else { new })
}

type Found = (Arc<Dictionary>, Option<Arc<Shelf>>);

fn dictionary(settings: &Settings, build: &Build<'_>, mode: Mode) -> Result<Found, Fault> {
    let Some(path) = settings.text("dictionary_path") else {
        let entries = settings.pairs("dictionary").into_iter().map(|(key, item)| (key.into(), owned(&item)));
        let fault = |why| Fault::at(settings.place("dictionary"), why);
        return Ok((Arc::new(Dictionary::new(entries, mode).map_err(fault)?), None));
    };
    let place = settings.place("dictionary_path");
    if settings.is_given("dictionary") {
        return Err(Fault::at(place, "`dictionary` and `dictionary_path` cannot both be given"));
    }
    let characters_max = settings.number("yaml_dictionary_code_point_limit").unwrap_or_default() as u64;
    let Some(format) = Format::of(Path::new(path), characters_max) else {
        let text = format!("the end of `{path}` names no format of dictionaries");
        return Err(Fault::at(place, text).help("it must be .yml, .yaml, .json or .csv"));
    };
    let bad = |why: String| Fault::at(place, format!("cannot read the dictionary `{path}`: {why}"));
    let bytes = build.files.read(Path::new(path)).map_err(|error| bad(error.to_string()))?;
    let first = Arc::new(Dictionary::new(format.read(&bytes).map_err(bad)?, mode).map_err(bad)?);
    let interval = settings.number("refresh_interval").unwrap_or_default();
    let source = || Source {
        path: path.into(),
        format,
        interval: Duration::try_from_secs_f64(interval).unwrap_or(Duration::MAX),
        merge: settings.text("refresh_behaviour") == Some("merge"),
    };
    let shelf = (interval > 0.0).then(|| Arc::new(Shelf::new(source(), mode, Arc::clone(&first))));
    Ok((first, shelf))
}

/// A value of the configuration.
fn owned(item: &Item) -> Owned {
    match &item.given {
        Given::Text(text) => Owned::Text(text.as_str().into()),
        Given::Number { text, .. } => match text.parse() {
            Ok(number) => Owned::Int(number),
            Err(_) => text.parse().map_or_else(|_| Owned::Text(text.as_str().into()), Owned::Float),
        },
        Given::List(items) => Owned::List(items.iter().map(owned).collect()),
        Given::Hash(entries) => {
            let entry = |(key, value): &(Item, Item)| (key.as_text().unwrap_or_default().into(), owned(value));
            Owned::Hash(entries.iter().map(entry).collect())
        }
        Given::Plugin { name, .. } => Owned::Text(name.as_str().into()),
    }
}

#[derive(Clone, Debug)]
struct Translate {
    /// Where the dictionary is read anew; `None`: it never is.
    shelf: Option<Arc<Shelf>>,
    /// Which dictionary of the shelf `book` is.
    edition: u64,
    book: Arc<Dictionary>,
    look: Look,
    fallback: Option<Template>,
    over: Over,
}

/// What is looked up.
#[derive(Clone, Debug)]
enum Over {
    /// A field of the event.
    Event,
    /// The items of the source.
    Items,
    /// A field of each hash in this list.
    Objects(FieldRef),
}

/// Where from and where to.
#[derive(Clone, Debug)]
struct Look {
    source: FieldRef,
    target: FieldRef,
    /// They are the same.
    in_place: bool,
    overwrite: bool,
}

impl Look {
    fn may_write(&self, event: &Event<'_>) -> bool {
        self.overwrite || event.get(&self.target).is_none()
    }

    /// Translates one field; whether that succeeded.
    fn one<'b>(
        &self,
        event: &mut Event<'b>,
        book: &Dictionary,
        fallback: impl FnOnce(&Event<'b>) -> Option<Value<'b>>,
        arena: &'b Arena,
    ) -> bool {
        let Some(value) = event.get(&self.source).filter(|_| self.may_write(event)) else { return false };
        let value = value.as_array().map_or(Some(value), |items| items.first());
        let text = value.map_or(Cow::Borrowed(""), text);
        match book.translate(&text, arena).or_else(|| fallback(event)) {
            Some(found) => event.set(&self.target, found, arena).is_ok(),
            None => self.in_place,
        }
    }

    /// Translates every item of the source.
    fn items<'b>(&self, event: &mut Event<'b>, book: &Dictionary, fallback: Option<&'b str>, arena: &'b Arena) -> bool {
        let Some(list) = event.get(&self.source).filter(|_| self.may_write(event)) else { return false };
        let items = list.as_array().unwrap_or(std::slice::from_ref(list));
        let translated = items.iter().map(|item| {
            let found = book.translate(&text(item), arena).or_else(|| fallback.map(Value::text));
            found.unwrap_or(Value::Null)
        });
        let translated = ArenaVec::from_iter_in(translated, arena);
        event.set(&self.target, Value::array(translated), arena).is_ok()
    }

    /// Translates a field of every hash in `list`.
    fn objects<'b>(
        &self,
        event: &mut Event<'b>,
        list: &FieldRef,
        book: &Dictionary,
        fallback: Option<&'b str>,
        arena: &'b Arena,
    ) -> bool {
        let (identity, arrived) = (event.identity, event.arrived);
        let Some(list) = event.get_mut(list, arena) else { return false };
        let items = match list {
            Value::Array(items) => items.as_mut_slice(),
            other => std::slice::from_mut(other),
        };
        let mut done = self.in_place;
        for object in items.iter_mut().filter_map(|item| item.object_mut(arena)) {
            // References lead through an event, so each hash is one for a moment.
            let root = std::mem::replace(object, Object::new_in(arena));
            let mut inner = Event { root, metadata: None, identity, arrived };
            done |= self.one(&mut inner, book, |_| fallback.map(Value::text), arena);
            *object = inner.root;
        }
        done
    }
}

/// The text that a value is looked up by: as Ruby writes it.
fn text<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    let mut out = Vec::new();
    match value {
        Value::Text(text) => return Cow::Borrowed(text.str),
        Value::Float(number) => display::ruby_double(*number, &mut out),
        other => display::append(other, &mut out),
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

impl Filter for Translate {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        if let Some(shelf) = self.shelf.as_ref().filter(|shelf| shelf.edition() != self.edition) {
            (self.edition, self.book) = (shelf.edition(), shelf.current());
        }
        let Translate { look, book, fallback, over, .. } = self;
        let arena = cx.arena;
        let render = |event: &Event<'b>| fallback.as_ref().map(|fallback| fallback.render(event, arena));
        let done = match over {
            Over::Event => look.one(event, book, |event| render(event).map(Value::text), arena),
            Over::Items => look.items(event, book, render(event), arena),
            Over::Objects(list) => look.objects(event, list, book, render(event), arena),
        };
        if done { Outcome::Matched } else { Outcome::Unmatched }
    }

    fn keeps_time(&self) -> bool {
        self.shelf.is_some()
    }

    fn tick<'b>(&mut self, cx: &mut Context<'b, '_>) {
        if let Some(shelf) = &self.shelf {
            shelf.refresh(cx.effects);
        }
    }

    fn finish<'b>(&mut self, _cx: &mut Context<'b, '_>) {}

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
