//! A document as a tree of nodes, with the names as they are written.
//!
//! Nodes stand in one list in the order of the document; node 0 is the document itself. Nothing is looked up outside:
//! entities are XML's own five and character references, a document type is passed over.

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};

/// How deep elements may be nested.
const DEPTH_MAX: usize = 200;
/// How many nodes a document may have.
const NODES_MAX: usize = 1_000_000;

pub type NodeId = usize;

#[derive(Debug, PartialEq)]
pub enum Kind {
    Document,
    /// The name with its prefix, the attributes with theirs.
    Element {
        name: String,
        attributes: Vec<(String, String)>,
    },
    Text(String),
    Comment(String),
    Instruction(String),
}

#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    pub parent: NodeId,
    pub children: Vec<NodeId>,
}

#[derive(Debug)]
pub struct Document {
    pub nodes: Vec<Node>,
}

/// Why a text is no document.
#[derive(Debug, PartialEq)]
pub struct NotXml(pub String);

impl Document {
    /// Reads a well-formed document.
    pub fn parse(text: &str) -> Result<Document, NotXml> {
        let mut builder = Builder { nodes: Vec::new(), open: vec![0] };
        builder.nodes.push(Node { kind: Kind::Document, parent: 0, children: Vec::new() });
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim());
        loop {
            match reader.read_event().map_err(|bad| NotXml(bad.to_string()))? {
                Event::Eof => break,
                event => builder.event(event)?,
            }
        }
        builder.finish()
    }

    /// The element that holds all others.
    pub fn root(&self) -> NodeId {
        let is_element = |id: &&NodeId| matches!(self.nodes[**id].kind, Kind::Element { .. });
        self.nodes[0].children.iter().find(is_element).copied().unwrap_or(0)
    }

    /// The name and the attributes of an element.
    pub fn element(&self, id: NodeId) -> Option<(&str, &[(String, String)])> {
        match &self.nodes[id].kind {
            Kind::Element { name, attributes } => Some((name, attributes)),
            _ => None,
        }
    }

    /// The text inside, all levels.
    pub fn text(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_text(id, &mut out);
        out
    }

    fn write_text(&self, id: NodeId, out: &mut String) {
        match &self.nodes[id].kind {
            Kind::Text(text) => out.push_str(text),
            Kind::Comment(text) | Kind::Instruction(text) if out.is_empty() => out.push_str(text),
            Kind::Comment(_) | Kind::Instruction(_) => {}
            Kind::Document | Kind::Element { .. } => {
                let inside = |child: &&NodeId| matches!(self.nodes[**child].kind, Kind::Text(_) | Kind::Element { .. });
                self.nodes[id].children.iter().filter(inside).for_each(|child| self.write_text(*child, out));
            }
        }
    }

    /// Names without their prefixes, and no declarations of namespaces.
    pub fn remove_namespaces(&mut self) {
        for node in &mut self.nodes {
            if let Kind::Element { name, attributes } = &mut node.kind {
                *name = local(name).to_owned();
                attributes.retain(|(name, _)| name != "xmlns" && !name.starts_with("xmlns:"));
                attributes.iter_mut().for_each(|(name, _)| *name = local(name).to_owned());
            }
        }
    }

    /// What a prefix stands for at a node; the empty prefix is the default namespace.
    pub fn namespace(&self, mut id: NodeId, prefix: &str) -> Option<&str> {
        if prefix == "xml" {
            return Some("http://www.w3.org/XML/1998/namespace");
        }
        loop {
            let declares = |name: &str| match name.strip_prefix("xmlns") {
                Some("") => prefix.is_empty(),
                Some(rest) => rest.strip_prefix(':') == Some(prefix),
                None => false,
            };
            let here = self.element(id).and_then(|(_, attributes)| attributes.iter().find(|(name, _)| declares(name)));
            match here {
                Some((_, uri)) => return Some(uri),
                None if id == 0 => return None,
                None => id = self.nodes[id].parent,
            }
        }
    }

    /// The node as XML.
    pub fn xml(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_xml(id, &mut out);
        out
    }

    fn write_xml(&self, id: NodeId, out: &mut String) {
        match &self.nodes[id].kind {
            Kind::Document => self.nodes[id].children.iter().for_each(|child| self.write_xml(*child, out)),
            Kind::Text(text) => escape(text, false, out),
            Kind::Comment(text) => out.push_str(&format!("<!--{text}-->")),
            Kind::Instruction(text) => out.push_str(&format!("<?{text}?>")),
            Kind::Element { name, attributes } => {
                out.push('<');
                out.push_str(name);
                for (name, value) in attributes {
                    out.push_str(&format!(" {name}=\""));
                    escape(value, true, out);
                    out.push('"');
                }
                if self.nodes[id].children.is_empty() {
                    return out.push_str("/>");
                }
                out.push('>');
                self.nodes[id].children.iter().for_each(|child| self.write_xml(*child, out));
                out.push_str(&format!("</{name}>"));
            }
        }
    }
}

/// A name without its prefix.
pub fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The prefix of a name, empty if it has none.
pub fn prefix(name: &str) -> &str {
    name.rsplit_once(':').map_or("", |(prefix, _)| prefix)
}

fn escape(text: &str, quotes: bool, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if quotes => out.push_str("&quot;"),
            char => out.push(char),
        }
    }
}

struct Builder {
    nodes: Vec<Node>,
    /// The elements that are open, the document first.
    open: Vec<NodeId>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>) -> Result<(), NotXml> {
        match event {
            Event::Start(tag) => {
                let id = self.element(&tag)?;
                self.open.push(id);
                if self.open.len() > DEPTH_MAX {
                    return Err(NotXml(format!("elements are nested more than {DEPTH_MAX} levels deep")));
                }
            }
            Event::Empty(tag) => {
                self.element(&tag)?;
            }
            // That the names agree was seen by the reader.
            Event::End(_) => {
                self.open.pop();
            }
            Event::Text(text) => self.text(&text)?,
            Event::CData(text) => self.text(&text)?,
            Event::GeneralRef(name) => {
                let text = reference(&name)?;
                self.text(&text)?;
            }
            Event::Comment(text) => {
                self.add(Kind::Comment(text.to_string()))?;
            }
            Event::PI(text) => {
                self.add(Kind::Instruction(text.to_string()))?;
            }
            Event::Decl(_) | Event::DocType(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn here(&self) -> NodeId {
        self.open.last().copied().unwrap_or(0)
    }

    fn add(&mut self, kind: Kind) -> Result<NodeId, NotXml> {
        if self.nodes.len() == NODES_MAX {
            return Err(NotXml(format!("the document has more than {NODES_MAX} nodes")));
        }
        let (id, parent) = (self.nodes.len(), self.here());
        self.nodes.push(Node { kind, parent, children: Vec::new() });
        self.nodes[parent].children.push(id);
        Ok(id)
    }

    fn element(&mut self, tag: &BytesStart<'_>) -> Result<NodeId, NotXml> {
        if self.open.len() == 1
            && self.nodes[0].children.iter().any(|id| matches!(self.nodes[*id].kind, Kind::Element { .. }))
        {
            return Err(NotXml("the document has more than one root element".into()));
        }
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|bad| NotXml(bad.to_string()))?;
            let value = unescape(&attribute.value).map_err(|bad| NotXml(bad.to_string()))?;
            // A line end in an attribute is a blank.
            attributes.push((attribute.key.as_ref().to_owned(), value.replace(['\n', '\t', '\r'], " ")));
        }
        self.add(Kind::Element { name: tag.name().as_ref().to_owned(), attributes })
    }

    /// Text joins the text before it.
    fn text(&mut self, text: &str) -> Result<(), NotXml> {
        let here = self.here();
        if here == 0 {
            return if text.trim().is_empty() {
                Ok(())
            } else {
                Err(NotXml("text stands outside the root element".into()))
            };
        }
        let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
        if let Some(last) = self.nodes[here].children.last().copied()
            && let Kind::Text(there) = &mut self.nodes[last].kind
        {
            there.push_str(&text);
            return Ok(());
        }
        self.add(Kind::Text(text)).map(|_| ())
    }

    fn finish(self) -> Result<Document, NotXml> {
        if self.open.len() > 1 {
            let name = match &self.nodes[self.here()].kind {
                Kind::Element { name, .. } => name.clone(),
                _ => String::new(),
            };
            return Err(NotXml(format!("the element `{name}` is not closed")));
        }
        let document = Document { nodes: self.nodes };
        if document.root() == 0 { Err(NotXml("there is no element".into())) } else { Ok(document) }
    }
}

/// The text that `&name;` or `&#65;` stands for.
fn reference(name: &BytesRef<'_>) -> Result<String, NotXml> {
    if let Some(char) = name.resolve_char_ref().map_err(|bad| NotXml(bad.to_string()))? {
        return Ok(char.to_string());
    }
    let known = resolve_predefined_entity(name).map(str::to_owned);
    known.ok_or_else(|| NotXml(format!("there is no entity `{}`", &**name)))
}
