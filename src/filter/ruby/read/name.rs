//! Names that stand alone: locals, functions, constants; and what is said of names that mean nothing.

use super::super::names::{Constant, Method, refused};
use super::super::tree::{BlockArg, Kind, Node};
use super::{BadCode, Reader, Reading};
use crate::lang::suggest::nearest;
use std::sync::Arc;

/// The functions of Ruby that need no receiver.
const FUNCTIONS: &[Method] = {
    use Method::*;
    &[
        Raise, Puts, Print, P, Format, Sprintf, IntegerF, FloatF, StringF, ArrayF, HashF, LoopF, Proc, LambdaF, Sleep,
        Require, BlockGiven, Rand, Srand,
    ]
};
/// What `require` may name: it is all there.
const LIBRARIES: &[&str] = &[
    "json",
    "time",
    "digest",
    "digest/md5",
    "digest/sha1",
    "digest/sha2",
    "base64",
    "set",
    "cgi",
    "uri",
    "securerandom",
    "zlib",
    "logstash/event",
    "logstash/timestamp",
    "logstash/json",
];

impl Reader<'_> {
    /// A word: keyword, local, function or constant.
    pub(super) fn named(&mut self) -> Reading<Node> {
        if let Some(node) = self.keyword()? {
            return Ok(node);
        }
        let at = self.at;
        if self.peek().is_ascii_uppercase() && Method::of(self.word()).is_none_or(|it| !self.is_called(it)) {
            let constant = self.constant()?;
            return Ok(self.node(at, Kind::Constant(constant)));
        }
        let name = self.word();
        if let Some(slot) = self.local(name).filter(|_| self.ahead(name.len()) != b'(') {
            self.at += name.len();
            return Ok(self.node(at, Kind::Local(slot)));
        }
        self.function(at)
    }

    /// `Integer(…)` is a function, `Integer` a class.
    fn is_called(&self, function: Method) -> bool {
        self.ahead(function.text().len()) == b'('
    }

    fn function(&mut self, at: usize) -> Reading<Node> {
        let name = self.word();
        let mark = usize::from(matches!(self.ahead(name.len()), b'?' | b'!') && self.ahead(name.len() + 1) != b'=');
        for len in [name.len() + mark, name.len()] {
            let whole = &self.rest()[..len];
            if let Some(function) = self.functions.iter().position(|(there, _)| &**there == whole) {
                self.at += len;
                return self.own(at, function);
            }
            if let Some(function) = FUNCTIONS.iter().find(|function| function.text() == whole) {
                self.at += len;
                return self.built_in(at, *function);
            }
        }
        match name {
            "logger" => self.bare_constant(at, name, Constant::Logger),
            "new_event_block" => self.bare_constant(at, name, Constant::NewEvent),
            "test" => self.test_block(at),
            _ => Err(self.unknown_name(at, &self.rest()[..name.len() + mark])),
        }
    }

    fn bare_constant(&mut self, at: usize, name: &str, constant: Constant) -> Reading<Node> {
        self.at += name.len();
        Ok(self.node(at, Kind::Constant(constant)))
    }

    /// `test "…" do … end` of a script file, which Logstash runs when it starts, is passed over: up to an `end` that
    /// stands as far from the margin.
    fn test_block(&mut self, at: usize) -> Reading<Node> {
        let margin = at - self.text[..at].rfind('\n').map_or(0, |line| line + 1);
        let close = format!("\n{}end", " ".repeat(margin));
        let found = self
            .rest()
            .match_indices(&close)
            .find(|(from, _)| self.rest()[from + close.len()..].chars().next().is_none_or(|next| next.is_whitespace()));
        let Some((from, _)) = found else { return Err(self.unknown_name(at, "test")) };
        self.at += from + close.len();
        Ok(self.node(at, Kind::Nil))
    }

    /// A call of a function that the script defines.
    fn own(&mut self, at: usize, function: usize) -> Reading<Node> {
        let (mut args, block) = self.arguments()?;
        match block {
            None => {}
            Some(BlockArg::Block(block)) => args.push(self.node(at, Kind::Lambda(block))),
            Some(BlockArg::Value(value)) => args.push(value),
            Some(BlockArg::Method(_)) => return Err(self.bad(at, "a function of one's own takes no `&:name`")),
        }
        Ok(self.node(at, Kind::Own { function, args }))
    }

    fn built_in(&mut self, at: usize, function: Method) -> Reading<Node> {
        let (args, block) = self.arguments()?;
        let block = match (function, block) {
            (Method::Proc | Method::LambdaF, Some(BlockArg::Block(mut block))) => {
                if let Some(block) = Arc::get_mut(&mut block) {
                    block.lambda = function == Method::LambdaF;
                }
                return Ok(self.node(at, Kind::Lambda(block)));
            }
            (_, block) => block,
        };
        if function == Method::Require {
            return self.require(at, &args);
        }
        let main = self.node(at, Kind::Constant(Constant::Main));
        let call = super::super::tree::Call { receiver: main, method: function, args, block, safe: false };
        Ok(self.node(at, Kind::Call(Box::new(call))))
    }

    fn require(&self, at: usize, args: &[Node]) -> Reading<Node> {
        match args {
            [Node { kind: Kind::Str(name), .. }] if LIBRARIES.contains(&&**name) => Ok(self.node(at, Kind::Bool(true))),
            _ => Err(self.helped(
                at,
                "this library is not here",
                format!("there are, without asking: {}", LIBRARIES.join(", ")),
            )),
        }
    }

    pub(super) fn refuse(&self, at: usize, word: &str) -> BadCode {
        let text = format!("`{word}` is not supported");
        match refused(word) {
            Some(instead) => self.helped(at, text, instead),
            None => self.bad(at, text),
        }
    }

    fn unknown_name(&self, at: usize, name: &str) -> BadCode {
        if refused(name).is_some() {
            return self.refuse(at, name);
        }
        let visible = self.scopes.iter().flat_map(|scope| scope.names.iter().map(|name| &**name));
        let own = self.functions.iter().map(|(name, _)| &**name);
        let known = visible.chain(own).chain(FUNCTIONS.iter().map(|function| function.text()));
        let text = format!("there is no variable and no function `{name}`");
        match self.near(name, known) {
            Some(near) => self.helped(at, text, near),
            None => self.bad(at, text),
        }
    }

    /// A method, class or constant that is not known.
    pub(super) fn unknown(&self, at: usize, what: &str, name: &str) -> BadCode {
        let methods = Method::ALL.iter().map(|(_, text)| *text);
        let constants = Constant::ALL.iter().map(|(_, text)| *text);
        let near = if what == "method" { self.near(name, methods) } else { self.near(name, constants) };
        let text = format!("there is no {what} `{name}` here");
        match refused(name).map(str::to_owned).or(near) {
            Some(help) => self.helped(at, text, help),
            None => self.bad(at, text),
        }
    }

    pub(super) fn near<'n>(&self, name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
        nearest(name, known).map(|near| format!("did you mean `{near}`?"))
    }
}
