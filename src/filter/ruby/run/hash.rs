//! Hashes.

use super::super::names::{Constant, Method};
use super::super::value::{Obj, Table, Val};
use super::{Answer, Done, Given, Machine};

impl Machine<'_, '_, '_> {
    fn table(&self, value: Val) -> Option<&Table> {
        match self.object(value) {
            Some(Obj::Hash(table)) => Some(table),
            _ => None,
        }
    }

    fn table_mut(&mut self, value: Val) -> Option<&mut Table> {
        match value {
            Val::Ref(at) => match self.heap.get_mut(at) {
                Obj::Hash(table) => Some(table),
                _ => None,
            },
            _ => None,
        }
    }

    fn hash(&mut self, table: Table) -> Done {
        Ok(self.heap.add(Obj::Hash(table))?)
    }

    pub(super) fn of_hash(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        if let Some(answer) = self.hash_asked(value, method, args, block)? {
            return Ok(Some(answer));
        }
        if let Some(answer) = self.hash_changed(value, method, args, block)? {
            return Ok(Some(answer));
        }
        if let Some(answer) = self.hash_made(value, method, args, block)? {
            return Ok(Some(answer));
        }
        self.enumerable(value, method, args, block)
    }

    fn hash_asked(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        use Method::*;
        let Some(table) = self.table(value) else { return Ok(None) };
        let first = args.first().copied().unwrap_or(Val::Nil);
        Ok(Some(match method {
            Index => self.looked_up(value, first)?,
            Length | Size => Val::Int(table.entries.len() as i64),
            Count if args.is_empty() && block.is_none() => Val::Int(table.entries.len() as i64),
            Empty => Val::Bool(table.entries.is_empty()),
            Any if args.is_empty() && block.is_none() => Val::Bool(!table.entries.is_empty()),
            IsKey | HasKey | Include | Member => Val::Bool(table.entries.contains_key(&self.key(first))),
            IsValue | HasValue => Val::Bool(table.entries.values().any(|value| self.equal(*value, first))),
            Key => match table.entries.iter().find(|(_, value)| self.equal(**value, first)).map(|(key, _)| key.clone())
            {
                Some(key) => self.key_value(&key)?,
                None => Val::Nil,
            },
            Keys => {
                let keys: Vec<_> = table.entries.keys().cloned().collect();
                let keys = keys.iter().map(|key| self.key_value(key)).collect::<Done<Vec<_>>>()?;
                self.list(keys)?
            }
            Values => self.list(table.entries.values().copied().collect())?,
            ValuesAt | FetchValues => {
                let values = args.iter().map(|key| self.looked_up(value, *key)).collect::<Done<Vec<_>>>()?;
                self.list(values)?
            }
            Dig => {
                let item = self.looked_up(value, first)?;
                if args.len() < 2 || item.is_nil() { item } else { self.send(item, Dig, args[1..].to_vec(), None)? }
            }
            Fetch => match (table.entries.get(&self.key(first)).copied(), args.get(1), block) {
                (Some(found), ..) => found,
                (None, _, Some(block)) => self.yields(block, vec![first])?,
                (None, Some(default), _) => *default,
                _ => return Err(self.raise(Constant::KeyError, format!("key not found: {}", self.inspect(first)))),
            },
            Default => {
                table.default.filter(|default| !matches!(self.object(*default), Some(Obj::Proc(_)))).unwrap_or(Val::Nil)
            }
            ToH | ToHash if block.is_none() => value,
            _ => return Ok(None),
        }))
    }

    /// `hash[key]`, or what the hash gives instead.
    fn looked_up(&mut self, value: Val, key: Val) -> Done {
        let Some(table) = self.table(value) else { return Ok(Val::Nil) };
        if let Some(found) = table.entries.get(&self.key(key)) {
            return Ok(*found);
        }
        match table.default {
            Some(default) if matches!(self.object(default), Some(Obj::Proc(_))) => {
                self.call_value(default, vec![value, key])
            }
            Some(default) => Ok(default),
            None => Ok(Val::Nil),
        }
    }

    fn hash_changed(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        use Method::*;
        let first = args.first().copied().unwrap_or(Val::Nil);
        let key = self.key(first);
        match method {
            SetIndex | Store => {
                let item = args.get(1).copied().unwrap_or(Val::Nil);
                self.heap.charge(96)?;
                if let Some(table) = self.table_mut(value) {
                    table.entries.insert(key, item);
                }
                Ok(Some(item))
            }
            Delete => {
                let removed = self.table_mut(value).and_then(|table| table.entries.shift_remove(&key));
                match (removed, block) {
                    (None, Some(block)) => self.yields(block, vec![first]).map(Some),
                    (removed, _) => Ok(Some(removed.unwrap_or(Val::Nil))),
                }
            }
            Clear => {
                if let Some(table) = self.table_mut(value) {
                    table.entries.clear();
                }
                Ok(Some(value))
            }
            Shift => {
                let Some((key, item)) = self.table_mut(value).and_then(|table| table.entries.shift_remove_index(0))
                else {
                    return Ok(Some(Val::Nil));
                };
                let key = self.key_value(&key)?;
                self.list(vec![key, item]).map(Some)
            }
            SetDefault => {
                if let Some(table) = self.table_mut(value) {
                    table.default = Some(first);
                }
                Ok(Some(first))
            }
            MergeB | Update | Replace | RejectB | DeleteIf | SelectB | FilterB | KeepIf | TransformValuesB
            | TransformKeysB | CompactB => {
                let Some(gentle) = gentle(method) else { return Ok(None) };
                let made =
                    if method == Replace { first } else { self.send(value, gentle, args.to_vec(), block.cloned())? };
                let entries = self.table(made).map(|table| table.entries.clone()).unwrap_or_default();
                let tells = matches!(method, RejectB | SelectB | FilterB | CompactB);
                let before = self.table(value).map_or(0, |table| table.entries.len());
                let changed = entries.len() != before;
                self.heap.charge(entries.len() * 96)?;
                if let Some(table) = self.table_mut(value) {
                    table.entries = entries;
                }
                Ok(Some(if tells && !changed { Val::Nil } else { value }))
            }
            _ => Ok(None),
        }
    }

    /// Other hashes, made of this one, and going through it by key or by value.
    fn hash_made(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        use Method::*;
        const MADE: &[Method] = &[
            Merge,
            Select,
            Filter,
            Reject,
            TransformValues,
            TransformKeys,
            Invert,
            Slice,
            Except,
            Compact,
            EachKey,
            EachValue,
            Min,
            Max,
            Partition,
            FilterMap,
            SortBy,
        ];
        if !MADE.contains(&method) {
            return Ok(None);
        }
        let entries = self.table(value).map(|table| table.entries.clone()).unwrap_or_default();
        self.step(entries.len() as u64)?;
        let mut made = Table::default();
        match (method, block) {
            (Merge, _) => {
                made.entries = entries;
                for other in args {
                    self.merge(&mut made, *other, block)?;
                }
            }
            (Select | Filter | Reject, Some(block)) => {
                for (key, item) in entries {
                    let shown = self.key_value(&key)?;
                    let holds = self.yields_pair(block, shown, item)?.is_true();
                    if holds != (method == Reject) {
                        made.entries.insert(key, item);
                    }
                }
            }
            (TransformValues, Some(block)) => {
                for (key, item) in entries {
                    let item = self.yields(block, vec![item])?;
                    made.entries.insert(key, item);
                }
            }
            (TransformKeys, block) => {
                let names = args.first().copied();
                for (key, item) in entries {
                    let shown = self.key_value(&key)?;
                    let renamed = match (names, block) {
                        (Some(names), _) => {
                            match self.table(names).and_then(|table| table.entries.get(&key)).copied() {
                                Some(name) => name,
                                None => shown,
                            }
                        }
                        (None, Some(block)) => self.yields(block, vec![shown])?,
                        _ => shown,
                    };
                    made.entries.insert(self.key(renamed), item);
                }
            }
            (Invert, _) => {
                for (key, item) in entries {
                    let item = self.key(item);
                    made.entries.insert(item, self.key_value(&key)?);
                }
            }
            (Slice | Except, _) => {
                let wanted: Vec<_> = args.iter().map(|key| self.key(*key)).collect();
                made.entries =
                    entries.into_iter().filter(|(key, _)| wanted.contains(key) == (method == Slice)).collect();
            }
            (Compact, _) => made.entries = entries.into_iter().filter(|(_, item)| !item.is_nil()).collect(),
            (EachKey | EachValue, Some(block)) => {
                for (key, item) in entries {
                    let shown = if method == EachKey { self.key_value(&key)? } else { item };
                    self.yields(block, vec![shown])?;
                }
                return Ok(Some(value));
            }
            _ => return Ok(None),
        }
        self.hash(made).map(Some)
    }

    fn yields_pair(&mut self, block: &Given, key: Val, item: Val) -> Done {
        self.yields(block, vec![key, item])
    }

    fn merge(&mut self, made: &mut Table, other: Val, block: Option<&Given>) -> Done<()> {
        let Some(more) = self.table(other).map(|table| table.entries.clone()) else {
            return Err(self.type_error(format!("no implicit conversion of {} into Hash", self.class_name(other))));
        };
        for (key, item) in more {
            let item = match (made.entries.get(&key).copied(), block) {
                (Some(there), Some(block)) => {
                    let shown = self.key_value(&key)?;
                    self.yields(block, vec![shown, there, item])?
                }
                _ => item,
            };
            made.entries.insert(key, item);
        }
        Ok(())
    }

    /// `Hash.new(default)` and `Hash.new { |hash, key| … }`.
    pub(super) fn new_hash(&mut self, args: &[Val], block: Option<&Given>) -> Done {
        let default = match (args.first(), block) {
            (_, Some(Given::Closure(closure))) => Some(self.heap.add(Obj::Proc(closure.clone()))?),
            (default, _) => default.copied(),
        };
        self.hash(Table { default, ..Table::default() })
    }
}

fn gentle(method: Method) -> Option<Method> {
    use Method::*;
    Some(match method {
        MergeB | Update => Merge,
        RejectB | DeleteIf => Reject,
        SelectB | FilterB | KeepIf => Select,
        TransformValuesB => TransformValues,
        TransformKeysB => TransformKeys,
        CompactB => Compact,
        Replace => Itself,
        _ => return None,
    })
}
