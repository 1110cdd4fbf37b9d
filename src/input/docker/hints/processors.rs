//! The hints `processors.*`: each into a change that the codec `hinted` makes, or into the filter that does it here.

use super::Reading;
use super::tree::{Node, list};
use crate::event::FieldRef;
use crate::event::hints::{Act, JsonTarget, Processor, When};

const NAMES: &[&str] = &[
    "add_fields",
    "add_labels",
    "add_tags",
    "copy_fields",
    "decode_json_fields",
    "drop_event",
    "drop_fields",
    "rename",
];
/// Processors of Filebeat that are filters here.
const FILTERS: &[(&str, &str)] = &[
    ("add_id", "uuid"),
    ("convert", "mutate"),
    ("decode_csv_fields", "csv"),
    ("decode_xml", "xml"),
    ("dissect", "dissect"),
    ("dns", "dns"),
    ("extract_array", "mutate"),
    ("fingerprint", "fingerprint"),
    ("include_fields", "prune"),
    ("lowercase", "mutate"),
    ("rate_limit", "throttle"),
    ("replace", "mutate"),
    ("script", "ruby"),
    ("syslog", "syslog_pri"),
    ("timestamp", "date"),
    ("translate", "translate"),
    ("truncate_fields", "truncate"),
    ("uppercase", "mutate"),
    ("urldecode", "urldecode"),
];
const CONDITIONS: &[&str] = &["equals", "contains", "regexp", "has_fields", "not", "and", "or"];

impl Reading<'_> {
    /// `processors.1.NAME.SETTING`, or without the number.
    pub(super) fn processors(&mut self, node: &Node) {
        for (name, child) in node.ordered() {
            if name.parse::<u64>().is_ok() {
                child.children.iter().for_each(|(name, child)| self.processor(name, child));
            } else {
                self.processor(name, child);
            }
        }
    }

    fn processor(&mut self, name: &str, node: &Node) {
        let Some(act) = self.act(name, node) else { return };
        let when = match node.children.get("when") {
            // Without its condition it might do anything: it does nothing.
            Some(condition) => match self.when(condition) {
                Some(when) => Some(when),
                None => return,
            },
            None if matches!(act, Act::DropEvent) => {
                return self.say(node, "drops every line without a condition (`when`): it is left out; `enabled: false` leaves the container alone");
            }
            None => None,
        };
        self.hints.processors.push(Processor { when, act });
    }

    fn act(&mut self, name: &str, node: &Node) -> Option<Act> {
        match name {
            "add_fields" => {
                self.settings(node, &["target", "fields"]);
                let target = node.children.get("target").and_then(|target| target.value.as_deref()).unwrap_or("fields");
                self.fields(node, "fields", target)
            }
            "add_labels" => {
                self.settings(node, &["labels"]);
                self.fields(node, "labels", "labels")
            }
            "add_tags" => {
                self.settings(node, &["tags"]);
                let tags = self.names(node, "tags")?;
                Some(Act::AddTags(tags.iter().map(|tag| tag.as_str().into()).collect()))
            }
            "drop_fields" => {
                self.settings(node, &["fields", "ignore_missing"]);
                Some(Act::DropFields(self.paths(node, "fields")?))
            }
            "drop_event" => {
                self.settings(node, &[]);
                Some(Act::DropEvent)
            }
            "rename" => self.pairs(node).map(Act::Rename),
            "copy_fields" => self.pairs(node).map(Act::CopyFields),
            "decode_json_fields" => self.decode(node),
            _ => {
                match FILTERS.iter().find(|(processor, _)| *processor == name) {
                    Some((_, filter)) => {
                        self.say(node, &format!("is no processor here: the filter `{filter}` of a pipeline does it"));
                    }
                    None => self.unknown(node, name, NAMES),
                }
                None
            }
        }
    }

    /// Settings that are not known are said.
    fn settings(&mut self, node: &Node, known: &[&'static str]) {
        for (name, child) in &node.children {
            if name != "when" && !known.contains(&name.as_str()) {
                self.unknown(child, name, known);
            }
        }
    }

    fn fields(&mut self, node: &Node, name: &str, target: &str) -> Option<Act> {
        let given = node.children.get(name).map(Node::leaves).unwrap_or_default();
        let path = |name: &str| if target.is_empty() { name.to_string() } else { format!("{target}.{name}") };
        let fields: Vec<(FieldRef, Box<str>)> = given
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, text)| (FieldRef::dotted(&path(name)), (*text).into()))
            .collect();
        if fields.is_empty() {
            self.say(node, &format!("needs `{name}`, such as `{name}.team`"));
            return None;
        }
        Some(Act::AddFields(fields))
    }

    fn names(&mut self, node: &Node, name: &str) -> Option<Vec<String>> {
        let names = node.children.get(name).map(list).unwrap_or_default();
        if names.is_empty() {
            self.say(node, &format!("needs the list `{name}`"));
            return None;
        }
        Some(names)
    }

    fn paths(&mut self, node: &Node, name: &str) -> Option<Vec<FieldRef>> {
        Some(self.names(node, name)?.iter().map(|name| FieldRef::dotted(name)).collect())
    }

    /// `fields.0.from`, `fields.0.to`, or the same as JSON.
    fn pairs(&mut self, node: &Node) -> Option<Vec<(FieldRef, FieldRef)>> {
        self.settings(node, &["fields", "ignore_missing", "fail_on_error"]);
        let items = node.children.get("fields").map(Node::ordered).unwrap_or_default();
        let side = |item: &Node, name: &str| item.children.get(name)?.value.as_deref().map(FieldRef::dotted);
        let pairs: Vec<_> =
            items.iter().filter_map(|(_, item)| Some((side(item, "from")?, side(item, "to")?))).collect();
        if pairs.is_empty() || pairs.len() < items.len() {
            self.say(node, "needs `fields.0.from` and `fields.0.to`, or the same as JSON");
            return None;
        }
        Some(pairs)
    }

    fn decode(&mut self, node: &Node) -> Option<Act> {
        self.settings(node, &["fields", "target", "overwrite_keys", "add_error_key", "process_array", "max_depth"]);
        let target = match node.children.get("target").and_then(|target| target.value.as_deref()) {
            None => JsonTarget::Itself,
            Some("") => JsonTarget::Root,
            Some(name) => JsonTarget::Field(FieldRef::dotted(name)),
        };
        let overwrite_keys = self.child(node, "overwrite_keys", Reading::boolean).unwrap_or(false);
        let add_error_key = self.child(node, "add_error_key", Reading::boolean).unwrap_or(false);
        Some(Act::DecodeJsonFields { fields: self.paths(node, "fields")?, target, overwrite_keys, add_error_key })
    }

    /// A condition; of several that stand side by side all must hold.
    fn when(&mut self, node: &Node) -> Option<When> {
        let mut all = Vec::new();
        for (name, child) in &node.children {
            match name.as_str() {
                "equals" | "contains" | "regexp" => {
                    for (field, text) in child.leaves() {
                        all.push(self.compared(name, &field, text, child)?);
                    }
                }
                "has_fields" => {
                    all.push(When::HasFields(list(child).iter().map(|name| FieldRef::dotted(name)).collect()))
                }
                "not" => all.push(When::Not(Box::new(self.when(child)?))),
                "and" => all.push(When::All(self.each(child)?)),
                "or" => all.push(When::Any(self.each(child)?)),
                _ => {
                    self.unknown(child, name, CONDITIONS);
                    return None;
                }
            }
        }
        if all.is_empty() {
            self.say(node, "needs a condition, such as `when.contains.message`");
            return None;
        }
        Some(if all.len() == 1 { all.remove(0) } else { When::All(all) })
    }

    fn each(&mut self, node: &Node) -> Option<Vec<When>> {
        node.ordered().into_iter().map(|(_, child)| self.when(child)).collect()
    }

    fn compared(&mut self, name: &str, field: &str, text: &str, node: &Node) -> Option<When> {
        let path = FieldRef::dotted(field);
        Some(match name {
            "equals" => When::Equals(path, text.into()),
            "contains" => When::Contains(path, text.into()),
            _ => When::Regexp(path, self.compiled(node, text)?),
        })
    }
}
