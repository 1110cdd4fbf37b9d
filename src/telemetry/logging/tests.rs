//! What a reader of the log sees.

use super::*;
use std::io::Write;
use std::sync::Arc;
use std::sync::Mutex;

const NOON_NS: u64 = 1_795_435_141_123_456_789;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);
impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn written(level: &str, style: Style, log: impl FnOnce()) -> String {
    let paper = Paper::default();
    let writer = paper.clone();
    let subscriber = subscriber(level.parse().unwrap(), style, Box::new(|| NOON_NS), move || writer.clone());
    tracing::subscriber::with_default(subscriber, log);
    String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
}

const PLAIN: Style = Style::Plain { colour: false, signed: false };

#[test]
fn a_plain_line_reads_well() {
    let line = written("info", PLAIN, || tracing::info!(sources = 3, folder = "/a b", ok = true, "registry is open"));
    assert_eq!(line, "2026-11-23T11:59:01.123Z  INFO telemetry: registry is open sources=3 folder=\"/a b\" ok=true\n");
}

#[test]
fn a_json_line_has_ecs_names_and_the_marker() {
    let line = written("info", Style::Json, || tracing::warn!(share = 0.5, why = %"no \"space\"", "cannot write"));
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["@timestamp"], "2026-11-23T11:59:01.123Z");
    assert_eq!((&value["log.level"], &value["message"]), (&"warn".into(), &"cannot write".into()));
    assert_eq!((&value["share"], &value["why"]), (&0.5.into(), &"no \"space\"".into()));
    assert!(line.contains(MARKER) && line.ends_with("}\n"));
}

#[test]
fn our_own_lines_are_known_from_all_others() {
    let signed = Style::Plain { colour: true, signed: true };
    for style in [Style::Json, signed] {
        let line = written("info", style, || tracing::info!(sources = 3, "open"));
        assert!(is_ours(line.trim_end().as_bytes()), "{line:?}");
    }
    let line = written("info", PLAIN, || tracing::info!(sources = 3, "open"));
    assert!(!is_ours(line.trim_end().as_bytes()));
    let other = r#"{"message":"x","service.ephemeral_id":"0123456789abcdef"}"#;
    for line in ["", "\"}", "hello", other] {
        assert!(!is_ours(line.as_bytes()), "{line}");
    }
}

#[test]
fn a_logged_text_can_neither_make_a_line_nor_steer_a_terminal() {
    let evil = "a\n{\"level\":\"error\"}\r\x1b[2J\u{9b}31m\u{2028}\0b";
    for style in [PLAIN, Style::Json, Style::Plain { colour: true, signed: true }] {
        let line = written("info", style, || tracing::info!(name = evil, other = ?evil, "{evil}"));
        assert_eq!(line.matches('\n').count(), 1, "{line:?}");
        let unpainted = line.replace("\x1b[2m", "").replace("\x1b[0m", "").replace("\x1b[32m", "");
        assert!(!unpainted.trim_end_matches('\n').chars().any(is_control), "{line:?}");
    }
    let line = written("info", Style::Json, || tracing::info!("{evil}"));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["message"], evil);
}

#[test]
fn levels_hold_and_other_crates_are_heard_from_warn_up() {
    let log = || {
        tracing::debug!("ours");
        tracing::info!(target: "hyper::proto", "theirs");
        tracing::warn!(target: "hyper::proto", "their warning");
    };
    let lines = |level| written(level, PLAIN, log).lines().map(|line| line[31..].to_string()).collect::<Vec<_>>();
    assert_eq!(lines("debug"), ["telemetry: ours", "hyper: their warning"]);
    assert_eq!(lines("fatal"), Vec::<String>::new());
}

#[test]
fn words_that_are_no_level_or_format_are_refused() {
    assert!("verbose".parse::<Level>().is_err() && "xml".parse::<Format>().is_err());
    assert!(LEVELS.iter().all(|level| level.parse::<Level>().is_ok()));
    assert!(FORMATS.iter().all(|format| format.parse::<Format>().is_ok()));
}
