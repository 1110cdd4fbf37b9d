//! Tests of the filter.

use super::super::common::Common;
use super::super::testing::{self, World};
use super::*;
use Outcome::{Matched, Unmatched};
use serde_json::json;

const CHROME: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 11_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.114 Safari/537.36";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 14_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.1.1 Mobile/15E148 Safari/604.1";

/// What the filter makes of a user agent, without the text itself.
fn check(more: serde_json::Value, text: &str, expected: &str) {
    let mut settings = json!({"source": "m"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let fields = json!({ "m": text }).to_string();
    let expected = format!("{}{expected}", &fields[..fields.len() - 1]);
    testing::check(&PLUGIN, &settings.to_string(), &fields, Matched, &expected);
}

#[test]
fn the_fields_of_the_elastic_common_schema() {
    check(
        json!({}),
        CHROME,
        r#","user_agent":{"name":"Chrome","version":"91.0.4472.114","os":{"name":"Mac OS X","version":"11.1","full":"Mac OS X 11.1"},"device":{"name":"Mac"}}}"#,
    );
    check(
        json!({"target": "[client][ua]"}),
        "curl/7.68.0",
        r#","client":{"ua":{"name":"curl","version":"7.68.0","os":{"name":"Other","full":"Other"},"device":{"name":"Other"}}}}"#,
    );
}

#[test]
fn the_fields_without_it() {
    let plain = json!({"ecs_compatibility": "disabled"});
    check(
        plain.clone(),
        IPHONE,
        r#","name":"Mobile Safari","version":"14.1.1","major":"14","minor":"1","patch":"1","os_name":"iOS","os_version":"14.6","os_full":"iOS 14.6","os_major":"14","os_minor":"6","device":"iPhone"}"#,
    );
    check(plain, "gibberish", r#","name":"Other","os_name":"Other","os_full":"Other","device":"Other"}"#);
    check(
        json!({"ecs_compatibility": "disabled", "prefix": "ua_", "target": "a"}),
        "gibberish",
        r#","a":{"ua_name":"Other","ua_os_name":"Other","ua_os_full":"Other","ua_device":"Other"}}"#,
    );
}

#[test]
fn a_file_of_ones_own_takes_the_place() {
    let world = World::default();
    world.write(
        "own.yaml",
        "user_agent_parsers:\n  - regex: '(my)app/(\\d+)'\n    regex_flag: 'i'\n    family_replacement: 'Own $1'\n    v2_replacement: '7'\n",
    );
    world.write("bad.yaml", "a: [");
    world.write("none.yaml", "a: 1");
    let built = |path: &str| {
        testing::build_in(&world, &Common::default(), &PLUGIN, &json!({"source": "m", "regexes": path}).to_string())
    };
    let mut filter = built("own.yaml").unwrap();
    let (_, out) = testing::run(&mut *filter, r#"{"m":"x MYAPP/3"}"#, Default::default());
    assert!(out.contains(r#""name":"Own MY","version":"3.7""#), "{out}");
    for path in ["bad.yaml", "none.yaml", "missing.yaml"] {
        assert!(built(path).is_err(), "{path}");
    }
}

#[test]
fn what_is_no_text_is_left_alone() {
    for fields in ["{}", r#"{"m":""}"#, r#"{"m":5}"#, r#"{"m":[]}"#] {
        testing::check(&PLUGIN, r#"{"source":"m"}"#, fields, Unmatched, fields);
    }
    let (_, out) = testing::run(
        &mut *testing::build(&PLUGIN, r#"{"source":"m"}"#).unwrap(),
        &json!({ "m": [CHROME] }).to_string(),
        Default::default(),
    );
    assert!(out.contains("91.0.4472.114"), "{out}");
    testing::check_fault(&PLUGIN, r#"{"source":"m","lru_cache_size":-1}"#, "`lru_cache_size` cannot be -1");
}

#[test]
fn what_is_remembered_is_the_same_and_bounded() {
    for size in [0, 1, 10] {
        let mut filter = testing::build(&PLUGIN, &json!({"source": "m", "lru_cache_size": size}).to_string()).unwrap();
        let mut run = |text: &str| testing::run(&mut *filter, &json!({ "m": text }).to_string(), Default::default()).1;
        let first = run(CHROME);
        (0..30).for_each(|at| drop(run(&format!("agent {at}"))));
        assert_eq!(run(CHROME), first);
    }
    let mut cache = Cache { entries_max: 10, ..Cache::default() };
    let agent = Arc::new(BUNDLED.agent("x"));
    (0..1000).for_each(|at| cache.put(&at.to_string(), Arc::clone(&agent)));
    assert!(cache.young.len() + cache.old.len() <= 10);
}

/// A required text only ever saves work.
#[test]
fn no_expression_is_passed_over() {
    for text in
        [CHROME, IPHONE, "Googlebot/2.1 (+http://www.google.com/bot.html)", "okhttp/4.9.1", "python-requests/2.25"]
    {
        assert_eq!(BUNDLED.agent(text), BUNDLED.agent_slowly(text), "{text}");
    }
    for (pattern, expected) in [
        ("(Chrome)/(\\d+)", Some("chrome")),
        ("a|bcd", None),
        ("Mobile Safar?i", Some("mobile safa")),
        ("(?:foo|bar)bazz", Some("bazz")),
        ("[abc]+x\\.yz", Some("x.yz")),
        ("(abcd)?xy", None),
        ("abc{2}de", None),
    ] {
        assert_eq!(literal::required(pattern).as_deref(), expected, "{pattern}");
    }
}
