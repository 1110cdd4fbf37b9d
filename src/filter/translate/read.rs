//! Dictionary files: YAML, JSON and CSV, told apart by the end of their names.

use crate::event::Owned;
use serde::Deserialize;
use serde::Deserializer;
use serde::de;
use std::fmt;
use std::path::Path;

/// Parts of a YAML file; the file's length has a limit of its own.
const YAML_NODES_MAX: usize = 16_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    /// With the most characters that a file may have.
    Yaml {
        characters_max: u64,
    },
    Json,
    Csv,
}

impl Format {
    /// By the file's name; `None` for any other end.
    pub fn of(path: &Path, characters_max: u64) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Format::Yaml { characters_max }),
            "json" => Some(Format::Json),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }

    /// The entries of a file, in its order.
    pub fn read(self, bytes: &[u8]) -> Result<Vec<(Box<str>, Owned)>, String> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| format!("it is not UTF-8: bad byte at offset {}", error.valid_up_to()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let whole = match self {
            Format::Yaml { characters_max } => yaml(text, characters_max)?,
            Format::Json => Owned::from_json(text).map_err(|bad| format!("it is not JSON: {bad}"))?,
            Format::Csv => return csv(text),
        };
        match whole {
            Owned::Hash(entries) => Ok(entries),
            Owned::Null => Ok(Vec::new()),
            _ => Err("it is no hash of words and what they become".into()),
        }
    }
}

fn yaml(text: &str, characters_max: u64) -> Result<Owned, String> {
    let characters = text.chars().count() as u64;
    if characters > characters_max {
        return Err(format!(
            "it has {characters} characters, and `yaml_dictionary_code_point_limit` is {characters_max}"
        ));
    }
    let options = serde_saphyr::options! {
        with_snippet: false,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        budget: serde_saphyr::budget! {
            max_nodes: YAML_NODES_MAX,
            max_events: 2 * YAML_NODES_MAX,
            max_total_scalar_bytes: text.len(),
        },
    };
    let node: Option<Node> =
        serde_saphyr::from_str_with_options(text, options).map_err(|why| format!("it is not YAML: {why}"))?;
    Ok(node.map_or(Owned::Null, |node| node.0))
}

/// A YAML value.
struct Node(Owned);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor).map(Node)
    }
}

struct NodeVisitor;

impl<'de> de::Visitor<'de> for NodeVisitor {
    type Value = Owned;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a hash")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Owned, E> {
        Ok(Owned::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Owned, E> {
        Ok(Owned::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Owned, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Owned, E> {
        Ok(Owned::Text(text.into()))
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Owned, E> {
        Ok(Owned::Bool(truth))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Owned, E> {
        Ok(Owned::Int(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Owned, E> {
        Ok(i64::try_from(number).map_or_else(|_| Owned::Number(number.to_string().into()), Owned::Int))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Owned, E> {
        Ok(Owned::Float(number))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Owned, A::Error> {
        let mut list = Vec::new();
        while let Some(Node(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Owned::List(list))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Owned, A::Error> {
        let mut hash = Vec::new();
        while let Some((Key(key), Node(value))) = entries.next_entry()? {
            hash.push((key, value));
        }
        Ok(Owned::Hash(hash))
    }
}

/// A key as it is written: `100` is the word "100".
struct Key(Box<str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Key(text.into()))
    }
}

/// Two columns a line. A field in quotes may hold commas, line ends and, doubled, quotes.
fn csv(text: &str) -> Result<Vec<(Box<str>, Owned)>, String> {
    let (mut entries, mut rest, mut line) = (Vec::new(), text, 1);
    while !rest.is_empty() {
        let (fields, behind) = csv_row(rest).ok_or_else(|| format!("line {line} has a quote that is not closed"))?;
        let row = &rest[..rest.len() - behind.len()];
        match &fields[..] {
            [only] if only.is_empty() => {}
            [key, value] => entries.push((key.as_str().into(), Owned::Text(value.as_str().into()))),
            _ => return Err(format!("line {line} has {} columns, not two", fields.len())),
        }
        line += row.matches('\n').count();
        rest = behind;
    }
    Ok(entries)
}

/// The fields of the first row, and what lies behind it.
fn csv_row(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut fields, mut rest) = (Vec::new(), text);
    loop {
        let (field, behind) = csv_field(rest)?;
        fields.push(field);
        match behind.strip_prefix(',') {
            Some(more) => rest = more,
            None => {
                let behind = behind.strip_prefix('\r').unwrap_or(behind);
                return Some((fields, behind.strip_prefix('\n').unwrap_or(behind)));
            }
        }
    }
}

/// A field, and what lies behind it: a comma, a line's end or nothing.
fn csv_field(text: &str) -> Option<(String, &str)> {
    let end_of = |text: &str| text.find([',', '\n']).unwrap_or(text.len());
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = end_of(text);
        let field = text[..end].trim_end_matches('\r');
        return Some((field.into(), &text[end..]));
    };
    let mut field = String::new();
    loop {
        let quote = rest.find('"')?;
        field += &rest[..quote];
        rest = &rest[quote + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            // What stands between a closing quote and the comma is nothing that a table has; it is kept.
            None => {
                let end = end_of(rest);
                field += rest[..end].trim_end_matches('\r');
                return Some((field, &rest[end..]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, text: &str, expected: &str) {
        let shown = match format.read(text.as_bytes()) {
            Ok(entries) => entries.iter().map(|(key, value)| format!("{key}={value:?} ")).collect(),
            Err(why) => why,
        };
        assert_eq!(shown.trim_end(), expected, "{text}");
    }

    #[test]
    fn csv_has_two_columns() {
        check(
            Format::Csv,
            "100,Yuki\n101,Rupert\r\n\n102,\"A, \"\"b\"\"\nc\"",
            r#"100=Text("Yuki") 101=Text("Rupert") 102=Text("A, \"b\"\nc")"#,
        );
        check(Format::Csv, "a,\n", r#"a=Text("")"#);
        check(Format::Csv, "a,b\n\"x\ny\",z\nc\n", "line 4 has 1 columns, not two");
        check(Format::Csv, "a,b,c", "line 1 has 3 columns, not two");
        check(Format::Csv, "a,\"b", "line 1 has a quote that is not closed");
    }

    const YAML: Format = Format::Yaml { characters_max: 200 };

    #[test]
    fn yaml_and_json_hold_any_value() {
        let yaml =
            "\"100\": Continue\n101: Switching Protocols\nmerci: gracias\nl: [1, true, x]\nh:\n  b: 1.5\n  a: null\n";
        let expected = r#"100=Text("Continue") 101=Text("Switching Protocols") merci=Text("gracias") l=List([Int(1), Bool(true), Text("x")]) h=Hash([("b", Float(1.5)), ("a", Null)])"#;
        check(YAML, yaml, expected);
        check(Format::Json, r#"{"b":1,"a":[2]}"#, "b=Int(1) a=List([Int(2)])");
        check(YAML, "", "");
    }

    #[test]
    fn what_is_no_dictionary_is_refused() {
        check(YAML, "- a", "it is no hash of words and what they become");
        check(Format::Json, "[]", "it is no hash of words and what they become");
        let long = format!("a: {}", "x".repeat(200));
        check(YAML, &long, "it has 203 characters, and `yaml_dictionary_code_point_limit` is 200");
        assert!(YAML.read(b"a: [").unwrap_err().starts_with("it is not YAML: "));
        assert!(Format::Json.read(b"{").unwrap_err().starts_with("it is not JSON: "));
        assert_eq!(YAML.read(b"a: \xff").unwrap_err(), "it is not UTF-8: bad byte at offset 3");
    }

    #[test]
    fn a_large_dictionary_is_read() {
        let text: String = (0..200_000).map(|n| format!("\"key{n}\": value{n}\n")).collect();
        let format = Format::Yaml { characters_max: 134_217_728 };
        assert_eq!(format.read(text.as_bytes()).map(|entries| entries.len()), Ok(200_000));
    }

    #[test]
    fn the_end_of_the_name_says_the_format() {
        let of = |name: &str| Format::of(Path::new(name), 200);
        assert_eq!(
            (of("a.YML"), of("b.yaml"), of("c.json"), of("d.csv")),
            (Some(YAML), Some(YAML), Some(Format::Json), Some(Format::Csv))
        );
        assert_eq!((of("a.txt"), of("yml")), (None, None));
    }
}
