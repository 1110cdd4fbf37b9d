//! Hints: what a container's labels ask for its own lines, by the names of Filebeat's autodiscover. Pure.
//!
//! Labels that begin with `co.elastic.logs/` are read, and the same with `timberline.logs/`, which count more. A label that asks
//! for something that cannot be is *wrong*: it is left out and said, the others hold, and the lines are read all the same.
//! `asked` says which containers are followed, before a container is inspected; `read` says what becomes of their lines.
//!
//! Bounds: a container chooses its labels, so their number, sizes and the size of compiled patterns are limited.

mod processors;
mod tree;

use crate::event::hints::{Fits, Hints, JoinRule, Joining, JsonLines};
use crate::lang::suggest::nearest;
use regex::bytes::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::Arc;
use tree::{Node, list};

const PREFIXES: [&str; 2] = ["co.elastic.logs/", OURS];
const OURS: &str = "timberline.logs/";
/// Labels of a container that may be hints.
const HINTS_MAX: usize = 100;
const VALUE_BYTES_MAX: usize = 4096;
/// Of a compiled pattern; Filebeat's examples have some kilobytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

const NAMES: &[&str] = &[
    "enabled",
    "disable",
    "pipeline",
    "ingest_pipeline",
    "json",
    "multiline",
    "include_lines",
    "exclude_lines",
    "processors",
    "module",
    "fileset",
    "raw",
    "stream",
];
const JSON_NAMES: &[&str] =
    &["keys_under_root", "overwrite_keys", "expand_keys", "add_error_key", "message_key", "ignore_decoding_error"];
const MULTILINE_NAMES: &[&str] =
    &["type", "pattern", "negate", "match", "max_lines", "timeout", "flush_pattern", "count_lines"];

/// Filebeat's defaults.
const LINES_MAX: usize = 500;
const TIMEOUT_NS: u64 = 5_000_000_000;

/// The settings `hints` and `hints_default_enabled`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub enabled: bool,
    /// Containers without the hint `enabled` are followed.
    pub default_enabled: bool,
}

/// What a container's hints come to.
#[derive(Debug, Default)]
pub struct Read {
    /// `None`: its lines are as the pipeline says.
    pub hints: Option<Arc<Hints>>,
    /// What is wrong with them, a sentence a hint.
    pub wrong: Vec<String>,
}

/// Whether a container asks to be followed, by the pipeline named `own`. `taking`: the pipelines that follow by hints.
pub fn is_asked(config: &Config, labels: &HashMap<String, String>, own: &str, taking: &[String]) -> bool {
    if !config.enabled {
        return true;
    }
    // A value that nobody can read is said when the container is followed, so it must be.
    if switched(labels) == Some(false) {
        return false;
    }
    match chosen_pipeline(labels) {
        Some(name) if name == own => true,
        Some(name) if taking.iter().any(|taken| taken == name) => false,
        _ => config.default_enabled || switched(labels).is_some(),
    }
}

/// The pipeline that a container names.
pub fn chosen_pipeline(labels: &HashMap<String, String>) -> Option<&str> {
    labels.get(&format!("{OURS}pipeline")).map(String::as_str)
}

/// `enabled`, and its old name `disable`. What is not `false` is true.
fn switched(labels: &HashMap<String, String>) -> Option<bool> {
    let of = |name: &str| PREFIXES.iter().rev().find_map(|prefix| labels.get(&format!("{prefix}{name}")));
    of("enabled").map(|value| value != "false").or_else(|| of("disable").map(|value| value != "true"))
}

/// Reads all hints. `taking` as above.
pub fn read(labels: &HashMap<String, String>, own: &str, taking: &[String]) -> Read {
    let mut reading = Reading { own, taking, hints: Hints::default(), wrong: Vec::new() };
    let tree = reading.tree(labels);
    let mut any = false;
    for (name, node) in &tree.children {
        any |= reading.hint(name, node);
    }
    Read { hints: any.then(|| Arc::new(reading.hints)), wrong: reading.wrong }
}

/// The labels that may be hints: what is kept of a container's labels beside what its events show.
pub fn kept(labels: &HashMap<String, String>) -> HashMap<String, String> {
    let is_hint = |name: &str| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let mut names: Vec<&String> = labels.keys().filter(|name| is_hint(name)).collect();
    names.sort_unstable();
    // One more than is read, and a byte more than a value may have: that it is too much can still be said.
    let cut = |value: &str| value[..value.floor_char_boundary(VALUE_BYTES_MAX + 4)].to_string();
    names.into_iter().take(HINTS_MAX + 1).map(|name| (name.clone(), cut(&labels[name]))).collect()
}

struct Reading<'a> {
    own: &'a str,
    taking: &'a [String],
    hints: Hints,
    wrong: Vec<String>,
}

impl Reading<'_> {
    /// The labels that are hints, taken apart at their dots.
    fn tree(&mut self, labels: &HashMap<String, String>) -> Node {
        let mut given: Vec<(usize, &str, &str, &str)> = Vec::new();
        for (label, value) in labels {
            for (rank, prefix) in PREFIXES.iter().enumerate() {
                given.extend(label.strip_prefix(prefix).map(|name| (rank, name, label.as_str(), value.as_str())));
            }
        }
        given.sort_unstable();
        if given.len() > HINTS_MAX {
            self.wrong.push(format!("there are more than {HINTS_MAX} hints: only so many are read"));
        }
        let mut tree = Node::default();
        for (rank, name, label, value) in given.into_iter().take(HINTS_MAX) {
            if value.len() > VALUE_BYTES_MAX {
                self.wrong.push(format!("`{label}` is longer than {VALUE_BYTES_MAX} bytes"));
                continue;
            }
            // Filebeat's `pipeline` is the engine's ingest pipeline; ours is a pipeline of this daemon.
            let name = if name == "pipeline" && rank == 0 { "ingest_pipeline" } else { name };
            tree.put(name, label, value);
        }
        tree
    }

    /// `true`: it says something about the lines.
    fn hint(&mut self, name: &str, node: &Node) -> bool {
        match name {
            "enabled" | "disable" => {
                self.boolean(node);
            }
            "pipeline" => self.pipeline(node),
            "ingest_pipeline" => self.hints.ingest_pipeline = self.text(node).map(Into::into),
            "json" => self.hints.json = self.json(node),
            "multiline" => self.hints.joining = self.multiline(node),
            "include_lines" => self.hints.include_lines = self.patterns(node),
            "exclude_lines" => self.hints.exclude_lines = self.patterns(node),
            "processors" => self.processors(node),
            "module" | "fileset" => self.say(
                node,
                "names a module of Filebeat, and there are none here: write filters for these lines in the pipeline, or choose a pipeline with `timberline.logs/pipeline`",
            ),
            "raw" => self.say(node, "is a whole input of Filebeat: write the single hints instead"),
            "stream" => self.say(node, "is not supported: both streams are read"),
            _ if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.say(node, "is one of several sets of hints, and the lines of a container are read once: write it without the number");
            }
            _ => self.unknown(node, name, NAMES),
        }
        matches!(name, "ingest_pipeline" | "json" | "multiline" | "include_lines" | "exclude_lines" | "processors")
    }

    fn say(&mut self, node: &Node, what: &str) {
        self.wrong.push(format!("`{}` {what}", node.label()));
    }

    fn unknown(&mut self, node: &Node, name: &str, known: &[&'static str]) {
        let meant = nearest(name, known.iter().copied()).map(|near| format!(", did you mean `{near}`?"));
        self.say(node, &format!("is no hint that is known{}", meant.unwrap_or_default()));
    }

    fn pipeline(&mut self, node: &Node) {
        let Some(name) = self.text(node) else { return };
        if name != self.own && !self.taking.contains(&name) {
            let known = self.taking.join(", ");
            self.say(
                node,
                &format!("names `{name}`, and no pipeline of that name follows containers by hints ({known})"),
            );
        }
    }

    fn json(&mut self, node: &Node) -> Option<JsonLines> {
        let mut json = JsonLines::default();
        for (name, node) in &node.children {
            match name.as_str() {
                "keys_under_root" => json.keys_under_root = self.is_true(node),
                "overwrite_keys" => json.overwrite_keys = self.is_true(node),
                "expand_keys" => json.expand_keys = self.is_true(node),
                "add_error_key" => json.add_error_key = self.is_true(node),
                "message_key" => json.message_key = self.text(node).map(Into::into),
                // We log no line's errors anyway.
                "ignore_decoding_error" => _ = self.boolean(node),
                "document_id" => self.say(node, "is not supported: the id of a document is its line's place in the log; `document_id` of the output says otherwise"),
                _ => self.unknown(node, name, JSON_NAMES),
            }
        }
        if node.children.is_empty() {
            self.say(node, "needs a setting, such as `json.keys_under_root`");
            return None;
        }
        Some(json)
    }

    fn multiline(&mut self, node: &Node) -> Option<Joining> {
        for (name, child) in &node.children {
            if name == "skip_newline" {
                self.say(child, "is not supported: lines that are joined have a newline between them");
            } else if !MULTILINE_NAMES.contains(&name.as_str()) {
                self.unknown(child, name, MULTILINE_NAMES);
            }
        }
        let lines_max = self.child(node, "max_lines", Reading::number).unwrap_or(LINES_MAX);
        let timeout_ns = self.child(node, "timeout", Reading::nanos).unwrap_or(TIMEOUT_NS);
        let rule = self.rule(node)?;
        Some(Joining { rule, lines_max: lines_max.max(1), timeout_ns: Some(timeout_ns).filter(|ns| *ns > 0) })
    }

    fn rule(&mut self, node: &Node) -> Option<JoinRule> {
        let kind = self.child(node, "type", Reading::text);
        match kind.as_deref().unwrap_or("pattern") {
            "pattern" => {
                let place = self.child(node, "match", Reading::text);
                let to_next = match place.as_deref() {
                    Some("before") => true,
                    Some("after") => false,
                    _ => {
                        self.say(node, "needs `multiline.match`: `after` or `before`");
                        return None;
                    }
                };
                let flush = self.child(node, "flush_pattern", Reading::pattern);
                Some(JoinRule::Pattern { fits: self.fits(node)?, to_next, flush })
            }
            "while_pattern" => self.fits(node).map(JoinRule::While),
            "count" => match self.child(node, "count_lines", Reading::number) {
                Some(lines) if lines > 0 => Some(JoinRule::Count(lines)),
                _ => {
                    self.say(node, "of type `count` needs `multiline.count_lines`");
                    None
                }
            },
            other => {
                self.say(node, &format!("has the type `{other}`: it is `pattern`, `count` or `while_pattern`"));
                None
            }
        }
    }

    fn fits(&mut self, node: &Node) -> Option<Fits> {
        if !node.children.contains_key("pattern") {
            self.say(node, "needs `multiline.pattern`");
        }
        let pattern = self.child(node, "pattern", Reading::pattern)?;
        let negate = self.child(node, "negate", Reading::boolean).unwrap_or(false);
        Some(Fits { pattern, negate })
    }

    fn child<T>(&mut self, node: &Node, name: &str, read: fn(&mut Self, &Node) -> Option<T>) -> Option<T> {
        node.children.get(name).and_then(|child| read(self, child))
    }

    fn text(&mut self, node: &Node) -> Option<String> {
        match &node.value {
            Some(value) if node.children.is_empty() && !value.is_empty() => Some(value.clone()),
            _ => {
                self.say(node, "must be a text");
                None
            }
        }
    }

    fn boolean(&mut self, node: &Node) -> Option<bool> {
        match node.value.as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.say(node, "must be `true` or `false`");
                None
            }
        }
    }

    fn is_true(&mut self, node: &Node) -> bool {
        self.boolean(node).unwrap_or(false)
    }

    fn number(&mut self, node: &Node) -> Option<usize> {
        let number = node.value.as_deref().and_then(|value| value.parse().ok());
        if number.is_none() {
            self.say(node, "must be a whole number");
        }
        number
    }

    /// `5s`, `500ms`, `1m`.
    fn nanos(&mut self, node: &Node) -> Option<u64> {
        let nanos = node.value.as_deref().and_then(|value| {
            let at = value.find(|c: char| c.is_ascii_alphabetic())?;
            let number: f64 = value[..at].parse().ok().filter(|number| (0.0..=1e6).contains(number))?;
            let unit = match &value[at..] {
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                _ => return None,
            };
            Some((number * unit) as u64)
        });
        if nanos.is_none() {
            self.say(node, "must be a length of time such as `5s`");
        }
        nanos
    }

    fn pattern(&mut self, node: &Node) -> Option<Regex> {
        let text = self.text(node)?;
        self.compiled(node, &text)
    }

    fn patterns(&mut self, node: &Node) -> Vec<Regex> {
        list(node).iter().filter_map(|text| self.compiled(node, text)).collect()
    }

    fn compiled(&mut self, node: &Node, text: &str) -> Option<Regex> {
        match RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build() {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
                self.say(node, &format!("is no regular expression (`{text}`): {why}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
