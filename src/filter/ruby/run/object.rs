//! What every value answers to, and nil, true, false, symbols and exceptions; equality, order and text of values.

use super::super::names::{Constant, Method};
use super::super::value::{NESTING_MAX, Obj, Val};
use super::{Answer, Done, Given, Machine};
use crate::event::display::ruby_double;
use std::cmp::Ordering;

impl Machine<'_, '_, '_> {
    pub(super) fn class_of(&self, value: Val) -> Constant {
        match value {
            Val::Nil => Constant::NilClass,
            Val::Bool(true) => Constant::TrueClass,
            Val::Bool(false) => Constant::FalseClass,
            Val::Int(_) => Constant::Integer,
            Val::Float(_) => Constant::Float,
            Val::Time(moment) if moment.of_logstash => Constant::Timestamp,
            Val::Time(_) => Constant::Time,
            Val::Constant(constant) if constant.is_exception() => Constant::Class,
            Val::Constant(_) => Constant::Class,
            Val::Event(_) => Constant::Event,
            Val::Ref(at) => match self.heap.get(at) {
                Obj::Str(_) | Obj::Bytes(_) => Constant::String,
                Obj::Symbol(_) => Constant::Symbol,
                Obj::Array(_) | Obj::Enumerator { .. } => Constant::Array,
                Obj::Hash(_) => Constant::Hash,
                Obj::Range { .. } => Constant::Range,
                Obj::Regex(_) => Constant::Regexp,
                Obj::Match(_) => Constant::MatchData,
                Obj::Proc(_) | Obj::Env { .. } => Constant::Proc,
                Obj::Error { class, .. } => *class,
            },
        }
    }

    pub(super) fn class_name(&self, value: Val) -> &'static str {
        match value {
            Val::Nil => "nil",
            other => self.class_of(other).text(),
        }
    }

    pub(super) fn is_a(&self, value: Val, class: Constant) -> bool {
        let own = self.class_of(value);
        match class {
            Constant::Object | Constant::BasicObject | Constant::Kernel => true,
            Constant::Numeric => matches!(own, Constant::Integer | Constant::Float),
            Constant::Comparable => {
                matches!(
                    own,
                    Constant::Integer | Constant::Float | Constant::String | Constant::Time | Constant::Timestamp
                )
            }
            Constant::Enumerable => matches!(own, Constant::Array | Constant::Hash | Constant::Range),
            Constant::Fixnum | Constant::Bignum => own == Constant::Integer,
            class if class.is_exception() => own.is_exception() && own.is_below(class),
            class => own == class,
        }
    }

    pub(super) fn of_any(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        let first = args.first().copied();
        Ok(Some(match (method, first) {
            (Method::Nil, _) => Val::Bool(value.is_nil()),
            (Method::Not, _) => Val::Bool(!value.is_true()),
            (Method::ToS, _) => {
                let text = self.to_s(value);
                return self.str(text).map(Some);
            }
            (Method::Inspect, _) => {
                let text = self.inspect(value);
                return self.str(text).map(Some);
            }
            (Method::ToJson, _) => {
                let text = self.json_of(value)?;
                return self.str(text).map(Some);
            }
            (Method::Eq | Method::Eql | Method::CaseEq, Some(other)) => Val::Bool(self.equal(value, other)),
            (Method::Ne, Some(other)) => Val::Bool(!self.equal(value, other)),
            (Method::Equal, Some(other)) => Val::Bool(self.same(value, other)),
            (Method::Compare, Some(other)) => self.compare(value, other).map_or(Val::Nil, order),
            (Method::Match, _) => Val::Nil,
            (Method::IsA | Method::KindOf, Some(Val::Constant(class))) => Val::Bool(self.is_a(value, class)),
            (Method::InstanceOf, Some(Val::Constant(class))) => Val::Bool(self.class_of(value) == class),
            (Method::Class, _) => Val::Constant(self.class_of(value)),
            (Method::Freeze | Method::Itself, _) => value,
            (Method::Frozen, _) => Val::Bool(!matches!(value, Val::Ref(_))),
            (Method::Dup | Method::Clone, _) => self.duplicate(value)?,
            (Method::ObjectId | Method::Hash, _) => Val::Int(self.number_of(value)),
            (Method::RespondTo, Some(name)) => Val::Bool(self.responds(value, name)),
            (Method::Send | Method::PublicSend, Some(name)) => {
                let text = self.name(name).unwrap_or_default().to_owned();
                let Some(method) = Method::of(&text) else {
                    return Err(self.raise(Constant::NoMethodError, format!("undefined method `{text}'")));
                };
                return self.send(value, method, args[1..].to_vec(), block.cloned()).map(Some);
            }
            (Method::Tap | Method::Then | Method::YieldSelf, _) => {
                let Some(block) = block else { return Ok(None) };
                let result = self.yields(block, vec![value])?;
                if method == Method::Tap { value } else { result }
            }
            _ => return Ok(None),
        }))
    }

    fn duplicate(&mut self, value: Val) -> Done {
        match self.object(value).cloned() {
            Some(object) => Ok(self.heap.add(object)?),
            None => Ok(value),
        }
    }

    fn number_of(&self, value: Val) -> i64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        self.key(value).hash(&mut hasher);
        (hasher.finish() >> 2) as i64
    }

    /// `respond_to?`, for what people ask in order to tell types apart.
    fn responds(&self, value: Val, name: Val) -> bool {
        use Constant::*;
        let class = self.class_of(value);
        match self.name(name).unwrap_or_default() {
            "each" | "map" | "select" | "include?" if class != String => matches!(class, Array | Hash | Range),
            "include?" | "upcase" | "downcase" | "gsub" | "strip" | "split" | "to_str" => class == String,
            "keys" | "key?" | "has_key?" | "each_pair" | "to_hash" | "values" | "merge" => class == Hash,
            "to_h" => matches!(class, Hash | Array | NilClass),
            "to_a" => matches!(class, Array | Hash | Range | NilClass | Time),
            "empty?" | "length" | "size" => matches!(class, String | Array | Hash),
            "to_i" | "to_f" => matches!(class, String | Integer | Float | NilClass | Time | Timestamp),
            "join" | "push" | "<<" | "to_ary" | "flatten" => class == Array,
            "call" => class == Proc,
            "strftime" => class == Time,
            "to_iso8601" | "time" => class == Timestamp,
            "to_s" | "inspect" | "nil?" | "is_a?" | "class" | "dup" | "to_json" => true,
            _ => false,
        }
    }

    pub(super) fn of_nothing(&mut self, value: Val, method: Method, args: &[Val]) -> Answer {
        let truth = value.is_true();
        let other = args.first().is_some_and(|other| other.is_true());
        Ok(Some(match (value, method) {
            (Val::Nil, Method::ToI) => Val::Int(0),
            (Val::Nil, Method::ToF) => Val::Float(0.0),
            (Val::Nil, Method::ToA) => self.list(Vec::new())?,
            (Val::Nil, Method::ToH) => self.heap.add(Obj::Hash(Default::default()))?,
            (_, Method::BitAnd) => Val::Bool(truth && other),
            (_, Method::BitOr) => Val::Bool(truth || other),
            (_, Method::BitXor) => Val::Bool(truth != other),
            _ => return Ok(None),
        }))
    }

    pub(super) fn of_symbol(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        match method {
            Method::ToSym | Method::Itself => Ok(Some(value)),
            Method::ToProc => Ok(Some(value)),
            Method::ToS | Method::Name | Method::Inspect | Method::Eq | Method::Ne | Method::CaseEq => Ok(None),
            _ => {
                let text = self.name(value).unwrap_or_default().to_owned();
                let text = self.str(text)?;
                let result = self.of_string(text, method, args, block)?;
                let is_symbol = matches!(
                    method,
                    Method::Upcase | Method::Downcase | Method::Capitalize | Method::Swapcase | Method::Succ
                );
                match result.and_then(|result| self.text(result)).map(str::to_owned) {
                    Some(text) if is_symbol => self.symbol(text).map(Some),
                    _ => Ok(result),
                }
            }
        }
    }

    pub(super) fn of_error(&mut self, value: Val, method: Method) -> Answer {
        let Some(Obj::Error { class, message }) = self.object(value) else { return Ok(None) };
        let (class, message) = (*class, message.clone());
        match method {
            Method::Message | Method::ToS => self.str(message).map(Some),
            Method::FullMessage => self.str(format!("{message} ({})", class.text())).map(Some),
            Method::Inspect => self.str(format!("#<{}: {message}>", class.text())).map(Some),
            Method::Backtrace => self.list(Vec::new()).map(Some),
            Method::Cause => Ok(Some(Val::Nil)),
            _ => Ok(None),
        }
    }

    /// `===`: classes, ranges and regular expressions ask, all else compares.
    pub(super) fn case_equal(&mut self, pattern: Val, value: Val) -> Done<bool> {
        if let Val::Constant(class) = pattern {
            return Ok(self.is_a(value, class));
        }
        match self.object(pattern) {
            Some(Obj::Regex(_) | Obj::Range { .. } | Obj::Proc(_)) => {
                Ok(self.send(pattern, Method::CaseEq, vec![value], None)?.is_true())
            }
            _ => Ok(self.equal(pattern, value)),
        }
    }

    fn same(&self, left: Val, right: Val) -> bool {
        match (left, right) {
            (Val::Ref(left), Val::Ref(right)) => {
                left == right
                    || matches!(self.heap.get(left), Obj::Symbol(_)) && self.equal(Val::Ref(left), Val::Ref(right))
            }
            (Val::Int(_), Val::Float(_)) | (Val::Float(_), Val::Int(_)) => false,
            (left, right) => self.equal(left, right),
        }
    }

    pub(super) fn equal(&self, left: Val, right: Val) -> bool {
        self.equal_within(left, right, 0)
    }

    fn equal_within(&self, left: Val, right: Val, depth: u32) -> bool {
        match (left, right) {
            (Val::Nil, Val::Nil) => true,
            (Val::Bool(left), Val::Bool(right)) => left == right,
            (Val::Int(left), Val::Int(right)) => left == right,
            (Val::Int(_) | Val::Float(_), Val::Int(_) | Val::Float(_)) => {
                self.compare(left, right) == Some(Ordering::Equal)
            }
            (Val::Time(left), Val::Time(right)) => left.at == right.at,
            (Val::Constant(left), Val::Constant(right)) => left == right,
            (Val::Event(left), Val::Event(right)) => left == right,
            (Val::Ref(left), Val::Ref(right)) if left == right => true,
            (Val::Ref(_), Val::Ref(_)) if depth == NESTING_MAX => false,
            (Val::Ref(left), Val::Ref(right)) => match (self.heap.get(left), self.heap.get(right)) {
                (Obj::Str(left), Obj::Str(right)) => left == right,
                (Obj::Symbol(left), Obj::Symbol(right)) => left == right,
                (Obj::Bytes(left), Obj::Bytes(right)) => left == right,
                (Obj::Regex(left), Obj::Regex(right)) => left == right,
                (Obj::Array(left), Obj::Array(right)) => {
                    left.len() == right.len()
                        && left.iter().zip(right).all(|(left, right)| self.equal_within(*left, *right, depth + 1))
                }
                (Obj::Hash(left), Obj::Hash(right)) => {
                    left.entries.len() == right.entries.len()
                        && left.entries.iter().all(|(key, value)| {
                            right.entries.get(key).is_some_and(|other| self.equal_within(*value, *other, depth + 1))
                        })
                }
                (
                    Obj::Range { from, to, exclusive },
                    Obj::Range { from: other_from, to: other_to, exclusive: other_exclusive },
                ) => {
                    exclusive == other_exclusive
                        && self.equal_within(*from, *other_from, depth + 1)
                        && self.equal_within(*to, *other_to, depth + 1)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// `<=>`; `None` for what has no order.
    pub(super) fn compare(&self, left: Val, right: Val) -> Option<Ordering> {
        match (left, right) {
            (Val::Int(left), Val::Int(right)) => Some(left.cmp(&right)),
            (Val::Int(left), Val::Float(right)) => (left as f64).partial_cmp(&right),
            (Val::Float(left), Val::Int(right)) => left.partial_cmp(&(right as f64)),
            (Val::Float(left), Val::Float(right)) => left.partial_cmp(&right),
            (Val::Time(left), Val::Time(right)) => Some(left.at.cmp(&right.at)),
            (Val::Nil, Val::Nil) => Some(Ordering::Equal),
            (Val::Bool(left), Val::Bool(right)) if left == right => Some(Ordering::Equal),
            (Val::Ref(left), Val::Ref(right)) => match (self.heap.get(left), self.heap.get(right)) {
                (Obj::Str(left), Obj::Str(right)) => Some(left.cmp(right)),
                (Obj::Symbol(left), Obj::Symbol(right)) => Some(left.cmp(right)),
                (Obj::Array(left), Obj::Array(right)) => {
                    for (left, right) in left.iter().zip(right).take(1000) {
                        match self.compare(*left, *right)? {
                            Ordering::Equal => {}
                            other => return Some(other),
                        }
                    }
                    Some(left.len().cmp(&right.len()))
                }
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn to_s(&self, value: Val) -> String {
        match value {
            Val::Nil => String::new(),
            Val::Time(moment) => self.time_text(moment),
            Val::Ref(at) => match self.heap.get(at) {
                Obj::Str(text) => text.clone(),
                Obj::Symbol(text) => text.to_string(),
                Obj::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Obj::Error { message, .. } => message.clone(),
                Obj::Match(found) => found.group(0).unwrap_or_default().to_owned(),
                Obj::Range { from, to, exclusive } => {
                    format!("{}{}{}", self.to_s(*from), if *exclusive { "..." } else { ".." }, self.to_s(*to))
                }
                _ => self.inspect(value),
            },
            other => self.inspect(other),
        }
    }

    pub(super) fn inspect(&self, value: Val) -> String {
        let mut out = String::new();
        self.write_inspect(value, &mut out, 0);
        out
    }

    fn write_inspect(&self, value: Val, out: &mut String, depth: u32) {
        match value {
            Val::Nil => out.push_str("nil"),
            Val::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Val::Int(number) => out.push_str(&number.to_string()),
            Val::Float(number) => {
                let mut bytes = Vec::new();
                ruby_double(number, &mut bytes);
                out.push_str(&String::from_utf8_lossy(&bytes));
            }
            Val::Time(moment) => out.push_str(&self.time_text(moment)),
            Val::Constant(constant) => out.push_str(constant.text()),
            Val::Event(number) => out.push_str(&self.event_text(number)),
            Val::Ref(_) if depth == NESTING_MAX || out.len() > (1 << 20) => out.push_str("..."),
            Val::Ref(at) => match self.heap.get(at) {
                Obj::Str(text) => quote(text, out),
                Obj::Symbol(text) => {
                    out.push(':');
                    let plain = text.chars().all(|c| c.is_alphanumeric() || "_?!=@[]<>+-*/%".contains(c));
                    if plain { out.push_str(text) } else { quote(text, out) }
                }
                Obj::Bytes(bytes) => quote(&String::from_utf8_lossy(bytes), out),
                Obj::Array(items) => {
                    out.push('[');
                    for (at, item) in items.iter().enumerate() {
                        out.push_str(if at > 0 { ", " } else { "" });
                        self.write_inspect(*item, out, depth + 1);
                    }
                    out.push(']');
                }
                Obj::Hash(table) => self.inspect_hash(table, out, depth),
                Obj::Range { from, to, exclusive } => {
                    self.write_inspect(*from, out, depth + 1);
                    out.push_str(if *exclusive { "..." } else { ".." });
                    self.write_inspect(*to, out, depth + 1);
                }
                Obj::Regex(regex) => out.push_str(&format!("/{}/", regex.as_str())),
                Obj::Match(found) => {
                    out.push_str("#<MatchData ");
                    quote(found.group(0).unwrap_or_default(), out);
                    out.push('>');
                }
                Obj::Error { class, message } => out.push_str(&format!("#<{}: {message}>", class.text())),
                Obj::Proc(_) | Obj::Env { .. } => out.push_str("#<Proc>"),
                Obj::Enumerator { .. } => out.push_str("#<Enumerator>"),
            },
        }
    }

    fn inspect_hash(&self, table: &super::super::value::Table, out: &mut String, depth: u32) {
        use super::super::value::Key;
        out.push('{');
        for (at, (key, value)) in table.entries.iter().enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            match key {
                Key::Symbol(name) => out.push_str(&format!(":{name}")),
                Key::Str(text) => quote(text, out),
                Key::Int(number) => out.push_str(&number.to_string()),
                Key::Nil => out.push_str("nil"),
                Key::Bool(value) => out.push_str(&value.to_string()),
                Key::Float(bits) => self.write_inspect(Val::Float(f64::from_bits(*bits)), out, depth + 1),
                other => out.push_str(&format!("{other:?}")),
            }
            out.push_str("=>");
            self.write_inspect(*value, out, depth + 1);
        }
        out.push('}');
    }
}

/// An order as the number that `<=>` gives.
pub(super) fn order(order: Ordering) -> Val {
    Val::Int(order as i64)
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            '#' => out.push('#'),
            char if char.is_control() => out.push_str(&format!("\\u{:04X}", char as u32)),
            char => out.push(char),
        }
    }
    out.push('"');
}
