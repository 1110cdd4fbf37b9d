//! What is misspelt, and the right spelling that `check` names.

use timberline::app::load::{Request, load};

/// The configuration, what is wrong with it, and the help.
const CASES: &[(&str, &str, &str)] = &[
    // Sections, plugins, codecs.
    ("fliter { }", "unknown-section", "write `filter`"),
    ("filter { grook { } }", "unknown-plugin", "did you mean `grok`?"),
    ("input { fiel { } }", "unknown-plugin", "did you mean `file`?"),
    ("output { elasticsaerch { } }", "unknown-plugin", "did you mean `elasticsearch`?"),
    (r#"input { file { path => "/x" codec => jsno } }"#, "unknown-plugin", "did you mean `json`?"),
    // Settings: own ones, common ones, those of codecs.
    (r#"output { elasticsearch { idnex => "a" } }"#, "unknown-setting", "did you mean `index`?"),
    ("filter { mutate { add_filed => { } } }", "unknown-setting", "did you mean `add_field`?"),
    (
        r#"input { file { path => "/x" codec => multiline { patern => "x" } } }"#,
        "unknown-setting",
        "did you mean `pattern`?",
    ),
    (
        r#"filter { translate { source => "a" refresh_behavior => "merge" } }"#,
        "unknown-setting",
        "did you mean `refresh_behaviour`?",
    ),
    // Types of values, and names of types.
    ("filter { urldecode { all_fields => ture } }", "wrong-type", "write `true` or `false`"),
    (r#"filter { mutate { convert => { "a" => "intger" } } }"#, "bad-setting", "did you mean `integer`?"),
    (r#"filter { mutate { convert => { "a" => "int" } } }"#, "bad-setting", "did you mean `integer`?"),
    (r#"filter { mutate { convert => { "a" => "bool" } } }"#, "bad-setting", "did you mean `boolean`?"),
    (r#"filter { csv { convert => { "a" => "date_tim" } } }"#, "bad-setting", "did you mean `date_time`?"),
    (r#"filter { dissect { convert_datatype => { "a" => "integer" } } }"#, "bad-setting", "did you mean `int`?"),
    (r#"filter { grok { match => { "m" => "^%{INT:n:integer}" } } }"#, "unknown-type", "did you mean `int`?"),
    // One of some words.
    (r#"filter { dns { action => "replce" } }"#, "wrong-type", "did you mean `replace`?"),
    (r#"filter { fingerprint { method => "SHA265" } }"#, "wrong-type", "did you mean `SHA256`?"),
    (r#"filter { json { source => "m" ecs_compatibility => "V8" } }"#, "wrong-type", "did you mean `v8`?"),
    (r#"filter { kv { transform_key => "lower" } }"#, "wrong-type", "did you mean `lowercase`?"),
    // Patterns, fields, references.
    (
        r#"filter { grok { match => { "m" => "%{COMBINEDAPACHLOG}" } } }"#,
        "unknown-pattern",
        "did you mean `COMBINEDAPACHELOG`?",
    ),
    (r#"filter { grok { match => { "m" => "^%{IPORHSOT:a}" } } }"#, "unknown-pattern", "did you mean `IPORHOST`?"),
    (
        r#"filter { grok { match => { "m" => "^%{WORD:client}" } } if [cleint] { drop { } } }"#,
        "unknown-field",
        "did you mean `client`?",
    ),
    (r#"filter { json { source => "a[b]" } }"#, "bad-reference", "did you mean `[a][b]`?"),
    (r#"filter { json { source => "[a]b" } }"#, "bad-reference", "did you mean `[a][b]`?"),
    (r#"filter { json { source => "[a][b" } }"#, "bad-reference", "did you mean `[a][b]`?"),
    (r#"filter { json { source => "[a]][]" } }"#, "bad-reference", "did you mean `[a]`?"),
    (
        r#"filter { geoip { source => "ip" target => "t" database => "/none" fields => [ "city" ] } }"#,
        "bad-setting",
        "",
    ),
    // Letters of dates, zones, encodings.
    (r#"filter { date { match => [ "t", "yyyy-MM-ddTHH" ] } }"#, "bad-date-pattern", "`'T'`"),
    (
        r#"filter { date { match => [ "t", "HH:mm:ss,fff" ] } }"#,
        "bad-date-pattern",
        "write `S` for the fraction of the second",
    ),
    (r#"output { elasticsearch { index => "a-%{+YYYY.WW}" } }"#, "bad-date-pattern", "did you mean `w`?"),
    (r#"output { elasticsearch { index => "a-%{{yyyy.g}}" } }"#, "bad-date-pattern", "did you mean `G`?"),
    (
        r#"filter { date { match => [ "t", "yyyy" ] timezone => "Europe/Berln" } }"#,
        "bad-setting",
        "did you mean `Europe/Berlin`?",
    ),
    (r#"filter { urldecode { charset => "UTF8" } }"#, "bad-setting", "did you mean `UTF-8`?"),
    // Operators.
    ("filter { if [a] = 1 { } }", "wrong-operator", "write `==`"),
    ("filter { if [a] =~ /x/i { } }", "regex-flags", "write `/(?i)x/`"),
];

#[test]
fn what_is_misspelt_is_named_with_the_nearest_right_spelling() {
    let mut silent = Vec::new();
    for (config, code, help) in CASES {
        let loaded = load(&Request::of_text(*config)).unwrap();
        let said: Vec<String> = loaded.diagnostics.iter().map(|it| it.render(&loaded.sources, false)).collect();
        if !said.iter().any(|text| text.contains(&format!("[{code}]: ")) && text.contains(help)) {
            silent.push(format!("{config}: no [{code}] with {help}, but\n{}", said.concat()));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
