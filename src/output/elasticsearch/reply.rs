//! What the engine's answer to a bulk request means for each of its documents. Pure: status and bytes in, verdicts out.
//!
//! An answer to the whole request (`Reply`) says nothing of single documents but in one case: `Items`, one verdict a
//! document, in the order in which they were sent, as `_bulk` promises.
//! The table of statuses follows the measured answers of Elasticsearch 8.17.0. Decisions look at statuses and error
//! types, never at the text of a reason.
//! Invariant: an answer that cannot be read to its end, or does not answer every document, is `Unknown`: nothing is
//! known of any document, and all are sent again.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

const ITEMS: &[u8] = br#","items":["#;
/// Longer than what the engine says before its items.
const HEAD_BYTES_MAX: usize = 128;

/// What the engine says against a document or a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub status: u16,
    pub kind: String,
    pub reason: String,
}

/// What becomes of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Stored,
    /// 409: a document with this id is there.
    AlreadyThere,
    /// Not now: sent again, as often as it takes.
    Later(Scope, Box<Complaint>),
    /// The status says "not now", but experience says "never": sent again a few times only.
    Doubtful(Scope, Box<Complaint>),
    /// Never.
    Refused(Box<Complaint>),
}

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Its index: blocked, red, not ours to write. The documents of other indices go on.
    Index,
    /// The document alone, or the engine's load.
    Document,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Items(Vec<Verdict>),
    /// The engine could not read the request: some document in it is at fault.
    Unreadable(Complaint),
    /// 413.
    TooLarge,
    /// 401 and 403: the engine is there, and not for us.
    Unauthorized(Complaint),
    /// 429: the engine has too much to do.
    Overloaded,
    /// An answer that says nothing of our documents: 5xx, a proxy's page, a redirect.
    Unavailable(Complaint),
    /// Nothing is known.
    Unknown(String),
}

/// Reads the answer to a request of `documents` documents. Documents refused with one of `refused_too` are given up
/// like those that are refused with 400.
pub fn read(status: u16, body: &[u8], documents: usize, refused_too: &[u16]) -> Reply {
    match status {
        200..=299 => items(body, documents, refused_too),
        413 => Reply::TooLarge,
        429 => Reply::Overloaded,
        401 | 403 => Reply::Unauthorized(complaint_of(status, body).unwrap_or_else(|| unsaid(status))),
        400 => match complaint_of(status, body) {
            Some(complaint) => Reply::Unreadable(complaint),
            None => Reply::Unavailable(unsaid(status)),
        },
        _ => Reply::Unavailable(complaint_of(status, body).unwrap_or_else(|| unsaid(status))),
    }
}

fn unsaid(status: u16) -> Complaint {
    Complaint { status, kind: "not_the_engine".into(), reason: format!("status {status} without a reason") }
}

fn items(body: &[u8], documents: usize, refused_too: &[u16]) -> Reply {
    if let Some(verdicts) = in_runs(body, refused_too).filter(|verdicts| verdicts.len() == documents) {
        return Reply::Items(verdicts);
    }
    let answer: BulkAnswer<'_> = match serde_json::from_slice(body) {
        Ok(answer) => answer,
        Err(error) => return Reply::Unknown(format!("the answer is not the JSON of a bulk request: {error}")),
    };
    let Some(items) = answer.items else {
        return match answer.errors {
            Some(false) => Reply::Items(vec![Verdict::Stored; documents]),
            _ => Reply::Unknown("the answer names no items".into()),
        };
    };
    if items.len() != documents {
        return Reply::Unknown(format!("{} answers to {documents} documents", items.len()));
    }
    Reply::Items(items.iter().map(|item| verdict(item, refused_too)).collect())
}

/// The verdicts of an answer in the engine's own layout, `{...,"items":[...]}`. An item that is byte for byte like the
/// one before it has the same verdict: nearly all are, and comparing costs a tenth of reading. `None`: it is to be read as a whole.
fn in_runs(body: &[u8], refused_too: &[u16]) -> Option<Vec<Verdict>> {
    let head = &body[..body.len().min(HEAD_BYTES_MAX)];
    let start = memchr::memmem::find(head, ITEMS)?;
    if memchr::memchr2_iter(b'{', b'[', &head[..start]).ne([0]) {
        return None;
    }
    let (mut verdicts, mut rest) = (Vec::new(), &body[start + ITEMS.len()..]);
    loop {
        let mut items = serde_json::Deserializer::from_slice(rest).into_iter::<Item<'_>>();
        let verdict = verdict(&items.next()?.ok()?, refused_too);
        let (item, others) = rest.split_at(items.byte_offset());
        rest = others;
        verdicts.push(verdict.clone());
        while let Some(behind) = rest.strip_prefix(b",").and_then(|next| next.strip_prefix(item)) {
            verdicts.push(verdict.clone());
            rest = behind;
        }
        match rest.split_first()? {
            (b',', next) => rest = next,
            (b']', b"}") => return Some(verdicts),
            _ => return None,
        }
    }
}

fn verdict(item: &Item<'_>, refused_too: &[u16]) -> Verdict {
    match item.status {
        200 | 201 => Verdict::Stored,
        409 => Verdict::AlreadyThere,
        status => refusal(item.complaint(), refused_too.contains(&status)),
    }
}

fn refusal(complaint: Complaint, refused: bool) -> Verdict {
    let complaint = Box::new(complaint);
    match (complaint.status, complaint.kind.as_str()) {
        _ if refused => Verdict::Refused(complaint),
        // Flood stage: the disk is full, and will be emptied.
        (429, "cluster_block_exception") => Verdict::Later(Scope::Index, complaint),
        (429, _) => Verdict::Later(Scope::Document, complaint),
        // An index closed to writing by hand or by its policy. It may be opened again, but nothing waits for that.
        (403, "cluster_block_exception") => Verdict::Doubtful(Scope::Index, complaint),
        // Rights are mended by people, and every document would be refused until then.
        (401 | 403, _) => Verdict::Later(Scope::Index, complaint),
        // The limit of shards is mended by people too, and it refuses all documents of a new day.
        (400, "validation_exception") => Verdict::Later(Scope::Index, complaint),
        (404, _) => Verdict::Doubtful(Scope::Index, complaint),
        // Permanent for what is not an object, though it says that the engine is at fault.
        (500, _) => Verdict::Doubtful(Scope::Document, complaint),
        (501..=599, _) => Verdict::Later(Scope::Index, complaint),
        (400..=499, _) => Verdict::Refused(complaint),
        _ => Verdict::Doubtful(Scope::Document, complaint),
    }
}

#[derive(Deserialize)]
struct BulkAnswer<'a> {
    errors: Option<bool>,
    #[serde(borrow)]
    items: Option<Vec<Item<'a>>>,
}

/// `{"create":{"status":201}}`: the action's name does not matter.
struct Item<'a> {
    status: u16,
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ItemBody<'a> {
    status: u16,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Error {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    reason: Option<String>,
    caused_by: Option<Box<Error>>,
}

impl Item<'_> {
    fn complaint(&self) -> Complaint {
        let text = self.error.map_or("", RawValue::get);
        error_of(self.status, text).unwrap_or_else(|| Complaint {
            status: self.status,
            kind: "unknown".into(),
            reason: if text.is_empty() { "the engine gives no reason".into() } else { text.into() },
        })
    }
}

fn error_of(status: u16, text: &str) -> Option<Complaint> {
    let error: Error = serde_json::from_str(text).ok()?;
    let mut reason = error.reason.unwrap_or_default();
    if let Some(cause) = error.caused_by.and_then(|cause| cause.reason) {
        reason.push_str(": ");
        reason.push_str(&cause);
    }
    Some(Complaint { status, kind: error.kind, reason })
}

/// The error that the engine, and not something before it, gives for a whole request.
pub fn complaint_of(status: u16, body: &[u8]) -> Option<Complaint> {
    #[derive(Deserialize)]
    struct Whole<'a> {
        #[serde(borrow)]
        error: &'a RawValue,
    }
    let whole: Whole<'_> = serde_json::from_slice(body).ok()?;
    error_of(status, whole.error.get())
}

impl<'de: 'a, 'a> Deserialize<'de> for Item<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneEntry;
        impl<'de> Visitor<'de> for OneEntry {
            type Value = ItemBody<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an action and its result")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let missing = || serde::de::Error::custom("an item without a result");
                map.next_key::<IgnoredAny>()?.ok_or_else(missing)?;
                let body = map.next_value()?;
                match map.next_key::<IgnoredAny>()? {
                    None => Ok(body),
                    Some(_) => Err(serde::de::Error::custom("an item with two results")),
                }
            }
        }
        let body = deserializer.deserialize_map(OneEntry)?;
        Ok(Item { status: body.status, error: body.error })
    }
}

#[cfg(test)]
mod tests;
