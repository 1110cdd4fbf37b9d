//! Grok patterns for codecs: the place where codecs and filters meet.

use crate::codec::{Expressions, Matcher};
use crate::filter::ruby_regex::RubyRegex;
use crate::filter::{Build, Ecs, grok};
use crate::plugin::{Fault, Item};

/// Compiles patterns with what the pipeline's filters are built with.
pub struct Grok<'a>(pub Build<'a>);

impl Expressions for Grok<'_> {
    fn compile(&self, pattern: &Item, dirs: &[Item], ecs: Option<&str>) -> Result<Box<dyn Matcher>, Fault> {
        let regex = grok::expression(pattern, dirs, ecs.and_then(Ecs::parse), &self.0)?;
        Ok(Box::new(Found(regex)))
    }
}

#[derive(Clone)]
struct Found(RubyRegex);

impl Matcher for Found {
    fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    fn boxed(&self) -> Box<dyn Matcher> {
        Box::new(self.clone())
    }
}
