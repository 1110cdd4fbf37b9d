//! What the events of a container say of it, whoever read its log: the API, the json-file log, a fixture. Pure.
//!
//! Of what Docker keeps of a container only a few fields are read: environment, command and mounts stay where they are.
//! `Look` says how much is shown: by default what every pipeline needs, on request the rest of Filebeat's fields.

use super::labels::Labels;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The version of the Elastic Common Schema that Filebeat 8.17 writes into its events.
const ECS_VERSION: &str = "8.0.0";
/// Filebeat's word for an input that reads containers.
const INPUT_TYPE: &str = "container";
const RUNTIME: &str = "docker";
/// The name of a container's service in a compose project.
const SERVICE_LABEL: &str = "com.docker.compose.service";

/// A container, as far as its events are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Without the slash that the engine puts before it.
    pub name: String,
    /// As it was asked for: `nginx:1.25`.
    pub image: String,
    /// `sha256:…`; empty where it is not known.
    pub image_id: String,
    /// Where the engine keeps its json-file log; empty where there is none.
    pub log_path: String,
    pub labels: Labels,
}

/// How a container is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Dots in the names of labels become underscores.
    pub labels_dedot: bool,
    /// With the rest of Filebeat's fields.
    pub filebeat_fields: bool,
}

/// In the order of the names.
#[derive(Serialize)]
struct Facts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<Agent<'a>>,
    container: ContainerFacts<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ecs: Option<Ecs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Dataset<'a>>,
    host: Host<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<InputFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Log<'a>>,
    stream: &'a str,
}

#[derive(Serialize)]
struct Agent<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Ecs {
    version: &'static str,
}

#[derive(Serialize)]
struct Dataset<'a> {
    dataset: &'a str,
}

#[derive(Serialize)]
struct Host<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    name: &'a str,
}

#[derive(Serialize)]
struct InputFacts {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Log<'a> {
    file: LogFile<'a>,
}

#[derive(Serialize)]
struct LogFile<'a> {
    path: &'a str,
}

/// What is not known is left out.
#[derive(Serialize)]
struct ContainerFacts<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<Image<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, &'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime: Option<&'static str>,
}

#[derive(Serialize)]
struct Image<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<[&'a str; 1]>,
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
        let labels = Labels::bounded(config.labels.unwrap_or_default());
        Some(Origin { id, name: bare(name), image: config.image, labels, ..Origin::default() })
    }

    /// From the `container.json` of a fixture.
    pub fn of_fixture(json: &[u8]) -> Option<Origin> {
        let Written { id, name, image, labels } = serde_json::from_slice(json).ok()?;
        let image = image.map(|image| image.name).unwrap_or_default();
        let labels = Labels::bounded(labels.unwrap_or_default());
        Some(Origin { id, name: bare(name), image, labels, ..Origin::default() })
    }

    /// `{"container":{…},"host":{…},"stream":"stdout"}`.
    pub fn facts(&self, stream: &str, host: &str, look: Look) -> String {
        let full = look.filebeat_fields;
        let agent = Agent { name: host, kind: "timberline", version: env!("CARGO_PKG_VERSION") };
        let facts = Facts {
            agent: full.then_some(agent),
            container: self.shown(look),
            ecs: full.then_some(Ecs { version: ECS_VERSION }),
            event: full.then(|| Dataset { dataset: self.dataset() }).filter(|event| !event.dataset.is_empty()),
            host: Host { hostname: full.then_some(host), name: host },
            input: full.then_some(InputFacts { kind: INPUT_TYPE }),
            log: (full && !self.log_path.is_empty()).then(|| Log { file: LogFile { path: &self.log_path } }),
            stream,
        };
        serde_json::to_string(&facts).expect("texts and maps of texts are always JSON")
    }

    /// `container` of the events, as an input shows it that is told nothing else.
    pub fn container(&self) -> serde_json::Value {
        let look = Look { labels_dedot: true, filebeat_fields: false };
        serde_json::to_value(self.shown(look)).expect("texts and maps of texts are always JSON")
    }

    /// What the lines are about: the service of a compose project, else the container.
    fn dataset(&self) -> &str {
        self.labels.get(SERVICE_LABEL).unwrap_or(&self.name)
    }

    fn shown(&self, look: Look) -> ContainerFacts<'_> {
        let known = |text: &'_ str| !text.is_empty();
        let image = Some(self.image.as_str()).filter(|image| known(image)).map(|name| Image {
            id: Some(self.image_id.as_str()).filter(|id| look.filebeat_fields && known(id)),
            name,
            tag: tag(name).filter(|_| look.filebeat_fields).map(|tag| [tag]),
        });
        ContainerFacts {
            id: &self.id,
            image,
            labels: self.labels.shown(look.labels_dedot),
            name: &self.name,
            runtime: look.filebeat_fields.then_some(RUNTIME),
        }
    }
}

/// The tag in an image's name: not the port of its registry, not its digest.
fn tag(image: &str) -> Option<&str> {
    let named = image.split_once('@').map_or(image, |(named, _)| named);
    let (name, tag) = named.rsplit_once(':')?;
    (name != "sha256" && !tag.is_empty() && !tag.contains('/')).then_some(tag)
}

/// The engine puts a slash before a container's name.
pub fn bare(name: String) -> String {
    name.strip_prefix('/').map(String::from).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(labels: &[(&str, &str)]) -> Origin {
        Origin {
            id: "4f5a".into(),
            name: "kong".into(),
            image: "kong:3.4".into(),
            labels: labels.iter().copied().collect(),
            ..Origin::default()
        }
    }

    #[test]
    fn the_facts_name_container_host_and_stream() {
        let look = Look { labels_dedot: true, filebeat_fields: false };
        let facts = origin(&[("a.b", "c\"d")]).facts("stderr", "host-1", look);
        assert_eq!(
            facts,
            r#"{"container":{"id":"4f5a","image":{"name":"kong:3.4"},"labels":{"a_b":"c\"d"},"name":"kong"},"host":{"name":"host-1"},"stream":"stderr"}"#
        );
    }

    #[test]
    fn the_rest_of_filebeats_fields_comes_on_request() {
        let look = Look { labels_dedot: false, filebeat_fields: true };
        let known = Origin {
            image_id: "sha256:00ff".into(),
            log_path: "/var/lib/docker/containers/4f5a/4f5a-json.log".into(),
            ..origin(&[(SERVICE_LABEL, "gateway")])
        };
        let version = env!("CARGO_PKG_VERSION");
        let expected = [
            &format!(r#"{{"agent":{{"name":"host-1","type":"timberline","version":"{version}"}},"#),
            r#""container":{"id":"4f5a","image":{"id":"sha256:00ff","name":"kong:3.4","tag":["3.4"]},"#,
            r#""labels":{"com.docker.compose.service":"gateway"},"name":"kong","runtime":"docker"},"#,
            r#""ecs":{"version":"8.0.0"},"event":{"dataset":"gateway"},"host":{"hostname":"host-1","name":"host-1"},"#,
            r#""input":{"type":"container"},"log":{"file":{"path":"/var/lib/docker/containers/4f5a/4f5a-json.log"}},"#,
            r#""stream":"stdout"}"#,
        ];
        assert_eq!(known.facts("stdout", "host-1", look), expected.concat());
        let facts = Origin { name: "kong".into(), ..Origin::default() }.facts("stdout", "h", look);
        assert!(facts.contains(r#""event":{"dataset":"kong"}"#) && !facts.contains("\"log\""), "{facts}");
    }

    #[test]
    fn the_tag_of_an_image_is_not_its_port_or_digest() {
        let check = |image: &str, expected| assert_eq!(tag(image), expected, "{image}");
        check("nginx:1.25", Some("1.25"));
        check("registry:5000/team/nginx", None);
        check("registry:5000/team/nginx:1.25@sha256:00ff", Some("1.25"));
        check("nginx", None);
        check("sha256:00ff", None);
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
        assert_eq!(unnamed.container().to_string(), r#"{"id":"4f5a"}"#);
    }
}
