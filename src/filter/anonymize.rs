//! The `anonymize` filter, which Logstash no longer has: known, and refused with what takes its place.

use super::FilterPlugin;
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting};

const INSTEAD: &str = "use `fingerprint`, which took its place in Logstash too: \
    `fingerprint { source => \"field\" target => \"field\" method => \"SHA1\" key => \"…\" }`";

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: "",
    build: |_, _| Err(Fault::new("`anonymize` is gone").help(INSTEAD)),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "anonymize",
    summary: "Replaced values by their hash; `fingerprint` does.",
    settings: &[
        Setting::new("fields", Kind::Array, Fallback::Required, "The fields to replace."),
        Setting::new(
            "algorithm",
            Kind::OneOf(&["SHA1", "SHA256", "SHA384", "SHA512", "MD5", "MURMUR3", "IPV4_NETWORK"]),
            Fallback::Text("SHA1"),
            "How; `method` of `fingerprint`.",
        ),
        Setting::new("key", Kind::String, Fallback::Required, "The key; `key` of `fingerprint`."),
    ],
    example: r#"filter { fingerprint { source => "user" target => "user" method => "SHA256" key => "secret" } }"#,
    differs: &[],
    unavailable: Some(INSTEAD),
};
