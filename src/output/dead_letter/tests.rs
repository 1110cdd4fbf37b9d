//! What a letter holds, who may read it, and what a full or torn file does.

use super::*;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

const LETTER: Letter<'_> = Letter {
    index: b"logs-2026.11.23",
    id: b"abc",
    action: b"{\"create\":{\"_index\":\"logs-2026.11.23\",\"_id\":\"abc\"}}\n",
    document: br#"{"n":"x\nx", "big":12345678901234567890123}"#,
    status: 400,
    kind: "document_parsing_exception",
    reason: "failed to parse field [n]",
};

fn limit(bytes_max: u64) -> Limit {
    Limit { bytes_max, policy: Policy::DropNewer }
}

fn write(letters: &mut DeadLetters, documents: &[&'static [u8]]) -> Kept {
    let letters_of = documents.iter().map(|document| Letter { document, ..LETTER });
    letters.write(letters_of, Timestamp::from_millis(1_795_428_285_123)).unwrap()
}

fn lines(letters: &DeadLetters) -> Vec<Result<Value, String>> {
    let text = std::fs::read_to_string(letters.path()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).map_err(|_| line.to_string())).collect()
}

#[test]
fn a_letter_holds_the_document_and_the_reason() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(data.path(), "es main", limit(1 << 20));
    assert_eq!(write(&mut letters, &[LETTER.document]), Kept { kept: 1, dropped: 0 });
    let text = std::fs::read_to_string(data.path().join("dead_letters/es_main.ndjson")).unwrap();
    assert!(text.contains(r#""document":{"n":"x\nx", "big":12345678901234567890123}}"#), "{text}");
    let line = lines(&letters).remove(0).unwrap();
    assert_eq!(line["action"], json!({"create": {"_index": "logs-2026.11.23", "_id": "abc"}}));
    assert_eq!(
        (&line["time"], &line["output"], &line["id"], &line["status"]),
        (&json!("2026-11-23T10:04:45.123Z"), &json!("es main"), &json!("abc"), &json!(400))
    );
}

#[test]
fn nobody_else_may_read_them() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{}"]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(letters.path()), mode(letters.path().parent().unwrap())), (0o600, 0o700));
}

#[test]
fn what_is_no_json_is_kept_as_text_or_base64() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{\"cut", b"\xff{", b"{}\n"]);
    let lines = lines(&letters);
    assert_eq!(lines[0].as_ref().unwrap()["document"], "{\"cut");
    assert_eq!(lines[1].as_ref().unwrap()["document_base64"], "/3s=");
    assert_eq!(lines[2].as_ref().unwrap()["document"], json!({}));
}

#[test]
fn beyond_the_limit_letters_are_dropped_and_counted() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(data.path(), "es", limit(700));
    let first = write(&mut letters, &[LETTER.document; 5]);
    assert_eq!((first.kept + first.dropped, first.kept > 0, first.dropped > 0), (5, true, true));
    assert_eq!(write(&mut letters, &[LETTER.document]), Kept { kept: 0, dropped: 1 });
    assert!(std::fs::metadata(letters.path()).unwrap().len() <= 700);
}

#[test]
fn a_torn_line_harms_no_other() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{}"]);
    OpenOptions::new().append(true).open(letters.path()).unwrap().write_all(b"{\"time\":\"20").unwrap();
    let mut letters = DeadLetters::new(data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{}"]);
    let lines = lines(&letters);
    assert_eq!((lines.len(), lines[0].is_ok(), lines[1].is_err(), lines[2].is_ok()), (3, true, true, true));
}

#[test]
fn with_drop_older_the_oldest_make_room() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(data.path(), "es", Limit { bytes_max: 2000, policy: Policy::DropOlder });
    for n in 0..50 {
        let document = format!("{{\"n\":{n}}}");
        let letter = Letter { document: document.as_bytes(), ..LETTER };
        let kept = letters.write(std::iter::once(letter), Timestamp::from_millis(1_795_428_285_123 + n)).unwrap();
        assert_eq!(kept, Kept { kept: 1, dropped: 0 });
        assert!(std::fs::metadata(letters.path()).unwrap().len() <= 2000);
    }
    let left: Vec<i64> =
        lines(&letters).iter().map(|line| line.as_ref().unwrap()["document"]["n"].as_i64().unwrap()).collect();
    assert!(left.len() >= 3 && left.last() == Some(&49) && left.is_sorted(), "{left:?}");
    let giant = Letter { document: &[b'1'; 3000], ..LETTER };
    assert_eq!(letters.write(std::iter::once(giant), Timestamp::from_millis(0)).unwrap(), Kept { kept: 0, dropped: 1 });
}

#[test]
fn letters_are_read_back_by_their_names_and_taken_out_while_others_come() {
    let data = tempfile::tempdir().unwrap();
    let mut letters = DeadLetters::new(data.path(), "es", limit(1 << 20));
    write(&mut letters, &[b"{\"n\":1}", b"{\"n\":2}", b"\xff", b"{\"n\":4}"]);
    OpenOptions::new().append(true).open(letters.path()).unwrap().write_all(b"{\"torn").unwrap();
    let mut found = Vec::new();
    stored::each(data.path(), &mut |name, letter| {
        found.push((name.to_string(), letter.document().to_vec(), letter.id.as_deref().map(String::from)));
        true
    })
    .unwrap();
    assert_eq!(
        found.iter().map(|(_, document, _)| &document[..]).collect::<Vec<_>>(),
        [&b"{\"n\":1}"[..], b"{\"n\":2}", b"\xff", b"{\"n\":4}"]
    );
    assert_eq!(found[0].2.as_deref(), Some("abc"));
    write(&mut letters, &[b"{\"n\":5}"]);
    let gone = [found[1].0.clone(), found[2].0.clone()].into();
    assert_eq!(stored::remove(data.path(), &gone).unwrap(), 2);
    let mut left = Vec::new();
    stored::each(data.path(), &mut |_, letter| {
        left.push(String::from_utf8_lossy(&letter.document()).into_owned());
        true
    })
    .unwrap();
    assert_eq!(left, ["{\"n\":1}", "{\"n\":4}", "{\"n\":5}"]);
}
