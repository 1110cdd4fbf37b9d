//! Walks the parsed tree of a pipeline for one event after the other, looking everything up anew each time.

use super::conditions::holds;
use super::event::{Event, Path, TIMESTAMP};
use super::filters::{self, items, pairs, setting, text};
use super::patterns::Expressions;
use super::times::Times;
use super::tree::Json;
use timberline::clock::{Clock as _, SystemClock};
use timberline::lang::parse::{Options, parse};
use timberline::lang::source::SourceSet;
use timberline::lang::tree::{Config, Literal, Node, Plugin};

pub struct Interpreter {
    config: Config,
    pub expressions: Expressions,
    pub times: Times,
}

/// An index and the document's JSON.
pub type Document = (String, String);

impl Interpreter {
    pub fn new(config: &str) -> Interpreter {
        let sources = SourceSet::single("pipeline.conf", config);
        let (config, found) = parse(&sources, &Options { support_escapes: false });
        assert!(found.is_empty(), "{found:?}");
        Interpreter { config, expressions: Expressions::default(), times: Times::default() }
    }

    /// The documents that an event becomes.
    pub fn documents(&mut self, mut event: Event) -> Vec<Document> {
        let config = std::mem::take(&mut self.config);
        let mut documents = Vec::new();
        if self.filter(&config.filters, &mut event) {
            self.output(&config.outputs, &mut event, &mut documents);
        }
        self.config = config;
        documents
    }

    /// The nodes of the branch that is taken.
    fn taken<'n>(&mut self, node: &'n Node, event: &Event) -> Option<&'n [Node]> {
        let Node::If(branching) = node else { return None };
        let hit = branching.branches.iter().find(|(condition, _)| holds(condition, event, &mut self.expressions));
        Some(hit.map(|(_, nodes)| nodes).or(branching.otherwise.as_ref()).map_or(&[], |nodes| nodes.as_slice()))
    }

    /// Whether the event is still there.
    fn filter(&mut self, nodes: &[Node], event: &mut Event) -> bool {
        nodes.iter().all(|node| match (node, self.taken(node, event)) {
            (_, Some(branch)) => self.filter(branch, event),
            (Node::Plugin(plugin), None) => match filters::run(plugin, event, self) {
                Some(true) => {
                    self.common(plugin, event);
                    true
                }
                Some(false) => true,
                None => false,
            },
            (Node::If(_), None) => unreachable!("an `if` takes a branch, or none of its nodes"),
        })
    }

    /// What every filter does when it succeeded.
    fn common(&mut self, plugin: &Plugin, event: &mut Event) {
        for (name, values) in pairs(setting(plugin, "add_field")) {
            for value in items(Some(values)) {
                let value = self.filled(value, event);
                // What cannot be written is left out.
                event.add(&Path::read(&name).expect("a reference"), value).unwrap_or(());
            }
        }
        for name in items(setting(plugin, "remove_field")) {
            event.remove(&Path::read(&text(name)).expect("a reference"));
        }
        for tag in items(setting(plugin, "add_tag")) {
            let tag = self.text(&text(tag), event);
            event.tag(&tag);
        }
    }

    fn output(&mut self, nodes: &[Node], event: &mut Event, documents: &mut Vec<Document>) {
        for node in nodes {
            match (node, self.taken(node, event)) {
                (_, Some(branch)) => self.output(branch, event, documents),
                (Node::Plugin(plugin), None) => {
                    let mut index = text(setting(plugin, "index").expect("an index"));
                    if is_astray(event) {
                        event.tag("_index_day_clamped");
                        index = index.replace("%{+YYYY.MM.dd}", super::ARRIVAL);
                    }
                    let index = self.text(&index, event);
                    let mut source = String::new();
                    Json::Object(event.root.clone()).write(&mut source);
                    documents.push((index, source));
                }
                (Node::If(_), None) => unreachable!("an `if` takes a branch, or none of its nodes"),
            }
        }
    }

    /// A setting's value, completed from the event.
    pub fn filled(&mut self, value: &Literal, event: &Event) -> Json {
        Json::Text(self.text(&text(value), event))
    }

    /// A text with its `%{…}` replaced.
    fn text(&mut self, template: &str, event: &Event) -> String {
        let (mut out, mut rest) = (String::new(), template);
        while let Some((before, after)) = rest.split_once("%{") {
            let Some((inside, behind)) = after.split_once('}') else { break };
            out.push_str(before);
            match inside.strip_prefix('+') {
                Some(format) => out.push_str(&self.times.write(format, event.time())),
                None => match Path::read(inside).and_then(|path| event.get(&path).cloned()) {
                    None | Some(Json::Null) => out.push_str(&format!("%{{{inside}}}")),
                    Some(value) => out.push_str(&value.shown()),
                },
            }
            rest = behind;
        }
        out + rest
    }
}

/// It goes to the day of its arrival: before 1971, or more than a day ahead.
fn is_astray(event: &Event) -> bool {
    let Some(time) = event.time() else { return false };
    let now = i128::from(SystemClock::default().now_ns());
    let now = jiff::Timestamp::from_nanosecond(now).expect("today is within the calendar");
    time.as_second() < 31_536_000 || time > now + jiff::SignedDuration::from_hours(24)
}

/// A JSON event as it comes in, at this place of the file.
pub fn arrived(line: &str, file: &str, offset: usize) -> Event {
    let mut event = Event::default();
    let log = format!(r#"{{"offset":{offset},"file":{{"path":"{file}"}}}}"#);
    event.root = vec![
        (TIMESTAMP.into(), Json::Null),
        ("@version".into(), Json::text("1")),
        ("log".into(), Json::read(&log).expect("it is JSON")),
    ];
    let Some(Json::Object(fields)) = Json::read(line) else { panic!("{line} is no event") };
    event.absorb(fields);
    event
}
