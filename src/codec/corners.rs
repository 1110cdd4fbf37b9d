//! A corner of every setting of every codec: an empty, a missing, a wrong value, and what becomes of it.

use super::CodecPlugin;
use super::every_setting::{CODECS, ELSEWHERE, Given, TWO_PARTS};
use super::testing::{build_with, decode_with, encode_bytes, hash, list, settings_of};
use crate::plugin::Item;
use Given::{Read, Written};

/// Codec, setting, all settings that are given, what is put in, and what comes out.
type Corner<'c> = (&'c str, &'c str, Vec<(&'c str, Item)>, Given<'c>, &'c str);

fn outcome(plugin: &CodecPlugin, given: &[(&str, Item)], put_in: &Given<'_>) -> String {
    if let Err(faults) = settings_of(plugin, given) {
        return format!("refused: {}", faults[0]);
    }
    match put_in {
        Read(_) if plugin.decoder.is_some() && build_with(plugin, given).is_err() => {
            format!("refused: {}", build_with(plugin, given).err().expect("it is refused"))
        }
        Read(bytes) => decode_with(plugin, given, bytes).join(" "),
        Written(fields) => String::from_utf8_lossy(&encode_bytes(plugin, given, &[fields])).into_owned(),
    }
}

#[test]
fn every_setting_has_a_corner() {
    let corners: Vec<Corner<'_>> =
        [of_lines(), of_json(), of_multiline(), of_auto(), of_others(), of_csv(), of_cef(), of_cef_fields()].concat();
    let mut wrong = Vec::new();
    for (nth, (codec, setting, given, put_in, expected)) in corners.iter().enumerate() {
        let plugin = CODECS.iter().find(|plugin| plugin.declaration.name == *codec).expect("there is such a codec");
        assert!(given.iter().any(|(name, _)| name == setting), "{codec} {setting} is not given");
        let found = outcome(plugin, given, put_in);
        if found != *expected {
            wrong.push(format!("{nth} {codec} {setting}: {found:?}"));
        }
    }
    for plugin in CODECS {
        for setting in plugin.declaration.settings {
            let of = (plugin.declaration.name, setting.name);
            let is_shown = corners.iter().any(|(codec, setting, ..)| (*codec, *setting) == of)
                || ELSEWHERE.iter().any(|(codec, setting, _)| (*codec, *setting) == of);
            if !is_shown {
                wrong.push(format!("{of:?} has no corner"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn text(name: &'static str, value: &str) -> (&'static str, Item) {
    (name, Item::text(value))
}

/// `plain` and `line`.
fn of_lines() -> Vec<Corner<'static>> {
    vec![
        ("plain", "charset", vec![text("charset", "windows-1252")], Read(b"\x80 \x81\n"), "{\"message\":\"€ \u{81}\"}"),
        ("plain", "charset", vec![text("charset", "UTF-9")], Read(b""), "refused: there is no encoding `UTF-9`"),
        (
            "plain",
            "charset",
            vec![text("charset", "UTF-7")],
            Read(b""),
            "refused: the encoding `UTF-7` is not supported",
        ),
        ("plain", "charset", vec![text("charset", "UTF-8")], Read(b"\xff\xfe"), r#"{"message":"��"}"#),
        (
            "plain",
            "ecs_compatibility",
            vec![text("ecs_compatibility", "v8")],
            Read(b"\n"),
            r#"{"message":"","event":{"original":""}}"#,
        ),
        (
            "plain",
            "ecs_compatibility",
            vec![text("ecs_compatibility", "v2")],
            Read(b""),
            "refused: `ecs_compatibility` must be one of disabled, v1, v8, not `v2`",
        ),
        (
            "plain",
            "format",
            vec![text("format", "%{a} %{nowhere}")],
            Written(r#"{"a":[1,null,{"b":2}]}"#),
            r#"1,,{"b":2} %{nowhere}"#,
        ),
        (
            "line",
            "charset",
            vec![text("charset", "UTF-16")],
            Read(b"\xff\xfea\0\n\0b\0"),
            r#"{"message":"a"} {"message":"b"}"#,
        ),
        ("line", "delimiter", vec![text("delimiter", "")], Read(b"a\nb"), r#"{"message":"a"} {"message":"b"}"#),
        (
            "line",
            "delimiter",
            vec![text("delimiter", "--")],
            Read(b"a-b--c---d\n"),
            "{\"message\":\"a-b\"} {\"message\":\"c\"} {\"message\":\"-d\\n\"}",
        ),
        (
            "line",
            "ecs_compatibility",
            vec![text("ecs_compatibility", "v1")],
            Read(b"a\r\n\r\n"),
            r#"{"message":"a","event":{"original":"a"}} {"message":"","event":{"original":""}}"#,
        ),
        ("line", "format", vec![text("format", "")], Written(r#"{"message":"m"}"#), "\n"),
    ]
}

/// `json` and `json_lines`.
fn of_json() -> Vec<Corner<'static>> {
    vec![
        ("json", "charset", vec![text("charset", "ISO-8859-1")], Read(b"{\"a\":\"\xe9\"}"), r#"{"a":"é"}"#),
        (
            "json",
            "ecs_compatibility",
            vec![text("ecs_compatibility", "v8")],
            Read(b"no"),
            r#"{"message":"no","event":{"original":"no"},"tags":["_jsonparsefailure"]}"#,
        ),
        (
            "json",
            "target",
            vec![text("target", "[a][b]")],
            Read(b"[{\"c\":1},5,null]"),
            r#"{"a":{"b":{"c":1}}} {"a":{"b":5}} {"a":{"b":null}}"#,
        ),
        (
            "json",
            "target",
            vec![text("target", "tags")],
            Read(b"{\"c\":1}"),
            r#"{"message":"{\"c\":1}","tags":["_jsonparsefailure"]}"#,
        ),
        (
            "json",
            "target",
            vec![text("target", "[a")],
            Read(b""),
            "refused: `[a` opens a bracket that it does not close",
        ),
        ("json_lines", "charset", vec![text("charset", "UTF-16LE")], Read(b"{\0}\0\n\0[\0]\0\n\0"), "{}"),
        (
            "json_lines",
            "decode_size_limit_bytes",
            vec![text("decode_size_limit_bytes", "2")],
            Read(b"{}\n{ }\n"),
            r#"{} {"message":"{ ","tags":["_jsonparsetoobigfailure"]}"#,
        ),
        (
            "json_lines",
            "delimiter",
            vec![text("delimiter", "\r\n")],
            Read(b"{\"a\":1}\r\n\r\nno\r\n"),
            r#"{"a":1} {"message":"no","tags":["_jsonparsefailure"]}"#,
        ),
        (
            "json_lines",
            "ecs_compatibility",
            vec![text("ecs_compatibility", "v1")],
            Read(b"[{},5]\n"),
            r#"{"message":"[{},5]","event":{"original":"[{},5]"},"tags":["_jsonparsefailure"]}"#,
        ),
        (
            "json_lines",
            "target",
            vec![text("target", "t")],
            Read(b"[1,[2]]\n\"s\"\n"),
            r#"{"t":1} {"t":[2]} {"t":"s"}"#,
        ),
    ]
}

fn of_multiline() -> Vec<Corner<'static>> {
    let with = |more: Vec<(&'static str, Item)>| [vec![text("pattern", "^ "), text("what", "previous")], more].concat();
    vec![
        (
            "multiline",
            "charset",
            with(vec![text("charset", "IBM037")]),
            Read(b"\x81\x25\x40\x82"),
            "{\"message\":\"a\u{8e} b\",\"tags\":[\"multiline\"]}",
        ),
        (
            "multiline",
            "ecs_compatibility",
            with(vec![text("ecs_compatibility", "v8")]),
            Read(b" a\nb"),
            r#"{"message":" a","event":{"original":" a"}} {"message":"b","event":{"original":"b"}}"#,
        ),
        (
            "multiline",
            "max_bytes",
            with(vec![text("max_bytes", "1")]),
            Read(b"abc\n d\ne"),
            r#"{"message":"abc","tags":["multiline_codec_max_bytes_reached"]} {"message":" d","tags":["multiline_codec_max_bytes_reached"]} {"message":"e","tags":["multiline_codec_max_bytes_reached"]}"#,
        ),
        (
            "multiline",
            "max_bytes",
            with(vec![text("max_bytes", "many")]),
            Read(b""),
            "refused: `max_bytes` must be a size, not `many`",
        ),
        (
            "multiline",
            "max_lines",
            with(vec![text("max_lines", "1")]),
            Read(b"a\n b\n c\nd"),
            r#"{"message":"a","tags":["multiline_codec_max_lines_reached"]} {"message":" b","tags":["multiline_codec_max_lines_reached"]} {"message":" c","tags":["multiline_codec_max_lines_reached"]} {"message":"d","tags":["multiline_codec_max_lines_reached"]}"#,
        ),
        (
            "multiline",
            "multiline_tag",
            with(vec![text("multiline_tag", "")]),
            Read(b"a\n b"),
            "{\"message\":\"a\\n b\"}",
        ),
        (
            "multiline",
            "negate",
            with(vec![text("negate", "true")]),
            Read(b" a\n b"),
            r#"{"message":" a"} {"message":" b"}"#,
        ),
        (
            "multiline",
            "pattern",
            vec![text("pattern", ""), text("what", "previous")],
            Read(b"a\nb"),
            "{\"message\":\"a\\nb\",\"tags\":[\"multiline\"]}",
        ),
        (
            "multiline",
            "pattern",
            vec![text("pattern", "("), text("what", "previous")],
            Read(b""),
            "refused: regex parse error:\n    (\n    ^\nerror: unclosed group",
        ),
        (
            "multiline",
            "pattern",
            vec![text("pattern", "x")],
            Read(b""),
            "refused: codec `multiline` needs the setting `what`",
        ),
        (
            "multiline",
            "what",
            vec![text("pattern", "x"), text("what", "after")],
            Read(b""),
            "refused: `what` must be one of previous, next, not `after`",
        ),
        (
            "multiline",
            "what",
            vec![text("pattern", "-$"), text("what", "next")],
            Read(b"a-\nb-"),
            "{\"message\":\"a-\\nb-\",\"tags\":[\"multiline\"]}",
        ),
    ]
}

fn of_auto() -> Vec<Corner<'static>> {
    vec![
        (
            "auto",
            "charset",
            vec![text("charset", "UTF-16BE")],
            Read(b"\0a\0\n\0 \0b"),
            r#"{"message":"a"} {"message":" b"}"#,
        ),
        (
            "auto",
            "ecs_compatibility",
            vec![text("ecs_compatibility", "v8")],
            Read(b"\n a"),
            r#"{"message":"","event":{"original":""}} {"message":" a","event":{"original":" a"}}"#,
        ),
    ]
}

/// No gzip at all.
const NO_GZIP: &[u8] = b"plain text\n";

fn of_others() -> Vec<Corner<'static>> {
    vec![
        (
            "docker_json",
            "line_bytes_max",
            vec![text("line_bytes_max", "5")],
            Read(TWO_PARTS),
            r#"{"@timestamp":"2026-11-23T10:04:45.000Z","message":"he","stream":"stdout"}"#,
        ),
        (
            "docker_json",
            "line_bytes_max",
            vec![text("line_bytes_max", "long")],
            Read(b""),
            "refused: `line_bytes_max` must be a size, not `long`",
        ),
        (
            "gzip_lines",
            "charset",
            vec![text("charset", "ISO-8859-1")],
            Read(NO_GZIP),
            r#"{"message":"plain text","tags":["_gzipparsefailure"]}"#,
        ),
        (
            "msgpack",
            "format",
            vec![text("format", "%{a}")],
            Read(b"\x81\xa1a\x01\xc1"),
            r#"{"a":1,"message":"1"} {"message":"�","tags":["_msgpackparsefailure"]}"#,
        ),
        ("msgpack", "target", vec![text("target", "[a]b")], Read(b""), "refused: `[a]b` has `b` outside its brackets"),
        ("msgpack", "target", vec![text("target", "t")], Read(b"\x93\x01\x02\x03"), r#"{"t":[1,2,3]}"#),
        ("rubydebug", "metadata", vec![text("metadata", "true")], Written(r#"{"a":null}"#), "{\n    \"a\" => nil\n}\n"),
    ]
}

fn of_csv() -> Vec<Corner<'static>> {
    let on = |name| text(name, "true");
    vec![
        (
            "csv",
            "autodetect_column_names",
            vec![on("autodetect_column_names")],
            Read(b"a,,b\n1,2\n\n1,2,3,4"),
            r#"{"a":"1","column2":"2"} {"a":"1","column2":"2","b":"3","column4":"4"}"#,
        ),
        (
            "csv",
            "autogenerate_column_names",
            vec![text("autogenerate_column_names", "false"), ("columns", list(&["a"]))],
            Read(b"1,2"),
            r#"{"a":"1"}"#,
        ),
        ("csv", "charset", vec![text("charset", "UTF-16LE")], Read(b"a\0,\0b\0"), r#"{"column1":"a","column2":"b"}"#),
        (
            "csv",
            "columns",
            vec![("columns", list(&["[a][b]", "c"]))],
            Read(b"1\n1,2,3"),
            r#"{"a":{"b":"1"}} {"a":{"b":"1"},"c":"2","column3":"3"}"#,
        ),
        (
            "csv",
            "columns",
            vec![("columns", list(&["[a", "c"]))],
            Read(b""),
            "refused: `[a` opens a bracket that it does not close",
        ),
        ("csv", "columns", vec![("columns", list(&["x", "nowhere"]))], Written(r#"{"x":[1]}"#), "[1],\n"),
        (
            "csv",
            "convert",
            vec![("convert", hash(&[("column1", "integer")]))],
            Read(b"x\n1.5\n\n-7"),
            r#"{"column1":"x"} {"column1":"1.5"} {"column1":-7}"#,
        ),
        (
            "csv",
            "convert",
            vec![("convert", hash(&[("column1", "int")]))],
            Read(b""),
            "refused: `convert` knows no type `int`",
        ),
        (
            "csv",
            "ecs_compatibility",
            vec![text("ecs_compatibility", "v8")],
            Read(b"\"a"),
            "{\"message\":\"\\\"a\",\"tags\":[\"_csvparsefailure\"],\"event\":{\"original\":\"\\\"a\"}}",
        ),
        (
            "csv",
            "include_headers",
            vec![on("include_headers"), ("columns", list(&["b", "a"]))],
            Written(r#"{"a":1}"#),
            "b,a\n,1\n",
        ),
        ("csv", "quote_char", vec![text("quote_char", "")], Read(b""), "refused: `quote_char` must be one character"),
        ("csv", "quote_char", vec![text("quote_char", "'")], Written(r#"{"a":"it's","b":"x,y"}"#), "'it''s','x,y'\n"),
        ("csv", "separator", vec![text("separator", "||")], Read(b"a||b|c"), r#"{"column1":"a","column2":"b|c"}"#),
        ("csv", "separator", vec![text("separator", "")], Read(b""), "refused: `separator` cannot be empty"),
        (
            "csv",
            "skip_empty_columns",
            vec![on("skip_empty_columns")],
            Read(b",\"\", ,x"),
            r#"{"column3":" ","column4":"x"}"#,
        ),
        ("csv", "target", vec![text("target", "[t][u]")], Read(b"a"), r#"{"t":{"u":{"column1":"a"}}}"#),
    ]
}

fn of_cef() -> Vec<Corner<'static>> {
    let v8 = || text("ecs_compatibility", "v8");
    vec![
        (
            "cef",
            "default_timezone",
            vec![v8(), text("default_timezone", "Mars/Base")],
            Read(b""),
            "refused: there is no time zone `Mars/Base`",
        ),
        (
            "cef",
            "default_timezone",
            vec![v8(), text("default_timezone", "+05:00")],
            Read(b"CEF:0||||||1|start=1790999106000 end=Oct 03 2026 04:05:06 UTC"),
            r#"{"cef":{"version":"0"},"event":{"severity":"1","start":"2026-10-03T03:45:06.000Z","end":"2026-10-03T04:05:06.000Z"}}"#,
        ),
        (
            "cef",
            "delimiter",
            vec![text("delimiter", "")],
            Read(b"CEF:0||||||1|act=a"),
            r#"{"cefVersion":"0","severity":"1","deviceAction":"a"}"#,
        ),
        (
            "cef",
            "device",
            vec![v8(), text("device", "observer")],
            Read(b"CEF:0||||||1|dvchost=h"),
            r#"{"cef":{"version":"0"},"event":{"severity":"1"},"observer":{"hostname":"h"}}"#,
        ),
        (
            "cef",
            "device",
            vec![v8(), text("device", "agent")],
            Read(b""),
            "refused: `device` must be one of observer, host, not `agent`",
        ),
        (
            "cef",
            "ecs_compatibility",
            vec![v8()],
            Read(b"no message"),
            r#"{"message":"no message","tags":["_cefparsefailure"]}"#,
        ),
    ]
}

/// What is written by `cef`, and what is read of no message.
fn of_cef_fields() -> Vec<Corner<'static>> {
    let v8 = || text("ecs_compatibility", "v8");
    vec![
        (
            "cef",
            "fields",
            vec![("fields", list(&["a", "nowhere", "[b][c]"]))],
            Written(r#"{"a":"x=y|z\\","b":{"c":1}}"#),
            "CEF:0|Elasticsearch|Logstash|1.0|Logstash|Logstash|6|a=x\\=y|z\\\\ bc=1",
        ),
        (
            "cef",
            "locale",
            vec![v8(), text("locale", "xx")],
            Read(b""),
            "refused: names of months in `xx` are not known",
        ),
        (
            "cef",
            "name",
            vec![text("name", "%{n}|")],
            Written(r#"{"n":"a|b"}"#),
            "CEF:0|Elasticsearch|Logstash|1.0|Logstash|a\\|b\\||6|",
        ),
        (
            "cef",
            "product",
            vec![text("product", "a\\b")],
            Written("{}"),
            "CEF:0|Elasticsearch|a\\\\b|1.0|Logstash|Logstash|6|",
        ),
        (
            "cef",
            "raw_data_field",
            vec![text("raw_data_field", "[a][raw]")],
            Read(b"no message"),
            r#"{"message":"no message","tags":["_cefparsefailure"],"a":{"raw":"no message"}}"#,
        ),
        (
            "cef",
            "reverse_mapping",
            vec![text("reverse_mapping", "true"), ("fields", list(&["message", "a"]))],
            Written(r#"{"message":"m","a":"b"}"#),
            "CEF:0|Elasticsearch|Logstash|1.0|Logstash|Logstash|6|msg=m a=b",
        ),
        (
            "cef",
            "severity",
            vec![text("severity", "%{s}")],
            Written(r#"{"s":"very"}"#),
            "CEF:0|Elasticsearch|Logstash|1.0|Logstash|Logstash|6|",
        ),
        (
            "cef",
            "severity",
            vec![text("severity", "%{s}")],
            Written(r#"{"s":"7"}"#),
            "CEF:0|Elasticsearch|Logstash|1.0|Logstash|Logstash|7|",
        ),
        (
            "cef",
            "signature",
            vec![text("signature", "")],
            Written("{}"),
            "CEF:0|Elasticsearch|Logstash|1.0|Logstash|Logstash|6|",
        ),
        (
            "cef",
            "vendor",
            vec![text("vendor", "%{nowhere}")],
            Written("{}"),
            "CEF:0|%{nowhere}|Logstash|1.0|Logstash|Logstash|6|",
        ),
        (
            "cef",
            "version",
            vec![text("version", "2.0\n")],
            Written("{}"),
            "CEF:0|Elasticsearch|Logstash|2.0 |Logstash|Logstash|6|",
        ),
    ]
}
