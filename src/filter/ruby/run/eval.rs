//! Expressions, one function a kind.

use super::super::names::{Constant, Method};
use super::super::tree::{Begin, Kind, Node, Piece, Rescue, Slot, Target};
use super::super::value::{Closure, Key, Obj, Table, Val};
use super::{DEPTH_MAX, Done, Flow, Machine, Raised, is_constant};
use crate::filter::ruby::read::regex;
use std::sync::Arc;

impl Machine<'_, '_, '_> {
    pub(super) fn eval(&mut self, node: &Node) -> Done {
        if !is_constant(&node.kind) {
            self.step(1)?;
            self.at = node.at;
            if self.depth == DEPTH_MAX {
                return Err(self.fatal(Constant::SystemStackError, "stack level too deep"));
            }
        }
        self.depth += 1;
        let result = self.plain(node);
        self.depth -= 1;
        result
    }

    fn plain(&mut self, node: &Node) -> Done {
        match &node.kind {
            Kind::Nil => Ok(Val::Nil),
            Kind::Bool(value) => Ok(Val::Bool(*value)),
            Kind::Int(value) => Ok(Val::Int(*value)),
            Kind::Float(value) => Ok(Val::Float(*value)),
            Kind::Constant(constant) => Ok(self.constant(*constant)),
            Kind::Local(slot) => Ok(self.read_local(*slot)),
            Kind::Instance(number) => Ok(self.instances[*number]),
            Kind::Str(text) => self.str(&**text),
            Kind::Symbol(text) => self.symbol(text.clone()),
            Kind::Call(call) => self.call(call, node.at),
            Kind::Seq(nodes) => self.sequence(nodes),
            Kind::If(condition, yes, no) => {
                if self.eval(condition)?.is_true() {
                    self.eval(yes)
                } else {
                    self.eval(no)
                }
            }
            Kind::And(left, right) => match self.eval(left)? {
                value if value.is_true() => self.eval(right),
                value => Ok(value),
            },
            Kind::Or(left, right) => match self.eval(left)? {
                value if value.is_true() => Ok(value),
                _ => self.eval(right),
            },
            Kind::Not(inner) => Ok(Val::Bool(!self.eval(inner)?.is_true())),
            Kind::Assign(target, value) => {
                let value = self.eval(value)?;
                self.assign(target, value)?;
                Ok(value)
            }
            other => self.composed(other, node.at),
        }
    }

    fn composed(&mut self, kind: &Kind, at: u32) -> Done {
        match kind {
            Kind::Filled(pieces) => {
                let text = self.filled(pieces)?;
                self.str(text)
            }
            Kind::FilledSymbol(pieces) => {
                let text = self.filled(pieces)?;
                self.symbol(text)
            }
            Kind::Regex(regex) => Ok(self.heap.add(Obj::Regex(Arc::clone(regex)))?),
            Kind::FilledRegex(pieces, flags) => {
                let text = self.filled(pieces)?;
                let regex = regex(&text, *flags).map_err(|bad| self.raise(Constant::RegexpError, bad))?;
                Ok(self.heap.add(Obj::Regex(Arc::new(regex)))?)
            }
            Kind::Array(items) => {
                let items = self.args(items)?;
                self.list(items)
            }
            Kind::Hash(pairs) => self.hash_literal(pairs),
            Kind::Range { from, to, exclusive } => {
                let from = from.as_ref().map_or(Ok(Val::Nil), |node| self.eval(node))?;
                let to = to.as_ref().map_or(Ok(Val::Nil), |node| self.eval(node))?;
                Ok(self.heap.add(Obj::Range { from, to, exclusive: *exclusive })?)
            }
            Kind::Group(number) => {
                let group = self.found.as_ref().and_then(|found| found.group(*number)).map(str::to_owned);
                group.map_or(Ok(Val::Nil), |text| self.str(text))
            }
            Kind::Match => match self.found.clone() {
                Some(found) => Ok(self.heap.add(Obj::Match(found))?),
                None => Ok(Val::Nil),
            },
            Kind::Spread(targets, value) => {
                let value = self.eval(value)?;
                self.spread(targets, value)?;
                Ok(value)
            }
            Kind::Update(target, method, value) => self.update(target, *method, value),
            Kind::Ensure(target, present, value) => self.ensure(target, *present, value),
            Kind::Lambda(block) => {
                let closure = Closure { block: Arc::clone(block), env: self.env };
                Ok(self.heap.add(Obj::Proc(closure))?)
            }
            Kind::Own { function, args } => {
                let args = self.args(args)?;
                self.at = at;
                self.call_own(*function, args)
            }
            Kind::Defined(inner) => self.defined(inner),
            Kind::Splat(inner) => self.eval(inner),
            other => self.control(other),
        }
    }

    fn control(&mut self, kind: &Kind) -> Done {
        match kind {
            Kind::While { condition, body, until, body_first } => self.while_loop(condition, body, *until, *body_first),
            Kind::For(target, list, body) => self.for_loop(target, list, body),
            Kind::Case(subject, branches, otherwise) => self.case(subject.as_deref(), branches, otherwise),
            Kind::Begin(begin) => self.begin(begin),
            Kind::Yield(args) => {
                let args = self.args(args)?;
                match self.block {
                    Some(block) => self.call_value(block, args),
                    None => Err(self.raise(Constant::LocalJumpError, "no block given (yield)")),
                }
            }
            Kind::Return(value) => {
                let value = self.optional(value.as_deref())?;
                Err(Flow::Return(value))
            }
            Kind::Break(value) => {
                let value = self.optional(value.as_deref())?;
                Err(Flow::Break(value))
            }
            Kind::Next(value) => {
                let value = self.optional(value.as_deref())?;
                Err(Flow::Next(value))
            }
            _ => Ok(Val::Nil),
        }
    }

    fn optional(&mut self, node: Option<&Node>) -> Done {
        node.map_or(Ok(Val::Nil), |node| self.eval(node))
    }

    fn sequence(&mut self, nodes: &[Node]) -> Done {
        nodes.iter().try_fold(Val::Nil, |_, node| self.eval(node))
    }

    fn constant(&self, constant: Constant) -> Val {
        match constant {
            Constant::Pi => Val::Float(std::f64::consts::PI),
            Constant::E => Val::Float(std::f64::consts::E),
            Constant::Infinity => Val::Float(f64::INFINITY),
            Constant::Nan => Val::Float(f64::NAN),
            Constant::FloatMax => Val::Float(f64::MAX),
            Constant::FloatMin => Val::Float(f64::MIN_POSITIVE),
            Constant::Epsilon => Val::Float(f64::EPSILON),
            Constant::IgnoreCase => Val::Int(1),
            Constant::Extended => Val::Int(2),
            Constant::Multiline => Val::Int(4),
            other => Val::Constant(other),
        }
    }

    fn filled(&mut self, pieces: &[Piece]) -> Done<String> {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(node) => {
                    let value = self.eval(node)?;
                    match self.name(value) {
                        Some(text) => out.push_str(text),
                        None => out.push_str(&self.to_s(value)),
                    }
                    self.heap.charge(0)?;
                }
            }
        }
        Ok(out)
    }

    fn hash_literal(&mut self, pairs: &[(Node, Node)]) -> Done {
        let mut table = Table::default();
        for (key, value) in pairs {
            if let Kind::Splat(other) = &key.kind {
                let other = self.eval(other)?;
                if let Some(Obj::Hash(more)) = self.object(other) {
                    table.entries.extend(more.entries.iter().map(|(key, value)| (key.clone(), *value)));
                }
                continue;
            }
            let key = self.eval(key)?;
            let value = self.eval(value)?;
            table.entries.insert(self.key(key), value);
        }
        Ok(self.heap.add(Obj::Hash(table))?)
    }

    pub(super) fn read_local(&self, slot: Slot) -> Val {
        let mut env = self.env;
        for _ in 0..slot.depth {
            match self.heap.get(env) {
                Obj::Env { parent: Some(parent), .. } => env = *parent,
                _ => return Val::Nil,
            }
        }
        match self.heap.get(env) {
            Obj::Env { locals, .. } => locals.get(slot.place as usize).copied().unwrap_or(Val::Nil),
            _ => Val::Nil,
        }
    }

    pub(super) fn write_local(&mut self, slot: Slot, value: Val) {
        let mut env = self.env;
        for _ in 0..slot.depth {
            match self.heap.get(env) {
                Obj::Env { parent: Some(parent), .. } => env = *parent,
                _ => return,
            }
        }
        if let Obj::Env { locals, .. } = self.heap.get_mut(env) {
            let place = slot.place as usize;
            if locals.len() <= place {
                locals.resize(place + 1, Val::Nil);
            }
            locals[place] = value;
        }
    }

    pub(super) fn assign(&mut self, target: &Target, value: Val) -> Done<()> {
        match target {
            Target::Local(slot) => self.write_local(*slot, value),
            Target::Instance(number) => self.instances[*number] = value,
            Target::Index(receiver, args) => {
                let receiver = self.eval(receiver)?;
                let mut args = self.args(args)?;
                args.push(value);
                self.send(receiver, Method::SetIndex, args, None)?;
            }
            Target::Attribute(receiver, _, write) => {
                let receiver = self.eval(receiver)?;
                self.send(receiver, *write, vec![value], None)?;
            }
            Target::Rest(inner) => self.assign(inner, value)?,
            Target::Group(targets) => self.spread(targets, value)?,
        }
        Ok(())
    }

    fn spread(&mut self, targets: &[Target], value: Val) -> Done<()> {
        let items = self.array(value).unwrap_or_else(|| vec![value]);
        let rest = targets.iter().position(|target| matches!(target, Target::Rest(_)));
        let behind = rest.map_or(0, |at| targets.len() - at - 1);
        for (at, target) in targets.iter().enumerate() {
            let item = match rest {
                Some(rest) if at == rest => {
                    let end = items.len().saturating_sub(behind).max(at);
                    self.list(items.get(at..end).unwrap_or_default().to_vec())?
                }
                Some(rest) if at > rest => {
                    let from = items.len().saturating_sub(behind).max(rest);
                    items.get(from + at - rest - 1).copied().unwrap_or(Val::Nil)
                }
                _ => items.get(at).copied().unwrap_or(Val::Nil),
            };
            self.assign(target, item)?;
        }
        Ok(())
    }

    /// The value of a target, and the target with its receiver and arguments worked out once.
    fn current(&mut self, target: &Target) -> Done<(Val, Place)> {
        Ok(match target {
            Target::Local(slot) => (self.read_local(*slot), Place::Local(*slot)),
            Target::Instance(number) => (self.instances[*number], Place::Instance(*number)),
            Target::Index(receiver, args) => {
                let receiver = self.eval(receiver)?;
                let args = self.args(args)?;
                (self.send(receiver, Method::Index, args.clone(), None)?, Place::Index(receiver, args))
            }
            Target::Attribute(receiver, read, write) => {
                let receiver = self.eval(receiver)?;
                (self.send(receiver, *read, Vec::new(), None)?, Place::Attribute(receiver, *write))
            }
            Target::Rest(_) | Target::Group(_) => (Val::Nil, Place::Nowhere),
        })
    }

    fn put(&mut self, place: Place, value: Val) -> Done<()> {
        match place {
            Place::Local(slot) => self.write_local(slot, value),
            Place::Instance(number) => self.instances[number] = value,
            Place::Index(receiver, mut args) => {
                args.push(value);
                self.send(receiver, Method::SetIndex, args, None)?;
            }
            Place::Attribute(receiver, write) => {
                self.send(receiver, write, vec![value], None)?;
            }
            Place::Nowhere => {}
        }
        Ok(())
    }

    fn update(&mut self, target: &Target, method: Method, value: &Node) -> Done {
        let (current, place) = self.current(target)?;
        let value = self.eval(value)?;
        let value = self.send(current, method, vec![value], None)?;
        self.put(place, value)?;
        Ok(value)
    }

    fn ensure(&mut self, target: &Target, present: bool, value: &Node) -> Done {
        let (current, place) = self.current(target)?;
        if current.is_true() != present {
            return Ok(current);
        }
        let value = self.eval(value)?;
        self.put(place, value)?;
        Ok(value)
    }

    fn defined(&mut self, inner: &Node) -> Done {
        let word = match &inner.kind {
            Kind::Local(_) => "local-variable",
            Kind::Instance(number) if self.instances[*number].is_nil() => return Ok(Val::Nil),
            Kind::Instance(_) => "instance-variable",
            Kind::Constant(_) => "constant",
            Kind::Call(_) | Kind::Own { .. } => "method",
            Kind::Group(_) if self.eval(inner)?.is_nil() => return Ok(Val::Nil),
            _ => "expression",
        };
        self.str(word)
    }

    fn while_loop(&mut self, condition: &Node, body: &Node, until: bool, body_first: bool) -> Done {
        let mut first = body_first;
        loop {
            if !first && self.eval(condition)?.is_true() == until {
                return Ok(Val::Nil);
            }
            first = false;
            match self.eval(body) {
                Ok(_) | Err(Flow::Next(_)) => {}
                Err(Flow::Break(value)) => return Ok(value),
                Err(other) => return Err(other),
            }
        }
    }

    fn for_loop(&mut self, target: &Target, list: &Node, body: &Node) -> Done {
        let list = self.eval(list)?;
        for item in self.items(list)? {
            self.assign(target, item)?;
            match self.eval(body) {
                Ok(_) | Err(Flow::Next(_)) => {}
                Err(Flow::Break(value)) => return Ok(value),
                Err(other) => return Err(other),
            }
        }
        Ok(list)
    }

    fn case(&mut self, subject: Option<&Node>, branches: &[(Vec<Node>, Node)], otherwise: &Node) -> Done {
        let subject = subject.map(|subject| self.eval(subject)).transpose()?;
        for (values, body) in branches {
            for value in self.args(values)? {
                let holds = match subject {
                    Some(subject) => self.case_equal(value, subject)?,
                    None => value.is_true(),
                };
                if holds {
                    return self.eval(body);
                }
            }
        }
        self.eval(otherwise)
    }

    fn begin(&mut self, begin: &Begin) -> Done {
        let (env, depth) = (self.env, self.depth);
        let mut result = self.eval(&begin.body);
        (self.env, self.depth) = (env, depth);
        result = match result {
            Ok(value) => begin.otherwise.as_ref().map_or(Ok(value), |otherwise| self.eval(otherwise)),
            Err(Flow::Raise(raised)) if !raised.fatal => self.rescue(&begin.rescues, raised),
            Err(other) => Err(other),
        };
        if let Some(ensure) = &begin.ensure {
            (self.env, self.depth) = (env, depth);
            self.eval(ensure)?;
        }
        result
    }

    fn rescue(&mut self, rescues: &[Rescue], raised: Box<Raised>) -> Done {
        let holds = |rescue: &&Rescue| match &*rescue.classes {
            [] => raised.class.is_below(Constant::StandardError),
            classes => classes.iter().any(|class| raised.class.is_below(*class)),
        };
        let Some(rescue) = rescues.iter().find(holds) else { return Err(Flow::Raise(raised)) };
        if let Some(slot) = rescue.into {
            let error = self.heap.add(Obj::Error { class: raised.class, message: raised.message })?;
            self.write_local(slot, error);
        }
        self.eval(&rescue.body)
    }

    /// The key that a value is in a hash.
    pub(super) fn key(&self, value: Val) -> Key {
        match value {
            Val::Nil => Key::Nil,
            Val::Bool(value) => Key::Bool(value),
            Val::Int(value) => Key::Int(value),
            Val::Float(value) => Key::Float(value.to_bits()),
            Val::Time(moment) => Key::Time(moment.at),
            Val::Constant(constant) => Key::Constant(constant),
            Val::Event(number) => Key::Other(u32::MAX - number),
            Val::Ref(at) => match self.heap.get(at) {
                Obj::Str(text) => Key::Str(text.as_str().into()),
                Obj::Symbol(text) => Key::Symbol(text.clone()),
                // Arrays that hold themselves would not end: three levels tell keys apart well enough.
                Obj::Array(items) if items.iter().all(|item| self.array(*item).is_none()) => {
                    Key::Array(items.iter().map(|item| self.key(*item)).collect())
                }
                _ => Key::Other(at),
            },
        }
    }

    /// A key as a value again.
    pub(super) fn key_value(&mut self, key: &Key) -> Done {
        Ok(match key {
            Key::Nil => Val::Nil,
            Key::Bool(value) => Val::Bool(*value),
            Key::Int(value) => Val::Int(*value),
            Key::Float(bits) => Val::Float(f64::from_bits(*bits)),
            Key::Time(at) => Val::Time(super::super::value::Moment { at: *at, offset: 0, of_logstash: false }),
            Key::Constant(constant) => Val::Constant(*constant),
            Key::Str(text) => return self.str(&**text),
            Key::Symbol(text) => return self.symbol(text.clone()),
            Key::Array(keys) => {
                let items = keys.iter().map(|key| self.key_value(key)).collect::<Result<_, _>>()?;
                return self.list(items);
            }
            Key::Other(at) if (*at as usize) < self.heap.len() => Val::Ref(*at),
            Key::Other(at) => Val::Event(u32::MAX - at),
        })
    }
}

/// A target whose receiver and arguments are known.
enum Place {
    Local(Slot),
    Instance(usize),
    Index(Val, Vec<Val>),
    Attribute(Val, Method),
    Nowhere,
}
