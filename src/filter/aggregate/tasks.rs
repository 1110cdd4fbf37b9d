//! The maps of tasks that have not ended, by the pattern of their ids: all `aggregate` filters of a pipeline that have
//! the same `task_id` work on the same maps, in every worker.
//!
//! What is kept has a limit, because ids come from lines: the oldest tasks end early where there are too many.

use super::super::ruby::Data;
use crate::event::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tasks of one pattern.
pub const TASKS_MAX: usize = 100_000;
/// What the maps of one pattern may take.
pub const TASK_BYTES_MAX: usize = 64 << 20;
/// What a value takes besides its text.
const VALUE_BYTES: usize = 40;

/// All patterns of a pipeline.
#[derive(Default)]
pub struct Patterns {
    by_text: Mutex<BTreeMap<String, Arc<Pattern>>>,
    /// A filter keeps the maps in a file.
    pub stored: AtomicBool,
}

/// What filters with the same `task_id` share.
#[derive(Default)]
pub struct Pattern {
    tasks: Mutex<Tasks>,
    /// One of them says when tasks end.
    timed: AtomicBool,
}

impl Patterns {
    pub fn get(&self, text: &str) -> Arc<Pattern> {
        let mut by_text = self.by_text.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_text.entry(text.into()).or_default())
    }

    /// Every pattern with its text, in order.
    pub fn all(&self) -> Vec<(String, Arc<Pattern>)> {
        let by_text = self.by_text.lock().unwrap_or_else(PoisonError::into_inner);
        by_text.iter().map(|(text, pattern)| (text.clone(), Arc::clone(pattern))).collect()
    }
}

impl Pattern {
    pub fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the caller is the first to say when tasks end.
    pub fn claim(&self) -> bool {
        !self.timed.swap(true, Ordering::Relaxed)
    }

    pub fn is_timed(&self) -> bool {
        self.timed.load(Ordering::Relaxed)
    }
}

/// A task that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub id: Box<str>,
    /// A hash.
    pub map: Data,
    /// The time of its first event.
    pub created: Timestamp,
    /// The time of its last event.
    pub last_event: Timestamp,
    /// When its last event came, by the machine's clock.
    pub touched: Timestamp,
    /// Seconds, where the code says other than the settings.
    pub timeout: Option<f64>,
    pub inactivity_timeout: Option<f64>,
    /// In the order of creation.
    number: u64,
}

impl Task {
    pub fn new(id: &str, event_time: Timestamp, now: Timestamp) -> Task {
        Task {
            id: id.into(),
            map: Data::Hash(Vec::new()),
            created: event_time,
            last_event: event_time,
            touched: now,
            timeout: None,
            inactivity_timeout: None,
            number: 0,
        }
    }

    fn bytes(&self) -> usize {
        self.id.len() + 4 * VALUE_BYTES + bytes(&self.map)
    }
}

fn bytes(data: &Data) -> usize {
    let inner = match data {
        Data::Text(text) | Data::Symbol(text) => text.len(),
        Data::List(items) => items.iter().map(bytes).sum(),
        Data::Hash(entries) => entries.iter().map(|(key, value)| bytes(key) + bytes(value)).sum(),
        _ => 0,
    };
    VALUE_BYTES + inner
}

/// When a task is over, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Since its first event.
    pub timeout: f64,
    /// Since its last event.
    pub inactivity: Option<f64>,
    /// Times are those of the events.
    pub by_events: bool,
}

impl Patience {
    /// Whether a task is over: at `time` by the events, at `now` by the machine's clock.
    pub fn ends(self, task: &Task, time: Timestamp, now: Timestamp) -> bool {
        let timeout = task.timeout.unwrap_or(self.timeout);
        let inactivity = task.inactivity_timeout.or(self.inactivity);
        let over = |now: Timestamp, since: Timestamp, limit: f64| seconds(now) - seconds(since) > limit;
        if self.by_events {
            // Where the events stop, their time does too: then the machine's clock ends the task.
            return over(time, task.created, timeout)
                || inactivity.is_some_and(|limit| over(time, task.last_event, limit))
                || over(now, task.touched, timeout);
        }
        over(now, task.created, timeout) || inactivity.is_some_and(|limit| over(now, task.last_event, limit))
    }
}

fn seconds(time: Timestamp) -> f64 {
    time.seconds as f64 + f64::from(time.nanos) / 1e9
}

/// The tasks of a pattern.
#[derive(Debug, Default)]
pub struct Tasks {
    by_id: HashMap<Box<str>, (Task, usize)>,
    /// Ids by the numbers of their tasks.
    order: BTreeMap<u64, Box<str>>,
    made: u64,
    bytes: usize,
    /// The time of the latest event.
    pub latest: Timestamp,
}

impl Tasks {
    pub fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    pub fn get(&self, id: &str) -> Option<&Task> {
        self.by_id.get(id).map(|(task, _)| task)
    }

    pub fn take(&mut self, id: &str) -> Option<Task> {
        let (task, bytes) = self.by_id.remove(id)?;
        self.bytes -= bytes;
        self.order.remove(&task.number);
        Some(task)
    }

    pub fn take_oldest(&mut self) -> Option<Task> {
        let (_, id) = self.order.first_key_value()?;
        let id = id.clone();
        self.take(&id)
    }

    /// Keeps a task; gives back those that have to end for it.
    pub fn put(&mut self, mut task: Task) -> Vec<Task> {
        if task.number == 0 {
            self.made += 1;
            task.number = self.made;
        }
        let bytes = task.bytes();
        self.bytes += bytes;
        self.order.insert(task.number, task.id.clone());
        self.by_id.insert(task.id.clone(), (task, bytes));
        let mut ended = Vec::new();
        while self.by_id.len() > TASKS_MAX || self.bytes > TASK_BYTES_MAX {
            ended.extend(self.take_oldest());
        }
        ended
    }

    /// Takes those that are over, the oldest first.
    pub fn take_over(&mut self, patience: Patience, now: Timestamp) -> Vec<Task> {
        let is_over = |id: &str| self.get(id).is_some_and(|task| patience.ends(task, self.latest, now));
        let ids: Vec<Box<str>> = self.order.values().filter(|id| is_over(id)).cloned().collect();
        ids.iter().filter_map(|id| self.take(id)).collect()
    }

    pub fn take_all(&mut self) -> Vec<Task> {
        std::iter::from_fn(|| self.take_oldest()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanos: 0 }
    }

    fn ids(tasks: &[Task]) -> String {
        tasks.iter().map(|task| &*task.id).collect()
    }

    #[test]
    fn tasks_are_over_when_their_time_is() {
        let mut tasks = Tasks::default();
        for (id, second) in [("a", 0), ("b", 5), ("c", 20)] {
            tasks.put(Task::new(id, at(second), at(second)));
        }
        let mut b = tasks.take("b").unwrap();
        b.last_event = at(18);
        tasks.put(b);
        let patience = |timeout, inactivity| Patience { timeout, inactivity, by_events: false };
        assert_eq!(ids(&tasks.take_over(patience(30.0, Some(10.0)), at(20))), "a");
        assert_eq!(ids(&tasks.take_over(patience(30.0, None), at(35))), "");
        assert_eq!(ids(&tasks.take_over(patience(10.0, None), at(35))), "bc");
    }

    #[test]
    fn the_time_can_be_that_of_the_events() {
        let mut tasks = Tasks::default();
        tasks.put(Task::new("a", at(0), at(1_000)));
        let patience = Patience { timeout: 30.0, inactivity: None, by_events: true };
        tasks.latest = at(30);
        assert_eq!(ids(&tasks.take_over(patience, at(1_010))), "");
        tasks.put(Task::new("b", at(30), at(1_010)));
        tasks.latest = at(31);
        assert_eq!(ids(&tasks.take_over(patience, at(1_011))), "a");
        assert_eq!(ids(&tasks.take_over(patience, at(1_041))), "b", "no event comes any more");
    }

    #[test]
    fn there_are_never_more_tasks_than_memory_for_them() {
        let mut tasks = Tasks::default();
        let mut ended = 0;
        for id in 0..TASKS_MAX + 5 {
            ended += tasks.put(Task::new(&id.to_string(), at(0), at(0))).len();
        }
        assert_eq!((ended, tasks.by_id.len()), (5, TASKS_MAX));
        let mut large = Task::new("large", at(0), at(0));
        large.map = Data::List(vec![Data::Text("x".repeat(TASK_BYTES_MAX - 1000))]);
        let ended = tasks.put(large);
        assert!(tasks.contains("large") && ended.len() > TASKS_MAX - 10);
        tasks.take_all();
        assert_eq!((tasks.bytes, tasks.order.len()), (0, 0));
    }
}
