//! What the `kv` filter declares.

use super::super::Ecs;
use crate::plugin::{Declaration, Door, Fallback, Kind, Setting};

const TRANSFORMS: Kind = Kind::OneOf(&["lowercase", "uppercase", "capitalize"]);

const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Setting {
    Setting::new(name, kind, Fallback::None, doc)
}

const fn switch(name: &'static str, on: bool, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Boolean, Fallback::Boolean(on), doc)
}

pub static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "kv",
    summary: "Reads `key=value` pairs: each key becomes a field.",
    settings: SETTINGS,
    example: r#"filter { kv { source => "message" target => "kv" field_split => "&?" } }"#,
    differs: &[
        "a key with brackets that is no field reference (`a[0]`) becomes a field of exactly that name, without `_kv_filter_error`.",
        "a text with more than 10,000 keys is left alone and tagged as a failure.",
    ],
    unavailable: None,
};

const SETTINGS: &[Setting] = &[
    Setting::new(
        "source",
        Kind::Field,
        Fallback::Text("message"),
        "The field to read: a string or an array of strings.",
    ),
    optional(
        "target",
        Kind::Field,
        "The field to put the pairs into; what stood there goes. Without it, each key becomes a field of the event.",
    ),
    Setting::new(
        "field_split",
        Kind::String,
        Fallback::Text(" "),
        "The characters that part fields. They form a regular expression's class: `[`, `]` and `\\` need a backslash.",
    ),
    optional(
        "field_split_pattern",
        Kind::String,
        "A regular expression that parts fields, in the place of `field_split`: `:+`, `\\+\\+`.",
    ),
    Setting::new(
        "value_split",
        Kind::String,
        Fallback::Text("="),
        "The characters that part a key from its value, as a regular expression's class.",
    ),
    optional(
        "value_split_pattern",
        Kind::String,
        "A regular expression that parts a key from its value, in the place of `value_split`.",
    ),
    Setting::new(
        "whitespace",
        Kind::OneOf(&["lenient", "strict"]),
        Fallback::Text("lenient"),
        "Whether blanks around the value's separator are passed over. `strict` tells `a= b=1` apart: `a` is empty.",
    ),
    switch("include_brackets", true, "Whether `( )`, `[ ]` and `< >` wrap values, as quotes do, and are taken off."),
    switch("allow_duplicate_values", true, "Whether a key with the same value twice gets an array with both."),
    switch("allow_empty_values", false, "Whether a key without a value becomes a field with an empty string."),
    Setting::new(
        "default_keys",
        Kind::Hash,
        Fallback::Empty,
        "Keys and the values that they get where the text does not have them.",
    ),
    Setting::new(
        "include_keys",
        Kind::Array,
        Fallback::Empty,
        "The only keys to take, as they are before `prefix`; they may hold `%{…}`.",
    ),
    Setting::new(
        "exclude_keys",
        Kind::Array,
        Fallback::Empty,
        "Keys to leave out, as they are before `prefix`; they may hold `%{…}`.",
    ),
    Setting::new("prefix", Kind::String, Fallback::Text(""), "What to put before each key; may hold `%{…}`."),
    switch("recursive", false, "Whether values are read for pairs too; the field then holds them.")
        .differs("it goes 20 levels deep."),
    optional("trim_key", Kind::String, "Characters to take off both ends of keys, as a regular expression's class."),
    optional(
        "trim_value",
        Kind::String,
        "Characters to take off both ends of values, as a regular expression's class.",
    ),
    optional("remove_char_key", Kind::String, "Characters to take out of keys, as a regular expression's class."),
    optional("remove_char_value", Kind::String, "Characters to take out of values, as a regular expression's class."),
    optional("transform_key", TRANSFORMS, "How keys are written."),
    optional("transform_value", TRANSFORMS, "How values are written."),
    Setting::new(
        "tag_on_failure",
        Kind::Array,
        Fallback::List(&["_kv_filter_error"]),
        "Tags for events whose pairs could not be written.",
    ),
    Setting::new(
        "tag_on_timeout",
        Kind::String,
        Fallback::Text("_kv_filter_timeout"),
        "The tag for events whose text took too long.",
    ),
    Setting::new(
        "timeout_millis",
        Kind::Number,
        Fallback::Number(30_000.0),
        "How long a text may take, in milliseconds; 0 is for ever.",
    )
    .differs("it is counted in steps of `field_split_pattern` and `value_split_pattern` (some 60,000 a millisecond, five million at most), so that the same line always gets the same answer; without patterns nothing takes long."),
    optional(
        "ecs_compatibility",
        Kind::OneOf(Ecs::NAMES),
        "Changes nothing but Logstash's warning about a missing `target`.",
    ),
];
