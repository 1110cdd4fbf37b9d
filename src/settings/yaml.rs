//! The settings file's YAML, flattened: `pipeline: { batch: { size: 1 } }` is `pipeline.batch.size: 1`.

use serde::Deserialize;
use serde::Deserializer;
use serde::de;
use serde_saphyr::Location;
use serde_saphyr::Spanned;
use std::fmt;

/// One setting as the file gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Parts joined by dots.
    pub name: String,
    /// Where its last part stands.
    pub name_place: Place,
    /// The value as it is written, or the items of a list.
    pub texts: Vec<String>,
    /// Where the value stands.
    pub place: Place,
}

/// Both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

type Wrong = (Place, String);

/// All settings of the text, in its order; else what is wrong with it, and where.
pub fn read(text: &str) -> Result<Vec<Entry>, Wrong> {
    let mut entries = Vec::new();
    if let Some(tree) = parse(text)? {
        flatten(text, "", place(tree.referenced), &tree, &mut entries)?;
    }
    Ok(entries)
}

/// A list of settings with their values, each with its place: one a pipeline.
pub fn read_list(text: &str) -> Result<Vec<(Place, Vec<Entry>)>, Wrong> {
    let Some(tree) = parse(text)? else { return Ok(Vec::new()) };
    let items = match &tree.value {
        Tree::List(items) => items,
        Tree::Nothing => return Ok(Vec::new()),
        _ => {
            let what = "this is not a list of pipelines: each begins with a hyphen, `- pipeline.id: main`";
            return Err((place(tree.referenced), what.into()));
        }
    };
    let entries = |item: &Spanned<Tree>| {
        let mut entries = Vec::new();
        flatten(text, "", place(item.referenced), item, &mut entries)?;
        Ok((place(item.referenced), entries))
    };
    items.iter().map(entries).collect()
}

enum Tree {
    Nothing,
    Text(String),
    /// A number or a boolean: what counts is how it is written.
    Bare(String),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<String>, Spanned<Tree>)>),
}

fn parse(text: &str) -> Result<Option<Spanned<Tree>>, Wrong> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|why| {
        let place = why.location().map_or(Place { line: 1, column: 1 }, place);
        (place, format!("this is not YAML as settings are written: {}", reason(&why.to_string())))
    })
}

fn place(location: Location) -> Place {
    Place { line: location.line(), column: location.column() }
}

/// Without the place, which is shown already.
fn reason(message: &str) -> &str {
    let line = message.lines().next().unwrap_or(message);
    line.split(" at line ").next().unwrap_or(line)
}

fn flatten(
    text: &str,
    name: &str,
    name_place: Place,
    tree: &Spanned<Tree>,
    entries: &mut Vec<Entry>,
) -> Result<(), Wrong> {
    let place = place(tree.referenced);
    let texts = match &tree.value {
        Tree::Nothing if name.is_empty() => return Ok(()),
        Tree::Map(children) => {
            for (key, child) in children {
                let name = if name.is_empty() { key.value.clone() } else { format!("{name}.{}", key.value) };
                flatten(text, &name, self::place(key.referenced), child, entries)?;
            }
            return Ok(());
        }
        _ if name.is_empty() => return Err((place, "this is not a list of settings with their values".into())),
        Tree::List(items) => items.iter().map(|item| scalar(text, name, item)).collect::<Result<_, _>>()?,
        _ => vec![scalar(text, name, tree)?],
    };
    entries.push(Entry { name: name.into(), name_place, texts, place });
    Ok(())
}

fn scalar(text: &str, name: &str, tree: &Spanned<Tree>) -> Result<String, Wrong> {
    match &tree.value {
        Tree::Text(value) => Ok(value.clone()),
        Tree::Bare(value) => Ok(written(text, tree.defined).unwrap_or(value).to_string()),
        Tree::Nothing => Err((place(tree.referenced), format!("`{name}` has no value"))),
        Tree::List(_) | Tree::Map(_) => Err((place(tree.referenced), format!("`{name}` holds lists within lists"))),
    }
}

/// The text as it stands in the file: `0600` is not 600.
fn written(text: &str, location: Location) -> Option<&str> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
    text.get(start..end).map(str::trim).filter(|written| !written.is_empty())
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> de::Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a map")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.into()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bare(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Bare(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Bare(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Bare(value.to_string()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &[&str], &str)]) {
        let entries = read(text).unwrap();
        assert_eq!(entries.len(), expected.len(), "{entries:?}");
        for (entry, (name, texts, place)) in entries.iter().zip(expected) {
            assert_eq!((entry.name.as_str(), entry.place.to_string().as_str()), (*name, *place));
            assert_eq!(entry.texts, *texts);
        }
    }

    fn check_wrong(text: &str, place: &str, part: &str) {
        let (at, message) = read(text).unwrap_err();
        assert!(at.to_string() == place && message.contains(part), "{at}: {message}");
    }

    #[test]
    fn flat_and_nested_names_are_the_same() {
        check(
            "pipeline.workers: 2\npipeline:\n  batch:\n    size: 125\n  ecs_compatibility: v8\n",
            &[
                ("pipeline.workers", &["2"], "1:19"),
                ("pipeline.batch.size", &["125"], "4:11"),
                ("pipeline.ecs_compatibility", &["v8"], "5:22"),
            ],
        );
    }

    #[test]
    fn a_value_is_what_is_written() {
        check(
            "a: 0600\nb: \"0600\"\nc: 1e3\nd: ${X:y}\ne: true\nf: [ a, 'b' ]\n",
            &[
                ("a", &["0600"], "1:4"),
                ("b", &["0600"], "2:4"),
                ("c", &["1e3"], "3:4"),
                ("d", &["${X:y}"], "4:4"),
                ("e", &["true"], "5:4"),
                ("f", &["a", "b"], "6:4"),
            ],
        );
    }

    #[test]
    fn an_empty_file_sets_nothing() {
        for text in ["", "# only a comment\n", "---\n", "{}"] {
            check(text, &[]);
        }
    }

    #[test]
    fn what_is_wrong_is_shown_with_its_place() {
        check_wrong("a: 1\nb: [1,\n", "2:4", "as settings are written: unclosed bracket '['");
        check_wrong("just text", "1:1", "not a list of settings");
        check_wrong("a: 1\nb:\n", "2:2", "`b` has no value");
        check_wrong("a: [[1]]\n", "1:5", "lists within lists");
        check_wrong("a: 1\na: 2\n", "2:1", "not YAML");
    }

    #[test]
    fn deep_and_bottomless_files_end() {
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read("a: &a [*a]").is_err());
    }
}
