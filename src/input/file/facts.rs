//! The fields that all lines of a file share.

use crate::input::origin::Origin;
use serde_json::json;
use std::path::Path;

/// The file's path, the host, and for a container's json-file log what its `config.v2.json` says.
pub fn of(path: &Path, host: &str, docker_json: bool) -> String {
    let mut facts = json!({ "host": { "name": host }, "log": { "file": { "path": super::shown(path) } } });
    if docker_json && let Some(origin) = origin(path) {
        facts["container"] = origin.container();
    }
    facts.to_string()
}

/// Without Docker's own file the log's name still says whose it is.
fn origin(path: &Path) -> Option<Origin> {
    let config = std::fs::read(path.with_file_name("config.v2.json")).ok();
    let known = config.and_then(|config| Origin::of_config(&config));
    known.or_else(|| {
        let name = path.file_name()?.to_str()?;
        let id = name.split_once("-json.log").map_or(name, |(id, _)| id);
        Some(Origin { id: id.to_string(), ..Origin::default() })
    })
}
