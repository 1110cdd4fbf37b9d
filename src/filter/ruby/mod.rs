//! The `ruby` filter: short scripts, run by an interpreter of our own.
//!
//! `read` makes a tree of a script and refuses what the interpreter does not have, so that a pipeline that compiles
//! never meets a name it does not know; `run` evaluates the tree within bounds of steps, depth and memory; `value` is
//! the memory; `script` is the door for other filters that take Ruby code.
//! Settings: Logstash reference, "Ruby filter plugin".

mod names;
mod read;
mod run;
mod script;
#[cfg(test)]
mod tests;
mod tree;
mod value;

pub use read::Variable;
pub use run::Exception;
pub use script::{Data, Names, Script, State, fault};

use super::{Build, Context, Effects, Filter, FilterPlugin, Outcome};
use crate::event::{Arena, Event, Timestamp};
use crate::plugin::{Declaration, Door, Fallback, Fault, Given, Item, Kind, Setting, Settings};
use read::BadCode;
use std::path::Path;
use std::sync::Arc;

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("examples.txt"), build };

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "ruby",
    summary: "Runs short Ruby scripts on events, with an interpreter of its own.",
    settings: &[
        Setting::new(
            "code",
            Kind::String,
            Fallback::None,
            "The code that is run for every event, which it sees as `event`.",
        ),
        Setting::new(
            "init",
            Kind::String,
            Fallback::None,
            "Code that is run once, before the first event. What it puts into `@variables` is there for `code`.",
        )
        .differs("`@variables` are each worker's own: workers share none."),
        Setting::new(
            "path",
            Kind::Path,
            Fallback::None,
            "A file with `def filter(event)`, which gives back the list of the events that go on, and, if it likes, `def register(params)`. Takes the place of `code`.",
        )
        .differs("`test` blocks of a script file are passed over."),
        Setting::new("script_params", Kind::Hash, Fallback::Empty, "What `register` of the file is given."),
        Setting::new(
            "tag_on_exception",
            Kind::String,
            Fallback::Text("_rubyexception"),
            "The tag of an event on which the code failed.",
        ),
        Setting::new(
            "tag_with_exception_message",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Give such an event another tag with what went wrong: `_rubyexception: divided by 0`.",
        ),
    ],
    example: r#"filter { ruby { code => "event.set('seconds', event.get('millis').to_f / 1000) if event.get('millis')" } }"#,
    differs: &[
        "code is run by an interpreter of our own: the expressions, statements, blocks, functions and methods of short scripts. What it does not have (classes, files, sockets, gems, `eval`) is refused when the pipeline is read, with its line and column.",
        "integers have 64 bits, and a larger one is an exception; `Time` is in UTC unless a zone is given; strings are UTF-8.",
        "a script ends with an exception after five million steps or 64 MiB for one event, and about 25 calls deep.",
    ],
    unavailable: None,
};

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let mut names = Names::new();
    let init = match settings.given("init") {
        Some(item) => Some(Arc::new(Script::read_alone(text(item), &mut names).map_err(|bad| fault(item, &bad))?)),
        None => None,
    };
    let work = match (settings.given("code"), settings.given("path")) {
        (Some(item), None) => {
            Work::Code(Arc::new(Script::read(text(item), &[], &mut names).map_err(|bad| fault(item, &bad))?))
        }
        (None, Some(item)) => file(item, settings, build, &mut names)?,
        (Some(_), Some(item)) => return Err(Fault::at(item.place, "`code` and `path` cannot both be given")),
        (None, None) => return Err(Fault::new("filter `ruby` needs `code` or `path`")),
    };
    let mut ruby = Ruby {
        init,
        work,
        state: State::default(),
        is_started: false,
        tag: settings.text("tag_on_exception").unwrap_or_default().into(),
        with_message: settings.boolean("tag_with_exception_message"),
    };
    ruby.rehearse(settings)?;
    Ok(Box::new(ruby))
}

fn text(item: &Item) -> &str {
    item.as_text().unwrap_or_default()
}

fn file(item: &Item, settings: &Settings, build: &Build<'_>, names: &mut Names) -> Result<Work, Fault> {
    let path = text(item);
    let bytes = build.files.read(Path::new(path));
    let bytes = bytes.map_err(|error| Fault::at(item.place, format!("cannot read the script `{path}`: {error}")))?;
    let text = String::from_utf8_lossy(&bytes);
    let script = Script::read_alone(&text, names).map_err(|bad| {
        let before = &text[..bad.at.min(text.len())];
        let (line, column) =
            (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or("").chars().count() + 1);
        let fault = Fault::at(item.place, format!("{path}:{line}:{column}: {bad}"));
        bad.help.into_iter().fold(fault, Fault::help)
    })?;
    if script.arity("filter") != Some(1) {
        return Err(Fault::at(item.place, format!("the script `{path}` has no `def filter(event)`")));
    }
    let params = settings.pairs("script_params").into_iter().map(|(name, item)| (Data::Text(name), data(&item)));
    Ok(Work::File(Arc::new(script), Data::Hash(params.collect())))
}

/// A setting's value as the script sees it.
fn data(item: &Item) -> Data {
    match &item.given {
        Given::Text(text) => Data::Text(text.clone()),
        Given::Number { text, value } => text.parse().map_or(Data::Float(*value), Data::Int),
        Given::List(items) => Data::List(items.iter().map(data).collect()),
        Given::Hash(pairs) => Data::Hash(pairs.iter().map(|(key, value)| (data(key), data(value))).collect()),
        Given::Plugin { name, .. } => Data::Text(name.clone()),
    }
}

/// What is run for every event.
#[derive(Clone)]
enum Work {
    Code(Arc<Script>),
    /// A script with `filter`, and what its `register` is given.
    File(Arc<Script>, Data),
}

struct Ruby {
    init: Option<Arc<Script>>,
    work: Work,
    state: State,
    /// `init` and `register` have run.
    is_started: bool,
    tag: Box<str>,
    with_message: bool,
}

/// A world for trying `init` and `register` while a pipeline is read.
struct Rehearsal;

impl Effects for Rehearsal {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn ticks(&self) -> u64 {
        0
    }
}

impl Ruby {
    /// Runs what runs once, to find out early that it fails.
    fn rehearse(&mut self, settings: &Settings) -> Result<(), Fault> {
        let arena = Arena::new();
        let mut cx = Context { arena: &arena, effects: &Rehearsal, emitted: &mut Vec::new(), place: 0, reasons: None };
        let of_init = |exception| match settings.given("init") {
            Some(item) => fault(item, &failed_once(exception)),
            None => Fault::new(failed_once(exception).text),
        };
        let path = settings.text("path").unwrap_or_default();
        let of_script =
            |(exception, line)| Fault::at(settings.place("path"), format!("{path}:{line}: {}", failed_once(exception)));
        let result = match self.run_init(&mut cx) {
            Err((exception, _)) => Err(of_init(exception)),
            Ok(()) => self.register(&mut cx).map_err(of_script),
        };
        self.state = State::default();
        result
    }

    fn run_init(&mut self, cx: &mut Context<'_, '_>) -> Result<(), (Exception, usize)> {
        let Some(init) = &self.init else { return Ok(()) };
        let result = init.run(&mut self.state, None, cx, &mut []);
        result.map(|_| ()).map_err(|exception| located(init, exception))
    }

    /// Runs what a script file has besides `filter`, then its `register`.
    fn register(&mut self, cx: &mut Context<'_, '_>) -> Result<(), (Exception, usize)> {
        let Work::File(script, params) = &self.work else { return Ok(()) };
        let run = |result: Result<bool, Exception>| result.map_err(|exception| located(script, exception));
        run(script.run(&mut self.state, None, cx, &mut []))?;
        if script.arity("register").is_some() {
            run(script.call("register", &mut self.state, None, cx, std::slice::from_ref(params)))?;
        }
        Ok(())
    }

    fn run<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Result<bool, (Exception, usize)> {
        if !self.is_started {
            self.is_started = true;
            self.run_init(cx)?;
            self.register(cx)?;
        }
        let (script, result) = match &self.work {
            Work::Code(script) => (script, script.run(&mut self.state, Some(event), cx, &mut [])),
            Work::File(script, _) => (script, script.call("filter", &mut self.state, Some(event), cx, &[])),
        };
        result.map_err(|exception| located(script, exception))
    }
}

fn failed_once(exception: Exception) -> BadCode {
    let text = format!("the code that runs once fails: {} ({})", exception.message, exception.class);
    BadCode { at: exception.at, text, help: None }
}

/// An exception with the line in which it came up.
fn located(script: &Script, exception: Exception) -> (Exception, usize) {
    let (line, _) = script.line_of(exception.at);
    (exception, line)
}

impl Filter for Ruby {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        match self.run(event, cx) {
            Ok(true) => Outcome::Cancelled,
            Ok(false) => Outcome::Matched,
            Err((exception, line)) => {
                tracing::warn!(filter = "ruby", line, class = exception.class, reason = %exception.message, "the code failed");
                cx.because_of(|| format!("line {line} of the code fails: {} ({})", exception.message, exception.class));
                if !self.tag.is_empty() {
                    event.tag(&self.tag, cx.arena);
                }
                if self.with_message {
                    event.tag(&format!("{}: {}", self.tag, exception.message), cx.arena);
                }
                Outcome::Unmatched
            }
        }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(Ruby {
            init: self.init.clone(),
            work: self.work.clone(),
            state: State::default(),
            is_started: false,
            tag: self.tag.clone(),
            with_message: self.with_message,
        })
    }
}
