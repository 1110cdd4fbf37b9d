//! The configuration language: whole pipelines, field references and what interpolates them.

use std::io;
use std::path::{Path, PathBuf};
use timberline::app::{lint, plugins};
use timberline::event::{Arena, Event, FieldRef, Identity, Template, Timestamp, Value};
use timberline::filter::{Ecs, Files};
use timberline::lang::diagnostic::Diagnostic;
use timberline::lang::env::substitute_env;
use timberline::lang::parse::{self, parse};
use timberline::lang::source::SourceSet;
use timberline::pipeline::Options;
use timberline::pipeline::compile::compile;

/// Inputs must not name files of this machine.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Err(io::Error::new(io::ErrorKind::NotFound, path.display().to_string()))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Err(io::Error::new(io::ErrorKind::NotFound, folder.display().to_string()))
    }
}

/// A pipeline, as `check` takes it: parsed, filled in, compiled, judged; every diagnostic is shown.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let sources = SourceSet::single("fuzz.conf", &text);
    let (mut config, mut diagnostics) = parse(&sources, &parse::Options { support_escapes: bytes.len() % 2 == 1 });
    if !diagnostics.iter().any(Diagnostic::is_error) {
        let substituted = substitute_env(&mut config, &|name| (name == "A").then(|| "b".to_string()));
        let options = Options { ecs: Ecs::V8, rules: Default::default(), files: &NoFiles, opens: &[] };
        let compiled = compile(&config, &plugins::catalogue(), &options);
        let refused = compiled.diagnostics.iter().any(Diagnostic::is_error);
        assert_eq!(compiled.pipeline.is_none(), refused, "a pipeline is refused with an error, and only then");
        diagnostics.extend(compiled.diagnostics);
        diagnostics.extend(lint::lint(&config, &sources));
        diagnostics.iter_mut().for_each(|found| substituted.hide(found));
        diagnostics.extend(substituted.diagnostics);
    }
    for diagnostic in &diagnostics {
        assert!(!diagnostic.render(&sources, false).contains('\u{1b}'), "a source never reaches the terminal raw");
    }
}

/// A reference, and the same text as a template: what is set is found, what is removed is gone.
pub fn field_reference(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let arena = Arena::new();
    let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
    event.root.insert("message", Value::copied(&arena, &text));
    Template::parse(&text).render(&event, &arena);
    let Ok(reference) = FieldRef::parse(&text) else { return };
    if event.set(&reference, Value::copied(&arena, "x"), &arena).is_ok() {
        assert_eq!(event.get(&reference).and_then(|value| value.as_str()), Some("x"), "{text:?}");
        let rendered = Template::parse(&format!("%{{{text}}}")).render(&event, &arena).to_string();
        assert!(rendered == "x" || text.contains(['{', '}', '+']) || text.contains("%"), "{text:?}: {rendered:?}");
        event.remove(&reference, &arena);
        assert!(event.get(&reference).is_none_or(|value| value.as_str() != Some("x")), "{text:?}");
    }
}
