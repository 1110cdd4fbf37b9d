//! The memory that one event lives in. A worker resets it after each event, so building an event allocates nothing.
//!
//! Values hold no heap memory of their own: whatever is reachable from an event lies in the arena, in the chunk of
//! bytes that was read, or in the facts of its source. `bumpalo` is named here and nowhere else.

pub use bumpalo::Bump as Arena;
pub use bumpalo::collections::String as ArenaString;
pub use bumpalo::collections::Vec as ArenaVec;
