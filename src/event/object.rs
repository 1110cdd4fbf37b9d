//! A hash that keeps the order of its entries and finds them by comparing four bytes.
//!
//! Log events have ten to thirty fields a level: a scan over tags in one cache line or two beats hashing the name.

use super::arena::{Arena, ArenaBox, ArenaVec};
use super::value::Value;

/// Length, first, middle and last byte of a name: two names with different tags differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag(u32);

impl Tag {
    /// One of 64 bits, spread over names.
    #[inline]
    fn bit(self) -> u64 {
        1 << (self.0.wrapping_mul(0x9E37_79B1) >> 26)
    }

    #[inline]
    pub const fn of(name: &str) -> Tag {
        let bytes = name.as_bytes();
        match bytes.len() {
            0 => Tag(0),
            n => Tag(u32::from_le_bytes([n as u8, bytes[0], bytes[n / 2], bytes[n - 1]])),
        }
    }
}

#[derive(Debug)]
struct Entry<'b> {
    name: &'b str,
    tag: Tag,
    /// The name needs no escape in JSON.
    plain: bool,
    value: Value<'b>,
}

/// Entries in the order in which they were first written; names are unique.
#[derive(Debug)]
pub struct Object<'b>(ArenaBox<'b, Entries<'b>>);

#[derive(Debug)]
struct Entries<'b> {
    list: ArenaVec<'b, Entry<'b>>,
    /// A bit for each name that was ever written (`Tag::bit`): most names that are asked for and missing are
    /// answered by it alone.
    names: u64,
}

/// An object that many events point at, with its JSON text ready.
#[derive(Debug)]
pub struct Shared<'b> {
    pub object: Object<'b>,
    /// The object as JSON, copied into every document that still holds it unchanged.
    pub json: &'b str,
}

impl<'b> Object<'b> {
    pub fn new_in(arena: &'b Arena) -> Self {
        Object::of(ArenaVec::new_in(arena), 0, arena)
    }

    pub fn with_capacity_in(entries: usize, arena: &'b Arena) -> Self {
        Object::of(ArenaVec::with_capacity_in(entries, arena), 0, arena)
    }

    fn of(list: ArenaVec<'b, Entry<'b>>, names: u64, arena: &'b Arena) -> Self {
        Object(ArenaBox::new(Entries { list, names }, arena))
    }

    pub fn len(&self) -> usize {
        self.0.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.list.is_empty()
    }

    #[inline]
    fn place(&self, name: &str, tag: Tag) -> Option<usize> {
        if self.0.names & tag.bit() == 0 {
            return None;
        }
        self.0.list.iter().position(|entry| entry.tag == tag && entry.name == name)
    }

    pub fn get(&self, name: &str) -> Option<&Value<'b>> {
        self.find(name, Tag::of(name))
    }

    /// `get` with the tag known beforehand.
    #[inline]
    pub fn find(&self, name: &str, tag: Tag) -> Option<&Value<'b>> {
        self.place(name, tag).map(|at| &self.0.list[at].value)
    }

    #[inline]
    pub fn find_mut(&mut self, name: &str, tag: Tag) -> Option<&mut Value<'b>> {
        self.place(name, tag).map(|at| &mut self.0.list[at].value)
    }

    /// Writes `value` under `name`, in the place of what stood there.
    pub fn insert(&mut self, name: &'b str, value: Value<'b>) -> Option<Value<'b>> {
        self.put(name, Tag::of(name), false, value)
    }

    /// `insert` with the tag known beforehand; `plain`: the name needs no escape in JSON.
    #[inline]
    pub fn put(&mut self, name: &'b str, tag: Tag, plain: bool, value: Value<'b>) -> Option<Value<'b>> {
        match self.place(name, tag) {
            Some(at) => Some(std::mem::replace(&mut self.0.list[at].value, value)),
            None => {
                self.append(name, tag, plain, value);
                None
            }
        }
    }

    /// Appends an entry whose name the caller knows to be new.
    #[inline]
    pub fn push_new(&mut self, name: &'b str, plain: bool, value: Value<'b>) {
        self.append(name, Tag::of(name), plain, value);
    }

    #[inline]
    fn append(&mut self, name: &'b str, tag: Tag, plain: bool, value: Value<'b>) {
        self.0.names |= tag.bit();
        self.0.list.push(Entry { name, tag, plain, value });
    }

    pub fn remove(&mut self, name: &str) -> Option<Value<'b>> {
        self.take(name, Tag::of(name))
    }

    #[inline]
    pub fn take(&mut self, name: &str, tag: Tag) -> Option<Value<'b>> {
        self.place(name, tag).map(|at| self.0.list.remove(at).value)
    }

    /// Name, whether the name is plain, value.
    #[inline]
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&'b str, bool, &Value<'b>)> {
        self.0.list.iter().map(|entry| (entry.name, entry.plain, &entry.value))
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'b str, &Value<'b>)> {
        self.0.list.iter().map(|entry| (entry.name, &entry.value))
    }

    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&'b str, &mut Value<'b>)> {
        self.0.list.iter_mut().map(|entry| (entry.name, &mut entry.value))
    }

    /// Takes the entries out, in order.
    pub fn into_entries(self) -> impl Iterator<Item = (&'b str, Value<'b>)> {
        self.0.into_inner().list.into_iter().map(|entry| (entry.name, entry.value))
    }

    /// `into_entries`, with whether the name is plain.
    pub fn into_parts(self) -> impl Iterator<Item = (&'b str, Tag, bool, Value<'b>)> {
        self.0.into_inner().list.into_iter().map(|entry| (entry.name, entry.tag, entry.plain, entry.value))
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value<'b>) -> bool) {
        self.0.list.retain(|entry| keep(entry.name, &entry.value));
    }

    pub fn copy_in(&self, arena: &'b Arena) -> Object<'b> {
        let copies = self.0.list.iter().map(|entry| Entry { value: entry.value.copy_in(arena), ..*entry });
        Object::of(ArenaVec::from_iter_in(copies, arena), self.0.names, arena)
    }
}
