//! The shipped pipeline, for tests that change its text and write it somewhere else.

use std::fs;
use std::path::{Path, PathBuf};

fn pipelines() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines")
}

/// Its text, for a file anywhere on this machine: it names its patterns by their whole path.
pub fn shipped_pipeline() -> String {
    let folder = pipelines();
    let text = fs::read_to_string(folder.join("protrader5.conf")).expect("the pipeline is part of the project");
    text.replace("\"patterns\"", &format!("\"{}\"", folder.join("patterns").display()))
}

/// Copies `pipelines/` as it is shipped, the pipeline and its patterns, without the examples.
pub fn copy_pipelines(into: &Path) {
    fs::create_dir_all(into.join("patterns")).expect("the folder is the test's");
    let patterns = fs::read_dir(pipelines().join("patterns")).expect("the patterns are part of the project");
    let files = patterns.map(|file| Path::new("patterns").join(file.expect("a folder can be read").file_name()));
    for file in files.chain(["protrader5.conf".into()]) {
        fs::copy(pipelines().join(&file), into.join(&file)).expect("the folder is the test's");
    }
}
