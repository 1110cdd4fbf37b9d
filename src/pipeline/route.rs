//! Routing: which index a document goes to, under which id, as which bytes.
//!
//! The index's day is the UTC day of the event's `@timestamp`. An event dated more than a day ahead of its arrival,
//! or before 1971, goes to its arrival's day and is tagged: a broken clock cannot make an index for every day of a century.
//! What a field puts into an index name is cut to the characters that names have, so a log line can never choose a
//! name outside the configured pattern.

use crate::codec::Encoder;
use crate::event::destination::{BulkAction, Doc, DocBatch};
use crate::event::identity::ID_LEN;
use crate::event::{Arena, Event, Template, Timestamp, json};

/// The tag of an event whose day was not its own.
pub const CLAMPED: &str = "_index_day_clamped";
/// How far ahead of its arrival an event may be dated.
const AHEAD_MAX_SECONDS: i64 = 86_400;
/// 1971-01-01T00:00:00Z.
const EARLIEST_SECONDS: i64 = 31_536_000;
/// No filter has this place, and no codec.
const TWIN_MAKER: u32 = u32::MAX - 1;
/// Elasticsearch's limit.
const INDEX_BYTES_MAX: usize = 255;

/// How an output's documents are written.
pub enum Route {
    Bulk(BulkRoute),
    Text { path: Option<Template>, encoder: Box<dyn Encoder> },
}

/// Action line and document line.
#[derive(Clone)]
pub struct BulkRoute {
    pub index: IndexName,
    pub id: Option<Template>,
    pub action: BulkAction,
    pub routing: Option<Template>,
    pub pipeline: Option<Template>,
    pub stable_ids: bool,
    pub clamp_day: bool,
    /// Outputs before this one that send to the same index: an event that reaches both is two documents there, as in Logstash,
    /// so their ids differ.
    pub twins: u32,
}

/// An index's name from the event; remembered by day where only the day decides.
#[derive(Clone)]
pub struct IndexName {
    template: Template,
    /// Without one, no event is on a wrong day.
    has_day: bool,
    by_fields: bool,
    remembered: Vec<(i64, Vec<u8>)>,
}

/// Two days are open around midnight, a third where clocks differ.
const REMEMBERED_DAYS: usize = 4;

impl Route {
    pub fn boxed(&self) -> Route {
        match self {
            Route::Bulk(route) => Route::Bulk(route.clone()),
            Route::Text { path, encoder } => Route::Text { path: path.clone(), encoder: encoder.boxed() },
        }
    }

    /// Renders `event` at the end of `batch`.
    pub fn render<'b>(&mut self, event: &mut Event<'b>, arena: &'b Arena, batch: &mut DocBatch) {
        match self {
            Route::Bulk(route) => route.render(event, arena, batch),
            Route::Text { path, encoder } => {
                let body = &mut batch.body;
                let start = body.len();
                if let Some(path) = path {
                    path.write(event, body);
                }
                let text = body.len();
                encoder.encode(event, body);
                if encoder.is_text() && body.last() != Some(&b'\n') {
                    body.push(b'\n');
                }
                let (start, text, end) = (start as u32, text as u32, body.len() as u32 - 1);
                batch.docs.push(Doc { action: start..start, source: text..end, index: start..text, id: start..start });
            }
        }
    }
}

impl BulkRoute {
    fn render<'b>(&mut self, event: &mut Event<'b>, arena: &'b Arena, batch: &mut DocBatch) {
        let day = self.day(event, arena);
        let body = &mut batch.body;
        let start = body.len() as u32;
        body.extend_from_slice(match self.action {
            BulkAction::Create => b"{\"create\":{\"_index\":\"",
            BulkAction::Index => b"{\"index\":{\"_index\":\"",
        });
        let index = body.len() as u32;
        self.index.write(event, day, body);
        let index = index..body.len() as u32;
        body.push(b'"');
        let id = self.write_id(event, body);
        for (name, template) in [("routing", &self.routing), ("pipeline", &self.pipeline)] {
            if let Some(template) = template {
                body.extend_from_slice(b",\"");
                body.extend_from_slice(name.as_bytes());
                body.extend_from_slice(b"\":");
                json::write::string(template.render(event, arena), body);
            }
        }
        body.extend_from_slice(b"}}\n");
        let source = body.len() as u32;
        json::write::object(&event.root, body);
        let end = body.len() as u32;
        body.push(b'\n');
        batch.docs.push(Doc { action: start..source, source: source..end, index, id });
    }

    /// The time that the index's day comes from.
    fn day<'b>(&self, event: &mut Event<'b>, arena: &'b Arena) -> Timestamp {
        let time = event.timestamp().unwrap_or(event.arrived);
        let ahead = time.seconds > event.arrived.seconds.saturating_add(AHEAD_MAX_SECONDS);
        if self.clamp_day && self.index.has_day && (ahead || time.seconds < EARLIEST_SECONDS) {
            event.tag(CLAMPED, arena);
            return event.arrived;
        }
        time
    }

    fn write_id(&self, event: &Event<'_>, body: &mut Vec<u8>) -> std::ops::Range<u32> {
        if self.id.is_none() && !self.stable_ids {
            return body.len() as u32..body.len() as u32;
        }
        body.extend_from_slice(b",\"_id\":\"");
        let start = body.len() as u32;
        match &self.id {
            Some(template) => {
                let mut text = Vec::new();
                template.write(event, &mut text);
                json::write::string(&String::from_utf8_lossy(&text), body);
                // The quotes that `string` wrote are there already.
                body.remove(start as usize);
                body.pop();
            }
            None => {
                let mut id = [0u8; ID_LEN];
                let identity = event.identity;
                let identity = if self.twins == 0 { identity } else { identity.derived(TWIN_MAKER, self.twins) };
                identity.write_id(&mut id);
                body.extend_from_slice(&id);
            }
        }
        let end = body.len() as u32;
        body.push(b'"');
        start..end
    }
}

impl IndexName {
    pub fn new(template: Template) -> IndexName {
        let (has_day, by_fields) = (template.depends_on_time(), template.depends_on_fields());
        IndexName { has_day, by_fields, template, remembered: Vec::new() }
    }

    /// Appends the name for an event of the day of `time`.
    fn write(&mut self, event: &Event<'_>, time: Timestamp, out: &mut Vec<u8>) {
        let day = time.day();
        if let Some((_, name)) = self.remembered.iter().find(|(there, _)| *there == day && !self.by_fields) {
            out.extend_from_slice(name);
            return;
        }
        let start = out.len();
        self.template.write_at(event, Some(time), out, &mut clean);
        out.truncate(start + INDEX_BYTES_MAX);
        if !self.by_fields {
            if self.remembered.len() == REMEMBERED_DAYS {
                self.remembered.remove(0);
            }
            self.remembered.push((day, out[start..].to_vec()));
        }
    }
}

/// Cuts what a field put into a name to the characters that names have; a dot cannot begin it.
fn clean(text: &mut [u8], at_start: bool) {
    for (at, byte) in text.iter_mut().enumerate() {
        *byte = match byte.to_ascii_lowercase() {
            b'.' if at == 0 && at_start => b'_',
            kept @ (b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_') => kept,
            _ => b'_',
        };
    }
}
