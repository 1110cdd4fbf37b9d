//! Field references: `[a][b]`, `a`, `[tags][0]`, `[@metadata][x]`, read once when the pipeline is compiled.
//!
//! Escapes within names follow the rules in force (`rules`). Syntax: Logstash reference, "Accessing event data and fields" and "Field References Deep Dive".

use super::object::Tag;
use super::rules::Rules;
use std::fmt;

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub name: Box<str>,
    pub tag: Tag,
    /// The name as an index into an array; negative counts from the end.
    pub index: Option<i64>,
    /// The name needs no escape in JSON.
    pub plain: bool,
}

/// A path to a field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRef {
    /// The path starts in `@metadata`, whose name is no step of it.
    pub metadata: bool,
    /// Never empty, but for `[@metadata]` itself.
    pub steps: Box<[Step]>,
}

/// Why a text is no field reference.
#[derive(Debug, Clone, PartialEq)]
pub struct BadReference(pub String);

impl fmt::Display for BadReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Step {
    pub fn new(name: &str) -> Self {
        let plain = !name.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\');
        Step { tag: Tag::of(name), index: name.parse().ok(), plain, name: name.into() }
    }
}

impl FieldRef {
    /// Reads a reference as Logstash's strict parser does: a bare name, or bracketed names and nothing else.
    pub fn parse(text: &str) -> Result<FieldRef, BadReference> {
        if text.is_empty() {
            return Err(BadReference("a field reference cannot be empty".into()));
        }
        let mut names = Vec::new();
        if text.contains(['[', ']']) {
            bracketed(text, &mut names)?;
        } else {
            names.push(text);
        }
        let style = Rules::now().escape_style;
        Ok(FieldRef::of(names.into_iter().map(|name| style.unescaped(name))))
    }

    /// What was meant by a text that is no reference: its names, each in brackets.
    pub fn meant(text: &str) -> Option<String> {
        let names = text.split(['[', ']']).filter(|name| !name.is_empty());
        let meant: String = names.map(|name| format!("[{name}]")).collect();
        (!meant.is_empty()).then_some(meant)
    }

    /// The reference of exactly this top-level name, whatever characters it has.
    pub fn top(name: &str) -> FieldRef {
        FieldRef::of([name])
    }

    /// Names parted by dots, as Filebeat writes fields: `http.status`.
    pub fn dotted(text: &str) -> FieldRef {
        FieldRef::of(text.split('.'))
    }

    fn of(names: impl IntoIterator<Item = impl AsRef<str>>) -> FieldRef {
        let mut names = names.into_iter().peekable();
        let metadata = names.next_if(|name| name.as_ref() == "@metadata").is_some();
        FieldRef { metadata, steps: names.map(|name| Step::new(name.as_ref())).collect() }
    }

    /// The name, if the path is one top-level name.
    pub fn as_top(&self) -> Option<&str> {
        match (&*self.steps, self.metadata) {
            ([step], false) => Some(&step.name),
            _ => None,
        }
    }
}

impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.metadata {
            f.write_str("[@metadata]")?;
        }
        self.steps.iter().try_for_each(|step| write!(f, "[{}]", step.name))
    }
}

/// `[a][b]`; `[[a][b]][c]` is `[a][b][c]`.
fn bracketed<'t>(text: &'t str, names: &mut Vec<&'t str>) -> Result<(), BadReference> {
    let (mut depth, mut from) = (0usize, 0);
    for (at, mark) in text.char_indices() {
        match mark {
            '[' => {
                if at > from {
                    return Err(misplaced(text, &text[from..at]));
                }
                depth += 1;
                from = at + 1;
            }
            ']' if depth == 0 => return Err(BadReference(format!("`{text}` closes a bracket that it did not open"))),
            ']' => {
                if at > from {
                    names.push(&text[from..at]);
                } else if text[..at].ends_with('[') {
                    return Err(BadReference(format!("`{text}` has empty brackets")));
                }
                depth -= 1;
                from = at + 1;
            }
            _ => {}
        }
    }
    match (depth, &text[from..]) {
        (0, "") => Ok(()),
        (0, rest) => Err(misplaced(text, rest)),
        _ => Err(BadReference(format!("`{text}` opens a bracket that it does not close"))),
    }
}

fn misplaced(text: &str, part: &str) -> BadReference {
    BadReference(format!("`{text}` has `{part}` outside its brackets"))
}

#[cfg(test)]
mod tests {
    use super::super::rules::EscapeStyle;
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = FieldRef::parse(text).map_or_else(|e| format!("error: {e}"), |r| r.to_string());
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn references_are_read() {
        check("a", "[a]");
        check("a.b c", "[a.b c]");
        check("[a][b]", "[a][b]");
        check("[[a][b]][c]", "[a][b][c]");
        check("[tags][-1]", "[tags][-1]");
        check("@metadata", "[@metadata]");
        check("[@metadata][x][y]", "[@metadata][x][y]");
        assert_eq!(FieldRef::parse("[tags][-1]").unwrap().steps[1].index, Some(-1));
    }

    #[test]
    fn brackets_in_names_are_escaped_as_the_rules_say() {
        let _rules = Rules { escape_style: EscapeStyle::Percent, ..Rules::default() }.enter();
        let names = |text| FieldRef::parse(text).unwrap().steps.iter().map(|s| s.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names("[a%5B0%5D][b]"), ["a[0]", "b"]);
        assert_eq!(names("a%5B0%5D"), ["a[0]"]);
        assert_eq!(names("[a&#91;]"), ["a&#91;"]);
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        check("", "error: a field reference cannot be empty");
        check("[a", "error: `[a` opens a bracket that it does not close");
        check("a]", "error: `a]` closes a bracket that it did not open");
        check("a[b]", "error: `a[b]` has `a` outside its brackets");
        check("[a]b", "error: `[a]b` has `b` outside its brackets");
        check("[a][]", "error: `[a][]` has empty brackets");
        for text in ["a[b]", "[a]b", "[a][b", "a]b", "[a][][b]"] {
            assert_eq!(FieldRef::meant(text).as_deref(), Some("[a][b]"), "{text}");
        }
        assert_eq!(FieldRef::meant("[]"), None);
    }
}
