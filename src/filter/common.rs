//! What several filters of one pipeline have in common, found by name while they are built: Logstash's `aggregate`
//! filters with the same `task_id` work on the same maps.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// Made anew for each pipeline.
#[derive(Default)]
pub struct Common(RefCell<HashMap<String, Arc<dyn Any + Send + Sync>>>);

impl Common {
    /// What has this name, made by whoever asks first.
    pub fn get<T: Send + Sync + 'static>(&self, name: &str, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(there) = self.0.borrow().get(name)
            && let Ok(there) = Arc::downcast(Arc::clone(there))
        {
            return there;
        }
        let made = Arc::new(make());
        self.0.borrow_mut().insert(name.into(), Arc::clone(&made) as Arc<dyn Any + Send + Sync>);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_makes_it_for_all() {
        let common = Common::default();
        let one = common.get("a", || 1);
        assert!(Arc::ptr_eq(&one, &common.get("a", || 2)));
        assert_eq!((*one, *common.get("b", || 3)), (1, 3));
    }
}
