//! `date`: reads a time from a field and makes it the event's time.
//!
//! Source: Logstash reference, date filter plugin. The patterns are in `format`.

mod format;
#[cfg(test)]
mod tests;

use crate::event::joda::Locale;
use crate::event::zone::Zone;
use crate::event::{Event, FieldRef, Template, Timestamp, Value};
use crate::filter::name;
use crate::filter::{Build, Context, Filter, FilterPlugin, Outcome};
use crate::plugin::{Declaration, Door, Fallback, Fault, Item, Kind, Setting, Settings};
use format::{Format, Moment};
use std::sync::Arc;

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("examples.txt"), build };

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "date",
    summary: "Reads a time from a field and makes it the event's time.",
    settings: &[
        Setting::new(
            "match",
            Kind::Array,
            Fallback::Empty,
            "A field, then the patterns that are tried on it in order: Joda-Time patterns, `ISO8601`, `UNIX`, `UNIX_MS`, `TAI64N`.",
        ),
        Setting::new(
            "timezone",
            Kind::String,
            Fallback::None,
            "The zone of times that name none, such as `Europe/Berlin`; may hold `%{…}`. By default the machine's own.",
        ),
        Setting::new(
            "locale",
            Kind::String,
            Fallback::None,
            "The language of names of months, days, halves of a day and eras, as a BCP 47 or POSIX tag: `de`, `pt-BR`, `fr_CA`. By default English.",
        ),
        Setting::new("target", Kind::Field, Fallback::Text("@timestamp"), "The field that the time is written to."),
        Setting::new(
            "tag_on_failure",
            Kind::Array,
            Fallback::List(&["_dateparsefailure"]),
            "Tags to add when no pattern fits.",
        ),
    ],
    example: "filter { date { match => [ \"logdate\", \"MMM dd yyyy HH:mm:ss\", \"ISO8601\" ] } }",
    differs: &[
        "differs from Logstash: names are those of Java 17's CLDR in 38 languages, and are read without the dot behind them too (`Okt` beside `Okt.`); another language is refused where a pattern has names. The machine's own language never counts",
        "differs from Logstash: a pattern without a month takes the present year, in December too",
    ],
    unavailable: None,
};

#[derive(Clone)]
struct Date {
    source: FieldRef,
    formats: Vec<Format>,
    /// The formats as they are written, for people who look on.
    written: Arc<[String]>,
    zone: ZoneOf,
    /// The language of names; `None` is English.
    locale: Option<&'static Locale>,
    /// `None`: the event's own time.
    target: Option<FieldRef>,
    tags: Vec<String>,
    scratch: Vec<u8>,
}

/// Where the zone comes from.
#[derive(Clone)]
enum ZoneOf {
    Fixed(Zone),
    /// The name depends on the event; the last one stays known.
    Event {
        name: Template,
        last: Option<(String, Zone)>,
    },
}

fn build(settings: &Settings, _build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let items = settings.items("match");
    let [source, patterns @ ..] = items.as_slice() else { return Err(no_match(settings)) };
    if patterns.is_empty() {
        return Err(no_match(settings));
    }
    let formats = patterns.iter().map(format_of).collect::<Result<Vec<_>, Fault>>()?;
    let locale = locale_of(settings, &formats)?;
    let target = field(settings.text("target").unwrap_or("@timestamp"), settings, "target")?;
    Ok(Box::new(Date {
        source: field(source.as_text().unwrap_or_default(), settings, "match")?,
        formats,
        written: patterns.iter().filter_map(Item::as_text).map(String::from).collect(),
        zone: zone_of(settings)?,
        locale,
        target: (target.as_top() != Some("@timestamp")).then_some(target),
        tags: settings.texts("tag_on_failure"),
        scratch: Vec::new(),
    }))
}

fn no_match(settings: &Settings) -> Fault {
    Fault::at(settings.place("match"), "`match` of filter `date` needs a field and at least one pattern")
        .help("match => [ \"logdate\", \"ISO8601\" ]")
}

fn field(text: &str, settings: &Settings, setting: &str) -> Result<FieldRef, Fault> {
    name::reference(text, settings.place(setting))
}

fn format_of(item: &Item) -> Result<Format, Fault> {
    let Some(text) = item.as_text() else { return Err(Fault::at(item.place, "a date pattern must be a string")) };
    Format::parse(text).map_err(|bad| {
        let quotes = "letters that stand for themselves are put in single quotes: yyyy-MM-dd'T'HH:mm:ss";
        Fault::at(item.place, format!("bad date pattern `{text}`: {bad}"))
            .code("bad-date-pattern")
            .help(bad.help.as_deref().unwrap_or(quotes))
    })
}

fn locale_of(settings: &Settings, formats: &[Format]) -> Result<Option<&'static Locale>, Fault> {
    let Some(text) = settings.text("locale") else { return Ok(None) };
    let found = Locale::named(text);
    if found.is_some() || !formats.iter().any(Format::has_names) {
        return Ok(found);
    }
    let language = text.split(['-', '_', '.']).next().unwrap_or_default();
    let languages = Locale::languages();
    Err(Fault::at(settings.place("locale"), format!("names of months and days in `{text}` are not known"))
        .help(format!("the languages are: {}", languages.join(", ")))
        .unknown(language, languages))
}

fn zone_of(settings: &Settings) -> Result<ZoneOf, Fault> {
    let Some(text) = settings.text("timezone") else { return Ok(ZoneOf::Fixed(Zone::system())) };
    let name = Template::parse(text);
    if name.depends_on_fields() {
        return Ok(ZoneOf::Event { name, last: None });
    }
    Zone::parse(text).map(ZoneOf::Fixed).ok_or_else(|| {
        Fault::at(settings.place("timezone"), format!("there is no time zone `{text}`")).unknown(text, Zone::names())
    })
}

impl ZoneOf {
    /// The name that the event gives, if it depends on it.
    fn named<'b>(&self, event: &Event<'_>, cx: &Context<'b, '_>) -> Option<&'b str> {
        match self {
            ZoneOf::Fixed(_) => None,
            ZoneOf::Event { name, .. } => Some(name.render(event, cx.arena)),
        }
    }

    /// `None`: the event names a zone that there is not.
    fn of(&mut self, event: &Event<'_>, cx: &Context<'_, '_>) -> Option<&Zone> {
        match self {
            ZoneOf::Fixed(zone) => Some(zone),
            ZoneOf::Event { name, last } => {
                let name = name.render(event, cx.arena);
                if last.as_ref().is_none_or(|(known, _)| known != name) {
                    *last = Zone::parse(name).map(|zone| (name.to_string(), zone));
                }
                last.as_ref().map(|(_, zone)| zone)
            }
        }
    }
}

impl Date {
    fn read(&mut self, event: &Event<'_>, value: &Value<'_>, cx: &Context<'_, '_>) -> Option<Timestamp> {
        let zone = self.zone.of(event, cx)?;
        let needs_now = self.formats.iter().any(|format| matches!(format, Format::Joda { .. }));
        let now = if needs_now { cx.effects.now() } else { Timestamp::default() };
        let (moment, scratch) = (Moment { now, zone, locale: self.locale }, &mut self.scratch);
        self.formats.iter().find_map(|format| format.read(value, &moment, scratch))
    }

    /// Why an event has no new time.
    fn why(&self, event: &Event<'_>, was_read: bool, cx: &Context<'_, '_>) -> String {
        let formats = || self.written.iter().map(|format| format!("`{format}`")).collect::<Vec<_>>().join(", ");
        match self.zone.named(event, cx) {
            _ if was_read => "the time cannot be written into `target`".into(),
            Some(zone) if Zone::parse(zone).is_none() => format!("there is no time zone `{zone}`"),
            _ if self.formats.len() == 1 => format!("no time of the format {}", formats()),
            _ => format!("no time of any of the formats {}", formats()),
        }
    }

    fn write<'b>(&self, event: &mut Event<'b>, time: Timestamp, cx: &Context<'b, '_>) -> bool {
        match &self.target {
            Some(target) => event.set(target, Value::Time(time), cx.arena).is_ok(),
            None => {
                event.set_timestamp(time);
                true
            }
        }
    }
}

impl Filter for Date {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let value = match event.get(&self.source) {
            None | Some(Value::Null) => return Outcome::Unmatched,
            Some(Value::Array(items)) => match items.first() {
                Some(first) => first,
                None => return Outcome::Unmatched,
            },
            Some(value) => value,
        };
        let time = self.read(event, value, cx);
        if let Some(time) = time
            && self.write(event, time, cx)
        {
            return Outcome::Matched;
        }
        cx.because(event, &self.source, || self.why(event, time.is_some(), cx));
        for tag in &self.tags {
            event.tag(tag, cx.arena);
        }
        Outcome::Unmatched
    }

    fn reads(&self) -> Option<&FieldRef> {
        Some(&self.source)
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
