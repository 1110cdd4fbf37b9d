//! The `mutate` filter: renames, rewrites and converts fields.
//!
//! The operations run in Logstash's fixed order, whatever the order in the configuration; the order here is the order
//! of `operations`. The first one that fails ends the filter: what was done before it stays, and the event is tagged.
//! Operations and their corners: Logstash reference, "Mutate filter plugin".

mod convert;
mod fields;
pub mod text;

use super::name::{Name, reference};
use super::{Context, Filter, FilterPlugin, Outcome};
use crate::event::{Event, FieldRef};
use crate::plugin::{Declaration, Door, Fallback, Fault, Item, Kind, Setting, Settings};
use convert::Type;
use fields::{Failed, Fill};
use text::{Case, Gsub};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples.txt"),
    build: |settings, _| build(settings),
};

const fn pairs(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Hash, Fallback::Empty, doc)
}

const fn list(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Array, Fallback::Empty, doc)
}

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "mutate",
    summary: "Renames, replaces, converts, splits and joins fields, in a fixed order: the order of the settings below.",
    settings: &[
        pairs("coerce", "Field and value: what a field that is there and null becomes."),
        pairs(
            "rename",
            "Old name and new name. A field that has the new name goes; an old name that is missing is nothing. Names may hold `%{…}`.",
        ),
        pairs("update", "Field and value: a field that is there gets this value, which may hold `%{…}`."),
        pairs(
            "replace",
            "Field and value: the field gets this value, which may hold `%{…}`, whether it is there or not.",
        ),
        pairs(
            "convert",
            "Field and type: integer, integer_eu, float, float_eu, string or boolean. Arrays are converted item by item, hashes left alone. `_eu`: dots part thousands, a comma the fraction.",
        )
        .differs("a string that is no boolean stays as it is without a line in the log."),
        list(
            "gsub",
            "Field, regular expression and replacement, three by three: replaces every match in a string or an array of strings. `\\1` and `\\k<name>` are what groups matched; expression and replacement may hold `%{…}`.",
        ),
        list("uppercase", "Fields, strings or arrays of strings, to write in upper case."),
        list("capitalize", "Fields to write with a capital letter and the rest in lower case."),
        list("lowercase", "Fields to write in lower case."),
        list("strip", "Fields to take leading and trailing white space from."),
        pairs("split", "Field and separator: makes an array of a string; empty items at the end go."),
        pairs("join", "Field and separator: makes a string of an array."),
        pairs(
            "merge",
            "Field and the field to add to it, or a list of them: arrays and strings become one array, hashes one hash.",
        ),
        pairs("copy", "Field and the name of its copy; what has that name goes. Names may hold `%{…}`."),
        Setting::new(
            "tag_on_failure",
            Kind::String,
            Fallback::Text("_mutate_error"),
            "The tag of an event in which an operation failed; those behind it did not run.",
        ),
        list("remove", "Removed from Logstash long ago.").refused("use `remove_field`, which every filter has"),
    ],
    example: r#"filter { mutate { rename => { "[host][name]" => "hostname" } convert => { "status" => "integer" } } }"#,
    differs: &[],
    unavailable: None,
};

/// One step of the filter.
#[derive(Clone, Debug)]
enum Operation {
    Coerce(FieldRef, Fill),
    Rename(Name, Name),
    Update(FieldRef, Fill),
    Replace(FieldRef, Fill),
    Convert(FieldRef, Type),
    Gsub(FieldRef, Gsub),
    Case(FieldRef, Case),
    Strip(FieldRef),
    Split(FieldRef, Box<str>),
    Join(FieldRef, Box<str>),
    Merge(FieldRef, Vec<FieldRef>),
    Copy(Name, Name),
}

impl Operation {
    /// Its name, and the field that it is done to, where that has a fixed name.
    fn named(&self) -> (&'static str, Option<&FieldRef>) {
        match self {
            Operation::Coerce(path, _) => ("coerce", Some(path)),
            Operation::Rename(from, _) => ("rename", from.fixed()),
            Operation::Update(path, _) => ("update", Some(path)),
            Operation::Replace(path, _) => ("replace", Some(path)),
            Operation::Convert(path, _) => ("convert", Some(path)),
            Operation::Gsub(path, _) => ("gsub", Some(path)),
            Operation::Case(path, _) => ("uppercase, capitalize or lowercase", Some(path)),
            Operation::Strip(path) => ("strip", Some(path)),
            Operation::Split(path, _) => ("split", Some(path)),
            Operation::Join(path, _) => ("join", Some(path)),
            Operation::Merge(path, _) => ("merge", Some(path)),
            Operation::Copy(from, _) => ("copy", from.fixed()),
        }
    }

    fn apply<'b>(&mut self, event: &mut Event<'b>, cx: &Context<'b, '_>) -> Result<(), Failed> {
        let arena = cx.arena;
        match self {
            Operation::Coerce(path, fill) => fields::coerce(event, path, fill, arena),
            Operation::Rename(from, to) => fields::rename(event, from, to, arena),
            Operation::Update(path, fill) => fields::update(event, path, fill, arena),
            Operation::Replace(path, fill) => fields::write(event, path, fill.value(event, arena), arena),
            Operation::Convert(path, to) => convert::apply(event, path, *to, cx),
            Operation::Gsub(path, gsub) => gsub.apply(event, path, arena),
            Operation::Case(path, case) => text::each(event, path, arena, |text| case.apply(text, arena)),
            Operation::Strip(path) => text::each(event, path, arena, text::strip),
            Operation::Split(path, separator) => text::split(event, path, separator, arena),
            Operation::Join(path, separator) => text::join(event, path, separator, arena),
            Operation::Merge(path, added) => fields::merge(event, path, added, arena),
            Operation::Copy(from, to) => fields::copy(event, from, to, arena),
        }
    }
}

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let failure = settings.text("tag_on_failure").unwrap_or_default().to_string();
    Ok(Box::new(Mutate { operations: operations(settings)?, failure }))
}

/// All operations, in the order in which they run.
fn operations(settings: &Settings) -> Result<Vec<Operation>, Fault> {
    let fill = |item: &Item, name: &str| Fill::of(item, name);
    let mut all = of_pairs(settings, "coerce", |at, item| Ok(Operation::Coerce(at, fill(item, "coerce")?)))?;
    all.extend(of_names(settings, "rename", Operation::Rename)?);
    all.extend(of_pairs(settings, "update", |at, item| Ok(Operation::Update(at, fill(item, "update")?)))?);
    all.extend(of_pairs(settings, "replace", |at, item| Ok(Operation::Replace(at, fill(item, "replace")?)))?);
    all.extend(of_pairs(settings, "convert", |at, item| Ok(Operation::Convert(at, Type::of(item)?)))?);
    all.extend(of_gsub(settings)?);
    for (name, case) in [("uppercase", Case::Upper), ("capitalize", Case::Capital), ("lowercase", Case::Lower)] {
        all.extend(of_list(settings, name, |at| Operation::Case(at, case))?);
    }
    all.extend(of_list(settings, "strip", Operation::Strip)?);
    let text = |item: &Item, name: &str| item.one_text(name).map(Box::from);
    all.extend(of_pairs(settings, "split", |at, item| Ok(Operation::Split(at, text(item, "split")?)))?);
    all.extend(of_pairs(settings, "join", |at, item| Ok(Operation::Join(at, text(item, "join")?)))?);
    all.extend(of_pairs(settings, "merge", |at, item| Ok(Operation::Merge(at, fields::references(item)?)))?);
    all.extend(of_names(settings, "copy", Operation::Copy)?);
    Ok(all)
}

type Operations = Result<Vec<Operation>, Fault>;

fn of_pairs(settings: &Settings, name: &str, make: impl Fn(FieldRef, &Item) -> Result<Operation, Fault>) -> Operations {
    let pairs = settings.pairs(name).into_iter();
    pairs.map(|(field, item)| make(reference(&field, item.place)?, &item)).collect()
}

fn of_names(settings: &Settings, name: &str, make: impl Fn(Name, Name) -> Operation) -> Operations {
    let pair = |(from, item): (String, Item)| {
        Ok(make(Name::parse(&from, item.place)?, Name::parse(item.one_text(name)?, item.place)?))
    };
    settings.pairs(name).into_iter().map(pair).collect()
}

fn of_list(settings: &Settings, name: &str, make: impl Fn(FieldRef) -> Operation) -> Operations {
    let items = settings.items(name);
    items.iter().map(|item| Ok(make(reference(item.one_text(name)?, item.place)?))).collect()
}

fn of_gsub(settings: &Settings) -> Operations {
    let items = settings.items("gsub");
    if !items.len().is_multiple_of(3) {
        let text = format!("`gsub` needs three strings for each replacement, and has {}", items.len());
        return Err(Fault::at(settings.place("gsub"), text).help("field, regular expression, replacement"));
    }
    let one = |three: &[Item]| {
        let field = reference(three[0].one_text("gsub")?, three[0].place)?;
        Ok(Operation::Gsub(field, Gsub::of(&three[1], &three[2])?))
    };
    items.chunks_exact(3).map(one).collect()
}

#[derive(Clone, Debug)]
struct Mutate {
    operations: Vec<Operation>,
    failure: String,
}

impl Filter for Mutate {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        for operation in &mut self.operations {
            if let Err(failed) = operation.apply(event, cx) {
                event.tag(&self.failure, cx.arena);
                let (name, field) = operation.named();
                match field {
                    Some(field) => cx.because(event, field, || format!("{name}: {failed}")),
                    None => cx.because_of(|| format!("{name}: {failed}")),
                }
                return Outcome::Unmatched;
            }
        }
        Outcome::Matched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
