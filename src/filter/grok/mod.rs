//! `grok`: takes texts apart with named regular expressions.
//!
//! Source: Logstash reference, grok filter plugin. `patterns` holds the pattern sets, `scan` and `compile` turn a
//! pattern into a regular expression, `ruby_regex` runs it.

mod account;
mod compile;
mod patterns;
mod scan;
#[cfg(test)]
mod tests;

use super::ruby_regex::{Captures, GaveUp, RubyRegex, STEPS_MAX, Several};
use super::{Account, Build, Context, Ecs, Filter, FilterPlugin, Outcome};
use crate::event::value::Text;
use crate::event::{Event, FieldRef, Value, display};
use crate::plugin::{self, Declaration, Door, Fallback, Fault, Given, Item, Setting, Settings};
use compile::{Compiler, Kind, field_of};
use patterns::Patterns;
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("examples.txt"), build };

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "grok",
    summary: "Takes texts apart with named regular expressions.",
    settings: &[
        Setting::new(
            "match",
            plugin::Kind::Any,
            Fallback::Empty,
            "Fields, and for each the pattern or the list of patterns that are tried on it.",
        ),
        Setting::new(
            "break_on_match",
            plugin::Kind::Boolean,
            Fallback::Boolean(true),
            "Whether the first pattern that matches ends the filter; otherwise all are tried.",
        ),
        Setting::new(
            "ecs_compatibility",
            plugin::Kind::OneOf(Ecs::NAMES),
            Fallback::None,
            "Which set of patterns: `disabled` is the legacy one (`clientip`), `v1` and `v8` name fields of ECS (`[source][address]`). By default as `pipeline.ecs_compatibility`.",
        ),
        Setting::new(
            "keep_empty_captures",
            plugin::Kind::Boolean,
            Fallback::Boolean(false),
            "Whether a capture of no characters becomes a field.",
        ),
        Setting::new(
            "named_captures_only",
            plugin::Kind::Boolean,
            Fallback::Boolean(true),
            "Whether only patterns with a name become fields; otherwise `%{WORD}` fills the field `WORD`.",
        ),
        Setting::new(
            "overwrite",
            plugin::Kind::Array,
            Fallback::Empty,
            "Fields that a capture replaces; other fields that are there become arrays.",
        ),
        Setting::new(
            "pattern_definitions",
            plugin::Kind::Hash,
            Fallback::Empty,
            "Patterns of this filter's own: names and regular expressions.",
        ),
        Setting::new("patterns_dir", plugin::Kind::Array, Fallback::Empty, "Folders of files with more patterns."),
        Setting::new(
            "patterns_files_glob",
            plugin::Kind::String,
            Fallback::Text("*"),
            "Which files of those folders are read.",
        ),
        Setting::new(
            "tag_on_failure",
            plugin::Kind::Array,
            Fallback::List(&["_grokparsefailure"]),
            "Tags to add when nothing matched.",
        ),
        Setting::new(
            "tag_on_timeout",
            plugin::Kind::String,
            Fallback::Text("_groktimeout"),
            "The tag to add when a pattern took too long.",
        ),
        Setting::new(
            "target",
            plugin::Kind::Field,
            Fallback::None,
            "The field below which captures are written; by default the event itself.",
        ),
        Setting::new(
            "timeout_millis",
            plugin::Kind::Number,
            Fallback::Number(30_000.0),
            "How long a pattern may run, in milliseconds; 0 is for ever.",
        ),
        Setting::new(
            "timeout_scope",
            plugin::Kind::OneOf(&["pattern", "event"]),
            Fallback::Text("pattern"),
            "Whether the time is counted for each pattern or for all of an event's together.",
        ),
    ],
    example: r#"filter { grok { match => { "message" => "%{IP:client} %{WORD:method} %{URIPATHPARAM:request} %{NUMBER:bytes:int}" } } }"#,
    differs: &[
        "differs from Logstash: a pattern's time is counted in steps (some 60,000 a millisecond, five million at most, which is less than a tenth of a second), so that the same line always gets the same answer; with `timeout_scope => event` they are those of all patterns together, where one that only Oniguruma can run counts a step a byte",
    ],
    unavailable: None,
};

/// Every pattern of a set: its name, and what it is made of. By name.
pub fn patterns(ecs: Ecs) -> Vec<(String, String)> {
    let set = Patterns::new(ecs != Ecs::Disabled);
    let mut all: Vec<_> = set.names().filter_map(|name| Some((name.into(), set.get(name)?.into()))).collect();
    all.sort_unstable();
    all
}

/// The fields that a pattern makes, and the patterns in it: `name`, or `name:type` where it has a type. Each once.
pub fn fields(pattern: &str, ecs: Ecs) -> Vec<String> {
    let patterns = Patterns::new(ecs != Ecs::Disabled);
    let (mut fields, mut waiting) = (Vec::new(), vec![pattern]);
    let mut seen = HashSet::new();
    while let Some(text) = waiting.pop() {
        for name in scan::names(text) {
            if !fields.contains(&name) {
                fields.push(name);
            }
        }
        let within = scan::references(text).filter(|name| seen.insert(*name)).filter_map(|name| patterns.get(name));
        let first = waiting.len();
        waiting.extend(within);
        waiting[first..].reverse();
    }
    fields
}

/// The regular expression that a pattern of a set stands for, with groups `g0`, `g1`, … for what it names.
pub fn written_out(pattern: &str, ecs: Ecs) -> Result<String, Fault> {
    let patterns = Patterns::new(ecs != Ecs::Disabled);
    let compiler = Compiler { patterns: &patterns, named_captures_only: true, steps_max: STEPS_MAX };
    let compiled = compiler.compile(pattern, plugin::Place::default())?;
    Ok(compiled.regex.as_str().replace(compile::GENERATED, "g"))
}

/// Steps that Oniguruma takes in a millisecond.
const STEPS_PER_MS: f64 = 60_000.0;

#[derive(Clone)]
struct Match {
    source: FieldRef,
    patterns: Vec<Pattern>,
    /// Where there are several patterns.
    several: Option<Several>,
}

#[derive(Clone)]
struct Pattern {
    regex: RubyRegex,
    /// By group, from group 1 on.
    targets: Box<[Option<Target>]>,
}

/// Where a capture goes.
#[derive(Clone)]
struct Target {
    path: FieldRef,
    kind: Kind,
    overwrite: bool,
}

#[derive(Clone)]
struct Options {
    break_on_match: bool,
    keep_empty: bool,
    tags_on_failure: Vec<String>,
    tag_on_timeout: String,
}

/// The patterns as the pipeline writes them, for people who look on.
struct AsWritten {
    patterns: Patterns,
    named_captures_only: bool,
    steps_max: u32,
    /// In the order of `Grok::matches` and their patterns.
    texts: Vec<String>,
    runs: account::Runs,
}

struct Grok {
    matches: Vec<Match>,
    written: Arc<AsWritten>,
    options: Options,
    /// The steps of all patterns of an event together; `None`: each has its own.
    event_steps: Option<u32>,
    captures: Captures,
}

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let patterns = all_patterns(settings, build)?;
    let compiler = Compiler {
        patterns: &patterns,
        named_captures_only: settings.boolean("named_captures_only"),
        steps_max: steps_max(settings.number("timeout_millis").unwrap_or(30_000.0)),
    };
    let targets = Targets::of(settings)?;
    let mut matches = Vec::new();
    let mut texts = Vec::new();
    for (field, items) in given_matches(settings)? {
        let source = FieldRef::parse(&field).map_err(|bad| Fault::at(settings.place("match"), bad.to_string()))?;
        texts.extend(items.iter().map(|item| item.as_text().unwrap_or_default().to_string()));
        let patterns: Vec<Pattern> =
            items.iter().map(|item| pattern(item, &compiler, &targets)).collect::<Result<_, _>>()?;
        let several = Several::new(patterns.iter().map(|pattern| &pattern.regex));
        matches.push(Match { source, patterns, several });
    }
    let options = Options {
        break_on_match: settings.boolean("break_on_match"),
        keep_empty: settings.boolean("keep_empty_captures"),
        tags_on_failure: settings.texts("tag_on_failure"),
        tag_on_timeout: settings.text("tag_on_timeout").unwrap_or_default().into(),
    };
    let (named_captures_only, steps_max) = (compiler.named_captures_only, compiler.steps_max);
    let written =
        Arc::new(AsWritten { patterns, named_captures_only, steps_max, texts, runs: account::Runs::default() });
    let is_shared = settings.text("timeout_scope") == Some("event") && steps_max > 0;
    let event_steps = is_shared.then_some(steps_max);
    Ok(Box::new(Grok { matches, written, options, event_steps, captures: Captures::default() }))
}

/// A grok pattern as a regular expression, for plugins that ask no more than whether it matches. `dirs`: folders and
/// files with more patterns. `ecs`: which set, where the plugin says so itself.
pub fn expression(pattern: &Item, dirs: &[Item], ecs: Option<Ecs>, build: &Build<'_>) -> Result<RubyRegex, Fault> {
    let mut patterns = Patterns::new(ecs.unwrap_or(build.ecs) != Ecs::Disabled);
    for item in dirs {
        for path in pattern_files(item, build)? {
            let file = build.files.read(&path).map_err(|error| unreadable(item, &path, &error))?;
            patterns.define_all(&String::from_utf8_lossy(&file));
        }
    }
    let compiler = Compiler { patterns: &patterns, named_captures_only: true, steps_max: STEPS_MAX };
    Ok(compiler.compile(pattern.as_text().unwrap_or_default(), pattern.place)?.regex)
}

fn steps_max(millis: f64) -> u32 {
    if millis <= 0.0 {
        return 0;
    }
    (millis * STEPS_PER_MS).clamp(1.0, f64::from(STEPS_MAX)) as u32
}

fn all_patterns(settings: &Settings, build: &Build<'_>) -> Result<Patterns, Fault> {
    let own = settings.text("ecs_compatibility").and_then(Ecs::parse);
    let mut patterns = Patterns::new(own.unwrap_or(build.ecs) != Ecs::Disabled);
    let glob = settings.text("patterns_files_glob").unwrap_or("*");
    let glob = globset::Glob::new(glob)
        .map_err(|error| Fault::at(settings.place("patterns_files_glob"), format!("bad glob: {error}")))?
        .compile_matcher();
    for item in settings.items("patterns_dir") {
        for path in pattern_files(&item, build)? {
            let is_file_asked_for = item.as_text().map(Path::new) == Some(&path);
            if is_file_asked_for || path.file_name().is_some_and(|name| glob.is_match(name)) {
                let file = build.files.read(&path).map_err(|error| unreadable(&item, &path, &error))?;
                patterns.define_all(&String::from_utf8_lossy(&file));
            }
        }
    }
    for (name, item) in settings.pairs("pattern_definitions") {
        patterns.define(&name, item.one_text("pattern_definitions")?);
    }
    Ok(patterns)
}

/// The files of a folder, or the file itself.
fn pattern_files(item: &Item, build: &Build<'_>) -> Result<Vec<PathBuf>, Fault> {
    let path = Path::new(item.as_text().unwrap_or_default());
    match build.files.list(path) {
        Ok(files) => Ok(files),
        Err(error) => match build.files.read(path) {
            Ok(_) => Ok(vec![path.into()]),
            Err(_) => Err(unreadable(item, path, &error)),
        },
    }
}

fn unreadable(item: &Item, path: &Path, error: &std::io::Error) -> Fault {
    Fault::at(item.place, format!("cannot read the patterns in `{}`: {error}", path.display()))
}

/// The fields and their patterns, from a hash or from a list of pairs.
fn given_matches(settings: &Settings) -> Result<Vec<(String, Vec<Item>)>, Fault> {
    let patterns = |item: &Item| match &item.given {
        Given::List(items) => items.clone(),
        _ => vec![item.clone()],
    };
    let given = match settings.given("match").map(|item| &item.given) {
        None => Vec::new(),
        Some(Given::Hash(_)) => settings.pairs("match"),
        Some(Given::List(items)) if items.len().is_multiple_of(2) => {
            let pair = |pair: &[Item]| (pair[0].as_text().unwrap_or_default().to_string(), pair[1].clone());
            items.chunks_exact(2).map(pair).collect()
        }
        Some(_) => {
            return Err(Fault::at(settings.place("match"), "`match` needs fields and patterns")
                .help("match => { \"message\" => \"%{COMBINEDAPACHELOG}\" }"));
        }
    };
    Ok(given.iter().map(|(field, item)| (field.clone(), patterns(item))).collect())
}

/// What turns names of captures into fields.
struct Targets {
    below: Option<String>,
    overwrite: Vec<FieldRef>,
}

impl Targets {
    fn of(settings: &Settings) -> Result<Targets, Fault> {
        let field = |item: Item| {
            FieldRef::parse(item.as_text().unwrap_or_default()).map_err(|bad| Fault::at(item.place, bad.to_string()))
        };
        Ok(Targets {
            below: settings.text("target").map(String::from),
            overwrite: settings.items("overwrite").into_iter().map(field).collect::<Result<_, _>>()?,
        })
    }

    fn target(&self, name: &str, kind: Kind) -> Result<Target, String> {
        let path = field_of(name, self.below.as_deref())?;
        let overwrite = self.overwrite.contains(&path) || self.overwrite.contains(&field_of(name, None)?);
        Ok(Target { path, kind, overwrite })
    }
}

fn pattern(item: &Item, compiler: &Compiler<'_>, targets: &Targets) -> Result<Pattern, Fault> {
    let Some(text) = item.as_text() else { return Err(Fault::at(item.place, "a grok pattern must be a string")) };
    let compiled = compiler.compile(text, item.place)?;
    let target = |capture: Option<compile::Capture>| {
        capture.map(|capture| targets.target(&capture.name, capture.kind)).transpose()
    };
    let targets = compiled.captures.into_iter().map(target).collect::<Result<_, _>>();
    let targets = targets.map_err(|bad| Fault::at(item.place, format!("a capture's name is no field: {bad}")))?;
    Ok(Pattern { regex: compiled.regex, targets })
}

impl Filter for Grok {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let tags = match self.run(event, cx) {
            Ok(true) => return Outcome::Matched,
            Ok(false) => self.options.tags_on_failure.as_slice(),
            Err(GaveUp) => {
                cx.because_of(|| "a pattern took too long: `timeout_millis` in steps ran out");
                std::slice::from_ref(&self.options.tag_on_timeout)
            }
        };
        for tag in tags {
            event.tag(tag, cx.arena);
        }
        Outcome::Unmatched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        let (matches, options) = (self.matches.clone(), self.options.clone());
        let (written, event_steps) = (Arc::clone(&self.written), self.event_steps);
        Box::new(Grok { matches, written, options, event_steps, captures: Captures::default() })
    }

    fn account(&self, event: &Event<'_>, why: bool) -> Option<Account> {
        self.account_of(event, why)
    }

    fn alternatives(&self) -> Vec<String> {
        self.written.texts.clone()
    }
}

impl Grok {
    /// Whether any pattern matched.
    fn run<'b>(&mut self, event: &mut Event<'b>, cx: &Context<'b, '_>) -> Result<bool, GaveUp> {
        let mut matched = false;
        let mut left = self.event_steps;
        for one in &mut self.matches {
            // A capture may make an array of the field, or a longer one: what it adds is not looked at.
            for nth in 0..count_texts(event, &one.source) {
                let Some(text) = nth_text(event, &one.source, nth, cx) else { continue };
                let mut several = Asked { several: one.several.as_mut(), asked: false };
                for (at, pattern) in one.patterns.iter().enumerate() {
                    if several.refute(at, &pattern.regex, text.str)
                        || !pattern.captures(text.str, left.as_mut(), &mut self.captures)?
                    {
                        continue;
                    }
                    pattern.write(event, text, &self.captures, self.options.keep_empty, cx);
                    matched = true;
                    if self.options.break_on_match {
                        break;
                    }
                }
            }
            if matched && self.options.break_on_match {
                break;
            }
        }
        Ok(matched)
    }
}

impl Grok {
    /// Which patterns match, or where the one that came furthest stopped; fields that are lists are left out.
    fn account_of(&self, event: &Event<'_>, why: bool) -> Option<Account> {
        let (mut matched, mut failed, mut first) = (Vec::new(), Vec::new(), 0);
        for one in &self.matches {
            let numbers = first..first + one.patterns.len();
            first = numbers.end;
            let Some(text) = event.get(&one.source).and_then(text_of) else { continue };
            let hits = |at: &usize| one.patterns[at - numbers.start].regex.is_match(&text);
            let hit = numbers.clone().filter(hits);
            matched.extend(hit.take(if self.options.break_on_match { 1 } else { usize::MAX }));
            if self.options.break_on_match && !matched.is_empty() {
                break;
            }
            failed.push((text, numbers));
        }
        if !matched.is_empty() {
            return Some(Account::Matches(matched));
        }
        if !why {
            return None;
        }
        if let ([], [first, ..]) = (failed.as_slice(), self.matches.as_slice()) {
            return event.get(&first.source).is_none().then(|| Account::Absent(first.source.clone()));
        }
        let AsWritten { patterns, named_captures_only, steps_max, texts, runs } = &*self.written;
        let compiler = Compiler { patterns, named_captures_only: *named_captures_only, steps_max: *steps_max };
        let stops = failed.into_iter().filter_map(|(text, numbers)| {
            let tried: Vec<(usize, &str)> = numbers.map(|number| (number, texts[number].as_str())).collect();
            account::stop(&tried, &text, &compiler, runs)
        });
        stops.max_by_key(|stop| stop.at).map(Account::Stops)
    }
}

/// The patterns of a list, which are asked all at once when the first of them did not match.
struct Asked<'s> {
    several: Option<&'s mut Several>,
    asked: bool,
}

impl Asked<'_> {
    /// Whether it is known that the pattern does not match.
    #[inline]
    fn refute(&mut self, at: usize, regex: &RubyRegex, text: &str) -> bool {
        let Some(several) = self.several.as_mut().filter(|_| at > 0) else { return false };
        if !regex.may_match(text) {
            return true;
        }
        if !self.asked {
            several.ask(text);
            self.asked = true;
        }
        several.refutes(at)
    }
}

/// The text of a field that is no list.
fn text_of<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text.str)),
        Value::Null | Value::Array(_) => None,
        other => {
            let mut out = Vec::new();
            display::append(other, &mut out);
            Some(Cow::Owned(String::from_utf8_lossy(&out).into_owned()))
        }
    }
}

/// How many texts a field is: one, or as many as an array has items.
#[inline]
fn count_texts(event: &Event<'_>, source: &FieldRef) -> usize {
    match event.get(source) {
        None => 0,
        Some(Value::Array(items)) => items.len(),
        Some(_) => 1,
    }
}

/// The field's text, or its `nth` item's if it is an array; `None` for what has no text.
#[inline]
fn nth_text<'b>(event: &Event<'b>, source: &FieldRef, nth: usize, cx: &Context<'b, '_>) -> Option<Text<'b>> {
    let value = match event.get(source)? {
        Value::Array(items) => items.get(nth)?,
        value => value,
    };
    match value {
        Value::Text(text) => Some(*text),
        Value::Null => None,
        other => {
            let mut out = Vec::new();
            display::append(other, &mut out);
            Some(Text::new(cx.arena.alloc_str(&String::from_utf8_lossy(&out))))
        }
    }
}

impl Pattern {
    /// `left`: the steps that are left, where they are shared.
    #[inline]
    fn captures(&self, text: &str, left: Option<&mut u32>, into: &mut Captures) -> Result<bool, GaveUp> {
        match left {
            Some(left) => self.regex.captures_within(text, left, into),
            None => self.regex.captures(text, 0, into),
        }
    }

    fn write<'b>(
        &self,
        event: &mut Event<'b>,
        text: Text<'b>,
        found: &Captures,
        keep_empty: bool,
        cx: &Context<'b, '_>,
    ) {
        for (at, target) in self.targets.iter().enumerate() {
            let (Some(target), Some((start, end))) = (target, found.get(at + 1)) else { continue };
            if start < end || keep_empty {
                // A part of a text that needs no escaping needs none.
                let part = Text { str: &text.str[start..end], plain: text.plain };
                target.write(event, target.kind.value(part), cx);
            }
        }
    }
}

impl Target {
    fn write<'b>(&self, event: &mut Event<'b>, value: Value<'b>, cx: &Context<'b, '_>) {
        // A field that stands below a text cannot be written: as in Logstash, the capture is lost.
        let _ = match event.get(&self.path) {
            Some(there) if !self.overwrite && !matches!(there, Value::Null) => match there {
                Value::Object(_) | Value::Shared(_) => return,
                _ => event.add(&self.path, value, cx.arena),
            },
            _ => event.set(&self.path, value, cx.arena).map(|_| ()),
        };
    }
}

impl Kind {
    /// The text as this kind of value, read as far as it is a number, as Ruby does.
    fn value(self, text: Text<'_>) -> Value<'_> {
        match self {
            Kind::Text => Value::Text(text),
            Kind::Int => integer(text.str),
            Kind::Float => Value::Float(float(text.str)),
        }
    }
}

fn integer(text: &str) -> Value<'_> {
    let text = text.trim_start();
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let digits = &digits[..digits.bytes().take_while(u8::is_ascii_digit).count()];
    let kept = digits.trim_start_matches('0');
    if kept.len() < 19 {
        let size = kept.bytes().fold(0i64, |value, digit| value * 10 + i64::from(digit - b'0'));
        return Value::Int(if negative { -size } else { size });
    }
    // Too long for an integer: the digits as they are, which a JSON number can be.
    let sign = text.find(kept).filter(|at| negative && *at == 1);
    Value::Number(if sign.is_some() { &text[..kept.len() + 1] } else { kept })
}

fn float(text: &str) -> f64 {
    let text = text.trim_start();
    let number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let mut end = text.bytes().take_while(number).count();
    while end > 0 {
        match text[..end].parse::<f64>() {
            Ok(value) if value.is_finite() => return value,
            _ => end -= 1,
        }
    }
    0.0
}
