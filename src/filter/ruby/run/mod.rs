//! Runs a script's tree.
//!
//! A `Machine` lives for one event. Steps, depth and memory are bounded: a script that goes beyond ends with an error
//! that it cannot rescue, and the event is tagged like one whose script failed.

mod array;
mod call;
mod class;
mod enumerable;
mod eval;
mod event;
mod format;
mod hash;
mod number;
mod object;
mod pack;
mod pattern;
mod string;
mod text;
mod time;
mod transfer;

pub use class::has as class_has;

use super::names::Constant;
use super::tree::Kind;
use super::value::{Closure, Found, Full, Heap, Obj, Ref, Val};
use super::{Data, Script};
use crate::event::Event;
use crate::filter::Context;
use std::sync::Arc;

/// How many expressions one event may be worth.
const STEPS_MAX: u64 = 5_000_000;
/// How deep evaluation may go: about 25 calls of a function by itself.
const DEPTH_MAX: u32 = 250;

/// Why a script ended early.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// The class, as Ruby names it.
    pub class: &'static str,
    pub message: String,
    /// Where in the script, in bytes.
    pub at: usize,
}

/// What ends an expression without a value.
enum Flow {
    Break(Val),
    Next(Val),
    Return(Val),
    Raise(Box<Raised>),
}

struct Raised {
    class: Constant,
    message: String,
    at: u32,
    /// A bound was reached: no `rescue` holds it.
    fatal: bool,
}

type Done<T = Val> = Result<T, Flow>;
/// `None`: the receiver has no such method.
type Answer = Done<Option<Val>>;

impl From<Full> for Flow {
    fn from(_: Full) -> Flow {
        let message = "failed to allocate memory: one event may take 64 MiB".to_owned();
        Flow::Raise(Box::new(Raised { class: Constant::NoMemoryError, message, at: 0, fatal: true }))
    }
}

/// A block that a method was given.
#[derive(Clone)]
enum Given {
    Closure(Closure),
    Method(super::names::Method),
    /// Calls the other with what it got and a counter.
    Indexed(Box<Given>, usize),
    /// Calls the other with what it got and an object.
    With(Box<Given>, Val),
}

/// An event that the script made, or the number of one that is gone.
struct Made<'b> {
    event: Event<'b>,
    cancelled: bool,
    /// It went on behind the filter already.
    emitted: bool,
}

pub struct Machine<'m, 'b, 'w> {
    script: &'m Script,
    heap: &'m mut Heap,
    instances: &'m mut Vec<Val>,
    event: Option<&'m mut Event<'b>>,
    /// `event.cancel`
    cancelled: bool,
    made: Vec<Made<'b>>,
    cx: &'m mut Context<'b, 'w>,
    env: Ref,
    /// The block of the function that runs.
    block: Option<Val>,
    found: Option<Arc<Found>>,
    counters: Vec<i64>,
    steps: u64,
    depth: u32,
    at: u32,
    /// How many events this filter made of this one.
    emitted: u32,
}

/// What a run needs and changes.
pub struct Stage<'m, 'b, 'w> {
    pub heap: &'m mut Heap,
    pub instances: &'m mut Vec<Val>,
    pub event: Option<&'m mut Event<'b>>,
    pub cx: &'m mut Context<'b, 'w>,
}

/// What came of a run.
pub struct Ran {
    pub cancelled: bool,
}

impl<'m, 'b, 'w> Machine<'m, 'b, 'w> {
    fn new(script: &'m Script, stage: Stage<'m, 'b, 'w>) -> Self {
        let Stage { heap, instances, event, cx } = stage;
        Machine {
            script,
            heap,
            instances,
            event,
            cancelled: false,
            made: Vec::new(),
            cx,
            env: 0,
            block: None,
            found: None,
            counters: Vec::new(),
            steps: 0,
            depth: 0,
            at: 0,
            emitted: 0,
        }
    }

    /// Runs the body; `variables` are its first locals, before and after.
    pub fn body(script: &'m Script, stage: Stage<'m, 'b, 'w>, variables: &mut [Data]) -> Result<Ran, Exception> {
        let mut machine = Machine::new(script, stage);
        machine.run_body(variables).map_err(|flow| machine.exception(flow))?;
        Ok(Ran { cancelled: machine.cancelled })
    }

    fn run_body(&mut self, variables: &mut [Data]) -> Done<()> {
        let mut locals = Vec::with_capacity(self.script.locals);
        if self.script.has_event {
            locals.push(Val::Event(0));
        }
        for data in variables.iter() {
            locals.push(self.of_data(data)?);
        }
        let first = locals.len() - variables.len();
        locals.resize(self.script.locals.max(locals.len()), Val::Nil);
        self.instances.resize(self.instances.len().max(self.script.instances), Val::Nil);
        let env = self.heap.add(Obj::Env { locals, parent: None })?;
        let Val::Ref(env) = env else { return Ok(()) };
        self.env = env;
        match self.eval(&self.script.body) {
            Ok(_) | Err(Flow::Return(_) | Flow::Next(_) | Flow::Break(_)) => {}
            Err(raised) => return Err(raised),
        }
        for (at, data) in variables.iter_mut().enumerate() {
            let Obj::Env { locals, .. } = self.heap.get(env) else { continue };
            *data = self.data(locals[first + at], 0)?;
        }
        Ok(())
    }

    /// Calls a function that the script defines.
    pub fn function(script: &'m Script, name: &str, stage: Stage<'m, 'b, 'w>, args: &[Data]) -> Result<Ran, Exception> {
        let mut machine = Machine::new(script, stage);
        machine.run_function(name, args).map_err(|flow| machine.exception(flow))
    }

    fn run_function(&mut self, name: &str, args: &[Data]) -> Done<Ran> {
        self.instances.resize(self.instances.len().max(self.script.instances), Val::Nil);
        let Val::Ref(env) = self.heap.add(Obj::Env { locals: Vec::new(), parent: None })? else {
            return Ok(Ran { cancelled: false });
        };
        self.env = env;
        let Some(function) = self.script.functions.iter().position(|there| &*there.name == name) else {
            return Err(self.raise(Constant::NoMethodError, format!("undefined method `{name}'")));
        };
        let mut values = Vec::new();
        for data in args {
            values.push(self.of_data(data)?);
        }
        let filters = self.event.is_some();
        if filters {
            values.push(Val::Event(0));
        }
        let result = self.call_own(function, values)?;
        if filters { self.results(result) } else { Ok(Ran { cancelled: false }) }
    }

    /// The events that `filter(event)` gives back: the event itself goes on if it is among them.
    fn results(&mut self, result: Val) -> Done<Ran> {
        let Some(events) = self.array(result) else {
            let shown = self.inspect(result);
            let text = format!("filter method should always return an array of events, returned {shown}");
            return Err(self.raise(Constant::RuntimeError, text));
        };
        let mut goes_on = false;
        for event in events {
            match event {
                Val::Event(0) => goes_on = true,
                Val::Event(made) => self.emit(made),
                other => {
                    let text =
                        format!("filter method returned an array with {}, which is no event", self.inspect(other));
                    return Err(self.raise(Constant::RuntimeError, text));
                }
            }
        }
        Ok(Ran { cancelled: self.cancelled || !goes_on })
    }

    fn exception(&self, flow: Flow) -> Exception {
        match flow {
            Flow::Raise(raised) => Exception {
                class: raised.class.text(),
                message: raised.message,
                at: (if raised.at == 0 { self.at } else { raised.at }) as usize,
            },
            _ => {
                Exception { class: "LocalJumpError", message: "a jump that leads nowhere".into(), at: self.at as usize }
            }
        }
    }

    fn raise(&self, class: Constant, message: impl Into<String>) -> Flow {
        Flow::Raise(Box::new(Raised { class, message: message.into(), at: self.at, fatal: false }))
    }

    fn type_error(&self, message: impl Into<String>) -> Flow {
        self.raise(Constant::TypeError, message)
    }

    fn argument_error(&self, message: impl Into<String>) -> Flow {
        self.raise(Constant::ArgumentError, message)
    }

    fn fatal(&self, class: Constant, message: impl Into<String>) -> Flow {
        Flow::Raise(Box::new(Raised { class, message: message.into(), at: self.at, fatal: true }))
    }

    /// Counts work that one expression does.
    fn step(&mut self, steps: u64) -> Done<()> {
        self.steps += steps;
        if self.steps > STEPS_MAX {
            return Err(self.fatal(Constant::RuntimeError, format!("the script did not end after {STEPS_MAX} steps")));
        }
        Ok(())
    }

    fn str(&mut self, text: impl Into<String>) -> Done {
        Ok(self.heap.add(Obj::Str(text.into()))?)
    }

    fn symbol(&mut self, text: impl Into<Box<str>>) -> Done {
        Ok(self.heap.add(Obj::Symbol(text.into()))?)
    }

    fn list(&mut self, items: Vec<Val>) -> Done {
        Ok(self.heap.add(Obj::Array(items))?)
    }

    /// The object behind a value that has one.
    fn object(&self, value: Val) -> Option<&Obj> {
        match value {
            Val::Ref(at) => Some(self.heap.get(at)),
            _ => None,
        }
    }

    /// The text of a string.
    fn text(&self, value: Val) -> Option<&str> {
        match self.object(value) {
            Some(Obj::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a string or a symbol.
    fn name(&self, value: Val) -> Option<&str> {
        match self.object(value) {
            Some(Obj::Str(text)) => Some(text),
            Some(Obj::Symbol(text)) => Some(text),
            _ => None,
        }
    }

    /// The items of an array, as they are now.
    fn array(&self, value: Val) -> Option<Vec<Val>> {
        match self.object(value) {
            Some(Obj::Array(items)) => Some(items.clone()),
            _ => None,
        }
    }

    fn want_text(&self, value: Val) -> Done<String> {
        match self.text(value) {
            Some(text) => Ok(text.to_owned()),
            None => Err(self.type_error(format!("no implicit conversion of {} into String", self.class_name(value)))),
        }
    }

    fn want_int(&self, value: Val) -> Done<i64> {
        match value {
            Val::Int(number) => Ok(number),
            Val::Float(number) if number.is_finite() => Ok(number as i64),
            other => Err(self.type_error(format!("no implicit conversion of {} into Integer", self.class_name(other)))),
        }
    }

    fn want_float(&self, value: Val) -> Done<f64> {
        match value {
            Val::Int(number) => Ok(number as f64),
            Val::Float(number) => Ok(number),
            other => Err(self.type_error(format!("can't convert {} into Float", self.class_name(other)))),
        }
    }
}

/// Whether an expression is a plain value that needs no step of its own.
fn is_constant(kind: &Kind) -> bool {
    matches!(kind, Kind::Nil | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) | Kind::Constant(_))
}
