//! The measured answers one by one, and random ones against a naive reading of the same table.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn one(status: u16, kind: &str) -> Vec<u8> {
    let item = json!({"create": {"status": status, "error": {"type": kind, "reason": "because"}}});
    json!({"errors": true, "items": [item]}).to_string().into_bytes()
}

fn check(status: u16, kind: &str, expected: &str) {
    let Reply::Items(verdicts) = read(200, &one(status, kind), 1, &[]) else { panic!("{status} {kind}") };
    let shown = match &verdicts[0] {
        Verdict::Stored => "stored".into(),
        Verdict::AlreadyThere => "already there".into(),
        Verdict::Later(scope, _) => format!("later {scope:?}"),
        Verdict::Doubtful(scope, _) => format!("doubtful {scope:?}"),
        Verdict::Refused(_) => "refused".into(),
    };
    assert_eq!(shown, expected, "{status} {kind}");
}

#[test]
fn items_are_judged_by_status_and_type() {
    check(409, "version_conflict_engine_exception", "already there");
    check(400, "document_parsing_exception", "refused");
    check(400, "strict_dynamic_mapping_exception", "refused");
    check(400, "index_closed_exception", "refused");
    check(400, "invalid_index_name_exception", "refused");
    check(400, "validation_exception", "later Index");
    check(500, "not_x_content_exception", "doubtful Document");
    check(429, "cluster_block_exception", "later Index");
    check(429, "es_rejected_execution_exception", "later Document");
    check(403, "cluster_block_exception", "doubtful Index");
    check(403, "security_exception", "later Index");
    check(503, "unavailable_shards_exception", "later Index");
    check(404, "index_not_found_exception", "doubtful Index");
}

#[test]
fn the_cause_is_part_of_the_reason() {
    let body = br#"{"errors":true,"items":[{"create":{"status":400,"error":{"type":"document_parsing_exception",
        "reason":"[1:9] failed to parse field [n] of type [long]","caused_by":{"type":"illegal_argument_exception","reason":"For input string: \"abc\""}}}}]}"#;
    let Reply::Items(verdicts) = read(200, body, 1, &[]) else { panic!() };
    let Verdict::Refused(complaint) = &verdicts[0] else { panic!() };
    assert_eq!(complaint.reason, "[1:9] failed to parse field [n] of type [long]: For input string: \"abc\"");
}

#[test]
fn codes_that_the_operator_names_are_refused_too() {
    let Reply::Items(verdicts) = read(200, &one(403, "security_exception"), 1, &[403]) else { panic!() };
    assert!(matches!(&verdicts[0], Verdict::Refused(_)));
}

/// Items are compared with the one before them, where the answer looks like the engine's. However they are read, the
/// verdicts are the same, and what is cut off or has other items says nothing.
#[test]
fn items_that_are_alike_are_read_once() {
    let (created, there) = (r#"{"create":{"status":201}}"#, r#"{"create":{"status":409}}"#);
    let full = json!({"index": {"status": 400, "error": {"type": "mapper_parsing_exception", "reason": "because"}}})
        .to_string();
    let spaced = r#"{ "create": {"status": 201 } }"#;
    for items in [
        vec![created],
        vec![created, created, created],
        vec![created, there, there, created],
        vec![full.as_str(), full.as_str(), created, full.as_str()],
        vec![created, spaced, spaced],
    ] {
        let text = items.join(",");
        let naive: Vec<Verdict> = items
            .iter()
            .map(|item| match read(200, format!("{{\"items\":[{item}]}}").as_bytes(), 1, &[]) {
                Reply::Items(verdicts) => verdicts[0].clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        for head in [r#"{"errors":false"#, r#"{"took":12,"errors":true"#] {
            let body = format!(r#"{head},"items":[{text}]}}"#).into_bytes();
            assert_eq!(in_runs(&body, &[]).as_ref(), Some(&naive));
            let documents = items.len();
            assert_eq!(read(200, &body, documents, &[]), Reply::Items(naive.clone()));
            for other in [documents - 1, documents + 1] {
                assert!(matches!(read(200, &body, other, &[]), Reply::Unknown(_)));
            }
            for end in 0..body.len() {
                assert_eq!(in_runs(&body[..end], &[]), None);
            }
        }
    }
    for other in
        [r#"{"a":{"b":1,"items":[{"create":{"status":201}}]}}"#, r#"{"a":[0,"items":[{"create":{"status":201}}]}"#]
    {
        assert_eq!(in_runs(other.as_bytes(), &[]), None);
    }
}

#[test]
fn success_without_items_is_success() {
    assert_eq!(read(200, br#"{"took":1,"errors":false}"#, 3, &[]), Reply::Items(vec![Verdict::Stored; 3]));
}

fn whole(status: u16, body: &str, expected: &str) {
    let shown = format!("{:?}", read(status, body.as_bytes(), 2, &[]));
    assert!(shown.starts_with(expected), "{status} {body}: {shown}");
}

#[test]
fn whole_requests_are_judged_by_their_status() {
    let error = r#"{"error":{"root_cause":[],"type":"illegal_argument_exception","reason":"x"},"status":400}"#;
    whole(400, error, "Unreadable");
    whole(400, "<html>the plain HTTP request was sent to HTTPS port</html>", "Unavailable");
    whole(400, r#"{"error":"no handler found for uri [/_bulk]"}"#, "Unavailable");
    whole(401, "", "Unauthorized");
    whole(403, error, "Unauthorized");
    whole(413, "<html>", "TooLarge");
    whole(429, error, "Overloaded");
    whole(502, "<html>", "Unavailable");
    whole(503, error, "Unavailable");
    whole(302, "", "Unavailable");
    whole(405, "", "Unavailable");
}

#[test]
fn what_cannot_be_read_is_unknown() {
    whole(200, "", "Unknown");
    whole(200, "<html>", "Unknown");
    whole(200, r#"{"errors":false,"items":[{"create":{"status":201}}"#, "Unknown");
    whole(200, r#"{"errors":false,"items":[{"create":{"status":201}}]}"#, "Unknown");
    whole(200, r#"{"errors":true}"#, "Unknown");
    whole(200, r#"{"errors":false,"items":[{},{}]}"#, "Unknown");
    whole(200, r#"{"acknowledged":true}"#, "Unknown");
    whole(200, r#"{"errors":false,"items":[{"create":{}},{"create":{}}]}"#, "Unknown");
}

#[test]
fn no_cut_of_an_answer_is_taken_for_the_whole() {
    let answer = br#"{"errors":true,"took":3,"items":[{"create":{"status":201}},{"create":{"status":409,"error":{"type":"v","reason":"r"}}}]}"#;
    assert_eq!(read(200, answer, 2, &[]), Reply::Items(vec![Verdict::Stored, Verdict::AlreadyThere]));
    for end in 0..answer.len() {
        assert!(matches!(read(200, &answer[..end], 2, &[]), Reply::Unknown(_)), "cut at {end}");
    }
}

/// The table again, as slowly and plainly as can be.
fn naive(item: &Value) -> &'static str {
    let result = item.as_object().unwrap().values().next().unwrap();
    let kind = result["error"]["type"].as_str().unwrap_or("");
    match result["status"].as_u64().unwrap() {
        200 | 201 => "stored",
        409 => "already",
        429 if kind == "cluster_block_exception" => "later index",
        429 => "later",
        403 if kind == "cluster_block_exception" => "doubtful index",
        401 | 403 => "later index",
        404 => "doubtful index",
        400 if kind == "validation_exception" => "later index",
        500 => "doubtful",
        n if n > 500 => "later index",
        _ => "refused",
    }
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Stored => "stored",
        Verdict::AlreadyThere => "already",
        Verdict::Later(Scope::Index, _) => "later index",
        Verdict::Later(Scope::Document, _) => "later",
        Verdict::Doubtful(Scope::Index, _) => "doubtful index",
        Verdict::Doubtful(Scope::Document, _) => "doubtful",
        Verdict::Refused(_) => "refused",
    }
}

prop_compose! {
    fn item()(
        action in prop::sample::select(vec!["create", "index"]),
        status in prop::sample::select(vec![200u16, 201, 400, 401, 403, 404, 406, 409, 429, 500, 502, 503, 504]),
        kind in prop::sample::select(vec!["cluster_block_exception", "document_parsing_exception", "validation_exception", "x"]),
        reason in ".{0,20}",
        shape in 0..3u8,
    ) -> Value {
        let mut result = json!({"status": status, "_index": "a", "_id": reason});
        if status > 299 {
            result["error"] = match shape {
                0 => json!({"type": kind, "reason": reason}),
                1 => json!({"type": kind, "reason": reason, "caused_by": {"type": "y", "reason": "z"}}),
                _ => json!({"type": kind, "reason": Value::Null, "shard": "0"}),
            };
        }
        json!({action: result})
    }
}

proptest! {
    #[test]
    fn every_document_gets_the_verdict_of_its_own_item(items in prop::collection::vec(item(), 0..30), pretty: bool) {
        let answer = json!({"took": 7, "errors": items.iter().any(|i| naive(i) != "stored"), "items": items});
        let text = if pretty { serde_json::to_string_pretty(&answer) } else { serde_json::to_string(&answer) }.unwrap();
        let Reply::Items(verdicts) = read(200, text.as_bytes(), items.len(), &[]) else { panic!("{text}") };
        let expected: Vec<_> = items.iter().map(naive).collect();
        prop_assert_eq!(verdicts.iter().map(name).collect::<Vec<_>>(), expected);
        if !items.is_empty() {
            let known = matches!(read(200, text.as_bytes(), items.len() - 1, &[]), Reply::Items(_));
            prop_assert!(!known);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_survived(status in 100u16..600, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(status, &body, 3, &[]);
    }
}
