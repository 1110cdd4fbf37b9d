//! The documentation's examples, and corners.

use super::super::testing;
use super::*;
use crate::event::{Arena, Identity};
use Outcome::{Cancelled, Matched, Unmatched};

fn whole(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
    testing::check(&PLUGIN, settings, fields, outcome, expected);
}

/// The fields that a row becomes below `t`.
fn check(settings: &str, row: &str, expected: &str) {
    let comma = if settings.is_empty() { "" } else { "," };
    let message = serde_json::Value::from(row).to_string();
    whole(
        &format!(r#"{{"target":"t"{comma}{settings}}}"#),
        &format!(r#"{{"message":{message}}}"#),
        Matched,
        &format!(r#"{{"message":{message},"t":{expected}}}"#),
    );
}

fn fails(settings: &str, row: &str, tag: &str) {
    let message = serde_json::Value::from(row).to_string();
    let expected = format!(r#"{{"message":{message},"tags":["{tag}"]}}"#);
    whole(settings, &format!(r#"{{"message":{message}}}"#), Unmatched, &expected);
}

#[test]
fn columns_become_fields() {
    check("", "big,bird,sesame street", r#"{"column1":"big","column2":"bird","column3":"sesame street"}"#);
    check(
        r#""columns":["first","last"]"#,
        "big,bird,sesame street",
        r#"{"first":"big","last":"bird","column3":"sesame street"}"#,
    );
    check(r#""columns":["[a][b]","c.d"]"#, "1,2", r#"{"a":{"b":"1"},"c.d":"2"}"#);
    whole(
        r#"{"source":"x","columns":["a"],"ecs_compatibility":"disabled"}"#,
        r#"{"x":"1,2","a":0}"#,
        Matched,
        r#"{"x":"1,2","a":"1","column2":"2"}"#,
    );
    whole(r#"{"target":"[a][b]"}"#, r#"{"message":"1"}"#, Matched, r#"{"message":"1","a":{"b":{"column1":"1"}}}"#);
}

#[test]
fn quotes_wrap_columns() {
    check("", r#""a,b","say ""hi""",c"#, r#"{"column1":"a,b","column2":"say \"hi\"","column3":"c"}"#);
    check("", "\"two\nlines\",x\nnext row", r#"{"column1":"two\nlines","column2":"x"}"#);
    check("", "a\r\n", r#"{"column1":"a"}"#);
    check(r#""quote_char":"'""#, r#"'a,b','it''s',"c"#, r#"{"column1":"a,b","column2":"it's","column3":"\"c"}"#);
    check("\"quote_char\":\"\\u0000\"", r#"a"b,"c"#, r#"{"column1":"a\"b","column2":"\"c"}"#);
    for row in [r#"a"b,c"#, r#""a"b,c"#, r#""a"#, r#" "a""#, r#""a" ,b"#] {
        fails("{}", row, FAILURE);
    }
}

#[test]
fn any_string_separates() {
    check(r#""separator":";""#, "a,b;c", r#"{"column1":"a,b","column2":"c"}"#);
    check(r#""separator":"\t""#, "a\tb", r#"{"column1":"a","column2":"b"}"#);
    check(r#""separator":"||""#, "a|b||\"c||d\"", r#"{"column1":"a|b","column2":"c||d"}"#);
}

#[test]
fn empty_columns_are_null_or_left_out() {
    check("", r#"a,,"",b,"#, r#"{"column1":"a","column2":null,"column3":"","column4":"b","column5":null}"#);
    check(r#""skip_empty_columns":true"#, r#"a,,"",b,"#, r#"{"column1":"a","column4":"b"}"#);
}

#[test]
fn empty_rows_are_tagged() {
    fails("{}", "", FAILURE);
    fails(r#"{"skip_empty_rows":true}"#, "", SKIPPED);
    fails(r#"{"skip_empty_rows":true}"#, ",,", SKIPPED);
    check("", ",", r#"{"column1":null,"column2":null}"#);
}

#[test]
fn columns_without_a_name_may_be_left_out() {
    check(r#""columns":["a","b"],"autogenerate_column_names":false"#, "1,2,3", r#"{"a":"1","b":"2"}"#);
    check(r#""columns":["a","b"],"autogenerate_column_names":true"#, "1,2,3", r#"{"a":"1","b":"2","column3":"3"}"#);
}

#[test]
fn columns_are_converted() {
    check(
        r#""convert":{"column1":"integer","column2":"boolean"}"#,
        "1234,false",
        r#"{"column1":1234,"column2":false}"#,
    );
    let convert = |to: &str, text: &str, expected: &str| {
        check(&format!(r#""convert":{{"column1":"{to}"}}"#), text, &format!(r#"{{"column1":{expected}}}"#));
    };
    for (text, expected) in [
        ("-5", "-5"),
        ("1_000", "1000"),
        ("0x1f", "31"),
        ("017", "15"),
        (" 7 ", "7"),
        ("1.5", r#""1.5""#),
        ("x", r#""x""#),
        ("09", r#""09""#),
    ] {
        convert("integer", text, expected);
    }
    for (text, expected) in [
        ("1.5", "1.5"),
        ("-1e3", "-1000.0"),
        ("3", "3.0"),
        ("nan", r#""nan""#),
        ("1.", r#""1.""#),
        ("1 apple", r#""1 apple""#),
    ] {
        convert("float", text, expected);
    }
    for (text, expected) in [("True", "true"), ("FALSE", "false"), ("1", r#""1""#), ("yes", r#""yes""#)] {
        convert("boolean", text, expected);
    }
    for (text, expected) in [
        ("2026-11-23", "2026-11-23T00:00:00.000Z"),
        ("\"Nov 3, 2026\"", "2026-11-03T00:00:00.000Z"),
        ("Mon Nov 23 2026", "2026-11-23T00:00:00.000Z"),
        ("23.11.2026", "23.11.2026"),
    ] {
        convert("date", text, &format!("\"{expected}\""));
    }
    for (text, expected) in [
        ("2026-11-23T10:04:45+01:00", "2026-11-23T09:04:45.000Z"),
        ("2026-11-23 10:04", "2026-11-23T10:04:00.000Z"),
        ("2026-11-23", "2026-11-23T00:00:00.000Z"),
        ("Nov 3 10:04:45 2026", "2026-11-03T10:04:45.000Z"),
        ("soon", "soon"),
    ] {
        convert("date_time", text, &format!("\"{expected}\""));
    }
    check(r#""convert":{"column1":"integer"}"#, ",1", r#"{"column1":null,"column2":"1"}"#);
}

/// What a filter makes of rows, one after the other.
fn rows(settings: &str, rows: &[&str]) -> Vec<(Outcome, String)> {
    let mut filter = testing::build(&PLUGIN, settings).unwrap();
    let mut second = filter.boxed();
    let mut run = |(at, row): (usize, &&str)| {
        let worker = if at % 2 == 0 { &mut filter } else { &mut second };
        testing::run(&mut **worker, &format!(r#"{{"message":"{row}"}}"#), Identity::default())
    };
    rows.iter().enumerate().map(&mut run).collect()
}

#[test]
fn the_first_row_names_the_columns_for_all_workers() {
    assert_eq!(
        rows(r#"{"autodetect_column_names":true}"#, &["", "a,b", "1,2", "a,b"])[1..],
        [
            (Cancelled, r#"{"message":"a,b"}"#.to_string()),
            (Matched, r#"{"message":"1,2","a":"1","b":"2"}"#.to_string()),
            (Matched, r#"{"message":"a,b","a":"a","b":"b"}"#.to_string()),
        ]
    );
    let outcomes =
        |settings: &str| rows(settings, &["a,b", "1,2", "a,b"]).into_iter().map(|(it, _)| it).collect::<Vec<_>>();
    assert_eq!(outcomes(r#"{"autodetect_column_names":true,"skip_header":true}"#), [Cancelled, Matched, Cancelled]);
    assert_eq!(outcomes(r#"{"columns":["a","b"],"skip_header":true}"#), [Cancelled, Matched, Cancelled]);
    assert_eq!(outcomes(r#"{"columns":["a","b"],"autodetect_column_names":true}"#), [Matched, Matched, Matched]);
}

#[test]
fn the_source_is_a_text() {
    whole("{}", r#"{"a":1}"#, Unmatched, r#"{"a":1}"#);
    whole("{}", r#"{"message":["a"]}"#, Unmatched, r#"{"message":["a"],"tags":["_csvparsefailure"]}"#);
    whole(
        r#"{"target":"[message][x]"}"#,
        r#"{"message":"a"}"#,
        Unmatched,
        r#"{"message":"a","tags":["_csvparsefailure"]}"#,
    );
}

#[test]
fn ecs_compatibility_changes_no_event() {
    for ecs in ["disabled", "v1", "v8"] {
        let settings = format!(r#"{{"ecs_compatibility":"{ecs}"}}"#);
        whole(&settings, r#"{"message":"a,b"}"#, Matched, r#"{"message":"a,b","column1":"a","column2":"b"}"#);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    testing::check_fault(&PLUGIN, r#"{"quote_char":""}"#, "`quote_char` must be one character");
    testing::check_fault(&PLUGIN, r#"{"separator":""}"#, "`separator` cannot be empty");
    testing::check_fault(&PLUGIN, r#"{"convert":{"a":"int"}}"#, "`convert` knows no type `int`");
}

proptest::proptest! {
    /// What is written with every column quoted is read back.
    #[test]
    fn quoted_columns_come_back(columns in proptest::collection::vec("[a,\"\n é]{0,6}", 1..6)) {
        let row: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.replace('"', "\"\""))).collect();
        let (row, arena) = (row.join(","), Arena::new());
        let dialect = Dialect { separator: ",".into(), quote: '"' };
        let mut found = ArenaVec::new_in(&arena);
        proptest::prop_assert!(dialect.read(Text::new(&row), &mut found, &arena).is_ok());
        let found: Vec<&str> = found.iter().map(|text| text.unwrap().str).collect();
        proptest::prop_assert_eq!(found, columns);
    }
}
