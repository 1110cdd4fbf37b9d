//! Asks a document.

use super::super::dom::{Document, Kind, NodeId, local, prefix};
use super::{Axis, Expr, Operator, Order, Start, Step, Test};
use std::collections::HashMap;

/// How many nodes an expression may look at.
const STEPS_MAX: u64 = 2_000_000;

/// A node, or an attribute of it. In the order of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeRef {
    pub node: NodeId,
    /// 0 is the node itself, `n` its attribute `n - 1`.
    pub attribute: usize,
}

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Nodes(Vec<NodeRef>),
    Text(String),
    Number(f64),
    Boolean(bool),
}

/// Where an expression is asked: the node, its place among those asked, and how many these are.
#[derive(Clone, Copy)]
pub struct Here {
    pub node: NodeRef,
    pub position: usize,
    pub size: usize,
}

/// Why there is no answer.
pub type Failed = String;

pub struct Asker<'d> {
    pub document: &'d Document,
    /// What prefixes in expressions stand for; those that are missing are looked up at the document's root.
    pub namespaces: &'d HashMap<String, String>,
    pub steps: u64,
}

impl<'d> Asker<'d> {
    pub fn new(document: &'d Document, namespaces: &'d HashMap<String, String>) -> Self {
        Asker { document, namespaces, steps: 0 }
    }

    /// Asks from the document.
    pub fn ask(&mut self, expr: &Expr) -> Result<Answer, Failed> {
        let here = Here { node: NodeRef { node: 0, attribute: 0 }, position: 1, size: 1 };
        self.eval(expr, here)
    }

    fn step(&mut self, count: usize) -> Result<(), Failed> {
        self.steps += count as u64;
        if self.steps > STEPS_MAX {
            Err(format!("the expression looks at more than {STEPS_MAX} nodes"))
        } else {
            Ok(())
        }
    }

    pub fn eval(&mut self, expr: &Expr, here: Here) -> Result<Answer, Failed> {
        self.step(1)?;
        Ok(match expr {
            Expr::Number(number) => Answer::Number(*number),
            Expr::Text(text) => Answer::Text(text.clone()),
            Expr::Or(left, right) => {
                let left = self.eval(left, here)?;
                Answer::Boolean(
                    self.truth(&left) || {
                        let right = self.eval(right, here)?;
                        self.truth(&right)
                    },
                )
            }
            Expr::And(left, right) => {
                let left = self.eval(left, here)?;
                Answer::Boolean(
                    self.truth(&left) && {
                        let right = self.eval(right, here)?;
                        self.truth(&right)
                    },
                )
            }
            Expr::Compare(order, left, right) => {
                let (left, right) = (self.eval(left, here)?, self.eval(right, here)?);
                Answer::Boolean(self.compare(*order, &left, &right)?)
            }
            Expr::Math(operator, left, right) => {
                let (left, right) = (self.eval(left, here)?, self.eval(right, here)?);
                let (left, right) = (self.number(&left), self.number(&right));
                Answer::Number(match operator {
                    Operator::Add => left + right,
                    Operator::Subtract => left - right,
                    Operator::Multiply => left * right,
                    Operator::Divide => left / right,
                    Operator::Modulo => left % right,
                })
            }
            Expr::Negative(inner) => {
                let inner = self.eval(inner, here)?;
                Answer::Number(-self.number(&inner))
            }
            Expr::Union(left, right) => match (self.eval(left, here)?, self.eval(right, here)?) {
                (Answer::Nodes(mut left), Answer::Nodes(right)) => {
                    left.extend(right);
                    Answer::Nodes(sorted(left))
                }
                _ => return Err("`|` joins nodes only".to_owned()),
            },
            Expr::Call(function, args) => self.call(*function, args, here)?,
            Expr::Path(start, predicates, steps) => self.path(start, predicates, steps, here)?,
        })
    }

    fn path(&mut self, start: &Start, predicates: &[Expr], steps: &[Step], here: Here) -> Result<Answer, Failed> {
        let mut nodes = match start {
            Start::Root => vec![NodeRef { node: 0, attribute: 0 }],
            Start::Here => vec![here.node],
            Start::Expr(inner) => match self.eval(inner, here)? {
                Answer::Nodes(nodes) => nodes,
                _ => return Err("only nodes have predicates and steps".to_owned()),
            },
        };
        for predicate in predicates {
            nodes = self.filter(nodes, predicate)?;
        }
        for step in steps {
            let mut next = Vec::new();
            for node in nodes {
                let mut found = Vec::new();
                self.walk(step.axis, node, &mut found);
                self.step(found.len())?;
                found.retain(|candidate| self.is_meant(&step.test, step.axis, *candidate));
                for predicate in &step.predicates {
                    found = self.filter(found, predicate)?;
                }
                next.extend(found);
            }
            nodes = sorted(next);
        }
        Ok(Answer::Nodes(nodes))
    }

    /// A number asks for a place, anything else for its truth.
    fn filter(&mut self, nodes: Vec<NodeRef>, predicate: &Expr) -> Result<Vec<NodeRef>, Failed> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (at, node) in nodes.into_iter().enumerate() {
            let position = at + 1;
            let keeps = match self.eval(predicate, Here { node, position, size })? {
                Answer::Number(number) => number == position as f64,
                other => self.truth(&other),
            };
            if keeps {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    /// The nodes of an axis, nearest first.
    fn walk(&self, axis: Axis, from: NodeRef, out: &mut Vec<NodeRef>) {
        let nodes = &self.document.nodes;
        let of_node = from.attribute == 0;
        let plain = |node: NodeId| NodeRef { node, attribute: 0 };
        let parent = if of_node { (from.node != 0).then(|| nodes[from.node].parent) } else { Some(from.node) };
        match axis {
            Axis::Itself => out.push(from),
            Axis::Child if of_node => out.extend(nodes[from.node].children.iter().copied().map(plain)),
            Axis::Descendant if of_node => self.below(from.node, out),
            Axis::DescendantOrSelf => {
                out.push(from);
                if of_node {
                    self.below(from.node, out);
                }
            }
            Axis::Parent => out.extend(parent.map(plain)),
            Axis::Ancestor | Axis::AncestorOrSelf => {
                if axis == Axis::AncestorOrSelf {
                    out.push(from);
                }
                let mut next = parent;
                while let Some(node) = next {
                    out.push(plain(node));
                    next = (node != 0).then(|| nodes[node].parent);
                }
            }
            Axis::FollowingSibling | Axis::PrecedingSibling if of_node && from.node != 0 => {
                let siblings = nodes[nodes[from.node].parent].children.iter().copied();
                if axis == Axis::FollowingSibling {
                    out.extend(siblings.filter(|node| *node > from.node).map(plain));
                } else {
                    out.extend(siblings.rev().filter(|node| *node < from.node).map(plain));
                }
            }
            Axis::Following => {
                let behind = self.last_below(from.node) + 1;
                out.extend((behind..nodes.len()).map(plain));
            }
            Axis::Preceding => {
                let mut above = Vec::new();
                self.walk(Axis::Ancestor, from, &mut above);
                out.extend((1..from.node).rev().map(plain).filter(|node| !above.contains(node)));
            }
            Axis::Attribute if of_node => {
                let count = self.document.element(from.node).map_or(0, |(_, attributes)| attributes.len());
                out.extend((1..=count).map(|attribute| NodeRef { node: from.node, attribute }));
            }
            _ => {}
        }
    }

    /// Everything inside a node, in order: nodes are numbered in the order of the document.
    fn below(&self, node: NodeId, out: &mut Vec<NodeRef>) {
        out.extend((node + 1..=self.last_below(node)).map(|node| NodeRef { node, attribute: 0 }));
    }

    fn last_below(&self, mut node: NodeId) -> NodeId {
        while let Some(last) = self.document.nodes[node].children.last() {
            node = *last;
        }
        node
    }

    /// The name as it is written.
    pub fn name(&self, node: NodeRef) -> &'d str {
        match (self.document.element(node.node), node.attribute) {
            (Some((name, _)), 0) => name,
            (Some((_, attributes)), at) => &attributes[at - 1].0,
            (None, _) => "",
        }
    }

    pub fn namespace_uri(&self, node: NodeRef) -> &'d str {
        let name = self.name(node);
        // The default namespace is not for attributes.
        if name.is_empty() || node.attribute > 0 && prefix(name).is_empty() {
            return "";
        }
        self.document.namespace(node.node, prefix(name)).unwrap_or("")
    }

    fn is_meant(&self, test: &Test, axis: Axis, node: NodeRef) -> bool {
        let kind = &self.document.nodes[node.node].kind;
        let named = match axis {
            Axis::Attribute => node.attribute > 0 && !self.name(node).starts_with("xmlns"),
            _ => node.attribute == 0 && matches!(kind, Kind::Element { .. }),
        };
        match test {
            Test::Node => true,
            Test::Text => node.attribute == 0 && matches!(kind, Kind::Text(_)),
            Test::Comment => node.attribute == 0 && matches!(kind, Kind::Comment(_)),
            Test::Instruction => node.attribute == 0 && matches!(kind, Kind::Instruction(_)),
            Test::Any => named,
            Test::AnyOf(wanted) => named && self.is_in(node, wanted),
            Test::Name(wanted, name) => named && local(self.name(node)) == name && self.is_in(node, wanted),
        }
    }

    /// Whether a node is in the namespace that a prefix of the expression means. A prefix that nobody declares is
    /// compared as it is written.
    fn is_in(&self, node: NodeRef, wanted: &str) -> bool {
        if wanted.is_empty() {
            return self.namespace_uri(node).is_empty() && prefix(self.name(node)).is_empty();
        }
        let declared = self.namespaces.get(wanted).map(String::as_str);
        match declared.or_else(|| self.document.namespace(self.document.root(), wanted)) {
            Some(uri) => self.namespace_uri(node) == uri,
            None => prefix(self.name(node)) == wanted,
        }
    }

    pub fn node_text(&self, node: NodeRef) -> String {
        match (self.document.element(node.node), node.attribute) {
            (Some((_, attributes)), at @ 1..) => attributes[at - 1].1.clone(),
            _ => self.document.text(node.node),
        }
    }

    pub fn truth(&self, answer: &Answer) -> bool {
        match answer {
            Answer::Nodes(nodes) => !nodes.is_empty(),
            Answer::Text(text) => !text.is_empty(),
            Answer::Number(number) => *number != 0.0 && !number.is_nan(),
            Answer::Boolean(value) => *value,
        }
    }

    pub fn text(&self, answer: &Answer) -> String {
        match answer {
            Answer::Nodes(nodes) => nodes.first().map_or_else(String::new, |node| self.node_text(*node)),
            Answer::Text(text) => text.clone(),
            Answer::Number(number) => number_text(*number),
            Answer::Boolean(value) => value.to_string(),
        }
    }

    pub fn number(&self, answer: &Answer) -> f64 {
        match answer {
            Answer::Number(number) => *number,
            Answer::Boolean(value) => f64::from(u8::from(*value)),
            other => to_number(&self.text(other)),
        }
    }

    fn compare(&mut self, order: Order, left: &Answer, right: &Answer) -> Result<bool, Failed> {
        // A set of nodes compares as any of its nodes does.
        match (left, right) {
            (Answer::Boolean(_), _) | (_, Answer::Boolean(_)) => {}
            (Answer::Nodes(nodes), other) => {
                for node in nodes {
                    let text = Answer::Text(self.node_text(*node));
                    self.step(1)?;
                    if self.compare(order, &text, other)? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
            (other, Answer::Nodes(nodes)) => {
                for node in nodes {
                    let text = Answer::Text(self.node_text(*node));
                    self.step(1)?;
                    if self.compare(order, other, &text)? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
            _ => {}
        }
        let equality = matches!(order, Order::Equal | Order::NotEqual);
        if equality && matches!((left, right), (Answer::Boolean(_), _) | (_, Answer::Boolean(_))) {
            return Ok((self.truth(left) == self.truth(right)) == (order == Order::Equal));
        }
        if let (true, Answer::Text(left), Answer::Text(right)) = (equality, left, right) {
            return Ok((left == right) == (order == Order::Equal));
        }
        let (left, right) = (self.number(left), self.number(right));
        Ok(match order {
            Order::Equal => left == right,
            Order::NotEqual => left != right,
            Order::Less => left < right,
            Order::LessEqual => left <= right,
            Order::Greater => left > right,
            Order::GreaterEqual => left >= right,
        })
    }
}

fn sorted(mut nodes: Vec<NodeRef>) -> Vec<NodeRef> {
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

fn to_number(text: &str) -> f64 {
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    if plain { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

fn number_text(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    if number == 0.0 { "0".into() } else { number.to_string() }
}
