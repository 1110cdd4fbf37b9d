//! The `prune` filter: removes fields by their names or values.
//!
//! Only top-level fields are looked at. Names first, then values; what is listed before what is not.
//! Settings: Logstash reference, "Prune filter plugin".

use super::ruby_regex::RubyRegex;
use super::{Context, Filter, FilterPlugin, Outcome};
use crate::event::{Arena, Event, Tag, Template, Value, display};
use crate::plugin::{Declaration, Door, Fallback, Fault, Item, Kind, Place, Setting, Settings};

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("prune/examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "prune",
    summary: "Removes top-level fields whose names or values match, or do not.",
    settings: &[
        Setting::new(
            "whitelist_names",
            Kind::Array,
            Fallback::Empty,
            "Regular expressions: only fields whose names match one stay, `tags` and `@timestamp` among the others. Empty: all stay.",
        ),
        Setting::new(
            "blacklist_names",
            Kind::Array,
            Fallback::List(&["%{[^}]+}"]),
            "Regular expressions: fields whose names match one go. By default those with a `%{field}` in their names that was not filled.",
        ),
        Setting::new(
            "whitelist_values",
            Kind::Hash,
            Fallback::Empty,
            "Fields and regular expressions: the field goes unless its value matches; of an array, items that do not match go.",
        )
        .differs("an array that loses all its items goes."),
        Setting::new(
            "blacklist_values",
            Kind::Hash,
            Fallback::Empty,
            "Fields and regular expressions: the field goes if its value matches; of an array, items that match go.",
        )
        .differs("an array that loses all its items goes."),
        Setting::new(
            "interpolate",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Whether `%{…}` in these settings is filled from the event.",
        ),
    ],
    example: r#"filter { prune { whitelist_names => [ "^msg$", "^tags$", "^@timestamp$" ] } }"#,
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let interpolate = settings.boolean("interpolate");
    let names = |setting: &str| {
        let items = settings.items(setting);
        let patterns =
            items.iter().map(|item| Pattern::of(item.as_text().unwrap_or_default(), item.place, interpolate));
        patterns.collect::<Result<Vec<_>, Fault>>()
    };
    let values = |setting: &str| {
        let pair = |(field, item): (String, Item)| {
            let text = item.one_text(setting)?;
            Ok((Template::parse(&field), Pattern::of(text, item.place, interpolate)?))
        };
        settings.pairs(setting).into_iter().map(pair).collect::<Result<Vec<_>, Fault>>()
    };
    Ok(Box::new(Prune {
        keep_names: names("whitelist_names")?,
        drop_names: names("blacklist_names")?,
        keep_values: values("whitelist_values")?,
        drop_values: values("blacklist_values")?,
        interpolate,
    }))
}

/// A regular expression that may be filled from the event.
#[derive(Clone, Debug)]
enum Pattern {
    Fixed(RubyRegex),
    /// The last one that was compiled is kept.
    Filled {
        template: Template,
        last: Option<(String, Option<RubyRegex>)>,
    },
}

impl Pattern {
    fn of(text: &str, place: Place, interpolate: bool) -> Result<Pattern, Fault> {
        let template = Template::parse(text);
        if interpolate && template.as_literal().is_none() {
            return Ok(Pattern::Filled { template, last: None });
        }
        let bad = |bad| Fault::at(place, format!("`{text}` is no regular expression: {bad}"));
        RubyRegex::new(text).map(Pattern::Fixed).map_err(bad)
    }

    /// Fills it; what then is no regular expression matches nothing.
    fn fill(&mut self, event: &Event<'_>, arena: &Arena) {
        if let Pattern::Filled { template, last } = self {
            let text = template.render(event, arena);
            if last.as_ref().is_none_or(|(there, _)| there != text) {
                *last = Some((text.to_string(), RubyRegex::new(text).ok()));
            }
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Fixed(regex) => regex.is_match(text),
            Pattern::Filled { last, .. } => {
                last.as_ref().and_then(|(_, regex)| regex.as_ref()).is_some_and(|regex| regex.is_match(text))
            }
        }
    }

    fn matches_value(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Text(text) => self.matches(text.str),
            other => {
                let mut text = Vec::new();
                display::append(other, &mut text);
                self.matches(&String::from_utf8_lossy(&text))
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Prune {
    keep_names: Vec<Pattern>,
    drop_names: Vec<Pattern>,
    keep_values: Vec<(Template, Pattern)>,
    drop_values: Vec<(Template, Pattern)>,
    interpolate: bool,
}

impl Filter for Prune {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        self.fill(event, cx.arena);
        let named = |patterns: &[Pattern], name: &str| patterns.iter().any(|pattern| pattern.matches(name));
        event.root.retain(|name, _| {
            (self.keep_names.is_empty() || named(&self.keep_names, name)) && !named(&self.drop_names, name)
        });
        for (values, keep) in [(&self.keep_values, true), (&self.drop_values, false)] {
            for (field, pattern) in values {
                let field = match field.as_literal() {
                    Some(literal) => literal,
                    None => field.render(event, cx.arena),
                };
                prune_value(event, field, pattern, keep);
            }
        }
        Outcome::Matched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

impl Prune {
    fn fill(&mut self, event: &Event<'_>, arena: &Arena) {
        if self.interpolate {
            let names = self.keep_names.iter_mut().chain(&mut self.drop_names);
            let values = self.keep_values.iter_mut().chain(&mut self.drop_values).map(|(_, pattern)| pattern);
            names.chain(values).for_each(|pattern| pattern.fill(event, arena));
        }
    }
}

/// Removes the field, or items of its array, whose match is not what is to be kept.
fn prune_value(event: &mut Event<'_>, field: &str, pattern: &Pattern, keep: bool) {
    let goes = match event.root.find_mut(field, Tag::of(field)) {
        None => false,
        Some(Value::Array(items)) => {
            items.retain(|item| pattern.matches_value(item) == keep);
            items.is_empty()
        }
        Some(value) => pattern.matches_value(value) != keep,
    };
    if goes {
        event.root.remove(field);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn check(settings: &str, fields: &str, expected: &str) {
        testing::check(&PLUGIN, settings, fields, Outcome::Matched, expected);
    }

    #[test]
    fn only_listed_names_stay() {
        let fields = r#"{"msg":"hello world","msg_short":"hw","@timestamp":"2026-11-23T10:04:45Z","tags":["a"]}"#;
        check(r#"{"whitelist_names":["msg"]}"#, fields, r#"{"msg":"hello world","msg_short":"hw"}"#);
        check(r#"{"whitelist_names":["^msg$"]}"#, fields, r#"{"msg":"hello world"}"#);
        check(r#"{"whitelist_names":["^msg$","^tags$"]}"#, fields, r#"{"msg":"hello world","tags":["a"]}"#);
        check("{}", r#"{"a":1}"#, r#"{"a":1}"#);
    }

    #[test]
    fn listed_names_go() {
        let fields = r#"{"method":"GET","referrer":"r","status":200,"%{hmm}":"x","a":{"method":1}}"#;
        check("{}", fields, r#"{"method":"GET","referrer":"r","status":200,"a":{"method":1}}"#);
        check(r#"{"blacklist_names":["method","(referrer|status)"]}"#, fields, r#"{"%{hmm}":"x","a":{"method":1}}"#);
        check(r#"{"blacklist_names":["^me"],"whitelist_names":["e"]}"#, fields, r#"{"referrer":"r"}"#);
    }

    #[test]
    fn fields_stay_or_go_by_their_values() {
        let fields = r#"{"uripath":"/index.php","method":"GET","status":200,"other":1}"#;
        check(
            r#"{"whitelist_values":["uripath","/index.php","method","(GET|POST)","status","^[^2]"]}"#,
            fields,
            r#"{"uripath":"/index.php","method":"GET","other":1}"#,
        );
        check(
            r#"{"blacklist_values":["uripath","/index.php","method","(HEAD|OPTIONS)","status","^[^2]"]}"#,
            fields,
            r#"{"method":"GET","status":200,"other":1}"#,
        );
    }

    #[test]
    fn items_of_arrays_stay_or_go() {
        check(r#"{"blacklist_values":{"tags":"^drop"}}"#, r#"{"tags":["keep","drop_me"]}"#, r#"{"tags":["keep"]}"#);
        check(r#"{"whitelist_values":{"x":"^a"}}"#, r#"{"x":["ab","b",5,"a"]}"#, r#"{"x":["ab","a"]}"#);
        check(r#"{"blacklist_values":{"x":"."}}"#, r#"{"x":["a","b"],"y":1}"#, r#"{"y":1}"#);
    }

    #[test]
    fn settings_are_filled_if_asked_to() {
        let fields = r#"{"name":"a","ab":1,"x":2,"y":"a"}"#;
        check(
            r#"{"interpolate":true,"blacklist_names":["^%{name}"],"whitelist_values":{"y":"%{x}"}}"#,
            fields,
            r#"{"name":"a","x":2}"#,
        );
        check(r#"{"interpolate":false,"blacklist_names":["^%{name}"]}"#, fields, fields);
        check(
            r#"{"interpolate":true,"blacklist_names":["(%{name}"]}"#,
            r#"{"name":"a","b":1}"#,
            r#"{"name":"a","b":1}"#,
        );
    }

    #[test]
    fn what_is_no_regular_expression_is_refused() {
        let fault = testing::build(&PLUGIN, r#"{"whitelist_names":["("]}"#).err().unwrap();
        assert!(fault.text.starts_with("`(` is no regular expression"), "{fault}");
    }
}
