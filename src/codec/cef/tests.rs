//! Messages in and out, with CEF's names and with ECS's.

use super::super::testing::{self, build, decode, encode_with, list, settings_of};
use super::*;
use crate::event::Timestamp;
use crate::plugin::Item;

const ECS: (&str, &str) = ("ecs_compatibility", "v8");
const UTC: (&str, &str) = ("default_timezone", "UTC");

fn check(given: &[(&str, &str)], input: &str, expected: &[&str]) {
    assert_eq!(decode(&PLUGIN, given, input.as_bytes()), expected, "{input}");
}

const MESSAGE: &str = r"CEF:0|Security|threatmanager|1.0|100|trojan successfully stopped|10|src=10.0.0.192 dst=12.121.122.82 spt=1232 app=HTTP cs1=a b cs1Label=c";

#[test]
fn fields_have_cefs_names_without_ecs() {
    check(
        &[],
        MESSAGE,
        &[concat!(
            r#"{"cefVersion":"0","deviceVendor":"Security","deviceProduct":"threatmanager","deviceVersion":"1.0","#,
            r#""deviceEventClassId":"100","name":"trojan successfully stopped","severity":"10","#,
            r#""sourceAddress":"10.0.0.192","destinationAddress":"12.121.122.82","sourcePort":"1232","#,
            r#""applicationProtocol":"HTTP","deviceCustomString1":"a b","deviceCustomString1Label":"c"}"#
        )],
    );
}

#[test]
fn fields_have_ecss_names_with_it() {
    let expected = concat!(
        r#"{"cef":{"version":"0","name":"trojan successfully stopped","device_custom_string_1":{"value":"a b","label":"c"}},"#,
        r#""observer":{"vendor":"Security","product":"threatmanager","version":"1.0"},"#,
        r#""event":{"code":"100","severity":"10"},"source":{"ip":"10.0.0.192","port":"1232"},"#,
        r#""destination":{"ip":"12.121.122.82"},"network":{"protocol":"HTTP"}}"#
    );
    check(&[ECS], MESSAGE, &[expected]);
    check(&[("ecs_compatibility", "v1")], MESSAGE, &[expected]);
}

/// The pipeline's mode counts where the codec says nothing, as in Logstash.
#[test]
fn the_pipelines_mode_is_the_default() {
    let settings = settings_of(&PLUGIN, &[]).unwrap();
    assert!(Cef::of(&settings.clone().in_pipeline("v8")).unwrap().ecs.is_some());
    assert!(Cef::of(&settings.in_pipeline("disabled")).unwrap().ecs.is_none());
}

#[test]
fn escapes_stand_for_what_they_escape() {
    check(
        &[],
        r"CEF:0|a\|b|c\\d|1|x|n\o|1|msg=a\=b\\c\nd request=http://h/?q=1&r=2 act=blocked a |",
        &[concat!(
            r#"{"cefVersion":"0","deviceVendor":"a|b","deviceProduct":"c\\d","deviceVersion":"1","deviceEventClassId":"x","#,
            r#""name":"n\\o","severity":"1","message":"a=b\\c\nd","requestUrl":"http://h/?q=1&r=2","#,
            r#""deviceAction":"blocked a |"}"#
        )],
    );
}

#[test]
fn names_that_are_not_known_are_fields_as_they_are() {
    check(
        &[ECS],
        "CEF:0|v|p|1|c|n|3|ad.my-key[0]=x  empty= act=a",
        &[concat!(
            r#"{"cef":{"version":"0","name":"n"},"observer":{"vendor":"v","product":"p","version":"1"},"#,
            r#""event":{"code":"c","severity":"3","action":"a"},"ad.my-key[0]":"x"}"#
        )],
    );
    check(
        &[],
        "CEF:0|v|p|1|c|n|3",
        &[
            r#"{"cefVersion":"0","deviceVendor":"v","deviceProduct":"p","deviceVersion":"1","deviceEventClassId":"c","name":"n","severity":"3"}"#,
        ],
    );
}

#[test]
fn a_syslog_header_is_kept() {
    let input = "<134>Nov 23 10:04:45 fw1 CEF:0|v|p|1|c|n|3|";
    assert!(
        decode(&PLUGIN, &[], input.as_bytes())[0]
            .starts_with(r#"{"syslog":"<134>Nov 23 10:04:45 fw1","cefVersion":"0""#)
    );
    assert!(
        decode(&PLUGIN, &[ECS], input.as_bytes())[0]
            .starts_with(r#"{"log":{"syslog":{"header":"<134>Nov 23 10:04:45 fw1"}}"#)
    );
}

#[test]
fn what_is_no_message_is_kept_with_a_tag() {
    for input in ["hello", "CEF:0|a|b|c", "CEF:0|v|p|1|c|n|3|no pairs here", "0|v|p|1|c|n|3|act=a"] {
        check(&[], input, &[&format!(r#"{{"message":"{input}","tags":["_cefparsefailure"]}}"#)]);
    }
    let late = "CEF:0|v|p|1|c|n|3|rt=yesterday";
    check(&[ECS, UTC], late, &[&format!(r#"{{"message":"{late}","tags":["_cefparsefailure"]}}"#)]);
    check(&[], "\n\n", &[]);
}

#[test]
fn messages_end_with_the_delimiter() {
    let two = "CEF:0|v|p|1|c|n|3|act=a\r\nCEF:0|v|p|1|c|n|3|msg=x\ny";
    assert_eq!(decode(&PLUGIN, &[("delimiter", r"\r\n")], two.as_bytes()).len(), 2);
    assert_eq!(decode(&PLUGIN, &[], two.as_bytes()).len(), 3);
    let bar = "CEF:0|v|p|1|c|n|3|act=a#CEF:0|v|p|1|c|n|3|act=b#";
    assert_eq!(decode(&PLUGIN, &[("delimiter", "#")], bar.as_bytes()).len(), 2);
    assert_eq!(
        encode_with(&PLUGIN, &[("delimiter", Item::text(r"\r\n"))], &["{}"]),
        "CEF:0|Elasticsearch|Logstash|1.0|Logstash|Logstash|6|\r\n"
    );
}

#[test]
fn the_device_saw_the_event_or_is_where_it_occurred() {
    let input = "CEF:0||||||0|dvc=10.0.0.1 dvchost=h deviceExternalId=7 dvcmac=m deviceDnsDomain=d";
    let rest = r#""event":{"severity":"0"}"#;
    check(
        &[ECS],
        input,
        &[&format!(
            r#"{{"cef":{{"version":"0"}},{rest},"observer":{{"ip":"10.0.0.1","hostname":"h","name":"7","mac":"m","registered_domain":"d"}}}}"#
        )],
    );
    check(
        &[ECS, ("device", "host")],
        input,
        &[&format!(
            r#"{{"cef":{{"version":"0"}},{rest},"host":{{"ip":"10.0.0.1","name":"h","id":"7","mac":"m","registered_domain":"d"}}}}"#
        )],
    );
}

#[test]
fn the_message_is_kept_as_it_came_on_request() {
    let given = [("raw_data_field", "[event][original]")];
    let input = "CEF:0||||||0|rawEvent=x";
    let expected = format!(r#"{{"cefVersion":"0","severity":"0","rawEvent":"x","event":{{"original":"{input}"}}}}"#);
    check(&given, input, &[&expected]);
    check(
        &[given[0], ECS],
        input,
        &[&format!(r#"{{"cef":{{"version":"0"}},"event":{{"severity":"0","original":"{input}"}}}}"#)],
    );
    check(&given, "x", &[r#"{"message":"x","tags":["_cefparsefailure"],"event":{"original":"x"}}"#]);
}

/// What a time of a message is, in a message that came at ten o'clock on 23 November 2026.
fn time(text: &str, zone: &str, locale: Option<&str>) -> String {
    let zone = times::zone(zone).unwrap();
    let locale = locale.map(|locale| Locale::named(locale).unwrap());
    let around = Around { now: Timestamp::parse_iso("2026-11-23T10:00:00Z").unwrap(), zone: &zone, locale };
    times::time(text, &around).map_or("none".into(), |time| time.to_string())
}

#[test]
fn times_are_read_in_every_form() {
    for (text, expected) in [
        ("1448721651000", "2015-11-28T14:40:51.000Z"),
        ("Nov 23 2026 09:00:00", "2026-11-23T08:00:00.000Z"),
        ("Nov 23 2026 09:00:00.123", "2026-11-23T08:00:00.123Z"),
        ("Nov 23 2026 09:00:00 UTC", "2026-11-23T09:00:00.000Z"),
        ("Nov 23 2026 09:00:00.123 GMT+03:00", "2026-11-23T06:00:00.123Z"),
        ("Nov 3 2026 09:00:00 -0800", "2026-11-03T17:00:00.000Z"),
        ("Nov 23 2026 09:00:00 PST", "2026-11-23T17:00:00.000Z"),
        ("Nov 23 09:00:00", "2026-11-23T08:00:00.000Z"),
        // A little ahead is this year's, more is last year's.
        ("Nov 24 09:00:00.5", "2026-11-24T08:00:00.500Z"),
        ("Dec 24 09:00:00", "2025-12-24T08:00:00.000Z"),
        ("Feb 29 09:00:00", "2024-02-29T08:00:00.000Z"),
        ("2026-11-23T09:00:00", "2026-11-23T08:00:00.000Z"),
        ("Nov 31 2026 09:00:00", "none"),
        ("Nov 23 2026 09:00:00 Mars", "none"),
        ("soon", "none"),
    ] {
        assert_eq!(time(text, "Europe/Berlin", None), expected, "{text}");
    }
    assert_eq!(time("Okt 03 2026 09:00:00", "UTC", Some("de")), "2026-10-03T09:00:00.000Z");
    assert_eq!(time("Okt 03 2026 09:00:00", "UTC", None), "none");
}

#[test]
fn times_are_of_the_messages_zone_or_of_the_default_one() {
    let fields = |given: &[(&str, &str)], extensions: &str| {
        let input = format!("CEF:0||||||0|{extensions}");
        decode(&PLUGIN, &[&[ECS], given].concat(), input.as_bytes()).remove(0)
    };
    let start = |given: &[(&str, &str)], more: &str| fields(given, &format!("start=Nov 23 2026 09:00:00{more}"));
    assert!(start(&[UTC], "").contains(r#""start":"2026-11-23T09:00:00.000Z""#));
    assert!(start(&[("default_timezone", "-08:00")], "").contains(r#""start":"2026-11-23T17:00:00.000Z""#));
    assert!(
        start(&[UTC], " dtz=Europe/Moscow")
            .contains(r#""start":"2026-11-23T06:00:00.000Z","timezone":"Europe/Moscow""#)
    );
    assert!(fields(&[UTC], "rt=Nov 23 2026 09:00:00").contains(r#""@timestamp":"2026-11-23T09:00:00.000Z""#));
    assert!(
        fields(&[UTC, ("locale", "fr_FR")], "end=févr. 03 2026 09:00:00")
            .contains(r#""end":"2026-02-03T09:00:00.000Z""#)
    );
    // Without ECS times stay as they are written.
    check(
        &[],
        "CEF:0||||||0|rt=Nov 23 2026 09:00:00",
        &[r#"{"cefVersion":"0","severity":"0","deviceReceiptTime":"Nov 23 2026 09:00:00"}"#],
    );
}

#[test]
fn mistakes_are_explained() {
    let fault = |given: &[(&str, &str)]| build(&PLUGIN, given).err().unwrap().text;
    assert_eq!(fault(&[ECS, ("default_timezone", "Europe/Berln")]), "there is no time zone `Europe/Berln`");
    assert_eq!(fault(&[("locale", "xx")]), "names of months in `xx` are not known");
    assert!(build(&PLUGIN, &[("raw_data_field", "[a")]).is_err());
    assert!(testing::settings(&PLUGIN, &[("device", "hots")]).is_err());
}

#[test]
fn events_are_written_with_their_header() {
    let write = |given: &[(&str, Item)], fields: &str| encode_with(&PLUGIN, given, &[fields]);
    let text = |name, text: &'static str| (name, Item::text(text));
    let header = [
        text("vendor", "%{v}"),
        text("product", r"p|p\"),
        text("version", "2"),
        text("signature", "s"),
        text("name", "n"),
        text("severity", "%{level}"),
    ];
    assert_eq!(write(&header, r#"{"v":"a\nb","level":9}"#), r"CEF:0|a b|p\|p\\|2|s|n|9|");
    assert_eq!(write(&header, r#"{"v":"","level":11}"#), r"CEF:0|Elasticsearch|p\|p\\|2|s|n|6|");
    assert_eq!(write(&[text("severity", "high")], "{}"), "CEF:0|Elasticsearch|Logstash|1.0|Logstash|Logstash|6|");
}

#[test]
fn fields_are_written_as_extensions() {
    let write = |given: &[(&str, Item)], fields: &str| {
        let text = encode_with(&PLUGIN, given, &[fields]);
        text.split_once("|6|").unwrap().1.to_string()
    };
    let fields = ("fields", list(&["sourceAddress", "message", "my_field", "none", "list"]));
    let event = r#"{"sourceAddress":"10.0.0.1","message":"a=b\\c\nd","my_field":1.5,"none":null,"list":[1,{"a":2}]}"#;
    assert_eq!(
        write(std::slice::from_ref(&fields), event),
        r#"sourceAddress=10.0.0.1 message=a\=b\\c\nd myfield=1.5 list=[1,{"a":2}]"#
    );
    let short = ("reverse_mapping", Item::text("true"));
    assert_eq!(write(&[fields, short.clone()], event), r#"src=10.0.0.1 msg=a\=b\\c\nd myfield=1.5 list=[1,{"a":2}]"#);
    let ecs = [
        ("ecs_compatibility", Item::text("v8")),
        (
            "fields",
            list(&[
                "[source][ip]",
                "[source][registered_domain]",
                "[host][ip]",
                "[cef][device_custom_number_3][label]",
            ]),
        ),
    ];
    let event = r#"{"source":{"ip":"10.0.0.1","registered_domain":"d"},"host":{"ip":"10.0.0.2"},"cef":{"device_custom_number_3":{"label":"l"}}}"#;
    let long = "sourceAddress=10.0.0.1 sourceDnsDomain=d deviceAddress=10.0.0.2 deviceCustomNumber3Label=l";
    assert_eq!(write(&ecs, event), long);
    let [mode, fields] = ecs;
    assert_eq!(write(&[mode, fields, short], event), "src=10.0.0.1 sourceDnsDomain=d dvc=10.0.0.2 cn3Label=l");
}

/// Each name of the table, by key and by field name, in its ECS field.
#[test]
fn every_name_is_mapped() {
    assert_eq!(names::all().len(), 119 + 4 * 15 * 2);
    for name in names::all() {
        for key in [&name.key, &name.field] {
            let value = if name.is_time { "1448721651000" } else { "value" };
            let read = decode(&PLUGIN, &[ECS, UTC], format!("CEF:0||||||0|{key}={value}").as_bytes()).remove(0);
            assert!(!read.contains("_cefparsefailure"), "{read}");
            let arena = Arena::new();
            let mut event = Event::new(&arena, Default::default(), Timestamp::default());
            event.absorb(crate::event::json::read::object(&read, &arena).unwrap(), &arena);
            assert!(event.get(&name.ecs).is_some(), "{key}: {read}");
        }
    }
}
