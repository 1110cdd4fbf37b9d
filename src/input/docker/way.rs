//! Which way a container's log is read: from the json-file on disk, or from the engine.
//!
//! `read => "auto"` takes the file where the driver is json-file and the file can be opened from here: it costs the machine a
//! twentieth, and an open file is read to its end whatever becomes of the container. Everything else the engine tells.

use super::json_file::JsonLog;
use std::io;
use std::path::{Path, PathBuf};

/// The log driver whose files are read.
pub const JSON_FILE: &str = "json-file";

/// The setting `read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    Auto,
    Api,
    File,
}

/// The way.
#[derive(Debug)]
pub enum Way<L = Box<JsonLog>> {
    /// The log at this path.
    File(PathBuf, L),
    Api,
    /// No way, because of this.
    None(String),
    /// The file cannot be opened, perhaps later.
    NotYet(String),
}

/// The way, and in one word what decided it.
#[derive(Debug)]
pub struct Found<L = Box<JsonLog>> {
    pub way: Way<L>,
    pub why: &'static str,
}

impl<L> Way<L> {
    pub fn name(&self) -> &'static str {
        match self {
            Way::File(..) => "file",
            Way::Api => "api",
            Way::None(_) | Way::NotYet(_) => "none",
        }
    }
}

impl Read {
    pub fn named(name: Option<&str>) -> Read {
        match name {
            Some("api") => Read::Api,
            Some("file") => Read::File,
            _ => Read::Auto,
        }
    }
}

impl Found {
    /// Decides, and opens the log if it is to be read from disk. `log_path`: where the engine keeps it; `containers`: where the
    /// engine's folder of containers is mounted here.
    pub fn find(
        read: Read,
        driver: &str,
        log_path: Option<&Path>,
        containers: &Path,
        id: &str,
        open: impl Fn(&Path) -> io::Result<JsonLog>,
    ) -> Found {
        let open = |path: &Path| open(path).map(Box::new);
        Found::decide(read, driver, &candidates(log_path, containers, id), open)
    }
}

impl<L> Found<L> {
    fn decide(read: Read, driver: &str, paths: &[PathBuf], open: impl Fn(&Path) -> io::Result<L>) -> Found<L> {
        if read == Read::Api {
            return Found { way: Way::Api, why: "asked" };
        }
        if driver != JSON_FILE {
            let none = || Way::None(format!("`read => \"file\"` reads json-file logs, and its driver is {driver}"));
            return Found { way: if read == Read::File { none() } else { Way::Api }, why: "driver" };
        }
        let (mut why, mut said) = ("not_found", String::new());
        for path in paths {
            match open(path) {
                Ok(log) => return Found { way: Way::File(path.clone(), log), why: "json_file" },
                Err(error) if error.kind() == io::ErrorKind::NotFound && !said.is_empty() => {}
                Err(error) => {
                    why = match error.kind() {
                        io::ErrorKind::NotFound => "not_found",
                        io::ErrorKind::PermissionDenied => "not_permitted",
                        _ => "not_readable",
                    };
                    said = format!("{}: {error}", path.display());
                }
            }
        }
        Found { way: if read == Read::File { Way::NotYet(said) } else { Way::Api }, why }
    }
}

/// The engine's own path, which is ours too on its host; then the same file where its folder is mounted.
fn candidates(log_path: Option<&Path>, containers: &Path, id: &str) -> Vec<PathBuf> {
    // The id names a folder: nothing but an id may.
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mounted = is_id.then(|| containers.join(id).join(format!("{id}-json.log")));
    let mut paths: Vec<PathBuf> = log_path.map(Path::to_path_buf).into_iter().chain(mounted).collect();
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(read: Read, driver: &str, there: &str, expected: (&str, &str)) {
        let open = |path: &Path| match (path.to_str(), there) {
            (Some(path), there) if path == there => Ok(()),
            (Some("/docker/ab/ab-json.log"), "forbidden") => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        let paths = candidates(Some(Path::new("/docker/ab/ab-json.log")), Path::new("/mounted"), "ab");
        let found = Found::decide(read, driver, &paths, open);
        assert_eq!((found.way.name(), found.why), expected, "{read:?} {driver} {there}");
    }

    #[test]
    fn auto_takes_the_file_where_there_is_one() {
        check(Read::Auto, "json-file", "/docker/ab/ab-json.log", ("file", "json_file"));
        check(Read::Auto, "json-file", "/mounted/ab/ab-json.log", ("file", "json_file"));
        check(Read::Auto, "json-file", "nowhere", ("api", "not_found"));
        check(Read::Auto, "json-file", "forbidden", ("api", "not_permitted"));
        check(Read::Auto, "local", "/docker/ab/ab-json.log", ("api", "driver"));
        check(Read::Api, "json-file", "/docker/ab/ab-json.log", ("api", "asked"));
        check(Read::File, "local", "nowhere", ("none", "driver"));
        check(Read::File, "json-file", "forbidden", ("none", "not_permitted"));
    }

    #[test]
    fn only_an_id_names_a_folder() {
        assert!(candidates(None, Path::new("/mounted"), "../etc").is_empty());
        assert_eq!(candidates(None, Path::new("/mounted"), "ab"), [PathBuf::from("/mounted/ab/ab-json.log")]);
    }
}
