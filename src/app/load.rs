//! From paths to a compiled pipeline: files read in name order and joined, `${…}` filled in, everything checked.

use super::environment;
use super::lint::lint;
use super::plugins;
use crate::event::Rules;
use crate::filter::{Ecs, Files};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::env::substitute_env;
use crate::lang::parse::{self, parse};
use crate::lang::source::SourceSet;
use crate::lang::source::Span;
use crate::pipeline::compile::{Compiled, compile};
use crate::pipeline::{Options, Pipeline};
use crate::plugin::Door;
use std::io;
use std::path::{Path, PathBuf};

/// Where a pipeline's text comes from, and the settings that change its meaning.
#[derive(Clone, Debug)]
pub struct Request {
    /// Files, folders, globs.
    pub paths: Vec<String>,
    /// The text of `-e`; it takes the place of the paths.
    pub text: Option<String>,
    /// What messages call the text.
    pub text_name: String,
    pub ecs: Ecs,
    pub support_escapes: bool,
    pub rules: Rules,
    /// The sections that whoever asks is going to open.
    pub opens: &'static [Door],
}

impl Request {
    /// A text, under Logstash's defaults.
    pub fn of_text(text: impl Into<String>) -> Request {
        Request { text: Some(text.into()), ..Request::of_paths([]) }
    }

    /// Files, folders or globs, under Logstash's defaults.
    pub fn of_paths(paths: impl IntoIterator<Item = String>) -> Request {
        Request {
            paths: paths.into_iter().collect(),
            text: None,
            text_name: "-e".into(),
            ecs: Ecs::V8,
            support_escapes: false,
            rules: Rules::default(),
            opens: &[],
        }
    }
}

/// A pipeline that was read: the text that diagnostics point into, and what came of it.
pub struct Loaded {
    pub sources: SourceSet,
    pub diagnostics: Vec<Diagnostic>,
    /// `None` if one of the diagnostics is an error.
    pub pipeline: Option<Pipeline>,
}

/// The real files, as the plugins of a pipeline see them.
///
/// A relative folder (`patterns_dir`) is meant from where timberline runs, as in Logstash, and from the pipeline's files as
/// well, so that a pipeline and its patterns can be moved together. Other files are read again while the pipeline runs, so
/// they have one name.
#[derive(Default)]
struct Disk {
    /// Those of the pipeline's files, each once.
    folders: Vec<PathBuf>,
}

impl Disk {
    fn beside(names: impl Iterator<Item = PathBuf>) -> Disk {
        let mut disk = Disk::default();
        for folder in names.filter_map(|name| name.parent().map(Path::to_path_buf)) {
            if !disk.folders.contains(&folder) {
                disk.folders.push(folder);
            }
        }
        disk
    }
}

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    /// Those beside the pipeline come first: what is defined again where timberline runs wins.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let beside = self.folders.iter().map(|it| it.join(folder)).filter(|it| it != folder && it.is_dir());
        let mut files = Vec::new();
        for found in beside {
            files.append(&mut list(&found)?);
        }
        match list(folder) {
            Ok(here) => files.extend(here),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !files.is_empty() => {}
            Err(error) => return Err(error),
        }
        Ok(files)
    }
}

/// The files in a folder, in name order.
fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect();
    files.sort();
    Ok(files)
}

/// Reads and compiles. The error is a message for a person: nothing could be read at all.
pub fn load(request: &Request) -> Result<Loaded, String> {
    load_in(request, &environment::lookup)
}

/// `load`, where `variables` says what stands behind `${…}`.
pub fn load_in(request: &Request, variables: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, String> {
    let sources = read(request)?;
    let options = parse::Options { support_escapes: request.support_escapes };
    let (mut config, mut diagnostics) = parse(&sources, &options);
    // A tree with holes would only bring errors about the holes.
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(Loaded { sources, diagnostics, pipeline: None });
    }
    let substituted = substitute_env(&mut config, variables);
    let disk = Disk::beside(sources.names().map(PathBuf::from));
    let options = Options { ecs: request.ecs, rules: request.rules, files: &disk, opens: request.opens };
    let Compiled { pipeline, diagnostics: mut more } = compile(&config, &plugins::catalogue(), &options);
    // What a variable decides is the same for every event, and another at the next start.
    let by_variable =
        |found: &Diagnostic| found.code.starts_with("always-") && sources.slice(found.span).contains("${");
    more.extend(lint(&config, &sources).into_iter().filter(|found| !by_variable(found)));
    // What a plugin says of a value that is not there is an echo.
    more.retain(|found| !substituted.diagnostics.iter().any(|missing| touch(found.span, missing.span)));
    more.iter_mut().for_each(|found| substituted.hide(found));
    diagnostics.extend(substituted.diagnostics);
    diagnostics.extend(more);
    diagnostics.sort_by_key(|found| (found.span.file, found.span.start));
    let pipeline = pipeline.filter(|_| !diagnostics.iter().any(Diagnostic::is_error));
    Ok(Loaded { sources, diagnostics, pipeline })
}

fn touch(a: Span, b: Span) -> bool {
    a.file == b.file && a.start < b.end && b.start < a.end
}

fn read(request: &Request) -> Result<SourceSet, String> {
    let mut sources = SourceSet::new();
    if let Some(text) = &request.text {
        sources.add(&request.text_name, text);
        return Ok(sources);
    }
    for path in files_of(&request.paths)? {
        let bytes = std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            format!("{} is not UTF-8: bad byte at offset {}", path.display(), error.utf8_error().valid_up_to())
        })?;
        sources.add(path.to_string_lossy(), &text);
    }
    Ok(sources)
}

/// The files that paths, folders (`*.conf` in name order) and globs name.
fn files_of(paths: &[String]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for text in paths {
        let path = Path::new(text);
        if path.is_dir() {
            let listed = list(path).map_err(|error| format!("cannot read folder {text}: {error}"))?;
            let before = files.len();
            files.extend(listed.into_iter().filter(|file| file.extension().is_some_and(|end| end == "conf")));
            if files.len() == before {
                return Err(format!("no *.conf file in folder {text}"));
            }
        } else if path.is_file() {
            files.push(path.to_path_buf());
        } else {
            let mut matched: Vec<PathBuf> = glob_of(text)
                .map_err(|error| format!("bad path {text}: {error}"))?
                .filter(|path| path.is_file())
                .collect();
            if matched.is_empty() {
                return Err(format!("no such file: {text}"));
            }
            matched.sort();
            files.extend(matched);
        }
    }
    Ok(files)
}

fn glob_of(text: &str) -> Result<impl Iterator<Item = PathBuf>, glob::PatternError> {
    Ok(glob::glob(text)?.flatten())
}
