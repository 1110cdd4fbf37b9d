//! Labels as a tree: `processors.1.rename.fields` is four steps down. Pure.

use serde_json::Value;
use std::collections::BTreeMap;

/// Deeper labels are not taken apart.
const DEPTH_MAX: usize = 12;

/// A label's value, or what stands below it.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The label itself, or for what has labels below it the first of them.
    label: String,
    pub value: Option<String>,
    pub children: BTreeMap<String, Node>,
}

impl Node {
    pub fn put(&mut self, path: &str, label: &str, value: &str) {
        let mut node = self;
        let mut rest = path;
        for _ in 0..DEPTH_MAX {
            let Some((first, deeper)) = rest.split_once('.') else { break };
            node = node.child(first, label);
            rest = deeper;
        }
        let node = node.child(rest, label);
        label.clone_into(&mut node.label);
        node.take(value, 0);
    }

    /// Its label, for messages.
    pub fn label(&self) -> &str {
        &self.label
    }

    fn child(&mut self, name: &str, label: &str) -> &mut Node {
        let child = self.children.entry(name.to_string()).or_default();
        if child.label.is_empty() {
            label.clone_into(&mut child.label);
        }
        child
    }

    /// A value that is JSON is taken apart like labels are.
    fn take(&mut self, value: &str, depth: usize) {
        let parsed = value.starts_with(['{', '[']).then(|| serde_json::from_str::<Value>(value).ok()).flatten();
        match parsed {
            Some(parsed) => self.take_json(&parsed, depth),
            None => self.value = Some(value.to_string()),
        }
    }

    fn take_json(&mut self, value: &Value, depth: usize) {
        let label = self.label.clone();
        match value {
            Value::Object(entries) if depth < DEPTH_MAX => {
                entries.iter().for_each(|(name, value)| self.child(name, &label).take_json(value, depth + 1));
            }
            Value::Array(items) if depth < DEPTH_MAX => {
                let numbered = items.iter().enumerate();
                numbered.for_each(|(nth, value)| self.child(&format!("{nth:04}"), &label).take_json(value, depth + 1));
            }
            Value::String(text) => self.value = Some(text.clone()),
            other => self.value = Some(other.to_string()),
        }
    }

    /// Its numbered children in their order, then the others.
    pub fn ordered(&self) -> Vec<(&str, &Node)> {
        let mut children: Vec<(&str, &Node)> = self.children.iter().map(|(name, node)| (name.as_str(), node)).collect();
        children.sort_by_key(|(name, _)| name.parse::<u64>().unwrap_or(u64::MAX));
        children
    }

    /// Every value below it with its path, joined by dots.
    pub fn leaves(&self) -> Vec<(String, &str)> {
        let mut leaves = Vec::new();
        self.collect("", &mut leaves);
        leaves
    }

    fn collect<'n>(&'n self, path: &str, leaves: &mut Vec<(String, &'n str)>) {
        leaves.extend(self.value.as_deref().map(|value| (path.to_string(), value)));
        for (name, child) in &self.children {
            let deeper = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            child.collect(&deeper, leaves);
        }
    }
}

/// The items of a list: numbered children, or a text with commas between them. A comma within brackets parts nothing.
pub fn list(node: &Node) -> Vec<String> {
    let numbered = node.ordered().into_iter().filter_map(|(_, child)| child.value.clone());
    let written = node.value.as_deref().map(split).unwrap_or_default();
    written.into_iter().chain(numbered).collect()
}

fn split(text: &str) -> Vec<String> {
    let (mut items, mut depth, mut is_escaped) = (vec![String::new()], 0_i32, false);
    for c in text.chars() {
        let is_literal = is_escaped;
        is_escaped = c == '\\' && !is_literal;
        match c {
            '(' | '[' | '{' if !is_literal => depth += 1,
            ')' | ']' | '}' if !is_literal => depth -= 1,
            ',' if depth <= 0 && !is_literal => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        items.last_mut().expect("there is one item at least").push(c);
    }
    items.iter().map(|item| item.trim().to_string()).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_parted_at_commas_outside_of_brackets() {
        let check = |value: &str, expected: &[&str]| {
            let mut node = Node::default();
            node.take(value, 0);
            assert_eq!(list(&node), expected, "{value}");
        };
        check("^ERR, ^WARN", &["^ERR", "^WARN"]);
        check("^a{1,2}$", &["^a{1,2}$"]);
        check(r"\[a,b", &[r"\[a", "b"]);
        check(r#"["^a,b", "c"]"#, &["^a,b", "c"]);
        check("[abc],x", &["[abc]", "x"]);
        check("", &[]);
    }

    #[test]
    fn labels_and_json_make_the_same_tree() {
        let mut labels = Node::default();
        labels.put("rename.fields.0.from", "l", "a");
        labels.put("rename.fields.0.to", "l", "b.c");
        assert_eq!(labels.children["rename"].leaves().len(), 2);
        let mut json = Node::default();
        json.put("rename.fields", "l", r#"[{"from":"a","to":"b.c"}]"#);
        let texts = |node: &Node| node.leaves().iter().map(|(_, text)| text.to_string()).collect::<Vec<_>>();
        assert_eq!(texts(&labels), texts(&json));
    }
}
