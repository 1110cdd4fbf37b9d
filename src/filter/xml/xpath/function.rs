//! The functions of XPath.

use super::super::dom::local;
use super::run::{Answer, Asker, Failed, Here, NodeRef};
use super::{Expr, Function};

impl Asker<'_> {
    pub(super) fn call(&mut self, function: Function, args: &[Expr], here: Here) -> Result<Answer, Failed> {
        let values = args.iter().map(|arg| self.eval(arg, here)).collect::<Result<Vec<_>, _>>()?;
        let this = || Answer::Nodes(vec![here.node]);
        let first = values.first().cloned().unwrap_or_else(this);
        let text = |at: usize| values.get(at).map_or_else(String::new, |value| self.text(value));
        Ok(match function {
            Function::Last => Answer::Number(here.size as f64),
            Function::Position => Answer::Number(here.position as f64),
            Function::Count => Answer::Number(nodes(&first)?.len() as f64),
            Function::Name | Function::LocalName | Function::NamespaceUri => {
                let node = nodes(&first)?.first();
                Answer::Text(node.map_or_else(String::new, |node| self.name_of(function, *node).to_owned()))
            }
            Function::Text => Answer::Text(self.text(&first)),
            Function::Concat => Answer::Text(values.iter().map(|value| self.text(value)).collect()),
            Function::StartsWith => Answer::Boolean(text(0).starts_with(&text(1))),
            Function::Contains => Answer::Boolean(text(0).contains(&text(1))),
            Function::SubstringBefore => {
                Answer::Text(text(0).split_once(&text(1)).map_or("", |(before, _)| before).to_owned())
            }
            Function::SubstringAfter => {
                Answer::Text(text(0).split_once(&text(1)).map_or("", |(_, after)| after).to_owned())
            }
            Function::Substring => {
                let from = self.number(&values[1]).round();
                let end = values.get(2).map_or(f64::INFINITY, |count| from + self.number(count).round());
                let inside = |at: usize| (at + 1) as f64 >= from && ((at + 1) as f64) < end;
                Answer::Text(text(0).chars().enumerate().filter(|(at, _)| inside(*at)).map(|(_, char)| char).collect())
            }
            Function::StringLength => Answer::Number(self.text(&first).chars().count() as f64),
            Function::NormalizeSpace => {
                Answer::Text(self.text(&first).split_ascii_whitespace().collect::<Vec<_>>().join(" "))
            }
            Function::Translate => {
                let (from, to): (Vec<char>, Vec<char>) = (text(1).chars().collect(), text(2).chars().collect());
                let map = |char: char| match from.iter().position(|there| *there == char) {
                    None => Some(char),
                    Some(at) => to.get(at).copied(),
                };
                Answer::Text(text(0).chars().filter_map(map).collect())
            }
            Function::Boolean => Answer::Boolean(self.truth(&first)),
            Function::Not => Answer::Boolean(!self.truth(&first)),
            Function::True => Answer::Boolean(true),
            Function::False => Answer::Boolean(false),
            Function::Lang => Answer::Boolean(self.lang(here.node, &text(0))),
            Function::Number => Answer::Number(self.number(&first)),
            Function::Sum => {
                let numbers = nodes(&first)?.iter().map(|node| self.number(&Answer::Nodes(vec![*node])));
                Answer::Number(numbers.sum())
            }
            Function::Floor => Answer::Number(self.number(&first).floor()),
            Function::Ceiling => Answer::Number(self.number(&first).ceil()),
            Function::Round => Answer::Number((self.number(&first) + 0.5).floor()),
        })
    }

    fn name_of(&self, function: Function, node: NodeRef) -> &str {
        match function {
            Function::Name => self.name(node),
            Function::LocalName => local(self.name(node)),
            _ => self.namespace_uri(node),
        }
    }

    /// Whether the nearest `xml:lang` is this language or a part of it.
    fn lang(&self, node: NodeRef, wanted: &str) -> bool {
        let mut at = node.node;
        loop {
            let found = self.document.element(at).and_then(|(_, attributes)| {
                attributes.iter().find(|(name, _)| name == "xml:lang").map(|(_, value)| value.to_lowercase())
            });
            if let Some(value) = found {
                let wanted = wanted.to_lowercase();
                return value == wanted || value.starts_with(&format!("{wanted}-"));
            }
            if at == 0 {
                return false;
            }
            at = self.document.nodes[at].parent;
        }
    }
}

fn nodes(answer: &Answer) -> Result<&[NodeRef], Failed> {
    match answer {
        Answer::Nodes(nodes) => Ok(nodes),
        _ => Err("this function takes nodes only".to_owned()),
    }
}
