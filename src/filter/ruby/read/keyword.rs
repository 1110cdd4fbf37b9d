//! What begins with a keyword: conditionals, loops, `begin`, `def`, jumps.

use super::super::names::Constant;
use super::super::tree::{Begin, Block, Kind, Node, Rescue, Slot};
use super::{Reader, Reading, Scope};
use std::sync::Arc;

const KEYWORDS: &[&str] = &[
    "nil",
    "true",
    "false",
    "self",
    "if",
    "unless",
    "while",
    "until",
    "case",
    "when",
    "for",
    "in",
    "do",
    "end",
    "then",
    "else",
    "elsif",
    "begin",
    "rescue",
    "ensure",
    "def",
    "return",
    "break",
    "next",
    "redo",
    "retry",
    "yield",
    "and",
    "or",
    "not",
    "class",
    "module",
    "defined?",
    "super",
    "undef",
    "alias",
    "lambda",
    "proc",
    "loop",
    "__method__",
    "BEGIN",
    "END",
];

pub fn is(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

impl Reader<'_> {
    /// What a keyword begins; `None` if the word ahead is no keyword that begins anything.
    pub(super) fn keyword(&mut self) -> Reading<Option<Node>> {
        let at = self.at;
        let word = self.word();
        if word.is_empty() || matches!(self.ahead(word.len()), b'?' | b'!') && self.ahead(word.len() + 1) != b'=' {
            return Ok(None);
        }
        let kind = match word {
            "nil" => self.bare(word, Kind::Nil),
            "true" => self.bare(word, Kind::Bool(true)),
            "false" => self.bare(word, Kind::Bool(false)),
            "self" => self.bare(word, Kind::Constant(Constant::Main)),
            "if" | "unless" => self.conditional(word)?,
            "while" | "until" => self.while_loop(word)?,
            "for" => self.for_loop()?,
            "case" => self.case()?,
            "begin" => self.begin()?,
            "def" => self.def()?,
            "return" | "break" | "next" => self.jump(word)?,
            "yield" => self.yielded()?,
            "redo" | "retry" | "super" | "undef" | "alias" | "class" | "module" | "BEGIN" | "END" | "__method__" => {
                return Err(self.refuse(at, word));
            }
            _ => return Ok(None),
        };
        Ok(Some(self.node(at, kind)))
    }

    fn bare(&mut self, word: &str, kind: Kind) -> Kind {
        self.at += word.len();
        kind
    }

    /// What stands before `then` or a line's end.
    fn head(&mut self) -> Reading<Node> {
        let condition = self.with_do(true, Self::logic)?;
        self.separators();
        self.take_word("then");
        Ok(condition)
    }

    fn conditional(&mut self, word: &str) -> Reading<Kind> {
        self.at += word.len();
        let condition = self.head()?.into();
        let yes = Box::new(self.body()?);
        let no = Box::new(self.otherwise()?);
        Ok(if word == "unless" { Kind::If(condition, no, yes) } else { Kind::If(condition, yes, no) })
    }

    /// Statements in which `do` is allowed again.
    fn body(&mut self) -> Reading<Node> {
        self.with_do(false, Self::statements)
    }

    /// `elsif`, `else`, and the `end` behind them.
    fn otherwise(&mut self) -> Reading<Node> {
        let at = self.at;
        if self.take_word("elsif") {
            let condition = self.head()?.into();
            let yes = self.body()?.into();
            let no = self.deeper(Self::otherwise)?.into();
            return Ok(self.node(at, Kind::If(condition, yes, no)));
        }
        let otherwise = if self.take_word("else") { self.body()? } else { self.node(at, Kind::Nil) };
        self.expect_word("end")?;
        Ok(otherwise)
    }

    fn while_loop(&mut self, word: &str) -> Reading<Kind> {
        self.at += word.len();
        let condition = self.with_do(true, Self::logic)?.into();
        self.separators();
        self.take_word("do");
        let body = self.body()?.into();
        self.expect_word("end")?;
        Ok(Kind::While { condition, body, until: word == "until", body_first: false })
    }

    fn for_loop(&mut self) -> Reading<Kind> {
        self.at += "for".len();
        let mut targets = self.targets(0)?;
        self.expect_word("in")?;
        let list = self.with_do(true, Self::logic)?.into();
        self.separators();
        self.take_word("do");
        let body = self.body()?.into();
        self.expect_word("end")?;
        let target = if targets.len() == 1 { targets.remove(0) } else { super::super::tree::Target::Group(targets) };
        Ok(Kind::For(target, list, body))
    }

    fn case(&mut self) -> Reading<Kind> {
        self.at += "case".len();
        self.blanks();
        let bare = matches!(self.peek(), b'\n' | b';') || self.looks_at_word("when");
        let subject = if bare { None } else { Some(Box::new(self.logic()?)) };
        self.separators();
        if self.looks_at_word("in") {
            return Err(self.helped(self.at, "pattern matching is not supported", "use `when`, or `if`"));
        }
        let mut branches = Vec::new();
        while self.take_word("when") {
            let mut values = Vec::new();
            loop {
                self.lines();
                values.push(self.with_do(true, Self::splat_or_expression)?);
                self.blanks();
                if !self.take(",") {
                    break;
                }
            }
            self.separators();
            self.take_word("then");
            branches.push((values, self.body()?));
        }
        let otherwise = self.otherwise()?.into();
        Ok(Kind::Case(subject, branches, otherwise))
    }

    fn splat_or_expression(&mut self) -> Reading<Node> {
        let at = self.at;
        if self.take("*") {
            let list = self.expression()?.into();
            return Ok(self.node(at, Kind::Splat(list)));
        }
        self.expression()
    }

    fn begin(&mut self) -> Reading<Kind> {
        self.at += "begin".len();
        let at = self.at;
        let body = self.rescued_body()?;
        self.expect_word("end")?;
        // A `begin` of its own tells `begin … end while x` from a modifier.
        Ok(match body.kind {
            kind @ Kind::Begin(_) => kind,
            kind => Kind::Begin(Box::new(Begin {
                body: self.node(at, kind),
                rescues: Vec::new(),
                otherwise: None,
                ensure: None,
            })),
        })
    }

    /// Statements with `rescue`, `else` and `ensure` behind them, up to `end`, which stays.
    pub(super) fn rescued_body(&mut self) -> Reading<Node> {
        let at = self.at;
        let body = self.body()?;
        let mut rescues = Vec::new();
        while self.take_word("rescue") {
            rescues.push(self.rescue()?);
        }
        let otherwise = if self.take_word("else") { Some(self.body()?) } else { None };
        let ensure = if self.take_word("ensure") { Some(self.body()?) } else { None };
        if rescues.is_empty() && ensure.is_none() && otherwise.is_none() {
            return Ok(body);
        }
        Ok(self.node(at, Kind::Begin(Box::new(Begin { body, rescues, otherwise, ensure }))))
    }

    /// `rescue A, B => e`
    fn rescue(&mut self) -> Reading<Rescue> {
        let mut classes = Vec::new();
        self.blanks();
        while self.peek().is_ascii_uppercase() || self.looks_at("::") {
            let at = self.at;
            let class = self.constant()?;
            if !class.is_exception() {
                return Err(self.bad(at, format!("`{}` is no class of exceptions", class.text())));
            }
            classes.push(class);
            self.blanks();
            if self.take(",") {
                self.lines();
            }
        }
        let mut into: Option<Slot> = None;
        if self.take("=>") {
            self.blanks();
            let name = self.word();
            self.at += name.len();
            into = Some(self.declare(name));
        }
        self.blanks();
        self.take_word("then");
        Ok(Rescue { classes, into, body: self.body()? })
    }

    fn def(&mut self) -> Reading<Kind> {
        self.at += "def".len();
        self.blanks();
        self.take("self.");
        let name = self.word();
        self.at += name.len();
        let mark = usize::from(matches!(self.peek(), b'?' | b'!'));
        self.at += mark;
        let whole = &self.text[self.at - name.len() - mark..self.at];
        self.scopes.push(Scope { names: Vec::new(), closed: true });
        let params = if self.take("(") {
            let params = self.params(b')')?;
            self.expect(")")?;
            params
        } else {
            self.blanks();
            self.params(b'\n')?
        };
        let body = self.with_do(false, Self::rescued_body)?;
        self.expect_word("end")?;
        let scope = self.scopes.pop().expect("it was pushed above");
        let block = Block { params, body, locals: scope.names.len(), lambda: true };
        if let Some(function) = self.functions.iter_mut().find(|(there, _)| &**there == whole) {
            function.1 = Some(Arc::new(block));
        }
        Ok(Kind::Symbol(whole.into()))
    }

    fn jump(&mut self, word: &str) -> Reading<Kind> {
        self.at += word.len();
        self.blanks();
        let value = if self.ends_here() { None } else { Some(Box::new(self.list()?)) };
        Ok(match word {
            "return" => Kind::Return(value),
            "break" => Kind::Break(value),
            _ => Kind::Next(value),
        })
    }

    /// One expression, or several as a list.
    fn list(&mut self) -> Reading<Node> {
        let at = self.at;
        let mut items = vec![self.splat_or_expression()?];
        self.blanks();
        while self.take(",") {
            self.lines();
            items.push(self.splat_or_expression()?);
            self.blanks();
        }
        if items.len() == 1 && !matches!(items[0].kind, Kind::Splat(_)) {
            return Ok(items.remove(0));
        }
        Ok(self.node(at, Kind::Array(items)))
    }

    /// Whether no value can follow: the line ends, or a modifier stands ahead.
    pub(super) fn ends_here(&self) -> bool {
        const BEHIND: [&str; 11] =
            ["if", "unless", "while", "until", "rescue", "and", "or", "then", "do", "end", "else"];
        self.is_end()
            || matches!(self.peek(), b'\n' | b';' | b'}' | b')' | b']' | b':')
            || BEHIND.iter().any(|word| self.looks_at_word(word))
    }

    fn yielded(&mut self) -> Reading<Kind> {
        self.at += "yield".len();
        let (args, block) = self.arguments()?;
        match block {
            None => Ok(Kind::Yield(args)),
            Some(_) => Err(self.bad(self.at, "`yield` takes no block")),
        }
    }
}
