//! The reference's examples, and the corners of each operation.

use super::super::testing;
use super::*;
use Outcome::{Matched, Unmatched};

fn check(settings: &str, fields: &str, expected: &str) {
    testing::check(&PLUGIN, settings, fields, Matched, expected);
}

/// `a` is converted.
fn convert(to: &str, value: &str, expected: &str) {
    let (fields, expected) = (format!(r#"{{"a":{value}}}"#), format!(r#"{{"a":{expected}}}"#));
    check(&format!(r#"{{"convert":{{"a":"{to}"}}}}"#), &fields, &expected);
}

#[test]
fn operations_run_in_their_own_order() {
    // As in the reference: the split comes before add_field could use it, the rename before the split.
    let settings = r#"{"copy":{"b":"c"},"split":{"b":"."},"rename":{"a":"b"},"uppercase":["b"],"gsub":["b","h","x"]}"#;
    check(settings, r#"{"a":"host.name"}"#, r#"{"b":["XOST","NAME"],"c":["XOST","NAME"]}"#);
}

#[test]
fn coerce_fills_what_is_null() {
    let settings = r#"{"coerce":{"a":"%{b}!"}}"#;
    check(settings, r#"{"a":null,"b":1}"#, r#"{"a":"1!","b":1}"#);
    check(settings, r#"{"a":"x"}"#, r#"{"a":"x"}"#);
    check(settings, r#"{"b":1}"#, r#"{"b":1}"#);
}

#[test]
fn rename_moves_a_field() {
    check(r#"{"rename":{"HOSTORIP":"client_ip"}}"#, r#"{"HOSTORIP":"1.2.3.4"}"#, r#"{"client_ip":"1.2.3.4"}"#);
    check(r#"{"rename":["a","b"]}"#, r#"{"a":1,"b":2}"#, r#"{"b":1}"#);
    check(r#"{"rename":{"a":"b"}}"#, r#"{"b":2}"#, r#"{"b":2}"#);
    check(r#"{"rename":{"host":"[host][name]"}}"#, r#"{"host":"x"}"#, r#"{"host":{"name":"x"}}"#);
    check(r#"{"rename":{"[a][b]":"c"}}"#, r#"{"a":{"b":null,"d":1}}"#, r#"{"a":{"d":1},"c":null}"#);
    check(r#"{"rename":{"x_%{n}":"[y][%{n}]"}}"#, r#"{"n":"k","x_k":5}"#, r#"{"n":"k","y":{"k":5}}"#);
}

#[test]
fn update_and_replace_give_a_value() {
    check(r#"{"update":{"sample":"My new message"}}"#, r#"{"sample":1}"#, r#"{"sample":"My new message"}"#);
    check(r#"{"update":{"sample":"x"}}"#, "{}", "{}");
    check(r#"{"update":{"sample":"x"}}"#, r#"{"sample":null}"#, r#"{"sample":"x"}"#);
    let settings = r#"{"replace":{"message":"%{source_host}: My new message"}}"#;
    check(settings, r#"{"source_host":"h"}"#, r#"{"source_host":"h","message":"h: My new message"}"#);
    check(settings, r#"{"message":{"a":1}}"#, r#"{"message":"%{source_host}: My new message"}"#);
    check(r#"{"replace":{"[a][b]":5}}"#, "{}", r#"{"a":{"b":"5"}}"#);
    check(r#"{"replace":{"a":["x","%{b}"]}}"#, r#"{"b":1}"#, r#"{"b":1,"a":["x","1"]}"#);
    check(r#"{"replace":{"a":"say \"x\""}}"#, "{}", r#"{"a":"say \"x\""}"#);
}

#[test]
fn convert_to_integer() {
    for (value, expected) in [
        (r#""1,000""#, "1000"),
        (r#""12 apples""#, "12"),
        (r#""apples""#, "0"),
        (r#""""#, "0"),
        (r#""  -12.9""#, "-12"),
        (r#""1_000""#, "1000"),
        (r#""1e3""#, "1"),
        (r#""+7""#, "7"),
        (r#""00123456789012345678901""#, "123456789012345678901"),
        (r#""-9223372036854775809""#, "-9223372036854775809"),
        ("3.99", "3"),
        ("-2.7", "-2"),
        ("1.5e3", "1500"),
        ("1e300", &format!("{:.0}", 1e300)),
        ("12345678901234567890.5", "12345678901234567890"),
        ("true", "1"),
        ("false", "0"),
        ("null", "null"),
        (r#"{"b":"1"}"#, r#"{"b":"1"}"#),
        (r#"["1","x",{"b":"1"},2.5]"#, r#"[1,0,{"b":"1"},2]"#),
    ] {
        convert("integer", value, expected);
    }
    convert("integer_eu", r#""1.000""#, "1000");
    convert("integer_eu", r#""1.000,9""#, "1000");
}

#[test]
fn convert_to_float() {
    for (value, expected) in [
        (r#""1,000.5""#, "1000.5"),
        (r#""12 apples""#, "12.0"),
        (r#""apples""#, "0.0"),
        (r#"" .5e1x""#, "5.0"),
        (r#""1.""#, "1.0"),
        (r#""-1e-2""#, "-0.01"),
        (r#""1e""#, "1.0"),
        ("7", "7.0"),
        ("1.50", "1.50"),
        ("123456789012345678901", "1.2345678901234568e20"),
        ("true", "1.0"),
        ("false", "0.0"),
        ("null", "null"),
        (r#"["1","2.5"]"#, "[1.0,2.5]"),
    ] {
        convert("float", value, expected);
    }
    convert("float_eu", r#""1.000,5""#, "1000.5");
}

#[test]
fn convert_to_boolean() {
    for text in ["true", "t", "yes", "y", "1", "1.0", "True", "YES"] {
        convert("boolean", &format!("\"{text}\""), "true");
    }
    for text in ["false", "f", "no", "n", "0", "0.0", "", "False"] {
        convert("boolean", &format!("\"{text}\""), "false");
    }
    for (value, expected) in
        [("1", "true"), ("0", "false"), ("1.0", "true"), ("0.0", "false"), ("2", "2"), (r#""maybe""#, r#""maybe""#)]
    {
        convert("boolean", value, expected);
    }
    convert("boolean", r#"["yes","no","x",null]"#, r#"[true,false,"x",null]"#);
}

#[test]
fn convert_to_string() {
    for (value, expected) in [
        ("1", r#""1""#),
        ("1.50", r#""1.5""#),
        ("1e20", r#""1.0e+20""#),
        ("1234567890123456789012", r#""1234567890123456789012""#),
        ("true", r#""true""#),
        ("null", "null"),
        (r#"[1,true,"x"]"#, r#"["1","true","x"]"#),
    ] {
        convert("string", value, expected);
    }
}

#[test]
fn gsub_replaces_every_match() {
    let settings = r#"{"gsub":["a","/","_","b","[\\\\?#-]","."]}"#;
    check(settings, r#"{"a":"x/y/z","b":"a\\b?c#d-e"}"#, r#"{"a":"x_y_z","b":"a.b.c.d.e"}"#);
    check(settings, r#"{"a":["/",1,"b"],"b":{"c":"?"}}"#, r#"{"a":["_",1,"b"],"b":{"c":"?"}}"#);
    check(r#"{"gsub":["a","(\\w+)@(?:\\w+)","<\\1>"]}"#, r#"{"a":"me@home"}"#, r#"{"a":"<me>"}"#);
    check(r#"{"gsub":["a","^x","-"]}"#, r#"{"a":"x1\nx2"}"#, r#"{"a":"-1\n-2"}"#);
    check(
        r#"{"gsub":["a","%{b}","%{c}"]}"#,
        r#"{"a":"1-2-1","b":"1","c":"\\0!"}"#,
        r#"{"a":"1!-2-1!","b":"1","c":"\\0!"}"#,
    );
}

#[test]
fn case_changes_strings_and_arrays_of_strings() {
    check(r#"{"uppercase":["a","b"]}"#, r#"{"a":"info é","b":["x",1]}"#, r#"{"a":"INFO É","b":["X",1]}"#);
    check(r#"{"lowercase":["a"]}"#, r#"{"a":"ΑΣ Ab"}"#, r#"{"a":"ας ab"}"#.replace('ς', "σ").as_str());
    check(r#"{"capitalize":["a","b"]}"#, r#"{"a":"hELLO World","b":"éA"}"#, r#"{"a":"Hello world","b":"Éa"}"#);
    check(r#"{"uppercase":"a"}"#, r#"{"a":30}"#, r#"{"a":30}"#);
    check(r#"{"capitalize":["a"]}"#, r#"{"a":""}"#, r#"{"a":""}"#);
}

#[test]
fn strip_takes_white_space_from_both_ends() {
    check(r#"{"strip":["a","b"]}"#, r#"{"a":" \t x y\r\n","b":[" z ","w",1]}"#, r#"{"a":"x y","b":["z","w",1]}"#);
    check(r#"{"strip":["a"]}"#, r#"{"a":"\u0000x\u000b"}"#, r#"{"a":"x"}"#);
}

#[test]
fn split_makes_arrays_of_strings() {
    check(r#"{"split":{"a":","}}"#, r#"{"a":",x,,y,,"}"#, r#"{"a":["","x","","y"]}"#);
    check(r#"{"split":{"a":" "}}"#, r#"{"a":"  x \t y "}"#, r#"{"a":["x","y"]}"#);
    check(r#"{"split":{"a":""}}"#, r#"{"a":"xé"}"#, r#"{"a":["x","é"]}"#);
    check(r#"{"split":{"a":", "}}"#, r#"{"a":"x, y"}"#, r#"{"a":["x","y"]}"#);
    check(r#"{"split":{"a":","}}"#, r#"{"a":["x,y"]}"#, r#"{"a":["x,y"]}"#);
    check(r#"{"split":{"a":","}}"#, r#"{"a":5}"#, r#"{"a":5}"#);
}

#[test]
fn join_makes_strings_of_arrays() {
    check(r#"{"join":{"a":","}}"#, r#"{"a":["x",1,null,[2,"y"],true]}"#, r#"{"a":"x,1,,2,y,true"}"#);
    check(r#"{"join":{"a":" - "}}"#, r#"{"a":[]}"#, r#"{"a":""}"#);
    check(r#"{"join":{"a":","}}"#, r#"{"a":"x"}"#, r#"{"a":"x"}"#);
}

#[test]
fn merge_puts_fields_together() {
    let settings = r#"{"merge":{"a":"b"}}"#;
    check(settings, r#"{"a":["x"],"b":"y"}"#, r#"{"a":["x","y"],"b":"y"}"#);
    check(settings, r#"{"a":"x","b":"y"}"#, r#"{"a":["x","y"],"b":"y"}"#);
    check(settings, r#"{"a":"x","b":["y","x"]}"#, r#"{"a":["x","y","x"],"b":["y","x"]}"#);
    check(settings, r#"{"a":{"p":1,"q":2},"b":{"q":3}}"#, r#"{"a":{"p":1,"q":3},"b":{"q":3}}"#);
    check(settings, r#"{"a":["x"],"b":{"q":3}}"#, r#"{"a":["x"],"b":{"q":3}}"#);
    check(settings, r#"{"a":{"q":3},"b":["x"]}"#, r#"{"a":{"q":3},"b":["x"]}"#);
    check(settings, r#"{"a":"x"}"#, r#"{"a":"x"}"#);
    check(settings, r#"{"b":"y"}"#, r#"{"b":"y","a":["y"]}"#);
    check(r#"{"merge":{"a":["b","c"]}}"#, r#"{"a":1,"b":2,"c":[3]}"#, r#"{"a":[1,2,3],"b":2,"c":[3]}"#);
    check(r#"{"merge":{"a":"a"}}"#, r#"{"a":["x"]}"#, r#"{"a":["x","x"]}"#);
}

#[test]
fn copy_makes_a_second_field() {
    check(r#"{"copy":{"a":"b"}}"#, r#"{"a":[1,{"c":2}],"b":3}"#, r#"{"a":[1,{"c":2}],"b":[1,{"c":2}]}"#);
    check(r#"{"copy":{"[a][b]":"[c][d]"}}"#, r#"{"a":{"b":1}}"#, r#"{"a":{"b":1},"c":{"d":1}}"#);
    check(r#"{"copy":{"a":"b"}}"#, r#"{"b":3}"#, r#"{"b":3}"#);
    check(r#"{"copy":{"a":"%{n}_x"}}"#, r#"{"a":1,"n":"k"}"#, r#"{"a":1,"n":"k","k_x":1}"#);
}

#[test]
fn what_fails_ends_the_filter_and_is_tagged() {
    let fails = |settings: &str, fields: &str, expected: &str| {
        testing::check(&PLUGIN, settings, fields, Unmatched, expected);
    };
    fails(
        r#"{"rename":{"a":"[b][c]"},"uppercase":["b"]}"#,
        r#"{"b":"text","a":1}"#,
        r#"{"b":"text","a":1,"tags":["_mutate_error"]}"#,
    );
    fails(
        r#"{"replace":{"@timestamp":"now"},"tag_on_failure":"bad"}"#,
        r#"{"@timestamp":"2026-11-23T10:04:45Z"}"#,
        r#"{"@timestamp":"2026-11-23T10:04:45.000Z","tags":["bad"]}"#,
    );
    fails(r#"{"gsub":["a","%{b}","x"]}"#, r#"{"a":"y","b":"("}"#, r#"{"a":"y","b":"(","tags":["_mutate_error"]}"#);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |settings: &str, expected: &str| testing::check_fault(&PLUGIN, settings, expected);
    refused(r#"{"convert":{"a":"int"}}"#, "`convert` knows no type `int`");
    refused(r#"{"gsub":["a","b"]}"#, "`gsub` needs three strings for each replacement, and has 2");
    refused(r#"{"rename":{"a":"[b"}}"#, "`[b` opens a bracket that it does not close");
    refused(r#"{"split":{"a":[","]}}"#, "`split` takes strings");
    refused(r#"{"remove":["a"]}"#, "`remove` of filter `mutate` is not supported");
    refused(r#"{"rename":["a"]}"#, "`rename` must be a hash");
}

#[test]
fn a_level_that_is_in_upper_case_already_is_not_copied() {
    let arena = crate::event::Arena::new();
    assert!(Case::Upper.apply(crate::event::value::Text::new("INFO"), &arena).is_none());
}

#[test]
fn tags_stay_strings() {
    let refused = |settings: &str, fields: &str, expected: &str| {
        testing::check(&PLUGIN, settings, fields, Unmatched, expected);
    };
    let tagged = r#"{"tags":["1","_mutate_error"],"n":2}"#;
    refused(r#"{"convert":{"tags":"integer"}}"#, r#"{"tags":["1"],"n":2}"#, tagged);
    refused(r#"{"merge":{"tags":"n"}}"#, r#"{"tags":["1"],"n":2}"#, tagged);
    refused(r#"{"merge":{"tags":"n"}}"#, r#"{"tags":"1","n":2}"#, tagged);
    check(r#"{"convert":{"tags":"string"}}"#, r#"{"tags":["1"]}"#, r#"{"tags":["1"]}"#);
    check(r#"{"merge":{"tags":"a"}}"#, r#"{"tags":"1","a":["x","y"]}"#, r#"{"tags":["1","x","y"],"a":["x","y"]}"#);
    refused(r#"{"merge":{"[tags][0]":"n"}}"#, r#"{"tags":["1"],"n":2}"#, tagged);
}
