//! The `cef` codec: messages in ArcSight's Common Event Format.
//!
//! `parse` takes a message apart, `names` says what its keys are called in an event, `times` reads its times, `write`
//! writes messages. Settings and field names: Logstash reference, "Cef codec plugin".

mod names;
mod parse;
#[cfg(test)]
mod tests;
mod times;
mod write;

use super::charset::Charset;
use super::framing::{LINE_BYTES_MAX, lines};
use super::plain::message_event;
use super::{CodecPlugin, Decoder, Reader, Start};
use crate::event::chunk::Frame;
use crate::event::joda::Locale;
use crate::event::json::escape::utf8;
use crate::event::zone::Zone;
use crate::event::{Arena, BadPath, Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use times::Around;
use write::CefText;

/// The tag of what is no CEF message.
const FAILURE: &str = "_cefparsefailure";
/// Where the syslog header in front of a message goes.
const SYSLOG: [&str; 2] = ["syslog", "[log][syslog][header]"];

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("../examples/cef.txt"),
    decoder: Some(|settings, _| {
        let delimiter = delimiter(settings).unwrap_or_else(|| "\n".into());
        Ok(Decoder::of(lines(&delimiter, LINE_BYTES_MAX, Charset::Utf8), Cef::of(settings)?))
    }),
    encoder: Some(|settings| Ok(Box::new(CefText::of(settings, &delimiter(settings).unwrap_or_default())?))),
};

/// `\r` and `\n` written out in the setting are the characters.
fn delimiter(settings: &Settings) -> Option<String> {
    settings.text("delimiter").map(|text| text.replace("\\r", "\r").replace("\\n", "\n"))
}

const fn written(name: &'static str, fallback: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::String, Fallback::Text(fallback), doc)
}

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "cef",
    summary: "Reads messages in ArcSight's Common Event Format (CEF), and writes events as such messages.",
    settings: &[
        Setting::new(
            "default_timezone",
            Kind::String,
            Fallback::None,
            "The zone of times that name none, in messages that name none (`dtz`): `Europe/Moscow`, `-08:00`. By default the machine's own. Read with ECS only.",
        ),
        Setting::new(
            "delimiter",
            Kind::String,
            Fallback::None,
            "What stands behind each message, read and written; `\\r` and `\\n` may be written out. Without it, streams are read line by line.",
        ),
        Setting::new(
            "device",
            Kind::OneOf(&["observer", "host"]),
            Fallback::Text("observer"),
            "Whether the fields of the device are of the one that saw the event, or of the one on which it occurred. Read with ECS only.",
        ),
        Setting::new(
            "ecs_compatibility",
            Kind::OneOf(&["disabled", "v1", "v8"]),
            Fallback::None,
            "Names of fields: `disabled` has CEF's (`sourceAddress`), `v1` and `v8` have ECS's (`[source][ip]`) and read times. By default as `pipeline.ecs_compatibility`.",
        ),
        Setting::new("fields", Kind::Array, Fallback::Empty, "The fields to write as extensions."),
        Setting::new(
            "locale",
            Kind::String,
            Fallback::None,
            "The language of months in times, as a BCP 47 or POSIX tag: `de`, `pt_BR`. By default English. Read with ECS only.",
        ),
        written("name", "Logstash", "The name in the header that is written; may hold `%{…}`."),
        written("product", "Logstash", "The device product in the header that is written; may hold `%{…}`."),
        Setting::new(
            "raw_data_field",
            Kind::Field,
            Fallback::None,
            "The field to keep the message in as it came, such as `[event][original]`.",
        ),
        Setting::new(
            "reverse_mapping",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Write keys (`src`) in the place of field names (`sourceAddress`), as the format asks.",
        ),
        written(
            "severity",
            "6",
            "The severity in the header that is written, 0 to 10; may hold `%{…}`. Anything else is 6.",
        ),
        written("signature", "Logstash", "The signature id in the header that is written; may hold `%{…}`."),
        written("vendor", "Elasticsearch", "The device vendor in the header that is written; may hold `%{…}`."),
        written("version", "1.0", "The device version in the header that is written; may hold `%{…}`."),
    ],
    example: r#"input { tcp { port => 5514 codec => cef { delimiter => "\r\n" default_timezone => "Europe/Berlin" } } }"#,
    differs: &[
        "empty values are left out.",
        "a message with a time that cannot be read is kept whole, with the tag `_cefparsefailure`.",
        "an equals sign without its backslash is a part of the value where no key stands before it.",
        "lists and hashes are written as JSON, times as ISO 8601.",
    ],
    unavailable: None,
};

/// Reads records as messages.
#[derive(Clone, Debug)]
struct Cef {
    /// `None`: fields have CEF's names.
    ecs: Option<Ecs>,
    raw: Option<FieldRef>,
    syslog: FieldRef,
}

/// How messages become ECS fields.
#[derive(Clone, Debug)]
struct Ecs {
    /// `device => host`
    on_host: bool,
    zone: Zone,
    locale: Option<&'static Locale>,
    header: Vec<FieldRef>,
}

/// Why a message is kept as it came.
struct Unreadable;

impl From<BadPath> for Unreadable {
    fn from(_: BadPath) -> Unreadable {
        Unreadable
    }
}

impl Cef {
    fn of(settings: &Settings) -> Result<Cef, Fault> {
        let raw = settings.text("raw_data_field").map(FieldRef::parse).transpose();
        let is_ecs = settings.ecs_compatibility() != "disabled";
        let ecs = Ecs::of(settings)?;
        Ok(Cef {
            raw: raw.map_err(|bad| Fault::at(settings.place("raw_data_field"), bad.to_string()))?,
            syslog: FieldRef::parse(SYSLOG[usize::from(is_ecs)]).expect("the reference is well formed"),
            ecs: is_ecs.then_some(ecs),
        })
    }

    fn event<'b>(&self, text: &'b str, mut event: Event<'b>, arena: &'b Arena) -> Result<Event<'b>, Unreadable> {
        let parse::Message { syslog, header, extensions } = parse::message(text).ok_or(Unreadable)?;
        if !syslog.is_empty() {
            event.set(&self.syslog, Value::text(syslog), arena)?;
        }
        let fields = header.iter().map(|value| &**value).enumerate().filter(|(_, value)| !value.is_empty());
        for (at, value) in fields {
            match &self.ecs {
                Some(ecs) => event.set(&ecs.header[at], Value::copied(arena, value), arena)?,
                None => event.root.insert(names::HEADER[at].0, Value::copied(arena, value)),
            };
        }
        let zone = self.ecs.as_ref().and_then(|_| said_zone(&extensions));
        for (key, value) in extensions.iter().filter(|(_, value)| !value.is_empty()) {
            self.extension(key, value, zone.as_ref(), &mut event, arena)?;
        }
        Ok(event)
    }

    fn extension<'b>(
        &self,
        key: &str,
        text: &str,
        zone: Option<&Zone>,
        event: &mut Event<'b>,
        arena: &'b Arena,
    ) -> Result<(), Unreadable> {
        let (name, ecs) = (names::named(key), self.ecs.as_ref());
        if let (Some(name), Some(ecs)) = (name.filter(|name| name.is_time), ecs) {
            let around = Around { now: event.arrived, zone: zone.unwrap_or(&ecs.zone), locale: ecs.locale };
            let time = times::time(text, &around).ok_or(Unreadable)?;
            event.set(name.path(ecs.on_host), Value::Time(time), arena)?;
            return Ok(());
        }
        let value = Value::copied(arena, text);
        match (name, ecs) {
            (Some(name), Some(ecs)) => event.set(name.path(ecs.on_host), value, arena)?,
            (Some(name), None) => event.set(&FieldRef::top(&name.field), value, arena)?,
            (None, _) => event.set(&FieldRef::top(key), value, arena)?,
        };
        Ok(())
    }
}

impl Ecs {
    fn of(settings: &Settings) -> Result<Ecs, Fault> {
        let zone = match settings.text("default_timezone") {
            None => Zone::system(),
            Some(text) => Zone::parse(text).ok_or_else(|| {
                Fault::at(settings.place("default_timezone"), format!("there is no time zone `{text}`"))
                    .unknown(text, Zone::names())
            })?,
        };
        let locale = settings.text("locale").map(|text| {
            Locale::named(text).ok_or_else(|| {
                Fault::at(settings.place("locale"), format!("names of months in `{text}` are not known"))
                    .help(format!("the languages are: {}", Locale::languages().join(", ")))
            })
        });
        let header = names::HEADER.iter().filter_map(|(_, ecs)| FieldRef::parse(ecs).ok()).collect();
        Ok(Ecs { on_host: settings.text("device") == Some("host"), zone, locale: locale.transpose()?, header })
    }
}

/// The zone that a message names for its times.
fn said_zone(extensions: &[(&str, std::borrow::Cow<'_, str>)]) -> Option<Zone> {
    let said = extensions.iter().find(|(key, _)| matches!(*key, "dtz" | "deviceTimeZone"))?;
    times::zone(&said.1)
}

impl Reader for Cef {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>) {
        let text = utf8(frame.bytes, arena);
        if text.trim_ascii().is_empty() {
            return;
        }
        let mut event = self.event(text, start(frame, 0), arena).unwrap_or_else(|Unreadable| {
            let mut event = message_event(text, false, start(frame, 0), arena);
            event.tag(FAILURE, arena);
            event
        });
        if let Some(raw) = &self.raw {
            // A field that stands in the way of this one keeps its place.
            event.set(raw, Value::text(text), arena).ok();
        }
        events.push(event);
    }

    fn boxed(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }
}
