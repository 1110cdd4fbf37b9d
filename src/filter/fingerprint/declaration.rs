//! What the `fingerprint` filter declares.

use super::super::Ecs;
use crate::plugin::{Declaration, Door, Fallback, Kind, Setting};

pub const METHODS: &[&str] =
    &["SHA1", "SHA256", "SHA384", "SHA512", "MD5", "MURMUR3", "MURMUR3_128", "IPV4_NETWORK", "UUID", "PUNCTUATION"];

pub static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "fingerprint",
    summary: "Writes a hash of fields: the same for the same content, for ids or in the place of what must not be read.",
    settings: &[
        Setting::new(
            "method",
            Kind::OneOf(METHODS),
            Fallback::Text("SHA1"),
            "How: a digest (`SHA1` to `MD5`), MurmurHash3 as a number (`MURMUR3`) or as 128 bits, the network of an IPv4 address, a random `UUID`, or the text's `PUNCTUATION` alone.",
        )
        .differs("an `IPV4_NETWORK` of what is no IPv4 address is tagged `_fingerprintfailure`; Logstash's pipeline fails."),
        Setting::new(
            "source",
            Kind::Array,
            Fallback::List(&["message"]),
            "The fields to hash. Of several that are not concatenated the last one counts; an array gets an array of hashes.",
        ),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::None,
            "The field for the hash: `[event][hash]`, or `fingerprint` without `ecs_compatibility`.",
        ),
        Setting::new(
            "key",
            Kind::Password,
            Fallback::None,
            "Makes a digest an HMAC with this key; for `IPV4_NETWORK` the length of the prefix, which it needs.",
        ),
        Setting::new(
            "base64encode",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Write digests and `MURMUR3_128` in base64 instead of hexadecimal digits.",
        ),
        Setting::new(
            "concatenate_sources",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Hash names and values of all sources as one text (not for `UUID` and `PUNCTUATION`).",
        ),
        Setting::new(
            "concatenate_all_fields",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Hash names and values of all fields of the event as one text, `@timestamp` included.",
        ),
        Setting::new(
            "ecs_compatibility",
            Kind::OneOf(Ecs::NAMES),
            Fallback::None,
            "Which field is the default `target`. By default the pipeline's.",
        ),
    ],
    example: r#"filter { fingerprint { source => [ "user", "ip" ] concatenate_sources => true method => "SHA256" key => "secret" target => "[@metadata][fingerprint]" } }"#,
    differs: &[
        "arrays and hashes are hashed as Ruby prints them, hashes by name; Logstash does not document how.",
    ],
    unavailable: None,
};
