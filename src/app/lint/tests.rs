//! What is warned of, and what is not.

use super::*;
use crate::lang::parse::{Options, parse};
use crate::lang::source::SourceSet;

/// The codes of what is said of the pipeline, each with what it points at.
#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let sources = SourceSet::single("a.conf", text);
    let (config, found) = parse(&sources, &Options { support_escapes: false });
    assert!(!found.iter().any(Diagnostic::is_error), "{found:?}");
    let mut found = lint(&config, &sources);
    found.sort_by_key(|found| found.span.start);
    let shown: Vec<(&str, &str)> = found.iter().map(|found| (found.code, sources.slice(found.span))).collect();
    assert_eq!(shown, expected, "{text}\n{found:?}");
}

#[track_caller]
fn check_condition(condition: &str, expected: &[(&str, &str)]) {
    check(&format!("output {{ if {condition} {{ stdout {{ }} }} }}"), expected);
}

#[track_caller]
fn check_date(pattern: &str, code: Option<&str>) {
    let literal = format!("\"{pattern}\"");
    let expected: Vec<(&str, &str)> = code.iter().map(|code| (*code, literal.as_str())).collect();
    check(&format!("filter {{ date {{ match => [ \"t\", {literal} ] }} }}"), &expected);
}

#[track_caller]
fn check_template(template: &str, code: Option<&str>) {
    let literal = format!("\"{template}\"");
    let expected: Vec<(&str, &str)> = code.iter().map(|code| (*code, literal.as_str())).collect();
    check(&format!("output {{ elasticsearch {{ index => {literal} }} }}"), &expected);
}

#[test]
fn letters_of_dates_that_mean_something_else() {
    check_date("yyyy-MM-DD", Some("day-of-year"));
    check_date("yyyy-MM-dd hh:mm:ss", Some("half-day"));
    check_date("yyyy-mm-dd", Some("minute-for-month"));
    check_date("dd/MMM/yyyy HH:MM:ss", Some("month-for-minute"));
    check_date("HH:mm:SS", Some("fraction-for-second"));
}

#[test]
fn dates_that_are_meant_so() {
    for pattern in [
        "yyyy-DDD",
        "M/d/yyyy h:mm:ss a",
        "YYYY-MM-dd'T'HH:mm:ss.SSSZ",
        "ISO8601",
        "UNIX_MS",
        "MMM dd HH:mm:ss",
        "xxxx-'W'ww-e",
        "yyyy 'MM DD' HH:mm",
        "HHmmss",
        "ddMMyyHHmm",
        "TAI64N",
        "'o''clock' HH",
    ] {
        check_date(pattern, None);
    }
}

#[test]
fn dates_in_templates() {
    check_template("logs-%{+YYYY.MM.DD}", Some("day-of-year"));
    check_template("logs-%{{YYYY-MM-dd}}", Some("week-year"));
    check_template("logs-%{{yyyy-'YYYY'}}-%{+T}", Some("bad-date-pattern"));
    for template in
        ["%{+YYYY.MM.dd}", "%{+xxxx.ww}", "%{{YYYY-ww}}", "%{{TAI64N}}", "%{+%s}", "%{[a][b]}", "%{", "%{+YYYY"]
    {
        check_template(template, None);
    }
    check(r#"filter { dissect { mapping => { "m" => "%{+T} %{T}" } } grok { match => { "m" => "^%{+T}" } } }"#, &[]);
}

#[test]
fn conditions_that_are_always_the_same() {
    check_condition(r#"[a] == "x" and [a] == "y""#, &[("always-false", r#"[a] == "x" and [a] == "y""#)]);
    check_condition(r#"[a] != "x" or [a] != "y""#, &[("always-true", r#"[a] != "x" or [a] != "y""#)]);
    check_condition(r#"[b] and "x" == "y""#, &[("always-false", r#""x" == "y""#)]);
    check_condition(r#""5" == 5"#, &[("always-false", r#""5" == 5"#)]);
    check_condition("!(1 > 2)", &[("always-true", "1 > 2")]);
    check_condition("[a] == [a]", &[("always-true", "[a] == [a]")]);
    check_condition("[a] in []", &[("always-false", "[a] in []")]);
    check_condition(r#""x" in [ "x", "y" ]"#, &[("always-true", r#""x" in [ "x", "y" ]"#)]);
    check_condition(r#"[tags] == "x""#, &[("tags-compared", r#"[tags] == "x""#)]);
}

#[test]
fn a_string_of_a_condition_is_no_template() {
    check_condition(r#"[a] == "%{b}""#, &[("template-in-condition", r#""%{b}""#)]);
    check_condition(r#""%{+HH}:%{+mm}" < [t]"#, &[("template-in-condition", r#""%{+HH}:%{+mm}""#)]);
    check_condition(r#"[a] in [ "x", "%{[b][c]}" ]"#, &[("template-in-condition", r#""%{[b][c]}""#)]);
    check_condition(r#"[a] == "100 %{" or [a] =~ "%{b}""#, &[]);
}

#[test]
fn a_branch_that_is_never_reached() {
    let text = r#"output { if [a] == 1 { } else if [b] { } else if [a] == 1.0 { stdout { } } }"#;
    check(text, &[("always-false", "[a] == 1.0")]);
}

#[test]
fn conditions_that_depend_on_the_event() {
    for condition in [
        r#"[a] == "x" or [a] == "y""#,
        r#"[a] != "x" and [a] != "y""#,
        r#"[a] == "x" and [b] == "y""#,
        "[a] <= [a]",
        "[a] and ![b]",
        r#"[a] in [ "x", "y" ]"#,
        r#""x" in [tags] or "y" in [tags]"#,
        r#"[a] =~ /x/ and [a] =~ /y/"#,
        "[a] > 1 and [a] < 9",
        r#""x" not in [tags]"#,
    ] {
        check_condition(condition, &[]);
    }
}

#[test]
fn groks_that_search_the_whole_line() {
    check(
        r#"filter { grok { match => { "m" => "%{GREEDYDATA:a} %{IP:b}" } } }"#,
        &[("unanchored-grok", r#""%{GREEDYDATA:a} %{IP:b}""#)],
    );
    check(
        r#"filter { grok { match => { "m" => [ "^%{IP:a}", "%{IP:a} x", "y %{IP:a}" ] } } }"#,
        &[("unanchored-grok", r#""%{IP:a} x""#)],
    );
    for good in [
        r#""%{IP:a} %{WORD:b}""#,
        r#"[ "%{IP:a}", "%{WORD:b}" ]"#,
        r#"[ "^a", "^b", "\Ac", "(?:^|x)d" ]"#,
        r#"[ "^%{IP:a}", "%{GREEDYDATA:b}" ]"#,
        r#""^%{DATA:a} %{IP:b}""#,
    ] {
        check(&format!("filter {{ grok {{ match => {{ \"m\" => {good} }} }} }}"), &[]);
    }
}

#[test]
fn types_of_captures_that_there_are_not() {
    let grok = |pattern: &str| format!(r#"filter {{ grok {{ match => {{ "m" => "{pattern}" }} }} }}"#);
    check(&grok("^%{INT:n:integer}"), &[("unknown-type", r#""^%{INT:n:integer}""#)]);
    check(&grok("^%{INT:n:int} %{NUMBER:[a][b]:float} %{WORD:w} %{IP}"), &[]);
}

#[test]
fn what_a_mutate_does_to_strings_comes_too_late_for_numbers() {
    let late = r#"filter { mutate { gsub => [ "n", ",", "." ] convert => { "n" => "float" } } }"#;
    check(late, &[("too-late", r#""n""#)]);
    check(
        r#"filter { mutate { convert => [ "a", "integer", "b", "string" ] strip => [ "a", "b" ] } }"#,
        &[("too-late", r#""a""#)],
    );
    check(r#"filter { mutate { gsub => [ "m", "n", "." ] convert => { "n" => "float" } } }"#, &[]);
    check(r#"filter { mutate { gsub => [ "n", ",", "." ] } mutate { convert => { "n" => "float" } } }"#, &[]);
}

const GROK: &str = r#"grok { match => { "message" => "^%{IP:clientip} %{WORD:verb}" } }"#;

#[test]
fn a_field_that_is_used_before_it_is_made() {
    let rename = r#"mutate { rename => { "clientip" => "ip" } }"#;
    check(&format!("filter {{ {rename} {GROK} }}"), &[("used-before-made", r#""clientip""#)]);
    check(&format!("filter {{ if [verb] == \"GET\" {{ drop {{ }} }} {GROK} }}"), &[("used-before-made", "[verb]")]);
    check(&format!("filter {{ {GROK} {rename} }}"), &[]);
    check(&format!("filter {{ if ![clientip] {{ {GROK} }} }}"), &[]);
    check(&format!("filter {{ json {{ source => \"message\" }} {rename} {GROK} }}"), &[]);
    check(&format!("input {{ beats {{ port => 5044 }} }} filter {{ {rename} {GROK} }}"), &[]);
    check(&format!("input {{ tcp {{ port => 1 codec => json }} }} filter {{ {rename} {GROK} }}"), &[]);
    check(&format!("filter {{ {rename} if [a] {{ {GROK} }} }}"), &[]);
    check(
        &format!("input {{ stdin {{ }} }} filter {{ {rename} if [message] {{ {GROK} }} }}"),
        &[("used-before-made", r#""clientip""#)],
    );
}

#[test]
fn a_field_whose_name_is_misspelt() {
    check(&format!(r#"filter {{ {GROK} if [cleintip] {{ drop {{ }} }} }}"#), &[("unknown-field", "[cleintip]")]);
    check(
        &format!(r#"filter {{ {GROK} mutate {{ add_field => {{ "x" => "%{{clintip}}" }} }} }}"#),
        &[("unknown-field", r#""%{clintip}""#)],
    );
    check(&format!(r#"filter {{ {GROK} mutate {{ convert => {{ "bytes" => "integer" }} }} }}"#), &[]);
    check(&format!(r#"filter {{ {GROK} if [clientips] {{ drop {{ }} }} }}"#), &[]);
    check(r#"filter { grok { match => { "message" => "^%{COMBINEDAPACHELOG}" } } if [cleintip] { drop { } } }"#, &[]);
}

#[test]
fn two_plugins_with_one_id() {
    let text = r#"input { file { path => "/a" id => "a" } } filter { if [b] { drop { id => "a" } } uuid { target => "c" id => "b" } }"#;
    check(text, &[("duplicate-id", r#""a""#)]);
    let codec =
        r#"input { file { path => "/a" id => "a" codec => json { id => "a" } } } output { stdout { id => "b" } }"#;
    check(codec, &[]);
}

#[test]
fn two_outputs_whose_templates_replace_each_other() {
    let outputs = |first: &str, second: &str| {
        format!("output {{ elasticsearch {{ {first} }} if [a] {{ elasticsearch {{ {second} }} }} }}")
    };
    let named = |index: &str, more: &str| format!("index => \"{index}-%{{+YYYY.MM.dd}}\" {more}");
    let mine = r#"template_name => "mine""#;
    let (logs, errors) = (named("logs", mine), named("errors", mine));
    check(&outputs(&logs, &errors), &[("duplicate-template", r#""mine""#)]);
    // One that nobody named: both would be called `timberline-logs`.
    check(&outputs(&named("logs", ""), r#"index => "logs""#), &[("duplicate-template", r#""logs""#)]);
    check(&outputs("", r#"index => "logstash""#), &[("duplicate-template", r#""logstash""#)]);
    let hosts = r#"hosts => [ "http://a:9200", "http://b:9200" ]"#;
    let turned = r#"hosts => [ "http://b:9200", "http://a:9200" ]"#;
    check(&outputs(&format!("{logs} {hosts}"), &format!("{errors} {turned}")), &[("duplicate-template", r#""mine""#)]);
    for (first, second) in [
        (&*named("logs", ""), &*named("errors", "")),
        (&named("logs", mine), &named("errors", r#"template_name => "other""#)),
        (&logs, &logs),
        (&logs, &named("errors", &format!("{mine} manage_template => false"))),
        (&logs, &named("errors", &format!(r#"{mine} template => "/t.json""#))),
        (&logs, &format!(r#"index => "%{{a}}" {mine}"#)),
        (&logs, &format!(r#"{errors} hosts => "http://b:9200""#)),
    ] {
        check(&outputs(first, second), &[]);
    }
}

#[test]
fn a_locale_that_nobody_knows_and_no_pattern_needs() {
    let date = |pattern: &str, locale: &str| {
        format!("filter {{ date {{ match => [ \"t\", \"{pattern}\" ] locale => \"{locale}\" }} }}")
    };
    check(&date("ISO8601", "xy"), &[("unknown-locale", r#""xy""#)]);
    check(&date("yyyy-MM-dd", "klingon"), &[("unknown-locale", r#""klingon""#)]);
    check(&date("yyyy-MM-dd", "de"), &[]);
    // Then the filter itself refuses it.
    check(&date("dd MMM yyyy", "xy"), &[]);
}
