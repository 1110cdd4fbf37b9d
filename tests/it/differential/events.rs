//! Events by chance: names and values that the random pipelines ask for, and lines as programs log them.

use crate::engine::Random;
use std::fs;
use std::path::Path;

const NAMES: [&str; 10] = ["a", "b", "message", "level", "n", "list", "http", "tags", "error", "weird \\\"name"];
const TEXTS: [&str; 22] = [
    "",
    "x",
    "INFO",
    "warning",
    " padded\\t",
    "é ſ K",
    "{\\\"a\\\":1}",
    "{\\\"level\\\":50,\\\"n\\\":1.50,\\\"tags\\\":7}",
    "[1,2]",
    "42",
    "-7.25e3",
    "true",
    "2025-11-18T10:04:45.123Z",
    "2025-11-18 10:04:45,5+01:00",
    "2025-02-30T00:00:00Z",
    "GET /x?y=1 200",
    "a,b,,c,,",
    "line one\\nline two",
    "10.0.0.1 - - [18/Nov/2025:10:04:45 +0100] \\\"GET /a HTTP/1.1\\\" 503 12",
    "redis TIMEOUT after 5s",
    "\\u0001\\u2028/",
    "1763460285123",
];
const NUMBERS: [&str; 12] = [
    "0",
    "-0",
    "7",
    "50",
    "-3",
    "1.10",
    "2.0",
    "1e5",
    "9007199254740993",
    "123456789012345678901",
    "0.001",
    "-12.5E-2",
];

/// A JSON value.
fn value(random: &mut Random, depth: u64) -> String {
    match random.within(0..if depth == 0 { 8 } else { 12 }) {
        0 => "null".into(),
        1 => (*random.choose(&["true", "false"])).into(),
        2 | 3 => (*random.choose(&NUMBERS)).into(),
        4..=7 => format!("\"{}\"", random.choose(&TEXTS)),
        8 | 9 => {
            let items: Vec<String> = (0..random.within(0..4)).map(|_| value(random, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        _ => object(random, depth - 1, 3),
    }
}

fn object(random: &mut Random, depth: u64, most: u64) -> String {
    let fields: Vec<String> = (0..random.within(0..most + 1))
        .map(|_| format!("\"{}\":{}", random.choose(&NAMES), value(random, depth)))
        .collect();
    format!("{{{}}}", fields.join(", "))
}

/// A time of its own, so that no clock comes into it.
fn dated(random: &mut Random, fields: &str) -> String {
    let day = random.within(1..29);
    let comma = if fields == "{}" { "" } else { "," };
    format!("{{\"@timestamp\":\"2025-11-{day:02}T10:04:45.123Z\"{comma}{}", &fields[1..])
}

/// An event of the names that the random pipelines ask for.
pub fn random(random: &mut Random) -> String {
    let fields = object(random, 3, 8);
    dated(random, &fields)
}

fn as_event(message: &str, random: &mut Random) -> String {
    let fields = serde_json::json!({ "message": message, "stream": "stdout" }).to_string();
    dated(random, &fields)
}

/// A line as programs log it, or almost.
pub fn logged(random: &mut Random) -> String {
    let line = match random.within(0..8) {
        0..=3 => line_of_json(random),
        4 => format!(
            "2025-11-18 10:04:45 {} pool is {}",
            random.choose(&["ERROR", "INFO", "warn"]),
            random.choose(&["full", "a timeout", ""])
        ),
        5 => format!(
            "10.0.0.{} - - [18/Nov/2025:10:04:45 +0000] \"{} /api/{} HTTP/1.1\" {} {}",
            random.within(0..256),
            random.choose(&["GET", "POST", "get"]),
            random.within(0..9),
            random.choose(&["200", "404", "503", "99"]),
            random.choose(&["-", "120", "0"]),
        ),
        6 => (*random.choose(&TEXTS)).to_string(),
        _ => {
            let names = [
                "[Nest] 42  - 11/18/2025, 10:07:59 AM     LOG [Router] up +5ms",
                "1:M 18 Nov 2025 10:04:45.123 # WARNING",
                "2025-11-18 10:04:45.123 UTC [1] ERROR:  deadlock detected",
                "2025-11-18 10:04:45.123456+00:00 [error] <0.9.0> closed",
                "[2025-11-18 10:04:45,123] WARN slow (kafka.log)",
                "npm ERR! code 1",
            ];
            (*random.choose(&names)).to_string()
        }
    };
    let damaged = match random.within(0..10) {
        0 => line.chars().take(random.within(0..line.len() as u64 + 1) as usize).collect(),
        1 => format!("{line}é\u{1}"),
        _ => line,
    };
    as_event(&damaged, random)
}

fn line_of_json(random: &mut Random) -> String {
    let mut fields = vec![
        format!(
            "\"level\":{}",
            random.choose(&[
                "30",
                "50",
                "\"error\"",
                "\"WARNING\"",
                "\"info\"",
                "null",
                "{}",
                "40",
                "\"fatal\"",
                "35.5"
            ])
        ),
        format!(
            "\"timestamp\":\"{}\"",
            random.choose(&["2025-11-18T10:04:45.123Z", "2025-11-18T11:04:45.123456+01:00", "yesterday", ""])
        ),
        format!(
            "\"message\":{}",
            random
                .choose(&[
                    "\"order placed\"",
                    "\"redis timed out\"",
                    "{\\\"a\\\":1}",
                    "7",
                    "\"é\\n  at x\"",
                    "\"Card declined\""
                ])
                .replace("\\\"a\\\"", "\"a\"")
        ),
    ];
    for (name, values) in [
        (
            "http",
            [
                "{\"method\":\"GET\",\"status\":200,\"duration\":\"12 ms\"}",
                "{\"status_code\":\"503\",\"url\":\"/x\"}",
                "\"text\"",
                "{\"status\":\"bad\",\"method\":7}",
            ],
        ),
        (
            "error",
            [
                "{\"type\":\"TimeoutError\",\"message\":\"deadline exceeded\"}",
                "\"boom\"",
                "{\"stack\":\"Error: x\\n    at y\"}",
                "[1]",
            ],
        ),
        ("userId", ["\"u-1\"", "17", "null", "[\"a\"]"]),
        ("amount", ["12.50", "\"7\"", "\"much\"", "-3"]),
        ("service", ["\"api\"", "{\"name\":\"pay\"}", "{}", "5"]),
        ("tags", ["[\"a\"]", "\"b\"", "7", "[]"]),
        ("log", ["{\"level\":\"warn\"}", "\"x\"", "{}", "[]"]),
    ] {
        if random.within(0..3) == 0 {
            fields.push(format!("\"{name}\":{}", random.choose(&values)));
        }
    }
    random.shuffle(&mut fields);
    format!("{{{}}}", fields.join(","))
}

/// The lines of the fixtures' logs, as events.
pub fn of_fixtures() -> Vec<String> {
    let mut lines = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut lines);
    let mut random = Random::new(1);
    lines.iter().map(|line| as_event(line, &mut random)).collect()
}

fn collect(folder: &Path, lines: &mut Vec<String>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("it is part of the project").flatten().map(|it| it.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, lines);
        } else if path.extension().is_some_and(|end| end == "log") {
            let text = String::from_utf8_lossy(&fs::read(&path).expect("it is there")).into_owned();
            // The plain interpreter's library ends with the year 9999, and it knows no day of arrival.
            lines.extend(text.lines().map(message).filter(|line| !line.contains("9999-12-31")));
        }
    }
}

/// What Docker's envelope holds, or the line itself.
fn message(line: &str) -> String {
    let envelope: Result<serde_json::Value, _> = serde_json::from_str(line);
    let log =
        envelope.ok().and_then(|envelope| envelope["log"].as_str().map(|log| log.trim_end_matches('\n').to_string()));
    log.unwrap_or(line.into())
}
