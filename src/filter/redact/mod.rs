//! The `redact` filter, our own: secrets in texts give way to something that has their form and tells nothing.
//!
//! What is looked for stands in `mask`.

pub mod mask;

use super::{Context, Filter, FilterPlugin, Outcome, name, strings};
use crate::event::value::Text;
use crate::event::{Arena, Event, FieldRef, Value};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use mask::{KINDS, Masker};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "redact",
    summary: "Takes secrets out of texts: passwords in URLs, tokens, card numbers, e-mail addresses. A plugin of timberline's own.",
    settings: &[
        Setting::new(
            "fields",
            Kind::Array,
            Fallback::Empty,
            "The fields to look into, and into strings of arrays and hashes in them. Without it, all strings of the event.",
        ),
        Setting::new(
            "kinds",
            Kind::Array,
            Fallback::Empty,
            "What to take out: url_password, private_key, authorization, bearer_token, token, named_secret (`password=…`), email, card (with a check digit that is right). Without it, all of them.",
        ),
    ],
    example: r#"filter { redact { fields => [ "message", "[error][message]" ] kinds => [ "email", "card", "bearer_token", "url_password" ] } }"#,
    differs: &["Logstash has no such filter."],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let items = settings.items("fields");
    let fields = items.iter().map(|item| name::reference(item.as_text().unwrap_or_default(), item.place));
    let kinds = settings.items("kinds");
    let kinds = kinds.iter().map(|item| {
        let asked = item.as_text().unwrap_or_default();
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        KINDS.into_iter().find(|kind| kind.name == asked).ok_or_else(|| {
            Fault::at(item.place, format!("there is no kind of secret `{asked}`"))
                .help(format!("there are: {}", known.join(", ")))
        })
    });
    let kinds: Vec<_> = kinds.collect::<Result<_, _>>()?;
    let masker = if kinds.is_empty() { Masker::default() } else { Masker::of(&kinds) };
    Ok(Box::new(Redact { masker, fields: fields.collect::<Result<_, _>>()? }))
}

#[derive(Clone, Debug)]
struct Redact {
    masker: Masker,
    /// Empty: all of them.
    fields: Vec<FieldRef>,
}

impl Filter for Redact {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        strings::change(event, &self.fields, &self.masker, cx.arena);
        Outcome::Matched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

impl strings::Change for Masker {
    fn concerns(&self, text: &str) -> bool {
        self.finds(text)
    }

    fn apply<'b>(&self, text: Text<'b>, arena: &'b Arena) -> Value<'b> {
        Value::copied(arena, &self.text(text.str))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn a_kind_that_is_not_there_is_refused() {
        testing::check_fault(&PLUGIN, r#"{"kinds":["emails"]}"#, "there is no kind of secret `emails`");
    }
}
