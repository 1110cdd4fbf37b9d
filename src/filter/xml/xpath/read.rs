//! The grammar: from text to tree.

use super::{Axis, Expr, Function, Operator, Order, Start, Step, Test};

const DEPTH_MAX: u32 = 40;

const AXES: &[(&str, Axis)] = &[
    ("child", Axis::Child),
    ("descendant-or-self", Axis::DescendantOrSelf),
    ("descendant", Axis::Descendant),
    ("parent", Axis::Parent),
    ("ancestor-or-self", Axis::AncestorOrSelf),
    ("ancestor", Axis::Ancestor),
    ("following-sibling", Axis::FollowingSibling),
    ("following", Axis::Following),
    ("preceding-sibling", Axis::PrecedingSibling),
    ("preceding", Axis::Preceding),
    ("attribute", Axis::Attribute),
    ("self", Axis::Itself),
];

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq)]
pub struct BadPath {
    /// In bytes.
    pub at: usize,
    pub text: String,
}

type Reading<T> = Result<T, BadPath>;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
}

/// Reads an expression.
pub fn read(text: &str) -> Reading<Expr> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let expr = reader.or()?;
    reader.blanks();
    if reader.at < text.len() { Err(reader.unexpected()) } else { Ok(expr) }
}

fn is_name_start(char: char) -> bool {
    char.is_alphabetic() || char == '_'
}

fn is_name(char: char) -> bool {
    char.is_alphanumeric() || "_-.".contains(char)
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn expect(&mut self, token: &str) -> Reading<()> {
        if self.take(token) { Ok(()) } else { Err(self.bad(format!("expected `{token}`, found {}", self.shown()))) }
    }

    fn bad(&self, text: impl Into<String>) -> BadPath {
        BadPath { at: self.at, text: text.into() }
    }

    fn shown(&self) -> String {
        match self.rest().chars().next() {
            Some(char) => format!("`{char}`"),
            None => "the end".to_owned(),
        }
    }

    fn unexpected(&self) -> BadPath {
        self.bad(format!("{} cannot stand here", self.shown()))
    }

    /// An operator that is a word: behind a value it can be nothing else.
    fn take_word(&mut self, word: &str) -> bool {
        self.blanks();
        let behind = self.rest().strip_prefix(word);
        let found = behind.is_some_and(|behind| !behind.starts_with(is_name));
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Reading<T>) -> Reading<T> {
        if self.depth == DEPTH_MAX {
            return Err(self.bad(format!("nested more than {DEPTH_MAX} levels deep")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn or(&mut self) -> Reading<Expr> {
        self.deeper(|reader| {
            let mut left = reader.and()?;
            while reader.take_word("or") {
                left = Expr::Or(left.into(), reader.and()?.into());
            }
            Ok(left)
        })
    }

    fn and(&mut self) -> Reading<Expr> {
        let mut left = self.comparison(false)?;
        while self.take_word("and") {
            left = Expr::And(left.into(), self.comparison(false)?.into());
        }
        Ok(left)
    }

    /// `=` and `!=`, then, `tight`, `<` and its like.
    fn comparison(&mut self, tight: bool) -> Reading<Expr> {
        const LOOSE: &[(&str, Order)] = &[("=", Order::Equal), ("!=", Order::NotEqual)];
        const TIGHT: &[(&str, Order)] =
            &[("<=", Order::LessEqual), (">=", Order::GreaterEqual), ("<", Order::Less), (">", Order::Greater)];
        let mut left = if tight { self.sum()? } else { self.comparison(true)? };
        let tokens = if tight { TIGHT } else { LOOSE };
        while let Some((_, order)) = tokens.iter().find(|(token, _)| self.take(token)) {
            let right = if tight { self.sum()? } else { self.comparison(true)? };
            left = Expr::Compare(*order, left.into(), right.into());
        }
        Ok(left)
    }

    fn sum(&mut self) -> Reading<Expr> {
        let mut left = self.product()?;
        loop {
            let operator = match () {
                () if self.take("+") => Operator::Add,
                () if self.take("-") => Operator::Subtract,
                () => return Ok(left),
            };
            left = Expr::Math(operator, left.into(), self.product()?.into());
        }
    }

    fn product(&mut self) -> Reading<Expr> {
        let mut left = self.negative()?;
        loop {
            let operator = match () {
                () if self.take("*") => Operator::Multiply,
                () if self.take_word("div") => Operator::Divide,
                () if self.take_word("mod") => Operator::Modulo,
                () => return Ok(left),
            };
            left = Expr::Math(operator, left.into(), self.negative()?.into());
        }
    }

    fn negative(&mut self) -> Reading<Expr> {
        if self.take("-") {
            return Ok(Expr::Negative(self.deeper(Self::negative)?.into()));
        }
        let mut left = self.path()?;
        while self.take("|") {
            left = Expr::Union(left.into(), self.path()?.into());
        }
        Ok(left)
    }

    fn path(&mut self) -> Reading<Expr> {
        self.blanks();
        let start = match self.rest().chars().next() {
            None => return Err(self.unexpected()),
            Some('/') => {
                let mut steps = Vec::new();
                if self.take("//") {
                    steps.push(all_below());
                } else {
                    self.take("/");
                    if !self.begins_step() {
                        return Ok(Expr::Path(Start::Root, Vec::new(), steps));
                    }
                }
                self.steps(&mut steps)?;
                return Ok(Expr::Path(Start::Root, Vec::new(), steps));
            }
            Some(quote @ ('"' | '\'')) => Expr::Text(self.literal(quote)?),
            Some('0'..='9') => self.number()?,
            Some('.') if self.rest()[1..].starts_with(|next: char| next.is_ascii_digit()) => self.number()?,
            Some('(') => {
                self.at += 1;
                let inner = self.or()?;
                self.expect(")")?;
                inner
            }
            Some('$') => return Err(self.bad("there are no variables here")),
            _ => match self.call()? {
                Some(call) => call,
                None => {
                    let mut steps = Vec::new();
                    self.steps(&mut steps)?;
                    return Ok(Expr::Path(Start::Here, Vec::new(), steps));
                }
            },
        };
        self.filtered(start)
    }

    /// Predicates and steps behind a value.
    fn filtered(&mut self, start: Expr) -> Reading<Expr> {
        let predicates = self.predicates()?;
        let mut steps = Vec::new();
        if self.take("//") {
            steps.push(all_below());
            self.steps(&mut steps)?;
        } else if self.take("/") {
            self.steps(&mut steps)?;
        }
        if predicates.is_empty() && steps.is_empty() {
            return Ok(start);
        }
        Ok(Expr::Path(Start::Expr(start.into()), predicates, steps))
    }

    fn literal(&mut self, quote: char) -> Reading<String> {
        let inside = &self.rest()[1..];
        let Some(end) = inside.find(quote) else { return Err(self.bad("this text is not closed")) };
        self.at += end + 2;
        Ok(inside[..end].to_owned())
    }

    fn number(&mut self) -> Reading<Expr> {
        let rest = self.rest();
        let len = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let value = rest[..len].parse().map_err(|_| self.bad("this is no number"))?;
        self.at += len;
        Ok(Expr::Number(value))
    }

    fn name(&self) -> &'t str {
        let rest = self.rest();
        if !rest.starts_with(is_name_start) {
            return "";
        }
        &rest[..rest.find(|char| !is_name(char)).unwrap_or(rest.len())]
    }

    /// A function's call; `None` for what is a step (`text()` is one).
    fn call(&mut self) -> Reading<Option<Expr>> {
        let name = self.name();
        let behind = self.rest()[name.len()..].trim_start();
        if name.is_empty() || !behind.starts_with('(') || is_node_type(name) {
            return Ok(None);
        }
        let Some((_, function, min, max)) = Function::ALL.iter().find(|(known, ..)| *known == name) else {
            return Err(self.bad(format!("there is no function `{name}`")));
        };
        self.at += name.len();
        self.expect("(")?;
        let mut args = Vec::new();
        while !self.take(")") {
            if !args.is_empty() {
                self.expect(",")?;
            }
            args.push(self.or()?);
        }
        if !(*min..=*max).contains(&args.len()) {
            return Err(self.bad(format!("`{name}` does not take {} arguments", args.len())));
        }
        Ok(Some(Expr::Call(*function, args)))
    }

    fn begins_step(&mut self) -> bool {
        self.blanks();
        self.rest().starts_with(|char: char| is_name_start(char) || "@.*".contains(char))
    }

    fn steps(&mut self, steps: &mut Vec<Step>) -> Reading<()> {
        loop {
            steps.push(self.step()?);
            if self.take("//") {
                steps.push(all_below());
            } else if !self.take("/") {
                return Ok(());
            }
        }
    }

    fn step(&mut self) -> Reading<Step> {
        let bare = |axis| Step { axis, test: Test::Node, predicates: Vec::new() };
        if self.take("..") {
            return Ok(bare(Axis::Parent));
        }
        if self.take(".") {
            return Ok(bare(Axis::Itself));
        }
        let axis = self.axis()?;
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Reading<Axis> {
        if self.take("@") {
            return Ok(Axis::Attribute);
        }
        self.blanks();
        let name = self.name();
        if !self.rest()[name.len()..].trim_start().starts_with("::") {
            return Ok(Axis::Child);
        }
        let Some((_, axis)) = AXES.iter().find(|(known, _)| *known == name) else {
            return Err(self.bad(format!("there is no axis `{name}`")));
        };
        self.at += name.len();
        self.expect("::")?;
        Ok(*axis)
    }

    fn test(&mut self) -> Reading<Test> {
        if self.take("*") {
            return Ok(Test::Any);
        }
        self.blanks();
        let name = self.name();
        if name.is_empty() {
            return Err(self.bad(format!("expected a name, found {}", self.shown())));
        }
        if is_node_type(name) && self.rest()[name.len()..].trim_start().starts_with('(') {
            self.at += name.len();
            self.expect("(")?;
            self.blanks();
            if let Some(quote @ ('"' | '\'')) = self.rest().chars().next() {
                self.literal(quote)?;
            }
            self.expect(")")?;
            return Ok(match name {
                "text" => Test::Text,
                "comment" => Test::Comment,
                "node" => Test::Node,
                _ => Test::Instruction,
            });
        }
        self.at += name.len();
        if !self.rest().starts_with(':') || self.rest().starts_with("::") {
            return Ok(Test::Name(String::new(), name.to_owned()));
        }
        self.at += 1;
        if self.take("*") {
            return Ok(Test::AnyOf(name.to_owned()));
        }
        let local = self.name();
        if local.is_empty() {
            return Err(self.bad(format!("expected a name, found {}", self.shown())));
        }
        self.at += local.len();
        Ok(Test::Name(name.to_owned(), local.to_owned()))
    }

    fn predicates(&mut self) -> Reading<Vec<Expr>> {
        let mut predicates = Vec::new();
        while self.take("[") {
            predicates.push(self.or()?);
            self.expect("]")?;
        }
        Ok(predicates)
    }
}

/// `//`
fn all_below() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "text" | "comment" | "node" | "processing-instruction")
}
