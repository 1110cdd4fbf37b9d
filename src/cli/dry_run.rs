//! `timberline dry-run`: fixtures through the pipeline; what would be indexed on standard output, the sums on standard error.

use super::args::{DryRunArguments, Format, Only, Shape};
use super::explain::{Explained, ExplainedNdjson, Explaining, Map};
use super::load::{load, refused};
use super::table::{Table, failures};
use super::terminal::{DIM, Look, YELLOW, printable, stdin_is_terminal};
use super::{Ended, Exit, Failure, count, note, thousands};
use crate::app::dry_run::{Document, Input, Show, Summary, run_at};
use crate::app::fixtures::find;
use crate::app::load::Loaded;
use crate::codec::Encoder;
use crate::event::Event;
use crate::input::fixture;
use crate::pipeline::program::Watcher;
use crate::plugin::Settings;
use crate::settings;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often `--watch` looks.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// How deep `--watch` looks into folders.
const WATCH_DEPTH_MAX: usize = 4;

/// Standard input, as people write it.
const STDIN: &str = "-";

pub fn run(arguments: &DryRunArguments) -> Ended {
    let (_, settings) = arguments.settings.pipeline()?;
    if arguments.watch { watch(arguments, &settings) } else { once(arguments, &settings) }
}

fn once(arguments: &DryRunArguments, settings: &settings::Settings) -> Ended {
    let (loaded, found) = load(settings)?;
    let Loaded { sources, pipeline, .. } = loaded;
    let mut pipeline = pipeline.ok_or_else(|| refused(found))?;
    // Everything is read before anything is shown: a file that is not there is wrong usage, not half a result.
    let texts: Vec<(String, Vec<u8>)> = files(&arguments.files)?.into_iter().map(read).collect::<Result<_, _>>()?;
    let out = BufWriter::new(io::stdout().lock());
    let map = || Map::of(&pipeline, &sources);
    let mut show = match (arguments.explain, arguments.format) {
        (true, Format::Ndjson) => Box::new(Explaining::new(ExplainedNdjson::new(out, map()))) as Box<dyn Printer>,
        (true, _) => Box::new(Explaining::new(Explained::new(out, Look::of_stdout(), map()))),
        (false, format) => printer(format, out),
    };
    if arguments.only == Some(Only::Failed) {
        show = Box::new(Failed(show));
    }
    let mut total = Summary::default();
    for (name, bytes) in &texts {
        let input = Input { name, bytes, shape: shape(arguments.shape) };
        add(&mut total, run_at(&mut pipeline, &input, arguments.clock, show.as_mut())?);
    }
    show.finish()?;
    drop(show);
    summarise(&total, Look::of_stderr());
    Ok(Exit::Done)
}

/// Runs again and again, whenever a file of the pipeline or a fixture changes, until it is interrupted.
fn watch(arguments: &DryRunArguments, settings: &settings::Settings) -> Ended {
    if arguments.files.is_empty() || arguments.files.iter().any(|file| file == STDIN) {
        let hint = "name the files: standard input can be read only once".to_string();
        return Err(Failure::Refused { text: "--watch needs files".into(), hint: Some(hint) });
    }
    let look = Look::of_stdout();
    let mut seen = None;
    loop {
        let now = stamps(arguments, settings);
        if seen.as_ref() != Some(&now) {
            seen = Some(now);
            if look.terminal {
                print!("\x1b[2J\x1b[H");
            }
            match once(arguments, settings) {
                // What is wrong was said, and is mended in the editor.
                Ok(_) | Err(Failure::Said(_)) => {}
                Err(Failure::Refused { text, hint }) => {
                    note(&format!("error: {text}"));
                    hint.iter().for_each(|hint| note(&format!("hint: {hint}")));
                }
                Err(other) => return Err(other),
            }
            note("watching; end it with Ctrl-C");
        }
        std::thread::sleep(WATCH_INTERVAL);
    }
}

/// Every file that a run reads, with its time and size.
fn stamps(arguments: &DryRunArguments, settings: &settings::Settings) -> Vec<(PathBuf, Option<SystemTime>, u64)> {
    let named = settings.path_config.iter().chain(&arguments.files);
    let paths = named.flat_map(|text| match glob::glob(text) {
        Ok(paths) => paths.flatten().collect(),
        Err(_) => vec![PathBuf::from(text)],
    });
    let mut stamps: Vec<_> = paths
        .flat_map(|path: PathBuf| in_folder(&path, 0))
        .filter_map(|path| {
            let metadata = fs::metadata(&path).ok()?;
            Some((path, metadata.modified().ok(), metadata.len()))
        })
        .collect();
    stamps.sort();
    stamps
}

/// A file with what tells of its container, or all that is in a folder: pipelines keep patterns and dictionaries there.
fn in_folder(path: &Path, depth: usize) -> Vec<PathBuf> {
    match fs::read_dir(path) {
        Ok(entries) if depth < WATCH_DEPTH_MAX => {
            entries.flatten().flat_map(|entry| in_folder(&entry.path(), depth + 1)).collect()
        }
        Ok(_) => Vec::new(),
        Err(_) => vec![path.to_path_buf(), path.with_file_name("container.json")],
    }
}

/// Shows what failed, and leaves out the rest.
struct Failed<'w>(Box<dyn Printer + 'w>);

impl Show for Failed<'_> {
    fn event(&mut self, event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        if failures(event).next().is_some() { self.0.event(event, documents) } else { Ok(()) }
    }

    fn watcher(&mut self) -> Option<&mut dyn Watcher> {
        self.0.watcher()
    }
}

impl Printer for Failed<'_> {
    fn finish(&mut self) -> io::Result<()> {
        self.0.finish()
    }
}

fn shape(asked: Shape) -> Option<fixture::Shape> {
    match asked {
        Shape::Auto => None,
        Shape::Docker => Some(fixture::Shape::Docker),
        Shape::Lines => Some(fixture::Shape::Lines),
        Shape::Events => Some(fixture::Shape::Events),
    }
}

/// Files, globs and `-`, in the order given; standard input if nothing is.
fn files(given: &[String]) -> Result<Vec<String>, Failure> {
    if given.is_empty() {
        return Ok(vec![STDIN.to_string()]);
    }
    let mut files = Vec::new();
    for text in given {
        if text == STDIN || fs::metadata(text).is_ok() {
            files.push(input_in(PathBuf::from(text)));
            continue;
        }
        let paths = glob::glob(text).map_err(|error| format!("bad pattern {text}: {error}"))?;
        let before = files.len();
        files.extend(paths.flatten().map(input_in).filter(|path| Path::new(path).is_file()));
        if files.len() == before {
            return Err(format!("no such file: {text}").into());
        }
    }
    Ok(files)
}

/// Of a fixture's folder its lines; of anything else itself.
fn input_in(path: PathBuf) -> String {
    find::input_of(&path).unwrap_or(path).to_string_lossy().into_owned()
}

fn read(name: String) -> Result<(String, Vec<u8>), Failure> {
    if name != STDIN {
        return match fs::read(&name) {
            Ok(bytes) => Ok((name, bytes)),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => Err(Failure::Refused {
                text: format!("{name} is a folder"),
                hint: Some(format!("name the files in it, for example '{}/*.log'", name.trim_end_matches('/'))),
            }),
            Err(error) => Err(format!("cannot read {name}: {error}").into()),
        };
    }
    if stdin_is_terminal() {
        note("reading standard input; end it with Ctrl-D");
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map_err(|error| format!("cannot read standard input: {error}"))?;
    Ok((name, bytes))
}

/// A `Show` that may hold something back until everything has been shown.
pub trait Printer: Show {
    fn finish(&mut self) -> io::Result<()>;
}

fn printer<'w>(format: Format, out: impl Write + 'w) -> Box<dyn Printer + 'w> {
    match format {
        Format::Table => Box::new(Table::new(out, Look::of_stdout())),
        Format::Ndjson => Box::new(Ndjson(out)),
        Format::Rubydebug => Box::new(Rubydebug::new(out)),
    }
}

/// One object a document.
struct Ndjson<W>(W);

impl<W: Write> Show for Ndjson<W> {
    fn event(&mut self, _event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        for document in documents {
            let index = document.index.map_or_else(|| "null".to_string(), quoted);
            let id = quoted(document.id);
            writeln!(self.0, "{{\"_index\":{index},\"_id\":{id},\"_source\":{}}}", document.source)?;
        }
        Ok(())
    }
}

impl<W: Write> Printer for Ndjson<W> {
    fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whole events by the codec of that name.
struct Rubydebug<W> {
    out: W,
    encoder: Box<dyn Encoder>,
    text: Vec<u8>,
}

impl<W: Write> Rubydebug<W> {
    fn new(out: W) -> Rubydebug<W> {
        let codec = &crate::codec::rubydebug::PLUGIN;
        let settings = Settings::check(codec.declaration, Vec::new()).expect("rubydebug needs no settings");
        let build = codec.encoder.expect("rubydebug writes");
        Rubydebug { out, encoder: build(&settings).expect("the default settings are good ones"), text: Vec::new() }
    }
}

impl<W: Write> Show for Rubydebug<W> {
    fn event(&mut self, event: &Event<'_>, _documents: &[Document<'_>]) -> io::Result<()> {
        self.text.clear();
        self.encoder.encode(event, &mut self.text);
        if self.text.last() != Some(&b'\n') {
            self.text.push(b'\n');
        }
        self.out.write_all(&self.text)
    }
}

impl<W: Write> Printer for Rubydebug<W> {
    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn add(total: &mut Summary, more: Summary) {
    total.lines += more.lines;
    total.events += more.events;
    total.dropped += more.dropped;
    total.guessed_events |= more.guessed_events;
    total.elapsed += more.elapsed;
    total.notes.extend(more.notes);
    for (name, number) in more.documents {
        *total.documents.entry(name).or_default() += number;
    }
    for (name, number) in more.tags {
        *total.tags.entry(name).or_default() += number;
    }
}

fn summarise(total: &Summary, look: Look) {
    note("");
    let dropped = if total.dropped == 0 { String::new() } else { format!(", {} dropped", thousands(total.dropped)) };
    let lines = count(total.lines as usize, "line");
    note(&format!("{lines}, {}{dropped}{}", count(total.events as usize, "event"), pace(total)));
    let name_of = |index: &str| if index.is_empty() { "(no index)".to_string() } else { printable(index).into_owned() };
    if total.guessed_events {
        note("the lines look like JSON events and were taken as such; --as lines takes them as text");
    }
    total.notes.iter().for_each(|text| note(&printable(text)));
    list("documents", &total.documents, name_of, look, DIM);
    list("tags", &total.tags, |tag| printable(tag).into_owned(), look, YELLOW);
}

/// `, 12.3 µs an event`: with fewer events it would say how long a start takes.
fn pace(total: &Summary) -> String {
    let micros = total.elapsed.as_secs_f64() * 1e6 / total.events.max(1) as f64;
    if total.events == 0 { String::new() } else { format!(", {micros:.1} µs an event") }
}

fn list(title: &str, counts: &BTreeMap<String, u64>, name_of: impl Fn(&str) -> String, look: Look, colour: &str) {
    for (at, (name, number)) in counts.iter().enumerate() {
        let title = if at == 0 { title } else { "" };
        note(&format!("{title:9} {:>9}  {}", thousands(*number), look.paint(colour, &name_of(name))));
    }
}
