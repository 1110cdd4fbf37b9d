//! An engine that gives every answer that was measured of `_bulk`, item by item and whole, and those that no engine
//! should give: cut, late, not JSON, too few.

use crate::disk::simulated::Random;
use crate::output::elasticsearch::parts::{Answer, Request, Silence, read};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Documents by index and id.
#[derive(Default)]
pub struct Engine {
    pub indices: BTreeMap<String, BTreeMap<String, String>>,
    /// Gives other answers than the right ones, too.
    pub is_sick: bool,
    /// These indices take nothing, with this answer.
    pub closed: BTreeMap<String, (u16, &'static str)>,
}

struct Document {
    index: String,
    id: String,
    source: String,
}

/// Answers that one document may get from an engine in trouble.
const TROUBLES: &[(u16, &str)] = &[
    (429, "es_rejected_execution_exception"),
    (429, "cluster_block_exception"),
    (503, "unavailable_shards_exception"),
    (500, "node_not_connected_exception"),
    (403, "security_exception"),
    (400, "validation_exception"),
    (404, "index_not_found_exception"),
];

impl Engine {
    pub fn answer(&mut self, request: &Request, random: &mut Random) -> Answer {
        let documents = documents(request);
        let count = documents.len();
        assert_eq!(count, request.docs());
        if documents.iter().any(|document| document.source.contains("UNREADABLE")) {
            return whole(400, "illegal_argument_exception", count);
        }
        let trouble = if self.is_sick { random.below(28) } else { u64::MAX };
        match trouble {
            0 => whole(429, "es_rejected_execution_exception", count),
            1 => whole(503, "cluster_block_exception", count),
            2 => whole(500, "exception", count),
            3 => Answer::Reply(read(502, b"<html>bad gateway</html>", count, &[])),
            4 => whole(401, "security_exception", count),
            5 => whole(403, "security_exception", count),
            6 if count > 1 => Answer::Reply(read(413, b"", count, &[])),
            7 => silence(Silence::Cut),
            8 => silence(Silence::Slow),
            9 => silence(Silence::Unconnected),
            10 => silence(Silence::Nowhere),
            11..=18 => self.half(documents, trouble, random),
            _ => {
                let body = self.take(documents, random).to_string();
                Answer::Reply(read(200, body.as_bytes(), count, &[]))
            }
        }
    }

    /// The documents are taken, all or some, and the answer does not say so.
    fn half(&mut self, mut documents: Vec<Document>, trouble: u64, random: &mut Random) -> Answer {
        let count = documents.len();
        if trouble == 11 {
            documents.truncate(random.below(count as u64) as usize);
        }
        let mut answer = self.take(documents, random);
        let text = answer.to_string();
        let body = match trouble {
            11 | 12 => return silence(Silence::Cut),
            13 | 14 => return silence(Silence::Slow),
            15 => text[..random.below(text.len() as u64) as usize].to_string(),
            16 => "OK".into(),
            17 => "{}".into(),
            _ => {
                answer["items"].as_array_mut().map(Vec::pop);
                answer.to_string()
            }
        };
        Answer::Reply(read(200, body.as_bytes(), count, &[]))
    }

    fn take(&mut self, documents: Vec<Document>, random: &mut Random) -> Value {
        let items: Vec<Value> = documents.into_iter().map(|document| self.item(document, random)).collect();
        json!({ "took": 1, "errors": true, "items": items })
    }

    fn item(&mut self, document: Document, random: &mut Random) -> Value {
        let refused = |(status, kind): (u16, &str)| json!({ "create": { "status": status, "error": { "type": kind, "reason": "because" } } });
        let Document { index, id, source } = document;
        if let Some(closed) = self.closed.get(&index) {
            return refused(*closed);
        }
        if self.is_sick && random.one_in(6) {
            return refused(TROUBLES[random.below(TROUBLES.len() as u64) as usize]);
        }
        if source.contains("POISON") {
            return refused((400, "document_parsing_exception"));
        }
        if source.contains("NOOBJECT") {
            return refused((500, "not_x_content_exception"));
        }
        let there = self.indices.entry(index).or_default();
        if there.contains_key(&id) {
            return refused((409, "version_conflict_engine_exception"));
        }
        there.insert(id, source);
        json!({ "create": { "status": 201 } })
    }

    /// As `answer`, when nobody hears it any more.
    pub fn take_unheard(&mut self, request: &Request, random: &mut Random) {
        let documents = documents(request);
        if !documents.iter().any(|document| document.source.contains("UNREADABLE")) {
            self.take(documents, random);
        }
    }
}

fn silence(silence: Silence) -> Answer {
    Answer::None(silence, "no answer".into())
}

fn whole(status: u16, kind: &str, count: usize) -> Answer {
    let body = json!({ "error": { "type": kind, "reason": "because" }, "status": status }).to_string();
    Answer::Reply(read(status, body.as_bytes(), count, &[]))
}

fn documents(request: &Request) -> Vec<Document> {
    let body: Vec<u8> = request.frames().flat_map(|frame| frame.to_vec()).collect();
    let text = String::from_utf8(body).expect("requests are UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    let document = |pair: &[&str]| {
        let action: Value = serde_json::from_str(pair[0]).expect("an action line is JSON");
        let text = |name: &str| action["create"][name].as_str().expect("an index and an id").to_string();
        Document { index: text("_index"), id: text("_id"), source: pair[1].to_string() }
    };
    lines.chunks(2).map(document).collect()
}
