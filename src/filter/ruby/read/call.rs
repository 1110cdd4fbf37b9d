//! What follows an expression: `.method`, `[…]`, arguments, blocks.

use super::super::names::{Constant, Method, OF_EVENT};
use super::super::tree::{Block, BlockArg, Call, Kind, Node, Param, Slot};
use super::expression::call;
use super::{Reader, Reading, Scope, is_word, is_word_start};
use std::sync::Arc;

impl Reader<'_> {
    /// A primary expression and all that is asked of it.
    pub(super) fn postfix(&mut self) -> Reading<Node> {
        let mut node = self.deeper(Self::primary)?;
        loop {
            let at = self.at;
            if self.peek() == b'[' && !matches!(self.before(), b' ' | b'\t' | b'\n') {
                self.at += 1;
                let args = self.with_do(false, |reader| reader.items(b']'))?;
                self.expect("]")?;
                self.refuse_old_access(at, &node)?;
                node = self.node(at, call(node, Method::Index, args));
            } else if let Some(safe) = self.dot() {
                node = self.member(node, safe)?;
            } else {
                return Ok(node);
            }
        }
    }

    /// `event['field']`, as Logstash 2 had it.
    fn refuse_old_access(&self, at: usize, node: &Node) -> Reading<()> {
        if !self.is_event(node) {
            return Ok(());
        }
        Err(self.helped(at, "an event has no `[]`", "use `event.get(\"[field]\")` and `event.set(\"[field]\", value)`"))
    }

    fn is_event(&self, node: &Node) -> bool {
        matches!(&node.kind, Kind::Local(slot) if self.name_of(*slot) == Some("event"))
    }

    fn name_of(&self, slot: Slot) -> Option<&str> {
        let scope = self.scopes.len().checked_sub(1 + slot.depth as usize)?;
        self.scopes[scope].names.get(slot.place as usize).map(|name| &**name)
    }

    /// `.` or `&.`, on this line or at the start of one of the next; whether it is `&.`.
    fn dot(&mut self) -> Option<bool> {
        let before = self.at;
        self.lines();
        let same_line = !self.text[before..self.at].contains('\n');
        if self.looks_at("&.") {
            self.at += 2;
            return Some(true);
        }
        let double = self.looks_at("..");
        if self.peek() == b'.' && !double || same_line && self.looks_at("::") && is_word_start(self.ahead(2)) {
            self.at += if self.peek() == b'.' { 1 } else { 2 };
            return Some(false);
        }
        self.at = before;
        None
    }

    fn member(&mut self, receiver: Node, safe: bool) -> Reading<Node> {
        self.lines();
        let at = self.at;
        if self.peek() == b'(' {
            let (args, block) = self.arguments()?;
            return Ok(self.called(at, receiver, Method::Call, args, block, safe));
        }
        let name = self.member_name()?;
        if let Some(entry) = self.attribute(&receiver, name) {
            return Ok(self.node(at, call(receiver, Method::Index, vec![entry])));
        }
        let method = self.method(at, name)?;
        self.check_receiver(at, &receiver, method)?;
        let (args, block) = self.arguments()?;
        Ok(self.called(at, receiver, method, args, block, safe))
    }

    /// The name behind a dot, with `?` or `!`.
    fn member_name(&mut self) -> Reading<&'static str> {
        let at = self.at;
        let name = self.word();
        if name.is_empty() {
            return Err(self.expected("a method's name"));
        }
        let mark = match self.ahead(name.len()) {
            b'!' if self.ahead(name.len() + 1) != b'=' => 1,
            b'?' if self.asks(name) => 1,
            _ => 0,
        };
        let whole = &self.text[at..at + name.len() + mark];
        self.at += whole.len();
        // Known names live as long as the program; others are refused here.
        Method::of(whole)
            .map(Method::text)
            .or_else(|| self.attribute_name(whole))
            .ok_or_else(|| self.unknown(at, "method", whole))
    }

    /// Whether the `?` behind a name is part of it: `x.size ? 1 : 2` has a blank there, `x.size?1:2` no such method.
    fn asks(&self, name: &str) -> bool {
        let whole = &self.rest()[..name.len() + 1];
        Method::of(whole).is_some() || Method::of(name).is_none()
    }

    fn attribute_name(&self, name: &str) -> Option<&'static str> {
        let all = self.variables.iter().flat_map(|variable| variable.attributes);
        all.copied().find(|attribute| *attribute == name)
    }

    /// The key that `map_meta.task_id` means.
    fn attribute(&self, receiver: &Node, name: &str) -> Option<Node> {
        let Kind::Local(slot) = receiver.kind else { return None };
        let variable = self.variables.iter().find(|variable| Some(variable.name) == self.name_of(slot))?;
        let found = variable.attributes.iter().find(|attribute| **attribute == name)?;
        Some(self.node(self.at, Kind::Str((*found).into())))
    }

    /// What is known of the receiver while reading must have the method.
    fn check_receiver(&self, at: usize, receiver: &Node, method: Method) -> Reading<()> {
        if self.is_event(receiver) && !OF_EVENT.contains(&method) {
            let near = self.near(method.text(), OF_EVENT.iter().map(|method| method.text()));
            let text = format!("an event has no method `{}`", method.text());
            return Err(self.helped(at, text, near.unwrap_or_else(|| "use `event.get` and `event.set`".to_owned())));
        }
        if let Kind::Constant(constant) = receiver.kind
            && !super::super::run::class_has(constant, method)
        {
            return Err(self.bad(at, format!("`{}` has no method `{}` here", constant.text(), method.text())));
        }
        Ok(())
    }

    fn called(
        &mut self,
        at: usize,
        receiver: Node,
        method: Method,
        args: Vec<Node>,
        block: Option<BlockArg>,
        safe: bool,
    ) -> Node {
        self.node(at, Kind::Call(Box::new(Call { receiver, method, args, block, safe })))
    }

    /// Arguments in brackets or without, then a block. Nothing may follow.
    pub(super) fn arguments(&mut self) -> Reading<(Vec<Node>, Option<BlockArg>)> {
        let (mut args, mut block) = (Vec::new(), None);
        if self.peek() == b'(' {
            self.at += 1;
            (args, block) = self.with_do(false, |reader| reader.argument_list(b')'))?;
            self.expect(")")?;
        } else if self.begins_argument() {
            self.blanks();
            (args, block) = self.with_do(true, |reader| reader.argument_list(b'\n'))?;
        }
        if block.is_none() {
            block = self.block()?;
        }
        Ok((args, block))
    }

    /// Whether what follows a method's name and a blank is an argument and no operator.
    fn begins_argument(&self) -> bool {
        let blanks = self.rest().bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let (first, second) = (self.ahead(blanks), self.ahead(blanks + 1));
        if blanks == 0 || self.behind_keyword(blanks) {
            return false;
        }
        let tight = !matches!(second, b' ' | b'\t' | b'\n' | b'=' | 0);
        match first {
            b'"' | b'\'' | b'@' | b'$' => true,
            b'[' | b'-' | b'*' | b'&' | b'/' | b'%' => tight && second != b'&' && !(first == b'*' && second == b'*'),
            b':' => second != b':' && (is_word_start(second) || second == b'"'),
            b'!' => second != b'=' && second != b'~',
            b'(' => true,
            byte => is_word(byte),
        }
    }

    fn behind_keyword(&self, blanks: usize) -> bool {
        const BEHIND: [&str; 15] = [
            "if", "unless", "while", "until", "rescue", "and", "or", "then", "do", "end", "else", "in", "when",
            "elsif", "ensure",
        ];
        let rest = &self.rest()[blanks..];
        let word = &rest[..rest.bytes().take_while(|byte| is_word(*byte)).count()];
        BEHIND.contains(&word) && !rest[word.len()..].starts_with(':')
    }

    /// Arguments up to a closing bracket, which stays, or to where no comma follows.
    pub(super) fn argument_list(&mut self, close: u8) -> Reading<(Vec<Node>, Option<BlockArg>)> {
        let (mut args, mut pairs, mut block) = (Vec::new(), Vec::new(), None);
        let bracketed = close != b'\n';
        loop {
            if bracketed {
                self.lines();
            }
            if self.peek() == close && bracketed {
                break;
            }
            let at = self.at;
            if self.peek() == b'&' {
                self.at += 1;
                block = Some(self.passed_block()?);
            } else if self.looks_at("**") {
                self.at += 2;
                let hash = self.expression()?;
                pairs.push((self.node(at, Kind::Splat(hash.into())), self.node(at, Kind::Nil)));
            } else if self.take("*") {
                let list = self.expression()?;
                args.push(self.node(at, Kind::Splat(list.into())));
            } else {
                self.argument(&mut args, &mut pairs)?;
            }
            self.blanks();
            if bracketed {
                self.lines();
            }
            if !self.take(",") {
                break;
            }
            self.lines();
        }
        if !pairs.is_empty() {
            args.push(self.node(self.at, Kind::Hash(pairs)));
        }
        Ok((args, block))
    }

    fn argument(&mut self, args: &mut Vec<Node>, pairs: &mut Vec<(Node, Node)>) -> Reading<()> {
        if let Some(key) = self.label()? {
            self.lines();
            pairs.push((key, self.expression()?));
            return Ok(());
        }
        let value = if self.looks_at_word("not") { self.logic()? } else { self.expression()? };
        self.blanks();
        if self.take("=>") {
            self.lines();
            pairs.push((value, self.expression()?));
        } else {
            args.push(value);
        }
        Ok(())
    }

    /// `&:name` or `&block`, behind the `&`.
    fn passed_block(&mut self) -> Reading<BlockArg> {
        let at = self.at;
        if self.peek() == b':' {
            self.at += 1;
            let name = self.symbol_name().ok_or_else(|| self.expected("a method's name"))?;
            self.at += name.len();
            return Ok(BlockArg::Method(self.method(at, &name)?));
        }
        Ok(BlockArg::Value(self.expression()?))
    }

    /// `{ |a| … }` or `do |a| … end`.
    pub(super) fn block(&mut self) -> Reading<Option<BlockArg>> {
        let before = self.at;
        self.blanks();
        let braces = self.peek() == b'{';
        if !braces && (self.no_do || !self.looks_at_word("do")) {
            self.at = before;
            return Ok(None);
        }
        self.at += if braces { 1 } else { "do".len() };
        let block = self.deeper(|reader| reader.block_body(braces))?;
        Ok(Some(BlockArg::Block(Arc::new(block))))
    }

    fn block_body(&mut self, braces: bool) -> Reading<Block> {
        self.scopes.push(Scope { names: Vec::new(), closed: false });
        self.lines();
        let mut params = Vec::new();
        if self.take("|") {
            params = self.params(b'|')?;
            self.expect("|")?;
        }
        let body = if braces {
            let body = self.with_do(false, Self::statements)?;
            self.expect("}")?;
            body
        } else {
            let body = self.with_do(false, Self::rescued_body)?;
            self.expect_word("end")?;
            body
        };
        let scope = self.scopes.pop().expect("it was pushed above");
        Ok(Block { params, body, locals: scope.names.len(), lambda: false })
    }

    /// Parameters up to a closing mark, which stays.
    pub(super) fn params(&mut self, end: u8) -> Reading<Vec<Param>> {
        let mut params = Vec::new();
        loop {
            self.blanks();
            if end != b'\n' {
                self.lines();
            }
            if self.take(";") {
                self.block_locals(end);
            }
            if self.peek() == end || self.is_end() {
                return Ok(params);
            }
            params.push(self.param(end)?);
            self.blanks();
            if !self.take(",") && self.peek() != b';' {
                return Ok(params);
            }
        }
    }

    /// `|a; b, c|`: names of the block's own.
    fn block_locals(&mut self, end: u8) {
        while self.peek() != end && !self.is_end() {
            let name = self.word();
            if name.is_empty() {
                self.at += self.rest().chars().next().map_or(0, char::len_utf8);
            } else {
                self.declare_here(name);
                self.at += name.len();
            }
        }
    }

    fn param(&mut self, end: u8) -> Reading<Param> {
        if self.take("(") {
            let inner = self.deeper(|reader| reader.params(b')'))?;
            self.expect(")")?;
            return Ok(Param::Group(inner));
        }
        let (rest, block) = (self.take("*"), self.take("&"));
        let name = self.word();
        if name.is_empty() {
            return if rest { Ok(Param::Rest(None)) } else { Err(self.expected("a parameter's name")) };
        }
        self.at += name.len();
        let place = self.declare_here(name);
        if rest || block {
            return Ok(if rest { Param::Rest(Some(place)) } else { Param::Block(place) });
        }
        if self.is_label(0) {
            self.at += 1;
            self.blanks();
            let bare = self.peek() == b',' || self.peek() == end;
            let default = if bare { None } else { Some(self.default_value(end)?) };
            return Ok(Param::Keyword(name.into(), place, default));
        }
        self.blanks();
        if self.peek() == b'=' && self.ahead(1) != b'=' {
            self.at += 1;
            return Ok(Param::Optional(place, self.default_value(end)?));
        }
        Ok(Param::One(place))
    }

    /// A default; between bars it holds no `|`.
    fn default_value(&mut self, end: u8) -> Reading<Node> {
        self.blanks();
        if end == b'|' { self.postfix() } else { self.expression() }
    }

    /// `Time`, `LogStash::Event`, `::Math::PI`.
    pub(super) fn constant(&mut self) -> Reading<Constant> {
        self.take("::");
        let at = self.at;
        let mut len = self.word().len();
        loop {
            let rest = &self.rest()[len..];
            let more = rest.strip_prefix("::").filter(|more| more.starts_with(|c: char| c.is_ascii_uppercase()));
            let Some(more) = more else { break };
            len += 2 + more.bytes().take_while(|byte| is_word(*byte)).count();
        }
        let name = &self.rest()[..len];
        let first = name.split("::").next().unwrap_or(name);
        self.at += len;
        Constant::of(name).ok_or_else(|| match super::super::names::refused(first) {
            Some(instead) => self.helped(at, format!("`{name}` cannot be used here"), instead),
            None => self.unknown(at, "class or constant", name),
        })
    }
}
