//! Field names as settings give them: most are plain references, some hold `%{…}`.

use crate::event::{Arena, Event, FieldRef, Template};
use crate::plugin::{Fault, Place};
use std::borrow::Cow;

/// A name that may hold `%{…}`: most do not, and are read once.
#[derive(Clone, Debug)]
pub enum Name {
    Fixed(FieldRef),
    Filled(Template),
}

impl Name {
    pub fn parse(text: &str, place: Place) -> Result<Name, Fault> {
        let template = Template::parse(text);
        if template.as_literal().is_some() {
            reference(text, place).map(Name::Fixed)
        } else {
            Ok(Name::Filled(template))
        }
    }

    /// The reference, where no event has a say in it.
    pub fn fixed(&self) -> Option<&FieldRef> {
        match self {
            Name::Fixed(path) => Some(path),
            Name::Filled(_) => None,
        }
    }

    /// The reference; `None` if the filled name is none.
    #[inline]
    pub fn path(&self, event: &Event<'_>, arena: &Arena) -> Option<Cow<'_, FieldRef>> {
        match self {
            Name::Fixed(path) => Some(Cow::Borrowed(path)),
            Name::Filled(template) => FieldRef::parse(template.render(event, arena)).ok().map(Cow::Owned),
        }
    }
}

/// Reads a reference that stands at `place`.
pub fn reference(text: &str, place: Place) -> Result<FieldRef, Fault> {
    FieldRef::parse(text).map_err(|bad| Fault::at(place, bad.to_string()).code("bad-reference"))
}
