//! The `fingerprint` filter: hashes of fields, the same whenever the fields are.
//!
//! Methods, what is hashed, and settings: Logstash reference, "Fingerprint filter plugin".

mod declaration;
mod murmur;
mod text;

use super::{Build, Context, Ecs, Effects, Filter, FilterPlugin, Outcome, name, uuid};
use crate::event::{Arena, ArenaVec, Event, FieldRef, Value};
use crate::plugin::{Fault, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::net::Ipv4Addr;
use hmac::{EagerHash, Hmac, KeyInit, Mac};

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &declaration::DECLARATION, examples: include_str!("examples.txt"), build };

/// The tag of events in which a method found nothing to work on.
const FAILURE: &str = "_fingerprintfailure";

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let default = if Ecs::of(settings, build) == Ecs::Disabled { "fingerprint" } else { "[event][hash]" };
    let target = settings.text("target").unwrap_or(default);
    let mut sources = settings
        .items("source")
        .iter()
        .map(|item| {
            let field = item.as_text().unwrap_or_default();
            Ok((Box::from(field), name::reference(field, item.place)?))
        })
        .collect::<Result<Vec<(Box<str>, FieldRef)>, Fault>>()?;
    let scope = match (settings.boolean("concatenate_all_fields"), settings.boolean("concatenate_sources")) {
        (true, _) => Scope::AllFields,
        (false, true) => {
            sources.sort_by(|a, b| a.0.cmp(&b.0));
            Scope::Sources
        }
        (false, false) => Scope::Each,
    };
    Ok(Box::new(Fingerprint {
        method: Method::of(settings)?,
        base64: settings.boolean("base64encode"),
        sources,
        scope,
        target: name::reference(target, settings.place("target"))?,
    }))
}

/// What one fingerprint is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scope {
    /// Each source alone: the last one that is there counts.
    Each,
    /// Names and values of all sources.
    Sources,
    /// Names and values of the whole event.
    AllFields,
}

#[derive(Clone, Debug)]
enum Method {
    /// With the key of the HMAC, if there is one.
    Digest(Digest, Option<Vec<u8>>),
    Murmur3,
    Murmur3Long,
    /// How many bits of the address stay.
    Ipv4Network(u32),
    Uuid,
    Punctuation,
}

#[derive(Clone, Copy, Debug)]
enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
    Md5,
}

impl Method {
    fn of(settings: &Settings) -> Result<Method, Fault> {
        let key = settings.text("key");
        let digest = |digest| Method::Digest(digest, key.map(|key| key.as_bytes().to_vec()));
        Ok(match settings.text("method").unwrap_or_default() {
            "SHA256" => digest(Digest::Sha256),
            "SHA384" => digest(Digest::Sha384),
            "SHA512" => digest(Digest::Sha512),
            "MD5" => digest(Digest::Md5),
            "MURMUR3" => Method::Murmur3,
            "MURMUR3_128" => Method::Murmur3Long,
            "IPV4_NETWORK" => Method::Ipv4Network(prefix(key, settings)?),
            "UUID" => Method::Uuid,
            "PUNCTUATION" => Method::Punctuation,
            _ => digest(Digest::Sha1),
        })
    }

    /// The fingerprint of a value; `None` if the method cannot be applied to it.
    fn apply<'b>(&self, value: &Value<'_>, base64: bool, arena: &'b Arena) -> Option<Value<'b>> {
        if let (Method::Murmur3, Value::Int(number)) = (self, value) {
            return Some(Value::Int(i64::from(murmur::hash32(&number.to_le_bytes()))));
        }
        let mut text = Vec::new();
        text::append(value, &mut text);
        self.of_text(&text, base64, arena)
    }

    fn of_text<'b>(&self, bytes: &[u8], base64: bool, arena: &'b Arena) -> Option<Value<'b>> {
        let text = match self {
            Method::Digest(digest, key) => printed(&digest.of(bytes, key.as_deref()), base64),
            Method::Murmur3 => return Some(Value::Int(i64::from(murmur::hash32(bytes)))),
            Method::Murmur3Long => printed(murmur::hash128(bytes).map(u64::to_be_bytes).as_flattened(), base64),
            Method::Ipv4Network(prefix) => network(std::str::from_utf8(bytes).ok()?, *prefix)?,
            Method::Punctuation => {
                String::from_utf8_lossy(bytes).chars().filter(|char| is_punctuation(*char)).collect()
            }
            Method::Uuid => return None,
        };
        Some(Value::copied(arena, &text))
    }
}

fn prefix(key: Option<&str>, settings: &Settings) -> Result<u32, Fault> {
    match key.and_then(|key| key.parse().ok()).filter(|prefix| *prefix <= 32) {
        Some(prefix) => Ok(prefix),
        None => Err(Fault::at(settings.place("key"), "`IPV4_NETWORK` needs a number from 0 to 32 as its `key`")
            .help("the length of the network's prefix, in bits")),
    }
}

impl Digest {
    fn of(self, bytes: &[u8], key: Option<&[u8]>) -> Vec<u8> {
        match self {
            Digest::Sha1 => hash::<sha1::Sha1>(bytes, key),
            Digest::Sha256 => hash::<sha2::Sha256>(bytes, key),
            Digest::Sha384 => hash::<sha2::Sha384>(bytes, key),
            Digest::Sha512 => hash::<sha2::Sha512>(bytes, key),
            Digest::Md5 => hash::<md5::Md5>(bytes, key),
        }
    }
}

fn hash<D: EagerHash + sha2::Digest>(bytes: &[u8], key: Option<&[u8]>) -> Vec<u8> {
    let Some(key) = key else { return D::digest(bytes).to_vec() };
    let mut mac = Hmac::<D>::new_from_slice(key).expect("an HMAC takes keys of any length");
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

fn printed(hash: &[u8], base64: bool) -> String {
    if base64 { STANDARD.encode(hash) } else { hash.iter().map(|byte| format!("{byte:02x}")).collect() }
}

/// The address with nothing but its first bits.
fn network(text: &str, prefix: u32) -> Option<String> {
    let address = u32::from(text.trim().parse::<Ipv4Addr>().ok()?);
    let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
    Some(Ipv4Addr::from(address & mask).to_string())
}

/// Everything but letters, digits, blanks and control characters.
fn is_punctuation(char: char) -> bool {
    !char.is_alphanumeric() && !char.is_whitespace() && !char.is_control()
}

#[derive(Clone, Debug)]
struct Fingerprint {
    method: Method,
    base64: bool,
    /// As the setting names them, and as references.
    sources: Vec<(Box<str>, FieldRef)>,
    scope: Scope,
    target: FieldRef,
}

impl Filter for Fingerprint {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let made = match (&self.method, self.scope) {
            (Method::Uuid, _) => Ok(Some(random(cx.effects, cx.arena))),
            (Method::Punctuation, _) | (_, Scope::Each) => self.each(event, cx.arena),
            (method, scope) => {
                let text = self.concatenated(scope, event);
                method.of_text(&text, self.base64, cx.arena).map(Some).ok_or(Inapplicable)
            }
        };
        let failed = match made {
            Ok(None) => return Outcome::Matched,
            Ok(Some(value)) => match event.set(&self.target, value, cx.arena) {
                Ok(_) => return Outcome::Matched,
                Err(bad) => Some(bad),
            },
            Err(Inapplicable) => None,
        };
        event.tag(FAILURE, cx.arena);
        let why = || failed.map_or("the method cannot be applied to it".into(), |bad| bad.to_string());
        match self.sources.iter().rev().find(|(_, source)| event.get(source).is_some()) {
            Some((_, source)) => cx.because(event, source, why),
            None => cx.because_of(why),
        }
        Outcome::Unmatched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

fn random<'b>(effects: &dyn Effects, arena: &'b Arena) -> Value<'b> {
    Value::plain(arena.alloc_str(&uuid::random(effects)))
}

/// A value that the method cannot be applied to.
struct Inapplicable;

impl Fingerprint {
    /// The fingerprint of the last source that is there; of an array, those of its items.
    fn each<'b>(&self, event: &Event<'b>, arena: &'b Arena) -> Result<Option<Value<'b>>, Inapplicable> {
        let Some(value) = self.sources.iter().rev().find_map(|(_, path)| event.get(path)) else { return Ok(None) };
        let one = |value: &Value<'b>| self.method.apply(value, self.base64, arena).ok_or(Inapplicable);
        match value {
            Value::Array(items) => {
                let mut all = ArenaVec::with_capacity_in(items.len(), arena);
                for item in items {
                    all.push(one(item)?);
                }
                Ok(Some(Value::array(all)))
            }
            value => one(value).map(Some),
        }
    }

    /// `|name|value|name|value|`, by name; a field that is missing has no value.
    fn concatenated(&self, scope: Scope, event: &Event<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut append = |name: &str, value: Option<&Value<'_>>| {
            out.push(b'|');
            out.extend_from_slice(name.as_bytes());
            out.push(b'|');
            if let Some(value) = value {
                text::append(value, &mut out);
            }
        };
        match scope {
            Scope::AllFields => {
                text::sorted(&event.root).into_iter().for_each(|(name, value)| append(name, Some(value)));
            }
            _ => self.sources.iter().for_each(|(name, path)| append(name, event.get(path))),
        }
        out.push(b'|');
        out
    }
}

#[cfg(test)]
mod tests;
