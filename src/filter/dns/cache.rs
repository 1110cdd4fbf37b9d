//! What was answered lately: so many entries, each for so long. When it is full, what came first makes room.

use std::collections::{HashMap, VecDeque};

#[derive(Clone, Debug)]
pub struct Cache<V> {
    entries_max: usize,
    ttl_ns: u64,
    /// The value and when it was put there, in ticks.
    entries: HashMap<String, (V, u64)>,
    /// The keys of `entries`, in the order in which they came.
    order: VecDeque<String>,
}

impl<V: Clone> Cache<V> {
    /// With no entries, it keeps nothing.
    pub fn new(entries_max: usize, ttl_ns: u64) -> Cache<V> {
        Cache { entries_max, ttl_ns, entries: HashMap::new(), order: VecDeque::new() }
    }

    /// One like it that knows nothing yet.
    pub fn emptied(&self) -> Cache<V> {
        Cache::new(self.entries_max, self.ttl_ns)
    }

    pub fn get(&self, key: &str, now: u64) -> Option<V> {
        let (value, since) = self.entries.get(key)?;
        (now.saturating_sub(*since) < self.ttl_ns).then(|| value.clone())
    }

    pub fn put(&mut self, key: &str, value: V, now: u64) {
        if self.entries_max == 0 {
            return;
        }
        if self.entries.insert(key.to_owned(), (value, now)).is_some() {
            return;
        }
        self.order.push_back(key.to_owned());
        if self.order.len() > self.entries_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }
}
