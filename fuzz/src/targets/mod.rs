//! What is fuzzed. A target takes any bytes: it must not panic, run for ever or grow without end, and what it makes
//! must hold together. The fuzzer feeds them (`./dev fuzz`), and the tests replay the kept inputs (`fuzz/corpus`).

mod bulk_reply;
mod dead_letters;
mod disk;
mod filters;
mod language;
mod queue_segment;
mod registry;

/// Something that takes any bytes.
pub struct Target {
    /// Names the folder of its corpus, too.
    pub name: &'static str,
    pub run: fn(&[u8]),
}

pub const TARGETS: &[Target] = &[
    Target { name: "config", run: language::config },
    Target { name: "field_reference", run: language::field_reference },
    Target { name: "date_pattern", run: filters::date_pattern },
    Target { name: "dissect", run: filters::dissect },
    Target { name: "grok", run: filters::grok },
    Target { name: "json", run: filters::json },
    Target { name: "kv", run: filters::kv },
    Target { name: "registry", run: registry::registry },
    Target { name: "queue_segment", run: queue_segment::queue_segment },
    Target { name: "dead_letters", run: dead_letters::dead_letters },
    Target { name: "bulk_reply", run: bulk_reply::bulk_reply },
];

/// The first line and what follows it: settings stand in front of the text they work on.
fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}
