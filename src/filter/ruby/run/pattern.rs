//! Strings and patterns: searching, replacing, splitting, slicing; regular expressions and their matches.

use super::super::names::{Constant, Method};
use super::super::value::{Found, Key, Obj, Table, Val};
use super::{Answer, Done, Given, Machine};
use crate::filter::ruby_regex::{Captures, Replacement, RubyRegex};
use std::sync::Arc;

/// Where something matched: start and end in bytes.
type Span = (usize, usize);

/// What to look for: an expression or a text.
enum Needle {
    Regex(Arc<RubyRegex>),
    Text(String),
}

impl Machine<'_, '_, '_> {
    fn needle(&self, value: Val) -> Done<Needle> {
        match self.object(value) {
            Some(Obj::Regex(regex)) => Ok(Needle::Regex(Arc::clone(regex))),
            Some(Obj::Str(text)) => Ok(Needle::Text(text.clone())),
            _ => Err(self.type_error(format!("wrong argument type {} (expected Regexp)", self.class_name(value)))),
        }
    }

    fn regex_of(&self, value: Val) -> Done<Arc<RubyRegex>> {
        match self.needle(value)? {
            Needle::Regex(regex) => Ok(regex),
            Needle::Text(text) => match RubyRegex::new(&text) {
                Ok(regex) => Ok(Arc::new(regex)),
                Err(bad) => Err(self.raise(Constant::RegexpError, bad.text)),
            },
        }
    }

    /// The first match at or behind `from`; it becomes `$~`.
    fn search(&mut self, regex: &Arc<RubyRegex>, text: &str, from: usize) -> Done<Option<Span>> {
        self.step(1 + text.len() as u64 / 16)?;
        let mut captures = Captures::default();
        let found = regex.captures(text, from, &mut captures);
        let found = found.map_err(|_| self.raise(Constant::RegexpError, "the search took too many steps"))?;
        if !found {
            self.found = None;
            return Ok(None);
        }
        let spans: Vec<Option<Span>> = (0..=regex.groups().len()).map(|group| captures.get(group)).collect();
        let whole = spans.first().copied().flatten();
        self.heap.charge(text.len())?;
        self.found = Some(Arc::new(Found { text: text.to_owned(), spans, regex: Arc::clone(regex) }));
        Ok(whole)
    }

    fn seek(&mut self, needle: &Needle, text: &str, from: usize) -> Done<Option<Span>> {
        match needle {
            Needle::Regex(regex) => self.search(regex, text, from),
            Needle::Text(word) => {
                self.step(1)?;
                Ok(text[from..].find(word.as_str()).map(|at| (from + at, from + at + word.len())))
            }
        }
    }

    pub(super) fn by_pattern(
        &mut self,
        value: Val,
        text: &str,
        method: Method,
        args: &[Val],
        block: Option<&Given>,
    ) -> Answer {
        use Method::*;
        let first = args.first().copied().unwrap_or(Val::Nil);
        Ok(Some(match method {
            Match | MatchM | IsMatch => return self.matched(first, text, method),
            Include | Member => Val::Bool(text.contains(&self.want_text(first)?)),
            StartWith | EndWith => self.begins(text, method, args)?,
            Gsub | Subst => {
                let text = self.replaced(text, args, block, method == Gsub)?;
                self.str(text)?
            }
            Scan => self.scan(value, text, first, block)?,
            Split => {
                let limit = args.get(1).map_or(Ok(0), |limit| self.want_int(*limit))?;
                let parts = self.split(text, args.first().copied(), limit)?;
                self.texts(parts)?
            }
            Index | Slice => self.sliced(text, args)?,
            SliceB => {
                let cut = self.sliced(text, args)?;
                if let Some(part) = self.text(cut).map(str::to_owned) {
                    self.write_slice(value, text, args, String::new())?;
                    return self.str(part).map(Some);
                }
                cut
            }
            SetIndex => {
                let Some((with, place)) = args.split_last() else { return Ok(None) };
                let part = self.want_text(*with)?;
                self.write_slice(value, text, place, part)?;
                *with
            }
            IndexOf | Rindex => self.index_of(text, method, args)?,
            Partition | Rpartition => self.partition(text, first, method == Partition)?,
            Lines | EachLine | Chars | EachChar | EachByte => return self.pieces_of(value, text, method, args, block),
            Count => Val::Int(
                (text.chars().count() - super::text::translated(text, &self.want_text(first)?, "").chars().count())
                    as i64,
            ),
            Upto => {
                let (end, mut at, mut all) = (self.want_text(first)?, text.to_owned(), Vec::new());
                while at.len() <= end.len() {
                    self.step(1)?;
                    all.push(at.clone());
                    if at == end {
                        break;
                    }
                    at = super::text::successor(&at);
                }
                let all = self.texts(all)?;
                return self.each_or(all, value, block);
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn texts(&mut self, texts: Vec<String>) -> Done {
        let items = texts.into_iter().map(|text| self.str(text)).collect::<Done<Vec<_>>>()?;
        self.list(items)
    }

    /// Yields the items of a list and gives back `value`; without a block, the list.
    fn each_or(&mut self, list: Val, value: Val, block: Option<&Given>) -> Answer {
        let Some(block) = block else { return Ok(Some(list)) };
        for item in self.array(list).unwrap_or_default() {
            self.yields(block, vec![item])?;
        }
        Ok(Some(value))
    }

    fn pieces_of(&mut self, value: Val, text: &str, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        let chomp = args.first().is_some_and(|options| matches!(self.object(*options), Some(Obj::Hash(_))));
        let list = match method {
            Method::Lines | Method::EachLine => {
                let end =
                    |line: &str| if chomp { line.trim_end_matches(['\n', '\r']).to_owned() } else { line.to_owned() };
                self.texts(text.split_inclusive('\n').map(end).collect())?
            }
            Method::EachByte => self.list(text.bytes().map(|byte| Val::Int(i64::from(byte))).collect())?,
            _ => self.texts(text.chars().map(String::from).collect())?,
        };
        self.each_or(list, value, block)
    }

    /// `=~` gives a place, `match` the match, `match?` whether there is one.
    fn matched(&mut self, pattern: Val, text: &str, method: Method) -> Answer {
        if pattern.is_nil() && method == Method::Match {
            return Ok(Some(Val::Nil));
        }
        let regex = self.regex_of(pattern)?;
        if method == Method::IsMatch {
            self.step(1 + text.len() as u64 / 16)?;
            return Ok(Some(Val::Bool(regex.is_match(text))));
        }
        let span = self.search(&regex, text, 0)?;
        Ok(Some(match (span, self.found.clone()) {
            (Some((from, _)), _) if method == Method::Match => Val::Int(text[..from].chars().count() as i64),
            (Some(_), Some(found)) => self.heap.add(Obj::Match(found))?,
            _ => Val::Nil,
        }))
    }

    fn begins(&mut self, text: &str, method: Method, args: &[Val]) -> Done {
        for arg in args {
            let holds = match self.needle(*arg)? {
                Needle::Text(word) if method == Method::StartWith => text.starts_with(&word),
                Needle::Text(word) => text.ends_with(&word),
                Needle::Regex(regex) => self.search(&regex, text, 0)?.is_some_and(|(from, _)| from == 0),
            };
            if holds {
                return Ok(Val::Bool(true));
            }
        }
        Ok(Val::Bool(false))
    }

    /// `gsub` and `sub`: with a text, a hash or a block.
    fn replaced(&mut self, text: &str, args: &[Val], block: Option<&Given>, all: bool) -> Done<String> {
        let needle = self.needle(args.first().copied().unwrap_or(Val::Nil))?;
        let with = args.get(1).copied();
        let template = with.and_then(|with| self.text(with)).map(Replacement::parse);
        if let (Needle::Regex(regex), Some(template), true) = (&needle, &template, all) {
            self.step(1 + text.len() as u64 / 8)?;
            let out = regex.replace_all(text, template).into_owned();
            self.heap.charge(out.len())?;
            return Ok(out);
        }
        let (mut out, mut copied, mut from) = (String::with_capacity(text.len()), 0, 0);
        while from <= text.len()
            && let Some((start, end)) = self.seek(&needle, text, from)?
        {
            out.push_str(&text[copied..start]);
            let put = self.replacement(&text[start..end], with, template.as_ref(), &needle, block)?;
            self.heap.charge(put.len())?;
            out.push_str(&put);
            copied = end;
            from = if end > start { end } else { end + text[end..].chars().next().map_or(1, char::len_utf8) };
            if !all {
                break;
            }
        }
        out.push_str(&text[copied..]);
        Ok(out)
    }

    fn replacement(
        &mut self,
        matched: &str,
        with: Option<Val>,
        template: Option<&Replacement>,
        needle: &Needle,
        block: Option<&Given>,
    ) -> Done<String> {
        if let (Some(template), Needle::Regex(regex)) = (template, needle) {
            return Ok(match self.found.clone() {
                // The match is replaced where it stands, so that look-around and anchors mean the same.
                Some(found) => template.fill(regex, &found.text, &|group| found.spans.get(group).copied().flatten()),
                None => String::new(),
            });
        }
        if let (Some(_), Some(with)) = (template, with) {
            return self.want_text(with);
        }
        if let Some(Obj::Hash(table)) = with.and_then(|with| self.object(with)) {
            let value = table.entries.get(&Key::Str(matched.into())).copied().unwrap_or(Val::Nil);
            return Ok(self.to_s(value));
        }
        let Some(block) = block else {
            return Err(self.argument_error("wrong number of arguments (given 1, expected 2)"));
        };
        let matched = self.str(matched)?;
        let value = self.yields(block, vec![matched])?;
        Ok(self.to_s(value))
    }

    fn scan(&mut self, value: Val, text: &str, pattern: Val, block: Option<&Given>) -> Done {
        let needle = self.needle(pattern)?;
        let (mut all, mut from) = (Vec::new(), 0);
        while from <= text.len()
            && let Some((start, end)) = self.seek(&needle, text, from)?
        {
            let groups = match (&needle, self.found.clone()) {
                (Needle::Regex(_), Some(found)) if found.spans.len() > 1 => Some(self.groups_of(&found)?),
                _ => None,
            };
            let item = match groups {
                Some(groups) => self.list(groups)?,
                None => self.str(&text[start..end])?,
            };
            match block {
                Some(block) => {
                    self.yields(block, vec![item])?;
                }
                None => all.push(item),
            }
            from = if end > start { end } else { end + text[end..].chars().next().map_or(1, char::len_utf8) };
        }
        if block.is_some() { Ok(value) } else { self.list(all) }
    }

    fn groups_of(&mut self, found: &Found) -> Done<Vec<Val>> {
        let group = |at| found.group(at).map(str::to_owned);
        (1..found.spans.len()).map(|at| group(at).map_or(Ok(Val::Nil), |text| self.str(text))).collect()
    }

    /// `split`: by blanks, a text or an expression, whose groups come with the parts.
    fn split(&mut self, text: &str, by: Option<Val>, limit: i64) -> Done<Vec<String>> {
        let needle = match by {
            None | Some(Val::Nil) => Needle::Text(" ".into()),
            Some(by) => self.needle(by)?,
        };
        let mut parts = match &needle {
            Needle::Text(blank) if blank == " " => blank_split(text, limit),
            needle => self.parted(text, needle, limit)?,
        };
        if limit == 0 {
            while parts.last().is_some_and(String::is_empty) {
                parts.pop();
            }
        }
        self.step(parts.len() as u64)?;
        Ok(parts)
    }

    fn parted(&mut self, text: &str, needle: &Needle, limit: i64) -> Done<Vec<String>> {
        let (mut parts, mut copied, mut from) = (Vec::new(), 0, 0);
        if text.is_empty() {
            return Ok(parts);
        }
        while (limit <= 0 || (parts.len() as i64) < limit - 1) && from < text.len() {
            let Some((start, end)) = self.seek(needle, text, from)? else { break };
            if start == end {
                // Between every two characters.
                let next = start + text[start..].chars().next().map_or(1, char::len_utf8);
                if next >= text.len() {
                    break;
                }
                if start > copied || start == from && next > copied {
                    let cut = if start > copied { start } else { next };
                    parts.push(text[copied..cut].to_owned());
                    copied = cut;
                }
                from = if copied > from { copied } else { next };
                continue;
            }
            parts.push(text[copied..start].to_owned());
            if let (Needle::Regex(_), Some(found)) = (needle, self.found.clone()) {
                parts.extend((1..found.spans.len()).filter_map(|group| found.group(group).map(str::to_owned)));
            }
            (copied, from) = (end, end);
        }
        parts.push(text[copied..].to_owned());
        Ok(parts)
    }

    /// Where `[…]` points, in bytes.
    fn slice_span(&mut self, text: &str, args: &[Val]) -> Done<Option<Span>> {
        let first = args.first().copied().unwrap_or(Val::Nil);
        let chars = |from: usize, count: usize| {
            let start = text.char_indices().nth(from).map_or(text.len(), |(at, _)| at);
            let end = text[start..].char_indices().nth(count).map_or(text.len(), |(at, _)| start + at);
            (start, end)
        };
        let len = text.chars().count();
        if let Some(Obj::Regex(regex)) = self.object(first) {
            let regex = Arc::clone(regex);
            let whole = self.search(&regex, text, 0)?;
            let Some(found) = self.found.clone().filter(|_| whole.is_some()) else { return Ok(None) };
            return match args.get(1) {
                None => Ok(whole),
                Some(group) => self.group_number(&found, *group).map(|group| found.spans.get(group).copied().flatten()),
            };
        }
        if let Some(word) = self.text(first) {
            return Ok(text.find(word).map(|at| (at, at + word.len())));
        }
        if let Some((from, count)) = self.range_in(first, len)? {
            return Ok(from.map(|from| chars(from, count)));
        }
        let at = self.want_int(first)?;
        let from = if at < 0 { at + len as i64 } else { at };
        let count = args.get(1).map_or(Ok(1), |count| self.want_int(*count))?;
        let inside = from >= 0 && count >= 0 && (from < len as i64 || from == len as i64 && args.len() > 1);
        Ok(inside.then(|| chars(from as usize, count as usize)))
    }

    fn sliced(&mut self, text: &str, args: &[Val]) -> Done {
        match self.slice_span(text, args)? {
            Some((from, to)) => self.str(&text[from..to]),
            None => Ok(Val::Nil),
        }
    }

    fn write_slice(&mut self, value: Val, text: &str, place: &[Val], part: String) -> Done<()> {
        let Some((from, to)) = self.slice_span(text, place)? else {
            return Err(self.raise(Constant::IndexError, "index out of string"));
        };
        let whole = format!("{}{part}{}", &text[..from], &text[to..]);
        self.heap.charge(whole.len())?;
        if let Val::Ref(at) = value {
            *self.heap.get_mut(at) = Obj::Str(whole);
        }
        Ok(())
    }

    fn group_number(&self, found: &Found, group: Val) -> Done<usize> {
        if let Some(name) = self.name(group) {
            let at = found.regex.groups().iter().position(|there| there.as_deref() == Some(name));
            return at
                .map(|at| at + 1)
                .ok_or_else(|| self.raise(Constant::IndexError, format!("undefined group name reference: {name}")));
        }
        let number = self.want_int(group)?;
        Ok(usize::try_from(if number < 0 { number + found.spans.len() as i64 } else { number }).unwrap_or(usize::MAX))
    }

    fn index_of(&mut self, text: &str, method: Method, args: &[Val]) -> Done {
        let needle = self.needle(args.first().copied().unwrap_or(Val::Nil))?;
        let from = args.get(1).map_or(Ok(0), |from| self.want_int(*from))?;
        let from = if from < 0 { from + text.chars().count() as i64 } else { from };
        let Ok(from) = usize::try_from(from) else { return Ok(Val::Nil) };
        let place = |at: usize| Val::Int(text[..at].chars().count() as i64);
        if method == Method::IndexOf {
            let start = text.char_indices().nth(from).map_or(text.len(), |(at, _)| at);
            return Ok(self.seek(&needle, text, start)?.map_or(Val::Nil, |(at, _)| place(at)));
        }
        let end = if args.len() > 1 { from } else { usize::MAX };
        let end = text.char_indices().nth(end).map_or(text.len(), |(at, char)| at + char.len_utf8());
        let (mut last, mut at) = (None, 0);
        while let Some((start, _)) = self.seek(&needle, text, at)?.filter(|(start, _)| *start < end.max(1)) {
            last = Some(start);
            at = start + text[start..].chars().next().map_or(1, char::len_utf8);
            if at > text.len() {
                break;
            }
        }
        Ok(last.map_or(Val::Nil, place))
    }

    fn partition(&mut self, text: &str, by: Val, from_left: bool) -> Done {
        let needle = self.needle(by)?;
        let (mut span, mut at) = (None, 0);
        while at <= text.len()
            && let Some(found) = self.seek(&needle, text, at)?
        {
            span = Some(found);
            at = found.0 + text[found.0..].chars().next().map_or(1, char::len_utf8);
            if from_left {
                break;
            }
        }
        let parts = match (span, from_left) {
            (Some((start, end)), _) => [&text[..start], &text[start..end], &text[end..]],
            (None, true) => [text, "", ""],
            (None, false) => ["", "", text],
        };
        self.texts(parts.map(str::to_owned).to_vec())
    }

    pub(super) fn of_regex(&mut self, value: Val, method: Method, args: &[Val]) -> Answer {
        let Some(Obj::Regex(regex)) = self.object(value) else { return Ok(None) };
        let source = regex.as_str().to_owned();
        let first = args.first().copied().unwrap_or(Val::Nil);
        match method {
            Method::Match | Method::MatchM | Method::IsMatch | Method::CaseEq => {
                let Some(text) = self.name(first).map(str::to_owned) else {
                    self.found = None;
                    return Ok(Some(if matches!(method, Method::Match | Method::MatchM) {
                        Val::Nil
                    } else {
                        Val::Bool(false)
                    }));
                };
                let asked = if method == Method::CaseEq { Method::Match } else { method };
                let answer = self.matched(value, &text, asked)?;
                Ok(if method == Method::CaseEq { answer.map(|place| Val::Bool(!place.is_nil())) } else { answer })
            }
            Method::Source => self.str(source).map(Some),
            Method::ToS => self.str(format!("(?-mix:{source})")).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn of_match(&mut self, value: Val, method: Method, args: &[Val]) -> Answer {
        let Some(Obj::Match(found)) = self.object(value) else { return Ok(None) };
        let found = Arc::clone(found);
        let first = args.first().copied().unwrap_or(Val::Nil);
        let (start, end) = found.spans.first().copied().flatten().unwrap_or_default();
        let chars = |at: usize| Val::Int(found.text[..at].chars().count() as i64);
        Ok(Some(match method {
            Method::Index => {
                let group = self.group_number(&found, first)?;
                found.group(group).map_or(Ok(Val::Nil), |text| self.str(text))?
            }
            Method::Captures => {
                let groups = self.groups_of(&found)?;
                self.list(groups)?
            }
            Method::ToA => {
                let mut groups = self.groups_of(&found)?;
                groups.insert(0, self.str(found.group(0).unwrap_or_default())?);
                self.list(groups)?
            }
            Method::NamedCaptures => {
                let mut table = Table::default();
                for (at, name) in found.regex.groups().iter().enumerate() {
                    let Some(name) = name else { continue };
                    let text = found.group(at + 1).map_or(Ok(Val::Nil), |text| self.str(text))?;
                    table.entries.insert(Key::Str(name.clone()), text);
                }
                self.heap.add(Obj::Hash(table))?
            }
            Method::Names => {
                self.texts(found.regex.groups().iter().flatten().map(|name| name.to_string()).collect())?
            }
            Method::PreMatch => self.str(&found.text[..start])?,
            Method::PostMatch => self.str(&found.text[end..])?,
            Method::Begin | Method::End | Method::Offset => {
                let group = self.group_number(&found, first)?;
                match (found.spans.get(group).copied().flatten(), method) {
                    (None, _) => Val::Nil,
                    (Some((from, _)), Method::Begin) => chars(from),
                    (Some((_, to)), Method::End) => chars(to),
                    (Some((from, to)), _) => self.list(vec![chars(from), chars(to)])?,
                }
            }
            Method::ValuesAt => {
                let groups = args.iter().map(|group| {
                    let group = self.group_number(&found, *group)?;
                    found.group(group).map_or(Ok(Val::Nil), |text| self.str(text))
                });
                let groups = groups.collect::<Done<Vec<_>>>()?;
                self.list(groups)?
            }
            _ => return Ok(None),
        }))
    }
}

/// By runs of white space; leading ones do not count.
fn blank_split(text: &str, limit: i64) -> Vec<String> {
    if limit <= 0 {
        let mut parts: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
        if limit < 0 && text.ends_with(|char: char| char.is_ascii_whitespace()) {
            parts.push(String::new());
        }
        return parts;
    }
    let (mut parts, mut rest) = (Vec::new(), text.trim_ascii_start());
    while (parts.len() as i64) < limit - 1
        && let Some(at) = rest.find(|char: char| char.is_ascii_whitespace())
    {
        parts.push(rest[..at].to_owned());
        rest = rest[at..].trim_ascii_start();
    }
    if !rest.is_empty() {
        parts.push(rest.to_owned());
    }
    parts
}
