//! The memory that one event lives in. A worker resets it after each event, so building an event allocates nothing.
//!
//! Values hold no heap memory of their own: whatever is reachable from an event lies in the arena, in the chunk of
//! bytes that was read, or in the facts of its source. `bumpalo` is named here and nowhere else.

pub use bumpalo::Bump as Arena;
pub use bumpalo::collections::String as ArenaString;
pub use bumpalo::collections::Vec as ArenaVec;

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A `T` in the arena, owned through one thin pointer: what is large inside a value is kept out of it, so that moving
/// values stays cheap. `T` is never dropped: it must hold nothing but arena memory.
pub struct ArenaBox<'b, T> {
    at: NonNull<T>,
    /// Owns a `T` that lives as long as the arena is borrowed; covariant in both, as `std::boxed::Box` is.
    owns: PhantomData<(&'b (), T)>,
}

impl<'b, T> ArenaBox<'b, T> {
    #[inline]
    pub fn new(value: T, arena: &'b Arena) -> Self {
        ArenaBox { at: NonNull::from(arena.alloc(value)), owns: PhantomData }
    }

    #[inline]
    pub fn into_inner(self) -> T {
        // SAFETY: `at` came from `new` and is not copied, so this is the only owner; `self` ends here and has no drop.
        unsafe { self.at.read() }
    }
}

impl<T> Deref for ArenaBox<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: `at` came from `Arena::alloc`; the arena is borrowed for `'b`, so it was not reset; the box is the only
        // owner, so a shared borrow of it excludes writers.
        unsafe { self.at.as_ref() }
    }
}

impl<T> DerefMut for ArenaBox<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; the exclusive borrow of the only owner excludes everybody else.
        unsafe { self.at.as_mut() }
    }
}

impl<T: fmt::Debug> fmt::Debug for ArenaBox<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
