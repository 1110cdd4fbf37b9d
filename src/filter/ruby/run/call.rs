//! Calls: arguments, methods by their receiver, blocks and functions.

use super::super::names::{Constant, Method};
use super::super::tree::{Block, BlockArg, Call, Kind, Node, Param};
use super::super::value::{Closure, Obj, Val};
use super::{Answer, Done, Flow, Given, Machine};
use std::sync::Arc;

impl Machine<'_, '_, '_> {
    /// Arguments in order, lists behind `*` spread out.
    pub(super) fn args(&mut self, nodes: &[Node]) -> Done<Vec<Val>> {
        let mut args = Vec::with_capacity(nodes.len());
        for node in nodes {
            let value = self.eval(node)?;
            match &node.kind {
                Kind::Splat(_) => args.extend(self.spread_out(value)?),
                _ => args.push(value),
            }
        }
        Ok(args)
    }

    fn spread_out(&mut self, value: Val) -> Done<Vec<Val>> {
        match self.object(value) {
            Some(Obj::Array(_) | Obj::Range { .. } | Obj::Hash(_) | Obj::Enumerator { .. }) => self.items(value),
            _ if value.is_nil() => Ok(Vec::new()),
            _ => Ok(vec![value]),
        }
    }

    pub(super) fn call(&mut self, call: &Call, at: u32) -> Done {
        let receiver = self.eval(&call.receiver)?;
        if call.safe && receiver.is_nil() {
            return Ok(Val::Nil);
        }
        let args = self.args(&call.args)?;
        let block = match &call.block {
            None => None,
            Some(BlockArg::Method(method)) => Some(Given::Method(*method)),
            Some(BlockArg::Block(block)) => Some(Given::Closure(Closure { block: Arc::clone(block), env: self.env })),
            Some(BlockArg::Value(node)) => {
                let value = self.eval(node)?;
                self.as_block(value)?
            }
        };
        self.at = at;
        let is_own = matches!(call.block, Some(BlockArg::Block(_)));
        let env = self.env;
        match self.send(receiver, call.method, args, block) {
            Ok(moved @ Val::Time(_)) => {
                self.move_in_place(call, moved);
                Ok(moved)
            }
            // `break` leaves the method that was given the block.
            Err(Flow::Break(value)) if is_own => {
                self.env = env;
                Ok(value)
            }
            other => other,
        }
    }

    /// `t.localtime(zone)` and `t.utc` change the time itself. Times are plain values here, so it is the name that gets the new one.
    fn move_in_place(&mut self, call: &Call, moved: Val) {
        let is_in_place = matches!(call.method, Method::Localtime | Method::Utc | Method::Gmtime);
        match &call.receiver.kind {
            Kind::Local(slot) if is_in_place => self.write_local(*slot, moved),
            Kind::Instance(number) if is_in_place => self.instances[*number] = moved,
            _ => {}
        }
    }

    fn as_block(&self, value: Val) -> Done<Option<Given>> {
        match self.object(value) {
            Some(Obj::Proc(closure)) => Ok(Some(Given::Closure(closure.clone()))),
            Some(Obj::Symbol(name)) => match Method::of(name) {
                Some(method) => Ok(Some(Given::Method(method))),
                None => Err(self.raise(Constant::NoMethodError, format!("undefined method `{name}'"))),
            },
            _ if value.is_nil() => Ok(None),
            _ => Err(self.type_error("wrong argument type (expected Proc)")),
        }
    }

    /// Calls a method.
    pub(super) fn send(&mut self, receiver: Val, method: Method, args: Vec<Val>, block: Option<Given>) -> Done {
        self.step(1)?;
        if let Some(value) = self.answer(receiver, method, &args, block.as_ref())? {
            return Ok(value);
        }
        if let Some(value) = self.of_any(receiver, method, &args, block.as_ref())? {
            return Ok(value);
        }
        let shown = match receiver {
            Val::Nil => "nil:NilClass".to_owned(),
            Val::Ref(_) => format!("an instance of {}", self.class_name(receiver)),
            other => format!("{}:{}", self.inspect(other), self.class_name(other)),
        };
        let text = format!("undefined method `{}' for {shown}", method.text());
        Err(self.raise(Constant::NoMethodError, text))
    }

    fn answer(&mut self, receiver: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        match receiver {
            Val::Nil | Val::Bool(_) => self.of_nothing(receiver, method, args),
            Val::Int(_) | Val::Float(_) => self.of_number(receiver, method, args, block),
            Val::Time(moment) => self.of_time(moment, method, args),
            Val::Constant(constant) => self.of_class(constant, method, args, block),
            Val::Event(number) => self.of_event(number, method, args),
            Val::Ref(at) => match self.heap.get(at) {
                Obj::Str(_) => self.of_string(receiver, method, args, block),
                Obj::Symbol(_) => self.of_symbol(receiver, method, args, block),
                Obj::Array(_) => self.of_array(receiver, method, args, block),
                Obj::Hash(_) => self.of_hash(receiver, method, args, block),
                Obj::Range { .. } => self.of_range(receiver, method, args, block),
                Obj::Regex(_) => self.of_regex(receiver, method, args),
                Obj::Match(_) => self.of_match(receiver, method, args),
                Obj::Enumerator { .. } => self.of_enumerator(receiver, method, args, block),
                Obj::Proc(_) => match method {
                    Method::Call | Method::Index | Method::CaseEq | Method::Yield => {
                        self.call_value(receiver, args.to_vec()).map(Some)
                    }
                    Method::ToProc => Ok(Some(receiver)),
                    _ => Ok(None),
                },
                Obj::Error { .. } => self.of_error(receiver, method),
                Obj::Bytes(_) => self.of_bytes(receiver, method, args),
                Obj::Env { .. } => Ok(None),
            },
        }
    }

    /// Calls a block with its arguments.
    pub(super) fn yields(&mut self, block: &Given, args: Vec<Val>) -> Done {
        match block {
            Given::Closure(closure) => self.call_closure(closure, args),
            Given::Method(method) => match args.split_first() {
                Some((receiver, rest)) => self.send(*receiver, *method, rest.to_vec(), None),
                None => Err(self.argument_error("no receiver given")),
            },
            Given::Indexed(inner, counter) => {
                let index = self.counters[*counter];
                self.counters[*counter] += 1;
                let item = self.one(args)?;
                self.yields(inner, vec![item, Val::Int(index)])
            }
            Given::With(inner, object) => {
                let item = self.one(args)?;
                self.yields(inner, vec![item, *object])
            }
        }
    }

    /// Several arguments as one.
    fn one(&mut self, mut args: Vec<Val>) -> Done {
        match args.len() {
            1 => Ok(args.remove(0)),
            _ => self.list(args),
        }
    }

    pub(super) fn call_value(&mut self, value: Val, args: Vec<Val>) -> Done {
        match self.object(value) {
            Some(Obj::Proc(closure)) => {
                let closure = closure.clone();
                self.call_closure(&closure, args)
            }
            _ => Err(self.type_error(format!("{} is no block", self.class_name(value)))),
        }
    }

    fn call_closure(&mut self, closure: &Closure, args: Vec<Val>) -> Done {
        let result = self.enter(&closure.block, Some(closure.env), args);
        match result {
            Err(Flow::Next(value)) => Ok(value),
            Err(Flow::Return(value) | Flow::Break(value)) if closure.block.lambda => Ok(value),
            other => other,
        }
    }

    /// Calls a function of the script; a block comes as its last argument, if the function names it or yields.
    pub(super) fn call_own(&mut self, function: usize, mut args: Vec<Val>) -> Done {
        let script = self.script;
        let Some(function) = script.functions.get(function) else {
            return Err(self.raise(Constant::NoMethodError, "undefined method"));
        };
        let is_block = |value: &Val| matches!(self.object(*value), Some(Obj::Proc(_)));
        let expected = function.block.params.iter().filter(|param| !matches!(param, Param::Block(_))).count();
        let block = (args.len() > expected).then(|| args.last().copied().filter(is_block)).flatten();
        if block.is_some() {
            args.pop();
        }
        let outer = std::mem::replace(&mut self.block, block);
        let result = self.enter(&function.block, None, args);
        self.block = outer;
        match result {
            Err(Flow::Return(value) | Flow::Next(value)) => Ok(value),
            other => other,
        }
    }

    fn enter(&mut self, block: &Block, parent: Option<u32>, args: Vec<Val>) -> Done {
        let locals = vec![Val::Nil; block.locals];
        let Val::Ref(env) = self.heap.add(Obj::Env { locals, parent })? else { return Ok(Val::Nil) };
        let outer = std::mem::replace(&mut self.env, env);
        let result = self.bind_all(block, args).and_then(|()| self.eval(&block.body));
        self.env = outer;
        result
    }

    fn bind_all(&mut self, block: &Block, mut args: Vec<Val>) -> Done<()> {
        let positional = |param: &&Param| !matches!(param, Param::Keyword(..) | Param::Block(_));
        let count = block.params.iter().filter(positional).count();
        let named = block.params.iter().any(|param| matches!(param, Param::Keyword(..)));
        let keywords = if named && args.len() > count { args.pop() } else { None };
        // A block of several parameters takes one list apart.
        if !block.lambda && count > 1 && args.len() == 1 {
            args = self.array(args[0]).unwrap_or(args);
        }
        if block.lambda {
            self.check_count(block, args.len())?;
        }
        self.bind(&block.params, &args, keywords)
    }

    fn check_count(&self, block: &Block, given: usize) -> Done<()> {
        let required = block.params.iter().filter(|param| matches!(param, Param::One(_) | Param::Group(_))).count();
        let optional = block.params.iter().filter(|param| matches!(param, Param::Optional(..))).count();
        let rest = block.params.iter().any(|param| matches!(param, Param::Rest(_)));
        if given < required || !rest && given > required + optional {
            let text = format!("wrong number of arguments (given {given}, expected {required})");
            return Err(self.argument_error(text));
        }
        Ok(())
    }

    fn bind(&mut self, params: &[Param], args: &[Val], keywords: Option<Val>) -> Done<()> {
        let required = params.iter().filter(|param| matches!(param, Param::One(_) | Param::Group(_))).count();
        let mut spare = args.len().saturating_sub(required);
        let mut args = args.iter().copied();
        for param in params {
            match param {
                Param::One(place) => self.write_here(*place, args.next().unwrap_or(Val::Nil)),
                Param::Optional(place, default) => {
                    let given = if spare > 0 { args.next() } else { None };
                    spare = spare.saturating_sub(1);
                    let value = given.map_or_else(|| self.eval(default), Ok)?;
                    self.write_here(*place, value);
                }
                Param::Rest(place) => {
                    // All that no other parameter needs.
                    let rest: Vec<Val> = args.by_ref().take(spare).collect();
                    let rest = self.list(rest)?;
                    if let Some(place) = place {
                        self.write_here(*place, rest);
                    }
                }
                Param::Group(inner) => {
                    let item = args.next().unwrap_or(Val::Nil);
                    let items = self.array(item).unwrap_or_else(|| vec![item]);
                    self.bind(inner, &items, None)?;
                }
                Param::Keyword(name, place, default) => {
                    let key = super::super::value::Key::Symbol(name.clone());
                    let given = match keywords.and_then(|hash| self.object(hash)) {
                        Some(Obj::Hash(table)) => table.entries.get(&key).copied(),
                        _ => None,
                    };
                    let value = match (given, default) {
                        (Some(value), _) => value,
                        (None, Some(default)) => self.eval(default)?,
                        (None, None) => return Err(self.argument_error(format!("missing keyword: :{name}"))),
                    };
                    self.write_here(*place, value);
                }
                Param::Block(place) => self.write_here(*place, self.block.unwrap_or(Val::Nil)),
            }
        }
        Ok(())
    }

    fn write_here(&mut self, place: u32, value: Val) {
        self.write_local(super::super::tree::Slot { depth: 0, place }, value);
    }
}
