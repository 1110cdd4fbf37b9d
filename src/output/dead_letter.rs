//! Dead letters: documents that the engine refused for good, kept whole with the engine's reason.
//!
//! On disk: `<data>/dead_letters/<output>.ndjson`, mode 0600 in a folder of mode 0700, appended only, one JSON object a line:
//! `{"time","output","index","id","status","type","reason","action","document"}`. `action` is the bulk action as it was
//! sent. `document` is the document as it was sent, as JSON where it is JSON, else as a string; bytes that are not UTF-8
//! stand in `document_base64` instead.
//!
//! Invariants: letters are on the disk (fsync) when `write` comes back, and only then does a document count as having its
//! verdict. A line that a crash or a full disk tore is ended before the next letter, and is no JSON: readers pass over it.
//! The file is bounded: beyond `bytes_max` letters are dropped, counted and said.

use crate::event::Timestamp;
use crate::telemetry::metrics;
use crate::telemetry::metrics::Gauge;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The folder under the data folder.
pub const FOLDER: &str = "dead_letters";

/// One refused document.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    pub index: &'a [u8],
    pub id: &'a [u8],
    /// The bulk action line.
    pub action: &'a [u8],
    pub document: &'a [u8],
    pub status: u16,
    pub kind: &'a str,
    pub reason: &'a str,
}

/// What became of some letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub kept: usize,
    /// Beyond the limit.
    pub dropped: usize,
}

/// The dead letters of one output.
#[derive(Debug)]
pub struct DeadLetters {
    path: PathBuf,
    output: String,
    bytes_max: u64,
    file: Option<File>,
    /// A write failed half-way: the line it left is ended first.
    torn: bool,
    gauge: Gauge,
}

impl DeadLetters {
    /// Touches nothing yet: the file is made with the first letter.
    pub fn new(data: &Path, output: &str, bytes_max: u64) -> DeadLetters {
        let name: String =
            output.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let letters = DeadLetters {
            path: data.join(FOLDER).join(format!("{name}.ndjson")),
            output: output.into(),
            bytes_max,
            file: None,
            torn: false,
            gauge: metrics::gauge(metrics::DEAD_LETTER_BYTES, &[]),
        };
        letters.gauge.set(letters.folder_bytes() as f64);
        letters
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes letters and syncs them. After an error none of them counts as kept.
    pub fn write<'a>(&mut self, letters: impl Iterator<Item = Letter<'a>>, now: Timestamp) -> io::Result<Kept> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let (mut text, mut kept) = (Vec::new(), Kept::default());
        let size = file.metadata()?.len();
        if self.torn {
            text.push(b'\n');
        }
        for letter in letters {
            let start = text.len();
            self.append(&letter, now, &mut text);
            if size + text.len() as u64 > self.bytes_max {
                text.truncate(start);
                kept.dropped += 1;
            } else {
                kept.kept += 1;
            }
        }
        self.torn = true;
        file.write_all(&text)?;
        file.sync_data()?;
        self.torn = false;
        self.gauge.set(self.folder_bytes() as f64);
        self.file = Some(file);
        Ok(kept)
    }

    /// All outputs' letters together.
    fn folder_bytes(&self) -> u64 {
        let folder = self.path.parent().map(std::fs::read_dir);
        let files = folder.into_iter().flatten().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
    }

    fn open(&mut self) -> io::Result<File> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        if !folder.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            File::open(folder.parent().unwrap_or(Path::new(".")))?.sync_all()?;
        }
        let file = OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&self.path)?;
        // The entry of a new file is as durable as its folder.
        File::open(folder)?.sync_all()?;
        let size = file.metadata()?.len();
        let mut last = [b'\n'];
        if size > 0 {
            file.read_exact_at(&mut last, size - 1)?;
        }
        self.torn = last != [b'\n'];
        Ok(file)
    }

    fn append(&self, letter: &Letter<'_>, now: Timestamp, out: &mut Vec<u8>) {
        let field = |name: &str, value: &str, out: &mut Vec<u8>| {
            out.extend_from_slice(if out.last() == Some(&b'{') { b"\"" } else { b",\"" });
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            out.extend_from_slice(value.as_bytes());
        };
        let quoted = |bytes: &[u8]| serde_json::Value::from(String::from_utf8_lossy(bytes)).to_string();
        out.push(b'{');
        field("time", &quoted(now.to_string().as_bytes()), out);
        field("output", &quoted(self.output.as_bytes()), out);
        field("index", &quoted(letter.index), out);
        if !letter.id.is_empty() {
            // It lies in the action line as JSON already.
            field("id", &format!("\"{}\"", String::from_utf8_lossy(letter.id)), out);
        }
        field("status", &letter.status.to_string(), out);
        field("type", &quoted(letter.kind.as_bytes()), out);
        field("reason", &quoted(letter.reason.as_bytes()), out);
        if let Some(action) = as_json(letter.action) {
            field("action", action.get(), out);
        }
        match (as_json(letter.document), std::str::from_utf8(letter.document)) {
            (Some(json), _) => field("document", json.get(), out),
            (None, Ok(text)) => field("document", &quoted(text.as_bytes()), out),
            (None, Err(_)) => {
                field("document_base64", &quoted(STANDARD.encode(letter.document).as_bytes()), out);
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

/// The text as it stands, if it is JSON on one line.
fn as_json(text: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(text).ok().filter(|json: &&RawValue| !json.get().contains(['\n', '\r']))
}

#[cfg(test)]
mod tests {
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
        let mut letters = DeadLetters::new(data.path(), "es main", 1 << 20);
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
        let mut letters = DeadLetters::new(data.path(), "es", 1 << 20);
        write(&mut letters, &[b"{}"]);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(letters.path()), mode(letters.path().parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn what_is_no_json_is_kept_as_text_or_base64() {
        let data = tempfile::tempdir().unwrap();
        let mut letters = DeadLetters::new(data.path(), "es", 1 << 20);
        write(&mut letters, &[b"{\"cut", b"\xff{", b"{}\n"]);
        let lines = lines(&letters);
        assert_eq!(lines[0].as_ref().unwrap()["document"], "{\"cut");
        assert_eq!(lines[1].as_ref().unwrap()["document_base64"], "/3s=");
        assert_eq!(lines[2].as_ref().unwrap()["document"], json!({}));
    }

    #[test]
    fn beyond_the_limit_letters_are_dropped_and_counted() {
        let data = tempfile::tempdir().unwrap();
        let mut letters = DeadLetters::new(data.path(), "es", 700);
        let first = write(&mut letters, &[LETTER.document; 5]);
        assert_eq!((first.kept + first.dropped, first.kept > 0, first.dropped > 0), (5, true, true));
        assert_eq!(write(&mut letters, &[LETTER.document]), Kept { kept: 0, dropped: 1 });
        assert!(std::fs::metadata(letters.path()).unwrap().len() <= 700);
    }

    #[test]
    fn a_torn_line_harms_no_other() {
        let data = tempfile::tempdir().unwrap();
        let mut letters = DeadLetters::new(data.path(), "es", 1 << 20);
        write(&mut letters, &[b"{}"]);
        OpenOptions::new().append(true).open(letters.path()).unwrap().write_all(b"{\"time\":\"20").unwrap();
        let mut letters = DeadLetters::new(data.path(), "es", 1 << 20);
        write(&mut letters, &[b"{}"]);
        let lines = lines(&letters);
        assert_eq!((lines.len(), lines[0].is_ok(), lines[1].is_err(), lines[2].is_ok()), (3, true, true, true));
    }
}
