//! Date patterns whose letters mean something else than they seem to.
//!
//! Looked at: the patterns of filter `date`, and `%{+…}` and `%{{…}}` wherever a string of a plugin holds them.

use super::{is_other_language, texts, values};
use crate::event::joda::{Dialect, Locale, Pattern};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::{Span, Spanned};
use crate::lang::suggest::nearest;
use crate::lang::tree::Plugin;

/// Patterns of filter `date` that are no letters.
const NAMED: [&str; 4] = ["ISO8601", "UNIX", "UNIX_MS", "TAI64N"];

pub fn patterns(plugin: &Plugin, found: &mut Vec<Diagnostic>) {
    if plugin.name.value == "date" {
        let patterns = values(plugin, "match").flat_map(|value| texts(value).into_iter().skip(1));
        for text in patterns.filter(|text| !NAMED.contains(&text.value.as_str())) {
            doubts(&letters(&text.value), Dialect::Joda, text.span, found);
        }
    }
    for setting in &plugin.settings {
        for text in texts(&setting.value).into_iter().filter(|_| !is_other_language(plugin, setting)) {
            templates(text, found);
        }
    }
}

/// A language that nobody knows, where no pattern has names: the filter refuses it only where it would change an event.
pub fn locale(plugin: &Plugin, found: &mut Vec<Diagnostic>) {
    if plugin.name.value != "date" {
        return;
    }
    let has_names = |text: &&Spanned<String>| Pattern::parse(&text.value, Dialect::Joda).is_ok_and(|it| it.has_names());
    let patterns = values(plugin, "match").flat_map(|value| texts(value).into_iter().skip(1));
    if patterns.filter(|text| !NAMED.contains(&text.value.as_str())).any(|text| has_names(&text)) {
        return;
    }
    for text in values(plugin, "locale").flat_map(texts).filter(|text| Locale::named(&text.value).is_none()) {
        let said = format!(
            "there is no locale `{}`; no pattern here has names of months or days, so nothing asks for it",
            text.value
        );
        let languages = Locale::languages();
        let near = nearest(&text.value, languages.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        found.push(
            Diagnostic::warning("unknown-locale", text.span, said)
                .with_help(near.unwrap_or_else(|| "leave it out".to_string())),
        );
    }
}

/// The dates that a string asks for.
fn templates(text: &Spanned<String>, found: &mut Vec<Diagnostic>) {
    let mut rest = text.value.as_str();
    while let Some(start) = rest.find("%{") {
        rest = &rest[start + 2..];
        let (pattern, dialect) = match rest.as_bytes().first() {
            Some(b'+') if !rest.starts_with("+%s}") => (rest[1..].split('}').next(), Dialect::Joda),
            Some(b'{') => (rest[1..].find("}}").map(|end| &rest[1..=end]), Dialect::JavaTime),
            _ => continue,
        };
        let Some(pattern) = pattern else { continue };
        match Pattern::parse(pattern, dialect) {
            Ok(_) if pattern != "TAI64N" => doubts(&letters(pattern), dialect, text.span, found),
            Ok(_) => {}
            Err(bad) => {
                let said = format!("bad date pattern `{pattern}`: {}", bad.text);
                let diagnostic = Diagnostic::error("bad-date-pattern", text.span, said);
                found.push(bad.help.into_iter().fold(diagnostic, Diagnostic::with_help));
            }
        }
    }
}

/// The letters outside of quotes, each with how often it stands.
fn letters(pattern: &str) -> Vec<(char, usize)> {
    let mut letters: Vec<(char, usize)> = Vec::new();
    let (mut quoted, mut last) = (false, None);
    for char in pattern.chars() {
        quoted ^= char == '\'';
        if quoted || !char.is_ascii_alphabetic() {
            last = None;
            continue;
        }
        match letters.last_mut().filter(|_| last == Some(char)) {
            Some((_, count)) => *count += 1,
            None => letters.push((char, 1)),
        }
        last = Some(char);
    }
    letters
}

fn doubts(letters: &[(char, usize)], dialect: Dialect, span: Span, found: &mut Vec<Diagnostic>) {
    let has = |wanted: &str| letters.iter().any(|(letter, _)| wanted.contains(*letter));
    let written = |wanted: char| {
        let count = letters.iter().find(|(letter, _)| *letter == wanted).map_or(1, |(_, count)| *count);
        String::from(wanted).repeat(count)
    };
    let behind = |first: &str, then: char| letters.windows(2).any(|two| first.contains(two[0].0) && two[1].0 == then);
    let mut warn = |code, text: String, help: String| {
        found.push(Diagnostic::warning(code, span, text).with_help(help));
    };
    if has("D") && has("M") {
        let text = format!("`{}` is the day of the year, from 1 to 366", written('D'));
        warn("day-of-year", text, "write `dd` for the day of the month".into());
    }
    if has("hK") && !has("a") && !(dialect == Dialect::JavaTime && has("B")) {
        let letter = if has("h") { 'h' } else { 'K' };
        let text = format!("`{}` counts the hours of half a day, and nothing says which half", written(letter));
        warn("half-day", text, "write `HH` for 0 to 23, or put `a` behind it for AM and PM".into());
    }
    if dialect == Dialect::JavaTime && has("Y") && !has("w") {
        let text = format!("`{}` is the year of the week, which is another one around New Year", written('Y'));
        warn("week-year", text, "write `yyyy`, or `uuuu`".into());
    }
    if behind("yYux", 'm') && !has("M") {
        let text = format!("`{}` is the minute, not the month", written('m'));
        warn("minute-for-month", text, "write `MM` for the month".into());
    }
    if behind("HhkK", 'M') && !has("m") {
        let text = format!("`{}` is the month, not the minute", written('M'));
        warn("month-for-minute", text, "write `mm` for the minute".into());
    }
    if behind("m", 'S') && !has("s") {
        let text = format!("`{}` is the fraction of a second, not the second", written('S'));
        warn("fraction-for-second", text, "write `ss` for the second".into());
    }
}
