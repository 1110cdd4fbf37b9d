//! The `xml` filter: a field's text, read as XML, becomes a hash, or fields chosen by XPath.
//!
//! `dom` is the document, `simple` makes hashes of it, `xpath` asks it.
//! Settings and failures: Logstash reference, "Xml filter plugin".

mod dom;
mod simple;
#[cfg(test)]
mod tests;
mod xpath;

use super::name::reference;
use super::{Context, Filter, FilterPlugin, Outcome};
use crate::event::display::ruby_double;
use crate::event::{BadPath, Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Given, Item, Kind, Setting, Settings};
use dom::Document;
use simple::Shape;
use std::collections::HashMap;
use std::sync::Arc;
use xpath::{Answer, Asker, Expr, NodeRef};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "xml",
    summary: "Reads a field as XML and puts it into one field as a hash, or picks values out of it by XPath.",
    settings: &[
        Setting::new("source", Kind::Field, Fallback::Required, "The field whose text is XML."),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::None,
            "The field to put the document into; what stood there goes. Needed unless `store_xml` is false.",
        ),
        Setting::new("store_xml", Kind::Boolean, Fallback::Boolean(true), "Put the whole document into `target`."),
        Setting::new(
            "xpath",
            Kind::Hash,
            Fallback::Empty,
            "Expression and field: what the expression finds is added to the field, a list of texts. Elements come as XML, attributes and texts as they are.",
        ),
        Setting::new(
            "namespaces",
            Kind::Hash,
            Fallback::Empty,
            "Prefix and address: what prefixes in `xpath` stand for. Without it they are those that the document's root declares.",
        )
        .differs("a prefix in `xpath` that nobody declares is compared with the prefix as it is written."),
        Setting::new(
            "remove_namespaces",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Take prefixes and namespaces away before `xpath` is asked.",
        ),
        Setting::new(
            "force_array",
            Kind::Boolean,
            Fallback::Boolean(true),
            "Make a list of every element, even if it is the only one of its name. Attributes are none.",
        ),
        Setting::new(
            "force_content",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Make a hash with `content` of elements with nothing but text.",
        ),
        Setting::new(
            "suppress_empty",
            Kind::Boolean,
            Fallback::Boolean(true),
            "Leave empty elements out; otherwise they are empty hashes.",
        ),
        Setting::new(
            "parse_options",
            Kind::OneOf(&["strict"]),
            Fallback::None,
            "`strict`: refuse what is not well-formed. Nothing else is ever done here.",
        )
        .differs("XML that is not well-formed is always a failure; Logstash without this setting lets `xpath` ask what it could make of it."),
    ],
    example: r#"filter { xml { source => "message" target => "doc" xpath => { "//order/@id" => "order_id" } } }"#,
    differs: &[
        "no document type is read and no entity but XML's own is known.",
    ],
    unavailable: None,
};

const FAILURE: &str = "_xmlparsefailure";

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let store = settings.boolean("store_xml");
    let target = settings.text("target").map(|text| reference(text, settings.place("target"))).transpose()?;
    if store && target.is_none() {
        return Err(Fault::new("filter `xml` needs `target` when `store_xml` is true")
            .help("name a field, or `store_xml => false` where `xpath` is all that is wanted"));
    }
    let source = settings.text("source").unwrap_or_default();
    let namespaces = settings.pairs("namespaces");
    let namespace = |(name, item): &(String, Item)| Ok((name.clone(), item.one_text("namespaces")?.to_owned()));
    let namespaces: Vec<_> = namespaces.iter().map(namespace).collect::<Result<_, Fault>>()?;
    Ok(Box::new(Xml {
        source: reference(source, settings.place("source"))?,
        target: target.filter(|_| store),
        questions: questions(settings)?,
        namespaces: Arc::new(namespaces.into_iter().collect()),
        remove_namespaces: settings.boolean("remove_namespaces"),
        shape: Shape {
            force_array: settings.boolean("force_array"),
            force_content: settings.boolean("force_content"),
            suppress_empty: settings.boolean("suppress_empty"),
        },
    }))
}

/// The expressions and their fields, in order; a list gives them as expression, field, expression, field.
fn questions(settings: &Settings) -> Result<Vec<(Arc<Expr>, FieldRef)>, Fault> {
    match settings.given("xpath").map(|item| &item.given) {
        Some(Given::Hash(entries)) => entries.iter().map(|(expression, field)| question(expression, field)).collect(),
        Some(Given::List(items)) => items.chunks_exact(2).map(|two| question(&two[0], &two[1])).collect(),
        _ => Ok(Vec::new()),
    }
}

fn question(expression: &Item, field: &Item) -> Result<(Arc<Expr>, FieldRef), Fault> {
    let text = expression.as_text().unwrap_or_default();
    let expr = xpath::read(text).map_err(|bad| {
        let column = text[..bad.at].chars().count() + 1;
        Fault::at(expression.place, format!("`xpath` has a bad expression `{text}`: {} in column {column}", bad.text))
    })?;
    let name = field.as_text().ok_or_else(|| Fault::at(field.place, "`xpath` takes expressions and fields"))?;
    Ok((Arc::new(expr), reference(name, field.place)?))
}

#[derive(Clone)]
struct Xml {
    source: FieldRef,
    target: Option<FieldRef>,
    questions: Vec<(Arc<Expr>, FieldRef)>,
    namespaces: Arc<HashMap<String, String>>,
    remove_namespaces: bool,
    shape: Shape,
}

/// The document could not be read, or a field could not be written: why.
struct Failed(String);

impl From<BadPath> for Failed {
    fn from(bad: BadPath) -> Failed {
        Failed(bad.to_string())
    }
}

impl Xml {
    /// Whether anything was written.
    fn run<'b>(&self, event: &mut Event<'b>, cx: &Context<'b, '_>) -> Result<bool, Failed> {
        let text = match event.get(&self.source) {
            None | Some(Value::Null) => return Ok(false),
            Some(Value::Text(text)) => text.str,
            Some(Value::Array(items)) => match items.as_slice() {
                [Value::Text(text)] => text.str,
                _ => return Err(Failed("a list, and not of one text".into())),
            },
            Some(other) => return Err(Failed(format!("no text, but of type {}", other.type_name()))),
        };
        if text.trim().is_empty() {
            return Ok(false);
        }
        let mut document = Document::parse(text).map_err(|bad| {
            tracing::debug!(filter = "xml", reason = %bad.0, "cannot read XML");
            Failed(format!("no XML: {}", bad.0))
        })?;
        let mut matched = false;
        if let Some(target) = &self.target {
            let value = self.shape.value(&document, document.root(), cx.arena);
            event.set(target, value, cx.arena)?;
            matched = true;
        }
        if self.remove_namespaces {
            document.remove_namespaces();
        }
        for (expr, field) in &self.questions {
            matched |= self.ask(&document, expr, field, event, cx)?;
        }
        Ok(matched)
    }

    /// Adds what an expression finds to its field.
    fn ask<'b>(
        &self,
        document: &Document,
        expr: &Expr,
        field: &FieldRef,
        event: &mut Event<'b>,
        cx: &Context<'b, '_>,
    ) -> Result<bool, Failed> {
        let mut asker = Asker::new(document, &self.namespaces);
        let answer = asker.ask(expr).map_err(|reason| {
            tracing::debug!(filter = "xml", %reason, "cannot answer an XPath expression");
            Failed(format!("cannot answer the XPath expression: {reason}"))
        })?;
        let found = match &answer {
            Answer::Nodes(nodes) => nodes.iter().map(|node| shown(document, *node)).collect(),
            Answer::Number(number) => {
                let mut out = Vec::new();
                ruby_double(*number, &mut out);
                vec![String::from_utf8_lossy(&out).into_owned()]
            }
            other => vec![asker.text(other)],
        };
        let mut matched = false;
        for text in found.iter().filter(|text| !text.is_empty()) {
            matched = true;
            let value = Value::copied(cx.arena, text);
            let written = match event.get(field) {
                Some(_) => event.add(field, value, cx.arena),
                None => {
                    let list = crate::event::ArenaVec::from_iter_in([value], cx.arena);
                    event.set(field, Value::Array(list.into()), cx.arena).map(|_| ())
                }
            };
            written?;
        }
        Ok(matched)
    }
}

/// A node as text: an element as XML.
fn shown(document: &Document, node: NodeRef) -> String {
    match (document.element(node.node), node.attribute) {
        (Some((_, attributes)), at @ 1..) => attributes[at - 1].1.clone(),
        _ => document.xml(node.node),
    }
}

impl Filter for Xml {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        match self.run(event, cx) {
            Ok(true) => Outcome::Matched,
            Ok(false) => Outcome::Unmatched,
            Err(Failed(why)) => {
                event.tag(FAILURE, cx.arena);
                cx.because(event, &self.source, || why);
                Outcome::Unmatched
            }
        }
    }

    fn reads(&self) -> Option<&FieldRef> {
        Some(&self.source)
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
