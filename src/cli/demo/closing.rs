//! What the demo says at its end: what was written, three documents, and how to go on.

use super::conf;
use crate::app::demo::board::Board;
use crate::app::demo::file_of;
use crate::cli::terminal::{BOLD, CYAN, DIM, GREEN, Look, cut, printable};
use crate::cli::{count, thousands};
use std::io::{self, Write as _};
use std::path::Path;

pub fn print(board: &Board, folder: &Path, look: Look) -> io::Result<()> {
    let mut text = written(board, folder, look);
    text += &examples(board, look);
    text += &format!("\n{}\n", look.paint(BOLD, "the same pipeline, into an Elasticsearch:"));
    let command = format!("ELASTICSEARCH_HOSTS=http://localhost:9200 timberline run -f {}", conf(folder).display());
    text += &format!("  {}\n", look.paint(GREEN, &command));
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn written(board: &Board, folder: &Path, look: Look) -> String {
    let documents: u64 = board.indices.values().sum();
    let title = format!("wrote {}, {}:", count(documents as usize, "document"), size(board.bytes));
    let mut out = format!("\n{}\n", look.paint(BOLD, &title));
    for (index, documents) in &board.indices {
        let file = file_of(folder, index);
        out += &format!("  {:>9}  {}\n", thousands(*documents), file.display());
    }
    out
}

fn examples(board: &Board, look: Look) -> String {
    let examples: Vec<&String> = board.examples.iter().flatten().collect();
    let mut out = String::new();
    for (at, example) in examples.iter().enumerate() {
        let title = if at == 0 { format!("\n{}\n", look.paint(BOLD, "some of them:")) } else { "\n".to_string() };
        out += &title;
        out += &document(example, look);
    }
    out
}

/// A field a line; on a terminal, cut at its edge.
fn document(source: &str, look: Look) -> String {
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(source).unwrap_or_default();
    let last = fields.len().saturating_sub(1);
    let mut out = "  {\n".to_string();
    for (at, (name, value)) in fields.iter().enumerate() {
        let name = serde_json::Value::from(name.as_str()).to_string();
        let comma = if at == last { "" } else { "," };
        let value = printable(&format!("{value}{comma}")).into_owned();
        let room = look.width.saturating_sub(name.chars().count() + 6);
        let value = if look.terminal { cut(&value, room).into_owned() } else { value };
        out += &format!("    {}{} {value}\n", look.paint(CYAN, &name), look.paint(DIM, ":"));
    }
    out + "  }\n"
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
