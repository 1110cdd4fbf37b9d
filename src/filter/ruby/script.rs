//! A script that was read, and what it keeps from event to event: what the filter `ruby` runs, and any other filter
//! that takes Ruby code.
//!
//! A `Script` is shared by all workers; each has a `State` of its own. Variables that a filter hands in (`map` of
//! `aggregate`) are `Data`: plain trees that can wait in a table between two events.

use super::read::{BadCode, Variable, read};
use super::run::{Exception, Machine, Stage};
use super::tree::{Function, Node};
use super::value::{Heap, Val};
use crate::event::{Event, Timestamp};
use crate::filter::Context;
use crate::plugin::{Fault, Item, Place};

/// A value that a script and another filter give each other. Keys of a hash are values too: `map['a']` and `map[:a]`
/// are two entries.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Symbol(String),
    Time(Timestamp),
    List(Vec<Data>),
    Hash(Vec<(Data, Data)>),
}

/// Code that was read.
#[derive(Debug)]
pub struct Script {
    pub(super) body: Node,
    pub(super) locals: usize,
    pub(super) functions: Vec<Function>,
    /// How many instance variables it and the scripts read before it name.
    pub(super) instances: usize,
    pub(super) has_event: bool,
    text: Box<str>,
}

/// The names of the instance variables that several scripts share (`init` and `code`), in the order of their places.
pub type Names = Vec<Box<str>>;

/// What instance variables hold.
#[derive(Clone, Debug, Default)]
pub struct State {
    heap: Heap,
    instances: Vec<Val>,
}

impl Script {
    /// Reads code that is run for events: it sees `event` and these variables.
    pub fn read(text: &str, variables: &[Variable], names: &mut Names) -> Result<Script, BadCode> {
        let mut all = vec![Variable::new("event")];
        all.extend_from_slice(variables);
        Script::of(text, &all, true, names)
    }

    /// Reads code that is run once, before any event.
    pub fn read_alone(text: &str, names: &mut Names) -> Result<Script, BadCode> {
        Script::of(text, &[], false, names)
    }

    fn of(text: &str, variables: &[Variable], has_event: bool, names: &mut Names) -> Result<Script, BadCode> {
        let read = read(text, variables, names)?;
        Ok(Script {
            body: read.body,
            locals: read.locals,
            functions: read.functions,
            instances: names.len(),
            has_event,
            text: text.into(),
        })
    }

    /// How many parameters a function of the script has; `None` if it has no such function.
    pub fn arity(&self, name: &str) -> Option<usize> {
        self.functions.iter().find(|function| &*function.name == name).map(|function| function.block.params.len())
    }

    /// Runs the code; `variables` in the order in which they were given to `read`. Gives back whether the event was
    /// cancelled.
    pub fn run<'b>(
        &self,
        state: &mut State,
        event: Option<&mut Event<'b>>,
        cx: &mut Context<'b, '_>,
        variables: &mut [Data],
    ) -> Result<bool, Exception> {
        let stage = Stage { heap: &mut state.heap, instances: &mut state.instances, event, cx };
        let ran = Machine::body(self, stage, variables);
        self.settle(state)?;
        ran.map(|ran| ran.cancelled)
    }

    /// Calls a function of the script, with the event as the last argument if there is one; what it gives back then are
    /// the events that go on.
    pub fn call<'b>(
        &self,
        name: &str,
        state: &mut State,
        event: Option<&mut Event<'b>>,
        cx: &mut Context<'b, '_>,
        args: &[Data],
    ) -> Result<bool, Exception> {
        let stage = Stage { heap: &mut state.heap, instances: &mut state.instances, event, cx };
        let ran = Machine::function(self, name, stage, args);
        self.settle(state)?;
        ran.map(|ran| ran.cancelled)
    }

    fn settle(&self, state: &mut State) -> Result<(), Exception> {
        state.heap.settle(&mut state.instances).map_err(|_| Exception {
            class: "NoMemoryError",
            message: "instance variables hold more than 64 MiB, or are nested too deeply: they were emptied".into(),
            at: 0,
        })
    }

    /// Line and column of a place, both from 1.
    pub fn line_of(&self, at: usize) -> (usize, usize) {
        line_of(&self.text, at)
    }
}

fn line_of(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// What is wrong with the code of a setting, at its place in the pipeline's text.
pub fn fault(item: &Item, bad: &BadCode) -> Fault {
    let text = item.as_text().unwrap_or_default();
    let (start, end) = (item.place.start as usize, item.place.end as usize);
    // A quoted text stands there as it is, unless escapes or `${…}` were replaced in it.
    let quotes = (end - start).saturating_sub(text.len());
    let fault = if matches!(quotes, 0 | 2) && end > start {
        let rest = text.get(bad.at..).unwrap_or_default();
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let at = start + quotes / 2 + bad.at;
        let place = Place { start: at as u32, end: (at + word.max(1)) as u32, ..item.place };
        Fault::at(place, format!("ruby: {}", bad.text))
    } else {
        let (line, column) = line_of(text, bad.at);
        Fault::at(item.place, format!("ruby: line {line}, column {column} of the code: {}", bad.text))
    };
    match &bad.help {
        Some(help) => fault.help(help.clone()),
        None => fault,
    }
}
