//! A log line for machines, with ECS's field names.

use super::MARKER;
use super::Record;
use super::Shown;
use super::instance;
use super::is_control;
use std::fmt;
use std::fmt::Write;

pub(super) fn write(record: &Record, out: &mut impl Write) -> fmt::Result {
    let level = record.level.as_str().to_ascii_lowercase();
    write!(out, r#"{{"@timestamp":"{}","log.level":"{level}",{MARKER},"log.logger":"#, record.time)?;
    string(record.target, out)?;
    out.write_str(",\"message\":")?;
    string(&record.message, out)?;
    for (name, shown) in &record.fields {
        out.write_char(',')?;
        string(name, out)?;
        out.write_char(':')?;
        match shown {
            Shown::Bare(text) => out.write_str(text)?,
            Shown::Text(text) => string(text, out)?,
        }
    }
    writeln!(out, r#","service.ephemeral_id":"{}"}}"#, instance())
}

fn string(text: &str, out: &mut impl Write) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            c if is_control(c) => write!(out, "\\u{:04x}", u32::from(c))?,
            c => out.write_char(c)?,
        }
    }
    out.write_char('"')
}
