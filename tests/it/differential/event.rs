//! The plain event: what a path leads to, and Logstash's rules for `@timestamp` and `tags`.

use super::tree::{Fields, Json, put};

pub const TIMESTAMP: &str = "@timestamp";
const TAGS: &str = "tags";

/// Something stands in the way of a write.
#[derive(Debug)]
pub struct Failed;

#[derive(Clone, Debug, Default)]
pub struct Event {
    pub root: Fields,
    /// `[@metadata]`.
    pub metadata: Option<Fields>,
}

/// A reference, read: `[a][b]` or `a`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub metadata: bool,
    pub steps: Vec<String>,
}

impl Path {
    /// `None`: it is no reference.
    pub fn read(text: &str) -> Option<Path> {
        let mut steps: Vec<String> = match text.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']')?.split("][").map(String::from).collect(),
            None => vec![text.into()],
        };
        if steps.iter().any(|step| step.is_empty() || step.contains(['[', ']'])) {
            return None;
        }
        let metadata = steps[0] == "@metadata";
        if metadata {
            steps.remove(0);
        }
        Some(Path { metadata, steps })
    }

    pub fn is_top(&self, name: &str) -> bool {
        !self.metadata && self.steps == [name]
    }
}

fn index(step: &str, len: usize) -> Option<usize> {
    let index: i64 = step.parse().ok()?;
    let index = if index < 0 { index + len as i64 } else { index };
    usize::try_from(index).ok().filter(|index| *index < len)
}

fn child<'v>(value: &'v Json, step: &str) -> Option<&'v Json> {
    match value {
        Json::Object(fields) => fields.iter().find(|(name, _)| name == step).map(|(_, value)| value),
        Json::Array(items) => items.get(index(step, items.len())?),
        _ => None,
    }
}

fn child_mut<'v>(value: &'v mut Json, step: &str) -> Option<&'v mut Json> {
    match value {
        Json::Object(fields) => fields.iter_mut().find(|(name, _)| name == step).map(|(_, value)| value),
        Json::Array(items) => {
            let index = index(step, items.len())?;
            items.get_mut(index)
        }
        _ => None,
    }
}

fn write(value: &mut Json, step: &str, new: Json) -> Result<(), Failed> {
    match value {
        Json::Object(fields) => put(fields, step, new),
        Json::Array(items) => match (index(step, items.len()), step.parse::<i64>()) {
            (Some(index), _) => items[index] = new,
            (None, Ok(next)) if next == items.len() as i64 => items.push(new),
            _ => return Err(Failed),
        },
        _ => return Err(Failed),
    }
    Ok(())
}

fn are_tags(value: &Json) -> bool {
    match value {
        Json::Text(_) | Json::Null => true,
        Json::Array(items) => items.iter().all(|item| matches!(item, Json::Text(_))),
        _ => false,
    }
}

impl Event {
    /// Does `what` to the fields that a path begins in, as one value.
    fn within<T>(&mut self, metadata: bool, what: impl FnOnce(&mut Json) -> T) -> T {
        let fields = if metadata { self.metadata.get_or_insert_default() } else { &mut self.root };
        let mut whole = Json::Object(std::mem::take(fields));
        let done = what(&mut whole);
        let Json::Object(whole) = whole else { unreachable!("nobody replaces the whole") };
        *fields = whole;
        done
    }

    pub fn get(&self, path: &Path) -> Option<&Json> {
        let fields = if path.metadata { self.metadata.as_ref()? } else { &self.root };
        let (first, rest) = path.steps.split_first()?;
        let first = fields.iter().find(|(name, _)| name == first).map(|(_, value)| value)?;
        rest.iter().try_fold(first, |value, step| child(value, step))
    }

    /// Whether a value of this kind may stand there.
    fn is_legal(&self, path: &Path, value: &Json) -> bool {
        if path.metadata {
            return true;
        }
        match (path.steps[0].as_str(), &path.steps[1..]) {
            (TIMESTAMP, way) => way.is_empty() && matches!(value, Json::Time(_)),
            (TAGS, []) => are_tags(value),
            (TAGS, [_]) => {
                let tags = self.root.iter().find(|(name, _)| name == TAGS);
                value.as_text().is_some() && matches!(tags, Some((_, Json::Array(_))))
            }
            (TAGS, _) => false,
            _ => true,
        }
    }

    pub fn set(&mut self, path: &Path, value: Json) -> Result<(), Failed> {
        if !self.is_legal(path, &value) {
            return Err(Failed);
        }
        let Some((last, way)) = path.steps.split_last() else {
            let Json::Object(fields) = value else { return Err(Failed) };
            self.metadata = Some(fields);
            return Ok(());
        };
        self.within(path.metadata, |mut at| {
            for step in way {
                if matches!(at, Json::Object(_)) && child(at, step).is_none() {
                    write(at, step, Json::Object(Fields::new()))?;
                }
                at = child_mut(at, step).ok_or(Failed)?;
            }
            write(at, last, value)
        })
    }

    pub fn remove(&mut self, path: &Path) -> Option<Json> {
        let Some((last, way)) = path.steps.split_last() else {
            return self.metadata.take().map(Json::Object);
        };
        if path.metadata && self.metadata.is_none() {
            return None;
        }
        self.within(path.metadata, |mut at| {
            for step in way {
                at = child_mut(at, step)?;
            }
            match at {
                Json::Object(fields) => {
                    let there = fields.iter().position(|(name, _)| name == last)?;
                    Some(fields.remove(there).1)
                }
                Json::Array(items) => index(last, items.len()).map(|index| items.remove(index)),
                _ => None,
            }
        })
    }

    /// What is there becomes an array that ends with the new value.
    pub fn add(&mut self, path: &Path, value: Json) -> Result<(), Failed> {
        if !self.is_legal(path, &value) || (path.is_top(TIMESTAMP) && self.time().is_some()) {
            return Err(Failed);
        }
        match self.get(path).cloned() {
            None => self.set(path, value),
            Some(Json::Array(mut items)) => {
                items.push(value);
                self.replace(path, Json::Array(items))
            }
            Some(there) => self.replace(path, Json::Array(vec![there, value])),
        }
    }

    /// Writes over what is there, whatever it is.
    fn replace(&mut self, path: &Path, value: Json) -> Result<(), Failed> {
        let (last, way) = path.steps.split_last().ok_or(Failed)?;
        self.within(path.metadata, |mut at| {
            for step in way {
                at = child_mut(at, step).ok_or(Failed)?;
            }
            write(at, last, value)
        })
    }

    pub fn tag(&mut self, tag: &str) {
        let tags = self.root.iter().find(|(name, _)| name == TAGS).map(|(_, tags)| tags.clone());
        let mut tags = match tags {
            Some(Json::Array(tags)) => tags,
            Some(Json::Text(there)) if there == tag => return,
            Some(Json::Text(there)) => vec![Json::Text(there)],
            _ => Vec::new(),
        };
        if !tags.iter().any(|there| there.as_text() == Some(tag)) {
            tags.push(Json::text(tag));
        }
        put(&mut self.root, TAGS, Json::Array(tags));
    }

    pub fn time(&self) -> Option<jiff::Timestamp> {
        match self.root.iter().find(|(name, _)| name == TIMESTAMP) {
            Some((_, Json::Time(time))) => Some(*time),
            _ => None,
        }
    }

    /// Takes in the fields of a JSON text.
    pub fn absorb(&mut self, fields: Fields) {
        for (name, value) in fields {
            match name.as_str() {
                TIMESTAMP => match value.as_text().and_then(|text| text.parse().ok()) {
                    Some(time) => put(&mut self.root, TIMESTAMP, Json::Time(time)),
                    None => {
                        self.tag("_timestampparsefailure");
                        put(&mut self.root, "_@timestamp", value);
                    }
                },
                TAGS if !are_tags(&value) => {
                    put(&mut self.root, "_tags", value);
                    self.tag("_tagsparsefailure");
                }
                "@metadata" => {
                    if let Json::Object(fields) = value {
                        self.metadata = Some(fields);
                    }
                }
                _ => put(&mut self.root, &name, value),
            }
        }
    }
}
