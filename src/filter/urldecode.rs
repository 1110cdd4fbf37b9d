//! The `urldecode` filter: `%C3%A9` becomes `é`.
//!
//! A text without escapes is not copied. `+` stays: it is a blank in forms only.
//! Settings and failures: Logstash reference, "Urldecode filter plugin".

use super::{Context, Filter, FilterPlugin, Outcome, name};
use crate::event::charset::Charset;
use crate::event::{Arena, ArenaString, ArenaVec, Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("urldecode/examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "urldecode",
    summary: "Decodes the escapes of URLs (`%20`) in a field or in all of them.",
    settings: &[
        Setting::new(
            "field",
            Kind::Field,
            Fallback::Text("message"),
            "The field to decode; strings inside arrays and hashes are decoded too.",
        ),
        Setting::new("all_fields", Kind::Boolean, Fallback::Boolean(false), "Decode all fields of the event."),
        Setting::new(
            "charset",
            Kind::String,
            Fallback::Text("UTF-8"),
            "The character encoding of the escaped bytes: `UTF-8`, `cp1252`, …",
        ),
        Setting::new(
            "tag_on_failure",
            Kind::Array,
            Fallback::List(&["_urldecodefailure"]),
            "Tags for events whose escaped bytes have no meaning in the `charset`; those strings stay as they are.",
        )
        .differs("bytes that have no meaning in the `charset` are a failure, where Logstash writes `\\xE9`."),
    ],
    example: r#"filter { urldecode { field => "url" } }"#,
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let charset = settings.text("charset").unwrap_or("UTF-8");
    let unknown = || {
        Fault::at(settings.place("charset"), format!("the encoding `{charset}` is not supported"))
            .unknown(charset, Charset::names())
    };
    let field = settings.text("field").unwrap_or("message");
    Ok(Box::new(UrlDecode {
        field: (!settings.boolean("all_fields"))
            .then(|| name::reference(field, settings.place("field")))
            .transpose()?,
        charset: Charset::named(charset).filter(|charset| charset.extends_ascii()).ok_or_else(unknown)?,
        failure: settings.texts("tag_on_failure"),
    }))
}

#[derive(Clone, Debug)]
struct UrlDecode {
    /// `None`: all of them.
    field: Option<FieldRef>,
    charset: Charset,
    failure: Vec<String>,
}

/// Bytes that are no text in the encoding.
#[derive(Debug)]
struct Undecodable;

impl Filter for UrlDecode {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let mut decoded = Ok(());
        match &self.field {
            None => {
                for (_, value) in event.root.iter_mut() {
                    decoded = each(value, self.charset, cx.arena).and(decoded);
                }
            }
            Some(field) if event.get(field).is_some_and(has_escapes) => {
                if let Some(value) = event.get_mut(field, cx.arena) {
                    decoded = each(value, self.charset, cx.arena);
                }
            }
            Some(_) => {}
        }
        match decoded {
            Ok(()) => Outcome::Matched,
            Err(Undecodable) => {
                let why = "what is escaped is no text in the `charset`";
                match &self.field {
                    Some(field) => cx.because(event, field, || why),
                    None => cx.because_of(|| format!("{why}, in one of the fields")),
                }
                self.failure.iter().for_each(|tag| event.tag(tag, cx.arena));
                Outcome::Unmatched
            }
        }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

/// Whether a string of it may have an escape.
fn has_escapes(value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) => memchr::memchr(b'%', text.str.as_bytes()).is_some(),
        Value::Array(items) => items.iter().any(has_escapes),
        other => other.as_object().is_some_and(|object| object.iter().any(|(_, value)| has_escapes(value))),
    }
}

/// Decodes all strings of a value; shared facts are copied only to be decoded.
fn each<'b>(value: &mut Value<'b>, charset: Charset, arena: &'b Arena) -> Result<(), Undecodable> {
    if !has_escapes(value) {
        return Ok(());
    }
    let mut decoded = Ok(());
    match value {
        Value::Text(text) => match decode(text.str, charset, arena) {
            Ok(changed) => *value = Value::text(changed),
            Err(failed) => decoded = Err(failed),
        },
        Value::Array(items) => {
            items
                .iter_mut()
                .for_each(|item| decoded = each(item, charset, arena).and(std::mem::replace(&mut decoded, Ok(()))));
        }
        other => {
            let fields = other.object_mut(arena).into_iter().flat_map(|object| object.iter_mut());
            fields.for_each(|(_, value)| {
                decoded = each(value, charset, arena).and(std::mem::replace(&mut decoded, Ok(())))
            });
        }
    }
    decoded
}

/// Runs of ASCII are unescaped to bytes and decoded as a whole, because in some encodings a letter is the second byte of
/// a character; what is no ASCII is text already.
fn decode<'b>(text: &str, charset: Charset, arena: &'b Arena) -> Result<&'b str, Undecodable> {
    let mut out = ArenaString::with_capacity_in(text.len(), arena);
    let mut rest = text;
    while !rest.is_empty() {
        let len = rest.bytes().take_while(u8::is_ascii).count();
        if len > 0 {
            let decoded = charset.text(unescape(&rest[..len], arena).into_bump_slice(), arena);
            if decoded.contains(char::REPLACEMENT_CHARACTER) && !is_meant(&rest[..len]) {
                return Err(Undecodable);
            }
            out.push_str(decoded);
        }
        let plain = rest[len..].find(|c: char| c.is_ascii()).unwrap_or(rest.len() - len);
        out.push_str(&rest[len..len + plain]);
        rest = &rest[len + plain..];
    }
    Ok(out.into_bump_str())
}

/// Whether the escapes themselves spell U+FFFD.
fn is_meant(text: &str) -> bool {
    text.to_ascii_uppercase().contains("%EF%BF%BD")
}

/// The bytes of a text; a `%` without two hexadecimal digits is itself.
fn unescape<'b>(text: &str, arena: &'b Arena) -> ArenaVec<'b, u8> {
    let bytes = text.as_bytes();
    let mut out = ArenaVec::with_capacity_in(bytes.len(), arena);
    let mut at = 0;
    while at < bytes.len() {
        let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use Outcome::{Matched, Unmatched};

    fn check(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
        testing::check(&PLUGIN, settings, fields, outcome, expected);
    }

    #[test]
    fn escapes_become_text() {
        check(
            "{}",
            r#"{"message":"http%3A%2F%2Flogstash.net%2Fdocs%2F1.3.2%2Ffilters%2Furldecode"}"#,
            Matched,
            r#"{"message":"http://logstash.net/docs/1.3.2/filters/urldecode"}"#,
        );
        check(
            r#"{"field":"[a][b]"}"#,
            r#"{"a":{"b":"caf%C3%A9%20%F0%9F%98%80"}}"#,
            Matched,
            r#"{"a":{"b":"café 😀"}}"#,
        );
        check("{}", r#"{"message":"é%22ü%0a+100%,%zz%2"}"#, Matched, r#"{"message":"é\"ü\n+100%,%zz%2"}"#);
        check("{}", r#"{"message":"plain"}"#, Matched, r#"{"message":"plain"}"#);
    }

    #[test]
    fn arrays_hashes_and_all_fields() {
        let fields = r#"{"message":["%41",5,{"a":"%42"}],"b":"%43"}"#;
        check("{}", fields, Matched, r#"{"message":["A",5,{"a":"B"}],"b":"%43"}"#);
        check(r#"{"all_fields":true}"#, fields, Matched, r#"{"message":["A",5,{"a":"B"}],"b":"C"}"#);
    }

    #[test]
    fn the_bytes_are_of_a_charset() {
        check(r#"{"charset":"cp1252"}"#, r#"{"message":"caf%E9 %80"}"#, Matched, r#"{"message":"café €"}"#);
        check(r#"{"charset":"Shift_JIS"}"#, r#"{"message":"%83e%83X"}"#, Matched, r#"{"message":"テス"}"#);
        testing::check_fault(&PLUGIN, r#"{"charset":"UTF-16"}"#, "the encoding `UTF-16` is not supported");
    }

    #[test]
    fn bytes_without_a_meaning_are_a_failure() {
        check("{}", r#"{"message":"caf%E9"}"#, Unmatched, r#"{"message":"caf%E9","tags":["_urldecodefailure"]}"#);
        let settings = r#"{"all_fields":true,"tag_on_failure":["a","b"]}"#;
        check(settings, r#"{"x":"%FF","y":"%41"}"#, Unmatched, r#"{"x":"%FF","y":"A","tags":["a","b"]}"#);
        check("{}", r#"{"message":"%ef%bf%bd"}"#, Matched, "{\"message\":\"\u{fffd}\"}");
    }

    proptest::proptest! {
        #[test]
        fn what_is_escaped_comes_back(text in r"[ -~é→😀]{0,20}") {
            let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let arena = Arena::new();
            proptest::prop_assert_eq!(decode(&escaped, Charset::Utf8, &arena).unwrap(), text);
        }
    }
}
