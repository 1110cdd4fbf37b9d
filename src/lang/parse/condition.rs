//! Conditions: comparisons, `!`, parentheses, and the chains of `and`, `or`, `xor` and `nand`.
//!
//! Logstash documents no precedence. Here `and` and `nand` bind tighter than `xor`, which binds tighter than `or`, each
//! from left to right; where plain reading from left to right would mean something else, a warning asks for parentheses.

use super::super::diagnostic::Diagnostic;
use super::super::source::Span;
use super::super::source::Spanned;
use super::super::tree::Comparison;
use super::super::tree::Condition;
use super::super::tree::Operand;
use super::DEPTH_MAX;
use super::Parser;
use super::cursor::quoted;
use super::cursor::word_len;
use super::operand::Side;

/// In order of binding: an operator takes the results of those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Boolean {
    And,
    Nand,
    Xor,
    Or,
}

/// Spellings that are understood; the right one comes first of each operator.
const BOOLEANS: [(&str, Boolean); 4] =
    [("and", Boolean::And), ("nand", Boolean::Nand), ("xor", Boolean::Xor), ("or", Boolean::Or)];
/// Other languages' operators, the longer of two that start alike first.
const BOOLEAN_SPELLINGS: [(&str, &str); 4] = [("&&", "and"), ("||", "or"), ("&", "and"), ("|", "or")];

#[derive(Clone, Copy)]
enum Operator {
    Compare(Comparison),
    Match { negated: bool },
    In { negated: bool },
}

/// The longer of two that start alike comes first.
const OPERATORS: [(&str, Operator); 8] = [
    ("==", Operator::Compare(Comparison::Eq)),
    ("!=", Operator::Compare(Comparison::Ne)),
    ("<=", Operator::Compare(Comparison::Le)),
    (">=", Operator::Compare(Comparison::Ge)),
    ("=~", Operator::Match { negated: false }),
    ("!~", Operator::Match { negated: true }),
    ("<", Operator::Compare(Comparison::Lt)),
    (">", Operator::Compare(Comparison::Gt)),
];
/// Other languages' operators and what to write instead, the longer of two that start alike first.
const OPERATOR_SPELLINGS: [(&str, &str); 10] = [
    ("===", "=="),
    ("!==", "!="),
    ("==~", "=~"),
    ("=>", ">="),
    ("=<", "<="),
    ("<>", "!="),
    ("~=", "=~"),
    ("=", "=="),
    ("~", "=~"),
    ("!in", "not in"),
];
/// Words that other languages have for operators.
const OPERATOR_WORDS: [(&str, &str); 9] = [
    ("eq", "=="),
    ("is", "=="),
    ("equals", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("gt", ">"),
    ("matches", "=~"),
    ("like", "=~"),
    ("notin", "not in"),
];

impl Parser<'_> {
    pub(super) fn condition(&mut self) -> Option<Condition> {
        let mut chain = Chain::new(self.term()?);
        let mut operators = Vec::new();
        while let Some((operator, span)) = self.boolean() {
            operators.push((operator, span));
            self.refuse_long_nand(&operators)?;
            chain.push(operator, self.term()?);
        }
        self.warn_of_mixed(&operators);
        Some(chain.finish())
    }

    fn term(&mut self) -> Option<Condition> {
        self.blank();
        if self.looks_at("!") {
            return self.negation();
        }
        if self.looks_at_word("not") {
            return self.unary_not();
        }
        if self.looks_at("(") { self.group() } else { self.comparison() }
    }

    fn group(&mut self) -> Option<Condition> {
        let open = self.at;
        self.at += 1;
        let inner = self.deeper(Self::condition)?;
        self.blank();
        if self.eat(")") {
            return Some(inner);
        }
        if self.looks_at("{") || self.looks_at("}") || self.at_end() {
            let diagnostic =
                Diagnostic::error("unclosed-parenthesis", self.span(open, open + 1), "this `(` is never closed");
            self.report(diagnostic.with_help("close it with `)`"));
            return Some(inner);
        }
        self.report_unexpected("unexpected", "`)`, `and`, `or`, `xor` or `nand`");
        None
    }

    /// `!(…)` or `![field]`; nothing else can be negated.
    fn negation(&mut self) -> Option<Condition> {
        let start = self.at;
        self.at += 1;
        self.blank();
        let inner = if self.looks_at("(") {
            self.group()?
        } else if self.looks_at("[") || self.looks_at_quote() {
            self.negated_operand(start)?
        } else {
            self.report_unexpected("unexpected", "a field or `(` after `!`");
            return None;
        };
        Some(Condition::Not(Spanned::new(Box::new(inner), self.span(start, self.at))))
    }

    fn negated_operand(&mut self, start: usize) -> Option<Condition> {
        let operand_start = self.at;
        let inner = self.comparison()?;
        if !matches!(inner, Condition::Truthy(Operand::Field(_))) {
            let written = self.text[operand_start..self.at].trim_end();
            let text = "`!` negates a field or a condition in parentheses, not a comparison";
            let diagnostic = Diagnostic::error("negated-comparison", self.span(start, start + 1), text);
            self.report(diagnostic.with_help(format!("write `!({written})`")));
        }
        Some(inner)
    }

    /// `not` comes only before `in`; elsewhere it is taken for `!`.
    fn unary_not(&mut self) -> Option<Condition> {
        let start = self.at;
        let place = self.span_here();
        self.at += "not".len();
        self.blank();
        let grouped = self.looks_at("(");
        let help = if grouped { "write `!( … )`" } else { "write `![field]` or `!( … )`" };
        self.report(Diagnostic::error("unary-not", place, "there is no `not` before a condition").with_help(help));
        let inner = if grouped { self.group()? } else { self.comparison()? };
        Some(Condition::Not(Spanned::new(Box::new(inner), self.span(start, self.at))))
    }

    fn comparison(&mut self) -> Option<Condition> {
        let left = self.operand(Side::Left)?;
        let end = self.at;
        self.blank();
        let Some(operator) = self.operator(&left) else {
            self.at = end;
            return self.truthy(left);
        };
        self.blank();
        Some(match operator {
            Operator::Compare(op) => Condition::Compare { op, left, right: self.operand(Side::Right)? },
            Operator::Match { negated } => Condition::Match { left, regex: self.pattern()?, negated },
            Operator::In { negated } => {
                Condition::In { needle: left, haystack: self.operand(Side::Haystack)?, negated }
            }
        })
    }

    fn truthy(&mut self, operand: Operand) -> Option<Condition> {
        let span = operand.span();
        match &operand {
            Operand::Field(_) => {}
            Operand::Array(_) => {
                let shown = self.sources.slice(span).replace(['"', '\''], "");
                let diagnostic = Diagnostic::error("lone-array", span, "an array is no condition");
                self.report(diagnostic.with_help(format!("a field is written without quotes: `{shown}`")));
            }
            Operand::String(_) | Operand::Number(_) => {
                let text = format!("{} alone is always true", quoted(self.sources.slice(span)));
                let diagnostic = Diagnostic::warning("always-true", span, text);
                self.report(diagnostic.with_help(
                    "every part of a condition needs its own comparison: `\"a\" in [tags] and \"b\" in [tags]`",
                ));
            }
        }
        Some(Condition::Truthy(operand))
    }

    fn operator(&mut self, left: &Operand) -> Option<Operator> {
        if self.looks_at_word("not") {
            return self.not_in();
        }
        if self.eat_word("in") {
            return Some(Operator::In { negated: false });
        }
        let wrong = OPERATOR_SPELLINGS.into_iter().find(|(wrong, _)| self.looks_at_wrong_operator(wrong));
        let wrong = wrong.or_else(|| OPERATOR_WORDS.into_iter().find(|(wrong, _)| self.looks_at_word(wrong)));
        if let Some((wrong, right)) = wrong {
            return self.wrong_operator(wrong, right);
        }
        if self.looks_at_word("contains") || self.looks_at_word("includes") {
            return self.contains(left);
        }
        OPERATORS.into_iter().find(|(operator, _)| self.eat(operator)).map(|(_, operator)| operator)
    }

    /// A short wrong spelling may be the start of a right one.
    fn looks_at_wrong_operator(&self, wrong: &str) -> bool {
        let right_one_is_longer = OPERATORS
            .iter()
            .any(|(right, _)| right.len() > wrong.len() && right.starts_with(wrong) && self.looks_at(right));
        let word_goes_on = |tail: &str| wrong == "!in" && word_len(tail) > 0;
        let tail = self.rest().strip_prefix(wrong).filter(|tail| !word_goes_on(tail));
        tail.is_some() && !right_one_is_longer
    }

    fn wrong_operator(&mut self, wrong: &str, right: &str) -> Option<Operator> {
        let text = format!("`{wrong}` is no operator");
        let place = self.span(self.at, self.at + wrong.len());
        self.report(Diagnostic::error("wrong-operator", place, text).with_help(format!("write `{right}`")));
        self.at += wrong.len();
        let known = OPERATORS.into_iter().find(|(operator, _)| *operator == right);
        Some(known.map_or(Operator::In { negated: true }, |(_, operator)| operator))
    }

    /// An operator between conditions may stand right behind a regular expression.
    pub(super) fn looks_at_boolean(&self) -> bool {
        BOOLEANS.iter().any(|(name, _)| self.looks_at_word(name))
    }

    fn contains(&mut self, left: &Operand) -> Option<Operator> {
        let text = format!("{} is no operator", self.here());
        let help = format!("write `\"…\" in {}`", self.sources.slice(left.span()));
        self.report(Diagnostic::error("wrong-operator", self.span_here(), text).with_help(help));
        self.at += word_len(self.rest());
        Some(Operator::In { negated: false })
    }

    fn not_in(&mut self) -> Option<Operator> {
        self.at += "not".len();
        self.blank();
        if !self.eat_word("in") {
            self.report_unexpected("unexpected", "`in` after `not`");
        }
        Some(Operator::In { negated: true })
    }

    /// The operator between two conditions, also as other languages spell it.
    fn boolean(&mut self) -> Option<(Boolean, Span)> {
        self.blank();
        let word = self.rest()[..word_len(self.rest())].to_ascii_lowercase();
        let spelled = BOOLEAN_SPELLINGS.into_iter().find(|(wrong, _)| self.looks_at(wrong));
        let (len, right) = spelled.map_or((word.len(), word.as_str()), |(wrong, right)| (wrong.len(), right));
        let (_, operator) = BOOLEANS.into_iter().find(|(name, _)| *name == right)?;
        let span = self.span(self.at, self.at + len);
        let written = self.sources.slice(span);
        if written != right {
            let diagnostic = Diagnostic::error("wrong-operator", span, format!("`{written}` is no operator"));
            self.report(diagnostic.with_help(format!("write `{right}`")));
        }
        self.at += len;
        Some((operator, span))
    }

    /// Warns where binding and reading from left to right part: a tighter operator behind a looser one.
    fn warn_of_mixed(&mut self, operators: &[(Boolean, Span)]) {
        let level = |operator: Boolean| operator.max(Boolean::Nand);
        let parted = operators.windows(2).find(|pair| level(pair[0].0) > level(pair[1].0));
        if let Some([(_, before), (_, after)]) = parted {
            let (before, tighter) = (self.sources.slice(*before), self.sources.slice(*after));
            let text = format!("`{tighter}` binds tighter than the `{before}` before it");
            let diagnostic = Diagnostic::warning("mixed-operators", *after, text);
            self.report(diagnostic.with_help("parentheses say what is meant: `… or (… and …)`"));
        }
    }

    /// A chain of `nand` cannot be balanced: it is as deep as it is long.
    fn refuse_long_nand(&mut self, operators: &[(Boolean, Span)]) -> Option<()> {
        let (last, span) = operators.last()?;
        if *last != Boolean::Nand || operators.iter().filter(|(operator, _)| operator == last).count() <= DEPTH_MAX {
            return Some(());
        }
        let text = format!("more than {DEPTH_MAX} `nand` in one chain");
        self.report(Diagnostic::error("too-deep", *span, text));
        self.stop();
        None
    }
}

/// A chain of conditions while it is read: each list waits for an operator that binds less.
struct Chain {
    ors: Vec<Condition>,
    xors: Vec<Condition>,
    ands: Vec<Condition>,
}

impl Chain {
    fn new(first: Condition) -> Chain {
        Chain { ors: Vec::new(), xors: Vec::new(), ands: vec![first] }
    }

    fn push(&mut self, operator: Boolean, term: Condition) {
        match operator {
            Boolean::And => {}
            Boolean::Nand => {
                let left = balanced(Condition::And, std::mem::take(&mut self.ands));
                return self.ands.extend(left.map(|left| Condition::Nand(Box::new(left), Box::new(term))));
            }
            Boolean::Xor => self.close_ands(),
            Boolean::Or => self.close_xors(),
        }
        self.ands.push(term);
    }

    fn close_ands(&mut self) {
        self.xors.extend(balanced(Condition::And, std::mem::take(&mut self.ands)));
    }

    fn close_xors(&mut self) {
        self.close_ands();
        self.ors.extend(balanced(Condition::Xor, std::mem::take(&mut self.xors)));
    }

    fn finish(mut self) -> Condition {
        self.close_xors();
        balanced(Condition::Or, self.ors).expect("a chain starts with a condition and never loses one")
    }
}

/// Joins conditions two by two in their order, so that a chain of thousands becomes a tree of a dozen levels. Possible
/// as these operators are associative; which part is looked at first stays the same.
fn balanced(join: fn(Box<Condition>, Box<Condition>) -> Condition, mut parts: Vec<Condition>) -> Option<Condition> {
    while parts.len() > 1 {
        let mut rest = parts.into_iter();
        let mut joined = Vec::new();
        while let Some(left) = rest.next() {
            joined.push(match rest.next() {
                Some(right) => join(Box::new(left), Box::new(right)),
                None => left,
            });
        }
        parts = joined;
    }
    parts.pop()
}
