//! What the events of a container say of it, whoever read its log: the API, the json-file log, a fixture. Pure.
//!
//! Bounds: a container chooses its own labels, so their number and lengths are limited here, once a source. Of what Docker
//! keeps of a container only four fields are read: environment, command and mounts stay where they are.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Compose writes ten or so, orchestrators some dozens.
const LABELS_MAX: usize = 200;
const LABEL_NAME_BYTES_MAX: usize = 256;
const LABEL_VALUE_BYTES_MAX: usize = 4096;

/// A container, as far as its events are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

/// What is not known is left out.
#[derive(Serialize)]
struct ContainerFacts<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<Named<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, &'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

/// Docker's own `config.v2.json`, the four fields of it.
#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "Config")]
    config: KeptConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeptConfig {
    #[serde(default)]
    image: String,
    labels: Option<HashMap<String, String>>,
}

/// The `container.json` of a fixture: the fields as events name them.
#[derive(Deserialize)]
struct Written {
    id: String,
    #[serde(default)]
    name: String,
    image: Option<WrittenImage>,
    labels: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
struct WrittenImage {
    name: String,
}

impl Origin {
    /// From Docker's own `config.v2.json`, which stands beside a json-file log.
    pub fn of_config(json: &[u8]) -> Option<Origin> {
        let Kept { id, name, config } = serde_json::from_slice(json).ok()?;
        Some(Origin { id, name: bare(name), image: config.image, labels: config.labels.unwrap_or_default() })
    }

    /// From the `container.json` of a fixture.
    pub fn of_fixture(json: &[u8]) -> Option<Origin> {
        let Written { id, name, image, labels } = serde_json::from_slice(json).ok()?;
        let image = image.map(|image| image.name).unwrap_or_default();
        Some(Origin { id, name: bare(name), image, labels: labels.unwrap_or_default() })
    }

    /// `{"container":{…},"host":{…},"stream":"stdout"}`.
    pub fn facts(&self, stream: &str, host: &str, labels_dedot: bool) -> String {
        let facts = Facts { container: self.shown(labels_dedot), host: Named { name: host }, stream };
        serde_json::to_string(&facts).expect("texts and maps of texts are always JSON")
    }

    /// `container` of the events.
    pub fn container(&self, labels_dedot: bool) -> serde_json::Value {
        serde_json::to_value(self.shown(labels_dedot)).expect("texts and maps of texts are always JSON")
    }

    fn shown(&self, labels_dedot: bool) -> ContainerFacts<'_> {
        ContainerFacts {
            id: &self.id,
            image: Some(self.image.as_str()).filter(|image| !image.is_empty()).map(|name| Named { name }),
            labels: labels(&self.labels, labels_dedot),
            name: &self.name,
        }
    }
}

/// The engine puts a slash before a container's name.
pub fn bare(name: String) -> String {
    name.strip_prefix('/').map(String::from).unwrap_or(name)
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
        let facts = origin(labels).facts("stderr", "host-1", dedot);
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
        let facts = Origin { labels: many, ..origin(&[]) }.facts("stdout", "h", true);
        assert!(facts.len() < 1 << 20, "{}", facts.len());
    }

    #[test]
    fn of_what_docker_keeps_only_the_facts_are_read() {
        let config = br#"{"ID":"4f5a","Name":"/kong","State":{"Running":true},"MountPoints":{},
            "Config":{"Image":"kong:3.4","Env":["DB_PASSWORD=canary"],"Labels":{"a.b":"c"}}}"#;
        assert_eq!(Origin::of_config(config), Some(origin(&[("a.b", "c")])));
        let fixture = br#"{"id":"4f5a","name":"kong","image":{"name":"kong:3.4"},"labels":{"a.b":"c"},"created":"x"}"#;
        assert_eq!(Origin::of_fixture(fixture), Some(origin(&[("a.b", "c")])));
        assert_eq!(Origin::of_config(b"{"), None);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let unnamed = Origin { id: "4f5a".into(), ..Origin::default() };
        assert_eq!(unnamed.container(true).to_string(), r#"{"id":"4f5a"}"#);
    }
}
