//! Values while a script runs. What has a size lives in a `Heap` and is named by its number there, so values are
//! copied freely and two names can mean one object, as in Ruby.
//!
//! Nothing is freed while an event is worked on; what instance variables still name is carried over afterwards
//! (`Heap::settle`), everything else goes. The heap counts what was ever asked of it for one event, and refuses more
//! than `BYTES_MAX`.

use super::names::{Constant, Method};
use super::tree::Block;
use crate::event::Timestamp;
use crate::filter::ruby_regex::RubyRegex;
use indexmap::IndexMap;
use std::sync::Arc;

/// What a script may take for one event, in bytes.
pub const BYTES_MAX: usize = 64 << 20;
/// What instance variables may hold from event to event.
pub const KEPT_BYTES_MAX: usize = 64 << 20;
/// What an object costs beside its content.
const OBJECT_BYTES: usize = 48;
/// What an item of an array or a hash costs.
const ITEM_BYTES: usize = 32;
/// How deep values may be nested when they are carried over or converted.
pub const NESTING_MAX: u32 = 100;

/// A number in the heap.
pub type Ref = u32;

#[derive(Clone, Copy, Debug)]
pub enum Val {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Time(Moment),
    Constant(Constant),
    /// An event: 0 is the one being filtered.
    Event(u32),
    Ref(Ref),
}

/// A `Time` of Ruby, or a `LogStash::Timestamp`.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub at: Timestamp,
    /// Seconds east of UTC.
    pub offset: i32,
    /// A `LogStash::Timestamp`.
    pub of_logstash: bool,
}

#[derive(Clone, Debug)]
pub enum Obj {
    Str(String),
    Symbol(Box<str>),
    Array(Vec<Val>),
    Hash(Table),
    Range {
        from: Val,
        to: Val,
        exclusive: bool,
    },
    Regex(Arc<RubyRegex>),
    Match(Arc<Found>),
    Proc(Closure),
    /// A method that was called without its block (`each_slice(2)`), to be gone through later.
    Enumerator {
        receiver: Val,
        method: Method,
        arg: Val,
    },
    /// The locals of a block, a function or the script itself.
    Env {
        locals: Vec<Val>,
        parent: Option<Ref>,
    },
    Error {
        class: Constant,
        message: String,
    },
    /// Bytes that are no text.
    Bytes(Vec<u8>),
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    pub text: String,
    pub spans: Vec<Option<(usize, usize)>>,
    pub regex: Arc<RubyRegex>,
}

impl Found {
    pub fn group(&self, number: usize) -> Option<&str> {
        self.spans.get(number).copied().flatten().map(|(from, to)| &self.text[from..to])
    }
}

/// A block and the environment that it was made in.
#[derive(Clone, Debug)]
pub struct Closure {
    pub block: Arc<Block>,
    pub env: Ref,
}

/// A hash: entries in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub entries: IndexMap<Key, Val>,
    /// What a missing key gives: a value, or a block that is called with the hash and the key.
    pub default: Option<Val>,
}

/// A key of a hash. Texts are copied, as Ruby does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Nil,
    Bool(bool),
    Int(i64),
    Float(u64),
    Time(Timestamp),
    Constant(Constant),
    Str(Box<str>),
    Symbol(Box<str>),
    Array(Box<[Key]>),
    /// An object that is equal to itself alone.
    Other(Ref),
}

/// There is no more memory for this event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Full;

/// All objects.
#[derive(Clone, Debug, Default)]
pub struct Heap {
    objects: Vec<Obj>,
    /// Objects below were there before this event.
    kept: usize,
    /// One of those was looked at with a view to changing it.
    touched: bool,
    used: usize,
}

impl Heap {
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn get(&self, at: Ref) -> &Obj {
        &self.objects[at as usize]
    }

    pub fn get_mut(&mut self, at: Ref) -> &mut Obj {
        self.touched |= (at as usize) < self.kept;
        &mut self.objects[at as usize]
    }

    /// Counts so many bytes.
    pub fn charge(&mut self, bytes: usize) -> Result<(), Full> {
        self.used = self.used.saturating_add(bytes);
        if self.used > BYTES_MAX { Err(Full) } else { Ok(()) }
    }

    pub fn add(&mut self, object: Obj) -> Result<Val, Full> {
        self.charge(OBJECT_BYTES + size(&object))?;
        self.objects.push(object);
        Ok(Val::Ref(self.objects.len() as Ref - 1))
    }

    /// Ends an event: only what `roots` name is left. `Full`: they name more than may be kept, and lose it.
    pub fn settle(&mut self, roots: &mut [Val]) -> Result<(), Full> {
        self.used = 0;
        // Events end with the event.
        roots.iter_mut().filter(|root| matches!(root, Val::Event(_))).for_each(|root| *root = Val::Nil);
        let is_new = |root: &Val| matches!(root, Val::Ref(at) if *at as usize >= self.kept);
        if !self.touched && !roots.iter().any(is_new) {
            self.objects.truncate(self.kept);
            return Ok(());
        }
        let mut next = Heap::default();
        let mut moved = vec![None; self.objects.len()];
        let carried = roots.iter_mut().try_for_each(|root| {
            *root = self.carry(*root, &mut next, &mut moved, 0)?;
            Ok(())
        });
        if carried.is_err() {
            next = Heap::default();
            roots.fill(Val::Nil);
        }
        next.kept = next.objects.len();
        next.used = 0;
        *self = next;
        carried
    }

    fn carry(&self, value: Val, to: &mut Heap, moved: &mut [Option<Ref>], depth: u32) -> Result<Val, Full> {
        let at = match value {
            Val::Ref(at) => at as usize,
            Val::Event(_) => return Ok(Val::Nil),
            plain => return Ok(plain),
        };
        if let Some(there) = moved[at] {
            return Ok(Val::Ref(there));
        }
        if depth == NESTING_MAX || to.used > KEPT_BYTES_MAX {
            return Err(Full);
        }
        // The place is taken first: an object may hold itself.
        let Val::Ref(place) = to.add(Obj::Array(Vec::new()))? else { return Err(Full) };
        moved[at] = Some(place);
        let copy = self.carried(at, &mut |value, to| self.carry(value, to, moved, depth + 1), to)?;
        to.charge(size(&copy))?;
        to.objects[place as usize] = copy;
        Ok(Val::Ref(place))
    }

    /// A copy of an object, with everything in it carried.
    fn carried(
        &self,
        at: usize,
        carry: &mut dyn FnMut(Val, &mut Heap) -> Result<Val, Full>,
        to: &mut Heap,
    ) -> Result<Obj, Full> {
        let mut reference = |at: Ref, to: &mut Heap| match carry(Val::Ref(at), to)? {
            Val::Ref(at) => Ok(at),
            _ => Err(Full),
        };
        Ok(match &self.objects[at] {
            Obj::Proc(closure) => {
                Obj::Proc(Closure { block: Arc::clone(&closure.block), env: reference(closure.env, to)? })
            }
            Obj::Env { locals, parent } => {
                let parent = parent.map(|parent| reference(parent, to)).transpose()?;
                let locals = locals.iter().map(|local| carry(*local, to)).collect::<Result<_, _>>()?;
                Obj::Env { locals, parent }
            }
            Obj::Array(items) => Obj::Array(items.iter().map(|item| carry(*item, to)).collect::<Result<_, _>>()?),
            Obj::Hash(table) => {
                let mut entries = IndexMap::with_capacity(table.entries.len());
                // An object that is no text and no number loses its number, and so its place.
                for (key, value) in table.entries.iter().filter(|(key, _)| !matches!(key, Key::Other(_))) {
                    entries.insert(key.clone(), carry(*value, to)?);
                }
                let default = table.default.map(|value| carry(value, to)).transpose()?;
                Obj::Hash(Table { entries, default })
            }
            Obj::Range { from, to: end, exclusive } => {
                let (from, end) = (carry(*from, to)?, carry(*end, to)?);
                Obj::Range { from, to: end, exclusive: *exclusive }
            }
            Obj::Enumerator { receiver, method, arg } => {
                let (receiver, arg) = (carry(*receiver, to)?, carry(*arg, to)?);
                Obj::Enumerator { receiver, method: *method, arg }
            }
            other => other.clone(),
        })
    }
}

fn size(object: &Obj) -> usize {
    match object {
        Obj::Str(text) => text.len(),
        Obj::Bytes(bytes) => bytes.len(),
        Obj::Array(items) => items.len() * ITEM_BYTES,
        Obj::Env { locals, .. } => locals.len() * ITEM_BYTES,
        Obj::Hash(table) => table.entries.len() * 3 * ITEM_BYTES,
        Obj::Match(found) => found.text.len(),
        _ => 0,
    }
}

impl Val {
    /// Ruby's truth: everything but nil and false.
    pub fn is_true(self) -> bool {
        !matches!(self, Val::Nil | Val::Bool(false))
    }

    pub fn is_nil(self) -> bool {
        matches!(self, Val::Nil)
    }
}
