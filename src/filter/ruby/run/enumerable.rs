//! What arrays, hashes and ranges have in common: going through items, one after the other.

use super::super::names::{Constant, Method};
use super::super::value::{Obj, Table, Val};
use super::{Answer, Done, Flow, Given, Machine};
use std::cmp::Ordering;

impl Machine<'_, '_, '_> {
    /// The items that a collection is gone through by: a hash gives pairs.
    pub(super) fn items(&mut self, value: Val) -> Done<Vec<Val>> {
        let pairs = match self.object(value) {
            Some(Obj::Array(items)) => return Ok(items.clone()),
            Some(Obj::Hash(table)) => table.entries.clone(),
            Some(Obj::Range { .. }) => return self.range_items(value),
            Some(Obj::Enumerator { receiver, method, arg }) => {
                let (receiver, method, arg) = (*receiver, *method, *arg);
                return self.enumerated(receiver, method, arg);
            }
            _ => {
                return Err(self.raise(
                    Constant::NoMethodError,
                    format!("undefined method `each' for an instance of {}", self.class_name(value)),
                ));
            }
        };
        self.step(pairs.len() as u64)?;
        pairs
            .iter()
            .map(|(key, value)| {
                let key = self.key_value(key)?;
                self.list(vec![key, *value])
            })
            .collect()
    }

    /// What an enumerator goes through.
    fn enumerated(&mut self, receiver: Val, method: Method, arg: Val) -> Done<Vec<Val>> {
        let items = self.items(receiver)?;
        let size = |machine: &Self| machine.want_int(arg).map(|size| size.clamp(1, 1 << 30) as usize);
        match method {
            Method::EachWithIndex => {
                items.into_iter().enumerate().map(|(at, item)| self.list(vec![item, Val::Int(at as i64)])).collect()
            }
            Method::EachSlice => {
                let size = size(self)?;
                items.chunks(size).map(|part| self.list(part.to_vec())).collect()
            }
            Method::EachCons => {
                let size = size(self)?;
                items.windows(size).map(|part| self.list(part.to_vec())).collect()
            }
            Method::ReverseEach => Ok(items.into_iter().rev().collect()),
            Method::EachIndex => Ok((0..items.len() as i64).map(Val::Int).collect()),
            _ => Ok(items),
        }
    }

    pub(super) fn of_enumerator(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        let Some(Obj::Enumerator { receiver, method: inner, arg }) = self.object(value) else { return Ok(None) };
        let (receiver, inner, arg) = (*receiver, *inner, *arg);
        if let (Method::WithIndex | Method::EachWithIndex | Method::WithObject, Some(block)) = (method, block) {
            let first = args.first().copied().unwrap_or(Val::Nil);
            let with = if method == Method::WithObject {
                Given::With(Box::new(block.clone()), first)
            } else {
                self.counters.push(if first.is_nil() { 0 } else { self.want_int(first)? });
                Given::Indexed(Box::new(block.clone()), self.counters.len() - 1)
            };
            let inner_args = if arg.is_nil() { Vec::new() } else { vec![arg] };
            let result = self.send(receiver, inner, inner_args, Some(with))?;
            return Ok(Some(if method == Method::WithObject { first } else { result }));
        }
        let items = self.items(value)?;
        let list = self.list(items)?;
        if method == Method::WithIndex {
            let pairs =
                self.heap.add(Obj::Enumerator { receiver: list, method: Method::EachWithIndex, arg: Val::Nil })?;
            return Ok(Some(pairs));
        }
        self.of_array(list, method, args, block)
    }

    /// Methods that go through items with a block; `None` if the method is none of these.
    pub(super) fn enumerable(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        use Method::*;
        const LOOPS: &[Method] = &[
            Each,
            EachEntry,
            EachWithIndex,
            EachIndex,
            ReverseEach,
            EachSlice,
            EachCons,
            Map,
            Collect,
            FlatMap,
            CollectConcat,
            Select,
            Filter,
            FindAll,
            Reject,
            FilterMap,
            GroupBy,
            EachPair,
        ];
        let Some(block) = block else {
            if LOOPS.contains(&method) {
                let arg = args.first().copied().unwrap_or(Val::Nil);
                return Ok(Some(self.heap.add(Obj::Enumerator { receiver: value, method, arg })?));
            }
            return self.gathered(value, method, args);
        };
        let items = self.items(value)?;
        self.step(items.len() as u64)?;
        match method {
            Each | EachEntry | EachWithIndex | EachIndex | ReverseEach | EachSlice | EachCons | EachWithObject
            | EachPair => self.each(value, items, method, args, block),
            Map | Collect | FlatMap | CollectConcat | FilterMap | Select | Filter | FindAll | Reject | TakeWhile
            | DropWhile | Partition => self.mapped(items, method, block),
            Find | Detect | FindIndex | IndexOf | Any | All | NoneOf | One | Count => {
                self.sought(items, method, args, block)
            }
            Inject | Reduce => self.folded(items, args, Some(block)),
            Sum | MinBy | MaxBy | SortBy | Min | Max | Sort | Uniq => self.weighed(items, method, args, block),
            GroupBy | Tally | ToH | Zip | EachKey | ChunkWhile | SliceWhen => self.grouped(items, method, block),
            _ => self.gathered(value, method, args),
        }
    }

    fn each(&mut self, value: Val, items: Vec<Val>, method: Method, args: &[Val], block: &Given) -> Answer {
        let arg = args.first().copied().unwrap_or(Val::Nil);
        match method {
            Method::EachWithIndex => {
                for (at, item) in items.into_iter().enumerate() {
                    self.yields(block, vec![item, Val::Int(at as i64)])?;
                }
            }
            Method::EachWithObject => {
                for item in items {
                    self.yields(block, vec![item, arg])?;
                }
                return Ok(Some(arg));
            }
            Method::EachIndex | Method::ReverseEach | Method::EachSlice | Method::EachCons => {
                for item in self.enumerated(value, method, arg)? {
                    self.yields(block, vec![item])?;
                }
            }
            _ => {
                for item in items {
                    self.yields(block, vec![item])?;
                }
            }
        }
        Ok(Some(value))
    }

    fn mapped(&mut self, items: Vec<Val>, method: Method, block: &Given) -> Answer {
        use Method::*;
        let (mut kept, mut rest, mut going) = (Vec::new(), Vec::new(), true);
        for item in items {
            if method == DropWhile && !going {
                kept.push(item);
                continue;
            }
            let result = self.yields(block, vec![item])?;
            let holds = result.is_true();
            match method {
                Map | Collect => kept.push(result),
                FlatMap | CollectConcat => match self.array(result) {
                    Some(items) => kept.extend(items),
                    None => kept.push(result),
                },
                FilterMap if holds => kept.push(result),
                Select | Filter | FindAll if holds => kept.push(item),
                Reject if !holds => kept.push(item),
                Partition if holds => kept.push(item),
                Partition => rest.push(item),
                TakeWhile if holds => kept.push(item),
                TakeWhile => break,
                DropWhile if !holds => {
                    going = false;
                    kept.push(item);
                }
                _ => {}
            }
        }
        let kept = self.list(kept)?;
        if method != Partition {
            return Ok(Some(kept));
        }
        let rest = self.list(rest)?;
        self.list(vec![kept, rest]).map(Some)
    }

    fn sought(&mut self, items: Vec<Val>, method: Method, args: &[Val], block: &Given) -> Answer {
        use Method::*;
        if let (Some(wanted), Any | All | NoneOf | One | Count | IndexOf | FindIndex) = (args.first(), method) {
            return self.compared(&items, method, *wanted).map(Some);
        }
        let mut count = 0;
        for (at, item) in items.into_iter().enumerate() {
            let holds = self.yields(block, vec![item])?.is_true();
            count += i64::from(holds);
            match method {
                Find | Detect if holds => return Ok(Some(item)),
                FindIndex | IndexOf if holds => return Ok(Some(Val::Int(at as i64))),
                Any if holds => return Ok(Some(Val::Bool(true))),
                All if !holds => return Ok(Some(Val::Bool(false))),
                NoneOf if holds => return Ok(Some(Val::Bool(false))),
                _ => {}
            }
        }
        Ok(Some(match method {
            Any => Val::Bool(false),
            All | NoneOf => Val::Bool(true),
            One => Val::Bool(count == 1),
            Count => Val::Int(count),
            _ => Val::Nil,
        }))
    }

    /// `any?(x)`, `count(x)` and so on: items that are `=== x`.
    fn compared(&mut self, items: &[Val], method: Method, wanted: Val) -> Done {
        let mut places = Vec::new();
        for (at, item) in items.iter().enumerate() {
            if self.case_equal(wanted, *item)? {
                places.push(at as i64);
            }
        }
        Ok(match method {
            Method::Any => Val::Bool(!places.is_empty()),
            Method::All => Val::Bool(places.len() == items.len()),
            Method::NoneOf => Val::Bool(places.is_empty()),
            Method::One => Val::Bool(places.len() == 1),
            Method::Count => Val::Int(places.len() as i64),
            _ => places.first().map_or(Val::Nil, |at| Val::Int(*at)),
        })
    }

    fn folded(&mut self, items: Vec<Val>, args: &[Val], block: Option<&Given>) -> Answer {
        let (start, operator) = match (args, block) {
            ([start], Some(_)) => (Some(*start), None),
            ([operator], None) => (None, Some(*operator)),
            ([start, operator], None) => (Some(*start), Some(*operator)),
            _ => (None, None),
        };
        let operator = match operator {
            Some(operator) => {
                let name = self.name(operator).unwrap_or_default();
                Some(
                    Method::of(name)
                        .ok_or_else(|| self.raise(Constant::NoMethodError, format!("undefined method `{name}'")))?,
                )
            }
            None => None,
        };
        let mut items = items.into_iter();
        let Some(mut total) = start.or_else(|| items.next()) else { return Ok(Some(Val::Nil)) };
        for item in items {
            total = match (operator, block) {
                (Some(operator), _) => self.send(total, operator, vec![item], None)?,
                (None, Some(block)) => self.yields(block, vec![total, item])?,
                (None, None) => return Err(self.raise(Constant::LocalJumpError, "no block given")),
            };
        }
        Ok(Some(total))
    }

    /// What needs a number or a rank from the block.
    fn weighed(&mut self, items: Vec<Val>, method: Method, args: &[Val], block: &Given) -> Answer {
        use Method::*;
        match method {
            Sum => {
                let mut total = args.first().copied().unwrap_or(Val::Int(0));
                for item in items {
                    let value = self.yields(block, vec![item])?;
                    total = self.send(total, Add, vec![value], None)?;
                }
                Ok(Some(total))
            }
            Sort | Min | Max => {
                let mut sorted = items;
                self.sort(&mut sorted, Some(block))?;
                self.end_of(sorted, method, args).map(Some)
            }
            _ => {
                let mut ranked = Vec::with_capacity(items.len());
                for item in items {
                    ranked.push((self.yields(block, vec![item])?, item));
                }
                if method == Uniq {
                    let mut seen = std::collections::HashSet::new();
                    ranked.retain(|(rank, _)| seen.insert(self.key(*rank)));
                } else {
                    self.sort_ranked(&mut ranked)?;
                }
                let sorted: Vec<Val> = ranked.into_iter().map(|(_, item)| item).collect();
                self.end_of(sorted, method, args).map(Some)
            }
        }
    }

    /// The first or last of sorted items, or all.
    fn end_of(&mut self, mut sorted: Vec<Val>, method: Method, args: &[Val]) -> Done {
        let from_end = matches!(method, Method::Max | Method::MaxBy);
        if !matches!(method, Method::Min | Method::MinBy) && !from_end {
            return self.list(sorted);
        }
        if from_end {
            sorted.reverse();
        }
        match args.first() {
            Some(count) => {
                sorted.truncate(self.want_int(*count)?.max(0) as usize);
                self.list(sorted)
            }
            None => Ok(sorted.first().copied().unwrap_or(Val::Nil)),
        }
    }

    fn sort_ranked(&mut self, ranked: &mut [(Val, Val)]) -> Done<()> {
        self.step(ranked.len() as u64 * 4)?;
        let mut failed = None;
        ranked.sort_by(|(left, _), (right, _)| {
            self.compare(*left, *right).unwrap_or_else(|| {
                failed = Some((*right, *left));
                Ordering::Equal
            })
        });
        self.sorted(failed)
    }

    fn sorted(&self, failed: Option<(Val, Val)>) -> Done<()> {
        match failed {
            None => Ok(()),
            Some((left, right)) => {
                let shown =
                    if let Val::Ref(_) = right { self.class_name(right).to_owned() } else { self.inspect(right) };
                let text = format!("comparison of {} with {shown} failed", self.class_name(left));
                Err(self.argument_error(text))
            }
        }
    }

    /// Sorts by `<=>`, or by what a block says.
    pub(super) fn sort(&mut self, items: &mut Vec<Val>, block: Option<&Given>) -> Done<()> {
        let Some(block) = block else {
            let mut ranked: Vec<(Val, Val)> = items.iter().map(|item| (*item, *item)).collect();
            self.sort_ranked(&mut ranked)?;
            *items = ranked.into_iter().map(|(_, item)| item).collect();
            return Ok(());
        };
        // A block may be inconsistent or fail: a merge sort of our own always ends.
        let mut width = 1;
        while width < items.len() {
            let mut merged = Vec::with_capacity(items.len());
            for pair in items.chunks(width * 2) {
                let (left, right) = pair.split_at(width.min(pair.len()));
                self.merge_sorted(left, right, block, &mut merged)?;
            }
            *items = merged;
            width *= 2;
        }
        Ok(())
    }

    fn merge_sorted(&mut self, left: &[Val], right: &[Val], block: &Given, out: &mut Vec<Val>) -> Done<()> {
        let (mut left, mut right) = (left.iter().copied().peekable(), right.iter().copied().peekable());
        while let (Some(a), Some(b)) = (left.peek().copied(), right.peek().copied()) {
            let order = self.yields(block, vec![a, b])?;
            let Val::Int(order) = order else {
                return Err(self.argument_error("comparison failed: the block gave no number"));
            };
            out.push(if order <= 0 { left.next().unwrap_or(a) } else { right.next().unwrap_or(b) });
        }
        out.extend(left);
        out.extend(right);
        Ok(())
    }

    fn grouped(&mut self, items: Vec<Val>, method: Method, block: &Given) -> Answer {
        let mut table = Table::default();
        let (mut parts, mut part): (Vec<Val>, Vec<Val>) = (Vec::new(), Vec::new());
        for item in items {
            match method {
                Method::GroupBy => {
                    let key = self.yields(block, vec![item])?;
                    let key = self.key(key);
                    let group = match table.entries.get(&key) {
                        Some(group) => *group,
                        None => self.list(Vec::new())?,
                    };
                    self.push(group, item)?;
                    table.entries.insert(key, group);
                }
                Method::ToH => {
                    let pair = self.yields(block, vec![item])?;
                    self.put_pair(&mut table, pair)?;
                }
                Method::ChunkWhile | Method::SliceWhen => {
                    if let Some(last) = part.last().copied() {
                        let result = self.yields(block, vec![last, item])?.is_true();
                        if result == (method == Method::SliceWhen) {
                            parts.push(self.list(std::mem::take(&mut part))?);
                        }
                    }
                    part.push(item);
                }
                _ => return Ok(None),
            }
        }
        if matches!(method, Method::ChunkWhile | Method::SliceWhen) {
            if !part.is_empty() {
                parts.push(self.list(part)?);
            }
            return self.list(parts).map(Some);
        }
        Ok(Some(self.heap.add(Obj::Hash(table))?))
    }

    pub(super) fn put_pair(&mut self, table: &mut Table, pair: Val) -> Done<()> {
        match self.array(pair).as_deref() {
            Some([key, value]) => {
                table.entries.insert(self.key(*key), *value);
                Ok(())
            }
            _ => Err(self.type_error(format!("wrong element type {} (expected array)", self.class_name(pair)))),
        }
    }

    pub(super) fn push(&mut self, list: Val, item: Val) -> Result<(), Flow> {
        self.heap.charge(32)?;
        if let Val::Ref(at) = list
            && let Obj::Array(items) = self.heap.get_mut(at)
        {
            items.push(item);
        }
        Ok(())
    }

    /// Methods of collections that need no block.
    fn gathered(&mut self, value: Val, method: Method, args: &[Val]) -> Answer {
        use Method::*;
        let items = self.items(value)?;
        self.step(items.len() as u64)?;
        let first = args.first().copied();
        Ok(Some(match (method, first) {
            (ToA | Entries | ToSet, _) => self.list(items)?,
            (Count, None) => Val::Int(items.len() as i64),
            (Any, None) => Val::Bool(items.iter().any(|item| item.is_true())),
            (All, None) => Val::Bool(items.iter().all(|item| item.is_true())),
            (NoneOf, None) => Val::Bool(!items.iter().any(|item| item.is_true())),
            (One, None) => Val::Bool(items.iter().filter(|item| item.is_true()).count() == 1),
            (Count | Any | All | NoneOf | One | FindIndex, Some(wanted)) => self.compared(&items, method, wanted)?,
            (Include | Member, Some(wanted)) => Val::Bool(items.iter().any(|item| self.equal(*item, wanted))),
            (First, None) => items.first().copied().unwrap_or(Val::Nil),
            (First | Take, Some(count)) => {
                let count = self.want_int(count)?.max(0) as usize;
                self.list(items.into_iter().take(count).collect())?
            }
            (Drop, Some(count)) => {
                let count = self.want_int(count)?.max(0) as usize;
                self.list(items.into_iter().skip(count).collect())?
            }
            (Sum, start) => {
                let mut total = start.unwrap_or(Val::Int(0));
                for item in items {
                    total = self.send(total, Add, vec![item], None)?;
                }
                total
            }
            (Inject | Reduce, _) => return self.folded(items, args, None),
            (Min | Max | Sort, _) => {
                let mut sorted = items;
                self.sort(&mut sorted, None)?;
                self.end_of(sorted, method, args)?
            }
            (Minmax, _) => {
                let mut sorted = items;
                self.sort(&mut sorted, None)?;
                let ends = [sorted.first(), sorted.last()].map(|end| end.copied().unwrap_or(Val::Nil));
                self.list(ends.to_vec())?
            }
            (Uniq, _) => {
                let mut seen = std::collections::HashSet::new();
                let kept = items.into_iter().filter(|item| seen.insert(self.key(*item))).collect();
                self.list(kept)?
            }
            (Tally, _) => {
                let mut table = Table::default();
                for item in items {
                    let count = table.entries.entry(self.key(item)).or_insert(Val::Int(0));
                    if let Val::Int(number) = count {
                        *number += 1;
                    }
                }
                self.heap.add(Obj::Hash(table))?
            }
            (ToH, _) => {
                let mut table = Table::default();
                for item in items {
                    self.put_pair(&mut table, item)?;
                }
                self.heap.add(Obj::Hash(table))?
            }
            (Zip, Some(_)) => {
                let others = args.iter().map(|other| self.items(*other)).collect::<Done<Vec<_>>>()?;
                let mut rows = Vec::with_capacity(items.len());
                for (at, item) in items.into_iter().enumerate() {
                    let mut row = vec![item];
                    row.extend(others.iter().map(|other| other.get(at).copied().unwrap_or(Val::Nil)));
                    rows.push(self.list(row)?);
                }
                self.list(rows)?
            }
            (Join, _) => return self.joined(value, items, first),
            _ => return Ok(None),
        }))
    }

    fn joined(&mut self, _value: Val, items: Vec<Val>, by: Option<Val>) -> Answer {
        let by = match by {
            None | Some(Val::Nil) => String::new(),
            Some(by) => self.want_text(by)?,
        };
        let mut out = String::new();
        self.join_into(&items, &by, &mut out, 0)?;
        self.str(out).map(Some)
    }

    fn join_into(&mut self, items: &[Val], by: &str, out: &mut String, depth: u32) -> Done<()> {
        if depth > 20 {
            return Err(self.argument_error("recursive array join"));
        }
        for (at, item) in items.iter().enumerate() {
            out.push_str(if at > 0 { by } else { "" });
            match self.array(*item) {
                Some(inner) => self.join_into(&inner, by, out, depth + 1)?,
                None => out.push_str(&self.to_s(*item)),
            }
            self.heap.charge(by.len())?;
        }
        Ok(())
    }
}
