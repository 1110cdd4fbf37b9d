//! `timberline help patterns`: the grok patterns, those of every day first, and what one of them is made of.

use super::Failure;
use super::help::{WIDTH_MAX, wrapped};
use super::terminal::{BOLD, CYAN, GREEN, Look};
use crate::filter::{Ecs, grok};
use crate::lang::suggest::nearest;

/// Nobody reads a longer regular expression.
const EXPRESSION_CHARS_MAX: usize = 1_000;

/// What most pipelines are made of, each with a text that it matches.
const EVERYDAY: &[(&str, &str)] = &[
    ("WORD", "GET"),
    ("NOTSPACE", "u-1042/eu"),
    ("DATA", "anything, as little as possible"),
    ("GREEDYDATA", "anything, as much as possible"),
    ("INT", "-42"),
    ("NUMBER", "3.14"),
    ("IP", "2001:db8::1"),
    ("HOSTNAME", "db-1.example.org"),
    ("IPORHOST", "10.0.0.9"),
    ("HOSTPORT", "db-1:5432"),
    ("QUOTEDSTRING", "\"in quotes, which stay\""),
    ("LOGLEVEL", "ERROR"),
    ("UUID", "2c1d43d2-9a0b-4a3e-8f5b-0d8c1f6a7b11"),
    ("PATH", "/var/log/app.log"),
    ("URIPATHPARAM", "/api/v1/orders?page=2"),
    ("EMAILADDRESS", "ann@example.org"),
    ("TIMESTAMP_ISO8601", "2026-11-23T10:04:45.123Z"),
    ("SYSLOGTIMESTAMP", "Nov 23 10:04:45"),
    ("HTTPDATE", "23/Nov/2026:10:04:45 +0000"),
    ("SYSLOGBASE", "Nov 23 10:04:45 host sshd[42]:"),
    ("COMBINEDAPACHELOG", "a line of nginx or Apache"),
];

/// The names of all patterns.
pub fn all(look: Look) -> String {
    let wide = EVERYDAY.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut out = format!("{}\n", look.paint(GREEN, "Every day"));
    for (name, matched) in EVERYDAY {
        out += &format!("  {}{:2$}{matched}\n", look.paint(CYAN, name), "", wide + 2 - name.len());
    }
    out += &format!("\n{}\n", look.paint(GREEN, "All"));
    let names: Vec<String> = grok::patterns(Ecs::V8).into_iter().map(|(name, _)| name).collect();
    push_indented(&mut out, &names.join(" "), look);
    out + "\ntimberline help pattern NAME shows one; in a pipeline: %{NAME:field}, %{NAME:field:int}\n"
}

fn push_indented(out: &mut String, text: &str, look: Look) {
    wrapped(text, look.width.min(WIDTH_MAX) - 2).iter().for_each(|line| *out += &format!("  {line}\n"));
}

/// What a pattern is made of and stands for.
pub fn one(name: &str, look: Look) -> Result<String, Failure> {
    let all = grok::patterns(Ecs::V8);
    let Some((name, text)) = all.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
        let near = nearest(&name.to_uppercase(), all.iter().map(|(name, _)| name.as_str()));
        let list = "`timberline help patterns` lists them".to_string();
        let hint = near.map_or(list, |near| format!("did you mean `{near}`?"));
        return Err(Failure::Refused { text: format!("no grok pattern is called `{name}`"), hint: Some(hint) });
    };
    let mut out = format!("pattern {}\n  {text}\n", look.paint(BOLD, name));
    if let Some((_, matched)) = EVERYDAY.iter().find(|(known, _)| known == name) {
        out += &format!("\n{}\n  {matched}\n", look.paint(GREEN, "Matches"));
    }
    let reference = format!("%{{{name}}}");
    let fields = grok::fields(&reference, Ecs::V8);
    if !fields.is_empty() {
        out += &format!("\n{}\n", look.paint(GREEN, "Fields"));
        push_indented(&mut out, &fields.join(" "), look);
    }
    if let Ok(written) = grok::written_out(&reference, Ecs::V8)
        && written != *text
    {
        let title = look.paint(GREEN, "As one regular expression");
        out += &match written.chars().count() {
            0..EXPRESSION_CHARS_MAX => format!("\n{title}\n  {written}\n"),
            long => format!("\nAs one regular expression it has {long} characters\n"),
        };
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::ruby_regex::RubyRegex;

    #[test]
    fn patterns_of_every_day_match_what_stands_beside_them() {
        for (name, matched) in EVERYDAY.iter().filter(|(name, _)| *name != "COMBINEDAPACHELOG") {
            let written = grok::written_out(&format!("%{{{name}}}"), Ecs::V8).expect("the pattern is in the set");
            let whole = RubyRegex::new(&format!("\\A(?:{written})\\z")).expect("the pattern compiles");
            assert!(whole.is_match(matched), "{name}: {matched}");
        }
    }

    #[test]
    fn a_pattern_tells_the_fields_of_the_patterns_in_it() {
        let look = Look { terminal: false, colour: false, width: 80, height: 24 };
        let shown = one("syslogbase", look).unwrap_or_default();
        assert!(shown.contains("[host][hostname]") && shown.contains("[process][pid]:int"), "{shown}");
    }
}
