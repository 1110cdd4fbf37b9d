//! Whether the daemon can do its work: named conditions, each ready or not with a reason. `/readyz` shows them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// The condition that every daemon begins with.
const START: &str = "start";

/// A handle; clones share the conditions.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Mutex<BTreeMap<String, Option<String>>>>);

impl Default for Readiness {
    fn default() -> Self {
        Readiness(Arc::new(Mutex::new(BTreeMap::from([(START.into(), Some("still starting".into()))]))))
    }
}

impl Readiness {
    /// Everything that is not ready has been named by now.
    pub fn started(&self) {
        self.set(START, true, "");
    }

    /// `why` is shown to whoever asks while it is not ready: no secrets.
    pub fn set(&self, name: &str, ready: bool, why: &str) {
        let missing = (!ready).then(|| why.to_string());
        let mut conditions = self.conditions();
        match conditions.get_mut(name) {
            Some(there) => *there = missing,
            None => _ = conditions.insert(name.into(), missing),
        }
    }

    /// The condition no longer matters.
    pub fn remove(&self, name: &str) {
        self.conditions().remove(name);
    }

    /// What is not ready, and why, by name.
    pub fn missing(&self) -> Vec<(String, String)> {
        let conditions = self.conditions();
        conditions.iter().filter_map(|(name, why)| Some((name.clone(), why.clone()?))).collect()
    }

    fn conditions(&self) -> MutexGuard<'_, BTreeMap<String, Option<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_is_not_ready_before_it_says_so() {
        let readiness = Readiness::default();
        assert_eq!(readiness.missing(), [("start".into(), "still starting".into())]);
        readiness.set("docker", false, "no socket");
        readiness.started();
        assert_eq!(readiness.missing(), [("docker".into(), "no socket".into())]);
        readiness.set("docker", true, "");
        assert_eq!(readiness.missing(), []);
    }
}
