//! JSON text into values that borrow from it.
//!
//! Accepted: RFC 8259, nothing else (no comments, no NaN, no leading zeros, no raw control characters).
//! Of equal keys the last one counts, in the place of the first. Numbers that are no small integers keep their text.
//! A lone surrogate becomes U+FFFD.

use super::{escape, scan};
use crate::event::arena::{Arena, ArenaString, ArenaVec};
use crate::event::object::{Object, Tag};
use crate::event::value::{Text, Value};
use std::collections::HashMap;
use std::fmt;

/// Deeper nesting is refused (as Jackson does in Logstash).
pub const DEPTH_MAX: u32 = 1000;
/// From this many keys on, equal ones are found by hashing.
const SCAN_KEYS_MAX: usize = 48;

/// Where and why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson {
    /// Byte offset into the text.
    pub at: usize,
    pub what: &'static str,
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

/// Reads one value that is the whole text, but for white space around it.
pub fn value<'b>(text: &'b str, arena: &'b Arena) -> Result<Value<'b>, NotJson> {
    let mut reader = Reader::new(text, arena);
    let value = reader.value(0)?;
    reader.finish()?;
    Ok(value)
}

/// Reads an object that is the whole text.
pub fn object<'b>(text: &'b str, arena: &'b Arena) -> Result<Object<'b>, NotJson> {
    let mut reader = Reader::new(text, arena);
    reader.blank();
    let object = reader.object(0)?;
    reader.finish()?;
    Ok(object)
}

/// Reads the object `text` into `into`: of equal names the new value counts.
pub fn merge<'b>(text: &'b str, into: &mut Object<'b>, arena: &'b Arena) -> Result<(), NotJson> {
    let mut reader = Reader::new(text, arena);
    reader.blank();
    reader.members(into, 0)?;
    reader.finish()
}

/// A place in a JSON text. Public for codecs that know the shape they read.
pub struct Reader<'b> {
    text: &'b str,
    at: usize,
    arena: &'b Arena,
}

impl<'b> Reader<'b> {
    pub fn new(text: &'b str, arena: &'b Arena) -> Self {
        Reader { text, at: 0, arena }
    }

    /// The byte offset that is read next.
    pub fn offset(&self) -> usize {
        self.at
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn fail<T>(&self, what: &'static str) -> Result<T, NotJson> {
        Err(NotJson { at: self.at, what })
    }

    /// Passes over white space.
    #[inline]
    pub fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Nothing but white space may follow.
    pub fn finish(&mut self) -> Result<(), NotJson> {
        self.blank();
        if self.at == self.text.len() { Ok(()) } else { self.fail("text behind the end of the value") }
    }

    #[inline]
    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), NotJson> {
        if self.peek() != Some(byte) {
            return self.fail(what);
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a value; `depth` is how many arrays and objects are open around it.
    pub fn value(&mut self, depth: u32) -> Result<Value<'b>, NotJson> {
        self.blank();
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'{') => self.object(depth).map(Value::Object),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => self.fail("no value begins with this character"),
            None => self.fail("the text ends where a value should be"),
        }
    }

    fn word(&mut self, word: &str, value: Value<'b>) -> Result<Value<'b>, NotJson> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.fail("no value begins with this character");
        }
        self.at += word.len();
        Ok(value)
    }

    fn array(&mut self, depth: u32) -> Result<Value<'b>, NotJson> {
        if depth >= DEPTH_MAX {
            return self.fail("nested too deeply");
        }
        self.at += 1;
        let mut items = ArenaVec::new_in(self.arena);
        self.blank();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return self.fail("expected `,` or `]`"),
            }
        }
        self.at += 1;
        Ok(Value::array(items))
    }

    fn object(&mut self, depth: u32) -> Result<Object<'b>, NotJson> {
        let mut object = Object::with_capacity_in(16, self.arena);
        self.members(&mut object, depth)?;
        Ok(object)
    }

    /// Reads `{…}` into `into`.
    fn members(&mut self, into: &mut Object<'b>, depth: u32) -> Result<(), NotJson> {
        if depth >= DEPTH_MAX {
            return self.fail("nested too deeply");
        }
        self.expect(b'{', "expected `{`")?;
        self.blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut many = None;
        loop {
            self.blank();
            let name = self.string()?;
            self.blank();
            self.expect(b':', "expected `:`")?;
            let value = self.value(depth + 1)?;
            self.write(into, name, value, &mut many);
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return self.fail("expected `,` or `}`"),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Writes a member; with many keys, `many` knows which names are there already.
    #[inline]
    fn write(&self, into: &mut Object<'b>, name: Text<'b>, value: Value<'b>, many: &mut Option<HashMap<&'b str, ()>>) {
        if into.len() < SCAN_KEYS_MAX {
            into.put(name.str, Tag::of(name.str), name.plain, value);
            return;
        }
        let seen = many.get_or_insert_with(|| into.iter().map(|(name, _)| (name, ())).collect());
        if seen.insert(name.str, ()).is_none() {
            into.push_new(name.str, name.plain, value);
        } else {
            into.put(name.str, Tag::of(name.str), name.plain, value);
        }
    }

    fn number(&mut self) -> Result<Value<'b>, NotJson> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let negative = bytes[start] == b'-';
        let first = start + usize::from(negative);
        let mut value = 0i64;
        let mut at = first;
        while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            at += 1;
        }
        let digits = at - first;
        if digits == 0 || (digits > 1 && bytes[first] == b'0') {
            return self.fail("not a number");
        }
        self.at = at;
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            self.fraction()?;
        } else if digits <= 18 && !(negative && value == 0) {
            return Ok(Value::Int(if negative { -value } else { value }));
        }
        Ok(Value::Number(&self.text[start..self.at]))
    }

    fn fraction(&mut self) -> Result<(), NotJson> {
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from { self.fail("not a number") } else { Ok(()) }
    }

    /// Reads a string; borrowed if it has no escapes.
    #[inline]
    pub fn string(&mut self) -> Result<Text<'b>, NotJson> {
        self.expect(b'"', "expected `\"`")?;
        let start = self.at;
        let end = scan::special(self.text.as_bytes(), start);
        self.at = end;
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(Text { str: &self.text[start..end], plain: true })
            }
            Some(b'\\') => self.escaped(start),
            Some(_) => self.fail("a control character stands raw in a string"),
            None => self.fail("a string does not end"),
        }
    }

    /// Goes on with a string in which an escape was met.
    fn escaped(&mut self, start: usize) -> Result<Text<'b>, NotJson> {
        let mut out = ArenaString::with_capacity_in(self.at - start + 64, self.arena);
        let mut from = start;
        loop {
            out.push_str(&self.text[from..self.at]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return self.fail("a control character stands raw in a string"),
                None => return self.fail("a string does not end"),
            }
            from = self.at;
            self.at = scan::special(self.text.as_bytes(), from);
        }
        self.at += 1;
        Ok(Text { str: out.into_bump_str(), plain: false })
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        let (char, len) = escape::read(self.text.as_bytes(), self.at)?;
        self.at += len;
        Ok(char)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::json::write;
    use proptest::prelude::*;

    fn round(text: &str) -> Result<String, NotJson> {
        let arena = Arena::new();
        let text = arena.alloc_str(text);
        let mut out = Vec::new();
        write::value(&value(text, &arena)?, &mut out);
        Ok(String::from_utf8(out).unwrap())
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(round(text).unwrap_or_else(|e| format!("error: {e}")), expected, "{text}");
    }

    #[test]
    fn values_leave_as_they_came() {
        check(r#" {"a" : [1, -2.50, 1E5, true, null, "x"] } "#, r#"{"a":[1,-2.50,1E5,true,null,"x"]}"#);
        check("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890");
        check("-0", "-0");
        check(r#""a\u00e9\ud83d\ude00\n\u0000""#, "\"aé😀\\n\\u0000\"");
    }

    #[test]
    fn of_equal_keys_the_last_counts() {
        check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
        let many: String = (0..100).map(|n| format!("\"k{n}\":{n},")).collect();
        assert!(round(&format!("{{{many}\"k7\":\"seven\"}}")).unwrap().contains(r#""k7":"seven""#));
    }

    #[test]
    fn a_lone_surrogate_is_replaced() {
        check(r#""\ud800x""#, "\"\u{fffd}x\"");
        check(r#""\udc00\ud800\u0041""#, "\"\u{fffd}\u{fffd}A\"");
    }

    #[test]
    fn what_is_not_json_says_where() {
        check("{\"a\":1", "error: expected `,` or `}` at byte 6");
        check("01", "error: not a number at byte 0");
        check("1.", "error: not a number at byte 2");
        check("{} x", "error: text behind the end of the value at byte 3");
        check("\"a\nb\"", "error: a control character stands raw in a string at byte 2");
        check("NaN", "error: no value begins with this character at byte 0");
        check("", "error: the text ends where a value should be at byte 0");
        check(&"[".repeat(10_000), "error: nested too deeply at byte 1000");
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..60)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_back_alike(tree in json()) {
            let text = round(&tree.to_string()).unwrap();
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), tree);
        }

        #[test]
        fn random_text_is_judged_as_serde_judges_it(text in "[-\\[\\]{}:,\"\\\\0-9eE.+ntrufalse \n]{0,24}") {
            prop_assert_eq!(round(&text).is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
        }
    }
}
