//! A dissection: `%{a} %{b->} - %{c}` read into delimiters and fields, and run over texts.
//!
//! A text is cut at its delimiters from left to right; the last field takes the rest. Every delimiter must be there.
//! A field is plain, skipped (`%{}`, `%{?a}`), appended (`%{+a}`, `%{+a/2}`), or named by another one's value (`%{&a}`).

use crate::event::{Event, FieldRef, TIMESTAMP};
use memchr::memmem::Finder;

/// How much of a text is shown that lacks a delimiter.
const REST_CHARS_SHOWN: usize = 40;

/// Where a piece of the text starts and ends.
pub type Span = (usize, usize);

#[derive(Clone, Debug)]
pub struct Dissection {
    /// What the text starts with.
    lead: Box<str>,
    /// What ends each piece, in order; the last piece may have no end but the text's.
    ends: Box<[Option<Delimiter>]>,
    pub writes: Box<[Write]>,
}

#[derive(Clone, Debug)]
struct Delimiter {
    finder: Finder<'static>,
    /// `->`: may come several times.
    padding: bool,
}

/// What is done with the pieces, in order. Pieces are numbered from 0.
#[derive(Clone, Debug)]
pub enum Write {
    Plain {
        path: FieldRef,
        piece: usize,
    },
    /// The pieces of one field, each with the delimiter before it. What the event holds already comes first,
    /// unless the dissection has a plain field of that name.
    Append {
        path: FieldRef,
        first: Option<usize>,
        more: Box<[(Box<str>, usize)]>,
    },
    Indirect {
        name: NamedBy,
        piece: usize,
    },
}

/// Whose value names the field.
#[derive(Clone, Debug)]
pub enum NamedBy {
    Piece(usize),
    Field(FieldRef),
}

/// A field of the pattern as it is written.
struct Field<'p> {
    kind: Kind,
    key: &'p str,
    padding: bool,
    /// The delimiter before it.
    before: &'p str,
    /// The delimiter behind it.
    behind: &'p str,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Skip,
    /// With its place among the others.
    Append(Option<u32>),
    Indirect,
}

impl Dissection {
    /// Reads a pattern; says what is wrong with it.
    pub fn parse(pattern: &str) -> Result<Dissection, String> {
        let fields = fields(pattern);
        let Some(first) = fields.first() else {
            return Err(format!("`{pattern}` has no `%{{field}}`"));
        };
        if let Some(two) = fields.windows(2).find(|two| two[0].behind.is_empty()) {
            return Err(format!("`{pattern}` has no delimiter between `{}` and `{}`", two[0].key, two[1].key));
        }
        let delimiter = |field: &Field<'_>| {
            let is_there = !field.behind.is_empty();
            is_there.then(|| Delimiter { finder: Finder::new(field.behind).into_owned(), padding: field.padding })
        };
        Ok(Dissection {
            lead: first.before.into(),
            ends: fields.iter().map(delimiter).collect(),
            writes: writes(&fields)?.into(),
        })
    }

    /// Cuts the text; `false` if it does not have all delimiters.
    #[inline]
    pub fn cut(&self, text: &str, pieces: &mut Vec<Span>) -> bool {
        pieces.clear();
        if !text.starts_with(&*self.lead) {
            return false;
        }
        let mut at = self.lead.len();
        for end in &self.ends {
            let Some(delimiter) = end else {
                pieces.push((at, text.len()));
                break;
            };
            let Some(found) = delimiter.finder.find(&text.as_bytes()[at..]) else { return false };
            pieces.push((at, at + found));
            at = delimiter.behind(text, at + found);
        }
        true
    }

    /// Why the text or the event does not fit, for people who look on.
    pub fn misfit(&self, text: &str, event: &Event<'_>) -> String {
        let quoted = |bytes: &[u8]| format!("`{}`", String::from_utf8_lossy(bytes));
        if !text.starts_with(&*self.lead) {
            return format!("it does not begin with {}", quoted(self.lead.as_bytes()));
        }
        let mut at = self.lead.len();
        for (nth, delimiter) in self.ends.iter().flatten().enumerate() {
            match delimiter.finder.find(&text.as_bytes()[at..]) {
                Some(found) => at = delimiter.behind(text, at + found),
                None => {
                    let rest: String = text[at..].chars().take(REST_CHARS_SHOWN).collect();
                    let rest = if rest.len() < text.len() - at { format!("`{rest}…`") } else { format!("`{rest}`") };
                    let needle = quoted(delimiter.finder.needle());
                    return format!("the delimiter {needle} behind field {} is not in the rest {rest}", nth + 1);
                }
            }
        }
        match self.can_write(event) {
            true => "a name in the text cannot be a field".into(),
            false => "something stands in the way of a field, or it is `@timestamp`".into(),
        }
    }

    /// Whether nothing is in the way of its fields.
    pub fn can_write(&self, event: &Event<'_>) -> bool {
        self.writes.iter().all(|write| match write {
            Write::Plain { path, .. } | Write::Append { path, .. } => is_free(path, event),
            Write::Indirect { .. } => true,
        })
    }
}

/// `@timestamp` takes no text, and what stands above a field must be a hash or an array.
fn is_free(path: &FieldRef, event: &Event<'_>) -> bool {
    if path.steps.len() < 2 {
        return path.as_top() != Some(TIMESTAMP);
    }
    let root = if path.metadata { event.metadata() } else { Some(&event.root) };
    let top = root.and_then(|root| root.find(&path.steps[0].name, path.steps[0].tag));
    top.is_none_or(|value| value.as_object().is_some() || value.as_array().is_some())
}

impl Delimiter {
    /// Where the text goes on behind the delimiter at `at`, and its repetitions if they are padding.
    #[inline]
    fn behind(&self, text: &str, at: usize) -> usize {
        let (needle, bytes) = (self.finder.needle(), text.as_bytes());
        let mut at = at + needle.len();
        while self.padding && bytes[at..].starts_with(needle) {
            at += needle.len();
        }
        at
    }
}

/// The fields of a pattern with what stands between them. A `%{` that is not closed is text.
fn fields(pattern: &str) -> Vec<Field<'_>> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let (mut rest, mut from) = (pattern, 0);
    while let Some(start) = rest[from..].find("%{").map(|at| from + at) {
        let Some(len) = rest[start..].find('}') else { break };
        let before = &rest[..start];
        if let Some(last) = fields.last_mut() {
            last.behind = before;
        }
        fields.push(Field { before, ..field(&rest[start + 2..start + len]) });
        (rest, from) = (&rest[start + len + 1..], 0);
    }
    if let Some(last) = fields.last_mut() {
        last.behind = rest;
    }
    fields
}

fn field(inside: &str) -> Field<'_> {
    let (inside, padding) = inside.strip_suffix("->").map_or((inside, false), |inside| (inside, true));
    let (kind, key) = match inside.as_bytes().first() {
        None => (Kind::Skip, ""),
        Some(b'?') => (Kind::Skip, &inside[1..]),
        Some(b'&') => (Kind::Indirect, &inside[1..]),
        Some(b'+') => {
            let (key, order) = ordered(&inside[1..]);
            (Kind::Append(order), key)
        }
        Some(_) => (Kind::Plain, inside),
    };
    Field { kind, key, padding, before: "", behind: "" }
}

fn ordered(key: &str) -> (&str, Option<u32>) {
    match key.rsplit_once('/').map(|(key, order)| (key, order.parse())) {
        Some((key, Ok(order))) => (key, Some(order)),
        _ => (key, None),
    }
}

fn reference(key: &str) -> Result<FieldRef, String> {
    FieldRef::parse(key).map_err(|bad| bad.to_string())
}

fn writes(fields: &[Field<'_>]) -> Result<Vec<Write>, String> {
    let mut writes = Vec::new();
    for (piece, field) in fields.iter().enumerate() {
        let comes_first = |kind: fn(&Field<'_>) -> bool| !fields[..piece].iter().any(|f| f.key == field.key && kind(f));
        let is_appended = fields.iter().any(|other| other.key == field.key && is_append(other));
        match field.kind {
            Kind::Skip => {}
            Kind::Plain | Kind::Append(_) if is_appended => {
                if comes_first(|other| matches!(other.kind, Kind::Plain | Kind::Append(_))) {
                    writes.push(append(field.key, fields)?);
                }
            }
            Kind::Plain | Kind::Append(_) => writes.push(Write::Plain { path: reference(field.key)?, piece }),
            Kind::Indirect => writes.push(Write::Indirect { name: named_by(field.key, fields)?, piece }),
        }
    }
    Ok(writes)
}

fn is_append(field: &Field<'_>) -> bool {
    matches!(field.kind, Kind::Append(_))
}

/// All pieces of the field `key`: the plain one, then those that are appended, in their order.
fn append(key: &str, fields: &[Field<'_>]) -> Result<Write, String> {
    let of_key = || fields.iter().enumerate().filter(|(_, field)| field.key == key);
    let first = of_key().filter(|(_, field)| field.kind == Kind::Plain).map(|(piece, _)| piece).next_back();
    let mut more: Vec<(u32, Box<str>, usize)> = of_key()
        .filter_map(|(piece, field)| match field.kind {
            Kind::Append(order) => {
                let joint = if field.before.is_empty() { " " } else { field.before };
                Some((order.unwrap_or(u32::MAX), joint.into(), piece))
            }
            _ => None,
        })
        .collect();
    more.sort_by_key(|(order, ..)| *order);
    let more = more.into_iter().map(|(_, joint, piece)| (joint, piece)).collect();
    Ok(Write::Append { path: reference(key)?, first, more })
}

fn named_by(key: &str, fields: &[Field<'_>]) -> Result<NamedBy, String> {
    let names = |field: &Field<'_>| field.key == key && matches!(field.kind, Kind::Plain | Kind::Skip);
    match fields.iter().rposition(names) {
        Some(piece) => Ok(NamedBy::Piece(piece)),
        None => reference(key).map(NamedBy::Field),
    }
}
