//! What the demo says at its end: what was written, three documents, and how to go on.

use crate::app::demo::board::Board;
use crate::app::demo::file_of;
use crate::cli::terminal::{BOLD, CYAN, GREEN, Look, cut, printable, width};
use crate::cli::{count, thousands};
use std::io::{self, Write as _};
use std::path::Path;

pub fn print(board: &Board, folder: &Path, look: Look) -> io::Result<()> {
    let mut text = written(board, folder, look);
    text += &examples(board, look);
    text += &format!("\n{}\n", look.paint(BOLD, "the same pipeline, into an Elasticsearch:"));
    let command = format!("ELASTICSEARCH_HOSTS=http://localhost:9200 timberline run -f {}", folder.display());
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
    let mut out = String::new();
    for example in board.examples() {
        out += &format!("\n{}\n", look.paint(BOLD, &format!("{}:", example.title())));
        if look.terminal {
            flow(&example.source, look).iter().for_each(|line| out += &format!("  {line}\n"));
        } else {
            out += &format!("  {}\n", example.source);
        }
    }
    out
}

/// The document's fields one behind the other, in lines that fit the terminal; a field that fits none is cut.
fn flow(source: &str, look: Look) -> Vec<String> {
    let columns = look.width.saturating_sub(4);
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(source).unwrap_or_default();
    let mut lines = vec![String::new()];
    let mut taken = 0;
    for (name, value) in &fields {
        let name = printable(name);
        let value = printable(&value.to_string()).into_owned();
        let value = cut(&value, columns.saturating_sub(width(&name) + 2)).into_owned();
        let wide = width(&name) + 1 + width(&value);
        if taken > 0 && taken + 2 + wide > columns {
            lines.push(String::new());
            taken = 0;
        }
        let line = lines.last_mut().expect("never empty");
        *line += if taken > 0 { "  " } else { "" };
        *line += &format!("{}{value}", look.paint(CYAN, &format!("{name}=")));
        taken += wide + if taken > 0 { 2 } else { 0 };
    }
    lines
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
