//! The daemon's own log, on stderr: one line an event, JSON for machines, plain for people.
//!
//! Invariant: nothing that is logged can make a second line or steer a terminal: control characters are escaped, in
//! messages and in fields. Fields may quote container names and engines' errors, which anybody may choose.

mod json;
mod plain;

use std::hash::BuildHasher;
use std::hash::Hasher;
use std::hash::RandomState;
use std::io::IsTerminal;
use std::path::Path;
use std::str::FromStr;
use std::sync::OnceLock;
use tracing::Event;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::FormatEvent;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

/// Stands in every JSON line of ours: whoever reads logs can tell them from all others.
pub const MARKER: &str = r#""service.name":"timberline""#;

/// Ends every JSON line of ours, and in a container every plain one: who follows logs knows its own by it. Another one in each
/// process. A name of ECS: `service.ephemeral_id`.
pub fn instance() -> &'static str {
    static INSTANCE: OnceLock<String> = OnceLock::new();
    INSTANCE.get_or_init(|| format!("{:016x}", RandomState::new().build_hasher().finish()))
}

/// Whether a line of a log is one that this process wrote.
pub fn is_ours(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\"}").unwrap_or(line);
    line.ends_with(instance().as_bytes())
}

/// Docker and podman put these files into every container.
pub fn is_in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists())
}

/// `log.format`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Plain,
    Json,
    /// Plain on a terminal, JSON otherwise.
    Auto,
}

/// `log.level`, in Logstash's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(LevelFilter);

/// Logstash's levels; `fatal` shows errors only.
pub const LEVELS: &[&str] = &["fatal", "error", "warn", "info", "debug", "trace"];
pub const FORMATS: &[&str] = &["plain", "json", "auto"];

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Level, String> {
        Ok(Level(match text {
            "fatal" | "error" => LevelFilter::ERROR,
            "warn" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            "trace" => LevelFilter::TRACE,
            _ => return Err(format!("`{text}` is not one of {}", LEVELS.join(", "))),
        }))
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        match text {
            "plain" => Ok(Format::Plain),
            "json" => Ok(Format::Json),
            "auto" => Ok(Format::Auto),
            _ => Err(format!("`{text}` is not one of {}", FORMATS.join(", "))),
        }
    }
}

/// The time of day in nanoseconds since 1970, as the caller's clock has it.
pub type NowNs = Box<dyn Fn() -> u64 + Send + Sync>;

/// Logs to stderr from now on. The second call in a process does nothing.
pub fn install(level: Level, format: Format, now_ns: NowNs) {
    let terminal = std::io::stderr().is_terminal();
    let plain = format == Format::Plain || (format == Format::Auto && terminal);
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = if plain { Style::Plain { colour, signed: is_in_container() } } else { Style::Json };
    let _ = tracing::subscriber::set_global_default(subscriber(level, style, now_ns, std::io::stderr));
}

fn subscriber<W>(level: Level, style: Style, now_ns: NowNs, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // Other people's crates speak of their insides, and may quote what passes through them.
    let others = level.0.min(LevelFilter::WARN);
    let targets = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level.0).with_default(others);
    let lines = tracing_subscriber::fmt::layer()
        .log_internal_errors(false)
        .with_ansi(false)
        .event_format(Lines { style, now_ns })
        .with_writer(writer);
    tracing_subscriber::registry().with(targets).with(lines)
}

#[derive(Clone, Copy, Debug)]
enum Style {
    /// `signed`: with `instance` at the end.
    Plain {
        colour: bool,
        signed: bool,
    },
    Json,
}

struct Lines {
    style: Style,
    now_ns: NowNs,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> std::fmt::Result {
        let mut record = Record {
            time: time((self.now_ns)()),
            level: *event.metadata().level(),
            target: event.metadata().target(),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut record);
        match self.style {
            Style::Plain { colour, signed } => plain::write(&record, colour, signed, &mut writer),
            Style::Json => json::write(&record, &mut writer),
        }
    }
}

/// An event, taken apart.
struct Record {
    time: String,
    level: tracing::Level,
    target: &'static str,
    message: String,
    fields: Vec<(&'static str, Shown)>,
}

/// A field's value.
enum Shown {
    /// Bare in JSON as in plain text: numbers and booleans.
    Bare(String),
    Text(String),
}

impl Record {
    fn put(&mut self, field: &Field, shown: Shown) {
        match (field.name(), shown) {
            ("message", Shown::Bare(text) | Shown::Text(text)) => self.message = text,
            (name, shown) => self.fields.push((name, shown)),
        }
    }
}

impl Visit for Record {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, Shown::Text(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Shown::Text(value.into()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Shown::Bare(value.to_string()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Shown::Bare(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Shown::Bare(value.to_string()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        let text = value.to_string();
        self.put(field, if value.is_finite() { Shown::Bare(text) } else { Shown::Text(text) });
    }
}

/// `2026-11-23T20:59:01.123Z`
fn time(now_ns: u64) -> String {
    let time = jiff::Timestamp::from_nanosecond(i128::from(now_ns)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Control characters, and those that Unicode lets end a line.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests;
