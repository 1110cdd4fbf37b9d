//! The documentation's examples, and corners.

use super::super::testing;
use super::*;
use Outcome::{Matched, Unmatched};

/// What `text` becomes, put into the field `kv`.
fn check(settings: &str, text: &str, expected: &str) {
    let mut settings: serde_json::Map<String, serde_json::Value> = serde_json::from_str(settings).unwrap();
    settings.insert("target".into(), "kv".into());
    let settings = serde_json::Value::Object(settings).to_string();
    let fields = serde_json::json!({ "message": text }).to_string();
    let mut filter = testing::build(&PLUGIN, &settings).unwrap_or_else(|fault| panic!("{settings}: {fault}"));
    let (outcome, found) = testing::run(&mut *filter, &fields, crate::event::Identity::default());
    let found = found.split_once(r#","kv":"#).and_then(|(_, kv)| kv.strip_suffix('}')).unwrap_or_default();
    assert_eq!((outcome, found), (if expected.is_empty() { Unmatched } else { Matched }, expected), "{text}");
}

fn whole(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
    testing::check(&PLUGIN, settings, fields, outcome, expected);
}

#[test]
fn ecs_compatibility_changes_no_event() {
    for ecs in ["disabled", "v1", "v8"] {
        let settings = format!(r#"{{"ecs_compatibility":"{ecs}"}}"#);
        whole(&settings, r#"{"message":"a=1"}"#, Matched, r#"{"message":"a=1","a":"1"}"#);
    }
}

#[test]
fn keys_become_fields() {
    whole(
        "{}",
        r#"{"message":"ip=1.2.3.4 error=REFUSED"}"#,
        Matched,
        r#"{"message":"ip=1.2.3.4 error=REFUSED","ip":"1.2.3.4","error":"REFUSED"}"#,
    );
    whole("{}", r#"{"message":"message=x a=1","a":2}"#, Matched, r#"{"message":"x","a":"1"}"#);
    check("{}", "no pairs here", "");
    check("{}", "", "");
    check("{}", "= = ==", "");
}

#[test]
fn field_split_is_a_set_of_characters() {
    check(
        r#"{"field_split":"&?"}"#,
        "?pin=12345~0&d=123&e=foo@bar.com&oq=bobo&ss=12345",
        r#"{"pin":"12345~0","d":"123","e":"foo@bar.com","oq":"bobo","ss":"12345"}"#,
    );
    check(r#"{"field_split":"\\t"}"#, "a=1 2\tb=3", r#"{"a":"1 2","b":"3"}"#);
    check(r#"{"field_split":"\\|"}"#, r"a=1|b=C:\dir\|c=2", r#"{"a":"1","b":"C:\\dir\\|c=2"}"#);
    check(r#"{"field_split":"·"}"#, "a=1·ü=2 x·", r#"{"a":"1","ü":"2 x"}"#);
    check(r#"{"field_split":","}"#, "a=1, b=2", r#"{"a":"1"," b":"2"}"#);
    check(r#"{"field_split":",;|&"}"#, "a=1|b=2,c=3;d=4&e=5", r#"{"a":"1","b":"2","c":"3","d":"4","e":"5"}"#);
}

#[test]
fn a_pattern_takes_the_place_of_a_set() {
    check(
        r#"{"field_split_pattern":":+"}"#,
        "k1=v1:k2=v2::k3=v3:::k4=v4",
        r#"{"k1":"v1","k2":"v2","k3":"v3","k4":"v4"}"#,
    );
    check(
        r#"{"field_split_pattern":"\\+\\+","field_split":" "}"#,
        "k1=v1++k2=v 2++k3=v3++k4=v4",
        r#"{"k1":"v1","k2":"v 2","k3":"v3","k4":"v4"}"#,
    );
    check(
        r#"{"field_split_pattern":"!!!!!"}"#,
        r#"svc=http!!!!!req="POST /x HTTP/1.1" 9!!!!!msg="found #1""#,
        r##"{"svc":"http","req":"\"POST /x HTTP/1.1\" 9","msg":"found #1"}"##,
    );
    check(r#"{"field_split_pattern":"__"}"#, "missing__k1=v1__none__k2=v2__end", r#"{"k1":"v1","k2":"v2"}"#);
    check(r#"{"value_split_pattern":"=>|::"}"#, "a=>1 b::2 c=3", r#"{"a":"1","b":"2"}"#);
    check(r#"{"value_split_pattern":"x*"}"#, "ax1 b2", r#"{"a":"1"}"#);
}

#[test]
fn value_split_is_a_set_of_characters() {
    check(r#"{"value_split":":"}"#, "key1:value1 key2:value2", r#"{"key1":"value1","key2":"value2"}"#);
    check(r#"{"value_split":":="}"#, "a:b=c d=e:f", r#"{"a":"b=c","d":"e:f"}"#);
    check("{}", "a==b", r#"{"a":"=b"}"#);
}

#[test]
fn whitespace_around_the_separator() {
    check("{}", "a = 1 b= 2 c =3   d=4", r#"{"a":"1","b":"2","c":"3","d":"4"}"#);
    check("{}", "foo= bar=baz", r#"{"foo":"bar=baz"}"#);
    check(r#"{"whitespace":"strict"}"#, "foo= bar=baz a = 1", r#"{"bar":"baz"}"#);
    check(
        r#"{"whitespace":"strict","allow_empty_values":true}"#,
        "IN=eth0 OUT= MAC=00:01 SRC=1.2.3.4 DF PROTO=TCP X=",
        r#"{"IN":"eth0","OUT":"","MAC":"00:01","SRC":"1.2.3.4","PROTO":"TCP","X":""}"#,
    );
    check(r#"{"field_split":",","whitespace":"lenient"}"#, "a  =  1 x,b = 2", r#"{"a":"1 x","b":"2"}"#);
}

#[test]
fn empty_values_are_taken_only_if_allowed() {
    check(r#"{"field_split":"&"}"#, "rev=3&sid=&q=\"\"", r#"{"rev":"3"}"#);
    check(r#"{"field_split":"&","allow_empty_values":true}"#, "rev=3&sid=&q=\"\"", r#"{"rev":"3","sid":"","q":""}"#);
    check(r#"{"field_split":"\\t"}"#, "a=11\tb=\tc=33\t\td=44", r#"{"a":"11","c":"33","d":"44"}"#);
}

#[test]
fn quotes_and_brackets_wrap_values() {
    check(
        "{}",
        "bracketsone=(hello world) bracketstwo=[hello world] bracketsthree=<hello world>",
        r#"{"bracketsone":"hello world","bracketstwo":"hello world","bracketsthree":"hello world"}"#,
    );
    check(
        r#"{"include_brackets":false}"#,
        "bracketsone=(hello world) bracketstwo=[hello world] bracketsthree=<hello world>",
        r#"{"bracketsone":"(hello","bracketstwo":"[hello","bracketsthree":"<hello"}"#,
    );
    check(
        "{}",
        r#"a="hello world" b='it is' c="x"y d="e"#,
        r#"{"a":"hello world","b":"it is","c":"\"x\"y","d":"\"e"}"#,
    );
    check("{}", r#"a="say \"hi\" now" b=1"#, r#"{"a":"say \\\"hi\\\" now","b":"1"}"#);
    check(
        r#"{"field_split":"|"}"#,
        "t=[emc]|m=[asdf\nff=\ndd=]|x=(1)2",
        r#"{"t":"emc","m":"asdf\nff=\ndd=","x":"(1)2"}"#,
    );
    check("{}", r"k\ ey=v\ al x=1", r#"{"k\\ ey":"v\\ al","x":"1"}"#);
}

#[test]
fn keys_that_come_again_get_arrays() {
    check("{}", "from=me from=me", r#"{"from":["me","me"]}"#);
    check(r#"{"allow_duplicate_values":false}"#, "from=me from=me to=a to=b to=a", r#"{"from":"me","to":["a","b"]}"#);
}

#[test]
fn default_keys_stand_in() {
    let settings = r#"{"default_keys":["from","logstash@example.com","to","default@dev.null"]}"#;
    check(settings, "from=me", r#"{"from":"me","to":"default@dev.null"}"#);
    check(settings, "nothing", r#"{"from":"logstash@example.com","to":"default@dev.null"}"#);
}

#[test]
fn keys_are_chosen() {
    let line = "Hey, from=<abc>, to=def foo=bar";
    check(r#"{"exclude_keys":["from","to"]}"#, line, r#"{"foo":"bar"}"#);
    check(r#"{"include_keys":["from","to"]}"#, line, r#"{"from":"<abc>,","to":"def"}"#);
    check(r#"{"include_keys":["foo"],"prefix":"arg_"}"#, line, r#"{"arg_foo":"bar"}"#);
    whole(
        r#"{"include_keys":["%{want}"],"exclude_keys":["%{b}"],"target":"kv"}"#,
        r#"{"message":"a=1 b=2","want":"a"}"#,
        Matched,
        r#"{"message":"a=1 b=2","want":"a","kv":{"a":"1"}}"#,
    );
}

#[test]
fn a_prefix_stands_before_keys() {
    check(r#"{"prefix":"arg_"}"#, "a=1 b=2", r#"{"arg_a":"1","arg_b":"2"}"#);
    whole(r#"{"prefix":"%{p}."}"#, r#"{"message":"a=1","p":"x"}"#, Matched, r#"{"message":"a=1","p":"x","x.a":"1"}"#);
}

#[test]
fn values_are_read_for_pairs_too() {
    check(r#"{"recursive":true}"#, "a=[b=1 c=2] d=3", r#"{"a":{"b":"1","c":"2"},"d":"3"}"#);
    check(r#"{"recursive":false}"#, "a=[b=1 c=2] d=3", r#"{"a":"b=1 c=2","d":"3"}"#);
    check(r#"{"recursive":true,"exclude_keys":["b"]}"#, "a=[b=1 c=(d=2)]", r#"{"a":{"c":{"d":"2"}}}"#);
    let settings = r#"{"recursive":true,"target":"kv"}"#;
    let mut filter = testing::build(&PLUGIN, settings).unwrap();
    let deep = "a=".repeat(10_000);
    testing::run(&mut *filter, &format!(r#"{{"message":"{deep}1"}}"#), crate::event::Identity::default());
}

#[test]
fn characters_are_trimmed_and_removed() {
    check(r#"{"trim_value":"<>\\[\\],"}"#, "a=<x<y>, b=z,", r#"{"a":"x<y","b":"z"}"#);
    check(r#"{"trim_key":"<>\\[\\],"}"#, "<a,b>=1", r#"{"a,b":"1"}"#);
    check(r#"{"remove_char_value":"<>\\[\\],"}"#, "a=<x<y>, b=z,", r#"{"a":"xy","b":"z"}"#);
    check(r#"{"remove_char_key":"<>\\[\\],"}"#, "<a,b>=1", r#"{"ab":"1"}"#);
    check(r#"{"trim_key":"<>"}"#, "<>=1", "");
}

#[test]
fn keys_and_values_are_transformed() {
    check(r#"{"transform_key":"lowercase"}"#, "Ab=Cd", r#"{"ab":"Cd"}"#);
    check(r#"{"transform_value":"capitalize"}"#, "Ab=cD É=ÉÉ", r#"{"Ab":"Cd","É":"Éé"}"#);
    check(r#"{"transform_key":"capitalize","transform_value":"uppercase"}"#, "aB=c", r#"{"Ab":"C"}"#);
    check(r#"{"transform_key":"uppercase","transform_value":"lowercase"}"#, "aB=C", r#"{"AB":"c"}"#);
}

#[test]
fn the_source_is_a_string_or_many() {
    whole(
        r#"{"source":"not_the_message","ecs_compatibility":"disabled"}"#,
        r#"{"not_the_message":["a=1","b=2",3]}"#,
        Matched,
        r#"{"not_the_message":["a=1","b=2",3],"a":"1","b":"2"}"#,
    );
    whole("{}", r#"{"message":{"a":1}}"#, Unmatched, r#"{"message":{"a":1}}"#);
    whole("{}", r#"{"a":"b=1"}"#, Unmatched, r#"{"a":"b=1"}"#);
}

#[test]
fn what_cannot_be_written_is_tagged() {
    whole(
        r#"{"target":"[message][kv]"}"#,
        r#"{"message":"a=1"}"#,
        Unmatched,
        r#"{"message":"a=1","tags":["_kv_filter_error"]}"#,
    );
    let settings = r#"{"target":"[message][kv]","tag_on_failure":["x","y"]}"#;
    whole(settings, r#"{"message":"a=1"}"#, Unmatched, r#"{"message":"a=1","tags":["x","y"]}"#);
}

#[test]
fn keys_are_field_references() {
    whole(
        "{}",
        r#"{"message":"[a][b]=1 c[0]=2"}"#,
        Matched,
        r#"{"message":"[a][b]=1 c[0]=2","c[0]":"2","a":{"b":"1"}}"#,
    );
    whole(
        "{}",
        r#"{"message":"@timestamp=x"}"#,
        Matched,
        r#"{"message":"@timestamp=x","tags":["_timestampparsefailure"],"_@timestamp":"x"}"#,
    );
}

#[test]
fn a_pattern_that_runs_away_is_ended() {
    let line = format!("k={}!", "a".repeat(60));
    let fields = format!(r#"{{"message":"{line}"}}"#);
    let settings = r#"{"field_split_pattern":"(a+)+(?=b)\\1","timeout_millis":1}"#;
    whole(settings, &fields, Unmatched, &format!(r#"{{"message":"{line}","tags":["_kv_filter_timeout"]}}"#));
    let settings = r#"{"field_split_pattern":"(a+)+(?=b)\\1","timeout_millis":1,"tag_on_timeout":"slow"}"#;
    whole(settings, &fields, Unmatched, &format!(r#"{{"message":"{line}","tags":["slow"]}}"#));
}

#[test]
fn long_texts_take_time_in_proportion() {
    for piece in ["a=( ", "a=\"x ", "   ", r"\\\ ", "a=(x)y ", "=", "a=[\\] "] {
        let text = piece.repeat(200_000 / piece.len());
        let mut filter = testing::build(&PLUGIN, r#"{"target":"kv"}"#).unwrap();
        let fields = serde_json::json!({ "message": text }).to_string();
        testing::run(&mut *filter, &fields, crate::event::Identity::default());
    }
}

#[test]
fn too_many_keys_are_a_failure() {
    let line: String = (0..10_100).map(|n| format!("k{n}=1 ")).collect();
    let fields = format!(r#"{{"message":"{line}"}}"#);
    whole("{}", &fields, Unmatched, &format!(r#"{{"message":"{line}","tags":["_kv_filter_error"]}}"#));
}

#[test]
fn what_makes_no_sense_is_refused() {
    testing::check_fault(&PLUGIN, r#"{"value_split":""}"#, "`value_split` cannot be empty");
    testing::check_fault(&PLUGIN, r#"{"field_split_pattern":""}"#, "`field_split_pattern` cannot be empty");
    testing::check_fault(
        &PLUGIN,
        r#"{"transform_key":"upper"}"#,
        "`transform_key` must be one of lowercase, uppercase, capitalize, not `upper`",
    );
}

proptest::proptest! {
    /// Whatever the text, keys and values are pieces of it and nothing panics.
    #[test]
    fn any_text_is_read(text in r#"[a-c=: \\"'()<>\[\]é]{0,40}"#, lenient: bool, pattern: bool) {
        let set = |text: &str| Stop::Set(CharSet::parse(text, "s", Default::default()).unwrap());
        let regex = |text: &str| RubyRegex::new(text).unwrap();
        let field = if pattern { Stop::Pattern { anywhere: regex(" +"), here: regex(r"\A(?: +)") } } else { set(" ") };
        let grammar = Grammar::new(field, set("=:"), lenient, true);
        let mut scanner = grammar.scan(&text);
        while let Ok(Some(pair)) = scanner.pair() {
            proptest::prop_assert!(!pair.key.is_empty() && text.contains(pair.value));
        }
    }

    /// Sets that bytes tell and sets that they do not give the same pairs.
    #[test]
    fn both_ways_of_finding_stops_agree(text in r#"[a-c=, \\"(){1,2}]{0,40}"#, lenient: bool) {
        let set = |text: &str| Stop::Set(CharSet::parse(text, "s", Default::default()).unwrap());
        let read = |field: &str| {
            let grammar = Grammar::new(set(field), set("="), lenient, true);
            let mut scanner = grammar.scan(&text);
            std::iter::from_fn(|| scanner.pair().ok().flatten()).collect::<Vec<_>>()
        };
        proptest::prop_assert_eq!(read(","), read(",é"));
    }
}
