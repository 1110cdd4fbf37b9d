//! `ab|ac` as `a(?:b|c)`: what neighbouring branches begin with is tried once.
//!
//! This changes no match where there is only one way in which the common beginning can match: then each branch would
//! come to the same place behind it, and the branches behind it are tried in the same order.

use super::super::tree::Node;
use super::sets::Chars;

/// The tree with its common beginnings taken out.
pub fn factored(node: &Node) -> Node {
    let mut node = node.clone();
    factor(&mut node);
    node
}

fn factor(node: &mut Node) {
    if let Node::Alternate(branches) = node {
        *branches = grouped(std::mem::take(branches));
    }
    node.children_mut().iter_mut().for_each(factor);
    if let Node::Alternate(branches) = node
        && branches.len() == 1
    {
        *node = branches.remove(0);
    }
}

fn grouped(branches: Vec<Node>) -> Vec<Node> {
    let mut groups: Vec<Vec<Node>> = Vec::new();
    for branch in branches {
        match groups.last_mut() {
            Some(group) if may_share(&group[0], &branch) => group.push(branch),
            _ => groups.push(vec![branch]),
        }
    }
    groups.into_iter().map(joined).collect()
}

fn may_share(one: &Node, other: &Node) -> bool {
    let (one, other) = (head(one), head(other));
    one.is_some() && one == other
}

/// Branches that begin alike, as one.
fn joined(mut group: Vec<Node>) -> Node {
    match head(&group[0]) {
        Some(head) if group.len() > 1 => {
            let tails = grouped(group.into_iter().map(tail).collect());
            Node::Concat(vec![head, Node::Alternate(tails)])
        }
        _ => group.remove(0),
    }
}

/// What a branch begins with, if that can match in one way only and is worth sharing.
fn head(branch: &Node) -> Option<Node> {
    let first = match branch {
        Node::Concat(nodes) => nodes.first()?,
        node => node,
    };
    let first = match first {
        Node::Repeat { node, min: 1.., .. } => node,
        node => node,
    };
    (takes_one_way(first) && !first.may_be_empty()).then(|| first.clone())
}

/// The branch without its head.
fn tail(branch: Node) -> Node {
    let mut nodes = match branch {
        Node::Concat(nodes) => nodes,
        node => vec![node],
    };
    match &mut nodes[0] {
        Node::Repeat { min: min @ 1.., max, .. } => {
            *min -= 1;
            *max = max.map(|max| max - 1);
        }
        _ => drop(nodes.remove(0)),
    }
    Node::concat(nodes)
}

/// Whether there is nothing to go back to in it: each loop in it ends before a character that it cannot take.
fn takes_one_way(node: &Node) -> bool {
    if node.any(&|node| matches!(node, Node::Capture { .. })) {
        return false;
    }
    if node.has_one_way() {
        return true;
    }
    let Node::Concat(nodes) = node else { return false };
    nodes.windows(2).all(|pair| pair[0].has_one_way() || ends_before(&pair[0], &pair[1]))
        && nodes.last().is_some_and(Node::has_one_way)
}

fn ends_before(looped: &Node, next: &Node) -> bool {
    let Node::Repeat { node, .. } = looped else { return false };
    match (Chars::of_node(node), Chars::of_node(next)) {
        (Ok(Some(looped)), Ok(Some(next))) => !looped.table().ahead().meets(&next.table().ahead()),
        _ => false,
    }
}
