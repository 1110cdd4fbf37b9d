//! The `multiline` codec: lines that a pattern says belong together are one event.
//!
//! Settings: Logstash reference, "Multiline codec plugin".

use super::charset::{self, Charset};
use super::framing::{LINE_BYTES_MAX, lines};
use super::joining::{Group, Joined, Joiner};
use super::plain::{ECS, NO_ORIGINAL, Plain};
use super::{Build, CodecPlugin, Decoder, Matcher, Reader, Start};
use crate::event::chunk::Frame;
use crate::event::time::NANOS_PER_SECOND;
use crate::event::{Arena, Event};
use crate::plugin::{Declaration, Door, Fallback, Fault, Item, Kind, Setting, Settings};

/// The tags of events that a limit ended.
const LINES_REACHED: &str = "multiline_codec_max_lines_reached";
const BYTES_REACHED: &str = "multiline_codec_max_bytes_reached";

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/multiline.txt"),
    decoder: Some(decoder),
    encoder: None,
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "multiline",
    summary: "Joins lines that a pattern says belong together into one event.",
    settings: &[
        Setting::new(
            "auto_flush_interval",
            Kind::Number,
            Fallback::None,
            "Seconds without another line after which the held lines are an event. Without it they wait for the next line.",
        ),
        charset::SETTING,
        ECS,
        Setting::new(
            "max_bytes",
            Kind::Bytes,
            Fallback::Text("10 MiB"),
            "An event that has grown to this size ends, with the tag `multiline_codec_max_bytes_reached`.",
        ),
        Setting::new(
            "max_lines",
            Kind::Number,
            Fallback::Number(500.0),
            "An event of this many lines ends, with the tag `multiline_codec_max_lines_reached`.",
        ),
        Setting::new(
            "multiline_tag",
            Kind::String,
            Fallback::Text("multiline"),
            "The tag of events that have several lines; an empty text is none.",
        ),
        Setting::new(
            "negate",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Take the lines that do not match the pattern as those that do.",
        ),
        Setting::new(
            "pattern",
            Kind::String,
            Fallback::Required,
            "The grok pattern, or regular expression, of lines that belong to another line.",
        ),
        Setting::new("patterns_dir", Kind::Array, Fallback::Empty, "Folders of files with more grok patterns."),
        Setting::new(
            "what",
            Kind::OneOf(&["previous", "next"]),
            Fallback::Required,
            "Whether a line that matches belongs to the line before it or to the one behind it.",
        ),
    ],
    example: r#"input { file { path => "/var/log/app.log" codec => multiline { pattern => "^\s" what => "previous" } } }"#,
    differs: &[
        NO_ORIGINAL,
        charset::REPLACES,
        "where lines have times of their own (the `docker` input), `auto_flush_interval` is also the longest time between two lines of an event, so that a log that is read again is joined alike.",
        "`log.flags` says `multiline` too.",
    ],
    unavailable: None,
};

fn decoder(settings: &Settings, build: &Build<'_>) -> Result<Decoder, Fault> {
    let nothing = Item::text("");
    let pattern = settings.given("pattern").unwrap_or(&nothing);
    let ecs = settings.text("ecs_compatibility");
    let matcher = build.expressions.compile(pattern, &settings.items("patterns_dir"), ecs)?;
    let (limits, charset) = (Limits::of(settings)?, Charset::of(settings)?);
    let interval = settings.number("auto_flush_interval").filter(|seconds| *seconds > 0.0);
    let join = Join {
        matcher,
        charset: charset.of_records(),
        negate: settings.boolean("negate"),
        to_next: settings.text("what") == Some("next"),
        limits,
        interval_ns: interval.map(|seconds| (seconds * NANOS_PER_SECOND as f64) as u64),
    };
    let tag = settings.text("multiline_tag").unwrap_or_default().into();
    let joined = Joined::new(lines("\n", LINE_BYTES_MAX, charset), join);
    Ok(Decoder::new(joined, Tagged { plain: Plain::of(settings)?, limits, tag }))
}

/// How long an event may grow.
#[derive(Clone, Copy, Debug)]
struct Limits {
    lines_max: usize,
    bytes_max: usize,
}

impl Limits {
    fn of(settings: &Settings) -> Result<Limits, Fault> {
        let lines_max = settings.number("max_lines").unwrap_or(500.0);
        if lines_max < 1.0 {
            return Err(Fault::at(settings.place("max_lines"), "`max_lines` must be 1 at least"));
        }
        let bytes_max = settings.bytes("max_bytes").map_or(10 << 20, |bytes| bytes.max(1) as usize);
        Ok(Limits { lines_max: lines_max as usize, bytes_max })
    }
}

/// Joins by the pattern.
struct Join {
    matcher: Box<dyn Matcher>,
    charset: Charset,
    negate: bool,
    to_next: bool,
    limits: Limits,
    interval_ns: Option<u64>,
}

impl Joiner for Join {
    fn take(&mut self, line: Frame<'_>, group: &mut Group, each: &mut dyn FnMut(Frame<'_>)) {
        let belongs = self.matcher.is_match(&self.charset.decode(line.bytes)) != self.negate;
        if !belongs && !self.to_next {
            self.end(group, each);
        }
        group.push(line);
        let is_over = group.len() >= self.limits.lines_max || group.bytes_len() >= self.limits.bytes_max;
        if is_over || (!belongs && self.to_next) {
            self.end(group, each);
        }
    }

    fn end(&mut self, group: &mut Group, each: &mut dyn FnMut(Frame<'_>)) {
        group.give(group.len(), each);
    }

    fn gap_ns(&self) -> Option<u64> {
        self.interval_ns
    }

    fn boxed(&self) -> Box<dyn Joiner> {
        Box::new(Join { matcher: self.matcher.boxed(), ..*self })
    }
}

/// Reads messages and tags those of several lines.
#[derive(Clone, Debug)]
struct Tagged {
    plain: Plain,
    limits: Limits,
    tag: Box<str>,
}

impl Reader for Tagged {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>) {
        let mut event = self.plain.event(frame, arena, start);
        if frame.lines > 1 && !self.tag.is_empty() {
            event.tag(&self.tag, arena);
        }
        if frame.bytes.len() >= self.limits.bytes_max {
            event.tag(BYTES_REACHED, arena);
        }
        if frame.lines as usize >= self.limits.lines_max {
            event.tag(LINES_REACHED, arena);
        }
        events.push(event);
    }

    fn boxed(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
