//! The documentation's examples, and corners.

use super::super::testing;
use super::*;
use Outcome::{Matched, Unmatched};

fn whole(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
    testing::check(&PLUGIN, settings, fields, outcome, expected);
}

/// The fields that a pattern makes of a text; none if it does not fit.
fn check(pattern: &str, text: &str, expected: &str) {
    let settings = serde_json::json!({ "mapping": { "message": pattern } }).to_string();
    let message = serde_json::Value::from(text).to_string();
    let (outcome, fields) = match expected {
        "" => (Unmatched, r#","tags":["_dissectfailure"]"#.into()),
        "{}" => (Matched, String::new()),
        _ => (Matched, format!(",{}", &expected[1..expected.len() - 1])),
    };
    let expected = format!(r#"{{"message":{message}{fields}}}"#);
    whole(&settings, &format!(r#"{{"message":{message}}}"#), outcome, &expected);
}

#[test]
fn a_text_is_cut_at_its_delimiters() {
    check("%{a} - %{b} - %{c}", "1 - 2 - 3 - 4", r#"{"a":"1","b":"2","c":"3 - 4"}"#);
    check(
        "%{ts} %{+ts} %{+ts} %{src} %{} %{prog}[%{pid}]: %{msg}",
        "Oct 11 22:14:15 mymachine x su[230]: failed for lonvick",
        r#"{"ts":"Oct 11 22:14:15","src":"mymachine","prog":"su","pid":"230","msg":"failed for lonvick"}"#,
    );
    check("[%{a}]", "[x] rest", r#"{"a":"x"}"#);
    check("<%{a}>", "x <1>", "");
    check("%{a}", "x y", r#"{"a":"x y"}"#);
    check("%{[a][b]} %{[a][c]}", "1 2", r#"{"a":{"b":"1","c":"2"}}"#);
    check("%{é}→%{b}", "ü→ö", r#"{"é":"ü","b":"ö"}"#);
    check("%{a}{%{b}%%{c}", "1{2%3", r#"{"a":"1","b":"2","c":"3"}"#);
}

#[test]
fn every_delimiter_must_be_there() {
    check("%{program}[%{pid}]:", "dhcpd:", "");
    check("%{a} %{b}", "x", "");
    check("%{a} %{b}", "x ", r#"{"a":"x","b":""}"#);
    check("%{a} %{b}", "", "");
}

#[test]
fn nothing_between_delimiters_is_an_empty_field() {
    let pattern = "%{name},%{addr1},%{addr2},%{addr3},%{city},%{zip}";
    check(
        pattern,
        "Jane Doe,4321 Fifth Avenue,,,New York,87432",
        r#"{"name":"Jane Doe","addr1":"4321 Fifth Avenue","addr2":"","addr3":"","city":"New York","zip":"87432"}"#,
    );
    check(
        pattern,
        ",4321 Fifth Avenue,,,New York,87432",
        r#"{"name":"","addr1":"4321 Fifth Avenue","addr2":"","addr3":"","city":"New York","zip":"87432"}"#,
    );
}

#[test]
fn an_arrow_passes_over_padding() {
    let right = "%{id} %{function->} %{server}";
    check(
        right,
        "00000043 ViewReceive     machine-321",
        r#"{"id":"00000043","function":"ViewReceive","server":"machine-321"}"#,
    );
    check(
        right,
        "f3000a3b Calc            machine-123",
        r#"{"id":"f3000a3b","function":"Calc","server":"machine-123"}"#,
    );
    let left = "%{id->} %{function} %{server}";
    check(
        left,
        "00000043     ViewReceive machine-321",
        r#"{"id":"00000043","function":"ViewReceive","server":"machine-321"}"#,
    );
    check(
        left,
        "f3000a3b            Calc machine-123",
        r#"{"id":"f3000a3b","function":"Calc","server":"machine-123"}"#,
    );
    check("%{->} %{b}", "x   y", r#"{"b":"y"}"#);
    check(
        "%{timestamp->} %{+timestamp->} %{+timestamp},%{1},%{2},",
        "Aug  27 05:48:35,07Q,from,x,",
        r#"{"timestamp":"Aug 27 05:48:35","1":"07Q","2":"from"}"#,
    );
}

#[test]
fn skipped_fields_are_not_written() {
    check("%{?foo} %{} %{a}", "1 2 3", r#"{"a":"3"}"#);
    check("%{} %{}", "1 2", "{}");
}

#[test]
fn fields_are_appended_in_order() {
    check("%{+a/2} %{+a/1} %{+a/4} %{+a/3}", "1 2 3 go", r#"{"a":"2 1 go 3"}"#);
    check("%{a} %{b} %{+a}", "1 2 3 go", r#"{"a":"1 3 go","b":"2"}"#);
    check("%{+a}, %{b}; %{+a}", "1, 2; 3", r#"{"a":"1; 3","b":"2"}"#);
    check("%{+a} %{a}", "1 2", r#"{"a":"2 1"}"#);
    check("%{+a/x} %{b}", "1 2", r#"{"a/x":"1","b":"2"}"#);
    let settings = r#"{"mapping":{"message":"%{+a} %{+b}"}}"#;
    whole(settings, r#"{"message":"1 2","a":"x","b":3}"#, Matched, r#"{"message":"1 2","a":"x 1","b":"3 2"}"#);
}

#[test]
fn a_field_is_named_by_another() {
    check("error: %{?err}, %{&err}", "error: some_error, some_description", r#"{"some_error":"some_description"}"#);
    check("%{?a}: %{&a}", "google: 77.98", r#"{"google":"77.98"}"#);
    check("%{a}: %{&a}", "[x][y]: 1", r#"{"a":"[x][y]","x":{"y":"1"}}"#);
    check("%{?a}: %{&a}", ": 1", "{}");
    check("%{?a}: %{&a}", "@timestamp: 1", "");
    check("%{b}: %{&missing}", "x: 1", r#"{"b":"x"}"#);
    let settings = r#"{"mapping":{"message":"%{&name} %{b}"}}"#;
    whole(settings, r#"{"message":"1 2","name":"n"}"#, Matched, r#"{"message":"1 2","name":"n","n":"1","b":"2"}"#);
}

#[test]
fn a_later_mapping_cuts_what_an_earlier_one_made() {
    let settings =
        r#"{"mapping":["message","%{field1} %{field2} %{description}","description","%{field3} %{field4} %{field5}"]}"#;
    whole(
        settings,
        r#"{"message":"1 2 3 4 5 6"}"#,
        Matched,
        r#"{"message":"1 2 3 4 5 6","field1":"1","field2":"2","description":"3 4 5 6","field3":"3","field4":"4","field5":"5 6"}"#,
    );
    whole(
        settings,
        r#"{"message":"1 2 3 4"}"#,
        Unmatched,
        r#"{"message":"1 2 3 4","field1":"1","field2":"2","description":"3 4","tags":["_dissectfailure"]}"#,
    );
}

#[test]
fn types_are_converted() {
    let settings = r#"{"convert_datatype":["cpu","float","code","int"]}"#;
    whole(settings, r#"{"cpu":"0.5","code":"200"}"#, Matched, r#"{"cpu":0.5,"code":200}"#);
    whole(settings, r#"{"cpu":1,"code":12.7}"#, Matched, r#"{"cpu":1.0,"code":12}"#);
    whole(settings, r#"{"cpu":"1e3","code":"12.7"}"#, Matched, r#"{"cpu":1000.0,"code":12}"#);
    whole(
        settings,
        r#"{"cpu":"nan","code":null}"#,
        Unmatched,
        r#"{"cpu":"nan","code":null,"tags":["_dataconversionuncoercible_cpu_float","_dataconversionnullvalue_code_int"]}"#,
    );
    whole(settings, r#"{"cpu":1}"#, Unmatched, r#"{"cpu":1.0,"tags":["_dataconversionmissing_code_int"]}"#);
    whole(
        r#"{"mapping":{"message":"%{a}ms"},"convert_datatype":{"a":"int"}}"#,
        r#"{"message":"15ms"}"#,
        Matched,
        r#"{"message":"15ms","a":15}"#,
    );
}

#[test]
fn the_source_is_a_text() {
    let settings = r#"{"mapping":{"message":"%{a}.%{b}"}}"#;
    whole(settings, r#"{"x":1}"#, Unmatched, r#"{"x":1}"#);
    whole(settings, r#"{"message":1.5}"#, Matched, r#"{"message":1.5,"a":"1","b":"5"}"#);
    whole(settings, r#"{"message":["a.b"]}"#, Unmatched, r#"{"message":["a.b"],"tags":["_dissectfailure"]}"#);
}

#[test]
fn a_dissection_that_cannot_be_written_changes_nothing() {
    let settings = r#"{"mapping":{"message":"%{a} %{[b][c]}"},"tag_on_failure":["x","y"]}"#;
    whole(settings, r#"{"message":"1 2","b":3}"#, Unmatched, r#"{"message":"1 2","b":3,"tags":["x","y"]}"#);
    check("%{a} %{@timestamp}", "1 2", "");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |settings: &str, expected: &str| testing::check_fault(&PLUGIN, settings, expected);
    refused(r#"{"mapping":{"a":"x"}}"#, "`x` has no `%{field}`");
    refused(r#"{"mapping":{"a":"%{b}%{c}"}}"#, "`%{b}%{c}` has no delimiter between `b` and `c`");
    refused(r#"{"mapping":{"a":"%{[b}"}}"#, "`[b` opens a bracket that it does not close");
    refused(r#"{"convert_datatype":{"a":"integer"}}"#, "`convert_datatype` knows no type `integer`");
}

proptest::proptest! {
    /// Texts that are put together from pieces without delimiters come apart into those pieces.
    #[test]
    fn what_is_put_together_comes_apart(a in "[a-z]{0,5}", b in "[a-zé]{0,5}", c in "[a-z, ]{0,9}", pad in 1usize..4) {
        let dissection = Dissection::parse("<%{a}, %{b->};%{c}").unwrap();
        let text = format!("<{a}, {b}{}{c}", ";".repeat(pad));
        let mut pieces = Vec::new();
        proptest::prop_assert!(dissection.cut(&text, &mut pieces));
        let found: Vec<&str> = pieces.iter().map(|(start, end)| &text[*start..*end]).collect();
        proptest::prop_assert_eq!(found, [&*a, &*b, &*c]);
    }

    /// No pattern and no text panics.
    #[test]
    fn any_pattern_and_any_text(pattern in r"(%\{[?+&]?[ab]?(/[12])?(->)?\}[ ,]?|[%{} ,é]){0,6}", text in "[ab ,é]{0,20}") {
        if let Ok(mut filter) = testing::build(&PLUGIN, &serde_json::json!({"mapping": {"m": pattern}}).to_string()) {
            testing::run(&mut *filter, &serde_json::json!({"m": text}).to_string(), Default::default());
        }
    }
}
