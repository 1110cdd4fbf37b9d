//! The `aggregate` filter: brings together what several events say of one task.
//!
//! A *task* is known by its id; it has a *map*, which code reads and writes together with each event. A task ends with
//! its last event (`end_of_task`), or when its time is over; then its map may become an event of its own.
//! Terms and settings: Logstash reference, "Aggregate filter plugin". Code is run by the interpreter of `ruby`.

mod code;
mod store;
mod tasks;

use super::{Build, Context, Filter, FilterPlugin, Outcome, name};
use crate::event::{Event, FieldRef, Identity, Template, Timestamp, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, ONE_STATE, Setting, Settings};
use code::Code;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tasks::{Patience, Pattern, Patterns, Task, Tasks};

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("examples.txt"), build };

/// The tag of an event whose code failed.
const FAILURE: &str = "_aggregateexception";
/// When a task is over where no filter says.
const TIMEOUT_SECONDS: f64 = 1800.0;
/// Settings that one filter alone of those with the same `task_id` may have.
const TIMING: &[&str] = &[
    "timeout",
    "inactivity_timeout",
    "timeout_code",
    "push_map_as_event_on_timeout",
    "push_previous_map_as_event",
    "timeout_timestamp_field",
    "timeout_task_id_field",
    "timeout_tags",
];

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "aggregate",
    summary: "Brings together what several events say of one task, in a map that Ruby code reads and writes with each of them.",
    settings: &[
        Setting::new(
            "task_id",
            Kind::String,
            Fallback::Required,
            "Which task an event belongs to; holds `%{…}`. An event without that field is left alone. Filters with the same `task_id` work on the same maps.",
        ),
        Setting::new(
            "code",
            Kind::String,
            Fallback::Required,
            "Ruby code that runs for each event, with `event`, `map`, `map_meta` (`task_id`, `creation_timestamp`, `lastevent_timestamp`, and `timeout` and `inactivity_timeout`, which it may set) and `new_event_block`. What of Ruby it may hold: see the `ruby` filter.",
        )
        .differs("code that fails leaves the map as it was before."),
        Setting::new(
            "map_action",
            Kind::OneOf(&["create", "update", "create_or_update"]),
            Fallback::Text("create_or_update"),
            "`create`: the code runs for a task's first event alone. `update`: only for tasks that there are. `create_or_update`: for every event.",
        ),
        Setting::new(
            "end_of_task",
            Kind::Boolean,
            Fallback::Boolean(false),
            "The task ends with this event, behind the code.",
        ),
        Setting::new(
            "timeout",
            Kind::Number,
            Fallback::Number(TIMEOUT_SECONDS),
            "Seconds after a task's first event at which it ends.",
        ),
        Setting::new(
            "inactivity_timeout",
            Kind::Number,
            Fallback::None,
            "Seconds after a task's last event at which it ends; less than `timeout`.",
        ),
        Setting::new(
            "push_map_as_event_on_timeout",
            Kind::Boolean,
            Fallback::Boolean(false),
            "The map of a task whose time is over becomes an event, that goes on behind this filter.",
        ),
        Setting::new(
            "push_previous_map_as_event",
            Kind::Boolean,
            Fallback::Boolean(false),
            "When a new task begins, the map of the one before becomes an event: for tasks that come one after the other.",
        ),
        Setting::new(
            "timeout_code",
            Kind::String,
            Fallback::None,
            "Ruby code that runs with the event that was made of a map, as `event`.",
        ),
        Setting::new(
            "timeout_task_id_field",
            Kind::Field,
            Fallback::None,
            "The field of the event that was made of a map that gets the task's id.",
        ),
        Setting::new("timeout_tags", Kind::Array, Fallback::Empty, "Tags for the event that was made of a map."),
        Setting::new(
            "timeout_timestamp_field",
            Kind::Field,
            Fallback::None,
            "The field with the time that counts for time-outs, such as `@timestamp`; by default the machine's clock counts. For old logs.",
        )
        .differs("a task also ends when no event of it has come for `timeout` seconds by the machine's clock."),
        Setting::new(
            "aggregate_maps_path",
            Kind::Path,
            Fallback::None,
            "The file that all maps of the pipeline are kept in from its end to its next start. One filter of a pipeline may name one.",
        )
        .differs("the file has a format of its own."),
    ],
    example: r#"filter { aggregate { task_id => "%{user_id}" code => "map['clicks'] ||= 0; map['clicks'] += 1" push_map_as_event_on_timeout => true timeout_task_id_field => "user_id" timeout => 600 timeout_tags => [ "_aggregatetimeout" ] timeout_code => "event.set('several_clicks', event.get('clicks') > 1)" } }"#,
    differs: &[
        ONE_STATE,
        "when the pipeline ends, maps that would become events on a time-out become events, unless `aggregate_maps_path` keeps them; Logstash forgets those of `push_map_as_event_on_timeout`.",
        "tasks with the same `task_id` are at most 100,000 and 64 MiB; beyond, the oldest end.",
        "an event that time makes of a map comes of no line: its document id is never the same again.",
    ],
    unavailable: None,
};

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let id = settings.text("task_id").unwrap_or_default();
    let task_id = Template::parse(id);
    if task_id.as_literal().is_some() {
        let text = format!("`task_id` must name a field, or all events are of one task: `{id}`");
        return Err(Fault::at(settings.place("task_id"), text).help("write `%{field}`"));
    }
    let patterns: Arc<Patterns> = build.common.get("aggregate", Patterns::default);
    let pattern = patterns.get(id);
    Ok(Box::new(Aggregate {
        ending: ending(settings, &pattern)?,
        task_id,
        id: id.into(),
        code: Code::of_tasks(settings, "code")?,
        action: match settings.text("map_action") {
            Some("create") => Action::Create,
            Some("update") => Action::Update,
            _ => Action::CreateOrUpdate,
        },
        end_of_task: settings.boolean("end_of_task"),
        path: path(settings, build, &patterns)?,
        patterns,
        pattern,
    }))
}

/// What this filter says of the end of tasks, if anything.
fn ending(settings: &Settings, pattern: &Pattern) -> Result<Option<Ending>, Fault> {
    let Some(first) = TIMING.iter().find(|name| settings.is_given(name)) else { return Ok(None) };
    if !pattern.claim() {
        let text = format!("`{first}`: another `aggregate` filter with this `task_id` says already when tasks end");
        return Err(
            Fault::at(settings.place(first), text).help(format!("one filter has all of: {}", TIMING.join(", ")))
        );
    }
    let field = |name: &str| settings.text(name).map(|text| name::reference(text, settings.place(name))).transpose();
    let time = field("timeout_timestamp_field")?;
    let patience = Patience {
        timeout: settings.number("timeout").unwrap_or(TIMEOUT_SECONDS),
        inactivity: settings.number("inactivity_timeout"),
        by_events: time.is_some(),
    };
    if patience.inactivity.is_some_and(|inactivity| inactivity >= patience.timeout) {
        let text = "`inactivity_timeout` must be less than `timeout`";
        return Err(Fault::at(settings.place("inactivity_timeout"), text));
    }
    Ok(Some(Ending {
        patience,
        time,
        push_on_timeout: settings.boolean("push_map_as_event_on_timeout"),
        push_previous: settings.boolean("push_previous_map_as_event"),
        code: settings.is_given("timeout_code").then(|| Code::of_events(settings, "timeout_code")).transpose()?,
        id_field: field("timeout_task_id_field")?,
        tags: settings.texts("timeout_tags").into(),
    }))
}

/// The file that maps are kept in; those that it keeps already are taken out.
fn path(settings: &Settings, build: &Build<'_>, patterns: &Patterns) -> Result<Option<PathBuf>, Fault> {
    let Some(path) = settings.text("aggregate_maps_path") else { return Ok(None) };
    let fault = |text: String| Fault::at(settings.place("aggregate_maps_path"), text);
    if patterns.stored.swap(true, Ordering::Relaxed) {
        return Err(fault("`aggregate_maps_path` is set in another `aggregate` filter already".into()));
    }
    let bad = |why: String| fault(format!("cannot read the maps in `{path}`: {why}"));
    match build.files.read(Path::new(path)) {
        Ok(bytes) => store::read(&bytes, patterns).map_err(bad)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(bad(error.to_string())),
    }
    Ok(Some(path.into()))
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Create,
    Update,
    CreateOrUpdate,
}

/// How tasks end that nobody ends, and what becomes of them.
#[derive(Clone)]
struct Ending {
    patience: Patience,
    /// The field whose time counts.
    time: Option<FieldRef>,
    push_on_timeout: bool,
    push_previous: bool,
    code: Option<Code>,
    id_field: Option<FieldRef>,
    tags: Box<[String]>,
}

#[derive(Clone)]
struct Aggregate {
    task_id: Template,
    /// `task_id` as it is written.
    id: Box<str>,
    code: Code,
    action: Action,
    end_of_task: bool,
    /// `None`: another filter says when tasks end, or none.
    ending: Option<Ending>,
    path: Option<PathBuf>,
    /// All of the pipeline, and this filter's: one for all workers.
    patterns: Arc<Patterns>,
    pattern: Arc<Pattern>,
}

/// When an event came.
#[derive(Clone, Copy)]
struct When {
    /// By the time that counts for time-outs.
    time: Timestamp,
    /// By the machine's clock.
    now: Timestamp,
}

impl Ending {
    fn pushes(&self) -> bool {
        self.push_on_timeout || self.push_previous
    }

    /// Makes an event of a task's map.
    fn push(&mut self, task: Task, identity: Identity, cx: &mut Context<'_, '_>) {
        let mut event = cx.blank(identity);
        if let Value::Object(map) = code::value(&task.map, cx.arena) {
            event.absorb(map, cx.arena);
        }
        if let Some(field) = &self.id_field {
            // A path that leads through a text of the map cannot be written.
            event.set(field, Value::copied(cx.arena, &task.id), cx.arena).ok();
        }
        self.tags.iter().for_each(|tag| event.tag(tag, cx.arena));
        let ran = self.code.as_mut().map_or(Ok(false), |code| code.run_alone(&mut event, cx));
        match ran {
            Ok(true) => return,
            Ok(false) => {}
            Err(code::Failed) => event.tag(FAILURE, cx.arena),
        }
        cx.emit(event, false);
    }
}

impl Aggregate {
    fn when(&self, event: &Event<'_>, cx: &Context<'_, '_>) -> When {
        let now = cx.effects.now();
        let field = self.ending.as_ref().and_then(|ending| ending.time.as_ref());
        let time = match field.and_then(|field| event.get(field)) {
            Some(Value::Time(time)) => Some(*time),
            Some(Value::Text(text)) => Timestamp::parse_iso(text.str),
            _ => None,
        };
        let of_event = || if field.is_some() { event.timestamp() } else { None };
        When { time: time.or_else(of_event).unwrap_or(now), now }
    }

    /// The task of an event, taken out of the others; `None`: it is none of this filter's business.
    fn task(
        &mut self,
        tasks: &mut Tasks,
        id: &str,
        when: When,
        made: &mut Made,
        cx: &mut Context<'_, '_>,
    ) -> Option<Task> {
        if self.ends(tasks, id, when)
            && let Some(over) = tasks.take(id)
        {
            self.end(over, made, cx);
        }
        let task = match (self.action, tasks.contains(id)) {
            (Action::Create, true) | (Action::Update, false) => return None,
            (_, true) => tasks.take(id),
            (_, false) => None,
        };
        if task.is_some() {
            return task;
        }
        if self.ending.as_ref().is_some_and(|ending| ending.push_previous)
            && let Some(previous) = tasks.take_oldest()
        {
            self.end(previous, made, cx);
        }
        Some(Task::new(id, when.time, when.now))
    }

    /// Whether the task is over by the times of events, of which this one is the latest.
    fn ends(&self, tasks: &Tasks, id: &str, when: When) -> bool {
        let patience = self.ending.as_ref().map(|ending| ending.patience).filter(|patience| patience.by_events);
        patience.zip(tasks.get(id)).is_some_and(|(patience, task)| patience.ends(task, when.time, when.now))
    }

    /// A task has ended that this event is not the end of.
    fn end(&mut self, task: Task, made: &mut Made, cx: &mut Context<'_, '_>) {
        if let Some(ending) = self.ending.as_mut().filter(|ending| ending.pushes()) {
            ending.push(task, made.identity(cx), cx);
        }
    }
}

/// Counts the events that are made of one, from the far end: the near one is for those that code makes.
struct Made {
    of: Identity,
    count: u32,
}

impl Made {
    fn identity(&mut self, cx: &Context<'_, '_>) -> Identity {
        self.count += 1;
        self.of.derived(cx.place, u32::MAX - self.count)
    }
}

impl Filter for Aggregate {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let id = self.task_id.render(event, cx.arena);
        if id.is_empty() || *id == *self.id {
            return Outcome::Unmatched;
        }
        let when = self.when(event, cx);
        let pattern = Arc::clone(&self.pattern);
        let mut tasks = pattern.tasks();
        tasks.latest = tasks.latest.max(when.time);
        let mut made = Made { of: event.identity, count: 0 };
        let Some(mut task) = self.task(&mut tasks, id, when, &mut made, cx) else { return Outcome::Unmatched };
        let ran = self.code.run(event, &mut task, cx);
        (task.last_event, task.touched) = (when.time, when.now);
        let at_once = task.timeout == Some(0.0) && self.ending.as_ref().is_some_and(|ending| ending.push_on_timeout);
        let ended = match (self.end_of_task, at_once) {
            (true, _) => Vec::new(),
            (false, true) => vec![task],
            (false, false) => tasks.put(task),
        };
        ended.into_iter().for_each(|task| self.end(task, &mut made, cx));
        match ran {
            Ok(true) => Outcome::Cancelled,
            Ok(false) => Outcome::Matched,
            Err(code::Failed) => {
                event.tag(FAILURE, cx.arena);
                Outcome::Unmatched
            }
        }
    }

    fn keeps_time(&self) -> bool {
        true
    }

    fn tick<'b>(&mut self, cx: &mut Context<'b, '_>) {
        let patience = match &self.ending {
            Some(ending) => ending.patience,
            None if self.pattern.is_timed() => return,
            None => Patience { timeout: TIMEOUT_SECONDS, inactivity: None, by_events: false },
        };
        let over = self.pattern.tasks().take_over(patience, cx.effects.now());
        if let Some(ending) = self.ending.as_mut().filter(|ending| ending.pushes()) {
            over.into_iter().for_each(|task| ending.push(task, cx.identity_of_now(), cx));
        }
    }

    fn finish<'b>(&mut self, cx: &mut Context<'b, '_>) {
        let stored = self.patterns.stored.load(Ordering::Relaxed);
        if let Some(ending) = self.ending.as_mut().filter(|ending| ending.push_previous || ending.pushes() && !stored) {
            let left = self.pattern.tasks().take_all();
            left.into_iter().for_each(|task| ending.push(task, cx.identity_of_now(), cx));
        }
        if let Some(path) = &self.path {
            let text = store::write(&self.patterns);
            if let Err(error) = cx.effects.write(path, text.as_bytes()) {
                tracing::error!(path = %path.display(), %error, "cannot keep the maps of tasks that have not ended");
            }
        }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
