//! Which fields a plugin reads and makes, as far as its settings say.

use super::super::{pairs, texts, values};
use crate::lang::source::Span;
use crate::lang::tree::{Literal, Plugin};
use regex::Regex;
use std::sync::LazyLock;

/// Where in a setting's value the fields stand.
#[derive(Clone, Copy)]
enum At {
    Keys,
    Values,
    Items,
    First,
    /// Field, expression, replacement.
    Thirds,
}

/// Settings that need a field to be there.
const READS: [(&str, &str, At); 26] = [
    ("mutate", "rename", At::Keys),
    ("mutate", "convert", At::Keys),
    ("mutate", "gsub", At::Thirds),
    ("mutate", "uppercase", At::Items),
    ("mutate", "lowercase", At::Items),
    ("mutate", "capitalize", At::Items),
    ("mutate", "strip", At::Items),
    ("mutate", "split", At::Keys),
    ("mutate", "join", At::Keys),
    ("mutate", "copy", At::Keys),
    ("date", "match", At::First),
    ("grok", "match", At::Keys),
    ("dissect", "mapping", At::Keys),
    ("json", "source", At::First),
    ("kv", "source", At::First),
    ("csv", "source", At::First),
    ("xml", "source", At::First),
    ("useragent", "source", At::First),
    ("geoip", "source", At::First),
    ("translate", "source", At::First),
    ("translate", "field", At::First),
    ("urldecode", "field", At::First),
    ("split", "field", At::First),
    ("fingerprint", "source", At::Items),
    ("syslog_pri", "syslog_pri_field_name", At::First),
    ("bytes", "source", At::First),
];

/// Settings that name the fields that are made.
const WRITES: [(&str, &str, At); 17] = [
    ("mutate", "rename", At::Values),
    ("mutate", "copy", At::Values),
    ("mutate", "replace", At::Keys),
    ("mutate", "update", At::Keys),
    ("mutate", "merge", At::Keys),
    ("mutate", "coerce", At::Keys),
    ("date", "target", At::First),
    ("json", "target", At::First),
    ("kv", "target", At::First),
    ("xml", "target", At::First),
    ("csv", "target", At::First),
    ("geoip", "target", At::First),
    ("useragent", "target", At::First),
    ("categorize", "target", At::First),
    ("fingerprint", "target", At::First),
    ("translate", "target", At::First),
    ("urldecode", "target", At::First),
];

/// Filters that make no field but those that their settings name, and may name none.
const MAKE_NO_OTHERS: [&str; 11] = [
    "mutate",
    "date",
    "drop",
    "sleep",
    "categorize",
    "fingerprint",
    "translate",
    "urldecode",
    "prune",
    "throttle",
    "truncate",
];
/// Filters that say by `target` alone where they write.
const NEED_TARGET: [&str; 6] = ["json", "kv", "xml", "csv", "geoip", "useragent"];
pub fn reads(plugin: &Plugin, each: &mut dyn FnMut(&str, Span)) {
    for (_, setting, at) in READS.into_iter().filter(|(name, ..)| *name == plugin.name.value) {
        for (reference, span) in values(plugin, setting).flat_map(|value| fields(value, at)) {
            if !reference.contains("%{") {
                each(reference, span);
            }
        }
    }
}

/// The fields that it makes; `None`: any.
pub fn writes(plugin: &Plugin) -> Option<Vec<String>> {
    let name = plugin.name.value.as_str();
    let named = WRITES.into_iter().filter(|(plugin, ..)| *plugin == name);
    let mut made: Vec<String> = named
        .flat_map(|(_, setting, at)| values(plugin, setting).flat_map(move |value| fields(value, at)))
        .map(|(reference, _)| reference.to_string())
        .collect();
    match name {
        "grok" => made.extend(captures(plugin)?),
        "dissect" => made.extend(dissected(plugin)?),
        _ if MAKE_NO_OTHERS.contains(&name) => {}
        _ if NEED_TARGET.contains(&name) && !made.is_empty() => {}
        _ => return None,
    }
    Some(made)
}

fn fields(value: &Literal, at: At) -> Vec<(&str, Span)> {
    let strings = || texts(value).into_iter().map(|text| (text.value.as_str(), text.span));
    match at {
        At::Keys => pairs(value).into_iter().map(|(key, _)| (key.value.as_str(), key.span)).collect(),
        At::Values => {
            let values = pairs(value).into_iter().flat_map(|(_, value)| texts(value));
            values.map(|text| (text.value.as_str(), text.span)).collect()
        }
        At::Items => strings().collect(),
        At::First => strings().take(1).collect(),
        At::Thirds => strings().step_by(3).collect(),
    }
}

/// `None` where a pattern without a name may hold more captures.
fn captures(plugin: &Plugin) -> Option<Vec<String>> {
    static REFERENCE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"%\{(\w+)(?::([^:}]+))?(?::\w+)?\}").expect("a constant pattern"));
    static GROUP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\(\?<([A-Za-z_@\[][^>=!]*)>").expect("a constant pattern"));
    let target = values(plugin, "target").find_map(Literal::as_text);
    if let Some(target) = target {
        return Some(vec![target.to_string()]);
    }
    if values(plugin, "pattern_definitions").chain(values(plugin, "patterns_dir")).next().is_some() {
        return None;
    }
    let mut made = Vec::new();
    for (_, value) in values(plugin, "match").flat_map(pairs) {
        for pattern in texts(value) {
            for reference in REFERENCE.captures_iter(&pattern.value) {
                if !is_simple(&reference[1]) {
                    return None;
                }
                made.extend(reference.get(2).map(|name| name.as_str().to_string()));
            }
            made.extend(GROUP.captures_iter(&pattern.value).map(|group| group[1].to_string()));
        }
    }
    Some(made)
}

/// Patterns without captures of their own.
fn is_simple(pattern: &str) -> bool {
    const SIMPLE: [&str; 51] = [
        "USERNAME",
        "USER",
        "EMAILADDRESS",
        "INT",
        "BASE10NUM",
        "NUMBER",
        "BASE16NUM",
        "BASE16FLOAT",
        "POSINT",
        "NONNEGINT",
        "WORD",
        "NOTSPACE",
        "SPACE",
        "DATA",
        "GREEDYDATA",
        "QUOTEDSTRING",
        "QS",
        "UUID",
        "URN",
        "MAC",
        "IPV6",
        "IPV4",
        "IP",
        "HOSTNAME",
        "IPORHOST",
        "HOSTPORT",
        "PATH",
        "UNIXPATH",
        "TTY",
        "WINPATH",
        "URIPROTO",
        "URIPATH",
        "URIPARAM",
        "URIPATHPARAM",
        "URI",
        "MONTH",
        "MONTHNUM",
        "MONTHDAY",
        "DAY",
        "YEAR",
        "HOUR",
        "MINUTE",
        "SECOND",
        "TIME",
        "TIMESTAMP_ISO8601",
        "DATE",
        "DATESTAMP",
        "SYSLOGTIMESTAMP",
        "HTTPDATE",
        "TZ",
        "LOGLEVEL",
    ];
    SIMPLE.contains(&pattern)
}

/// `None` where a key comes from the event.
fn dissected(plugin: &Plugin) -> Option<Vec<String>> {
    static KEY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"%\{([^}]*)\}").expect("a constant pattern"));
    let mut made = Vec::new();
    for (_, value) in values(plugin, "mapping").flat_map(pairs) {
        for mapping in texts(value) {
            for key in KEY.captures_iter(&mapping.value) {
                let key = key[1].trim_end_matches("->");
                match key.chars().next() {
                    None | Some('?') => {}
                    Some('&' | '*') => return None,
                    _ => made.extend(key.trim_start_matches('+').split('/').next().map(String::from)),
                }
            }
        }
    }
    Some(made)
}
