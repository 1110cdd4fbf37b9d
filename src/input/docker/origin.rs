//! What the events of a container say of it: the facts of a `Source`, as the text of one JSON object. Pure.
//!
//! Bounds: a container chooses its own labels, so their number and lengths are limited here, once a source.

use super::frames::Stream;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Compose writes ten or so, orchestrators some dozens.
const LABELS_MAX: usize = 200;
const LABEL_NAME_BYTES_MAX: usize = 256;
const LABEL_VALUE_BYTES_MAX: usize = 4096;

/// A container, as far as its events are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Without the slash that the engine puts before it.
    pub name: String,
    /// As it was asked for: `nginx:1.25`.
    pub image: String,
    pub labels: HashMap<String, String>,
}

#[derive(Serialize)]
struct Facts<'a> {
    container: ContainerFacts<'a>,
    host: Named<'a>,
    stream: &'a str,
}

#[derive(Serialize)]
struct ContainerFacts<'a> {
    id: &'a str,
    image: Named<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, &'a str>,
    name: &'a str,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

impl Origin {
    /// `{"container":{…},"host":{…},"stream":"stdout"}`.
    pub fn facts(&self, stream: Stream, host: &str, labels_dedot: bool) -> String {
        let container = ContainerFacts {
            id: &self.id,
            image: Named { name: &self.image },
            labels: labels(&self.labels, labels_dedot),
            name: &self.name,
        };
        let facts = Facts { container, host: Named { name: host }, stream: stream.name() };
        serde_json::to_string(&facts).expect("texts and maps of texts are always JSON")
    }
}

/// Dots become underscores, as Filebeat does. Where two names fall together, the one that had no dot wins.
fn labels(given: &HashMap<String, String>, dedot: bool) -> BTreeMap<String, &str> {
    let mut sorted: Vec<(&String, &String)> = given.iter().filter(|(name, _)| is_fit(name)).collect();
    sorted.sort_unstable_by_key(|(name, _)| (name.contains('.'), *name));
    let mut labels = BTreeMap::new();
    for (name, value) in sorted.into_iter().take(LABELS_MAX) {
        let name = if dedot { name.replace('.', "_") } else { name.clone() };
        labels.entry(name).or_insert(cut(value));
    }
    labels
}

fn is_fit(name: &str) -> bool {
    !name.is_empty() && name.len() <= LABEL_NAME_BYTES_MAX
}

fn cut(value: &str) -> &str {
    &value[..value.floor_char_boundary(LABEL_VALUE_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(labels: &[(&str, &str)]) -> Origin {
        Origin {
            id: "4f5a".into(),
            name: "kong".into(),
            image: "kong:3.4".into(),
            labels: labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        }
    }

    fn check(labels: &[(&str, &str)], dedot: bool, expected: &str) {
        let facts = origin(labels).facts(Stream::Stderr, "host-1", dedot);
        let labels = if expected.is_empty() { String::new() } else { format!("\"labels\":{expected},") };
        let container = format!("{{\"id\":\"4f5a\",\"image\":{{\"name\":\"kong:3.4\"}},{labels}\"name\":\"kong\"}}");
        assert_eq!(
            facts,
            format!("{{\"container\":{container},\"host\":{{\"name\":\"host-1\"}},\"stream\":\"stderr\"}}")
        );
    }

    #[test]
    fn labels_are_dedotted_and_sorted() {
        check(&[], true, "");
        check(
            &[("com.docker.compose.service", "kong"), ("app", "a\"b")],
            true,
            r#"{"app":"a\"b","com_docker_compose_service":"kong"}"#,
        );
        check(&[("com.docker.compose.service", "kong")], false, r#"{"com.docker.compose.service":"kong"}"#);
    }

    #[test]
    fn names_that_fall_together_do_not_make_equal_keys() {
        check(&[("a.b", "dotted"), ("a_b", "plain"), ("", "none")], true, r#"{"a_b":"plain"}"#);
    }

    #[test]
    fn ten_thousand_labels_and_a_megabyte_of_value_are_bounded() {
        let many: HashMap<String, String> =
            (0..10_000).map(|n| (format!("l{n}"), "é".repeat(500_000))).take(300).collect();
        let facts = Origin { labels: many, ..origin(&[]) }.facts(Stream::Stdout, "h", true);
        assert!(facts.len() < 1 << 20, "{}", facts.len());
    }
}
