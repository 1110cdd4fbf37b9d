//! The index template: what the fields of our documents are to the engine. Pure: data in, JSON out.
//!
//! Explicit types for what the pipeline writes; every other text becomes a keyword. Kept cheap for the engine: no text
//! is indexed twice but error messages, no norms, no guessing of dates and numbers. Kept safe: a value that does not fit
//! its field is left out of the index instead of refusing the document (`ignore_malformed`), fields beyond the limit
//! stay in the document unindexed (`ignore_dynamic_beyond_limit`), and labels are one field however many they are.
//! What an engine does not know is left out of the template (`Features`).

use super::{expiry, retention};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

/// Longer values are not indexed as keywords; Lucene's own limit is 32,766 bytes.
const KEYWORD_CHARS_MAX: u32 = 1024;
/// Templates of Elastic's own integrations have 100 to 250.
const PRIORITY: usize = 300;

/// What the engine can do, tried from all to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// It has ILM and the named policy.
    pub lifecycle: bool,
    /// `total_fields.ignore_dynamic_beyond_limit`, since 8.14.
    pub ignore_dynamic: bool,
    /// The type of a field that holds any object as one, if it has such a type.
    pub flat: Option<&'static str>,
}

impl Features {
    /// From the most to the least; `lifecycle` is known before.
    pub fn attempts(lifecycle: bool) -> [Features; 4] {
        let features = |ignore_dynamic, flat| Features { lifecycle, ignore_dynamic, flat };
        // Elasticsearch since 8.14, before that, OpenSearch since 2.7, and before that.
        [
            features(true, Some("flattened")),
            features(false, Some("flattened")),
            features(false, Some("flat_object")),
            features(false, None),
        ]
    }
}

/// What a template is made for.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub pattern: &'a str,
    /// After so many days they are deleted, by the policy or by us.
    pub days: Option<u32>,
}

/// The body of `PUT _index_template/<name>`.
pub fn template(wanted: &Wanted<'_>, features: Features) -> Value {
    let mut settings = json!({
        "index.mapping.ignore_malformed": true,
    });
    if features.ignore_dynamic {
        settings["index.mapping.total_fields.ignore_dynamic_beyond_limit"] = json!(true);
    }
    let mut mappings = mappings(features);
    match wanted.days {
        Some(days) if features.lifecycle => {
            settings["index.lifecycle.name"] = json!(retention::policy_name(days));
            // The age of an index counts from the day in its name.
            settings["index.lifecycle.parse_origination_date"] = json!(true);
        }
        Some(days) => mappings["_meta"] = expiry::mark(days),
        None => {}
    }
    let body = json!({ "settings": settings, "mappings": mappings });
    // Of two templates for the same index the longer pattern decides, and no two may be equal.
    let priority = PRIORITY + wanted.pattern.len();
    let digest = format!("{:016x}", xxh3_64(format!("{priority}{body}").as_bytes()));
    json!({
        "index_patterns": [wanted.pattern],
        "priority": priority,
        "template": body,
        "_meta": { "managed_by": "timberline", "digest": digest },
    })
}

/// The digest of a template that is ours.
pub fn digest(template: &Value) -> Option<&str> {
    let meta = &template["_meta"];
    if meta["managed_by"] == "timberline" { meta["digest"].as_str() } else { None }
}

fn mappings(features: Features) -> Value {
    json!({
        "date_detection": false,
        "numeric_detection": false,
        "dynamic_templates": [
            { "strings": {
                "match_mapping_type": "string",
                "mapping": { "type": "keyword", "ignore_above": KEYWORD_CHARS_MAX },
            } },
            // A number that is whole the first time may have a fraction the next. Of different types the engine would cut
            // the fraction off in searches, and refuse a document that has both in one array.
            { "whole_numbers": { "match_mapping_type": "long", "mapping": { "type": "double" } } },
            { "fractions": { "match_mapping_type": "double", "mapping": { "type": "double" } } },
        ],
        "properties": properties(features),
    })
}

fn properties(features: Features) -> Value {
    let labels = json!({ "type": features.flat.unwrap_or("object") });
    json!({
        "@timestamp": { "type": "date" },
        "@version": keyword(),
        "message": text(),
        "level": keyword(),
        "service_name": keyword(),
        "environment": keyword(),
        "stream": keyword(),
        "tags": keyword(),
        "user": keyword(),
        "user_id": keyword(),
        "amount": { "type": "double" },
        "http_method": keyword(),
        "http_status": { "type": "short" },
        "http_url": keyword(),
        "container": { "properties": {
            "id": keyword(),
            "name": keyword(),
            "image": { "properties": { "name": keyword(), "tag": keyword(), "id": keyword() } },
            "runtime": keyword(),
            "labels": labels,
        } },
        "host": { "properties": { "name": keyword(), "hostname": keyword() } },
        "event": { "properties": {
            "sequence": { "type": "long" },
            "dataset": keyword(),
            "original": { "type": "keyword", "index": false, "doc_values": false },
        } },
        "trace": { "properties": { "id": keyword() } },
        "log": { "properties": {
            "level": keyword(),
            "flags": keyword(),
            "offset": { "type": "long" },
            "file": { "properties": { "path": keyword() } },
        } },
        "http": { "properties": {
            "method": keyword(),
            "status": { "type": "short" },
            "url": keyword(),
            "duration": { "type": "double" },
        } },
        "error": { "properties": {
            "type": keyword(),
            "category": keyword(),
            "fingerprint": keyword(),
            "message": { "type": "text", "norms": false, "fields": { "keyword": keyword() } },
            "stack_trace": text(),
        } },
    })
}

fn keyword() -> Value {
    json!({ "type": "keyword", "ignore_above": KEYWORD_CHARS_MAX })
}

fn text() -> Value {
    json!({ "type": "text", "norms": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted<'_> = Wanted { pattern: "app-logs-*", days: Some(30) };

    #[test]
    fn each_attempt_asks_for_less() {
        let texts = Features::attempts(true).map(|features| template(&WANTED, features).to_string());
        assert!(texts[0].contains("ignore_dynamic_beyond_limit") && texts[0].contains("flattened"));
        assert!(!texts[1].contains("ignore_dynamic_beyond_limit") && texts[1].contains("flattened"));
        assert!(texts[2].contains("flat_object") && !texts[3].contains("flat"));
        let without = template(&WANTED, Features::attempts(false)[0]).to_string();
        assert!(texts[0].contains("parse_origination_date") && !without.contains("lifecycle"));
    }

    #[test]
    fn the_digest_changes_with_the_content_and_only_ours_has_one() {
        let [one, other, ..] = Features::attempts(true).map(|features| template(&WANTED, features));
        assert_ne!(digest(&one), digest(&other));
        assert_eq!(digest(&one), digest(&template(&WANTED, Features::attempts(true)[0])));
        assert_eq!(digest(&json!({ "_meta": { "managed_by": "me", "digest": "x" } })), None);
    }

    #[test]
    fn the_longer_pattern_has_the_higher_priority() {
        let of = |pattern| template(&Wanted { pattern, days: None }, Features::attempts(false)[0])["priority"].as_u64();
        assert!(of("app-*") < of("app-errors-*"));
    }
}
