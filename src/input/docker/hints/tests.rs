//! What labels come to.

use super::*;
use crate::event::hints::Act;

fn labels(given: &[(&str, &str)]) -> HashMap<String, String> {
    given.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn hints(given: &[(&str, &str)]) -> Hints {
    let read = read(&labels(given), "main", &["main".into(), "payments".into()]);
    assert_eq!(read.wrong, Vec::<String>::new(), "{given:?}");
    Arc::unwrap_or_clone(read.hints.expect("there are hints"))
}

/// What is said, and whether anything else holds.
#[track_caller]
fn check_wrong(given: &[(&str, &str)], expected: &[&str]) {
    let read = read(&labels(given), "main", &["main".into(), "payments".into()]);
    assert_eq!(read.wrong.len(), expected.len(), "{:?}", read.wrong);
    for (wrong, part) in read.wrong.iter().zip(expected) {
        assert!(wrong.contains(part), "{wrong}");
    }
}

#[test]
fn without_hints_nothing_is_asked() {
    for given in [
        &[][..],
        &[("com.docker.compose.service", "a")],
        &[("co.elastic.metrics/module", "redis")],
        &[("co.elastic.logs/enabled", "true")],
    ] {
        let read = read(&labels(given), "main", &[]);
        assert!(read.hints.is_none() && read.wrong.is_empty(), "{given:?} {:?}", read.wrong);
    }
}

#[test]
fn json_is_read_by_both_names_and_ours_counts_more() {
    let json = hints(&[
        ("co.elastic.logs/json.keys_under_root", "true"),
        ("co.elastic.logs/json.message_key", "log"),
        ("timberline.logs/json.message_key", "msg"),
        ("timberline.logs/json.add_error_key", "true"),
        ("co.elastic.logs/json.ignore_decoding_error", "true"),
    ]);
    let json = json.json.unwrap();
    assert_eq!(
        (json.keys_under_root, json.overwrite_keys, json.add_error_key, json.message_key.as_deref()),
        (true, false, true, Some("msg"))
    );
}

#[test]
fn multiline_takes_filebeats_settings() {
    let joining = hints(&[
        ("co.elastic.logs/multiline.pattern", r"^\["),
        ("co.elastic.logs/multiline.negate", "true"),
        ("co.elastic.logs/multiline.match", "after"),
        ("co.elastic.logs/multiline.timeout", "500ms"),
        ("co.elastic.logs/multiline.max_lines", "7"),
    ]);
    let joining = joining.joining.unwrap();
    assert_eq!((joining.lines_max, joining.timeout_ns), (7, Some(500_000_000)));
    assert!(matches!(joining.rule, JoinRule::Pattern { fits: Fits { negate: true, .. }, to_next: false, flush: None }));
    let count = hints(&[("timberline.logs/multiline.type", "count"), ("timberline.logs/multiline.count_lines", "3")]);
    let count = count.joining.unwrap();
    assert!(
        matches!(count.rule, JoinRule::Count(3))
            && count.lines_max == LINES_MAX
            && count.timeout_ns == Some(TIMEOUT_NS)
    );
}

#[test]
fn processors_are_read_in_the_order_of_their_numbers() {
    let processors = hints(&[
        ("co.elastic.logs/processors.2.drop_fields.fields", "a, b.c"),
        ("co.elastic.logs/processors.10.add_tags.tags", r#"["x"]"#),
        ("co.elastic.logs/processors.1.add_fields.target", ""),
        ("co.elastic.logs/processors.1.add_fields.fields.team", "core"),
        ("co.elastic.logs/processors.1.add_fields.when.not.equals.http.status", "200"),
        ("co.elastic.logs/processors.rename.fields", r#"[{"from":"a","to":"b"}]"#),
        ("co.elastic.logs/processors.3.drop_event.when.regexp.message", "^DBG"),
    ]);
    let kinds: Vec<&str> = processors
        .processors
        .iter()
        .map(|processor| match &processor.act {
            Act::AddFields(fields) => {
                assert_eq!((fields[0].0.to_string().as_str(), &*fields[0].1), ("[team]", "core"));
                assert!(processor.when.is_some());
                "add_fields"
            }
            Act::DropFields(fields) => {
                assert_eq!(fields[1].to_string(), "[b][c]");
                "drop_fields"
            }
            Act::DropEvent => "drop_event",
            Act::AddTags(_) => "add_tags",
            Act::Rename(_) => "rename",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["add_fields", "drop_fields", "drop_event", "add_tags", "rename"]);
}

#[test]
fn a_wrong_hint_is_said_and_the_others_hold() {
    check_wrong(
        &[("co.elastic.logs/include_lines", "(a, ^b")],
        &["`co.elastic.logs/include_lines` is no regular expression"],
    );
    check_wrong(&[("co.elastic.logs/jsno.keys_under_root", "true")], &["did you mean `json`?"]);
    check_wrong(&[("timberline.logs/json.key_under_root", "true")], &["did you mean `keys_under_root`?"]);
    check_wrong(
        &[("co.elastic.logs/module", "nginx"), ("co.elastic.logs/fileset.stdout", "access")],
        &["module of Filebeat"; 2],
    );
    check_wrong(&[("co.elastic.logs/enabled", "yes")], &["must be `true` or `false`"]);
    check_wrong(&[("co.elastic.logs/1.multiline.pattern", "x")], &["several sets of hints"]);
    check_wrong(&[("co.elastic.logs/multiline.pattern", "x")], &["needs `multiline.match`"]);
    check_wrong(&[("co.elastic.logs/processors.1.dissect.tokenizer", "%{a}")], &["the filter `dissect`"]);
    check_wrong(&[("co.elastic.logs/processors.1.drop_event", "true")], &["drops every line"]);
    check_wrong(&[("co.elastic.logs/processors.drop_event.when.range.a", "1")], &["is no hint that is known"]);
    check_wrong(&[("timberline.logs/pipeline", "paymants")], &["names `paymants`, and no pipeline"]);
    check_wrong(&[("co.elastic.logs/json.message_key", &"x".repeat(5000))], &["longer than 4096"]);
    let bomb = "((a{1,1000}){1,1000}){1,1000}";
    check_wrong(&[("co.elastic.logs/exclude_lines", bomb)], &["is no regular expression"]);
    let part = read(
        &labels(&[("co.elastic.logs/include_lines", "(, ^b"), ("co.elastic.logs/json.keys_under_root", "true")]),
        "main",
        &[],
    );
    assert!(part.hints.is_some_and(|hints| hints.json.is_some()));
}

#[test]
fn ten_thousand_hints_are_bounded() {
    let many: HashMap<String, String> =
        (0..10_000).map(|n| (format!("co.elastic.logs/x{n}"), "é".repeat(50_000))).collect();
    let kept = kept(&many);
    assert!(kept.len() == HINTS_MAX + 1 && kept.values().all(|value| value.len() <= VALUE_BYTES_MAX + 4));
    assert!(read(&kept, "main", &[]).wrong[0].contains("more than 100 hints"));
}

#[test]
fn who_is_followed_is_decided_by_enabled_and_pipeline() {
    let check = |default_enabled, given: &[(&str, &str)], expected| {
        let config = Config { enabled: true, default_enabled };
        let taking = ["main".to_string(), "payments".to_string()];
        assert_eq!(is_asked(&config, &labels(given), "main", &taking), expected, "{default_enabled} {given:?}");
        assert!(is_asked(&Config { enabled: false, default_enabled }, &labels(given), "main", &taking));
    };
    check(true, &[], true);
    check(false, &[], false);
    check(true, &[("co.elastic.logs/enabled", "false")], false);
    check(true, &[("co.elastic.logs/disable", "true")], false);
    check(false, &[("co.elastic.logs/enabled", "true")], true);
    check(false, &[("co.elastic.logs/enabled", "ture")], true);
    check(true, &[("co.elastic.logs/enabled", "false"), ("timberline.logs/enabled", "true")], true);
    check(false, &[("timberline.logs/pipeline", "main")], true);
    check(true, &[("timberline.logs/pipeline", "payments")], false);
    check(true, &[("timberline.logs/pipeline", "unknown")], true);
    check(true, &[("timberline.logs/pipeline", "main"), ("co.elastic.logs/enabled", "false")], false);
    check(true, &[("co.elastic.logs/pipeline", "payments")], true);
}
