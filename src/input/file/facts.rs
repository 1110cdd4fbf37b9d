//! The fields that all lines of a file share.

use serde_json::{Map, Value, json};
use std::path::Path;

/// The file's path, the host, and for a container's json-file log what its `config.v2.json` says.
pub fn of(path: &Path, host: &str, docker_json: bool) -> String {
    let mut facts = json!({ "host": { "name": host }, "log": { "file": { "path": super::shown(path) } } });
    if docker_json && let Some(container) = container(path) {
        facts["container"] = container;
    }
    facts.to_string()
}

/// The parts of Docker's own file that events carry. Environment, command and mounts stay in it.
fn container(path: &Path) -> Option<Value> {
    let name = path.file_name()?.to_str()?;
    let id = name.split_once("-json.log").map_or(name, |(id, _)| id);
    let mut container = json!({ "id": id });
    let Some(config) = std::fs::read(path.with_file_name("config.v2.json")).ok() else { return Some(container) };
    let Ok(config) = serde_json::from_slice::<Value>(&config) else { return Some(container) };
    if let Some(id) = config["ID"].as_str() {
        container["id"] = id.into();
    }
    if let Some(name) = config["Name"].as_str() {
        container["name"] = name.trim_start_matches('/').into();
    }
    if let Some(image) = config["Config"]["Image"].as_str() {
        container["image"] = json!({ "name": image });
    }
    if let Some(labels) = config["Config"]["Labels"].as_object().filter(|labels| !labels.is_empty()) {
        let dedotted: Map<_, _> = labels.iter().map(|(name, value)| (name.replace('.', "_"), value.clone())).collect();
        container["labels"] = Value::Object(dedotted);
    }
    Some(container)
}
