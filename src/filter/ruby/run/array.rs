//! Arrays and ranges.

use super::super::names::{Constant, Method};
use super::super::value::{Key, Obj, Val};
use super::{Answer, Done, Given, Machine};

impl Machine<'_, '_, '_> {
    pub(super) fn of_array(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        if let Some(answer) = self.array_asked(value, method, args)? {
            return Ok(Some(answer));
        }
        if let Some(answer) = self.array_changed(value, method, args, block)? {
            return Ok(Some(answer));
        }
        if let Some(answer) = self.array_made(value, method, args, block)? {
            return Ok(Some(answer));
        }
        self.enumerable(value, method, args, block)
    }

    fn want_list(&mut self, args: &[Val]) -> Done<Vec<Val>> {
        let first = args.first().copied().unwrap_or(Val::Nil);
        self.array(first)
            .ok_or_else(|| self.type_error(format!("no implicit conversion of {} into Array", self.class_name(first))))
    }

    fn array_asked(&mut self, value: Val, method: Method, args: &[Val]) -> Answer {
        use Method::*;
        let Some(Obj::Array(items)) = self.object(value) else { return Ok(None) };
        let first = args.first().copied().unwrap_or(Val::Nil);
        Ok(Some(match method {
            Length | Size => Val::Int(items.len() as i64),
            Empty => Val::Bool(items.is_empty()),
            Last if args.is_empty() => items.last().copied().unwrap_or(Val::Nil),
            First if args.is_empty() => items.first().copied().unwrap_or(Val::Nil),
            Index | Slice | At => match (first, args.len()) {
                (Val::Int(at), 1) => place(at, items.len()).and_then(|at| items.get(at)).copied().unwrap_or(Val::Nil),
                _ => return self.part(value, args).map(Some),
            },
            ToA | ToStr | Entries => value,
            Last => {
                let count = self.want_int(first)?.max(0) as usize;
                let items = self.array(value).unwrap_or_default();
                self.list(items[items.len().saturating_sub(count)..].to_vec())?
            }
            Dig => {
                let item = self.array_asked(value, Index, &args[..1.min(args.len())])?.unwrap_or(Val::Nil);
                if args.len() < 2 || item.is_nil() { item } else { self.send(item, Dig, args[1..].to_vec(), None)? }
            }
            ValuesAt => {
                let items = items.clone();
                let picked = args.iter().map(|at| {
                    let at = self.want_int(*at)?;
                    Ok(place(at, items.len()).and_then(|at| items.get(at)).copied().unwrap_or(Val::Nil))
                });
                let picked = picked.collect::<Done<Vec<_>>>()?;
                self.list(picked)?
            }
            Pack => {
                let template = self.want_text(first)?;
                let items = self.array(value).unwrap_or_default();
                self.packed(&items, &template)?
            }
            IndexOf | FindIndex if args.len() == 1 => {
                items.iter().position(|item| self.equal(*item, first)).map_or(Val::Nil, |at| Val::Int(at as i64))
            }
            Rindex => {
                items.iter().rposition(|item| self.equal(*item, first)).map_or(Val::Nil, |at| Val::Int(at as i64))
            }
            Assoc => {
                let matches = |row: &&Val| {
                    self.array(**row).is_some_and(|row| row.first().is_some_and(|key| self.equal(*key, first)))
                };
                items.iter().find(matches).copied().unwrap_or(Val::Nil)
            }
            _ => return Ok(None),
        }))
    }

    /// `a[1, 2]`, `a[1..]`
    fn part(&mut self, value: Val, args: &[Val]) -> Done {
        let items = self.array(value).unwrap_or_default();
        let first = args.first().copied().unwrap_or(Val::Nil);
        let span = match (self.range_in(first, items.len())?, args.get(1)) {
            (Some(span), _) => span,
            (None, Some(count)) => {
                let (at, count) = (self.want_int(first)?, self.want_int(*count)?);
                let at = if at < 0 { at + items.len() as i64 } else { at };
                let inside = at >= 0 && at as usize <= items.len() && count >= 0;
                (inside.then_some(at.max(0) as usize), count.max(0) as usize)
            }
            (None, None) => {
                let at = self.want_int(first)?;
                return Ok(place(at, items.len()).and_then(|at| items.get(at)).copied().unwrap_or(Val::Nil));
            }
        };
        match span {
            (Some(from), count) => self.list(items.into_iter().skip(from).take(count).collect()),
            (None, _) => Ok(Val::Nil),
        }
    }

    /// Of a range, where it begins among so many items (`None`: outside) and how many it has; `None` for what is none.
    pub(super) fn range_in(&self, range: Val, len: usize) -> Done<Option<(Option<usize>, usize)>> {
        let Some(Obj::Range { from, to, exclusive }) = self.object(range) else { return Ok(None) };
        let len = len as i64;
        let bound = |value: Val, open: i64| match value {
            Val::Nil => Ok(open),
            value => self.want_int(value).map(|at| if at < 0 { at + len } else { at }),
        };
        let from = bound(*from, 0)?;
        let end = bound(*to, len - 1)? + i64::from(!exclusive || to.is_nil());
        let count = (end.min(len) - from).max(0) as usize;
        Ok(Some(((0..=len).contains(&from).then_some(from as usize), count)))
    }

    /// What changes the array itself.
    fn array_changed(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        use Method::*;
        let first = args.first().copied().unwrap_or(Val::Nil);
        let Val::Ref(at) = value else { return Ok(None) };
        self.heap.charge(0)?;
        let len = self.array_len(value);
        match method {
            ShiftLeft | Push | Append => {
                for arg in args {
                    self.push(value, *arg)?;
                }
            }
            Concat => {
                for list in args {
                    let items = self.want_list(&[*list])?;
                    for item in items {
                        self.push(value, item)?;
                    }
                }
            }
            SetIndex => return self.set_items(value, args).map(Some),
            Pop | Shift | DeleteAt | Clear | Unshift | Prepend | Insert | Replace | Fill | Delete | SliceB => {
                return self.items_moved(value, method, args).map(Some);
            }
            MapB | CollectB | SelectB | FilterB | KeepIf | RejectB | DeleteIf | SortB | SortByB | UniqB | CompactB
            | FlattenB | ReverseB => {
                let Some(gentle) = gentle(method) else { return Ok(None) };
                let made = self.send(value, gentle, args.to_vec(), block.cloned())?;
                let items = self.array(made).unwrap_or_default();
                let changed = items.len() != len;
                *self.heap.get_mut(at) = Obj::Array(items);
                let tells = matches!(method, SelectB | FilterB | RejectB | UniqB | CompactB | FlattenB);
                return Ok(Some(if tells && !changed { Val::Nil } else { value }));
            }
            Store if args.len() == 2 => return Ok(None),
            _ => return Ok(None),
        }
        let _ = first;
        Ok(Some(value))
    }

    fn array_len(&self, value: Val) -> usize {
        match self.object(value) {
            Some(Obj::Array(items)) => items.len(),
            _ => 0,
        }
    }

    fn items_mut(&mut self, value: Val) -> Option<&mut Vec<Val>> {
        match value {
            Val::Ref(at) => match self.heap.get_mut(at) {
                Obj::Array(items) => Some(items),
                _ => None,
            },
            _ => None,
        }
    }

    fn set_items(&mut self, value: Val, args: &[Val]) -> Done {
        let [at, .., item] = args else { return Err(self.argument_error("wrong number of arguments")) };
        let at = self.want_int(*at)?;
        let len = self.array_len(value) as i64;
        let place = if at < 0 { at + len } else { at };
        if place < 0 {
            return Err(self.raise(Constant::IndexError, format!("index {at} too small for array")));
        }
        self.heap.charge((place - len).max(0) as usize * 32)?;
        if let Some(items) = self.items_mut(value) {
            let place = place as usize;
            if place >= items.len() {
                items.resize(place + 1, Val::Nil);
            }
            items[place] = *item;
        }
        Ok(*item)
    }

    fn items_moved(&mut self, value: Val, method: Method, args: &[Val]) -> Done {
        use Method::*;
        let first = args.first().copied().unwrap_or(Val::Nil);
        let mut items = self.array(value).unwrap_or_default();
        let result = match method {
            Pop | Shift if args.is_empty() => match (method, items.is_empty()) {
                (_, true) => Val::Nil,
                (Pop, _) => items.pop().unwrap_or(Val::Nil),
                _ => items.remove(0),
            },
            Pop | Shift => {
                let count = (self.want_int(first)?.max(0) as usize).min(items.len());
                let taken =
                    if method == Pop { items.split_off(items.len() - count) } else { items.drain(..count).collect() };
                self.list(taken)?
            }
            DeleteAt => match place(self.want_int(first)?, items.len()) {
                Some(at) => items.remove(at),
                None => Val::Nil,
            },
            Delete => {
                let before = items.len();
                items.retain(|item| !self.equal(*item, first));
                if items.len() < before { first } else { Val::Nil }
            }
            SliceB => {
                let part = self.part(value, args)?;
                let taken = self.array(part).unwrap_or_else(|| vec![part]);
                if let Some(start) =
                    taken.first().and_then(|first| items.iter().position(|item| self.same_item(*item, *first)))
                {
                    items.drain(start..(start + taken.len()).min(items.len()));
                }
                part
            }
            Clear => {
                items.clear();
                value
            }
            Unshift | Prepend => {
                self.heap.charge(args.len() * 32)?;
                items.splice(0..0, args.iter().copied());
                value
            }
            Insert => {
                let at = self.want_int(first)?;
                let at = if at < 0 { at + 1 + items.len() as i64 } else { at };
                let at = (at.max(0) as usize).min(items.len());
                self.heap.charge(args.len() * 32)?;
                items.splice(at..at, args[1..].iter().copied());
                value
            }
            Replace => {
                items = self.want_list(args)?;
                value
            }
            _ => {
                items.fill(first);
                value
            }
        };
        if let Some(there) = self.items_mut(value) {
            *there = items;
        }
        Ok(result)
    }

    fn same_item(&self, left: Val, right: Val) -> bool {
        self.equal(left, right)
    }

    /// Other arrays, made of this one.
    fn array_made(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        use Method::*;
        let first = args.first().copied().unwrap_or(Val::Nil);
        let items = match self.object(value) {
            Some(Obj::Array(items)) if !is_walk(method) => items.clone(),
            _ => return Ok(None),
        };
        self.step(items.len() as u64)?;
        let made = match method {
            Add => items.into_iter().chain(self.want_list(args)?).collect(),
            Sub | Difference => {
                let others = self.keys_of(args)?;
                items.into_iter().filter(|item| !others.contains(&self.key(*item))).collect()
            }
            BitAnd | Intersection | Intersect => {
                let others = self.keys_of(args)?;
                let mut seen = std::collections::HashSet::new();
                let both: Vec<Val> = items
                    .into_iter()
                    .filter(|item| others.contains(&self.key(*item)) && seen.insert(self.key(*item)))
                    .collect();
                if method == Intersect {
                    return Ok(Some(Val::Bool(!both.is_empty())));
                }
                both
            }
            BitOr | Union => {
                let mut all = items;
                for list in args {
                    all.extend(self.want_list(&[*list])?);
                }
                let mut seen = std::collections::HashSet::new();
                all.retain(|item| seen.insert(self.key(*item)));
                all
            }
            Mul => match (self.text(first).is_some(), first) {
                (true, _) => return self.send(value, Join, vec![first], None).map(Some),
                _ => {
                    let times = self.want_int(first)?.max(0) as usize;
                    self.heap.charge(items.len().saturating_mul(times).saturating_mul(32))?;
                    items.repeat(times)
                }
            },
            Reverse => items.into_iter().rev().collect(),
            Compact => items.into_iter().filter(|item| !item.is_nil()).collect(),
            Flatten => {
                let depth = args.first().map_or(Ok(50), |depth| self.want_int(*depth))?;
                let mut out = Vec::new();
                self.flatten(&items, depth, &mut out)?;
                out
            }
            Rotate => {
                let by = args.first().map_or(Ok(1), |by| self.want_int(*by))?;
                let mut items = items;
                if !items.is_empty() {
                    let len = items.len();
                    items.rotate_left(by.rem_euclid(len as i64) as usize);
                }
                items
            }
            Transpose => return self.transposed(&items).map(Some),
            Fetch => return self.fetched(&items, args, block).map(Some),
            Sample | Shuffle => {
                return Ok(Some(if method == Shuffle { value } else { items.first().copied().unwrap_or(Val::Nil) }));
            }
            _ => return Ok(None),
        };
        self.list(made).map(Some)
    }

    fn keys_of(&mut self, args: &[Val]) -> Done<std::collections::HashSet<Key>> {
        let mut keys = std::collections::HashSet::new();
        for list in args {
            let items = self.want_list(&[*list])?;
            keys.extend(items.into_iter().map(|item| self.key(item)));
        }
        Ok(keys)
    }

    fn flatten(&mut self, items: &[Val], depth: i64, out: &mut Vec<Val>) -> Done<()> {
        self.heap.charge(items.len() * 32)?;
        for item in items {
            match self.array(*item).filter(|_| depth > 0) {
                Some(inner) => self.flatten(&inner, depth - 1, out)?,
                None => out.push(*item),
            }
        }
        Ok(())
    }

    fn transposed(&mut self, rows: &[Val]) -> Done {
        let rows = rows.iter().map(|row| self.want_list(&[*row])).collect::<Done<Vec<_>>>()?;
        let width = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != width) {
            return Err(self.raise(Constant::IndexError, "element size differs"));
        }
        let columns = (0..width).map(|at| self.list(rows.iter().map(|row| row[at]).collect()));
        let columns = columns.collect::<Done<Vec<_>>>()?;
        self.list(columns)
    }

    fn fetched(&mut self, items: &[Val], args: &[Val], block: Option<&Given>) -> Done {
        let index = args.first().copied().unwrap_or(Val::Nil);
        let at = self.want_int(index)?;
        match (place(at, items.len()), args.get(1), block) {
            (Some(at), _, _) => Ok(items[at]),
            (None, _, Some(block)) => self.yields(block, vec![index]),
            (None, Some(default), _) => Ok(*default),
            (None, None, None) => Err(self.raise(Constant::IndexError, format!("index {at} outside of array bounds"))),
        }
    }

    pub(super) fn range_items(&mut self, value: Val) -> Done<Vec<Val>> {
        let Some(Obj::Range { from, to, exclusive }) = self.object(value) else { return Ok(Vec::new()) };
        let (from, to, exclusive) = (*from, *to, *exclusive);
        match (from, to) {
            (Val::Int(from), Val::Int(to)) => self.between(from, if exclusive { to.saturating_sub(1) } else { to }, 1),
            (Val::Int(from), Val::Float(to)) if to.is_finite() => self.between(from, to.floor() as i64, 1),
            (Val::Ref(_), Val::Ref(_)) => {
                let all = self.send(from, Method::Upto, vec![to], None)?;
                let mut items = self.array(all).unwrap_or_default();
                if exclusive {
                    items.pop();
                }
                Ok(items)
            }
            _ => Err(self.type_error(format!("can't iterate from {}", self.class_name(from)))),
        }
    }

    pub(super) fn of_range(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        use Method::*;
        let Some(Obj::Range { from, to, exclusive }) = self.object(value) else { return Ok(None) };
        let (from, to, exclusive) = (*from, *to, *exclusive);
        let first = args.first().copied().unwrap_or(Val::Nil);
        match method {
            Begin => Ok(Some(from)),
            First | Min if args.is_empty() && block.is_none() => Ok(Some(from)),
            End => Ok(Some(to)),
            Last | Max if args.is_empty() && block.is_none() && !exclusive => Ok(Some(to)),
            ExcludeEnd => Ok(Some(Val::Bool(exclusive))),
            Include | Member | Cover | CaseEq => {
                let above = from.is_nil() || self.compare(from, first).is_some_and(|order| order.is_le());
                let below = to.is_nil()
                    || self
                        .compare(first, to)
                        .is_some_and(|order| if exclusive { order.is_lt() } else { order.is_le() });
                Ok(Some(Val::Bool(above && below)))
            }
            Size | Length | Last | Max | Join | Reverse => {
                let items = self.range_items(value)?;
                let list = self.list(items)?;
                self.of_array(list, method, args, block)
            }
            Step | Rem => {
                let (start, end) = (self.want_int(from)?, self.want_int(to)?);
                let numbers = self.between(start, if exclusive { end - 1 } else { end }, self.want_int(first)?)?;
                match block {
                    None => self.list(numbers).map(Some),
                    Some(block) => {
                        for number in numbers {
                            self.yields(block, vec![number])?;
                        }
                        Ok(Some(value))
                    }
                }
            }
            _ => self.enumerable(value, method, args, block),
        }
    }
}

/// The methods that `enumerable` has: no copy is made for them here.
fn is_walk(method: Method) -> bool {
    matches!(method, Method::Each | Method::Map | Method::Select | Method::EachWithIndex | Method::Join)
}

/// The place of an index that may count from the end.
fn place(at: i64, len: usize) -> Option<usize> {
    let at = if at < 0 { at + len as i64 } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

fn gentle(method: Method) -> Option<Method> {
    use Method::*;
    Some(match method {
        MapB | CollectB => Map,
        SelectB | FilterB | KeepIf => Select,
        RejectB | DeleteIf => Reject,
        SortB => Sort,
        SortByB => SortBy,
        UniqB => Uniq,
        CompactB => Compact,
        FlattenB => Flatten,
        ReverseB => Reverse,
        _ => return None,
    })
}
