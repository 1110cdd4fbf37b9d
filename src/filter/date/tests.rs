//! The filter as a pipeline sees it, by the examples of its documentation.

use super::*;
use crate::event::{Arena, Identity, json};
use crate::filter::{Ecs, Effects, Files};
use crate::plugin::Given;
use std::path::{Path, PathBuf};

struct World(Timestamp);

impl Effects for World {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn ticks(&self) -> u64 {
        0
    }
}

impl Files for World {
    fn read(&self, _path: &Path) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::NotFound.into())
    }

    fn list(&self, _folder: &Path) -> std::io::Result<Vec<PathBuf>> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

const NOW: &str = "2026-11-23T10:00:00Z";

fn list(texts: &[&str]) -> Item {
    Item { given: Given::List(texts.iter().map(|text| Item::text(text)).collect()), place: Default::default() }
}

fn built(settings: &[(&str, Item)], now: &str) -> Result<Box<dyn Filter>, Fault> {
    let given = settings.iter().map(|(name, item)| (name.to_string(), item.clone())).collect();
    let settings = Settings::check(&DECLARATION, given).map_err(|mut faults| faults.remove(0))?;
    let files = World(Timestamp::parse_iso(now).unwrap());
    (PLUGIN.build)(&settings, &Build { ecs: Ecs::V8, files: &files, common: &Default::default() })
}

/// The event after the filter, without the field that it read.
fn run(settings: &[(&str, Item)], fields: &str, now: &str) -> String {
    let arena = Arena::new();
    let mut filter = built(settings, now).unwrap_or_else(|fault| panic!("{fault}"));
    let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
    event.root = json::read::object(fields, &arena).unwrap();
    let effects = World(Timestamp::parse_iso(now).unwrap());
    let mut cx = Context { arena: &arena, effects: &effects, emitted: &mut Vec::new(), place: 0, reasons: None };
    let outcome = filter.filter(&mut event, &mut cx);
    event.root.remove("t");
    let mut out = Vec::new();
    json::write::object(&event.root, &mut out);
    format!("{outcome:?} {}", String::from_utf8(out).unwrap())
}

/// What the patterns make of a value of the field `t`, in UTC.
fn check(patterns: &[&str], value: &str, expected: &str) {
    let settings = [("match", list(&[&["t"], patterns].concat())), ("timezone", Item::text("UTC"))];
    let expected = match expected {
        "fails" => r#"Unmatched {"tags":["_dateparsefailure"]}"#.to_string(),
        time => format!(r#"Matched {{"@timestamp":"{time}"}}"#),
    };
    assert_eq!(run(&settings, &format!("{{\"t\":{value}}}"), NOW), expected, "{patterns:?} {value}");
}

#[test]
fn iso8601_is_read_in_all_its_forms() {
    for (text, expected) in [
        ("2011-04-19T03:44:01.103Z", "2011-04-19T03:44:01.103Z"),
        ("2011-04-19T03:44:01.103456+02:00", "2011-04-19T01:44:01.103Z"),
        ("2011-04-19 03:44:01,103", "2011-04-19T03:44:01.103Z"),
        ("2011-04-19T03:44:01-0800", "2011-04-19T11:44:01.000Z"),
        ("2011-04-19T03:44+01", "2011-04-19T02:44:00.000Z"),
        ("2011-04-19T03", "2011-04-19T03:00:00.000Z"),
        ("2011-04-19", "2011-04-19T00:00:00.000Z"),
        ("2011-04", "2011-04-01T00:00:00.000Z"),
        ("2011", "2011-01-01T00:00:00.000Z"),
        ("2011-109", "2011-04-19T00:00:00.000Z"),
        ("2011-W16-2T03:44Z", "2011-04-19T03:44:00.000Z"),
        ("2011-04-19T03.5", "2011-04-19T03:30:00.000Z"),
        ("2011-04-31", "fails"),
        ("2011-04-19T25:00:00Z", "fails"),
        ("yesterday", "fails"),
        ("", "fails"),
    ] {
        check(&["ISO8601"], &format!("\"{text}\""), expected);
    }
}

#[test]
fn unix_times_are_read_from_texts_and_numbers() {
    check(&["UNIX"], "1326149001.132", "2012-01-09T22:43:21.132Z");
    check(&["UNIX"], "\"1326149001.132\"", "2012-01-09T22:43:21.132Z");
    check(&["UNIX"], "1326149001", "2012-01-09T22:43:21.000Z");
    check(&["UNIX"], "\"-1.5\"", "1969-12-31T23:59:58.500Z");
    check(&["UNIX"], "\"1.326149001e9\"", "2012-01-09T22:43:21.000Z");
    check(&["UNIX"], "\"12 apples\"", "fails");
    check(&["UNIX"], "99999999999999", "fails");
    check(&["UNIX_MS"], "1366125117000", "2013-04-16T15:11:57.000Z");
    check(&["UNIX_MS"], "\"1366125117123.9\"", "2013-04-16T15:11:57.123Z");
    check(&["UNIX_MS"], "true", "fails");
    check(&["TAI64N"], "\"@4000000050d506482dbdf024\"", "2012-12-22T01:00:46.767Z");
    check(&["TAI64N"], "\"4000000050d506482dbdf024\"", "2012-12-22T01:00:46.767Z");
    check(&["TAI64N"], "\"@40\"", "fails");
}

#[test]
fn patterns_are_tried_in_order() {
    let patterns = ["MMM dd yyyy HH:mm:ss", "MMM  d yyyy HH:mm:ss", "UNIX", "ISO8601"];
    check(&patterns, "\"Apr 19 2011 03:44:01\"", "2011-04-19T03:44:01.000Z");
    check(&patterns, "\"Apr  9 2011 03:44:01\"", "2011-04-09T03:44:01.000Z");
    check(&patterns, "\"2011-04-09\"", "2011-04-09T00:00:00.000Z");
    check(&["yyyyMMdd"], "20110409", "2011-04-09T00:00:00.000Z");
    check(&["ISO8601"], "[\"2011-04-09\",\"2012-04-09\"]", "2011-04-09T00:00:00.000Z");
}

/// What Java 17 prints for these patterns on 3 October 2026, a Saturday, at 15:04.
#[test]
fn names_are_read_in_many_languages() {
    for (locale, pattern, text) in [
        ("en", "EEE MMM d yyyy h:mm a", "Sat Oct 3 2026 3:04 PM"),
        ("en-GB", "EEE d MMM yyyy h:mm a", "Sat 3 Oct 2026 3:04 pm"),
        ("de", "EEEE, d. MMMM yyyy HH:mm", "Samstag, 3. Oktober 2026 15:04"),
        ("de_DE.UTF-8", "EEE d. MMM yyyy HH:mm", "Sa. 3. Okt. 2026 15:04"),
        ("de", "d. MMM yyyy HH:mm", "3. Okt 2026 15:04"),
        ("fr", "EEE d MMM yyyy HH:mm", "sam. 3 oct. 2026 15:04"),
        ("es", "EEEE d MMMM yyyy h:mm a", "sábado 3 octubre 2026 3:04 p.\u{a0}m."),
        ("es-MX", "d MMM yyyy h:mm a", "3 oct. 2026 3:04 p. m."),
        ("it", "EEE d MMM yyyy HH:mm", "sab 3 ott 2026 15:04"),
        ("pt-BR", "d MMMM yyyy HH:mm", "3 outubro 2026 15:04"),
        ("nl", "EEE d MMM yyyy HH:mm", "za 3 okt. 2026 15:04"),
        ("pl", "d MMMM yyyy HH:mm", "3 października 2026 15:04"),
        ("ru", "EEE, d MMM yyyy HH:mm", "сб, 3 окт. 2026 15:04"),
        ("ru", "d MMMM yyyy HH:mm", "3 ОКТЯБРЯ 2026 15:04"),
        ("sv", "EEEE d MMM yyyy HH:mm", "lördag 3 okt. 2026 15:04"),
        ("da", "d MMM yyyy HH:mm", "3 okt. 2026 15:04"),
        ("fi", "d MMMM yyyy HH:mm", "3 lokakuuta 2026 15:04"),
        ("nb_NO", "d MMM yyyy HH:mm", "3 okt. 2026 15:04"),
        ("cs", "EEEE d MMMM yyyy HH:mm", "sobota 3 října 2026 15:04"),
        ("tr", "d MMMM yyyy EEEE HH:mm", "3 Ekim 2026 Cumartesi 15:04"),
        ("tr", "d MMMM yyyy HH:mm", "3 EKİM 2026 15:04"),
        ("ja", "yyyy年MMMMd日 ah:mm", "2026年10月3日 午後3:04"),
        ("zh-Hans-CN", "yyyy年MMMd日 EEEE ah:mm", "2026年10月3日 星期六 下午3:04"),
        ("zh", "yyyy MMMM d HH:mm", "2026 十月 3 15:04"),
        ("ko", "yyyy년 MMM d일 a h:mm", "2026년 10월 3일 오후 3:04"),
        ("vi", "d MMMM yyyy HH:mm", "3 tháng 10 2026 15:04"),
    ] {
        let settings =
            [("match", list(&["t", pattern])), ("timezone", Item::text("UTC")), ("locale", Item::text(locale))];
        let event = run(&settings, &format!("{{\"t\":\"{text}\"}}"), NOW);
        assert_eq!(event, r#"Matched {"@timestamp":"2026-10-03T15:04:00.000Z"}"#, "{locale} {text}");
    }
}

#[test]
fn names_of_another_language_do_not_fit() {
    let read = |locale: &str, text: &str| {
        let settings =
            [("match", list(&["t", "d MMM yyyy"])), ("timezone", Item::text("UTC")), ("locale", Item::text(locale))];
        run(&settings, &format!("{{\"t\":\"{text}\"}}"), NOW)
    };
    assert!(read("de", "3 Mai 2026").starts_with("Matched"));
    assert!(read("de", "3 May 2026").starts_with("Unmatched"));
    assert!(read("en", "3 Mai 2026").starts_with("Unmatched"));
    assert!(read("de-AT", "3 Jänner 2026").starts_with("Matched"));
    assert!(read("de", "3 Jänner 2026").starts_with("Unmatched"));
    // What a region leaves out of the language's names is read as the language has it.
    assert!(read("de-LU", "3 Januar 2026").starts_with("Matched"));
    assert!(read("en-GB", "3 Sept 2026").starts_with("Matched") && read("en-GB", "3 Sep 2026").starts_with("Matched"));
}

#[test]
fn a_year_is_guessed() {
    let settings = [("match", list(&["t", "MMM dd HH:mm"])), ("timezone", Item::text("UTC"))];
    for (text, now, expected) in [
        ("Nov 23 09:59", NOW, "2026-11-23T09:59:00.000Z"),
        ("Dec 31 23:59", "2026-01-01T00:00:01Z", "2025-12-31T23:59:00.000Z"),
        ("Jan 01 00:00", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00.000Z"),
        ("Jul 01 00:00", "2026-12-31T23:59:59Z", "2026-07-01T00:00:00.000Z"),
    ] {
        let event = run(&settings, &format!("{{\"t\":\"{text}\"}}"), now);
        assert_eq!(event, format!(r#"Matched {{"@timestamp":"{expected}"}}"#));
    }
}

#[test]
fn zones_are_kept() {
    let read = |zone: &str, text: &str| {
        let settings =
            [("match", list(&["t", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm ZZZ"])), ("timezone", Item::text(zone))];
        run(&settings, &format!("{{\"t\":\"{text}\",\"zone\":\"Asia/Tokyo\"}}"), NOW)
            .replace("\"zone\":\"Asia/Tokyo\",", "")
    };
    let at = |time: &str| format!(r#"Matched {{"@timestamp":"{time}"}}"#);
    assert_eq!(read("Europe/Berlin", "2026-07-01 12:00"), at("2026-07-01T10:00:00.000Z"));
    assert_eq!(read("Europe/Berlin", "2026-12-01 12:00"), at("2026-12-01T11:00:00.000Z"));
    assert_eq!(read("Europe/Berlin", "2026-10-25 02:30"), at("2026-10-25T00:30:00.000Z"));
    assert_eq!(read("Europe/Berlin", "2026-03-29 02:30"), r#"Unmatched {"tags":["_dateparsefailure"]}"#);
    assert_eq!(read("-03:30", "2026-12-01 12:00"), at("2026-12-01T15:30:00.000Z"));
    assert_eq!(read("%{zone}", "2026-12-01 12:00"), at("2026-12-01T03:00:00.000Z"));
    assert_eq!(read("UTC", "2026-12-01 12:00 America/New_York"), at("2026-12-01T17:00:00.000Z"));
}

#[test]
fn the_time_goes_to_the_target() {
    let settings = [("match", list(&["t", "UNIX"])), ("target", Item::text("[event][created]"))];
    assert_eq!(run(&settings, r#"{"t":0}"#, NOW), r#"Matched {"event":{"created":"1970-01-01T00:00:00.000Z"}}"#);
    assert_eq!(
        run(&settings, r#"{"t":0,"event":"x"}"#, NOW),
        r#"Unmatched {"event":"x","tags":["_dateparsefailure"]}"#
    );
}

#[test]
fn a_missing_field_is_no_failure() {
    let settings = [("match", list(&["t", "UNIX"]))];
    for fields in ["{}", r#"{"t":null}"#, r#"{"t":[]}"#] {
        assert_eq!(run(&settings, fields, NOW), "Unmatched {}");
    }
}

#[test]
fn mistakes_are_explained() {
    let fault = |settings: &[(&str, Item)]| built(settings, NOW).err().map(|fault| fault.text).unwrap_or_default();
    assert_eq!(fault(&[]), "`match` of filter `date` needs a field and at least one pattern");
    assert_eq!(
        fault(&[("match", list(&["t", "yyyy-MM-ddTHH"]))]),
        "bad date pattern `yyyy-MM-ddTHH`: `T` is no letter of Joda-Time's date patterns"
    );
    assert_eq!(
        fault(&[("match", list(&["t", "UNIX"])), ("timezone", Item::text("Europe/Berln"))]),
        "there is no time zone `Europe/Berln`"
    );
    assert_eq!(
        fault(&[("match", list(&["t", "MMM d"])), ("locale", Item::text("xx-YY"))]),
        "names of months and days in `xx-YY` are not known"
    );
    assert_eq!(fault(&[("match", list(&["t", "MMM d"])), ("locale", Item::text("en_US"))]), "");
    assert_eq!(fault(&[("match", list(&["t", "ISO8601"])), ("locale", Item::text("xx"))]), "");
}
