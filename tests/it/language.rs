//! The language's corners, as Logstash's reference describes them: what becomes of an event.

mod misspelt;
mod pages;

use crate::pipeline::{check, check_with, holds};
use timberline::app::load::{Request, load};
use timberline::event::Rules;
use timberline::event::rules::{EscapeStyle, IllegalTags};
use timberline::filter::Ecs;

/// The examples of "Conditionals".
#[test]
fn the_references_examples_of_in() {
    let filters = r#"
        if [foo] in [foobar] { mutate { add_tag => "field in field" } }
        if [foo] in "foo" { mutate { add_tag => "field in string" } }
        if "hello" in [greeting] { mutate { add_tag => "string in field" } }
        if [foo] in ["hello", "world", "foo"] { mutate { add_tag => "field in list" } }
        if [missing] in [alsomissing] { mutate { add_tag => "shouldnotexist" } }
        if !("foo" in ["hello", "world"]) { mutate { add_tag => "shouldexist" } }"#;
    check(
        filters,
        r#"{"foo":"foo","foobar":"foobar","greeting":"hello world"}"#,
        r#"{"foo":"foo","foobar":"foobar","greeting":"hello world","tags":["field in field","field in string","string in field","field in list","shouldexist"]}"#,
    );
}

#[test]
fn what_holds_of_missing_fields() {
    for (condition, expected) in [
        ("[a]", false),
        ("![a]", true),
        ("[a] == 1", false),
        ("[a] != 1", true),
        ("[a] != \"\"", true),
        ("[a] == [b]", true),
        ("[a] < 1", false),
        ("[a] >= 1", false),
        ("[a] =~ /^$/", false),
        ("[a] !~ /x/", true),
        ("[a] in [ 1, 2 ]", false),
        ("[a] not in [ 1, 2 ]", true),
        ("\"x\" in [tags]", false),
        ("\"x\" not in [tags]", true),
        ("[a][b][0] == 1", false),
        ("![a] and !([b] or [c])", true),
    ] {
        holds(condition, r#"{"z":1}"#, expected);
    }
}

#[test]
fn words_between_conditions_by_their_tables() {
    for (word, table) in [
        ("and", [false, false, false, true]),
        ("or", [false, true, true, true]),
        ("xor", [false, true, true, false]),
        ("nand", [true, true, true, false]),
    ] {
        for (row, expected) in table.into_iter().enumerate() {
            let event = format!("{{\"a\":{},\"b\":{}}}", row & 2 == 2, row & 1 == 1);
            holds(&format!("[a] {word} [b]"), &event, expected);
            holds(&format!("!([a] {word} [b])"), &event, !expected);
        }
    }
}

#[test]
fn comparisons_between_types() {
    for (condition, event, expected) in [
        ("[a] == 1", r#"{"a":"1"}"#, false),
        ("[a] != 1", r#"{"a":"1"}"#, true),
        ("[a] > 5", r#"{"a":"9"}"#, false),
        ("[a] < 5", r#"{"a":"9"}"#, false),
        ("[a] == \"true\"", r#"{"a":true}"#, true),
        ("[a] == 1.0", r#"{"a":1}"#, true),
        ("[a] == 9007199254740993", r#"{"a":9007199254740993}"#, true),
        ("[a] == 9007199254740992", r#"{"a":9007199254740993}"#, false),
        ("[a] < \"b\"", r#"{"a":"a"}"#, true),
        ("[a] < \"B\"", r#"{"a":"a"}"#, false),
        ("[a] < \"10\"", r#"{"a":"9"}"#, false),
        ("[a] == \"\"", r#"{"a":[]}"#, false),
        ("[a] == [b]", r#"{"a":{"x":[1,null]},"b":{"x":[1,null]}}"#, true),
        ("[a] == [b]", r#"{"a":null}"#, true),
        ("[@timestamp] > \"2026-01-01T00:00:00Z\"", r#"{"@timestamp":"2026-02-01T00:00:00Z"}"#, true),
        ("1 < [a]", r#"{"a":2}"#, true),
        ("\"b\" in \"abc\"", "{}", true),
        ("[a] in [b]", r#"{"a":"k","b":{"k":1}}"#, true),
        ("[a] in [b]", r#"{"a":1,"b":"123"}"#, false),
        ("[a] in [b]", r#"{"a":[1],"b":[[1],2]}"#, true),
        ("[a] in [ 1, \"2\" ]", r#"{"a":2}"#, false),
        ("[l][-1] == \"y\"", r#"{"l":["x","y"]}"#, true),
        ("[l][0] == \"x\"", r#"{"l":["x","y"]}"#, true),
        ("[l][2]", r#"{"l":["x","y"]}"#, false),
    ] {
        holds(condition, event, expected);
    }
}

#[test]
fn regular_expressions_in_slashes_and_in_quotes() {
    for (condition, text, expected) in [
        (r"[a] =~ /^\/api\/v\d+\//", "/api/v2/x", true),
        (r#"[a] =~ "^/api/""#, "/api/v2/x", true),
        (r"[a] =~ /(?i)ERROR/", "an error", true),
        (r"[a] =~ /ERROR/", "an error", false),
        (r#"[a] =~ /["'{}#]/"#, "a # b", true),
        (r"[a] !~ /^x/", "y", true),
        (r"[a] =~ /\bé\w+/", "un été", true),
        (r"[a] =~ /x.y/", r"x\ny", false),
        (r"[a] =~ /^y$/", r"x\ny", true),
    ] {
        holds(condition, &format!("{{\"a\":\"{text}\"}}"), expected);
    }
}

#[test]
fn comments_and_line_ends_stand_anywhere() {
    let filters = "# a\nif # b\n[a] # c }\n== # \" \n1 { # d\nmutate # e\n{ add_field # f\n=> # g\n{ # h\n\"x\" # i\n=> 'y' # j\n} } } # k\n";
    check(filters, r#"{"a":1}"#, r#"{"a":1,"x":"y"}"#);
    check(&filters.replace('\n', "\r\n"), r#"{"a":1}"#, r#"{"a":1,"x":"y"}"#);
}

#[test]
fn quotes_and_escapes() {
    let filters = r#"mutate { add_field => { "a" => "it's \n" 'b' => 'say "x"' c => bare } }"#;
    check(filters, "{}", r#"{"a":"it's \\n","b":"say \"x\"","c":"bare"}"#);
    let escapes = Request { support_escapes: true, ..Request::of_text("") };
    let filters = r#"mutate { add_field => { "a" => "1\n2\t\"3\" \\d \x" } }"#;
    check_with(escapes, filters, "{}", r#"{"a":"1\n2\t\"3\" \\d \\x"}"#);
}

#[test]
fn sections_and_settings_are_joined() {
    check(
        r#"mutate { add_field => { "a" => "1" "b" => "1" } add_field => { "b" => "2" } add_tag => "x" add_tag => [ "y" ] }
        } filter { mutate { add_tag => [ "z" ] }"#,
        "{}",
        r#"{"a":"1","b":["1","2"],"tags":["x","y","z"]}"#,
    );
    check(
        r#"grok { match => { "m" => "^%{INT:n}" } match => { "m" => "^%{WORD:w}" } }"#,
        r#"{"m":"one"}"#,
        r#"{"m":"one","w":"one"}"#,
    );
}

/// As Elastic's own example of pseudonyms does.
#[test]
fn an_item_behind_the_last_of_a_list_is_made() {
    let filters = r#"mutate { add_field => { "[p][0][k]" => "1" "[p][0][v]" => "2" } } mutate { add_field => { "[p][1]" => "3" } }"#;
    check(filters, r#"{"p":[]}"#, r#"{"p":[{"k":"1","v":"2"},"3"]}"#);
    check(r#"mutate { add_field => { "[p][2][k]" => "1" } }"#, r#"{"p":[0]}"#, r#"{"p":[0]}"#);
}

#[test]
fn an_empty_branch_does_nothing_and_ends_the_chain() {
    let filters = r#"if [a] == 1 { } else if [a] { mutate { add_tag => "more" } } else { }"#;
    check(filters, r#"{"a":1}"#, r#"{"a":1}"#);
    check(filters, r#"{"a":2}"#, r#"{"a":2,"tags":["more"]}"#);
}

#[test]
fn names_with_dots_and_blanks() {
    check(
        r#"mutate { rename => { "http.status code" => "[http][status code]" } copy => { "[l][-1]" => "last" } }"#,
        r#"{"http.status code":200,"l":[1,2]}"#,
        r#"{"l":[1,2],"http":{"status code":200},"last":2}"#,
    );
}

#[test]
fn metadata_is_read_and_written_and_never_leaves() {
    check(
        r#"mutate { add_field => { "[@metadata][x][y]" => "1" } }
        if [@metadata][x][y] == "1" { mutate { add_field => { "seen" => "%{[@metadata][x][y]} %{[@metadata][x]}" } } }"#,
        "{}",
        r#"{"seen":"1 {\"y\":\"1\"}"}"#,
    );
}

#[test]
fn brackets_in_names_are_escaped_as_asked() {
    for (style, name) in [(EscapeStyle::Percent, "f%5B0%5D"), (EscapeStyle::Ampersand, "f&#91;0&#93;")] {
        let request = Request { rules: Rules { escape_style: style, ..Rules::default() }, ..Request::of_text("") };
        let filters = format!(
            r#"if [{name}] == 1 {{ mutate {{ add_field => {{ "a" => "%{{[{name}]}}" "[b][{name}]" => "x" }} }} }}
            mutate {{ rename => {{ "{name}" => "c" }} add_field => {{ "%{{d}}" => "y" }} }}"#
        );
        let event = format!(r#"{{"f[0]":1,"d":"[e][{name}]"}}"#);
        let expected = format!(r#"{{"d":"[e][{name}]","a":"1","b":{{"f[0]":"x"}},"c":1,"e":{{"f[0]":"y"}}}}"#);
        check_with(request, &filters, &event, &expected);
    }
}

#[test]
fn strings_with_fields() {
    let event =
        r#"{"@timestamp":"2026-10-23T04:05:06.789Z","a":[1,"b",{"c":null}],"h":{"x":[1.50,true]},"n":null,"f":1e30}"#;
    for (template, expected) in [
        ("%{a}", r#"1,b,{\"c\":null}"#),
        ("%{[a][1]}-%{[a][-1]}", r#"b-{\"c\":null}"#),
        ("%{h}", r#"{\"x\":[1.50,true]}"#),
        ("%{f} %{[h][x]}", "1.0E30 1.5,true"),
        ("%{n} %{no} %{[no][0]} %{", "%{n} %{no} %{[no][0]} %{"),
        ("%{@timestamp}", "2026-10-23T04:05:06.789Z"),
        ("%{+YYYY.MM.dd} %{+EEE d MMM HH:mm:ss,SSS Z}", "2026.10.23 Fri 23 Oct 04:05:06,789 +0000"),
        ("%{+xxxx-'W'ww-e} %{+DDD} %{+hh a}", "2026-W43-5 296 04 AM"),
        ("%{+%s}", "1792728306"),
        ("%{{uuuu-MM-dd'T'HH:mm:ss.SSSXXX}}", "2026-10-23T04:05:06.789Z"),
        ("%{{TAI64N}}", "@400000006adadcfc2f072f40"),
    ] {
        let filters = format!(r#"mutate {{ replace => {{ "out" => "{template}" }} }} prune_but_out"#);
        let filters = filters.replace("prune_but_out", r#"mutate { remove_field => [ "a", "h", "n", "f" ] }"#);
        let expected = format!(r#"{{"@timestamp":"2026-10-23T04:05:06.789Z","out":"{expected}"}}"#);
        check(&filters, event, &expected);
    }
}

#[test]
fn fields_are_put_into_keys_tags_and_names() {
    check(
        r#"mutate { add_field => { "%{k}_new" => "%{v}" "[x][%{k}]" => "1" } add_tag => [ "t-%{k}" ] remove_field => [ "%{v}" ] }"#,
        r#"{"k":"a","v":"b","b":1}"#,
        r#"{"k":"a","v":"b","a_new":"b","x":{"a":"1"},"tags":["t-a"]}"#,
    );
}

#[test]
fn reserved_fields_take_their_type_only() {
    check(
        r#"mutate { rename => { "n" => "tags" } } json { source => "j" remove_field => [ "j" ] }"#,
        r#"{"n":1,"j":"{\"@timestamp\":\"never\",\"tags\":{\"a\":1}}"}"#,
        r#"{"n":1,"tags":["_mutate_error","_timestampparsefailure","_tagsparsefailure"],"_@timestamp":"never","_tags":{"a":1}}"#,
    );
    let warn = Rules { illegal_tags: IllegalTags::Warn, ..Rules::default() };
    let request = Request { rules: warn, ..Request::of_text("") };
    check_with(request, r#"mutate { rename => { "n" => "tags" } }"#, r#"{"n":{"a":1}}"#, r#"{"tags":{"a":1}}"#);
}

#[test]
fn the_pipelines_ecs_compatibility_reaches_plugins_and_their_own_wins() {
    let grok =
        |own: &str| format!(r#"grok {{ match => {{ "m" => "^%{{HTTPD_COMMONLOG}}" }} {own} remove_field => "m" }}"#);
    let event = r#"{"m":"1.2.3.4 - - [23/Oct/2026:04:05:06 +0000] \"GET / HTTP/1.1\" 200 5"}"#;
    let field = |ecs, own: &str| {
        let request = Request { ecs, ..Request::of_text("") };
        crate::pipeline::run_with(request, &format!("filter {{ {} }}", grok(own)), event).remove(0)
    };
    assert_eq!(field(Ecs::Disabled, "")["clientip"], "1.2.3.4");
    assert_eq!(field(Ecs::V1, "")["source"]["address"], "1.2.3.4");
    assert_eq!(field(Ecs::V8, "")["source"]["address"], "1.2.3.4");
    assert_eq!(field(Ecs::V8, "ecs_compatibility => disabled")["clientip"], "1.2.3.4");
    assert_eq!(field(Ecs::Disabled, "ecs_compatibility => v8")["source"]["address"], "1.2.3.4");
}

/// What is said of a pipeline, as a person sees it.
fn said(config: &str) -> String {
    let loaded = load(&Request::of_text(config)).unwrap();
    loaded.diagnostics.iter().map(|found| found.render(&loaded.sources, false)).collect()
}

#[test]
fn a_secret_is_used_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "hunter2\n").unwrap();
    let reference = format!("${{file:{}}}", file.display());
    let filters = format!(r#"mutate {{ add_field => {{ "a" => "<{reference}>" }} }}"#);
    check(&filters, "{}", r#"{"a":"<hunter2>"}"#);
    for config in [
        format!(r#"filter {{ drop {{ percentage => "{reference}" }} }}"#),
        format!(r#"filter {{ mutate {{ convert => {{ "a" => "{reference}" }} }} }}"#),
        format!(r#"filter {{ grok {{ match => {{ "a" => "%{{{reference}}} (" }} }} }}"#),
        format!(r#"filter {{ date {{ match => [ "a", "{reference}" ] timezone => "{reference}" }} }}"#),
        format!(r#"filter {{ mutate {{ remove_field => "[{reference}" }} }}"#),
        format!(r#"output {{ stdout {{ codec => "{reference}" }} }}"#),
    ] {
        let said = said(&config);
        assert!(!said.is_empty() && !said.contains("hunter2"), "{config}\n{said}");
    }
}

#[test]
fn a_condition_that_a_variable_decides_is_not_always_so() {
    let said = said(r#"filter { if "${NOT_SET_ANYWHERE:false}" == "true" { drop { } } }"#);
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn what_is_wrong_in_several_places_is_said_in_one_run() {
    let config = r#"filter {
  grook { }
  mutate { convret => { "a" => "integer" } }
  drop { percentage => "${NOT_SET_ANYWHERE}" }
  date { match => [ "t", "yyyy-MM-ddTHH" ] }
  grok { match => { "m" => "%{COMBINEDAPACHLOG}" } }
  if [a] == "x" and [a] == "y" { drop { } }
}"#;
    let said = said(config);
    let heads: Vec<&str> = said.lines().filter(|line| line.starts_with("-e:")).collect();
    let expected = [
        "-e:2:3: error[unknown-plugin]: there is no filter `grook`",
        "-e:3:12: error[unknown-setting]: filter `mutate` has no setting `convret`",
        "-e:4:25: error[missing-env]: the environment variable `NOT_SET_ANYWHERE` is not set and has no default",
        "-e:5:26: error[bad-date-pattern]: bad date pattern `yyyy-MM-ddTHH`: `T` is no letter of Joda-Time's date patterns",
        "-e:6:28: error[unknown-pattern]: there is no grok pattern `%{COMBINEDAPACHLOG}`",
        "-e:7:6: warning[always-false]: this condition is always false",
    ];
    assert_eq!(heads, expected, "{said}");
    for help in ["did you mean `grok`?", "did you mean `convert`?", "did you mean `COMBINEDAPACHELOG`?"] {
        assert!(said.contains(help), "{said}");
    }
}

/// `id` names a plugin in messages; the other two say nothing here (`docs/plugins/filters.md`).
#[test]
fn common_options_that_change_no_event() {
    for option in [r#"id => "x""#, "enable_metric => false", "enable_metric => true", "periodic_flush => true"] {
        check(&format!("mutate {{ rename => {{ \"a\" => \"b\" }} {option} }}"), r#"{"a":1}"#, r#"{"b":1}"#);
    }
}

/// "Field References Deep Dive": composite references mean the path that they spell.
#[test]
fn references_within_references() {
    check(
        r#"mutate { add_field => { "[[deep][nesting]][field]" => "1" "[foo][[bar]][bingo]" => "2" "[[ok]]" => "3" "x" => "%{[[a][b]][c]}" } }"#,
        r#"{"a":{"b":{"c":"y"}}}"#,
        r#"{"a":{"b":{"c":"y"}},"deep":{"nesting":{"field":"1"}},"foo":{"bar":{"bingo":"2"}},"ok":"3","x":"y"}"#,
    );
}

/// "sprintf date/time format in conditionals": a string of a condition stays as it is, and a field is the way round.
#[test]
fn a_condition_puts_no_field_into_its_strings() {
    holds(r#"[a] == "%{b}""#, r#"{"a":"x","b":"x"}"#, false);
    holds(r#"[a] == "%{b}""#, r#"{"a":"%{b}","b":"x"}"#, true);
    check(
        r#"mutate { add_field => { "[@metadata][time]" => "%{+HH}:%{+mm}" } }
        if [@metadata][time] < "16:30" { mutate { add_field => { "string_compare" => "%{+HH}:%{+mm} is before 16:30" } } }"#,
        r#"{"@timestamp":"2026-10-23T04:05:06.789Z"}"#,
        r#"{"@timestamp":"2026-10-23T04:05:06.789Z","string_compare":"04:05 is before 16:30"}"#,
    );
}

/// "The @metadata field": the example with a time in it.
#[test]
fn a_time_in_metadata_becomes_the_events() {
    check(
        r#"grok { match => [ "message", "%{HTTPDATE:[@metadata][timestamp]}" ] }
        date { match => [ "[@metadata][timestamp]", "dd/MMM/yyyy:HH:mm:ss Z" ] }"#,
        r#"{"message":"02/Mar/2014:15:36:43 +0100"}"#,
        r#"{"message":"02/Mar/2014:15:36:43 +0100","@timestamp":"2014-03-02T14:36:43.000Z"}"#,
    );
}
