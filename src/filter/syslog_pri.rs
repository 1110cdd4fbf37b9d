//! The `syslog_pri` filter: a syslog priority becomes facility and severity.
//!
//! Settings, labels and fields: Logstash reference, "Syslog_pri filter plugin"; RFC 3164.

use super::{Build, Context, Ecs, Filter, FilterPlugin, Outcome, name};
use crate::event::{Arena, BadPath, Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("syslog_pri/examples.txt"), build };

/// The tag of an event whose facility or severity has no label.
const FAILURE: &str = "_syslogpriparsefailure";
/// The priority of a message that has none: user-level, notice.
const DEFAULT: u64 = 13;

const FACILITIES: &[&str] = &[
    "kernel",
    "user-level",
    "mail",
    "daemon",
    "security/authorization",
    "syslogd",
    "line printer",
    "network news",
    "uucp",
    "clock",
    "security/authorization",
    "ftp",
    "ntp",
    "log audit",
    "log alert",
    "clock",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
];

const SEVERITIES: &[&str] = &["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"];

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "syslog_pri",
    summary: "Takes a syslog priority (`PRI`) apart into facility and severity; an event without one has priority 13.",
    settings: &[
        Setting::new(
            "syslog_pri_field_name",
            Kind::Field,
            Fallback::None,
            "The field that holds the priority: `[log][syslog][priority]`, or `syslog_pri` without `ecs_compatibility`.",
        ),
        Setting::new(
            "use_labels",
            Kind::Boolean,
            Fallback::Boolean(true),
            "Whether names are written beside the numbers.",
        ),
        Setting::new("facility_labels", Kind::Array, Fallback::List(FACILITIES), "The facilities' names, from 0 on."),
        Setting::new("severity_labels", Kind::Array, Fallback::List(SEVERITIES), "The severities' names, from 0 on.")
            .differs("a severity without a label is tagged `_syslogpriparsefailure`, as a facility without one."),
        Setting::new(
            "ecs_compatibility",
            Kind::OneOf(Ecs::NAMES),
            Fallback::None,
            "Which fields are written: `[log][syslog][facility][code]`, `[log][syslog][facility][name]` and the same of `severity`; or, when it is `disabled`, `syslog_facility_code`, `syslog_facility`, `syslog_severity_code`, `syslog_severity`. By default the pipeline's.",
        ),
    ],
    example: "filter { syslog_pri { } }",
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let is_ecs = Ecs::of(settings, build) != Ecs::Disabled;
    let default = if is_ecs { "[log][syslog][priority]" } else { "syslog_pri" };
    let source = settings.text("syslog_pri_field_name").unwrap_or(default);
    let part = |ecs: &str, legacy: &str, labels: &str| {
        let field = |name: String| FieldRef::parse(&name).expect("a constant reference");
        let (code, label) = if is_ecs {
            (format!("[log][syslog][{ecs}][code]"), format!("[log][syslog][{ecs}][name]"))
        } else {
            (format!("{legacy}_code"), legacy.to_string())
        };
        let labels = settings.boolean("use_labels").then(|| settings.texts(labels));
        Part { code: field(code), label: field(label), labels }
    };
    Ok(Box::new(SyslogPri {
        source: name::reference(source, settings.place("syslog_pri_field_name"))?,
        facility: part("facility", "syslog_facility", "facility_labels"),
        severity: part("severity", "syslog_severity", "severity_labels"),
    }))
}

#[derive(Clone, Debug)]
struct SyslogPri {
    source: FieldRef,
    facility: Part,
    severity: Part,
}

/// Where a half of the priority goes.
#[derive(Clone, Debug)]
struct Part {
    code: FieldRef,
    label: FieldRef,
    /// `None`: none are wanted.
    labels: Option<Vec<String>>,
}

impl Part {
    /// Whether there is a label for it, where labels are wanted.
    fn write<'b>(&self, code: u64, event: &mut Event<'b>, arena: &'b Arena) -> Result<bool, BadPath> {
        event.set(&self.code, Value::Int(code as i64), arena)?;
        let Some(labels) = &self.labels else { return Ok(true) };
        match usize::try_from(code).ok().and_then(|code| labels.get(code)) {
            Some(label) => event.set(&self.label, Value::copied(arena, label), arena).map(|_| true),
            None => {
                event.tag(FAILURE, arena);
                Ok(false)
            }
        }
    }
}

impl Filter for SyslogPri {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let priority = match event.get(&self.source) {
            Some(Value::Array(items)) => items.first().map_or(DEFAULT, priority),
            Some(value) => priority(value),
            None => DEFAULT,
        };
        let written = self
            .severity
            .write(priority & 7, event, cx.arena)
            .and_then(|known| Ok(self.facility.write(priority >> 3, event, cx.arena)? && known));
        match written {
            Ok(true) => Outcome::Matched,
            Ok(false) => {
                cx.because(event, &self.source, || "there is no label for a number as large");
                Outcome::Matched
            }
            Err(bad) => {
                cx.because(event, &self.source, || bad.to_string());
                Outcome::Unmatched
            }
        }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

/// The number at the start of a text, 0 if there is none.
fn priority(value: &Value<'_>) -> u64 {
    match value {
        Value::Null => DEFAULT,
        Value::Text(text) => {
            let text = text.str.trim_start();
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            text[..digits].parse().unwrap_or(0)
        }
        other => other.as_f64().map_or(0, |number| number.max(0.0) as u64),
    }
    .min(i64::MAX as u64)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use Outcome::{Matched, Unmatched};

    fn check(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
        testing::check(&PLUGIN, settings, fields, outcome, expected);
    }

    const LEGACY: &str = r#"{"ecs_compatibility":"disabled"}"#;

    #[test]
    fn a_priority_is_facility_and_severity() {
        check(
            LEGACY,
            r#"{"syslog_pri":"165"}"#,
            Matched,
            r#"{"syslog_pri":"165","syslog_severity_code":5,"syslog_severity":"notice","syslog_facility_code":20,"syslog_facility":"local4"}"#,
        );
        check(
            "{}",
            r#"{"log":{"syslog":{"priority":34}}}"#,
            Matched,
            r#"{"log":{"syslog":{"priority":34,"severity":{"code":2,"name":"critical"},"facility":{"code":4,"name":"security/authorization"}}}}"#,
        );
    }

    #[test]
    fn without_a_priority_it_is_13() {
        let thirteen = r#""syslog_severity_code":5,"syslog_severity":"notice","syslog_facility_code":1,"syslog_facility":"user-level"}"#;
        check(LEGACY, "{}", Matched, &format!("{{{thirteen}"));
        check(LEGACY, r#"{"syslog_pri":["13","x"]}"#, Matched, &format!(r#"{{"syslog_pri":["13","x"],{thirteen}"#));
        check(LEGACY, r#"{"syslog_pri":null}"#, Matched, &format!(r#"{{"syslog_pri":null,{thirteen}"#));
    }

    #[test]
    fn a_text_that_is_no_number_is_0() {
        check(
            LEGACY,
            r#"{"syslog_pri":"x"}"#,
            Matched,
            r#"{"syslog_pri":"x","syslog_severity_code":0,"syslog_severity":"emergency","syslog_facility_code":0,"syslog_facility":"kernel"}"#,
        );
    }

    #[test]
    fn names_are_optional_and_ones_own() {
        check(
            r#"{"ecs_compatibility":"disabled","use_labels":false,"syslog_pri_field_name":"pri"}"#,
            r#"{"pri":14}"#,
            Matched,
            r#"{"pri":14,"syslog_severity_code":6,"syslog_facility_code":1}"#,
        );
        check(
            r#"{"ecs_compatibility":"disabled","facility_labels":["f0"],"severity_labels":["s0","s1"]}"#,
            r#"{"syslog_pri":1}"#,
            Matched,
            r#"{"syslog_pri":1,"syslog_severity_code":1,"syslog_severity":"s1","syslog_facility_code":0,"syslog_facility":"f0"}"#,
        );
        check(
            LEGACY,
            r#"{"syslog_pri":999}"#,
            Matched,
            r#"{"syslog_pri":999,"syslog_severity_code":7,"syslog_severity":"debug","syslog_facility_code":124,"tags":["_syslogpriparsefailure"]}"#,
        );
    }

    #[test]
    fn what_is_in_the_way_stays() {
        check("{}", r#"{"log":"x"}"#, Unmatched, r#"{"log":"x"}"#);
    }
}
