//! The pipeline as its author wrote it, beside the program that runs: for whoever explains a run or counts what it
//! reached. Numbers are the program's: of filters, of conditions, of outputs.

use crate::event::FieldRef;
use crate::lang::source::Span;
use crate::lang::tree;

/// A plugin as written.
#[derive(Clone, Debug)]
pub struct Written {
    pub plugin: &'static str,
    pub id: Option<String>,
    pub span: Span,
    /// In how many conditionals it stands.
    pub depth: usize,
}

/// A condition as written.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Of the condition.
    pub span: Span,
    /// The fields it looks at, each once, in the order in which they stand in it.
    pub fields: Vec<FieldRef>,
    /// In how many conditionals it stands, itself left out.
    pub depth: usize,
    /// An `else if`: it is asked where the ones before it did not hold.
    pub is_else: bool,
    /// The `else` that is taken when this one does not hold, either.
    pub otherwise: Option<Span>,
}

/// Everything that was written.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub filters: Vec<Written>,
    pub branches: Vec<Branch>,
    pub outputs: Vec<Written>,
}

impl Branch {
    /// The `nth` condition of a branching that stands in `depth` others.
    pub fn of(branching: &tree::If, nth: usize, depth: usize) -> Branch {
        let condition = &branching.branches[nth].0;
        let mut fields = Vec::new();
        condition.each_operand(&mut |operand| {
            let tree::Operand::Field(text) = operand else { return };
            if let Ok(field) = FieldRef::parse(&text.value)
                && !fields.contains(&field)
            {
                fields.push(field);
            }
        });
        let is_last = nth + 1 == branching.branches.len();
        let otherwise = branching.otherwise.as_ref().filter(|_| is_last);
        let span_of = |nodes: &Vec<tree::Node>| match (nodes.first(), nodes.last()) {
            (Some(first), Some(last)) => first.span().to(last.span()),
            _ => branching.span,
        };
        Branch { span: condition.span(), fields, depth, is_else: nth > 0, otherwise: otherwise.map(span_of) }
    }
}
