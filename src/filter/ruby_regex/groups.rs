//! Numbers the groups of a tree and resolves the references to them.

use super::BadRegex;
use super::tree::{Node, Reference, ReferenceKind};

type Groups = Vec<Option<Box<str>>>;

/// Numbers the groups as Ruby does: where any group has a name, nameless ones only bundle. `named_only`: nameless ones
/// bundle anyway, unless something refers to them. Gives back the names.
pub fn number(root: &mut Node, named_only: bool) -> Result<Groups, BadRegex> {
    let refers = |node: &Node| matches!(node, Node::Unresolved { .. } | Node::Conditional { .. });
    let named =
        root.any(&|node| matches!(node, Node::Capture { name: Some(_), .. })) || named_only && !root.any(&refers);
    let mut groups = Vec::new();
    assign(root, named, &mut groups);
    resolve(root, &groups)?;
    Ok(groups)
}

fn assign(node: &mut Node, named: bool, groups: &mut Groups) {
    if let Node::Capture { index, name, node: inside } = node {
        if named && name.is_none() {
            *node = std::mem::replace(inside, Node::Empty);
            return assign(node, named, groups);
        }
        groups.push(name.clone());
        *index = groups.len();
    }
    for child in node.children_mut() {
        assign(child, named, groups);
    }
}

fn resolve(node: &mut Node, groups: &Groups) -> Result<(), BadRegex> {
    if let Node::Unresolved { reference, at, fold } = node {
        let found = find(reference, groups);
        let Some(last) = found.last() else {
            return Err(BadRegex { at: *at, text: format!("there is no group `{}`", reference.to) });
        };
        *node = match reference.kind {
            ReferenceKind::Call => Node::Call(*last),
            ReferenceKind::Back => Node::Back { fold: *fold, groups: found },
        };
    }
    node.children_mut().iter_mut().try_for_each(|child| resolve(child, groups))
}

/// The groups that a reference means, in order.
fn find(reference: &Reference, groups: &Groups) -> Vec<usize> {
    if let Ok(number) = reference.to.parse::<usize>() {
        let whole = number == 0 && reference.kind == ReferenceKind::Call;
        return if whole || (1..=groups.len()).contains(&number) { vec![number] } else { Vec::new() };
    }
    let is = |name: &Option<Box<str>>| name.as_deref() == Some(&*reference.to);
    groups.iter().enumerate().filter(|(_, name)| is(name)).map(|(at, _)| at + 1).collect()
}
