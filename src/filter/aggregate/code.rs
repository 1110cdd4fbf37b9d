//! The code of the filter: scripts of the interpreter, with a task's map at hand.

use super::tasks::Task;
use crate::event::{Arena, ArenaVec, Event, Object, Value};
use crate::filter::Context;
use crate::filter::ruby::{Data, Exception, Names, Script, State, Variable, fault};
use crate::plugin::{Fault, Settings};
use std::sync::Arc;

const META: &[&str] = &["task_id", "creation_timestamp", "lastevent_timestamp", "timeout", "inactivity_timeout"];
const VARIABLES: &[Variable] = &[Variable::new("map"), Variable { name: "map_meta", attributes: META }];

/// Code of a setting, and what its instance variables hold: each worker has its own.
#[derive(Clone)]
pub struct Code {
    script: Arc<Script>,
    state: State,
    setting: &'static str,
    /// A failure was logged: one says it all, the tag is on every event.
    told: bool,
}

/// The code failed, and that was logged.
#[derive(Debug)]
pub struct Failed;

impl Code {
    /// Code that runs with an event and a task.
    pub fn of_tasks(settings: &Settings, setting: &'static str) -> Result<Code, Fault> {
        Code::read(settings, setting, VARIABLES)
    }

    /// Code that runs with an event alone.
    pub fn of_events(settings: &Settings, setting: &'static str) -> Result<Code, Fault> {
        Code::read(settings, setting, &[])
    }

    fn read(settings: &Settings, setting: &'static str, variables: &[Variable]) -> Result<Code, Fault> {
        let Some(item) = settings.given(setting) else {
            return Err(Fault::new(format!("filter `aggregate` needs the setting `{setting}`")));
        };
        let text = item.as_text().unwrap_or_default();
        let script = Script::read(text, variables, &mut Names::new()).map_err(|bad| fault(item, &bad))?;
        Ok(Code { script: Arc::new(script), state: State::default(), setting, told: false })
    }

    /// Runs for an event of a task; whether it cancelled the event. Code that fails leaves the map as it was.
    pub fn run<'b>(
        &mut self,
        event: &mut Event<'b>,
        task: &mut Task,
        cx: &mut Context<'b, '_>,
    ) -> Result<bool, Failed> {
        let map = std::mem::replace(&mut task.map, Data::Nil);
        let mut variables = [map, meta(task)];
        let ran = self.script.run(&mut self.state, Some(event), cx, &mut variables);
        let [map, meta] = variables;
        task.map = if matches!(map, Data::Hash(_)) { map } else { Data::Hash(Vec::new()) };
        task.timeout = seconds(&meta, "timeout");
        task.inactivity_timeout = seconds(&meta, "inactivity_timeout");
        ran.map_err(|exception| self.failed(&exception, cx))
    }

    /// Runs for an event that was made of a map.
    pub fn run_alone<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Result<bool, Failed> {
        let ran = self.script.run(&mut self.state, Some(event), cx, &mut []);
        ran.map_err(|exception| self.failed(&exception, cx))
    }

    fn failed(&mut self, exception: &Exception, cx: &Context<'_, '_>) -> Failed {
        let (line, _) = self.script.line_of(exception.at);
        let Exception { message, class, .. } = exception;
        cx.because_of(|| format!("line {line} of `{}` fails: {message} ({class})", self.setting));
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!(
                filter = "aggregate", setting = self.setting, line, class = exception.class,
                reason = %exception.message, "the code failed; this is said once, the tag is on every such event"
            );
        }
        Failed
    }
}

/// `map_meta`, before the code runs.
fn meta(task: &Task) -> Data {
    let number = |seconds: Option<f64>| seconds.map_or(Data::Nil, Data::Float);
    let values = [
        Data::Text(task.id.to_string()),
        Data::Time(task.created),
        Data::Time(task.last_event),
        number(task.timeout),
        number(task.inactivity_timeout),
    ];
    Data::Hash(META.iter().map(|name| Data::Text((*name).into())).zip(values).collect())
}

/// A number of `map_meta`, behind the code.
fn seconds(meta: &Data, name: &str) -> Option<f64> {
    let Data::Hash(entries) = meta else { return None };
    let found = entries.iter().find(|(key, _)| matches!(key, Data::Text(text) if text == name));
    match found?.1 {
        Data::Int(seconds) => Some(seconds as f64),
        Data::Float(seconds) => Some(seconds),
        _ => None,
    }
}

/// A value of a map, as an event's.
pub fn value<'b>(data: &Data, arena: &'b Arena) -> Value<'b> {
    match data {
        Data::Nil => Value::Null,
        Data::Bool(truth) => Value::Bool(*truth),
        Data::Int(number) => Value::Int(*number),
        Data::Float(number) => Value::Float(*number),
        Data::Text(text) | Data::Symbol(text) => Value::copied(arena, text),
        Data::Time(time) => Value::Time(*time),
        Data::List(items) => Value::array(ArenaVec::from_iter_in(items.iter().map(|item| value(item, arena)), arena)),
        Data::Hash(entries) => {
            let mut object = Object::with_capacity_in(entries.len(), arena);
            for (key, item) in entries {
                object.insert(arena.alloc_str(&name(key)), value(item, arena));
            }
            Value::Object(object)
        }
    }
}

/// A key of a map, as a field's name.
fn name(key: &Data) -> String {
    match key {
        Data::Text(text) | Data::Symbol(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => format!("{number:?}"),
        Data::Bool(truth) => truth.to_string(),
        Data::Time(time) => time.to_string(),
        Data::Nil | Data::List(_) | Data::Hash(_) => String::new(),
    }
}
