//! From a grok pattern to a regular expression and the fields that its groups fill.

use super::patterns::Patterns;
use super::scan::{Piece, pieces};
use crate::event::FieldRef;
use crate::filter::ruby_regex::{Options, RubyRegex};
use crate::plugin::{Fault, Place};

/// Patterns refer to patterns; none of the sets goes deeper than ten.
const DEPTH_MAX: usize = 50;
/// A pattern that refers to others doubly, again and again, grows without end.
const EXPANDED_BYTES_MAX: usize = 1 << 20;
/// Begins the names of groups that stand for `%{…:name}`; no pattern can write it.
pub const GENERATED: char = '\u{1}';

/// What a captured text becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Text,
    Int,
    Float,
}

/// A field that a group fills.
#[derive(Clone, Debug)]
pub struct Capture {
    pub name: String,
    pub kind: Kind,
}

/// A pattern, ready to run.
pub struct Compiled {
    pub regex: RubyRegex,
    /// By group, from group 1 on.
    pub captures: Vec<Option<Capture>>,
}

/// What compiling depends on.
pub struct Compiler<'p> {
    pub patterns: &'p Patterns,
    pub named_captures_only: bool,
    pub steps_max: u32,
}

/// Which text a stretch of the expanded pattern comes from.
struct Origin {
    start: usize,
    /// `None`: the pattern as the pipeline gives it.
    pattern: Option<String>,
    /// Where in that text.
    at: usize,
}

struct Expansion<'p> {
    compiler: &'p Compiler<'p>,
    place: Place,
    out: String,
    captures: Vec<Capture>,
    origins: Vec<Origin>,
    /// The patterns that are being expanded, from the outside in.
    way: Vec<String>,
}

impl Compiler<'_> {
    pub fn compile(&self, text: &str, place: Place) -> Result<Compiled, Fault> {
        let mut expansion = Expansion {
            compiler: self,
            place,
            out: String::new(),
            captures: Vec::new(),
            origins: Vec::new(),
            way: Vec::new(),
        };
        expansion.expand(text)?;
        let options = Options { dot_newline: true, named_only: true, steps_max: self.steps_max };
        let regex = RubyRegex::with_options(&expansion.out, options)
            .map_err(|bad| expansion.explain(bad.at, &bad.text, text))?;
        let captures = regex.groups().iter().map(|name| expansion.capture(name.as_deref()?)).collect();
        Ok(Compiled { regex, captures })
    }
}

impl Expansion<'_> {
    fn expand(&mut self, text: &str) -> Result<(), Fault> {
        for (at, piece) in pieces(text) {
            self.origins.push(Origin { start: self.out.len(), pattern: self.way.last().cloned(), at });
            match piece {
                Piece::Text(text) => self.out.push_str(text),
                Piece::Group(name) => self.out.push_str(&format!("(?<{name}>")),
                Piece::Reference { syntax, name, kind } => self.reference(syntax, name, kind)?,
            }
            if self.out.len() > EXPANDED_BYTES_MAX {
                return Err(Fault::at(self.place, "the grok pattern grows too large when it is written out"));
            }
        }
        Ok(())
    }

    fn reference(&mut self, syntax: &str, name: Option<&str>, kind: Option<&str>) -> Result<(), Fault> {
        let compiler = self.compiler;
        let Some(text) = compiler.patterns.get(syntax) else { return Err(self.unknown(syntax)) };
        if self.way.iter().any(|outer| outer == syntax) || self.way.len() > DEPTH_MAX {
            let text = format!("the grok pattern `%{{{syntax}}}` refers to itself: {}", self.way.join(" -> "));
            return Err(Fault::at(self.place, text));
        }
        match name.or(Some(syntax).filter(|_| !compiler.named_captures_only)) {
            Some(name) => {
                self.out.push_str(&format!("(?<{GENERATED}{}>", self.captures.len()));
                self.captures.push(Capture { name: name.into(), kind: kind_of(kind) });
            }
            None => self.out.push_str("(?:"),
        }
        self.way.push(syntax.into());
        self.expand(text)?;
        self.way.pop();
        self.out.push(')');
        Ok(())
    }

    fn unknown(&self, syntax: &str) -> Fault {
        let within = self.way.last().map(|outer| format!(" (in `%{{{outer}}}`)")).unwrap_or_default();
        Fault::at(self.place, format!("there is no grok pattern `%{{{syntax}}}`{within}"))
            .code("unknown-pattern")
            .unknown(syntax, self.compiler.patterns.names())
    }

    /// The field that a group of this name fills.
    fn capture(&self, group: &str) -> Option<Capture> {
        match group.strip_prefix(GENERATED) {
            Some(number) => self.captures.get(number.parse::<usize>().ok()?).cloned(),
            None => Some(Capture { name: group.into(), kind: Kind::Text }),
        }
    }

    /// Why the regular expression cannot be read, in terms of the text that somebody wrote.
    fn explain(&self, at: usize, why: &str, text: &str) -> Fault {
        let origin = self.origins.iter().rev().find(|origin| origin.start <= at);
        let (pattern, from) =
            origin.map_or((None, 0), |origin| (origin.pattern.as_deref(), origin.at + at - origin.start));
        let source = pattern.and_then(|name| self.compiler.patterns.get(name)).unwrap_or(text);
        let near: String = source.get(from.min(source.len())..).unwrap_or_default().chars().take(24).collect();
        let of = pattern.map(|name| format!(" `%{{{name}}}`")).unwrap_or_default();
        Fault::at(self.place, format!("bad regular expression in grok pattern{of}: {why}")).help(format!(
            "at character {} of it: `{near}`",
            source.get(..from).map_or(0, |head| head.chars().count()) + 1
        ))
    }
}

fn kind_of(kind: Option<&str>) -> Kind {
    match kind {
        Some("int") => Kind::Int,
        Some("float") => Kind::Float,
        _ => Kind::Text,
    }
}

/// The field of a capture, below `target` if there is one.
pub fn field_of(name: &str, target: Option<&str>) -> Result<FieldRef, String> {
    // Two names of the ECS set end with a question mark behind their brackets, which is no part of a reference.
    let name = name.strip_suffix("]?").map_or(name.to_string(), |name| format!("{name}]"));
    let bracketed = |name: &str| if name.starts_with('[') { name.to_string() } else { format!("[{name}]") };
    let path = match target {
        Some(target) => format!("{}{}", bracketed(target), bracketed(&name)),
        None => name,
    };
    FieldRef::parse(&path).map_err(|bad| bad.to_string())
}
