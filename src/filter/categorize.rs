//! The `categorize` filter (ours): names the kind of an event by rules over its text.
//!
//! Sources are looked at in order. In the first one that any rule matches, the first such rule *as written* gives the
//! category, wherever in the text it matches.
//!
//! Rules that are all plain words (`(?i)mongo|redis`) are looked for at once, in one pass over the text; others one
//! after the other. Both give the same category.

use super::ruby_regex::RubyRegex;
use super::{Context, Filter, FilterPlugin, Outcome, name};
use crate::event::{Event, FieldRef, Value, display};
use crate::plugin::{Declaration, Door, Fallback, Fault, Kind, Setting, Settings};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::Arc;

pub static PLUGIN: FilterPlugin = FilterPlugin {
    declaration: &DECLARATION,
    examples: include_str!("categorize/examples.txt"),
    build: |settings, _| build(settings),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "categorize",
    summary: "Names the kind of an event: the first rule that matches gives the category.",
    settings: &[
        Setting::new(
            "source",
            Kind::Array,
            Fallback::List(&["[error][type]", "message"]),
            "The fields to look at, in order; the first one that any rule matches decides.",
        ),
        Setting::new(
            "target",
            Kind::Field,
            Fallback::Text("[error][category]"),
            "The field that the category is written to.",
        ),
        Setting::new(
            "rules",
            Kind::Hash,
            Fallback::Required,
            "Category and regular expression, in order: of the rules that match, the first as written counts.",
        ),
        Setting::new(
            "default",
            Kind::String,
            Fallback::Text("unknown"),
            "The category where no rule matches; an empty one leaves the event alone.",
        ),
        Setting::new(
            "tag_on_failure",
            Kind::Array,
            Fallback::List(&["_categorizefailure"]),
            "Tags for events whose `target` cannot be written, because a part of its path is no hash.",
        ),
    ],
    example: r#"filter { categorize { rules => { "database" => "(?i)mongo|redis" "timeout" => "(?i)timed? ?out" } } }"#,
    differs: &["ours: Logstash has no such filter; it takes a chain of conditionals."],
    unavailable: None,
};

fn build(settings: &Settings) -> Result<Box<dyn Filter>, Fault> {
    let reference = |text: &str, setting: &str| name::reference(text, settings.place(setting));
    let sources = settings.texts("source");
    Ok(Box::new(Categorize {
        sources: sources.iter().map(|text| reference(text, "source")).collect::<Result<_, _>>()?,
        target: reference(settings.text("target").unwrap_or_default(), "target")?,
        rules: Rules::of(settings)?,
        default: settings.text("default").unwrap_or_default().into(),
        failure: settings.texts("tag_on_failure").into(),
        scratch: Vec::new(),
    }))
}

#[derive(Clone, Debug)]
struct Categorize {
    sources: Box<[FieldRef]>,
    target: FieldRef,
    rules: Rules,
    /// Empty: none.
    default: Box<str>,
    failure: Box<[String]>,
    /// The text of a source that is no string.
    scratch: Vec<u8>,
}

impl Categorize {
    /// The number of the rule that decides.
    fn decide(&mut self, event: &Event<'_>) -> Option<usize> {
        let Categorize { sources, rules, scratch, .. } = self;
        sources.iter().find_map(|source| match event.get(source)? {
            Value::Null => None,
            Value::Text(text) => rules.first(text.str),
            other => {
                scratch.clear();
                display::append(other, scratch);
                rules.first(&String::from_utf8_lossy(scratch))
            }
        })
    }
}

impl Filter for Categorize {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        let category = match self.decide(event) {
            Some(rule) => &*self.rules.names[rule],
            None if self.default.is_empty() => {
                for source in &self.sources {
                    cx.because(event, source, || "no rule matches it");
                }
                return Outcome::Unmatched;
            }
            None => &*self.default,
        };
        match event.set(&self.target, Value::copied(cx.arena, category), cx.arena) {
            Ok(_) => Outcome::Matched,
            Err(bad) => {
                cx.because(event, &self.target, || bad.to_string());
                self.failure.iter().for_each(|tag| event.tag(tag, cx.arena));
                Outcome::Unmatched
            }
        }
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[derive(Clone, Debug)]
struct Rules {
    names: Arc<[Box<str>]>,
    expressions: Vec<RubyRegex>,
    words: Option<Words>,
}

impl Rules {
    fn of(settings: &Settings) -> Result<Rules, Fault> {
        let (mut names, mut patterns, mut expressions) = (Vec::new(), Vec::new(), Vec::new());
        for (name, item) in settings.pairs("rules") {
            let Some(pattern) = item.as_text() else {
                return Err(Fault::at(item.place, format!("the rule of `{name}` must be a regular expression")));
            };
            let expression = RubyRegex::new(pattern).map_err(|bad| {
                Fault::at(item.place, format!("the rule of `{name}` is no regular expression: {bad}"))
            })?;
            names.push(name.into());
            patterns.push(pattern.to_string());
            expressions.push(expression);
        }
        Ok(Rules { names: names.into(), expressions, words: Words::of(&patterns) })
    }

    /// The first rule that matches `text`.
    fn first(&self, text: &str) -> Option<usize> {
        match &self.words {
            Some(words) if words.judges(text) => words.first(text),
            _ => self.first_plain(text),
        }
    }

    fn first_plain(&self, text: &str) -> Option<usize> {
        self.expressions.iter().position(|expression| expression.is_match(text))
    }
}

/// Rules that are alternations of plain words, all with the same case rule.
#[derive(Clone, Debug)]
struct Words {
    finder: AhoCorasick,
    /// The rule of each word.
    rule_of: Arc<[usize]>,
    any_case: bool,
}

impl Words {
    fn of(patterns: &[String]) -> Option<Words> {
        let any_case = patterns.first()?.starts_with("(?i)");
        let (mut words, mut rule_of) = (Vec::new(), Vec::new());
        for (rule, pattern) in patterns.iter().enumerate() {
            let alternatives = pattern.strip_prefix("(?i)");
            if alternatives.is_some() != any_case {
                return None;
            }
            for word in alternatives.unwrap_or(pattern).split('|') {
                words.push(plain_word(word)?);
                rule_of.push(rule);
            }
        }
        let kind = Some(AhoCorasickKind::DFA);
        let finder = AhoCorasick::builder().ascii_case_insensitive(any_case).kind(kind).build(words).ok()?;
        Some(Words { finder, rule_of: rule_of.into(), any_case })
    }

    /// Whether bytes say it all: without case, a letter beyond ASCII can be one of a word's (`ſ` is an `s`).
    fn judges(&self, text: &str) -> bool {
        !self.any_case || text.is_ascii()
    }

    fn first(&self, text: &str) -> Option<usize> {
        let mut first = None;
        for found in self.finder.find_overlapping_iter(text) {
            let rule = self.rule_of[found.pattern().as_usize()];
            if rule == 0 {
                return Some(0);
            }
            first = Some(first.map_or(rule, |before: usize| before.min(rule)));
        }
        first
    }
}

/// A word that means itself in a regular expression.
fn plain_word(word: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b" _-:/,;=<>@%&'\"!~".contains(&byte);
    (!word.is_empty() && word.bytes().all(is_plain)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use Outcome::{Matched, Unmatched};
    use proptest::prelude::*;

    fn check(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
        testing::check(&PLUGIN, settings, fields, outcome, expected);
    }

    /// Lists keep their order in JSON.
    const RULES: &str =
        r#"{"target":"c","rules":["db","(?i)mongo|redis","slow","(?i)timeout|timed out","all","(?i)e"]}"#;

    #[test]
    fn the_first_rule_as_written_gives_the_category() {
        check(RULES, r#"{"message":"TIMEOUT of Redis"}"#, Matched, r#"{"message":"TIMEOUT of Redis","c":"db"}"#);
        check(RULES, r#"{"message":"it Timed Out"}"#, Matched, r#"{"message":"it Timed Out","c":"slow"}"#);
    }

    #[test]
    fn the_first_source_that_any_rule_matches_decides() {
        let fields = r#"{"error":{"type":"TimeoutError"},"message":"redis"}"#;
        check(RULES, fields, Matched, r#"{"error":{"type":"TimeoutError"},"message":"redis","c":"slow"}"#);
        let fields = r#"{"error":{"type":"X"},"message":"redis"}"#;
        check(RULES, fields, Matched, r#"{"error":{"type":"X"},"message":"redis","c":"db"}"#);
    }

    #[test]
    fn without_a_match_there_is_a_default() {
        check(RULES, r#"{"message":"abc"}"#, Matched, r#"{"message":"abc","c":"unknown"}"#);
        check(RULES, r#"{"message":null}"#, Matched, r#"{"message":null,"c":"unknown"}"#);
        let none = r#"{"rules":["a","x"],"default":""}"#;
        check(none, r#"{"message":"abc"}"#, Unmatched, r#"{"message":"abc"}"#);
    }

    #[test]
    fn what_is_no_string_is_taken_by_its_text() {
        let settings = r#"{"source":["a"],"target":"c","rules":["list","x,5","hash","\\{\"b\""]}"#;
        check(settings, r#"{"a":["x",5]}"#, Matched, r#"{"a":["x",5],"c":"list"}"#);
        check(settings, r#"{"a":{"b":1}}"#, Matched, r#"{"a":{"b":1},"c":"hash"}"#);
    }

    #[test]
    fn the_target_is_the_category_of_the_error_and_may_stand_in_a_texts_way() {
        let settings = r#"{"rules":["a","x"]}"#;
        check(settings, r#"{"message":"x"}"#, Matched, r#"{"message":"x","error":{"category":"a"}}"#);
        let tagged = r#"{"message":"x","error":"boom","tags":["_categorizefailure"]}"#;
        check(settings, r#"{"message":"x","error":"boom"}"#, Unmatched, tagged);
    }

    #[test]
    fn a_rule_that_is_no_expression_is_refused_by_its_name() {
        let fault = testing::build(&PLUGIN, r#"{"rules":["a","(x"]}"#).err().unwrap();
        assert!(fault.text.starts_with("the rule of `a` is no regular expression: "), "{fault}");
        testing::check_fault(&PLUGIN, r#"{"rules":["a",["x"]]}"#, "the rule of `a` must be a regular expression");
    }

    #[test]
    fn only_plain_words_of_one_case_are_found_at_once() {
        let words =
            |patterns: &[&str]| Words::of(&patterns.iter().map(|p| p.to_string()).collect::<Vec<_>>()).is_some();
        assert!(words(&["(?i)a|b c", "(?i)d"]) && words(&["a", "b"]));
        assert!(!words(&["(?i)a", "b"]) && !words(&["a.c"]) && !words(&["a|"]) && !words(&["(?i)é"]) && !words(&[]));
    }

    fn rules(patterns: &[String]) -> Rules {
        Rules {
            names: patterns.iter().map(|pattern| pattern.as_str().into()).collect(),
            expressions: patterns.iter().map(|pattern| RubyRegex::new(pattern).unwrap()).collect(),
            words: Words::of(patterns),
        }
    }

    proptest! {
        #[test]
        fn one_pass_finds_what_the_expressions_find(
            words in prop::collection::vec("[abks]{1,3}(\\|[abks ]{1,3}){0,2}", 1..5),
            any_case: bool,
            texts in prop::collection::vec("[abksABKS ſKé]{0,12}", 1..12),
        ) {
            let prefix = if any_case { "(?i)" } else { "" };
            let patterns: Vec<String> = words.iter().map(|word| format!("{prefix}{word}")).collect();
            let rules = rules(&patterns);
            prop_assert!(rules.words.is_some());
            for text in texts {
                prop_assert_eq!(rules.first(&text), rules.first_plain(&text), "{}", text);
            }
        }
    }
}
