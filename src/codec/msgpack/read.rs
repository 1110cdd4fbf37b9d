//! MessagePack objects as values, and how long they are. Strings are borrowed where they are UTF-8.

use crate::event::json::escape::utf8;
use crate::event::{Arena, ArenaVec, Object, Timestamp, Value, display};

/// How many lists and maps may be open around a value that is read.
const DEPTH_MAX: u32 = 100;

/// What a first byte says.
enum Head {
    Nil,
    Bool(bool),
    /// An integer of so many bytes behind the first, signed or not.
    Int(usize, bool),
    Fix(i64),
    Float(usize),
    /// How many bytes say the length.
    Text(usize),
    FixText(usize),
    Bytes(usize),
    List(usize),
    FixList(usize),
    Map(usize),
    FixMap(usize),
    /// How many bytes say the length; a type byte follows.
    Extension(usize),
    FixExtension(usize),
}

fn head(byte: u8) -> Option<Head> {
    Some(match byte {
        0x00..=0x7f => Head::Fix(byte.into()),
        0x80..=0x8f => Head::FixMap((byte & 0x0f).into()),
        0x90..=0x9f => Head::FixList((byte & 0x0f).into()),
        0xa0..=0xbf => Head::FixText((byte & 0x1f).into()),
        0xc0 => Head::Nil,
        0xc1 => return None,
        0xc2 | 0xc3 => Head::Bool(byte == 0xc3),
        0xc4..=0xc6 => Head::Bytes(1 << (byte - 0xc4)),
        0xc7..=0xc9 => Head::Extension(1 << (byte - 0xc7)),
        0xca => Head::Float(4),
        0xcb => Head::Float(8),
        0xcc..=0xcf => Head::Int(1 << (byte - 0xcc), false),
        0xd0..=0xd3 => Head::Int(1 << (byte - 0xd0), true),
        0xd4..=0xd8 => Head::FixExtension(1 << (byte - 0xd4)),
        0xd9..=0xdb => Head::Text(1 << (byte - 0xd9)),
        0xdc | 0xdd => Head::List(2 << (byte - 0xdc)),
        0xde | 0xdf => Head::Map(2 << (byte - 0xde)),
        0xe0..=0xff => Head::Fix(i64::from(byte as i8)),
    })
}

/// How long the object at the beginning of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    Whole(usize),
    /// It goes on, and has so many bytes at least.
    AtLeast(usize),
    /// There is no object here.
    Broken,
}

/// The length of the object that begins `bytes`; nothing of it is kept or called again for what is inside of it.
pub fn length(bytes: &[u8]) -> Length {
    let (mut at, mut left) = (0usize, 1usize);
    while left > 0 {
        let Some(first) = bytes.get(at) else { return Length::AtLeast(at.saturating_add(left)) };
        let Some(head) = head(*first) else { return Length::Broken };
        left -= 1;
        let size = |width: usize| {
            let digits = bytes.get(at + 1..at + 1 + width)?;
            Some(digits.iter().fold(0usize, |size, byte| size << 8 | usize::from(*byte)))
        };
        let (width, sized) = match head {
            Head::Text(width) | Head::Bytes(width) | Head::List(width) | Head::Map(width) | Head::Extension(width) => {
                (width, size(width))
            }
            _ => (0, Some(0)),
        };
        let Some(sized) = sized else { return Length::AtLeast(at + 1 + width + left) };
        let behind = match head {
            Head::Text(_) | Head::Bytes(_) => sized,
            Head::Extension(_) => sized.saturating_add(1),
            Head::Int(size, _) | Head::Float(size) | Head::FixText(size) => size,
            Head::FixExtension(size) => size + 1,
            _ => 0,
        };
        left = left.saturating_add(match head {
            Head::List(_) => sized,
            Head::Map(_) => sized.saturating_mul(2),
            Head::FixList(count) => count,
            Head::FixMap(count) => 2 * count,
            _ => 0,
        });
        at = at.saturating_add(1 + width).saturating_add(behind);
    }
    if at <= bytes.len() { Length::Whole(at) } else { Length::AtLeast(at) }
}

/// The object that begins `bytes`, and the bytes behind it.
pub fn object<'b>(bytes: &'b [u8], arena: &'b Arena) -> Option<(Value<'b>, &'b [u8])> {
    let mut reader = Reader { bytes, arena };
    let value = reader.value(0)?;
    Some((value, reader.bytes))
}

struct Reader<'b> {
    bytes: &'b [u8],
    arena: &'b Arena,
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn unsigned(&mut self, width: usize) -> Option<u64> {
        Some(self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn size(&mut self, width: usize) -> Option<usize> {
        usize::try_from(self.unsigned(width)?).ok()
    }

    fn text(&mut self, len: usize) -> Option<Value<'b>> {
        Some(Value::text(utf8(self.take(len)?, self.arena)))
    }

    fn value(&mut self, depth: u32) -> Option<Value<'b>> {
        if depth > DEPTH_MAX {
            return None;
        }
        let first = self.take(1)?[0];
        match head(first)? {
            Head::Nil => Some(Value::Null),
            Head::Bool(truth) => Some(Value::Bool(truth)),
            Head::Fix(number) => Some(Value::Int(number)),
            Head::Int(width, signed) => self.integer(width, signed),
            Head::Float(4) => Some(Value::Float(f32::from_bits(self.unsigned(4)? as u32).into())),
            Head::Float(_) => Some(Value::Float(f64::from_bits(self.unsigned(8)?))),
            Head::FixText(len) => self.text(len),
            Head::Text(width) | Head::Bytes(width) => {
                let len = self.size(width)?;
                self.text(len)
            }
            Head::FixList(count) => self.list(count, depth),
            Head::List(width) => {
                let count = self.size(width)?;
                self.list(count, depth)
            }
            Head::FixMap(count) => self.map(count, depth),
            Head::Map(width) => {
                let count = self.size(width)?;
                self.map(count, depth)
            }
            Head::FixExtension(len) => self.extension(len),
            Head::Extension(width) => {
                let len = self.size(width)?;
                self.extension(len)
            }
        }
    }

    fn integer(&mut self, width: usize, signed: bool) -> Option<Value<'b>> {
        let number = self.unsigned(width)?;
        if signed {
            let unused = 64 - 8 * width as u32;
            return Some(Value::Int((number << unused) as i64 >> unused));
        }
        Some(match i64::try_from(number) {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Number(self.arena.alloc_str(&number.to_string())),
        })
    }

    fn list(&mut self, count: usize, depth: u32) -> Option<Value<'b>> {
        // A count is a claim: room is taken for what can be there.
        let mut items = ArenaVec::with_capacity_in(count.min(self.bytes.len()), self.arena);
        for _ in 0..count {
            items.push(self.value(depth + 1)?);
        }
        Some(Value::array(items))
    }

    fn map(&mut self, count: usize, depth: u32) -> Option<Value<'b>> {
        let mut object = Object::with_capacity_in(count.min(self.bytes.len()), self.arena);
        for _ in 0..count {
            let name = match self.value(depth + 1)? {
                Value::Text(text) => text.str,
                other => {
                    let mut name = Vec::new();
                    display::append(&other, &mut name);
                    self.arena.alloc_str(&String::from_utf8_lossy(&name))
                }
            };
            let value = self.value(depth + 1)?;
            object.insert(name, value);
        }
        Some(Value::Object(object))
    }

    /// A timestamp: seconds; or nanoseconds and seconds in 30 and 34 bits; or both whole.
    fn extension(&mut self, len: usize) -> Option<Value<'b>> {
        if self.take(1)?[0] as i8 != -1 {
            return None;
        }
        let (nanos, seconds) = match len {
            4 => (0, self.unsigned(4)? as i64),
            8 => {
                let both = self.unsigned(8)?;
                (both >> 34, (both & 0x3_ffff_ffff) as i64)
            }
            12 => (self.unsigned(4)?, self.unsigned(8)? as i64),
            _ => return None,
        };
        let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
        Some(Value::Time(Timestamp { seconds, nanos }))
    }
}
