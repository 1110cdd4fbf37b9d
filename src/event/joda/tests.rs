//! Letters by the examples of their documentation, and against jiff.

use super::*;

fn write(pattern: &str, dialect: Dialect, time: &str) -> String {
    let mut out = Vec::new();
    let pattern = Pattern::parse(pattern, dialect).unwrap_or_else(|bad| panic!("{pattern}: {bad}"));
    pattern.write_utc(Timestamp::parse_iso(time).unwrap(), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn joda_letters_print_as_documented() {
    for (pattern, expected) in [
        ("YYYY.MM.dd", "2026.11.03"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2026-11-03T09:04:05.123+0000"),
        ("yy/M/d H:m:s", "26/11/3 9:4:5"),
        ("EEE, d MMM yyyy", "Tue, 3 Nov 2026"),
        ("EEEE MMMM", "Tuesday November"),
        ("D e x-ww C G", "307 2 2026-45 20 AD"),
        ("hh K k a", "09 9 9 AM"),
        ("S SS SSSS SSSSSSSSSS", "1 12 1230 1230000000"),
        ("z zzzz Z ZZ ZZZ", "UTC Coordinated Universal Time +0000 +00:00 UTC"),
        ("'at' h 'o''clock' ''", "at 9 o'clock '"),
        ("yyyyMMddHH", "2026110309"),
        ("YYY-YYYYYY", "2026-002026"),
    ] {
        assert_eq!(write(pattern, Dialect::Joda, "2026-11-03T09:04:05.123456789Z"), expected, "{pattern}");
    }
    assert_eq!(write("K k h a H", Dialect::Joda, "2026-11-03T00:00:00Z"), "0 24 12 AM 0");
    assert_eq!(write("K k h a H", Dialect::Joda, "2026-11-03T12:00:00Z"), "0 12 12 PM 12");
    assert_eq!(write("xxxx-'W'ww-e xx", Dialect::Joda, "2027-01-01T00:00:00Z"), "2026-W53-5 26");
}

#[test]
fn java_letters_print_as_documented() {
    for (pattern, expected) in [
        ("yyyy-MM-dd", "2026-11-03"),
        ("uu.M.L MMM MMMM MMMMM", "26.11.11 Nov November N"),
        ("E EEEE EEEEE", "Tue Tuesday T"),
        ("D DDD d dd", "307 307 3 03"),
        ("Q QQ QQQ QQQQ", "4 04 Q4 4th quarter"),
        ("e c eee F W", "3 3 Tue 1 1"),
        ("YYYY-ww", "2026-45"),
        ("HH:mm:ss.SSSSSSSSS n A", "09:04:05.123456789 123456789 32645123"),
        ("h K k a", "9 9 9 AM"),
        ("VV z O OOOO X XXX x xx xxx Z ZZZZ ZZZZZ", "Z Z GMT GMT Z Z +00 +0000 +00:00 +0000 GMT Z"),
        ("G GGGG", "AD Anno Domini"),
        ("pppd[ HH]", "  3 09"),
        ("'day' d", "day 3"),
    ] {
        assert_eq!(write(pattern, Dialect::JavaTime, "2026-11-03T09:04:05.123456789Z"), expected, "{pattern}");
    }
    assert_eq!(write("TAI64N", Dialect::JavaTime, "1970-01-01T00:00:00.5Z"), "@400000000000000a1dcd6500");
    assert_eq!(write("YYYY ww", Dialect::JavaTime, "2026-12-27T00:00:00Z"), "2027 01");
}

#[test]
fn a_letter_that_no_pattern_has_is_named() {
    for (pattern, dialect, text) in [
        ("yyyy-MM-ddTHH", Dialect::Joda, "`T` is no letter of Joda-Time's date patterns"),
        ("yyyy-MM-ddTHH", Dialect::JavaTime, "`T` is no letter of java.time's date patterns"),
        ("HHH", Dialect::JavaTime, "`H` stands 3 times in the date pattern, 2 is the most"),
        ("V", Dialect::JavaTime, "`V` must stand twice in a date pattern"),
        ("yyyy#", Dialect::JavaTime, "`#` is reserved in java.time's date patterns: `yyyy#`"),
        ("'x", Dialect::JavaTime, "a quote in the date pattern `'x` is not closed"),
    ] {
        assert_eq!(Pattern::parse(pattern, dialect).unwrap_err().text, text);
    }
}

fn read(pattern: &str, text: &str) -> String {
    let pattern = Pattern::parse(pattern, Dialect::Joda).unwrap();
    let Some(fields) = pattern.read(text, Guess { year: 2026, locale: None }) else { return "unread".into() };
    let Some(civil) = fields.civil(2026) else { return "no date".into() };
    let time = civil.to_timestamp(0).unwrap().to_string();
    match fields.zone {
        ReadZone::Unsaid => time.trim_end_matches('Z').into(),
        ReadZone::Offset(seconds) => format!("{} {seconds:+}", time.trim_end_matches('Z')),
        ReadZone::Id(id) => format!("{} {id}", time.trim_end_matches('Z')),
    }
}

#[test]
fn texts_are_read_as_joda_reads_them() {
    for (pattern, text, expected) in [
        ("dd/MMM/yyyy:HH:mm:ss Z", "03/Nov/2026:09:04:05 +0100", "2026-11-03T09:04:05.000 +3600"),
        ("yyyy-MM-dd HH:mm:ss,SSS", "2026-11-03 09:04:05,123", "2026-11-03T09:04:05.123"),
        ("yyyy-MM-dd HH:mm:ss.SSSSSS", "2026-11-03 09:04:05.123456", "2026-11-03T09:04:05.123"),
        ("yyyy-MM-dd HH:mm:ss.SSS", "2026-11-03 09:04:05.1234", "unread"),
        ("MMM d HH:mm:ss", "nov 3 9:4:5", "2026-11-03T09:04:05.000"),
        ("MMM  d", "NOVEMBER  3", "2026-11-03T00:00:00.000"),
        ("MMM d", "noV 3", "unread"),
        ("M/d/yyyy, h:mm:ss a", "11/3/2026, 10:07:59 PM", "2026-11-03T22:07:59.000"),
        ("h a", "12 AM", "2026-01-01T00:00:00.000"),
        ("yyyyMMddHHmmss", "20261103090405", "2026-11-03T09:04:05.000"),
        ("yyMMdd", "991103", "1999-11-03T00:00:00.000"),
        ("dd.MM.yy", "03.11.45", "2045-11-03T00:00:00.000"),
        ("dd.MM.yy", "03.11.46", "1946-11-03T00:00:00.000"),
        ("dd.MM.yy", "03.11.2026", "2026-11-03T00:00:00.000"),
        ("yyyy-DDD", "2026-307", "2026-11-03T00:00:00.000"),
        ("xxxx-'W'ww-e", "2026-W45-2", "2026-11-03T00:00:00.000"),
        ("EEE yyyy-MM-dd", "Mon 2026-11-03", "2026-11-02T00:00:00.000"),
        ("yyyy-MM-dd'T'HH:mm:ssZ", "2026-11-03T09:04:05Z", "2026-11-03T09:04:05.000 +0"),
        ("yyyy-MM-dd HH:mm ZZ", "2026-11-03 09:04 -05:30", "2026-11-03T09:04:00.000 -19800"),
        ("yyyy-MM-dd HH:mm ZZZ", "2026-11-03 09:04 Europe/Berlin", "2026-11-03T09:04:00.000 Europe/Berlin"),
        ("HH:mm z yyyy", "09:04 EST 2026", "2026-01-01T09:04:00.000 America/New_York"),
        ("yyyy-MM-dd", "2026-02-30", "no date"),
        ("yyyy-MM-dd HH", "2026-02-03 24", "no date"),
        ("yyyy-MM-dd kk", "2026-02-03 24", "2026-02-03T00:00:00.000"),
        ("yyyy", "2026 ", "unread"),
        ("yyyy", "", "unread"),
        ("HH:mm", "1é", "unread"),
        ("G YYYY", "BC 0044", "-0043-01-01T00:00:00.000"),
    ] {
        assert_eq!(read(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let patterns =
        ["yyyy-MM-dd HH:mm:ss.SSS", "xxxx ww e kk:m:s SSS", "y D h a m s SSS", "EEEE d MMMM YYYY K:mm:ss.SSS a G"];
    for pattern in patterns.map(|pattern| Pattern::parse(pattern, Dialect::Joda).unwrap()) {
        for seconds in (0..4_000_000_000i64).step_by(7_654_321) {
            let time = Timestamp { seconds, nanos: 789_000_000 };
            let mut out = Vec::new();
            pattern.write_utc(time, &mut out);
            let text = String::from_utf8(out).unwrap();
            let fields =
                pattern.read(&text, Guess { year: 2026, locale: None }).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!(fields.civil(1970).and_then(|civil| civil.to_timestamp(0)), Some(time), "{text}");
        }
    }
}

#[test]
fn weeks_agree_with_jiff() {
    for day in (-20_000..40_000).step_by(3) {
        let time = Timestamp { seconds: day * 86_400, nanos: 0 };
        let date = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(time.seconds).unwrap()).date();
        let week = date.iso_week_date();
        let expected = format!("{}-{:02}-{}", week.year(), week.week(), week.weekday().to_monday_one_offset());
        assert_eq!(write("xxxx-ww-e", Dialect::Joda, &time.to_string()), expected);
    }
}
