//! What every plugin declares: its name, its settings with types, defaults and a line of documentation each.
//!
//! The declaration is data. `check` validates configurations against it, `help` and `docs/plugins` print it, and the
//! plugin reads its settings back through `Settings`, defaults included, so the three cannot disagree.
//! This room knows neither the language nor events: values come as `Given`, with their place in the text.

pub mod csv;
pub mod example;
mod join;
pub mod sample;
pub mod shared;
pub mod table;
pub mod written;

use join::{joined, unwrap};
use std::fmt;
use written::{parse_bytes, uris};

/// Which section of a pipeline a plugin stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    Input,
    Filter,
    Output,
    Codec,
}

impl Door {
    /// In the order of a pipeline.
    pub const ALL: [Door; 4] = [Door::Input, Door::Codec, Door::Filter, Door::Output];

    pub fn name(self) -> &'static str {
        match self {
            Door::Input => "input",
            Door::Filter => "filter",
            Door::Output => "output",
            Door::Codec => "codec",
        }
    }
}

/// The type of a setting, named as in Logstash's reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    String,
    /// A field reference.
    Field,
    Number,
    Boolean,
    /// A list of strings or numbers; a single value is a list of one.
    Array,
    Hash,
    Path,
    Uri,
    /// A list of URIs; a single one is a list of one.
    Uris,
    /// Never printed.
    Password,
    /// A size: a number of bytes, or `10mb`, `64kib`.
    Bytes,
    Codec,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Whatever the plugin makes of it (`match` of grok: a hash or an array).
    Any,
}

impl Kind {
    /// `a` or `an`.
    fn article(self) -> &'static str {
        if matches!(self, Kind::Array | Kind::Uris) { "an" } else { "a" }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::String => f.write_str("string"),
            Kind::Field => f.write_str("field reference"),
            Kind::Number => f.write_str("number"),
            Kind::Boolean => f.write_str("boolean"),
            Kind::Array => f.write_str("array"),
            Kind::Hash => f.write_str("hash"),
            Kind::Path => f.write_str("path"),
            Kind::Uri => f.write_str("uri"),
            Kind::Uris => f.write_str("array of uris"),
            Kind::Password => f.write_str("password"),
            Kind::Bytes => f.write_str("bytes"),
            Kind::Codec => f.write_str("codec"),
            Kind::OneOf(words) => write!(f, "one of {}", words.join(", ")),
            Kind::Any => f.write_str("hash or array"),
        }
    }
}

/// What a setting is when the pipeline does not say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fallback {
    /// There is no value.
    None,
    /// The pipeline must say.
    Required,
    Text(&'static str),
    Number(f64),
    Boolean(bool),
    /// An empty array or hash.
    Empty,
    /// A list of these.
    List(&'static [&'static str]),
}

/// One setting of a plugin.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub name: &'static str,
    pub kind: Kind,
    pub fallback: Fallback,
    /// One or two sentences.
    pub doc: &'static str,
    /// Known, validated, and refused when it is used: says what to do instead.
    pub refused: Option<&'static str>,
    /// Still works; says what replaces it.
    pub deprecated: Option<&'static str>,
    /// How it is not as in Logstash: a sentence.
    pub differs: Option<&'static str>,
}

impl Setting {
    pub const fn new(name: &'static str, kind: Kind, fallback: Fallback, doc: &'static str) -> Self {
        Setting { name, kind, fallback, doc, refused: None, deprecated: None, differs: None }
    }

    pub const fn differs(self, how: &'static str) -> Self {
        Setting { differs: Some(how), ..self }
    }

    pub const fn refused(self, instead: &'static str) -> Self {
        Setting { refused: Some(instead), ..self }
    }

    pub const fn deprecated(self, instead: &'static str) -> Self {
        Setting { deprecated: Some(instead), ..self }
    }
}

/// Stands in `Declaration::differs` of a filter whose state spans workers.
pub const ONE_STATE: &str =
    "its state is one for all workers, and the lines of one source stay in order, so `pipeline.workers` need not be 1.";

/// What is known of a plugin before one is built.
#[derive(Debug)]
pub struct Declaration {
    pub door: Door,
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    pub settings: &'static [Setting],
    /// An example that compiles.
    pub example: &'static str,
    /// "differs from Logstash: …", a line each.
    pub differs: &'static [&'static str],
    /// Known and validated, but not to be run yet: says why and what to take instead.
    pub unavailable: Option<&'static str>,
}

impl Declaration {
    /// An input or output that is known and validated, and that `run` cannot open yet; `instead` says what works.
    pub const fn known(
        door: Door,
        name: &'static str,
        summary: &'static str,
        settings: &'static [Setting],
        example: &'static str,
        instead: &'static str,
    ) -> Declaration {
        Declaration { door, name, summary, settings, example, differs: &[], unavailable: Some(instead) }
    }
}

const ID: Setting = Setting::new("id", Kind::String, Fallback::None, "A name for this plugin in metrics and messages.");
const ENABLE_METRIC: Setting = Setting::new(
    "enable_metric",
    Kind::Boolean,
    Fallback::Boolean(true),
    "Whether `/metrics` shows this plugin's own figures; totals count it all the same. Filters have none.",
);

/// The options that every plugin of a section has, besides its own.
pub const COMMON_FILTER: &[Setting] = &[
    Setting::new(
        "add_field",
        Kind::Hash,
        Fallback::Empty,
        "Fields to add when the filter succeeds; names and values may hold `%{…}`.",
    ),
    Setting::new("add_tag", Kind::Array, Fallback::Empty, "Tags to add when the filter succeeds."),
    Setting::new("remove_field", Kind::Array, Fallback::Empty, "Fields to remove when the filter succeeds."),
    Setting::new("remove_tag", Kind::Array, Fallback::Empty, "Tags to remove when the filter succeeds."),
    ENABLE_METRIC,
    ID,
    Setting::new(
        "periodic_flush",
        Kind::Boolean,
        Fallback::Boolean(false),
        "Taken as Logstash takes it. Filters that hold events are woken every five seconds in any case.",
    ),
];

/// See `COMMON_FILTER`.
pub const COMMON_INPUT: &[Setting] = &[
    Setting::new("add_field", Kind::Hash, Fallback::Empty, "Fields to add to each event."),
    Setting::new("codec", Kind::Codec, Fallback::None, "How bytes become events."),
    ENABLE_METRIC,
    ID,
    Setting::new("tags", Kind::Array, Fallback::Empty, "Tags to add to each event."),
    Setting::new("type", Kind::String, Fallback::None, "The value of the field `type`, where the event has none."),
];

/// See `COMMON_FILTER`.
pub const COMMON_OUTPUT: &[Setting] =
    &[Setting::new("codec", Kind::Codec, Fallback::None, "How events become bytes."), ENABLE_METRIC, ID];

impl Declaration {
    /// The options that it shares with its section.
    pub fn common(&self) -> &'static [Setting] {
        match self.door {
            Door::Input => COMMON_INPUT,
            Door::Filter => COMMON_FILTER,
            Door::Output => COMMON_OUTPUT,
            Door::Codec => &[],
        }
    }

    /// Its own settings, then the common ones that it does not redefine.
    pub fn all_settings(&self) -> impl Iterator<Item = &'static Setting> {
        let own = self.settings;
        let inherited = self.common().iter().filter(|common| own.iter().all(|setting| setting.name != common.name));
        own.iter().chain(inherited)
    }

    pub fn setting(&self, name: &str) -> Option<&'static Setting> {
        self.all_settings().find(|setting| setting.name == name)
    }
}

/// A place in the configuration text: file number and byte range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub file: u32,
    pub start: u32,
    pub end: u32,
}

/// A value as the configuration gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    Text(String),
    Number {
        text: String,
        value: f64,
    },
    List(Vec<Item>),
    Hash(Vec<(Item, Item)>),
    /// A codec with its own settings.
    Plugin {
        name: String,
        settings: Vec<(String, Item)>,
    },
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub given: Given,
    pub place: Place,
}

impl Item {
    /// A text that stands nowhere: for defaults and tests.
    pub fn text(text: &str) -> Item {
        Item { given: Given::Text(text.into()), place: Place::default() }
    }

    /// The text of a string, a bareword or a number.
    pub fn as_text(&self) -> Option<&str> {
        match &self.given {
            Given::Text(text) | Given::Number { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The same where nothing else will do: an entry of the hash `setting`.
    pub fn one_text(&self, setting: &str) -> Result<&str, Fault> {
        self.as_text().ok_or_else(|| Fault::at(self.place, format!("`{setting}` takes strings")))
    }
}

/// Why a plugin cannot be built as it is configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// A stable name to search for.
    pub code: &'static str,
    /// `None`: the plugin as a whole.
    pub place: Option<Place>,
    pub text: String,
    pub help: Vec<String>,
    /// A name that was meant to be one of `known`: whoever shows the fault suggests the nearest.
    pub unknown: Option<Box<(String, Vec<String>)>>,
}

impl Fault {
    pub fn new(text: impl Into<String>) -> Fault {
        Fault { code: "bad-setting", place: None, text: text.into(), help: Vec::new(), unknown: None }
    }

    pub fn at(place: Place, text: impl Into<String>) -> Fault {
        Fault { place: Some(place), ..Fault::new(text) }
    }

    pub fn code(self, code: &'static str) -> Fault {
        Fault { code, ..self }
    }

    pub fn help(mut self, help: impl Into<String>) -> Fault {
        self.help.push(help.into());
        self
    }

    pub fn unknown(mut self, name: &str, known: impl IntoIterator<Item = impl Into<String>>) -> Fault {
        self.unknown = Some(Box::new((name.into(), known.into_iter().map(Into::into).collect())));
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A plugin's settings, validated against its declaration.
#[derive(Clone, Debug)]
pub struct Settings {
    declaration: &'static Declaration,
    given: Vec<(String, Item)>,
    /// `pipeline.ecs_compatibility`, where the pipeline is known.
    pipeline_ecs: Option<&'static str>,
}

impl Settings {
    /// Checks names and types. A setting that is given more than once is joined as Logstash does: hashes merge, two
    /// different values of a key become a list, and so does everything else. Where one value is meant, a list of one
    /// is that value.
    pub fn check(declaration: &'static Declaration, mut given: Vec<(String, Item)>) -> Result<Settings, Vec<Fault>> {
        given.iter_mut().filter(|(name, _)| takes_one(declaration, name)).for_each(|(_, item)| unwrap(item));
        let mut faults = Vec::new();
        for (name, item) in &given {
            faults.extend(check_one(declaration, name, item));
        }
        if faults.is_empty() {
            faults.extend(twice(declaration, &given));
        }
        for setting in declaration.all_settings() {
            if setting.fallback == Fallback::Required && !given.iter().any(|(name, _)| name == setting.name) {
                faults.push(
                    Fault::new(format!(
                        "{} `{}` needs the setting `{}`",
                        declaration.door.name(),
                        declaration.name,
                        setting.name
                    ))
                    .code("missing-setting")
                    .help(setting.doc),
                );
            }
        }
        if faults.is_empty() {
            Ok(Settings { declaration, given: joined(given), pipeline_ecs: None })
        } else {
            Err(faults)
        }
    }

    /// The same in a pipeline with this `pipeline.ecs_compatibility`.
    pub fn in_pipeline(self, ecs: &'static str) -> Settings {
        Settings { pipeline_ecs: Some(ecs), ..self }
    }

    pub fn declaration(&self) -> &'static Declaration {
        self.declaration
    }

    /// The plugin's own `ecs_compatibility`, else the pipeline's, else Logstash's default.
    pub fn ecs_compatibility(&self) -> &str {
        let own = self.given.iter().find(|(name, _)| name == "ecs_compatibility");
        own.and_then(|(_, item)| item.as_text()).or(self.pipeline_ecs).unwrap_or("v8")
    }

    /// The value that the pipeline gives, not the default.
    pub fn given(&self, name: &str) -> Option<&Item> {
        debug_assert!(self.declaration.setting(name).is_some(), "undeclared setting {name}");
        self.given.iter().find(|(given, _)| given == name).map(|(_, item)| item)
    }

    /// Whether the pipeline says anything of it.
    pub fn is_given(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// Where it stands; the default place if it does not.
    pub fn place(&self, name: &str) -> Place {
        self.given(name).map(|item| item.place).unwrap_or_default()
    }

    fn fallback(&self, name: &str) -> Fallback {
        self.declaration.setting(name).map_or(Fallback::None, |setting| setting.fallback)
    }

    /// A string, or its default.
    pub fn text(&self, name: &str) -> Option<&str> {
        match (self.given(name), self.fallback(name)) {
            (Some(item), _) => item.as_text(),
            (None, Fallback::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub fn boolean(&self, name: &str) -> bool {
        match (self.given(name), self.fallback(name)) {
            (Some(item), _) => item.as_text() == Some("true"),
            (None, fallback) => fallback == Fallback::Boolean(true),
        }
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        match (self.given(name), self.fallback(name)) {
            (Some(item), _) => item.as_text()?.parse().ok(),
            (None, Fallback::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// A size in bytes.
    pub fn bytes(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(parse_bytes).or_else(|| self.number(name).map(|number| number as u64))
    }

    /// The items of a list; a single value is a list of one. Of URIs, one string may hold several between blanks.
    pub fn items(&self, name: &str) -> Vec<Item> {
        let items = match (self.given(name), self.fallback(name)) {
            (Some(Item { given: Given::List(items), .. }), _) => items.clone(),
            (Some(item), _) => vec![item.clone()],
            (None, Fallback::List(texts)) => texts.iter().map(|text| Item::text(text)).collect(),
            _ => Vec::new(),
        };
        match self.declaration.setting(name).map(|setting| setting.kind) {
            Some(Kind::Uris) => items.iter().flat_map(uris).collect(),
            _ => items,
        }
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.items(name).iter().filter_map(|item| item.as_text().map(String::from)).collect()
    }

    /// The entries of a hash, in order; a list gives them as key, value, key, value.
    pub fn pairs(&self, name: &str) -> Vec<(String, Item)> {
        let pair = |key: &Item, value: &Item| Some((key.as_text()?.to_string(), value.clone()));
        match self.given(name).map(|item| &item.given) {
            Some(Given::Hash(entries)) => entries.iter().filter_map(|(key, value)| pair(key, value)).collect(),
            Some(Given::List(items)) => items.chunks_exact(2).filter_map(|two| pair(&two[0], &two[1])).collect(),
            _ => Vec::new(),
        }
    }

    /// The codec's name and settings, where one is given.
    pub fn codec(&self, name: &str) -> Option<(&str, &[(String, Item)], Place)> {
        let item = self.given(name)?;
        match &item.given {
            Given::Plugin { name, settings } => Some((name, settings, item.place)),
            Given::Text(name) => Some((name, &[], item.place)),
            _ => None,
        }
    }
}

fn check_one(declaration: &'static Declaration, name: &str, item: &Item) -> Option<Fault> {
    let Some(setting) = declaration.setting(name) else {
        let known = declaration.all_settings().map(|setting| setting.name);
        let text = format!("{} `{}` has no setting `{name}`", declaration.door.name(), declaration.name);
        return Some(Fault::at(item.place, text).code("unknown-setting").unknown(name, known));
    };
    if let Some(instead) = setting.refused {
        let text = format!("`{name}` of {} `{}` is not supported", declaration.door.name(), declaration.name);
        return Some(Fault::at(item.place, text).code("unsupported-setting").help(instead));
    }
    if fits(setting.kind, item) {
        return None;
    }
    Some(misfit(setting, item))
}

/// A value of another type than the setting's.
fn misfit(setting: &Setting, item: &Item) -> Fault {
    let (name, kind) = (setting.name, setting.kind);
    let fault = |text| Fault::at(item.place, text).code("wrong-type");
    let Some(text) = item.as_text() else {
        return fault(format!("`{name}` must be {} {kind}", kind.article()));
    };
    match kind {
        Kind::OneOf(words) => {
            fault(format!("`{name}` must be {kind}, not `{text}`")).unknown(text, words.iter().copied())
        }
        Kind::Boolean => fault(format!("`{name}` must be a boolean, not `{text}`")).help("write `true` or `false`"),
        Kind::Bytes => {
            fault(format!("`{name}` must be a size, not `{text}`")).help("write a number of bytes, or `10mb`, `64kib`")
        }
        _ => fault(format!("`{name}` must be {} {kind}, not `{text}`", kind.article())),
    }
}

fn fits(kind: Kind, item: &Item) -> bool {
    let text = item.as_text();
    match kind {
        Kind::String | Kind::Field | Kind::Path | Kind::Uri | Kind::Password => text.is_some(),
        Kind::Number => text.is_some_and(|text| text.parse::<f64>().is_ok()),
        Kind::Boolean => matches!(text, Some("true" | "false")),
        Kind::Bytes => text.is_some_and(|text| parse_bytes(text).is_some()),
        Kind::OneOf(words) => text.is_some_and(|text| words.contains(&text)),
        Kind::Array | Kind::Uris => matches!(item.given, Given::List(_)) || text.is_some(),
        Kind::Hash => match &item.given {
            Given::Hash(_) => true,
            // `rename => [ "a", "b" ]`, as old pipelines have it.
            Given::List(items) => items.len().is_multiple_of(2),
            _ => false,
        },
        Kind::Codec => text.is_some() || matches!(item.given, Given::Plugin { .. }),
        Kind::Any => !matches!(item.given, Given::Plugin { .. }),
    }
}

fn takes_one(declaration: &'static Declaration, name: &str) -> bool {
    let kind = declaration.setting(name).map(|setting| setting.kind);
    !matches!(kind, None | Some(Kind::Array | Kind::Hash | Kind::Uris | Kind::Any))
}

/// Settings that have one value and are given two.
fn twice(declaration: &'static Declaration, given: &[(String, Item)]) -> Vec<Fault> {
    let differs = |at: usize, name: &str, item: &Item| {
        let before = given[..at].iter().find(|(other, _)| other == name);
        before.is_some_and(|(_, first)| first.given != item.given)
    };
    let faults =
        given.iter().enumerate().filter(|(at, (name, item))| takes_one(declaration, name) && differs(*at, name, item));
    faults
        .map(|(_, (name, item))| Fault::at(item.place, format!("`{name}` is given twice, and takes one value")))
        .collect()
}

#[cfg(test)]
mod tests;
