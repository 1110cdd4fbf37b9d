//! The `dissect` filter: cuts texts at fixed delimiters.
//!
//! The pieces borrow from the text; appended pieces that stand side by side do too. A dissection that does not fit, or
//! whose fields cannot be written, changes nothing.
//! Patterns, settings and failures: Logstash reference, "Dissect filter plugin".

mod convert;
mod pattern;

use super::{Context, Filter, FilterPlugin, Outcome, name};
use crate::event::value::Text;
use crate::event::{Arena, Event, FieldRef, TIMESTAMP, Tag, Value, display};
use crate::plugin::{Declaration, Door, Fallback, Fault, Item, Kind, Setting, Settings};
use convert::{Conversion, Number};
use pattern::{Dissection, NamedBy, Span, Write};
use std::sync::Arc;

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "dissect",
    summary: "Cuts a text at fixed delimiters into fields, without regular expressions.",
    settings: &[
        Setting::new(
            "mapping",
            Kind::Hash,
            Fallback::Empty,
            "Fields and how each is cut: `%{a} %{b}` names the pieces, `%{}` and `%{?a}` skip one, `%{+a}` appends to `a` (`%{+a/2}`: as the second), `%{&a}` is named by what `a` holds, and `->` at the end of a name passes over repeated delimiters. A later mapping can cut what an earlier one made.",
        )
        .differs("two fields without a delimiter between them are refused."),
        Setting::new(
            "convert_datatype",
            Kind::Hash,
            Fallback::Empty,
            "Fields and what they become once all mappings are done: `int` or `float`.",
        ),
        Setting::new(
            "tag_on_failure",
            Kind::Array,
            Fallback::List(&["_dissectfailure"]),
            "Tags for events whose text does not fit.",
        ),
    ],
    example: r#"filter { dissect { mapping => { "message" => "%{ts} %{+ts} %{+ts} %{src} %{} %{prog}[%{pid}]: %{msg}" } convert_datatype => { "pid" => "int" } } }"#,
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let mappings = settings.pairs("mapping").into_iter().map(|(field, item)| mapping(&field, &item));
    let conversions = settings.pairs("convert_datatype").into_iter().map(|(field, item)| conversion(&field, &item));
    Ok(Box::new(Dissect {
        mappings: mappings.collect::<Result<_, _>>()?,
        conversions: conversions.collect::<Result<_, _>>()?,
        failure: settings.texts("tag_on_failure"),
        pieces: Vec::new(),
    }))
}

fn mapping(field: &str, item: &Item) -> Result<(FieldRef, Arc<Dissection>), Fault> {
    let pattern = item.one_text("mapping")?;
    let dissection = Dissection::parse(pattern).map_err(|text| Fault::at(item.place, text))?;
    Ok((name::reference(field, item.place)?, Arc::new(dissection)))
}

fn conversion(field: &str, item: &Item) -> Result<Conversion, Fault> {
    let to = match item.one_text("convert_datatype")? {
        "int" => Number::Int,
        "float" => Number::Float,
        other => {
            let fault = Fault::at(item.place, format!("`convert_datatype` knows no type `{other}`"));
            return Err(fault.unknown(other, ["int", "float"]));
        }
    };
    Ok(Conversion { path: name::reference(field, item.place)?, field: field.into(), to })
}

#[derive(Clone, Debug)]
struct Dissect {
    mappings: Vec<(FieldRef, Arc<Dissection>)>,
    conversions: Vec<Conversion>,
    failure: Vec<String>,
    /// Reused from text to text.
    pieces: Vec<Span>,
}

/// A text that does not fit, or a field that cannot be written.
struct Misfit;

impl Filter for Dissect {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let mut outcome = if self.mappings.is_empty() { Outcome::Matched } else { Outcome::Unmatched };
        let mut failed = false;
        for (source, dissection) in &self.mappings {
            match source_text(event, source, cx.arena) {
                Ok(None) => {}
                Ok(Some(text)) if dissect(text, dissection, &mut self.pieces, event, cx.arena).is_ok() => {
                    outcome = Outcome::Matched;
                }
                misfit => {
                    failed = true;
                    cx.because(event, source, || match misfit {
                        Ok(Some(text)) => dissection.misfit(text.str, event),
                        _ => "no text, or an empty one".into(),
                    });
                    self.failure.iter().for_each(|tag| event.tag(tag, cx.arena));
                }
            }
        }
        for conversion in &self.conversions {
            failed |= !conversion.apply(event, cx);
        }
        if failed { Outcome::Unmatched } else { outcome }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

/// The text to cut; a field that is missing or null has none, an empty one does not fit.
fn source_text<'b>(event: &Event<'b>, source: &FieldRef, arena: &'b Arena) -> Result<Option<Text<'b>>, Misfit> {
    match event.get(source) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) if text.str.is_empty() => Err(Misfit),
        Some(Value::Text(text)) => Ok(Some(*text)),
        Some(Value::Array(_) | Value::Object(_) | Value::Shared(_)) => Err(Misfit),
        Some(other) => Ok(Some(Text::new(shown(other, arena)))),
    }
}

fn shown<'b>(value: &Value<'_>, arena: &'b Arena) -> &'b str {
    let mut out = Vec::new();
    display::append(value, &mut out);
    arena.alloc_str(&String::from_utf8_lossy(&out))
}

fn dissect<'b>(
    text: Text<'b>,
    dissection: &Dissection,
    pieces: &mut Vec<Span>,
    event: &mut Event<'b>,
    arena: &'b Arena,
) -> Result<(), Misfit> {
    if !dissection.cut(text.str, pieces) || !dissection.can_write(event) {
        return Err(Misfit);
    }
    let piece = |number: usize| {
        let (start, end) = pieces[number];
        Text { str: &text.str[start..end], plain: text.plain }
    };
    for write in &dissection.writes {
        match write {
            Write::Plain { path, piece: number } => set(event, path, piece(*number), arena)?,
            Write::Append { path, first, more } => {
                let joined = joined(text, path, *first, more, pieces, event, arena);
                set(event, path, joined, arena)?;
            }
            Write::Indirect { name, piece: number } => {
                let name = match name {
                    NamedBy::Piece(number) => piece(*number),
                    NamedBy::Field(path) => match event.get(path) {
                        Some(Value::Text(name)) => *name,
                        Some(other) => Text::new(shown(other, arena)),
                        None => continue,
                    },
                };
                set_named(event, name, piece(*number), arena)?;
            }
        }
    }
    Ok(())
}

#[inline]
fn set<'b>(event: &mut Event<'b>, path: &FieldRef, value: Text<'b>, arena: &'b Arena) -> Result<(), Misfit> {
    event.set(path, Value::Text(value), arena).map(drop).map_err(|_| Misfit)
}

/// Writes a field whose name came from the text.
fn set_named<'b>(event: &mut Event<'b>, name: Text<'b>, value: Text<'b>, arena: &'b Arena) -> Result<(), Misfit> {
    match name.str {
        "" => Ok(()),
        TIMESTAMP => Err(Misfit),
        str if str.starts_with('[') || str == "@metadata" => {
            let path = FieldRef::parse(str).map_err(|_| Misfit)?;
            if path.as_top() == Some(TIMESTAMP) { Err(Misfit) } else { set(event, &path, value, arena) }
        }
        str => {
            event.root.put(str, Tag::of(str), name.plain, Value::Text(value));
            Ok(())
        }
    }
}

/// The text of an appended field: borrowed where the pieces and their joints stand side by side.
fn joined<'b>(
    text: Text<'b>,
    path: &FieldRef,
    first: Option<usize>,
    more: &[(Box<str>, usize)],
    pieces: &[Span],
    event: &Event<'b>,
    arena: &'b Arena,
) -> Text<'b> {
    let mut span = first.map(|number| pieces[number]);
    if span.is_some() || event.get(path).is_none() {
        let mut rest = more.iter();
        let (mut start, mut end) =
            span.take().or_else(|| rest.next().map(|(_, number)| pieces[*number])).unwrap_or((0, 0));
        if rest.all(|(joint, number)| {
            let (from, to) = pieces[*number];
            let follows = text.str.get(end..from) == Some(&**joint);
            end = to;
            follows
        }) {
            start = start.min(end);
            return Text { str: &text.str[start..end], plain: text.plain };
        }
    }
    copied(text.str, path, first, more, pieces, event, arena)
}

/// `joined`, put together anew.
fn copied<'b>(
    text: &str,
    path: &FieldRef,
    first: Option<usize>,
    more: &[(Box<str>, usize)],
    pieces: &[Span],
    event: &Event<'b>,
    arena: &'b Arena,
) -> Text<'b> {
    let piece = |number: usize| &text.as_bytes()[pieces[number].0..pieces[number].1];
    let mut out = Vec::new();
    let mut is_first = false;
    match (first, event.get(path)) {
        (Some(number), _) => out.extend_from_slice(piece(number)),
        (None, Some(there)) => display::append(there, &mut out),
        (None, None) => is_first = true,
    }
    for (joint, number) in more {
        if !is_first {
            out.extend_from_slice(joint.as_bytes());
        }
        is_first = false;
        out.extend_from_slice(piece(*number));
    }
    Text::new(arena.alloc_str(&String::from_utf8_lossy(&out)))
}

#[cfg(test)]
mod tests;
