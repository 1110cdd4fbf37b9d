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
    let mut cx = Context { arena: &arena, effects: &effects, emitted: &mut Vec::new(), place: 0 };
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
        fault(&[("match", list(&["t", "MMM d"])), ("locale", Item::text("de"))]),
        "names of months and days in `de` are not known"
    );
    assert_eq!(fault(&[("match", list(&["t", "MMM d"])), ("locale", Item::text("en_US"))]), "");
}
