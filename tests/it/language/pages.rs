//! Logstash's reference on the language, page by page: each case is an example of the page or a corner of what it says.

use crate::pipeline::{check, check_with, holds, run_in};
use timberline::app::load::{Request, load, load_in};
use timberline::event::Rules;
use timberline::event::rules::EscapeStyle;
use timberline::plugin::written::parse_bytes;

/// Filters, an event that comes, and what leaves.
type Case<'c> = (&'c str, &'c str, &'c str);

fn check_all(cases: &[Case<'_>]) {
    cases.iter().for_each(|(filters, event, expected)| check(filters, event, expected));
}

/// What `check` says of a text: the heads of its messages.
fn heads(config: &str) -> Vec<String> {
    let loaded = load(&Request::of_text(config)).unwrap();
    let shown: String = loaded.diagnostics.iter().map(|found| found.render(&loaded.sources, false)).collect();
    shown.lines().filter(|line| line.starts_with("-e:")).map(String::from).collect()
}

#[track_caller]
fn compiles(config: &str) {
    let heads = heads(config);
    assert!(!heads.iter().any(|head| head.contains(": error[")), "{config}\n{heads:?}");
}

#[track_caller]
fn refused(config: &str, expected: &str) {
    let heads = heads(config);
    assert!(heads.iter().any(|head| head.contains(expected)), "{config}\n{heads:?}");
}

/// "Structure of a pipeline": what a file looks like.
#[test]
fn the_structure_of_a_file() {
    for config in [
        "# This is a comment. You should use comments to describe\n# parts of your configuration.\ninput {\n}\n\nfilter {\n}\n\noutput {\n}\n",
        "input { http { port => 3333 tags => gateway } http { port => 4444 tags => billing } }",
        "input { # comments can appear at the end of a line, too\n  # ...\n}",
        "filter { }",
        "output { } input { } filter { } filter { }",
        "input\n{\nstdin\n{\n}\n}",
        "\u{feff}filter { }",
    ] {
        compiles(config);
    }
    for nothing in ["", "\n", "# nothing but a comment"] {
        refused(nothing, "error[empty-pipeline]");
    }
    refused("filters { }", "error[");
    refused("filter { mutate { }", "error[");
    refused("filter { mutate { } } }", "error[");
    refused("mutate { }", "error[");
}

/// "Value types", each in a setting of that type.
#[test]
fn the_types_of_values() {
    for config in [
        r#"input { file { path => [ "/var/log/messages", "/var/log/*.log" ] } }"#,
        r#"output { elasticsearch { hosts => [ "http://elastic.co", "http://example.net" ] } }"#,
        r#"output { elasticsearch { hosts => "http://elastic.co" } }"#,
        "input { beats { port => 5044 ssl_enabled => false } }",
        r#"input { stdin { codec => "json" } }"#,
        "input { stdin { codec => json { target => \"[doc]\" } } }",
        "input { tcp { port => 33 } }",
        r#"input { tcp { port => "33" } }"#,
        r#"output { elasticsearch { user => "a" password => "password" hosts => "http://foo:bar@example.net" } }"#,
        r#"output { file { path => "/tmp/logstash" } }"#,
        r#"input { stdin { codec => multiline { pattern => "^ " what => previous max_bytes => "10 MiB" } } }"#,
    ] {
        compiles(config);
    }
    refused("input { tcp { port => many } }", "error[wrong-type]");
    refused(
        "input { stdin { codec => multiline { pattern => \"x\" what => previous max_bytes => \"10 pounds\" } } }",
        "error[",
    );
    refused("filter { kv { trim_key => { \"a\" => \"b\" } } }", "error[");
    refused("filter { urldecode { all_fields => maybe } }", "error[");
    // The reference's own example of an array has commas in its hashes, which its grammar does not take.
    refused("filter { mutate { add_field => { id => 1, name => bob } } }", "error[");
}

/// "Bytes": both kinds of units, in any case, with blanks.
#[test]
fn sizes_in_bytes() {
    for (text, bytes) in [
        ("1113", Some(1113)),
        ("10MiB", Some(10_485_760)),
        ("100kib", Some(102_400)),
        ("180 mb", Some(180_000_000)),
        ("1k", Some(1000)),
        ("1Ki", Some(1024)),
        ("2G", Some(2_000_000_000)),
        ("2 gi", Some(2 << 30)),
        ("1T", Some(1_000_000_000_000)),
        ("1TiB", Some(1 << 40)),
        ("1P", Some(1_000_000_000_000_000)),
        ("1PiB", Some(1 << 50)),
        ("1EB", Some(1_000_000_000_000_000_000)),
        ("1EiB", Some(1 << 60)),
        ("1ZB", Some(u64::MAX)),
        ("1YiB", Some(u64::MAX)),
        ("", None),
        ("MiB", None),
        ("10 pounds", None),
        ("-1", None),
    ] {
        assert_eq!(parse_bytes(text), bytes, "{text}");
    }
}

/// "Hash", "String", "Field reference", and the ways to write them.
#[test]
fn hashes_and_strings() {
    check_all(&[
        (
            "mutate { add_field => {\n \"field1\" => \"value1\"\n \"field2\" => \"value2\"\n } }",
            "{}",
            r#"{"field1":"value1","field2":"value2"}"#,
        ),
        (
            r#"mutate { add_field => { "field1" => "value1" "field2" => "value2" } }"#,
            "{}",
            r#"{"field1":"value1","field2":"value2"}"#,
        ),
        (
            r#"mutate { add_field => [ "field1", "value1", "field2", "value2" ] }"#,
            "{}",
            r#"{"field1":"value1","field2":"value2"}"#,
        ),
        (r#"mutate { add_field => { "name" => "Hello world" } }"#, "{}", r#"{"name":"Hello world"}"#),
        (r#"mutate { add_field => { "name" => "It's a beautiful day" } }"#, "{}", r#"{"name":"It's a beautiful day"}"#),
        // Without `config.support_escapes` a backslash stays, and still keeps the quote from closing.
        (
            r#"mutate { add_field => { "name" => 'It\'s a beautiful day' } }"#,
            "{}",
            r#"{"name":"It\\'s a beautiful day"}"#,
        ),
        ("mutate { add_field => { \"name\" => \"two\nlines\" } }", "{}", r#"{"name":"two\nlines"}"#),
        (r#"mutate { add_field => { "name" => "" } }"#, "{}", r#"{"name":""}"#),
        (r#"mutate { add_field => { "[ua][os]" => "x" } }"#, r#"{"ua":{}}"#, r#"{"ua":{"os":"x"}}"#),
        // A bareword, a number and a word of the language as values.
        (
            "mutate { add_field => { a => b c => 5 d => true e => in } }",
            "{}",
            r#"{"a":"b","c":"5","d":"true","e":"in"}"#,
        ),
    ]);
}

/// "Escape sequences": the table of `config.support_escapes`, and what is in no table.
#[test]
fn escape_sequences() {
    for (written, becomes) in [
        (r"\r", r"\r"),
        (r"\n", r"\n"),
        (r"\t", r"\t"),
        (r"\\d", r"\\d"),
        (r#"\""#, r#"\""#),
        (r"\'", "'"),
        (r"\0", r"\\0"),
        (r"\d+", r"\\d+"),
        (r"\\n", r"\\n"),
        ("Hello\\nworld", r"Hello\nworld"),
    ] {
        let filters = format!(r#"mutate {{ add_field => {{ "name" => "{written}" }} }}"#);
        let escapes = Request { support_escapes: true, ..Request::of_text("") };
        check_with(escapes, &filters, "{}", &format!(r#"{{"name":"{becomes}"}}"#));
    }
}

/// The event of "Accessing event data and fields".
const EVENT: &str = r#"{"agent":"Mozilla/5.0 (compatible; MSIE 9.0)","ip":"192.168.24.44","request":"/index.html","response":{"status":200,"bytes":52353},"ua":{"os":"Windows 7"}}"#;

/// "Field references" and "sprintf format": the examples, and what stays when there is no field.
#[test]
fn fields_in_strings() {
    let with = |more: &str| EVENT.replace(r#""ua""#, &format!(r#"{more},"ua""#));
    for (template, becomes) in [
        ("%{[ua][os]}", "Windows 7"),
        ("%{ip} %{[ip]}", "192.168.24.44 192.168.24.44"),
        ("apache.%{[response][status]}", "apache.200"),
        ("%{response}", r#"{\"status\":200,\"bytes\":52353}"#),
        ("%{[response][missing]}", "%{[response][missing]}"),
        ("%{[ip][deeper]}", "%{[ip][deeper]}"),
        ("100%", "100%"),
        ("%{}", "%{}"),
        ("%%{ip}", "%192.168.24.44"),
        ("%{ip", "%{ip"),
        ("{ip} $ip", "{ip} $ip"),
    ] {
        check(
            &format!(r#"mutate {{ add_field => {{ "x" => "{template}" }} }}"#),
            EVENT,
            &with(&format!(r#""x":"{becomes}""#)),
        );
    }
}

/// The times of "sprintf format": Joda's letters behind a plus, java.time's in two braces.
#[test]
fn times_in_strings() {
    for (template, becomes) in [
        ("/var/log/%{type}.%{+yyyy.MM.dd.HH}", "/var/log/web.2026.10.03.04"),
        ("%{+yyyyMMdd} %{+HH:mm:ss.SSS}", "20261003 04:05:06.789"),
        ("%{{yyyy.MM.dd.HH}}", "2026.10.03.04"),
        ("%{{dd/MMM/yyyy:HH:mm:ss Z}}", "03/Oct/2026:04:05:06 +0000"),
        ("%{{ISO-MM}}", ""),
        ("%{{TAI64N}}", "@400000006ac07efc2f072f40"),
        ("%{+%s}", "1791000306"),
        ("%{+yyyy", "%{+yyyy"),
        ("%{+'%{'yyyy}", "%{2026"),
    ] {
        if becomes.is_empty() {
            refused(&format!(r#"filter {{ mutate {{ add_tag => "{template}" }} }}"#), "error[bad-date-pattern]");
            continue;
        }
        let event = r#"{"@timestamp":"2026-10-03T04:05:06.789Z","type":"web"}"#;
        let expected = event.replace('}', &format!(r#","x":"{becomes}"}}"#));
        check(&format!(r#"mutate {{ add_field => {{ "x" => "{template}" }} }}"#), event, &expected);
    }
}

/// "Conditionals": every operator of the page's list.
#[test]
fn operators_of_conditionals() {
    let event = r#"{"n":5,"s":"abc","t":true,"f":false,"z":null,"l":["abc","d"],"action":"login"}"#;
    for (condition, expected) in [
        ("[n] == 5", true),
        ("[n] != 5", false),
        ("[n] < 6", true),
        ("[n] > 5", false),
        ("[n] <= 5", true),
        ("[n] >= 5.5", false),
        ("[s] =~ /b/", true),
        ("[s] !~ /b/", false),
        ("[s] in [l]", true),
        ("[s] not in [l]", false),
        ("[t] and [n] == 5", true),
        ("[f] or [n] == 5", true),
        ("[t] nand [t]", false),
        ("[t] xor [f]", true),
        ("!([n] == 5)", false),
        ("![f]", true),
        // "The expression `if [foo]` returns false when": missing, false, null.
        ("[foo]", false),
        ("[f]", false),
        ("[z]", false),
        ("[n]", true),
        // Parentheses, and blanks or none.
        ("([n]==5 and([s]==\"abc\"or[t]))", true),
        ("(([n] == 5))", true),
        ("!(!([n] == 5))", true),
        // What binds tighter.
        ("[f] and [f] or [t]", true),
        ("[t] or [t] and [f]", true),
        ("5 == [n]", true),
        ("\"abc\" == [s]", true),
        ("-1 < [n]", true),
        ("[n] == -5", false),
        ("[action] == \"login\"", true),
        ("\"_grokparsefailure\" not in [tags]", true),
    ] {
        holds(condition, event, expected);
    }
}

/// The examples of "Conditionals" that are pipelines.
#[test]
fn pipelines_with_conditionals() {
    check_all(&[
        (
            r#"if [action] == "login" { mutate { remove_field => "secret" } }"#,
            r#"{"action":"login","secret":1}"#,
            r#"{"action":"login"}"#,
        ),
        (
            r#"if [action] == "login" { mutate { remove_field => "secret" } }"#,
            r#"{"action":"x","secret":1}"#,
            r#"{"action":"x","secret":1}"#,
        ),
        (
            r#"if [type] == "apache" { mutate { add_tag => "a" } } else if [type] == "nginx" { mutate { add_tag => "n" } } else { mutate { add_tag => "o" } }"#,
            "{\"type\":\"apache\"}\n{\"type\":\"nginx\"}\n{}",
            "{\"type\":\"apache\",\"tags\":[\"a\"]}\n{\"type\":\"nginx\",\"tags\":[\"n\"]}\n{\"tags\":[\"o\"]}",
        ),
        // Conditionals within conditionals.
        (
            r#"if [a] { if [b] { mutate { add_tag => "both" } } else { mutate { add_tag => "one" } } }"#,
            "{\"a\":1,\"b\":1}\n{\"a\":1}\n{\"b\":1}",
            "{\"a\":1,\"b\":1,\"tags\":[\"both\"]}\n{\"a\":1,\"tags\":[\"one\"]}\n{\"b\":1}",
        ),
    ]);
    compiles(
        r#"output {
  # Send production errors to pagerduty
  if [loglevel] == "ERROR" and [deployment] == "production" { http { url => "http://127.0.0.1" http_method => "post" } }
  if "_grokparsefailure" not in [tags] { elasticsearch { } }
  if [foo] in [foobar] { stdout { } }
}"#,
    );
    refused("input { if [a] { stdin { } } }", "error[");
}

/// "The @metadata field": it is there for conditions and strings, and leaves with `rubydebug` alone, when asked.
#[test]
fn metadata() {
    let filters = r#"
        mutate { add_field => { "show" => "This data will be in the output" } }
        mutate { add_field => { "[@metadata][test]" => "Hello" } }
        mutate { add_field => { "[@metadata][no_show]" => "This data will not be in the output" } }
        if [@metadata][test] == "Hello" { mutate { add_tag => "%{[@metadata][test]}" } }"#;
    check(filters, "{}", r#"{"show":"This data will be in the output","tags":["Hello"]}"#);
    check(
        r#"mutate { rename => { "a" => "[@metadata][a]" } } mutate { rename => { "[@metadata]" => "m" } }"#,
        r#"{"a":1}"#,
        r#"{"m":{"a":1}}"#,
    );
    compiles("output { stdout { codec => rubydebug { metadata => true } } }");
}

/// "Field References Deep Dive": literals, names alone, references within references, and what is none.
#[test]
fn references_by_their_grammar() {
    let event =
        r#"{"message":"m","a":{"b":{"c":"x"}},"l":[{"k":1},{"k":2}],"with blank":1,"a.b":2,"1":3,"ü":4,"a,b":5}"#;
    for (reference, becomes) in [
        ("message", "m"),
        ("[message]", "m"),
        ("[a][b][c]", "x"),
        ("[[a][b]][c]", "x"),
        ("[a][[b][c]]", "x"),
        ("[[[a]][b]][c]", "x"),
        ("[l][0][k]", "1"),
        ("[l][1][k]", "2"),
        ("[l][-1][k]", "2"),
        ("[l][-2][k]", "1"),
        ("[with blank]", "1"),
        ("with blank", "1"),
        ("[a.b]", "2"),
        ("a.b", "2"),
        ("[1]", "3"),
        ("[ü]", "4"),
        ("[a,b]", "5"),
        // Not there.
        ("[l][2][k]", "%{[l][2][k]}"),
        ("[l][-3][k]", "%{[l][-3][k]}"),
        ("[l][k]", "%{[l][k]}"),
        ("[a][0]", "%{[a][0]}"),
        ("[Message]", "%{[Message]}"),
        ("[ message ]", "%{[ message ]}"),
    ] {
        let filters = format!(
            r#"mutate {{ add_field => {{ "[@metadata][x]" => "%{{{reference}}}" }} }} prune {{ whitelist_names => "^@timestamp$" }}
            mutate {{ add_field => {{ "x" => "%{{[@metadata][x]}}" }} }}"#
        );
        check(&filters, event, &format!(r#"{{"x":"{becomes}"}}"#));
    }
    for reference in ["[a", "a]", "[a]b", "a[b]", "[]", "[a][]", "[a]]", "[[a]"] {
        refused(&format!(r#"filter {{ json {{ source => "{reference}" }} }}"#), "error[bad-reference]");
    }
}

/// "Field References Deep Dive", the example at its head, and references that are written to.
#[test]
fn references_that_are_written() {
    check_all(&[
        (
            r#"mutate { add_field => { "[@metadata][date]" => "2026-10-03" "[@metadata][time]" => "04:05" } }
            if [@metadata][date] and [@metadata][time] { mutate { add_field => { "t" => "%{[@metadata][date]} %{[@metadata][time]}" } } }"#,
            "{}",
            r#"{"t":"2026-10-03 04:05"}"#,
        ),
        (r#"mutate { add_field => { "[a][b][c]" => "1" } }"#, "{}", r#"{"a":{"b":{"c":"1"}}}"#),
        (r#"mutate { replace => { "[l][0]" => "x" } }"#, r#"{"l":[1,2]}"#, r#"{"l":["x",2]}"#),
        (r#"mutate { replace => { "[l][-1]" => "x" } }"#, r#"{"l":[1,2]}"#, r#"{"l":[1,"x"]}"#),
        (
            r#"mutate { remove_field => [ "[l][0]", "[h][a]" ] }"#,
            r#"{"l":[1,2],"h":{"a":1,"b":2}}"#,
            r#"{"l":[2],"h":{"b":2}}"#,
        ),
        (r#"mutate { remove_field => [ "[no][such]", "nor_this" ] }"#, r#"{"a":1}"#, r#"{"a":1}"#),
    ]);
}

/// "Escape sequences" of field references, by `config.field_reference.escape_style`.
#[test]
fn references_with_escapes() {
    for (style, reference, found) in [
        (EscapeStyle::None, "[f%5B0%5D]", false),
        (EscapeStyle::None, "[f&#91;0&#93;]", false),
        (EscapeStyle::Percent, "[f%5B0%5D]", true),
        (EscapeStyle::Percent, "[f%5b0%5d]", true),
        (EscapeStyle::Percent, "f%5B0%5D", true),
        (EscapeStyle::Percent, "[%66%5B0%5D]", true),
        (EscapeStyle::Percent, "[f&#91;0&#93;]", false),
        (EscapeStyle::Ampersand, "[f&#91;0&#93;]", true),
        (EscapeStyle::Ampersand, "f&#91;0&#93;", true),
        (EscapeStyle::Ampersand, "[&#102;&#91;0&#93;]", true),
        (EscapeStyle::Ampersand, "[f%5B0%5D]", false),
    ] {
        let request = Request { rules: Rules { escape_style: style, ..Rules::default() }, ..Request::of_text("") };
        let filters = format!(r#"mutate {{ add_field => {{ "x" => "%{{{reference}}}" }} }}"#);
        let becomes = if found { "1".to_string() } else { format!("%{{{reference}}}") };
        check_with(request, &filters, r#"{"f[0]":1}"#, &format!(r#"{{"f[0]":1,"x":"{becomes}"}}"#));
    }
}

/// The variables of "Using environment variables".
fn variables(name: &str) -> Option<String> {
    let known = [("TCP_PORT", "12345"), ("ENV_TAG", "tag2"), ("HOME", "/path"), ("EMPTY", ""), ("LIST", "a b")];
    let known = known.into_iter().chain([("HOSTS", "http://a:9200 http://b:9200"), ("QUOTE", "\" } } drop {")]);
    known.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
}

/// "Using environment variables": in settings of any type, with defaults, and in conditions.
#[test]
fn variables_of_the_environment() {
    for (filters, expected) in [
        (r#"mutate { add_tag => [ "tag1", "${ENV_TAG}" ] }"#, r#"{"tags":["tag1","tag2"]}"#),
        (r#"mutate { add_field => { "my_path" => "${HOME}/file.log" } }"#, r#"{"my_path":"/path/file.log"}"#),
        (r#"mutate { add_tag => "${UNSET:default value}" }"#, r#"{"tags":["default value"]}"#),
        (r#"mutate { add_tag => "${ENV_TAG:default value}" }"#, r#"{"tags":["tag2"]}"#),
        (r#"mutate { add_tag => "a${UNSET:}b" }"#, r#"{"tags":["ab"]}"#),
        (r#"mutate { add_tag => "a${EMPTY:x}b" }"#, r#"{"tags":["ab"]}"#),
        (r#"mutate { add_tag => "${ENV_TAG}${ENV_TAG}" }"#, r#"{"tags":["tag2tag2"]}"#),
        (r#"mutate { add_tag => "${UNSET:http://a:9200/}" }"#, r#"{"tags":["http://a:9200/"]}"#),
        (r#"mutate { add_tag => "$ENV_TAG ${ENV_TAG" }"#, r#"{"tags":["$ENV_TAG ${ENV_TAG"]}"#),
        // The value is never read as configuration.
        (r#"mutate { add_tag => "${QUOTE}" }"#, r#"{"tags":["\" } } drop {"]}"#),
        // A boolean, a number, and an option of a list that takes one value.
        (r#"if "${ENV_TAG}" == "tag2" { mutate { add_tag => "yes" } }"#, r#"{"tags":["yes"]}"#),
        (r#"if "${UNSET:no}" == "tag2" { mutate { add_tag => "yes" } }"#, "{}"),
        (r#"urldecode { all_fields => "${UNSET:true}" add_tag => "${LIST}" }"#, r#"{"tags":["a b"]}"#),
        (r#"truncate { length_bytes => "${TCP_PORT}" add_tag => "ok" }"#, r#"{"tags":["ok"]}"#),
    ] {
        let found = run_in(&variables, &format!("filter {{ {filters} }}"), "{}");
        assert_eq!(found, [serde_json::from_str::<serde_json::Value>(expected).unwrap()], "{filters}");
    }
}

#[test]
fn variables_of_inputs_and_what_is_missing() {
    let said = |config: &str| {
        let loaded = load_in(&Request::of_text(config), &variables).unwrap();
        let errors = loaded.diagnostics.iter().filter(|found| found.is_error());
        errors.map(|found| found.render(&loaded.sources, false)).collect::<String>()
    };
    for config in [
        r#"input { tcp { port => "${TCP_PORT}" } }"#,
        r#"input { tcp { port => "${UNSET:54321}" } }"#,
        r#"output { elasticsearch { hosts => "${HOSTS}" } }"#,
        "# ${UNSET}\ninput { }",
    ] {
        assert_eq!(said(config), "", "{config}");
    }
    // Undefined, and defined in other letters.
    for name in ["UNSET", "tcp_port"] {
        let said = said(&format!(r#"input {{ tcp {{ port => "${{{name}}}" }} }}"#));
        assert!(said.contains("error[missing-env]") && said.contains(name), "{said}");
    }
    assert!(said(r#"input { tcp { port => "${HOME}" } }"#).contains("error[wrong-type]"));
}
