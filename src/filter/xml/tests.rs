//! Tests of the filter: settings, fields before, fields behind.

use super::super::testing;
use super::*;
use Outcome::{Matched, Unmatched};
use serde_json::json;

const BOOKS: &str = r#"<?xml version="1.0"?><books xmlns:x="urn:x"><book id="1" lang="en"><title>A &amp; B</title><price>5</price></book><book id="2"><title>C</title><price>12.5</price><x:note>n</x:note></book><empty/></books>"#;

/// What `xpath` finds in the books.
fn xpath(expression: &str, expected: &str) {
    let settings = json!({"source": "m", "store_xml": false, "xpath": {expression: "r"}}).to_string();
    let mut filter = testing::build(&PLUGIN, &settings).unwrap_or_else(|fault| panic!("{expression}: {fault}"));
    let (_, out) = testing::run(&mut *filter, &json!({ "m": BOOKS }).to_string(), Default::default());
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    let got = out.get("r").or(out.get("tags")).map_or("nothing".to_owned(), |found| found.to_string());
    assert_eq!(got, expected, "{expression}");
}

/// The document that `xml` becomes with these settings.
fn stored(more: serde_json::Value, xml: &str, expected: &str) {
    let mut settings = json!({"source": "m", "target": "doc"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut filter = testing::build(&PLUGIN, &settings.to_string()).unwrap();
    let (_, out) = testing::run(&mut *filter, &json!({ "m": xml }).to_string(), Default::default());
    let got = out.rsplit_once(r#","doc":"#).or(out.rsplit_once(r#","tags":"#)).map_or("nothing", |(_, doc)| doc);
    assert_eq!(got.strip_suffix('}').unwrap_or(got), expected, "{xml}");
}

#[test]
fn the_documentations_example() {
    let settings = r#"{"source":"source_field","target":"doc"}"#;
    testing::check(
        &PLUGIN,
        settings,
        r#"{"source_field":"<a><b c=\"1\">x</b></a>"}"#,
        Matched,
        r#"{"source_field":"<a><b c=\"1\">x</b></a>","doc":{"b":[{"c":"1","content":"x"}]}}"#,
    );
}

#[test]
fn documents_become_hashes() {
    stored(json!({}), "<a><b>1</b><b>2</b><c/></a>", r#"{"b":["1","2"]}"#);
    stored(json!({}), "<a><b>1</b><c>x</c><b>2</b></a>", r#"{"b":["1","2"],"c":["x"]}"#);
    stored(json!({}), "<a k='v'>t</a>", r#"{"k":"v","content":"t"}"#);
    stored(json!({}), "<a>t</a>", r#""t""#);
    stored(json!({}), "<a>x<b>1</b>y</a>", r#"{"b":["1"],"content":["x","y"]}"#);
    stored(json!({}), "<a><![CDATA[1 < 2]]> &#65;&lt;</a>", r#""1 < 2 A<""#);
    stored(
        json!({}),
        "<s:a xmlns:s='u'><s:b s:k='1'>x</s:b></s:a>",
        r#"{"xmlns:s":"u","s:b":[{"s:k":"1","content":"x"}]}"#,
    );
    stored(json!({"force_array": false}), "<a><b>1</b><c>2</c><c>3</c></a>", r#"{"b":"1","c":["2","3"]}"#);
    stored(json!({"force_content": true}), "<a><b>1</b></a>", r#"{"b":[{"content":"1"}]}"#);
    stored(json!({"suppress_empty": false}), "<a><b/><c> </c></a>", r#"{"b":[{}],"c":[{}]}"#);
    stored(json!({}), "<a><b/><c> </c></a>", "null");
    stored(json!({"remove_namespaces": true}), "<s:a xmlns:s='u'><s:b>x</s:b></s:a>", r#"{"xmlns:s":"u","s:b":["x"]}"#);
}

#[test]
fn what_is_not_xml_is_tagged() {
    for text in ["hello", "<a>", "<a></b>", "<a/><b/>", "<a>&nope;</a>", "<a b=c/>", "<a/>x"] {
        stored(json!({"parse_options": "strict"}), text, r#"["_xmlparsefailure"]"#);
        stored(json!({}), text, r#"["_xmlparsefailure"]"#);
    }
    let deep = "<a>".repeat(100_000);
    stored(json!({}), &deep, r#"["_xmlparsefailure"]"#);
    let settings = r#"{"source":"m","target":"doc"}"#;
    testing::check(&PLUGIN, settings, r#"{"m":"  "}"#, Unmatched, r#"{"m":"  "}"#);
    testing::check(&PLUGIN, settings, "{}", Unmatched, "{}");
    testing::check(&PLUGIN, settings, r#"{"m":["<a>1</a>"]}"#, Matched, r#"{"m":["<a>1</a>"],"doc":"1"}"#);
    testing::check(&PLUGIN, settings, r#"{"m":5}"#, Unmatched, r#"{"m":5,"tags":["_xmlparsefailure"]}"#);
}

#[test]
fn expressions_find_nodes() {
    xpath("/books/book/title/text()", r#"["A &amp; B","C"]"#);
    xpath("//book[@id='2']/price", r#"["<price>12.5</price>"]"#);
    xpath("//book/@id", r#"["1","2"]"#);
    xpath("//book[1]/@lang | //book[last()]/@id", r#"["en","2"]"#);
    xpath("//book[price > 10]/title/text()", r#"["C"]"#);
    xpath("//title[contains(., 'C')]/../@id", r#"["2"]"#);
    xpath("//x:note/text()", r#"["n"]"#);
    xpath("//*[local-name()='note']/text()", r#"["n"]"#);
    xpath("//book[not(@lang)]/@id", r#"["2"]"#);
    xpath("//price/ancestor::book/@id", r#"["1","2"]"#);
    xpath(
        "//book[1]/following-sibling::*",
        r#"["<book id=\"2\"><title>C</title><price>12.5</price><x:note>n</x:note></book>","<empty/>"]"#,
    );
    xpath("(//title)[2]/text()", r#"["C"]"#);
    xpath("//book[position() mod 2 = 0]/@id", r#"["2"]"#);
    xpath("/books/nope", "nothing");
    xpath("//book/title[. = 'C' or starts-with(., 'A')]/preceding::title", r#"["<title>A &amp; B</title>"]"#);
    xpath("//comment()", "nothing");
}

#[test]
fn expressions_give_texts_and_numbers() {
    xpath("string(//book[1]/title)", r#"["A & B"]"#);
    xpath("count(//book)", r#"["2.0"]"#);
    xpath("sum(//price) * 2 - 1 div 4", r#"["34.75"]"#);
    xpath("concat(//book[1]/@id, '-', //book[2]/@id)", r#"["1-2"]"#);
    xpath("//book/@id = '2'", r#"["true"]"#);
    xpath("normalize-space('  a  b ')", r#"["a b"]"#);
    xpath("substring('12345', 2, 3)", r#"["234"]"#);
    xpath("translate(substring-after('a=b', '='), 'b', 'X')", r#"["X"]"#);
    xpath("boolean(//nope)", r#"["false"]"#);
    xpath("string(//nope)", "nothing");
    xpath("name(/*)", r#"["books"]"#);
}

#[test]
fn namespaces_are_named_declared_or_removed() {
    let xml = "<a xmlns='urn:d' xmlns:p='urn:p'><p:b>1</p:b><c>2</c></a>";
    let check = |more: serde_json::Value, expression: &str, expected: &str| {
        let mut settings = json!({"source": "m", "store_xml": false, "xpath": {expression: "r"}});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut filter = testing::build(&PLUGIN, &settings.to_string()).unwrap();
        let (_, out) = testing::run(&mut *filter, &json!({ "m": xml }).to_string(), Default::default());
        let got = out.rsplit_once(r#","r":"#).map_or("nothing", |(_, found)| found.trim_end_matches('}'));
        assert_eq!(got, expected, "{expression}");
    };
    check(json!({}), "//p:b/text()", r#"["1"]"#);
    check(json!({}), "//c/text()", "nothing");
    check(json!({"namespaces": {"d": "urn:d", "q": "urn:p"}}), "/d:a/d:c/text() | //q:b/text()", r#"["1","2"]"#);
    check(json!({"remove_namespaces": true}), "/a/c/text() | /a/b/text()", r#"["1","2"]"#);
}

#[test]
fn what_is_found_joins_what_is_there() {
    let settings = r#"{"source":"m","target":"doc","store_xml":false,"xpath":{"//b/text()":"r"}}"#;
    testing::check(
        &PLUGIN,
        settings,
        r#"{"m":"<a><b>1</b></a>","r":"x"}"#,
        Matched,
        r#"{"m":"<a><b>1</b></a>","r":["x","1"]}"#,
    );
    testing::check(&PLUGIN, settings, r#"{"m":"<a/>"}"#, Unmatched, r#"{"m":"<a/>"}"#);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let check = |expression: &str, expected: &str| {
        let settings = json!({"source": "m", "store_xml": false, "xpath": {expression: "r"}}).to_string();
        testing::check_fault(&PLUGIN, &settings, &format!("`xpath` has a bad expression `{expression}`: {expected}"));
    };
    check("//book[", "the end cannot stand here in column 8");
    check("foo(1)", "there is no function `foo` in column 1");
    check("//a/upward::b", "there is no axis `upward` in column 5");
    check("count()", "`count` does not take 0 arguments in column 8");
    check("a b", "`b` cannot stand here in column 3");
    check("'x", "this text is not closed in column 1");
    testing::check_fault(&PLUGIN, r#"{"source":"m"}"#, "filter `xml` needs `target` when `store_xml` is true");
    testing::check_fault(&PLUGIN, "{}", "filter `xml` needs the setting `source`");
}

#[test]
fn an_expression_that_multiplies_nodes_ends() {
    let xml = format!("<a>{}</a>", "<b/>".repeat(20_000));
    let settings = r#"{"source":"m","store_xml":false,"xpath":{"//b[count(//b[count(//b) > 1]) > 1]":"r"}}"#;
    let mut filter = testing::build(&PLUGIN, settings).unwrap();
    let (outcome, out) = testing::run(&mut *filter, &json!({ "m": xml }).to_string(), Default::default());
    assert_eq!((outcome, out.ends_with(r#""tags":["_xmlparsefailure"]}"#)), (Unmatched, true));
}
