//! `timberline help`: a command's flags, or a plugin's settings as it declares them.

use super::args::{Arguments, HelpArguments};
use super::examples;
use super::patterns;
use super::reference::{declarations, differences, paragraphs, unavailable};
use super::terminal::{BOLD, CYAN, GREEN, Look, YELLOW};
use super::{Ended, Exit, Failure};
use crate::lang::suggest::nearest;
use crate::plugin::example::Example;
use crate::plugin::sample::sample;
use crate::plugin::{Declaration, Door, Fallback, Setting};
use clap::CommandFactory as _;
use std::io::{self, Write as _};

/// Text is easier to read in lines that are not as long as a wide terminal.
pub const WIDTH_MAX: usize = 100;
const INDENT: &str = "      ";

pub fn run(arguments: &HelpArguments) -> Ended {
    let look = Look::of_stdout();
    let text = match (arguments.topic.as_deref(), arguments.name.as_deref()) {
        (None, _) => clap_help(None, look)?,
        (Some("pattern" | "patterns"), None) => patterns::all(look),
        (Some("pattern" | "patterns"), Some(name)) => patterns::one(name, look)?,
        (Some(topic), name) => match (door_of(topic), name) {
            (Some(door), Some(name)) => plugin(find(door, name)?, look),
            (Some(door), None) => list(door, look),
            (None, _) => clap_help(Some(topic), look)?,
        },
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Done)
}

/// `filter`, and `filters` too.
fn door_of(word: &str) -> Option<Door> {
    let word = word.strip_suffix('s').unwrap_or(word);
    Door::ALL.into_iter().find(|door| door.name() == word)
}

fn clap_help(name: Option<&str>, look: Look) -> Result<String, Failure> {
    let mut command = Arguments::command();
    command.build();
    let known: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_string()).collect();
    let help = match name {
        None => command.render_help(),
        Some(name) => {
            let command = command.find_subcommand_mut(name).ok_or_else(|| unknown_topic(name, &known))?;
            command.render_long_help()
        }
    };
    Ok(if look.colour { help.ansi().to_string() } else { help.to_string() })
}

/// A word that is no command may be a plugin's name.
fn unknown_topic(word: &str, commands: &[String]) -> Failure {
    let doors: Vec<&str> = Door::ALL.iter().filter(|door| named(**door, word).is_some()).map(|d| d.name()).collect();
    let words = commands.iter().map(String::as_str).chain(Door::ALL.map(Door::name)).chain(["pattern"]);
    let hint = match (doors.first(), nearest(word, words)) {
        (Some(door), _) => format!("`{word}` is a plugin: timberline help {door} {word}"),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => format!("there are {}; and input, filter, output, codec, pattern", commands.join(", ")),
    };
    Failure::Refused { text: format!("no help on `{word}`"), hint: Some(hint) }
}

fn named(door: Door, name: &str) -> Option<&'static Declaration> {
    declarations(door).into_iter().find(|declaration| declaration.name == name)
}

fn find(door: Door, name: &str) -> Result<&'static Declaration, Failure> {
    named(door, name).ok_or_else(|| {
        let known: Vec<&str> = declarations(door).iter().map(|declaration| declaration.name).collect();
        let elsewhere = Door::ALL.into_iter().find(|other| named(*other, name).is_some());
        let hint = match (nearest(name, known.iter().copied()), elsewhere) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(other)) => format!("`{name}` is {}: timberline help {} {name}", article(other), other.name()),
            (None, None) => format!("there are {}", known.join(", ")),
        };
        Failure::Refused { text: format!("no {} is called `{name}`", door.name()), hint: Some(hint) }
    })
}

fn article(door: Door) -> String {
    let article = if matches!(door, Door::Input | Door::Output) { "an" } else { "a" };
    format!("{article} {}", door.name())
}

fn list(door: Door, look: Look) -> String {
    let (opened, known): (Vec<_>, Vec<_>) = declarations(door).into_iter().partition(|it| it.unavailable.is_none());
    let mut out = listed(&opened, look);
    if !known.is_empty() {
        out += &format!("\nKnown, not run yet\n{}", listed(&known, look));
    }
    out + &format!("\ntimberline help {} NAME shows its settings\n", door.name())
}

fn listed(all: &[&Declaration], look: Look) -> String {
    let wide = all.iter().map(|declaration| declaration.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for declaration in all {
        let name = look.paint(CYAN, declaration.name);
        let gap = wide - declaration.name.len() + 2;
        let mut lines = wrapped(declaration.summary, look.width.min(WIDTH_MAX).saturating_sub(wide + 4)).into_iter();
        out += &format!("  {name}{:gap$}{}\n", "", lines.next().unwrap_or_default());
        lines.for_each(|line| out += &format!("  {:wide$}  {line}\n", ""));
    }
    out
}

fn plugin(declaration: &Declaration, look: Look) -> String {
    let columns = look.width.min(WIDTH_MAX);
    let door = declaration.door.name();
    let mut out = format!("{door} {}\n", look.paint(BOLD, declaration.name));
    push_wrapped(&mut out, declaration.summary, "  ", columns);
    if let Some(text) = unavailable(declaration) {
        push_wrapped(&mut out, &look.paint(YELLOW, &text), "  ", columns);
    }
    if !declaration.example.is_empty() {
        out.push('\n');
        declaration.example.trim_end().lines().for_each(|line| push_folded(&mut out, line, "    ", columns));
    }
    let shown = examples::of(declaration);
    if let Some(example) = examples::about(&shown, "").find(|example| example.config.is_empty()) {
        push_example(&mut out, example, "    ", columns);
    }
    section(&mut out, "Settings", declaration, declaration.settings.iter(), &shown, look);
    let inherited = declaration.all_settings().skip(declaration.settings.len());
    section(&mut out, &format!("Settings of every {door}"), declaration, inherited, &[], look);
    if !declaration.differs.is_empty() {
        out += &format!("\n{}\n", look.paint(GREEN, "Differs from Logstash"));
        differences(declaration).for_each(|line| push_item(&mut out, &line, columns));
    }
    out
}

fn section<'s>(
    out: &mut String,
    title: &str,
    declaration: &Declaration,
    settings: impl Iterator<Item = &'s Setting>,
    shown: &[Example<'_>],
    look: Look,
) {
    let columns = look.width.min(WIDTH_MAX);
    let mut settings = settings.peekable();
    if settings.peek().is_some() {
        *out += &format!("\n{}\n", look.paint(GREEN, title));
    }
    for setting in settings {
        let about = format!("{}{}", setting.kind, default_of(setting));
        let mut lines = wrapped(&about, columns.saturating_sub(setting.name.len() + 4)).into_iter();
        *out += &format!("  {}  {}\n", look.paint(CYAN, setting.name), lines.next().unwrap_or_default());
        let more: Vec<String> = lines.collect();
        push_wrapped(out, &more.join(" "), INDENT, columns);
        for text in paragraphs(setting) {
            push_wrapped(out, &text, INDENT, columns);
        }
        if let Some(example) = examples::about(shown, setting.name).next() {
            push_example(out, example, "        ", columns);
        } else if let Some(value) = sample(declaration, setting) {
            push_folded(out, &format!("{} => {value}", setting.name), "        ", columns);
        }
    }
}

/// The piece of a pipeline, what comes in and what leaves.
fn push_example(out: &mut String, example: &Example<'_>, indent: &str, columns: usize) {
    let story = if example.proof.is_none() { example.lines() } else { Vec::new() };
    for line in example.config.iter().map(|line| (*line).to_string()).chain(story) {
        push_folded(out, &line, indent, columns);
    }
}

fn push_folded(out: &mut String, line: &str, indent: &str, columns: usize) {
    for (at, part) in folded(line, columns.saturating_sub(indent.len() + 2)).iter().enumerate() {
        *out += &format!("{indent}{}{}\n", if at == 0 { "" } else { "  " }, part.trim_end());
    }
}

/// `text` in lines of at most `columns` characters, cut behind a blank or a comma where there is one.
fn folded(text: &str, columns: usize) -> Vec<&str> {
    let (mut lines, mut rest) = (Vec::new(), text);
    while let Some((end, _)) = rest.char_indices().nth(columns) {
        let cut = rest[..end].rfind([' ', ',']).filter(|at| *at > end / 2).map_or(end, |at| at + 1);
        lines.push(&rest[..cut]);
        rest = &rest[cut..];
    }
    lines.push(rest);
    lines
}

fn default_of(setting: &Setting) -> String {
    match setting.fallback {
        Fallback::Required => ", required".to_string(),
        _ => super::reference::default_text(setting).map_or_else(String::new, |text| format!(", default {text}")),
    }
}

fn push_wrapped(out: &mut String, text: &str, indent: &str, columns: usize) {
    if text.is_empty() {
        return;
    }
    for line in wrapped(text, columns.saturating_sub(indent.len())) {
        *out += &format!("{indent}{line}\n");
    }
}

fn push_item(out: &mut String, text: &str, columns: usize) {
    for (at, line) in wrapped(text, columns.saturating_sub(4)).iter().enumerate() {
        *out += &format!("  {} {line}\n", if at == 0 { "-" } else { " " });
    }
}

/// Lines of at most `columns` columns, cut between words.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("never empty");
        if line.is_empty() {
            line.push_str(word);
        } else if super::terminal::width(line) + 1 + super::terminal::width(word) <= columns {
            *line += &format!(" {word}");
        } else {
            lines.push(word.to_string());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_words() {
        assert_eq!(wrapped("one two  three\nfour", 9), ["one two", "three", "four"]);
        assert_eq!(wrapped("", 9), [""]);
    }

    #[test]
    fn a_long_line_is_folded_behind_blanks_and_commas() {
        assert_eq!(folded("one two three", 9), ["one two ", "three"]);
        assert_eq!(folded("{\"a\":1,\"b\":2}", 10), ["{\"a\":1,", "\"b\":2}"]);
        assert_eq!(folded("éééééé", 4), ["éééé", "éé"]);
        assert_eq!(folded("", 4), [""]);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let look = Look { terminal: false, colour: false, width: 80, height: 24 };
        for declaration in Door::ALL.into_iter().flat_map(declarations) {
            for line in plugin(declaration, look).lines() {
                let width = super::super::terminal::width(line);
                assert!(width <= 80, "{}: {width} columns: {line}", declaration.name);
            }
        }
    }

    #[test]
    fn a_door_is_found_by_its_name_and_its_plural() {
        assert_eq!(
            (door_of("filter"), door_of("codecs"), door_of("check")),
            (Some(Door::Filter), Some(Door::Codec), None)
        );
    }
}
