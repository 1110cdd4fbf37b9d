//! The way of each event as indented text, for a person: on a terminal no line is wider than it is.

use super::super::terminal::{BOLD, CYAN, DIM, GREEN, Look, RED, YELLOW, cut, printable, width};
use super::{Map, Tells, as_json, name_of};
use crate::app::changes::Change;
use crate::app::dry_run::Document;
use crate::app::walk::{Passed, Walk};
use crate::filter::reasons::Reason;
use crate::filter::{Account, Outcome, Stop};
use crate::lang::source::Span;
use crate::pipeline::plan::Plan;
use std::io::{self, Write};

/// Values on a pipe are cut here; on a terminal where it ends.
const VALUE_COLUMNS_MAX: usize = 400;
/// Columns that are left for a place at least: with less it goes away.
const PLACE_COLUMNS_MIN: usize = 12;
/// What stands in a conditional is indented by one step; what is said of a plugin or a condition, by two.
const STEP_COLUMNS: usize = 2;
/// Deeper is not indented further: on 80 columns the values need the room.
const DEPTH_SHOWN_MAX: usize = 8;

/// Explanations as indented text.
pub struct Explained<'s, W> {
    out: W,
    look: Look,
    written: Map<'s>,
    /// Columns in front of what is shown now.
    margin: usize,
}

impl<W: Write> Tells for Explained<'_, W> {
    fn plan(&self) -> &Plan {
        &self.written.plan
    }

    fn walk(&mut self, walk: &Walk, documents: &[Document<'_>]) -> io::Result<()> {
        let look = self.look;
        let made = walk.maker.and_then(|filter| self.written.plan.filters.get(filter));
        let made = made.map(|maker| format!(" made by {} at {}", name_of(maker), self.written.place(maker.span)));
        let title = format!("event {}{}", walk.number, made.unwrap_or_default());
        writeln!(self.out, "{}", look.paint(BOLD, &title))?;
        writeln!(self.out, "  {}", cut(&printable(&line_of(&walk.began)), look.width.saturating_sub(2)))?;
        for passed in &walk.passed {
            match passed {
                Passed::Branch { branch, holds, values } => self.branch(*branch, *holds, values)?,
                Passed::Filter { filter, outcome, account, reasons, changes, took } => {
                    let silent = matches!(account, None | Some(Account::Absent(_))) && reasons.is_empty();
                    let idle = silent && changes.is_empty();
                    self.filter(*filter, *outcome, idle, took.as_nanos())?;
                    account.iter().try_for_each(|account| self.account(*filter, account))?;
                    reasons.iter().try_for_each(|reason| self.reason(reason))?;
                    changes.iter().try_for_each(|change| self.change(change))?;
                }
                Passed::Output { output } => self.output(*output)?,
            }
        }
        for document in documents {
            let index = document.index.unwrap_or("(no index)");
            writeln!(self.out, "  {} {}  {}", look.paint(GREEN, "=>"), printable(index), look.paint(DIM, document.id))?;
        }
        writeln!(self.out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<'s, W: Write> Explained<'s, W> {
    pub fn new(out: W, look: Look, written: Map<'s>) -> Explained<'s, W> {
        Explained { out, look, written, margin: 0 }
    }

    /// Goes to the column where things stand that are in so many conditionals.
    fn indent(&mut self, depth: usize) {
        self.margin = STEP_COLUMNS * (1 + depth.min(DEPTH_SHOWN_MAX));
    }

    /// What is said of the plugin or condition above.
    fn detail(&mut self, shown: &str) -> io::Result<()> {
        writeln!(self.out, "{:1$}{shown}", "", self.detail_columns())
    }

    fn detail_columns(&self) -> usize {
        self.margin + 2 * STEP_COLUMNS
    }

    /// A line with a place at its right end, where there is room for it.
    fn line(&mut self, text: &str, shown: &str, span: Span) -> io::Result<()> {
        let place = self.written.place(span);
        let room = self.look.width.saturating_sub(self.margin + width(text) + 2);
        write!(self.out, "{:1$}{shown}", "", self.margin)?;
        if width(&place) > room.max(PLACE_COLUMNS_MIN) {
            // On a line of its own, still at the right end.
            let before = self.look.width.saturating_sub(width(&place));
            return writeln!(self.out, "\n{:before$}{}", "", self.look.paint(DIM, &place));
        }
        let gap = " ".repeat(room.saturating_sub(width(&place)) + 2);
        writeln!(self.out, "{gap}{}", self.look.paint(DIM, &place))
    }

    fn branch(&mut self, branch: usize, holds: bool, values: &[(String, Option<String>)]) -> io::Result<()> {
        let Some(written) = self.written.plan.branches.get(branch).cloned() else { return Ok(()) };
        self.indent(written.depth);
        let word = if written.is_else { "else if" } else { "if" };
        let answer = if holds { "yes" } else { "no" };
        let condition = printable(&self.written.text(written.span)).into_owned();
        let head = format!("{word} ");
        let room = self.look.width.saturating_sub(self.margin + width(&head) + 2 + width(answer) + 2);
        let condition = cut(&condition, room).into_owned();
        let text = format!("{head}{condition}  {answer}");
        let colour = if holds { GREEN } else { DIM };
        let shown = format!("{head}{condition}  {}", self.look.paint(colour, answer));
        self.line(&text, &shown, written.span)?;
        for (field, value) in values {
            let field = printable(field);
            let room = self.columns(self.detail_columns() + width(&field) + 4);
            let value = value.as_deref().map_or("is not there".into(), |value| format!("is {}", short(value, room)));
            self.detail(&format!("{} {value}", self.look.paint(CYAN, &field)))?;
        }
        match (holds, written.otherwise) {
            (false, Some(span)) => self.line("else", "else", span),
            _ => Ok(()),
        }
    }

    fn filter(&mut self, filter: usize, outcome: Outcome, idle: bool, nanos: u128) -> io::Result<()> {
        let Some(written) = self.written.plan.filters.get(filter).cloned() else { return Ok(()) };
        self.indent(written.depth);
        let (word, colour) = match outcome {
            Outcome::Matched | Outcome::Unmatched if idle => ("  changed nothing", DIM),
            Outcome::Matched => ("", DIM),
            Outcome::Unmatched => ("  did not match", YELLOW),
            Outcome::Cancelled => ("  ended the event", RED),
        };
        let name = name_of(&written);
        let time = format!("  {:.1} µs", nanos as f64 / 1e3);
        let text = format!("{name}{word}{time}");
        let look = self.look;
        let shown = format!("{}{}{}", look.paint(BOLD, &name), look.paint(colour, word), look.paint(DIM, &time));
        self.line(&text, &shown, written.span)
    }

    fn account(&mut self, filter: usize, account: &Account) -> io::Result<()> {
        match account {
            Account::Matches(numbers) => numbers.iter().try_for_each(|number| {
                let before = "matched by ";
                let room = self.columns(self.detail_columns() + width(before));
                let pattern = short(self.written.alternative(filter, *number), room);
                self.detail(&format!("{before}{pattern}"))
            }),
            Account::Stops(stop) => self.stop(filter, stop),
            Account::Absent(field) => {
                let field = field.to_string();
                self.detail(&format!("{} is not there", self.look.paint(CYAN, &printable(&field))))
            }
        }
    }

    /// Why a filter failed, and the value on which it did.
    fn reason(&mut self, reason: &Reason) -> io::Result<()> {
        let why = printable(&reason.why);
        let Some(field) = &reason.field else {
            return self.detail(&short(&why, self.columns(self.detail_columns())));
        };
        let field = printable(field);
        let value = reason.value.as_deref().unwrap_or("not there");
        // The reason first, for a value may be long; on a terminal it may need a line of its own.
        let before = width(&why) + 2;
        let after = width(&field) + 4;
        let is_wide = before + after + PLACE_COLUMNS_MIN > self.columns(self.detail_columns());
        let why = format!("{}:", self.look.paint(YELLOW, &short(&why, self.columns(self.detail_columns() + 1))));
        let value = short(value, self.columns(self.detail_columns() + after + if is_wide { 0 } else { before }));
        let about = format!("{} is {value}", self.look.paint(CYAN, &field));
        if !is_wide {
            return self.detail(&format!("{why} {about}"));
        }
        self.detail(&why)?;
        self.detail(&about)
    }

    /// The pattern that came furthest, and the line with a caret where it stopped.
    fn stop(&mut self, filter: usize, stop: &Stop) -> io::Result<()> {
        let look = self.look;
        let furthest = "furthest came ";
        let room = self.columns(self.detail_columns() + width(furthest));
        let pattern = short(self.written.alternative(filter, stop.alternative), room);
        self.detail(&format!("{furthest}{pattern}"))?;
        let (before, after) = stop.text.split_at(stop.at.min(stop.text.len()));
        let (before, after) = (printable(before), printable(after));
        // The place where it stopped is in the middle of what is shown.
        let room = look.width.saturating_sub(self.detail_columns() + 1);
        let keep = room / 2;
        let skipped = width(&before).saturating_sub(keep);
        let before = if skipped > 0 { format!("…{}", last_columns(&before, keep)) } else { before.into_owned() };
        let after = cut(&after, room.saturating_sub(width(&before)));
        self.detail(&format!("{before}{}", look.paint(DIM, &after)))?;
        let caret = format!("{}^", " ".repeat(width(&before)));
        let quoted = |word: &str, part: &str| format!(", {word} `{}`", printable(part));
        let behind = stop.behind.as_deref().map(|part| quoted("behind", part)).unwrap_or_default();
        let innermost = stop.within.last().map(|part| quoted("in", part)).unwrap_or_default();
        let said = format!("`{}` does not match here", printable(&stop.expected));
        let about = format!("{behind}{innermost}");
        let red = look.paint(RED, &caret);
        if width(&caret) + 1 + width(&said) + width(&about) <= room {
            return self.detail(&format!("{red} {said}{about}"));
        }
        self.detail(&red)?;
        if !look.terminal || width(&said) + width(&about) <= room {
            return self.detail(&format!("{said}{about}"));
        }
        self.detail(&short(&said, room))?;
        self.detail(&short(about.trim_start_matches(", "), room))
    }

    fn change(&mut self, change: &Change) -> io::Result<()> {
        let look = self.look;
        let (mark, colour, value, new) = match change {
            Change::Added { new, .. } => ("+", GREEN, new, None),
            Change::Changed { old, new, .. } => ("~", YELLOW, old, Some(new)),
            Change::Removed { old, .. } => ("-", RED, old, None),
        };
        let field = printable(change.field()).into_owned();
        let before = self.detail_columns() + 2 + width(&field) + 1;
        if let Some(items) = new.and_then(|new| appended(value, new)) {
            let items = short(items, self.columns(before + 2));
            return self.detail(&format!("{} {} + {items}", look.paint(colour, mark), look.paint(CYAN, &field)));
        }
        let value = short(value, self.columns(before));
        let shown = format!("{} {} {value}", look.paint(colour, mark), look.paint(CYAN, &field));
        let Some(new) = new else { return self.detail(&shown) };
        // Side by side where both have room, else one below the other.
        let room = self.columns(before + width(&value) + 4);
        if width(&printable(new)) <= room {
            return self.detail(&format!("{shown} -> {}", printable(new)));
        }
        self.detail(&shown)?;
        let arrow = before - 3;
        writeln!(self.out, "{:arrow$}-> {}", "", short(new, self.columns(before)))
    }

    /// What is left of a line behind so many columns.
    fn columns(&self, before: usize) -> usize {
        let width = if self.look.terminal { self.look.width } else { VALUE_COLUMNS_MAX };
        width.saturating_sub(before).max(PLACE_COLUMNS_MIN)
    }

    fn output(&mut self, output: usize) -> io::Result<()> {
        let Some(written) = self.written.plan.outputs.get(output).cloned() else { return Ok(()) };
        self.indent(written.depth);
        let text = format!("output {}", name_of(&written));
        self.line(&text, &text, written.span)
    }
}

/// The items that a list has more than it had, if they stand behind the others: a tag is one of many.
fn appended<'n>(old: &str, new: &'n str) -> Option<&'n str> {
    let items = old.strip_suffix(']').filter(|items| items.len() > 1 && items.starts_with('['))?;
    new.strip_prefix(items)?.strip_prefix(',')?.strip_suffix(']')
}

/// What a person knows an event by: its message, or all of it.
fn line_of(began: &str) -> String {
    let event = as_json(began);
    event["message"].as_str().map_or_else(|| began.to_string(), String::from)
}

fn short(text: &str, columns: usize) -> String {
    cut(&printable(text), columns).into_owned()
}

/// The end of a text, in at most so many columns.
fn last_columns(text: &str, columns: usize) -> &str {
    let from = text.char_indices().rev().map(|(at, _)| at).take_while(|at| width(&text[*at..]) <= columns).last();
    &text[from.unwrap_or(text.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_grew_shows_what_is_new() {
        assert_eq!(appended(r#"["a"]"#, r#"["a","b","c"]"#), Some(r#""b","c""#));
        assert_eq!(appended(r#"["a"]"#, r#"["b","a"]"#), None);
        assert_eq!(appended("[]", r#"["a"]"#), None);
        assert_eq!(appended("1", "12"), None);
    }
}
